"""The words of every mail: neutral, without a health word, with the private link only. Text and HTML say the same."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.template.loader import render_to_string

from clinic.core import clock, lines
from clinic.core.channels import MessageDraft
from clinic.core.names import possessive
from consultations.enums import MessageKind, Pressing
from consultations.models import DayEnd

LISTED: Final = 40
"""So many lines at most in the mail of a day's end; its page has them all."""
FIGURES: Final = {
    "received": "Requests received",
    "opened": "Cases opened",
    "acknowledged": "Cases taken on",
    "closed": "Cases closed",
    "alarmed": "Targets that were missed",
    "alarms_acknowledged": "Of these, taken on",
    "alerts": "Alerts mailed",
    "undelivered": "Alerts not delivered",
    "median_minutes": "Minutes until a case was taken on, half of them",
    "longest_minutes": "Minutes until a case was taken on, the longest",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Wording:
    """`subject` may hold `{reference}`, or `{what}` with a count of ours, and nothing else: no name or health word ever
    stands in a header.

    The rest is filled by `addressed`: `{whose}` is "your", or "Ana’s" to somebody who sent the request for Ana.
    """

    subject: str
    opening: str
    action: str
    next_step: str


WORDINGS: dict[str, Wording] = {
    MessageKind.REQUEST_RECEIVED: Wording(
        "Your request {reference}: we have it",
        "We have {whose} request. A person at the clinic reads every request.",
        "See {whose} request",
        "On the private page you can follow the request, write to us, or withdraw it.",
    ),
    MessageKind.PRIVATE_LINK: Wording(
        "Your request {reference}: your private link",
        "Here is a private link to {whose} request.",
        "See {whose} request",
        "If you did not ask for this, you do not need to do anything.",
    ),
    MessageKind.QUESTION_ASKED: Wording(
        "Your request {reference}: we have a question",
        "We have a question about {whose} request before we can go on.",
        "Read and answer",
        "We go on as soon as we have your answer.",
    ),
    MessageKind.CONSULTATION_OFFERED: Wording(
        "Your request {reference}: choose a time",
        "You can now choose a time{for_whom}.",
        "Choose a time",
        "Nothing is booked until you choose a time.",
    ),
    MessageKind.APPOINTMENT_BOOKED: Wording(
        "Your request {reference}: your time is booked",
        "{Whose} time is booked. Open the link to see the date, time and place.",
        "See date, time and place",
        "On the private page you can add it to a calendar, or cancel it.",
    ),
    MessageKind.APPOINTMENT_CANCELLED: Wording(
        "Your request {reference}: your time is cancelled",
        "{Whose} time is cancelled. If it is in a calendar, delete it from your calendar. You can choose another time.",
        "Choose another time",
        "{Whose} request stays open. The private page has a file that removes the time from most calendars.",
    ),
    MessageKind.REQUEST_CLOSED: Wording(
        "Your request {reference}: there is news",
        "There is news about {whose} request.",
        "Read the news",
        "Open the link to see what changed, and what you can do next.",
    ),
    MessageKind.WEEKLY_QUESTION: Wording(
        "Your request {reference}: has anything changed?",
        "{Whose} request is still open. Please tell us if anything has changed.",
        "Answer one question",
        "It takes a minute. On the private page you can also switch off these weekly mails.",
    ),
    MessageKind.PLEASE_CONTACT: Wording(
        "Your request {reference}: please contact us",
        "We would like to speak to you about {whose} request.",
        "Open {whose} request",
        "Please call us, or write to us on the private page.",
    ),
    MessageKind.NEXT_DAY_QUESTION: Wording(
        "Your request {reference}: a short question",
        "We have a short question about {whose} request.",
        "Read and answer",
        "It takes a minute. A person at the clinic reads the answer.",
    ),
    MessageKind.STAFF_ALERT: Wording(
        "Something urgent waits in the staff area",
        "Something urgent waits for you in the staff area.",
        "Open the staff area",
        "An alert that cannot wait repeats until somebody takes it on or has read it. Others come once.",
    ),
    MessageKind.STAFF_NOTICE: Wording(
        "Something to read in the staff area",
        "There is something new to read for you in the staff area.",
        "Open the staff area",
        "It is not urgent, and this message comes once.",
    ),
    MessageKind.DAY_END: Wording(
        "The day’s end: {what}",
        "The clinic is closed for today.",
        "See the day’s end",
        "This message comes once, when the clinic has closed.",
    ),
}


def addressed(text: str, *, helped_name: str) -> str:
    """A sentence to the patient, or, with the name of the patient, to who helps them."""
    whose = possessive(helped_name) if helped_name else "your"
    return text.format(
        whose=whose, Whose=whose[0].upper() + whose[1:], for_whom=f" for {helped_name}" if helped_name else ""
    )


def opening(kind: MessageKind, *, helped_name: str) -> str:
    """The first sentence of a mail, as its reader will see it."""
    return addressed(WORDINGS[kind].opening, helped_name=helped_name)


def draft(
    kind: MessageKind,
    *,
    to: str,
    first_name: str,
    link: str,
    reference: str = "",
    helped_name: str = "",
    price: str = "",
    directions: str = "",
    count: str = "",
) -> MessageDraft:
    """One mail to one recipient, in words."""
    wording = WORDINGS[kind]
    context = {
        "opening": addressed(wording.opening, helped_name=helped_name),
        "action": addressed(wording.action, helped_name=helped_name),
        "next_step": addressed(wording.next_step, helped_name=helped_name),
        "whose": possessive(helped_name) if helped_name else "your",
        "price": price,
        "directions": directions,
        "first_name": first_name,
        "link": link,
        "count": count,
        "is_to_staff": kind in (MessageKind.STAFF_ALERT, MessageKind.STAFF_NOTICE),
        "clinic_name": settings.CLINIC_NAME,
        "clinic_phone": settings.CLINIC_PHONE,
        "emergency_line": lines.emergency().plain,
    }
    return MessageDraft(
        to=to,
        subject=wording.subject.format(reference=reference),
        text=render_to_string("consultations/mail/message.txt", context),
        html=render_to_string("consultations/mail/message.html", context),
    )


def day_end(*, to: str, first_name: str, row: DayEnd, link: str, site: str) -> MessageDraft:
    """How the day ended, by numbers and references: to a manager."""
    wording, items = WORDINGS[MessageKind.DAY_END], row.open_items
    what = "nothing pressing is open" if not items else f"{len(items)} open" if len(items) > 1 else "1 open"
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
        subject=wording.subject.format(what=what),
        text=render_to_string("consultations/mail/day_end.txt", context),
        html=render_to_string("consultations/mail/day_end.html", context),
    )


def why_words(why: Iterable[str]) -> str:
    return ", ".join(Pressing(entry).label for entry in why)


def figure_lines(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures of a day with their labels, in order; what was not counted is left out."""
    named = [(label, figures.get(name)) for name, label in FIGURES.items()]
    return [(label, str(value)) for label, value in named if value is not None]
