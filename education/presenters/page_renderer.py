"""A page's text and its blocks as HTML: graded statements, cards, figures, number pairs, steps.

A block that cannot be shown says so where it stands: editors meet it in a preview, and `rules` keeps it from readers.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.context_processors import facts
from education.library import CONDITION_WORDS, Library, Record
from education.markup.blocks import BLOCKS, CARE_CARD, FIGURES, columns_of, pair_of, steps_of
from education.markup.markdown import BETWEEN_MARKS, CITATION, PagePart, TextRenderer, cited_keys, parts
from education.presenters.statements import NATURAL_COURSE, reader_words

COMPARED_CONDITIONS: Final = {
    "acute": _("New back pain"),
    "chronic": _("Long-lasting back pain"),
    "ddd": _("Degenerative disc disease"),
    "sciatica": _("Sciatica"),
    "herniated": _("Herniated disc"),
    "stenosis": _("Spinal stenosis"),
    "facet": _("Facet joint arthritis"),
    "any": _("Any back condition"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Rendered:
    """A page's HTML, its second-level headings as (id, text), and its sources in the order of their numbers.

    The emergency card stands apart, wherever the text has it: it comes before everything else of a page.
    """

    html: SafeString
    headings: tuple[tuple[str, str], ...]
    sources: tuple[Record, ...]
    care_card: str


@dataclasses.dataclass(frozen=True, slots=True)
class PageSection:
    """What stands under one second-level heading; `name` is its id."""

    name: str
    title: str
    html: SafeString


class PageRenderer(TextRenderer):
    """Renders a page's text and its blocks.

    `condition` narrows the table of all statements; `form` is the form of the decision aid, as safe HTML.
    """

    def __init__(self, library: Library, source_keys: list[str], *, condition: str = "", form: str = "") -> None:
        super().__init__(library.terms, source_keys)
        self.library = library
        self.condition = condition
        self.form = form
        self.told: set[str] = set()

    def page(self, body: str) -> Rendered:
        shown = list(parts(body))
        html = format_html_join("", "{}", ((self._part(part),) for part in shown if part.name != CARE_CARD))
        care_card = self._block_care_card("") if any(part.name == CARE_CARD for part in shown) else ""
        sources = (self.library.sources.get(key) for key in self.numbers)
        return Rendered(html, tuple(self.headings), tuple(source for source in sources if source), care_card)

    def sections(self, body: str) -> tuple[PageSection, ...]:
        """A page by its second-level headings; what stands before the first of them is left out."""
        pieces = [piece.partition("\n") for piece in re.split(r"^## ", body, flags=re.MULTILINE)[1:]]
        return tuple(PageSection(slugify(title), title.strip(), self.page(rest).html) for title, _, rest in pieces)

    def statement(self, record: Record) -> Record:
        """A graded statement with the marks of its sources on this page, and whether the page told it before."""
        is_repeat = record["code"] in self.told
        self.told.add(record["code"])
        condition_words = CONDITION_WORDS.get(record["condition"], record["condition"])
        cites = self._cites(record["sources"])
        return {
            **record,
            **reader_words(record),
            "cites": cites,
            "condition_words": condition_words,
            "is_repeat": is_repeat,
        }

    def _cites(self, keys: Iterable[str]) -> SafeString:
        marks = [mark for mark in map(self.citation, keys) if mark]
        return format_html_join(BETWEEN_MARKS, "{}", ((mark,) for mark in marks))

    def _part(self, part: PagePart) -> SafeString:
        if not part.name:
            return format_html('<div class="prose">{}</div>', self.text(part.text))
        if part.name not in BLOCKS:
            return self._unshown(part.name)
        render: Callable[[str], SafeString] = getattr(self, f"_block_{part.name.replace('-', '_')}")
        return render(part.text)

    def _template(self, block: str, /, **context: Any) -> SafeString:
        return render_to_string(f"education/blocks/{block}.html", {**context, "clinic": facts()})

    def _unshown(self, name: str) -> SafeString:
        sentence = gettext("The block “%(name)s” cannot be shown as it is written.") % {"name": name}
        note = format_html("<p>{}</p>", sentence)
        return self._template("note", html=note, kind="warn")

    def _statements(self, codes: str) -> list[Record]:
        return [self.statement(self.library.evidence[code]) for code in codes.split() if code in self.library.evidence]

    def _block_evidence(self, codes: str) -> SafeString:
        return self._template("evidence", statements=self._statements(codes))

    def _block_compare(self, codes: str) -> SafeString:
        """Some options; without a statement on what happens with nothing new, a row says where that is told."""
        statements = self._statements(codes)
        return self._template(
            "compare", statements=statements, has_course=any(item["is_course"] for item in statements)
        )

    def _block_compare_all(self, _: str) -> SafeString:
        """Every treatment, condition by condition; "no new treatment" is a row of each table, with its own facts."""
        shown = {code: self.statement(record) for code, record in self.library.evidence.items()}
        tables = [
            (
                label,
                [item for item in shown.values() if item["condition"] == condition and not item["is_course"]],
                shown.get(NATURAL_COURSE.get(condition, "")),
            )
            for condition, label in COMPARED_CONDITIONS.items()
        ]
        return self._template("compare_all", tables=tables)

    def _block_evidence_table(self, _: str) -> SafeString:
        chosen = [
            self.statement(record)
            for record in self.library.evidence.values()
            if not self.condition or record["condition"] in (self.condition, "any")
        ]
        groups = [
            (gettext("Stem-cell products"), [record for record in chosen if record["kind"] == "stem_cell"]),
            (gettext("Other treatments"), [record for record in chosen if record["kind"] == "comparator"]),
        ]
        return self._template(
            "evidence_table", groups=groups, condition=self.condition, conditions=CONDITION_WORDS, count=len(chosen)
        )

    def _block_care_card(self, _: str) -> SafeString:
        return self._template("care_card")

    def _block_trials(self, _: str) -> SafeString:
        trials = [{**record, "cites": self._cites(record["sources"])} for record in self.library.trials.values()]
        return self._template("trials", trials=trials)

    def _block_regulatory(self, _: str) -> SafeString:
        return self._template("regulatory")

    def _block_regulation(self, jurisdiction: str) -> SafeString:
        notes = [{**note, "html": self.text(note["text"])} for note in self.library.notes_on(jurisdiction)]
        return self._template("regulation", notes=notes) if notes else self._unshown("regulation")

    def _block_figure(self, name: str) -> SafeString:
        if name not in FIGURES:
            return self._unshown("figure")
        return render_to_string(f"education/figures/{name}.html")

    def _block_decision_form(self, _: str) -> SafeString:
        """The form has a heading of its own. Only the page of the decision aid hands one over."""
        if not self.form:
            return self._unshown("decision-form")
        self.taken.add("my-questions")
        self.headings.append(("my-questions", gettext("My questions")))
        return format_html("{}", self.form)

    def _block_faq(self, codes: str) -> SafeString:
        questions = [self.library.questions[code] for code in codes.split() if code in self.library.questions]
        return self._template(
            "faq", questions=[{**record, "html": self.text(record["answer"])} for record in questions]
        )

    def _block_pair(self, text: str) -> SafeString:
        pair = pair_of(text)
        if pair is None:
            return self._unshown("pair")
        groups = [
            {"count": pair.first, "who": pair.first_group, "dots": _dots(pair.first)},
            {"count": pair.second, "who": pair.second_group, "dots": _dots(pair.second)},
        ]
        what_happened = CITATION.sub("", pair.what_happened).strip()
        return self._template(
            "pair", groups=groups, what_happened=what_happened, cites=self._cites(cited_keys(pair.what_happened))
        )

    def _block_note(self, text: str) -> SafeString:
        return self._template("note", html=self.text(text), kind="")

    def _block_warning(self, text: str) -> SafeString:
        return self._template("note", html=self.text(text), kind="warn")

    def _block_know(self, text: str) -> SafeString:
        return self._template(
            "know", columns=[{"title": title, "html": self.text(rest)} for title, rest in columns_of(text)]
        )

    def _block_quoted_claim(self, text: str) -> SafeString:
        return self._template("quoted_claim", html=self.text(text))

    def _block_scenario(self, text: str) -> SafeString:
        return self._template("scenario", html=self.text(text))

    def _block_going_ahead(self, _: str) -> SafeString:
        return self._template("going_ahead")

    def _block_steps(self, text: str) -> SafeString:
        steps = [{"title": title, "when": when, "html": self.text(rest)} for title, when, rest in steps_of(text)]
        return self._template("steps", steps=steps)


def _dots(count: int) -> list[dict[str, Any]]:
    """One hundred dots in rows of twenty, the first `count` of them filled."""
    return [{"x": 5 + 10 * (index % 20), "y": 5 + 10 * (index // 20), "on": index < count} for index in range(100)]
