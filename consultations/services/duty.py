"""Who is there to be told: on duty, reachable, and in a group that looks after safety cases."""

from typing import Final

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When

from clinic.accounts.models import User
from consultations.enums import CaseStatus

GROUPS: Final = ("triage", "doctor", "manager")
"""In the order in which they are given a case."""


def care_team() -> QuerySet[User]:
    """Everybody who can own a case and be told of it, on duty or not."""
    members = User.objects.filter(groups__name__in=GROUPS, is_active=True, is_staff=True).exclude(email="")
    return members.distinct().order_by("name", "pk")


def on_duty() -> list[User]:
    return list(care_team().filter(is_on_duty=True))


def first_on_duty() -> list[User]:
    """Everybody on duty in the first group that has anybody: triage, else the doctors, else the managers."""
    team = care_team().filter(is_on_duty=True).order_by("pk")
    return next((members for group in GROUPS if (members := list(team.filter(groups__name=group)))), [])


def managers() -> list[User]:
    """Everybody who is told how a day ended, and of what the software missed."""
    return list(care_team().filter(groups__name="manager"))


def is_reachable(user: User | None) -> bool:
    """Whether this person may look after a case and has an address; a superuser may without a group."""
    if user is None or not (user.is_active and user.is_staff and user.email):
        return False
    return user.is_superuser or user.groups.filter(name__in=GROUPS).exists()


def may_keep(owner: User | None) -> bool:
    """Somebody off duty keeps their cases only while nobody is on duty."""
    return owner is not None and is_reachable(owner) and (owner.is_on_duty or not on_duty())


def next_owner(*, without: User | None = None) -> User | None:
    """Who gets the next case: on duty before off duty, triage before doctors before managers, then the fewest open
    cases. None when nobody of the three groups may sign in. `without` leaves out somebody who gives a case away.
    """
    is_open = Q(owned_safety_cases__status__in=[CaseStatus.OPEN, CaseStatus.ACKNOWLEDGED])
    places = [When(pk__in=care_team().filter(groups__name=name).values("pk"), then=rank) for rank, name in _places()]
    members = User.objects.filter(pk__in=care_team().order_by().values("pk"))
    if without is not None:
        members = members.exclude(pk=without.pk)
    return (
        members.annotate(
            rank=Case(*places, default=len(GROUPS), output_field=IntegerField()),
            open_cases=Count("owned_safety_cases", filter=is_open, distinct=True),
        )
        .order_by("-is_on_duty", "rank", "open_cases", "pk")
        .first()
    )


def _places() -> list[tuple[int, str]]:
    return list(enumerate(GROUPS))
