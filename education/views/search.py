"""The search page. Its address may hold words about someone's health, so no answer is kept and no engine lists it."""

from collections.abc import Iterator
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from education import library
from education.library import Record
from education.models import SearchEntry
from education.search import engine

LAST_PAGE: Final = 999
STARTING_POINTS: Final = (
    "/conditions/degenerative-disc-disease/",
    "/conditions/herniated-disc/",
    "/conditions/spinal-stenosis/",
    "/conditions/facet-joint-arthritis/",
    "/stem-cells/",
    "/stem-cells/evidence/",
    "/stem-cells/risks/",
)


@require_safe
def search_page(request: HttpRequest) -> HttpResponse:
    kind = request.GET.get("kind", "")
    kind = kind if kind in SearchEntry.Kind.values else ""
    page = _number(request.GET.get("page", ""))
    results = engine.find(request.GET.get("q", "").strip(), kind=kind, page=page)
    context = {
        "results": results,
        "kind": kind,
        "page": page,
        "has_more": bool(kind and results.total > page * engine.PAGE_LENGTH),
        "starting_points": [] if results.total else list(_starting_points()),
    }
    response = render(request, "education/search.html", context)
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex"
    return response


def _number(text: str) -> int:
    """The page asked for; the first when it is no number of a page."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(LAST_PAGE))
    return max(1, int(text)) if is_number else 1


def _starting_points() -> Iterator[Record]:
    """Of the pages most people look for, those that readers see."""
    content = library.current()
    return (content.pages[path] for path in STARTING_POINTS if path in content.pages)
