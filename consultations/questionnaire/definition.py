"""The questionnaire: a FHIR R4 Questionnaire read into plain, frozen questions.

Owner: the clinic's medical director. The wording, ids and options are clinical content: a published version is never
changed. What FHIR R4 has no element for stands in extensions of our own (help, anchors, instrument, control, and
`shown-when`, the condition of `enableWhen`/`enableWhenExpression` in the vocabulary of `conditions.py`).
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from consultations.questionnaire.conditions import Condition, ConditionError, parse
from consultations.questionnaire.files import FileError, text_of

CURRENT_VERSION: Final = "1.0.0"
"""What a new questionnaire session is begun on. Whatever was stored names its own version, and is read on that."""
DEFINITIONS: Final = Path(__file__).parent / "definitions"
OWN: Final = "https://clinic.example/fhir/StructureDefinition/"
HL7: Final = "http://hl7.org/fhir/StructureDefinition/"
SAFETY_SECTION: Final = "A"


class DefinitionError(ValueError):
    """A questionnaire that cannot be right: its file is damaged, or a question lacks what every question has."""


class UnknownVersion(LookupError):
    """No questionnaire of this version was ever published."""


@dataclass(frozen=True, slots=True)
class Option:
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question, in the exact words asked by this version of the questionnaire.

    `kind` is integer, decimal, scale, single, multi or text.
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

    @property
    def is_safety(self) -> bool:
        return self.section == SAFETY_SECTION

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(option.code for option in self.options)

    def label_of(self, code: str) -> str:
        return next(option.label for option in self.options if option.code == code)


@dataclass(frozen=True, slots=True)
class Section:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Questionnaire:
    url: str
    version: str
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    by_id: dict[str, Question]

    def __getitem__(self, question_id: str) -> Question:
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
    sections, questions = [], []
    for group in document["item"]:
        section = Section(group["linkId"].removeprefix("sec_"), group["text"])
        sections.append(section)
        questions += [
            _question(item, section.id, document["version"])
            for item in group["item"]
            if _extension(item, OWN + "control")
        ]
    return Questionnaire(
        document["url"],
        document["version"],
        tuple(sections),
        tuple(questions),
        {question.id: question for question in questions},
    )


def _question(item: dict[str, Any], section: str, version: str) -> Question:
    low, high = _extension(item, OWN + "anchor-low"), _extension(item, OWN + "anchor-high")
    shown_when = _extension(item, OWN + "shown-when")
    unit = _extension(item, HL7 + "questionnaire-unit")
    return Question(
        id=item["linkId"],
        version=version,
        section=section,
        text=item["text"],
        help=_extension(item, OWN + "help") or "",
        kind=_extension(item, OWN + "control"),
        options=tuple(_option(entry, item["linkId"]) for entry in item.get("answerOption", [])),
        is_required=item.get("required", False),
        minimum=_extension(item, HL7 + "minValue"),
        maximum=_extension(item, HL7 + "maxValue") if "maxLength" not in item else item["maxLength"],
        unit=unit["code"] if unit else "",
        anchors=(low, high) if low else None,
        instrument=_extension(item, OWN + "instrument") or "",
        shown_when=_condition(shown_when, item["linkId"]) if shown_when else None,
    )


def _condition(text: str, question_id: str) -> Condition:
    try:
        return parse(text)
    except ConditionError as problem:
        raise DefinitionError(f"{question_id} is shown by a condition that cannot be read. {problem}") from None


def _option(entry: dict[str, Any], question_id: str) -> Option:
    """Our own codes are `question.option`; LOINC answers are known by their ordinal weight."""
    coding = entry["valueCoding"]
    weight = _extension(entry, HL7 + "ordinalValue")
    code = coding["code"].removeprefix(f"{question_id}.") if weight is None else str(int(weight))
    return Option(code, coding["display"])


def _extension(element: dict[str, Any], url: str) -> Any:
    for extension in element.get("extension", []):
        if extension["url"] == url:
            return next(value for key, value in extension.items() if key.startswith("value"))
    return None
