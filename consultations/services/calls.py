"""Calls about a person who answered, or was answered for: each is on record once, for request and safety case alike.

A call in which the danger questions are asked is saved screen by screen. What is heard in it acts at once: a sign of
danger goes to `services/dangers.py` with the screen that named it, and the whole of the call when it ends.
"""

import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.encrypted_rows import with_keys
from clinic.core.refusals import ChangedMeanwhile, TransitionNotAllowed
from consultations.candidacy import call_script
from consultations.candidacy.union import ASKED, Sign
from consultations.enums import Actor, AssessmentOrigin, CallOutcome, Outcome
from consultations.models import Call, ConsultationRequest, Patient, QuestionnaireResponse
from consultations.permissions import require
from consultations.services import dangers, pressing, sources, transitions
from consultations.services.dangers import Heard

MAY_CALL: Final = (Actor.TRIAGE, Actor.DOCTOR, Actor.MANAGER)
TRIES: Final = (CallOutcome.NOT_REACHED, CallOutcome.VOICEMAIL, CallOutcome.WRONG_NUMBER, CallOutcome.SOMEONE_ELSE)
SPOKEN: Final = (CallOutcome.REACHED_OTHER, CallOutcome.SOMEONE_ELSE)
"""Somebody said something: it can be a danger."""
TICK_OF: Final = {Outcome.EMERGENCY: "unwell", Outcome.SAME_DAY: "unsure"}
ONCE_LENGTH: Final = 64
RESUMABLE: Final = datetime.timedelta(hours=12)
"""A script that was left can be gone on with for so long. After that its answers are those of another day."""
IS_SCRIPT: Final = Q(outcome=CallOutcome.DANGER_ASKED)
WAS_REACHED: Final = Q(outcome=CallOutcome.REACHED_OTHER) | (IS_SCRIPT & Q(heard_at__isnull=False))
"""A script that was opened and in which nothing was heard yet has reached nobody."""


class CallOver(TransitionNotAllowed):
    """The call has ended, or began too long ago to be gone on with."""


class NothingAsked(TransitionNotAllowed):
    """A call cannot end as one in which the danger questions were asked, because none was."""


# --- What calls prove -------------------------------------------------------------------------------------------------


def last_reached(response: QuestionnaireResponse) -> Call | None:
    """The newest call in which the person was spoken to, whatever it was about."""
    return Call.objects.filter(WAS_REACHED, response=response.pk).order_by("-made_at", "-pk").first()


def tries(response: QuestionnaireResponse, *, since: datetime.datetime | None = None) -> list[Call]:
    """The calls that reached nobody since somebody was last reached, oldest first: a wrong number, a voicemail and
    somebody else count. `since` leaves out those before it.
    """
    reached = last_reached(response)
    missed = Call.objects.filter(response=response.pk, outcome__in=TRIES).order_by("made_at", "pk")
    if reached is not None:
        missed = missed.filter(Q(made_at__gt=reached.made_at) | Q(made_at=reached.made_at, pk__gt=reached.pk))
    return list(missed if since is None else missed.filter(made_at__gte=since))


def completed_scripts(response: QuestionnaireResponse, *, since: datetime.datetime | None = None) -> list[Call]:
    """The calls in which the danger questions were asked and that were ended by whoever asked, oldest first."""
    scripts = with_keys(Call.objects.filter(IS_SCRIPT, response=response.pk, completed_at__isnull=False))
    ordered = scripts.order_by("completed_at", "pk")
    return list(ordered if since is None else ordered.filter(completed_at__gte=since))


def signs_asked_in(call: Call) -> frozenset[Sign]:
    """Every sign that was asked about in a call, whatever was answered. Raises DamagedRecord."""
    return call_script.signs_asked_in(call.answers, version=call.response.questionnaire_version)


def asked_everything(call: Call) -> bool:
    """Whether no question of the danger section was left out. Raises DamagedRecord."""
    return not call_script.not_asked(call.answers, version=call.response.questionnaire_version)


def ticks_to_ask(response: QuestionnaireResponse) -> tuple[str, ...]:
    """What the person ticked, is no option of any question, and stands: a call asks about it again."""
    standing = sources.standing_of(response)
    return tuple(sorted(sign.option for sign in standing.open_signs if sign.question == ASKED))


# --- Making one -------------------------------------------------------------------------------------------------------


