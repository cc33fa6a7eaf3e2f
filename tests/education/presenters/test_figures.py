"""Every drawing of the pages: its form, its words for those who cannot see it, and the facts it must carry."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string

from clinic.core import style_sheets
from education.claims import linter
from education.markup.blocks import FIGURES

TEMPLATES = Path(__file__).parents[3] / "education/templates/education/figures"
ANATOMY = (
    "route-map",
    "spine-side-view",
    "saddle-area",
    "worn-disc",
    "herniation-types",
    "canal-width",
    "facet-joint",
    "two-abilities",
    "cell-family",
    "disc-blood-supply",
    "steps-and-harms",
    "three-routes",
    "approval-route",
    "day-timeline",
)
CHARTS: tuple[str, ...] = ()
DRAWN = ANATOMY + CHARTS
FACTS = {
    "route-map": [
        "I have back pain",
        'href="/back-pain/when-to-get-help/"',
        'href="/conditions/"',
        'href="/treatments/"',
        'href="/stem-cells/"',
        "experimental",
    ],
    "spine-side-view": ["Vertebra", "Disc", "Facet joint", "Nerve", "Canal", "front of the body is on the left"],
    "saddle-area": ["New numbness here is an emergency", "inside of your upper thighs", "seen from behind"],
    "worn-disc": ["less water and less height", "often painless"],
    "herniation-types": [
        *("Bulge", "13 of 100", "Protrusion", "38 of 100", "Extrusion", "67 of 100", "Sequestration", "88 of 100"),
        *("with no operation", "inside 6 months"),
    ],
    "canal-width": ["Extra bone", "thicker ligament", "cause the narrowing"],
    "facet-joint": ["Facet joint", "Medial branch nerve", "Spinal nerve"],
    "two-abilities": ["copy itself", "specialise"],
    "cell-family": ["Embryonic", "Blood-forming", "Induced pluripotent", "MSCs sit under tissue cells"],
    "disc-blood-supply": ["almost no blood supply", "little oxygen", "may not survive or stay put"],
    "steps-and-harms": [
        *("Collecting", "nerve pain", "Processing", "Germs", "Injecting", "Infection of the disc", "Afterwards"),
        *("weeks later", "Nobody knows how often"),
    ],
    "three-routes": [
        *("Same day", "Cultured", "Donor", "Visits", "Processing", "Legal class", "One visit", "Visit 2"),
        *("four tests", "EU and the UK", "No regulator we checked has approved any"),
    ],
    "approval-route": ["Laboratory", "United States", "all four tests", "European Union", "MHRA", "none found"],
    "day-timeline": ["One visit", "Second visit", "Waiting", "nobody can promise", "say no at any step"],
}
"""What the drawing, its description or the words beside it must say."""
WARNED: dict[str, set[str]] = {}
"""The rules that may warn at a figure, where a reviewer found its wording right. A block is never right."""
SVG = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
COLOUR = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\b(?!\))|\b(?:rgba?|hsla?)\(", re.IGNORECASE)
PAINT = re.compile(r'\b(?:fill|stroke|color|stop-color)="(?!none"|url\(#)', re.IGNORECASE)
PROMISED_TIME = re.compile(r"\b\d+ (?:minute|hour|day|week)s?\b")


@pytest.fixture(params=DRAWN)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def html(name: str) -> str:
    return render_to_string(f"education/figures/{name}.html")


@pytest.fixture
def figure(html: str) -> ElementTree.Element:
    """The whole figure, which is well-formed XML as well as HTML."""
    return ElementTree.fromstring(html)


def passages(figure: ElementTree.Element) -> list[str]:
    """What the figure says, by title, description, label and paragraph, in order."""
    said = []
    for element in figure.iter():
        if element.tag in (
            "title",
            "desc",
            "text",
            "summary",
            "figcaption",
            "li",
            "p",
            "b",
            "dt",
            "dd",
            "th",
            "td",
            "a",
        ):
            said.append(" ".join("".join(element.itertext()).split()))
    return said


def pictures(figure: ElementTree.Element) -> list[ElementTree.Element]:
    return [svg for svg in figure.iter("svg") if svg.get("role") == "img"]


def test_every_name_is_a_figure_and_has_its_facts() -> None:
    assert set(DRAWN) <= set(FIGURES)
    assert set(FACTS) == set(DRAWN)


def test_it_is_a_figure_with_a_caption(figure: ElementTree.Element) -> None:
    assert figure.tag == "figure"
    assert "fig" in (figure.get("class") or "").split()
    captions = figure.findall(".//figcaption")
    assert len(captions) == 1
    assert "".join(captions[0].itertext()).strip()


def test_each_picture_has_a_title_and_a_description(figure: ElementTree.Element, name: str) -> None:
    pictures_found = pictures(figure)
    assert pictures_found
    for svg in pictures_found:
        title, desc = svg.find("title"), svg.find("desc")
        assert title is not None
        assert desc is not None
        assert svg.get("viewBox")
        assert (title.text or "").strip()
        assert len((desc.text or "").strip()) > len((title.text or "").strip())
        assert svg.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
        assert str(title.get("id")).startswith(f"fig-{name}-")


def test_a_picture_is_named_or_hidden(figure: ElementTree.Element) -> None:
    named = pictures(figure)
    nested = {inner for svg in named for inner in svg.iter("svg")}
    for svg in figure.iter("svg"):
        assert svg in nested or svg.get("aria-hidden") == "true"


def test_nothing_in_a_picture_can_be_reached_by_keyboard(figure: ElementTree.Element) -> None:
    for svg in pictures(figure):
        assert not [element for element in svg.iter() if element.tag == "a" or element.get("tabindex")]


def test_ids_are_unique_and_come_from_the_name(figure: ElementTree.Element, name: str, html: str) -> None:
    ids = [element.get("id") for element in figure.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert all(str(item).startswith(f"fig-{name}-") for item in ids)
    assert set(re.findall(r"url\(#([^)]+)\)", html)) <= set(ids)


def test_no_two_figures_share_an_id() -> None:
    ids = [item for name in DRAWN for item in re.findall(r'\bid="([^"]+)"', render_to_string(_template(name)))]
    assert len(ids) == len(set(ids))


def test_colours_and_styles_live_in_the_style_sheet(figure: ElementTree.Element, html: str) -> None:
    for element in figure.iter():
        assert element.tag not in ("style", "script", "image", "foreignObject")
        assert not [key for key in element.keys() if key == "style" or key.startswith("on")]  # noqa: SIM118 - XML
    assert not PAINT.search(html)
    assert not [svg for svg in SVG.findall(html) if COLOUR.search(re.sub(r"url\(#[^)]+\)", "", svg))]


def test_every_class_of_a_figure_is_in_the_style_sheet(figure: ElementTree.Element) -> None:
    sheet = style_sheets.text_of("clinic/public.css")
    used = {item for element in figure.iter() for item in (element.get("class") or "").split()}
    known = set(re.findall(r"\.([a-z][\w-]*)", sheet))
    assert used <= known


def test_it_carries_its_facts(figure: ElementTree.Element, name: str, html: str) -> None:
    said = f"{' '.join(passages(figure))} {html}"
    assert [fact for fact in FACTS[name] if fact not in said] == []


def test_it_claims_no_more_than_is_known(figure: ElementTree.Element, name: str) -> None:
    results = [(finding, passage) for passage in passages(figure) for finding in linter.find(passage)]
    assert [item for item in results if item[0].level == linter.BLOCK] == []
    assert {finding.rule for finding, _ in results} == WARNED.get(name, set())


def test_the_day_promises_no_times() -> None:
    assert not PROMISED_TIME.search(render_to_string(_template("day-timeline")))


@pytest.mark.parametrize(
    ("kind", "count"), [("bulge", 13), ("protrusion", 38), ("extrusion", 67), ("sequestration", 88)]
)
def test_as_many_dots_are_filled_as_herniations_shrink(kind: str, count: int) -> None:
    figure = ElementTree.fromstring(render_to_string(_template("herniation-types")))
    (svg,) = [svg for svg in pictures(figure) if f"fig-herniation-types-{kind}-t" in str(svg.get("aria-labelledby"))]
    filled = [rect for rect in svg.iter("rect") if rect.get("fill") == "url(#fig-herniation-types-on)"]
    area = sum(int(str(rect.get("width"))) * int(str(rect.get("height"))) for rect in filled)
    assert area == count * 10 * 10


def _template(name: str) -> str:
    return f"education/figures/{name}.html"
