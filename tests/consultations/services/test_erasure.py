"""Erasing a person's data: nothing that they told us can be read again, and everything that names their rows holds."""

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, models
from django.db.models import Q, QuerySet
from django.test import Client

from clinic.accounts.models import User
from clinic.core import audit, clock
from clinic.core.encrypted_rows import EncryptedModel, encrypted_columns
from clinic.core.encryption import Erased
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed
from consultations.actions.book import book_held
from consultations.actions.read_text import mark_read
from consultations.enums import CaseStatus, ContactPreference, FilledFor, MissedKind, ReportedRecord, SafeToContact
from consultations.models import (
    AppointmentType,
    Call,
    Clinician,
    ConsultationRequest,
    Patient,
    PatientText,
    PersonJoin,
    PrivateLink,
    QuestionnaireResponse,
    SafetyCase,
    SavedCheck,
    Settlement,
)
from consultations.models.patient import ERASED_NAME
from consultations.services import (
    carrying,
    case_closing,
    erasure,
    hand_over_notes,
    intake,
    messaging,
    missed,
    notes,
    persons,
    saved_checks,
    scheduling,
)
from consultations.services.erasure import StillNeeded
from consultations.services.visit_needs import Needs
from tests.consultations.perform import answer, perform, send_message, settle_all
from tests.consultations.services.conftest import NOW
from tests.consultations.services.test_intake import ALICE, ANSWERS, WORDINGS
from tests.consultations.views.conftest import OUTCOMES
from tests.database_snapshot import all_rows
from tests.personas import close_case, make_patient, open_privately, private_url

pytestmark = pytest.mark.django_db
SECRETS = (
    "Zebedee", "Quillfeather", "Ottoline", "zebedee@example.org", "2025550187", "secret-note", "secret-call",
    "secret-question", "secret-answer", "secret-offer", "secret-reason", "secret-cancel", "secret-message",
    "secret-hand-over", "secret-report", "secret-reply",
    "secret-aid", "secret-closing", "secret-join", "secret-sign", "secret-proof", "1961-05-17",
    "secret-aside", "secret-thought", "secret-reopening", "secret-language", "secret-need",
)  # fmt: skip
"""What was typed by or about this person; `1961-05-17` is the date of birth."""
WHO = dataclasses.replace(
    ALICE,
    name="Zebedee Quillfeather",
    birth_on=datetime.date(1961, 5, 17),
    email="zebedee@example.org",
    phone="+12025550187",
    contact_by=ContactPreference.PHONE,
    safe_to_contact=SafeToContact.values[-1],
    filled_for=FilledFor.OTHER,
    helper_name="Ottoline Quillfeather",
)
REACHED = {
    "Patient", "ConsultationRequest", "SafetyCase", "QuestionnaireResponse", "Assessment", "PatientText", "Consent",
    "InformationRequest", "TriageDecision", "ClinicalReview", "Appointment", "SlotHold", "PrivateLink", "OutboxMessage",
    "PersonJoin", "Occupation", "MessageSubject", "Call", "Settlement", "CaseNote", "PersonNote", "CaseClosing",
    "HandOverNote", "MissedReport", "VisitNeeds", "SavedCheck", "WaitingEntry", "TimeOffer", "ReleasedTime",
    "ClockAlarm",
}  # fmt: skip
"""Every model that leads to a patient. A new one comes here once it is said below how it is erased."""


STARTS = (Patient, QuestionnaireResponse, OutboxMessage)
"""The patient, and what a request and the subject of a message lead on to."""


def leads_to_patients() -> Iterator[type[models.Model]]:
    """The models that these are reached from over foreign keys, and they themselves."""
    results, waiting = {*STARTS}, [*STARTS]
    while waiting:
        model = waiting.pop()
        yield model
        for relation in model._meta.get_fields(include_hidden=True):
            if relation.auto_created and not relation.concrete and relation.related_model not in results:
                results.add(relation.related_model)
                waiting.append(relation.related_model)


