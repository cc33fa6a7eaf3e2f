"""The danger questions of a call, saved screen by screen: what is new acts with the screen that named it, and
the whole of what was heard is one assessment when the call ends.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.refusals import NotAllowed
from consultations.candidacy import call_script
from consultations.candidacy.standing import signs_in
from consultations.candidacy.union import ASKED, Sign
from consultations.enums import CallOutcome
from consultations.models import Call
from consultations.permissions import require
from consultations.questionnaire import definition
from consultations.services import clocks
from consultations.services.calls import MAY_CALL, CallOver, NothingAsked, hear, hold, is_open
from consultations.services.dangers import Heard


@dataclasses.dataclass(frozen=True, slots=True)
class Saved:
    """The call as it stands now; `heard` where what was saved named a sign that this call had not named before."""

    call: Call
    heard: Heard | None


@transaction.atomic
def save(*, call: Call, answers: Mapping[str, Any], by: User) -> Saved:
    """Keep one screen of a script; a question without an answer was not asked. A sign that is new in this call acts in
    the same transaction. Raises NotAllowed, CallOver.
    """
    consultation_request = hold(call.response)
    fresh = _lock(call, by=by)
    merged = _laid_over(fresh.answers, answers)
    if merged == fresh.answers:
        return Saved(fresh, None)
    fresh.answers = merged
    if merged:
        fresh.heard_at = clock.now()
    heard = hear(fresh, consultation_request, by=by) if _signs_of(merged, fresh) - _signs_known(fresh) else None
    fresh.save(update_fields=["answers", "heard_at", "assessment"])
    audit.record(action="call.save", target=fresh, by=by, fields=sorted(answers))
    return Saved(fresh, heard)


@transaction.atomic
def finish(*, call: Call, note: str, by: User) -> Saved:
    """End a script: what was heard is one assessment, and what was not asked stays not asked. Twice is harmless.

    Raises NotAllowed, CallOver, NothingAsked.
    """
    consultation_request = hold(call.response)
    fresh = _lock(call, by=by, may_be_over=True)
    if not is_open(fresh):
        if note != fresh.note or fresh.completed_at is None:
            raise CallOver(_("This call has ended already. Nothing was changed. What you wrote is kept below."))
        return Saved(fresh, None)
    if not fresh.answers:
        raise NothingAsked(_("No question was answered in this call. Select its outcome instead."))
    heard = None if _is_heard(fresh) else hear(fresh, consultation_request, by=by)
    fresh.completed_at, fresh.note = clock.now(), note
    fresh.save(update_fields=["completed_at", "note", "assessment"])
    clocks.script_finished(call=fresh, consultation_request=consultation_request, now=fresh.completed_at)
    audit.record(action="call.finish", target=fresh, by=by, fields=["completed_at"])
    return Saved(fresh, heard)


@transaction.atomic
def end_unasked(*, call: Call, outcome: CallOutcome, note: str, by: User) -> Call:
    """Say what became of a call for which the danger questions were opened and none was answered.

    Raises NotAllowed, CallOver.
    """
    hold(call.response)
    fresh = _lock(call, by=by, may_be_over=True)
    if (fresh.outcome, fresh.note) == (outcome, note):
        return fresh
    if not is_open(fresh):
        raise CallOver(_("This call has ended already. Nothing was changed. What you wrote is kept below."))
    if fresh.answers or fresh.heard_at is not None or outcome == CallOutcome.DANGER_ASKED:
        raise CallOver(
            _("Something was answered in this call: end it as one in which the danger questions were asked.")
        )
    fresh.outcome, fresh.note = outcome, note
    fresh.save(update_fields=["outcome", "note"])
    audit.record(action="call.log", target=fresh, by=by, details={"outcome": outcome.value})
    return fresh


def _lock(call: Call, *, by: User, may_be_over: bool = False) -> Call:
    require(by, *MAY_CALL)
    fresh = (
        Call.objects.select_for_update(of=("self",), no_key=True).select_related("response", "made_by").get(pk=call.pk)
    )
    if fresh.made_by_id != by.pk:
        raise NotAllowed(
            _("%(name)s is asking these questions. Begin a call of your own.") % {"name": fresh.made_by.display_name}
        )
    if may_be_over or is_open(fresh):
        return fresh
    if fresh.completed_at is None and fresh.outcome == CallOutcome.DANGER_ASKED:
        raise CallOver(_("This call began too long ago to be gone on with. Nothing was changed: begin a new one."))
    raise CallOver(_("This call has ended already. Nothing was changed."))


def _laid_over(before: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    told = {**(before.get(ASKED) or {}), **(answers.get(ASKED) or {})}
    whole = {**before, **answers, ASKED: {code: value for code, value in told.items() if value}}
    return {name: value for name, value in whole.items() if value}


def _signs_of(answers: Mapping[str, Any], call: Call) -> frozenset[Sign]:
    return _signs(answers, call_script.ticked_in(answers), call.response.questionnaire_version)


def _signs_known(call: Call) -> frozenset[Sign]:
    """The signs of this call that acted already."""
    if call.assessment is None:
        return frozenset()
    record = call.assessment.record
    return _signs(record["said"], record["ticks"], call.response.questionnaire_version)


def _signs(said: Mapping[str, Any], ticks: Iterable[str], version: str) -> frozenset[Sign]:
    return signs_in(said, definition.load(version)) | {Sign(ASKED, code) for code in ticks}


def _is_heard(call: Call) -> bool:
    """Whether the last assessment of this call holds all of it."""
    if call.assessment is None:
        return False
    said = call_script.said_in(call.answers, version=call.response.questionnaire_version)
    record = call.assessment.record
    return record["said"] == said and set(record["ticks"]) == call_script.ticked_in(call.answers)
