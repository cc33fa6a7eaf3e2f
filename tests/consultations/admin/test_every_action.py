"""Each act that reaches the patient or ends the request: done for its roles in its statuses, refused to all others."""

import datetime

import pytest
from django.urls import reverse

from clinic.core import clock
from clinic.core.models import AuditEvent, OutboxMessage, RecordRead
from consultations.actions.book import free_times
from consultations.enums import Actor, AppointmentStatus, MessageKind, Outcome, RequestStatus
from consultations.presenters.action_panel import panel_entries
from consultations.services import messaging, settling
from tests.consultations.admin.conftest import act, drawn_in_turn, page_of, text_of
from tests.consultations.admin.test_actions import SIMPLE, statuses_to_try
from tests.consultations.transitions import VERBS as ALL_VERBS
from tests.consultations.transitions import target
from tests.depth import deepens
from tests.personas import as_pressing, book_directly

pytestmark = pytest.mark.django_db
GROUPS = {"triage": Actor.TRIAGE, "doctor": Actor.DOCTOR, "manager": Actor.MANAGER, "editor": None}
VERBS = (
    "ask", "book", "move", "settle", "order_booking", "complete", "correct_email", "mark_no_show", "undo_complete",
    "undo_no_show", "take_back_escalation", "settle_escalation",
    "set_own_urgency", "ask_weekly", "choose_reminders", "tell_needs", "confirm_visit",
    "set_video_link", "expire_offer", "offer_again", "invite_follow_up", "invite_after_advice", "wait_for_earlier",
)  # fmt: skip
OF_THE_WAITING_LIST = {"book_offered", "move_offered", "decline_offered_time", "leave_waiting_list"}
"""Tried in test_waiting_list.py: they need somebody who waits, or a time that is kept."""
ENDED_AS = {RequestStatus.COMPLETED: AppointmentStatus.FULFILLED, RequestStatus.NO_SHOW: AppointmentStatus.NOSHOW}
MEANT = {
    "ask": {"question": "When was your last scan?"},
    "correct_email": {"email": "new@example.com"},
    "ask_weekly": {"wanted": "no"},
    "choose_reminders": {"choice": "full"},
    "tell_needs": {"codes": ["quiet"]},
    "wait_for_earlier": {"weekdays": ["0"], "part_of_day": "morning", "doctor": "any", "notice": "24"},
    "set_video_link": {"link": "https://video.example/alice"},
    "settle_escalation": {"note": "Examined: no weakness."},
    "set_own_urgency": {"reason": "A new, harmless question."},
}


def escalated(status, by):
    now = clock.now()
    before = {
        "status": status,
        "risk": 6,
        "priority": "routine",
        "due_at": (now + datetime.timedelta(days=2)).isoformat(),
        "danger_due_at": None,
    }
    return {"escalated_at": now, "escalated_by": by, "before_escalation": before}


@pytest.fixture
def in_status(make_request, clinician, nurse, doctor):
    def make(status, *, is_ahead=False, **more):
        if status == RequestStatus.IN_TRIAGE:
            more |= {"claimed_by": nurse, "claimed_at": clock.now()}
        if status == RequestStatus.WITH_DOCTOR:
            more |= {"doctor": doctor}
        consultation_request = as_pressing(make_request(status=status, **more))
        if status in (RequestStatus.BOOKED, *ENDED_AS):
            hours = {RequestStatus.COMPLETED: 1, RequestStatus.NO_SHOW: 2}.get(status, 0)
            begins = clock.now() - datetime.timedelta(hours=hours, minutes=30)
            if is_ahead:
                begins += datetime.timedelta(days=40)
            visit = book_directly(consultation_request, clinician, begins)
            visit.status = ENDED_AS.get(status, visit.status)
            visit.save()
        return consultation_request

    return make


