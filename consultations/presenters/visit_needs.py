"""What somebody needs for a visit, as staff read it beside the name on every page."""

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.core.text_lists import semicolon_list
from consultations.enums import VisitNeed
from consultations.models import Patient
from consultations.services import visit_needs
from consultations.services.visit_needs import Needs

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

LABELS: Final[dict[VisitNeed, "_StrOrPromise"]] = {
    VisitNeed.INTERPRETER: gettext_lazy("Interpreter"),
    VisitNeed.HEARING: gettext_lazy("Hearing: write rather than call"),
    VisitNeed.SIGHT: gettext_lazy("Sight: call rather than write"),
    VisitNeed.LARGE_PRINT: gettext_lazy("Large print"),
    VisitNeed.REACH: gettext_lazy("Step-free"),
    VisitNeed.CARER: gettext_lazy("Comes with a helper"),
    VisitNeed.QUIET: gettext_lazy("Quiet room"),
    VisitNeed.LONGER: gettext_lazy("Longer visit"),
}


def needs_words(needs: Needs) -> str:
    """One line; "" for nothing."""
    if needs.is_damaged:
        return _("What this patient needs for a visit cannot be read: ask")
    labels = [_label(VisitNeed(code), needs) for code in needs.codes]
    return semicolon_list([*labels, *([needs.more] if needs.more else [])])


def needs_of(patient: Patient | None) -> str:
    return "" if patient is None else needs_words(visit_needs.of_person(patient))


def _label(need: VisitNeed, needs: Needs) -> str:
    if need == VisitNeed.INTERPRETER and needs.language:
        return _("Interpreter: %(language)s") % {"language": needs.language}
    return str(LABELS[need])
