"""What a person reads who was asked again: the question, and the page after a danger, in the words that they ticked."""

import dataclasses
import datetime
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from clinic.core import clock
from consultations.candidacy import asked_again as the_list
from consultations.candidacy import engine, outcomes, spoken
from consultations.candidacy.outcomes import Explanation, OutcomeContext
from consultations.candidacy.spoken import CAUDA_EQUINA_RULES
from consultations.enums import URGENT_OUTCOMES, Outcome
from consultations.models import Assessment, ConsultationRequest
from consultations.services import asked_again, clocks, sources
from consultations.services.asked_again import AskedAgainAnswer
from consultations.services.targets import falls_today, promised_numbers

NERVES: Final = frozenset({"rf_ce", "rf_weak"})
"""Questions whose signs the name of a cauda equina syndrome may speak of."""
TEMPLATES: Final = {
    Outcome.EMERGENCY: "danger_emergency.html",
    Outcome.SAME_DAY: "danger_today.html",
    Outcome.URGENT_REVIEW: "danger_soon.html",
}


@dataclasses.dataclass(frozen=True, slots=True)
class DangerPage:
    """The page after a danger. `due_at` is by when somebody acts, `calls_today` whether a call may be promised today,
    `missed` by when somebody should have. `since` is empty where what was ticked cannot be read any more. `chosen`:
    the time that was chosen and is not booked.
    """

    outcome: Outcome
    explanation: Explanation
    to_say: str
    since: str
    due_at: datetime.datetime
    calls_today: bool
    missed: datetime.datetime | None
    opens_at: datetime.datetime | None
    signs: str
    chosen: datetime.datetime | None

    @property
    def is_emergency(self) -> bool:
        return self.outcome == Outcome.EMERGENCY

    @property
    def template(self) -> str:
        return TEMPLATES[self.outcome]


def since_words(moment: datetime.datetime) -> str:
    """The day, or today with the time."""
    is_today = clock.local(moment).date() == clock.today()
    return _("%(time)s today") % {"time": clock.time(moment)} if is_today else clock.day(moment)


def question(consultation_request: ConsultationRequest) -> str:
    """The one question, with since when, and of whom where a helper reads it."""
    since = since_words(asked_again.since(consultation_request))
    if not consultation_request.helped_name:
        return the_list.question(since)
    return the_list.question_about(consultation_request.helped_name, since)


def danger_of(consultation_request: ConsultationRequest) -> DangerPage | None:
    """The last answer, when it was a danger and a red flag still stands."""
    answer = asked_again.last_answer(consultation_request)
    if answer is None or answer.outcome not in URGENT_OUTCOMES or not consultation_request.flag_level:
        return None
    return _danger(consultation_request, answer)


def _danger(consultation_request: ConsultationRequest, answer: Assessment) -> DangerPage:
    told, outcome, now = asked_again.told_in(answer), Outcome(answer.outcome), clock.now()
    due_at = consultation_request.danger_due_at or consultation_request.due_at
    situation = OutcomeContext(
        numbers=promised_numbers(), is_known=True, is_named=True, has_phone=True, region=settings.CLINIC_REGION
    )
    return DangerPage(
        outcome=outcome,
        explanation=outcomes.explain_told(outcome, told.words if told else (), situation=situation),
        to_say=_to_say(consultation_request, told) if told else "",
        since=_since_of(told) if told and told.said is None else "",
        due_at=due_at,
        calls_today=falls_today(due_at, now=now),
        missed=clocks.missed(consultation_request, now=now),
        opens_at=None if clock.is_open(now) else clock.next_opening(now),
        signs=outcomes.emergency_signs(region=settings.CLINIC_REGION),
        chosen=datetime.datetime.fromisoformat(told.chosen) if told and told.chosen else None,
    )


def _since_of(told: AskedAgainAnswer) -> str:
    return since_words(datetime.datetime.fromisoformat(told.since))


def _to_say(consultation_request: ConsultationRequest, told: AskedAgainAnswer) -> str:
    """What to read aloud. Whoever calls for somebody else says first of whom they speak."""
    if told.said is not None:
        version = sources.unopened(consultation_request.response_id).questionnaire_version
        return spoken.what_to_say(engine.assess(told.said, version=version), region=settings.CLINIC_REGION)
    ticks = [tick for code, tick in the_list.ticks().items() if code in told.ticks]
    nerves = [tick.said_in(settings.CLINIC_REGION) for tick in ticks if NERVES & set(tick.lays)]
    others = [tick.said_in(settings.CLINIC_REGION) for tick in ticks if not NERVES & set(tick.lays)]
    return spoken.say_since(
        others, nerves, since=_since_of(told), names_cauda_equina=bool(told.rules & CAUDA_EQUINA_RULES)
    )


def notice(consultation_request: ConsultationRequest) -> str:
    """What stands on the page after an answer without a danger."""
    waits = asked_again.to_be_asked_by(consultation_request)
    if waits is not None:
        asks = _("Thank you. A nurse asks you about the operation or injection by %(moment)s.")
        return asks % {"moment": clock.moment(waits)}
    return _("Thank you. We have your answer. If something changes, tell us here at once.")
