"""Charts: each says its numbers in the drawing, in its text alternative and in visible words, and draws them true."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string

from clinic.core import style_sheets
from education.claims import linter
from education.library import Library
from education.presenters.page_renderer import PageRenderer

NUMBERS = {
    "recovery-curve": ("52", "23", "12", "6", "26"),
    "worn-discs-by-age": ("37", "20", "96", "80"),
    "surgery-or-waiting": ("4", "12", "95", "39", "2"),
    "stenosis-over-time": ("33", "50", "10", "20", "3"),
    "certainty-ladder": (),
    "one-in-100000": ("1", "100,000"),
    "proof-staircase": ("1", "2", "3", "4", "5"),
    "with-and-without-comparison": ("74", "69", "44", "56"),
    "rule-of-three": ("58", "5", "100"),
    "where-gain-comes-from": ("33", "18", "49"),
}
WORDS = {
    "recovery-curve": ("new pain only",),
    "worn-discs-by-age": ("has no back pain",),
    "surgery-or-waiting": ("a sketch", "early surgery was faster"),
    "stenosis-over-time": ("approximate",),
    "certainty-ladder": (
        "We are confident the real effect is close to this",
        "We are fairly confident",
        "New studies could change the size",
        "Our confidence is limited",
        "The real effect could be quite different",
        "We have very little confidence in any number",
        "We looked and found no fair test",
    ),
    "one-in-100000": ("with a nucleus",),
    "proof-staircase": (
        "Laboratory",
        "Animals",
        "Small trials",
        "Large trials",
        "Approval",
        "by any regulator we checked",
    ),
    "with-and-without-comparison": (
        "without a comparison group report large gains from the start",
        "the gap disappears",
    ),
    "rule-of-three": ("true figure could still be",),
    "where-gain-comes-from": ("about half", "about a fifth", "about a third", "no treatment", "placebo"),
}
THEME = style_sheets.text_of("clinic/public.css")


def shown(name: str) -> str:
    return render_to_string(f"education/figures/{name}.html")


def figure(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(shown(name).partition("#}")[2] or shown(name))


def drawing(name: str) -> ElementTree.Element:
    result = figure(name).find(".//svg[@role='img']")
    assert result is not None
    return result


def text(element: ElementTree.Element | None) -> str:
    return "" if element is None else re.sub(r"\s+", " ", " ".join(element.itertext())).strip()


def chart_text(name: str) -> str:
    """What is read beside the drawing."""
    whole = figure(name)
    for parent in whole.iter():
        for svg in parent.findall("svg"):
            tail = svg.tail
            svg.clear()
            svg.tail = tail
    return text(whole)


def classed(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [item for item in element.iter() if name in item.get("class", "").split()]


def says(passage: str, number: str) -> bool:
    return re.search(rf"(?<![\d,.]){re.escape(number)}(?![\d]|[,.]\d)", passage) is not None


@pytest.mark.parametrize("name", NUMBERS)
class TestEveryChart:
    def test_a_page_shows_it(self, name: str) -> None:
        library = Library.of("", {})

        assert "cannot be shown" not in PageRenderer(library, []).page(f"::: figure {name} :::").html

    def test_it_has_a_name_a_text_alternative_and_a_caption(self, name: str) -> None:
        title, desc = drawing(name).find("title"), drawing(name).find("desc")

        assert drawing(name).get("aria-labelledby") == f"fig-{name}-t fig-{name}-d"
        assert title is not None
        assert desc is not None
        assert (title.get("id"), desc.get("id")) == (f"fig-{name}-t", f"fig-{name}-d")
        assert text(title)
        assert text(desc)
        assert text(figure(name).find("figcaption"))

    def test_its_names_are_its_own(self, name: str) -> None:
        names = [entry for item in figure(name).iter() if (entry := item.get("id"))]
        used = set(re.findall(r'(?:href="|url\()#([^")]+)', shown(name)))

        assert len(names) == len(set(names))
        assert all(item.startswith(f"fig-{name}-") for item in names)
        assert used <= set(names)

    def test_it_is_colored_by_classes_of_the_theme_alone(self, name: str) -> None:
        assert not re.search(r'<style|<script|\s(style|stroke|on\w+)=|fill="(?!url\()', shown(name))
        for element in figure(name).iter():
            for item in element.get("class", "").split():
                assert re.search(rf"\.{item}\b", THEME), item

    def test_numbers_are_in_the_text_alternative_and_in_visible_words(self, name: str) -> None:
        desc = text(drawing(name).find("desc"))

        assert [item for item in NUMBERS[name] if not says(desc, item)] == []
        assert [item for item in NUMBERS[name] if not says(chart_text(name), item)] == []

    def test_what_the_numbers_mean_is_in_the_text_alternative_and_in_visible_words(self, name: str) -> None:
        desc = text(drawing(name).find("desc")).casefold()
        visible = chart_text(name).casefold()

        assert [item for item in WORDS[name] if item.casefold() not in desc] == []
        assert [item for item in WORDS[name] if item.casefold() not in visible] == []

    def test_it_claims_no_more_than_is_known(self, name: str) -> None:
        passages = [text(item) for item in drawing(name)] + [chart_text(name)]

        assert [entry for passage in passages for entry in linter.find(passage) if entry.level == "block"] == []


def test_says_does_not_take_a_part_for_the_number() -> None:
    assert says("6 of 100", "6")
    assert says("it was 6.", "6")
    assert not says("26 and 60 and 0.6 and 6,000", "6")


def test_people_with_worn_discs_are_counted_out() -> None:
    young, old = classed(drawing("worn-discs-by-age"), "ch-people")

    assert [len(group.findall(".//use")) for group in (young, old)] == [100, 100]
    assert [len(classed(group, "on")) for group in (young, old)] == [37, 96]


def test_none_of_58_is_filled_and_5_of_100_are_perhaps() -> None:
    seen, possible = classed(drawing("rule-of-three"), "ch-people")

    assert [len(group.findall(".//use")) for group in (seen, possible)] == [58, 100]
    assert [len(classed(group, "on")) for group in (seen, possible)] == [0, 0]
    assert [len(classed(group, "maybe")) for group in (seen, possible)] == [0, 5]


def test_each_rung_of_certainty_fills_one_more_disc() -> None:
    stacks = classed(drawing("certainty-ladder"), "ch-stack")

    assert [len(stack.findall("rect")) for stack in stacks] == [4] * 5
    assert [len(classed(stack, "on")) for stack in stacks] == [0, 1, 2, 3, 4]


def test_the_field_holds_100_000_dots_and_one_is_picked_out() -> None:
    svg = drawing("one-in-100000")
    tile, field = svg.find(".//pattern[1]"), svg.find("rect[2]")
    assert tile is not None
    assert field is not None
    dots = sum(path.get("d", "").count("h0") for path in tile.iter("path"))
    tiles = [int(field.get(side, 0)) / int(tile.get(side, 0)) for side in ("width", "height")]

    assert dots * tiles[0] * tiles[1] == 100_000
    assert len(classed(svg, "ch-mark")) == 1


def test_the_staircase_is_climbed_to_the_fourth_step() -> None:
    columns = classed(drawing("proof-staircase"), "ch-bones")

    assert [len(classed(column, "ch-bone")) for column in columns] == [1, 2, 3, 4, 0]
    assert [len(classed(column, "ch-none")) for column in columns] == [0, 0, 0, 0, 5]
    flag, fourth = classed(drawing("proof-staircase"), "ch-flag")[0], columns[3].get("transform", "")
    assert float(flag.get("cx", 0)) == 216 + 36
    assert fourth.startswith("translate(216 ")


def test_points_stand_where_their_numbers_are() -> None:
    def at(week: float, value: float, *, floor: float, step: float) -> tuple[Any, Any]:
        return pytest.approx(18 + 324 * week / 52, abs=0.1), pytest.approx(floor - step * value, abs=0.2)

    recovery = [(0, 52), (6, 23), (26, 12), (52, 6)]
    points = classed(drawing("recovery-curve"), "ch-point")
    assert [point_of(item) for item in points] == [at(*item, floor=202, step=1.8) for item in recovery]

    surgery = drawing("surgery-or-waiting")
    points = [*classed(surgery, "ch-point"), *classed(surgery, "ch-ring")]
    known = [(4, 50), (52, 95), (12, 50)]
    assert [point_of(item) for item in points] == [at(*item, floor=222, step=1.663) for item in known]


def point_of(circle: ElementTree.Element) -> tuple[float, float]:
    return float(circle.get("cx", 0)), float(circle.get("cy", 0))


def test_bars_are_as_long_as_their_numbers() -> None:
    svg = drawing("with-and-without-comparison")
    bars = [item for item in svg.findall("rect") if "ch-blank" not in item.get("class", "")]

    assert [round(float(bar.get("width", 0)) / 2.23) for bar in bars] == [74, 69, 44, 56]
    assert len(classed(svg, "ch-blank")) == 2  # what was not compared has no bar

    better, same = (float(bar.get("width", 0)) for bar in classed(drawing("stenosis-over-time"), "ch-on")[:2])
    assert [round(better / 3.52), round(same / 3.52)] == [33, 50]
