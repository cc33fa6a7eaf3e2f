"""From the first answer to a sent request: every screen saved, every danger kept, one request a response."""

import dataclasses
import datetime
import json
import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clinic.core import audit, clock
from clinic.core.database_errors import constraint_of
from clinic.core.encryption import DamagedRecord, Undecodable, new_token
from clinic.core.names import greeting_name
from clinic.core.notices import PRIVACY_NOTICE_VERSION
from consultations import phones
from consultations.candidacy import engine, outcomes
from consultations.enums import (
    OUTCOME_RISK,
    SAFETY_OUTCOMES,
    URGENT_OUTCOMES,
    Actor,
    CaseStatus,
    ConsentKind,
    ContactPreference,
    FilledFor,
    MessageKind,
    Outcome,
    ResponseStatus,
    SafeToContact,
    TextKind,
)
from consultations.models import (
    Assessment,
    Consent,
    ConsultationRequest,
    Patient,
    QuestionnaireResponse,
    SafetyCase,
)
from consultations.models.stored import result_of
from consultations.questionnaire import definition, flow
from consultations.services import cases, messaging, patient_texts, persons, saved_links
from consultations.services.private_links import email_index
from consultations.services.targets import due_after

logger = logging.getLogger(__name__)
REFERENCE_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
UNIQUE_REFERENCE: Final = "consultations_consultationrequest.reference"
"""What the database calls the rule that no two requests have one reference."""


class AlreadySent(Exception):
    """The response was sent: its answers are frozen. The request's status page says where it stands."""


class Deleted(Exception):
    """The response was not sent in time and is gone (`services/retention.py`), perhaps since the page was shown."""


class NotReady(Exception):
    """The response cannot be sent yet: a danger stop stands, or a contact detail is missing."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """What the contact screen collects. `email` may be empty only when the person asked to be phoned.

    `phone` is what was typed, words and all. Without `birth_on`, it is the short form for a safety call.
    """

    name: str
    birth_on: datetime.date | None
    email: str
    phone: str
    contact_by: ContactPreference = ContactPreference.EITHER
    safe_to_contact: SafeToContact = SafeToContact.ANY
    filled_for: FilledFor = FilledFor.SELF
    helper_name: str = ""

    @property
    def helped_name(self) -> str:
        """Whom a helper fills it in for, by the name to speak of; "" when it is for oneself."""
        if self.filled_for != FilledFor.OTHER:
            return ""
        return greeting_name(self.name) or _("the patient")

    def as_json(self) -> dict[str, str | None]:
        return {**dataclasses.asdict(self), "birth_on": self.birth_on.isoformat() if self.birth_on else None}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Contact":
        """Raises Undecodable for anything but what `as_json` gave."""
        try:
            return cls(**{**data, "birth_on": datetime.date.fromisoformat(data["birth_on"])})
        except (KeyError, TypeError, ValueError):
            raise Undecodable("The contact details of a response are not of their shape.") from None


def current_rules() -> str:
    """The version of the rules that a check begun now is judged by."""
    return engine.ruleset_for(definition.CURRENT_VERSION).version


def draft() -> QuestionnaireResponse:
    """A response on the current questionnaire that nobody has written down yet."""
    now = clock.now()
    return QuestionnaireResponse(
        token=new_token(), questionnaire_version=definition.CURRENT_VERSION, started_at=now, updated_at=now
    )


@transaction.atomic
def start() -> QuestionnaireResponse:
    """Open a response on the current questionnaire."""
    response = draft()
    response.save(force_insert=True)
    audit.record(action="response.start", target=response, actor=Actor.PATIENT.value)
    return response


@transaction.atomic
def save_answers(
    *, response: QuestionnaireResponse, answers: Mapping[str, Any], network: str = ""
) -> engine.Evaluation:
    """Keep one screen's answers, raw, and say what the rules make of all answers so far.

    Once the answers reach EMERGENCY or SAME_DAY, a safety case and the assessment behind it are kept in the same
    transaction; `network` is where they came from, to tell a flood. Raises AlreadySent.
    """
    fresh = lock_open(response)
    assessment, headline = take_in(fresh, answers)
    fresh.save(update_fields=["answers", "highest_outcome", "updated_at"])
    if headline in SAFETY_OUTCOMES:
        _keep_danger(fresh, assessment, headline, network=network)
    audit.record(action="response.save", target=fresh, actor=Actor.PATIENT.value, fields=sorted(answers), details={})
    return assessment


def take_in(response: QuestionnaireResponse, answers: Mapping[str, Any]) -> tuple[engine.Evaluation, Outcome | None]:
    """Put one screen's answers to a response in memory; what the rules make of all of them, and the headline so far."""
    version = response.questionnaire_version
    response.answers = {**response.answers, **answers}
    assessment = engine.assess(response.answers, version=version)
    headline = settled_headline(response.answers, assessment, version=version)
    if headline is not None:
        so_far = response.highest_outcome
        response.highest_outcome = engine.highest(so_far, headline) if so_far else headline
    response.updated_at = clock.now()
    return assessment, headline


