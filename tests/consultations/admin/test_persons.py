"""The page of the person behind a request: both are named before they are joined, and what is wrong is taken apart."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import RecordRead
from consultations.enums import FilledFor, Outcome, RequestStatus
from consultations.models import ConsultationRequest, Patient, PersonJoin
from consultations.services import cases, erasure, persons
from tests.access.conftest import everything
from tests.consultations.admin.conftest import page_of, text_of
from tests.personas import MakeRequest, SignIn, book_directly, make_patient

pytestmark = pytest.mark.django_db
BORN = datetime.date(1970, 3, 27)
WHY = "Called her: she sent both."


def patients_in(reading: RecordRead) -> list[int]:
    return sorted(reading.patients_shown.values_list("patient_id", flat=True))


def person_url(consultation_request: ConsultationRequest, page: str = "") -> str:
    name = f"admin:consultations_consultationrequest_person{'_' if page else ''}{page}"
    return reverse(name, args=[consultation_request.pk])


@pytest.fixture
def marta(make_request: MakeRequest) -> ConsultationRequest:
    return make_request(patient=make_patient("Marta Quill", email="marta@example.com"))


@pytest.fixture
def again(make_request: MakeRequest) -> ConsultationRequest:
    """Another request of the same name and birth date, from another address and number."""
    return make_request(patient=make_patient("Marta Quill", email="quill@example.com", phone="+12025550199"))


@pytest.fixture
def client(sign_in: SignIn, nurse: User) -> Client:
    return sign_in(nurse)


def preview(client: Client, consultation_request: ConsultationRequest, other: str, reason: str = WHY) -> Any:
    return client.post(person_url(consultation_request, "join"), {"other": other, "reason": reason})


def confirm(client: Client, consultation_request: ConsultationRequest, shown: Any) -> Any:
    return client.post(person_url(consultation_request, "confirm"), {"join": shown.context["join"]}, follow=True)


def are_joined(*requests: ConsultationRequest) -> bool:
    keys = [item.patient_id for item in requests]
    return Patient.objects.filter(pk__in=keys).values("person_id").distinct().count() == 1


class TestTheWayThere:
    def test_from_the_contact_box_of_the_request(self, client: Client, marta: ConsultationRequest) -> None:
        html = client.get(page_of(marta)).content.decode()
        assert f'<a href="{person_url(marta)}">Join with another request</a>' in html

    def test_says_that_there_may_be_others(
        self, client: Client, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        assert "Join with another request (1 possible match)" in text_of(client.get(page_of(marta)))

    def test_says_that_there_are_others_and_shows_them(
        self, client: Client, nurse: User, marta: ConsultationRequest, bob: ConsultationRequest
    ) -> None:
        persons.join(patient=marta.patient, other=bob.patient, reason=WHY, by=nurse)
        page = text_of(client.get(page_of(marta)))
        assert "Other requests of this person (1)" in page
        assert "joined it with another request" in page
        assert WHY in page
        assert bob.reference in page


class TestMatches:
    def matches(self, client: Client, consultation_request: ConsultationRequest) -> list[tuple[str, tuple[str, ...]]]:
        rows = client.get(person_url(consultation_request)).context["person"].matches
        return [(row.label, row.agrees) for row in rows]

    def test_name_and_birth_date_or_address_or_number(
        self, client: Client, marta: ConsultationRequest, again: ConsultationRequest, make_request: MakeRequest
    ) -> None:
        by_address = make_request(patient=make_patient("Bo Quill", email="Marta@Example.com", phone="", birth_on=None))
        by_number = make_request(patient=make_patient("Ana Reyes", birth_on=datetime.date(1990, 1, 1)))
        make_request(patient=make_patient("Marta Quill", email="", phone="", birth_on=datetime.date(1990, 1, 1)))
        make_request(patient=make_patient("Bo Abbot", email="bo@example.com", phone=""))
        assert self.matches(client, marta) == [
            (by_number.reference, ("phone",)),
            (by_address.reference, ("email",)),
            (again.reference, ("name", "date of birth")),
        ]

    def test_a_helpers_address_is_called_one(
        self, client: Client, marta: ConsultationRequest, make_request: MakeRequest
    ) -> None:
        helped = make_patient("Ana Reyes", email="marta@example.com", phone="", birth_on=datetime.date(1990, 1, 1))
        other = make_request(patient=helped, filled_for=FilledFor.OTHER, helper_name="Marta Quill")
        assert self.matches(client, marta) == [(other.reference, ("email, of a helper",))]

    def test_that_they_were_taken_apart_before_is_said(
        self, client: Client, nurse: User, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        persons.join(patient=marta.patient, other=again.patient, reason=WHY, by=nurse)
        persons.separate(patient=again.patient, reason="Cousins.", by=nurse)
        (row,) = client.get(person_url(marta)).context["person"].matches
        assert row.was_apart == f"Taken apart by Nora Adeyemi on {clock.day(clock.now())}"
        assert "Cousins." in text_of(client.get(person_url(marta)))

    def test_a_flood_of_them_is_cut_and_costs_no_more(
        self, client: Client, marta: ConsultationRequest, make_request: MakeRequest
    ) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                client.get(person_url(marta))
            return len(queries)

        for _ in range(3):
            make_request(patient=make_patient("Marta Quill"))
        cost()
        few = cost()
        for _ in range(22):
            make_request(patient=make_patient("Marta Quill"))
        assert cost() <= few <= 30
        page = client.get(person_url(marta))
        assert (len(page.context["person"].matches), page.context["person"].more) == (20, True)
        assert "more than 20 possible matches" in text_of(client.get(page_of(marta)))

    def test_choosing_one_fills_in_its_reference_and_does_nothing(
        self, client: Client, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        before = everything()
        page = client.post(person_url(marta, "join"), {"edit": "1", "other": again.reference})
        assert f'value="{again.reference}"' in page.content.decode()
        assert "error" not in page.context["title"].lower()
        assert everything() == before


class TestJoin:
    def test_the_preview_names_both_and_joins_nothing(
        self, client: Client, marta: ConsultationRequest, bob: ConsultationRequest
    ) -> None:
        before = everything()
        page = text_of(preview(client, marta, bob.reference))
        for phrase in ("Marta Quill", "27 March 1970", marta.reference, "Bob Pell", "28 February 1955", bob.reference):
            assert phrase in page
        assert "Different in the two:</b> name, date of birth, email." in page
        assert WHY in page
        assert everything() == before

    def test_confirming_joins_them(
        self, client: Client, nurse: User, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        done = confirm(client, marta, preview(client, marta, again.reference))
        assert are_joined(marta, again)
        assert "The requests are joined." in text_of(done)
        assert [row.label for row in done.context["person"].rows] == [marta.reference, again.reference]
        join = PersonJoin.objects.get()
        assert (join.joined_by, join.reason) == (nurse, WHY)
        assert "Other requests of this person (1)" in text_of(client.get(page_of(again)))

    def test_a_double_click_joins_once(
        self, client: Client, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        shown = preview(client, marta, again.reference)
        confirm(client, marta, shown)
        before = everything()
        second = confirm(client, marta, shown)
        assert "These requests are joined already." in text_of(second)
        assert everything() == before

    def test_in_a_second_tab_what_changed_meanwhile_stops_it_and_the_words_are_kept(
        self, client: Client, doctor: User, marta: ConsultationRequest, again: ConsultationRequest,
        bob: ConsultationRequest,
    ) -> None:  # fmt: skip
        shown = preview(client, marta, again.reference)
        persons.join(patient=again.patient, other=bob.patient, reason="By phone.", by=doctor)
        page = confirm(client, marta, shown)
        assert not are_joined(marta, again)
        assert "A colleague has joined or taken apart requests of this person" in text_of(page)
        assert page.context["join_form"].initial == {"other": again.reference, "reason": WHY}
        assert WHY in text_of(page)

    @pytest.mark.parametrize(
        ("other", "said"),
        [
            ("", "Enter the reference of the other request."),
            ("LS-ZZZZ-ZZ", "There is no request with this reference."),
            ("99999", "There is no request with this reference."),
            ("Ana", "There is no request with this reference."),
            ("own", "That is this request."),
        ],
    )
    def test_a_wrong_reference_keeps_what_was_typed(
        self, client: Client, marta: ConsultationRequest, other: str, said: str
    ) -> None:
        page = preview(client, marta, marta.reference if other == "own" else other)
        assert page.context["title"].startswith("Error: ")
        assert said in text_of(page)
        assert WHY in text_of(page)

    def test_a_request_whose_data_were_erased_is_refused(
        self, client: Client, manager: User, marta: ConsultationRequest, make_request: MakeRequest
    ) -> None:
        gone = make_request(status=RequestStatus.COMPLETED)
        erasure.erase(patient=gone.patient, by=manager)
        page = preview(client, marta, gone.reference)
        assert "What one of them told us was erased" in text_of(page)
        assert WHY in text_of(page)

    def test_one_that_is_erased_since_the_preview_is_refused_too(
        self, client: Client, manager: User, marta: ConsultationRequest, make_request: MakeRequest
    ) -> None:
        gone = make_request(status=RequestStatus.COMPLETED, patient=make_patient("Marta Quill"))
        shown = preview(client, marta, gone.reference)
        erasure.erase(patient=gone.patient, by=manager)
        assert "What one of them told us was erased" in text_of(confirm(client, marta, shown))
        assert not are_joined(marta, gone)
        assert not PersonJoin.objects.exists()

    def test_a_reason_is_needed_and_the_reference_kept(
        self, client: Client, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        page = preview(client, marta, again.reference, reason=" ")
        assert "Write how you know that it is the same person." in text_of(page)
        assert f'value="{again.reference}"' in page.content.decode()

    def test_overlapping_visits_are_both_named_before_the_preview(
        self, client: Client, clinician: Any, other_doctor: User, make_request: MakeRequest
    ) -> None:
        nine = datetime.datetime(2026, 12, 7, 14, 0, tzinfo=datetime.UTC)
        one, two = (make_request(status=RequestStatus.BOOKED) for _ in range(2))
        other = type(clinician).objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        book_directly(one, clinician, nine)
        book_directly(two, other, nine)
        page = text_of(preview(client, one, two.reference))
        assert f"The visits of request {one.reference}" in page
        assert f"and request {two.reference}" in page
        assert "overlap" in page
        assert patients_in(RecordRead.objects.latest("pk")) == sorted([one.patient_id, two.patient_id])

    def test_one_that_overlaps_since_the_preview_is_named_and_on_record(
        self, client: Client, clinician: Any, other_doctor: User, make_request: MakeRequest
    ) -> None:
        nine = datetime.datetime(2026, 12, 7, 14, 0, tzinfo=datetime.UTC)
        one, two = (make_request(status=RequestStatus.BOOKED) for _ in range(2))
        other = type(clinician).objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        book_directly(one, clinician, nine)
        shown = preview(client, one, two.reference)
        book_directly(two, other, nine)
        assert f"and request {two.reference}" in text_of(confirm(client, one, shown))
        assert not are_joined(one, two)
        assert patients_in(RecordRead.objects.latest("pk")) == sorted([one.patient_id, two.patient_id])

    def test_somebody_who_only_asked_for_a_call_is_joined_by_the_case(
        self, client: Client, marta: ConsultationRequest, make_request: MakeRequest
    ) -> None:
        caller = make_patient("Marta Q", email="", birth_on=None, phone="")
        case = cases.open_case(response=make_request().response, level=Outcome.EMERGENCY)
        type(case).objects.filter(pk=case.pk).update(patient=caller)
        done = confirm(client, marta, preview(client, marta, f"Safety case {case.pk}"))
        assert [row.label for row in done.context["person"].rows] == [marta.reference, f"Safety case {case.pk}"]

    def test_a_preview_of_somebody_else_or_of_another_page_is_refused(
        self, client: Client, sign_in: SignIn, doctor: User, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        shown = preview(client, marta, again.reference)
        assert "belongs to another page" in text_of(confirm(sign_in(doctor), marta, shown))
        assert "belongs to another page" in text_of(confirm(client, again, shown))
        assert not are_joined(marta, again)

    def test_an_old_or_forged_preview_is_refused(
        self, client: Client, marta: ConsultationRequest, again: ConsultationRequest, time_machine: Any
    ) -> None:
        shown = preview(client, marta, again.reference)
        forged = client.post(person_url(marta, "confirm"), {"join": "x:y:z"}, follow=True)
        assert "That preview has expired." in text_of(forged)
        time_machine.move_to(clock.now() + datetime.timedelta(hours=3), tick=False)
        assert "That preview has expired." in text_of(confirm(client, marta, shown))
        assert not are_joined(marta, again)

    def test_change_it_leads_back_with_everything(
        self, client: Client, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        shown = preview(client, marta, again.reference)
        page = client.post(person_url(marta, "join"), {**shown.context["data"], "edit": "1"})
        assert f'value="{again.reference}"' in page.content.decode()
        assert WHY in text_of(page)

    def test_a_role_lost_since_the_preview_joins_nothing(
        self, client: Client, nurse: User, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        shown = preview(client, marta, again.reference)
        nurse.groups.clear()
        assert client.post(person_url(marta, "confirm"), {"join": shown.context["join"]}).status_code == 403
        assert not are_joined(marta, again)


class TestTakeApart:
    @pytest.fixture
    def three(
        self, nurse: User, marta: ConsultationRequest, again: ConsultationRequest, bob: ConsultationRequest
    ) -> list[ConsultationRequest]:
        persons.join(patient=marta.patient, other=again.patient, reason=WHY, by=nurse)
        persons.join(patient=again.patient, other=bob.patient, reason="Wrong.", by=nurse)
        return [marta, again, bob]

    def press(
        self, client: Client, page: Any, consultation_request: ConsultationRequest, what: str, reason: str = "No."
    ) -> Any:
        data = {"what": what, "reason": reason, "seen": page.context["seen"]}
        return client.post(person_url(consultation_request, "separate"), data, follow=True)

    def test_one_of_three(self, client: Client, three: list[ConsultationRequest]) -> None:
        marta, again, bob = three
        page = client.get(person_url(marta))
        done = self.press(client, page, marta, f"row-{bob.patient_id}")
        assert "Taken apart." in text_of(done)
        assert are_joined(marta, again)
        assert not are_joined(marta, bob)
        assert f"took {again.reference} and {bob.reference} apart" in text_of(done)
        event = RecordRead.objects.filter(action="person.view").latest("pk")
        assert bob.patient_id in patients_in(event)

    def test_two_have_one_choice_that_is_made(
        self, client: Client, nurse: User, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        persons.join(patient=marta.patient, other=again.patient, reason=WHY, by=nurse)
        page = client.get(person_url(again))
        ((value, label),) = page.context["person"].choices
        assert label == f"{marta.reference} and {again.reference}: each stands alone again"
        assert f'value="{value}" checked>' in " ".join(page.content.decode().split())
        self.press(client, page, again, value)
        assert not are_joined(marta, again)

    def test_two_and_two_can_be_parted_at_once(self, client: Client, nurse: User, make_request: MakeRequest) -> None:
        a, b, c, d = (make_request() for _ in range(4))
        for one, two in ((a, b), (c, d), (b, c)):
            persons.join(patient=one.patient, other=two.patient, reason=WHY, by=nurse)
        page = client.get(person_url(a))
        value, label = page.context["person"].choices[-1]
        assert label == f"{a.reference} and {b.reference} from {c.reference} and {d.reference}"
        self.press(client, page, a, value)
        assert are_joined(a, b)
        assert are_joined(c, d)
        assert not are_joined(a, c)

    def test_a_double_click_does_it_once(self, client: Client, three: list[ConsultationRequest]) -> None:
        marta, _, bob = three
        page = client.get(person_url(marta))
        self.press(client, page, marta, f"row-{bob.patient_id}")
        before = everything()
        again = self.press(client, page, marta, f"row-{bob.patient_id}")
        assert "That has changed since" in text_of(again)
        assert everything() == before

    def test_what_changed_in_another_tab_stops_it_and_the_words_are_kept(
        self, client: Client, doctor: User, three: list[ConsultationRequest], make_request: MakeRequest
    ) -> None:
        marta, _, bob = three
        page = client.get(person_url(marta))
        persons.join(patient=bob.patient, other=make_request().patient, reason="By phone.", by=doctor)
        refused = self.press(client, page, marta, f"row-{bob.patient_id}", reason="He is her brother.")
        assert are_joined(marta, bob)
        assert "A colleague has joined or taken apart requests of this person" in text_of(refused)
        assert "He is her brother." in text_of(refused)
        assert self.press(client, refused, marta, f"row-{bob.patient_id}").status_code == 200
        assert not are_joined(marta, bob)

    def test_what_was_taken_apart_meanwhile_altogether_gives_the_words_back(
        self, client: Client, nurse: User, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        persons.join(patient=marta.patient, other=again.patient, reason=WHY, by=nurse)
        page = client.get(person_url(marta))
        persons.separate(patient=marta.patient, reason="No.", by=nurse)
        done = self.press(client, page, marta, page.context["person"].choices[0][0], reason="They are cousins.")
        assert "This request stands alone by now." in text_of(done)
        assert "They are cousins." in text_of(done)

    def test_a_reason_is_needed_and_the_choice_kept(self, client: Client, three: list[ConsultationRequest]) -> None:
        marta, _, bob = three
        page = self.press(client, client.get(person_url(marta)), marta, f"row-{bob.patient_id}", reason="")
        assert "Write how you know that it is not the same person." in text_of(page)
        assert page.context["separate_form"]["what"].value() == f"row-{bob.patient_id}"
        assert are_joined(marta, bob)

    @pytest.mark.parametrize("what", ["row-999999", "join-999999", "everything", ""])
    def test_what_is_not_on_the_page_is_refused(
        self, client: Client, three: list[ConsultationRequest], what: str
    ) -> None:
        before = everything()
        page = self.press(client, client.get(person_url(three[0])), three[0], what)
        assert page.context["separate_form"].errors
        assert everything() == before


class TestOnRecord:
    def test_every_patient_shown_is_named(
        self, client: Client, nurse: User, marta: ConsultationRequest, again: ConsultationRequest,
        bob: ConsultationRequest,
    ) -> None:  # fmt: skip
        persons.join(patient=marta.patient, other=bob.patient, reason=WHY, by=nurse)
        client.get(person_url(marta))
        event = RecordRead.objects.filter(action="person.view").latest("pk")
        assert event.actor_user == nurse
        assert patients_in(event) == sorted([marta.patient_id, again.patient_id, bob.patient_id])

    def test_the_preview_too(self, client: Client, marta: ConsultationRequest, bob: ConsultationRequest) -> None:
        preview(client, marta, bob.reference)
        event = RecordRead.objects.filter(action="person.view").latest("pk")
        assert patients_in(event) == sorted([marta.patient_id, bob.patient_id])

    def test_an_editor_sees_nothing(self, sign_in: SignIn, editor: User, marta: ConsultationRequest) -> None:
        response = sign_in(editor).get(person_url(marta))
        assert response.status_code == 403
        assert "Quill" not in response.content.decode()


class TestDamage:
    def test_a_damaged_address_of_the_other_stands_in_nobodys_way(
        self, client: Client, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_patient SET email = 'k1:AAAA' WHERE id = %s", [again.patient_id])
        done = confirm(client, marta, preview(client, marta, again.reference))
        assert "The requests are joined." in text_of(done)

    def test_a_damaged_reason_is_named_and_the_rest_shown_and_parted(
        self, client: Client, nurse: User, marta: ConsultationRequest, again: ConsultationRequest
    ) -> None:
        persons.join(patient=marta.patient, other=again.patient, reason=WHY, by=nurse)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_personjoin SET reason = 'k1:AAAA'")
        page = client.get(person_url(marta))
        assert "is damaged and cannot be read" in text_of(page)
        assert again.reference in text_of(page)
        assert "damaged join" in text_of(client.get(page_of(marta)))
        ((value, _),) = page.context["person"].choices
        client.post(person_url(marta, "separate"), {"what": value, "reason": "No.", "seen": page.context["seen"]})
        assert not are_joined(marta, again)


@pytest.mark.parametrize("typed", ["LS-0042-AA", "ls0042aa", " LS 0042 AA ", "LS–0042–AA", "LS.0042.AA"])
def test_a_reference_is_found_however_it_is_typed(make_request: MakeRequest, typed: str) -> None:
    consultation_request = make_request()
    type(consultation_request).objects.filter(pk=consultation_request.pk).update(reference="LS-0042-AA")
    assert persons.find(typed) == consultation_request.patient


@pytest.mark.parametrize("typed", ["", "L", "LS-0042-A", "0042", "case", "safety case", "\u0663", "case " + "9" * 30])
def test_other_words_find_nobody(make_request: MakeRequest, typed: str) -> None:
    consultation_request = make_request()
    type(consultation_request).objects.filter(pk=consultation_request.pk).update(reference="LS-0042-AA")
    assert persons.find(typed) is None
