"""The hand-over on the screen: what whoever comes must know, notes, the day's end, and what somebody holds."""

import datetime
from typing import Any

import pytest
from django.db import connection

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.models import AuditEvent, PatientShown, RecordRead
from consultations.enums import CaseStatus, RequestStatus
from consultations.models import ConsultationRequest, DayEnd, HandOverNote
from consultations.services import day_end, hand_over_notes
from tests.consultations.admin.conftest import text_of
from tests.consultations.services.test_duty import named
from tests.consultations.services.test_rota import at, shift
from tests.mailbox import queue_directly
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db
PAGE, DAYS = "/admin/consultations/handovernote/", "/admin/consultations/dayend/"

MINUTE, DAY = datetime.timedelta(minutes=1), datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def monday(time_machine: Any) -> None:
    time_machine.move_to("2026-11-23T15:00:00+00:00", tick=False)


class TestThePage:
    def test_names_everything_that_cannot_wait_and_what_was_promised_by_when(
        self, sign_in: Any, nurse: User, other_nurse: User, doctor: User, clinician: Any, make_request: Any
    ) -> None:
        now = clock.now()
        shift(other_nurse, "13:00-17:30")
        case = named()
        flagged = make_request(patient=make_patient("Bob Pell"), flag_level="SAME_DAY", status=RequestStatus.OFFERED)
        late = make_request(
            patient=make_patient("Carol Abbot"), due_at=now - MINUTE, submitted_at=now - 3 * DAY,
            status=RequestStatus.WITH_DOCTOR, doctor=doctor,
        )  # fmt: skip
        soon = make_request(patient=make_patient("Dora Quist"), due_at=now + datetime.timedelta(hours=5))
        make_request(patient=make_patient("Emil Ravn"), due_at=now + datetime.timedelta(days=4))
        booked = make_request(patient=make_patient("Frida Sand"), status=RequestStatus.BOOKED)
        book_directly(booked, clinician, now + datetime.timedelta(days=1))
        queue_directly(key="p", consultation_request=booked, recipient="f@example.com", parked_at=now)
        response = sign_in(nurse).get(PAGE)
        text, context = text_of(response), response.context
        assert [line.pk for line in context["cases"]] == [case.pk]
        assert {(line.who, line.what) for line in context["waiting"]} == {
            ("Bob Pell", "waits for a doctor’s word"), ("Carol Abbot", "past its time"),
        }  # fmt: skip
        (promise,) = context["promised"]
        assert (promise.pk, promise.what) == (soon.pk, "Our next step by Monday 23 November, 3 pm")
        (visit,) = context["visits"]
        assert (visit["when"], visit["who"], visit["clinician"]) == (
            "Tuesday 24 November, 10 am", "Frida Sand", "Dr Ines Halloran",
        )  # fmt: skip
        assert [(m["what"], m["reference"]) for m in context["undelivered"]] == [("Private link", booked.reference)]
        assert "Olu Brandt, Monday 23 November, 1 pm" in text
        assert "With a doctor: Ines Halloran" in text
        holders = {line["who"]: line["what"] for line in context["holders"]}
        assert holders == {"Nora Adeyemi": "1 safety case", "Ines Halloran": "1 request as its doctor"}
        assert "Emil Ravn" not in text
        assert "{" not in text, "no row is shown as a message of the frame"
        reading = RecordRead.objects.get(action="hand_over.view")
        shown = set(PatientShown.objects.filter(reading=reading).values_list("patient_id", flat=True))
        assert shown == {item.patient_id for item in (flagged, late, soon, booked)} | {case.patient_id}

    def test_says_that_nothing_is_open_only_when_nothing_is(self, sign_in: Any, nurse: User) -> None:
        client = sign_in(nurse)
        assert "Nothing pressing is open." in text_of(client.get(PAGE))
        named()
        assert "Nothing pressing is open." not in text_of(client.get(PAGE))

    def test_a_damaged_record_hides_no_other(self, sign_in: Any, nurse: User, make_request: Any) -> None:
        now = clock.now()
        bad, good = (
            make_request(
                patient=make_patient(name),
                due_at=now - datetime.timedelta(minutes=1),
                submitted_at=now - datetime.timedelta(days=3),
            )
            for name in ("Bob Pell", "Carol Abbot")
        )
        hand_over_notes.write(text="Fax.", by=nurse, key="a page")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE consultations_handovernote SET text = 'damaged'")
        ConsultationRequest.objects.filter(pk=bad.pk).update(status_changed_at="1066-10-14 00:00:00+00:00")
        text = text_of(sign_in(nurse).get(PAGE))
        assert "Carol Abbot" in text
        assert f"Record {bad.pk} cannot be read" in text
        assert "This note cannot be read." in text
        assert good.pk


