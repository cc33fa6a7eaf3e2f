"""The danger questions as they are asked on the phone: which stand on which screen, what was asked, when to stop. Pure.

Owner: the clinic's medical director. Source: clinical changes 1.1, section 7. The answers of a call are raw answers of
the safety section, and under `union.ASKED` a "yes" or "no" to what the person once ticked and no question asks. What
was not asked is not in them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from consultations.candidacy import asked_again, display, engine
from consultations.candidacy.engine import Evaluation
from consultations.candidacy.standing import UNANSWERED_RULE, flags_of
from consultations.candidacy.union import ASKED, Sign
from consultations.enums import Outcome
from consultations.questionnaire import flow, page_copy
from consultations.questionnaire.definition import SAFETY_SECTION, Questionnaire, QuestionnaireItem, load, worded

YES: Final = "yes"
NO: Final = "no"
TOLD_SLUG: Final = "told-before"
"""The screen about what the person ticked and no question asks. No screen of a questionnaire is called so."""
KINDS: Final = ("multi", "single")


@dataclass(frozen=True, slots=True)
class ScriptScreen:
    """One screen of the script. `ticks` are codes of the list of `asked_again` that it asks about."""

    slug: str
    title: str
    question_ids: tuple[str, ...] = ()
    ticks: tuple[str, ...] = ()


def steps(version: str, *, ticks: Iterable[str] = ()) -> tuple[ScriptScreen, ...]:
    """What the person ticked comes first, then the screens of the safety section, with their follow-ups on them.

    Age is not asked again. Raises UnknownVersion.
    """
    questionnaire = load(version)
    told = tuple(code for code in asked_again.ticks() if code in set(ticks))
    title = display.document("sentences")["call_script"]["told_before"]
    screens = [ScriptScreen(TOLD_SLUG, title, ticks=told)] if told else []
    for screen in page_copy.load(version).screens:
        asked = tuple(name for name in screen.order if _is_asked(questionnaire[name]))
        if screen.section != SAFETY_SECTION or screen.follows or not asked:
            continue
        if screens and _follows_all(asked, screens[-1], questionnaire):
            screens[-1] = replace(screens[-1], question_ids=(*screens[-1].question_ids, *asked))
        else:
            screens.append(ScriptScreen(screen.slug, screen.title, asked))
    return tuple(screens)


def _is_asked(question: QuestionnaireItem) -> bool:
    return question.is_safety and question.kind in KINDS


def _follows_all(asked: Iterable[str], before: ScriptScreen, questionnaire: Questionnaire) -> bool:
    """Whether a screen only follows up the one before: on the phone the two are asked together."""
    conditions = [questionnaire[name].shown_when for name in asked]
    return all(shown is not None and shown.questions.issubset(before.question_ids) for shown in conditions)


def questions_on(step: ScriptScreen, *, version: str, region: str) -> list[QuestionnaireItem]:
    """The questions of a step in the words of a region."""
    questions = worded(version, region)
    return [questions[name] for name in step.question_ids]


def follow_ups(step: ScriptScreen, *, version: str) -> frozenset[str]:
    """The questions of a step that only make sense after an answer to another one."""
    return frozenset(name for name in step.question_ids if load(version)[name].shown_when is not None)


def said_in(answers: Mapping[str, Any], *, version: str) -> dict[str, Any]:
    """The raw answers of a call to questions of the safety section."""
    return {
        question.id: answers[question.id]
        for question in load(version).questions
        if _is_asked(question) and answers.get(question.id)
    }


def ticked_in(answers: Mapping[str, Any]) -> frozenset[str]:
    """What the person was asked about again, and said that it is still so."""
    return frozenset(code for code, value in _told(answers).items() if value == YES)


def told_in(answers: Mapping[str, Any]) -> frozenset[str]:
    """What of earlier ticks the person was asked about again, whatever they said."""
    return frozenset(code for code, value in _told(answers).items() if value in (YES, NO))


def on_show(answers: Mapping[str, Any], *, version: str) -> frozenset[str]:
    """The questions that the answers of the call ask for, follow-ups with them."""
    return flow.visible_ids(said_in(answers, version=version), version=version)


def is_answered(step: ScriptScreen, answers: Mapping[str, Any]) -> bool:
    """Whether anything of a step has an answer."""
    return any(answers.get(name) for name in step.question_ids) or any(code in told_in(answers) for code in step.ticks)


def signs_asked_in(answers: Mapping[str, Any], *, version: str) -> frozenset[Sign]:
    """Every sign that these answers of a call say yes or no to: all options of each question that has an answer.

    Sign(question, "") stands for a safety question that had no answer before. A follow-up whose question was answered
    so that it is not asked counts as asked.
    """
    said = said_in(answers, version=version)
    on_show = flow.visible_ids(said, version=version)
    signs = {Sign(ASKED, code) for code, value in _told(answers).items() if value in (YES, NO)}
    for question in load(version).questions:
        if not _is_asked(question):
            continue
        needed = question.shown_when.questions if question.shown_when is not None else frozenset()
        is_answered = question.id in said or (needed and needed <= said.keys() and question.id not in on_show)
        if is_answered:
            signs |= {Sign(question.id, code) for code in ("", *question.codes)}
    return frozenset(signs)


def not_asked(answers: Mapping[str, Any], *, version: str, ticks: Collection[str] = ()) -> list[str]:
    """The ids of the questions that no answer of the call belongs to, in the order of the script."""
    asked = signs_asked_in(answers, version=version)
    questions = [name for step in steps(version) for name in step.question_ids if Sign(name, "") not in asked]
    return [*(code for code in ticks if Sign(ASKED, code) not in asked), *questions]


def assessed(answers: Mapping[str, Any], *, version: str) -> Evaluation:
    """What the answers of this call say by themselves."""
    return engine.assess(said_in(answers, version=version), version=version)


def is_emergency(answers: Mapping[str, Any], *, version: str) -> bool:
    """Whether the answers of this call alone are an emergency, all causes of which were answered in it."""
    own = any(asked_again.ticks()[code].outcome == Outcome.EMERGENCY for code in ticked_in(answers))
    return own or engine.emergency_is_settled(assessed(answers, version=version))


def level_of(answers: Mapping[str, Any], *, version: str) -> Outcome | None:
    """The most pressing red flag that the answers of this call alone give, if any. What was not asked gives none."""
    levels = [flag.level for flag in flags_of(assessed(answers, version=version)) if flag.rule_id != UNANSWERED_RULE]
    own = (asked_again.ticks()[code].outcome for code in ticked_in(answers))
    levels += [outcome for outcome in own if outcome is not None]
    return engine.highest(*levels) if levels else None


def _told(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    told = answers.get(ASKED)
    return told if isinstance(told, Mapping) else {}
