"""What a patient carries over from the decision aid into the check, and takes out again."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from clinic import error_pages, limits
from clinic.buttons import post_from
from consultations.forms.check import CarryForm
from consultations.services import carrying, intake
from consultations.views.check_screens import BEGINS_AN_HOUR
from consultations.views.check_walk import WALK, Walk, open_walk, start_context, with_walk, without_walk


@post_from("consultations:start")
def carry(request: HttpRequest) -> HttpResponse:
    """Keep the words with the walk in this browser, or begin one for them. Then the check says what became of them."""
    form, walk = CarryForm(request.POST), open_walk(request)
    if not form.is_valid():
        context = {**start_context(walk), "refused": form.errors["words"][0]}
        return render(request, "consultations/check/start.html", context)
    if walk is None:
        if not limits.allow(f"check:{limits.client_network(request)}", rate=BEGINS_AN_HOUR, per_seconds=3600):
            return error_pages.too_many(request)
        response = intake.start()
        request.session[WALK] = response.token
    else:
        response = walk.response
    try:
        carrying.bring(response=response, words=form.cleaned_data["words"])
    except intake.AlreadySent:
        return without_walk(request)
    return redirect("consultations:start")


@require_POST
@with_walk
def take_out(request: HttpRequest, walk: Walk) -> HttpResponse:
    try:
        carrying.take_out(response=walk.response)
    except intake.AlreadySent:
        return without_walk(request)
    return redirect("consultations:answers")
