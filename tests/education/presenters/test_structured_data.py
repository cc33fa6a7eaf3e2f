"""What pages say of themselves to machines is what they say to people, and never more."""

import datetime
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from education.content import shipped
from education.fixed_pages import FIXED_PAGES
from education.models import Page, PageVersion, Question
from education.presenters import structured_data
from education.services import snapshot, versions
from tests.content_fixtures import SHIPPED
from tests.education.conftest import MakePage

ADDRESSES = [*sorted(page["path"] for page in SHIPPED.pages), *FIXED_PAGES]
CONDITIONS = [page["path"] for page in SHIPPED.pages if page["kind"] == "condition"]
DATA_BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
CITATION = re.compile(r'\s*<a class="cite"[^>]*>\d+</a>')
NOT_TEXT = {
    "@context", "@type", "@id", "url", "item", "inLanguage", "dateModified", "lastReviewed", "cssSelector",
}  # fmt: skip
"""Addresses, codes and dates; everything else is text."""
CELLS = re.compile(r"\b(cells?|MSCs?|marrow|exosomes?|PRP|cord|placenta|amnio\w*|SVF)\b", re.IGNORECASE)


class VisibleText(HTMLParser):
    """The words of a page's body."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.is_in_body = self.is_script = False
        self.feed(CITATION.sub("", html))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.is_in_body = self.is_in_body or tag == "body"
        self.is_script = tag == "script"
        if tag not in ("a", "b", "strong", "em", "span", "small", "code"):
            self.pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self.is_script = False

    def handle_data(self, data: str) -> None:
        if self.is_in_body and not self.is_script:
            self.pieces.append(data)


def visible(html: str) -> str:
    return " ".join("".join(VisibleText(html).pieces).split())


def data_of(html: str) -> list[dict[str, Any]]:
    blocks = DATA_BLOCK.findall(html)
    assert len(blocks) == 1
    result = json.loads(blocks[0])
    assert result["@context"] == "https://schema.org"
    return list(result["@graph"])


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every node, however deep."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def texts_of(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts_of(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner, key)
    elif isinstance(value, str) and key not in NOT_TEXT:
        yield key, value


def typed(nodes: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [node for node in nodes if node["@type"] == kind]


@pytest.fixture
def see(content: shipped.Shipped, client: Client) -> Any:
    return lambda address: data_of(client.get(address).content.decode())


@pytest.fixture
def every_page(content: shipped.Shipped, client: Client) -> dict[str, str]:
    """The HTML of every shipped page, by address."""
    return {address: client.get(address).content.decode() for address in ADDRESSES}


class TestEveryPage:
    def test_every_text_stands_on_the_page_too(self, every_page):
        missing = []
        for address, html in every_page.items():
            shown = visible(html)
            missing += [
                (address, key, text) for key, text in texts_of(data_of(html)) if " ".join(text.split()) not in shown
            ]

        assert missing == []

    def test_no_product_of_cells_is_named_as_a_treatment(self, every_page):
        for address, html in every_page.items():
            for node in walk(data_of(html)):
                for treatment in node.get("possibleTreatment", []):
                    assert not CELLS.search(treatment["name"]), address
                if node.get("@type") in ("MedicalTherapy", "TherapeuticProcedure", "Drug"):
                    assert not CELLS.search(node["name"]), address

    def test_nothing_is_rated_or_said_to_be_reviewed(self, every_page):
        for address, html in every_page.items():
            for node in walk(data_of(html)):
                assert node.get("@type") not in ("Review", "AggregateRating", "Rating"), address
                assert not {"lastReviewed", "reviewedBy", "review", "aggregateRating", "aspect"} & set(node), address

    def test_it_is_a_medical_page_of_this_site_for_patients(self, every_page):
        for address, html in every_page.items():
            nodes = data_of(html)
            page = nodes[0]
            assert page["@type"] == "MedicalWebPage"
            assert page["url"] == f"http://testserver{address}"
            assert page["medicalAudience"] == {"@type": "Patient"}
            named = {node["@id"] for node in nodes}
            assert {node["@id"] for node in walk(nodes) if set(node) == {"@id"}} <= named, address

    def test_the_trail_is_the_one_on_the_page(self, every_page):
        for address, html in every_page.items():
            page = data_of(html)[0]
            shown = re.search(r'<nav class="crumbs".*?</nav>', html, re.DOTALL)
            if address == "/":
                assert (shown, page.get("breadcrumb")) == (None, None)
                continue
            labels = [visible(f"<body>{entry}") for entry in re.findall(r"<li.*?</li>", shown[0])]
            trail = page["breadcrumb"]["itemListElement"]
            assert [step["name"] for step in trail] == labels, address
            assert [step["position"] for step in trail] == list(range(1, len(labels) + 1))
            assert trail[-1]["item"] == f"http://testserver{address}"


@pytest.mark.parametrize("address", CONDITIONS)
def test_a_condition_says_its_signs_and_its_course(address: str, see: Any) -> None:
    nodes = see(address)

    [condition] = typed(nodes, "MedicalCondition")

    assert nodes[0]["about"] == {"@id": condition["@id"]}
    assert len(condition["signOrSymptom"]) >= 3
    assert condition["expectedPrognosis"]
    assert condition["associatedAnatomy"]["name"]


def test_only_what_was_found_to_help_is_a_possible_treatment(see: Any) -> None:
    [condition] = typed(see("/conditions/herniated-disc/"), "MedicalCondition")
    by_name = {record["treatment"]: record for record in SHIPPED.evidence}

    named = [by_name[treatment["name"]] for treatment in condition["possibleTreatment"]]

    assert named
    assert {(record["kind"], record["direction"]) for record in named} == {("comparator", "helps")}


def test_a_statement_about_cells_stays_out_even_if_it_says_they_help(content: shipped.Shipped, client: Client) -> None:
    from education.models import EvidenceStatement

    EvidenceStatement.objects.filter(code__in=["E1", "E4", "E8"]).update(direction="helps", grade=4)
    snapshot.refresh_snapshot()

    for address in CONDITIONS:
        [condition] = typed(data_of(client.get(address).content.decode()), "MedicalCondition")
        assert not [entry for entry in condition.get("possibleTreatment", []) if CELLS.search(entry["name"])]


def test_the_procedure_is_described_and_not_called_a_treatment(see: Any) -> None:
    [procedure] = typed(see("/stem-cells/procedure/"), "MedicalProcedure")

    assert procedure["howPerformed"][0] == "Collecting the cells"


def test_trials_are_mentioned_by_name_number_and_status(see: Any) -> None:
    nodes = see("/stem-cells/evidence/")

    trials = typed(nodes, "MedicalTrial")

    assert len(trials) == len(SHIPPED.trials)
    status = SHIPPED.trials[0]["status"]
    assert {"name": "RESPINE", "identifier": "NCT03737461"}.items() <= trials[0].items()
    assert trials[0]["status"] == status[:1].upper() + status[1:]
    assert nodes[0]["mentions"] == [{"@id": trial["@id"]} for trial in trials]


def test_every_question_has_its_answer(see: Any) -> None:
    [page] = typed(see("/faq/"), "FAQPage")

    asked = {entry["name"]: entry["acceptedAnswer"]["text"] for entry in page["mainEntity"]}

    assert list(asked) == [
        record["question"] for group in Question.Group for record in SHIPPED.questions if record["group"] == group
    ]
    assert not [text for text in asked.values() if re.search(r"\[@|\[\[|\s[.,]", text)]


def test_every_term_has_its_meaning_and_its_place(see: Any) -> None:
    [terms] = typed(see("/glossary/"), "DefinedTermSet")

    assert {term["url"].partition("#")[2] for term in terms["hasDefinedTerm"]} == {
        term["slug"] for term in SHIPPED.terms
    }


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/treatments/exercise/", "MedicalTherapy"),
        ("/treatments/medicines/", "MedicalTherapy"),
        ("/treatments/surgery/", "TherapeuticProcedure"),
        ("/treatments/", None),
    ],
)
def test_a_page_on_one_treatment_says_so(path: str, kind: str | None, client: Client, make_page: MakePage) -> None:
    page = make_page(path=path, kind="treatment", sources=[])
    show(page)

    nodes = data_of(client.get(path).content.decode())

    kinds = [node["@type"] for node in nodes if node["@id"].endswith("#subject")]
    assert kinds == ([kind] if kind else [])


def test_a_page_about_cells_is_no_treatment_whatever_its_kind(client: Client, make_page: MakePage) -> None:
    show(make_page(path="/treatments/cells/", kind="treatment", is_stem_cell_page=True))

    nodes = data_of(client.get("/treatments/cells/").content.decode())

    assert not [node for node in nodes if node["@id"].endswith("#subject")]


def test_a_review_is_named_only_when_there_was_one(client: Client, make_page: MakePage) -> None:
    show(make_page(), reviewed_by="Dr Noor Example", reviewed_on=datetime.date(2026, 11, 3))

    html = client.get("/a-page/").content.decode()

    page = data_of(html)[0]
    assert page["lastReviewed"] == "2026-11-03"
    assert page["reviewedBy"] == {"@type": "Person", "name": "Dr Noor Example"}
    assert "Reviewed by Dr Noor Example, 3 November 2026" in visible(html)


def test_a_preview_says_nothing_to_machines(client: Client, manager: Any, make_page: MakePage) -> None:
    make_page()
    client.force_login(manager)

    html = client.get("/a-page/").content.decode()

    assert "Only staff can see it" in html
    assert not DATA_BLOCK.search(html)


HOSTILE = "</script><script>alert(1)</script><!-- & ]]> \u2028 \" '"


def test_no_text_can_end_the_block(client: Client, make_page: MakePage) -> None:
    show(make_page(title=HOSTILE, summary=HOSTILE, author=HOSTILE))

    html = client.get("/a-page/").content.decode()

    assert data_of(html)[0]["name"] == HOSTILE
    block = DATA_BLOCK.search(html)[1]
    assert not set("<>&\u2028") & set(block)


def test_words_are_taken_without_the_numbers_of_sources() -> None:
    html = '<p>It may help <a class="cite" href="#source-1">1</a> <a class="cite" href="#source-2">2</a>. Or not.</p>'

    assert structured_data.PageOutline.of(html).text == "It may help. Or not."


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_browser_neither_runs_nor_refuses_the_block(content: Any, page: Any) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))

    for address in ("/conditions/herniated-disc/", "/faq/"):
        answer = page.goto(address)
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert page.locator('script[type="application/ld+json"]').count() == 1

    assert said == []


def show(page: Page, **review: Any) -> None:
    versions.publish_unreviewed(page=page, by="Somebody")
    PageVersion.objects.update(**review) if review else None
    snapshot.refresh_snapshot()
