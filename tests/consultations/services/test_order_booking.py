"""While a red flag stands only a doctor ends a request, and a time is taken only where a doctor ordered the visit."""

import datetime
from typing import Any

import pytest
from django.db import transaction

from clinic.core.refusals import ChangedMeanwhile, NotAllowed, WrongStatus
from consultations.actions.base import FlagsStand
from consultations.actions.book import free_times
from consultations.enums import AssessmentOrigin, CaseStatus, Outcome, RequestStatus, SettledHow, TriageAction
from consultations.models import ConsultationRequest, SafetyCase
from consultations.presenters.action_panel import action_panel
from consultations.services import dangers, settling
from consultations.services.settling import Proof
from consultations.services.transitions import lock
from tests.consultations.admin.conftest import page_of, text_of
from tests.consultations.candidacy.test_asked_again import CLEAR
from tests.consultations.perform import book_on_the_phone, perform
from tests.consultations.services.conftest import Desk
from tests.database_snapshot import all_rows

pytestmark = pytest.mark.django_db
FLAGGED = {"outcome": Outcome.SAME_DAY}


def offered(consultation_request: Any, by: Any) -> set[str]:
    consultation_request.refresh_from_db()
    return {item.name for item in action_panel(consultation_request, by=by).actions}


def tick(consultation_request: Any, *codes: str) -> None:
    with transaction.atomic():
        fresh = lock(consultation_request)
        dangers.hear(
            response=fresh.response, consultation_request=fresh, origin=AssessmentOrigin.ASKED_AGAIN, ticks=codes
        )
    consultation_request.refresh_from_db()


class TestAnOrder:
    def test_it_does_not_wait_for_the_first_day_of_an_invitation_to_a_follow_up(
        self, desk: Desk, nurse: Any, doctor: Any
    ) -> None:
        consultation_request = desk.request(RequestStatus.OFFERED)
        soonest = free_times(consultation_request)[0].starts_at
        last = (soonest + datetime.timedelta(days=14)).date()
        ConsultationRequest.objects.update(follow_up_from=last, follow_up_clinician=desk.clinician)
        consultation_request.refresh_from_db()
        assert free_times(consultation_request)[0].starts_at > soonest
        tick(consultation_request, "chest")
        perform("order_booking", consultation_request, appointment_type=desk.visit, reason="See today.", by=doctor)
        consultation_request.refresh_from_db()
        assert consultation_request.follow_up_clinician is None
        assert free_times(consultation_request)[0].starts_at == soonest

    def test_nobody_books_until_a_doctor_has_ordered_it(
        self,
        desk: Desk,
        nurse: Any,
        doctor: Any,
        sign_in: Any,
    ) -> None:
        consultation_request = desk.request(RequestStatus.WITH_DOCTOR, **FLAGGED)
        page = text_of(sign_in(nurse).get(page_of(consultation_request)))
        assert "Only a doctor settles it, or orders a visit." in page
        perform(
            "order_booking",
            consultation_request,
            appointment_type=desk.visit,
            reason="I want to see this foot.",
            by=doctor,
        )
        consultation_request.refresh_from_db()
        assert (consultation_request.status, consultation_request.booking_ordered_by) == (RequestStatus.OFFERED, doctor)
        assert consultation_request.triage_decisions.get(action=TriageAction.ORDER).note == "I want to see this foot."
        perform(
            "order_booking",
            consultation_request,
            appointment_type=desk.visit,
            reason="I want to see this foot.",
            by=doctor,
        )
        with pytest.raises(ChangedMeanwhile):
            perform(
                "order_booking", consultation_request, appointment_type=desk.visit, reason="Another reason.", by=doctor
            )
        assert consultation_request.flag_level == "SAME_DAY", "an order settles nothing"
        assert "book" in offered(consultation_request, nurse)
        key = free_times(consultation_request)[0].key
        desk.hold(consultation_request)
        with pytest.raises(FlagsStand):
            desk.services()["book"](consultation_request, None)
        book_on_the_phone(consultation_request, slot_key=key, by=nurse)
        consultation_request.refresh_from_db()
        assert consultation_request.status == RequestStatus.BOOKED

    def test_without_one_a_time_is_refused_to_everybody(
        self,
        desk: Desk,
        nurse: Any,
        doctor: Any,
    ) -> None:
        consultation_request = desk.request(RequestStatus.OFFERED, **FLAGGED)
        key = free_times(consultation_request)[0].key
        before = all_rows()
        for by in (nurse, doctor):
            assert "book" not in offered(consultation_request, by)
            with pytest.raises(FlagsStand):
                book_on_the_phone(consultation_request, slot_key=key, by=by)
        assert all_rows() == before

    def test_a_new_danger_ends_it(self, desk: Desk, nurse: Any, doctor: Any) -> None:
        record = {"answers": CLEAR, "cleaned": {}, "asked": []}
        consultation_request = desk.request(RequestStatus.WITH_DOCTOR, answers=CLEAR, record=record, **FLAGGED)
        perform(
            "order_booking",
            consultation_request,
            appointment_type=desk.visit,
            reason="I want to see this foot.",
            by=doctor,
        )
        tick(consultation_request, "chest")
        assert consultation_request.booking_ordered_at is None
        assert "book" not in offered(consultation_request, nurse)

    def test_it_is_for_red_flags_only_and_for_doctors_only(
        self,
        desk: Desk,
        nurse: Any,
        doctor: Any,
    ) -> None:
        data = {"appointment_type": desk.visit, "reason": "Soon."}
        clear = desk.request(RequestStatus.WITH_DOCTOR)
        flagged = desk.request(RequestStatus.WITH_DOCTOR, **FLAGGED)
        before = all_rows()
        with pytest.raises(WrongStatus, match="Nothing stands in the way"):
            perform("order_booking", clear, by=doctor, **data)
        with pytest.raises(NotAllowed):
            perform("order_booking", flagged, by=nurse, **data)
        assert all_rows() == before


