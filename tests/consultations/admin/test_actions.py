"""What each role may do to a request in each status, through the page's own buttons."""

import datetime

import pytest
from django.urls import reverse

from clinic.core import clock
from clinic.core.models import OutboxMessage
from consultations.actions.pass_to_doctor import PassToDoctor
from consultations.enums import Actor, AppointmentStatus, Outcome, RequestStatus, TriageAction
from consultations.models import Clinician, InformationRequest, TriageDecision
from consultations.presenters.action_panel import form_of, panel_entries
from consultations.services import triage
from consultations.services.transitions import WORKFLOW
from tests.consultations.admin.conftest import act, drawn_in_turn, page_of, text_of
from tests.consultations.perform import perform
from tests.consultations.transitions import actors, sources, target
from tests.depth import deepens
from tests.personas import book_directly

pytestmark = pytest.mark.django_db
GROUPS = {"triage": Actor.TRIAGE, "doctor": Actor.DOCTOR, "manager": Actor.MANAGER}
SIMPLE = ("claim", "release", "note", "escalate", "pass_to_doctor", "cancel_request", "cancel_booking")


def data_for(verb, doctor):
    return {
        "note": {"note": "Rang, no change since the answers."},
        "escalate": {"note": "Worse since yesterday."},
        "pass_to_doctor": {"doctor": doctor.pk, "note": ""},
        "cancel_request": {"note": "Sent twice by mistake."},
        "cancel_booking": {"reason": "Doctor ill."},
    }.get(verb, {})


@pytest.fixture
def in_status(make_request, clinician, nurse, doctor):
    def make(status):
        more = {}
        if status == RequestStatus.IN_TRIAGE:
            more = {"claimed_by": nurse, "claimed_at": clock.now()}
        if status == RequestStatus.WITH_DOCTOR:
            more = {"doctor": doctor}
        consultation_request = make_request(status=status, **more)
        if status == RequestStatus.BOOKED:
            book_directly(consultation_request, clinician, clock.now() + datetime.timedelta(days=2))
        return consultation_request

    return make


def statuses_to_try(verb, actor):
    """Every status for the first of those who may act; for everybody else those in which only the role can refuse."""
    first = min(actors(verb) - {Actor.PATIENT}, key=list(Actor).index, default=None)
    return list(RequestStatus) if actor == first else sources(verb)


@deepens
@pytest.mark.parametrize("group", [*GROUPS, "editor"])
@pytest.mark.parametrize("verb", SIMPLE)
def test_a_verb_works_for_its_roles_and_statuses_and_for_nobody_else(
    sign_in, staff, in_status, doctor, subtests, verb, group
):
    client = sign_in(staff(group))
    for number, status in enumerate(statuses_to_try(verb, GROUPS.get(group)), SIMPLE.index(verb)):
        with subtests.test(status=status), drawn_in_turn(number):
            consultation_request = in_status(status)
            response = act(client, consultation_request, verb, follow=False, **data_for(verb, doctor))
            consultation_request.refresh_from_db()
            leads_to = target(verb, status, GROUPS.get(group))
            assert consultation_request.status == (leads_to or status)
            if group == "editor":
                assert response.status_code == 403
            else:
                assert response.status_code in (200, 302)
            assert TriageDecision.objects.filter(consultation_request=consultation_request).exists() <= (
                leads_to is not None
            )