def settled_headline(answers: Mapping[str, Any], assessment: engine.Evaluation, *, version: str) -> Outcome | None:
    """The headline that these answers have earned and the patient is shown, or None while that is still open.

    An emergency counts as soon as every question behind it has its answer, a same-day sign and the age limit at the end
    of the safety section, everything else when no required question is left.
    """
    outcome = Outcome(assessment.outcome)
    if engine.emergency_is_settled(assessment):
        return Outcome.EMERGENCY
    if not flow.safety_complete(answers, version=version):
        return None
    is_complete = flow.first_incomplete(answers, version=version) is None
    if outcome in SAFETY_OUTCOMES or assessment.early_exit or is_complete:
        return outcome
    return None


@transaction.atomic
def save_contact(*, response: QuestionnaireResponse, contact: Contact) -> None:
    """Keep the contact screen until the request is sent."""
    fresh = lock_open(response)
    fresh.contact, fresh.updated_at = contact.as_json(), clock.now()
    fresh.save(update_fields=["contact", "updated_at"])
    audit.record(action="response.contact", target=fresh, actor=Actor.PATIENT.value, fields=["contact"])


@transaction.atomic
def ask_for_call_back(*, response: QuestionnaireResponse, contact: Contact) -> SafetyCase:
    """Put a name and number to a safety case that was anonymous, so that somebody can ring. Harmless when repeated."""
    case = SafetyCase.objects.select_for_update(of=("self",)).get(response=response)
    if case.patient_id is None:
        cases.name_person(case=case, patient=make_patient(contact), tells=True)
        patient_texts.keep_if_marked(response_id=case.response_id, kind=TextKind.PHONE, text=contact.phone)
        if case.status == CaseStatus.CLOSED:
            # It was closed as that of a visitor nobody could call. Now somebody waits for the call.
            cases.reopen(case=case, level=Outcome(case.level), reason="named")
    return case


def send(*, response: QuestionnaireResponse, wordings: Mapping[ConsentKind, str]) -> ConsultationRequest:
    """Turn the response into a request: patient, consents, final assessment, link and alert, or nothing at all.

    Sending twice gives the same request. Raises NotReady when the contact screen is missing, or the answers stop at an
    emergency or at under 18; raises Deleted.
    """
    with transaction.atomic():
        fresh = _lock(response)
        sent = ConsultationRequest.objects.filter(response=fresh).first()
        if sent is not None:
            return sent
        return _send(fresh, wordings)