@pytest.fixture
def request_of_one(
    doctor: User, nurse: User, clinician: Clinician, visit: AppointmentType, time_machine: Any
) -> ConsultationRequest:
    """Everything that can be written about one person, by the services that write it. Two patient rows come of it."""
    response = intake.start()
    intake.save_answers(response=response, answers={**ANSWERS, **OUTCOMES["SAME_DAY"]}, network="192.0.2.7")
    intake.ask_for_call_back(response=response, contact=WHO)
    intake.save_answers(response=response, answers={"rf_now": ["none"], "ex_note": "secret-note"})
    carrying.bring(response=response, notes="secret-aid")
    intake.save_contact(response=response, contact=WHO)
    saved_checks.save(response=response, email=WHO.email, word="secret-word")
    consultation_request = intake.send(response=response, wordings=WORDINGS)
    perform("claim", consultation_request, by=nurse)
    call = Call.objects.create(
        response=response,
        outcome="danger_asked",
        note="secret-call",
        answers={"rf_now": ["secret-sign"]},
        made_at=NOW,
        made_by=nurse,
    )
    needs = Needs(codes=("interpreter",), language="secret-language", more="secret-need")
    perform("tell_needs", consultation_request, needs=needs)
    Settlement.objects.create(
        response=response,
        how="spoken_to",
        signs=[["rf_now", "secret-sign"]],
        words="secret-proof",
        call=call,
        settled_at=NOW,
        settled_by=doctor,
    )
    perform("ask", consultation_request, question="secret-question", by=nurse)
    answer(consultation_request, "secret-answer")
    perform("pass_to_doctor", consultation_request, doctor=doctor, note="secret-reason", by=nurse)
    settle_all(consultation_request, by=doctor, words="secret-reason")
    offered = {"appointment_type": visit, "patient_note": "secret-offer", "reason": "secret-reason"}
    perform("offer", consultation_request, by=doctor, **offered)
    consultation_request.refresh_from_db()
    for day in (1, 2):
        slot = scheduling.free_slots(
            appointment_type=visit,
            since=NOW.date() + datetime.timedelta(days=day),
            until=NOW.date() + datetime.timedelta(days=day + 1),
        )[0]
        perform("answer_again", consultation_request, ticks=("none",))
        scheduling.hold(consultation_request=consultation_request, slot_key=slot.key)
        book_held(consultation_request=consultation_request)
        if day == 1:
            perform("cancel_booking", consultation_request, reason="secret-cancel")
    send_message(consultation_request=consultation_request, text="secret-message", key="a page")
    hand_over_notes.write(text="secret-hand-over", consultation_request=consultation_request, by=nurse, key="a page")
    subject = missed.subject_of(ReportedRecord.REQUEST, consultation_request.pk)
    assert subject is not None
    report = missed.report(subject=subject, kind=MissedKind.DANGER, text="secret-report", by=nurse, key="a page")
    missed.answer(row=report, text="secret-reply", by=doctor)
    return consultation_request


@pytest.fixture
def done_with(request_of_one: ConsultationRequest, nurse: User, doctor: User, time_machine: Any) -> ConsultationRequest:
    """The same, with nothing left for anybody to do."""
    time_machine.move_to(NOW + datetime.timedelta(days=3), tick=False)
    perform("complete", request_of_one, by=doctor)
    for text in PatientText.objects.filter(read_at=None, due_at__isnull=False):
        mark_read(text=text, by=nurse)
    case = close_case(SafetyCase.objects.get(), by=nurse, words="secret-closing")
    case_closing.reopen(case=case, reason="secret-reopening", by=nurse)
    close_case(case, by=nurse)
    notes.add_to_case(case=case, text="secret-aside", by=nurse)
    notes.add_to_person(patient=request_of_one.patient, text="secret-thought", by=nurse)
    for name in ("Bob Pell", "Carl Pell"):
        persons.join(patient=request_of_one.patient, other=make_patient(name), reason="secret-join", by=nurse)
    return ConsultationRequest.objects.get()


def everything() -> str:
    """All that stands in the database."""
    said = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            said += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(said)


def values_of(rows: Iterator[EncryptedModel]) -> list[Any]:
    """What each encrypted value of these rows gives: the value, or Erased."""
    given = []
    for row in rows:
        for field in encrypted_columns(type(row)):
            try:
                given.append(getattr(row, field.attname))
            except Erased:
                given.append(Erased)
    return given


def of_person() -> QuerySet[Patient]:
    """The two rows, and not those that were joined with them."""
    return Patient.objects.exclude(name__endswith="Pell")


def rows_of_person() -> Iterator[EncryptedModel]:
    for model in leads_to_patients():
        if model is OutboxMessage:
            # An alert about a case goes to a member of staff, and says nothing but that there is one.
            yield from OutboxMessage.objects.filter(subject__consultation_request__isnull=False)
        elif model is Patient:
            yield from of_person()
        elif model is PersonJoin:
            yield from PersonJoin.objects.filter(Q(first__in=of_person()) | Q(second__in=of_person()))
        elif issubclass(model, EncryptedModel):
            yield from model._base_manager.all()