def state_of(consultation_request):
    consultation_request.refresh_from_db()
    return {
        "status": consultation_request.status,
        "settled": consultation_request.flag_level == "",
        "visits": sorted(consultation_request.appointments.values_list("status", flat=True)),
        "questions": consultation_request.information_requests.count(),
        "mails": OutboxMessage.objects.filter(subject__consultation_request=consultation_request).count(),
        "activity": list(
            AuditEvent.objects.filter(
                target_type="consultations.consultationrequest", target_id=str(consultation_request.pk)
            )
            .exclude(action="request.view")
            .values_list("action", flat=True)
        ),
    }


def free_slot(make_request, visit):
    """A time that is free now, whoever asks."""
    return free_times(make_request(status=RequestStatus.OFFERED, appointment_type=visit))[0].key


def meant(verb, consultation_request, make_request, visit):
    """What is filled in for an act on this request."""
    if verb in ("book", "move"):
        return {"slot_key": free_slot(make_request, visit)}
    if verb == "settle":
        told = settling.told_of(consultation_request)
        signs = [f"{sign.question}:{sign.option}" for sign in told.standing.open_signs]
        seen = {"who": "Dr Halloran", "place": "Here", "seen_on": f"{clock.today()}"}
        return {"heard": told.key, "signs": signs, "how": "examined", **seen}
    if verb in ("invite_follow_up", "invite_after_advice"):
        return {"appointment_type": visit.pk}
    if verb == "order_booking":
        return {"appointment_type": visit.pk, "reason": "I want to see her."}
    return MEANT.get(verb, {})


@deepens
@pytest.mark.parametrize("group", list(GROUPS))
@pytest.mark.parametrize("verb", VERBS)
def test_it_works_for_its_roles_and_statuses_and_leaves_all_else_alone(
    sign_in, staff, make_request, in_status, visit, subtests, verb, group
):
    client = sign_in(staff(group))
    for number, status in enumerate(statuses_to_try(verb, GROUPS[group]), VERBS.index(verb)):
        with subtests.test(status=status), drawn_in_turn(number):
            flagged = {"outcome": Outcome.SAME_DAY} if verb in ("settle", "order_booking") else {}
            flagged |= escalated(status, staff(group)) if verb.endswith("_escalation") else {}
            if verb == "offer_again" and status != RequestStatus.NO_SHOW:
                flagged = {"offer_expired_at": clock.now(), "appointment_type": visit}
            consultation_request = in_status(
                status, is_ahead=verb in ("move", "confirm_visit", "wait_for_earlier"), **flagged
            )
            data = meant(verb, consultation_request, make_request, visit)
            before = state_of(consultation_request)
            response = act(client, consultation_request, verb, follow=False, **data)
            if response.context and "confirm_url" in response.context:
                client.post(response.context["confirm_url"], {"decision": response.context["decision"]})
            after = state_of(consultation_request)
            if leads_to := target(verb, status, GROUPS[group]):
                assert after["status"] == leads_to
                assert f"request.{verb}" in after["activity"]
                assert after["settled"] == (verb != "order_booking")
            else:
                assert after == before


@pytest.mark.parametrize("group", ["triage", "doctor", "manager"])
@pytest.mark.parametrize("status", list(RequestStatus))
def test_the_page_offers_what_the_table_allows_and_nothing_else(sign_in, staff, in_status, status, group):
    consultation_request = in_status(status)
    panel = sign_in(staff(group)).get(page_of(consultation_request)).context["panel"]
    offered = {item.name for item in (*panel.actions, *filter(None, [panel.decision]))} - {"decide"}
    allowed = {verb for verb in ALL_VERBS if target(verb, status, GROUPS[group])}
    assert offered <= allowed
    assert (panel.decision is not None) == bool(allowed & {"offer", "decline", "mark_urgent"})


def test_every_act_of_the_page_is_tried_for_every_role():
    assert set(panel_entries()) == {*SIMPLE, *VERBS, *OF_THE_WAITING_LIST, "decide"}, (
        "add it to SIMPLE in test_actions.py if it leaves a decision behind, with what is typed in data_for there;"
        " else to VERBS here, with what is typed in MEANT"
    )


