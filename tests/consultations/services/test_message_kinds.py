"""What the consultations send: written from live data, and only while it is wanted."""

import datetime
from typing import Any

import pytest
from django.core import mail

from clinic.accounts.models import User
from clinic.core import clock, delivery, outbox
from clinic.core.encryption import fingerprint
from clinic.core.models import Lane, OutboxMessage
from clinic.core.outbox import NotWanted
from consultations.enums import CaseStatus, MessageKind, Outcome, RequestStatus
from consultations.models import (
    AlarmGroup,
    AppointmentType,
    Clinician,
    ConsultationRequest,
    Location,
    Patient,
    PrivateLink,
    SafetyCase,
)
from consultations.services import cases, messaging, private_links, undelivered
from tests.consultations.services.conftest import NOW
from tests.database_snapshot import store
from tests.mailbox import token_of, write
from tests.personas import MakeRequest, book_directly, make_patient

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def frozen(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


def queue(consultation_request: Any, kind: MessageKind = MessageKind.PRIVATE_LINK, **more: Any) -> OutboxMessage:
    message = messaging.notify_patient(kind=kind, consultation_request=consultation_request, key="one", **more)
    assert message is not None
    return message


def asked(message: OutboxMessage) -> str:
    """ "" when it is wanted, else why it is not, with a mark when staff must see to it."""
    try:
        outbox.KINDS[message.kind].ensure_wanted(OutboxMessage.objects.get(pk=message.pk))
    except NotWanted as no:
        return no.reason + (" Staff!" if no.needs_staff else "")
    return ""


def test_every_kind_is_registered_by_its_name_and_lane() -> None:
    lanes = {kind: outbox.KINDS[kind].lane for kind in MessageKind}
    assert lanes == {
        "request_received": Lane.PATIENTS,
        "private_link": Lane.PATIENTS,
        "question_asked": Lane.PATIENTS,
        "consultation_offered": Lane.PATIENTS,
        "follow_up_invited": Lane.PATIENTS,
        "appointment_booked": Lane.PATIENTS,
        "appointment_moved": Lane.PATIENTS,
        "appointment_cancelled": Lane.PATIENTS,
        "visit_called_off": Lane.PATIENTS,
        "choose_nudge": Lane.PATIENTS,
        "offer_expired": Lane.PATIENTS,
        "offered_again": Lane.PATIENTS,
        "after_visit": Lane.PATIENTS,
        "earlier_time": Lane.PATIENTS,
        "missed_visit": Lane.PATIENTS,
        "visit_reminder": Lane.PATIENTS,
        "text_reminder": Lane.PATIENTS,
        "request_closed": Lane.PATIENTS,
        "weekly_question": Lane.PATIENTS,
        "next_day_question": Lane.PATIENTS,
        "please_contact": Lane.PATIENTS,
        "saved_check": Lane.PATIENTS,
        "saved_check_reminder": Lane.PATIENTS,
        "staff_alert": Lane.ALERTS,
        "staff_notice": Lane.STAFF,
        "day_end": Lane.STAFF,
    }, "list the new kind here with its lane, and say below while it is wanted"


class TestWrittenFromLiveData:
    def test_the_address_and_the_name_that_stand_when_it_goes(self, make_request: MakeRequest) -> None:
        consultation_request = make_request(patient=make_patient("Alcie Winther", email="alice@example.con"))
        row = queue(consultation_request)
        store(Patient, consultation_request.patient_id, name="Alice Winther", email="alice@example.com")
        delivery.deliver_due()
        (sent,) = mail.outbox
        assert sent.to == ["alice@example.com"]
        assert sent.body.startswith("Hello Alice,")
        assert OutboxMessage.objects.get(pk=row.pk).recipient == "alice@example.com"

    def test_its_link_is_made_then_and_lives_ninety_days_from_then(
        self, make_request: MakeRequest, time_machine: Any
    ) -> None:
        consultation_request = make_request()
        row = queue(consultation_request)
        assert not PrivateLink.objects.exists()
        time_machine.shift(10 * DAY)
        token = token_of(row)
        link = PrivateLink.objects.get(token_hash=fingerprint(token))
        assert (link.created_at, link.expires_at) == (NOW + 10 * DAY, NOW + 100 * DAY)

    def test_links_ended_while_it_waited_end_no_link_of_its_own(self, make_request: MakeRequest) -> None:
        consultation_request = make_request()
        old = messaging.notify_patient(
            kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key="old"
        )
        assert old is not None
        known = PrivateLink.objects.get(token_hash=fingerprint(token_of(old)))
        waits = queue(consultation_request)
        private_links.replace(consultation_request=consultation_request, link=known.pk)
        opened = private_links.open_link(token=token_of(waits), birth_on=consultation_request.patient.birth_on)
        assert opened is not None

    def test_what_the_visit_costs_and_the_way_there_as_they_are_then(
        self, make_request: MakeRequest, clinician: Clinician
    ) -> None:
        consultation_request = make_request(status=RequestStatus.BOOKED)
        visit = book_directly(consultation_request, clinician, NOW + DAY)
        row = queue(consultation_request, MessageKind.APPOINTMENT_BOOKED, appointment=visit)
        AppointmentType.objects.update(price_text="$250, paid at the desk.")
        Location.objects.update(directions="Use the side door.")
        text = write(row).text
        assert "What it costs: $250, paid at the desk." in text
        assert "How to get there: Use the side door." in text

    def test_an_address_that_was_taken_away_leaves_it_to_staff(self, make_request: MakeRequest) -> None:
        queue(make_request())
        Patient.objects.update(email="")
        delivery.deliver_due()
        assert [row.last_error for row in undelivered.parked_messages()] == [
            "There is no email address to send this to."
        ]
        assert not PrivateLink.objects.exists()


class TestWantedByAPatient:
    @pytest.mark.parametrize(
        ("kind", "status"),
        [
            (MessageKind.QUESTION_ASKED, RequestStatus.INFORMATION_ASKED),
            (MessageKind.CONSULTATION_OFFERED, RequestStatus.OFFERED),
            (MessageKind.OFFERED_AGAIN, RequestStatus.OFFERED),
            (MessageKind.FOLLOW_UP_INVITED, RequestStatus.OFFERED),
            (MessageKind.AFTER_VISIT, RequestStatus.COMPLETED),
            (MessageKind.MISSED_VISIT, RequestStatus.NO_SHOW),
        ],
    )
    def test_what_asks_for_something_only_while_it_is_asked_for(
        self, make_request: MakeRequest, kind: MessageKind, status: RequestStatus
    ) -> None:
        row = queue(make_request(status=status), kind)
        assert asked(row) == ""
        ConsultationRequest.objects.update(status=RequestStatus.IN_TRIAGE)
        assert asked(row) == "Not sent: the patient has acted on it, or it was taken back."

    @pytest.mark.parametrize(
        "kind",
        [
            MessageKind.REQUEST_RECEIVED,
            MessageKind.PRIVATE_LINK,
            MessageKind.REQUEST_CLOSED,
        ],
    )
    def test_news_and_links_always(self, make_request: MakeRequest, kind: MessageKind) -> None:
        assert asked(queue(make_request(status=RequestStatus.WITHDRAWN), kind)) == ""

    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (RequestStatus.OFFERED, ""),
            (RequestStatus.RECEIVED, ""),
            (RequestStatus.WITHDRAWN, "Not sent: the request has ended, which has a message of its own."),
        ],
    )
    def test_a_cancellation_while_the_request_stays_open_as_it_says(
        self, make_request: MakeRequest, status: RequestStatus, reason: str
    ) -> None:
        assert asked(queue(make_request(status=status), MessageKind.APPOINTMENT_CANCELLED)) == reason

    @pytest.mark.parametrize(
        ("starts", "status", "reason"),
        [
            (HOUR, "booked", ""),
            (datetime.timedelta(seconds=1), "booked", ""),
            (datetime.timedelta(0), "booked", "Too late to be of use: not sent. Staff!"),
            (HOUR, "cancelled", "Not sent: the time was cancelled."),
        ],
    )
    def test_a_booking_until_the_visit_begins_or_is_cancelled(
        self,
        make_request: MakeRequest,
        clinician: Clinician,
        starts: datetime.timedelta,
        status: str,
        reason: str,
    ) -> None:
        consultation_request = make_request(status=RequestStatus.BOOKED)
        visit = book_directly(consultation_request, clinician, NOW + starts)
        row = queue(consultation_request, MessageKind.APPOINTMENT_BOOKED, appointment=visit)
        if status == "cancelled":
            type(visit).objects.update(status="cancelled", cancelled_at=NOW, cancelled_by="patient")
        assert asked(row) == reason


