"""Alarms of clocks in words: what ran out, since when, who was told, and who acts on it."""

import dataclasses
from collections.abc import Collection, Iterable
from typing import Final

from django.urls import reverse

from clinic.core import clock
from consultations.enums import ClockKind
from consultations.models import ClockAlarm
from consultations.presenters.words import count, name_of

HEADINGS: Final[dict[str, str]] = {
    ClockKind.CASE: "Overdue: this safety case",
    ClockKind.DANGER: "Overdue: a danger that nobody has settled",
    ClockKind.REPLY: "Overdue: our next step",
    ClockKind.ANSWER: "No answer to our question",
    ClockKind.CHOICE: "No time was chosen",
    ClockKind.VISIT: "Nobody has recorded what became of the visit",
    ClockKind.TEXT: "Overdue: what the patient wrote is unread",
}
ADVICE: Final[dict[str, str]] = {
    ClockKind.CASE: "Call the person now, and log the call.",
    ClockKind.DANGER: "Call the patient now, and log the call.",
    ClockKind.REPLY: "The patient was promised to hear from us by then, and reads that we missed it.",
    ClockKind.ANSWER: "Call, or close the request.",
    ClockKind.CHOICE: "Call, or close the request.",
    ClockKind.VISIT: "Record whether the consultation took place.",
    ClockKind.TEXT: "Read it, and say that you have.",
}


@dataclasses.dataclass(frozen=True, slots=True)
class AlarmBanner:
    """One alarm on the page of its record. `heard`: who acknowledged it and when; with none there is a button."""

    heading: str
    words: str
    heard: str
    url: str
    kind: str


def going_on(response_id: int, *, without: Collection[ClockKind] = ()) -> list[AlarmBanner]:
    """The alarms of one response that began and have not ended, the earliest first."""
    begun = ClockAlarm.objects.going_on().filter(response=response_id, began_at__isnull=False)
    rows = begun.exclude(kind__in=without).select_related("acknowledged_by").order_by("due_at", "pk")
    return [_banner(row) for row in rows]


def heard_by(responses: Iterable[int]) -> dict[int, str]:
    """Response -> who acts on its alarm, or that nobody does; nothing for one without an alarm."""
    rows = ClockAlarm.objects.going_on().filter(response__in=list(responses), began_at__isnull=False)
    words: dict[int, str] = {}
    for row in rows.select_related("acknowledged_by").order_by("-due_at", "-pk"):
        words[row.response_id] = _heard(row) or "Nobody has acknowledged the alarm."
    return words


def _banner(alarm: ClockAlarm) -> AlarmBanner:
    told = f" The team was told {count(alarm.told_times, 'time')} by mail." if alarm.told_at else ""
    return AlarmBanner(
        heading=HEADINGS[alarm.kind],
        words=f"Due {clock.moment(alarm.due_at)}. {ADVICE[alarm.kind]}{told}",
        heard=_heard(alarm),
        url=reverse("admin:consultations_consultationrequest_alarm", args=[alarm.pk]),
        kind="warn" if alarm.acknowledged_at else "danger",
    )


def _heard(alarm: ClockAlarm) -> str:
    if alarm.acknowledged_at is None:
        return ""
    return f"Acknowledged by {name_of(alarm.acknowledged_by)} on {clock.moment(alarm.acknowledged_at)}."
