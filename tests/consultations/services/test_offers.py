"""An offer of which no time is taken: nudges, its end, and the patients whom staff call."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import delivery
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import WrongStatus
from consultations.actions.expire_offer import expire_ended
from consultations.enums import AppointmentStatus, CallOutcome, MessageKind, Outcome, RequestStatus, SafeToContact
from consultations.models import Call, Clinician, ConsultationRequest, SlotHold
from consultations.services import offers, scheduling, to_phone
from consultations.services.transitions import FlagsStand
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW, Desk
from tests.consultations.views.conftest import text_of
from tests.mailbox import queue_directly, write
from tests.personas import MakeRequest, book_directly, make_patient

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def kinds_of(consultation_request: ConsultationRequest) -> list[str]:
    messages = OutboxMessage.objects.filter(subject__consultation_request=consultation_request)
    return list(messages.order_by("pk").values_list("kind", flat=True))


class TestNudges:
    def test_two_and_five_days_after_the_offer_and_each_once(
        self, make_request: MakeRequest, time_machine: Any
    ) -> None:
        consultation_request = make_request(status=RequestStatus.OFFERED)
        for shift, count in ((2 * DAY - HOUR, 0), (HOUR, 1), (HOUR, 1), (3 * DAY - HOUR, 2), (20 * DAY, 2)):
            time_machine.shift(shift)
            offers.nudge()
            offers.nudge()
            assert len(kinds_of(consultation_request)) == count

    def test_it_is_neutral(self, make_request: MakeRequest, time_machine: Any) -> None:
        consultation_request = make_request(status=RequestStatus.OFFERED)
        time_machine.shift(2 * DAY)
        offers.nudge()
        letter = write(OutboxMessage.objects.get())
        assert letter.subject == f"Your request {consultation_request.reference}: choose a time"
        assert "You can still choose a time. Nothing is booked yet." in letter.text
        for word in ("pain", "danger", "doctor", "spine", "consultation"):
            assert word not in letter.text.lower().replace("larchwell spine clinic", "")

    @pytest.mark.parametrize(
        "more", [{"outcome": Outcome.SAME_DAY}, {"status": RequestStatus.BOOKED}, {"status": RequestStatus.RECEIVED}]
    )
    def test_only_who_can_choose_a_time(self, make_request: MakeRequest, time_machine: Any, more: Any) -> None:
        make_request(**{"status": RequestStatus.OFFERED, **more})
        time_machine.shift(2 * DAY)
        assert offers.nudge() == 0

    def test_one_that_waited_is_not_sent_once_a_time_is_chosen_or_given_back(
        self, desk: Desk, time_machine: Any
    ) -> None:
        consultation_request = desk.request(RequestStatus.OFFERED)
        time_machine.shift(2 * DAY)
        assert offers.nudge() == 1
        ConsultationRequest.objects.update(status_changed_at=NOW + 2 * DAY)
        delivery.deliver_due()
        (message,) = OutboxMessage.objects.filter(subject__consultation_request=consultation_request)
        assert message.last_error == "Not sent: the patient has acted on it, or it was taken back."

    def test_none_by_an_empty_setting(self, make_request: MakeRequest, time_machine: Any, settings: Any) -> None:
        settings.NUDGE_DAYS = []
        make_request(status=RequestStatus.OFFERED)
        time_machine.shift(2 * DAY)
        assert offers.nudge() == 0


class TestTheEnd:
    def test_after_four_weeks_it_is_with_staff_again_with_a_mail_and_on_record(
        self, make_request: MakeRequest, time_machine: Any, nurse: User, sign_in: Any
    ) -> None:
        consultation_request = make_request(status=RequestStatus.OFFERED)
        time_machine.shift(28 * DAY - HOUR)
        assert expire_ended() == 0
        time_machine.shift(HOUR)
        assert (expire_ended(), expire_ended()) == (1, 0)
        consultation_request.refresh_from_db()
        assert consultation_request.status == "received"
        assert consultation_request.is_offer_expired
        assert consultation_request.due_at == datetime.datetime(2026, 12, 23, 22, 30, tzinfo=datetime.UTC)
        assert kinds_of(consultation_request) == ["offer_expired"]
        (event,) = AuditEvent.objects.about(consultation_request)
        assert (event.action, event.actor, event.details["to"]) == ("request.expire_offer", "system", "received")
        client = sign_in(nurse)
        page = f"/admin/consultations/consultationrequest/{consultation_request.pk}/change/"
        assert "Offer expired: phone this patient" in text_of(client.get(page))
        assert "Offer expired: phone this patient" in text_of(client.get("/admin/consultations/consultationrequest/"))
        assert f"Alice Winther {consultation_request.reference} , offer expired" in text_of(client.get("/admin/"))

    def test_not_while_the_clinic_is_closed(self, make_request: MakeRequest, time_machine: Any) -> None:
        make_request(status=RequestStatus.OFFERED)
        time_machine.move_to(NOW + 28 * DAY + 12 * HOUR, tick=False)
        assert expire_ended() == 0

    def test_not_while_a_time_is_held_or_a_flag_stands_and_never_by_a_setting_of_0(
        self, desk: Desk, make_request: MakeRequest, time_machine: Any, settings: Any
    ) -> None:
        desk.request(RequestStatus.OFFERED)
        make_request(status=RequestStatus.OFFERED, outcome=Outcome.SAME_DAY)
        time_machine.shift(28 * DAY)
        SlotHold.objects.update(expires_at=NOW + 28 * DAY + scheduling.HOLD_TIME)
        assert expire_ended() == 0
        SlotHold.objects.update(expires_at=NOW + 28 * DAY)
        settings.OFFER_DAYS = 0
        assert expire_ended() == 0
        settings.OFFER_DAYS = 28
        assert expire_ended() == 1
        assert SlotHold.objects.count() == 0

    def test_its_mail_is_not_sent_once_a_time_is_offered_again(
        self, make_request: MakeRequest, nurse: User, mailoutbox: list[Any]
    ) -> None:
        consultation_request = make_request(status=RequestStatus.OFFERED)
        perform("expire_offer", consultation_request, by=nurse)
        perform("offer_again", consultation_request, by=nurse)
        delivery.deliver_due()
        assert [sent.subject.rpartition(": ")[2] for sent in mailoutbox] == ["choose a time"]
        consultation_request.refresh_from_db()
        assert (consultation_request.status, consultation_request.offer_expired_at) == ("offered", None)


class TestOfferedAgain:
    def test_to_who_did_not_come(self, make_request: MakeRequest, nurse: User, clinician: Clinician) -> None:
        consultation_request = make_request(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, NOW - HOUR)
        perform("mark_no_show", consultation_request, by=nurse)
        perform("offer_again", consultation_request, by=nurse)
        consultation_request.refresh_from_db()
        assert consultation_request.status == "offered"
        delivery.deliver_due()
        texts = {row.kind: row for row in OutboxMessage.objects.all()}
        assert texts["offered_again"].sent_at is not None
        assert texts["missed_visit"].sent_at is None

    @pytest.mark.parametrize("status", [RequestStatus.RECEIVED, RequestStatus.IN_TRIAGE, RequestStatus.WITH_DOCTOR])
    def test_never_what_no_doctor_has_offered(
        self, desk: Desk, make_request: MakeRequest, nurse: User, status: RequestStatus
    ) -> None:
        with pytest.raises(WrongStatus):
            perform("offer_again", desk.request(status), by=nurse)

    def test_not_while_a_red_flag_stands(self, make_request: MakeRequest, nurse: User) -> None:
        consultation_request = make_request(status=RequestStatus.NO_SHOW, outcome=Outcome.SAME_DAY)
        with pytest.raises(FlagsStand):
            perform("offer_again", consultation_request, by=nurse)


class TestTheNextMorning:
    @pytest.mark.parametrize(
        ("verb", "undo", "kind"),
        [("complete", "undo_complete", "after_visit"), ("mark_no_show", "undo_no_show", "missed_visit")],
    )
    def test_a_mail_says_that_the_page_has_what_comes_next_unless_it_was_undone(
        self, make_request: MakeRequest, clinician: Clinician, manager: User, time_machine: Any,
        mailoutbox: list[Any], verb: str, undo: str, kind: str,
    ) -> None:  # fmt: skip
        consultation_request = make_request(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, NOW - HOUR)
        perform(verb, consultation_request, by=manager)
        (message,) = OutboxMessage.objects.all()
        assert (message.kind, message.send_at) == (
            kind, datetime.datetime(2026, 11, 24, 14, 0, tzinfo=datetime.UTC),
        )  # fmt: skip
        perform(undo, consultation_request, by=manager)
        time_machine.shift(DAY)
        delivery.deliver_due()
        assert mailoutbox == []
        assert consultation_request.appointments.get().status == AppointmentStatus.BOOKED


class TestWhomToPhone:
    def failed(self, consultation_request: ConsultationRequest) -> OutboxMessage:
        return queue_directly(
            key=f"one-{consultation_request.pk}", kind=MessageKind.VISIT_REMINDER, parked_at=NOW,
            consultation_request=consultation_request,
        )  # fmt: skip

    def test_whose_mail_was_not_delivered_until_somebody_calls(
        self, make_request: MakeRequest, nurse: User, sign_in: Any, time_machine: Any
    ) -> None:
        consultation_request = make_request()
        self.failed(consultation_request)
        assert list(to_phone.unreached()) == [consultation_request]
        assert f"Alice Winther {consultation_request.reference} , no email arrives" in text_of(
            sign_in(nurse).get("/admin/")
        )
        Call.objects.create(
            response=consultation_request.response, outcome=CallOutcome.NOT_REACHED, made_at=NOW, made_by=nurse
        )
        assert list(to_phone.unreached()) == []

    def test_nobody_who_has_no_phone_or_may_not_be_called_and_no_request_that_ended(
        self, make_request: MakeRequest
    ) -> None:
        self.failed(make_request(patient=make_patient("Cy Dunn", phone="")))
        self.failed(make_request(patient=make_patient("Di Eng", safe_to_contact=SafeToContact.EMAIL_ONLY)))
        self.failed(make_request(patient=make_patient("Ed Fry"), status=RequestStatus.WITHDRAWN))
        assert list(to_phone.unreached()) == []
