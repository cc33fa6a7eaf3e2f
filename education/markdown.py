"""Page text to HTML: Markdown without raw HTML, our own blocks, citations and terms, then an allow-list.

Only http, https, mailto and tel links survive; everything a person typed passes the allow-list before our own markup
(citations, terms, blocks) is put in, and that markup is built with escaping.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final

import nh3
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

from clinic.context_processors import facts
from education.library import CONDITION_WORDS, Library, Record

CITATION: Final = re.compile(r"\[@([A-Za-z0-9_]+)\]")
TERM: Final = re.compile(r"\[\[([a-z0-9-]+)\|([^\]\[<>]+)\]\]")
BLOCK: Final = re.compile(r"^:::\s*([a-z-]+)\s*(.*?)\s*:::$")
OPEN: Final = re.compile(r"^:::\s*([a-z-]+)$")
STEP: Final = re.compile(r"^###\s+(.+?)\s*\|\s*(.+)$")
TAGS: Final = frozenset(
    {"p", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "a", "blockquote", "code", "hr", "br"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
ATTRIBUTES: Final = {"a": {"href", "title"}, "h2": {"id"}, "h3": {"id"}, "h4": {"id"}}
SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
CONTAINERS: Final = ("note", "warning", "know", "steps")
FIGURES: Final = ("axial-ddd", "axial-herniated", "axial-stenosis", "axial-facet", "axial-healthy", "procedure")


@dataclasses.dataclass(frozen=True, slots=True)
class Rendered:
    """A page's HTML, its second-level headings as (id, text), and its sources in the order of their numbers."""

    html: SafeString
    headings: tuple[tuple[str, str], ...]
    sources: tuple[Record, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A piece of a page: plain Markdown (`name` empty), a block with arguments, or a container with its own text."""

    name: str
    text: str


def parts(body: str) -> Iterator[Part]:
    """Cut a body into its pieces, in order. Raises ValueError for a container that is never closed."""
    lines: list[str] = []
    container = ""
    for line in body.replace("\r\n", "\n").split("\n"):
        stripped = line.strip()
        opened = OPEN.match(stripped)
        block = BLOCK.match(stripped)
        if container and stripped == ":::":
            yield Part(container, "\n".join(lines))
            container, lines = "", []
        elif not container and (block or opened):
            if "".join(lines).strip():
                yield Part("", "\n".join(lines))
            lines = []
            if block:
                yield Part(block.group(1), block.group(2))
            elif opened:
                container = opened.group(1)
        else:
            lines.append(line)
    if container:
        raise ValueError(f"The block “::: {container}” is never closed with “:::”.")
    if "".join(lines).strip():
        yield Part("", "\n".join(lines))


def cited_keys(text: str) -> list[str]:
    return list(dict.fromkeys(CITATION.findall(text)))


def term_slugs(text: str) -> list[str]:
    return list(dict.fromkeys(slug for slug, _ in TERM.findall(text)))


def page_sources(listed: list[str], body: str, library: Library) -> list[str]:
    """The keys a page's numbers follow: those it lists, then those of its text, its statements and its trials."""
    keys = [*listed, *cited_keys(body)]
    for part in parts(body):
        if part.name in ("evidence", "compare"):
            codes = part.text.split()
        elif part.name == "evidence-table":
            codes = list(library.evidence)
        else:
            codes = []
        keys += [key for code in codes if code in library.evidence for key in library.evidence[code]["sources"]]
        if part.name == "trials":
            keys += [key for trial in library.trials.values() for key in trial["sources"]]
        if part.name == "faq":
            questions = [library.questions[code] for code in part.text.split() if code in library.questions]
            keys += [key for question in questions for key in cited_keys(question["answer"])]
    return list(dict.fromkeys(keys))


class Renderer:
    """Renders texts of one page, so that their citations share one numbering."""

    def __init__(self, library: Library, source_keys: list[str], *, condition: str = "") -> None:
        self.library = library
        self.condition = condition
        self.numbers = {key: place for place, key in enumerate(source_keys, 1)}
        self.headings: list[tuple[str, str]] = []
        self.taken: set[str] = set()
        self.markdown = MarkdownIt("commonmark", {"html": False}).enable("table")

    def page(self, body: str) -> Rendered:
        html = SafeString("").join(self._part(part) for part in parts(body))
        found = (self.library.sources.get(key) for key in self.numbers)
        return Rendered(SafeString(html), tuple(self.headings), tuple(source for source in found if source))

    def text(self, source: str) -> SafeString:
        """Markdown with citations and terms, without blocks."""
        tokens = self.markdown.parse(source)
        self._name_headings(tokens)
        raw = self.markdown.renderer.render(tokens, self.markdown.options, {})
        clean = nh3.clean(
            raw, tags=set(TAGS), attributes={k: set(v) for k, v in ATTRIBUTES.items()}, url_schemes=set(SCHEMES)
        )
        clean = CITATION.sub(lambda match: self.citation(match.group(1)), clean)
        # The one place where text becomes trusted HTML: it has passed the allow-list in the lines above.
        return SafeString(TERM.sub(lambda match: self._term(match.group(1), match.group(2)), clean))

    def citation(self, key: str) -> str:
        number = self.numbers.get(key)
        if number is None:
            return ""
        return format_html('<a class="cite" href="#source-{}" aria-label="Source {}">{}</a>', number, number, number)

    def _term(self, slug: str, shown: str) -> str:
        if slug not in self.library.terms:
            return shown
        return format_html('<a class="term" href="/glossary/#{}">{}</a>', slug, SafeString(shown))

    def _name_headings(self, tokens: list[Token]) -> None:
        for opening, inline in pairwise(tokens):
            if opening.type != "heading_open":
                continue
            words = TERM.sub(lambda match: match.group(2), CITATION.sub("", inline.content)).strip()
            name = base = slugify(words) or "section"
            count = 1
            while name in self.taken:
                count += 1
                name = f"{base}-{count}"
            self.taken.add(name)
            opening.attrSet("id", name)
            if opening.tag == "h2":
                self.headings.append((name, words))

    def _part(self, part: Part) -> SafeString:
        if not part.name:
            return format_html('<div class="prose">{}</div>', self.text(part.text))
        render: Callable[[str], SafeString] = getattr(self, f"_block_{part.name.replace('-', '_')}")
        return render(part.text)

    def _template(self, block: str, /, **context: Any) -> SafeString:
        return SafeString(render_to_string(f"education/blocks/{block}.html", {**context, "clinic": facts()}))

    def _statements(self, codes: str) -> list[Record]:
        return [self.statement(self.library.evidence[code]) for code in codes.split() if code in self.library.evidence]

    def statement(self, record: Record) -> Record:
        """A graded statement with the numbers of its sources on this page."""
        cites = SafeString("").join(SafeString(self.citation(key)) for key in record["sources"])
        return {
            **record,
            "cites": SafeString(cites),
            "condition_words": CONDITION_WORDS.get(record["condition"], record["condition"]),
        }

    def _block_evidence(self, codes: str) -> SafeString:
        return self._template("evidence", statements=self._statements(codes))

    def _block_compare(self, codes: str) -> SafeString:
        return self._template("compare", statements=self._statements(codes))

    def _block_evidence_table(self, _: str) -> SafeString:
        chosen = [
            self.statement(record)
            for record in self.library.evidence.values()
            if not self.condition or record["condition"] in (self.condition, "any")
        ]
        groups = [
            ("Stem-cell products", [record for record in chosen if record["kind"] == "stem_cell"]),
            ("Other treatments", [record for record in chosen if record["kind"] == "comparator"]),
        ]
        return self._template(
            "evidence_table", groups=groups, condition=self.condition, conditions=CONDITION_WORDS, count=len(chosen)
        )

    def _block_care_card(self, _: str) -> SafeString:
        return self._template("care_card")

    def _block_trials(self, _: str) -> SafeString:
        trials = []
        for record in self.library.trials.values():
            cites = SafeString("").join(SafeString(self.citation(key)) for key in record["sources"])
            trials.append({**record, "cites": SafeString(cites)})
        return self._template("trials", trials=trials)

    def _block_regulatory(self, _: str) -> SafeString:
        return self._template("regulatory")

    def _block_figure(self, name: str) -> SafeString:
        return self._template("figure", name=name, plate=name.removeprefix("axial-"))

    def _block_faq(self, codes: str) -> SafeString:
        found = [self.library.questions[code] for code in codes.split() if code in self.library.questions]
        return self._template("faq", questions=[{**record, "html": self.text(record["answer"])} for record in found])

    def _block_pair(self, text: str) -> SafeString:
        numbers, first, second, rest = (piece.strip() for piece in text.split("|"))
        left, right = (int(number) for number in numbers.split())
        words = CITATION.sub("", rest).strip()
        cites = SafeString("").join(SafeString(self.citation(key)) for key in cited_keys(rest))
        groups = [
            {"count": left, "who": first, "dots": _dots(left)},
            {"count": right, "who": second, "dots": _dots(right)},
        ]
        return self._template("pair", groups=groups, words=words, cites=SafeString(cites))

    def _block_note(self, text: str) -> SafeString:
        return self._template("note", html=self.text(text), kind="info", icon="info")

    def _block_warning(self, text: str) -> SafeString:
        return self._template("note", html=self.text(text), kind="warn", icon="alert")

    def _block_know(self, text: str) -> SafeString:
        columns = [column for column in re.split(r"^### ", text, flags=re.MULTILINE) if column.strip()]
        cut = [column.split("\n", 1) for column in columns]
        return self._template(
            "know", columns=[{"title": title.strip(), "html": self.text(rest)} for title, rest in cut]
        )

    def _block_steps(self, text: str) -> SafeString:
        steps: list[dict[str, Any]] = []
        for line in text.split("\n"):
            heading = STEP.match(line.strip())
            if heading:
                steps.append({"title": heading.group(1), "when": heading.group(2), "lines": []})
            elif steps:
                steps[-1]["lines"].append(line)
        return self._template("steps", steps=[{**step, "html": self.text("\n".join(step["lines"]))} for step in steps])


def _dots(count: int) -> list[dict[str, Any]]:
    """One hundred dots in rows of twenty, the first `count` of them filled."""
    return [{"x": 5 + 10 * (place % 20), "y": 5 + 10 * (place // 20), "on": place < count} for place in range(100)]


BLOCKS: Final = frozenset(
    name.removeprefix("_block_").replace("_", "-") for name in vars(Renderer) if name.startswith("_block_")
)
