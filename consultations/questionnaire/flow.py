"""The questionnaire as screens: safety first, one theme a screen, follow-ups after what they follow.

Pure: answers in, screens out. A screen is on show while one of its questions is.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any, Final

from consultations.questionnaire import page_copy
from consultations.questionnaire.answers import Walk, walk
from consultations.questionnaire.conditions import Value
from consultations.questionnaire.definition import QuestionnaireItem, load, worded
from consultations.questionnaire.page_copy import Screen
from consultations.questionnaire.sentences import sentences

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts sections, not questions: routing changes how many questions there are."""

    sections: tuple[tuple[str, str, str], ...]
    """(section id, title, "done" | "now" | "next")"""
    current: int
    total: int


CHECK_AND_SEND: Final = ("send", sentences()["check_and_send"])


def screens(version: str) -> tuple[Screen, ...]:
    """Every screen of one version, in order. Raises UnknownVersion."""
    return page_copy.load(version).screens


def screen_named(slug: str, *, version: str) -> Screen | None:
    return next((screen for screen in screens(version) if screen.slug == slug), None)


def screen_of(question_id: str, *, version: str) -> Screen:
    """The screen that asks this question. Raises LookupError for an unknown id."""
    for screen in screens(version):
        if question_id in screen.question_ids:
            return screen
    raise LookupError(question_id)


def visible_screens(answers: Answers, *, version: str) -> list[Screen]:
    shown = set(_walk(answers, version).visible_ids)
    return [screen for screen in screens(version) if shown.intersection(screen.question_ids)]


def visible_ids(answers: Answers, *, version: str) -> frozenset[str]:
    """The questions that these answers put on show."""
    return frozenset(_walk(answers, version).visible_ids)


def questions_on(screen: Screen, answers: Answers, *, version: str, region: str) -> list[QuestionnaireItem]:
    """The screen's questions that are on show, in its order, in the words of a region."""
    shown, worded_questions = set(_walk(answers, version).visible_ids), worded(version, region)
    return [worded_questions[question_id] for question_id in screen.question_ids if question_id in shown]


def next_screen(slug: str, answers: Answers, *, version: str, shown_at_once: Collection[str] = ()) -> Screen | None:
    """The screen after this one, or None after the last. Follow-ups `shown_at_once` get no page of their own."""
    shown = set(_walk(answers, version).visible_ids)
    for screen in _after(slug, version):
        if (asked := shown.intersection(screen.question_ids)) and not (
            screen.follows == slug and asked.issubset(shown_at_once)
        ):
            return screen
    return None


def previous_screen(slug: str, answers: Answers, *, version: str) -> Screen | None:
    """The screen before this one. It leads past pages of follow-ups: the screen that they follow asks them too."""
    order = [screen.slug for screen in screens(version)]
    before = [screen for screen in visible_screens(answers, version=version) if not screen.follows]
    earlier = [screen for screen in before if slug in order and order.index(screen.slug) < order.index(slug)]
    return earlier[-1] if earlier else None


def triggers(question_id: str, screen: Screen, answers: Answers, *, version: str) -> list[frozenset[tuple[str, str]]]:
    """What puts a follow-up on show on its own screen: each set of (question, option) is enough; an empty one is none.

    Answers given elsewhere are taken as they are.
    """
    elsewhere = {name: value for name, value in answers.items() if name not in screen.order}
    condition, known = load(version)[question_id].shown_when, load(version)
    named = sorted(condition.options) if condition else []
    options = {name: [item for item in named if item[0] == name] for name, _ in named if name in screen.question_ids}
    smallest: list[frozenset[tuple[str, str]]] = []
    for size in range(len(options) + 1):
        for some in combinations(options.values(), size):
            for picked in map(frozenset, product(*some)):
                given = {name: [code] if known[name].kind == "multi" else code for name, code in picked}
                is_enough = question_id in _walk({**elsewhere, **given}, version).visible_ids
                if is_enough and not any(earlier <= picked for earlier in smallest):
                    smallest.append(picked)
    return smallest


def required_missing(screen: Screen, answers: Answers, *, version: str) -> list[str]:
    """Required questions of this screen that are on show and have no valid answer."""
    done = _walk(answers, version)
    owed = {question.id for question in done.visible if question.is_required and question.id not in done.cleaned}
    return [question_id for question_id in screen.question_ids if question_id in owed]


def first_incomplete(answers: Answers, *, version: str) -> Screen | None:
    """The first screen with a required question unanswered; None when every one is answered."""
    done = _walk(answers, version)
    owed = {question.id for question in done.visible if question.is_required and question.id not in done.cleaned}
    return next((screen for screen in screens(version) if owed.intersection(screen.question_ids)), None)


def safety_complete(answers: Answers, *, version: str) -> bool:
    """Whether every safety question on show has a valid answer."""
    return not _walk(answers, version).missing(safety=True)


def progress(section: str, *, version: str) -> Progress:
    """Where a section stands among all; `send` names the part after the questions."""
    names = [*((part.id, part.title) for part in load(version).sections), CHECK_AND_SEND]
    current = next(index for index, (part, _) in enumerate(names) if part == section)
    states = ["done" if index < current else "now" if index == current else "next" for index in range(len(names))]
    return Progress(
        tuple((part, title, state) for (part, title), state in zip(names, states, strict=True)),
        current + 1,
        len(names),
    )


def display_answer(question: QuestionnaireItem, value: Value) -> list[str]:
    """An answer in the words that were on the page, one line a tick."""
    if isinstance(value, tuple):
        return [question.label_of(code) for code in value]
    if question.kind == "single":
        return [question.label_of(str(value))]
    if question.anchors:
        return [sentences()["out_of"].format(value=value, most=int(question.maximum or 10))]
    return [sentences()["with_unit"].format(value=value, unit=question.unit).strip()]


def as_asked(answers: Answers, *, version: str, region: str) -> list[dict[str, Any]]:
    """Every question on show in the words it was asked, with its options and the answer given: a snapshot to keep."""
    done, questions = _walk(answers, version), worded(version, region)
    titles = {section.id: section.title for section in load(version).sections}
    return [
        {
            "id": question.id,
            "section": question.section,
            "section_title": titles[question.section],
            "text": question.text,
            "help": question.help,
            "options": [[option.code, option.label] for option in question.options],
            "value": answers.get(question.id),
            "answer": display_answer(question, done.cleaned[question.id]) if question.id in done.cleaned else [],
        }
        for question in (questions[question_id] for question_id in done.visible_ids)
    ]


def _after(slug: str, version: str) -> tuple[Screen, ...]:
    order = [screen.slug for screen in screens(version)]
    return screens(version)[order.index(slug) + 1 :] if slug in order else ()


def _walk(answers: Answers, version: str) -> Walk:
    return walk(load(version), answers)
