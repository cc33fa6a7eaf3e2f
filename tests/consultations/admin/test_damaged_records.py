"""Damaged is what cannot be decoded: marked, logged with its number, the rest shown. Any other fault is a 500."""

import datetime
import json
import logging

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.core import clock
from clinic.core.encryption import DamagedRecord, DecryptionError, Undecodable
from clinic.core.models import OutboxMessage
from consultations.enums import CaseOutcome, CaseProof, ConsentKind, MessageKind, RequestStatus
from consultations.models import Assessment, Consent, ConsultationRequest, Patient, QuestionnaireResponse, SafetyCase
from consultations.models.stored import asked_in, asked_of, result_of
from consultations.presenters.isolation import Unreadable, load, readable
from consultations.services import case_closing, intake, messaging
from consultations.services.case_proofs import OutcomeClaim
from consultations.services.intake import Contact
from tests.consultations.admin.conftest import page_of, text_of
from tests.consultations.perform import perform
from tests.database_snapshot import store
from tests.personas import book_directly, make_patient

pytestmark = pytest.mark.django_db
QUEUE = "/admin/consultations/consultationrequest/"
CASES = "/admin/consultations/safetycase/"
DIARY = "/admin/consultations/appointment/"
MESSAGES = "/admin/core/outboxmessage/"
TODAY = "/admin/"


def spoil(table, column, pk, value="k1:AAAA", *, app="consultations"):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {app}_{table} SET {column} = %s WHERE id = %s", [value, pk])


IMPOSSIBLE = "20000-01-01 00:00:00"
"""Both engines keep it, and no calendar of Python holds it."""


@pytest.fixture
def two(make_request):
    return [make_request(patient=make_patient(name)) for name in ("Ann Berg", "Ben Holt")]


@pytest.fixture
def two_cases(nurse):
    results = []
    for name in ("Ann Berg", "Ben Holt"):
        response = intake.start()
        answers = {"ab_age": 46, "rf_now": ["none"], "rf_ce": ["saddle"], "rf_ce_when": "lt2w"}
        intake.save_answers(response=response, answers=answers)
        case = SafetyCase.objects.get(response=response)
        SafetyCase.objects.filter(pk=case.pk).update(patient=make_patient(name))
        results.append(case)
    return results


class TestAFaultOfTheProgram:
    """`age_words` is broken: nobody is told that a record is damaged, and the log says what is."""

    @pytest.mark.parametrize(
        ("module", "url"),
        [
            ("queue", lambda case, consultation_request: QUEUE),
            ("cases", lambda case, consultation_request: CASES),
            ("cases", lambda case, consultation_request: TODAY),
            ("case_page", lambda case, consultation_request: f"{CASES}{case.pk}/change/"),
            ("request_page", lambda case, consultation_request: page_of(consultation_request)),
        ],
    )
    @pytest.mark.parametrize("fault", [AttributeError, KeyError, TypeError, ValueError, OverflowError])
    def test_is_a_500(self, nurse, two, two_cases, monkeypatch, caplog, module, url, fault):
        def broken(patient):
            raise fault("a typing mistake")

        monkeypatch.setattr(f"consultations.presenters.{module}.age_words", broken)
        client = Client(raise_request_exception=False)
        client.force_login(nurse)
        page = client.get(url(two_cases[0], two[0]))
        assert page.status_code == 500
        assert "cannot be read" not in page.content.decode()
        (line,) = [item for item in caplog.records if item.name == "django.request"]
        assert line.exc_info[0] is fault

    def test_of_a_field_that_no_stored_value_is_to_blame_for(self, two, monkeypatch):
        """A mistake in what is done with a row while it is loaded is no damage either."""

        def broken(cls, db, names, values):
            raise AttributeError("a typing mistake")

        monkeypatch.setattr(Patient, "from_db", classmethod(broken))
        with pytest.raises(AttributeError, match="a typing mistake"):
            readable(Patient.objects.all())


def date_of_a_case():
    """SQLite compares dates as text, so each engine's own checks let another one of the two be impossible."""
    return "raised_at" if connection.vendor == "sqlite" else "due_at"


