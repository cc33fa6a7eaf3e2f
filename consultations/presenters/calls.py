"""Calls in words: one history for the request and the safety case of a person, and what stood before in the script."""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.text_lists import paragraph
from consultations.candidacy import asked_again, call_script
from consultations.candidacy.union import ASKED
from consultations.enums import SAFETY_OUTCOMES, AssessmentOrigin, CallOutcome, CaseStatus
from consultations.models import Call, ConsultationRequest, QuestionnaireResponse, SafetyCase
from consultations.presenters.activity_entries import ActivityEntry
from consultations.presenters.formatting import Chip, name_of
from consultations.presenters.isolation import Unreadable, opened, readable
from consultations.questionnaire import flow
from consultations.questionnaire.cleaning import NONE, clean
from consultations.questionnaire.definition import QuestionnaireItem, UnknownVersion, worded
from consultations.services import calls, sources

WELFARE: Final = gettext_lazy("Two calls failed about a pressing matter: follow the clinic’s welfare policy.")
WELFARE_TRIES: Final = 2
WHAT: Final = {
    CallOutcome.DANGER_ASKED: gettext_lazy("%(who)s asked the danger questions"),
    CallOutcome.REACHED_OTHER: gettext_lazy("%(who)s reached the person, other matter"),
    CallOutcome.NOT_REACHED: gettext_lazy("%(who)s did not reach the person (try %(number)d)"),
    CallOutcome.VOICEMAIL: gettext_lazy("%(who)s reached a voicemail (try %(number)d)"),
    CallOutcome.WRONG_NUMBER: gettext_lazy("%(who)s reached a wrong number (try %(number)d)"),
    CallOutcome.SOMEONE_ELSE: gettext_lazy("%(who)s reached someone else (try %(number)d)"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class CallAnswer:
    """One question of a call and its answer, one line a tick."""

    question: str
    lines: tuple[str, ...]
    is_danger: bool


@dataclasses.dataclass(frozen=True, slots=True)
class CallLine:
    """One call of the history. `go_on` leads into a script that the viewer left open."""

    pk: int
    when: str
    told: str
    note: str
    heard: tuple[CallAnswer, ...] = ()
    not_asked: int = 0
    chip: Chip | None = None
    go_on: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Earlier:
    """What a source says to one question: where it was said, and the answer."""

    source: str
    lines: tuple[str, ...]
    is_danger: bool


def call_box(response: QuestionnaireResponse, *, viewer: User, is_pressing: bool) -> dict[str, Any]:
    """The history of calls, newest first, its sum in one sentence, and whether the welfare policy begins."""
    made = with_keys(Call.objects.filter(response=response.pk).select_related("made_by").order_by("made_at", "pk"))
    rows = readable(made, opens=False)
    lines, failed, asked = [], 0, None
    for row in rows:
        if isinstance(row, Unreadable):
            damaged = _("Call %(number)d cannot be read. Tell a manager.") % {"number": row.pk}
            lines.append(CallLine(row.pk, "", damaged, ""))
            continue
        failed = 0 if row.was_reached else failed + (row.outcome in calls.TRIES)
        asked = row if row.completed_at is not None else asked
        lines.append(_line(row, failed, response=response, viewer=viewer))
    return {
        "lines": tuple(reversed(lines)),
        "summary": paragraph(_sum_of(asked, failed)),
        "welfare": str(WELFARE) if failed >= WELFARE_TRIES and is_pressing else "",
        "failed": failed,
        "open": next((line.go_on for line in reversed(lines) if line.go_on), ""),
        "response_pk": response.pk,
    }


def _sum_of(asked: Call | None, failed: int) -> Iterator[str]:
    """A sentence each: who last asked the danger questions, and how many calls failed since somebody was reached."""
    if asked is not None:
        yield _("%(name)s asked the danger questions by phone on %(moment)s.") % {
            "name": name_of(asked.made_by),
            "moment": clock.moment(asked.made_at),
        }
    if failed:
        sentence = ngettext(
            "%(number)d call without reaching the patient.", "%(number)d calls without reaching the patient.", failed
        )
        yield sentence % {"number": failed}


def is_pressing(consultation_request: ConsultationRequest | None, case: SafetyCase | None) -> bool:
    """Whether a danger waits for somebody: an open case, or a red flag of today. Two calls in vain then begin the
    welfare policy.
    """
    is_open = case is not None and case.status != CaseStatus.CLOSED
    return is_open or (consultation_request is not None and consultation_request.flag_level in SAFETY_OUTCOMES)


def _line(call: Call, failed: int, *, response: QuestionnaireResponse, viewer: User) -> CallLine:
    message = WHAT[CallOutcome(call.outcome)]
    entry = ActivityEntry(call.made_at, str(message), {"who": name_of(call.made_by), "number": failed})
    heard: tuple[CallAnswer, ...] = ()
    missing, chip, go_on = 0, None, ""
    if call.outcome == CallOutcome.DANGER_ASKED:
        heard, is_damaged = opened(lambda: heard_in(call, response), heard, of=call)
        missing = 0 if is_damaged else _not_asked(call, response)
        chip = _chip(call, heard, is_damaged=is_damaged)
        if calls.is_open(call) and call.made_by_id == viewer.pk:
            go_on = reverse("admin:consultations_consultationrequest_call_stop", args=[call.pk])
    note = opened(lambda: call.note, _("This note cannot be read. Tell a manager."), of=call)[0]
    return CallLine(call.pk, entry.when, entry.html, note, heard, missing, chip, go_on)


def _chip(call: Call, heard: Sequence[CallAnswer], *, is_damaged: bool) -> Chip | None:
    if is_damaged:
        return Chip(_("Answers cannot be read"), "danger")
    if call.completed_at is None:
        return Chip(_("Not ended"), "warn")
    if any(item.is_danger for item in heard):
        return Chip(_("Something was named"), "warn")
    return Chip(_("Nothing was named"))


def _not_asked(call: Call, response: QuestionnaireResponse) -> int:
    return len(call_script.not_asked(call.answers, version=response.questionnaire_version))


def heard_in(call: Call, response: QuestionnaireResponse) -> tuple[CallAnswer, ...]:
    """What was answered in a call, in the order it is asked. Raises DamagedRecord."""
    answers, questions = call.answers, questions_of(response)
    told = [
        CallAnswer(
            _tick_words(code), (_("Yes, still") if value == call_script.YES else _("No"),), value == call_script.YES
        )
        for code, value in (answers.get(ASKED) or {}).items()
    ]
    given = [(question, answers.get(question.id)) for question in questions]
    return (*told, *(_heard(question, value) for question, value in given if value))


def _heard(question: QuestionnaireItem, value: Any) -> CallAnswer:
    return CallAnswer(question.text, tuple(_lines(question, value)), _is_danger(question, value))


def _lines(question: QuestionnaireItem, value: Any) -> list[str]:
    cleaned = clean(question, value)
    return flow.display_answer(question, cleaned) if cleaned is not None else []


def _is_danger(question: QuestionnaireItem, value: Any) -> bool:
    cleaned = clean(question, value)
    return cleaned is not None and cleaned not in (NONE, (NONE,))


def _tick_words(code: str) -> str:
    tick = asked_again.ticks().get(code)
    return tick.words_in(settings.CLINIC_REGION) if tick is not None else code


def tick_labels(codes: Iterable[str]) -> dict[str, str]:
    return {code: _tick_words(code) for code in codes}


def questions_of(response: QuestionnaireResponse) -> list[QuestionnaireItem]:
    """The danger questions of the response's version, in the words of this clinic; none of a version that is gone."""
    try:
        words = worded(response.questionnaire_version, settings.CLINIC_REGION)
        return [words[name] for step in call_script.steps(response.questionnaire_version) for name in step.question_ids]
    except UnknownVersion:
        return []


def earlier_answers(call: Call) -> dict[str, tuple[Earlier, ...]]:
    """Question -> what each source before this call says to it, the newest first; the same words once a source."""
    response: QuestionnaireResponse = call.response
    told_before = [source for source in sources.sources_of(response) if not _is_of(source, call)]
    questions = questions_of(response)
    by_question: dict[str, list[Earlier]] = {question.id: [] for question in questions}
    told = set()
    for source in reversed(told_before):
        where = _source_words(source, response)
        for question in questions:
            earlier = _earlier(question, source, where)
            # The form is kept at each of its stops: what it says each time is shown once.
            key = earlier and (source.origin, source.response_id, source.asked_by, question.id, earlier.lines)
            if earlier is not None and key not in told:
                told.add(key)
                by_question[question.id].append(earlier)
    return {name: tuple(lines) for name, lines in by_question.items()}


def _is_of(source: sources.AnswerSource, call: Call) -> bool:
    is_by_maker = source.asked_by is not None and source.asked_by.pk == call.made_by_id
    return source.origin == AssessmentOrigin.CALL and is_by_maker and source.at >= call.made_at


def _source_words(source: sources.AnswerSource, response: QuestionnaireResponse) -> str:
    is_own = source.response_id == response.pk
    if source.origin == AssessmentOrigin.CALL:
        label = _("By phone, %(name)s, %(moment)s")
        if not is_own:
            label = _("By phone, %(name)s, %(moment)s, with another request")
        return label % {"name": name_of(source.asked_by), "moment": clock.moment(source.at)}
    label = _("%(origin)s, %(moment)s") if is_own else _("%(origin)s, %(moment)s, with another request")
    return label % {"origin": AssessmentOrigin(source.origin).label, "moment": clock.moment(source.at)}


def _earlier(question: QuestionnaireItem, source: sources.AnswerSource, where: str) -> Earlier | None:
    """None where a source was never asked this question."""
    if any(sign.question == sources.UNREADABLE_RULE for sign in source.signs):
        return Earlier(where, (_("Cannot be read"),), True)
    if question.id in source.said:
        value = source.said[question.id]
        lines = tuple(_lines(question, value)) or (_("Left without an answer"),)
        return Earlier(where, lines, _is_danger(question, value) or not _lines(question, value))
    ticked = [code for code in source.ticks if question.id in asked_again.ticks()[code].lays]
    return Earlier(where, tuple(map(_tick_words, ticked)), True) if ticked else None
