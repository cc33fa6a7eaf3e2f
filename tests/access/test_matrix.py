"""Who may open what: every address for every role. An address that is not listed here fails the build."""

from typing import Any

import pytest

from tests.access.conftest import ROLES, address, everything, knock, routes

ANSWERS = {200: "ok", 301: "go", 302: "go", 403: "no", 404: "-", 405: "post"}
"""ok: the page; in: the sign-in; go: sent elsewhere; no: refused; -: not there; post: only by pressing a button."""

EVERYONE = "ok ok ok ok ok ok ok"
SENT_ON = "go go go go go go go"
BUTTON = "post post post post post post post"
STAFF = "in in ok ok ok ok ok"
STAFF_BUTTON = "in in post post post post post"
NOBODY = "in in no no no no no"
STAFF_SENT_ON = "in in go go go go go"
CARE_TEAM = "in in ok ok no ok ok"
MANAGER = "in in no no no ok ok"
WRITERS = "in in no no ok ok ok"
PAGE_READERS = "in in no ok ok ok ok"
DIARY_WRITERS = "in in no ok no ok ok"
ADMINISTRATOR = "in in no no no no ok"
OWN_REQUEST = "go ok go go go go go"


def stock(app: str, model: str, **views: str) -> dict[str, str]:
    """The pages Django's admin makes for a model."""
    named = {f"admin:{app}_{model}_{view}": who for view, who in views.items()}
    return {**named, f"admin/{app}/{model}/<path:object_id>/": STAFF_SENT_ON}


def record(model: str) -> dict[str, str]:
    return stock("education", model, changelist=WRITERS, add=WRITERS, history=WRITERS, change=WRITERS, delete=NOBODY)


def diary(model: str, *, add: str) -> dict[str, str]:
    return stock(
        "consultations", model, changelist=CARE_TEAM, add=add, history=CARE_TEAM, change=CARE_TEAM, delete=MANAGER
    )


# fmt: off
MATRIX = {                             # visitor patient triage doctor editor manager superuser
    "admin:today": STAFF,
    "admin:index": STAFF,
    "admin:login":                      "ok ok go go go go go",
    "admin:logout":                     "go go post post post post post",
    "admin:password_change": STAFF,
    "admin:password_change_done": STAFF,
    "admin:autocomplete": NOBODY,
    "admin:jsi18n": STAFF,
    "admin:view_on_site":               "in in - - - - -",
    "admin:app_list":                   "in in - ok ok ok ok",
    "admin/(?P<url>.*)$":               "in in - - - - -",
    "admin:education_page_publish": STAFF_BUTTON,
    "admin:education_page_take_back": STAFF_BUTTON,
    **stock("education", "page", changelist=PAGE_READERS, add=WRITERS, history=PAGE_READERS, change=PAGE_READERS,
            delete=NOBODY),
    **record("source"),
    **record("evidencestatement"),
    **record("glossaryterm"),
    **record("question"),
    **record("trial"),
    **stock("clinic", "auditevent", changelist=MANAGER, add=NOBODY, history=MANAGER, change=MANAGER, delete=NOBODY),
    "admin:consultations_outboxmessage_changelist": CARE_TEAM,
    "admin:consultations_outboxmessage_change": CARE_TEAM,
    "admin:consultations_outboxmessage_retry": STAFF_BUTTON,
    "admin:consultations_consultationrequest_changelist": CARE_TEAM,
    "admin:consultations_consultationrequest_search": STAFF_BUTTON,
    "admin:consultations_consultationrequest_change": CARE_TEAM,
    "admin:consultations_consultationrequest_confirm": STAFF_BUTTON,
    "admin:consultations_consultationrequest_act": STAFF_BUTTON,
    "admin:consultations_safetycase_changelist": CARE_TEAM,
    "admin:consultations_safetycase_change": CARE_TEAM,
    "admin:consultations_safetycase_acknowledge": STAFF_BUTTON,
    "admin:consultations_safetycase_close": STAFF_BUTTON,
    "admin:consultations_appointment_changelist": CARE_TEAM,
    **diary("clinician", add=MANAGER),
    **diary("location", add=MANAGER),
    **diary("appointmenttype", add=MANAGER),
    **diary("availability", add=DIARY_WRITERS),
    **diary("absence", add=DIARY_WRITERS),
    "admin:auth_user_password_change": ADMINISTRATOR,
    **stock("auth", "user", changelist=ADMINISTRATOR, add=ADMINISTRATOR, history=ADMINISTRATOR, change=ADMINISTRATOR,
            delete=NOBODY),
    "clinic:appearance": BUTTON,
    "clinic:privacy": EVERYONE,
    "clinic:accessibility": EVERYONE,
    "clinic:complaints": EVERYONE,
    "clinic:healthz": EVERYONE,
    "clinic:readyz": EVERYONE,
    "consultations:start": EVERYONE,
    "consultations:screen": SENT_ON,       # nobody here has begun a check
    "consultations:emergency": EVERYONE,
    "consultations:today": SENT_ON,
    "consultations:adults_only": SENT_ON,
    "consultations:call_back": SENT_ON,
    "consultations:result": SENT_ON,
    "consultations:contact": SENT_ON,
    "consultations:answers": SENT_ON,
    "consultations:sent": SENT_ON,
    "consultations:send_link": EVERYONE,
    "consultations:private_link": EVERYONE,
    "consultations:replace_link": BUTTON,
    "consultations:leave": BUTTON,
    "consultations:status": OWN_REQUEST,
    "consultations:answer_question": BUTTON,
    "consultations:withdraw": OWN_REQUEST,
    "consultations:calendar_file":      "go - go go go go go",   # nothing is booked
    "consultations:times": OWN_REQUEST,
    "consultations:check_time": SENT_ON,
    "consultations:cancel_time": SENT_ON,
    "education:home": EVERYONE,
    "education:conditions": EVERYONE,
    "education:evidence": EVERYONE,
    "education:help": EVERYONE,
    "education:faq": EVERYONE,
    "education:glossary": EVERYONE,
    "education:sources": EVERYONE,
    "education:page": EVERYONE,
}
# fmt: on
CLINICAL_BUTTONS = (
    "admin:consultations_consultationrequest_act",
    "admin:consultations_consultationrequest_confirm",
    "admin:consultations_consultationrequest_search",
    "admin:consultations_safetycase_acknowledge",
    "admin:consultations_safetycase_close",
    "admin:consultations_outboxmessage_retry",
)


