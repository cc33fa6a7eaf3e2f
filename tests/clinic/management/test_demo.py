"""The demonstration by the thousand: its rows are those that the services make, and each of them is whole."""

import datetime
import itertools
import json
import random
import re
from collections import Counter
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client

from clinic.core import audit, clock, delivery
from clinic.core.channels import message_id
from clinic.core.data_keys import is_under_another
from clinic.core.encrypted_rows import with_keys
from clinic.core.encryption import fingerprint
from clinic.core.models import AuditEvent, AuditHead, AuditLink, OutboxMessage, UnchainedEvent
from clinic.management.demonstration import copies, courses, crowd, specimens
from clinic.management.demonstration.copies import Copy
from clinic.management.demonstration.courses import Plan
from clinic.management.demonstration.invented import Inventor
from clinic.management.demonstration.staff_and_diary import Cast, make_clinic
from consultations.enums import Outcome, RequestStatus
from consultations.models import (
    Appointment,
    CaseClosing,
    ConsultationRequest,
    Occupation,
    Patient,
    PrivateLink,
    SafetyCase,
    Settlement,
)
from tests.personas import MONDAY_MORNING

TOKEN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])")
REFERENCE = re.compile(r"LSC?-[2-9A-Z]{4}-[2-9A-Z]{2}")
BOUNDARY = re.compile(r"={5,}\d+==")
BEFORE_ALL = datetime.date(2026, 1, 1)
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def demonstration(settings: Any, time_machine: Any) -> None:
    settings.DEMO, settings.DEBUG, settings.ON_CALL, settings.DUTY_EMAIL = True, True, "", ""
    time_machine.move_to(MONDAY_MORNING, tick=False)


@pytest.fixture
def cast(db: None) -> Cast:
    made = make_clinic()
    for number in range(2):
        crowd._visiting_doctor(number)
    return made


def plan_of(status: RequestStatus, *, seed: int = 1, **answers: Any) -> Plan:
    plan = courses.draw_plan(status, random.Random(seed))
    return Plan(plan.status, {**courses.ANSWERS, **answers}, plan.sent_at, plan.pauses, plan.looks_from)


def all_rows() -> Rows:
    """Every row of every table as the models read it: deciphered."""
    return {
        table._meta.label: [
            {field.attname: getattr(row, field.attname) for field in table._meta.concrete_fields}
            for row in with_keys(table._base_manager.order_by("pk"))
        ]
        for table in apps.get_models(include_auto_created=True)
        if table._meta.managed and table not in (AuditHead, AuditLink, UnchainedEvent)
    }


def added(before: Rows, after: Rows) -> Rows:
    known = {label: [row for row in rows if row not in before[label]] for label, rows in after.items()}
    return {label: rows for label, rows in known.items() if rows}


def keys_apart() -> None:
    """From here on no key is like another number, so that it is known wherever it stands."""
    for index, table in enumerate([*filter(specimens.counts, specimens.tables()), Occupation, AuditEvent]):
        specimens.count_from(table, 500_000_000_000 + index * 1_000_000_000)


def without_chance(rows: Rows) -> Rows:
    """Without what is drawn anew whatever the seed: keys of patients' data, and how the parts of a mail are parted."""
    told = {label: [dict(row) for row in listed] for label, listed in rows.items()}
    for row in itertools.chain(*told.values()):
        if row.get("data_key"):
            row["data_key"] = "of another row" if is_under_another(row["data_key"]) else "of the clinic"
        if isinstance(row.get("content"), bytes):
            row["content"] = BOUNDARY.sub("boundary", row["content"].decode("latin-1"))
    return told


def in_ordinals(rows: Rows) -> Rows:
    """With keys, references, tokens and the numbers of the audit chain as places in their order."""
    names: dict[str, str] = {}
    for label, table_rows in rows.items():
        names.update((str(row["id"]), f"{label} {index}") for index, row in enumerate(table_rows) if row.get("id"))
    written = json.dumps(without_chance(rows), default=str)
    for index, token in enumerate(dict.fromkeys(TOKEN.findall(written))):
        names[token], names[fingerprint(token)] = f"token {index}", f"hash of token {index}"
    for reference in set(REFERENCE.findall(written)):
        names[reference] = "the reference"
    for row in rows.get("consultations.Appointment", []):
        names[row["calendar_uid"].partition("@")[0]] = "uid"
    names.update((message_id(row["key"]), "message id") for row in rows.get("core.OutboxMessage", []))
    pattern = re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
    normal: Rows = json.loads(pattern.sub(lambda match: names[match[0]], _quoted_keys(written)))
    for event in normal.get("core.AuditEvent", []):
        del event["sequence"]
    return normal