@transaction.atomic
def log(
    *,
    response: QuestionnaireResponse,
    outcome: CallOutcome,
    note: str,
    by: User,
    danger: Outcome | None = None,
    once: str = "",
) -> Call:
    """Write down a call that asked no danger question. `once` is the key of the page: sent twice, it is one call.

    `danger` is how pressing it is, where something frightening was said and nobody could ask: it acts as if the person
    had told us that they feel very unwell (EMERGENCY) or are not sure (SAME_DAY). Raises NotAllowed, and
    ChangedMeanwhile for other words from a page that was sent already.
    """
    require(by, *MAY_CALL)
    consultation_request = hold(response)
    if outcome == CallOutcome.DANGER_ASKED:
        raise NothingAsked(_("The danger questions are asked one by one. Begin with them, or select the outcome."))
    if (before := _made_before(response, once, by=by)) is not None:
        if (before.outcome, before.note) != (outcome, note):
            raise ChangedMeanwhile(
                _(
                    "You saved a call from this page already, in another tab or window. Nothing was changed. What you "
                    "wrote is kept below."
                )
            )
        return before
    call = make(response, outcome, note=note, by=by, once=once)
    if danger is not None:
        call.answers = {ASKED: {TICK_OF[danger]: call_script.YES}}
        hear(call, consultation_request, by=by)
        call.save(update_fields=["answers", "assessment"])
        audit.record(action="call.danger", target=call, by=by, details={"level": danger.value})
    return call


@transaction.atomic
def begin(*, response: QuestionnaireResponse, by: User, note: str = "", once: str = "") -> Call:
    """Open the danger questions. Whoever has left them open for this person goes on with those.

    Raises NotAllowed.
    """
    require(by, *MAY_CALL)
    hold(response)
    before = _made_before(response, once, by=by) or open_script(response, by=by)
    return before or make(response, CallOutcome.DANGER_ASKED, note=note, by=by, once=once)


def is_open(call: Call) -> bool:
    """Whether its danger questions were left open and can be gone on with."""
    is_script = call.outcome == CallOutcome.DANGER_ASKED and call.completed_at is None
    return is_script and call.made_at > clock.now() - RESUMABLE


def open_script(response: QuestionnaireResponse, *, by: User) -> Call | None:
    """The script that this person left open about this patient, and can go on with."""
    mine = Call.objects.filter(IS_SCRIPT, response=response.pk, made_by=by.pk, completed_at=None)
    return mine.filter(made_at__gt=clock.now() - RESUMABLE).order_by("-made_at", "-pk").first()


def hold(response: QuestionnaireResponse) -> ConsultationRequest | None:
    """Lock what a call is about: the requests of the person, and the response while it has none."""
    consultation_request = ConsultationRequest.objects.filter(response=response.pk).only("pk").first()
    if consultation_request is not None:
        return transitions.lock(consultation_request)
    # Of a caller who turned out to be somebody with a request: what is heard counts for that one too.
    pressing.hold_requests(Patient.objects.filter(safety_cases__response=response.pk).only("pk"))
    QuestionnaireResponse.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=response.pk)
    # It may have been sent while we waited for it.
    sent = ConsultationRequest.objects.filter(response=response.pk).only("pk").first()
    return transitions.lock(sent) if sent is not None else None


def make(response: QuestionnaireResponse, outcome: CallOutcome, *, note: str, by: User, once: str) -> Call:
    call = Call.objects.create(
        response=response, outcome=outcome, note=note, made_at=clock.now(), made_by=by, once=once[:ONCE_LENGTH]
    )
    action = "call.begin" if outcome == CallOutcome.DANGER_ASKED else "call.log"
    audit.record(action=action, target=call, by=by, details={"outcome": outcome.value})
    return call


def _made_before(response: QuestionnaireResponse, once: str, *, by: User) -> Call | None:
    if not once:
        return None
    return Call.objects.filter(response=response.pk, once=once[:ONCE_LENGTH], made_by=by.pk).first()


def hear(call: Call, consultation_request: ConsultationRequest | None, *, by: User) -> Heard:
    heard = dangers.hear(
        response=call.response,
        consultation_request=consultation_request,
        origin=AssessmentOrigin.CALL,
        said=call_script.said_in(call.answers, version=call.response.questionnaire_version),
        ticks=call_script.ticked_in(call.answers),
        asked_by=by,
    )
    call.assessment = heard.assessment
    return heard