def _send(response: QuestionnaireResponse, wordings: Mapping[ConsentKind, str]) -> ConsultationRequest:
    if not response.contact:
        raise NotReady(_("Tell us how to reach you before you send your answers."))
    if missing := [kind for kind in ConsentKind if kind not in wordings]:
        raise NotReady(_("Tick every box before you send your answers (%(count)s left).") % {"count": len(missing)})
    assessment = engine.assess(response.answers, version=response.questionnaire_version)
    if assessment.outcome == Outcome.EMERGENCY or is_under_age(assessment):
        raise NotReady(_("These answers end here. Change an answer if one of them is a mistake."))
    contact, now = Contact.from_json(response.contact), clock.now()
    stored = _store_assessment(response, assessment)
    highest = engine.highest(response.highest_outcome or assessment.outcome, assessment.outcome)
    response.status, response.completed_at, response.updated_at = ResponseStatus.COMPLETED, now, now
    response.highest_outcome, response.contact = highest, {}
    response.asked = as_asked(response)
    response.save()
    patient = make_patient(contact)
    due_at = due_after(highest, since=now, is_low_mood=outcomes.is_low_mood(assessment))
    consultation_request = _create_request(
        patient=patient,
        response=response,
        assessment=stored,
        filled_for=contact.filled_for,
        helper_name=contact.helper_name,
        status_changed_at=now,
        outcome=assessment.outcome,
        highest_outcome=highest,
        priority=outcomes.priority(highest),
        risk=OUTCOME_RISK[Outcome(highest)],
        has_note=bool(str(response.answers.get("ex_note") or "").strip() or response.brought),
        submitted_at=now,
        due_at=due_at,
        **_danger_of(highest, due_at),
    )
    response.hand_key_to(patient)
    given = {"consultation_request": consultation_request, "notice_version": PRIVACY_NOTICE_VERSION, "given_at": now}
    Consent.objects.bulk_create(Consent(kind=kind, wording=text, **given) for kind, text in wordings.items())
    if case := SafetyCase.objects.select_for_update(of=("self",)).filter(response=response).first():
        cases.attach_patient(case=case, patient=patient)
    _keep_texts(consultation_request, contact)
    saved_links.settle(response)
    audit.record(
        action="request.send",
        target=consultation_request,
        actor=Actor.PATIENT.value,
        details={"outcome": str(assessment.outcome)},
    )
    messaging.notify_patient(
        kind=MessageKind.REQUEST_RECEIVED,
        consultation_request=consultation_request,
        key=f"received-{consultation_request.pk}",
    )
    return consultation_request


def _danger_of(highest: Outcome, due_at: datetime.datetime) -> dict[str, Any]:
    """The red flag that stands with the request, and its clock."""
    if highest not in URGENT_OUTCOMES:
        return {}
    return {"flag_level": highest, "danger_due_at": due_at}


def _keep_texts(consultation_request: ConsultationRequest, contact: Contact) -> None:
    """Everything in it that the person wrote in their own words: also a note that no screen shows any more."""
    response = consultation_request.response
    for question in definition.load(response.questionnaire_version).questions:
        if question.kind == "text" and isinstance(text := response.answers.get(question.id), str):
            patient_texts.keep(response_id=response.pk, kind=TextKind.NOTE, text=text)
    patient_texts.keep(response_id=response.pk, kind=TextKind.DECISION_AID, text=response.brought)
    patient_texts.keep_if_marked(response_id=response.pk, kind=TextKind.PHONE, text=contact.phone)
    patient_texts.settle(consultation_request)


def is_under_age(assessment: engine.Evaluation) -> bool:
    return any(fired.id == "CX-AGE-01" for fired in assessment.fired)


def _create_request(**values: Any) -> ConsultationRequest:
    """Insert under a fresh human reference; a clash of references is drawn again."""
    for _try in range(5):
        try:
            with transaction.atomic():
                return ConsultationRequest.objects.create(reference=_new_reference(), **values)
        except IntegrityError as error:
            if constraint_of(error) != UNIQUE_REFERENCE:
                raise
    raise RuntimeError("No free reference in five draws.")


def _new_reference() -> str:
    drawn = "".join(secrets.choice(REFERENCE_ALPHABET) for _letter in range(6))
    return f"{settings.REFERENCE_PREFIX}-{drawn[:4]}-{drawn[4:]}"


