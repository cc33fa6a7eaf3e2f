"""Whether the keys in the settings are those that the database was written with.

Compared once per process and set of keys, and remembered; compared afresh after a failure, when a value does not open,
and by `/readyz`. While they do not fit, nothing is encrypted, decrypted or looked up (KeysUnusable), so that no value
is ever encrypted under a second key of the same name.
"""

import logging
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from clinic.core import audit, clock, encrypted_values, encryption
from clinic.core.encryption import INDEX_KEY, DecryptionError, KeyProblem, KeysUnusable
from clinic.core.models import KeyFingerprint

logger = logging.getLogger(__name__)

RECHECK_SECONDS: Final = 5.0
LOG_SECONDS: Final = 60.0
SAMPLES: Final = 5
ENCRYPTED: Final = re.compile(r"\w+:[A-Za-z0-9+/=]{20,}")
Known = Mapping[str, tuple[str, bool]]
"""Key id or INDEX_KEY -> the digest, and whether the key is retired."""


class Memory:
    """What this process knows of the sets of keys it was given."""

    def __init__(self) -> None:
        self.fitting: set[Any] = set()
        self.recorded: set[Any] = set()
        self.failed: dict[Any, tuple[float, tuple[KeyProblem, ...]]] = {}
        self.looked_at = float("-inf")
        self.logged_at = float("-inf")


_memory = Memory()


def _ring() -> Any:
    """The keys and the database that they are for."""
    database = connection.settings_dict
    return *encryption.configured(), settings.INDEX_KEY, database["NAME"], database["HOST"], database["PORT"]


def require_usable(*, writing: bool = False) -> None:
    """Raise KeysUnusable unless the keys fit. Before a first value is written, record the key it is encrypted under."""
    ring = _ring()
    if ring in (_memory.recorded if writing else _memory.fitting):
        return
    failed_at, problems = _memory.failed.get(ring, (float("-inf"), ()))
    if time.monotonic() - failed_at < RECHECK_SECONDS:
        _log(problems)
        raise KeysUnusable(problems)
    look_again(writing=writing)


def are_usable(*, writing: bool = False) -> bool:
    try:
        require_usable(writing=writing)
    except KeysUnusable:
        return False
    return True


def alarms() -> list[str]:
    """What staff are told; empty while the keys fit."""
    try:
        require_usable()
    except KeysUnusable as problem:
        return [
            f"Health data can be neither read nor saved. {problem} Call patients who wait for an answer, and tell "
            "whoever runs the server at once: FIELD_KEYS and INDEX_KEY must be put back as they were."
        ]
    return []


def look_again_now_and_then() -> None:
    """For a value that did not open: the database may have changed under a process that compared long ago."""
    if time.monotonic() - _memory.looked_at >= RECHECK_SECONDS:
        look_again()


def look_again(*, writing: bool = False) -> None:
    """Compare with the database now, whatever is remembered. Raises KeysUnusable."""
    ring, memory = _ring(), _memory
    memory.looked_at = time.monotonic()
    known = _known()
    if known is None:
        return  # before the first migration nothing can be compared
    problems = find_problems(known)
    if not problems and writing:
        problems = _record(known)
    if problems:
        memory.fitting.discard(ring)
        memory.recorded.discard(ring)
        memory.failed[ring] = (time.monotonic(), problems)
        _log(problems)
        raise KeysUnusable(problems)
    memory.failed.pop(ring, None)
    memory.fitting.add(ring)
    if writing:
        # Not before the fingerprints are there to stay: this may be a transaction that fails.
        transaction.on_commit(lambda: memory.recorded.add(ring))


def find_problems(known: Known | None = None) -> tuple[KeyProblem, ...]:
    """What does not fit, by id; empty also where there is no table to compare with yet."""
    known = _known() if known is None else known
    if known is None:
        return ()
    problems = compare(encryption.key_fingerprints(), known, is_index_key_set=bool(settings.INDEX_KEY))
    return problems if known.keys() - {INDEX_KEY} else problems + _unproven()


def compare(given: Mapping[str, str], known: Known, *, is_index_key_set: bool) -> tuple[KeyProblem, ...]:
    """The problems that show from fingerprints alone: those of the settings against those of the database."""
    problems = []
    owners = {digest: name for name, (digest, _) in known.items() if name != INDEX_KEY}
    # Field keys first: a digest key that follows from one of them is wrong with it.
    for name, (digest, is_retired) in sorted(known.items(), key=lambda item: (item[0] == INDEX_KEY, item[0])):
        if given.get(name) == digest:
            continue
        if name == INDEX_KEY:
            problems.append(_index_problem(is_index_key_set))
        elif name not in given:
            problems += [] if is_retired else [_missing(name)]
        else:
            problems.append(_other(name, owner=owners.get(given[name], ""), is_retired=is_retired))
    return tuple(problems)


