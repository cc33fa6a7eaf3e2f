"""Who may press what: every address for every role, with a form that is filled in as it should be."""

from typing import Any

import pytest
from django.urls import reverse

from clinic.accounts.models import User
from clinic.core.models import AuditEvent
from consultations.models import Absence, Availability, Clinician, ExtraSession
from tests.access.conftest import ROLES, TUESDAY, address, everything, get_as, routes, undone
from tests.access.forms import BORN
from tests.consultations.views.conftest import CONSENTS, CONTACT, ROUTINE, SAVING, fields_of
from tests.database_snapshot import changes_made

# yes: it is done, and rows change. ok: an answer that changes no row (a page, or a form that is sent back).
# in: the sign-in. no: refused. -: not there. read: a page that takes no form.
# Columns: visitor, walker, patient, other patient; triage, doctor, editor, manager, superuser.
NOWHERE = "- - - -  - - - - -"
READ = "read read read read  read read read read read"
ANYBODY = "yes yes yes yes  yes yes yes yes yes"
HARMLESS = "ok ok ok ok  ok ok ok ok ok"
WALKER = "no yes no no  no no no no no"
WALKER_READS = "no read no no  no no no no no"
WALKER_HARMLESS = "no ok no no  no no no no no"
BOTH_PATIENTS = "no no yes yes  no no no no no"
TO_CHOOSE = "no no yes ok  no no no no no"
BOOKED = "no no ok yes  no no no no no"
STAFF = "in in in in  yes yes yes yes yes"
STAFF_READ = "in in in in  read read read read read"
STAFF_HARMLESS = "in in in in  ok ok ok ok ok"
NOT_THERE = "in in in in  - - - - -"
NOBODY = "in in in in  no no no no no"
CARE_TEAM = "in in in in  yes yes no yes yes"
CARE_TEAM_HARMLESS = "in in in in  ok ok no ok ok"
WRITERS = "in in in in  no no ok ok ok"
PAGE_READERS = "in in in in  no ok ok ok ok"
MANAGER = "in in in in  no no no yes yes"
MANAGER_HARMLESS = "in in in in  no no no ok ok"
DIARY_WRITERS = "in in in in  no ok no ok ok"
DOCTORS_AND_MANAGERS = "in in in in  no yes no yes yes"
ADMINISTRATOR = "in in in in  no no no no yes"
ADMINISTRATOR_HARMLESS = "in in in in  no no no no ok"


def stock(app: str, model: str, **views: str) -> dict[str, str]:
    """The pages that the admin makes for a model."""
    named = {f"admin:{app}_{model}_{view}": who for view, who in views.items()}
    return {**named, f"admin/{app}/{model}/<path:object_id>/": STAFF_HARMLESS}


def content(model: str) -> dict[str, str]:
    pages = stock("education", model, changelist=WRITERS, add=WRITERS, history=WRITERS, delete=NOBODY, change=WRITERS)
    return {**pages, **{f"admin:education_{model}_{verb}": MANAGER_HARMLESS for verb in ("publish", "waive")}}


def diary(model: str, *, add: str, change: str, delete: str) -> dict[str, str]:
    seen = {"changelist": CARE_TEAM_HARMLESS, "history": CARE_TEAM_HARMLESS}
    return stock("consultations", model, **seen, add=add, change=change, delete=delete)


