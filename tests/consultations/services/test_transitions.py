"""Every line of the hand-written transition table through its action: status, one event, the mail, or nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import audit, outbox
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import ChangedMeanwhile, NotAllowed, WrongStatus
from consultations.actions.base import FlagsStand
from consultations.actions.book import book_held
from consultations.enums import CLOSED_STATUSES, OPEN_STATUSES, Actor, MessageKind, Outcome, RequestStatus
from consultations.models import Appointment, ClinicalReview, SlotHold, TriageDecision
from consultations.services import review
from consultations.services.visit_needs import Needs
from consultations.services.waiting import Wishes
from tests.consultations.perform import answer, perform, settle_all, settling_data
from tests.consultations.services.conftest import LATER, Desk
from tests.consultations.transitions import LINES, VERBS, Line, actors, sources
from tests.database_snapshot import all_rows

Staff = Callable[[str], User]
TOLD = {
    "ask": MessageKind.QUESTION_ASKED,
    "offer": MessageKind.CONSULTATION_OFFERED,
    "decline": MessageKind.REQUEST_CLOSED,
    "book": MessageKind.APPOINTMENT_BOOKED,
    "move": MessageKind.APPOINTMENT_MOVED,
    "cancel_booking": MessageKind.APPOINTMENT_CANCELLED,
    "call_off": MessageKind.VISIT_CALLED_OFF,
    "withdraw": MessageKind.REQUEST_CLOSED,
    "correct_email": MessageKind.PRIVATE_LINK,
    "cancel_request": MessageKind.REQUEST_CLOSED,
    "expire_offer": MessageKind.OFFER_EXPIRED,
    "offer_again": MessageKind.OFFERED_AGAIN,
    "invite_follow_up": MessageKind.FOLLOW_UP_INVITED,
    "invite_after_advice": MessageKind.FOLLOW_UP_INVITED,
    "complete": MessageKind.AFTER_VISIT,
    "mark_no_show": MessageKind.MISSED_VISIT,
}
"""Verb -> the one mail it owes the patient. No other move writes to a patient."""
PATIENTS_OWN = ("answer", "answer_again", "answer_doctor", "message", "undo_cancel", "withdraw")
"""Services that take no member of staff at all, so no role can be tried on them."""
ILLEGAL = [(verb, status) for verb in VERBS for status in RequestStatus if status not in sources(verb)]
ROLES = [(verb, group) for verb in VERBS if verb not in PATIENTS_OWN for group in ("triage", "doctor", "manager")]


def group_for(verb: str) -> str | None:
    """Somebody who may make this move; None is the patient."""
    groups = [actor.value for actor in actors(verb) if actor != Actor.PATIENT]
    return sorted(groups)[0] if groups else None


def press(desk: Desk, verb: str, consultation_request: Any, by: User | None) -> Any:
    return desk.services()[verb](consultation_request, by)


def _same_page(consultation_request: Any) -> dict[str, Any]:
    """What the page of this request settled, however often it is sent."""
    if not hasattr(consultation_request, "settling_page"):
        consultation_request.settling_page = settling_data(consultation_request)
    return dict(consultation_request.settling_page)


def click(desk: Desk, verb: str, consultation_request: Any, by: User, *, seen: str) -> bool:
    """Press a button of the request page as it was shown when the request had the status `seen`."""
    values = {
        "note": {"note": "Rang."},
        "correct_email": {"email": "new@example.com"},
        "ask_weekly": {"is_wanted": False},
        "choose_reminders": {"choice": "none"},
        "tell_needs": {"needs": Needs(codes=("quiet",))},
        "set_video_link": {"link": "https://video.example/a"},
        "wait_for_earlier": {"wishes": Wishes()},
        "escalate": {"note": "Worse."},
        "set_own_urgency": {"reason": "Well."},
        "settle": _same_page(consultation_request) if verb == "settle" else {},
        "order_booking": {"appointment_type": desk.visit, "reason": "I want to see her."},
        "settle_escalation": {"note": "Examined."},
        "pass_to_doctor": {"doctor": desk.doctor, "note": "Please read."},
        "ask": {"question": "Which scan?"},
        "offer": {"appointment_type": desk.visit, "patient_note": "Come."},
        "invite_follow_up": {"appointment_type": desk.visit},
        "invite_after_advice": {"appointment_type": desk.visit},
        "decline": {"patient_note": "Walk more.", "reason": "Pain is new."},
        "mark_urgent": {"reason": "Ask about legs."},
        "cancel_booking": {"reason": "Ill."},
        "call_off": {"absence": desk.absence},
        "cancel_request": {"note": "Moved."},
    }
    return not perform(verb, consultation_request, seen=seen, by=by, **values.get(verb, {})).is_repeat


def test_every_verb_has_its_service(desk: Desk) -> None:
    assert set(desk.services()) == set(VERBS), (
        "say in Desk.services(), in conftest.py, how it is done; if it asks something, what is typed in click() above"
    )


@pytest.mark.parametrize("line", LINES, ids=lambda line: f"{line.verb}-{line.source}")
def test_a_legal_move_is_whole_with_one_event_and_its_mail_and_made_once(
    desk: Desk, staff: Staff, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = group_for(line.verb)
    by = staff(group) if group else None
    consultation_request = desk.ready_for(line.verb, line.source, by)

    def make_it() -> None:
        if by is None or line.verb in ("book", "move", "read_text"):
            press(desk, line.verb, consultation_request, by)
        else:
            click(desk, line.verb, consultation_request, by, seen=line.source)

    before = all_rows()
    for module, name in [(audit, "record"), *([(outbox, "enqueue")] if line.verb in TOLD else [])]:
        with monkeypatch.context() as broken:
            broken.setattr(module, name, fail)
            with pytest.raises(OutOfOrder):
                make_it()
        assert all_rows() == before, f"half of it stays where {name} fails"

    make_it()
    consultation_request.refresh_from_db()
    assert consultation_request.status == line.target
    (event,) = AuditEvent.objects.about(consultation_request)
    assert event.action == f"request.{line.verb}"
    assert (event.actor_user_id, event.actor) == ((by.pk, by.username) if by else (None, "patient"))
    assert (event.details["from"], event.details["to"]) == (line.source.value, line.target.value)
    assert audit.verify() == []
    kinds = list(
        OutboxMessage.objects.filter(subject__consultation_request=consultation_request).values_list("kind", flat=True)
    )
    assert kinds == ([TOLD[line.verb]] if line.verb in TOLD else [])

    after = all_rows()
    make_it()
    assert all_rows() == after, "pressed twice, made twice"


class OutOfOrder(Exception):
    pass


def fail(*args: Any, **kwargs: Any) -> None:
    raise OutOfOrder


@pytest.mark.parametrize(("verb", "status"), ILLEGAL)
def test_any_other_status_is_refused_and_nothing_changes(
    desk: Desk, staff: Staff, verb: str, status: RequestStatus
) -> None:
    group = group_for(verb)
    consultation_request, by = desk.request(status), staff(group) if group else None
    if verb == "book" and status != RequestStatus.BOOKED:
        desk.hold(consultation_request)
    if verb == "move" and status != RequestStatus.OFFERED:
        desk.hold(consultation_request, starts_at=LATER)
    before = all_rows()
    if (verb, status) == ("book", RequestStatus.BOOKED):
        assert press(desk, verb, consultation_request, by) == Appointment.objects.get(
            consultation_request=consultation_request
        )
    else:
        with pytest.raises(WrongStatus) as refusal:
            press(desk, verb, consultation_request, by)
        assert len(str(refusal.value)) > 20
    assert all_rows() == before


@pytest.mark.parametrize(("verb", "group"), ROLES)
def test_a_role_may_do_exactly_what_the_table_says(desk: Desk, staff: Staff, verb: str, group: str) -> None:
    by = staff(group)
    consultation_request = desk.ready_for(verb, sources(verb)[0], by)
    before = all_rows()
    if Actor(group) in actors(verb):
        press(desk, verb, consultation_request, by)
        assert all_rows() != before
    else:
        with pytest.raises(NotAllowed):
            press(desk, verb, consultation_request, by)
        assert all_rows() == before


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in PATIENTS_OWN])
@pytest.mark.parametrize("who", ["editor", "left", "no longer staff"])
def test_nobody_else_may_do_anything(desk: Desk, staff: Staff, verb: str, who: str) -> None:
    by = staff("editor" if who == "editor" else "doctor")
    if who == "left":
        by.is_active = False
    if who == "no longer staff":
        by.is_staff = False
    by.save()
    status = sources(verb)[0]
    consultation_request = desk.ready_for(verb, status) if verb == "move" else desk.request(status)
    before = all_rows()
    with pytest.raises(NotAllowed):
        press(desk, verb, consultation_request, by)
    assert all_rows() == before


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in PATIENTS_OWN])
def test_a_superuser_runs_the_site_and_decides_no_more_than_a_manager(desk: Desk, verb: str) -> None:
    by = User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
    consultation_request = desk.ready_for(verb, sources(verb)[0], by)
    before = all_rows()
    if Actor.MANAGER in actors(verb):
        press(desk, verb, consultation_request, by)
        assert all_rows() != before
    else:
        with pytest.raises(NotAllowed):
            press(desk, verb, consultation_request, by)
        assert all_rows() == before


class TestTwoPeople:
    def test_the_second_is_told_who_was_first(self, desk: Desk, staff: Staff) -> None:
        consultation_request, nurse = desk.request(RequestStatus.RECEIVED), staff("triage")
        perform("withdraw", consultation_request)
        before = all_rows()
        with pytest.raises(WrongStatus, match="The patient has moved this request to “Withdrawn by the patient”"):
            perform("claim", consultation_request, by=nurse)
        assert all_rows() == before

    def test_a_page_shown_earlier_decides_on_what_stands_there_now(self, desk: Desk, staff: Staff) -> None:
        consultation_request, other, nurse = desk.request(RequestStatus.RECEIVED), staff("manager"), staff("triage")
        perform("claim", consultation_request, by=other)
        assert consultation_request.status == RequestStatus.RECEIVED  # as the page still shows it
        with pytest.raises(WrongStatus, match="manager has moved"):
            perform("claim", consultation_request, by=nurse)
        before = all_rows()
        with pytest.raises(ChangedMeanwhile, match="What you wrote is kept"):
            perform("note", consultation_request, seen=RequestStatus.RECEIVED, by=nurse, note="Rang.")
        assert all_rows() == before

    def test_a_doctors_question_pressed_twice_is_one_decision(self, desk: Desk, staff: Staff) -> None:
        consultation_request, doctor = desk.request(RequestStatus.WITH_DOCTOR), staff("doctor")
        asked = [
            perform("ask_as_doctor", consultation_request, patient_note="Which scan?", by=doctor) for _ in range(2)
        ]
        assert asked[0].result == asked[1].result
        assert ClinicalReview.objects.count() == consultation_request.information_requests.count() == 1

    @pytest.mark.parametrize(
        ("verb", "status", "group", "phrase"),
        [
            ("ask", RequestStatus.RECEIVED, "triage", "question"),
            ("ask_as_doctor", RequestStatus.WITH_DOCTOR, "doctor", "patient_note"),
            ("escalate", RequestStatus.RECEIVED, "triage", "note"),
            ("pass_to_doctor", RequestStatus.RECEIVED, "triage", "note"),
            ("cancel_request", RequestStatus.RECEIVED, "manager", "note"),
            ("decline", RequestStatus.WITH_DOCTOR, "doctor", "patient_note"),
            ("decline", RequestStatus.WITH_DOCTOR, "doctor", "reason"),
            ("mark_urgent", RequestStatus.WITH_DOCTOR, "doctor", "reason"),
        ],
    )
    def test_the_same_again_with_other_words_is_no_repeat(
        self, desk: Desk, staff: Staff, verb: str, status: RequestStatus, group: str, phrase: str
    ) -> None:
        consultation_request, by = desk.request(status), staff(group)
        more = {"doctor": staff("doctor")} if verb == "pass_to_doctor" else {}
        more |= {"reason": "Call her."} if verb == "mark_urgent" else {}
        more |= {"patient_note": "Not now.", "reason": "Too early."} if verb == "decline" else {}
        perform(verb, consultation_request, by=by, **{**more, phrase: "The first words."})
        before = all_rows()
        with pytest.raises(ChangedMeanwhile, match="with other words"):
            perform(verb, consultation_request, by=by, seen=status, **{**more, phrase: "The second words."})
        assert all_rows() == before


class TestWhatAMoveBrings:
    @pytest.mark.parametrize("outcome", [Outcome.EMERGENCY, Outcome.SAME_DAY, Outcome.URGENT_REVIEW])
    def test_no_consultation_is_offered_while_a_red_flag_stands(
        self, desk: Desk, staff: Staff, outcome: Outcome
    ) -> None:
        doctor = staff("doctor")
        for named in ("outcome", "highest_outcome"):
            shown = {"outcome": outcome} if named == "outcome" else {"highest_outcome": outcome}
            consultation_request = desk.request(RequestStatus.WITH_DOCTOR, **shown)
            before = all_rows()
            with pytest.raises(FlagsStand):
                press(desk, "offer", consultation_request, doctor)
            assert all_rows() == before
            settle_all(consultation_request, by=doctor)
            press(desk, "offer", consultation_request, doctor)
            consultation_request.refresh_from_db()
            assert consultation_request.status == RequestStatus.OFFERED

    @pytest.mark.parametrize("verb", ["escalate", "mark_urgent"])
    def test_it_is_due_sooner_never_later(self, desk: Desk, staff: Staff, verb: str) -> None:
        doctor = staff("doctor")
        soon = desk.request(RequestStatus.WITH_DOCTOR)
        soon.due_at = soon.submitted_at
        soon.save()
        late = desk.request(RequestStatus.WITH_DOCTOR)
        for consultation_request in (soon, late):
            was_due = consultation_request.due_at
            press(desk, verb, consultation_request, doctor)
            consultation_request.refresh_from_db()
            assert consultation_request.due_at <= was_due
        assert late.due_at < was_due

    @pytest.mark.parametrize("status", OPEN_STATUSES)
    @pytest.mark.parametrize("verb", ["withdraw", "cancel_request"])
    def test_the_end_frees_every_time(self, desk: Desk, staff: Staff, verb: str, status: RequestStatus) -> None:
        consultation_request = desk.request(status, is_ahead=True)
        press(desk, verb, consultation_request, staff("manager"))
        assert not Appointment.objects.live().filter(consultation_request=consultation_request).exists()
        assert not SlotHold.objects.filter(consultation_request=consultation_request).exists()

    def test_a_passed_request_reaches_a_doctor_only(self, desk: Desk, staff: Staff) -> None:
        consultation_request, nurse = desk.request(RequestStatus.IN_TRIAGE), staff("triage")
        before = all_rows()
        with pytest.raises(NotAllowed, match="is not in the doctor group"):
            perform("pass_to_doctor", consultation_request, doctor=nurse, note="", by=nurse)
        assert all_rows() == before

    def test_an_answer_goes_back_to_whoever_asked(self, desk: Desk) -> None:
        for by_doctor, target in ((True, RequestStatus.WITH_DOCTOR), (False, RequestStatus.IN_TRIAGE)):
            consultation_request = desk.request(RequestStatus.INFORMATION_ASKED, asked_by_doctor=by_doctor)
            answer(consultation_request, "An MRI in May.")
            consultation_request.refresh_from_db()
            assert consultation_request.status == target
            assert consultation_request.information_requests.get().answer == "An MRI in May."

    def test_what_has_not_begun_cannot_have_taken_place(self, desk: Desk, staff: Staff) -> None:
        consultation_request, doctor = desk.request(RequestStatus.OFFERED), staff("doctor")
        book_held(consultation_request=consultation_request)
        before = all_rows()
        for verb in ("complete", "mark_no_show"):
            with pytest.raises(WrongStatus, match="has not begun"):
                press(desk, verb, consultation_request, doctor)
        assert all_rows() == before

    @pytest.mark.parametrize("verb", ["decline", "mark_urgent"])
    def test_a_decision_without_words_is_refused(self, desk: Desk, staff: Staff, verb: str) -> None:
        consultation_request, doctor = desk.request(RequestStatus.WITH_DOCTOR), staff("doctor")
        before = all_rows()
        with pytest.raises(review.ReasonMissing):
            {
                "decline": lambda: perform("decline", consultation_request, patient_note=" \n", by=doctor),
                "mark_urgent": lambda: perform("mark_urgent", consultation_request, reason=" ", by=doctor),
            }[verb]()
        assert all_rows() == before

    def test_a_decision_against_the_suggestion_needs_a_reason(self, desk: Desk, staff: Staff) -> None:
        consultation_request, doctor = desk.request(RequestStatus.WITH_DOCTOR), staff("doctor")
        before = all_rows()
        with pytest.raises(review.ReasonMissing):
            perform("decline", consultation_request, patient_note="Walk.", reason=" ", by=doctor)
        assert all_rows() == before
        perform("decline", consultation_request, patient_note="Walk.", by=doctor, reason="Pain is new.")
        stored = ClinicalReview.objects.get()
        assert (stored.suggestion, stored.reason, stored.decided_by) == (
            Outcome.LIKELY_SUITABLE,
            "Pain is new.",
            doctor,
        )
        consultation_request.refresh_from_db()
        assert consultation_request.outcome == consultation_request.assessment.outcome == Outcome.LIKELY_SUITABLE

    def test_a_closed_request_takes_a_note_and_stays_closed(self, desk: Desk, staff: Staff) -> None:
        for status in CLOSED_STATUSES:
            consultation_request = desk.request(status)
            perform("note", consultation_request, note="Called: safe at home.", by=staff("triage"))
            consultation_request.refresh_from_db()
            assert consultation_request.status == status
        assert TriageDecision.objects.count() == len(CLOSED_STATUSES) == 5


def test_a_verb_without_a_row_is_no_action(desk: Desk) -> None:
    """What calls an action hands over its name, never a status."""
    with pytest.raises(KeyError):
        perform("jump_the_queue", desk.request(RequestStatus.RECEIVED))
