"""What to say when calling for help: the signs behind an emergency, to read aloud from the page.

Owner: the clinic's medical director. Source: clinical changes 1.1, section 4; words: display/spoken.toml and
sentences.toml.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from consultations.candidacy import display
from consultations.candidacy.engine import Evaluation
from consultations.enums import Effect
from consultations.questionnaire.conditions import Value

NOT_SURE: Final = "not_sure"
CAUDA_EQUINA_QUESTION: Final = "rf_ce"
ONSET_QUESTION: Final = "rf_ce_when"
CAUDA_EQUINA_RULES: Final = frozenset({"RF-CE-01", "RF-CE-02", "RF-NEU-05"})
"""Only these may say the name: it is the word that call handlers need."""


def what_to_say(assessment: Evaluation, *, region: str) -> str:
    """The signs of the questions behind the emergency, in the words of a region. "" when no emergency fired."""
    fired = [rule for rule in assessment.fired if rule.effect == Effect.EMERGENCY]
    causes = {question for rule in fired for question in rule.because}
    names_it = any(rule.id in CAUDA_EQUINA_RULES for rule in fired)
    asked = [question for question in assessment.visible if question in causes]
    return say(asked, assessment.cleaned, names_cauda_equina=names_it, region=region)


def say(
    questions: Iterable[str], answers: Mapping[str, Value], *, names_cauda_equina: bool = False, region: str = ""
) -> str:
    """What a person says who gave these answers to these questions of the safety section."""
    table, region_words = display.document("spoken"), display.words(region)
    others: list[str] = []
    nerves: list[str] = []
    for question in questions:
        target = nerves if question == CAUDA_EQUINA_QUESTION else others
        if question != ONSET_QUESTION:
            clauses = _clauses(table.get(question, {}), answers.get(question))
            target += [clause.format(**region_words) for clause in clauses]
    return _sentences(table, others, nerves, answers.get(ONSET_QUESTION), names_cauda_equina=names_cauda_equina)


def say_since(others: Sequence[str], nerves: Sequence[str], *, since: str, names_cauda_equina: bool) -> str:
    """What a person says who told us since a date what is new or worse: clauses in the first person. The nerve signs
    stand last, so that "these" speaks of nothing else.
    """
    table, told_since = display.document("spoken"), display.document("sentences")["spoken"]["told_since"]
    if not others and not nerves:
        return ""
    sentences = [told_since.format(lead=table["lead"], since=since, clauses=_joined(others or nerves))]
    if others and nerves:
        sentences.append(told_since.format(lead=table["also"], since=since, clauses=_joined(nerves)))
    if nerves and names_cauda_equina:
        sentences.append(table["cauda_equina"])
    return display.paragraph(sentences)


def _clauses(of_question: Mapping[str, str], value: Value | None) -> list[str]:
    """One clause a ticked sign. "Not sure" is said only where nothing else of its question is."""
    codes = value if isinstance(value, tuple) else (value,)
    known = [code for code in codes if isinstance(code, str) and code in of_question]
    return [of_question[code] for code in known if code != NOT_SURE or known == [NOT_SURE]]


def _sentences(
    table: Mapping[str, Any], others: list[str], nerves: list[str], onset: Value | None, *, names_cauda_equina: bool
) -> str:
    """The signs whose onset is known stand last, so that "it began" and "these" speak of nothing else."""
    if not others and not nerves:
        return ""
    told = display.document("sentences")["spoken"]["told"]
    sentences = [told.format(lead=table["lead"], clauses=_joined(others or nerves))]
    if others and nerves:
        sentences.append(told.format(lead=table["also"], clauses=_joined(nerves)))
    if nerves and isinstance(onset, str) and onset in table[ONSET_QUESTION]:
        sentences.append(table[ONSET_QUESTION][onset])
    if names_cauda_equina:
        sentences.append(table["cauda_equina"])
    return display.paragraph(sentences)


def _joined(clauses: Sequence[str]) -> str:
    """Clauses hold commas and "or" of their own, so semicolons stand between them."""
    if len(clauses) == 1:
        return clauses[0]
    sentences: dict[str, str] = display.document("sentences")["spoken"]
    return sentences["last_clause"].format(clauses=sentences["between_clauses"].join(clauses[:-1]), last=clauses[-1])
