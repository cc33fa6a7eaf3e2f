"""What somebody holds goes to somebody else: when a manager says so, and by itself when they may not act any more.

Requests go back to the queue, those with a doctor to another doctor; safety cases go to whoever is next. Each request
in a transaction of its own where the worker does it, so that one that fails keeps no other from its turn.
"""

import dataclasses
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.failures import one_by_one
from clinic.core.refusals import NotAllowed
from consultations.enums import OPEN_STATUSES, Actor, RequestStatus
from consultations.models import ClockAlarm, ConsultationRequest, Patient, SafetyCase
from consultations.permissions import actors_of, require
from consultations.services import duty, handover, pressing
from consultations.services.holdings import Holdings
from consultations.services.transitions import WORKFLOW, lock


@dataclasses.dataclass(frozen=True, slots=True)
class To:
    """To whom a manager gives what somebody holds; None leaves it to the rule."""

    cases: User | None = None
    requests: User | None = None
    reviews: User | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class PassedOn:
    cases: int
    requests: int


@transaction.atomic
def pass_on(*, user: User, by: User, to: To | None = None) -> PassedOn:
    """Give away everything that this person holds but visits, which need a word with each patient. Twice is harmless.

    Whether `by` may is for who calls; a colleague who may not act is refused. Raises NotAllowed.
    """
    to = to or To()
    _require_able(user, to)
    holdings = Holdings.of(user)
    # Those of all these persons at once, in the order of their keys: one person after the other could wait in a circle.
    pressing.hold_requests(Patient.objects.filter(requests__in=holdings.requests).only("pk"))
    requests = sum(_pass_request_on(pk, user, to=to, by=by) for pk in sorted(holdings.requests))
    cases = _pass_cases_on(user, to=to.cases, by=by)
    _sound_again(ClockAlarm.objects.going_on().filter(acknowledged_by=user))
    return PassedOn(cases, requests)


@transaction.atomic
def give_away(*, user: User, by: User, to: To) -> PassedOn:
    """The same, as a manager does it for somebody who is away or leaves. Raises NotAllowed."""
    require(by, Actor.MANAGER)
    done = pass_on(user=user, by=by, to=to)
    audit.record(action="staff.pass_on", target=user, by=by, details={"cases": done.cases, "requests": done.requests})
    return done


def pass_on_left() -> int:
    """Give away the requests of everybody who may not act any more, however that came about. How many that were.

    Raises SomeFailed after the others had their turn.
    """
    done = one_by_one(_left(), lambda pk: _pass_left_on(pk), what="request")
    gone = ~Q(acknowledged_by__in=able_to_claim().values("pk")) & Q(acknowledged_by__isnull=False)
    _sound_again(ClockAlarm.objects.going_on().filter(gone))
    return done


def _sound_again(alarms: QuerySet[ClockAlarm]) -> None:
    """Whoever stopped the repeats is not there to act: until somebody else is, they go on. The worker tells of them."""
    alarms.update(acknowledged_at=None, acknowledged_by=None)


def able_to_claim() -> QuerySet[User]:
    members = Q(groups__name__in=duty.GROUPS) | Q(is_superuser=True)
    return User.objects.filter(members, is_active=True, is_staff=True).order_by()


def doctors() -> QuerySet[User]:
    return User.objects.filter(groups__name="doctor", is_active=True, is_staff=True).order_by()


def _left() -> list[int]:
    orphaned = Q(claimed_by__isnull=False) & ~Q(claimed_by__in=able_to_claim().values("pk"))
    orphaned |= Q(doctor__isnull=False) & ~Q(doctor__in=doctors().values("pk"))
    rows = ConsultationRequest.objects.filter(orphaned, status__in=OPEN_STATUSES).order_by("pk")
    return list(rows.values_list("pk", flat=True))


@transaction.atomic
def _pass_left_on(pk: int) -> bool:
    done = False
    for user in User.objects.filter(Q(claimed_requests=pk) | Q(requests_to_review=pk)).distinct():
        done |= _pass_request_on(pk, user, to=To(), by=None)
    return done


