"""Who may open what: every address for every role. An address that is not listed here fails the build."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse

from clinic.core.models import AuditEntry, AuditEvent, AuditHead, RateBucket, RecordRead
from consultations import models as consultations
from education.models import Feedback, Page
from education.presenters.action_panel import actions_on
from tests.access.conftest import ROLES, address, everything, get_as, routes

ANSWERS = {200: "ok", 301: "go", 302: "go", 403: "no", 404: "-", 405: "post"}
"""ok: the page; in: the sign-in; go: sent elsewhere; no: refused; -: not there; post: only by pressing a button."""

NOTES_OF_A_LOOK = {
    "request.view", "request.list", "case.view", "case.list", "message.view", "message.list",
    "audit.view", "audit.list", "audit.patient", "diary.hanging", "person.view", "hand_over.view", "hand_over.held",
    "day_end.view",
    "missed.form", "missed.list", "missed.view",
    "call.view", "call.caller",
}  # fmt: skip

# Columns: visitor, walker, patient, other patient; triage, doctor, editor, manager, superuser.
EVERYONE = "ok ok ok ok  ok ok ok ok ok"
NOWHERE = "- - - -  - - - - -"
EVERYONE_SENT_ON = "go go go go  go go go go go"
WALKER = "no ok no no  no no no no no"
WALKER_SENT_ON = "no go no no  no no no no no"
SENT_ON = "go go go go  go go go go go"
OPEN_PAGES = "go go ok ok  go go go go go"
BOTH_PATIENTS = "no no ok ok  no no no no no"
TO_CHOOSE = "no no ok go  no no no no no"
BOOKED = "no no go ok  no no no no no"
BUTTON = "post post post post  post post post post post"
NO_PASSWORD_YET = "in in in in  in in in in in"
STAFF = "in in in in  ok ok ok ok ok"
NOBODY = "in in in in  no no no no no"
STAFF_SENT_ON = "in in in in  go go go go go"
CARE_TEAM = "in in in in  ok ok no ok ok"
CALL_OF_A_COLLEAGUE = "in in in in  go go no go go"
MANAGER = "in in in in  no no no ok ok"
WRITERS = "in in in in  no no ok ok ok"
PAGE_READERS = "in in in in  no ok ok ok ok"
DIARY_WRITERS = "in in in in  no ok no ok ok"
DOCTORS_AND_MANAGERS = DIARY_WRITERS
ADMINISTRATOR = "in in in in  no no no no ok"


def buttons(model: type[Model]) -> dict[str, str]:
    """The addresses of the actions on the content: read, each leads back to its record."""
    slugs = {action.slug().replace("-", "_") for action in actions_on(model)}
    return {f"admin:education_{model._meta.model_name}_{slug}": STAFF_SENT_ON for slug in slugs}


def stock(app: str, model: str, **views: str) -> dict[str, str]:
    """The pages Django's admin makes for a model."""
    named = {f"admin:{app}_{model}_{view}": who for view, who in views.items()}
    return {**named, f"admin/{app}/{model}/<path:object_id>/": STAFF_SENT_ON}


def record(model: str) -> dict[str, str]:
    pages = stock("education", model, changelist=WRITERS, add=WRITERS, history=WRITERS, change=WRITERS, delete=NOBODY)
    return {**pages, **buttons(apps.get_model("education", model))}


def diary(model: str, *, add: str) -> dict[str, str]:
    return stock(
        "consultations", model, changelist=CARE_TEAM, add=add, history=CARE_TEAM, change=CARE_TEAM, delete=MANAGER
    )


