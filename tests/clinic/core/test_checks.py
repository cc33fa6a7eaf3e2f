"""Each system check finds its own fault, and a sound configuration has none."""

import base64

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from clinic.core import defaults
from consultations.enums import Outcome

SOUND = {
    "DEBUG": False,
    "DEMO": False,
    "HTTPS": True,
    "SECRET_KEY": "x7" * 30,
    "FIELD_KEYS": "k1:" + base64.b64encode(b"k" * 32).decode(),
    "INDEX_KEY": "",
    "ALLOWED_HOSTS": ["clinic.example"],
    "SITE_URL": "https://clinic.example",
}

FAULTS = [
    ("clinic.E001", {"SECRET_KEY": "short"}),
    ("clinic.E001", {"SECRET_KEY": "insecure-key-for-trying-the-site-on-your-own-machine-only"}),
    ("clinic.E002", {"FIELD_KEYS": ""}),
    ("clinic.E003", {"FIELD_KEYS": "k1:AAAA"}),
    ("clinic.E004", {"OPENING_HOURS": "always"}),
    ("clinic.E005", {"CLOSED_DATES": ["25 December"]}),
    ("clinic.E006", {"REPLY_TARGETS": {}}),
    ("clinic.E006", {"REPLY_TARGETS": {**defaults.REPLY_TARGETS, "SAME_DAY": {"hours": 0}}}),
    ("clinic.E006", {"REPLY_TARGETS": {**defaults.REPLY_TARGETS, "SAME_DAY": {"days": 1.5}}}),
    ("clinic.E006", {"REPLY_TARGETS": {**defaults.REPLY_TARGETS, "SAME_DAY": {"weeks": 1}}}),
    ("clinic.E006", {"REPLY_TARGETS": {**defaults.REPLY_TARGETS, "SAME_DAY": {"hours": True}}}),
    ("clinic.E006", {"REPLY_TARGETS": {**defaults.REPLY_TARGETS, "OTHER": {"hours": 1}}}),
    ("clinic.E006", {"REPLY_TARGETS": {**defaults.REPLY_TARGETS, "SAME_DAY": {"hours": float("inf")}}}),
    ("clinic.E007", {"CLINIC_REGION": "ZZ"}),
    ("clinic.E008", {"EMERGENCY_LINE": " "}),
    ("clinic.E008", {"CRISIS_LINE": ""}),
    ("clinic.E009", {"INDEX_KEY": "zz"}),
    ("clinic.E009", {"INDEX_KEY": "not base64"}),
    ("clinic.E010", {"CLINIC_PHONE": ""}),
    ("clinic.E027", {"FHIR_BASE_URL": "clinic.example/fhir"}),
    ("clinic.E027", {"FHIR_BASE_URL": "https://clinic.example/fhir?x=1"}),
    ("clinic.E011", {"PRIVATE_LINK_MINUTES": 0}),
    ("clinic.E026", {"KEEP_UNSENT_HOURS": 0}),
    ("clinic.E026", {"KEEP_UNSENT_HOURS": 25}),
    ("clinic.E026", {"KEEP_UNSENT_DAYS": 0}),
    ("clinic.E026", {"KEEP_UNSENT_HOURS": 49, "KEEP_UNSENT_DAYS": 2}),
    ("clinic.E033", {"KEEP_SENT_DAYS": 0}),
    ("clinic.E033", {"KEEP_SENT_DAYS": 36_501}),
    ("clinic.E035", {"PATIENT_WAITS": {"ANSWER": {"days": 3}}}),
    ("clinic.E035", {"PATIENT_WAITS": {"ANSWER": {"hours": 3}, "CHOICE": {"days": 7}}}),
    ("clinic.E035", {"PATIENT_WAITS": {"ANSWER": {"days": 3}, "CHOICE": {"days": 0}}}),
    ("clinic.E035", {"PATIENT_WAITS": {"ANSWER": {"days": 3}, "CHOICE": {"days": 7}, "NEVER": {"days": 7}}}),
    ("clinic.E034", {"KEEP_UNSENT_DAYS": 36_501}),
    ("clinic.E050", {"BACKUP_KEY": "age1mistyped"}),
    ("clinic.E050", {"BACKUP_KEY": "AGE-SECRET-KEY-1"}),
    ("clinic.E051", {"BACKUP_KEEP": {}}),
    ("clinic.E051", {"BACKUP_KEEP": {**defaults.BACKUP_KEEP, "days": -1}}),
    ("clinic.E051", {"BACKUP_KEEP": {**defaults.BACKUP_KEEP, "days": "35"}}),
    ("clinic.E051", {"BACKUP_KEEP": {**defaults.BACKUP_KEEP, "months": 3}}),
    ("clinic.E025", {"DEFAULT_FROM_EMAIL": "The clinic"}),
    ("clinic.E025", {"DEFAULT_FROM_EMAIL": "Clinic <böse@clinic.example>"}),
    ("clinic.E012", {"SITE_URL": "clinic.example"}),
    ("clinic.E012", {"SITE_URL": "https://clinic.example/path"}),
    ("clinic.E013", {"DEMO": True}),
    ("clinic.E014", {"SITE_URL": "http://clinic.example"}),
    ("clinic.E015", {"ALLOWED_HOSTS": ["*"]}),
    ("clinic.E016", {"ALLOWED_HOSTS": ["other.example"]}),
    ("clinic.E020", {"DUTY_EMAIL": "duty"}),
    ("clinic.E020", {"DUTY_EMAIL": "duty@clinic.example, second@clinic.example"}),
    ("clinic.E020", {"ON_CALL": "Dr Halloran <oncall@clinic.example>"}),
    ("clinic.E020", {"ON_CALL": "on-cäll@clinic.example"}),
    ("clinic.W001", {"HTTPS": False}),
]


def failed_checks(**changed: object) -> set[str]:
    with override_settings(**{**SOUND, **changed}):
        return {message.id for message in run_checks(tags=["clinic"])}


def test_a_sound_configuration_has_no_fault():
    assert failed_checks() == set()


@pytest.mark.parametrize(("check", "changed"), FAULTS, ids=lambda value: value if isinstance(value, str) else "")
def test_each_fault_is_found_and_only_that_one(check, changed):
    assert failed_checks(**changed) == {check}


def test_the_demonstration_may_run_with_debug():
    assert failed_checks(DEBUG=True, DEMO=True, HTTPS=False, SECRET_KEY="short", FIELD_KEYS="") == set()


def test_every_outcome_has_a_reply_target():
    assert set(defaults.REPLY_TARGETS) == {*Outcome.values, "MARKED_TEXT", "MESSAGE"}


class TestBackups:
    def missing(self, **changed):
        with override_settings(**{**SOUND, "BACKUP_KEY": "", "BACKUP_FOLDER": "", **changed}):
            messages = run_checks(tags=["security"], include_deployment_checks=True)
        return [message.msg for message in messages if message.id == "clinic.W050"]

    def test_a_deployment_without_them_is_warned_of(self):
        assert self.missing() == ["No backup can be made: BACKUP_KEY and BACKUP_FOLDER not set."]
        assert self.missing(BACKUP_FOLDER="/backups") == ["No backup can be made: BACKUP_KEY not set."]

    def test_one_with_a_key_and_a_folder_is_not(self):
        assert self.missing(BACKUP_KEY="age1", BACKUP_FOLDER="/backups") == []

    def test_nor_is_a_demonstration(self):
        assert self.missing(DEBUG=True) == []