class TestPanel:
    def buttons(self, response):
        return [item.name for item in response.context["panel"].actions]

    def test_a_doctor_is_offered_to_take_it_and_a_nurse_has_to_choose(self, sign_in, nurse, doctor, in_status):
        consultation_request = in_status(RequestStatus.RECEIVED)
        chosen = {}
        for user in (nurse, doctor):
            panel = sign_in(user).get(page_of(consultation_request)).context["panel"]
            item = next(item for item in panel.actions if item.name == "pass_to_doctor")
            chosen[user.username] = item.form["doctor"].value()
        assert chosen == {"nurse": None, "doctor": doctor.pk}

    def test_shows_only_what_this_person_may_do_now(self, sign_in, nurse, doctor, manager, in_status):
        received, decided = in_status(RequestStatus.RECEIVED), in_status(RequestStatus.WITH_DOCTOR)
        by_nurse = sign_in(nurse).get(page_of(received))
        assert self.buttons(by_nurse) == [
            "claim",
            "pass_to_doctor",
            "ask",
            "note",
            "escalate",
            "tell_needs",
            "ask_weekly",
            "choose_reminders",
            "correct_email",
        ]
        assert by_nurse.context["panel"].decision is None
        with_nurse = sign_in(nurse).get(page_of(decided))
        assert with_nurse.context["panel"].decision is None
        assert "A doctor decides now" in text_of(with_nurse)
        with_doctor = sign_in(doctor).get(page_of(decided))
        assert with_doctor.context["panel"].decision is not None
        assert "cancel_request" in self.buttons(sign_in(manager).get(page_of(received)))

    def test_on_a_closed_request_what_was_done_can_still_be_recorded(self, sign_in, doctor, in_status):
        """Whoever reads a cry for help on it calls, and writes that down."""
        response = sign_in(doctor).get(page_of(in_status(RequestStatus.WITHDRAWN)))
        assert sorted(self.buttons(response)) == ["note"]
        assert "This request is closed: Withdrawn by the patient" in text_of(response)

    def test_a_blocked_offer_explains_itself(self, sign_in, doctor, nurse, make_request):
        consultation_request = make_request(status=RequestStatus.WITH_DOCTOR, outcome=Outcome.SAME_DAY, doctor=doctor)
        page = text_of(sign_in(doctor).get(page_of(consultation_request)))
        assert "A consultation cannot be offered while a red flag stands." in page
        assert "Only a doctor settles it, or orders a visit." in text_of(
            sign_in(nurse).get(page_of(consultation_request))
        )

    def test_attendance_waits_for_the_consultation_to_begin(self, sign_in, doctor, in_status):
        response = sign_in(doctor).get(page_of(in_status(RequestStatus.BOOKED)))
        assert not {"complete", "mark_no_show"} & set(self.buttons(response))
        assert "can be recorded once it has begun" in text_of(response)

    def test_every_button_has_words_for_before_and_after(self):
        assert all(entry.panel_title and entry.panel_button for entry in panel_entries().values())
        of_staff = {*panel_entries(), "offer", "ask_as_doctor", "decline", "mark_urgent"} - {"decide"}
        assert all(WORKFLOW.actions[name].done.endswith(".") for name in of_staff)


class TestTriage:
    def test_claiming_names_the_nurse(self, sign_in, nurse, alice):
        response = act(sign_in(nurse), alice, "claim")
        assert "The request is yours" in text_of(response)
        alice.refresh_from_db()
        assert (alice.status, alice.claimed_by) == (RequestStatus.IN_TRIAGE, nurse)

    def test_an_unreached_patient_twice_brings_up_the_welfare_policy(self, sign_in, nurse, make_request):
        consultation_request = make_request(outcome=Outcome.SAME_DAY)
        client = sign_in(nurse)
        url = reverse("admin:consultations_consultationrequest_call_new", args=[consultation_request.response_id])
        for phrase in ("No answer.", "No answer again."):
            response = client.post(url, {"outcome": "not_reached", "note": phrase}, follow=True)
        assert "2 calls without reaching the patient" in text_of(response)
        assert "welfare policy" in text_of(response)

    @pytest.mark.parametrize("verb", ["note", "escalate", "cancel_request"])
    def test_an_empty_note_is_an_error_at_the_field(self, sign_in, manager, alice, verb):
        response = act(sign_in(manager), alice, verb, note="   ")
        assert response.context["title"].startswith("Error:")
        assert response.context["bound"][verb].errors["note"]
        assert not TriageDecision.objects.exists()

    def test_a_question_is_previewed_and_then_sent_once(self, sign_in, nurse, alice):
        client = sign_in(nurse)
        preview = act(client, alice, "ask", question="Which hand?\nLeft or right?")
        assert "Nothing is sent yet" in text_of(preview)
        assert "Which hand?\nLeft or right?" in preview.content.decode()
        assert not InformationRequest.objects.exists()
        confirm = preview.context["confirm_url"]
        for _ in range(2):
            client.post(confirm, {"decision": preview.context["decision"]}, follow=True)
        assert InformationRequest.objects.get().question == "Which hand?\nLeft or right?"
        assert OutboxMessage.objects.filter(subject__consultation_request=alice).count() == 1

    def test_only_doctors_are_offered_as_doctors(self, sign_in, nurse, manager, doctor, alice):
        form = form_of(PassToDoctor(), consultation_request=alice, by=nurse)
        assert [user.pk for user in form.fields["doctor"].queryset] == [doctor.pk]
        response = act(sign_in(nurse), alice, "pass_to_doctor", doctor=manager.pk)
        assert "not in the doctor group" in text_of(response)


