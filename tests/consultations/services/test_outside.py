"""A time that is not on offer, booked on the phone for a reason: never over another visit, and the reason stays."""

import datetime
from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent
from clinic.core.refusals import NotAllowed, WrongStatus
from consultations.actions.book import Book, BookData
from consultations.actions.move import Move
from consultations.enums import RequestStatus
from consultations.models import Absence, Appointment, Clinician, ConsultationRequest, Location
from consultations.services import scheduling
from tests.consultations.admin.conftest import act, page_of, text_of
from tests.consultations.services.conftest import NOW, TOMORROW_AT_NINE, Desk
from tests.database_snapshot import all_rows
from tests.personas import SignIn, book_directly

MINUTE = datetime.timedelta(minutes=1)
HOUR = 60 * MINUTE


def data(desk: Desk, consultation_request: ConsultationRequest, starts_at: datetime.datetime) -> BookData:
    slot = scheduling.slot_outside(
        consultation_request, clinician=desk.clinician, location=Location.objects.get(), starts_at=starts_at
    )
    return BookData(slot, reason="She travels from afar.")


def book(desk: Desk, starts_at: datetime.datetime, by: User) -> Appointment:
    consultation_request = desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)
    booked = Book().from_page(consultation_request, data(desk, consultation_request, starts_at), by=by, seen="").result
    assert booked is not None
    return booked


@pytest.mark.parametrize(
    ("starts_at", "outside"),
    [
        (NOW + 30 * MINUTE, "notice"),
        (TOMORROW_AT_NINE - HOUR, "hours"),
        (NOW + 12 * HOUR - MINUTE, "notice,hours"),
        (TOMORROW_AT_NINE + 120 * 24 * HOUR, "horizon"),
        (TOMORROW_AT_NINE + 4 * 24 * HOUR, "hours"),
        (TOMORROW_AT_NINE + 5 * MINUTE, ""),
    ],
    ids=["today", "before the hours", "tonight", "in four months", "on a Saturday", "between two steps"],
)
def test_what_it_does_not_keep_stands_with_it(
    desk: Desk, nurse: User, starts_at: datetime.datetime, outside: str
) -> None:
    booked = book(desk, starts_at, nurse)
    assert (booked.starts_at, booked.outside, booked.outside_reason) == (starts_at, outside, "She travels from afar.")
    event = AuditEvent.objects.about(booked.consultation_request).get(action="request.book")
    assert event.details["outside"] == outside


def test_the_minutes_kept_free_are_given_up_where_they_do_not_fit_and_only_there(desk: Desk, nurse: User) -> None:
    desk.visit.buffer_before_minutes = 10
    desk.visit.save()
    first = book(desk, TOMORROW_AT_NINE + 10 * MINUTE, nurse)
    assert (first.outside, first.buffer_before_minutes) == ("", 10)
    second = book(desk, first.ends_at + 5 * MINUTE, nurse)
    assert (second.outside, second.buffer_before_minutes) == ("buffers", 0)


@pytest.mark.parametrize("minutes", [-39, 0, 39])
def test_never_over_another_visit(desk: Desk, nurse: User, make_request: Any, minutes: int) -> None:
    book_directly(make_request(status=RequestStatus.BOOKED), desk.clinician, TOMORROW_AT_NINE)
    consultation_request = desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)
    wanted = data(desk, consultation_request, TOMORROW_AT_NINE + minutes * MINUTE)
    before = all_rows()
    with pytest.raises(WrongStatus, match="in the way"):
        Book().from_page(consultation_request, wanted, by=nurse, seen="")
    assert all_rows() == before


def test_nor_over_an_absence_nor_a_time_that_is_held(desk: Desk, nurse: User) -> None:
    desk.request(RequestStatus.OFFERED)
    noon = TOMORROW_AT_NINE + 3 * HOUR
    Absence.objects.create(clinician=desk.clinician, starts_at=noon, ends_at=noon + HOUR)
    for starts_at in (TOMORROW_AT_NINE, noon):
        with pytest.raises(WrongStatus, match="in the way"):
            book(desk, starts_at, nurse)


def test_nor_in_the_past_nor_with_somebody_who_does_not_give_it(desk: Desk, other_doctor: User) -> None:
    consultation_request = desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)
    with pytest.raises(WrongStatus, match="has passed"):
        data(desk, consultation_request, NOW)
    colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
    desk.visit.any_clinician = False
    desk.visit.save()
    desk.visit.clinicians.add(desk.clinician)
    with pytest.raises(WrongStatus, match="Dr Sam Okafor does not give this visit"):
        scheduling.slot_outside(
            consultation_request, clinician=colleague, location=Location.objects.get(), starts_at=NOW + HOUR
        )


