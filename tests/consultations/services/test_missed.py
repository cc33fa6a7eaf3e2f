"""The software missed this: kept with what was at work, told to the managers without a word about anybody, answered."""

from typing import Any

import pytest

from clinic.accounts.models import User
from clinic.core import clock, delivery
from clinic.core.encryption import Erased
from clinic.core.models import AuditEvent, OutboxMessage
from clinic.core.refusals import NotAllowed
from consultations.enums import MissedKind, ReportedRecord
from consultations.models import ConsultationRequest, MissedReport, Patient
from consultations.services import missed
from tests.consultations.services.test_cases import open_case
from tests.consultations.services.test_duty import named
from tests.database_snapshot import all_rows
from tests.mailbox import queue_directly

pytestmark = pytest.mark.django_db


def report(by: User, record: str = "request", pk: int = 0, text: str = "Numb since May.", key: str = "a page") -> Any:
    subject = missed.subject_of(ReportedRecord(record), pk)
    assert subject is not None
    return missed.report(subject=subject, kind=MissedKind.DANGER, text=text, by=by, key=key)


class TestReporting:
    def test_it_is_kept_with_the_record_and_the_versions_that_were_at_work(
        self, alice: ConsultationRequest, nurse: User, settings: Any
    ) -> None:
        settings.APP_VERSION = "9.9"
        row = report(nurse, pk=alice.pk)
        stored = MissedReport.objects.get()
        assert (stored.record, stored.record_id, stored.reference) == ("request", alice.pk, alice.reference)
        assert (stored.consultation_request, stored.response, stored.patient) == (alice, alice.response, alice.patient)
        assert (stored.questionnaire_version, stored.ruleset_version, stored.content_hash) == (
            "1.0.0",
            "1.0.0",
            "0" * 64,
        )
        assert (stored.app_version, stored.reported_at, stored.reported_by) == ("9.9", clock.now(), nurse)
        assert (stored.kind, stored.text) == ("danger", "Numb since May.")
        event = AuditEvent.objects.get(action="missed.report")
        details = {"record": "request", "record_id": alice.pk, "kind": "danger"}
        assert (event.actor_user, event.target_id, event.details) == (nurse, str(row.pk), details)

    def test_every_kind_of_record_leads_to_its_person(self, alice: ConsultationRequest, nurse: User) -> None:
        from consultations.models import Call, PatientText

        case, unnamed = named(), open_case()
        call = Call.objects.create(response=alice.response, outcome="voicemail", made_at=clock.now(), made_by=nurse)
        text = PatientText.objects.create(response=case.response, kind="note", text="x", sent_at=clock.now())
        message = queue_directly(key="m", consultation_request=alice)
        bare = OutboxMessage.objects.create(
            key="b", kind="staff_alert", channel="email", lane="alerts", created_at=clock.now(), send_at=clock.now(),
            due_at=clock.now(),
        )  # fmt: skip
        results = {
            record: missed.subject_of(ReportedRecord(record), pk)
            for record, pk in (
                ("request", alice.pk), ("case", case.pk), ("person", alice.pk), ("call", call.pk), ("text", text.pk),
                ("message", message.pk),
            )
        }  # fmt: skip
        assert {record: (item.reference, item.patient) for record, item in results.items() if item} == {
            "request": (alice.reference, alice.patient),
            "case": (f"Case {case.pk}", case.patient),
            "person": (f"Person behind {alice.reference}", alice.patient),
            "call": (f"Call {call.pk} of {alice.reference}", alice.patient),
            "text": (f"Text {text.pk} of Case {case.pk}", case.patient),
            "message": (f"Message {message.pk}", alice.patient),
        }
        nameless = missed.subject_of(ReportedRecord.CASE, unnamed.pk)
        assert nameless is not None
        assert (nameless.patient, nameless.response) == (None, unnamed.response)
        alone = missed.subject_of(ReportedRecord.MESSAGE, bare.pk)
        assert alone is not None
        assert (alone.patient, alone.response) == (None, None)
        assert [missed.subject_of(record, 999_999) for record in ReportedRecord] == [None] * 6
        for record, pk in (("case", unnamed.pk), ("message", bare.pk)):
            assert report(nurse, record, pk).text == "Numb since May."

    def test_the_same_press_twice_is_one_report_and_other_words_are_another(
        self, alice: ConsultationRequest, nurse: User, manager: User
    ) -> None:
        first = report(nurse, pk=alice.pk)
        before = all_rows()
        assert report(nurse, pk=alice.pk) == first
        assert all_rows() == before
        assert report(nurse, pk=alice.pk, text="And the leg.") != first

    def test_every_manager_gets_a_mail_that_says_nothing_about_anybody(
        self, alice: ConsultationRequest, nurse: User, manager: User, mailoutbox: list[Any]
    ) -> None:
        row = report(nurse, pk=alice.pk)
        delivery.deliver_due()
        (mail,) = mailoutbox
        assert (mail.to, mail.subject) == (["manager@clinic.example"], "Something to read in the staff area")
        assert f"/admin/consultations/missedreport/{row.pk}/change/" in mail.body
        for word in ("Alice", alice.reference, "Numb", "danger"):
            assert word not in mail.body + mail.alternatives[0][0]

    def test_without_a_manager_the_duty_address(self, alice: ConsultationRequest, nurse: User, settings: Any) -> None:
        settings.DUTY_EMAIL = "duty@clinic.example"
        report(nurse, pk=alice.pk)
        assert [message.recipient for message in OutboxMessage.objects.all()] == ["duty@clinic.example"]

    def test_an_editor_may_not(self, alice: ConsultationRequest, editor: User) -> None:
        before = all_rows()
        with pytest.raises(NotAllowed):
            report(editor, pk=alice.pk)
        assert all_rows() == before

    def test_nobody_can_read_it_without_the_patients_key(self, alice: ConsultationRequest, nurse: User) -> None:
        row = report(nurse, pk=alice.pk)
        Patient.objects.filter(pk=alice.patient_id).update(data_key="", erased_at=clock.now(), name="Erased record",
            birth_on=None, email_index="", phone_index="")  # fmt: skip
        with pytest.raises(Erased):
            _ = MissedReport.objects.get(pk=row.pk).text


