"""The components of templates: each states its variables, and the gallery shows each in every state."""

import inspect
import re
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client

from clinic.core import gallery
from clinic.core.context_processors import facts
from clinic.core.templatetags import components
from tests.architecture.test_house_rules import ROOT
from tests.axe import faults

FOLDER = ROOT / "clinic/core/templates/components"
KINDS = {
    "note": {"", "warn", "ok"},
    "flag": {"", "warn", "danger"},
    "chip": {"", "ok", "warn", "danger"},
    "post_button": {"quiet", "primary"},
}


def render(source: str, **context: object) -> str:
    return Template("{% load components %}" + source).render(Context({"clinic": facts(), **context}))


def told(component: str) -> set[str]:
    """What a component may be told, by its function."""
    function = inspect.unwrap(getattr(components, component))
    return set(inspect.signature(function).parameters) - {"content", "context", "form", "said"}


def shown(component: str) -> list[str]:
    """Every tag of this component in the gallery."""
    return [tag for state in gallery.states() for tag in re.findall(r"{% " + component + r"\b([^%]*)%}", state.source)]


class TestTemplates:
    def test_each_states_its_variables_at_its_top_and_uses_no_other(self) -> None:
        wrong = []
        for file in sorted(FOLDER.glob("*.html")):
            text = file.read_text()
            stated = re.findall(r"\{# (.*?) #\}", text)
            comment, rest = " ".join(stated), re.sub(r"\{#.*?#\}", "", text)
            rest = re.sub(r'"[^"{}]*"', "", rest.replace("forloop", ""))
            used = set(re.findall(r"{{ (\w+)", rest)) | set(re.findall(r"{% (?:if|icon) (\w+)", rest))
            wrong += [
                f"{file.name}: {item}" for item in used - {"error", "column"} if not re.search(rf"\b{item}\b", comment)
            ]
            if "Variables: " not in comment:
                wrong.append(f"{file.name}: states no variables")
        assert wrong == []

    def test_each_template_is_a_component_or_part_of_one(self) -> None:
        parts = {"heading"}
        assert {file.stem for file in FOLDER.glob("*.html")} - parts == set(components.register.tags) - {"clinic_phone"}

    def test_each_is_told_its_variables_and_sees_none_of_the_page(self) -> None:
        html = render('{% note "warn" %}<p>{{ heading }}</p>{% endnote %}', heading="Of the page")
        assert html.count("Of the page") == 1
        assert "<h2" not in html

    def test_what_it_is_told_is_escaped(self) -> None:
        html = render("{% note heading=words id=words %}{{ words }}{% endnote %}{% chip words %}", words='<b>"')
        assert html.count("&lt;b&gt;") == 4
        assert "<b>" not in html

    def test_a_comma_follows_a_number_or_a_chip_at_once(self) -> None:
        assert ">555 0142</a>," in render('{% phone_link "555 0142" "+15550142" %}, please')
        assert ">Sent</span>," in render('{% chip "Sent" %}, today')


class TestGallery:
    def test_it_is_not_there_without_debug(self, client: Client) -> None:
        assert client.get("/ui/").status_code == 404

    def test_every_component_is_shown(self) -> None:
        assert set(components.register.tags) <= {state.component for state in gallery.states()}

    def test_every_variable_of_every_component_is_shown(self) -> None:
        missing = [
            f"{component}: {variable}"
            for component in components.register.tags
            for variable in sorted(told(component))
            if not any(f"{variable}=" in tag or _is_first(component, variable, tag) for tag in shown(component))
        ]
        assert missing == []

    @pytest.mark.parametrize(("component", "kinds"), KINDS.items())
    def test_every_kind_is_shown(self, component: str, kinds: set[str]) -> None:
        written = " ".join(shown(component))
        assert [kind for kind in kinds - {"", "quiet"} if f'"{kind}"' not in written] == []

    @pytest.mark.django_db
    def test_every_state_is_on_the_page_with_its_source(self, client: Client, settings: Any) -> None:
        settings.DEBUG = True
        html = client.get("/ui/").content.decode()
        assert html.count("data-state=") == len(gallery.states()) > 30
        assert "{% note %}" in html


def _is_first(component: str, variable: str, tag: str) -> bool:
    """Given by its place: the first and, of the phone link, the second too."""
    function = inspect.unwrap(getattr(components, component))
    by_place = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name not in {"content", "context"}
    ]
    return variable in by_place[: len(re.findall(r'(?<!=)"[^"]*"', tag))]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_gallery_has_no_fault_in_either_theme(chromium: Any, live_server: Any, settings: Any) -> None:
    settings.DEBUG = True
    page = chromium.new_context(base_url=live_server.url, reduced_motion="reduce").new_page()
    page.goto("/ui/")
    assert page.locator("[data-state]").count() > 30
    assert faults(page) == []
