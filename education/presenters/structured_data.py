"""What a page is, in schema.org's words for machines. Every text in it stands on the page too.

A product made of cells is never named as a treatment of anything: that would say in a machine's words what no page says
in ours. Reviews and ratings of treatments are left out for good.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any, Final

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from education.fixed_pages import FAQ, GLOSSARY, FixedPage
from education.library import Library, Record
from education.markup.markdown import parts
from education.models import Page
from education.presenters.page_renderer import Rendered
from education.presenters.statements import COURSES

Node = dict[str, Any]
UNSAFE_IN_HTML: Final = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
ANATOMY: Final = {"ddd": "disc", "herniated": "disc", "stenosis": "spine", "facet": "joints"}
"""Drawing of a condition -> the part of the body it is about, in a word of its page."""
SYMPTOMS, COURSE = "Symptoms", "What usually happens"
"""The headings under which every page on a condition lists its symptoms and says how it goes on."""
SURGERY: Final = "/treatments/surgery/"


def script(nodes: Sequence[Node]) -> SafeString:
    """JSON for a script element: nothing in it can end the element or begin another."""
    return SafeString(json.dumps({"@context": "https://schema.org", "@graph": nodes}).translate(UNSAFE_IN_HTML))


def of_page(
    page: Page, rendered: Rendered, library: Library, *, crumbs: Sequence[tuple[str, str]], clinic: Mapping[str, Any]
) -> SafeString:
    """`crumbs` are (address, title) of the pages above it. The page must be public."""
    site = clinic["site_url"]
    url = site + page.path
    live = page.live
    assert live is not None, "only public pages are described"
    about = _subject(page, rendered, library, url)
    trials = _trials(library, url) if any(part.name == "trials" for part in parts(page.body)) else []
    web_page = {
        **_web_page(page.path, clinic, crumbs=[*crumbs, (page.path, page.short_title)]),
        "dateModified": live.published_at.isoformat(),
        "author": {"@type": "Organization", "name": page.author},
        "citation": [_citation(source) for source in rendered.sources],
    }
    # The first page has a heading of its own in place of these two.
    if page.kind != Page.Kind.HOME:
        web_page |= {"name": page.title, "description": page.summary}
    if live.reviewed_by and live.reviewed_on:
        web_page |= {
            "lastReviewed": live.reviewed_on.isoformat(),
            "reviewedBy": {"@type": "Person", "name": live.reviewed_by},
        }
    if about:
        web_page["about"] = {"@id": about["@id"]}
    if trials:
        web_page["mentions"] = [{"@id": trial["@id"]} for trial in trials]
    return script([web_page, *_frame(clinic), *([about] if about else []), *trials])


def of_fixed_page(page: FixedPage, *, clinic: Mapping[str, Any], more: Sequence[Node] = ()) -> SafeString:
    """`more` says what the page lists: see `questions` and `terms`."""
    web_page = _web_page(page.path, clinic, crumbs=[(page.path, str(page.short_title))])
    web_page |= {"name": str(page.title), "description": str(page.lead)}
    return script([web_page, *_frame(clinic), *more])


def questions(asked: Iterable[Record], *, clinic: Mapping[str, Any]) -> Node:
    """`asked` are questions with their answers as HTML."""
    return {
        "@type": "FAQPage",
        "@id": f"{clinic['site_url']}{FAQ.path}#questions",
        "name": str(FAQ.title),
        "mainEntity": [
            {
                "@type": "Question",
                "name": record["question"],
                "acceptedAnswer": {"@type": "Answer", "text": PageOutline.of(record["html"]).text},
            }
            for record in asked
        ],
    }


def terms(listed: Iterable[Record], *, clinic: Mapping[str, Any]) -> Node:
    url = clinic["site_url"] + GLOSSARY.path
    return {
        "@type": "DefinedTermSet",
        "@id": f"{url}#terms",
        "name": str(GLOSSARY.title),
        "hasDefinedTerm": [
            {
                "@type": "DefinedTerm",
                "url": f"{url}#{record['slug']}",
                "name": record["term"],
                "description": record["definition"],
            }
            for record in listed
        ],
    }


def _frame(clinic: Mapping[str, Any]) -> list[Node]:
    """The site and who runs it, alike on every page."""
    site = clinic["site_url"]
    by = {"@id": f"{site}/#clinic"}
    return [
        {"@type": "WebSite", "@id": f"{site}/#site", "url": f"{site}/", "name": clinic["name"], "publisher": by},
        {
            "@type": "MedicalClinic",
            "@id": by["@id"],
            "url": f"{site}/",
            "name": clinic["name"],
            "telephone": clinic["phone"],
            "address": clinic["address"],
        },
    ]


def _web_page(path: str, clinic: Mapping[str, Any], *, crumbs: Sequence[tuple[str, str]]) -> Node:
    site = clinic["site_url"]
    trail = crumbs if path == "/" else [("/", gettext("Home")), *crumbs]
    web_page = {
        "@type": "MedicalWebPage",
        "@id": f"{site}{path}#page",
        "url": site + path,
        "inLanguage": "en",
        "publisher": {"@id": f"{site}/#clinic"},
        "isPartOf": {"@id": f"{site}/#site"},
        "medicalAudience": {"@type": "Patient"},
        "mainContentOfPage": {"@type": "WebPageElement", "cssSelector": "#main"},
    }
    if path != "/":
        web_page["breadcrumb"] = {
            "@type": "BreadcrumbList",
            "itemListElement": [
                {"@type": "ListItem", "position": position, "name": title, "item": site + address}
                for position, (address, title) in enumerate(trail, 1)
            ],
        }
    return web_page


def _citation(source: Record) -> Node:
    link = {"url": source["url"]} if source["url"] else {}
    return {"@type": "CreativeWork", "name": source["title"], **link}


def _subject(page: Page, rendered: Rendered, library: Library, url: str) -> Node | None:
    """What the page is about, where that is one condition, treatment or procedure."""
    node: Node = {"@id": f"{url}#subject", "name": page.short_title, "description": page.summary}
    if page.kind == Page.Kind.CONDITION:
        return {"@type": "MedicalCondition", **node, **_condition(page, rendered, library)}
    if page.kind == Page.Kind.PROCEDURE:
        # Not a TherapeuticProcedure: whether it treats anything is what nobody knows.
        return {"@type": "MedicalProcedure", **node, **_procedure(rendered)}
    if page.kind == Page.Kind.TREATMENT and page.path.count("/") > 2 and not page.is_stem_cell_page:
        kind = "TherapeuticProcedure" if page.path == SURGERY else "MedicalTherapy"
        guidelines = [
            {**_citation(source), "@type": "MedicalGuideline"}
            for source in rendered.sources
            if source["kind"] == "Guideline"
        ]
        return {"@type": kind, **node, **({"guideline": guidelines} if guidelines else {})}
    return None


def _condition(page: Page, rendered: Rendered, library: Library) -> Node:
    outline = PageOutline.of(rendered.html)
    node: Node = {}
    if page.figure in ANATOMY:
        node["associatedAnatomy"] = {"@type": "AnatomicalStructure", "name": ANATOMY[page.figure]}
    if signs := outline.items.get(SYMPTOMS):
        node["signOrSymptom"] = [{"@type": "MedicalSignOrSymptom", "name": sign} for sign in signs]
    if course := outline.sections.get(COURSE):
        node["expectedPrognosis"] = course
    if helping := _what_helps(page, library):
        node["possibleTreatment"] = [{"@type": "MedicalTherapy", "name": treatment} for treatment in helping]
    return node


def _what_helps(page: Page, library: Library) -> list[str]:
    """The treatments that the page shows a graded benefit of; never one made of cells."""
    codes = [code for part in parts(page.body) if part.name in ("evidence", "compare") for code in part.text.split()]
    shown = [library.evidence[code] for code in dict.fromkeys(codes) if code in library.evidence]
    helping = [
        record
        for record in shown
        # That most people get better with time names no treatment.
        if record["kind"] == "comparator" and record["direction"] == "helps" and record["code"] not in COURSES
    ]
    return list(dict.fromkeys(record["treatment"] for record in helping))


def _procedure(rendered: Rendered) -> Node:
    steps = PageOutline.of(rendered.html).steps
    return {"howPerformed": steps} if steps else {}


def _trials(library: Library, url: str) -> list[Node]:
    nodes = []
    for trial in library.trials.values():
        node = {"@type": "MedicalTrial", "@id": f"{url}#{trial['key']}", "name": trial["name"]}
        node["status"] = trial["status"][:1].upper() + trial["status"][1:]
        if trial["registry_id"]:
            node["identifier"] = trial["registry_id"]
        if trial["finding"]:
            node["description"] = trial["finding"]
        nodes.append(node)
    return nodes


class PageOutline(HTMLParser):
    """The words of rendered HTML, without the numbers of its sources.

    By second-level heading: paragraphs of the text itself in `sections`, list items in `items`. `steps` are the
    headings of a timeline.
    """

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.sections: dict[str, list[str]] = {}
        self.items: dict[str, list[str]] = {}
        self.steps: list[str] = []
        self._heading = ""
        self._block: list[str] = []
        self._is_citation = self._is_timeline = self._is_plain = False

    @classmethod
    def of(cls, html: str) -> "PageOutline":
        outline = cls()
        outline.feed(html)
        outline.close()
        return outline

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if tag == "a" and "cite" in classes:
            self._is_citation = True
            for pieces in (self.pieces, self._block):
                pieces[:] = ["".join(pieces).rstrip()]
        elif tag == "ol":
            self._is_timeline = "steps" in classes
        if tag in ("p", "li", "h2", "h3"):
            self._block, self._is_plain = [], not classes
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        text = " ".join("".join(self._block).split())
        if tag == "a":
            self._is_citation = False
        elif tag == "ol":
            self._is_timeline = False
        elif tag == "h2":
            self._heading = text
        elif tag == "h3" and self._is_timeline:
            self.steps.append(text)
        elif tag == "p" and self._is_plain and self._heading and text:
            self.sections.setdefault(self._heading, []).append(text)
        elif tag == "li" and self._heading and text:
            self.items.setdefault(self._heading, []).append(text)

    def handle_data(self, data: str) -> None:
        if not self._is_citation:
            self.pieces.append(data)
            self._block.append(data)
