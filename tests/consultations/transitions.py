"""The transition table once more, written out by hand: what every test about it expects.

It is not made from the product's own table. Whoever changes that one changes this one too, and says why; the medical
director signs both.
"""

from typing import Final, NamedTuple

from consultations.enums import Actor, RequestStatus

TABLE: Final = """
claim           received           in_triage          triage doctor manager
claim           urgent             in_triage          triage doctor manager

release         in_triage          received           triage doctor manager

note            received           received           triage doctor manager
note            in_triage          in_triage          triage doctor manager
note            with_doctor        with_doctor        triage doctor manager
note            information_asked  information_asked  triage doctor manager
note            offered            offered            triage doctor manager
note            urgent             urgent             triage doctor manager
note            booked             booked             triage doctor manager
note            not_suitable       not_suitable       triage doctor manager
note            completed          completed          triage doctor manager
note            no_show            no_show            triage doctor manager
note            withdrawn          withdrawn          triage doctor manager
note            cancelled          cancelled          triage doctor manager


correct_email   received           received           patient triage doctor manager
correct_email   in_triage          in_triage          patient triage doctor manager
correct_email   with_doctor        with_doctor        patient triage doctor manager
correct_email   information_asked  information_asked  patient triage doctor manager
correct_email   offered            offered            patient triage doctor manager
correct_email   urgent             urgent             patient triage doctor manager
correct_email   booked             booked             patient triage doctor manager

escalate        received           urgent             triage doctor manager
escalate        in_triage          urgent             triage doctor manager
escalate        with_doctor        urgent             triage doctor manager
escalate        information_asked  urgent             triage doctor manager
escalate        urgent             urgent             triage doctor manager
escalate        offered            offered            triage doctor manager
escalate        booked             booked             triage doctor manager

set_own_urgency received           received           triage doctor
set_own_urgency in_triage          in_triage          triage doctor
set_own_urgency with_doctor        with_doctor        triage doctor
set_own_urgency information_asked  information_asked  triage doctor
set_own_urgency offered            offered            triage doctor
set_own_urgency urgent             urgent             triage doctor
set_own_urgency booked             booked             triage doctor

take_back_escalation received           received           triage doctor manager
take_back_escalation in_triage          in_triage          triage doctor manager
take_back_escalation with_doctor        with_doctor        triage doctor manager
take_back_escalation information_asked  information_asked  triage doctor manager
take_back_escalation offered            offered            triage doctor manager
take_back_escalation urgent             urgent             triage doctor manager
take_back_escalation booked             booked             triage doctor manager

settle_escalation received           received           doctor
settle_escalation in_triage          in_triage          doctor
settle_escalation with_doctor        with_doctor        doctor
settle_escalation information_asked  information_asked  doctor
settle_escalation offered            offered            doctor
settle_escalation urgent             with_doctor        doctor
settle_escalation booked             booked             doctor
settle_escalation not_suitable       not_suitable       doctor
settle_escalation completed          completed          doctor
settle_escalation no_show            no_show            doctor
settle_escalation withdrawn          withdrawn          doctor
settle_escalation cancelled          cancelled          doctor

settle          received           received           doctor
settle          in_triage          in_triage          doctor
settle          with_doctor        with_doctor        doctor
settle          information_asked  information_asked  doctor
settle          offered            offered            doctor
settle          urgent             urgent             doctor
settle          booked             booked             doctor
settle          not_suitable       not_suitable       doctor
settle          completed          completed          doctor
settle          no_show            no_show            doctor
settle          withdrawn          withdrawn          doctor
settle          cancelled          cancelled          doctor

order_booking   with_doctor        offered            doctor
order_booking   urgent             offered            doctor
order_booking   offered            offered            doctor

pass_to_doctor  received           with_doctor        triage doctor manager
pass_to_doctor  in_triage          with_doctor        triage doctor manager
pass_to_doctor  urgent             with_doctor        triage doctor manager

ask             received           information_asked  triage doctor manager
ask             in_triage          information_asked  triage doctor manager
ask             with_doctor        information_asked  triage doctor manager
ask             urgent             information_asked  triage doctor manager

answer          information_asked  in_triage          patient
answer_doctor   information_asked  with_doctor        patient

offer           with_doctor        offered            doctor
offer           urgent             offered            doctor
decline         with_doctor        not_suitable       doctor
decline         urgent             not_suitable       doctor
mark_urgent     with_doctor        urgent             doctor

book            offered            booked             patient triage doctor manager
move            booked             booked             patient triage doctor manager
cancel_booking  booked             offered            patient triage doctor manager
undo_cancel     offered            booked             patient
call_off        booked             offered            triage doctor manager
undo_call_off   offered            booked             triage doctor manager
complete        booked             completed          doctor manager
mark_no_show    booked             no_show            triage doctor manager
undo_complete   completed          booked             doctor manager
undo_no_show    no_show            booked             triage doctor manager

withdraw        received           withdrawn          patient
withdraw        in_triage          withdrawn          patient
withdraw        with_doctor        withdrawn          patient
withdraw        information_asked  withdrawn          patient
withdraw        offered            withdrawn          patient
withdraw        urgent             withdrawn          patient
withdraw        booked             withdrawn          patient

message         received           received           patient
message         in_triage          in_triage          patient
message         with_doctor        with_doctor        patient
message         information_asked  information_asked  patient
message         offered            offered            patient
message         urgent             urgent             patient
message         booked             booked             patient

answer_again    received           received           patient
answer_again    in_triage          in_triage          patient
answer_again    with_doctor        with_doctor        patient
answer_again    information_asked  information_asked  patient
answer_again    offered            offered            patient
answer_again    urgent             urgent             patient
answer_again    booked             booked             patient
answer_again    not_suitable       not_suitable       patient
answer_again    completed          completed          patient
answer_again    no_show            no_show            patient
answer_again    withdrawn          withdrawn          patient
answer_again    cancelled          cancelled          patient

ask_weekly      received           received           patient triage doctor manager
ask_weekly      in_triage          in_triage          patient triage doctor manager
ask_weekly      with_doctor        with_doctor        patient triage doctor manager
ask_weekly      information_asked  information_asked  patient triage doctor manager
ask_weekly      offered            offered            patient triage doctor manager
ask_weekly      urgent             urgent             patient triage doctor manager
ask_weekly      booked             booked             patient triage doctor manager

expire_offer    offered            received           triage doctor manager

offer_again     received           offered            triage doctor manager
offer_again     in_triage          offered            triage doctor manager
offer_again     with_doctor        offered            triage doctor manager
offer_again     no_show            offered            triage doctor manager

invite_follow_up    completed      offered            triage doctor

invite_after_advice not_suitable   offered            doctor

confirm_visit   booked             booked             patient triage doctor manager

set_video_link  booked             booked             triage doctor manager

tell_needs      received           received           patient triage doctor manager
tell_needs      in_triage          in_triage          patient triage doctor manager
tell_needs      with_doctor        with_doctor        patient triage doctor manager
tell_needs      information_asked  information_asked  patient triage doctor manager
tell_needs      offered            offered            patient triage doctor manager
tell_needs      urgent             urgent             patient triage doctor manager
tell_needs      booked             booked             patient triage doctor manager

choose_reminders received           received           patient triage doctor manager
choose_reminders in_triage          in_triage          patient triage doctor manager
choose_reminders with_doctor        with_doctor        patient triage doctor manager
choose_reminders information_asked  information_asked  patient triage doctor manager
choose_reminders offered            offered            patient triage doctor manager
choose_reminders urgent             urgent             patient triage doctor manager
choose_reminders booked             booked             patient triage doctor manager

wait_for_earlier offered           offered            patient triage doctor manager
wait_for_earlier booked            booked             patient triage doctor manager

leave_waiting_list received           received           patient triage doctor manager
leave_waiting_list in_triage          in_triage          patient triage doctor manager
leave_waiting_list with_doctor        with_doctor        patient triage doctor manager
leave_waiting_list information_asked  information_asked  patient triage doctor manager
leave_waiting_list offered            offered            patient triage doctor manager
leave_waiting_list urgent             urgent             patient triage doctor manager
leave_waiting_list booked             booked             patient triage doctor manager

decline_offered_time offered           offered            patient triage doctor manager
decline_offered_time booked            booked             patient triage doctor manager

read_text       received           received           triage doctor manager
read_text       in_triage          in_triage          triage doctor manager
read_text       with_doctor        with_doctor        triage doctor manager
read_text       information_asked  information_asked  triage doctor manager
read_text       offered            offered            triage doctor manager
read_text       urgent             urgent             triage doctor manager
read_text       booked             booked             triage doctor manager
read_text       not_suitable       not_suitable       triage doctor manager
read_text       completed          completed          triage doctor manager
read_text       no_show            no_show            triage doctor manager
read_text       withdrawn          withdrawn          triage doctor manager
read_text       cancelled          cancelled          triage doctor manager

cancel_request  received           cancelled          doctor manager
cancel_request  in_triage          cancelled          doctor manager
cancel_request  with_doctor        cancelled          doctor manager
cancel_request  information_asked  cancelled          doctor manager
cancel_request  offered            cancelled          doctor manager
cancel_request  urgent             cancelled          doctor manager
cancel_request  booked             cancelled          doctor manager
"""
"""Verb, status before, status after, who may. What has no line is refused to everybody."""


class Line(NamedTuple):
    verb: str
    source: RequestStatus
    target: RequestStatus
    actors: frozenset[Actor]


def _line(text: str) -> Line:
    verb, source, target, *actors = text.split()
    return Line(verb, RequestStatus(source), RequestStatus(target), frozenset(map(Actor, actors)))


LINES: Final = tuple(_line(text) for text in TABLE.splitlines() if text)
VERBS: Final = tuple(dict.fromkeys(line.verb for line in LINES))


def target(verb: str, source: str, actor: Actor | None) -> RequestStatus | None:
    """Where this leads; None when it is refused. `actor=None` is somebody without any role."""
    return next(
        (line.target for line in LINES if (line.verb, line.source) == (verb, source) and actor in line.actors), None
    )


def sources(verb: str) -> list[RequestStatus]:
    return [line.source for line in LINES if line.verb == verb]


def actors(verb: str) -> frozenset[Actor]:
    """Who may do it; the same wherever it is possible (a test says so)."""
    return next(line.actors for line in LINES if line.verb == verb)
