"""Reminders of a visit: when they are due, what they say, and that none is sent of a visit that is not as it was."""

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail

from clinic.accounts.models import User
from clinic.core import delivery, outbox
from clinic.core.models import OutboxMessage
from consultations.enums import CaseOutcome, CaseProof, MessageKind, Modality, Outcome, RequestStatus
from consultations.models import Appointment, AppointmentType, Clinician, ConsultationRequest, Location
from consultations.services import case_closing, cases, contact_details, reminders
from consultations.services.case_proofs import OutcomeClaim
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW
from tests.mailbox import write
from tests.personas import MakeRequest, book_directly, make_patient

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")


def at(*parts: int) -> datetime.datetime:
    """An instant by the clinic's wall clock."""
    return datetime.datetime(*parts, tzinfo=NEW_YORK).astimezone(datetime.UTC)  # type: ignore[arg-type, misc]


TEN_THIRTY = at(2026, 12, 10, 10, 30)


@pytest.fixture
def booked(make_request: MakeRequest, clinician: Clinician) -> Any:
    """A visit on Thursday 10 December at 10:30, booked on Monday 23 November."""

    def book(starts_at: datetime.datetime = TEN_THIRTY, **more: Any) -> Appointment:
        return book_directly(make_request(status=RequestStatus.BOOKED, **more), clinician, starts_at)

    return book


def mails() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=MessageKind.VISIT_REMINDER).order_by("pk"))


def visit_of(appointment: Appointment) -> ConsultationRequest:
    return appointment.consultation_request


class TestWhileACancellationCanBeTakenBack:
    """A reminder that is due in those three minutes is sent once the visit stands again, and never if it does not."""

    @pytest.mark.parametrize("is_taken_back", [True, False])
    @pytest.mark.parametrize("is_owed_before", [True, False])
    def test_it_waits(self, booked: Any, time_machine: Any, is_owed_before: bool, is_taken_back: bool) -> None:
        visit = booked()
        time_machine.move_to(at(2026, 12, 3, 10, 30), tick=False)
        if is_owed_before:
            reminders.remind()
        perform("cancel_booking", visit_of(visit))
        reminders.remind()
        delivery.deliver_due()
        assert mail.outbox == []
        time_machine.shift(60)
        if is_taken_back:
            perform("undo_cancel", visit_of(visit))
        time_machine.shift(300)
        reminders.remind()
        delivery.deliver_due()
        assert ["a reminder" in item.subject for item in mail.outbox].count(True) == int(is_taken_back)