def test_the_models_that_lead_to_a_patient_are_those_that_are_erased_here() -> None:
    assert {model.__name__ for model in leads_to_patients()} == REACHED


def test_the_fixture_says_everything_there_is_to_erase(done_with: ConsultationRequest) -> None:
    given = str(values_of(rows_of_person())) + everything()
    assert [secret for secret in SECRETS if secret not in given] == []
    filled = {type(row).__name__ for row in rows_of_person() if any(values_of(iter([row])))}
    sealed = {model.__name__ for model in leads_to_patients() if list(encrypted_columns(model))}
    assert filled == sealed
    assert Patient.objects.count() == 4


def test_afterwards_nothing_that_was_told_can_be_read(done_with: ConsultationRequest, manager: User) -> None:
    erasure.erase(patient=done_with.patient, by=manager)
    assert [value for value in values_of(rows_of_person()) if value not in (Erased, "", None, {})] == []
    told = everything()
    assert [secret for secret in SECRETS if secret in told] == []


def test_what_it_stood_under_is_gone_and_what_names_the_rows_is_not(
    done_with: ConsultationRequest, manager: User
) -> None:
    patient = erasure.erase(patient=done_with.patient, by=manager)
    assert (patient.name, patient.birth_on, patient.data_key) == (ERASED_NAME, None, "")
    assert (patient.email_index, patient.phone_index, patient.erased_at) == ("", "", clock.now())
    assert (patient.contact_by, patient.safe_to_contact) == ("either", "any")
    consultation_request = ConsultationRequest.objects.select_related("response").get()
    assert (consultation_request.helper_name, consultation_request.response.data_key) == (ERASED_NAME, "")
    assert SafetyCase.objects.get().network == ""
    assert not PrivateLink.objects.live().exists()
    assert set(
        OutboxMessage.objects.filter(subject__consultation_request=consultation_request).values_list(
            "data_key", flat=True
        )
    ) == {""}
    assert not OutboxMessage.objects.filter(
        subject__consultation_request=consultation_request, sent_at=None, parked_at=None
    ).exists()
    assert {item.patient_id for item in (consultation_request, SafetyCase.objects.get())} == set(
        Patient.objects.exclude(erased_at=None).values_list("pk", flat=True)
    )


def test_the_audit_trail_is_whole_and_says_who_erased_what(done_with: ConsultationRequest, manager: User) -> None:
    before = list(AuditEvent.objects.order_by("sequence").values())
    erasure.erase(patient=done_with.patient, by=manager)
    assert audit.verify() == []
    assert list(AuditEvent.objects.order_by("sequence").values())[: len(before)] == before
    events = list(AuditEvent.objects.filter(action="patient.erase").order_by("sequence"))
    assert sorted(event.target_id for event in events) == sorted(str(item.pk) for item in of_person())
    case = SafetyCase.objects.get()
    assert all(event.details == {"requests": [done_with.pk], "cases": [case.pk]} for event in events)
    assert all(event.actor_user_id == manager.pk for event in events)


def test_the_other_row_of_the_same_visitor_leads_to_the_same(done_with: ConsultationRequest, manager: User) -> None:
    """Who asked to be called back and sent the request later made two rows of one check."""
    called_back = SafetyCase.objects.get().patient
    assert called_back is not None
    assert called_back.pk != done_with.patient_id
    erasure.erase(patient=called_back, by=manager)
    assert of_person().filter(erased_at=None).count() == 0


def test_who_was_joined_by_it_stays_joined_and_no_word_about_it_is_left(
    done_with: ConsultationRequest, manager: User
) -> None:
    erasure.erase(patient=done_with.patient, by=manager)
    bob, carl = Patient.objects.filter(name__endswith="Pell").order_by("pk")
    assert bob.person_id == carl.person_id == bob.own_person_id
    assert [join.reason for join in PersonJoin.objects.all()] == [ERASED_NAME]
    erased = Patient.objects.get(pk=done_with.patient_id)
    assert erased.person_id == erased.own_person_id


def test_nobody_else_is_touched(done_with: ConsultationRequest, alice: ConsultationRequest, manager: User) -> None:
    PatientText.objects.create(response=alice.response, kind="note", text="my back", sent_at=clock.now())
    erasure.erase(patient=done_with.patient, by=manager)
    fresh = ConsultationRequest.objects.get(pk=alice.pk)
    assert (fresh.patient.name, fresh.patient.email) == ("Alice Winther", "alice@example.com")
    assert fresh.response.answers == {"ab_age": 56}
    assert PatientText.objects.get(response=fresh.response).text == "my back"


