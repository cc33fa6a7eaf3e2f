"""A ledger of mails: odd addresses, a real mail server, and faults of every kind at every step of the worker.

Each good mail arrives once at exactly the address that was accepted, each bad one is parked and counted, none is lost,
and the worker lives. A mail comes twice only where the server had taken it and nothing could be noted; the plan counts
those beforehand.
"""

import dataclasses
import email
import email.policy
import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.exceptions import ValidationError

from clinic.accounts.models import User
from clinic.core import channels, delivery
from clinic.core.form_fields import MailField
from clinic.core.models import Heartbeat, Lane, OutboxMessage
from consultations.enums import MessageKind
from consultations.services import messaging
from tests.concurrency import faults
from tests.concurrency.faulty_worker import COMMAND
from tests.concurrency.processes import free_port, start
from tests.concurrency.typed_addresses import typed_address
from tests.personas import MakeRequest, make_patient

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS_EACH = 1
"""A mail needs a tenth of that here: a run that has not ended after so long counts as failed."""


class Server:
    """Takes every mail, and keeps who it was for by the envelope and by the head."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], str]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        head = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.taken.append((head["Message-ID"], envelope.rcpt_tos, str(head["To"])))
        return "250 OK"


@pytest.fixture
def server() -> Iterator[tuple[Server, int]]:
    handler, port = Server(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


def accepted_and_refused(count: int, *, seed: int) -> tuple[list[str], list[str]]:
    """What the form keeps of generated addresses, and the sentences it gives for the others."""
    chance, stored, sentences = random.Random(seed), [], []
    for _ in range(count):
        try:
            stored.append(MailField().clean(typed_address(chance)))
        except ValidationError as refused:
            sentences += refused.messages
    return stored, sentences


def owe(make_request: MakeRequest, recipients: list[str]) -> dict[str, OutboxMessage]:
    """Each to a request of its own, since a mail is written from what stands in the request when it is sent."""
    owed = {}
    for number, recipient in enumerate(recipients):
        consultation_request = make_request(patient=make_patient(f"Patient {number}", email=recipient))
        message = messaging.notify_patient(
            kind=MessageKind.PRIVATE_LINK, consultation_request=consultation_request, key=f"m{number}"
        )
        assert message is not None
        owed[message.key] = message
    return owed


def run_to_the_end(worker: Any) -> None:
    """Until nothing is owed. Only looked at: to write here would be to wait for the worker's lock on SQLite."""
    begun, owed = time.monotonic(), OutboxMessage.objects.filter(sent_at=None, parked_at=None)
    deadline = begun + SECONDS_EACH * owed.count()
    while owed.exists():
        assert worker.poll() is None, "the worker ended"
        assert time.monotonic() < deadline, f"{owed.count()} mails are still owed"
        time.sleep(0.1)


def domain_as_read(mailed: str) -> str:
    """The name in its letters, label by label, by the codec alone; a label that leads elsewhere stays as it is."""
    labels = []
    for label in mailed.split("."):
        try:
            letters = label.encode().decode("idna")
            labels.append(letters if letters.encode("idna").decode() == label else label)
        except UnicodeError:
            labels.append(label)
    return ".".join(labels)


def audit_the_ledger(owed: dict[str, OutboxMessage], plan: dict[str, faults.Fault], server: Server) -> Counter[str]:
    ids = {channels.message_id(key): key for key in owed}
    taken = [(ids[name], to, head) for name, to, head in server.taken if name in ids]
    rows = {row.key: row for row in OutboxMessage.objects.filter(key__in=owed).defer("payload", "content")}
    good = faults.Fault("none", "", 0, False, 1)
    parked = {key for key in owed if plan.get(key, good).is_parked}

    assert {key for key, row in rows.items() if row.parked_at is not None} == parked
    assert {key for key, row in rows.items() if row.sent_at is not None} == owed.keys() - parked
    assert Counter(key for key, _, _ in taken) == {
        key: plan.get(key, good).copies for key in owed if plan.get(key, good).copies
    }
    for key, to, head in taken:
        (recipient,) = to
        assert head == recipient
        local, _, domain = recipient.rpartition("@")
        kept_local, _, kept_domain = owed[key].recipient.rpartition("@")
        assert local == kept_local
        assert kept_domain in (domain, domain_as_read(domain)) or domain_as_read(kept_domain) == domain_as_read(domain)
    assert {key for key, row in rows.items() if row.attempts < 1} == set()
    for_ever = [key for key, fault in plan.items() if fault.times == faults.FOR_EVER]
    assert {rows[key].attempts for key in for_ever} <= {delivery.PATIENCE[Lane.PATIENTS].attempts}
    return Counter(
        sent=len(owed) - len(parked), parked=len(parked), twice=sum(fault.copies == 2 for fault in plan.values())
    )


def keep_the_ledger(
    make_request: MakeRequest, *, addresses: int, errors: int, seed: int, server: tuple[Server, int], folder: Path
) -> Counter[str]:
    handler, port = server
    stored, sentences = accepted_and_refused(addresses, seed=seed)
    assert all("name@example.com" in sentence for sentence in sentences)
    assert len(stored) + len(sentences) == addresses
    owed = owe(make_request, stored)
    plan = faults.plan(sorted(owed), count=errors, seed=seed)
    (folder / "plan").write_text(json.dumps({key: dataclasses.asdict(fault) for key, fault in plan.items()}))
    fired = folder / "fired"
    with (folder / "log").open("w") as log:
        arguments = ["-c", COMMAND, str(folder / "plan"), str(fired)]
        worker = start(*arguments, log=log, EMAIL_URL=f"smtp://127.0.0.1:{port}")
        try:
            run_to_the_end(worker)
            assert worker.poll() is None
        finally:
            worker.terminate()
            assert worker.wait(timeout=60) == 0
    figures = audit_the_ledger(owed, plan, handler)
    assert set(fired.read_text().split()) == plan.keys(), "every fault was met"
    figures.update(
        accepted=len(stored), refused=len(sentences), errors=len(plan), raised=len(fired.read_text().split())
    )
    text = (folder / "log").read_text()
    assert "typed" not in text
    assert not [item for item in stored if item.rpartition("@")[2] in text and len(item) > 20]
    failing = Heartbeat.objects.get(name="worker").failing.split(", ")
    assert {name for name in failing if not name.startswith("deliver ")} == {
        "repeat alerts",
        "watch clocks",
        "answer asked links",
        "publish",
    }
    return figures


def test_odd_addresses_and_faults_at_every_step(
    make_request: MakeRequest, server: tuple[Server, int], tmp_path: Path, nurse: User
) -> None:
    figures = keep_the_ledger(make_request, addresses=150, errors=40, seed=8, server=server, folder=tmp_path)
    assert (figures["errors"], figures["accepted"] + figures["refused"]) == (40, 150)
    # The nurse on duty heard of what was parked, once an hour at most.
    told = [to for _, to, _ in server[0].taken if to == ["nurse@clinic.example"]]
    assert len(told) in (1, 2)


@pytest.mark.deep
def test_two_thousand_addresses_and_two_hundred_faults(
    make_request: MakeRequest, server: tuple[Server, int], tmp_path: Path, nurse: User
) -> None:
    seed = int(os.environ.get("SEED", "2026"))
    figures = keep_the_ledger(make_request, addresses=2000, errors=200, seed=seed, server=server, folder=tmp_path)
    print(f"\nmail ledger, seed {seed}: {dict(figures)}")
    assert (figures["errors"], figures["accepted"] + figures["refused"]) == (200, 2000)
