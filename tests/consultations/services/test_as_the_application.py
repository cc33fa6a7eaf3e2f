"""What the product writes, it may write as the application's role of deploy/roles.sql, which owns no table.

`tests/clinic/core/test_database_roles.py` shows that this role has no more than `migrate` gives it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from clinic.accounts.models import User
from clinic.core import audit, database_roles, outbox, reading_batches, reading_log
from clinic.core.models import AuditEvent, Heartbeat, OutboxMessage
from consultations.models import ConsultationRequest, QuestionnaireResponse
from consultations.services import erasure, retention
from tests.consultations.services.test_erasure import done_with, request_of_one  # noqa: F401  (fixtures)
from tests.consultations.services.test_intake import ready
from tests.consultations.services.test_retention import later

pytestmark = [pytest.mark.django_db, pytest.mark.postgres]


@pytest.fixture
def as_application(db: None) -> Iterator[str]:
    """From here on this connection is that role; all of it is gone with the test's transaction."""
    role = f"{connection.settings_dict['NAME']}_as_application"
    with connection.cursor() as cursor:
        cursor.execute(f'REVOKE ALL ON DATABASE "{connection.settings_dict["NAME"]}" FROM PUBLIC')
        cursor.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        cursor.execute(f'CREATE ROLE "{role}" NOSUPERUSER')
        cursor.execute(f'GRANT USAGE ON SCHEMA public TO "{role}"')
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(settings.DATABASES, "default", {**settings.DATABASES["default"], "USER": role})
            database_roles.grant(connection)
        cursor.execute(f'SET ROLE "{role}"')
        yield role
        cursor.execute("RESET ROLE")


def test_a_whole_life_of_a_request_is_written_and_erased(
    as_application: str,
    done_with: ConsultationRequest,  # noqa: F811
    manager: User,
    time_machine: Any,
) -> None:
    """Sent, claimed, called, asked, answered, decided, booked, cancelled, booked again, told, completed; the services
    that the fixture calls. Then what comes by itself.
    """
    reading_log.log(by=manager, action="request.read", patients=[done_with.patient_id])
    ready()
    call_command("worker", once=True)
    assert Heartbeat.objects.get(name="worker").failing == ""
    assert OutboxMessage.objects.exclude(sent_at=None).exists()
    assert audit.verify() + reading_batches.verify() == []

    later(time_machine, 100)
    assert retention.delete_unsent() == 1
    assert outbox.forget_sent() > 0
    erasure.erase(patient=done_with.patient, by=manager)

    assert QuestionnaireResponse.objects.count() == 1
    assert AuditEvent.objects.filter(action="patient.erase").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (as_application,)


def test_the_role_is_the_one_that_can_change_no_table(as_application: str) -> None:
    """The control: what this role may not do fails here too."""
    for statement in (
        "DELETE FROM core_auditevent",
        "CREATE TEMPORARY TABLE t (i integer)",
        "DROP TABLE core_heartbeat",
    ):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
