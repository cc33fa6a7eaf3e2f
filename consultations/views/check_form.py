"""The form of one screen: its own questions, and the follow-ups that a browser with JavaScript shows on it at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

from django.conf import settings
from django.forms import BoundField
from django.http import QueryDict

from consultations.forms.check import MOOD, ScreenForm, answer_lines
from consultations.questionnaire import flow
from consultations.questionnaire.definition import QuestionnaireItem, worded
from consultations.questionnaire.page_copy import Screen
from consultations.views.check_session import QuestionnaireSession

SHOWN: Final = "shown"
"""Names, in what is posted, the follow-ups that the page showed. A closed one says nothing: it is disabled."""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A field as the page shows it. `shown_when` is for the script, which opens a follow-up by it."""

    field: BoundField
    is_follow_up: bool
    is_open: bool
    shown_when: str


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions that belong together under a sentence of their own, or under none."""

    stem: str
    rows: tuple[QuestionRow, ...]


def screen_form(
    session: QuestionnaireSession,
    asked: Screen,
    data: QueryDict | None,
    *,
    answers: Mapping[str, Any] | None = None,
) -> ScreenForm:
    """The screen's questions on show, and its follow-ups: open where the page said that it showed them.

    `answers` are those to show in place of what is stored.
    """
    questions_by_id = worded(session.version, settings.CLINIC_REGION)
    own = flow.questions_on(asked, session.answers, version=session.version, region=settings.CLINIC_REGION)
    later = [questions_by_id[question_id] for question_id in asked.follow_ups]
    told = shown_at_once(data)
    opened: list[QuestionnaireItem] = []
    if told.intersection(asked.follow_ups):
        own_form = ScreenForm(data, questions=own, answers={})
        own_form.full_clean()
        ticked = own_form.ticked_or_valid()
        now_shown = flow.visible_ids({**session.answers, **ticked}, version=session.version)
        opened = [question for question in later if question.id in told & now_shown]
    return ScreenForm(
        data,
        questions=[*own, *opened],
        closed=[question for question in later if question not in opened],
        order=asked.order,
        heading=own[0].id if len(own) == 1 else "",
        answers={**session.answers, **(answers or {})},
    )


def newer_lines(session: QuestionnaireSession, names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """What stands stored for these questions, in words; nothing for one that has no answer any more."""
    questions = worded(session.version, settings.CLINIC_REGION)
    cleaned = session.assessment.cleaned
    return [(questions[name].text, answer_lines(questions[name], cleaned.get(name))) for name in names]


def shown_at_once(data: QueryDict | None) -> frozenset[str]:
    return frozenset(data.getlist(SHOWN)) if data is not None else frozenset()


def parts(form: ScreenForm, session: QuestionnaireSession, asked: Screen) -> list[QuestionGroup]:
    """The fields in their order. The questions about mood may only be asked under their own stem.

    On a page that asks nothing else the stem stands under the heading instead.
    """
    rows = [_row(field, form, session, asked) for field in form]
    questions = worded(session.version, settings.CLINIC_REGION)
    grouped = [(is_mood, tuple(group)) for is_mood, group in groupby(rows, lambda row: _is_mood(row, questions.by_id))]
    return [
        QuestionGroup(mood_stem(session) if is_mood and len(grouped) > 1 else "", group_rows)
        for is_mood, group_rows in grouped
    ]


def asks_mood_alone(form: ScreenForm) -> bool:
    return all(question.instrument in MOOD for question in form.questions)


def mood_stem(session: QuestionnaireSession) -> str:
    """Over which time, and how often: the sentence that the first question of the instrument carries as its help."""
    questions = worded(session.version, settings.CLINIC_REGION).questions
    return next(question.help for question in questions if question.instrument in MOOD and question.help)


def _is_mood(row: QuestionRow, questions: Mapping[str, QuestionnaireItem]) -> bool:
    return questions[row.field.name].instrument in MOOD


def _row(field: BoundField, form: ScreenForm, session: QuestionnaireSession, asked: Screen) -> QuestionRow:
    is_follow_up = field.name in asked.follow_ups
    ways = flow.triggers(field.name, asked, session.answers, version=session.version) if is_follow_up else []
    return QuestionRow(field, is_follow_up, field.name not in form.closed, _for_script(ways))


def _for_script(ways: Any) -> str:
    """Alternatives with spaces between, each of `question=option` joined by "&"; "always" where nothing is needed."""
    return " ".join("&".join(f"{name}={code}" for name, code in sorted(way)) or "always" for way in ways)
