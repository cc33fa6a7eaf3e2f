"""The questionnaire: a FHIR R4 Questionnaire read into plain, frozen questions.

Owner: the clinic's medical director. The wording, ids and options are clinical content: a published version is never
changed. What FHIR R4 has no element for stands in extensions of our own: help, anchors, instrument, control, regional
wording, what counts when an answer is blank or cannot be read, and `shown-when`, the condition of
`enableWhen`/`enableWhenExpression` in the vocabulary of `conditions.py`. In a file they begin with the base of its own
`url`; what is handed out begins with the base that the settings name (`fhir_base.py`).
"""

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from consultations.questionnaire.conditions import Condition, ConditionError, parse
from consultations.questionnaire.fhir_base import base_of
from consultations.questionnaire.files import FileError, text_of

CURRENT_VERSION: Final = "1.1.0"
"""What a new questionnaire session is begun on. Whatever was stored names its own version, and is read on that."""
DEFINITIONS: Final = Path(__file__).parent / "definitions"
HL7: Final = "http://hl7.org/fhir/StructureDefinition/"
SAFETY_SECTION: Final = "A"


class DefinitionError(ValueError):
    """A questionnaire that cannot be right: its file is damaged, or a question lacks what every question has."""


class UnknownVersion(LookupError):
    """No questionnaire of this version was ever published."""


@dataclass(frozen=True, slots=True)
class Option:
    """`regional` holds the label of each region that has one of its own."""

    code: str
    label: str
    regional: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionnaireItem:
    """One question, in the exact words asked by this version of the questionnaire.

    `kind` is integer, decimal, scale, single, multi or text. `reports_unreadable` says that what is no answer of a
    multiple choice is told and not dropped; `blank_counts` that leaving it blank, once it was on show, is an answer.
    """

    id: str
    version: str
    section: str
    text: str
    help: str
    kind: str
    options: tuple[Option, ...]
    is_required: bool
    minimum: float | None
    maximum: float | None
    unit: str
    anchors: tuple[str, str] | None
    instrument: str
    shown_when: Condition | None
    reports_unreadable: bool = False
    blank_counts: bool = False

    @property
    def is_safety(self) -> bool:
        return self.section == SAFETY_SECTION

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(option.code for option in self.options)

    def label_of(self, code: str) -> str:
        return next(option.label for option in self.options if option.code == code)


@dataclass(frozen=True, slots=True)
class QuestionnaireSection:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Questionnaire:
    url: str
    version: str
    sections: tuple[QuestionnaireSection, ...]
    questions: tuple[QuestionnaireItem, ...]
    by_id: dict[str, QuestionnaireItem]

    def __getitem__(self, question_id: str) -> QuestionnaireItem:
        return self.by_id[question_id]


def versions() -> list[str]:
    """Every version there is a file of."""
    return sorted(path.stem for path in DEFINITIONS.glob("*.json"))


@cache
def load(version: str) -> Questionnaire:
    """Read one published version. Raises UnknownVersion, DefinitionError."""
    questionnaire = build(raw(version))
    if questionnaire.version != version:
        raise DefinitionError(f"{version}.json says that it is version {questionnaire.version}.")
    return questionnaire


@cache
def worded(version: str, region: str) -> Questionnaire:
    """The same version in the words of a region; in the plain ones where it has none of its own.

    Raises UnknownVersion, DefinitionError.
    """
    plain = load(version)
    questions = tuple(_in_words_of(region, question) for question in plain.questions)
    return replace(plain, questions=questions, by_id={question.id: question for question in questions})


def _in_words_of(region: str, question: QuestionnaireItem) -> QuestionnaireItem:
    options = tuple(
        replace(option, label=dict(option.regional).get(region, option.label)) for option in question.options
    )
    return replace(question, options=options)


@cache
def raw(version: str) -> dict[str, Any]:
    """The FHIR document itself. Raises UnknownVersion, DefinitionError."""
    path = DEFINITIONS / f"{version}.json"
    if path.parent != DEFINITIONS or not path.is_file():
        raise UnknownVersion(f"There is no questionnaire {version!r}.")
    try:
        document = json.loads(text_of(path))
    except FileError as problem:
        raise DefinitionError(str(problem)) from None
    except ValueError as problem:
        raise DefinitionError(f"{path.name} is not JSON: {problem}.") from None
    if not isinstance(document, dict):
        raise DefinitionError(f"{path.name} is not a FHIR Questionnaire: it holds no object.")
    return document


