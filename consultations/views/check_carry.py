"""What a patient carries over from the decision aid into a check they can see named, and takes out again."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from clinic.core.post_only import post_only
from consultations.forms.check import CarryForm
from consultations.services import carrying, intake
from consultations.views.check_required import session_required
from consultations.views.check_session import QuestionnaireSession
from consultations.views.check_start import begin, start_context

NEW_CHECK = "new"


@post_only("consultations:start")
def carry(request: HttpRequest) -> HttpResponse:
    """Keep the words with the one check that is meant: a new one, or, where some are begun, the one that is chosen."""
    form, context = CarryForm(request.POST), start_context(request)
    if not form.is_valid():
        return render(request, "consultations/check/start.html", {**context, "refused": form.errors["words"][0]})
    notes = form.cleaned_data["words"]
    begun: dict[str, QuestionnaireSession] = {session.key: session for session in context["sessions"]}
    chosen = request.POST.get("into", "")
    if any(session.response.brought == notes for session in begun.values()) and not chosen:
        return redirect("consultations:start")
    if chosen in begun:
        # Sent in another tab since it was listed, and then left as it was sent; or deleted, because it was too old.
        with suppress(intake.AlreadySent, intake.Deleted):
            carrying.bring(response=begun[chosen].response, notes=notes)
        return redirect("consultations:start")
    if begun and chosen != NEW_CHECK:
        return render(request, "consultations/check/carry.html", {**context, "notes": notes})
    draft = intake.draft()
    draft.brought = notes
    answer = begin(request, draft, key=request.POST.get("key", ""))
    return redirect("consultations:start") if answer.status_code == 302 else answer


@session_required
@require_POST
def take_out(request: HttpRequest, session: QuestionnaireSession) -> HttpResponse:
    if session.is_carried:
        session.response.brought = ""
    else:
        carrying.take_out(response=session.response)
    return redirect(session.url("answers"))