LISTS = {
    "queue": (QUEUE, lambda two, cases: ("consultationrequest", "status_changed_at", two[1].pk)),
    "cases, raised": (CASES, lambda two, cases: ("safetycase", date_of_a_case(), cases[1].pk)),
    "today, cases": (TODAY, lambda two, cases: ("safetycase", date_of_a_case(), cases[1].pk)),
}


class TestADamagedRow:
    @pytest.mark.parametrize(("url", "place"), LISTS.values(), ids=LISTS)
    def test_is_marked_and_logged_with_its_number_and_the_rest_is_shown(
        self, sign_in, nurse, two, two_cases, caplog, url, place
    ):
        table, column, pk = place(two, two_cases)
        spoil(table, column, pk, IMPOSSIBLE)
        page = sign_in(nurse).get(url)
        assert page.status_code == 200
        assert f"{pk} cannot be read" in text_of(page)
        assert "Ann Berg" in text_of(page)
        assert "Ben Holt" not in text_of(page)
        assert any(
            line.startswith(f"damaged record: consultations.{table} {pk} (Undecodable: {column}")
            for line in caplog.messages
        )

    @pytest.mark.parametrize("url", [DIARY, TODAY])
    def test_is_a_booking(self, sign_in, nurse, make_request, clinician, caplog, url, time_machine):
        time_machine.move_to(datetime.datetime(2026, 11, 23, 15, tzinfo=datetime.UTC), tick=False)
        visits = [
            book_directly(make_request(status=RequestStatus.BOOKED, patient=make_patient(name)), clinician, at)
            for name, at in (
                ("Ann Berg", clock.now() + datetime.timedelta(minutes=1)),
                ("Ben Holt", clock.now() - datetime.timedelta(minutes=59)),
            )
        ]
        spoil("appointment", "booked_at", visits[1].pk, IMPOSSIBLE)
        shown = f"Booking {visits[1].pk} cannot be read" if url == TODAY else "1 booking cannot be read"
        page = sign_in(nurse).get(url)
        assert shown in text_of(page)
        assert f"consultations.appointment {visits[1].pk} (Undecodable: booked_at" in caplog.text

    def test_is_a_message(self, sign_in, nurse, two, caplog):
        for consultation_request in two:
            messaging.notify_patient(
                kind=MessageKind.REQUEST_RECEIVED,
                consultation_request=consultation_request,
                key=f"k-{consultation_request.pk}",
            )
        damaged = OutboxMessage.objects.get(subject__consultation_request=two[1])
        spoil("outboxmessage", "created_at", damaged.pk, IMPOSSIBLE, app="core")
        page = text_of(sign_in(nurse).get(MESSAGES))
        assert f"Message {damaged.pk} cannot be read" in page
        assert two[0].reference in page
        assert f"core.outboxmessage {damaged.pk} (Undecodable: created_at" in caplog.text
        on_its_page = text_of(sign_in(nurse).get(page_of(two[1])))
        assert f"Message {damaged.pk} cannot be read" in on_its_page

    @pytest.mark.parametrize(
        ("change", "kind", "reason"),
        [
            (
                {"value": "k1:AAAA"},
                "questionnaireresponse",
                "DecryptionError: A value in consultations_questionnaireresponse",
            ),
            ({"answers": ["no", "mapping"]}, "questionnaireresponse", "is no dict"),
        ],
    )
    def test_of_answers_is_named_by_the_request(self, sign_in, nurse, two, caplog, change, kind, reason):
        if "value" in change:
            spoil(kind, "answers", two[1].response_id, change["value"])
        else:
            store(QuestionnaireResponse, two[1].response_id, **change)
        page = text_of(sign_in(nurse).get(QUEUE))
        assert "Ben Holt" in page
        assert "The answers of this record cannot be opened" in page
        assert f"damaged record: consultations.consultationrequest {two[1].pk} (" in caplog.text
        assert reason in caplog.text

    def test_in_a_year_that_no_clock_of_ours_can_tell(self, sign_in, nurse, two, caplog):
        spoil("consultationrequest", "due_at", two[1].pk, "9999-12-31 23:59:59+00:00")
        assert f"Record {two[1].pk} cannot be read" in text_of(sign_in(nurse).get(QUEUE))
        assert f"consultations.consultationrequest {two[1].pk} (Undecodable: due_at is in a year" in caplog.text

    def test_of_a_related_table_is_named_by_its_column(self, sign_in, nurse, two, caplog):
        spoil("patient", "created_at", two[1].patient_id, IMPOSSIBLE)
        assert f"Record {two[1].pk} cannot be read" in text_of(sign_in(nurse).get(QUEUE))
        assert "(Undecodable: patient__created_at" in caplog.text


