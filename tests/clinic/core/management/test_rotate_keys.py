"""Key rotation: every value under FIELD_KEYS ends up under the newest key, whatever stopped it before."""

import base64

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clinic.core import encryption, key_fingerprints
from clinic.core.encrypted_values import columns_under_field_keys
from clinic.core.management.commands.rotate_keys import Command
from clinic.core.models import AuditEvent, KeyFingerprint
from tests.models import EncryptedNote, Guest, Holder

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_fingerprints")]


def key(letter: str) -> str:
    return base64.b64encode(letter.encode() * 32).decode()


OLD, NEW = f"k1:{key('a')}", f"k2:{key('b')}"
SAFE_INDEX = key("i")


@pytest.fixture(autouse=True)
def index_key(settings):
    settings.INDEX_KEY = SAFE_INDEX


def stored_texts() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM tests_encryptednote ORDER BY id")
        return [text for (text,) in cursor.fetchall()]


def test_every_value_is_encrypted_again_and_then_the_old_key_can_go(settings, capsys):
    settings.FIELD_KEYS = OLD
    notes = [EncryptedNote.objects.create(text=f"words {n}", data={"n": n}) for n in range(7)]
    EncryptedNote.objects.create()
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    call_command("rotate_keys", batch=3)
    out = capsys.readouterr().out
    assert "tests.EncryptedNote.text: 7 encrypted again under k2" in out
    assert "tests.EncryptedNote.maybe: 0 encrypted again under k2" in out
    assert "INDEX_KEY is set: k1 can be removed from FIELD_KEYS." in out
    settings.FIELD_KEYS = NEW
    assert [note.text for note in EncryptedNote.objects.order_by("pk")[:7]] == [note.text for note in notes]
    assert [note.data for note in EncryptedNote.objects.order_by("pk")[:7]] == [{"n": n} for n in range(7)]


def test_a_second_run_changes_nothing(settings, capsys):
    settings.FIELD_KEYS = OLD
    EncryptedNote.objects.create(text="words")
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    call_command("rotate_keys")
    before = stored_texts()
    call_command("rotate_keys")
    assert stored_texts() == before


def test_a_value_that_does_not_open_is_named_and_left_and_the_rest_is_done(settings, capsys):
    settings.FIELD_KEYS = OLD
    broken, whole = EncryptedNote.objects.create(text="one"), EncryptedNote.objects.create(text="two")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tests_encryptednote SET text = 'k1:AAAA' WHERE id = %s", [broken.pk])
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    with pytest.raises(CommandError, match="1 values cannot be decrypted"):
        call_command("rotate_keys", batch=1)
    assert f"row {broken.pk} cannot be decrypted" in capsys.readouterr().err
    assert stored_texts()[0] == "k1:AAAA"
    whole.refresh_from_db()
    assert whole.text == "two"
    assert stored_texts()[1].startswith("k2:")


@pytest.mark.parametrize("batch", [0, -1])
def test_a_batch_of_no_rows_is_refused(batch, settings, capsys):
    settings.FIELD_KEYS = OLD
    EncryptedNote.objects.create(text="words")
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    with pytest.raises(CommandError, match="--batch must be at least 1"):
        call_command("rotate_keys", batch=batch)
    assert "can be removed" not in capsys.readouterr().out


def test_the_old_key_stays_while_a_server_encrypts_with_it(settings, capsys, monkeypatch):
    settings.FIELD_KEYS = OLD
    late = EncryptedNote.objects.create(text="written meanwhile")
    stored_before = stored_texts()[0]
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    rotate = Command._rotate

    def rotate_and_write(self, model, field, *rest):
        done = rotate(self, model, field, *rest)
        if (model, field.name) == (EncryptedNote, "text"):
            with connection.cursor() as cursor:
                cursor.execute("UPDATE tests_encryptednote SET text = %s WHERE id = %s", [stored_before, late.pk])
        return done

    with monkeypatch.context() as patched:
        patched.setattr(Command, "_rotate", rotate_and_write)
        with pytest.raises(CommandError, match="1 values are still encrypted under an older key"):
            call_command("rotate_keys")
    assert "can be removed" not in capsys.readouterr().out
    call_command("rotate_keys")
    assert "can be removed" in capsys.readouterr().out


def test_keys_that_differ_in_capitals_are_two_keys(settings, capsys):
    settings.FIELD_KEYS = OLD.replace("k1", "K2")
    EncryptedNote.objects.create(text="words")
    settings.FIELD_KEYS = f"{NEW},{settings.FIELD_KEYS}"
    call_command("rotate_keys")
    assert "tests.EncryptedNote.text: 1 encrypted again under k2" in capsys.readouterr().out


