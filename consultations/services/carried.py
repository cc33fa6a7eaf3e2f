"""A check that is carried in the page, encrypted, while a network is over its limit: nothing of it is stored with us.

It is written down when a danger fires or the request is sent. Its token is drawn at the start, so a second press, the
back button or a second tab find the row that the first one wrote.
"""

import datetime
import json
from collections.abc import Container, Iterable, Mapping
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from clinic.core import audit, clock, encryption
from clinic.core.database_errors import constraint_of
from consultations.candidacy import engine
from consultations.enums import SAFETY_OUTCOMES, Actor, ConsentKind
from consultations.models import ConsultationRequest, QuestionnaireResponse
from consultations.questionnaire.cleaning import NONE
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
    """As long as a browser's session."""
    return datetime.timedelta(hours=settings.KEEP_UNSENT_HOURS)


def pack(draft: QuestionnaireResponse, *, browser: str = "") -> str:
    """The response as text that only we can read, for a hidden field; `browser` says whose page it is in."""
    state = {
        "token": draft.token,
        "browser": browser,
        "version": draft.questionnaire_version,
        "answers": draft.answers,
        "contact": draft.contact,
        "brought": draft.brought,
        "highest": draft.highest_outcome,
        "began": draft.started_at.isoformat(),
    }
    return encryption.encrypt(json.dumps(state, ensure_ascii=False, separators=(",", ":")), context=CONTEXT)


def unpack(text: str, *, browser: str = "", known: Container[str] = ()) -> QuestionnaireResponse:
    """The response that was packed, in memory. Raises CannotBeRead.

    In another browser than it was packed for, only its answers go on, under a token of that browser: the row that the
    first browser wrote, or will write, is not opened there. `known` are the tokens this browser has anyway.
    """
    if len(text) > LONGEST:
        raise CannotBeRead("too long")
    try:
        state = json.loads(encryption.decrypt(text, context=CONTEXT))
        draft = _from_state(state)
        load(draft.questionnaire_version)
    except (encryption.DecryptionError, UnknownVersion, ValueError, KeyError) as problem:
        raise CannotBeRead(str(problem)) from problem
    if clock.now() >= draft.started_at + lifetime():
        raise CannotBeRead("too old")
    if not constant_time_compare(state.get("browser", ""), browser) and draft.token not in known:
        # Worked out and not drawn, so that a second press in that browser finds the row of its first.
        draft.token = salted_hmac(CONTEXT, f"{draft.token}:{browser}", algorithm="sha256").hexdigest()
        draft.contact, draft.brought = {}, ""
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
    """Store what was carried, as if each page had been saved. What another press of it stored already is added to.

    `network` is where the answers came from, to tell a flood. Raises AlreadySent.
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
        return _add_to(QuestionnaireResponse.objects.get(token=draft.token), draft, network)
    audit.record(action="response.start", target=row, actor=Actor.PATIENT.value)
    return _keep(row, draft, draft.answers, network)


def _keep(
    row: QuestionnaireResponse, draft: QuestionnaireResponse, answers: Mapping[str, Any], network: str
) -> QuestionnaireResponse:
    """Save the answers, and the contact details and words that the row does not have yet."""
    if answers:
        intake.save_answers(response=row, answers=answers, network=network)
    if draft.contact and not row.contact:
        intake.save_contact(response=row, contact=Contact.from_json(draft.contact))
    if draft.brought and not row.brought:
        carrying.bring(response=row, notes=draft.brought)
    row.refresh_from_db()
    return row


def _add_to(row: QuestionnaireResponse, draft: QuestionnaireResponse, network: str) -> QuestionnaireResponse:
    """Two tabs, or two presses with different ticks: neither may lose what the other said. Raises AlreadySent."""
    fresh = intake.lock_open(row)
    if draft.highest_outcome:
        highest = engine.highest(fresh.highest_outcome or draft.highest_outcome, draft.highest_outcome)
        if highest != fresh.highest_outcome:
            fresh.highest_outcome = highest
            fresh.save(update_fields=["highest_outcome"])
    merged = merge(fresh.answers, draft.answers, version=fresh.questionnaire_version)
    changed = {name: value for name, value in merged.items() if fresh.answers.get(name) != value}
    return _keep(fresh, draft, changed, network)


def merge(stored: Mapping[str, Any], given: Mapping[str, Any], *, version: str) -> dict[str, Any]:
    """What was given over what is stored, but never less pressing than what is stored.

    Every danger sign that was ticked in either stays ticked. Where one answer shuts out the other, that of the more
    pressing whole stays.
    """
    signs = {
        question.id: _ticked(stored[question.id], given[question.id])
        for question in load(version).questions
        if question.is_safety and question.kind == "multi" and question.id in stored and question.id in given
    }
    newer, older = {**stored, **given, **signs}, {**given, **stored, **signs}
    outcomes = [engine.assess(answers, version=version).outcome for answers in (newer, older)]
    return newer if engine.highest(*outcomes) == outcomes[0] else older


def _ticked(stored: Iterable[str], given: Iterable[str]) -> list[str]:
    both = list(dict.fromkeys([*stored, *given]))
    return [item for item in both if item != NONE] or both


@transaction.atomic
def send(*, draft: QuestionnaireResponse, wordings: Mapping[ConsentKind, str]) -> ConsultationRequest:
    """Write down and send in one. Raises NotReady, and then nothing is stored; raises AlreadySent."""
    return intake.send(response=write_down(draft=draft), wordings=wordings)