# fmt: off
POLICY: dict[str, str] = {
    "admin:today": STAFF_HARMLESS,
    "admin:news": READ,
    "admin:sound": CARE_TEAM_HARMLESS,
    "admin:index": STAFF_HARMLESS,
    "admin:login": ANYBODY,
    "account_login": ANYBODY,
    "admin:second_step": HARMLESS,    # nobody gave a password first
    "mfa_authenticate": HARMLESS,
    "admin:start_over": HARMLESS,
    "admin:ask_for_password_link": ANYBODY,    # it is mailed to the address on file, whoever asks
    "admin:password_link": NOWHERE,
    "admin:confirm": STAFF,
    "admin:second_steps": STAFF_READ,
    "admin:add_app": STAFF_HARMLESS,    # to the page with the secret
    "admin:add_passkey": STAFF_HARMLESS,
    "admin:recovery_codes": STAFF_HARMLESS,    # nobody here has a second step
    "admin:remove_step": NOT_THERE,
    "admin:logout": HARMLESS,
    "admin:password_change": STAFF,
    "admin:password_change_done": STAFF_READ,
    "admin:autocomplete": STAFF_READ,
    "admin:jsi18n": STAFF_READ,
    "admin:view_on_site": NOT_THERE,
    "admin:app_list":                           "in in in in  - ok ok ok ok",
    "admin/(?P<url>.*)$": NOT_THERE,
    "admin:education_page_publish": MANAGER_HARMLESS,    # published already
    "admin:education_page_send": WRITERS,
    "admin:education_page_send_back": WRITERS,
    "admin:education_page_take_up": WRITERS,
    "admin:education_page_sign": NOBODY,    # a part that there is not
    "admin:education_page_schedule": MANAGER_HARMLESS,
    "admin:education_page_withdraw":            "in in in in  no yes no yes yes",
    "admin:education_page_retire": MANAGER,
    "admin:education_page_waive":               "in in in in  no ok no ok ok",
    "admin:education_page_self_check":          "in in in in  no no yes yes yes",
    "admin:education_page_versions": PAGE_READERS,
    "admin:education_page_desk": PAGE_READERS,
    **stock("education", "page", changelist=PAGE_READERS, add=WRITERS, history=PAGE_READERS, delete=NOBODY,
            change=WRITERS),
    **content("source"),
    **content("evidencestatement"),
    **content("glossaryterm"),
    **content("question"),
    **content("trial"),
    **content("regulationnote"),
    **content("bestbet"),
    **stock("education", "reviewer", changelist=PAGE_READERS, add=MANAGER_HARMLESS, history=PAGE_READERS,
            delete=NOBODY, change=MANAGER_HARMLESS),
    **stock("education", "caseaccount", changelist=WRITERS, add=WRITERS, history=WRITERS, delete=NOBODY,
            change=WRITERS),
    **stock("education", "clinicianstatement", changelist=WRITERS, add=WRITERS, history=WRITERS, delete=NOBODY,
            change=WRITERS),
    "admin:education_feedback_finish":          "in in in in  no no yes yes yes",
    **stock("education", "feedback", changelist=WRITERS, add=NOBODY, history=WRITERS, delete=NOBODY, change=NOBODY),
    "admin:core_auditentry_search": MANAGER_HARMLESS,
    "admin:core_auditentry_patient": STAFF_READ,
    **stock("core", "auditentry", changelist=MANAGER_HARMLESS, add=NOBODY, history=MANAGER_HARMLESS, delete=NOBODY,
            change=NOBODY),
    "admin:core_outboxmessage_changelist": STAFF_READ,
    "admin:core_outboxmessage_search": CARE_TEAM_HARMLESS,
    "admin:core_outboxmessage_change": STAFF_READ,
    "admin:core_outboxmessage_retry": CARE_TEAM,
    "admin:consultations_consultationrequest_changelist": STAFF_READ,
    "admin:consultations_consultationrequest_search": CARE_TEAM_HARMLESS,
    "admin:consultations_consultationrequest_change": STAFF_READ,
    "admin:consultations_consultationrequest_confirm": CARE_TEAM_HARMLESS,    # without a preview of one's own
    "admin:consultations_consultationrequest_action": CARE_TEAM,
    "admin:consultations_consultationrequest_read": CARE_TEAM,
    "admin:consultations_consultationrequest_alarm": CARE_TEAM,
    "admin:consultations_consultationrequest_person": STAFF_READ,
    "admin:consultations_consultationrequest_person_join": CARE_TEAM_HARMLESS,    # to the preview
    "admin:consultations_consultationrequest_person_confirm": CARE_TEAM_HARMLESS,    # without a preview of one's own
    "admin:consultations_consultationrequest_person_separate": CARE_TEAM_HARMLESS,    # it stands alone
    "admin:consultations_consultationrequest_caller": CARE_TEAM,
    "admin:consultations_consultationrequest_call_new": CARE_TEAM,
    "admin:consultations_consultationrequest_call_begin": CARE_TEAM,
    "admin:consultations_consultationrequest_call_ask": CARE_TEAM_HARMLESS,    # a colleague is asking
    "admin:consultations_consultationrequest_call_stop": STAFF_READ,
    "admin:consultations_consultationrequest_call_end": CARE_TEAM_HARMLESS,    # as well
    "admin:consultations_safetycase_changelist": STAFF_READ,
    "admin:consultations_safetycase_search": CARE_TEAM_HARMLESS,
    "admin:consultations_safetycase_change": STAFF_READ,
    "admin:consultations_safetycase_acknowledge": CARE_TEAM,
    "admin:consultations_safetycase_close": CARE_TEAM_HARMLESS,    # to the page that asks once
    "admin:consultations_safetycase_confirm_close": CARE_TEAM_HARMLESS,    # without that page
    "admin:consultations_safetycase_reopen": CARE_TEAM_HARMLESS,    # it is open
    "admin:consultations_safetycase_note": CARE_TEAM,
    "admin:consultations_safetycase_mail": CARE_TEAM,
    "admin:consultations_safetycase_close_group": CARE_TEAM_HARMLESS,    # to the page that asks once
    "admin:consultations_safetycase_outcomes": STAFF_READ,
    "admin:consultations_consultationrequest_person_note": CARE_TEAM,
    "admin:consultations_safetycase_acknowledge_group": CARE_TEAM,
    "admin:consultations_safetycase_duty": CARE_TEAM,
    "admin:consultations_appointment_changelist": STAFF_READ,
    "admin:consultations_appointment_week": STAFF_READ,
    "admin:consultations_appointment_time": STAFF_READ,
    "admin:consultations_appointment_block": MANAGER_HARMLESS,
    "admin:consultations_appointment_unblock": CARE_TEAM_HARMLESS,    # nothing is named
    "admin:consultations_appointment_cannot_come":  "in in in in  ok ok no ok ok",    # nobody is named
    "admin:consultations_appointment_called_off": STAFF_READ,
    "admin:consultations_appointment_place":        "in in in in  - - no - -",    # nobody is named
    "admin:consultations_appointment_call":         "in in in in  - - no - -",
    "admin:consultations_appointment_back":         "in in in in  yes no no yes yes",
    # Whoever and whatever a booking needs stays, even for those who may take it out of the diary.
    "admin:consultations_clinician_feed": STAFF_READ,
    "admin:consultations_clinician_feed_renew": MANAGER,
    "admin:consultations_clinician_feed_end": MANAGER_HARMLESS,    # there is none
    "admin:consultations_clinician_own": STAFF_READ,
    "admin:consultations_clinician_own_connect": MANAGER_HARMLESS,    # without an address
    "admin:consultations_clinician_own_read": MANAGER,
    "admin:consultations_clinician_own_disconnect": MANAGER,
    **diary("clinician", add=MANAGER_HARMLESS, change=MANAGER_HARMLESS, delete=MANAGER_HARMLESS),
    **diary("location", add=MANAGER, change=MANAGER, delete=MANAGER_HARMLESS),
    **diary("room", add=MANAGER, change=MANAGER, delete=MANAGER),
    **diary("appointmenttype", add=MANAGER_HARMLESS, change=MANAGER_HARMLESS, delete=MANAGER_HARMLESS),
    # The times here are those of a colleague; a doctor's own have a test below.
    **diary("availability", add=DIARY_WRITERS, change=MANAGER_HARMLESS, delete=MANAGER),
    **diary("extrasession", add=DIARY_WRITERS, change=MANAGER_HARMLESS, delete=MANAGER),
    **diary("absence", add=DIARY_WRITERS, change=MANAGER_HARMLESS, delete=MANAGER),
    "admin:consultations_shift_week": STAFF_READ,
    "admin:consultations_waitingentry_changelist": STAFF_READ,
    "admin:consultations_handovernote_changelist": STAFF_READ,
    "admin:consultations_handovernote_write": CARE_TEAM,
    "admin:consultations_handovernote_read": CARE_TEAM,
    "admin:consultations_handovernote_person": STAFF_READ,
    "admin:consultations_handovernote_pass_on": MANAGER,
    "admin:consultations_dayend_changelist": STAFF_READ,
    "admin:consultations_dayend_change": STAFF_READ,
    "admin:consultations_missedreport_changelist": STAFF_READ,
    "admin:consultations_missedreport_about": CARE_TEAM,
    "admin:consultations_missedreport_change": STAFF_READ,
    "admin:consultations_missedreport_seen": DOCTORS_AND_MANAGERS,
    "admin:consultations_missedreport_answer": DOCTORS_AND_MANAGERS,
    **diary("shift", add=MANAGER, change=MANAGER, delete=MANAGER),
    **diary("shiftchange", add=MANAGER, change=MANAGER, delete=MANAGER),
    "admin:accounts_user_password_change": ADMINISTRATOR,
    **stock("accounts", "user", changelist=ADMINISTRATOR_HARMLESS, add=ADMINISTRATOR, history=ADMINISTRATOR_HARMLESS,
            delete=NOBODY, change=ADMINISTRATOR),
    "clinic:appearance": HARMLESS,
    "clinic:privacy": READ,
    "clinic:accessibility": READ,
    "clinic:complaints": READ,
    "clinic:robots": READ,
    "clinic:favicon": READ,
    "clinic:touch_icon": READ,
    "clinic:touch_icon_precomposed": READ,
    "clinic:change_password": READ,
    "clinic:healthz": READ,
    "clinic:readyz": READ,
    "clinic:metrics": READ,
    "clinic:csp_report": HARMLESS,
    "clinic:gallery": READ,
    "consultations:start":                      "yes ok yes yes  yes yes yes yes yes",
    "consultations:screen": WALKER,
    "consultations:emergency": READ,
    "consultations:start_another": READ,
    "consultations:emergency_stop": WALKER_READS,
    "consultations:today": WALKER_READS,
    "consultations:adults_only": WALKER_READS,
    "consultations:call_back": WALKER_HARMLESS,    # nobody here has a safety case
    "consultations:carry":                      "yes ok yes yes  yes yes yes yes yes",  # the walker is asked which
    "consultations:take_out": WALKER_HARMLESS,      # nobody here has carried anything over
    "consultations:result": WALKER_READS,
    "consultations:contact": WALKER,
    "consultations:answers": WALKER,
    "consultations:sent": WALKER_READS,
    "consultations:correct_email": WALKER_HARMLESS,    # nobody here has sent their check
    "consultations:later": WALKER,
    "consultations:kept": WALKER_READS,
    "consultations:forget": WALKER,
    "consultations:open_saved": HARMLESS,    # a link that nobody was mailed
    "consultations:send_link": ANYBODY,      # it is mailed to the address in the request, whoever asks
    "consultations:private_link": ANYBODY,    # who has the mailed link and the date of birth: the address is verified
    "consultations:replace_link": BOTH_PATIENTS,
    "consultations:close":                      "no no ok ok  no no no no no",    # in this browser
    "consultations:leave": HARMLESS,
    "consultations:open_pages": READ,
    "consultations:status": READ,
    "consultations:who_has_seen": READ,
    "consultations:answer_question":            "no no ok ok  no no no no no",    # nothing was asked
    "consultations:send_message": BOTH_PATIENTS,
    "consultations:how_it_went":                "no no ok ok  no no no no no",    # nobody is asked
    "consultations:something_changed": BOTH_PATIENTS,
    "consultations:danger_told": READ,
    "consultations:weekly": BOTH_PATIENTS,
    "consultations:will_come": BOOKED,
    "consultations:reminders": BOTH_PATIENTS,
    "consultations:needs": BOTH_PATIENTS,
    "consultations:withdraw": BOTH_PATIENTS,
    "consultations:calendar_file": READ,
    "consultations:calendar_feed": READ,
    "consultations:times":                      "no no yes yes no no no no no",
    "consultations:check_time": TO_CHOOSE,
    "consultations:cancel_time": BOOKED,
    "consultations:earlier":                    "no no yes yes no no no no no",
    "consultations:leave_waiting_list":         "no no ok ok  no no no no no",    # nobody waits
    "consultations:take_offered":               "no no ok ok  no no no no no",    # and nothing is kept
    "consultations:decline_offered":            "no no ok ok  no no no no no",
    "consultations:undo_cancel":                "no no ok ok  no no no no no",    # nothing was cancelled
    "education:home": READ,
    "education:conditions": READ,
    "education:evidence": READ,
    "education:help": READ,
    "education:faq": READ,
    "education:glossary": READ,
    "education:sources": READ,
    "education:decision_aid": HARMLESS,
    "education:feedback": ANYBODY,
    "education:search": READ,
    "education:sitemap": READ,
    "education:updates": READ,
    "education:page": READ,
}
# fmt: on

