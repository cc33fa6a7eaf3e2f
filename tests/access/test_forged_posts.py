"""Fields that no form of ours has, added to every form of the staff area, as every role: they change nothing.

The same button is pressed with and without them. What only the forged press changed, or changed to something else, is
what somebody could do past our forms. Shortly a few addresses for each role, another few in each role; at length all.
"""

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from tests.access.conftest import BOOKKEEPING, ROLES, STAFF_ROLES, TRAIL, address, get_as, routes, undone
from tests.access.test_buttons import POLICY, filled_in
from tests.database_snapshot import changes_made, tables
from tests.depth import deepens, depth

FORGED: dict[str, Any] = {
    "id": "1", "pk": "1", "object_id": "1",
    # What the state machines alone set.
    "status": "completed", "state": "published", "outcome": "LIKELY_SUITABLE", "highest_outcome": "LIKELY_SUITABLE",
    "risk": "6", "priority": "routine", "level": "LIKELY_SUITABLE", "flag_level": "", "reference": "LS-0000-XX",
    "rules_version": "0", "version": "0", "position": "0", "wrong_dates": "0", "attempts": "0",
    # When it was done, and by whom.
    **dict.fromkeys(
        (
            "due_at", "raised_at", "closed_at", "acknowledged_at", "submitted_at", "decided_at", "booking_ordered_at",
            "published_at", "signed_at", "sent_at", "parked_at", "locked_at", "expires_at", "replaced_at", "read_at",
            "made_at", "written_at", "reported_at", "email_verified_at", "erased_at", "date_joined", "last_login",
        ),
        "2030-01-01 00:00",
    ),
    **dict.fromkeys(
        (
            "by", "owner", "author", "signed_by", "made_by", "written_by", "acknowledged_by", "decided_by", "read_by",
            "reported_by", "published_by", "actor", "actor_user", "patient", "person", "consultation_request",
            "response", "case", "group", "appointment",
        ),
        "1",
    ),
    # Who one is.
    "is_superuser": "on", "is_staff": "on", "password": "a-hash", "user_permissions": ["1", "2", "3"],
    "token_hash": "0" * 64, "recipient": "mallory@example.com", "payload": "x",
}  # fmt: skip
OTHER_WAYS: dict[str, Any] = {
    "action": "delete_selected", "_selected_action": "1", "select_across": "1", "index": "0", "_saveasnew": "1",
    "_to_field": "id", "_popup": "1",
    "form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": "1", "form-0-status": "completed",
    "triage_decisions-TOTAL_FORMS": "1", "triage_decisions-INITIAL_FORMS": "0", "triage_decisions-0-action": "order",
    "appointments-TOTAL_FORMS": "1", "appointments-INITIAL_FORMS": "0", "appointments-0-status": "booked",
}  # fmt: skip
"""The admin's own ways to write, of which we use none: actions, copies, edits in a list, inlines."""
HIDDEN = {*TRAIL, *BOOKKEEPING}
DRAWN = ("id", "object_id", "payload", "token_hash", "password")
ENCRYPTED = ("data-key:", "k1:")
Rows = dict[tuple[str, Any], dict[str, Any]]


def rows() -> Rows:
    """Every row by table and key, column by column."""
    found: Rows = {}
    with connection.cursor() as cursor:
        for label, table in tables(without=HIDDEN):
            cursor.execute(f"SELECT * FROM {table}")
            names = [column[0] for column in cursor.description]
            for values in cursor.fetchall():
                found[label, values[0]] = dict(zip(names, values, strict=True))
    return found


def changed(before: Rows, after: Rows) -> list[tuple[Any, ...]]:
    """What a press did: rows gone, columns changed, rows made. Of columns that were forged, to what.

    The key of a new row is left out, as it differs from one press to the next, and so is what is encrypted or drawn.
    """
    done: list[tuple[Any, ...]] = [("gone", *key) for key in before.keys() - after.keys()]
    for key, row in after.items():
        old, place = before.get(key, {}), key if key in before else (key[0], "new")
        for name, value in row.items():
            if key not in before or old[name] != value:
                is_told = name in FORGED and name not in DRAWN and not str(value).startswith(ENCRYPTED)
                done.append((*place, name, value if is_told else ""))
    return sorted(done, key=repr)


def press(client: Any, path: str, data: dict[str, Any], before: Rows) -> tuple[int, list[tuple[Any, ...]]]:
    with undone(client):
        so_far = changes_made()
        status = client.post(path, data).status_code
        return status, changed(before, rows()) if changes_made() != so_far else []


@deepens
@pytest.mark.parametrize("role", STAFF_ROLES)
def test_a_forged_field_changes_nothing(role: str, site: dict[str, Any]) -> None:
    client, place = get_as(role, site), ROLES.index(role)
    forged = {**FORGED, "groups": [str(key) for key in Group.objects.values_list("pk", flat=True)]}
    if role == "superuser":
        # Theirs alone, on the form of a user.
        del forged["groups"], forged["is_staff"]
    every = [(name, pattern) for name, pattern in routes() if name.startswith("admin")]
    before, wrong = rows(), []
    for name, pattern in every[place % depth(20, 1) :: depth(20, 1)]:
        path, honest = address(pattern, site), filled_in(name, site)
        for added in (forged, OTHER_WAYS):
            status, done = press(client, path, {**added, **honest}, before)
            is_allowed = POLICY[name].split()[place] in ("yes", "ok")
            expected = press(client, path, honest, before)[1] if is_allowed and done else []
            if status >= 500 or done != expected:
                wrong.append((name, status, [item for item in done if item not in expected][:6]))
    assert not wrong, "\n".join(map(str, wrong))


def test_a_change_past_the_forms_would_be_seen(site: dict[str, Any]) -> None:
    before = rows()
    site["waiting"].status = "completed"
    site["waiting"].save(update_fields=["status"])
    key = ("consultations.ConsultationRequest", site["waiting"].pk)
    assert changed(before, rows()) == [(*key, "status", "completed")]
