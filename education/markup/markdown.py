"""Page text to HTML: Markdown without raw HTML, with citations and glossary terms, then an allow-list.

Citations and terms are part of the grammar, so they mean nothing inside code, addresses or titles. The allow-list comes
last: whatever was typed, only its tags, attributes, classes and http, https, mailto and tel links leave this module.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import nh3
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from education.library import Record

CITATION: Final = re.compile(r"\[@([A-Za-z0-9_]+)\]")
TERM: Final = re.compile(r"\[\[([a-z0-9-]+)\\?\|([^\]\[<>]+)\]\]")  # in a table the bar is written “\|”
BLOCK: Final = re.compile(r"^:::\s*([a-z-]+)\s*(.*?)\s*:::$")
OPEN: Final = re.compile(r"^:::\s*([a-z-]+)$")
TAGS: Final = frozenset(
    {"p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "blockquote", "code", "hr", "br"}
    | {"table", "thead", "tbody", "tr", "th", "td", "div", "span"}
)
ATTRIBUTES: Final = {
    "a": {"href", "title", "aria-label"},
    "h2": {"id"}, "h3": {"id"}, "h4": {"id"},
    "th": {"scope"}, "td": {"data-label"},
}  # fmt: skip
CLASSES: Final = {"a": {"cite", "term"}, "div": {"tbl-card"}, "table": {"tbl"}}
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
STOPS: Final = re.compile(r"^[.,;:]+")
BETWEEN_MARKS: Final = "\xa0"
"""Two marks side by side must not read as one number, nor part at the end of a line."""
TOP_LEVEL: Final = 2
"""Headings in a text begin here: the page's title is the first level."""


@dataclasses.dataclass(frozen=True, slots=True)
class PagePart:
    """A piece of a page: plain Markdown (`name` empty), a block with arguments, or a container with its own text."""

    name: str
    text: str
    is_closed: bool = True


def parts(body: str) -> Iterator[PagePart]:
    """Cut a body into its pieces, in order. A container that is never closed reaches to the end, as a fence does."""
    lines: list[str] = []
    container = ""
    for line in body.replace("\r\n", "\n").split("\n"):
        stripped = line.strip()
        opened = OPEN.match(stripped)
        block = BLOCK.match(stripped)
        if container and stripped == ":::":
            yield PagePart(container, "\n".join(lines))
            container, lines = "", []
        elif not container and (block or opened):
            if "".join(lines).strip():
                yield PagePart("", "\n".join(lines))
            lines = []
            if block:
                yield PagePart(block.group(1), block.group(2))
            elif opened:
                container = opened.group(1)
        else:
            lines.append(line)
    if container:
        yield PagePart(container, "\n".join(lines), is_closed=False)
    elif "".join(lines).strip():
        yield PagePart("", "\n".join(lines))


def cited_off(text: str) -> str:
    """A text without its citation marks, as a reader counts it."""
    return re.sub(r"\s*\[@[A-Za-z0-9_]+\]", "", text)


def cited_keys(text: str) -> list[str]:
    return list(dict.fromkeys(CITATION.findall(text)))


def term_slugs(text: str) -> list[str]:
    return list(dict.fromkeys(slug for slug, _ in TERM.findall(text)))


def heading_levels(text: str) -> list[int]:
    """The level of each Markdown heading, in order."""
    return [int(token.tag[1:]) for token in MARKDOWN.parse(text) if token.type == "heading_open"]


class TextRenderer:
    """Renders texts of one page, so that their citations share one numbering and their headings never share a name."""

    def __init__(self, terms: Mapping[str, Record], source_keys: Sequence[str]) -> None:
        self.terms = terms
        self.numbers = {key: number for number, key in enumerate(source_keys, 1)}
        self.headings: list[tuple[str, str]] = []
        self.taken = {f"source-{number}" for number in self.numbers.values()} | {"main", "sources", "contents"}

    def text(self, source: str) -> SafeString:
        """Markdown with citations and terms, without blocks."""
        tokens = MARKDOWN.parse(source)
        self._name_headings(tokens)
        _frame_tables(tokens)
        return _allowed(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {"renderer": self}))

    def citation(self, key: str) -> SafeString:
        """The mark of a source; nothing for a source this page does not list."""
        number = self.numbers.get(key)
        if number is None:
            return SafeString("")
        label = gettext("Source %(number)s") % {"number": number}
        return format_html('<a class="cite" href="#source-{}" aria-label="{}">{}</a>', number, label, number)

    def term(self, slug: str, shown: str) -> SafeString:
        if slug not in self.terms:
            return format_html("{}", shown)
        return format_html('<a class="term" href="/glossary/#{}">{}</a>', slug, shown)

    def _name_headings(self, tokens: list[Token]) -> None:
        for opening, inline in pairwise(tokens):
            if opening.type != "heading_open":
                continue
            heading = TERM.sub(lambda match: match.group(2), CITATION.sub("", inline.content)).strip()
            name = base = slugify(heading) or "section"
            count = 1
            while name in self.taken:
                count += 1
                name = f"{base}-{count}"
            self.taken.add(name)
            opening.attrSet("id", name)
            if opening.tag == "h2":
                self.headings.append((name, heading))


