"""What a patient agrees to when sending: three statements, unticked, each kept in the words that were shown."""

from django import forms
from django.conf import settings

from clinic.notices import PRIVACY_NOTICE_VERSION
from consultations.enums import ConsentKind

ERRORS = {
    ConsentKind.TRUE_ANSWERS: "Tick the box to say that your answers are true as far as you know.",
    ConsentKind.CARE_TEAM: "Tick the box to let the care team read your answers.",
    ConsentKind.PRIVACY_NOTICE: "Tick the box to say that you have read the privacy notice.",
}


def wordings() -> dict[ConsentKind, str]:
    return {
        ConsentKind.TRUE_ANSWERS: "My answers are true as far as I know",
        ConsentKind.CARE_TEAM: (
            f"The nurses, doctors and managers of {settings.CLINIC_NAME} may read my answers to decide if a "
            "consultation is right for me"
        ),
        ConsentKind.PRIVACY_NOTICE: f"I have read the privacy notice (version {PRIVACY_NOTICE_VERSION})",
    }


class ConsentForm(forms.Form):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        for kind, wording in wordings().items():
            self.fields[kind.value] = forms.BooleanField(label=wording, error_messages={"required": ERRORS[kind]})