class TestThePageOfOne:
    @pytest.mark.parametrize("column", ["status_changed_at"])
    def test_says_that_it_cannot_be_read(self, sign_in, nurse, two, caplog, column):
        spoil("consultationrequest", column, two[0].pk, IMPOSSIBLE)
        page = sign_in(nurse).get(page_of(two[0]))
        assert "This record cannot be read" in text_of(page)
        assert f"damaged record: consultations.consultationrequest {two[0].pk} (" in caplog.text

    @pytest.mark.parametrize(
        ("table", "key"), [("questionnaireresponse", "response_id"), ("assessment", "assessment_id")]
    )
    def test_says_so_of_what_it_rests_on(self, sign_in, nurse, two, caplog, table, key):
        column = {"questionnaireresponse": "started_at", "assessment": "assessed_at"}[table]
        spoil(table, column, getattr(two[0], key), IMPOSSIBLE)
        page = sign_in(nurse).get(page_of(two[0]))
        assert (page.status_code, "This record cannot be read" in text_of(page)) == (200, True)
        assert f"damaged record: consultations.{table} {getattr(two[0], key)} (" in caplog.text

    def test_marks_a_damaged_consent(self, sign_in, nurse, two, caplog):
        rows = [
            Consent.objects.create(
                consultation_request=two[0],
                kind=kind,
                wording=f"I agree: {kind}",
                notice_version="1",
                given_at=clock.now(),
            )
            for kind in (ConsentKind.CARE_TEAM, ConsentKind.TRUE_ANSWERS)
        ]
        spoil("consent", "given_at", rows[0].pk, IMPOSSIBLE)
        page = text_of(sign_in(nurse).get(page_of(two[0])))
        assert f"Consent {rows[0].pk} cannot be read" in page
        assert f"I agree: {ConsentKind.TRUE_ANSWERS}" in page

    def test_names_a_part_of_the_wrong_shape(self, sign_in, nurse, two, caplog):
        store(QuestionnaireResponse, two[0].response_id, asked=[{"id": 7}])
        store(Assessment, two[0].assessment_id, result='{"fired": "all"}')
        page = text_of(sign_in(nurse).get(page_of(two[0])))
        assert "Part of this record is damaged" in page
        assert "Ann Berg" in page
        assert (
            f"consultations.questionnaireresponse {two[0].response_id} (Undecodable: The id of a question"
            in caplog.text
        )
        assert f"consultations.assessment {two[0].assessment_id} (Undecodable: Where the scores" in caplog.text

    def test_of_a_case_shows_who_to_ring_whatever_became_of_the_answers(self, sign_in, nurse, two_cases, caplog):
        case = two_cases[0]
        newest = case.response.assessments.get()
        spoil("questionnaireresponse", "answers", case.response_id)
        spoil("assessment", "record", newest.pk)
        page = text_of(sign_in(nurse).get(f"{CASES}{case.pk}/change/"))
        assert "Ann Berg" in page
        assert "+12025550142" in page
        assert f"damaged record: consultations.assessment {newest.pk} (DecryptionError" in caplog.text

    def test_of_a_message_that_cannot_be_sent(self, sign_in, nurse, two, caplog):
        messaging.notify_patient(kind=MessageKind.REQUEST_RECEIVED, consultation_request=two[0], key="k")
        message = OutboxMessage.objects.get(subject__consultation_request=two[0])
        message.__class__.objects.filter(pk=message.pk).update(parked_at=clock.now())
        spoil("outboxmessage", "payload", message.pk, app="core")
        url = reverse("admin:core_outboxmessage_retry", args=[message.pk])
        assert "This message is damaged" in text_of(sign_in(nurse).post(url, follow=True))
        assert f"damaged record: core.outboxmessage {message.pk} (DecryptionError" in caplog.text