class TestAnAlert:
    @pytest.fixture
    def case(self, make_request: MakeRequest, nurse: User) -> SafetyCase:
        return cases.open_case(response=make_request().response, level=Outcome.EMERGENCY)

    def alert(self, case: SafetyCase) -> OutboxMessage:
        return OutboxMessage.objects.get(subject__case=case)

    def take_on(self, case: SafetyCase, nurse: User, **changes: Any) -> None:
        SafetyCase.objects.filter(pk=case.pk).update(
            status=CaseStatus.ACKNOWLEDGED, acknowledged_at=clock.now(), acknowledged_by=nurse, **changes
        )

    def test_is_not_sent_once_somebody_has_taken_its_case_on(self, case: SafetyCase, nurse: User) -> None:
        row = self.alert(case)
        assert asked(row) == ""
        self.take_on(case, nurse)
        assert delivery.deliver_due() == 0
        row.refresh_from_db()
        assert (row.is_stopped, row.last_error) == (True, "Not sent: somebody has taken this on.")
        assert undelivered.parked_messages().count() == 0

    def test_about_a_case_that_was_taken_on_before_it_was_queued_is_sent(
        self, case: SafetyCase, nurse: User, time_machine: Any
    ) -> None:
        """The person behind it was named since: whoever has it hears of that."""
        self.take_on(case, nurse)
        time_machine.shift(HOUR)
        OutboxMessage.objects.update(created_at=clock.now())
        assert asked(self.alert(case)) == ""

    def test_of_a_group_is_sent_while_anybody_in_it_waits(
        self, case: SafetyCase, make_request: MakeRequest, nurse: User
    ) -> None:
        group = AlarmGroup.objects.create(network="one", level="EMERGENCY", first_at=NOW, last_at=NOW)
        other = cases.open_case(response=make_request().response, level=Outcome.EMERGENCY)
        SafetyCase.objects.update(alarm_group=group)
        row = self.alert(case)
        self.take_on(case, nurse)
        assert asked(row) == ""
        AlarmGroup.objects.update(acknowledged_at=NOW, acknowledged_by=nurse)
        assert asked(row) == "Not sent: somebody has taken this on."
        assert other.pk != case.pk

    def test_goes_to_the_address_and_name_that_the_member_of_staff_has_then(self, nurse: User) -> None:
        row = messaging.alert_staff(user=nurse, key="one", path="/admin/")
        assert row is not None
        User.objects.filter(pk=nurse.pk).update(email="new@clinic.example", name="Petra Lund")
        letter = write(row)
        assert letter.to == "new@clinic.example"
        assert letter.text.startswith("Hello Petra,")

    def test_to_somebody_who_left_is_for_staff_to_see_to(self, nurse: User) -> None:
        messaging.alert_staff(user=nurse, key="one", path="/admin/")
        User.objects.filter(pk=nurse.pk).update(is_active=False)
        delivery.deliver_due()
        assert mail.outbox == []
        assert undelivered.parked_messages().count() == 1

    def test_about_undelivered_messages_waits_in_a_lane_that_no_alarm_waits_in(
        self, make_request: MakeRequest, nurse: User
    ) -> None:
        queue(make_request())
        OutboxMessage.objects.update(parked_at=NOW)
        undelivered.alert_undelivered()
        assert OutboxMessage.objects.get(kind=MessageKind.STAFF_ALERT).lane == Lane.STAFF
