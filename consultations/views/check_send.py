"""The end of the check: the result, how to reach the person, the answers to look over, and the one sending."""

import datetime
from collections import Counter
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core import clock, limits
from clinic.core.notices import PRIVACY_NOTICE_VERSION
from clinic.core.unsent import gives_back
from consultations.candidacy import engine, outcomes
from consultations.enums import SAFETY_OUTCOMES, URGENT_OUTCOMES, ContactPreference, FilledFor, Outcome, SafeToContact
from consultations.forms.check import answer_lines
from consultations.forms.consent import ConsentForm, wordings
from consultations.forms.contact import PREFERENCES, ContactForm
from consultations.forms.question_copy import short
from consultations.models import ConsultationRequest
from consultations.presenters import patient_texts, scan_report
from consultations.questionnaire import flow
from consultations.questionnaire.definition import worded
from consultations.services import carried, contact_details, intake
from consultations.services.intake import Contact
from consultations.services.low_mood import fired_of
from consultations.services.targets import call_today, due_after
from consultations.views import check_seen, private_session
from consultations.views.check_lost import unsent_fields
from consultations.views.check_required import session_required
from consultations.views.check_result import explain, support_line
from consultations.views.check_session import (
    FROM_ANSWERS,
    SEND_SECTION,
    QuestionnaireSession,
    open_session,
    progress,
    render_page,
)

SENDS_AN_HOUR = 60
TOO_MANY = gettext_lazy(
    "Your request was not sent yet: many requests came from your network in the last hour. Your answers are kept on "
    "this page. Wait a few minutes and press “Send my request” again, or call us: %(phone)s."
)

CHANGED: Final = gettext_lazy(
    "Nothing was sent yet: an answer was changed on another device or in another tab since this page was opened. "
    "Below is what stands now. Look it over, and send it again."
)


