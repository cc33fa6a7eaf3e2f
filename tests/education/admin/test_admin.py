import pytest
from django.test import Client
from django.urls import reverse

from education.content.shipped import Shipped
from education.models import GlossaryTerm, Page
from tests.education.conftest import MakePage, Sign


@pytest.fixture
def page(make_page: MakePage) -> Page:
    return make_page()


def form_of(page: Page, **changes: object) -> dict[str, object]:
    values = {
        "title": page.title,
        "short_title": page.short_title,
        "summary": page.summary,
        "body": page.body,
        "key_facts": "",
        "evidence": "",
        "sources": "",
        "related": "",
        "order": page.order,
        "figure": "",
        "review_months": page.review_months,
        "author": page.author,
    }
    return {**values, **changes}


@pytest.mark.parametrize(
    "name", ["page", "source", "evidencestatement", "glossaryterm", "question", "trial", "regulationnote", "bestbet"]
)
def test_lists_and_forms_open_for_editors(name: str, content: Shipped, client: Client, editor) -> None:
    client.force_login(editor)
    changelist = client.get(reverse(f"admin:education_{name}_changelist"))
    first = changelist.context["cl"].queryset.first()

    assert changelist.status_code == 200
    assert client.get(reverse(f"admin:education_{name}_change", args=[first.pk])).status_code == 200
    assert client.get(reverse(f"admin:education_{name}_add")).status_code == 200


def test_a_forged_form_cannot_publish(page: Page, client: Client, editor) -> None:
    client.force_login(editor)
    forged = form_of(page, title="Changed", state="published", live="1", path="/other/")

    response = client.post(reverse("admin:education_page_change", args=[page.pk]), forged)

    page.refresh_from_db()
    assert response.status_code == 302
    assert (page.title, page.state, page.path, page.live) == ("Changed", "draft", "/a-page/", None)
    assert page.edited_at is not None


def test_publishing_is_for_those_entitled(page: Page, client: Client, editor, manager, sign: Sign) -> None:
    sign(page)
    url = reverse("admin:education_page_publish", args=[page.pk])
    client.force_login(editor)
    assert client.post(url).status_code == 403
    client.force_login(manager)
    assert client.get(url).headers["Location"] == reverse("admin:education_page_change", args=[page.pk])
    page.refresh_from_db()
    assert not page.is_published

    assert client.post(url).status_code == 302

    page.refresh_from_db()
    assert page.is_published


def test_an_unfinished_page_says_why_it_stays(page: Page, client: Client, manager) -> None:
    Page.objects.filter(pk=page.pk).update(body="[@ghost]", state="in_review")
    client.force_login(manager)

    response = client.post(reverse("admin:education_page_publish", args=[page.pk]), follow=True)

    assert "which is not in the source library" in response.content.decode()


def test_a_term_that_points_nowhere_is_not_saved(content: Shipped, client: Client, editor) -> None:
    term = GlossaryTerm.objects.get(slug="disc")
    client.force_login(editor)

    response = client.post(
        reverse("admin:education_glossaryterm_change", args=[term.pk]),
        {"slug": term.slug, "term": term.term, "definition": "Changed.", "see_also": "ghost"},
    )

    term.refresh_from_db()
    assert "does not exist" in response.content.decode()
    assert term.definition != "Changed."


@pytest.mark.parametrize("name", ["page", "source", "glossaryterm"])
def test_nothing_that_pages_cite_can_be_deleted(name: str, content: Shipped, client: Client, manager) -> None:
    client.force_login(manager)
    model = client.get(reverse(f"admin:education_{name}_changelist")).context["cl"].model

    response = client.post(reverse(f"admin:education_{name}_delete", args=[model.objects.first().pk]), {"post": "yes"})

    assert response.status_code == 403


def test_what_was_left_empty_is_named(page: Page, client: Client, editor) -> None:
    client.force_login(editor)

    shown = client.post(
        reverse("admin:education_page_change", args=[page.pk]), form_of(page, title="", summary="")
    ).content.decode()

    assert ">Enter a value for “Title”.</a>" in shown
    assert ">Enter a value for “Summary”.</a>" in shown
    assert "This field is required" not in shown
