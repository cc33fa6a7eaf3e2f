"""The words and screens around the questions of one version, read strictly from its copy file.

Owner: the clinic's content team; a screen's questions are the medical director's. The file stands beside the questions,
as `definitions/<version>.copy.toml`, and is frozen with them: a published version is never changed.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from consultations.questionnaire import definition
from consultations.questionnaire.definition import DefinitionError, Questionnaire, UnknownVersion
from consultations.questionnaire.files import FileError, text_of

PLACE: Final = "{at}, {part}"
ROW: Final = "{at}, {name} {number}"
"""Where something stands, in a sentence for whoever keeps the files."""
SLUG: Final = re.compile("[a-z]+(-[a-z]+)*")


class CopyError(DefinitionError):
    """A copy file that cannot be right; the text names the file and the place."""


@dataclass(frozen=True, slots=True)
class Screen:
    """One page of questions of one theme. `title` is the page's heading when it asks more than one.

    `follow_ups` are those of the screen's questions that follow an answer given on it: with JavaScript they appear
    there, without it the next screen asks them, which `follows` this one. `order` is that of all of them together.
    """

    slug: str
    section: str
    title: str
    question_ids: tuple[str, ...]
    lead: str = ""
    follow_ups: tuple[str, ...] = ()
    follows: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Short:
    """What a question is about, after the word "Change", and what to do when it has no answer."""

    about: str
    missing: str


@dataclass(frozen=True, slots=True)
class Gist:
    """A question that the one-line summary reads, and its answers in few words."""

    question: str
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LookOut:
    """What a nurse should look out for when one of these answers was given."""

    question: str
    options: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class PageCopy:
    """All copy of a version. `where`, `worse` and `duration` make up the one line about a set of answers."""

    version: str
    screens: tuple[Screen, ...]
    short: Mapping[str, Short]
    where: Gist
    worse: Gist
    duration: Gist
    look_outs: tuple[LookOut, ...]


def versions() -> list[str]:
    """Every version there is a copy file of."""
    return sorted(path.name.removesuffix(".copy.toml") for path in definition.DEFINITIONS.glob("*.copy.toml"))


@cache
def load(version: str) -> PageCopy:
    """The copy of one version, checked against its questions. Raises UnknownVersion, DefinitionError."""
    return build(raw(version), definition.load(version))


@cache
def raw(version: str) -> dict[str, Any]:
    """The file as it is. Raises UnknownVersion, CopyError."""
    path = definition.DEFINITIONS / f"{version}.copy.toml"
    if path.parent != definition.DEFINITIONS or not path.is_file():
        raise UnknownVersion(f"There is no copy file of questionnaire {version!r}.")
    try:
        return tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as problem:
        raise CopyError(f"{path.name} is not TOML: {problem}.") from None
    except FileError as problem:
        raise CopyError(str(problem)) from None


def build(document: Mapping[str, Any], questionnaire: Questionnaire) -> PageCopy:
    """Make the copy of a document. Raises CopyError."""
    name = f"{questionnaire.version}.copy.toml"
    top = _Table(document, name)
    top.only("version", "screen", "about", "summary", "look_out")
    if (said := top.text("version")) != questionnaire.version:
        raise CopyError(f"{name} says that it is version {said}.")
    summary = top.table("summary")
    summary.only("where", "worse", "duration")
    return PageCopy(
        questionnaire.version,
        _screens(top, questionnaire),
        _shorts(top.table("about"), questionnaire),
        _gist(summary.table("where"), questionnaire),
        _gist(summary.table("worse"), questionnaire),
        _gist(summary.table("duration"), questionnaire),
        tuple(_look_out(row, questionnaire) for row in top.rows("look_out")),
    )


class _Table:
    """One table of the file, with its place for the sentence that says what is wrong."""

    def __init__(self, table: Any, location: str) -> None:
        if not isinstance(table, Mapping):
            raise CopyError(f"{location} is no table.")
        self.values, self.at = table, location

    def only(self, *names: str) -> None:
        if unknown := sorted(self.values.keys() - set(names)):
            raise CopyError(f"{self.at} has {unknown}, which nothing reads.")

    def text(self, name: str, *, default: str | None = None) -> str:
        value = self.values.get(name, default)
        if not isinstance(value, str) or (not value.strip() and value != default):
            raise CopyError(f"{self.at} does not say its {name}.")
        return value

    def codes(self, name: str) -> tuple[str, ...]:
        values = self.values.get(name)
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            raise CopyError(f"{self.at} does not list its {name}.")
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise CopyError(f"{self.at} lists {twice} twice in its {name}.")
        return tuple(values)

    def table(self, name: str) -> "_Table":
        return _Table(self.values.get(name), PLACE.format(at=self.at, part=name))

    def rows(self, name: str) -> list["_Table"]:
        rows = self.values.get(name)
        if not isinstance(rows, list) or not rows:
            raise CopyError(f"{self.at} has no [[{name}]].")
        return [
            _Table(row, ROW.format(at=self.at, name=name, number=number)) for number, row in enumerate(rows, start=1)
        ]


def _screens(top: _Table, questionnaire: Questionnaire) -> tuple[Screen, ...]:
    """Each question of a version stands on one screen, and no screen asks for another."""
    screens: list[Screen] = []
    place_of: dict[str, str] = {}
    for row in top.rows("screen"):
        pages = _pages(row, questionnaire)
        for page in pages:
            if page.slug in {screen.slug for screen in screens}:
                raise CopyError(f"{row.at} has the slug {page.slug!r} of an earlier screen.")
            for question in page.question_ids:
                if question in place_of:
                    raise CopyError(f"{row.at} asks {question!r}, which {place_of[question]} asks already.")
                place_of[question] = row.at.removeprefix(PLACE.format(at=top.at, part=""))
            screens.append(page)
    if forgotten := [question.id for question in questionnaire.questions if question.id not in place_of]:
        raise CopyError(f"{top.at} asks {forgotten} on no screen.")
    return tuple(screens)


def _pages(row: _Table, questionnaire: Questionnaire) -> tuple[Screen, ...]:
    """A screen, and after it the page of those of its questions that follow an answer given on it."""
    row.only("slug", "section", "title", "questions", "lead", "follow_ups_title")
    slug, section, ids = row.text("slug"), row.text("section"), row.codes("questions")
    if not SLUG.fullmatch(slug):
        raise CopyError(f"{row.at} has the slug {slug!r}: small letters with hyphens between.")
    if section not in {part.id for part in questionnaire.sections}:
        raise CopyError(f"{row.at} names section {section!r}, which {questionnaire.version} does not have.")
    if unknown := sorted(set(ids) - questionnaire.by_id.keys()):
        raise CopyError(f"{row.at} asks {unknown}, which are no questions of {questionnaire.version}.")
    later = _follow_ups(ids, questionnaire)
    title, lead = row.text("title"), row.text("lead", default="")
    first = Screen(slug, section, title, tuple(item for item in ids if item not in later), lead, later, order=ids)
    if not later:
        row.only("slug", "section", "title", "questions", "lead")
        return (first,)
    return first, Screen(f"{slug}-more", section, row.text("follow_ups_title"), later, follows=slug, order=later)


def _follow_ups(ids: Sequence[str], questionnaire: Questionnaire) -> tuple[str, ...]:
    conditions = {item: questionnaire[item].shown_when for item in ids}
    return tuple(name for name, shown in conditions.items() if shown and shown.questions.intersection(ids))


def _shorts(about: _Table, questionnaire: Questionnaire) -> dict[str, Short]:
    about.only(*questionnaire.by_id)
    shorts = {}
    for question in questionnaire.questions:
        row = about.table(question.id)
        row.only("short", "missing")
        shorts[question.id] = Short(row.text("short"), row.text("missing"))
    return shorts


def _gist(table: _Table, questionnaire: Questionnaire) -> Gist:
    table.only("question", "words")
    question, labels = _known(table, questionnaire), table.table("words")
    _known_options(labels, question, labels.values, questionnaire)
    return Gist(question, {code: labels.text(code) for code in labels.values})


def _look_out(row: _Table, questionnaire: Questionnaire) -> LookOut:
    row.only("question", "options", "text")
    question, options = _known(row, questionnaire), row.codes("options")
    _known_options(row, question, options, questionnaire)
    return LookOut(question, frozenset(options), row.text("text"))


def _known(table: _Table, questionnaire: Questionnaire) -> str:
    question = table.text("question")
    if question not in questionnaire.by_id:
        raise CopyError(f"{table.at} is about {question!r}, which is no question of {questionnaire.version}.")
    return question


def _known_options(table: _Table, question: str, codes: Any, questionnaire: Questionnaire) -> None:
    if unknown := sorted(set(codes) - questionnaire[question].codes):
        raise CopyError(f"{table.at} names {unknown}, which {question!r} does not have as an option.")
