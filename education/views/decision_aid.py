"""The decision aid: what matters to a patient, and their questions. It keeps nothing and recommends nothing."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.core import clock
from clinic.core.middleware import private_page
from clinic.core.text_lists import semicolon_list
from education import library
from education.forms.decision_aid import QUESTIONS, RATINGS, STATEMENTS, DecisionAidForm
from education.views.pages import or_closed, page_at, show

ADDRESS: Final = "/tools/decision-aid/"


@private_page
@require_http_methods(["GET", "HEAD", "POST"])
@or_closed
def decision_aid(request: HttpRequest) -> HttpResponse:
    """The page with its form; a POST answers with a page to print, or with the form filled in as it was."""
    content = library.current()
    page, unusual = page_at(request, ADDRESS)
    form = DecisionAidForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if not form.is_to_change:
            return render(request, "education/decision_summary.html", summary_of(form))
        form = DecisionAidForm(initial=form.cleaned_data)
    form_html = render_to_string("education/components/decision_form.html", {"form": form}, request=request)
    return show(
        request,
        "education/decision_aid.html",
        page,
        content,
        form_html=form_html,
        form=form,
        unusual=unusual,
    )


def summary_of(form: DecisionAidForm) -> dict[str, Any]:
    """What was answered, most important first, and the same as plain lines to carry on."""
    given = form.cleaned_data
    groups = [
        (str(rating_label), [str(label) for name, label in STATEMENTS.items() if given[name] == rating])
        for rating, rating_label in reversed(RATINGS)
    ]
    groups = [(label, labels) for label, labels in groups if labels]
    asked = [str(text) for key, text in QUESTIONS if key in given["questions"]]
    return {
        "form": form,
        "groups": groups,
        "unanswered": [label for name, label in STATEMENTS.items() if not given[name]],
        "asked": asked,
        "own": given["own"],
        "text": text_of(groups, asked, given["own"]),
        "today": clock.today(),
    }


def text_of(groups: list[tuple[str, list[str]]], asked: list[str], own: str) -> str:
    """Plain lines; nothing when nothing was answered."""
    matters = [
        _("%(words)s: %(statements)s") % {"words": label, "statements": semicolon_list(labels)}
        for label, labels in groups
    ]
    parts = (
        (_("What matters to me"), matters),
        (_("My questions"), ["- " + text for text in asked]),
        (_("In my own words"), [own] if own else []),
    )
    return "\n\n".join("\n".join([title, *lines]) for title, lines in parts if lines)