# fmt: off
MATRIX = {
    "admin:today": STAFF,
    "admin:news":                       "no no no no  ok ok no ok ok",
    "admin:sound": STAFF_SENT_ON,
    "admin:index": STAFF,
    "admin:login":                      "ok ok ok ok  go go go go go",
    "account_login":                    "ok ok ok ok  go go go go go",
    "admin:second_step": NO_PASSWORD_YET,
    "mfa_authenticate": NO_PASSWORD_YET,
    "admin:start_over": NO_PASSWORD_YET,
    "admin:ask_for_password_link": EVERYONE,
    "admin:password_link": NOWHERE,    # no key of anybody's
    "admin:confirm": STAFF,
    "admin:second_steps": STAFF,
    "admin:add_app": STAFF_SENT_ON,    # a press begins
    "admin:add_passkey": STAFF_SENT_ON,
    "admin:recovery_codes": STAFF_SENT_ON,    # there are none
    "admin:remove_step": STAFF_SENT_ON,
    "admin:logout":                     "go go go go  post post post post post",
    "admin:password_change": STAFF,
    "admin:password_change_done": STAFF,
    "admin:autocomplete": NOBODY,
    "admin:jsi18n": STAFF,
    "admin:view_on_site":               "in in in in  - - - - -",
    "admin:app_list":                   "in in in in  - ok ok ok ok",
    "admin/(?P<url>.*)$":               "in in in in  - - - - -",
    **buttons(Page),
    "admin:education_page_versions": PAGE_READERS,
    "admin:education_page_desk": PAGE_READERS,
    **stock("education", "page", changelist=PAGE_READERS, add=WRITERS, history=PAGE_READERS, change=PAGE_READERS,
            delete=NOBODY),
    **record("source"),
    **record("evidencestatement"),
    **record("glossaryterm"),
    **record("question"),
    **record("trial"),
    **record("regulationnote"),
    **record("bestbet"),
    **stock("education", "reviewer", changelist=PAGE_READERS, add=MANAGER, history=PAGE_READERS, change=PAGE_READERS,
            delete=NOBODY),
    **stock("education", "caseaccount", changelist=WRITERS, add=WRITERS, history=WRITERS, change=WRITERS,
            delete=NOBODY),
    **stock("education", "clinicianstatement", changelist=WRITERS, add=WRITERS, history=WRITERS, change=WRITERS,
            delete=NOBODY),
    **buttons(Feedback),
    **stock("education", "feedback", changelist=WRITERS, add=NOBODY, history=WRITERS, change=WRITERS, delete=NOBODY),
    "admin:core_auditentry_search": STAFF_SENT_ON,
    "admin:core_auditentry_patient": MANAGER,
    **stock("core", "auditentry", changelist=MANAGER, add=NOBODY, history=MANAGER, change=MANAGER, delete=NOBODY),
    "admin:core_outboxmessage_changelist": CARE_TEAM,
    "admin:core_outboxmessage_search": STAFF_SENT_ON,
    "admin:core_outboxmessage_change": CARE_TEAM,
    "admin:core_outboxmessage_retry": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_changelist": CARE_TEAM,
    "admin:consultations_consultationrequest_search": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_change": CARE_TEAM,
    "admin:consultations_consultationrequest_confirm": STAFF_SENT_ON,    # to the request's page, which decides
    "admin:consultations_consultationrequest_action": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_read": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_alarm": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_person": CARE_TEAM,
    "admin:consultations_consultationrequest_person_join": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_person_confirm": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_person_separate": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_caller": CARE_TEAM,
    "admin:consultations_consultationrequest_call_new": CARE_TEAM,
    "admin:consultations_consultationrequest_call_begin": STAFF_SENT_ON,
    "admin:consultations_consultationrequest_call_ask": CALL_OF_A_COLLEAGUE,
    "admin:consultations_consultationrequest_call_stop": CALL_OF_A_COLLEAGUE,
    "admin:consultations_consultationrequest_call_end": CALL_OF_A_COLLEAGUE,
    "admin:consultations_consultationrequest_person_note": STAFF_SENT_ON,
    "admin:consultations_safetycase_changelist": CARE_TEAM,
    "admin:consultations_safetycase_search": STAFF_SENT_ON,
    "admin:consultations_safetycase_change": CARE_TEAM,
    "admin:consultations_safetycase_acknowledge": STAFF_SENT_ON,
    "admin:consultations_safetycase_close": CARE_TEAM,
    "admin:consultations_safetycase_confirm_close": STAFF_SENT_ON,
    "admin:consultations_safetycase_reopen": STAFF_SENT_ON,
    "admin:consultations_safetycase_note": STAFF_SENT_ON,
    "admin:consultations_safetycase_mail": STAFF_SENT_ON,
    "admin:consultations_safetycase_close_group": STAFF_SENT_ON,
    "admin:consultations_safetycase_outcomes": CARE_TEAM,
    "admin:consultations_safetycase_acknowledge_group": STAFF_SENT_ON,
    "admin:consultations_safetycase_duty": STAFF_SENT_ON,
    "admin:consultations_appointment_changelist": CARE_TEAM,
    "admin:consultations_appointment_week": CARE_TEAM,
    "admin:consultations_appointment_time": CALL_OF_A_COLLEAGUE,    # to the week: it names no time
    "admin:consultations_appointment_block": MANAGER,     # and a clinician: see admin/test_week.py
    "admin:consultations_appointment_unblock": STAFF_SENT_ON,
    "admin:consultations_appointment_cannot_come": CARE_TEAM,
    "admin:consultations_appointment_called_off": CARE_TEAM,
    "admin:consultations_appointment_place": STAFF_SENT_ON,
    "admin:consultations_appointment_call": STAFF_SENT_ON,
    "admin:consultations_appointment_back":        "in in in in  ok no no ok ok",    # and the doctor who is away
    **diary("clinician", add=MANAGER),
    "admin:consultations_clinician_feed": MANAGER,     # and the clinician: see admin/test_calendar_feeds.py
    "admin:consultations_clinician_feed_renew": STAFF_SENT_ON,
    "admin:consultations_clinician_feed_end": STAFF_SENT_ON,
    "admin:consultations_clinician_own": MANAGER,      # and the clinician: see admin/test_own_calendars.py
    "admin:consultations_clinician_own_connect": STAFF_SENT_ON,
    "admin:consultations_clinician_own_read": STAFF_SENT_ON,
    "admin:consultations_clinician_own_disconnect": MANAGER,
    **diary("location", add=MANAGER),
    **diary("room", add=MANAGER),
    **diary("appointmenttype", add=MANAGER),
    **diary("availability", add=DIARY_WRITERS),
    **diary("extrasession", add=DIARY_WRITERS),
    **diary("absence", add=DIARY_WRITERS),
    "admin:consultations_shift_week": CARE_TEAM,
    **diary("shift", add=MANAGER),
    **diary("shiftchange", add=MANAGER),
    "admin:consultations_waitingentry_changelist": CARE_TEAM,
    "admin:consultations_handovernote_changelist": CARE_TEAM,
    "admin:consultations_handovernote_write": STAFF_SENT_ON,
    "admin:consultations_handovernote_read": STAFF_SENT_ON,
    "admin:consultations_handovernote_person": MANAGER,
    "admin:consultations_handovernote_pass_on": STAFF_SENT_ON,
    "admin:consultations_dayend_changelist": DOCTORS_AND_MANAGERS,
    "admin:consultations_dayend_change": DOCTORS_AND_MANAGERS,
    "admin:consultations_missedreport_changelist": DOCTORS_AND_MANAGERS,
    "admin:consultations_missedreport_about": CARE_TEAM,
    "admin:consultations_missedreport_change": DOCTORS_AND_MANAGERS,
    "admin:consultations_missedreport_seen": STAFF_SENT_ON,
    "admin:consultations_missedreport_answer": STAFF_SENT_ON,
    "admin:accounts_user_password_change": ADMINISTRATOR,
    **stock("accounts", "user", changelist=ADMINISTRATOR, add=ADMINISTRATOR, history=ADMINISTRATOR,
            change=ADMINISTRATOR, delete=NOBODY),
    "clinic:appearance": BUTTON,
    "clinic:privacy": EVERYONE,
    "clinic:accessibility": EVERYONE,
    "clinic:complaints": EVERYONE,
    "clinic:robots": EVERYONE,
    "clinic:favicon": EVERYONE_SENT_ON,
    "clinic:touch_icon": EVERYONE_SENT_ON,
    "clinic:touch_icon_precomposed": EVERYONE_SENT_ON,
    "clinic:change_password": EVERYONE_SENT_ON,
    "clinic:healthz": EVERYONE,
    "clinic:readyz": EVERYONE,
    "clinic:metrics": EVERYONE,  # from this machine, as here, or with the token
    "clinic:csp_report": BUTTON,  # browsers send to it by themselves
    "clinic:gallery": NOWHERE,  # only with DEBUG
    "consultations:start": EVERYONE,
    "consultations:screen": WALKER,
    "consultations:emergency": EVERYONE,
    "consultations:start_another":       "go ok go go  go go go go go",
    "consultations:emergency_stop": WALKER_SENT_ON,    # these four show themselves after a danger or an age under 18
    "consultations:today": WALKER_SENT_ON,
    "consultations:adults_only": WALKER_SENT_ON,
    "consultations:call_back": WALKER_SENT_ON,
    "consultations:carry": SENT_ON,         # a button, but it may answer with a page: looks lead to where it stands
    "consultations:take_out":            "no post no no  no no no no no",
    "consultations:result": WALKER,
    "consultations:contact": WALKER,
    "consultations:answers": WALKER,
    "consultations:sent": WALKER_SENT_ON,
    "consultations:correct_email": WALKER_SENT_ON,     # once the check is sent
    "consultations:later": WALKER,
    "consultations:kept": WALKER_SENT_ON,      # no link was asked for
    "consultations:forget": WALKER,
    "consultations:open_saved": EVERYONE,
    "consultations:send_link": EVERYONE,
    "consultations:private_link": EVERYONE,
    "consultations:calendar_feed": NOWHERE,    # no address of a clinician
    "consultations:replace_link": SENT_ON,  # these as well
    "consultations:close": SENT_ON,
    "consultations:leave": SENT_ON,
    "consultations:open_pages": OPEN_PAGES,
    "consultations:status": BOTH_PATIENTS,
    "consultations:answer_question": SENT_ON,
    "consultations:send_message": SENT_ON,
    "consultations:who_has_seen": BOTH_PATIENTS,
    "consultations:how_it_went":        "no no go go  no no no no no",    # nobody is asked
    "consultations:something_changed": BOTH_PATIENTS,
    "consultations:danger_told": "no no go go  no no no no no",    # nothing was ticked
    "consultations:weekly": SENT_ON,
    "consultations:will_come": SENT_ON,
    "consultations:reminders": SENT_ON,
    "consultations:needs": BOTH_PATIENTS,
    "consultations:withdraw": BOTH_PATIENTS,
    "consultations:calendar_file":      "no no - ok  no no no no no",
    "consultations:times": BOTH_PATIENTS,
    "consultations:check_time": TO_CHOOSE,
    "consultations:cancel_time": BOOKED,
    "consultations:earlier": BOTH_PATIENTS,
    "consultations:leave_waiting_list": SENT_ON,
    "consultations:take_offered": SENT_ON,
    "consultations:decline_offered": SENT_ON,
    "consultations:undo_cancel": SENT_ON,
    "education:home": EVERYONE,
    "education:conditions": EVERYONE,
    "education:evidence": EVERYONE,
    "education:help": EVERYONE,
    "education:faq": EVERYONE,
    "education:glossary": EVERYONE,
    "education:sources": EVERYONE,
    "education:decision_aid": EVERYONE,
    "education:search": EVERYONE,
    "education:feedback": EVERYONE,
    "education:sitemap": EVERYONE,
    "education:updates": EVERYONE,
    "education:page": EVERYONE,
}
# fmt: on
CLINICAL = [
    model
    for model in vars(consultations).values()
    if isinstance(model, type)
    and issubclass(model, Model)
    and model._meta.app_label == "consultations"
    and model.__name__
    not in (
        "Resource",
        "Clinician",
        "Room",
        "Location",
        "AppointmentType",
        "Availability",
        "ExtraSession",
        "Absence",
        "RoomClosure",
        "Shift",
        "ShiftChange",
    )
]  # fmt: skip
"""Everything about a patient; the eleven that are left out are the diary and the rota that managers keep."""
LOGS = (AuditEntry, AuditEvent, AuditHead, RecordRead)