WORD = "another quiet passphrase"
POSTED: dict[str, dict[str, Any]] = {
    "admin:login": {"username": "nurse", "password": "a quiet passphrase"},
    "account_login": {"username": "nurse", "password": "a quiet passphrase"},
    "admin:ask_for_password_link": {"email": "nurse@clinic.example"},
    "admin:confirm": {"password": "a quiet passphrase"},
    "admin:password_change": {"old_password": "a quiet passphrase", "new_password1": WORD, "new_password2": WORD},
    "admin:accounts_user_password_change": {"password1": WORD, "password2": WORD},
    "admin:accounts_user_add": {
        "username": "newcomer",
        "name": "Nell Comer",
        "email": "newcomer@clinic.example",
        "password1": WORD,
        "password2": WORD,
    },
    "admin:accounts_user_change": {"username": "nurse", "name": "Norah Adeyemi", "email": "nurse@clinic.example"},
    "admin:consultations_consultationrequest_action": {"seen": "received"},
    "admin:consultations_consultationrequest_search": {"q": "Carol"},
    "admin:core_auditentry_search": {"q": "Carol"},
    "admin:consultations_consultationrequest_person_join": {"other": "LS-0001-AA", "reason": "Same voice."},
    "admin:consultations_consultationrequest_person_separate": {"what": "row-1", "reason": "No.", "seen": "1"},
    "admin:consultations_consultationrequest_caller": {
        "name": "Maeve Hart",
        "phone": "(202) 555-0177",
        "said": "Her legs are numb.",
        "level": "EMERGENCY",
    },
    "admin:consultations_consultationrequest_call_new": {"outcome": "not_reached", "note": "Rang out."},
    "admin:consultations_consultationrequest_call_ask": {"rf_now": "chest"},
    "admin:consultations_safetycase_duty": {"on_duty": "off"},
    "admin:core_outboxmessage_search": {"q": "Carol"},
    "admin:consultations_handovernote_write": {"text": "The fax is out of paper.", "once": "0a1b2c3d"},
    "admin:consultations_missedreport_about": {"kind": "danger", "text": "Numb.", "once": "0a1b2c3d"},
    "admin:consultations_missedreport_answer": {"answer": "Put right."},
    "admin:consultations_safetycase_search": {"q": "Carol"},
    "admin:consultations_safetycase_close": {"outcome": "died", "proof": "told", "words": "Her son told us."},
    "admin:consultations_safetycase_reopen": {"reason": "Her son called."},
    "admin:consultations_safetycase_note": {"note_text": "Her sister called."},
    "admin:consultations_consultationrequest_person_note": {"note_text": "Prefers mornings."},
    "admin:consultations_location_add": {"name": "Mill Lane", "address": "2 Mill Lane"},
    "admin:consultations_location_change": {"name": "Mill Lane", "address": "2 Mill Lane"},
    "admin:education_page_withdraw": {"reason": "A trial that it rests on was taken back."},
    "admin:education_page_retire": {"reason": "Nobody offers this any more."},
    "admin:education_feedback_finish": {"outcome": "Corrected."},
    "education:feedback": {"helpful": "yes", "text": ""},
    "consultations:screen": fields_of("now", {**ROUTINE, "ab_age": "57"}),
    "consultations:carry": {"words": "What matters to me\nVery much: Having less pain"},
    "consultations:contact": {**CONTACT, "name": "Alice W"},
    "consultations:answers": CONSENTS,
    "consultations:later": SAVING,
    "consultations:open_saved": {"passphrase": SAVING["passphrase"]},
    "consultations:send_link": {"email": "alice@example.com"},
    "consultations:private_link": BORN,
    "consultations:something_changed": {"ticks": ["fever"]},
    "consultations:weekly": {"wanted": "no"},
    "consultations:reminders": {"choice": "full"},
    "consultations:needs": {"codes": ["quiet"]},
    "consultations:earlier": {"part_of_day": "any", "doctor": "any", "notice": "0"},
    "consultations:withdraw": {"sure": "on"},
    "consultations:answer_question": {"answer": "An MRI."},
    "consultations:send_message": {"message": "I have moved house."},
}


