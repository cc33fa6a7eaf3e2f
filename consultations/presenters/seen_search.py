"""Whom the search of the audit trail finds: patients, by what a manager would type of one."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.core.text_lists import comma_list
from consultations.models import ConsultationRequest, Patient, SafetyCase
from consultations.presenters.formatting import day_of_birth
from consultations.presenters.isolation import Unreadable, readable
from consultations.presenters.person_search import search_condition

MOST_FOUND: Final = 20


def patients_found(term: str) -> tuple[list[dict[str, Any]], bool]:
    """The newest of those whose name, reference, date of birth, number or address it is, and whether there are more.

    Whoever left contact details with a safety case alone is found too. One row stands for each person.
    """
    of_requests = ConsultationRequest.objects.filter(search_condition(term))
    of_cases = SafetyCase.objects.filter(search_condition(term, reference="response__consultation_request__reference"))
    keys = of_requests.order_by().values("patient").union(of_cases.exclude(patient=None).order_by().values("patient"))
    rows = Patient.objects.filter(pk__in=keys.values_list("patient")).order_by("-pk")[: MOST_FOUND + 1]
    found: dict[int, Patient] = {}
    for patient in readable(rows):
        if not isinstance(patient, Unreadable):
            found.setdefault(patient.person_id, patient)
    shown = list(found.values())[:MOST_FOUND]
    references = references_of(found)
    lines = [{**heading(patient, references.get(patient.person_id, [])), "pk": patient.pk} for patient in shown]
    return lines, len(rows) > MOST_FOUND


def heading(patient: Patient, references: Iterable[str]) -> dict[str, Any]:
    """`name`, `about` (born when, which requests) and the `url` of who has seen this patient.

    What is left of an erased patient is a number, and the references.
    """
    name = _("patient %(number)d") % {"number": patient.pk} if patient.erased_at is not None else patient.name
    born = _("born %(born)s") % {"born": day_of_birth(patient)}
    return {
        "name": name,
        "about": comma_list([born, *references]),
        "url": reverse("admin:core_auditentry_patient", args=[patient.pk]),
    }


def references_of(persons: Iterable[int]) -> dict[int, list[str]]:
    """The references of all requests of each person, the newest first."""
    told: dict[int, list[str]] = defaultdict(list)
    rows = ConsultationRequest.objects.filter(patient__person__in=persons).order_by("-pk")
    for person, reference in rows.values_list("patient__person", "reference"):
        told[person].append(reference)
    return told
