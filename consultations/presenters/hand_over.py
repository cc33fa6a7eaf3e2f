"""The hand-over: everything that whoever comes must know from whoever goes, on one page that can be printed."""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from clinic.accounts.models import User
from clinic.core import clock, outbox
from clinic.core.encrypted_rows import with_keys
from clinic.core.models import OutboxMessage
from clinic.core.text_lists import comma_list
from consultations.enums import Actor, CaseStatus
from consultations.models import Appointment, ConsultationRequest, HandOverNote
from consultations.permissions import actors_of
from consultations.presenters.cases import CaseLine, case_query, line_of
from consultations.presenters.formatting import Chip, clock_chip, holder_words, name_of, request_time_left
from consultations.presenters.isolation import Unreadable, opened, readable
from consultations.presenters.rota import duty_now
from consultations.services import cannot_wait, clocks, holdings

SHOWN: Final = 60
NOTES_STAY: Final = datetime.timedelta(days=1)
"""A note that was read stands here for a day."""
UNOPENED: Final = ("patient__email", "patient__phone", "patient__phone_as_typed")
HELD: Final = {
    "cases": ngettext_lazy("%(number)d safety case", "%(number)d safety cases", "number"),
    "claimed": ngettext_lazy(
        "%(number)d request in triage or waiting", "%(number)d requests in triage or waiting", "number"
    ),
    "to_review": ngettext_lazy("%(number)d request as its doctor", "%(number)d requests as their doctor", "number"),
    "visits": ngettext_lazy("%(number)d visit ahead", "%(number)d visits ahead", "number"),
}
"""What somebody can hold, with how much of it."""


@dataclasses.dataclass(frozen=True, slots=True)
class HandOverLine:
    """One request: whose, why it stands here or what was promised, in whose hands, and the time left."""

    pk: int
    who: str
    reference: str
    url: str
    what: str
    holder: str
    time: Chip


@dataclasses.dataclass(frozen=True, slots=True)
class HandOverNoteLine:
    pk: int
    text: str
    who: str
    when: str
    reference: str
    url: str
    is_mine: bool
    request_pk: int | None
    read: str = ""


def hand_over_page(*, viewer: User, now: datetime.datetime) -> dict[str, Any]:
    items = cannot_wait.open_items(now=now)
    why = {item.pk: comma_list(entry.label for entry in item.why) for item in items if item.what == "request"}
    waiting, promised = _requests(why, viewer=viewer, now=now), _promised(set(why), viewer=viewer, now=now)
    cases, notes = _cases(viewer=viewer, now=now), _notes(viewer=viewer, now=now)
    visits, messages = _visits(viewer=viewer, now=now), _messages([i.pk for i in items if i.what == "message"])
    counts = {name: sum(item.what == name for item in items) for name in ("case", "request", "text", "message")}
    shown = {*(line.pk for line in (*waiting, *promised)), *(entry["request_pk"] for entry in visits)}
    return {
        "duty": duty_now(viewer=viewer, now=now),
        "now": clock.moment(now),
        "until": clock.moment(horizon(now)),
        "is_calm": not items,
        "cases": cases,
        "more_cases": counts["case"] - len(cases),
        "waiting": waiting,
        "more_waiting": counts["request"] - len(waiting),
        "texts": counts["text"],
        "undelivered": messages,
        "more_messages": counts["message"] - len(messages),
        "promised": promised,
        "visits": visits,
        "holders": _holders(viewer),
        "notes": [note for note in notes if not note.read],
        "read_notes": [note for note in notes if note.read],
        "shown": {
            "cases": [line.pk for line in cases],
            "requests": sorted({*shown, *(note.request_pk for note in notes if note.request_pk)} - {None}),
            "messages": [message["pk"] for message in messages],
        },
    }


def horizon(now: datetime.datetime) -> datetime.datetime:
    """The end of the next day on which the clinic is open: as far as the next shift has to look."""
    return clock.add_working_days(now, 1)


def _cases(*, viewer: User, now: datetime.datetime) -> list[CaseLine]:
    rows = case_query(viewer).exclude(status=CaseStatus.CLOSED)[:SHOWN]
    return [line_of(row, viewer=viewer, now=now) for row in readable(rows)]


def _query(condition: Q, *, viewer: User) -> QuerySet[ConsultationRequest]:
    rows = ConsultationRequest.objects.visible_to(viewer).filter(condition)
    return rows.select_related("patient", "claimed_by", "doctor").defer(*UNOPENED).most_pressing_first()


def _requests(why: dict[int, str], *, viewer: User, now: datetime.datetime) -> list[HandOverLine]:
    rows = readable(_query(Q(pk__in=why), viewer=viewer)[:SHOWN])
    return [_line(row, what=why[row.pk], viewer=viewer, now=now) for row in rows]


def _promised(known: set[int], *, viewer: User, now: datetime.datetime) -> list[HandOverLine]:
    """What is due by the end of the next open day, and is not among what cannot wait."""
    end = horizon(now)
    rows = readable(_query(clocks.is_overdue(end) & ~Q(pk__in=known), viewer=viewer)[:SHOWN])
    return [_line(row, what=_promise(row), viewer=viewer, now=now) for row in rows]


