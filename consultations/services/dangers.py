"""A danger, however it was told: what was said is kept, the case opened or raised, the request raised, in one act.

`services/sources.py` says what a person told us before; a red flag stands until a doctor settles it. All requests of
the person are locked with one of them (`services/transitions.py`).
"""

import dataclasses
import datetime
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.db.models import Max, QuerySet

from clinic.accounts.models import User
from clinic.core import clock
from consultations.candidacy import asked_again, outcomes
from consultations.candidacy.asked_again import Judgement
from consultations.candidacy.standing import Standing, signs_in
from consultations.candidacy.union import Sign
from consultations.enums import (
    OUTCOME_RISK,
    REACHED,
    AssessmentOrigin,
    CaseStatus,
    Outcome,
)
from consultations.models import (
    Assessment,
    Call,
    ConsultationRequest,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.questionnaire import definition, flow
from consultations.services import cases, clocks, slot_release
from consultations.services.sources import (
    AnswerSource,
    Settled,
    base_from,
    responses_of_person,
    standing_from,
    standing_of,
    told_and_settled,
    unopened,
)

QUIET: Final = datetime.timedelta(hours=24)
"""The same tick again in this time is added to its open case without a new alarm."""
MOMENT: Final = datetime.timedelta(microseconds=1)


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """What became of something that was said later. `case` is None where no danger was."""

    assessment: Assessment
    judgement: Judgement
    case: SafetyCase | None

    @property
    def is_danger(self) -> bool:
        return self.judgement.is_danger

    @property
    def outcome(self) -> Outcome:
        return self.judgement.outcome


def hear(
    *,
    response: QuestionnaireResponse,
    consultation_request: ConsultationRequest | None,
    origin: AssessmentOrigin,
    said: Mapping[str, Any] | None = None,
    ticks: Collection[str] = (),
    asked_by: User | None = None,
    shown: Mapping[str, Any] | None = None,
) -> Heard:
    """Keep what was said now, and act on a danger in it: its case is opened, raised or opened again, and the request
    raised. Call inside a transaction, with the requests of the person locked, and the response where
    it has none.

    `ticks` are codes of the list of `asked_again`, `said` raw answers of a call, `shown` what the page with the list
    showed. The caller records the event.
    """
    sources, settled = told_and_settled(response)
    version, base = response.questionnaire_version, base_from(response, sources, settled)
    answers = {**asked_again.said_by(ticks, version=version), **(said or {})}
    before, rested = (
        standing_from(response, consultation_request, sources, settled).level,
        _settled_now(sources, settled),
    )
    judgement = asked_again.judge(base=base, said=answers, ticked=ticks, settled=rested, before=before, version=version)
    case = None
    if judgement.is_danger:
        now_said = signs_in(answers, definition.load(version)) | {asked_again.ticks()[code].sign for code in ticks}
        case = _sound(
            response,
            consultation_request,
            judgement,
            now_said=now_said,
            sources=sources,
            rested=rested,
            asked_by=asked_by,
        )
    record = {
        "base": base,
        "said": answers,
        "ticks": sorted(ticks),
        "settled": sorted(map(list, rested)),
        "before": before or "",
        **({"shown": dict(shown)} if shown else {}),
    }
    # Later than its case was opened, and than anything was settled: what is said now is said after it.
    at = max([clock.now(), *(moment + MOMENT for moment in settled.last.values())])
    row = _store(response, judgement, record, origin=origin, asked_by=asked_by, at=at)
    if consultation_request is not None:
        _raise_request(consultation_request, judgement)
    theirs = ConsultationRequest.objects.filter(response__in=responses_of_person(response)).order_by("pk")
    if judgement.is_danger:
        _end_bookings(theirs)
    # Of a caller whose case is joined to somebody with a request, that one shows it.
    if (shown_on := consultation_request or theirs.select_related("patient").first()) is not None:
        refresh(shown_on)
    return Heard(row, judgement, case)


def _settled_now(sources: Iterable[AnswerSource], settled: Settled) -> set[Sign]:
    """The signs that a doctor settled after they were last said."""
    last_said: dict[Sign, datetime.datetime] = {}
    for source in sources:
        last_said |= dict.fromkeys(source.signs, source.at)
    return {sign for sign, at in settled.last.items() if sign not in last_said or last_said[sign] <= at}


def _store(
    response: QuestionnaireResponse,
    judgement: Judgement,
    record: Mapping[str, Any],
    *,
    origin: AssessmentOrigin,
    asked_by: User | None,
    at: datetime.datetime,
) -> Assessment:
    assessed, result = judgement.assessment, judgement.assessment.as_json()
    newest = Assessment.objects.filter(response=response.pk).aggregate(newest=Max("revision"))["newest"] or 0
    return Assessment.objects.create(
        response=response,
        revision=newest + 1,
        origin=origin,
        asked_by=asked_by,
        outcome=judgement.outcome,
        urgency=assessed.urgency,
        disposition=assessed.disposition,
        is_early_exit=assessed.early_exit,
        is_booking_allowed=assessed.booking_allowed,
        result=json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        record={
            **record,
            "answers": dict(judgement.answers),
            "cleaned": dict(assessed.cleaned),
            "asked": _as_asked(response, judgement),
        },
        questionnaire_version=result["versions"]["questionnaire"],
        ruleset_version=result["versions"]["ruleset"],
        content_hash=result["versions"]["hash"],
        app_version=settings.APP_VERSION,
        assessed_at=at,
    )


def _as_asked(response: QuestionnaireResponse, judgement: Judgement) -> list[dict[str, Any]]:
    return flow.as_asked(judgement.answers, version=response.questionnaire_version, region=settings.CLINIC_REGION)


def _sound(
    response: QuestionnaireResponse,
    consultation_request: ConsultationRequest | None,
    judgement: Judgement,
    *,
    now_said: Collection[Sign],
    sources: Sequence[AnswerSource],
    rested: Collection[Sign],
    asked_by: User | None,
) -> SafetyCase:
    """Open the case of the response, raise it, or open it again; what its open case has heard already rests a day.

    Not what a doctor settled since (`rested`): told again, it is new. Who has taken the case on and hears on the phone
    what the form said is told nothing new.
    """
    case = SafetyCase.objects.select_for_update(of=("self",)).filter(response=response.pk).first()
    if case is None:
        patient = consultation_request.patient if consultation_request is not None else None
        return cases.open_case(response=response, level=judgement.level, patient=patient, by=asked_by)
    if case.status == CaseStatus.CLOSED:
        cases.reopen(case=case, level=judgement.level, reason="told")
        return case
    is_theirs = asked_by is not None and case.acknowledged_by_id == asked_by.pk
    own = [item for item in sources if item.response_id == response.pk]
    later = [item for item in own if item.origin != AssessmentOrigin.FORM and item.at >= case.raised_at]
    told = own if is_theirs else later
    is_new = not set(now_said) <= {sign for item in told for sign in item.signs} - set(rested)
    is_worse = OUTCOME_RISK[judgement.level] < OUTCOME_RISK[Outcome(case.level)]
    if is_new or is_worse or (not is_theirs and _may_alarm_again(case, told)):
        cases.raise_level(case=case, level=judgement.level if is_worse else Outcome(case.level))
    return case


def _may_alarm_again(case: SafetyCase, told: Sequence[AnswerSource]) -> bool:
    """A day has passed since its alarm, or somebody was reached since the person last told us."""
    if clock.now() - case.alarmed_at >= QUIET:
        return True
    last = max((item.at for item in told), default=case.raised_at)
    return Call.objects.filter(response=case.response_id, outcome__in=REACHED, made_at__gt=last).exists()


def _raise_request(consultation_request: ConsultationRequest, judgement: Judgement) -> None:
    """Never less pressing than it was; its status stays."""
    if not judgement.is_danger:
        return
    level, now = judgement.level, clock.now()
    if OUTCOME_RISK[level] <= consultation_request.risk:
        consultation_request.risk, consultation_request.priority = OUTCOME_RISK[level], outcomes.priority(level)
    consultation_request.danger_due_at = clocks.danger_due(consultation_request, level, now=now)
    consultation_request.booking_ordered_at = consultation_request.booking_ordered_by = None
    consultation_request.save(
        update_fields=["risk", "priority", "danger_due_at", "booking_ordered_at", "booking_ordered_by"]
    )


def _end_bookings(theirs: QuerySet[ConsultationRequest]) -> None:
    """No time can be taken with any request of the person while a flag stands. Whoever ordered a visit did not know."""
    theirs.exclude(booking_ordered_at=None).update(booking_ordered_at=None, booking_ordered_by=None)
    for their in theirs:
        slot_release.release_chosen(their, reason=slot_release.ReleaseReason.DANGER)


def refresh(consultation_request: ConsultationRequest) -> Standing:
    """Set what the request shows of its red flags to what stands now. Call inside a transaction, on a locked row.

    The person's other requests, which are locked with it, are set as well.
    """
    standing = standing_of(unopened(consultation_request.response_id), consultation_request=consultation_request)
    consultation_request.flag_level = standing.level or ""
    consultation_request.save(update_fields=["flag_level"])
    others = ConsultationRequest.objects.filter(patient__person=consultation_request.patient.person_id).exclude(
        pk=consultation_request.pk
    )
    for other in others:
        other.flag_level = standing_of(unopened(other.response_id), consultation_request=other).level or ""
        other.save(update_fields=["flag_level"])
    return standing
