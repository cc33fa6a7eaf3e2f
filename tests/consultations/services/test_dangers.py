"""A danger told later opens, raises or reopens a case and raises the request, in one act."""

import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from clinic.accounts.models import User
from clinic.core.models import OutboxMessage
from consultations.enums import AssessmentOrigin, CallOutcome, CaseStatus, Outcome, RequestStatus, SettledHow
from consultations.models import Assessment, Call, ConsultationRequest, SafetyCase, Settlement, SlotHold
from consultations.services import dangers, persons, sources
from consultations.services.transitions import lock
from tests.consultations.candidacy.test_asked_again import CLEAR
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW, Desk
from tests.personas import MakeRequest, make_patient

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def request_sent(make_request: MakeRequest, nurse: User) -> ConsultationRequest:
    record = {"answers": CLEAR, "cleaned": {}, "asked": []}
    return make_request(answers=CLEAR, record=record, status=RequestStatus.WITH_DOCTOR, doctor=nurse)


def tick(consultation_request: ConsultationRequest, *codes: str) -> dangers.Heard:
    with transaction.atomic():
        fresh = lock(consultation_request)
        heard = dangers.hear(
            response=fresh.response, consultation_request=fresh, origin=AssessmentOrigin.ASKED_AGAIN, ticks=codes
        )
    consultation_request.refresh_from_db()
    return heard


def settle(consultation_request: ConsultationRequest, by: User, *signs: tuple[str, str], **how: Any) -> None:
    Settlement.objects.create(
        response=consultation_request.response,
        settled_by=by,
        signs=[list(sign) for sign in signs],
        **{"how": SettledHow.EXAMINED, "settled_at": NOW, **how},
    )
    dangers.refresh(lock(consultation_request))
    consultation_request.refresh_from_db()


def alerts() -> int:
    return OutboxMessage.objects.filter(kind="staff_alert").count()


def test_a_danger_opens_a_case_and_raises_the_request(request_sent: ConsultationRequest) -> None:
    heard = tick(request_sent, "chest")
    case = SafetyCase.objects.get()
    assert heard.case == case
    assert (case.level, case.status, case.patient) == ("EMERGENCY", "open", request_sent.patient)
    assert (request_sent.flag_level, request_sent.risk, request_sent.priority) == ("EMERGENCY", 0, "stat")
    assert (request_sent.status, request_sent.danger_due_at) == ("with_doctor", NOW + HOUR / 2)
    assert alerts() == 1


def test_a_danger_that_is_urgent_alone_opens_a_case_too(request_sent: ConsultationRequest) -> None:
    tick(request_sent, "weight_loss")
    assert SafetyCase.objects.get().level == "URGENT_REVIEW"
    assert (request_sent.flag_level, request_sent.priority) == ("URGENT_REVIEW", "urgent")


@pytest.mark.parametrize("codes", [("none",), ("same", "else"), ("procedure",), ("fall",)])
def test_what_is_no_danger_opens_nothing_and_is_kept(request_sent: ConsultationRequest, codes: tuple[str, ...]) -> None:
    assert tick(request_sent, *codes).case is None
    assert not SafetyCase.objects.exists()
    row = Assessment.objects.get(origin="asked_again")
    assert (row.record["ticks"], row.record["base"]) == (sorted(codes), CLEAR)
    assert (request_sent.flag_level, request_sent.danger_due_at) == ("", None)


def test_the_same_tick_again_is_added_without_a_new_alarm(request_sent: ConsultationRequest, nurse: User) -> None:
    for _ in range(2):
        tick(request_sent, "chest")
    assert (alerts(), Assessment.objects.filter(origin="asked_again").count()) == (1, 2)
    tick(request_sent, "chest", "fever")
    assert alerts() == 2, "another danger is another alarm, at the same level"


def test_a_day_later_the_same_tick_is_an_alarm_again(request_sent: ConsultationRequest, time_machine: Any) -> None:
    tick(request_sent, "chest")
    time_machine.move_to(NOW + 23 * HOUR, tick=False)
    tick(request_sent, "chest")
    assert alerts() == 1
    time_machine.move_to(NOW + 25 * HOUR, tick=False)
    tick(request_sent, "chest")
    assert alerts() == 2


