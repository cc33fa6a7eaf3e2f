"""The end of the check: the result, how to reach the person, the answers to look over, and the one sending."""

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import dateformat
from django.views.decorators.http import require_http_methods, require_safe

from clinic import error_pages, limits
from clinic.notices import PRIVACY_NOTICE_VERSION
from consultations.candidacy import outcomes
from consultations.enums import URGENT_OUTCOMES, ContactPreference, FilledFor, Outcome, SafeToContact
from consultations.forms.check import answer_lines
from consultations.forms.check_words import short
from consultations.forms.consent import ConsentForm, wordings
from consultations.forms.contact import PREFERENCES, ContactForm
from consultations.models import ConsultationRequest
from consultations.questionnaire import flow
from consultations.questionnaire.definition import load
from consultations.services import intake
from consultations.services.intake import Contact
from consultations.services.targets import due_after
from consultations.views.check_walk import (
    SEND_SECTION,
    SENT,
    Walk,
    explain,
    going_on,
    keep_as_sent,
    progress,
    screen_url,
    support_line,
    with_walk,
    without_walk,
)

SENDS_AN_HOUR = 60


@require_safe
@with_walk
def result(request: HttpRequest, walk: Walk) -> HttpResponse:
    """What the rules say of all answers, and why. It is worked out each time; the browser has no say in it."""
    if walk.stop or walk.first_incomplete is not None:
        return redirect(going_on(walk))
    last = flow.visible_screens(walk.answers, version=walk.version)[-1]
    context = {
        "walk": walk,
        "explanation": explain(walk),
        "signs": outcomes.EMERGENCY_SIGNS,
        "due_at": due_after(walk.assessment.outcome, since=walk.response.updated_at),
        "support_line": support_line() if outcomes.needs_support(walk.assessment) else "",
        "back_url": screen_url(last),
        **progress(walk, SEND_SECTION),
    }
    return render(request, "consultations/check/result.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_walk
def contact(request: HttpRequest, walk: Walk) -> HttpResponse:
    """Who it is about and how to reach them. This is the first page that asks for anything personal."""
    if not walk.may_send:
        return redirect(going_on(walk))
    data = request.POST if request.method == "POST" else None
    saved = Contact.from_json(walk.response.contact) if walk.response.contact else None
    initial = {name: getattr(saved, name) for name in ContactForm.base_fields} if saved else {}
    form = ContactForm(data, initial=initial, age_given=walk.assessment.cleaned.get("ab_age"))
    if form.is_bound and form.is_valid():
        try:
            intake.save_contact(response=walk.response, contact=form.contact())
        except intake.AlreadySent:
            return without_walk(request)
        return redirect("consultations:answers")
    is_partial = walk.first_incomplete is not None
    from_answers = request.GET.get("from") == "answers"
    context = {
        "form": form,
        "age_url": screen_url(flow.screen_of("ab_age", version=walk.version), from_answers=saved is not None)
        if form.has_error("birth_on", "other_age")
        else "",
        "back_url": reverse(f"consultations:{'answers' if from_answers else 'today' if is_partial else 'result'}"),
        **progress(walk, SEND_SECTION),
    }
    return render(request, "consultations/check/contact.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@with_walk
def answers(request: HttpRequest, walk: Walk) -> HttpResponse:
    """Everything that would be sent, with a way to change each line, then the consents and the one button."""
    if not walk.may_send:
        return redirect(going_on(walk, from_answers=True))
    if not walk.response.contact:
        return redirect("consultations:contact")
    form = ConsentForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        return _send(request, walk)
    context = {
        "form": form,
        "sections": _sections(walk),
        "contact": _contact_rows(Contact.from_json(walk.response.contact)),
        "brought": walk.response.brought,
        "has_email": bool(walk.response.contact["email"]),
        "notice_version": PRIVACY_NOTICE_VERSION,
        "carry_on_url": going_on(walk) if walk.first_incomplete else "",
        "back_url": reverse("consultations:contact"),
        **progress(walk, SEND_SECTION),
    }
    return render(request, "consultations/check/answers.html", context)


def _send(request: HttpRequest, walk: Walk) -> HttpResponse:
    """Send once. The limit never stands before answers that need somebody soon."""
    is_pressing = {walk.headline, walk.response.highest_outcome} & set(URGENT_OUTCOMES)
    network = limits.client_network(request)
    if not is_pressing and not limits.allow(f"check-send:{network}", rate=SENDS_AN_HOUR, per_seconds=3600):
        return error_pages.too_many(request)
    try:
        sent_request = intake.send(response=walk.response, wordings=wordings())
    except intake.NotReady:
        # Another tab changed the answers since this page was shown.
        return redirect("consultations:answers")
    keep_as_sent(request, sent_request.reference)
    return redirect("consultations:sent")


def _sections(walk: Walk) -> list[dict[str, Any]]:
    """Summary lists by section; required questions that "Send now" passed over are left out, skipped ones are not."""
    questionnaire = load(walk.version)
    asked = Counter(question.text for question in questionnaire.questions)
    sections = []
    for section in questionnaire.sections:
        rows = [
            {
                "question": question.text,
                "lines": answer_lines(question, walk.assessment.cleaned.get(question.id)),
                "short": short(question),
                "is_asked_alike": asked[question.text] > 1,
                "url": screen_url(flow.screen_of(question.id, version=walk.version), from_answers=True)
                + f"#div_id_{question.id}",
            }
            for question in questionnaire.questions
            if question.section == section.id
            and question.id in walk.assessment.visible
            and (question.id in walk.assessment.cleaned or question.id in walk.answers)
        ]
        if rows:
            sections.append({"title": section.title, "rows": rows})
    return sections


def _contact_rows(contact: Contact) -> list[dict[str, Any]]:
    is_other = contact.filled_for == FilledFor.OTHER
    rows: list[tuple[str, Any, str]] = [
        ("This request is for", FilledFor(contact.filled_for).label, "who this is for"),
        *([("Filled in by", contact.helper_name, "the name of the person who fills this in")] if is_other else []),
        ("Name", contact.name, "the name"),
        ("Date of birth", dateformat.format(contact.birth_on, "j F Y"), "the date of birth"),
        ("Email", contact.email, "the email address"),
        ("Phone", contact.phone, "the phone number"),
        ("Contact by", dict(PREFERENCES)[ContactPreference(contact.contact_by)], "how we contact you"),
        ("Messages", SafeToContact(contact.safe_to_contact).label, "if it is safe to leave a message"),
    ]
    return [{"label": label, "value": value, "short": words} for label, value, words in rows]


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The confirmation of the last request sent from this browser; it can be reloaded and printed."""
    reference = request.session.get(SENT)
    found = ConsultationRequest.objects.select_related("patient").filter(reference=reference).first()
    if reference is None or found is None:
        return redirect("consultations:start")
    context = {
        "consultation": found,
        "has_email": bool(found.patient.email),
        "is_pressing": found.highest_outcome in (Outcome.EMERGENCY, Outcome.SAME_DAY),
        "signs": outcomes.EMERGENCY_SIGNS,
    }
    return render(request, "consultations/check/sent.html", context)