class TestShapes:
    GOOD = {"id": "a", "section": "A", "section_title": "Safety", "text": "Fever?", "answer": ["Yes"]}

    def test_what_we_write_is_read(self):
        assert asked_of([self.GOOD]) == asked_in({"asked": [self.GOOD]}) == [self.GOOD]
        result = {"fired": [{"id": "R-1", "effect": "same_day", "because": ["a"]}], "scores": {"phq2": 3}}
        assert result_of(json.dumps(result)) == result

    @pytest.mark.parametrize("broken", [None, {}, "text", [1], [{}], [{**GOOD, "id": 1}], [{**GOOD, "answer": "Yes"}]])
    def test_questions_of_another_shape_are_damage(self, broken):
        for read in (lambda: asked_of(broken), lambda: asked_in({"asked": broken}), lambda: asked_in(broken)):
            with pytest.raises(Undecodable):
                read()

    @pytest.mark.parametrize(
        "broken",
        [
            "", "no json", "[" * 100_000, "[]", "null", "{}", '{"fired": []}', '{"fired": {}, "scores": {}}',
            '{"fired": [1], "scores": {}}', '{"fired": [], "scores": {"phq2": "3"}}',
            '{"fired": [{"id": "R", "effect": "none of ours", "because": []}], "scores": {}}',
            '{"fired": [{"id": "R", "effect": "same_day", "because": "a"}], "scores": {}}',
        ],
    )  # fmt: skip
    def test_results_of_another_shape_are_damage(self, broken):
        with pytest.raises(Undecodable):
            result_of(broken)

    @pytest.mark.parametrize("broken", [{}, {"name": "A"}, {"birth_on": "never"}, {"birth_on": 3}, {"odd": 1}])
    def test_contact_details_of_another_shape_are_damage(self, broken):
        with pytest.raises(Undecodable):
            Contact.from_json(broken)

    def test_a_field_says_what_it_holds(self, two):
        for column, odd in (("answers", []), ("asked", {}), ("contact", "text")):
            store(QuestionnaireResponse, two[0].response_id, **{column: odd})
            with pytest.raises(Undecodable, match=f"consultations_questionnaireresponse.{column} is no"):
                getattr(QuestionnaireResponse.objects.get(pk=two[0].response_id), column)
            right = [] if column == "asked" else {}
            store(QuestionnaireResponse, two[0].response_id, **{column: right})

    def test_the_two_kinds_of_damage_are_one(self):
        assert issubclass(DecryptionError, DamagedRecord)
        assert issubclass(Undecodable, DamagedRecord)


def test_a_damaged_row_is_one_mark_and_loading_it_alone_raises(two, caplog):
    spoil("consultationrequest", "status_changed_at", two[0].pk, IMPOSSIBLE)
    rows = ConsultationRequest.objects.order_by("pk")
    assert [isinstance(row, Unreadable) for row in readable(rows)] == [True, False]
    with pytest.raises(DamagedRecord):
        load(rows)
    assert load(rows.filter(pk=two[1].pk)) == two[1]
    assert load(rows.filter(pk=0)) is None


def test_a_danger_is_never_lost_to_a_damaged_assessment(nurse, two_cases, caplog):
    """Whether it was named before cannot be read: then it counts as new, and the closed case opens again."""
    case = two_cases[0]
    told = OutcomeClaim(CaseOutcome.DIED, CaseProof.TOLD, words="A neighbor said so. She was wrong.")
    case_closing.close(case=case, claim=told, by=nurse)
    spoil("assessment", "result", case.response.assessments.get().pk)
    with caplog.at_level(logging.ERROR):
        intake.save_answers(response=case.response, answers={"rf_now": ["fever"]})
    case.refresh_from_db()
    assert case.status == "open"
    assert f"damaged record: assessments of response {case.response_id}" in caplog.text


def test_a_note_that_cannot_be_read_is_named_with_its_number(sign_in, nurse, alice, caplog):
    perform("note", alice, note="First note.", by=nurse)
    broken = perform("note", alice, note="Second note.", by=nurse)
    spoil("triagedecision", "note", broken.result.pk)
    page = text_of(sign_in(nurse).get(page_of(alice)))
    assert "First note." in page
    assert f"damaged note {broken.result.pk}" in page
    assert f"damaged record: consultations.triagedecision {broken.result.pk} (DecryptionError" in caplog.text
