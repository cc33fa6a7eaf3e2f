"""A check that is carried in the page, encrypted, while a network is over its limit: nothing of it is stored with us.

It is written down when a danger fires or the request is sent. Its token is drawn at the start, so a second press, the
back button or a second tab find the row that the first one wrote.
"""

import datetime
import json
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction

from clinic import audit, clock, crypto
from clinic.database_errors import constraint_of
from consultations.enums import SAFETY_OUTCOMES, Actor, ConsentKind
from consultations.models import ConsultationRequest, QuestionnaireResponse
from consultations.questionnaire.definition import UnknownVersion, load
from consultations.services import carrying, intake
from consultations.services.intake import Contact

CONTEXT: Final = "check.carried"
LONGEST: Final = 60_000
"""Characters. The longest answers, contact details and decision-aid words there can be take half of it."""

WRITTEN_BEFORE: Final = "consultations_questionnaireresponse.token"


class CannotBeRead(Exception):
    """What came with the page was changed, is too long or too old, or belongs to no questionnaire of ours."""


def lifetime() -> datetime.timedelta:
    """As long as a browser's session: 12 hours."""
    return datetime.timedelta(seconds=settings.SESSION_COOKIE_AGE)


def pack(draft: QuestionnaireResponse) -> str:
    """The response as text that only we can read, for a hidden field."""
    state = {
        "token": draft.token,
        "version": draft.questionnaire_version,
        "answers": draft.answers,
        "contact": draft.contact,
        "brought": draft.brought,
        "highest": draft.highest_outcome,
        "began": draft.started_at.isoformat(),
    }
    return crypto.seal(json.dumps(state, ensure_ascii=False, separators=(",", ":")), context=CONTEXT)


def unpack(text: str) -> QuestionnaireResponse:
    """The response that was packed, in memory. Raises CannotBeRead."""
    if len(text) > LONGEST:
        raise CannotBeRead("too long")
    try:
        draft = _from_state(json.loads(crypto.open_sealed(text, context=CONTEXT)))
        load(draft.questionnaire_version)
    except (crypto.SealBroken, UnknownVersion, ValueError, KeyError) as problem:
        raise CannotBeRead(str(problem)) from problem
    if clock.now() >= draft.started_at + lifetime():
        raise CannotBeRead("too old")
    return draft


def _from_state(state: Mapping[str, Any]) -> QuestionnaireResponse:
    return QuestionnaireResponse(
        token=state["token"],
        questionnaire_version=state["version"],
        answers=state["answers"],
        contact=state["contact"],
        brought=state["brought"],
        highest_outcome=state["highest"],
        started_at=datetime.datetime.fromisoformat(state["began"]),
        updated_at=clock.now(),
    )


def take_in(*, draft: QuestionnaireResponse, answers: Mapping[str, Any], network: str = "") -> QuestionnaireResponse:
    """Keep one screen's answers with the page, or write everything down when they are a danger."""
    _, headline = intake.take_in(draft, answers)
    return write_down(draft=draft, network=network) if headline in SAFETY_OUTCOMES else draft


@transaction.atomic
def write_down(*, draft: QuestionnaireResponse, network: str = "") -> QuestionnaireResponse:
    """Store what was carried, as if each page had been saved. Harmless when repeated: the first row stays as it is.

    `network` is where the answers came from, to tell a flood.
    """
    row = QuestionnaireResponse(
        token=draft.token,
        questionnaire_version=draft.questionnaire_version,
        highest_outcome=draft.highest_outcome,
        started_at=draft.started_at,
        updated_at=draft.updated_at,
    )
    try:
        # The token is unique: a second press of the same button finds the row of the first.
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if constraint_of(error) != WRITTEN_BEFORE:
            raise
        return QuestionnaireResponse.objects.get(token=draft.token)
    audit.record(action="response.start", target=row, actor=Actor.PATIENT.value)
    if draft.answers:
        intake.save_answers(response=row, answers=draft.answers, network=network)
    if draft.contact:
        intake.save_contact(response=row, contact=Contact.from_json(draft.contact))
    if draft.brought:
        carrying.bring(response=row, words=draft.brought)
    row.refresh_from_db()
    return row


@transaction.atomic
def send(*, draft: QuestionnaireResponse, wordings: Mapping[ConsentKind, str]) -> ConsultationRequest:
    """Write down and send in one. Raises NotReady, and then nothing is stored."""
    return intake.send(response=write_down(draft=draft), wordings=wordings)
