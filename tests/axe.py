"""What is wrong with a page as a browser shows it, in both themes and on a small screen; and how one is signed in."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client

SMALL, LARGE = {"width": 320, "height": 700}, {"width": 1280, "height": 900}
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""The axe rules whose answer hangs on colours: a second theme can break no other."""
MARK_NEW_LOOKS = """known => {
    const looks = new Set(known), behind = new Map();
    const ground = it => {
        if (!it) return "";
        if (!behind.has(it)) {
            const style = getComputedStyle(it);
            const own = [style.backgroundColor, style.backgroundImage, style.opacity, style.filter].join();
            const plain = own === "rgba(0, 0, 0, 0),none,1,none";
            const placed = style.position === "static" ? "" : it.tagName + it.className;
            behind.set(it, ground(it.parentElement) + (plain ? "" : own) + placed);
        }
        return behind.get(it);
    };
    for (const it of document.querySelectorAll("[data-new-look]")) it.removeAttribute("data-new-look");
    for (const it of document.body.querySelectorAll("*")) {
        if (!Array.from(it.childNodes).some(node => node.nodeType === 3 && node.data.trim())) continue;
        const {color, fontSize, fontWeight, textShadow, textDecoration} = getComputedStyle(it);
        const around = it.tagName === "A" ? getComputedStyle(it.parentElement).color + textDecoration : "";
        const look = [color, fontSize, fontWeight, textShadow, around, ground(it)].join("|");
        if (!looks.has(look)) it.setAttribute("data-new-look", "");
        looks.add(look);
    }
    return Array.from(looks);
}"""
"""Marks one text of each colour, size and ground that is not in `known`, and returns all. The colour rules hang on
nothing else, and are two thirds of what axe has to work out on a long page."""
RUN_AXE = """([context, options]) => axe.run(context || document, options).then(
    found => found.violations.map(each => [each.id, each.nodes[0].html])
)"""
"""Answers with the violations alone: everything else that axe tells takes longer to bring over than to find."""
STAND = """() => {
    const numbers = new Map();
    const number = it => {
        if (!it) return 0;
        if (!numbers.has(it)) {
            let sum = number(it.parentElement);
            for (const each of [it.tagName, it.getAttribute("class"), it.getAttribute("style")].join()) {
                sum = (sum * 31 + each.codePointAt(0)) % 4294967291;
            }
            numbers.set(it, sum);
        }
        return numbers.get(it);
    };
    const texts = Array.from(document.body.querySelectorAll("*")).filter(
        it => Array.from(it.childNodes).some(node => node.nodeType === 3 && node.data.trim())
    );
    return [matchMedia("(prefers-color-scheme: dark)").matches, Array.from(new Set(texts.map(number)))];
}"""
"""Answers with whether the theme is dark, and a number for each place of a text: its tag, class and style, and those of
all that it stands in. Where a state or attribute makes the colour, the look in the theme that is shown is new too."""

_sound: set[str] = set()
"""The looks of text in which axe found nothing wrong, on any page since the start."""
_places: set[int] = set()
"""The places of text whose looks were sound in both themes."""


def take_over(context: Any, client: Client, site: str) -> None:
    """Let a browser go on where a test client stands, with its session."""
    context.add_cookies([{"name": name, "value": item.value, "url": site} for name, item in client.cookies.items()])


def faults(page: Any) -> list[str]:
    """Looks at the page as it stands, at full size and in the light theme; leaves it so."""
    wrong = faults_in_passing(page)
    page.set_viewport_size(LARGE)
    page.emulate_media(color_scheme="light")
    return wrong


def faults_in_passing(page: Any) -> list[str]:
    """The same for a page that is left at once: begins with the size and theme of the last look and may end with the
    others, as each change makes the browser lay out and paint everything anew.
    """
    wrong = []
    is_small = page.viewport_size == SMALL
    if is_small:
        wrong += _sideways(page)
    if page.viewport_size != LARGE:
        page.set_viewport_size(LARGE)
    wrong += _axe(page, "axe", rules={rule: {"enabled": False} for rule in COLOUR_RULES})
    is_dark, places = page.evaluate(STAND)
    known = len(_sound)
    result = _colours(page, is_dark=is_dark)
    if result or len(_sound) > known or not _places.issuperset(places):
        page.emulate_media(color_scheme="light" if is_dark else "dark")
        result += _colours(page, is_dark=not is_dark)
    if not result:
        _places.update(places)
    wrong += result
    if not is_small:
        page.set_viewport_size(SMALL)
        wrong += _sideways(page)
    return wrong


def _sideways(page: Any) -> list[str]:
    width = page.evaluate("document.documentElement.scrollWidth")
    return [f"scrolls sideways: {width} px"] if width > SMALL["width"] else []


def _colours(page: Any, *, is_dark: bool) -> list[str]:
    checks = set(page.evaluate(MARK_NEW_LOOKS, list(_sound)))
    if checks == _sound:
        return []
    label = "axe, dark" if is_dark else "axe"
    wrong = _axe(page, label, context="[data-new-look]", runOnly=COLOUR_RULES)
    if not wrong:
        _sound.update(checks)
    return wrong


def _axe(page: Any, label: str, *, context: str | None = None, **options: Any) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    # We have no frames, and the HTML of a place says enough to find it.
    asked = {"resultTypes": ["violations"], "preload": False, "selectors": False, "iframes": False, **options}
    return [f"{label} {rule}: {html[:160]}" for rule, html in page.evaluate(RUN_AXE, [context, asked])]
