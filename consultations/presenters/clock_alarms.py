"""Alarms of clocks in words: what ran out, since when, who was told, and who acts on it."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.core import clock
from clinic.core.text_lists import paragraph
from consultations.enums import ClockKind
from consultations.models import ClockAlarm
from consultations.presenters.formatting import name_of

HEADINGS: Final = {
    ClockKind.CASE: gettext_lazy("Overdue: this safety case"),
    ClockKind.DANGER: gettext_lazy("Overdue: a danger that nobody has settled"),
    ClockKind.REPLY: gettext_lazy("Overdue: our next step"),
    ClockKind.ANSWER: gettext_lazy("No answer to our question"),
    ClockKind.CHOICE: gettext_lazy("No time was chosen"),
    ClockKind.VISIT: gettext_lazy("The outcome of the visit is not recorded"),
    ClockKind.TEXT: gettext_lazy("Overdue: what the patient wrote is unread"),
}
DUE: Final = {
    ClockKind.CASE: gettext_lazy("Due %(moment)s. Call the person now, and log the call."),
    ClockKind.DANGER: gettext_lazy("Due %(moment)s. Call the patient now, and log the call."),
    ClockKind.REPLY: gettext_lazy(
        "Due %(moment)s. The patient was promised to hear from us by then, and reads that we missed it."
    ),
    ClockKind.ANSWER: gettext_lazy("Due %(moment)s. Call, or close the request."),
    ClockKind.CHOICE: gettext_lazy("Due %(moment)s. Call, or close the request."),
    ClockKind.VISIT: gettext_lazy("Due %(moment)s. Record whether the consultation took place."),
    ClockKind.TEXT: gettext_lazy("Due %(moment)s. Read it, and say that you have."),
}
"""When it was due, and what to do now."""


@dataclasses.dataclass(frozen=True, slots=True)
class AlarmBanner:
    """One alarm on the page of its record. `heard`: who acknowledged it and when; with none there is a button."""

    heading: str
    text: str
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
    heard: dict[int, str] = {}
    for row in rows.select_related("acknowledged_by").order_by("-due_at", "-pk"):
        heard[row.response_id] = _heard(row) or _("Nobody has acknowledged the alarm.")
    return heard


def _banner(alarm: ClockAlarm) -> AlarmBanner:
    kind = ClockKind(alarm.kind)
    return AlarmBanner(
        heading=str(HEADINGS[kind]),
        text=paragraph([DUE[kind] % {"moment": clock.moment(alarm.due_at)}, *_told(alarm)]),
        heard=_heard(alarm),
        url=reverse("admin:consultations_consultationrequest_alarm", args=[alarm.pk]),
        kind="warn" if alarm.acknowledged_at else "danger",
    )


def _told(alarm: ClockAlarm) -> Iterator[str]:
    if alarm.told_at:
        sentence = ngettext(
            "The team was told %(number)d time by mail.",
            "The team was told %(number)d times by mail.",
            alarm.told_times,
        )
        yield sentence % {"number": alarm.told_times}


def _heard(alarm: ClockAlarm) -> str:
    if alarm.acknowledged_at is None:
        return ""
    return _("Acknowledged by %(name)s on %(moment)s.") % {
        "name": name_of(alarm.acknowledged_by),
        "moment": clock.moment(alarm.acknowledged_at),
    }