class TestNotes:
    def test_one_press_acknowledges_and_it_stands_for_a_day(
        self, sign_in: Any, nurse: User, other_nurse: User, alice: ConsultationRequest, time_machine: Any
    ) -> None:
        goes, comes = sign_in(nurse), sign_in(other_nurse)
        once = goes.get(PAGE).context["note_form"].initial["once"]
        for _ in range(2):
            form = {"text": "Call her at five.", "about": alice.reference.lower(), "once": once}
            assert goes.post(f"{PAGE}write/", form).status_code == 302
        note = HandOverNote.objects.get()
        assert (note.consultation_request, note.patient) == (alice, alice.patient)
        text = text_of(comes.get(PAGE))
        assert "Call her at five." in text
        assert alice.reference in text
        assert "I have read this" in text
        assert "Take it back" in text_of(goes.get(PAGE))
        comes.post(f"{PAGE}{note.pk}/read/")
        text = text_of(goes.get(PAGE))
        assert "Read by Olu Brandt on Monday 23 November, 10 am." in text
        assert "Take it back" not in text
        time_machine.shift(datetime.timedelta(days=1, seconds=1))
        assert "Call her at five." not in text_of(comes.get(PAGE))

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"text": " "}, "Write the note before you save it."),
            ({"about": "LS-NONE-1"}, "There is no request with this reference."),
            ({"text": "x" * 4001}, "Shorten this to 4,000 characters or fewer."),
        ],
    )
    def test_what_cannot_be_saved_is_given_back(
        self, sign_in: Any, nurse: User, wrong: dict[str, str], sentence: str
    ) -> None:
        form = {"text": "The fax is out of paper.", "about": "", "once": "0a1b2c3d", **wrong}
        text = text_of(sign_in(nurse).post(f"{PAGE}write/", form))
        assert sentence in text
        assert form["text"].strip() in text
        assert not HandOverNote.objects.exists()


class TestTheDaysEnd:
    def test_is_a_page_for_doctors_and_managers(
        self, sign_in: Any, nurse: User, manager: User, doctor: User, time_machine: Any
    ) -> None:
        case = named()
        time_machine.move_to(at("17:30"), tick=False)
        day_end.make_due()
        row = DayEnd.objects.get()
        for user in (manager, doctor):
            client = sign_in(user)
            assert "Monday 23 November" in text_of(client.get(DAYS))
            text = text_of(client.get(f"{DAYS}{row.pk}/change/"))
            assert f"Case {case.pk}" in text
            assert "1 mail went to the managers." in text
            assert "Cases opened" in text
        reading = RecordRead.objects.filter(action="day_end.view").first()
        assert reading is not None
        assert list(reading.patients_shown.values_list("patient_id", flat=True)) == [case.patient_id]
        assert sign_in(nurse).get(DAYS).status_code == 403
        assert sign_in(manager).get(f"{DAYS}{2**63}/change/").status_code == 404