class TestBooking:
    @pytest.fixture
    def offered(self, make_request, clinician, visit):
        return make_request(status=RequestStatus.OFFERED, appointment_type=visit)

    def test_a_time_is_booked_on_the_phone(self, sign_in, nurse, offered):
        client = sign_in(nurse)
        (book,) = [item for item in client.get(page_of(offered)).context["panel"].actions if item.name == "book"]
        key = book.form.times[0].key
        response = act(client, offered, "book", slot_key=key)
        offered.refresh_from_db()
        assert offered.status == RequestStatus.BOOKED
        assert offered.appointments.get().booked_by == nurse
        assert "The time is booked" in text_of(response)

    def test_a_lost_time_is_said_and_nothing_is_booked(self, sign_in, nurse, offered, clinician, make_request):
        client = sign_in(nurse)
        (book,) = [item for item in client.get(page_of(offered)).context["panel"].actions if item.name == "book"]
        key = book.form.times[0].key
        other = make_request(status=RequestStatus.BOOKED)
        starts_at = datetime.datetime.strptime(key[:14], "%Y%m%dT%H%MZ").replace(tzinfo=datetime.UTC)
        book_directly(other, clinician, starts_at)
        response = act(client, offered, "book", slot_key=key)
        offered.refresh_from_db()
        assert offered.status == RequestStatus.OFFERED
        assert "not free any more" in text_of(response)

    def test_first_the_day_then_one_of_its_times(self, sign_in, nurse, offered, other_doctor, clinician):
        colleague = Clinician.objects.create(user=other_doctor, display_name="Dr Sam Okafor")
        for window in clinician.availabilities.all():
            window.pk, window.clinician = None, colleague
            window.save()
        type(offered).objects.filter(pk=offered.pk).update(doctor=other_doctor)
        client = sign_in(nurse)

        def form_on(query=""):
            page = client.get(f"{page_of(offered)}{query}")
            (book,) = [item for item in page.context["panel"].actions if item.name == "book"]
            return book

        days = form_on().form.days
        assert not form_on().is_open
        assert len({day for day, _ in days}) == len(days) > 10
        last, words = days[-1]
        assert words.endswith("(8 free)")
        book = form_on(f"?day={last}")
        assert book.is_open
        (_, empty), *groups = [("", "Choose a time"), *book.form.fields["slot_key"].widget.choices[1:]]
        assert empty == "Choose a time"
        assert [name for name, _ in groups] == ["Dr Sam Okafor, who decided", "Dr Ines Halloran"]
        assert [[word for _, word in times] for _, times in groups] == [["9 am", "9:40 am", "10:20 am", "11 am"]] * 2
        for query in ("?day=x", "?day=2020-01-01", "?day="):
            assert form_on(query).form.shown_day == days[0][0]
        refused = client.post(f"{book.url}?day={last}", {"seen": offered.status, "slot_key": ""})
        (again,) = [item for item in refused.context["panel"].actions if item.name == "book"]
        assert again.form.shown_day == last

    def test_without_a_free_time_the_page_says_so(self, sign_in, nurse, make_request):
        consultation_request = make_request(status=RequestStatus.OFFERED)
        assert "There is no free time in the next 4 weeks" in text_of(sign_in(nurse).get(page_of(consultation_request)))

    @pytest.mark.parametrize(
        ("verb", "status", "visit_status"),
        [
            ("complete", RequestStatus.COMPLETED, AppointmentStatus.FULFILLED),
            ("mark_no_show", RequestStatus.NO_SHOW, AppointmentStatus.NOSHOW),
        ],
    )
    def test_attendance_is_recorded_after_it_began(
        self, sign_in, doctor, make_request, clinician, verb, status, visit_status
    ):
        consultation_request = make_request(status=RequestStatus.BOOKED)
        appointment = book_directly(consultation_request, clinician, clock.now() - datetime.timedelta(minutes=20))
        client = sign_in(doctor)
        assert verb in {item.name for item in client.get(page_of(consultation_request)).context["panel"].actions}
        asked = act(client, consultation_request, verb)
        consultation_request.refresh_from_db()
        assert "Nothing is recorded yet." in text_of(asked)
        assert consultation_request.status == RequestStatus.BOOKED
        for _ in range(2):
            done = client.post(asked.context["confirm_url"], {"decision": asked.context["decision"]}, follow=True)
        assert "You can undo this until midnight" in text_of(done)
        consultation_request.refresh_from_db()
        appointment.refresh_from_db()
        assert (consultation_request.status, appointment.status) == (status, visit_status)