def build(document: dict[str, Any]) -> Questionnaire:
    """Make the questions of a document. Raises DefinitionError."""
    name = f"{document.get('version')}.json"
    try:
        questionnaire = _build(document)
    except KeyError as problem:
        raise DefinitionError(f"{name} lacks {problem} in a section or a question.") from None
    except (TypeError, AttributeError, StopIteration):
        raise DefinitionError(f"{name} is not of the shape of a FHIR Questionnaire.") from None
    if len(questionnaire.by_id) != len(questionnaire.questions):
        raise DefinitionError(f"A question id stands twice in {name}.")
    _check_conditions(questionnaire, name)
    return questionnaire


def _check_conditions(questionnaire: Questionnaire, name: str) -> None:
    """A condition looks back, at questions and options that there are: any other would never be met, in silence."""
    before: set[str] = set()
    for question in questionnaire.questions:
        condition = question.shown_when
        if condition is not None:
            if unknown := sorted(condition.questions - before):
                raise DefinitionError(f"{question.id} in {name} is shown by {unknown}, which is not asked before it.")
            for other, code in sorted(condition.options):
                if code not in questionnaire[other].codes:
                    raise DefinitionError(f"{question.id} in {name} names {code!r}, which is no option of {other!r}.")
        before.add(question.id)


def _build(document: dict[str, Any]) -> Questionnaire:
    groups, reader = document["item"], _Reader(document)
    questions = tuple(
        reader.question(item, reader.section(group).id)
        for group in groups
        for item in group["item"]
        if reader.own(item, "control")
    )
    return Questionnaire(
        document["url"],
        document["version"],
        tuple(reader.section(group) for group in groups),
        questions,
        {question.id: question for question in questions},
    )


class _Reader:
    """Reads the elements of one document, whose own extensions begin with the base of its address."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.base = f"{base_of(document)}/StructureDefinition/"
        self.version = document["version"]
        self.reports_unreadable = self.own(document, "unreadable-answers") == "reported"

    def own(self, element: dict[str, Any], name: str) -> Any:
        return _extension(element, self.base + name)

    def section(self, group: dict[str, Any]) -> QuestionnaireSection:
        return QuestionnaireSection(group["linkId"].removeprefix("sec_"), group["text"])

    def question(self, item: dict[str, Any], section: str) -> QuestionnaireItem:
        low, shown_when = self.own(item, "anchor-low"), self.own(item, "shown-when")
        unit = _extension(item, f"{HL7}questionnaire-unit")
        kind = self.own(item, "control")
        return QuestionnaireItem(
            id=item["linkId"],
            version=self.version,
            section=section,
            text=item["text"],
            help=self.own(item, "help") or "",
            kind=kind,
            options=tuple(self.option(entry, item["linkId"]) for entry in item.get("answerOption", [])),
            is_required=item.get("required", False),
            minimum=_extension(item, f"{HL7}minValue"),
            maximum=_extension(item, f"{HL7}maxValue") if "maxLength" not in item else item["maxLength"],
            unit=unit["code"] if unit else "",
            anchors=(low, self.own(item, "anchor-high")) if low else None,
            instrument=self.own(item, "instrument") or "",
            shown_when=_condition(shown_when, item["linkId"]) if shown_when else None,
            reports_unreadable=self.reports_unreadable and kind == "multi" and section == SAFETY_SECTION,
            blank_counts=self.own(item, "blank-is-an-answer") or False,
        )

    def option(self, entry: dict[str, Any], question_id: str) -> Option:
        """Our own codes are `question.option`; LOINC answers are known by their ordinal weight."""
        coding = entry["valueCoding"]
        weight = _extension(entry, f"{HL7}ordinalValue")
        code = coding["code"].removeprefix(f"{question_id}.") if weight is None else str(int(weight))
        regional = [
            (_extension(extension, "region"), _extension(extension, "text"))
            for extension in entry.get("extension", [])
            if extension["url"] == f"{self.base}regional-wording"
        ]
        if not all(isinstance(part, str) and part.strip() for wording in regional for part in wording):
            raise DefinitionError(f"{question_id} has a regional wording without its region or its text.")
        return Option(code, coding["display"], tuple(regional))


def _condition(text: str, question_id: str) -> Condition:
    try:
        return parse(text)
    except ConditionError as problem:
        raise DefinitionError(f"{question_id} is shown by a condition that cannot be read. {problem}") from None


def _extension(element: dict[str, Any], url: str) -> Any:
    for extension in element.get("extension", []):
        if extension["url"] == url:
            return next(value for key, value in extension.items() if key.startswith("value"))
    return None
