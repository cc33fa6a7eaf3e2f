"""Key rotation: every sealed value ends up under the newest key, whatever stopped it before."""

import base64
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clinic.core import encryption, key_fingerprints
from clinic.core.encrypted_values import encrypted_fields
from clinic.core.management.commands.rotate_keys import Command
from clinic.core.models import AuditEvent, KeyFingerprint
from tests.models import SealedNote

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
        cursor.execute("SELECT text FROM tests_sealednote ORDER BY id")
        return [text for (text,) in cursor.fetchall()]


def test_every_value_is_sealed_again_and_then_the_old_key_can_go(settings, capsys):
    settings.FIELD_KEYS = OLD
    notes = [SealedNote.objects.create(text=f"words {n}", data={"n": n}) for n in range(7)]
    SealedNote.objects.create()
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    call_command("rotate_keys", batch=3)
    out = capsys.readouterr().out
    assert "tests.SealedNote.text: 7 sealed again under k2" in out
    assert "tests.SealedNote.maybe: 0 sealed again under k2" in out
    assert "INDEX_KEY is set: k1 can be removed from FIELD_KEYS." in out
    settings.FIELD_KEYS = NEW
    assert [note.text for note in SealedNote.objects.order_by("pk")[:7]] == [note.text for note in notes]
    assert [note.data for note in SealedNote.objects.order_by("pk")[:7]] == [{"n": n} for n in range(7)]


def test_a_second_run_changes_nothing(settings, capsys):
    settings.FIELD_KEYS = OLD
    SealedNote.objects.create(text="words")
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    call_command("rotate_keys")
    before = stored_texts()
    call_command("rotate_keys")
    assert stored_texts() == before


def test_a_value_that_does_not_open_is_named_and_left_and_the_rest_is_done(settings, capsys):
    settings.FIELD_KEYS = OLD
    broken, whole = SealedNote.objects.create(text="one"), SealedNote.objects.create(text="two")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tests_sealednote SET text = 'k1:AAAA' WHERE id = %s", [broken.pk])
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    with pytest.raises(CommandError, match="1 values do not open"):
        call_command("rotate_keys", batch=1)
    assert f"row {broken.pk} does not open" in capsys.readouterr().err
    assert stored_texts()[0] == "k1:AAAA"
    whole.refresh_from_db()
    assert whole.text == "two"
    assert stored_texts()[1].startswith("k2:")


@pytest.mark.parametrize("batch", [0, -1])
def test_a_batch_of_no_rows_is_refused(batch, settings, capsys):
    settings.FIELD_KEYS = OLD
    SealedNote.objects.create(text="words")
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    with pytest.raises(CommandError, match="--batch must be at least 1"):
        call_command("rotate_keys", batch=batch)
    assert "can be removed" not in capsys.readouterr().out


def test_the_old_key_stays_while_a_server_seals_with_it(settings, capsys, monkeypatch):
    settings.FIELD_KEYS = OLD
    late = SealedNote.objects.create(text="written meanwhile")
    sealed_before = stored_texts()[0]
    settings.FIELD_KEYS = f"{NEW},{OLD}"
    rotate = Command._rotate

    def rotate_and_write(self, model, field, *rest):
        done = rotate(self, model, field, *rest)
        if (model, field.name) == (SealedNote, "text"):
            with connection.cursor() as cursor:
                cursor.execute("UPDATE tests_sealednote SET text = %s WHERE id = %s", [sealed_before, late.pk])
        return done

    with monkeypatch.context() as patched:
        patched.setattr(Command, "_rotate", rotate_and_write)
        with pytest.raises(CommandError, match="1 values are still sealed under an older key"):
            call_command("rotate_keys")
    assert "can be removed" not in capsys.readouterr().out
    call_command("rotate_keys")
    assert "can be removed" in capsys.readouterr().out