class TestWhen:
    def test_seven_days_and_one_day_before_at_the_hour_of_the_visit_and_each_once(
        self, booked: Any, time_machine: Any
    ) -> None:
        booked()
        for moment, count in (
            (at(2026, 12, 3, 10, 29), 0),
            (at(2026, 12, 3, 10, 30), 1),
            (at(2026, 12, 3, 10, 31), 1),
            (at(2026, 12, 9, 10, 29), 1),
            (at(2026, 12, 9, 10, 30), 2),
            (at(2026, 12, 9, 19, 59), 2),
            (at(2026, 12, 10, 9, 0), 2),
        ):
            time_machine.move_to(moment, tick=False)
            reminders.remind()
            reminders.remind()
            assert len(mails()) == count, moment

    @pytest.mark.parametrize(
        ("starts", "due"),
        [
            (at(2026, 12, 10, 7, 0), at(2026, 12, 9, 8, 0)),
            (at(2026, 12, 10, 21, 30), at(2026, 12, 9, 19, 0)),
            # The clocks go forward on 14 March and back on 1 November: the day before by the clinic's wall clock.
            (at(2027, 3, 14, 10, 0), at(2027, 3, 13, 10, 0)),
            (at(2027, 3, 15, 10, 0), at(2027, 3, 14, 10, 0)),
            (at(2026, 11, 1, 10, 0), at(2026, 10, 31, 10, 0)),
            (at(2026, 11, 2, 10, 0), at(2026, 11, 1, 10, 0)),
        ],
    )
    def test_the_last_is_due_the_day_before_between_the_hours(
        self, starts: datetime.datetime, due: datetime.datetime
    ) -> None:
        assert reminders.moments(starts)[-1].due_at == due

    def test_an_hour_that_the_clocks_skip_is_the_next_one(self, settings: Any) -> None:
        """On 14 March 2027 no wall clock in New York shows half past two."""
        settings.MESSAGE_HOURS = "02:30-20:00"
        assert reminders.moments(at(2027, 3, 15, 2, 0))[-1].due_at == at(2027, 3, 14, 3, 0)

    @pytest.mark.parametrize(("hour", "count"), [(7, 0), (8, 1), (19, 1), (20, 0), (23, 0)])
    def test_only_between_eight_and_eight(self, booked: Any, time_machine: Any, hour: int, count: int) -> None:
        booked(at(2026, 12, 11, 6, 0))
        time_machine.move_to(at(2026, 12, 5, hour, 0), tick=False)
        assert reminders.remind() == count

    @pytest.mark.parametrize(
        ("starts", "moment", "count"),
        [
            # Booked an hour after the moment of seven days: nothing until the day before.
            (at(2026, 11, 30, 9, 0), at(2026, 11, 23, 11, 0), 0),
            (at(2026, 11, 30, 9, 0), at(2026, 11, 29, 9, 0), 1),
            # Booked the day before, after the moment of the last.
            (at(2026, 11, 24, 9, 0), at(2026, 11, 23, 19, 0), 0),
        ],
    )
    def test_booked_later_than_its_moment_it_has_none(
        self, booked: Any, time_machine: Any, starts: datetime.datetime, moment: datetime.datetime, count: int
    ) -> None:
        booked(starts)
        time_machine.move_to(moment, tick=False)
        assert reminders.remind() == count

    @pytest.mark.parametrize(
        ("moment", "days"),
        [
            (at(2026, 12, 5, 9, 0), [7]),
            (at(2026, 12, 6, 11, 0), []),
            (at(2026, 12, 9, 19, 0), [1]),
            (at(2026, 12, 10, 8, 29), [1]),
            (at(2026, 12, 10, 8, 30), []),
            (at(2026, 12, 10, 11, 0), []),
        ],
    )
    def test_after_a_worker_that_was_down_one_comes_late_while_it_is_of_use(
        self, booked: Any, time_machine: Any, moment: datetime.datetime, days: list[int]
    ) -> None:
        booked()
        time_machine.move_to(moment, tick=False)
        reminders.remind()
        assert [row.payload["days"] for row in mails()] == days

    def test_other_days_by_the_setting_and_none_with_an_empty_one(
        self, booked: Any, time_machine: Any, settings: Any
    ) -> None:
        booked()
        settings.REMINDER_DAYS = [3]
        time_machine.move_to(at(2026, 12, 7, 10, 30), tick=False)
        assert reminders.remind() == 1
        settings.REMINDER_DAYS = []
        time_machine.move_to(at(2026, 12, 9, 10, 30), tick=False)
        assert reminders.remind() == 0

    def test_nobody_without_an_address_and_nobody_who_wants_none(self, booked: Any, time_machine: Any) -> None:
        booked(patient=make_patient("Bob Pell", email=""))
        silent = booked(at(2026, 12, 10, 11, 30), patient=make_patient("Cy Dunn"))
        perform("choose_reminders", visit_of(silent), choice="none")
        time_machine.move_to(at(2026, 12, 9, 12, 0), tick=False)
        assert reminders.remind() == 0


