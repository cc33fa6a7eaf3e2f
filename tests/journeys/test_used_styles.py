"""Every page, read without a browser: no class without a rule, and no rule whose classes nothing shows."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from clinic.accounts.models import User
from clinic.core import style_sheets
from clinic.management.demonstration import stories
from clinic.management.demonstration.staff_and_diary import make_clinic
from consultations.enums import RequestStatus
from consultations.models import ConsultationRequest
from consultations.presenters.week_entries import RANKS
from consultations.questionnaire import flow
from consultations.questionnaire.definition import CURRENT_VERSION
from tests.consultations.perform import perform
from tests.consultations.views.conftest import OUTCOMES, Visitor
from tests.crawler import Element, Page, crawl
from tests.personas import open_privately, private_url

WRITTEN_ELSEWHERE = {
    "errorlist": "Django writes it where a form has errors of its own",
    "is-invalid": "crispy-forms gives it to a field that was refused",
    **{f"week-grid--{days}": "as many days as a week shows" for days in range(1, 8)},
    **{f"week-entry--{kind}": "one kind of entry in a week" for kind in RANKS},
}
"""Classes that neither this walk nor a template of ours shows, and who writes them."""
HOOKS = {
    "checkboxinput", "dateinput", "emailinput", "select", "textarea", "textinput", "url",  # crispy-forms' widgets
    "add-related", "change-related", "view-related", "related-widget-wrapper", "related-widget-wrapper-link",
    "vIntegerField", "vTextField", "vURLField", "colM", "end",  # Django's admin
    "emergency-note", "measure", "q-follow", "pair", "note--info", "an-disc--hern",  # names of a place
}  # fmt: skip
"""Classes without a rule of their own: somebody else's, or names that tests and scripts know a place by."""
ROOT = Path(__file__).resolve().parents[2]
NOT_IN_RULES = re.compile(r"/\*.*?\*/|url\([^)]*\)", re.DOTALL)
PSEUDO = re.compile(r":(?:not|has|is)\([^()]*(?:\([^()]*\)[^()]*)*\)|::?[\w-]+(?:\([^)]*\))?|\[[^\]]*\]")


def selectors_of(part: str) -> Iterator[str]:
    text = NOT_IN_RULES.sub("", (style_sheets.PARTS / f"{part}.css").read_text())
    for prelude in re.findall(r"([^{};]+)\{", text):
        if not prelude.strip().startswith("@"):
            yield from (item.strip() for item in re.split(r",(?![^(]*\))", prelude))


def needs_of(selector: str) -> list[tuple[str, frozenset[str], str]]:
    """What elements must be there for a selector to hold: tag, classes, id of each compound."""
    results = []
    for compound in re.split(r"[\s>+~]+", PSEUDO.sub("", selector).strip()):
        tag = re.match(r"[a-z][a-z0-9]*", compound)
        ids = re.findall(r"#([\w-]+)", compound)
        classes = frozenset(re.findall(r"\.([\w-]+)", compound))
        results.append((tag[0] if tag else "", classes, ids[0] if ids else ""))
    return results


def holds(selector: str, elements: set[Element]) -> bool:
    return all(
        any((not tag or tag == it.tag) and classes <= it.classes and (not name or name == it.id) for it in elements)
        for tag, classes, name in needs_of(selector)
    )


def names_in_templates() -> set[str]:
    """Words of templates and scripts: a state that the walk does not bring about has its class there."""
    files = [file for app in ("clinic", "consultations", "education") for file in (ROOT / app).rglob("*.*")]
    kinds = (".html", ".js", ".svg", ".py")
    text = " ".join(file.read_text() for file in files if file.suffix in kinds and "node_modules" not in file.parts)
    return set(re.findall(r"[A-Za-z][\w-]*", text))


def pages_of_patients() -> Iterator[tuple[str, Page]]:
    for changes in OUTCOMES.values():
        visitor = Visitor(Client())
        visitor.begin()
        seen = set[str]()
        where = visitor.answer(**changes)
        yield from crawl(visitor.client, [where, visitor.check + "/answers/"], below=visitor.check, kinds=seen)
        for screen in flow.screens(CURRENT_VERSION) if not changes else ():
            # From one to the one before it leads a button.
            path = f"{visitor.check}/q/{screen.slug}/"
            yield path, Page(visitor.client.get(path).content.decode())
        refused = visitor.client.post(f"{visitor.check}/contact/", {})
        yield f"{visitor.check}/contact/", Page(refused.content.decode())
    offered = ConsultationRequest.objects.filter(status=RequestStatus.OFFERED, flag_level="").first()
    assert offered is not None
    perform("answer_again", offered, ticks=("chest",))
    for consultation_request in ConsultationRequest.objects.all():
        client = Client()
        open_privately(client, consultation_request)
        yield from crawl(
            client, [private_url(consultation_request)], below=private_url(consultation_request), kinds=set()
        )


def pages() -> Iterator[tuple[str, Page]]:
    stories.tell_all(make_clinic())
    kinds = set[str]()
    yield from crawl(Client(), ["/", "/check/", "/search/?q=pain", "/no-such-page/"], below="/", kinds=kinds)
    yield from pages_of_patients()
    for name in ("nurse", "doctor", "editor", "manager"):
        client = Client()
        client.force_login(User.objects.get(username=name))
        kinds.discard("/admin/")
        yield from crawl(client, ["/admin/"], below="/admin/", kinds=kinds)


@pytest.mark.django_db
def test_every_class_has_a_rule_and_every_rule_a_page(content: Any, settings: Any) -> None:
    settings.DEMO = True
    elements: dict[str, set[Element]] = defaultdict(set)
    where: dict[str, str] = {}
    for path, page in pages():
        for address in page.sheets:
            sheet = address.removeprefix(f"/{configured.STATIC_URL.strip('/')}/")
            elements[sheet] |= page.elements
            for element in page.elements:
                for name in element.classes:
                    where.setdefault(f"{sheet} .{name}", path)
    elements.pop("clinic/error.css", None)

    assert set(elements) == set(style_sheets.SHEETS)
    styled = {
        sheet: {name for part in parts for item in selectors_of(part) for name in re.findall(r"\.([\w-]+)", item)}
        for sheet, parts in style_sheets.SHEETS.items()
    }
    without_a_rule = {
        f"{entry}, on {path}"
        for entry, path in where.items()
        if entry.partition(" .")[2] not in styled.get(entry.partition(" .")[0], set()) | HOOKS
    }
    named = names_in_templates() | set(WRITTEN_ELSEWHERE)
    unused = set()
    for part in {part for parts in style_sheets.SHEETS.values() for part in parts}:
        there = set().union(*(elements[sheet] for sheet, parts in style_sheets.SHEETS.items() if part in parts))
        for selector in selectors_of(part):
            if not holds(selector, there) and not named.issuperset(re.findall(r"\.([\w-]+)", selector)):
                unused.add(f"{part}.css: {selector}")

    assert sorted(without_a_rule) == []
    assert sorted(unused) == []