def make_patient(contact: Contact) -> Patient:
    patient = described(contact)
    patient.full_clean(validate_unique=False, exclude={"own_person", "person"})
    patient.own_person = patient.person = persons.make()
    patient.save()
    return patient


def described(contact: Contact) -> Patient:
    """The patient that these details describe, not written down yet."""
    number, as_typed = phones.stored(contact.phone)
    return Patient(
        name=contact.name,
        birth_on=contact.birth_on,
        email=contact.email,
        email_index=email_index(contact.email) if contact.email else "",
        phone=number,
        phone_as_typed=as_typed,
        phone_index=phones.phone_index(number),
        contact_by=contact.contact_by,
        safe_to_contact=contact.safe_to_contact,
        created_at=clock.now(),
    )


def lock_open(response: QuestionnaireResponse) -> QuestionnaireResponse:
    """The response as it stands now, held until the transaction ends. Raises AlreadySent and Deleted."""
    fresh = _lock(response)
    if fresh.status == ResponseStatus.COMPLETED:
        raise AlreadySent
    return fresh


def _lock(response: QuestionnaireResponse) -> QuestionnaireResponse:
    # Its key stays free: whoever holds the safety case may keep a text about this response meanwhile.
    responses = QuestionnaireResponse.objects.select_for_update(of=("self",), no_key=True)
    fresh = responses.filter(pk=response.pk).first()
    if fresh is None:
        raise Deleted
    return fresh


def _keep_danger(
    response: QuestionnaireResponse, assessment: engine.Evaluation, headline: Outcome, *, network: str = ""
) -> None:
    """One case a response. It is raised at the first danger, and made more pressing, never less, by a later one.

    A case that staff have closed opens again when the answers name a danger that they did not name before.
    """
    case = SafetyCase.objects.select_for_update(of=("self",)).filter(response=response).first()
    if case is None:
        _store_assessment(response, assessment)
        cases.open_case(response=response, level=headline, network=network)
        return
    is_worse = OUTCOME_RISK[headline] < OUTCOME_RISK[Outcome(case.level)]
    if is_worse or (case.status == CaseStatus.CLOSED and _names_new_danger(response, assessment, headline)):
        _store_assessment(response, assessment)
        cases.raise_level(case=case, level=headline if is_worse else Outcome(case.level), network=network)


def as_asked(response: QuestionnaireResponse) -> list[dict[str, Any]]:
    """The questions of a response in the words that this clinic shows them in, with the answers."""
    region = settings.CLINIC_REGION
    return flow.as_asked(response.answers, version=response.questionnaire_version, region=region)


def _names_new_danger(response: QuestionnaireResponse, assessment: engine.Evaluation, headline: Outcome) -> bool:
    try:
        newest = response.assessments.order_by("-revision").first()
        known = {item["id"] for item in result_of(newest.result)["fired"]} if newest else set()
    except DamagedRecord as damage:
        # What was named before cannot be read: then every danger is a new one.
        logger.error("damaged record: assessments of response %s (%s)", response.pk, type(damage).__name__)
        known = set()
    return not known.issuperset(fired.id for fired in assessment.fired if fired.effect == outcomes.DECIDING[headline])


def _store_assessment(response: QuestionnaireResponse, assessment: engine.Evaluation) -> Assessment:
    result = assessment.as_json()
    return Assessment.objects.create(
        response=response,
        revision=response.assessments.count() + 1,
        outcome=assessment.outcome,
        urgency=assessment.urgency,
        disposition=assessment.disposition,
        is_early_exit=assessment.early_exit,
        is_booking_allowed=assessment.booking_allowed,
        result=json.dumps(result, sort_keys=True, separators=(",", ":"), ensure_ascii=False),
        record={"answers": response.answers, "cleaned": dict(assessment.cleaned), "asked": as_asked(response)},
        questionnaire_version=result["versions"]["questionnaire"],
        ruleset_version=result["versions"]["ruleset"],
        content_hash=result["versions"]["hash"],
        app_version=settings.APP_VERSION,
        assessed_at=clock.now(),
    )
