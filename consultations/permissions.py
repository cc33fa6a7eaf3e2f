"""Which part a signed-in person plays. Roles come from group membership and take effect at the next request."""

from collections.abc import Iterable

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils.translation import gettext as _

from clinic.accounts.backends import groups_of
from clinic.accounts.models import User
from clinic.core.refusals import NotAllowed
from consultations.enums import Actor
from consultations.workflow import TRANSITIONS

GROUP_ACTORS = {"triage": Actor.TRIAGE, "doctor": Actor.DOCTOR, "manager": Actor.MANAGER}


def actors_of(user: User | AnonymousUser) -> frozenset[Actor]:
    """The actors this person may act as; a superuser runs the site but takes no clinical decision."""
    if not user.is_active or not user.is_staff:
        return frozenset()
    actors = {GROUP_ACTORS[name] for name in groups_of(user) if name in GROUP_ACTORS}
    if user.is_superuser:
        actors.add(Actor.MANAGER)
    return frozenset(actors)


def permitted_verbs(user: User | AnonymousUser, verbs: Iterable[str]) -> set[str]:
    """Which actions of the transition table this person may take: those whose row names a part that they play."""
    actors = actors_of(user)
    return {verb for verb in verbs if TRANSITIONS[verb].actors & actors}


def rule(user: User | AnonymousUser, codename: str, row: models.Model | None) -> bool | None:
    """What the permission of an action says: the same. All others are left to the groups."""
    return codename in permitted_verbs(user, [codename]) if codename in TRANSITIONS else None


def require(user: User, *allowed: Actor) -> Actor:
    """Return the first of `allowed` this person may act as, or raise NotAllowed."""
    actors = actors_of(user)
    for actor in allowed:
        if actor in actors:
            return actor
    raise NotAllowed(_("Your role may not do this. Ask a manager if you think it should."))