class TestStillWanted:
    """Asked when it is sent, however long it waited."""

    @pytest.fixture
    def owed(self, booked: Any, time_machine: Any) -> Appointment:
        appointment: Appointment = booked()
        time_machine.move_to(at(2026, 12, 9, 10, 30), tick=False)
        assert reminders.remind() == 1
        return appointment

    def reason(self) -> str:
        delivery.deliver_due()
        (message,) = mails()
        assert mail.outbox == []
        return message.last_error

    def test_it_goes(self, owed: Appointment) -> None:
        assert delivery.deliver_due() == 1
        (sent,) = mail.outbox
        assert sent.to == ["alice@example.com"]

    def test_not_of_a_time_that_was_cancelled(self, owed: Appointment, nurse: User) -> None:
        perform("cancel_booking", visit_of(owed), reason="Doctor ill", by=nurse)
        OutboxMessage.objects.exclude(kind=MessageKind.VISIT_REMINDER).delete()
        assert self.reason() == "Not sent: the time was cancelled or moved."

    def test_not_of_a_time_that_was_moved(self, owed: Appointment) -> None:
        Appointment.objects.update(starts_at=owed.starts_at + HOUR, ends_at=owed.ends_at + HOUR)
        assert self.reason() == "Not sent: the time was cancelled or moved."

    def test_not_of_a_request_that_ended(self, owed: Appointment) -> None:
        perform("withdraw", visit_of(owed))
        OutboxMessage.objects.exclude(kind=MessageKind.VISIT_REMINDER).delete()
        assert self.reason() == "Not sent: the time was cancelled or moved."

    def test_not_to_somebody_who_died(self, owed: Appointment, nurse: User) -> None:
        row = visit_of(owed)
        case = cases.open_case(response=row.response, level=Outcome.EMERGENCY, patient=row.patient)
        claim = OutcomeClaim(CaseOutcome.DIED, CaseProof.TOLD, words="Her son told us.")
        case_closing.close(case=case, claim=claim, by=nurse)
        OutboxMessage.objects.exclude(kind=MessageKind.VISIT_REMINDER).delete()
        assert self.reason() == "Held back: the person has died."

    def test_not_to_who_wants_none_since(self, owed: Appointment) -> None:
        perform("choose_reminders", visit_of(owed), choice="none")
        assert self.reason() == "Not sent: the patient wants no reminders."

    def test_not_when_it_is_too_late_to_be_of_use(self, owed: Appointment, time_machine: Any) -> None:
        time_machine.move_to(owed.starts_at - 2 * HOUR, tick=False)
        assert self.reason() == "Too late to be of use: not sent."

    def test_by_night_it_waits_for_the_morning_however_often_it_was_tried(
        self, owed: Appointment, time_machine: Any
    ) -> None:
        OutboxMessage.objects.update(attempts=3)
        time_machine.move_to(at(2026, 12, 9, 23, 0), tick=False)
        Appointment.objects.update(starts_at=owed.starts_at)
        for _ in range(2):
            assert delivery.deliver_due() == 0
            (message,) = mails()
            assert (message.due_at, message.attempts, message.parked_at) == (at(2026, 12, 10, 8, 0), 0, None)
        time_machine.move_to(at(2026, 12, 10, 8, 0), tick=False)
        assert delivery.deliver_due() == 1


class TestWhatItSays:
    NEVER = ("pain", "danger", "spine", "first consultation", "suitable", "outcome", "consultation")

    @pytest.fixture
    def owed(self, booked: Any, time_machine: Any) -> Appointment:
        appointment: Appointment = booked()
        Location.objects.update(directions="By the side door.")
        AppointmentType.objects.update(price_text="$250")
        time_machine.move_to(at(2026, 12, 9, 10, 30), tick=False)
        return appointment

    def letter(self) -> Any:
        reminders.remind()
        (message,) = mails()
        return write(message)

    def test_a_neutral_one_says_only_that_there_is_a_time(self, owed: Appointment) -> None:
        letter = self.letter()
        assert letter.subject == f"Your request {visit_of(owed).reference}: a reminder"
        assert "This is a reminder of the time that you booked with us." in letter.text
        for text in (letter.text, letter.html):
            words = text.lower().replace("larchwell spine clinic", "")
            for word in (*self.NEVER, "10 december", "10:30", "halloran", "orchard", "side door", "$250", "tomorrow"):
                assert word not in words, word

    def test_a_full_one_says_when_where_and_with_whom_and_nothing_else(self, owed: Appointment) -> None:
        perform("choose_reminders", visit_of(owed), choice="full")
        letter = self.letter()
        assert letter.subject == f"Your request {visit_of(owed).reference}: a reminder"
        assert (
            "When: Thursday 10 December, 10:30 am, Eastern Time (New York)\n"
            "Where: Orchard Row, 14 Orchard Row, Suite 2\n"
            "With: Dr Ines Halloran\n"
        ) in letter.text
        words = letter.text.lower().replace("larchwell spine clinic", "")
        for word in self.NEVER:
            assert word not in words, word

    def test_a_visit_by_phone_has_no_place(self, owed: Appointment) -> None:
        AppointmentType.objects.update(modality=Modality.PHONE)
        perform("choose_reminders", visit_of(owed), choice="full")
        text = self.letter().text
        assert "Where: By phone" in text
        assert "Orchard Row" not in text

    def test_a_full_one_that_could_not_be_sent_is_written_anew_when_the_patient_chooses_neutral(
        self, owed: Appointment
    ) -> None:
        perform("choose_reminders", visit_of(owed), choice="full")
        assert "Orchard Row" in self.letter().text
        perform("choose_reminders", visit_of(owed), choice="neutral")
        (message,) = mails()
        assert message.content is None
        assert "Orchard Row" not in write(message).text

    def test_another_address_is_told_nothing_until_it_is_chosen_anew(self, owed: Appointment, nurse: User) -> None:
        """Who reads the new mailbox is not known."""
        perform("choose_reminders", visit_of(owed), choice="full")
        perform("correct_email", visit_of(owed), email="family@example.com", by=nurse)
        letter = self.letter()
        assert letter.to == "family@example.com"
        assert "Orchard Row" not in letter.text

    def test_to_a_helper_by_the_name_of_the_patient(self, booked: Any, time_machine: Any) -> None:
        booked(filled_for="other", helper_name="Bob Pell")
        time_machine.move_to(at(2026, 12, 9, 10, 30), tick=False)
        text = self.letter().text
        assert text.startswith("Hello Bob,")
        assert "This is a reminder of the time that is booked for Alice." in text