def outcome(response: Any, *, has_changed: bool) -> str:
    if response.status_code == 403 and "admin/login.html" in [template.name for template in response.templates]:
        return "in"
    known = {403: "no", 404: "-", 405: "read"}
    answer = known.get(response.status_code)
    if answer is None:
        return "yes" if has_changed else "ok" if response.status_code < 500 else "broken"
    return f"{answer}, but rows changed" if has_changed else answer


def filled_in(name: str, site: dict[str, Any]) -> dict[str, Any]:
    if name == "consultations:times":
        free = TUESDAY.replace(day=25)
        return {"slot": f"{free:%Y%m%dT%H%MZ}-{site['clinician']}-{site['location']}"}
    if name.startswith("admin:consultations_shift") and name.endswith(("_add", "_change")):
        hours = {"starts": "08:30", "ends": "12:00", "starts_on": "2026-11-01", "weekday": "2"}
        return {"user": str(site["user"]), **hours, "kind": "on", "first_on": "2026-12-01", "last_on": "2026-12-01"}
    if name in ("admin:consultations_room_add", "admin:consultations_room_change"):
        return {"name": "Room 7", "location": str(site["location"])}
    return POSTED.get(name, {"post": "yes"})


def pressed_everywhere(role: str, site: dict[str, Any], **options: Any) -> dict[str, str]:
    """What each address makes of its form; every press is undone before the next."""
    client = get_as(role, site, **options)
    before, results = everything(), {}
    for name, pattern in routes():
        with undone(client):
            so_far = changes_made()
            response = client.post(address(pattern, site), filled_in(name, site))
            was_quiet = changes_made() == so_far
            results[name] = outcome(response, has_changed=not was_quiet and everything() != before)
    return results


