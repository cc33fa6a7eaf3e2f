"""Save and finish later: a link to this check by mail, what is kept and until when, and its end at once."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clinic.core import limits
from clinic.core.unsent import gives_back, of_form
from consultations.forms.later import LaterForm
from consultations.models import SavedCheck
from consultations.services import carried, saved_checks, saved_links
from consultations.views import check_browser
from consultations.views.check_required import session_required
from consultations.views.check_session import QuestionnaireSession, open_session, render_page

MAILS_AN_HOUR: Final = 3
"""To one mailbox, together with the private links that are asked for."""
BY_NETWORK: Final = 20
OF_A_CHECK: Final = 10
"""A day. Whoever needs more mails strangers in our name."""
TOO_MANY: Final = gettext_lazy(
    "No link was mailed: too many were asked for in a short time. Your answers are saved in this browser. Wait an "
    "hour, or call us: %(phone)s."
)


@session_required
@require_http_methods(["GET", "HEAD", "POST"])
@gives_back(of_form(LaterForm))
def later(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Where the link goes and what opens it. Whoever should get help first is told so, and saves nothing here."""
    if session.stop:
        return redirect(session.stop_url)
    saved = _saved(session)
    form = LaterForm(request.POST if request.method == "POST" else None, initial=_initial(session, saved))
    status = 200
    if form.is_bound and form.is_valid():
        if _may_mail(request, session):
            return redirect(_save(request, session, form).url("kept"))
        form.add_error(None, TOO_MANY % {"phone": settings.CLINIC_PHONE})
        status = 429
    context = {
        "form": form,
        "has_saved": saved is not None,
        "kept_until": saved_links.kept_until(session.response),
        "back_url": session.going_on(),
    }
    return render_page(request, session, "later", context, status=status)


def _saved(session: QuestionnaireSession) -> SavedCheck | None:
    if session.is_carried:
        return None
    return SavedCheck.objects.filter(response=session.response).first()


def _initial(session: QuestionnaireSession, saved: SavedCheck | None) -> dict[str, object]:
    if saved is not None:
        return {"email": saved.email, "wants_reminder": saved.wants_reminder}
    return {"email": (session.response.contact or {}).get("email", "")}


def _may_mail(request: HttpRequest, session: QuestionnaireSession) -> bool:
    by_network = limits.allow(f"save-check:{limits.client_network(request)}", rate=BY_NETWORK, per_seconds=3600)
    of_check = limits.allow(f"save-check-of:{session.response.token}", rate=OF_A_CHECK, per_seconds=24 * 3600)
    return by_network and of_check


def _save(request: HttpRequest, session: QuestionnaireSession, form: LaterForm) -> QuestionnaireSession:
    """A mailbox over its limit gets the same page: another answer would tell that somebody asks for links there."""
    if session.is_carried:
        network = limits.client_network(request)
        session = open_session(request, carried.write_down(draft=session.response, network=network))
    given = form.cleaned_data
    is_mailed = limits.allow(f"send-link-to:{given['email'].casefold()}", rate=MAILS_AN_HOUR, per_seconds=3600)
    saved_checks.save(
        response=session.response,
        email=given["email"],
        word=given["passphrase"],
        wants_reminder=given["wants_reminder"],
        is_mailed=is_mailed,
    )
    check_browser.keep_open(request)
    return session


@session_required
@require_safe
def kept(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Where the link goes, what is kept and until when."""
    saved = _saved(session)
    if session.stop or saved is None:
        return redirect(session.going_on())
    context = {
        "saved": saved,
        "is_undelivered": saved_links.is_undelivered(saved),
        "kept_until": saved_links.kept_until(session.response),
        "remind_at": saved_links.remind_at(session.response),
        "carry_on_url": session.going_on(),
        "mails_an_hour": MAILS_AN_HOUR,
    }
    return render_page(request, session, "kept", context)


@session_required
@require_http_methods(["GET", "HEAD", "POST"])
def forget(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    """Delete the check now, after one question; a danger that was shown stays with its safety case."""
    if session.is_carried:
        return redirect(session.going_on())
    if request.method != "POST":
        has_case = hasattr(session.response, "safety_case")
        context = {"has_case": has_case, "has_saved": _saved(session) is not None, "back_url": session.going_on()}
        return render_page(request, session, "forget", context)
    is_gone = saved_checks.forget(response=session.response)
    check_browser.leave(request, session.key)
    return render(request, "consultations/check/forgotten.html", {"is_gone": is_gone})
