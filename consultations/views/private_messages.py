"""The message box on the private page of an open request."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy

from clinic.core import limits
from clinic.core.actions import perform_action
from clinic.core.post_only import post_only
from clinic.core.refusals import TransitionNotAllowed
from clinic.core.unsent import gives_back, in_form, of_form
from consultations.actions.message import MessageData, MessageForm, WriteMessage
from consultations.models import ConsultationRequest
from consultations.presenters.patient_texts import help_for_unsent
from consultations.views.private_access import to_page, with_grant
from consultations.views.private_status import status_page

MESSAGES_AN_HOUR = 30
ENDED = gettext_lazy(
    "This request has ended, so your message was not sent. What you wrote is kept below. You can call us about it."
)
TOO_MANY = gettext_lazy(
    "Your message was not sent: many came from this page in the last hour. Wait a few minutes, or call us."
)


@post_only("consultations:status", keeps=("key",))
@with_grant
@gives_back(of_form(MessageForm))
def send_message(request: HttpRequest, consultation_request: ConsultationRequest) -> HttpResponse:
    """Keep the message; whatever is wrong, what was typed stays on the page it came from."""
    form = MessageForm(request.POST)
    if not form.is_valid():
        help_now = help_for_unsent([form.data.get("message", "")])
        return status_page(request, consultation_request, message_form=form, help_now=help_now)
    text = form.cleaned_data["message"]
    help_now = help_for_unsent([text])
    # The limit never stands before words that need somebody soon.
    if not help_now and not limits.allow(f"message:{consultation_request.pk}", rate=MESSAGES_AN_HOUR, per_seconds=3600):
        form.add_error(None, TOO_MANY)
        return status_page(request, consultation_request, message_form=form, status=429)
    try:
        perform_action(WriteMessage(), consultation_request, MessageData(text, form.cleaned_data["once"]))
    except TransitionNotAllowed:
        unsent = in_form(form.data, MessageForm)
        return status_page(request, consultation_request, refused=ENDED, unsent=unsent, help_now=help_now)
    return to_page("status", consultation_request, "written")
