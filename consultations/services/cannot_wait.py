"""Everything that is open and cannot wait, by number and reference alone: for the hand-over and for the day's end."""

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.core.text_lists import comma_list
from consultations.enums import OPEN_STATUSES, CaseStatus, Pressing
from consultations.models import ConsultationRequest, PatientText, SafetyCase
from consultations.services import clocks, undelivered


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """One record, and why it cannot wait. `name` is what staff call it; it names nobody."""

    what: str
    pk: int
    name: str
    path: str
    why: tuple[Pressing, ...]

    @property
    def sentence(self) -> str:
        # Translators: what cannot wait, and why, as "Case 4: not closed, past its time".
        return _("%(name)s: %(why)s") % {"name": self.name, "why": comma_list(item.label for item in self.why)}


def open_items(*, now: datetime.datetime) -> list[Item]:
    """Nothing that is encrypted is opened for it, so that one damaged record hides no other."""
    return [*_cases(), *_requests(now), *_texts_before_a_request(), *_messages()]


def _cases() -> Iterator[Item]:
    rows = SafetyCase.objects.exclude(status=CaseStatus.CLOSED).order_by("level", "due_at", "pk")
    for pk, owner in rows.values_list("pk", "owner"):
        why = (Pressing.CASE,) if owner else (Pressing.CASE, Pressing.UNOWNED)
        path = reverse("admin:consultations_safetycase_change", args=[pk])
        yield Item("case", pk, _("Case %(number)s") % {"number": pk}, path, why)


def _requests(now: datetime.datetime) -> Iterator[Item]:
    why: dict[int, list[Pressing]] = defaultdict(list)
    unread = PatientText.objects.waiting().filter(Q(is_self_harm=True) | Q(is_danger=True))
    conditions = {
        Pressing.RAISED: Q(status__in=OPEN_STATUSES, escalated_at__isnull=False),
        # Whoever withdrew is on the clock of a danger until a doctor settles it.
        Pressing.FLAGGED: (Q(status__in=OPEN_STATUSES) | Q(danger_due_at__isnull=False)) & ~Q(flag_level=""),
        Pressing.LATE: clocks.is_overdue(now),
        Pressing.TEXT: Q(response__in=unread.values("response")),
    }
    for reason, condition in conditions.items():
        for pk in ConsultationRequest.objects.filter(condition).values_list("pk", flat=True):
            why[pk].append(reason)
    rows = ConsultationRequest.objects.filter(pk__in=why).most_pressing_first()
    for pk, reference in rows.values_list("pk", "reference"):
        path = reverse("admin:consultations_consultationrequest_change", args=[pk])
        yield Item("request", pk, _("Request %(reference)s") % {"reference": reference}, path, tuple(why[pk]))


def _texts_before_a_request() -> Iterator[Item]:
    rows = PatientText.objects.waiting().filter(response__consultation_request=None).order_by("due_at", "pk")
    for pk in rows.values_list("pk", flat=True):
        yield Item("text", pk, _("Text %(number)s") % {"number": pk}, reverse("admin:today"), (Pressing.TEXT,))


def _messages() -> Iterator[Item]:
    for pk in undelivered.parked_messages().order_by("pk").values_list("pk", flat=True):
        path = reverse("admin:core_outboxmessage_change", args=[pk])
        yield Item("message", pk, _("Message %(number)s") % {"number": pk}, path, (Pressing.UNDELIVERED,))