@pytest.mark.parametrize(
    "verb", ["offer", "decline", "mark_urgent", "withdraw", "answer", "confirm", "search", "change"]
)
def test_verbs_that_are_no_buttons_have_no_address(sign_in, doctor, in_status, verb):
    consultation_request = in_status(RequestStatus.WITH_DOCTOR)
    url = reverse("admin:consultations_consultationrequest_action", args=[consultation_request.pk, verb])
    before = state_of(consultation_request)
    response = sign_in(doctor).post(
        url, {"seen": consultation_request.status, "note": "Forged.", "patient_note": "Forged."}
    )
    assert response.status_code in (404, 405)
    assert state_of(consultation_request) == before


class TestLooksAreOnRecord:
    def test_a_refused_form_shows_the_record_and_says_so(self, sign_in, nurse, in_status):
        consultation_request = in_status(RequestStatus.IN_TRIAGE)
        act(sign_in(nurse), consultation_request, "note", note="")
        assert RecordRead.objects.filter(
            action="request.view", actor_user=nurse, target_id=str(consultation_request.pk)
        ).exists()

    @pytest.mark.parametrize("page", ["consultationrequest", "safetycase", "appointment"])
    def test_lists_say_whom_they_showed(self, sign_in, nurse, in_status, page):
        in_status(RequestStatus.BOOKED)
        sign_in(nurse).get(f"/admin/consultations/{page}/")
        assert RecordRead.objects.filter(action__in=["request.list", "case.list"], actor_user=nurse).count() == 1


class TestTwoWindows:
    """The second of two people is told what changed, and keeps what they wrote."""

    @pytest.mark.parametrize(
        ("verb", "data", "leads_to"),
        [
            ("escalate", {"note": "Cannot lift the left foot since noon."}, RequestStatus.URGENT),
            ("cancel_request", {"note": "Sent twice, the other one stays."}, RequestStatus.CANCELLED),
        ],
    )
    def test_what_was_typed_is_kept(self, sign_in, manager, nurse, in_status, verb, data, leads_to):
        consultation_request = in_status(RequestStatus.RECEIVED)
        first, second = sign_in(nurse), sign_in(manager)
        second.get(page_of(consultation_request))
        act(first, consultation_request, "claim")
        response = act(second, consultation_request, verb, **data)
        page = text_of(response)
        assert "Nora Adeyemi moved this request to “In triage” while your page was open" in page
        assert data["note"] in page
        consultation_request.refresh_from_db()
        assert consultation_request.status == RequestStatus.IN_TRIAGE
        again = response.context["bound"][verb]
        assert again["seen"].value() == RequestStatus.IN_TRIAGE
        act(second, consultation_request, verb, **data, seen=again["seen"].value())
        consultation_request.refresh_from_db()
        assert consultation_request.status == leads_to

    def test_a_decision_on_a_request_that_was_closed_is_shown_to_copy(self, sign_in, doctor, manager, in_status):
        consultation_request = in_status(RequestStatus.WITH_DOCTOR)
        advice = "Keep walking, and ring us when the pain changes."
        preview = act(
            sign_in(doctor),
            consultation_request,
            "decide",
            decision="not_suitable",
            patient_note=advice,
            reason="New pain.",
        )
        act(sign_in(manager), consultation_request, "cancel_request", note="The patient moved away.")
        mails = OutboxMessage.objects.count()
        response = sign_in(doctor).post(
            preview.context["confirm_url"], {"decision": preview.context["decision"]}, follow=True
        )
        page = text_of(response)
        assert "moved this request to" in page
        assert advice in page
        assert OutboxMessage.objects.count() == mails


def test_a_message_tried_again_by_two_people_is_on_record_once(sign_in, nurse, other_nurse, alice):
    message = messaging.notify_patient(kind=MessageKind.REQUEST_RECEIVED, consultation_request=alice, key="received-1")
    OutboxMessage.objects.filter(pk=message.pk).update(parked_at=clock.now(), last_error="SMTPRecipientsRefused 550")
    url = reverse("admin:core_outboxmessage_retry", args=[message.pk])
    for client in (sign_in(nurse), sign_in(other_nurse)):
        client.post(url, follow=True)
    assert AuditEvent.objects.filter(action="message.retry").count() == 1