@session_required
@require_safe
def result(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """What the rules say of all answers, and why. It is worked out each time; the browser has no say in it."""
    if session.stop or session.first_incomplete is not None:
        return redirect(session.going_on())
    last = flow.visible_screens(session.answers, version=session.version)[-1]
    context = {
        "explanation": explain(session),
        "is_pressing": session.headline in SAFETY_OUTCOMES,
        "signs": outcomes.emergency_signs(region=settings.CLINIC_REGION),
        "goes_to_a_doctor": session.headline != Outcome.NOT_SUITABLE_NOW,
        "due_at": _would_be_due(session),
        "support_line": support_line() if outcomes.needs_support(session.assessment) else "",
        "back_url": session.screen_url(last),
        "can_share_scan": _can_share_scan(session),
        **progress(session, SEND_SECTION),
    }
    return render_page(request, session, "result", context)


def _can_share_scan(session: QuestionnaireSession) -> bool:
    return session.assessment.cleaned.get("im_share") in scan_report.CAN_SHARE


def _would_be_due(session: QuestionnaireSession) -> datetime.datetime:
    """By when a person reads these answers if they are sent now."""
    headline = engine.highest(
        session.response.highest_outcome or session.assessment.outcome, session.assessment.outcome
    )
    return due_after(headline, since=clock.now(), is_low_mood=outcomes.is_low_mood(session.assessment))


@session_required
@require_http_methods(["GET", "HEAD", "POST"])
@gives_back(unsent_fields)
def contact(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Who it is about and how to reach them. This is the first page that asks for anything personal."""
    if not session.may_send:
        return redirect(session.going_on())
    data = request.POST if request.method == "POST" else None
    saved = Contact.from_json(session.response.contact) if session.response.contact else None
    initial = {name: getattr(saved, name) for name in ContactForm.base_fields} if saved else {}
    age: Any = session.assessment.cleaned.get("ab_age")
    form = ContactForm(
        data,
        initial=initial,
        age_given=age,
        is_pressing=bool({session.headline, session.response.highest_outcome} & set(SAFETY_OUTCOMES)),
    )
    is_newer = False
    if form.is_bound and form.is_valid():
        given = form.contact().as_json()
        is_newer = given != session.response.contact and _is_newer(request, session)
        if not is_newer:
            _keep_contact(session, form.contact())
            return redirect(session.url("answers"))
    is_partial = session.first_incomplete is not None
    from_answers = request.GET.get("from") == "answers"
    context = {
        "form": form,
        "age_url": session.question_url("ab_age", from_answers=saved is not None)
        if form.has_error("birth_on", "other_age")
        else "",
        "back_url": session.url("answers" if from_answers else "today" if is_partial else "result"),
        "seen": check_seen.of_values(session, "contact", session.response.contact),
        "newer": _contact_rows(saved) if is_newer and saved else [],
        **progress(session, SEND_SECTION),
    }
    return render_page(request, session, "contact", context, status=409 if is_newer else 200)


def _is_newer(request: HttpRequest, session: QuestionnaireSession) -> bool:
    """Whether other contact details were saved since this page was opened."""
    return check_seen.is_newer(request, session, "contact", session.response.contact)


def _keep_contact(session: QuestionnaireSession, given: Contact) -> None:
    if session.is_carried:
        session.response.contact = given.as_json()
    else:
        intake.save_contact(response=session.response, contact=given)


@session_required
@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Everything that would be sent, with a way to change each line, then the consents and the one button."""
    if not session.may_send:
        return redirect(session.going_on(from_answers=True))
    if not session.response.contact:
        return redirect(session.url("contact"))
    given = Contact.from_json(session.response.contact)
    form = ConsentForm(request.POST if request.method == "POST" else None, helped_name=given.helped_name)
    status = 200
    whole = [dict(session.answers), session.response.contact, session.response.brought]
    if form.is_bound and form.is_valid():
        if check_seen.is_newer(request, session, "all", whole):
            form.add_error(None, CHANGED)
            status = 409
        elif _may_send_now(request, session):
            return _send(request, session)
        else:
            form.add_error(None, TOO_MANY % {"phone": settings.CLINIC_PHONE})
            status = 429
    context = {
        "form": form,
        "seen": check_seen.of_values(session, "all", whole),
        "open_here": private_session.still_open(request),
        "sections": _sections(session),
        "contact": _contact_rows(given),
        "helped_name": given.helped_name,
        "brought": session.response.brought,
        "has_email": bool(session.response.contact["email"]),
        "notice_version": PRIVACY_NOTICE_VERSION,
        "carry_on_url": session.going_on() if session.first_incomplete else "",
        "back_url": session.url("contact"),
        "contact_url": session.url("contact") + FROM_ANSWERS,
        **progress(session, SEND_SECTION),
    }
    return render_page(request, session, "answers", context, status=status)


def _may_send_now(request: HttpRequest, session: QuestionnaireSession) -> bool:
    """Whether the network is within its limit, which never stands before answers that need somebody soon."""
    if {session.headline, session.response.highest_outcome} & set(URGENT_OUTCOMES):
        return True
    return limits.allow(f"check-send:{limits.client_network(request)}", rate=SENDS_AN_HOUR, per_seconds=3600)


def _send(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Send once; what was carried until now is stored with it."""
    ticked = wordings(helped_name=Contact.from_json(session.response.contact).helped_name)
    try:
        if session.is_carried:
            sent_request = carried.send(draft=session.response, wordings=ticked)
            session = open_session(request, sent_request.response)
        else:
            intake.send(response=session.response, wordings=ticked)
    except intake.NotReady:
        # Another tab changed the answers since this page was shown.
        return redirect(session.url("answers"))
    return redirect(session.url("sent"))


def _sections(session: QuestionnaireSession) -> list[dict[str, Any]]:
    """Summary lists by section; required questions that "Send now" passed over are left out, skipped ones are not."""
    questionnaire = worded(session.version, settings.CLINIC_REGION)
    asked = Counter(question.text for question in questionnaire.questions)
    sections = []
    for section in questionnaire.sections:
        rows = [
            {
                "question": question.text,
                "lines": answer_lines(question, session.assessment.cleaned.get(question.id)),
                "short": short(question),
                "is_asked_alike": asked[question.text] > 1,
                "url": session.question_url(question.id, from_answers=True) + f"#div_id_{question.id}",
            }
            for question in questionnaire.questions
            if question.section == section.id
            and question.id in session.assessment.visible
            and (question.id in session.assessment.cleaned or question.id in session.answers)
        ]
        if rows:
            sections.append({"title": section.title, "rows": rows})
    return sections


def _contact_rows(contact: Contact) -> list[dict[str, Any]]:
    is_other = contact.filled_for == FilledFor.OTHER
    birth = _("Date of birth")
    if is_other:
        birth = _("%(name)s’s date of birth") % {"name": contact.helped_name}
    name = _("Name of the person with back pain") if is_other else _("Name")
    rows: list[tuple[str, Any, str]] = [
        (_("This request is for"), FilledFor(contact.filled_for).label, _("who this is for")),
        *(
            [(_("Filled in by"), contact.helper_name, _("the name of the person who fills this in"))]
            if is_other
            else []
        ),
        (name, contact.name, _("the name")),
        (birth, clock.full_date(contact.birth_on) if contact.birth_on else "", _("the date of birth")),
        (_("Email"), contact.email, _("the email address")),
        (_("Phone"), contact.phone, _("the phone number")),
        (_("Contact by"), dict(PREFERENCES)[ContactPreference(contact.contact_by)], _("how we contact you")),
        (_("Messages"), SafeToContact(contact.safe_to_contact).label, _("if it is safe to leave a message")),
    ]
    return [{"label": label, "value": value, "short": short} for label, value, short in rows]


@session_required
@require_safe
def sent(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """The confirmation of this check; it can be reloaded and printed."""
    sent_request = ConsultationRequest.objects.select_related("patient").filter(response=session.response.pk).first()
    if sent_request is None:
        return redirect(session.going_on())
    fired, first_help = fired_of(sent_request), patient_texts.first_help(sent_request.response_id, now=clock.now())
    patient, is_supported = sent_request.patient, bool(fired & outcomes.SUPPORT_RULES)
    can_share_scan, is_urgent = _can_share_scan(session), sent_request.highest_outcome in URGENT_OUTCOMES
    context = {
        "consultation_request": sent_request,
        "read_by": patient_texts.read_by(sent_request),
        "has_email": bool(patient.email),
        "has_phone": bool(patient.phone),
        "is_pressing": sent_request.highest_outcome in (Outcome.EMERGENCY, Outcome.SAME_DAY),
        "is_urgent_review": sent_request.highest_outcome == Outcome.URGENT_REVIEW,
        "calls_today": call_today(sent_request.highest_outcome, since=sent_request.submitted_at) is not None,
        "is_today": clock.local(sent_request.submitted_at).date() == clock.today(),
        "is_low_mood": outcomes.LOW_MOOD_RULE in fired,
        "support_line": support_line() if is_supported else "",
        "signs": outcomes.emergency_signs(region=settings.CLINIC_REGION),
        "may_correct": contact_details.may_correct(sent_request),
        "history": contact_details.history_of(sent_request),
        "first_help": first_help,
        "can_share_scan": can_share_scan,
        "says_health": is_supported or first_help or can_share_scan or is_urgent,
    }
    return render_page(request, session, "sent", context)