@pytest.mark.parametrize(("outcome", "alarms"), [("reached_other", 2), ("danger_asked", 2), ("voicemail", 1)])
def test_it_is_one_at_once_when_somebody_was_reached_meanwhile(
    request_sent: ConsultationRequest, nurse: User, time_machine: Any, outcome: str, alarms: int
) -> None:
    tick(request_sent, "chest")
    Call.objects.create(
        response=request_sent.response, outcome=CallOutcome(outcome), made_at=NOW + HOUR / 2, made_by=nurse
    )
    time_machine.move_to(NOW + HOUR, tick=False)
    tick(request_sent, "chest")
    assert alerts() == alarms


def test_an_acknowledged_case_is_open_again_for_a_new_danger(request_sent: ConsultationRequest, nurse: User) -> None:
    tick(request_sent, "fever")
    SafetyCase.objects.update(status=CaseStatus.ACKNOWLEDGED, acknowledged_at=NOW, acknowledged_by=nurse)
    tick(request_sent, "chest")
    case = SafetyCase.objects.get()
    assert (case.level, case.status, case.acknowledged_at) == ("EMERGENCY", "open", None)


def test_a_closed_case_opens_again(request_sent: ConsultationRequest, nurse: User) -> None:
    tick(request_sent, "chest")
    SafetyCase.objects.update(status=CaseStatus.CLOSED, closed_at=NOW, closed_by=nurse, outcome="no_way_to_reach")
    tick(request_sent, "weight_loss")
    case = SafetyCase.objects.get()
    assert (case.status, case.closed_at) == ("open", None)
    assert case.level == "EMERGENCY", "the chest pain still stands"


def test_what_a_doctor_settled_stands_no_more_until_it_is_said_again(
    request_sent: ConsultationRequest, doctor: User, time_machine: Any
) -> None:
    tick(request_sent, "chest")
    settle(request_sent, doctor, ("rf_now", "chest"), settled_at=NOW + HOUR)
    assert request_sent.flag_level == ""
    time_machine.move_to(NOW + 2 * HOUR, tick=False)
    assert not tick(request_sent, "none").is_danger
    assert request_sent.flag_level == ""
    assert tick(request_sent, "chest").is_danger
    assert request_sent.flag_level == "EMERGENCY"


def test_saying_it_at_the_very_instant_of_settling_counts_as_later(
    request_sent: ConsultationRequest, doctor: User
) -> None:
    tick(request_sent, "chest")
    settle(request_sent, doctor, ("rf_now", "chest"))
    tick(request_sent, "chest")
    assert request_sent.flag_level == "EMERGENCY"


def test_a_settled_sign_does_not_settle_another(request_sent: ConsultationRequest, doctor: User) -> None:
    tick(request_sent, "chest", "weak")
    settle(request_sent, doctor, ("rf_now", "chest"))
    assert request_sent.flag_level == "SAME_DAY"


def test_what_was_entered_by_mistake_leaves_the_base(request_sent: ConsultationRequest, doctor: User) -> None:
    tick(request_sent, "chest")
    assert sources.base_of(request_sent.response)["rf_now"] == ["chest"]
    settle(request_sent, doctor, ("rf_now", "chest"), how=SettledHow.MISTAKE, entered_by=doctor)
    assert sources.base_of(request_sent.response)["rf_now"] == ["none"]


def test_a_danger_ends_a_hold(desk: Desk) -> None:
    consultation_request = desk.request(RequestStatus.OFFERED)
    assert SlotHold.objects.filter(consultation_request=consultation_request).exists()
    tick(consultation_request, "chest")
    assert not SlotHold.objects.exists()


def test_what_the_same_person_said_elsewhere_counts(
    request_sent: ConsultationRequest, make_request: MakeRequest, nurse: User
) -> None:
    other = make_request(patient=make_patient("Alice Winther"), answers=CLEAR)
    persons.join(patient=request_sent.patient, other=other.patient, reason="The same.", by=nurse)
    tick(request_sent, "chest")
    other.refresh_from_db()
    assert other.flag_level == "EMERGENCY"
    assert sources.base_of(other.response)["rf_now"] == ["chest"]