def _promise(consultation_request: ConsultationRequest | Unreadable) -> str:
    if isinstance(consultation_request, Unreadable):
        return _("Unknown")
    due = consultation_request.next_due_at or consultation_request.due_at
    label = _("Our next step by %(moment)s")
    if due == consultation_request.texts_due_at:
        label = _("Read what was written by %(moment)s")
    return label % {"moment": clock.moment(due)}


def _line(item: ConsultationRequest | Unreadable, *, what: str, viewer: User, now: datetime.datetime) -> HandOverLine:
    url = reverse("admin:consultations_consultationrequest_change", args=[item.pk])
    if isinstance(item, Unreadable):
        who = _("Record %(number)d cannot be read") % {"number": item.pk}
        return HandOverLine(item.pk, who, "", url, what, "", Chip(_("Unknown"), "danger"))
    time = request_time_left(item, item.next_due_at, now=now) if item.next_due_at else clock_chip(item, now=now)
    return HandOverLine(
        item.pk, item.patient.name, item.reference, url, what, holder_words(item, viewer=viewer), time
    )  # fmt: skip


def _visits(*, viewer: User, now: datetime.datetime) -> list[dict[str, Any]]:
    rows = (
        Appointment.objects.visible_to(viewer)
        .live()
        .filter(starts_at__gte=now, starts_at__lte=horizon(now))
        .select_related("consultation_request__patient", "clinician")
        .defer("cancel_reason", *(f"consultation_request__{name}" for name in UNOPENED))
        .order_by("starts_at", "pk")
    )
    return [
        {
            "request_pk": None,
            "when": "",
            "who": _("Booking %(number)d cannot be read") % {"number": row.pk},
            "clinician": "",
        }
        if isinstance(row, Unreadable)
        else {
            "request_pk": row.consultation_request_id,
            "when": clock.moment(row.starts_at, row.time_zone),
            "who": row.consultation_request.patient.name,
            "reference": row.consultation_request.reference,
            "url": reverse("admin:consultations_consultationrequest_change", args=[row.consultation_request_id]),
            "clinician": row.clinician.display_name,
        }
        for row in readable(rows[:SHOWN])
    ]


def _messages(keys: Iterable[int]) -> list[dict[str, Any]]:
    rows = OutboxMessage.objects.filter(pk__in=list(keys)[:SHOWN]).select_related("subject__consultation_request")
    lines = []
    for row in readable(rows.defer("recipient", "payload", "content").order_by("pk")):
        url, reference = reverse("admin:core_outboxmessage_change", args=[row.pk]), ""
        what = _("Message %(number)d") % {"number": row.pk}
        if not isinstance(row, Unreadable):
            subject = getattr(row, "subject", None)
            what, reference = (
                outbox.label_of(row),
                subject.consultation_request.reference if subject and subject.consultation_request else "",
            )
        lines.append({"pk": row.pk, "what": what, "reference": reference, "url": url})
    return lines


def _holders(viewer: User) -> list[dict[str, Any]]:
    may_pass_on = Actor.MANAGER in actors_of(viewer)
    return [
        {
            "who": name_of(user),
            "is_there": user.is_on_duty and user.is_active,
            "what": comma_list(held_words(counts)),
            "url": reverse("admin:consultations_handovernote_person", args=[user.pk]) if may_pass_on else "",
        }
        for user, counts in holdings.by_person()
    ]


def held_words(counts: dict[str, int]) -> list[str]:
    return [label % {"number": counts[name]} for name, label in HELD.items() if counts.get(name)]


def _notes(*, viewer: User, now: datetime.datetime) -> list[HandOverNoteLine]:
    stands = Q(read_at=None) | Q(read_at__gte=now - NOTES_STAY)
    rows = with_keys(HandOverNote.objects.visible_to(viewer).filter(stands, deleted_at=None))
    notes = (
        rows.select_related("consultation_request", "patient", "written_by", "read_by")
        .defer(*UNOPENED)
        .order_by("written_at", "pk")
    )
    return [_note(entry, viewer=viewer) for entry in readable(notes[:SHOWN], opens=False)]


def _note(note: HandOverNote | Unreadable, *, viewer: User) -> HandOverNoteLine:
    if isinstance(note, Unreadable):
        text = _("This note cannot be read. Tell a manager its number.")
        return HandOverNoteLine(note.pk, text, "", "", "", "", False, None)
    text = opened(lambda: note.text, _("This note cannot be read."), of=note)[0]
    consultation_request = note.consultation_request
    return HandOverNoteLine(
        pk=note.pk,
        text=text,
        who=name_of(note.written_by),
        when=clock.moment(note.written_at),
        reference=consultation_request.reference if consultation_request else "",
        url=reverse("admin:consultations_consultationrequest_change", args=[consultation_request.pk])
        if consultation_request
        else "",
        is_mine=note.written_by_id == viewer.pk,
        request_pk=consultation_request.pk if consultation_request else None,
        read=_read_words(note),
    )


def _read_words(note: HandOverNote) -> str:
    if note.read_at is None:
        return ""
    sentence = _("Read by %(name)s on %(moment)s")
    if note.read_by_id == note.written_by_id:
        sentence = _("Taken back by %(name)s on %(moment)s")
    return sentence % {"name": name_of(note.read_by), "moment": clock.moment(note.read_at)}