def _frame_tables(tokens: list[Token]) -> None:
    """Make a table one of the house: on a phone its rows become blocks, each cell with its column's name.

    The first cell of a row names the row.
    """
    columns: list[str] = []
    column = 0
    for token, after in pairwise(tokens):
        if token.type == "table_open":
            columns = []
            token.attrJoin("class", "tbl")
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            columns.append(TERM.sub(lambda match: match.group(2), CITATION.sub("", after.content)).strip())
            token.attrs = {"scope": "col"}
        elif token.type == "td_open":
            token.attrs = {"data-label": columns[column]} if column else {"scope": "row"}
            token.tag = "td" if column else "th"
            column += 1
        elif token.type == "td_close":
            token.tag = "td" if column > 1 else "th"


def _write_table_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return '<div class="tbl-card">' + renderer.renderToken(tokens, index, options, env)


def _write_table_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return renderer.renderToken(tokens, index, options, env) + "</div>"


def _write_cell_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """A cell is a grid of its column's name and one box of words, so the words stand in one element."""
    return renderer.renderToken(tokens, index, options, env) + "<span>"


def _write_cell_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</span>" + renderer.renderToken(tokens, index, options, env)


def _allowed(html: str) -> SafeString:
    """The one place where text becomes trusted HTML: the allow-list removes everything else on this very line."""
    return SafeString(
        nh3.clean(
            html,
            tags=set(TAGS),
            attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
            allowed_classes={tag: set(names) for tag, names in CLASSES.items()},
            url_schemes=set(SCHEMES),
            link_rel=None,
        )
    )


def _read_citation(state: StateInline, silent: bool) -> bool:
    return _read(state, silent, CITATION, "citation")


def _read_term(state: StateInline, silent: bool) -> bool:
    return _read(state, silent, TERM, "term")


def _read(state: StateInline, silent: bool, pattern: re.Pattern[str], name: str) -> bool:
    match = pattern.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        token = state.push(name, "", 0)
        token.meta = {"parts": match.groups()}
    state.pos = match.end()
    return True


def _write_citation(_: RendererHTML, tokens: Sequence[Token], index: int, __: Any, env: Any) -> str:
    return str(env["renderer"].citation(*tokens[index].meta["parts"]))


def _write_term(_: RendererHTML, tokens: Sequence[Token], index: int, __: Any, env: Any) -> str:
    return str(env["renderer"].term(*tokens[index].meta["parts"]))


def _bind_citations(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = _bound(token.children)


def _bound(children: list[Token]) -> list[Token]:
    """Each mark follows its word without a space, and the stop behind the word, so that no line begins with it."""
    bound: list[Token] = []
    for child in children:
        after_mark = bool(bound) and bound[-1].type == "citation"
        if child.type == "citation":
            _close_up(bound)
            if bound and bound[-1].type == "citation":
                bound.append(Token("text", "", 0, content=BETWEEN_MARKS))
        elif child.type == "text" and after_mark:
            child.content = _stop_before_marks(bound, child.content)
        bound.append(child)
    return bound


def _close_up(bound: list[Token]) -> None:
    """Take away the space and the line's end that stand last."""
    while bound and (bound[-1].type == "softbreak" or (bound[-1].type == "text" and not bound[-1].content.strip())):
        bound.pop()
    if bound and bound[-1].type == "text":
        bound[-1].content = bound[-1].content.rstrip()


def _stop_before_marks(bound: list[Token], text: str) -> str:
    """Put the stop that follows a row of marks before it; return what is left of the text."""
    stop = STOPS.match(text)
    if stop is None:
        return text
    first = len(bound)
    while first and (bound[first - 1].type == "citation" or bound[first - 1].content == BETWEEN_MARKS):
        first -= 1
    bound.insert(first, Token("text", "", 0, content=stop.group()))
    return text[stop.end() :]


def _grammar() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.core.ruler.push("bind_citations", _bind_citations)
    markdown.inline.ruler.before("link", "citation", _read_citation)
    markdown.inline.ruler.before("link", "term", _read_term)
    markdown.add_render_rule("citation", _write_citation)
    markdown.add_render_rule("term", _write_term)
    markdown.add_render_rule("table_open", _write_table_open)
    markdown.add_render_rule("table_close", _write_table_close)
    markdown.add_render_rule("td_open", _write_cell_open)
    markdown.add_render_rule("td_close", _write_cell_close)
    return markdown


MARKDOWN: Final = _grammar()
