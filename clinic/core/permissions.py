"""Who may do what to which row: one question for both apps, `may(user, "consultations.offer", row)`.

Most permissions follow from a user's groups and hold for every row. Where an app decides by more than that, it
registers a rule; a rule has the last word, also over superusers, who run the site but take no clinical decision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, Self, TypeAlias, TypeVar

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clinic.accounts.models import User

    Person: TypeAlias = User | AnonymousUser

Row = TypeVar("Row", bound=models.Model)
Rule = Callable[["Person", str, models.Model | None], bool | None]
"""What an app says about one of its permissions (its codename) and one row; None leaves it to the groups."""
_rules: Final[dict[str, Rule]] = {}


def register(app_label: str, rule: Rule) -> None:
    """Let an app decide about its own permissions. Called once, when the app is ready."""
    _rules[app_label] = rule


def decided(user: Person, permission: str, row: models.Model | None) -> bool | None:
    """What the rule of the permission's app says; None where it has none, or leaves it to the groups."""
    app_label, _, codename = permission.partition(".")
    rule = _rules.get(app_label)
    return rule(user, codename, row) if rule else None


def may(user: Person, permission: str, row: models.Model | None = None) -> bool:
    """Whether this person has the permission ("app.codename"), asked with the row where it is about one."""
    return bool(user.has_perm(permission, row))


class PermittedQuerySet(models.QuerySet[Row]):
    """Rows that somebody looks at. Staff pages begin with `visible_to`, so that no list shows more than a page may.

    `view_permission` is named where rows are seen with those of another model; otherwise it is the model's own.
    """

    view_permission: ClassVar[str] = ""

    def visible_to(self, user: Person) -> Self:
        """What this person may see of these rows: all of them, or none without the permission to view the model."""
        options = self.model._meta
        permission = self.view_permission or f"{options.app_label}.view_{options.model_name}"
        return self if may(user, permission) else self.none()
