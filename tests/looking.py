"""What is wrong with a page as a browser shows it, in both themes and on a small screen."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT

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


_sound: set[str] = set()
"""The looks of text in which axe found nothing wrong, on any page since the start."""


def faults(page: Any) -> list[str]:
    """Looks at the page as it stands; leaves it large and in the light theme."""
    page.set_viewport_size(LARGE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    wrong = _axe(page, "axe", rules={rule: {"enabled": False} for rule in COLOUR_RULES})
    wrong += _colours(page, "axe")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    wrong += _colours(page, "axe, dark")
    page.set_viewport_size(SMALL)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > SMALL["width"]:
        wrong.append(f"scrolls sideways: {width} px")
    page.set_viewport_size(LARGE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return wrong


def _colours(page: Any, label: str) -> list[str]:
    looks = set(page.evaluate(MARK_NEW_LOOKS, list(_sound)))
    if looks == _sound:
        return []
    wrong = _axe(page, label, context="[data-new-look]", runOnly=COLOUR_RULES)
    if not wrong:
        _sound.update(looks)
    return wrong


RUN_AXE = """([context, options]) => axe.run(context || document, options).then(
    found => found.violations.map(each => [each.id, each.nodes[0].html])
)"""
"""Answers with the violations alone: everything else that axe tells takes longer to bring over than to find."""


def _axe(page: Any, label: str, *, context: str | None = None, **options: Any) -> list[str]:
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    asked = {"resultTypes": ["violations"], "preload": False, **options}
    return [f"{label} {rule}: {html[:160]}" for rule, html in page.evaluate(RUN_AXE, [context, asked])]
