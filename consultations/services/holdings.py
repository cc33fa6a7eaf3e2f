"""What is in the hands of a member of staff: safety cases, requests, and the visits that are booked with them."""

import dataclasses
import datetime
from collections import Counter
from typing import Self

from django.db.models import Count, Q

from clinic.accounts.models import User
from clinic.core import clock
from consultations.enums import OPEN_STATUSES, CaseStatus
from consultations.models import Appointment, ConsultationRequest, SafetyCase


@dataclasses.dataclass(frozen=True, slots=True)
class Holdings:
    """Keys, the most pressing first. A request in both lists is claimed by them and with them as its doctor."""

    cases: tuple[int, ...]
    claimed: tuple[int, ...]
    to_review: tuple[int, ...]
    visits: tuple[tuple[int, datetime.datetime, str], ...]

    @classmethod
    def of(cls, user: User) -> Self:
        cases = (
            SafetyCase.objects.filter(owner=user).exclude(status=CaseStatus.CLOSED).order_by("level", "due_at", "pk")
        )
        requests = ConsultationRequest.objects.filter(status__in=OPEN_STATUSES).most_pressing_first()
        visits = Appointment.objects.live().filter(clinician__user=user, starts_at__gt=clock.now())
        return cls(
            tuple(cases.values_list("pk", flat=True)),
            tuple(requests.filter(claimed_by=user).values_list("pk", flat=True)),
            tuple(requests.filter(doctor=user).values_list("pk", flat=True)),
            tuple(visits.order_by("starts_at", "pk").values_list("consultation_request", "starts_at", "time_zone")),
        )

    @property
    def requests(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys((*self.claimed, *self.to_review)))

    def __bool__(self) -> bool:
        return bool(self.cases or self.claimed or self.to_review or self.visits)


def by_person() -> list[tuple[User, dict[str, int]]]:
    """Everybody who holds something that is open, with how much of each."""
    counts: dict[int, Counter[str]] = {}
    is_open = Q(status__in=OPEN_STATUSES)
    for name, rows, field in (
        ("cases", SafetyCase.objects.exclude(status=CaseStatus.CLOSED), "owner"),
        ("claimed", ConsultationRequest.objects.filter(is_open), "claimed_by"),
        ("to_review", ConsultationRequest.objects.filter(is_open), "doctor"),
    ):
        for user, number in rows.exclude(**{field: None}).order_by().values_list(field).annotate(Count("pk")):
            counts.setdefault(user, Counter())[name] = number
    people = User.objects.filter(pk__in=counts).order_by("name", "pk")
    return [(user, dict(counts[user.pk])) for user in people]