def outcome(response: Any) -> str:
    if response.status_code == 302 and "/login/" in response["Location"]:
        return "in"
    return ANSWERS.get(response.status_code, str(response.status_code))


def test_every_address_is_listed_and_every_listed_one_exists() -> None:
    names = [name for name, _ in routes()]

    assert len(names) == len(set(names))
    assert set(names) == set(MATRIX), "say in MATRIX who may open the new address"
    assert all(len(who.split()) == len(ROLES) for who in MATRIX.values())


def strangers_words(role: str, site: dict[str, Any]) -> set[str]:
    """What someone in this role must not read on any page, because it is about patients who are not theirs."""
    patient, other, waiting = (site[name] for name in ("patient", "other", "waiting"))
    secrets = {
        "patient": (other, waiting),
        "other": (patient, waiting),
        **dict.fromkeys(("visitor", "walker", "editor"), (patient, other, waiting)),
    }.get(role, ())
    words = {word for secret in secrets for word in (secret.reference, secret.patient.first_name, secret.patient.email)}
    return words - {"Alice", "alice@example.com"} if role == "walker" else words  # the walker gives that name too


@pytest.mark.parametrize("role", ROLES)
def test_matrix(role: str, site: dict[str, Any]) -> None:
    """One look at every address: each opens to whom it should, tells of nobody else, and is changed by no look."""
    client = get_as(role, site)
    before, session = everything(), dict(client.session.items())
    events = AuditEvent.objects.count()
    index = ROLES.index(role)

    results = {name: client.get(address(pattern, site)) for name, pattern in routes()}

    assert {name: outcome(page) for name, page in results.items()} == {
        name: who.split()[index] for name, who in MATRIX.items()
    }
    for name, page in results.items():
        words = set(re.findall(r"[\w@.-]+", page.content.decode()))  # a token may hold a name of three letters
        assert words.isdisjoint(strangers_words(role, site)), name
    assert everything() == before
    assert dict(client.session.items()) == session
    assert AuditEvent.objects.count() == events
    noted = RecordRead.objects.all()
    assert {reading.action for reading in noted} <= NOTES_OF_A_LOOK
    assert role in ("triage", "doctor", "manager", "superuser") or not noted


