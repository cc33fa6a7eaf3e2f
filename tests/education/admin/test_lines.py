"""Lists in the forms of pages and records: an entry a line, for editors and for those who only read."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from clinic.accounts.models import User
from education.forms.lines import FactsField, LinesField, field_for
from education.models import Page
from tests.content_fixtures import SHIPPED
from tests.education.admin.test_admin import form_of
from tests.education.conftest import MakePage
from tests.personas import make_user

FACTS = [{"label": "How common", "text": "Four in five: most people."}, {"label": "First step", "text": "Movement."}]
WRITTEN = "How common: Four in five: most people.\nFirst step: Movement."


def url_of(page: Page) -> str:
    return reverse("admin:education_page_change", args=[page.pk])


@pytest.mark.parametrize(
    ("written", "lines"),
    [("", []), ("E1", ["E1"]), ("E1\r\n\r\n  E2 \n", ["E1", "E2"]), ("E1\nE1", ["E1", "E1"])],
)
def test_a_list_is_an_entry_a_line(written: str, lines: list[str]) -> None:
    field = LinesField(required=False)

    assert field.clean(written) == lines
    assert field.clean(field.prepare_value(lines)) == lines
    assert not field.has_changed(lines, written)
    assert field.has_changed([*lines, "E9"], written)


def test_facts_are_a_label_and_a_text() -> None:
    field = FactsField()

    assert field.prepare_value(FACTS) == WRITTEN
    assert field.clean(WRITTEN) == FACTS
    assert not field.has_changed(FACTS, WRITTEN)


@pytest.mark.parametrize("line", ["Movement", ": Movement.", "First step:", ":"])
def test_a_fact_without_its_colon_is_asked_for(line: str) -> None:
    field = FactsField()

    with pytest.raises(ValidationError, match="needs a few words, a colon, and then the fact"):
        field.clean(f"{WRITTEN}\n{line}")
    assert field.has_changed(FACTS, line)


@pytest.mark.parametrize("name", ["key_facts", "sources", "evidence", "related"])
def test_every_shipped_list_comes_back_as_it_was(name: str) -> None:
    field = field_for(Page._meta.get_field(name))

    lists = [page[name] for page in SHIPPED.pages if page[name]]

    assert lists
    assert [field.clean(field.prepare_value(item)) for item in lists] == lists


def test_an_editor_writes_lines(make_page: MakePage, editor: User, client: Client) -> None:
    page = make_page(key_facts=FACTS, related=["/conditions/"])
    client.force_login(editor)
    shown = client.get(url_of(page)).content.decode()
    assert WRITTEN in shown
    assert "{&quot;label" not in shown

    sent = form_of(page, key_facts=f"{WRITTEN}\nHow long: weeks", related="/conditions/\n/faq/")
    assert client.post(url_of(page), sent).status_code == 302

    page.refresh_from_db()
    assert page.key_facts == [*FACTS, {"label": "How long", "text": "weeks"}]
    assert page.related == ["/conditions/", "/faq/"]


def test_what_an_editor_wrote_stays_where_a_line_is_refused(make_page: MakePage, editor: User, client: Client) -> None:
    page = make_page(key_facts=FACTS)
    client.force_login(editor)

    shown = client.post(url_of(page), form_of(page, key_facts=f"{WRITTEN}\nweeks")).content.decode()

    page.refresh_from_db()
    assert "“weeks” needs a few words, a colon, and then the fact" in shown
    assert f"{WRITTEN}\nweeks</textarea>" in shown
    assert page.key_facts == FACTS


@pytest.mark.parametrize("facts", [["x"], [{"label": "x"}], {"a": 1}, [7]])
def test_lists_of_another_shape_are_shown_and_not_lost(
    facts: object, make_page: MakePage, editor: User, client: Client
) -> None:
    page = make_page(key_facts=FACTS)
    Page.objects.filter(pk=page.pk).update(key_facts=facts)
    for user in (editor, make_user("a_doctor", "doctor")):
        client.force_login(user)
        assert client.get(url_of(page)).status_code == 200


def test_who_only_reads_sees_lines_too(make_page: MakePage, client: Client) -> None:
    page = make_page(key_facts=FACTS, related=["/conditions/", "/faq/"])
    client.force_login(make_user("a_doctor", "doctor"))

    shown = client.get(url_of(page)).content.decode()

    assert WRITTEN.replace("\n", "<br>") in shown
    assert "/conditions/<br>/faq/" in shown
    assert not re.search(r"&quot;label|\[&quot;|\[\]", shown)
