"""Another address for mail, or a first one. The link that went to the wrong address dies at once.

By the browser that sent the request, for as long as its session lives, or by staff who made sure whom they speak to.
"""

import dataclasses

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.form_fields import MailField
from clinic.core.refusals import WrongStatus
from consultations.actions.base import Ctx, Message, StaffAction
from consultations.forms.staff import StepForm
from consultations.services import contact_details
from consultations.services.contact_details import SameAddress
from consultations.services.transitions import WORKFLOW


class CorrectEmailForm(StepForm):
    email = MailField(
        label=gettext_lazy("Email address"),
        help_text=gettext_lazy(
            "Make sure first that you speak to the right person: name, date of birth and a call to the number we have. "
            "Every link sent so far stops working at once."
        ),
        widget=forms.EmailInput(attrs={"class": "form-control", "autocomplete": "off", "spellcheck": "false"}),
    )


@dataclasses.dataclass(frozen=True, slots=True)
class EmailData:
    email: str


@WORKFLOW.register
class CorrectEmail(StaffAction[EmailData, None]):
    """Nobody signed in is the person who sent the request."""

    verb, data_class = "correct_email", EmailData
    position, form_class = 130, CorrectEmailForm
    button = gettext_lazy("Save the address and mail a new link")
    done = gettext_lazy("The address is saved. Earlier links no longer work, and a new one is on its way.")

    def is_repeat(self, ctx: Ctx, data: EmailData) -> bool:
        is_same = contact_details.is_same_address(ctx.row, data.email)
        return is_same and contact_details.history_of(ctx.row).is_corrected

    def check(self, ctx: Ctx, data: EmailData) -> None:
        """Raises WrongStatus, and SameAddress for the first address of all."""
        if ctx.by is None and not contact_details.may_correct(ctx.row):
            raise WrongStatus(_("The address can no longer be changed here."))
        if contact_details.is_same_address(ctx.row, data.email):
            raise SameAddress(_("That is the address we have. Nothing was changed."))

    def perform(self, ctx: Ctx, data: EmailData) -> None:
        ctx.details["had_address"] = int(bool(ctx.row.patient.email))
        contact_details.replace_address(consultation_request=ctx.row, email=data.email)

    def message(self, ctx: Ctx, data: EmailData, result: None) -> Message:
        return Message(f"link-corrected-{ctx.row.pk}-{contact_details.times_corrected(ctx.row)}")
