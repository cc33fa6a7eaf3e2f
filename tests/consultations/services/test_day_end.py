"""The day's end: one mail a manager when the clinic has closed, with nothing in it but numbers and references."""

import datetime
from typing import Any

import pytest
from django.db import connection, transaction

from clinic.accounts.models import User
from clinic.core import clock, delivery
from clinic.core.models import AuditEvent, OutboxMessage
from consultations.enums import Outcome, RequestStatus
from consultations.models import DayEnd, PatientText
from consultations.services import cases, day_end
from tests.consultations.services.test_cases import open_case
from tests.consultations.services.test_duty import named
from tests.consultations.services.test_rota import MONDAY, at, shift
from tests.database_snapshot import all_rows
from tests.mailbox import queue_directly
from tests.personas import close_case, make_patient

pytestmark = pytest.mark.django_db
HEALTH_WORDS = ("danger", "emergency", "same-day", "urgent", "self-harm", "pain", "flag", "safety", "patient", "health")


@pytest.fixture
def closing(time_machine: Any) -> None:
    time_machine.move_to(at("17:30"), tick=False)


def told() -> list[str]:
    """Who gets a mail of a day's end."""
    rows = OutboxMessage.objects.filter(kind="day_end").order_by("pk")
    return [row.recipient for row in rows]


def letter(mailoutbox: list[Any]) -> Any:
    while delivery.deliver_due():
        pass
    return next(mail for mail in mailoutbox if mail.subject.startswith("The day’s end"))


class TestWhen:
    def test_once_at_closing_and_not_before(self, manager: User, time_machine: Any) -> None:
        time_machine.move_to(at("17:29"), tick=False)
        assert not day_end.make_due()
        time_machine.move_to(at("17:30"), tick=False)
        assert day_end.make_due()
        before = all_rows()
        time_machine.move_to(at("23:00"), tick=False)
        assert not day_end.make_due()
        assert all_rows() == before
        assert told() == ["manager@clinic.example"]
        event = AuditEvent.objects.get(action="day.end")
        assert (event.actor, event.details) == ("system", {"open": 0, "told": 1})

    def test_each_day_that_the_clinic_is_open_has_its_own(
        self, manager: User, settings: Any, time_machine: Any
    ) -> None:
        settings.CLOSED_DATES = ["2026-11-25"]
        for step in range(9):
            for text in ("12:00", "17:31", "23:59"):
                time_machine.move_to(at(text, MONDAY + datetime.timedelta(days=step)), tick=False)
                day_end.make_due()
        days = [f"{row.on:%a %d}" for row in DayEnd.objects.order_by("on")]
        assert days == ["Mon 23", "Tue 24", "Thu 26", "Fri 27", "Mon 30", "Tue 01"]
        assert len(told()) == 6

    def test_after_the_last_opening_of_a_day_with_a_break(self, settings: Any, time_machine: Any) -> None:
        settings.OPENING_HOURS = "Mon 08:00-12:00; Mon 13:00-16:00"
        for text, is_made in (("12:30", False), ("15:59", False), ("16:00", True)):
            time_machine.move_to(at(text), tick=False)
            assert day_end.make_due() is is_made

    @pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
    def test_on_days_on_which_the_clocks_change(self, settings: Any, time_machine: Any, day: str) -> None:
        settings.OPENING_HOURS = "Sun 08:30-17:30"
        on = datetime.date.fromisoformat(day)
        time_machine.move_to(at("17:30", on) - datetime.timedelta(seconds=1), tick=False)
        assert not day_end.make_due()
        time_machine.move_to(at("17:30", on), tick=False)
        assert day_end.make_due()

    def test_one_that_no_worker_saw_is_made_later_and_none_from_before_the_first(
        self, manager: User, time_machine: Any
    ) -> None:
        assert not day_end.make_due()
        time_machine.move_to(at("17:30"), tick=False)
        day_end.make_due()
        time_machine.move_to(at("09:00", MONDAY + datetime.timedelta(days=2)), tick=False)
        assert day_end.make_due()
        assert [str(row.on) for row in DayEnd.objects.order_by("on")] == ["2026-11-23", "2026-11-24"]

    def test_a_worker_that_is_killed_leaves_nothing_half_done(self, closing: None, manager: User) -> None:
        with transaction.atomic():
            assert day_end.make_due()
            transaction.set_rollback(True)
        assert (DayEnd.objects.count(), told()) == (0, [])
        assert day_end.make_due()
        assert len(told()) == 1


class TestWhom:
    def test_every_manager_who_may_sign_in(self, closing: None, manager: User, staff: Any, settings: Any) -> None:
        settings.DUTY_EMAIL = "duty@clinic.example"
        staff("manager")
        User.objects.filter(pk=manager.pk).update(is_on_duty=False)
        day_end.make_due()
        assert told() == ["manager@clinic.example", "a_manager@clinic.example"]

    def test_without_one_the_duty_address(self, closing: None, nurse: User, manager: User, settings: Any) -> None:
        User.objects.filter(pk=manager.pk).update(is_active=False)
        settings.DUTY_EMAIL = "duty@clinic.example"
        day_end.make_due()
        assert told() == ["duty@clinic.example"]

    def test_nobody_is_said_so(self, closing: None, nurse: User, caplog: Any) -> None:
        day_end.make_due()
        assert DayEnd.objects.get().told == 0
        assert "there is no manager and no duty address to tell" in caplog.text