def test_a_correction_keeps_the_wish_for_no_reminders(booked: Any) -> None:
    appointment = booked()
    perform("choose_reminders", visit_of(appointment), choice="none")
    locked = ConsultationRequest.objects.select_related("patient").get()
    contact_details.replace_address(consultation_request=locked, email="new@example.com")
    assert ConsultationRequest.objects.get().reminders == "none"


class TestByText:
    """Who has no address is reminded by text message, where the clinic sends any."""

    @pytest.fixture(autouse=True)
    def on(self, settings: Any) -> None:
        settings.TEXT_MESSAGE_URL = "https://provider.example/messages"

    def remind(self, time_machine: Any) -> list[OutboxMessage]:
        time_machine.move_to(at(2026, 12, 9, 12, 0), tick=False)
        reminders.remind()
        return list(OutboxMessage.objects.all())

    def test_always_neutral_and_without_a_link(self, booked: Any, time_machine: Any) -> None:
        appointment = booked(patient=make_patient("Bob Pell", email=""))
        perform("choose_reminders", visit_of(appointment), choice="full")
        (message,) = self.remind(time_machine)
        assert (message.kind, message.channel, message.recipient) == ("text_reminder", "text", "+12025550142")
        draft = outbox.KINDS[message.kind].compose(message)
        assert draft.text == (
            "Larchwell: a reminder of the time that you booked with us. If you cannot come, or anything has changed, "
            "call (555) 010-0142."
        )

    def test_who_has_an_address_gets_a_mail_and_nothing_else(self, booked: Any, time_machine: Any) -> None:
        booked()
        assert [message.kind for message in self.remind(time_machine)] == ["visit_reminder"]

    @pytest.mark.parametrize(
        "patient",
        [
            {"safe_to_contact": "no_voicemail"}, {"safe_to_contact": "email_only"}, {"phone": ""},
            {"phone": "call my son on 0142"},
        ],
    )  # fmt: skip
    def test_nobody_for_whom_no_message_may_be_left_or_who_left_no_number(
        self, booked: Any, time_machine: Any, patient: dict[str, str]
    ) -> None:
        booked(patient=make_patient("Bob Pell", email="", **patient))
        assert self.remind(time_machine) == []

    def test_nobody_while_it_is_off(self, booked: Any, time_machine: Any, settings: Any) -> None:
        settings.TEXT_MESSAGE_URL = ""
        booked(patient=make_patient("Bob Pell", email=""))
        assert self.remind(time_machine) == []

    def test_what_waits_is_not_sent_of_a_time_that_was_cancelled(self, booked: Any, time_machine: Any) -> None:
        appointment = booked(patient=make_patient("Bob Pell", email=""))
        (message,) = self.remind(time_machine)
        Appointment.objects.filter(pk=appointment.pk).update(
            status="cancelled", cancelled_at=NOW, cancelled_by="patient"
        )
        with pytest.raises(outbox.NotWanted):
            outbox.KINDS[message.kind].ensure_wanted(message)
