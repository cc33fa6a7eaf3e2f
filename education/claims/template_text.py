"""The words that stand in templates and file names, as a visitor meets them: without template tags and markup."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from django.conf import settings

from clinic.core import region_words

ROOT: Final = Path(__file__).parents[2]
PACKAGES: Final = ("clinic", "consultations", "education")
STAFF_ONLY: Final = re.compile(r"[\w/]+/templates/(admin|registration|consultations/staff)/")
TAG: Final = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
COMMENT: Final = re.compile(r"\{% comment\b.*?%\}.*?\{% endcomment %\}", re.DOTALL)
WORD: Final = re.compile(r"\{% word \"(\w+)\" %\}")
QUOTED: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'")
UNSAID: Final = frozenset({"script", "style"})
INLINE: Final = frozenset(
    {"a", "abbr", "b", "bdi", "br", "cite", "code", "em", "i", "kbd", "mark", "q", "s", "small", "span", "strong"}
    | {"sub", "sup", "time", "tspan", "u", "var", "wbr"}
)
SAID: Final = (
    "alt",
    "title",
    "aria-label",
    "aria-description",
    "placeholder",
    "content",
    "label",
    "value",
    "data-label",
)
"""Attributes that are read out, shown, or shown by others: search engines, messengers."""


def texts(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Each template's words and each static file's name, with its place: `templates.base.html.text`."""
    for file in _files(root, "templates"):
        path = file.relative_to(root).as_posix()
        if not STAFF_ONLY.match(path):
            yield f"templates.{path}.text", words_of(file.read_text(encoding="utf-8"))
    for file in _files(root, "static"):
        name = f"{file.name}\n\n{re.sub(r'[-_.]', ' ', file.stem)}"
        yield f"templates.{file.relative_to(root).as_posix()}.name", name


def _files(root: Path, folder: str) -> list[Path]:
    """The files below every folder of this name in the product's packages."""
    files = (file for package in PACKAGES for file in (root / package).glob(f"**/{folder}/**/*"))
    return sorted(file for file in files if file.is_file())


def say_words(template: str) -> str:
    """The template with the words that differ by region, as the clinic's region says them."""
    return WORD.sub(lambda tag: region_words.word(tag[1], settings.CLINIC_REGION), template)


def words_of(template: str) -> str:
    """What a template says: paragraph by paragraph, then what its tags say, such as `title="…"` given to an include.

    A value filled in later is written as “_”.
    """
    said: list[str] = []

    def left(match: re.Match[str]) -> str:
        if not match[0].startswith("{#"):
            said.extend(first or second for first, second in QUOTED.findall(match[0]) if " " in (first or second))
        return "_" if match[0].startswith("{{") else " "

    reader = Reader()
    reader.feed(TAG.sub(left, say_words(COMMENT.sub(" ", template))))
    reader.close()
    paragraphs = [" ".join(paragraph.split()) for paragraph in (*reader.paragraphs(), *said)]
    return "\n\n".join(paragraph for paragraph in paragraphs if re.search(r"[^\W_]", paragraph))


class Reader(HTMLParser):
    """Reads HTML as it is said: texts of blocks apart, and the attributes that are read out."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[list[str]] = [[]]
        self.attributes: list[str] = []
        self.unsaid = 0

    def paragraphs(self) -> list[str]:
        return [*("".join(block) for block in self.blocks), *self.attributes]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.attributes += [value for name in SAID if (value := attributes.get(name))]
        if tag in UNSAID and attributes.get("type") != "application/ld+json":
            self.unsaid += 1
        self._part(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [value for name in SAID if (value := dict(attrs).get(name))]
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSAID and self.unsaid:
            self.unsaid -= 1
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self.unsaid:
            block = self.blocks[-1]
            if block and block[-1][-1:].isalnum() and data[:1].isalnum():
                block.append(" ")  # a layout sets apart what only an inline tag parts
            block.append(data)

    def _part(self, tag: str) -> None:
        if tag == "br":
            self.blocks[-1].append(" ")
        elif tag not in INLINE:
            self.blocks.append([])