def test_every_address_is_listed() -> None:
    assert {name for name, _ in routes()} == set(POLICY), "say in POLICY who may send a form to the new address"
    assert all(len(who.split()) == len(ROLES) for who in POLICY.values())


@pytest.mark.parametrize("role", ROLES)
def test_buttons(role: str, site: dict[str, Any]) -> None:
    index = ROLES.index(role)

    assert pressed_everywhere(role, site) == {name: who.split()[index] for name, who in POLICY.items()}


@pytest.mark.parametrize("role", ["patient", "superuser"])
def test_without_the_token_of_the_page_nothing_is_done(role: str, site: dict[str, Any]) -> None:
    """Another site can make a browser send a form, but not know the token. One button needs none: the appearance."""
    result = pressed_everywhere(role, site, enforce_csrf_checks=True)

    assert not {name for name, answer in result.items() if "yes" in answer or "changed" in answer or answer == "broken"}


@pytest.mark.parametrize("model", [Availability, ExtraSession, Absence])
def test_a_doctor_keeps_their_own_times_and_nobody_elses(model: Any, site: dict[str, Any]) -> None:
    client = get_as("doctor", site)
    entry = model.objects.first()
    urls = [
        reverse(f"admin:consultations_{model._meta.model_name}_{view}", args=[entry.pk])
        for view in ("change", "delete")
    ]
    assert [client.post(url, {"post": "yes"}).status_code for url in urls] == [403, 403]
    assert model.objects.filter(pk=entry.pk).exists()

    mine = Clinician.objects.create(user=User.objects.get(username="the_doctor"), display_name="Dr Mine")
    model.objects.update(clinician=mine)

    assert client.post(urls[0], {}).status_code == 200
    assert client.post(urls[1], {"post": "yes"}).status_code == 302
    assert not model.objects.filter(pk=entry.pk).exists()


def test_every_button_that_changes_something_leaves_a_trace(site: dict[str, Any]) -> None:
    """What staff do to a record is in the audit trail, under their name."""
    client = get_as("superuser", site)
    before = everything()
    for name, pattern in routes():
        if not name.startswith("admin") or name in ("admin:login", "admin:ask_for_password_link"):
            continue
        with undone(client):
            last = AuditEvent.objects.order_by("-sequence").first().sequence
            client.post(address(pattern, site), filled_in(name, site))
            if everything() != before:
                traces = AuditEvent.objects.filter(sequence__gt=last)
                # What follows by itself, a case that goes to somebody else, is the system's.
                assert {trace.actor for trace in traces} - {"system"} == {"root"}, name
