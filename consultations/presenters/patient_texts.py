"""What patients wrote, for staff who are to read it first, and for the patient who sent it.

Which words are about danger is worked out here, for the eyes of whoever may read the text, and is kept nowhere.
"""

import dataclasses
import datetime
from collections.abc import Iterable
from typing import Any, Final

from django.conf import settings
from django.db.models import F, Min, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.danger_words import Danger, dangers_in, mentions
from clinic.core.encrypted_rows import with_keys
from clinic.core.text_lists import paragraph
from consultations.candidacy import outcomes
from consultations.enums import TextKind
from consultations.models import ConsultationRequest, PatientText
from consultations.presenters.formatting import Chip, time_left
from consultations.presenters.isolation import Unreadable, readable

SHOWN: Final = 20
"""Unread texts of one person on one page. Whoever sends hundreds must not make it too long to be opened."""
DAMAGED: Final = gettext_lazy("This text cannot be read. Tell a manager its number, and call the patient.")
HAVE: Final = {
    TextKind.MESSAGE: gettext_lazy("We have your message."),
    TextKind.ANSWER: gettext_lazy("We have your answer to our question."),
}
STAYS: Final = datetime.timedelta(days=1)
"""How long help is shown to the person after words about danger, also once somebody has read them."""
MARKED: Final = Q(is_self_harm=True) | Q(is_danger=True)
WHOSE: Final = {
    "request_key": F("response__consultation_request__pk"),
    "request_reference": F("response__consultation_request__reference"),
    "request_name": F("response__consultation_request__patient__name"),
    "case_key": F("response__safety_case__pk"),
    "case_name": F("response__safety_case__patient__name"),
}
"""What a line about a text says of the request or safety case that it belongs to."""


@dataclasses.dataclass(frozen=True, slots=True)
class TextPart:
    """A stretch of a text; `danger` names the list that knows it."""

    text: str
    danger: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class WaitingText:
    """One text that somebody has to read, in staff words."""

    pk: int
    what: str
    when: str
    time: Chip
    flags: tuple[Chip, ...]
    pieces: tuple[TextPart, ...]
    is_marked: bool
    read_url: str
    who: str = ""
    reference: str = ""
    url: str = ""
    request_pk: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class FirstHelp:
    """What the next page says first to somebody who wrote about danger. `opens_at` while it waits and we are closed."""

    is_self_harm: bool = False
    is_danger: bool = False
    opens_at: datetime.datetime | None = None

    support: str = outcomes.SUPPORT_BOX

    @property
    def signs(self) -> str:
        return outcomes.emergency_signs(region=settings.CLINIC_REGION)

    def __bool__(self) -> bool:
        return self.is_self_harm or self.is_danger


@dataclasses.dataclass(frozen=True, slots=True)
class SentMessage:
    """A message as the person who sent it sees it again."""

    text: str
    sent_at: datetime.datetime
    read_at: datetime.datetime | None
    due_at: datetime.datetime | None
    is_readable: bool = True


def pieces_of(text: str) -> tuple[TextPart, ...]:
    """The text cut where words about danger begin and end; put together it is the text again."""
    marks = [""] * len(text)
    for mention in sorted(mentions(text), key=lambda item: item.danger == Danger.SELF_HARM):
        start, end = mention.span
        marks[start:end] = [mention.danger.value] * (end - start)
    pieces: list[TextPart] = []
    for letter, danger in zip(text, marks, strict=True):
        if pieces and pieces[-1].danger == danger:
            pieces[-1] = TextPart(pieces[-1].text + letter, danger)
        else:
            pieces.append(TextPart(letter, danger))
    return tuple(pieces)


def waiting_for(response_id: int, *, now: datetime.datetime) -> dict[str, Any]:
    """`texts` of one request or safety case that nobody has read, most pressing first, and how many `more_texts` follow
    once those are read.
    """
    rows = with_keys(PatientText.objects.waiting().filter(response=response_id)).most_pressing_first()
    texts = [_waiting(row, now=now) for row in readable(rows[:SHOWN])]
    return {"texts": texts, "more_texts": rows.count() - len(texts) if len(texts) == SHOWN else 0}


def _waiting(item: PatientText | Unreadable, *, now: datetime.datetime) -> WaitingText:
    if isinstance(item, Unreadable):
        bare = PatientText.objects.filter(pk=item.pk).defer("text")
        flags: tuple[Chip, ...] = (Chip(_("Damaged"), "danger"),)
        what = _("Text %(number)d") % {"number": item.pk}
        return WaitingText(
            item.pk, what, "", Chip(_("Unknown"), "danger"), flags, (TextPart(str(DAMAGED)),),
            is_marked=bare.filter(MARKED).exists(), read_url=read_url(item.pk),
        )  # fmt: skip
    return WaitingText(
        item.pk, item.get_kind_display(), clock.moment(item.sent_at), _time(item, now=now), flags_of(item),
        pieces_of(item.text), is_marked=item.is_marked, read_url=read_url(item.pk),
    )  # fmt: skip


def _time(text: PatientText, *, now: datetime.datetime) -> Chip:
    if text.due_at is None:
        return Chip("")
    return time_left(text.due_at, now=now, target="MARKED_TEXT" if text.is_marked else "MESSAGE")


