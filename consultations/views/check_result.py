"""A result in the patient's words: it promises what this clinic, at this hour, can keep to this person."""

import datetime

from django.conf import settings

from clinic.core import clock
from consultations.candidacy import outcomes
from consultations.candidacy.outcomes import Explanation, OutcomeContext
from consultations.enums import Outcome
from consultations.models import SafetyCase
from consultations.services.targets import call_today, due_after, falls_today, promised_numbers
from consultations.views.check_session import QuestionnaireSession


def explain(session: QuestionnaireSession) -> Explanation:
    """The result of a session as it may be said now."""
    case = safety_case(session)
    patient = case.patient if case else None
    now = clock.now()
    # A number that was left stands by the time it was left for: the promise must not move when the page is shown again.
    promised = call_back_by(case) if patient and patient.phone else None
    call_by = call_today(Outcome.SAME_DAY, since=now) if promised is None else promised
    if call_by is not None and not falls_today(call_by, now=now):
        call_by = None
    situation = OutcomeContext(
        numbers=promised_numbers(),
        call_by=clock.time(call_by) if call_by else "",
        is_known=case is not None,
        is_named=patient is not None,
        has_phone=bool(patient and patient.phone),
        is_kept=not session.is_carried and case is None,
        region=settings.CLINIC_REGION,
    )
    return outcomes.explain(session.assessment, situation=situation)


def call_back_by(case: SafetyCase | None) -> datetime.datetime | None:
    """By when we try to call who left a number: never before they left it, whenever the case was opened."""
    if case is None or case.patient is None:
        return None
    return max(case.due_at, due_after(case.level, since=case.patient.created_at))


def support_line() -> str:
    """The words of the support box; its page fills in the crisis line."""
    return outcomes.SUPPORT_BOX


def safety_case(session: QuestionnaireSession) -> SafetyCase | None:
    """The case of a stored response; a carried one has none, because a danger would have stored it."""
    if session.is_carried:
        return None
    return SafetyCase.objects.select_related("patient").filter(response=session.response).first()
