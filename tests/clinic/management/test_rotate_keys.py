"""Key rotation: every sealed value ends up under the newest key, whatever stopped it before."""

import base64

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clinic import crypto
from clinic.management.commands.rotate_keys import Command
from clinic.models import AuditEvent, KeyFingerprint
from clinic.sealed_values import sealed_fields
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
    found = {(model._meta.label, field.name) for model, field in sealed_fields()}
    assert {("tests.SealedNote", "text"), ("tests.SealedNote", "maybe"), ("tests.SealedNote", "data")} <= found