def test_what_stands_under_field_keys_is_the_clinics_own_and_the_keys_of_rows():
    results = {f"{model._meta.label}.{field.name}" for model, field in columns_under_field_keys()}
    assert results == {
        "tests.EncryptedNote.text",
        "tests.EncryptedNote.maybe",
        "tests.EncryptedNote.data",
        "tests.Holder.data_key",
        "tests.Guest.data_key",
        "consultations.LinkAsked.email",
        "accounts.SecondFactorSecret.secret",
        "core.OutboxMessage.data_key",
        "consultations.HandOverNote.data_key",
        "consultations.MissedReport.data_key",
        "consultations.Patient.data_key",
        "consultations.QuestionnaireResponse.data_key",
        "education.Feedback.text",
    }


def stored_rows(table: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, data_key, text FROM {table} ORDER BY id")
        return cursor.fetchall()


class TestKeysOfRows:
    """Rotation encrypts the keys of rows again, and nothing that stands under those."""

    def test_only_the_key_is_written_again_and_everything_reads_as_before(self, settings, capsys):
        settings.FIELD_KEYS = OLD
        holders = [Holder.objects.create(text=f"words {n}") for n in range(5)]
        [(_, _, text_before), *_] = stored_rows("tests_holder")
        settings.FIELD_KEYS = f"{NEW},{OLD}"
        call_command("rotate_keys", batch=2)
        assert "tests.Holder.data_key: 5 encrypted again under k2" in capsys.readouterr().out
        assert [key.partition(":")[0] for _, key, _ in stored_rows("tests_holder")] == ["k2"] * 5
        assert stored_rows("tests_holder")[0][2] == text_before
        settings.FIELD_KEYS = NEW
        assert [item.text for item in Holder.objects.order_by("pk")] == [holder.text for holder in holders]

    def test_a_key_that_was_handed_over_needs_nothing(self, settings, capsys):
        settings.FIELD_KEYS = OLD
        host, guest = Holder.objects.create(text="host"), Guest.objects.create(text="guest")
        guest.hand_over(host)
        before = stored_rows("tests_guest")
        settings.FIELD_KEYS = f"{NEW},{OLD}"
        call_command("rotate_keys")
        out = capsys.readouterr().out
        assert "tests.Guest.data_key: 0 encrypted again under k2" in out
        assert "k1 can be removed from FIELD_KEYS." in out
        assert stored_rows("tests_guest") == before
        settings.FIELD_KEYS = NEW
        assert Guest.objects.get().text == "guest"

    def test_a_row_that_was_read_before_and_is_saved_after_keeps_the_new_wrapping(self, settings, capsys):
        settings.FIELD_KEYS = OLD
        Holder.objects.create(text="words")
        read_before = Holder.objects.get()
        settings.FIELD_KEYS = f"{NEW},{OLD}"
        call_command("rotate_keys")
        read_before.text = "changed"
        read_before.save()
        settings.FIELD_KEYS = NEW
        assert Holder.objects.get().text == "changed"

    def test_what_was_written_or_erased_in_between_stays(self, settings, capsys, monkeypatch):
        settings.FIELD_KEYS = OLD
        Holder.objects.create(text="told")
        note = EncryptedNote.objects.create(text="older")
        settings.FIELD_KEYS = f"{NEW},{OLD}"
        real = encryption.decrypt_unguarded

        def overtaken(value, *, context):
            """Right after the command has read the row."""
            if context == f"tests_encryptednote.text:{note.pk}":
                note.text = "newer"
                note.save()
            else:
                Holder.objects.update(data_key="")
            return real(value, context=context)

        monkeypatch.setattr(encryption, "decrypt_unguarded", overtaken)
        call_command("rotate_keys")
        monkeypatch.undo()
        assert Holder.objects.get().data_key == ""
        assert EncryptedNote.objects.get().text == "newer"
        said = capsys.readouterr().out
        for column in ("Holder.data_key", "EncryptedNote.text"):
            assert f"tests.{column}: 0 encrypted again under k2" in said

    def test_a_destroyed_key_hinders_nothing(self, settings, capsys):
        settings.FIELD_KEYS = OLD
        Holder.objects.create(text="kept")
        Holder.objects.filter(pk=Holder.objects.create(text="gone").pk).update(data_key="")
        settings.FIELD_KEYS = f"{NEW},{OLD}"
        call_command("rotate_keys")
        assert "tests.Holder.data_key: 1 encrypted again under k2" in capsys.readouterr().out


def in_use() -> set[str]:
    return set(KeyFingerprint.objects.filter(retired_at=None).values_list("name", flat=True))


def rotate(settings, monkeypatch, field_keys: str, index_key: str = "") -> None:
    """By a process that was started with these settings."""
    monkeypatch.setattr(key_fingerprints, "_memory", key_fingerprints.Memory())
    settings.FIELD_KEYS, settings.INDEX_KEY = field_keys, index_key
    call_command("rotate_keys")


class TestWhatMayGo:
    """Only when every value and every digest can do without it does the command say that a key can be removed."""

    @pytest.fixture(autouse=True)
    def written_under_the_old_key(self, settings, no_fingerprints):
        settings.FIELD_KEYS, settings.INDEX_KEY = OLD, ""
        EncryptedNote.objects.create(text="words")

    def test_while_digests_are_made_with_it_a_key_stays_and_the_way_out_is_named(self, settings, capsys, monkeypatch):
        monkeypatch.setenv("ENV_FILE", "/etc/clinic/env")
        rotate(settings, monkeypatch, f"{NEW},{OLD}")
        out = capsys.readouterr().out
        assert "can be removed" not in out
        assert "Keep k1 for now: without INDEX_KEY, look-up digests are made with it" in out
        assert "Print the digest key:  clinic-manage print_index_key\n" in out
        assert in_use() == {"k2", "INDEX_KEY"}

    def test_with_what_print_index_key_printed_it_can_go(self, settings, capsys, monkeypatch):
        rotate(settings, monkeypatch, f"{NEW},{OLD}")
        capsys.readouterr()
        call_command("print_index_key")
        printed = capsys.readouterr().out.strip().removeprefix("INDEX_KEY=")
        rotate(settings, monkeypatch, f"{NEW},{OLD}", printed)
        assert "INDEX_KEY is set: k1 can be removed from FIELD_KEYS." in capsys.readouterr().out
        rotate(settings, monkeypatch, NEW, printed)
        assert EncryptedNote.objects.get().text == "words"

    def test_a_single_key_is_to_be_kept(self, settings, capsys, monkeypatch):
        rotate(settings, monkeypatch, OLD)
        out = capsys.readouterr().out
        assert "Every value is encrypted under k1, the only key of FIELD_KEYS. Keep it" in out
        assert "removed" not in out
        assert in_use() == {"k1", "INDEX_KEY"}

    @pytest.mark.parametrize(
        ("field_keys", "index_key", "sentence"),
        [
            (f"k1:{key('x')}", "", "Key k1 is wrong"),
            (f"{NEW},k1:{key('x')}", "", "Key k1 is wrong"),
            (f"{NEW},{OLD}", key("y"), "INDEX_KEY is wrong"),
            (NEW, "", "INDEX_KEY is missing"),
        ],
    )
    def test_with_keys_that_do_not_fit_nothing_is_changed(
        self, settings, capsys, monkeypatch, field_keys, index_key, sentence
    ):
        before = stored_texts()
        with pytest.raises(CommandError, match=rf"{sentence}.*Nothing was changed"):
            rotate(settings, monkeypatch, field_keys, index_key)
        assert "removed" not in capsys.readouterr().out
        assert stored_texts() == before

    def test_values_of_a_missing_key_are_counted(self, settings, capsys, monkeypatch):
        safe = index_key_now()
        with pytest.raises(CommandError, match=r"1 values cannot be decrypted\. Add the key they were encrypted under"):
            rotate(settings, monkeypatch, NEW, safe)
        assert in_use() == {"k1", "INDEX_KEY"}

    def test_a_key_that_was_tried_and_encrypted_nothing_that_is_left_is_retired(self, settings, capsys, monkeypatch):
        safe = index_key_now()
        KeyFingerprint.objects.create(name="k7", digest="0" * 64, first_seen_at="2026-01-01T00:00:00Z")
        rotate(settings, monkeypatch, OLD, safe)
        assert in_use() == {"k1", "INDEX_KEY"}
        assert AuditEvent.objects.get(action="key.retire").details == {"keys": ["k7"]}


def index_key_now() -> str:
    return base64.b64encode(encryption.index_key()).decode()


def test_an_empty_database_is_refused(settings, capsys, monkeypatch):
    EncryptedNote.objects.create()
    with pytest.raises(CommandError, match=r"no encrypted value. Is it the right one\?.*ENV_FILE=/etc/clinic/env"):
        rotate(settings, monkeypatch, f"{NEW},{OLD}")
    assert capsys.readouterr().out == ""
    assert not KeyFingerprint.objects.exists()


def test_in_a_clinic_without_a_value_yet_a_key_that_was_tried_is_forgotten(settings, capsys, monkeypatch):
    """It would be missing for good, and nothing could be written."""
    KeyFingerprint.objects.create(name="k7", digest="0" * 64, first_seen_at="2026-01-01T00:00:00Z")
    rotate(settings, monkeypatch, OLD)
    said = capsys.readouterr().out
    assert "so k7 was only tried, and is forgotten. This is no leave to remove a key" in said
    assert KeyFingerprint.objects.get(name="k7").retired_at is not None


def test_a_digest_key_that_is_not_the_right_one_is_not_printed(settings, capsys, monkeypatch):
    settings.FIELD_KEYS, settings.INDEX_KEY = OLD, ""
    EncryptedNote.objects.create(text="words")
    settings.FIELD_KEYS = NEW
    with pytest.raises(CommandError, match=r"INDEX_KEY is missing.*Put the field key back"):
        call_command("print_index_key")
    assert capsys.readouterr().out == ""
