"""What somebody needs for a visit: told once, seen by staff on every page, and kept to in times and mails."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from clinic.accounts.models import User
from consultations.actions.book import free_times
from consultations.enums import MessageKind, RequestStatus
from consultations.models import AppointmentType, Clinician, ConsultationRequest, VisitNeeds
from consultations.presenters.visit_needs import needs_of
from consultations.services import messaging, persons, scheduling, visit_needs
from consultations.services.visit_needs import Needs
from tests.consultations.perform import perform
from tests.consultations.services.conftest import NOW, Desk
from tests.consultations.views.conftest import text_of
from tests.mailbox import write
from tests.personas import MakeRequest, book_directly, make_patient, open_privately, private_url

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def tell(consultation_request: ConsultationRequest, *codes: str, by: User | None = None, **more: str) -> None:
    perform("tell_needs", consultation_request, needs=Needs(codes=codes, **more), by=by)


class TestTelling:
    def test_on_the_private_page_and_seen_beside_the_name_on_every_page_of_staff(
        self, client: Client, make_request: MakeRequest, clinician: Clinician, nurse: User, sign_in: Any
    ) -> None:
        consultation_request = make_request(status=RequestStatus.BOOKED)
        book_directly(consultation_request, clinician, NOW + DAY)
        open_privately(client, consultation_request)
        answer = client.post(
            private_url(consultation_request, "needs/"),
            {"codes": ["reach", "longer"], "language": "Farsi", "more": "My wheelchair is wide."},
            follow=True,
        )
        text = text_of(answer)
        assert "Saved. Everybody at the clinic who looks after this request sees it." in text
        assert "Step-free access, or a place near the door" in text
        staff, base = sign_in(nurse), "/admin/consultations/"
        line = "Interpreter: Farsi; Step-free; Longer visit; My wheelchair is wide."
        pk = consultation_request.pk
        for page in (
            f"{base}consultationrequest/{pk}/change/",
            f"{base}consultationrequest/{pk}/person/",
            f"{base}appointment/?from=2026-11-23",
        ):
            assert line in text_of(staff.get(page)), page

    def test_it_is_sealed(self, alice: ConsultationRequest) -> None:
        tell(alice, "interpreter", language="Farsi", more="My wheelchair is wide.")
        with connection.cursor() as cursor:
            cursor.execute("SELECT record FROM consultations_visitneeds")
            ((stored,),) = cursor.fetchall()
        for word in ("Farsi", "interpreter", "wheelchair"):
            assert word not in stored

    def test_by_staff_on_the_phone_and_changed_with_what_was_told_before_filled_in(
        self, alice: ConsultationRequest, nurse: User, sign_in: Any
    ) -> None:
        tell(alice, "hearing")
        tell(alice, "hearing", "sight", by=nurse)
        row = VisitNeeds.objects.get()
        assert (row.record["codes"], row.told_by) == (["hearing", "sight"], nurse)
        page = sign_in(nurse).get(f"/admin/consultations/consultationrequest/{alice.pk}/change/")
        item = next(item for item in page.context["panel"].actions if item.name == "tell_needs")
        assert item.form["codes"].value() == ["hearing", "sight"]

    def test_the_same_again_is_one_event(self, alice: ConsultationRequest) -> None:
        tell(alice, "quiet")
        assert perform("tell_needs", alice, needs=Needs(codes=("quiet",))).is_repeat

    def test_what_is_not_on_the_list_is_refused_and_given_back(
        self, client: Client, alice: ConsultationRequest
    ) -> None:
        open_privately(client, alice)
        page = client.post(private_url(alice, "needs/"), {"codes": ["wings"], "more": "Wide chair."})
        assert "Select from the list." in text_of(page)
        assert "Wide chair." in page.content.decode()
        assert not VisitNeeds.objects.exists()

    def test_on_a_request_that_ended_what_was_written_is_given_back(
        self, client: Client, make_request: MakeRequest
    ) -> None:
        consultation_request = make_request(status=RequestStatus.WITHDRAWN)
        open_privately(client, consultation_request)
        page = client.post(private_url(consultation_request, "needs/"), {"more": "Wide chair."})
        assert "This request has ended, so what you wrote was not saved." in text_of(page)
        assert "Wide chair." in page.content.decode()


class TestOfAPerson:
    def test_staff_see_what_the_person_told_with_another_request_and_the_patient_does_not(
        self, make_request: MakeRequest, nurse: User
    ) -> None:
        """The join may be wrong: a private page shows nothing of another row."""
        first, second = make_request(), make_request(patient=make_patient("Alice Winter"))
        tell(first, "sight")
        persons.join(patient=first.patient, other=second.patient, reason="One person.", by=nurse)
        second.patient.refresh_from_db()
        assert needs_of(second.patient) == "Sight: call rather than write"
        assert visit_needs.of_row(second.patient) == Needs()

    def test_the_newest_counts(self, make_request: MakeRequest, nurse: User, time_machine: Any) -> None:
        first, second = make_request(), make_request(patient=make_patient("Alice Winter"))
        tell(second, "sight")
        time_machine.shift(HOUR)
        tell(first, "quiet")
        persons.join(patient=first.patient, other=second.patient, reason="One person.", by=nurse)
        first.patient.refresh_from_db()
        assert visit_needs.of_person(first.patient).codes == ("quiet",)

    def test_a_damaged_record_is_named(self, alice: ConsultationRequest) -> None:
        tell(alice, "quiet")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_visitneeds SET record = 'k1:broken'")
        assert needs_of(alice.patient) == "What this patient needs for a visit cannot be read: ask"


class TestKeptTo:
    def test_a_longer_visit_takes_longer_in_every_free_time_and_in_the_diary(self, desk: Desk, nurse: User) -> None:
        consultation_request = desk.request(RequestStatus.OFFERED)
        consultation_request.slot_hold.delete()
        before = len(free_times(consultation_request))
        tell(consultation_request, "longer")
        times = free_times(consultation_request)
        assert len(times) < before
        slot = scheduling.find(consultation_request, times[0].key)
        assert slot.ends_at - slot.starts_at == HOUR
        perform("book", consultation_request, slot=slot, by=nurse)
        visit = consultation_request.appointments.get()
        assert visit.ends_at - visit.starts_at == HOUR
        assert AppointmentType.objects.get(pk=desk.visit.pk).minutes == 40

    @pytest.mark.parametrize(("minutes", "expected"), [(40, 60), (170, 180), (180, 180)])
    def test_at_most_three_hours(self, desk: Desk, minutes: int, expected: int) -> None:
        consultation_request = desk.request(RequestStatus.OFFERED)
        tell(consultation_request, "longer")
        consultation_request.appointment_type.minutes = minutes
        consultation_request.appointment_type.save()
        kind = visit_needs.visit_type_of(consultation_request)
        assert kind is not None
        assert kind.minutes == expected

    def test_a_mail_in_large_letters(self, make_request: MakeRequest) -> None:
        consultation_request = make_request()
        row = messaging.notify_patient(
            kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key="one"
        )
        tell(consultation_request, "large_print")
        assert row is not None
        assert '<font size="5">\n<h1>' in write(row).html
