"""What is wrong with a page as a browser shows it, in both themes and on a small screen."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe

SMALL, LARGE = {"width": 320, "height": 700}, {"width": 1280, "height": 900}
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""The axe rules whose answer hangs on colours: a second theme can break no other."""


def faults(page: Any) -> list[str]:
    """Looks at the page as it stands; leaves it large and in the light theme."""
    page.set_viewport_size(LARGE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    wrong = _axe(page, "axe")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    wrong += _axe(page, "axe, dark", runOnly=COLOUR_RULES)
    page.set_viewport_size(SMALL)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > SMALL["width"]:
        wrong.append(f"scrolls sideways: {width} px")
    page.set_viewport_size(LARGE)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    return wrong


def _axe(page: Any, label: str, **options: Any) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]
    return [f"{label} {each['id']}: {each['nodes'][0]['html'][:160]}" for each in found]