def test_keys_that_differ_in_capitals_are_two_keys(settings, capsys):
    settings.FIELD_KEYS = OLD.replace("k1", "K2")
    SealedNote.objects.create(text="words")
    settings.FIELD_KEYS = f"{NEW},{settings.FIELD_KEYS}"
    call_command("rotate_keys")
    assert "tests.SealedNote.text: 1 sealed again under k2" in capsys.readouterr().out


def test_every_sealed_field_of_every_model_is_found():
    found = {(model._meta.label, field.name) for model, field in encrypted_fields()}
    assert {("tests.SealedNote", "text"), ("tests.SealedNote", "maybe"), ("tests.SealedNote", "data")} <= found


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
        SealedNote.objects.create(text="words")

    def test_while_digests_are_made_with_it_a_key_stays_and_the_way_out_is_named(self, settings, capsys, monkeypatch):
        monkeypatch.setenv("ENV_FILE", "/etc/clinic/env")
        rotate(settings, monkeypatch, f"{NEW},{OLD}")
        out = capsys.readouterr().out
        assert "can be removed" not in out
        assert "Keep k1 for now: without INDEX_KEY, look-up digests are made with it" in out
        assert f"ENV_FILE=/etc/clinic/env {sys.executable} {settings.BASE_DIR}/manage.py print_index_key\n" in out
        assert in_use() == {"k2", "INDEX_KEY"}

    def test_with_what_print_index_key_printed_it_can_go(self, settings, capsys, monkeypatch):
        rotate(settings, monkeypatch, f"{NEW},{OLD}")
        capsys.readouterr()
        call_command("print_index_key")
        printed = capsys.readouterr().out.strip().removeprefix("INDEX_KEY=")
        rotate(settings, monkeypatch, f"{NEW},{OLD}", printed)
        assert "INDEX_KEY is set: k1 can be removed from FIELD_KEYS." in capsys.readouterr().out
        rotate(settings, monkeypatch, NEW, printed)
        assert SealedNote.objects.get().text == "words"

    def test_a_single_key_is_to_be_kept(self, settings, capsys, monkeypatch):
        rotate(settings, monkeypatch, OLD)
        out = capsys.readouterr().out
        assert "Every value is sealed under k1, the only key of FIELD_KEYS. Keep it" in out
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
        with pytest.raises(CommandError, match=r"1 values do not open\. Add the key they were sealed under"):
            rotate(settings, monkeypatch, NEW, safe)
        assert in_use() == {"k1", "INDEX_KEY"}

    def test_a_key_that_was_tried_and_sealed_nothing_that_is_left_is_retired(self, settings, capsys, monkeypatch):
        safe = index_key_now()
        KeyFingerprint.objects.create(name="k7", digest="0" * 64, first_seen_at="2026-01-01T00:00:00Z")
        rotate(settings, monkeypatch, OLD, safe)
        assert in_use() == {"k1", "INDEX_KEY"}
        assert AuditEvent.objects.get(action="key.retire").details == {"keys": ["k7"]}


def index_key_now() -> str:
    return base64.b64encode(encryption.index_key()).decode()


def test_an_empty_database_is_refused(settings, capsys, monkeypatch):
    SealedNote.objects.create()
    with pytest.raises(CommandError, match=r"holds no sealed value. Is it the right one\?.*ENV_FILE=/etc/clinic/env"):
        rotate(settings, monkeypatch, f"{NEW},{OLD}")
    assert capsys.readouterr().out == ""
    assert not KeyFingerprint.objects.exists()


def test_a_digest_key_that_is_not_the_right_one_is_not_printed(settings, capsys, monkeypatch):
    settings.FIELD_KEYS, settings.INDEX_KEY = OLD, ""
    SealedNote.objects.create(text="words")
    settings.FIELD_KEYS = NEW
    with pytest.raises(CommandError, match=r"INDEX_KEY is missing.*Put the field key back"):
        call_command("print_index_key")
    assert capsys.readouterr().out == ""
