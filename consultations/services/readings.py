"""Who was shown which patients: every staff page calls this when its content is known and before it leaves."""

from collections.abc import Iterable
from typing import Any

from django.db import models

from clinic.core import reading_log
from clinic.core.models import RecordRead
from consultations.models import ConsultationRequest, MessageSubject, PatientText, SafetyCase
from consultations.permissions import actors_of


def log(
    *,
    by: Any,
    action: str,
    page: str = "",
    target: models.Model | None = None,
    patients: Iterable[int | None] = (),
    requests: Iterable[int] = (),
    cases: Iterable[int] = (),
    texts: Iterable[int] = (),
    messages: Iterable[int] = (),
) -> RecordRead:
    """Write down the rows that a page shows, and whose they are. Raises ReadingNotLogged: then the page is not shown.

    `patients` are those known without looking them up. A row that cannot be read is named as well: its number is shown.
    """
    named = {"requests": requests, "cases": cases, "texts": texts, "messages": messages}
    shown = {name: list(keys) for name, keys in named.items()}
    whose = {pk for pk in patients if pk is not None} | patients_of(**shown)
    return reading_log.log(
        by=by,
        action=action,
        page=page,
        target=target,
        patients=whose,
        shown={name: keys for name, keys in shown.items() if keys},
        roles=[actor.value for actor in actors_of(by)],
    )


def patients_of(*, requests: list[int], cases: list[int], texts: list[int], messages: list[int]) -> set[int]:
    """Whose these rows are, in one query. A case or text of somebody who left no name is nobody's."""
    asked = [
        (ConsultationRequest, requests, "patient_id"),
        (SafetyCase, cases, "patient_id"),
        (PatientText, texts, "response__consultation_request__patient_id"),
        (PatientText, texts, "response__safety_case__patient_id"),
        (MessageSubject, messages, "consultation_request__patient_id"),
    ]
    queries = [
        model._default_manager.filter(pk__in=keys).order_by().values_list(path) for model, keys, path in asked if keys
    ]
    if not queries:
        return set()
    first, *others = queries
    return {pk for (pk,) in (first.union(*others) if others else first) if pk is not None}