def test_control_the_care_team_reads_of_every_patient(site: dict[str, Any]) -> None:
    queue = get_as("triage", site).get(reverse("admin:consultations_consultationrequest_changelist")).content.decode()
    assert all(site[name].reference in queue for name in ("patient", "other", "waiting"))


def test_signing_out_leaves_nothing_open(site: dict[str, Any]) -> None:
    client = get_as("manager", site)
    client.post(reverse("admin:logout"))

    results = {name: outcome(client.get(address(pattern, site))) for name, pattern in routes()}

    assert results == {name: who.split()[0] for name, who in MATRIX.items()}


def test_who_has_left_opens_nothing_from_the_next_page_on(site: dict[str, Any]) -> None:
    client = get_as("manager", site)
    type(site["clinician_user"]).objects.filter(username="the_manager").update(is_active=False)

    results = {name: outcome(client.get(address(pattern, site))) for name, pattern in routes()}

    assert results == {name: who.split()[0] for name, who in MATRIX.items()}


def test_who_changed_group_has_the_new_rights_from_the_next_page_on(site: dict[str, Any]) -> None:
    client = get_as("manager", site)
    user = type(site["clinician_user"]).objects.get(username="the_manager")
    user.groups.set(user.groups.model.objects.filter(name="editor"))

    results = {name: outcome(client.get(address(pattern, site))) for name, pattern in routes()}

    assert results == {name: who.split()[ROLES.index("editor")] for name, who in MATRIX.items()}