class TestWhatSomebodyHolds:
    def test_a_manager_sees_it_and_passes_it_on(
        self, sign_in: Any, nurse: User, other_nurse: User, manager: User, make_request: Any
    ) -> None:
        case = named()
        mine = {"claimed_by": nurse, "claimed_at": clock.now()}
        claimed = make_request(status=RequestStatus.IN_TRIAGE, patient=make_patient("Bob Pell"), **mine)
        client, url = sign_in(manager), f"{PAGE}person/{nurse.pk}/"
        assert f'href="{url}"' in client.get(PAGE).content.decode()
        text = text_of(client.get(url))
        assert "Tomas Reed" in text
        assert "Bob Pell" in text
        wrong = client.post(f"{url}pass-on/", {"requests": nurse.pk})
        assert "That person cannot take these over." in text_of(wrong)
        answer = client.post(f"{url}pass-on/", {"requests": other_nurse.pk, "cases": ""}, follow=True)
        assert "Passed on: 1 safety case and 1 request." in text_of(answer)
        claimed.refresh_from_db()
        case.refresh_from_db()
        assert (claimed.claimed_by, case.owner, case.status) == (other_nurse, other_nurse, CaseStatus.OPEN)
        assert "Nothing that is open." in text_of(client.get(url))
        assert sign_in(nurse).get(url).status_code == 403
        assert client.get(f"{PAGE}person/{2**63}/").status_code == 404

    def test_the_form_of_an_account_says_before_what_it_passes_on_after(
        self, sign_in: Any, nurse: User, other_nurse: User, doctor: User, clinician: Any, make_request: Any
    ) -> None:
        root = User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
        case = named()
        claimed = make_request(status=RequestStatus.IN_TRIAGE, claimed_by=nurse, claimed_at=clock.now())
        book_directly(make_request(status=RequestStatus.BOOKED), clinician, clock.now() + datetime.timedelta(days=1))
        client, url = sign_in(root), f"/admin/accounts/user/{nurse.pk}/change/"
        text = text_of(client.get(url))
        assert "Nora Adeyemi holds 1 safety case, 1 request in triage or waiting." in text
        booked = text_of(client.get(f"/admin/accounts/user/{doctor.pk}/change/"))
        assert "Visits are not passed on. Booked: Tuesday 24 November, 10 am." in booked
        form = {"username": "nurse", "name": nurse.name, "email": nurse.email, "is_staff": "on", "is_on_duty": "on"}
        groups = [group.pk for group in nurse.groups.all()]
        answer = client.post(url, {**form, "groups": groups}, follow=True)
        assert "What Nora Adeyemi held was passed on." in text_of(answer)
        claimed.refresh_from_db()
        case.refresh_from_db()
        assert (claimed.status, claimed.claimed_by) == (RequestStatus.RECEIVED, None)
        assert case.owner == other_nurse
        event = AuditEvent.objects.get(action="request.hand_over")
        assert event.actor_user == root
        assert "holds" not in text_of(client.get(url)).partition("<form")[0]

    def test_the_last_group_taken_away_counts_as_leaving_and_a_changed_name_does_not(
        self, sign_in: Any, nurse: User, other_nurse: User, make_request: Any
    ) -> None:
        root = User.objects.create_superuser("root", "root@clinic.example", "a quiet passphrase")
        claimed = make_request(status=RequestStatus.IN_TRIAGE, claimed_by=nurse, claimed_at=clock.now())
        form = {
            "username": "nurse", "name": "Norah Adeyemi", "email": nurse.email, "is_staff": "on", "is_active": "on",
            "is_on_duty": "on",
        }  # fmt: skip
        client, url = sign_in(root), f"/admin/accounts/user/{nurse.pk}/change/"
        client.post(url, {**form, "groups": [group.pk for group in nurse.groups.all()]})
        claimed.refresh_from_db()
        assert claimed.claimed_by == nurse
        client.post(url, form)
        claimed.refresh_from_db()
        assert (claimed.status, claimed.claimed_by) == (RequestStatus.RECEIVED, None)
