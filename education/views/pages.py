"""Reading pages: at most three queries each, nothing private, no session.

Each view reads the library first: the page cache keeps an answer under the revision read before the page itself.
"""

import dataclasses
import datetime
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from clinic.core import clock, page_cache
from clinic.core.context_processors import facts
from clinic.core.permissions import may
from clinic.core.text_lists import comma_list
from clinic.core.wording import Wording
from education import library
from education.fixed_pages import FAQ, FIXED_PAGES, GLOSSARY, SOURCES, FixedPage
from education.library import CONDITION_WORDS, Library, Record
from education.markup.references import page_sources
from education.models import Page, Question
from education.presenters import structured_data
from education.presenters.page_renderer import PageRenderer, Rendered
from education.presenters.statements import direction_words

HOME: Final = "/"
CONDITIONS: Final = "/conditions/"
EVIDENCE: Final = "/stem-cells/evidence/"
HELP: Final = "/back-pain/when-to-get-help/"
CONDITION_FIGURES: Final = {"ddd": "E1", "herniated": "E8", "stenosis": "E9", "facet": "E10"}
"""Drawing of a condition -> the statement about stem cells that its card shows."""
HOME_COLUMNS: Final = (_("Pain"), _("Daily function"), _("The disc on a scan"), _("Serious harm"))
HOME_ROWS: Final = (
    (_("Degenerative disc disease"), ("E1", "E2", "E3", "E11")),
    (_("Herniated disc"), ("E8", "", "", "E11")),
    (_("Spinal stenosis"), ("E9", "", "", "E11")),
    (_("Facet joint arthritis"), ("E10", "", "", "E11")),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Crumb:
    path: str
    title: str


@dataclasses.dataclass(frozen=True, slots=True)
class FindingCell:
    """What was found of one or more outcomes side by side, in words and as a grade. A phone shows it once."""

    columns: tuple[Wording, ...]
    text: str
    level: int

    @property
    def label(self) -> str:
        first, *others = self.columns
        return comma_list([first, *(column[:1].lower() + column[1:] for column in others)])


class PageClosed(Exception):
    """A page that was withdrawn or retired."""

    def __init__(self, page: Page) -> None:
        super().__init__(page.path)
        self.page = page


def or_closed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of a page; where the page is closed, its address says why or leads on."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except PageClosed as closed:
            if closed.page.moved_to:
                return redirect(closed.page.moved_to, permanent=True)
            context = {"page": closed.page, "was_withdrawn": closed.page.state == Page.State.WITHDRAWN}
            return render(request, "education/closed.html", context, status=410)

    return answered


def reading(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view of a page that is only read: GET and HEAD."""
    return require_safe(or_closed(view))


def page_at(request: HttpRequest, path: str) -> tuple[Page, str]:
    """The page as readers see it, or, for staff, as editors left it (`?preview`) or as it once was (`?version=2`).

    The second part says what else than the public page this is; it is empty for readers. Raises Http404, Closed.
    """
    page = Page.objects.filter(path=path).select_related("live").first()
    if page is None:
        raise Http404
    wants = "version" in request.GET or "preview" in request.GET
    if page.live and not wants:
        return page.as_published(), ""
    if not may(request.user, "education.view_page", page):
        if page.closed_at:
            raise PageClosed(page)
        raise Http404
    if page.closed_at and not wants:
        raise PageClosed(page)
    if "version" in request.GET:
        number = request.GET["version"]
        version = page.versions.filter(number=number).first() if number.isdecimal() and len(number) < 6 else None
        if version is None:
            raise Http404
        return page.as_version(version), gettext("Version %(number)s, published %(day)s.") % {
            "number": version.number,
            "day": clock.day(version.published_at),
        }
    page.shown_beside = page.beside()
    return page, gettext("Preview.")


def _rendered(page: Page, library: Library, *, condition: str = "", form: str = "") -> Rendered:
    keys = page_sources(page.sources, page.body, library)
    return PageRenderer(library, keys, condition=condition, form=form).page(page.body)


def _crumbs(page: Page, library: Library) -> list[Crumb]:
    pieces = page.path.strip("/").split("/")[:-1]
    paths = ["/" + "/".join(pieces[: index + 1]) + "/" for index in range(len(pieces))]
    return [Crumb(path, library.pages[path]["short_title"]) for path in paths if path in library.pages]


def show(
    request: HttpRequest, template: str, page: Page, library: Library, *, form_html: str = "", **extra: Any
) -> HttpResponse:
    """A page with all that stands around it; `form_html` goes where its text says `::: decision-form :::`."""
    unusual = extra.pop("unusual", "")
    related = [
        Crumb(path, library.pages[path]["short_title"] if path in library.pages else str(FIXED_PAGES[path].title))
        for path in page.related
        if path in library.pages or path in FIXED_PAGES
    ]
    beside = page.shown_beside
    context = {
        "changes": [
            {**item, "day": datetime.date.fromisoformat(item["published_on"])}
            for item in library.pages.get(page.path, {}).get("changes", ())
        ],
        "feedback_url": reverse("education:feedback", args=[page.key]),
        "is_overdue": bool(page.live and page.live.next_review_on and page.live.next_review_on < clock.today()),
        "beside_evidence": library.evidence.get(beside.get("evidence", "")),
        "page": page,
        "rendered": extra.pop("rendered", None) or _rendered(page, library, form=form_html),
        "crumbs": _crumbs(page, library),
        "related": related,
        "unusual": unusual,
        **extra,
    }
    if unusual:
        response = render(request, template, context)
        response["Cache-Control"] = "no-store, private"
        return response
    above = [(crumb.path, crumb.title) for crumb in context["crumbs"]]
    context["structured_data"] = structured_data.of_page(
        page, context["rendered"], library, crumbs=above, clinic=facts(request)
    )
    response = render(request, template, context)
    # A page with a form holds this browser's token, and may hold answers.
    return response if form_html else page_cache.may_keep(response, revision=library.revision)


def _show_fixed(
    request: HttpRequest,
    template: str,
    page: FixedPage,
    library: Library,
    data: list[structured_data.Node],
    **extra: Any,
) -> HttpResponse:
    described = structured_data.of_fixed_page(page, clinic=facts(request), more=data)
    context = {"fixed_page": page, "structured_data": described, **extra}
    return page_cache.may_keep(render(request, template, context), revision=library.revision)


def until_published(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let the page cache keep what a view makes of published content alone."""

    @require_safe
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        revision = library.revision()
        return page_cache.may_keep(view(request, *args, **kwargs), revision=revision)

    return wrapped


def _result(library: Library, code: str) -> tuple[str, int]:
    """What a statement found, in words, and its grade. Without one, nothing was tested."""
    record = library.evidence.get(code)
    return direction_words(record), record["grade"] if record else 0


def _home_row(library: Library, codes: tuple[str, ...]) -> list[FindingCell]:
    """The findings of one condition; neighbors that found the same are one cell."""
    cells: list[FindingCell] = []
    for column, code in zip(HOME_COLUMNS, codes, strict=True):
        text, level = _result(library, code)
        if cells and (cells[-1].text, cells[-1].level) == (text, level):
            cells[-1] = FindingCell((*cells[-1].columns, column), text, level)
        else:
            cells.append(FindingCell((column,), text, level))
    return cells


def _condition_cards(library: Library) -> list[Record]:
    """The four conditions in order, each with what was found of stem cells for pain, and the grade."""
    cards = sorted(
        (page for page in library.pages.values() if page["kind"] == "condition"), key=lambda page: page["order"]
    )
    shown = []
    for card in cards:
        code = CONDITION_FIGURES.get(card["figure"], "")
        result, grade = _result(library, code)
        shown.append({**card, "result": result, "grade": grade})
    return shown


@reading
def home(request: HttpRequest) -> HttpResponse:
    content = library.current()
    if settings.DEMO and not content.revision:
        return render(request, "education/no_content.html", status=503)
    page, unusual = page_at(request, HOME)
    keys = page_sources(page.sources, page.body, content)
    return show(
        request,
        "education/home.html",
        page,
        content,
        cards=_condition_cards(content),
        columns=HOME_COLUMNS,
        rows=[(name, _home_row(content, codes)) for name, codes in HOME_ROWS],
        sections=PageRenderer(content, keys).sections(page.body),
        unusual=unusual,
    )


@reading
def conditions(request: HttpRequest) -> HttpResponse:
    content = library.current()
    page, unusual = page_at(request, CONDITIONS)
    return show(
        request,
        "education/conditions.html",
        page,
        content,
        cards=_condition_cards(content),
        unusual=unusual,
    )


@reading
def evidence(request: HttpRequest) -> HttpResponse:
    content = library.current()
    page, unusual = page_at(request, EVIDENCE)
    condition = request.GET.get("condition", "")
    chosen = condition if condition in CONDITION_WORDS else ""
    rendered = _rendered(page, content, condition=chosen)
    return show(request, "education/page.html", page, content, rendered=rendered, unusual=unusual)


@require_safe
def help_page(request: HttpRequest) -> HttpResponse:
    return content_page(request, HELP.strip("/"))


@reading
def content_page(request: HttpRequest, path: str) -> HttpResponse:
    content = library.current()
    page, unusual = page_at(request, f"/{path}/")
    return show(request, "education/page.html", page, content, unusual=unusual)


@require_safe
def faq(request: HttpRequest) -> HttpResponse:
    """Every question by group, with the sources of all answers in one numbered list; the one asked for stands open."""
    content = library.current()
    keys = list(dict.fromkeys(key for question in content.questions.values() for key in question["sources"]))
    renderer = PageRenderer(content, keys)
    groups = [
        (
            group.label,
            [
                {**question, "html": renderer.text(question["answer"])}
                for question in content.questions.values()
                if question["group"] == group
            ],
        )
        for group in Question.Group
    ]
    sources = [content.sources[key] for key in keys if key in content.sources]
    opened = request.GET.get("open", "")
    if opened not in content.questions:
        opened = next((question["code"] for _group, asked in groups for question in asked), "")
    data = [structured_data.questions((item for _group, asked in groups for item in asked), clinic=facts(request))]
    return _show_fixed(request, "education/faq.html", FAQ, content, data, groups=groups, sources=sources, opened=opened)


@require_safe
def glossary(request: HttpRequest) -> HttpResponse:
    content = library.current()
    letters: dict[str, list[Record]] = {}
    for term in sorted(content.terms.values(), key=lambda term: term["term"].casefold()):
        see_also = [content.terms[slug] for slug in term["see_also"] if slug in content.terms]
        letters.setdefault(term["term"][0].upper(), []).append({**term, "see_also": see_also})
    data = [structured_data.terms((term for listed in letters.values() for term in listed), clinic=facts(request))]
    return _show_fixed(request, "education/glossary.html", GLOSSARY, content, data, letters=letters)


@require_safe
def sources(request: HttpRequest) -> HttpResponse:
    content = library.current()
    return _show_fixed(request, "education/sources.html", SOURCES, content, [], sources=list(content.sources.values()))
