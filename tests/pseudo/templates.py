"""Loads our templates with every literal word in them longer and accented. What stands in tags stays, but for texts."""

import re
from collections.abc import Iterator
from typing import Any

from django.template.base import tag_re
from django.template.loaders import app_directories

from tests.pseudo.language import ROOT, longer

READ_ALOUD = {"alt", "aria-label", "aria-description", "data-label", "placeholder", "title"}
"""Attributes that hold words for people."""
TEXT_IN_TAG = re.compile(r"""(?<!date:)(?<!time:)(["'])([A-Z][^"'{}]*|[^"'{}]*[.!?])\1""")
NO_TEXT_IN = re.compile(r"\{%\s*(if|elif|url|load|extends|static|ifchanged|comment)\b")
IN_CATALOGUE = re.compile(r"\{%-?\s*(end)?blocktrans(late)?\b")
ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*$")
RAW = re.compile(r"<(script|style)\b", re.IGNORECASE)


class Loader(app_directories.Loader):
    def get_contents(self, origin: Any) -> str:
        text: str = super().get_contents(origin)
        is_ours = str(origin.name).startswith(str(ROOT)) and ".venv" not in str(origin.name)
        return "".join(Longer().pieces(text, is_html=str(origin.name).endswith(".html"))) if is_ours else text


class Longer:
    """Follows the HTML through the pieces between the template tags: only what a person reads is changed."""

    def __init__(self) -> None:
        self.tag = ""
        """The beginning of the HTML tag that we are in; "" outside of one."""
        self.quote, self.attribute = "", ""
        self.is_message = False
        """Between the tags of a message, which comes from the catalogue."""
        self.raw = ""
        """The script or style element that we are in."""

    def pieces(self, source: str, *, is_html: bool) -> Iterator[str]:
        for number, piece in enumerate(tag_re.split(source)):
            if number % 2:
                if between := IN_CATALOGUE.match(piece):
                    self.is_message = not between[1]
                yield self._in_tag(piece)
            elif self.is_message:
                yield piece
            elif is_html:
                yield from self._html(piece)
            else:
                yield longer(piece)

    def _in_tag(self, piece: str) -> str:
        if NO_TEXT_IN.match(piece) or piece.startswith("{#"):
            return piece
        return TEXT_IN_TAG.sub(lambda match: f"{match[1]}{longer(match[2])}{match[1]}", piece)

    def _html(self, text: str) -> Iterator[str]:
        for part in re.split(r"""([<>"'])""", text):
            yield self._part(part)

    def _part(self, part: str) -> str:
        if self.raw:
            self.raw = "" if self.raw in part.lower() else self.raw
            return part
        if self.quote:
            if part == self.quote:
                self.quote = ""
                return part
            return longer(part) if self.attribute in READ_ALOUD else part
        if self.tag:
            self._inside(part)
            return part
        if part == "<":
            self.tag = part
            return part
        return longer(part)

    def _inside(self, part: str) -> None:
        if part == ">":
            begun = RAW.match(self.tag)
            self.tag, self.raw = "", f"/{begun[1].lower()}" if begun else ""
        elif part in ("'", '"'):
            named = ATTRIBUTE.search(self.tag)
            self.quote, self.attribute = part, named[1].lower() if named else ""
        else:
            self.tag += part