def test_every_address_is_listed_and_every_listed_one_exists() -> None:
    names = [name for name, _ in routes()]

    assert len(names) == len(set(names))
    assert set(names) == set(MATRIX)
    assert all(len(who.split()) == len(ROLES) for who in MATRIX.values())


def outcome(response: Any) -> str:
    if response.status_code == 302 and "/login/" in response["Location"]:
        return "in"
    return ANSWERS.get(response.status_code, str(response.status_code))


@pytest.mark.parametrize("role", ROLES)
def test_matrix(role: str, site: dict[str, Any]) -> None:
    client = knock(role, site["request"])
    place = ROLES.index(role)

    found = {name: outcome(client.get(address(pattern, site))) for name, pattern in routes()}

    assert found == {name: who.split()[place] for name, who in MATRIX.items()}


@pytest.mark.parametrize("role", ["visitor", "patient", "editor"])
def test_buttons_about_patients_are_for_the_care_team(role: str, site: dict[str, Any]) -> None:
    client = knock(role, site["request"])

    for name, pattern in routes():
        if name in CLINICAL_BUTTONS:
            assert outcome(client.post(address(pattern, site))) in ("in", "no"), name
    site["request"].refresh_from_db()
    assert site["request"].status == "offered"


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_no_other_method_is_served(method: str, site: dict[str, Any]) -> None:
    client = knock("patient", site["request"])

    for name, pattern in routes():
        if not name.startswith("admin"):
            assert getattr(client, method)(address(pattern, site)).status_code in (302, 405), name


@pytest.mark.parametrize("role", ROLES)
def test_asking_changes_nothing(role: str, site: dict[str, Any]) -> None:
    """GET and HEAD are safe, whoever follows the link: a mail scanner, a preview, a second tab."""
    client = knock(role, site["request"])
    before = everything()

    for name, pattern in routes():
        if name != "admin:logout":
            client.get(address(pattern, site))
            client.head(address(pattern, site))

    assert everything() == before
