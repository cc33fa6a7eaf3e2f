"""Shapes of constraint that several tables share."""

from django.db.models import CheckConstraint, Q, TextChoices


def both_or_neither(first: str, second: str, *, name: str) -> CheckConstraint:
    """`*_at` and `*_by` say one thing together: both are set, or neither is."""
    empty, full = {f"{first}__isnull": True}, {f"{first}__isnull": False}
    return CheckConstraint(
        condition=Q(**empty, **{f"{second}__isnull": True}) | Q(**full, **{f"{second}__isnull": False}), name=name
    )


def one_of(field: str, choices: type[TextChoices], *, name: str) -> CheckConstraint:
    return CheckConstraint(condition=Q(**{f"{field}__in": choices.values}), name=name)


def within(field: str, lowest: int, highest: int, *, name: str) -> CheckConstraint:
    return CheckConstraint(condition=Q(**{f"{field}__gte": lowest, f"{field}__lte": highest}), name=name)