class TestAnswering:
    @pytest.mark.parametrize("group", ["doctor", "manager"])
    def test_seen_then_answered_once(self, alice: ConsultationRequest, nurse: User, staff: Any, group: str) -> None:
        by, row = staff(group), report(nurse, pk=alice.pk)
        missed.see(row=row, by=by)
        before = all_rows()
        missed.see(row=row, by=by)
        assert all_rows() == before
        missed.answer(row=row, text="Put right in 1.2.", by=by)
        stored = MissedReport.objects.get()
        assert (stored.seen_by, stored.answered_by, stored.answer) == (by, by, "Put right in 1.2.")
        before = all_rows()
        missed.answer(row=row, text="Put right in 1.2.", by=by)
        assert all_rows() == before

    def test_who_was_first_is_named(self, alice: ConsultationRequest, nurse: User, doctor: User, manager: User) -> None:
        row = report(nurse, pk=alice.pk)
        missed.answer(row=row, text="Yes.", by=doctor)
        assert MissedReport.objects.get().seen_by == doctor
        before = all_rows()
        with pytest.raises(missed.AlreadyAnswered, match="Ines Halloran has answered this already"):
            missed.answer(row=row, text="No.", by=manager)
        assert all_rows() == before

    @pytest.mark.parametrize("group", ["triage", "editor"])
    def test_is_a_doctors_or_managers_to_do(
        self, alice: ConsultationRequest, nurse: User, staff: Any, group: str
    ) -> None:
        row, by = report(nurse, pk=alice.pk), staff(group)
        before = all_rows()
        for act in (lambda: missed.see(row=row, by=by), lambda: missed.answer(row=row, text="x", by=by)):
            with pytest.raises(NotAllowed):
                act()
        assert all_rows() == before
