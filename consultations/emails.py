"""The words of every mail: neutral, without a health word, with the private link only. Text and HTML say the same."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypedDict, Unpack

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.core import clock, lines
from clinic.core.channels import CalendarPart, MessageDraft
from clinic.core.text_lists import comma_list
from consultations.enums import MessageKind, Pressing
from consultations.mail_copy import WORDINGS, Wording
from consultations.models import DayEnd

LISTED: Final = 40
"""So many lines at most in the mail of a day's end; its page has them all."""
FIGURES: Final = {
    "received": gettext_lazy("Requests received"),
    "opened": gettext_lazy("Cases opened"),
    "acknowledged": gettext_lazy("Cases taken on"),
    "closed": gettext_lazy("Cases closed"),
    "alarmed": gettext_lazy("Targets that were missed"),
    "alarms_acknowledged": gettext_lazy("Of these, taken on"),
    "alerts": gettext_lazy("Alerts mailed"),
    "undelivered": gettext_lazy("Alerts not delivered"),
    "median_minutes": gettext_lazy("Minutes until a case was taken on, half of them"),
    "longest_minutes": gettext_lazy("Minutes until a case was taken on, the longest"),
}


class VisitLines(TypedDict, total=False):
    """What a mail says of a visit besides its sentences; `visit`: when, where, with whom, and `calendar`: the same as a
    file, both for who chose to read it.
    """

    price: str
    directions: str
    calendar: CalendarPart | None
    visit: list[tuple[str, str]]


def subject_of(kind: MessageKind, *, reference: str) -> str:
    return str(WORDINGS[kind].subject) % {"reference": reference}


def opening(kind: MessageKind, *, helped_name: str) -> str:
    """The first sentence of a mail, as its reader will see it."""
    return WORDINGS[kind].addressed(helped_name=helped_name)["opening"]


def draft(
    kind: MessageKind,
    *,
    to: str,
    first_name: str,
    link: str,
    reference: str = "",
    helped_name: str = "",
    count: str = "",
    is_large_print: bool = False,
    wording: Wording | None = None,
    kept_until: str = "",
    **lines_of_visit: Unpack[VisitLines],
) -> MessageDraft:
    """One mail to one recipient, in words. `wording` where its kind is said in several ways; `kept_until` is for a
    check that is not sent, which opens by a word.
    """
    context = {
        **(wording or WORDINGS[kind]).addressed(helped_name=helped_name),
        "helped_name": helped_name,
        **lines_of_visit,
        "first_name": first_name,
        "link": link,
        "count": count,
        "is_large_print": is_large_print,
        "kept_until": kept_until,
        "is_to_staff": kind in (MessageKind.STAFF_ALERT, MessageKind.STAFF_NOTICE),
        "clinic_name": settings.CLINIC_NAME,
        "clinic_phone": settings.CLINIC_PHONE,
        "emergency_line": lines.emergency().plain,
    }
    return MessageDraft(
        to=to,
        subject=subject_of(kind, reference=reference),
        text=render_to_string("consultations/mail/message.txt", context),
        html=render_to_string("consultations/mail/message.html", context),
        calendar=lines_of_visit.get("calendar"),
    )


def text_reminder() -> str:
    """Short, for one text message, without a link, a name or a health word."""
    sentence = _(
        "%(clinic)s: a reminder of the time that you booked with us. If you cannot come, or anything has changed, "
        "call %(phone)s."
    )
    return sentence % {"clinic": settings.CLINIC_SHORT_NAME, "phone": settings.CLINIC_PHONE}


def day_end(*, to: str, first_name: str, row: DayEnd, link: str, site: str) -> MessageDraft:
    """How the day ended, by numbers and references: to a manager."""
    wording, items = WORDINGS[MessageKind.DAY_END], row.open_items
    subject = str(wording.subject)
    if items:
        open_now = ngettext("The day’s end: %(count)s open", "The day’s end: %(count)s open", len(items))
        subject = open_now % {"count": len(items)}
    context = {
        "day": clock.day(row.on),
        "first_name": first_name,
        "items": [{**item, "why": why_words(item["why"]), "url": site + item["path"]} for item in items[:LISTED]],
        "more": max(0, len(items) - LISTED),
        "count": len(items),
        "figures": figure_lines(row.figures),
        "gaps": row.figures.get("gaps", []),
        "action": wording.action,
        "next_step": wording.next_step,
        "link": link,
        "clinic_name": settings.CLINIC_NAME,
        "clinic_phone": settings.CLINIC_PHONE,
    }
    return MessageDraft(
        to=to,
        subject=subject,
        text=render_to_string("consultations/mail/day_end.txt", context),
        html=render_to_string("consultations/mail/day_end.html", context),
    )


def why_words(why: Iterable[str]) -> str:
    return comma_list(Pressing(entry).label for entry in why)


def figure_lines(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures of a day with their labels, in order; what was not counted is left out."""
    named = [(label, figures.get(name)) for name, label in FIGURES.items()]
    return [(str(label), str(value)) for label, value in named if value is not None]
