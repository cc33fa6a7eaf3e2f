"""Keys that do not fit the database stop what is encrypted, are named, and are noticed to be right again."""

import base64
import hmac
import logging

import pytest
from django.core import checks
from django.db import connection, transaction

from clinic.core import encryption, key_fingerprints
from clinic.core.encryption import DamagedRecord, DecryptionError, KeysUnusable
from clinic.core.models import KeyFingerprint
from tests.models import EncryptedNote

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_fingerprints")]


def key(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


def derived(letter: str) -> str:
    """The digest key that follows from a field key while INDEX_KEY is not set."""
    return base64.b64encode(hmac.digest(letter.encode() * 32, b"look-up digests", "sha256")).decode()


A, B, C = (f"k1:{key('a')}", f"k2:{key('b')}", f"k3:{key('c')}")


@pytest.fixture
def restart(settings, monkeypatch):
    """Another process: it starts with these settings and has compared nothing."""

    def started(field_keys: str, index_key: str = ""):
        monkeypatch.setattr(key_fingerprints, "_memory", key_fingerprints.Memory())
        settings.FIELD_KEYS, settings.INDEX_KEY = field_keys, index_key

    return started


@pytest.fixture
def note(restart) -> EncryptedNote:
    """Written under key a as k1, with the digest key that follows from it."""
    restart(A)
    return EncryptedNote.objects.create(text="numbness", data={"a": 1})


def stored() -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, data FROM tests_encryptednote ORDER BY id")
        return cursor.fetchall()


def refused(work) -> str:
    """What is wrong with the keys, by the exception of this piece of work."""
    with pytest.raises(KeysUnusable) as caught, transaction.atomic():
        work()
    return caught.value.short


def test_the_first_value_records_its_key_and_the_digest_key_and_nothing_of_either(note):
    stored = {item.name: item.digest for item in KeyFingerprint.objects.all()}
    assert stored == {
        "k1": hmac.new(b"a" * 32, b"fingerprint of a key", "sha256").hexdigest(),
        "INDEX_KEY": hmac.new(base64.b64decode(derived("a")), b"fingerprint of a key", "sha256").hexdigest(),
    }


def test_reading_records_nothing(restart):
    restart(A)
    key_fingerprints.require_usable()
    assert not KeyFingerprint.objects.exists()


@pytest.mark.parametrize(
    ("field_keys", "index_key", "named"),
    [
        (f"k1:{key('x')}", "", "k1 wrong, INDEX_KEY missing"),
        (f"k1:{key('x')}", derived("a"), "k1 wrong"),
        (f"k1:{key('x')},k0:{key('a')}", "", "k1 wrong"),
        (f"k9:{key('x')}", derived("a"), "k1 missing"),
        (f"k9:{key('x')}", "", "k1 missing, INDEX_KEY missing"),
        (f"K1:{key('a')}", "", "k1 missing"),
        (A, key("y"), "INDEX_KEY wrong"),
        (f"{A},{B}", "", "INDEX_KEY missing"),
    ],
)
def test_keys_that_do_not_fit_stop_reading_writing_and_looking_up_and_change_nothing(
    note, restart, field_keys, index_key, named
):
    before, stored_row = stored(), list(KeyFingerprint.objects.order_by("name").values())
    restart(field_keys, index_key)
    assert refused(lambda: EncryptedNote.objects.get(pk=note.pk).text) == named
    assert refused(lambda: EncryptedNote.objects.create(text="new")) == named
    assert refused(lambda: EncryptedNote(pk=note.pk, text="new").save(force_update=True)) == named
    assert refused(lambda: encryption.blind_index("a@b.example", purpose="email")) == named
    assert (stored(), list(KeyFingerprint.objects.order_by("name").values())) == (before, stored_row)


@pytest.mark.parametrize(
    ("field_keys", "index_key"),
    [(A, ""), (A, derived("a")), (f"{B},{A}", ""), (f"{A},{B}", derived("a")), (f"{B},{C},{A}", derived("a"))],
)
def test_keys_that_fit_are_let_through(note, restart, field_keys, index_key):
    restart(field_keys, index_key)
    note.refresh_from_db()
    assert (note.text, note.data) == ("numbness", {"a": 1})
    assert EncryptedNote.objects.create(text="new").text == "new"


def test_two_keys_under_each_others_ids_are_called_swapped(note, restart):
    restart(f"{B},{A}")
    EncryptedNote.objects.create(text="later")
    restart(f"k2:{key('a')},k1:{key('b')}", derived("a"))
    assert refused(lambda: EncryptedNote.objects.get(pk=note.pk).text) == "k1 swapped, k2 swapped"


def test_a_key_that_is_listed_and_not_yet_used_may_go_again(note, restart):
    restart(f"{A},{C}", derived("a"))
    EncryptedNote.objects.create(text="new")
    restart(A)
    assert EncryptedNote.objects.get(pk=note.pk).text == "numbness"


def test_no_message_and_no_digest_shows_a_key(note, restart, caplog):
    restart(f"k1:{key('x')}")
    with pytest.raises(KeysUnusable) as caught:
        EncryptedNote.objects.get(pk=note.pk).text  # noqa: B018  (asking decrypts it)
    said = f"{caught.value}{caplog.text}{list(KeyFingerprint.objects.values_list('digest', flat=True))}"
    for letter in "ax":
        assert key(letter) not in said
        assert (letter.encode() * 32).hex() not in said


def test_it_is_never_taken_for_a_damaged_record(note, restart):
    assert not issubclass(KeysUnusable, DamagedRecord | ValueError | TypeError | KeyError | AttributeError)


def test_a_new_process_with_the_right_keys_goes_on(note, restart):
    restart(f"k1:{key('x')}")
    refused(lambda: EncryptedNote.objects.get(pk=note.pk).text)
    restart(A)
    assert EncryptedNote.objects.get(pk=note.pk).text == "numbness"


def test_the_same_process_goes_on_when_the_database_was_put_right(note, monkeypatch):
    right = KeyFingerprint.objects.get(name="k1").digest
    KeyFingerprint.objects.filter(name="k1").update(digest="0" * 64)
    monkeypatch.setattr(key_fingerprints, "_memory", key_fingerprints.Memory())
    assert refused(lambda: EncryptedNote.objects.get(pk=note.pk).text) == "k1 wrong"
    KeyFingerprint.objects.filter(name="k1").update(digest=right)
    named = refused(lambda: EncryptedNote.objects.get(pk=note.pk).text)
    assert named == "k1 wrong", "asked no more than every few seconds"
    monkeypatch.setattr(key_fingerprints, "RECHECK_SECONDS", 0)
    assert EncryptedNote.objects.get(pk=note.pk).text == "numbness"


def test_a_process_that_compared_long_ago_looks_again_before_it_calls_a_record_damaged(note, restart, monkeypatch):
    """Another process has begun to use k2, which this one was not given."""
    monkeypatch.setattr(key_fingerprints, "RECHECK_SECONDS", 0)
    older = key_fingerprints._memory
    restart(f"{B},{A}")
    later = EncryptedNote.objects.create(text="later")
    restart(A)
    monkeypatch.setattr(key_fingerprints, "_memory", older)
    assert refused(lambda: EncryptedNote.objects.get(pk=later.pk).text) == "k2 missing"


def test_a_damaged_record_under_right_keys_is_still_called_damaged(note, monkeypatch):
    monkeypatch.setattr(key_fingerprints, "RECHECK_SECONDS", 0)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tests_encryptednote SET text = 'k1:AAAA'")
    with pytest.raises(DecryptionError):
        EncryptedNote.objects.get(pk=note.pk).text  # noqa: B018
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tests_encryptednote SET text = 'k7:AAAA'")
    with pytest.raises(DecryptionError):
        EncryptedNote.objects.get(pk=note.pk).text  # noqa: B018


def test_json_that_is_none_is_damage_too(note):
    with connection.cursor() as cursor:
        stored = encryption.encrypt("{no json", context=f"tests_encryptednote.data:{note.pk}")
        cursor.execute("UPDATE tests_encryptednote SET data = %s", [stored])
    with pytest.raises(DamagedRecord) as caught:
        EncryptedNote.objects.get(pk=note.pk).data  # noqa: B018
    assert caught.value.record == f"tests.EncryptedNote {note.pk}"


class TestWithoutFingerprints:
    """Data that is older than its fingerprints, or a table of them that was emptied."""

    def test_a_key_is_recorded_when_it_opens_a_sample(self, note, restart):
        KeyFingerprint.objects.all().delete()
        restart(f"{B},{A},{C}", derived("a"))
        EncryptedNote.objects.create(text="new")
        assert set(KeyFingerprint.objects.values_list("name", flat=True)) == {"INDEX_KEY", "k1", "k2"}

    @pytest.mark.parametrize(
        ("field_keys", "named"),
        [(f"k1:{key('x')}", "k1 wrong"), (f"{B},k1:{key('x')}", "k1 wrong"), (B, "k1 missing")],
    )
    def test_a_key_that_opens_none_is_refused_and_nothing_is_recorded(self, note, restart, field_keys, named):
        KeyFingerprint.objects.all().delete()
        restart(field_keys)
        assert refused(lambda: EncryptedNote.objects.create(text="new")) == named
        assert not KeyFingerprint.objects.exists()

    def test_a_damaged_value_among_whole_ones_proves_nothing_against_the_key(self, note, restart):
        with connection.cursor() as cursor:
            cursor.execute("UPDATE tests_encryptednote SET text = 'k1:AAAA'")
        EncryptedNote.objects.create(text="whole")
        KeyFingerprint.objects.all().delete()
        restart(A)
        assert EncryptedNote.objects.create(text="new").text == "new"


class TestCost:
    def test_once_compared_nothing_is_asked(self, note, django_assert_num_queries):
        key_fingerprints.look_again(writing=True)
        with django_assert_num_queries(1):
            assert EncryptedNote.objects.get(pk=note.pk).text == "numbness"

    def test_no_reading_page_asks(self, client, django_assert_num_queries, django_db_blocker, restart):
        restart(A)
        with django_assert_num_queries(0):
            client.get("/healthz")
        assert "core_keyfingerprint" not in queries_of(lambda: client.get("/privacy/"))
        assert "core_keyfingerprint" not in queries_of(lambda: client.get("/check/emergency/"))
        assert "core_keyfingerprint" not in queries_of(lambda: client.get("/back-pain/when-to-get-help/"))

    def test_it_is_logged_once_a_minute_and_not_once_a_value(self, note, restart, caplog):
        restart(f"k1:{key('x')}", derived("a"))
        with caplog.at_level(logging.ERROR):
            for _ in range(20):
                refused(lambda: EncryptedNote.objects.get(pk=note.pk).text)
        (line,) = [record.getMessage() for record in caplog.records if record.name == "clinic.core.key_fingerprints"]
        assert line == (
            "health data can be neither read nor written. Key k1 is wrong: FIELD_KEYS gives another key as k1 than "
            "values are encrypted under."
        )


def queries_of(work) -> str:
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        work()
    return "".join(captured_query["sql"] for captured_query in captured.captured_queries)


class TestFirstWrite:
    def test_a_write_that_is_rolled_back_is_not_remembered_as_recorded(self, restart):
        restart(A)
        with transaction.atomic():
            EncryptedNote.objects.create(text="lost")
            transaction.set_rollback(True)
        assert not KeyFingerprint.objects.exists()
        EncryptedNote.objects.create(text="kept")
        assert KeyFingerprint.objects.count() == 2

    def test_of_two_processes_with_different_keys_only_the_first_writes(self, restart, monkeypatch):
        """The second looked before the first had recorded its key."""
        restart(f"k1:{key('x')}", derived("a"))
        known = key_fingerprints._known
        answers = [{}]
        monkeypatch.setattr(key_fingerprints, "_known", lambda: answers.pop() if answers else known())
        KeyFingerprint.objects.create(
            name="k1",
            digest=hmac.new(b"a" * 32, b"fingerprint of a key", "sha256").hexdigest(),
            first_seen_at="2026-01-01T00:00:00Z",
        )
        assert refused(lambda: EncryptedNote.objects.create(text="new")) == "k1 wrong"

    def test_a_retired_key_that_encrypts_again_is_in_use_again(self, note, restart):
        restart(f"{B},{A}", derived("a"))
        key_fingerprints.require_usable(writing=True)
        assert key_fingerprints.retire(names={"k1"}) == ["k1"]
        restart(f"{A},{B}", derived("a"))
        EncryptedNote.objects.create(text="new")
        assert KeyFingerprint.objects.get(name="k1").retired_at is None

    def test_a_retired_key_may_be_missing_but_not_another(self, note, restart):
        restart(f"{B},{A}", derived("a"))
        key_fingerprints.require_usable(writing=True)
        key_fingerprints.retire(names={"k1"})
        restart(B, derived("a"))
        assert EncryptedNote.objects.create(text="new").text == "new"
        restart(f"{B},k1:{key('x')}", derived("a"))
        assert refused(lambda: EncryptedNote.objects.create(text="new")) == "k1 wrong"


def test_before_the_first_migration_nothing_is_compared(restart, monkeypatch):
    restart(A)
    monkeypatch.setattr(connection.introspection, "table_names", lambda *_, **__: [])
    assert key_fingerprints.find_problems() == ()
    assert encryption.decrypt(encryption.encrypt("words", context="a.b"), context="a.b") == "words"
    assert not KeyFingerprint.objects.exists()


class TestSystemCheck:
    @staticmethod
    def warnings(**asked) -> list[str]:
        return [item.msg for item in checks.run_checks(**asked) if item.id == "clinic.E017"]

    def test_it_names_the_key_when_the_database_may_be_asked(self, note, restart):
        restart(f"k1:{key('x')}", derived("a"))
        assert self.warnings(databases=["default"]) == [
            "Key k1 is wrong: FIELD_KEYS gives another key as k1 than values are encrypted under."
        ]

    def test_it_is_silent_otherwise(self, note, restart, django_assert_num_queries):
        assert self.warnings(databases=["default"]) == []
        restart(f"k1:{key('x')}", derived("a"))
        with django_assert_num_queries(0):
            assert self.warnings() == []