def _quoted_keys(written: str) -> str:
    """A key that stands as a number, as a text: a name takes its place."""
    return re.sub(r"(?<=[ \[])(5\d{11})(?=[,\]}])", r'"\1"', written)


def by_the_services(plan: Plan, cast: Cast, person: Any) -> Rows:
    """What one person's request leaves when it is made and every mail is sent at once; then nothing of it."""
    with transaction.atomic():
        keys_apart()
        before = all_rows()
        courses.follow(plan, cast, person.contact, send_owed=partial(delivery.deliver_due, limit=100))
        made = added(before, all_rows())
        transaction.set_rollback(True)
    return made


def by_copying(plan: Plan, cast: Cast, person: Any, other: Any, inventor: Inventor) -> Rows:
    """What the second of two copies leaves."""
    keys_apart()
    specimen = specimens.take(plan, cast)
    slots = [specimen.choices[0], specimen.slot] if specimen.slot else [None, None]
    before = all_rows()
    copies.write(specimen, list(zip([other, person], slots, strict=True)), inventor)
    made = added(before, all_rows())
    events = made.pop("core.AuditEvent")
    own = {label: rows[len(rows) // 2 :] for label, rows in made.items()}
    keys = {str(row["id"]) for rows in own.values() for row in rows if "id" in row}
    return {**own, "core.AuditEvent": [event for event in events if event["target_id"] in keys]}


EVERY_WAY = [
    *(pytest.param(status, {}, id=status.value) for status in RequestStatus),
    *(pytest.param(RequestStatus.RECEIVED, changes, id="-".join(changes) or "plain") for changes in courses.MIX[1:]),
    *(pytest.param(RequestStatus.OFFERED, changes, id=f"offered-{'-'.join(changes)}") for changes in courses.MIX[6:8]),
]


@pytest.mark.parametrize(("status", "changes"), EVERY_WAY)
def test_a_copy_is_what_the_services_make(cast: Cast, status: RequestStatus, changes: dict[str, Any]) -> None:
    plan, inventor = plan_of(status, **changes), Inventor(5)
    other, person = (inventor.person(age=56, on=BEFORE_ALL) for _ in range(2))

    made = in_ordinals(by_the_services(plan, cast, person))
    copied = in_ordinals(by_copying(plan, cast, person, other, inventor))

    assert made["consultations.ConsultationRequest"][0]["status"] == status
    assert copied == made


def test_a_difference_would_be_seen(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, inventor = plan_of(RequestStatus.RECEIVED), Inventor(5)
    other, person = (inventor.person(age=56, on=BEFORE_ALL) for _ in range(2))
    made = in_ordinals(by_the_services(plan, cast, person))
    monkeypatch.setattr(copies, "_told", lambda contact: ["", "", contact.birth_on, contact.email, "", "", "", ""])

    assert in_ordinals(by_copying(plan, cast, person, other, inventor)) != made


def demo(**options: Any) -> list[dict[str, str]]:
    said = StringIO()
    call_command("demo", stdout=said, stderr=StringIO(), **options)
    return [json.loads(line) for line in said.getvalue().splitlines() if line.startswith("{")]


def verified() -> list[str]:
    """What is wrong with the audit trail once all is linked that waits; nothing commits in these tests."""
    while audit.chain():
        pass
    return audit.verify()


def statuses() -> Counter[str]:
    return Counter(ConsultationRequest.objects.values_list("status", flat=True))


class TestTheCommand:
    def test_makes_as_many_as_asked_in_every_state_and_none_is_half_made(
        self, db: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(crowd, "MOST_SPECIMENS", 12)

        demo(requests="40", seed="3")

        assert statuses() == {status: 4 if index < 4 else 3 for index, status in enumerate(RequestStatus)}
        assert verified() == []
        left = json.dumps(all_rows(), default=str)
        assert "xaviandra" not in left.casefold()
        assert not re.search(r"\b80\d{14}\b", left)
        waiting = Counter(OutboxMessage.objects.filter(sent_at=None).values_list("kind", flat=True))
        assert waiting == {"after_visit": 3, "missed_visit": 3}, "They go on the morning after."
        assert Patient.objects.values("email_index").distinct().count() == 40
        assert PrivateLink.objects.count() >= 40

    def test_makes_all_in_one_state(self, db: None) -> None:
        demo(requests="3", state="no_show")

        assert statuses() == {"no_show": 3}
        assert Appointment.objects.filter(status="noshow", starts_at__lt=clock.now()).count() == 3

    def test_no_two_visits_of_a_doctor_overlap(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(crowd, "MOST_SPECIMENS", 2)

        demo(requests="60", state="booked", seed="4")

        visits = Appointment.objects.order_by("clinician_id", "starts_at")
        assert len(visits) == 60
        for first, second in itertools.pairwise(visits):
            assert first.clinician_id != second.clinician_id or first.ends_at <= second.starts_at
        assert all(visit.starts_at > clock.now() for visit in visits)

    @pytest.mark.slow
    def test_the_same_seed_makes_the_same_set(self, db: None) -> None:
        def made() -> tuple[list[dict[str, str]], Rows]:
            with transaction.atomic():
                keys_apart()
                before = all_rows()
                lines = demo(requests="12", seed="11", links=True)
                rows = added(before, all_rows())
                transaction.set_rollback(True)
            return lines, without_chance(rows)

        make_clinic()
        crowd._visiting_doctor(0)
        first, second = made(), made()

        assert first[0] == second[0]
        assert first[1] == second[1]

    def test_another_seed_makes_other_people(self, db: None) -> None:
        first, second = demo(requests="4", seed="1", links=True), demo(requests="4", seed="2", links=True)

        assert not {line["reference"] for line in first} & {line["reference"] for line in second}
        assert ConsultationRequest.objects.count() == 8

    def test_without_a_seed_running_it_again_adds_as_many(self, db: None) -> None:
        demo(requests="2", state="received")
        demo(requests="2", state="received")

        assert statuses() == {"received": 4}

    def test_a_seed_that_was_used_is_refused(self, db: None) -> None:
        demo(requests="1", seed="9", state="received")

        with pytest.raises(CommandError, match="The requests of seed 9 are here already"):
            demo(requests="1", seed="9", state="received")
        assert ConsultationRequest.objects.count() == 1

    @pytest.mark.slow
    def test_the_link_and_the_birth_date_open_the_private_pages(self, db: None, settings: Any) -> None:
        lines = demo(requests="12", links=True, seed="6")

        assert [line["status"] for line in lines] == list(RequestStatus)
        for line in lines:
            client, link = Client(), line["link"].removeprefix(settings.SITE_URL)
            year, month, day = line["birth_date"].split("-")
            born = {"birth_on_year": year, "birth_on_month": month, "birth_on_day": day}
            answer = client.post(link, born, follow=True)
            assert line["reference"] in answer.content.decode()

    def test_a_danger_has_its_safety_case(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(courses, "MIX", ({"rf_now": ["fever"]},))

        demo(requests="2", state="received")

        assert [case.level for case in SafetyCase.objects.all()] == [Outcome.SAME_DAY, Outcome.SAME_DAY]
        assert all(case.patient_id for case in SafetyCase.objects.all())

    def test_stopped_it_leaves_whole_requests(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        write, calls = copies.write, itertools.count()

        def interrupted(*args: Any) -> list[Copy]:
            made = write(*args)
            if next(calls) == 2:
                raise KeyboardInterrupt
            return made

        monkeypatch.setattr(copies, "write", interrupted)
        said = StringIO()

        with pytest.raises(SystemExit) as stopped:
            call_command("demo", requests="12", stdout=StringIO(), stderr=said)

        assert stopped.value.code == 130
        assert "Stopped. 2 of 12 requests were added, each of them whole." in said.getvalue()
        assert statuses() == {"received": 1, "in_triage": 1}
        assert verified() == []

    def test_a_full_diary_is_said(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(crowd, "_visiting_doctors", lambda wanted: None)
        monkeypatch.setattr(crowd, "MOST_DRAWS", 3)

        with pytest.raises(CommandError, match="no free time left for more visits"):
            demo(requests="2", state="completed")
        assert ConsultationRequest.objects.count() == 0

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"requests": "0"}, "--requests 0: give a whole number from 1 to 1,000,000, without separators."),
            ({"requests": "-3"}, "--requests -3: give a whole number from 1 to 1,000,000, without separators."),
            ({"requests": "10,000"}, "--requests 10,000: give a whole number from 1 to 1,000,000, without separators."),
            (
                {"requests": "1000001"},
                "--requests 1000001: give a whole number from 1 to 1,000,000",
            ),
            ({"requests": "5", "seed": "x"}, "--seed x: give a whole number, such as 7."),
            (
                {"requests": "5", "state": "lost"},
                "--state lost: there is no such state. Choose one of received,",
            ),
            ({"state": "booked"}, "--state says which requests to add. Say how many as well: --requests 100."),
            ({"seed": "0"}, "--seed says which requests to add. Say how many as well: --requests 100."),
            ({"links": True}, "--links says which requests to add. Say how many as well: --requests 100."),
        ],
    )
    def test_a_wrong_value_is_refused_before_anything_is_made(
        self, db: None, options: dict[str, Any], sentence: str
    ) -> None:
        with pytest.raises(CommandError) as refused:
            demo(**options)

        assert str(refused.value).startswith(sentence)
        assert AuditEvent.objects.count() == 0

    def test_links_need_debug(self, db: None, settings: Any) -> None:
        settings.DEBUG = False

        with pytest.raises(CommandError, match="--links prints them with DEBUG=1 alone"):
            demo(requests="1", links=True)
        assert ConsultationRequest.objects.count() == 0

    def test_outside_a_demonstration_it_is_refused(self, db: None, settings: Any) -> None:
        settings.DEMO = False

        with pytest.raises(CommandError, match="It only runs in a demonstration"):
            demo(requests="1")
        assert ConsultationRequest.objects.count() == 0

    def test_without_options_it_tells_its_stories_once(self, db: None) -> None:
        demo()
        demo()

        assert Counter(statuses()) == {
            "received": 2, "in_triage": 2, "with_doctor": 2, "information_asked": 1, "offered": 2, "booked": 2,
            "not_suitable": 1,
        }  # fmt: skip
        assert Counter(SafetyCase.objects.values_list("level", "status")) == {
            ("EMERGENCY", "open"): 2, ("SAME_DAY", "open"): 2, ("SAME_DAY", "closed"): 1,
        }  # fmt: skip
        assert CaseClosing.objects.get().outcome == "went_for_care"
        assert Settlement.objects.count() == 1
        assert ConsultationRequest.objects.get(status="booked", escalated_at__isnull=False).is_blocked_by_flags
        waiting = OutboxMessage.objects.filter(sent_at=None)
        assert list(waiting.values_list("kind", flat=True)) == ["next_day_question"], "of the closed case, tomorrow"


class TestTheClock:
    def test_only_a_demonstration_may_pretend(self, settings: Any) -> None:
        settings.DEMO = False

        with pytest.raises(RuntimeError, match="Only a demonstration"), clock.pretend(MONDAY_MORNING):
            pass

    def test_it_is_the_real_time_again_after_it(self) -> None:
        with clock.pretend(MONDAY_MORNING - datetime.timedelta(days=3)):
            assert clock.today() == datetime.date(2026, 11, 20)

        assert clock.now() == MONDAY_MORNING


class TestInvented:
    @pytest.mark.parametrize(
        "day", [datetime.date(2026, 11, 23), datetime.date(2028, 2, 29), datetime.date(2026, 1, 1)]
    )
    def test_people_are_as_old_as_they_say(self, day: datetime.date) -> None:
        inventor = Inventor(1)
        for _ in range(400):
            born = inventor.person(age=56, on=day).contact.birth_on
            assert born is not None
            assert day.year - born.year - ((day.month, day.day) < (born.month, born.day)) == 56

    def test_a_reference_that_exists_is_not_drawn(self) -> None:
        first = Inventor(1).reference()

        assert Inventor(1, taken=[first]).reference() != first
