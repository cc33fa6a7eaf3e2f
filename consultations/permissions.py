"""Which part a signed-in person plays. Roles come from group membership and take effect at the next request."""

from django.contrib.auth.models import AnonymousUser
from django.db import models

from clinic.accounts.models import User
from consultations.enums import Actor
from consultations.workflow import MOVES, NotAllowed

GROUP_ACTORS = {"triage": Actor.TRIAGE, "doctor": Actor.DOCTOR, "manager": Actor.MANAGER}


def actors_of(user: User | AnonymousUser) -> frozenset[Actor]:
    """The actors this person may act as; a superuser runs the site but takes no clinical decision."""
    if not user.is_active or not user.is_staff:
        return frozenset()
    groups = user.groups.values_list("name", flat=True)
    actors = {GROUP_ACTORS[name] for name in groups if name in GROUP_ACTORS}
    if user.is_superuser:
        actors.add(Actor.MANAGER)
    return frozenset(actors)


def rule(user: User | AnonymousUser, codename: str, row: models.Model | None) -> bool | None:
    """Who may take an action of the transition table: whoever plays one of the parts that its row names."""
    if codename not in MOVES:
        return None
    return bool(actors_of(user) & MOVES[codename].actors)


def require(user: User, *allowed: Actor) -> Actor:
    """Return the first of `allowed` this person may act as, or raise NotAllowed."""
    actors = actors_of(user)
    for actor in allowed:
        if actor in actors:
            return actor
    raise NotAllowed("Your role may not do this. Ask a manager if you think it should.")