def flags_of(text: PatientText) -> tuple[Chip, ...]:
    flags = [Chip(_("May be about self-harm"), "danger")] if text.is_self_harm else []
    if text.is_danger:
        flags.append(Chip(_("May be about a danger sign"), "danger"))
    return tuple(flags)


def read_url(pk: int) -> str:
    return reverse("admin:consultations_consultationrequest_read", args=[pk])


def waiting_lines(*, viewer: User, now: datetime.datetime, limit: int) -> tuple[list[WaitingText], bool]:
    """The texts with words about danger that nobody has read, with whose they are but not what they say; and whether
    there are more.
    """
    marked = PatientText.objects.visible_to(viewer).waiting().filter(MARKED)
    rows = marked.defer("text").annotate(**WHOSE).most_pressing_first()[: limit + 1]
    texts = readable(rows)
    return [_line(item, now=now) for item in texts[:limit]], len(texts) > limit


def _line(item: Any, *, now: datetime.datetime) -> WaitingText:
    if isinstance(item, Unreadable):
        return _waiting(item, now=now)
    who, reference, url = _("Text %(number)d") % {"number": item.pk}, "", ""
    if item.request_key is not None:
        who, reference = item.request_name, item.request_reference
        url = reverse("admin:consultations_consultationrequest_change", args=[item.request_key])
    elif item.case_key is not None:
        who = item.case_name or _("Visitor without a name")
        url = reverse("admin:consultations_safetycase_change", args=[item.case_key])
    return WaitingText(
        item.pk, item.get_kind_display(), clock.moment(item.sent_at), _time(item, now=now), flags_of(item), (),
        is_marked=True, read_url=read_url(item.pk), who=who, reference=reference, url=url, request_pk=item.request_key,
    )  # fmt: skip


def first_help(response_id: int, *, now: datetime.datetime) -> FirstHelp:
    """Help for somebody whose text with such words waits, or was sent in the last day."""
    marked = PatientText.objects.filter(MARKED, response=response_id).filter(
        Q(read_at=None) | Q(sent_at__gt=now - STAYS)
    )
    marks = list(marked.values_list("is_self_harm", "is_danger", "read_at"))
    waits = any(read_at is None for _self_harm, _danger, read_at in marks)
    return FirstHelp(
        is_self_harm=any(self_harm for self_harm, _danger, _read_at in marks),
        is_danger=any(danger for _self_harm, danger, _read_at in marks),
        opens_at=clock.next_opening(now) if waits and not clock.is_open(now) else None,
    )


def support_only(response_id: int) -> FirstHelp:
    """The same where the page asks about danger signs itself, or says what to do about one."""
    return dataclasses.replace(first_help(response_id, now=clock.now()), is_danger=False)


def help_for_unsent(texts: Iterable[str]) -> FirstHelp:
    """The same for words that could not be sent: nothing is stored, and nobody is told."""
    dangers = {danger for text in texts for danger in dangers_in(text)}
    return FirstHelp(is_self_harm=Danger.SELF_HARM in dangers, is_danger=Danger.SIGN in dangers)


def messages_sent(consultation_request: ConsultationRequest) -> list[SentMessage]:
    """The patient's own messages, newest first. One that cannot be decoded says so."""
    texts = PatientText.objects.filter(response=consultation_request.response_id, kind=TextKind.MESSAGE)
    rows = with_keys(texts.order_by("-sent_at", "-pk"))
    return [
        SentMessage(
            _("We cannot show this message. Please call us about it."),
            consultation_request.submitted_at,
            None,
            None,
            False,
        )
        if isinstance(row, Unreadable)
        else SentMessage(row.text, row.sent_at, row.read_at, row.due_at)
        for row in readable(rows)
    ]


def read_by(consultation_request: ConsultationRequest) -> datetime.datetime:
    """By when somebody reads a request that was sent: sooner where its note, or an answer, has words about danger."""
    came_with_it = (
        PatientText.objects.waiting().filter(response=consultation_request.response_id).exclude(kind=TextKind.MESSAGE)
    )
    soonest = came_with_it.aggregate(due=Min("due_at"))["due"]
    return min(consultation_request.due_at, soonest) if soonest else consultation_request.due_at


def written_notice(consultation_request: ConsultationRequest, kind: TextKind = TextKind.MESSAGE) -> str:
    """What stands on the page after a message or an answer was sent: that we have it, and by when somebody reads it.

    That nobody reads it while the clinic is closed is said once: here, or with the help above it (`first_help`).
    """
    unread = PatientText.objects.filter(response=consultation_request.response_id, kind=kind, read_at=None)
    newest = unread.defer("text").order_by("-sent_at", "-pk").first()
    if newest is None:
        return ""
    have, now = str(HAVE[kind]), clock.now()
    if newest.due_at is None:
        return have
    read = _("A person reads it by %(moment)s.") % {"moment": clock.moment(newest.due_at)}
    if clock.is_open(now) or first_help(consultation_request.response_id, now=now).opens_at:
        return paragraph([have, read])
    opens = clock.moment(clock.next_opening(now))
    return paragraph([have, read, _("Nobody reads this before %(moment)s.") % {"moment": opens}])