def _missing(name: str) -> KeyProblem:
    return KeyProblem(
        name, "missing", f"Key {name} is missing: values are encrypted under it, and FIELD_KEYS does not name it."
    )


def _other(name: str, *, owner: str = "", is_retired: bool = False) -> KeyProblem:
    if owner:
        return KeyProblem(name, "swapped", f"Key {name} is swapped: FIELD_KEYS gives the key of {owner} as {name}.")
    if is_retired:
        return KeyProblem(
            name, "wrong", f"Key {name} is wrong: {name} was another key before. Give the new key an id of its own."
        )
    return KeyProblem(
        name, "wrong", f"Key {name} is wrong: FIELD_KEYS gives another key as {name} than values are encrypted under."
    )


def _index_problem(is_set: bool) -> KeyProblem:
    if is_set:
        return KeyProblem(INDEX_KEY, "wrong", "INDEX_KEY is wrong: look-up digests were made with another key.")
    return KeyProblem(
        INDEX_KEY,
        "missing",
        "INDEX_KEY is missing: it is not set, and look-up digests were not made with the last key of FIELD_KEYS.",
    )


def _unproven() -> tuple[KeyProblem, ...]:
    """No field key was recorded yet: what is encrypted must open under the keys that it names."""
    ids = encryption.key_ids()
    problems = [_other(key_id) for key_id in ids if _opens_a_sample(key_id) is False]
    foreign = {
        encryption.key_id_of(encrypted_value.value)
        for encrypted_value in encrypted_values.sample(beyond=ids, limit=SAMPLES)
        if ENCRYPTED.fullmatch(encrypted_value.value)
    }
    return (*problems, *map(_missing, sorted(foreign)))


def _opens_a_sample(key_id: str) -> bool | None:
    """None when nothing is encrypted under it. One value that opens proves the key; a damaged one proves nothing."""
    tried = None
    for encrypted_value in encrypted_values.sample(key_id=key_id, limit=SAMPLES):
        try:
            encryption.decrypt_unguarded(encrypted_value.value, context=encrypted_value.context)
        except DecryptionError:
            tried = False
        else:
            return True
    return tried


def _known() -> dict[str, tuple[str, bool]] | None:
    """What is recorded; None while the table is not there. Asked for first: an error would break a transaction."""
    if KeyFingerprint._meta.db_table not in connection.introspection.table_names():
        return None
    rows = KeyFingerprint.objects.values_list("name", "digest", "retired_at")
    return {name: (digest, retired_at is not None) for name, digest, retired_at in rows}


def _record(known: Known) -> tuple[KeyProblem, ...]:
    """Record the key that encrypts, the digest key, and older keys that proved right. Another process may be first."""
    given, ids = encryption.key_fingerprints(), encryption.key_ids()
    new = {name for name in (ids[0], INDEX_KEY) if name not in known}
    if not known.keys() - {INDEX_KEY}:
        new |= {key_id for key_id in ids[1:] if _opens_a_sample(key_id)}
    now = clock.now()
    if new:
        KeyFingerprint.objects.bulk_create(
            [KeyFingerprint(name=name, digest=given[name], first_seen_at=now) for name in sorted(new)],
            ignore_conflicts=True,
        )
    if known.get(ids[0], ("", False))[1]:
        KeyFingerprint.objects.filter(name=ids[0]).update(retired_at=None)
    return find_problems() if new else ()


@transaction.atomic
def retire(*, names: set[str]) -> list[str]:
    """Note that nothing is encrypted any more under these keys. Returns those that were in use until now."""
    keys = KeyFingerprint.objects.select_for_update().filter(name__in=names, retired_at=None)
    retired = sorted(keys.values_list("name", flat=True))
    if retired:
        KeyFingerprint.objects.filter(name__in=retired).update(retired_at=clock.now())
        audit.record(action="key.retire", actor="system", details={"keys": retired})
    return retired


def _log(problems: tuple[KeyProblem, ...]) -> None:
    """Once a minute, not once a value."""
    if time.monotonic() - _memory.logged_at >= LOG_SECONDS:
        _memory.logged_at = time.monotonic()
        logger.error("health data can be neither read nor written. %s", KeysUnusable(problems))