class TestTheEnd:
    @pytest.mark.parametrize("verb", ["cancel_request", "complete", "mark_no_show"])
    def test_only_a_doctor_ends_it_while_a_flag_stands(
        self,
        desk: Desk,
        nurse: Any,
        manager: Any,
        doctor: Any,
        sign_in: Any,
        verb: str,
    ) -> None:
        consultation_request = desk.request(RequestStatus.BOOKED, **FLAGGED)
        other = nurse if verb == "mark_no_show" else manager
        data = {"note": "Moved."} if verb == "cancel_request" else {}
        assert verb not in offered(consultation_request, other)
        assert "Only a doctor can close this request now." in text_of(sign_in(other).get(page_of(consultation_request)))
        before = all_rows(without=["Session", "RecordRead"])
        with pytest.raises(FlagsStand, match="only a doctor can close"):
            perform(verb, consultation_request, by=other, **data)
        assert all_rows(without=["Session", "RecordRead"]) == before
        assert verb in offered(consultation_request, doctor)
        perform(verb, consultation_request, by=doctor, **data)
        consultation_request.refresh_from_db()
        assert consultation_request.is_closed
        assert consultation_request.flag_level == "SAME_DAY", "closing lowers nothing"

    def test_a_patient_who_withdraws_leaves_the_case_open(self, desk: Desk, doctor: Any) -> None:
        record = {"answers": CLEAR, "cleaned": {}, "asked": []}
        consultation_request = desk.request(RequestStatus.RECEIVED, answers=CLEAR, record=record)
        tick(consultation_request, "chest")
        perform("withdraw", consultation_request)
        assert SafetyCase.objects.get().status == CaseStatus.OPEN
        consultation_request.refresh_from_db()
        assert (consultation_request.status, consultation_request.flag_level) == (RequestStatus.WITHDRAWN, "EMERGENCY")
        told = settling.told_of(consultation_request)
        proof = Proof(how=SettledHow.EXAMINED, who="Dr Halloran", place="Here", seen_on=doctor.date_joined.date())
        perform(
            "settle",
            consultation_request,
            signs=tuple(told.standing.open_signs),
            proof=proof,
            heard=told.key,
            by=doctor,
        )
        consultation_request.refresh_from_db()
        assert consultation_request.flag_level == ""
