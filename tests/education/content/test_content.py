"""The shipped content: complete, resolvable, and claiming no more than is known."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from education import library
from education.claims import linter
from education.content import shipped
from education.markup.markdown import cited_off
from education.models import EvidenceStatement, GlossaryTerm, Page, Question, Source
from education.services import loading, snapshot
from tests.content_fixtures import SHIPPED

FIXED = ("/faq/", "/glossary/", "/sources/")
ADDRESSES = sorted({page["path"] for page in SHIPPED.pages} | set(FIXED))
ASKED_FOR = {
    "/",
    "/conditions/",
    "/conditions/degenerative-disc-disease/",
    "/conditions/herniated-disc/",
    "/conditions/spinal-stenosis/",
    "/conditions/facet-joint-arthritis/",
    "/stem-cells/",
    "/stem-cells/procedure/",
    "/stem-cells/risks/",
    "/stem-cells/evidence/",
    "/back-pain/",
    "/back-pain/scans/",
    "/stem-cells/what-are-stem-cells/",
    "/stem-cells/types/",
    "/stem-cells/how-it-works/",
    "/stem-cells/claims-checked/",
    "/stem-cells/trials/",
    "/stem-cells/questions/",
    "/stem-cells/costs/",
    "/back-pain/when-to-get-help/",
    "/treatments/",
    "/treatments/exercise/",
    "/treatments/medicines/",
    "/treatments/injections/",
    "/treatments/surgery/",
    "/tools/decision-aid/",
    "/about/content/",
    "/about/corrections/",
    "/stem-cells/regulation/",
    "/patient-experience/preparation/",
    "/patient-experience/procedure-day/",
    "/patient-experience/recovery/",
    "/patient-experience/follow-up/",
    "/stories/",
    "/experts/",
    *FIXED,
}


def texts() -> Iterator[tuple[str, str]]:
    for page in SHIPPED.pages:
        for name in ("title", "short_title", "summary", "body"):
            yield f"{page['key']}.{name}", page[name]
        for fact in page["key_facts"]:
            yield f"{page['key']}.{fact['label']}", fact["text"]
    for question in SHIPPED.questions:
        yield question["code"], f"{question['question']} {question['answer']}"
    for statement in SHIPPED.evidence:
        yield (
            statement["code"],
            " ".join(statement[name] for name in ("treatment", "outcome", "plain_text", "size_text")),
        )
    for term in SHIPPED.terms:
        yield term["slug"], f"{term['term']}: {term['definition']}"
    for trial in SHIPPED.trials:
        yield trial["key"], trial["finding"]


def test_every_page_asked_for_is_here() -> None:
    assert set(ADDRESSES) == ASKED_FOR, "name the address of the new page in ASKED_FOR"
    assert {question["code"] for question in SHIPPED.questions} == {f"F{number}" for number in range(1, 25)}
    assert len(SHIPPED.terms) == 42
    codes = {statement["code"] for statement in SHIPPED.evidence}
    assert codes == {f"E{n}" for n in range(1, 14)} | {f"T{n}" for n in range(1, 22)}


def claims_of(text: str) -> list[str]:
    """What the linter would not let pass; with a citation, the rules that ask for one are content."""
    met = {"C23", "C24", "C25"} if "[@" in text else set()
    return [
        text[slice(*finding.span)]
        for finding in linter.find(cited_off(text))
        if finding.level == "block" and finding.rule not in met
    ]


def test_no_shipped_text_claims_more_than_is_known() -> None:
    shipped_texts = list(texts())
    assert len(shipped_texts) > 350
    assert {name: claims for name, text in shipped_texts if (claims := claims_of(text))} == {}


@pytest.mark.parametrize("address", ADDRESSES)
def test_page_is_whole_in_three_queries(
    address: str, content: shipped.Shipped, client: Client, django_assert_max_num_queries
) -> None:
    with django_assert_max_num_queries(3):
        response = client.get(address)

    html = response.content.decode()
    assert response.status_code == 200
    assert "/back-pain/when-to-get-help/" in html
    assert "Not yet clinically reviewed" in html
    assert "may earn money from treatments" in html
    assert html.count("<h1") == 1
    assert ":::" not in html
    assert "[@" not in html
    assert "[[" not in html
    assert 'rel="noopener"' in html or "Open<span" not in html


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_link_and_anchor_leads_somewhere(address: str, content: shipped.Shipped, client: Client) -> None:
    html = client.get(address).content.decode()
    ids = re.findall(r'\sid="([^"]+)"', html)

    assert len(ids) == len(set(ids))
    for target in set(re.findall(r'href="#([^"]+)"', html)):
        assert target in ids
    for path, anchor in set(re.findall(r'href="(/[a-z0-9/-]*)(?:#([^"]+))?"', html)):
        if path in ADDRESSES:
            there = client.get(path).content.decode()
            assert not anchor or f'id="{anchor}"' in there


@pytest.mark.parametrize("path", sorted(page["path"] for page in SHIPPED.pages if "::: care-card :::" in page["body"]))
def test_the_emergency_card_stands_once_and_before_anything_else(
    path: str, content: shipped.Shipped, client: Client
) -> None:
    html = client.get(path).content.decode()

    assert html.count('class="care"') == 1
    assert html.index("<h1") < html.index('class="care"') < html.index('class="lead"') < html.index("<article")


def test_comparison_always_has_a_row_for_no_new_treatment(content: shipped.Shipped, client: Client) -> None:
    assert "No new treatment" in client.get("/conditions/spinal-stenosis/").content.decode()


def test_evidence_can_be_narrowed_to_one_condition(content: shipped.Shipped, client: Client) -> None:
    everything = client.get("/stem-cells/evidence/").content.decode()
    stenosis = client.get("/stem-cells/evidence/?condition=stenosis").content.decode()
    nonsense = client.get("/stem-cells/evidence/?condition=%F0%9F%92%A9").content.decode()

    assert 'id="E8"' in everything
    assert 'id="E8"' not in stenosis
    assert 'id="E9"' in stenosis
    assert 'id="E8"' in nonsense


@pytest.mark.parametrize("grade", [-1, 0, 1, 2, 3, 4])
def test_a_grade_is_always_said_in_words(grade: int, content: shipped.Shipped, client: Client) -> None:
    statement = EvidenceStatement.objects.get(code="E9")
    EvidenceStatement.objects.filter(code="E9").update(shown={**statement.shown, "grade": grade})
    snapshot.refresh_snapshot()

    html = client.get("/stem-cells/evidence/").content.decode()

    labels = ["Guideline statement", "No usable studies", "Very low certainty", "Low certainty", "Moderate certainty"]
    assert ([*labels, "High certainty"][grade + 1]) in html


def test_loading_twice_changes_nothing(content: shipped.Shipped) -> None:
    again = loading.load(shipped=SHIPPED, publish=True)

    assert (again.added, again.updated, again.left_alone) == (0, 0, [])
    assert again.unchanged == sum(
        len(getattr(SHIPPED, table))
        for table in ("pages", "sources", "evidence", "terms", "questions", "trials", "regulations", "best_bets")
    )


def test_production_loading_leaves_pages_in_review(db: None, client: Client) -> None:
    loading.load(shipped=SHIPPED, publish=False)

    assert set(Page.objects.values_list("state", flat=True)) == {"in_review"}
    assert client.get("/stem-cells/").status_code == 404


def test_a_demonstration_without_content_says_how_to_load_it(db: None, client: Client, settings: Any) -> None:
    settings.DEMO = True
    response = client.get("/")
    assert response.status_code == 503
    text = " ".join(re.sub(r"<[^>]+>", "", response.content.decode()).split())
    assert "run python manage.py load_education, then python manage.py demo." in text
    loading.load(shipped=SHIPPED, publish=True)
    assert client.get("/").status_code == 200


def test_production_without_content_tells_no_command(db: None, client: Client) -> None:
    response = client.get("/")
    assert response.status_code == 404
    assert b"manage.py" not in response.content


def test_library_is_read_again_only_when_it_changed(content: shipped.Shipped, django_assert_num_queries) -> None:
    library.current()
    with django_assert_num_queries(1):
        earlier = library.current()
    term = GlossaryTerm.objects.get(slug="disc")
    GlossaryTerm.objects.filter(slug="disc").update(shown={**term.shown, "definition": "Another word."})
    snapshot.refresh_snapshot()

    assert earlier.terms["disc"]["definition"] != "Another word."
    assert library.current().terms["disc"]["definition"] == "Another word."


def test_sources_nobody_checked_say_so(content: shipped.Shipped, client: Client) -> None:
    unchecked = Source.objects.filter(is_verified=False).count()

    html = client.get("/sources/").content.decode()

    assert unchecked > 0
    assert html.count("Not yet checked by us.") == unchecked


def test_first_sentence_of_an_answer_answers(content: shipped.Shipped) -> None:
    first = {question.code: re.split(r"[.:]", cited_off(question.answer))[0] for question in Question.objects.all()}

    assert len(first) == 24
    assert [code for code, sentence in first.items() if len(sentence.split()) > 25] == []