def test_a_visit_is_moved_so_too_and_back_to_a_time_on_offer_without_it(desk: Desk, nurse: User) -> None:
    consultation_request = desk.request(RequestStatus.BOOKED, is_ahead=True)
    wanted = data(desk, consultation_request, TOMORROW_AT_NINE - HOUR)
    moved = Move().from_page(consultation_request, wanted, by=nurse, seen="").result
    assert moved is not None
    assert (moved.starts_at, moved.outside) == (TOMORROW_AT_NINE - HOUR, "hours")
    slot = scheduling.nearest(appointment_type=desk.visit, around=NOW, ignoring=consultation_request)[0]
    consultation_request.refresh_from_db()
    back = Move().from_page(consultation_request, BookData(slot), by=nurse, seen="").result
    assert back is not None
    assert (back.outside, back.outside_reason) == (None, None)
    note = consultation_request.triage_decisions.get()
    assert (note.note, note.decided_by) == ("She travels from afar.", nurse)


def test_the_patient_has_no_such_way(desk: Desk, editor: User) -> None:
    consultation_request = desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)
    wanted = data(desk, consultation_request, TOMORROW_AT_NINE - HOUR)
    with pytest.raises(NotAllowed):
        Book().from_page(consultation_request, wanted, by=editor, seen="")


class TestTheForm:
    @pytest.fixture
    def offered(self, desk: Desk) -> ConsultationRequest:
        return desk.make_request(status=RequestStatus.OFFERED, appointment_type=desk.visit)

    def other(self, desk: Desk, **more: Any) -> dict[str, Any]:
        return {
            "other_at": f"{clock.local(TOMORROW_AT_NINE - HOUR):%Y-%m-%dT%H:%M}",
            "other_clinician": desk.clinician.pk,
            "other_location": Location.objects.get().pk,
            "other_reason": "She travels <from> afar.",
            **more,
        }

    def test_books_it_and_the_reason_stands_on_the_request_and_in_the_diary(
        self, desk: Desk, offered: ConsultationRequest, nurse: User, sign_in: SignIn
    ) -> None:
        client = sign_in(nurse)
        page = text_of(act(client, offered, "book", **self.other(desk)))
        assert "The time is booked and the patient is told." in page
        assert "Outside the hours: " in page
        assert "She travels &lt;from&gt; afar." in page
        diary = text_of(client.get("/admin/consultations/appointment/"))
        assert "Booked for a reason, outside the hours: She travels &lt;from&gt; afar." in diary

    @pytest.mark.parametrize(
        ("more", "error"),
        [
            ({"other_reason": ""}, "Write why it is booked outside the times on offer."),
            ({"other_clinician": ""}, "Select with whom the visit is."),
            ({"other_location": ""}, "Select where the visit is."),
            ({"other_at": ""}, "Choose a time in the list, or enter one that is not in it."),
            ({"other_at": "2026-11-23T08:00"}, "That time has passed."),
        ],
    )
    def test_what_is_missing_is_named_and_nothing_is_booked(
        self, desk: Desk, offered: ConsultationRequest, nurse: User, sign_in: SignIn, more: dict[str, str], error: str
    ) -> None:
        page = text_of(act(sign_in(nurse), offered, "book", **self.other(desk, **more)))
        assert error in page
        assert not Appointment.objects.exists()
        if "other_reason" not in more:
            assert "She travels &lt;from&gt; afar." in page

    def test_a_time_that_is_taken_gives_back_what_was_typed(
        self, desk: Desk, offered: ConsultationRequest, nurse: User, sign_in: SignIn, make_request: Any
    ) -> None:
        book_directly(make_request(status=RequestStatus.BOOKED), desk.clinician, TOMORROW_AT_NINE - HOUR)
        page = text_of(act(sign_in(nurse), offered, "book", **self.other(desk)))
        assert "Another visit or an absence is in the way of that time" in page
        assert "She travels &lt;from&gt; afar." in page

    def test_it_is_there_where_no_time_is_free(
        self, desk: Desk, offered: ConsultationRequest, nurse: User, sign_in: SignIn
    ) -> None:
        desk.clinician.availabilities.all().delete()
        page = text_of(sign_in(nurse).get(page_of(offered)))
        assert "There is no free time in the next 4 weeks to book on the phone." in page
        assert "Or a time that is not in the list" in page
