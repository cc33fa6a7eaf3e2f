"""A page of the check that cannot be kept: what happened, what was typed, and the way on. A danger is named first."""

import dataclasses
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from clinic.core.text_lists import comma_list
from clinic.core.unsent import Unsent
from consultations.candidacy.one_screen import danger_in
from consultations.forms.check import ScreenForm
from consultations.forms.contact import CallBackForm, ContactForm, EmailForm
from consultations.forms.typed import names_in, typed_rows
from consultations.models import QuestionnaireResponse
from consultations.questionnaire.definition import worded
from consultations.services import carried, intake
from consultations.views import check_browser
from consultations.views.check_session import CARRIED, unsent_sessions

SCREEN = "screen"
CONTACT_FORMS = {"contact": ContactForm, "call_back": CallBackForm, "correct_email": EmailForm}


def unknown(request: HttpRequest, page: str) -> HttpResponse:
    """This browser does not have the check: its session is gone or over, or it was begun elsewhere."""
    draft = intake.draft()
    form = _posted_form(request, page, draft.questionnaire_version)
    if isinstance(form, ScreenForm):
        draft.answers = form.valid_answers()
    context = {
        "page": page,
        "is_sent": False,
        "was_carried": f"/{CARRIED}/" in request.path,
        "again": carried.pack(draft, browser=check_browser.browser_of(request)) if draft.answers else "",
        "sessions": unsent_sessions(request),
        "new_key": check_browser.new_key(),
        **_given_back(form, draft.questionnaire_version),
    }
    return render(request, "consultations/check/lost.html", context, status=403)


def after_sending(request: HttpRequest, page: str, response: QuestionnaireResponse, *, key: str) -> HttpResponse:
    """The check was sent, perhaps in another tab: on to its confirmation, unless something new was typed here."""
    confirmation = reverse("consultations:sent", args=[key])
    form = _posted_form(request, page, response.questionnaire_version)
    if form is None or _is_as_sent(form, response):
        return redirect(confirmation)
    context = {
        "page": page,
        "is_sent": True,
        "confirmation_url": confirmation,
        **_given_back(form, response.questionnaire_version),
    }
    return render(request, "consultations/check/lost.html", context, status=409)


def unsent_fields(request: HttpRequest) -> list[Unsent]:
    """What a page of the check held, for an answer that comes before any session is looked at."""
    match = request.resolver_match
    page = (match.url_name or "") if match else ""
    form = _posted_form(request, page, intake.draft().questionnaire_version)
    is_text = {str(bound.label): isinstance(bound.field, forms.CharField) for bound in form or ()}
    return [
        Unsent(label, "\n".join(lines) if is_text[label] else comma_list(lines), is_choice=not is_text[label])
        for label, lines in (typed_rows(form) if form else [])
    ]


def _posted_form(request: HttpRequest, page: str, version: str) -> forms.Form | None:
    """What was sent from a page that has fields, or None when nothing was given."""
    if request.method != "POST" or "look" in request.POST:
        return None
    if page in CONTACT_FORMS:
        form: forms.Form = CONTACT_FORMS[page](request.POST)
    else:
        # By the names that came, not by the screen: the page may have been one of an earlier version.
        asked = worded(version, settings.CLINIC_REGION).questions if page == SCREEN else ()
        questions = [question for question in asked if names_in(request.POST, question.id)]
        if not questions:
            return None
        form = ScreenForm(request.POST, questions=questions, answers={})
    form.full_clean()
    return form


def _given_back(form: forms.Form | None, version: str) -> dict[str, Any]:
    danger = danger_in(form.ticked_or_valid(), version=version) if isinstance(form, ScreenForm) else None
    return {"typed": typed_rows(form) if form is not None else [], "danger": danger.value if danger else ""}


def _is_as_sent(form: forms.Form, response: QuestionnaireResponse) -> bool:
    """Whether the form holds what was sent: a second press, or the back button and the same press again."""
    if not form.is_valid():
        return False
    if isinstance(form, ScreenForm):
        return all(response.answers.get(name) == value for name, value in form.answers().items())
    patient = response.consultation_request.patient
    given = dataclasses.asdict(form.contact())  # type: ignore[attr-defined]
    return all(given[name] == getattr(patient, name) for name in ("name", "birth_on", "email", "phone"))
