"""What keeps content from being loaded or published, each rule with a page that breaks it."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed
from education.claims.publication_checks import page_problems, question_problems
from education.content import shipped
from education.library import Library
from education.models import EvidenceStatement, GlossaryTerm, Page, Question, Source
from education.services import loading, records, snapshot
from tests.content_fixtures import SHIPPED
from tests.education.conftest import MakePage
from tests.personas import make_user

LIBRARY = Library.of("", {"sources": SHIPPED.sources, "evidence": SHIPPED.evidence, "terms": SHIPPED.terms})
PATHS = {page["path"] for page in SHIPPED.pages} | {"/faq/", "/glossary/", "/sources/"}
GOOD = next(page for page in SHIPPED.pages if page["kind"] == "condition")
STEM = next(page for page in SHIPPED.pages if page["kind"] == "stemcells")
UNCHECKED = next(source["key"] for source in SHIPPED.sources if not source["is_verified"])
BROKEN: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    (GOOD, {"title": ""}, "“title” is empty"),
    (GOOD, {"summary": "word " * 36}, "more than 35 words"),
    (GOOD, {"body": GOOD["body"] + "[@ghost]"}, "not in the source library"),
    (GOOD, {"body": GOOD["body"] + f"[@{UNCHECKED}]"}, "nobody has checked"),
    (GOOD, {"body": GOOD["body"] + "[[ghost|x]]"}, "not in the glossary"),
    (GOOD, {"body": GOOD["body"] + "\n::: note\nx"}, "never closed"),
    (GOOD, {"body": GOOD["body"] + "\n::: ghost :::\n"}, "no block we know"),
    (GOOD, {"body": GOOD["body"] + "\n::: evidence X9 :::\n"}, "no statement"),
    (GOOD, {"body": GOOD["body"] + "\n::: faq X9 :::\n"}, "no question"),
    (GOOD, {"body": GOOD["body"] + "\n::: figure ghost :::\n"}, "no figure"),
    (GOOD, {"body": GOOD["body"] + "\n::: pair 200 1 | a | b | c :::\n"}, "two numbers out of 100"),
    (GOOD, {"body": GOOD["body"] + "\n::: know\n### One\nx\n:::\n"}, "two parts"),
    (GOOD, {"body": GOOD["body"] + "\n::: steps\nx\n:::\n"}, "needs steps"),
    (GOOD, {"body": GOOD["body"] + "\n::: note\n\n:::\n"}, "is empty"),
    (GOOD, {"body": GOOD["body"] + "\n# A second title\n"}, "the page's title is the one above"),
    (GOOD, {"body": "#### Deep\n\n" + GOOD["body"]}, "a level is left out"),
    (GOOD, {"body": GOOD["body"] + "\n::: note\n#### Deep\n:::\n"}, "a level is left out"),
    (GOOD, {"figure": "ghost"}, "no drawing"),
    (GOOD, {"kind": "recipe"}, "There is no kind “recipe”; choose one of home, hub, topic, condition,"),
    (GOOD, {"body": "Only words."}, "emergency card"),
    (GOOD, {"sources": []}, "at least 3 sources"),
    (GOOD, {"sources": [*GOOD["sources"], "ghost"]}, "does not exist"),
    (GOOD, {"evidence": ["X9"]}, "no statement"),
    (GOOD, {"related": ["/ghost/"]}, "no page"),
    (GOOD, {"key_facts": []}, "needs key facts"),
    (GOOD, {"key_facts": [{"label": "x"}]}, "label and a text"),
    (GOOD, {"key_facts": [7]}, "label and a text"),
    (STEM, {"evidence": []}, "graded statements"),
    (STEM, {"body": "Only words."}, "approval statement"),
]


@pytest.mark.parametrize(("page", "changes", "problem"), BROKEN, ids=[problem for _, _, problem in BROKEN])
def test_a_broken_page_says_what_is_missing(page: dict[str, Any], changes: dict[str, Any], problem: str) -> None:
    assert not page_problems(page, LIBRARY, paths=PATHS)

    assert any(problem in said for said in page_problems({**page, **changes}, LIBRARY, paths=PATHS))


def test_an_answer_has_eighty_words_at_most() -> None:
    question = {"answer": "No. " + "word " * 79 + "[@levi2025]"}

    assert question_problems(question, LIBRARY) == []
    assert question_problems({"answer": question["answer"] + " more"}, LIBRARY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped.CONTENT, tmp_path / "content"))


def test_loading_lists_every_problem_and_writes_nothing(folder: Path, db: None) -> None:
    (folder / "pages" / "home.md").write_text("no front matter", encoding="utf-8")
    page = folder / "pages" / "stem-cells.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n[@ghost]\n", encoding="utf-8")

    with pytest.raises(CommandError) as refused:
        call_command("load_education", folder=folder)

    assert "pages/home.md: line 1: it must begin with front matter" in str(refused.value)
    assert "pages/stem-cells.md: stem-cells: It cites “ghost”" in str(refused.value)
    assert not Page.objects.exists()
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    ("text", "problem"),
    [("+++\nkey = \n+++\n", "line 2: this is not TOML"), ("+++\nkey = 'x'\n+++\nw", "“path” is missing")],
)
def test_bad_front_matter_is_named(folder: Path, text: str, problem: str) -> None:
    (folder / "pages" / "about-content.md").write_text(text, encoding="utf-8")

    with pytest.raises(shipped.ContentError, match=problem):
        shipped.read(folder)


def test_what_staff_edited_is_kept_and_named(content: shipped.Shipped, editor, folder: Path) -> None:
    term = GlossaryTerm.objects.get(slug="disc")
    term.definition = "As we say it here."
    records.save_record(record=term, by=editor, changed=["definition"])
    glossary = folder / "glossary.toml"
    shipped_words = next(entry["definition"] for entry in SHIPPED.terms if entry["slug"] == "disc")
    glossary.write_text(glossary.read_text(encoding="utf-8").replace(shipped_words, "Newly shipped."), encoding="utf-8")

    result = loading.load(shipped=shipped.read(folder), publish=True)

    term.refresh_from_db()
    assert term.definition == "As we say it here."
    assert result.left_alone == ["glossary term disc"]


def test_new_shipped_words_wait_for_review_in_production(content: shipped.Shipped, folder: Path) -> None:
    page = folder / "pages" / "about-content.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8")

    loading.load(shipped=shipped.read(folder), publish=False)

    assert Page.objects.get(key="about-content").state == Page.State.UPDATING
    assert Page.objects.get(key="home").state == Page.State.PUBLISHED


@pytest.mark.parametrize("model", [Page, Source, EvidenceStatement, GlossaryTerm, Question])
def test_saving_needs_the_permission(content: shipped.Shipped, model: Any) -> None:
    record = model.objects.first()
    nurse = make_user("nurse", "triage")

    with pytest.raises(NotAllowed):
        records.save_record(record=record, by=nurse, changed=[])
    record.pk = None
    with pytest.raises(NotAllowed):
        records.save_record(record=record, by=nurse, changed=[])

    assert not AuditEvent.objects.filter(action="content.edit").exists()


def test_the_snapshot_is_held_before_the_records_are_read(content: shipped.Shipped) -> None:
    """Of two changes at once the later must see the earlier: the row is taken first, whatever the engine's lock."""
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        snapshot.refresh_snapshot()

    queries = [query["sql"] for query in captured]
    last_lock = max(index for index, sql in enumerate(queries) if sql.startswith("SELECT") and "_snapshot" in sql)
    read = [index for index, sql in enumerate(queries) if '"education_source"' in sql]
    assert read
    assert min(read) > last_lock
    assert ("FOR UPDATE" in queries[last_lock]) is connection.features.has_select_for_update


def test_staff_preview_what_is_not_public(make_page: MakePage, editor, client: Client) -> None:
    make_page()
    assert client.get("/a-page/").status_code == 404
    client.force_login(editor)

    response = client.get("/a-page/")

    assert response.status_code == 200
    assert "Preview." in response.content.decode()
    assert "no-store" in response["Cache-Control"]