def test_an_assessment_that_cannot_be_read_stands_by_its_headline(request_sent: ConsultationRequest) -> None:
    tick(request_sent, "chest")
    Assessment.objects.filter(origin="asked_again").update(outcome=Outcome.SAME_DAY)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE consultations_assessment SET record = 'x' WHERE origin = 'asked_again'")
    standing = sources.standing_of(request_sent.response, consultation_request=request_sent)
    assert [(item.flag.rule_id, item.flag.level) for item in standing.flags] == [("UNREADABLE", "SAME_DAY")]


def test_a_headline_that_was_shown_on_the_way_stands(make_request: MakeRequest) -> None:
    """The answers behind it were changed before they were sent, and no assessment of them was kept."""
    consultation_request = make_request(answers=CLEAR, highest_outcome=Outcome.URGENT_REVIEW)
    standing = sources.standing_of(consultation_request.response, consultation_request=consultation_request)
    assert [(item.flag.rule_id, item.flag.level) for item in standing.flags] == [("SHOWN-EARLIER", "URGENT_REVIEW")]


def test_a_headline_shown_on_the_way_stands_though_another_as_pressing_is_told_and_settled(
    make_request: MakeRequest, doctor: User
) -> None:
    consultation_request = make_request(answers=CLEAR, highest_outcome=Outcome.EMERGENCY)
    tick(consultation_request, "chest")
    settle(consultation_request, doctor, ("rf_now", "chest"))
    standing = sources.standing_of(consultation_request.response, consultation_request=consultation_request)
    assert [(item.flag.rule_id, item.flag.level) for item in standing.flags] == [("SHOWN-EARLIER", "EMERGENCY")]
    assert consultation_request.flag_level == "EMERGENCY"


def test_a_headline_shown_on_the_way_to_one_request_stands_for_the_other_too(
    request_sent: ConsultationRequest, make_request: MakeRequest, nurse: User
) -> None:
    shown = make_request(patient=make_patient("Alice Winther"), answers=CLEAR, highest_outcome=Outcome.SAME_DAY)
    persons.join(patient=request_sent.patient, other=shown.patient, reason="The same.", by=nurse)
    request_sent.refresh_from_db()
    assert request_sent.flag_level == "SAME_DAY"


def test_what_a_doctor_settled_is_an_alarm_when_it_is_told_again(
    request_sent: ConsultationRequest, doctor: User, time_machine: Any
) -> None:
    tick(request_sent, "chest")
    settle(request_sent, doctor, ("rf_now", "chest"), settled_at=NOW + HOUR)
    time_machine.move_to(NOW + 2 * HOUR, tick=False)
    tick(request_sent, "chest")
    assert alerts() == 2


def test_a_lesser_answer_told_after_a_settled_one_stands(
    request_sent: ConsultationRequest, nurse: User, doctor: User, time_machine: Any
) -> None:
    """Of a single choice the more pressing answer wins; once a doctor has settled it, it hides nothing that is new."""
    tick(request_sent, "weak")
    settle(request_sent, doctor, ("rf_weak", "worse"), settled_at=NOW + HOUR)
    assert request_sent.flag_level == ""
    time_machine.move_to(NOW + 2 * HOUR, tick=False)
    with transaction.atomic():
        fresh = lock(request_sent)
        heard = dangers.hear(
            response=fresh.response,
            consultation_request=fresh,
            origin=AssessmentOrigin.CALL,
            said={"rf_weak": "not_sure"},
            asked_by=nurse,
        )
    request_sent.refresh_from_db()
    assert heard.is_danger
    assert request_sent.flag_level == "URGENT_REVIEW"
    settle(request_sent, doctor, ("rf_weak", "not_sure"), settled_at=NOW + 3 * HOUR)
    assert request_sent.flag_level == ""


def test_the_same_answer_after_words_about_danger_is_a_new_one(
    request_sent: ConsultationRequest, time_machine: Any
) -> None:
    perform("answer_again", request_sent, ticks=("none",))
    time_machine.move_to(NOW + datetime.timedelta(seconds=30), tick=False)
    perform("message", request_sent, message="I have chest pain.", once="a page")
    time_machine.move_to(NOW + datetime.timedelta(seconds=60), tick=False)
    perform("answer_again", request_sent, ticks=("none",))
    request_sent.refresh_from_db()
    assert request_sent.answered_again_at == NOW + datetime.timedelta(seconds=60)
