"""Settling red flags: which signs a doctor may lower, and on what, sign by sign. Nothing else lowers one.

Source: clinical changes 1.1, section 7. What was told later than what shows it is not settled by it, and stays.
"""

import dataclasses
import datetime
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.encryption import DamagedRecord
from clinic.core.refusals import ChangedMeanwhile, TransitionNotAllowed
from consultations.candidacy import outcomes
from consultations.candidacy.standing import Standing
from consultations.candidacy.union import Sign
from consultations.enums import OUTCOME_RISK, AssessmentOrigin, CallOutcome, Outcome, SettledHow
from consultations.models import Call, CaseNote, ConsultationRequest, QuestionnaireResponse, Settlement
from consultations.services import calls, clocks, dangers, review
from consultations.services.sources import (
    SHOWN_RULE,
    UNREADABLE_RULE,
    AnswerSource,
    Settled,
    responses_of_person,
    standing_from,
    told_and_settled,
)

NOT_CHOSEN: Final = gettext_lazy("You did not select it.")
OF_NO_QUESTION: Final = (SHOWN_RULE, UNREADABLE_RULE)
"""Signs that belong to no single question: only a script in which everything was asked has asked about them."""


class NotShown(TransitionNotAllowed):
    """What a doctor says settles nothing that was chosen; the text says why."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How it was settled, and what shows it. Which parts are needed depends on how."""

    how: SettledHow
    who: str = ""
    place: str = ""
    seen_on: datetime.date | None = None
    told_by: str = ""
    call: Call | None = None
    entered_by: User | None = None
    words: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class SettlingEvidence:
    """Everything that a proof is held against. `key` changes with whatever is said or settled.

    `responses` are those of the person, in which it was said.
    """

    responses: tuple[int, ...]
    sources: tuple[AnswerSource, ...]
    settled: Settled
    standing: Standing

    @property
    def key(self) -> str:
        moments = [*(source.at for source in self.sources), *self.settled.last.values()]
        newest = max(moments).isoformat() if moments else ""
        return f"{len(self.sources)}-{len(self.settled.last)}-{newest}"

    def sources_with(self, sign: Sign) -> list[AnswerSource]:
        """Those that named it since it was last settled, oldest first."""
        since = self.settled.last.get(sign)
        return [item for item in self.sources if sign in item.signs and (since is None or item.at > since)]

    def said_at(self, sign: Sign) -> datetime.datetime:
        """When it was last said; where no source names it by itself, since when its flag stands."""
        return max(
            [item.at for item in self.sources_with(sign)]
            or [item.since for item in self.standing.flags if sign in item.open_signs]
        )

    def is_emergency(self, sign: Sign) -> bool:
        return any(item.flag.level == Outcome.EMERGENCY and sign in item.open_signs for item in self.standing.flags)


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """What would be settled, and what would stay, each with the reason."""

    settles: tuple[Sign, ...]
    stays: Mapping[Sign, str]


def told_of(consultation_request: ConsultationRequest) -> SettlingEvidence:
    response: QuestionnaireResponse = consultation_request.response
    responses = responses_of_person(response)
    sources, settled = told_and_settled(response, responses=responses)
    standing = standing_from(response, consultation_request, sources, settled)
    return SettlingEvidence(tuple(responses), tuple(sources), settled, standing)


def calls_of(told: SettlingEvidence) -> QuerySet[Call]:
    """Calls that reached this person, newest first: what was said in one can show something."""
    reached = Call.objects.filter(calls.WAS_REACHED, response__in=told.responses)
    return with_keys(reached.select_related("made_by").order_by("-made_at", "-pk"))


def judge(told: SettlingEvidence, *, chosen: Collection[Sign], proof: Proof, by: User) -> Judged:
    """Which of the signs that stand this settles. Raises NotShown for a proof that lacks a part."""
    _require_whole(proof)
    reasons = {
        sign: _reason_against(sign, told, proof, by) if sign in chosen else str(NOT_CHOSEN)
        for sign in sorted(told.standing.open_signs)
    }
    return Judged(
        tuple(sign for sign, reason in reasons.items() if not reason),
        {sign: reason for sign, reason in reasons.items() if reason},
    )


def nothing_settled(judged: Judged, chosen: Collection[Sign]) -> str:
    """Why this settles nothing that was chosen."""
    reasons = {reason for sign, reason in judged.stays.items() if sign in chosen}
    return " ".join([_("Nothing would be settled."), *sorted(reasons)])


def settle(
    *, consultation_request: ConsultationRequest, chosen: Collection[Sign], proof: Proof, seen: str, by: User
) -> Settlement:
    """Settle what the proof shows of the chosen signs. Call inside a transaction, on a locked row.

    `seen` is the key of what the page was made from. Raises ChangedMeanwhile where something was said or settled
    since, and NotShown where nothing that was chosen would be settled.
    """
    told = told_of(consultation_request)
    if seen != told.key:
        raise ChangedMeanwhile(
            _(
                "Something was said or settled while your page was open. Nothing was changed. "
                "Read it, then select again."
            )
        )
    judged = judge(told, chosen=chosen, proof=proof, by=by)
    if not judged.settles:
        raise NotShown(nothing_settled(judged, chosen))
    settlement = Settlement.objects.create(
        response=consultation_request.response,
        how=proof.how,
        signs=[list(sign) for sign in judged.settles],
        proof=_kept(proof),
        words=proof.words,
        call=proof.call,
        entered_by=proof.entered_by,
        settled_at=max(clock.now(), *(told.said_at(sign) for sign in judged.settles)),
        settled_by=by,
    )
    dangers.refresh(consultation_request)
    _lower(consultation_request)
    return settlement


