"""What a patient agrees to when sending: three statements, unticked, each kept in the words that were shown."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.notices import PRIVACY_NOTICE_VERSION
from consultations.enums import ConsentKind

ERRORS = {
    ConsentKind.TRUE_ANSWERS: gettext_lazy("Tick the box to say that your answers are true as far as you know."),
    ConsentKind.CARE_TEAM: gettext_lazy("Tick the box to let the care team read your answers."),
    ConsentKind.PRIVACY_NOTICE: gettext_lazy("Tick the box to say that you have read the privacy notice."),
}

ERRORS_OF_HELPERS = {
    **ERRORS,
    ConsentKind.TRUE_ANSWERS: gettext_lazy(
        "Tick the box to say that the answers are true as far as you know, and that the person agrees."
    ),
    ConsentKind.CARE_TEAM: gettext_lazy(
        "Tick the box to say that the person agrees that the care team reads the answers."
    ),
}


def wordings(*, helped_name: str = "") -> dict[ConsentKind, str]:
    """In the patient's words; with `helped_name`, in those of who sends the answers for that person."""
    if helped_name:
        true = _("The answers are true as far as I know, and %(name)s agrees that I send them")
        care_team = _(
            "%(name)s agrees: the nurses, doctors and managers of %(clinic)s may read the answers "
            "to decide if a consultation is right"
        )
    else:
        true = _("My answers are true as far as I know")
        care_team = _(
            "The nurses, doctors and managers of %(clinic)s may read my answers "
            "to decide if a consultation is right for me"
        )
    notice = _("I have read the privacy notice (version %(version)s)")
    return {
        ConsentKind.TRUE_ANSWERS: true % {"name": helped_name},
        ConsentKind.CARE_TEAM: care_team % {"name": helped_name, "clinic": settings.CLINIC_NAME},
        ConsentKind.PRIVACY_NOTICE: notice % {"version": PRIVACY_NOTICE_VERSION},
    }


class ConsentForm(forms.Form):
    def __init__(self, *args: Any, helped_name: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        errors = ERRORS_OF_HELPERS if helped_name else ERRORS
        for kind, wording in wordings(helped_name=helped_name).items():
            self.fields[kind.value] = forms.BooleanField(label=wording, error_messages={"required": errors[kind]})