def test_twice_changes_nothing(done_with: ConsultationRequest, manager: User) -> None:
    erasure.erase(patient=done_with.patient, by=manager)
    before = all_rows()
    erasure.erase(patient=done_with.patient, by=manager)
    assert all_rows() == before


def test_a_row_read_before_and_saved_after_brings_nothing_back(done_with: ConsultationRequest, manager: User) -> None:
    response = QuestionnaireResponse.objects.get()
    assert response.answers["ex_note"] == "secret-note"
    erasure.erase(patient=done_with.patient, by=manager)
    response.save()
    with pytest.raises(Erased):
        QuestionnaireResponse.objects.get().answers  # noqa: B018  (asking decrypts it)


class TestWhoeverIsStillNeeded:
    @pytest.mark.parametrize(
        ("left", "sentence"),
        [
            ("request", "is not closed. Close it first"),
            ("text", "has not been read"),
            ("case", "Safety case .* not closed"),
        ],
    )
    def test_is_not_erased(self, done_with: ConsultationRequest, manager: User, left: str, sentence: str) -> None:
        changes: dict[str, tuple[type[models.Model], dict[str, Any]]] = {
            "request": (ConsultationRequest, {"status": "with_doctor"}),
            "text": (ConsultationRequest, {"texts_due_at": NOW}),
            "case": (SafetyCase, {"status": CaseStatus.OPEN, "closed_at": None, "closed_by": None, "outcome": ""}),
        }
        model, change = changes[left]
        model._base_manager.update(**change)
        before = all_rows()
        with pytest.raises(StillNeeded, match=sentence):
            erasure.erase(patient=done_with.patient, by=manager)
        assert all_rows() == before

    def test_is_found_out_when_something_comes_meanwhile(
        self, done_with: ConsultationRequest, manager: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        readings = iter(
            [erasure._records_of(done_with.patient), erasure.Records(frozenset(), frozenset(), frozenset())]
        )
        monkeypatch.setattr(erasure, "_records_of", lambda patient: next(readings))
        with pytest.raises(StillNeeded, match="at this very moment"):
            erasure.erase(patient=done_with.patient, by=manager)
        assert of_person().filter(erased_at=None).count() == 2


class TestChecksBegunAndNotSent:
    """Saved with the address of somebody who is erased, to go on elsewhere."""

    def save(self, email: str = "Zebedee@Example.org", **answers: object) -> QuestionnaireResponse:
        response = intake.start()
        if answers:
            intake.save_answers(response=response, answers={**ANSWERS, **answers})
        return saved_checks.save(response=response, email=email, word="secret-word").response

    def test_go_with_address_link_and_answers(self, done_with: ConsultationRequest, manager: User) -> None:
        own, foreign = self.save(), self.save("other@example.org")
        erasure.erase(patient=done_with.patient, by=manager)
        assert not QuestionnaireResponse.objects.filter(pk=own.pk).exists()
        assert SavedCheck.objects.get().response == foreign
        waiting = OutboxMessage.objects.filter(kind="saved_check", parked_at=None, sent_at=None)
        assert [message.recipient for message in waiting] == ["other@example.org"]
        event = AuditEvent.objects.about(own).last()
        assert event is not None
        assert (event.action, event.details) == ("response.delete", {"erased": True})

    def test_keep_their_answers_where_another_person_has_the_same_mailbox(
        self, done_with: ConsultationRequest, manager: User
    ) -> None:
        make_patient("Ottilie Pell", email="zebedee@example.org")
        response = self.save()
        erasure.erase(patient=done_with.patient, by=manager)
        assert not SavedCheck.objects.exists()
        assert QuestionnaireResponse.objects.filter(pk=response.pk).exists()

    def test_keep_the_answers_that_a_safety_case_rests_on(self, done_with: ConsultationRequest, manager: User) -> None:
        response = self.save(**OUTCOMES["SAME_DAY"])
        erasure.erase(patient=done_with.patient, by=manager)
        assert not SavedCheck.objects.exists()
        assert QuestionnaireResponse.objects.filter(pk=response.pk).exists()


@pytest.mark.parametrize("group", ["triage", "doctor", "editor"])
def test_only_a_manager_may(done_with: ConsultationRequest, staff: Any, group: str) -> None:
    with pytest.raises(NotAllowed):
        erasure.erase(patient=done_with.patient, by=staff(group))
    assert done_with.patient.erased_at is None


def test_the_browser_that_began_it_finds_nothing(done_with: ConsultationRequest, manager: User) -> None:
    token = done_with.response.token
    erasure.erase(patient=done_with.patient, by=manager)
    assert not QuestionnaireResponse.objects.filter(token=token).exists()


def test_nobody_is_joined_with_it(done_with: ConsultationRequest, manager: User, nurse: User) -> None:
    older, erased = Patient.objects.get(name="Bob Pell"), make_patient("Dan Pell")
    erasure.erase(patient=erased, by=manager)
    for one, another in ((older, erased), (erased, older)):
        with pytest.raises(persons.JoinRefused, match="was erased"):
            persons.join(patient=one, other=another, reason="The same voice", by=nurse)
    assert not PersonJoin.objects.of(erased).exists()


def test_a_patient_without_anything_can_be_erased(manager: User) -> None:
    assert erasure.erase(patient=make_patient(), by=manager).name == ERASED_NAME


def test_no_mail_goes_and_none_is_tried_again(done_with: ConsultationRequest, manager: User) -> None:
    OutboxMessage.objects.filter(subject__consultation_request=done_with).update(sent_at=None, parked_at=clock.now())
    erasure.erase(patient=done_with.patient, by=manager)
    message = OutboxMessage.objects.filter(subject__consultation_request=done_with).first()
    assert message is not None
    with pytest.raises(messaging.ContentGone):
        messaging.retry(message=message, by=manager)


STAFF = "/admin/consultations/"
MESSAGES = "/admin/core/outboxmessage/"


class TestPages:
    """Whatever lists or opens an erased record says calmly that it was erased."""

    @pytest.fixture
    def erased(self, done_with: ConsultationRequest, manager: User) -> ConsultationRequest:
        erasure.erase(patient=done_with.patient, by=manager)
        return ConsultationRequest.objects.get()

    @pytest.fixture
    def managing(self, sign_in: Any, manager: User) -> Client:
        client: Client = sign_in(manager)
        return client

    @pytest.mark.parametrize(
        "url",
        [
            f"{STAFF}consultationrequest/?tab=closed", f"{STAFF}safetycase/?closed=1",
            f"{STAFF}appointment/?from=2026-11-23",
        ],
    )  # fmt: skip
    def test_lists_name_it_as_erased(
        self, erased: ConsultationRequest, managing: Client, caplog: Any, url: str
    ) -> None:
        response = managing.get(url)
        assert response.status_code == 200
        assert ERASED_NAME in response.content.decode()
        assert "damaged" not in response.content.decode()
        assert caplog.records == []

    @pytest.mark.parametrize("url", ["/admin/", "/admin/core/auditentry/", f"{MESSAGES}?state=sent"])
    def test_pages_beside_it_are_shown(
        self, erased: ConsultationRequest, managing: Client, caplog: Any, url: str
    ) -> None:
        response = managing.get(url)
        assert response.status_code == 200
        assert "damaged" not in response.content.decode()
        assert caplog.records == []

    @pytest.mark.parametrize("of", ["consultationrequest", "safetycase"])
    def test_the_page_of_one_says_so(self, erased: ConsultationRequest, managing: Client, caplog: Any, of: str) -> None:
        pk = erased.pk if of == "consultationrequest" else SafetyCase.objects.get().pk
        response = managing.get(f"{STAFF}{of}/{pk}/change/")
        assert response.status_code == 200
        assert "What this person told us was erased" in response.content.decode()
        assert caplog.records == []

    def test_every_mail_about_it_is_shown_without_what_it_said(
        self, erased: ConsultationRequest, managing: Client, caplog: Any
    ) -> None:
        for message in OutboxMessage.objects.filter(subject__consultation_request=erased):
            response = managing.get(f"{MESSAGES}{message.pk}/change/")
            assert response.status_code == 200
            assert not [secret for secret in SECRETS if secret in response.content.decode()]
        assert caplog.records == []

    def test_no_link_opens_it(self, done_with: ConsultationRequest, manager: User, client: Client) -> None:
        open_privately(client, done_with)
        assert client.get(private_url(done_with)).status_code == 200
        erasure.erase(patient=done_with.patient, by=manager)
        assert "Request" not in client.get(private_url(done_with), follow=True).content.decode().split("<h1")[1][:80]

    def test_the_command_that_verifies_the_audit_trail_agrees(self, erased: ConsultationRequest, capsys: Any) -> None:
        call_command("verify_audit")
        assert "unbroken" in capsys.readouterr().out