def _pass_request_on(pk: int, user: User, *, to: To, by: User | None) -> bool:
    """Whether anything was to be passed on. As doctor only from somebody who leaves or is no doctor any more."""
    consultation_request = lock(ConsultationRequest(pk=pk))
    if consultation_request.is_closed or user.pk not in (
        consultation_request.claimed_by_id,
        consultation_request.doctor_id,
    ):
        return False
    before = _places(consultation_request)
    is_claimed = consultation_request.claimed_by_id == user.pk and (by is not None or not _is_in(able_to_claim(), user))
    is_reviewed = consultation_request.doctor_id == user.pk and (by is not None or not _is_in(doctors(), user))
    if is_claimed:
        consultation_request.claimed_by, consultation_request.claimed_at = (
            to.requests,
            clock.now() if to.requests else None,
        )
    if is_reviewed:
        consultation_request.doctor = to.reviews or _next_doctor(user)
    if _is_nobodys(consultation_request):
        consultation_request.claimed_by = consultation_request.claimed_at = None
        WORKFLOW.set_status(consultation_request, RequestStatus.RECEIVED, now=clock.now())
    if _places(consultation_request) == before:
        return False
    consultation_request.save(update_fields=["claimed_by", "claimed_at", "doctor", "status", "status_changed_at"])
    details = {
        "from_user": user.pk,
        "claimed_by": consultation_request.claimed_by_id,
        "doctor": consultation_request.doctor_id,
    }
    whose: dict[str, Any] = {"actor": Actor.SYSTEM.value} if by is None else {"by": by}
    audit.record(
        action="request.hand_over",
        target=consultation_request,
        fields=["claimed_by", "doctor", "status"],
        details={**details, "from": before[0], "to": consultation_request.status},
        **whose,
    )
    return True


def _places(consultation_request: ConsultationRequest) -> tuple[str, int | None, int | None]:
    return consultation_request.status, consultation_request.claimed_by_id, consultation_request.doctor_id


def _is_nobodys(consultation_request: ConsultationRequest) -> bool:
    """It says that somebody works on it, and nobody does: it goes back to the queue."""
    in_triage = consultation_request.status == RequestStatus.IN_TRIAGE and consultation_request.claimed_by is None
    return in_triage or (
        consultation_request.status == RequestStatus.WITH_DOCTOR and consultation_request.doctor is None
    )


def _is_in(people: QuerySet[User], user: User) -> bool:
    return people.filter(pk=user.pk).exists()


def _next_doctor(user: User) -> User | None:
    """Another one, on duty before off duty, and then the one with the fewest requests."""
    is_waiting = Q(requests_to_review__status=RequestStatus.WITH_DOCTOR)
    others = User.objects.filter(pk__in=doctors().values("pk")).exclude(pk=user.pk)
    counted = others.annotate(waiting=Count("requests_to_review", filter=is_waiting, distinct=True))
    return counted.order_by("-is_on_duty", "waiting", "pk").first()


def _pass_cases_on(user: User, *, to: User | None, by: User) -> int:
    """Without a name, whoever is next gets each; with nobody else there, it stays where it is."""
    rows = SafetyCase.objects.filter(pk__in=Holdings.of(user).cases).select_related("owner")
    moved = []
    for case in rows.order_by("pk").select_for_update(of=("self",)):
        owner = to or duty.next_owner(without=user)
        if owner is not None:
            handover.give(case, owner)
            moved.append(case)
    handover.announce(moved, by=by)
    handover.hand_over()
    return len(moved)


def _require_able(user: User, to: To) -> None:
    for person in filter(None, (to.cases, to.requests, to.reviews)):
        if person.pk == user.pk or not actors_of(person):
            raise NotAllowed(
                _("%(name)s cannot take these over. Select somebody else.") % {"name": person.display_name}
            )
    if to.reviews is not None and Actor.DOCTOR not in actors_of(to.reviews):
        raise NotAllowed(_("%(name)s is not in the doctor group.") % {"name": to.reviews.display_name})
    if to.cases is not None and not duty.is_reachable(to.cases):
        raise NotAllowed(
            _("%(name)s has no address, and could not be told of a case.") % {"name": to.cases.display_name}
        )


def pass_on_if_left(user: User, *, by: User) -> str:
    """After a change of an account: where it takes the last way to act away, what was passed on, in a sentence."""
    if actors_of(user) & {Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER}:
        return ""
    done = pass_on(user=user, by=by)
    if not (done.cases or done.requests):
        return ""
    return _(
        "What %(name)s held was passed on. Safety cases: %(cases)s, to whoever is next by duty. "
        "Requests: %(requests)s, to the queue or another doctor."
    ) % {"name": user.display_name, "cases": done.cases, "requests": done.requests}
