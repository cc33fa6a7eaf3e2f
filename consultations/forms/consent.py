"""What a patient agrees to when sending: three statements, unticked, each kept in the words that were shown."""

from typing import Any

from django import forms
from django.conf import settings

from clinic.core.notices import PRIVACY_NOTICE_VERSION
from consultations.enums import ConsentKind

ERRORS = {
    ConsentKind.TRUE_ANSWERS: "Tick the box to say that your answers are true as far as you know.",
    ConsentKind.CARE_TEAM: "Tick the box to let the care team read your answers.",
    ConsentKind.PRIVACY_NOTICE: "Tick the box to say that you have read the privacy notice.",
}

ERRORS_OF_HELPERS = {
    **ERRORS,
    ConsentKind.TRUE_ANSWERS: (
        "Tick the box to say that the answers are true as far as you know, and that the person agrees."
    ),
    ConsentKind.CARE_TEAM: "Tick the box to say that the person agrees that the care team reads the answers.",
}


def wordings(*, helped_name: str = "") -> dict[ConsentKind, str]:
    """In the patient's words; with `helped_name`, in those of who sends the answers for that person."""
    readers = f"The nurses, doctors and managers of {settings.CLINIC_NAME} may read"
    return {
        ConsentKind.TRUE_ANSWERS: (
            f"The answers are true as far as I know, and {helped_name} agrees that I send them"
            if helped_name
            else "My answers are true as far as I know"
        ),
        ConsentKind.CARE_TEAM: (
            f"{helped_name} agrees: {readers[0].lower()}{readers[1:]} the answers to decide if a consultation is right"
            if helped_name
            else f"{readers} my answers to decide if a consultation is right for me"
        ),
        ConsentKind.PRIVACY_NOTICE: f"I have read the privacy notice (version {PRIVACY_NOTICE_VERSION})",
    }


class ConsentForm(forms.Form):
    def __init__(self, *args: Any, helped_name: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        errors = ERRORS_OF_HELPERS if helped_name else ERRORS
        for kind, wording in wordings(helped_name=helped_name).items():
            self.fields[kind.value] = forms.BooleanField(label=wording, error_messages={"required": errors[kind]})
