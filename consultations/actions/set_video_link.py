"""Where a visit by video takes place: a link for each, which staff enter and the patient sees shortly before.

It stands on the private page alone, never in a mail or a calendar: whoever has it could join.
"""

import dataclasses
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consultations.actions.base import ActionContext, Ctx, StaffAction
from consultations.enums import Modality
from consultations.forms.staff import StepForm
from consultations.models import Appointment
from consultations.services import scheduling
from consultations.services.transitions import WORKFLOW


def require_private_address(address: str) -> None:
    """A name and a password in an address would be shown with it."""
    if "@" in urlsplit(address).netloc:
        raise ValidationError(_("Leave out the name and the password before the @."))


class VideoLinkForm(StepForm):
    link = forms.CharField(
        label=gettext_lazy("Link of the video visit"),
        help_text=gettext_lazy(
            "Begins with https://. A link for this visit alone. The patient sees it on the private page from 15 "
            "minutes before. Empty: take it away."
        ),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "form-control", "inputmode": "url"}),
        validators=[
            URLValidator(schemes=["https"], message=gettext_lazy("Enter an address that begins with https://.")),
            require_private_address,
        ],
        error_messages={"max_length": gettext_lazy("Shorten this to 500 characters or fewer.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        appointment = scheduling.booked(self.consultation_request)
        if appointment is not None:
            self.initial.setdefault("link", appointment.video_link)


@dataclasses.dataclass(frozen=True, slots=True)
class VideoLinkData:
    link: str


@WORKFLOW.register
class SetVideoLink(StaffAction[VideoLinkData, None]):
    verb, data_class = "set_video_link", VideoLinkData
    position, form_class = 86, VideoLinkForm
    button = gettext_lazy("Save")
    done = gettext_lazy("The link of the video visit is saved.")

    def is_wanted(self, situation: ActionContext) -> bool:
        kind = situation.consultation_request.appointment_type
        return super().is_wanted(situation) and kind is not None and kind.modality == Modality.VIDEO

    def is_repeat(self, ctx: Ctx, data: VideoLinkData) -> bool:
        appointment = scheduling.booked(ctx.row)
        return appointment is not None and (appointment.video_link or "") == data.link

    def perform(self, ctx: Ctx, data: VideoLinkData) -> None:
        appointment = Appointment.objects.live().select_for_update(of=("self",)).get(consultation_request=ctx.row)
        appointment.video_link = data.link
        appointment.save(update_fields=["video_link"])
        ctx.details["appointment"] = appointment.pk