class TestWhatItSays:
    def test_that_nothing_is_open(self, closing: None, manager: User, mailoutbox: list[Any]) -> None:
        day_end.make_due()
        mail = letter(mailoutbox)
        assert mail.subject == "The day’s end: nothing pressing is open"
        assert "Monday 23 November is over for the clinic. Nothing pressing is open." in " ".join(mail.body.split())
        assert "Hello Mara," in mail.body

    def test_everything_that_is_open_by_number_and_reference(
        self, manager: User, nurse: User, make_request: Any, time_machine: Any, mailoutbox: list[Any]
    ) -> None:
        case, now = named(), clock.now()
        raised = make_request(patient=make_patient("Bob Pell"), escalated_at=now, escalated_by=nurse)
        late = make_request(
            patient=make_patient("Carol Abbot"), submitted_at=now - datetime.timedelta(days=3), due_at=now
        )
        calm = make_request(patient=make_patient("Dora Quist"))
        shut = make_request(patient=make_patient("Emil Ravn"), status=RequestStatus.WITHDRAWN, due_at=now)
        unread = PatientText.objects.create(
            response=shut.response, kind="message", text="x", is_danger=True, sent_at=now,
            due_at=now + datetime.timedelta(days=9),
        )  # fmt: skip
        parked = queue_directly(key="p", consultation_request=calm, recipient="dora@example.com", parked_at=now)
        shift(nurse)
        time_machine.move_to(at("17:30"), tick=False)
        day_end.make_due()
        mail = letter(mailoutbox)
        page_text = " ".join(mail.body.split())
        assert mail.subject == "The day’s end: 5 open"
        assert f"- Case {case.pk}: not closed " in page_text
        assert f"/admin/consultations/safetycase/{case.pk}/change/" in page_text
        assert f"- Request {raised.reference}: raised by staff " in page_text
        assert f"- Request {late.reference}: past its time " in page_text
        assert f"- Request {shut.reference}: not read " in page_text
        assert f"- Message {parked.pk}: not delivered " in page_text
        assert calm.reference not in page_text
        assert "- Tuesday 24 November, 1 pm to 5:30 pm" in page_text
        html = mail.alternatives[0][0]
        for secret in ("Tomas", "Pell", "Carol", "Dora", "Emil", "example.com/"):
            assert secret not in mail.subject + page_text + html
        text = f"{mail.subject} {page_text}".lower().replace("/admin/consultations/safetycase/", "")
        assert [word for word in HEALTH_WORDS if word in text] == []
        assert unread.pk

    def test_a_flood_is_listed_up_to_a_length(
        self, manager: User, nurse: User, closing: None, mailoutbox: list[Any]
    ) -> None:
        for _ in range(43):
            open_case()
        day_end.make_due()
        mail = letter(mailoutbox)
        assert mail.subject == "The day’s end: 43 open"
        assert mail.body.count("- Case ") == 40
        assert "- and 3 more on the page below" in mail.body

    def test_the_figures_of_the_day(self, nurse: User, manager: User, make_request: Any, time_machine: Any) -> None:
        make_request()
        make_request(submitted_at=clock.now() - datetime.timedelta(days=1))
        taken = [named() for _ in range(3)]
        left = named(Outcome.SAME_DAY)
        for minutes, case in zip((4, 6, 20), taken, strict=True):
            time_machine.move_to(at("10:00") + datetime.timedelta(minutes=minutes), tick=False)
            cases.acknowledge(case=case, by=nurse)
        close_case(taken[0], by=nurse)
        time_machine.move_to(at("17:30"), tick=False)
        alerts = OutboxMessage.objects.filter(kind="staff_alert").count()
        day_end.make_due()
        figures = DayEnd.objects.get().figures
        assert alerts > 0
        assert figures == {
            "received": 1, "opened": 4, "acknowledged": 3, "closed": 1, "alarmed": 0, "alarms_acknowledged": 0,
            "alerts": alerts, "undelivered": 0,
            "median_minutes": 6, "longest_minutes": 20, "gaps": [],
        }  # fmt: skip
        assert left.pk

    def test_nothing_encrypted_is_opened_for_it(self, closing: None, manager: User, nurse: User) -> None:
        case = named()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_patient SET email = 'damaged'")
        day_end.make_due()
        assert [item["pk"] for item in DayEnd.objects.get().open_items] == [case.pk]

    def test_a_danger_of_whoever_withdrew_is_named_before_its_clock_has_run_out(
        self, closing: None, manager: User, make_request: Any
    ) -> None:
        due = clock.now() + datetime.timedelta(days=2)
        consultation_request = make_request(
            status=RequestStatus.WITHDRAWN, outcome=Outcome.URGENT_REVIEW, danger_due_at=due
        )
        make_request(status=RequestStatus.WITHDRAWN, outcome=Outcome.URGENT_REVIEW)
        day_end.make_due()
        results = [(item["pk"], item["why"]) for item in DayEnd.objects.get().open_items]
        assert results == [(consultation_request.pk, ["flagged"])]
