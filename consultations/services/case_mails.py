"""What is written to the person behind a safety case: please contact us, and the day after it was closed, how it went.

Both go by the private link of the request that was sent with the answers. Who sent none has no way in, and is called.
"""

import datetime
from collections.abc import Iterable
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.encryption import DamagedRecord
from clinic.core.refusals import TransitionNotAllowed
from consultations.enums import (
    Actor,
    CaseOutcome,
    CaseStatus,
    Effect,
    MessageKind,
    NextDayAnswer,
    Outcome,
    TextKind,
)
from consultations.models import Assessment, CaseClosing, ConsultationRequest, RuleAnswer, SafetyCase
from consultations.models.stored import result_of
from consultations.permissions import require
from consultations.services import cases, deaths, messaging, patient_texts
from consultations.services.case_proofs import request_of
from consultations.services.transitions import lock

ASKED_AFTER: Final = (CaseOutcome.WENT_FOR_CARE, CaseOutcome.NO_EMERGENCY_FOUND, CaseOutcome.SEEN_ELSEWHERE)
AT: Final = datetime.time(10)
NEEDS_US: Final = (NextDayAnswer.NOT_SEEN, NextDayAnswer.WORSE)
UNOPENED: Final = ("words", "letter_from", "reopened_words")
RED: Final = (Effect.EMERGENCY, Effect.SAME_DAY, Effect.URGENT)


class NoMail(TransitionNotAllowed):
    """There is nobody to write to. The text is fit to show to staff."""


class NotAsked(TransitionNotAllowed):
    """The question is answered, or nobody needs the answer any more."""


@transaction.atomic
def ask_to_contact(*, case: SafetyCase, by: User) -> bool:
    """Write to the person that we want to speak to them; once a day. False when it was written today already.

    Raises NotAllowed, NoMail, CaseClosed.
    """
    require(by, Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
    consultation_request = request_of(case)
    if consultation_request is None or not consultation_request.patient.email:
        raise NoMail(_("There is no email address with a request of this person. Nothing was sent."))
    locked = lock(consultation_request)
    if deaths.is_recorded(locked.patient):
        raise NoMail(_("The person is recorded as having died. Nothing was sent."))
    fresh = cases.lock_open(case)
    key = f"case-contact-{fresh.pk}-{clock.today().isoformat()}"
    if messaging.notify_patient(kind=MessageKind.PLEASE_CONTACT, consultation_request=locked, key=key) is None:
        return False
    audit.record(action="case.mail", target=fresh, by=by)
    return True


def ask_next_day(closing: CaseClosing) -> bool:
    """Owe the person the question of how it went, for tomorrow. Call inside the transaction that closes the case."""
    consultation_request = request_of(closing.case) if closing.outcome in ASKED_AFTER else None
    if consultation_request is None or consultation_request.patient.birth_on is None:
        return False
    at = clock.instant(clock.today() + datetime.timedelta(days=1), AT, fold=0)
    key = f"next-day-{closing.pk}"
    message = messaging.notify_patient(
        kind=MessageKind.NEXT_DAY_QUESTION,
        consultation_request=consultation_request,
        key=key,
        closing=closing,
        send_at=at,
    )
    if message is None:
        return False
    closing.asked_for = at
    closing.save(update_fields=["asked_for"])
    return True


def open_question(consultation_request: ConsultationRequest) -> CaseClosing | None:
    """The closing of the request's case of which the person is asked now how it went."""
    asked = CaseClosing.objects.standing().filter(case__response=consultation_request.response_id, answer="")
    return asked.filter(asked_for__lte=clock.now()).select_related("case").defer(*UNOPENED).first()


@transaction.atomic
def answer_next_day(
    *, consultation_request: ConsultationRequest, closing: int, answer: NextDayAnswer, text: str = "", once: str = ""
) -> CaseClosing:
    """Keep what the person says; who was not seen, or is worse, is a case again at once, whatever was said before.

    The same again is the same answer. Raises NotAsked where another answer is of no use any more.
    """
    locked = lock(consultation_request)
    case = SafetyCase.objects.select_for_update(of=("self",)).filter(response=locked.response_id).first()
    asked = CaseClosing.objects.filter(case=case, asked_for__lte=clock.now()).defer(*UNOPENED)
    fresh = asked.filter(pk=closing).first()
    if case is None or fresh is None:
        raise NotAsked(_("Nobody asks this of you now."))
    is_new = fresh.answer != answer and fresh.answer not in NEEDS_US
    if is_new and answer not in NEEDS_US and (fresh.answer or fresh.reopened_at is not None):
        raise NotAsked(_("We have your answer already, or no longer need it."))
    if is_new:
        _take(fresh, answer, case)
    if patient_texts.sent_before(response_id=locked.response_id, text=text, key=once) is None:
        key = patient_texts.sent_key(once, text)
        patient_texts.keep(response_id=locked.response_id, kind=TextKind.NEXT_DAY, text=text, sent_key=key)
        patient_texts.settle(locked)
    if is_new:
        audit.record(action="case.answer", target=case, actor=Actor.PATIENT.value, details={"closing": fresh.pk})
    return fresh


def _take(closing: CaseClosing, answer: NextDayAnswer, case: SafetyCase) -> None:
    is_first = not closing.answer
    closing.answer, closing.answered_at = answer, clock.now()
    closing.save(update_fields=["answer", "answered_at"])
    if is_first:
        _count(rules_behind(case), answer)
    if answer not in NEEDS_US:
        return
    level = Outcome(case.level)
    if case.status == CaseStatus.CLOSED:
        cases.reopen(case=case, level=level, reason="answered")
    else:
        cases.raise_level(case=case, level=level)


def last_asked(consultation_request: ConsultationRequest) -> CaseClosing | None:
    """The closing of which the person was asked last, answered or not."""
    asked = CaseClosing.objects.filter(case__response=consultation_request.response_id, asked_for__lte=clock.now())
    return asked.defer(*UNOPENED).order_by("asked_for", "pk").last()


def rules_behind(case: SafetyCase) -> set[str]:
    """The rules that led to a case, over all that was said with its response; what cannot be read is left out."""
    rule_ids: set[str] = set()
    for row in with_keys(Assessment.objects.filter(response=case.response_id)):
        try:
            rule_ids |= {rule["id"] for rule in result_of(row.result)["fired"] if rule["effect"] in RED}
        except DamagedRecord:
            continue
    return rule_ids


def _count(rules: Iterable[str], answer: NextDayAnswer) -> None:
    for rule in sorted(rules):
        RuleAnswer.objects.get_or_create(rule=rule, answer=answer)
        RuleAnswer.objects.filter(rule=rule, answer=answer).update(number=F("number") + 1)