def test_a_member_of_a_group_without_the_staff_mark_stays_outside(site: dict[str, Any]) -> None:
    client = get_as("doctor", site)
    type(site["clinician_user"]).objects.filter(username="the_doctor").update(is_staff=False)

    for name, pattern in routes():
        if name.startswith("admin:consultations_"):
            assert outcome(client.get(address(pattern, site))) == "in", name


@pytest.mark.parametrize("model", [*CLINICAL, *LOGS, RateBucket], ids=lambda model: model.__name__)
def test_no_stock_page_adds_changes_or_deletes_what_is_about_patients(model: type[Model]) -> None:
    options, stock = model._meta, admin.site._registry.get(model)
    for view in ("add", "delete"):
        try:
            reverse(f"admin:{options.app_label}_{options.model_name}_{view}", args=[1] if view == "delete" else [])
        except NoReverseMatch:
            continue
        assert MATRIX[f"admin:{options.app_label}_{options.model_name}_{view}"] == NOBODY
    if stock is not None:
        request = RequestFactory().get("/")
        request.user = Superuser()
        assert not stock.has_add_permission(request)
        assert not stock.has_change_permission(request)
        assert not stock.has_delete_permission(request)
        assert not stock.get_actions(request)


class Superuser:
    """Someone to whom Django refuses nothing."""

    is_active = is_staff = is_superuser = True

    def has_perm(self, name: str, obj: Any = None) -> bool:
        return True