def _require_whole(proof: Proof) -> None:
    is_seen = proof.how in (SettledHow.EXAMINED, SettledHow.SEEN_ELSEWHERE)
    missing = {
        _("Write by whom the person was examined."): proof.how == SettledHow.EXAMINED and not proof.who.strip(),
        _("Write where."): is_seen and not proof.place.strip(),
        _("Enter the date."): is_seen and proof.seen_on is None,
        _("Write which letter, or whose call, told us."): proof.how == SettledHow.SEEN_ELSEWHERE
        and not proof.told_by.strip(),
        _("Select the call in which the danger questions were asked."): proof.how == SettledHow.SPOKEN_TO
        and proof.call is None,
        _("Select one: the call in which the person said so, or the member of staff who entered it."): (
            proof.how == SettledHow.MISTAKE and (proof.call is None) == (proof.entered_by is None)
        ),
        _("Write what was said."): proof.how == SettledHow.MISTAKE and not proof.words.strip(),
    }
    if sentences := [sentence for sentence, is_missing in missing.items() if is_missing]:
        raise NotShown(" ".join(sentences))


def _reason_against(sign: Sign, told: SettlingEvidence, proof: Proof, by: User) -> str:
    """Why this does not settle that sign; "" when it does."""
    if proof.how == SettledHow.SPOKEN_TO and proof.call is not None:
        return _against_spoken_to(sign, told, proof.call, by)
    if proof.how == SettledHow.MISTAKE:
        return _against_mistake(sign, told, proof, by)
    if proof.seen_on is not None and proof.seen_on > clock.today():
        return _("That day is still to come.")
    said_on = clock.local(told.said_at(sign)).date()
    if proof.seen_on is None or proof.seen_on < said_on:
        return _("It was told later, on %(day)s.") % {"day": clock.day(told.said_at(sign))}
    return ""


def _against_spoken_to(sign: Sign, told: SettlingEvidence, call: Call, by: User) -> str:
    if call.outcome != CallOutcome.DANGER_ASKED or call.completed_at is None:
        return _("In that call the danger questions were not asked to the end.")
    said_in_it = any(item.pk == call.assessment_id for item in told.sources_with(sign))
    if said_in_it or told.said_at(sign) > call.made_at:
        return _("It was told in that call, or later.")
    if told.is_emergency(sign) and call.made_by_id != by.pk:
        return _("It is an emergency: the doctor who settles it makes the call.")
    return "" if _was_asked(sign, call) else _("It was not asked again in that call.")


def _was_asked(sign: Sign, call: Call) -> bool:
    try:
        return calls.asked_everything(call) if sign.question in OF_NO_QUESTION else sign in calls.signs_asked_in(call)
    except DamagedRecord:
        return False


def _against_mistake(sign: Sign, told: SettlingEvidence, proof: Proof, by: User) -> str:
    if proof.call is not None:
        is_reached = proof.call.outcome == CallOutcome.REACHED_OTHER or proof.call.completed_at is not None
        if not is_reached or told.said_at(sign) > proof.call.made_at:
            return _("It was told in or after that call.")
        return ""
    sources = told.sources_with(sign)
    mine = [item for item in sources if item.origin == AssessmentOrigin.CALL and item.asked_by == proof.entered_by]
    if not mine or len(mine) < len(sources):
        return _("It was told otherwise too, so that it was entered by mistake is for the person to say.")
    if proof.entered_by != by and not _says_so(sign, told, proof.entered_by):
        return _("Whoever entered it says so first, in a note on the safety case.")
    return ""


def _says_so(sign: Sign, told: SettlingEvidence, author: User | None) -> bool:
    """Whether the member of staff wrote that they entered it by mistake, after they did."""
    responses = {source.response_id for source in told.sources_with(sign)}
    notes = CaseNote.objects.filter(case__response__in=responses, written_by=author, says_mistake=True)
    return notes.filter(written_at__gte=told.said_at(sign)).exists()


def _kept(proof: Proof) -> dict[str, str]:
    """What stands in words, without what is empty."""
    texts = {
        "who": proof.who,
        "place": proof.place,
        "seen_on": proof.seen_on.isoformat() if proof.seen_on else "",
        "told_by": proof.told_by,
    }
    return {name: text for name, text in texts.items() if text}


def _lower(consultation_request: ConsultationRequest) -> None:
    """Each request of the person is as pressing as what is left, and off the clock of a danger once nothing stands.
    What a colleague escalated stays pressing: that is settled by itself.
    """
    others = ConsultationRequest.objects.filter(patient__person=consultation_request.patient.person_id).exclude(
        pk=consultation_request.pk
    )
    rows: Iterable[ConsultationRequest] = [consultation_request, *others.select_related("assessment")]
    for row in rows:
        left = Outcome(row.flag_level) if row.flag_level else review.suggestion_of(row)
        if OUTCOME_RISK[left] > row.risk and not row.is_escalated:
            row.risk, row.priority = OUTCOME_RISK[left], outcomes.priority(left)
        if not row.flag_level:
            row.booking_ordered_at = row.booking_ordered_by = None
        fields = ["risk", "priority", "booking_ordered_at", "booking_ordered_by", *clocks.danger_settled(row)]
        row.save(update_fields=fields)