class TestTwoPeople:
    def test_a_stale_page_names_who_moved_it_and_keeps_the_text(self, sign_in, nurse, doctor, other_doctor, alice):
        perform("claim", alice, by=nurse)
        perform("pass_to_doctor", alice, doctor=doctor, note="", by=nurse)
        response = act(sign_in(other_doctor), alice, "note", note="Remember the scan from March.", seen="received")
        page = text_of(response)
        assert "Nora Adeyemi moved this request to “With a doctor” while your page was open" in page
        assert "Remember the scan from March." in page
        assert not TriageDecision.objects.filter(action=TriageAction.NOTE).exists()

    @pytest.mark.parametrize("note", ["Please look at the weak leg first.", "Foot drop."])
    def test_text_of_a_form_that_is_gone_is_shown_to_copy(self, sign_in, nurse, other_nurse, doctor, alice, note):
        perform("pass_to_doctor", alice, doctor=doctor, note="", by=nurse)
        response = act(
            sign_in(other_nurse), alice, "pass_to_doctor", seen="received", doctor=doctor.pk,
            note=note,
        )  # fmt: skip
        assert "What you wrote, not saved" in text_of(response)
        assert f'<div class="quote keep-lines">{note}</div>' in text_of(response)

    def test_the_same_press_twice_does_one_thing(self, sign_in, nurse, alice):
        client = sign_in(nurse)
        for _ in range(2):
            response = act(client, alice, "note", note="Rang at noon.")
        assert TriageDecision.objects.count() == 1
        assert response.status_code == 200
        stale = alice.status
        for _ in range(2):
            response = act(client, alice, "claim", seen=stale)
        assert "moved this request" not in text_of(response)

    def test_a_status_nobody_knows_is_refused(self, sign_in, nurse, alice):
        act(sign_in(nurse), alice, "claim", seen="nonsense")
        alice.refresh_from_db()
        assert alice.status == RequestStatus.RECEIVED

    def test_acts_are_posts(self, sign_in, nurse, alice):
        url = reverse("admin:consultations_consultationrequest_action", args=[alice.pk, "claim"])
        assert sign_in(nurse).get(url).headers["Location"] == triage.page_of(alice)
        alice.refresh_from_db()
        assert alice.status == RequestStatus.RECEIVED
        assert sign_in(nurse).post(url.replace("claim", "destroy"), {"seen": "received"}).status_code == 404

    @pytest.mark.parametrize("address", ["action", "confirm"])
    def test_the_appearance_can_be_changed_on_what_a_button_answers(self, sign_in, nurse, alice, address):
        args = [alice.pk, "note"] if address == "action" else [alice.pk]
        url = reverse(f"admin:consultations_consultationrequest_{address}", args=args)
        page = sign_in(nurse).post("/appearance/", {"theme": "dark", "next": url}, follow=True)
        assert page.redirect_chain[-1] == (triage.page_of(alice), 302)
        assert alice.reference in text_of(page)

    def test_csrf_is_enforced(self, nurse, alice):
        from django.test import Client

        client = Client(enforce_csrf_checks=True)
        client.force_login(nurse)
        url = reverse("admin:consultations_consultationrequest_action", args=[alice.pk, "claim"])
        assert client.post(url, {"seen": "received"}).status_code == 403
