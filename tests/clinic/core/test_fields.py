"""Sealed fields: plain in Python, sealed in the database, and nothing to search."""

import pytest
from django.core.exceptions import FieldError
from django.db import connection
from model_bakery import baker

from clinic.core import encryption
from clinic.core.fields import EncryptedJSONField, EncryptedTextField
from tests.models import SealedNote

pytestmark = pytest.mark.django_db


def stored(note: SealedNote) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, maybe, data FROM tests_sealednote WHERE id = %s", [note.pk])
        return cursor.fetchone()


@pytest.mark.parametrize("text", ["words", "zero\u200bwidth", "nul\x00byte", "👩‍⚕️ é", " spaces ", "k1:not sealed"])
def test_text_comes_back_exactly_and_is_not_readable_in_the_database(text):
    note = SealedNote.objects.create(text=text, maybe=text, data={"answer": text})
    assert all(value.startswith("k1:") for value in stored(note))
    note = SealedNote.objects.get(pk=note.pk)
    assert (note.text, note.maybe, note.data) == (text, text, {"answer": text})


def test_nothing_and_empty_stay_what_they_are():
    note = SealedNote.objects.create()
    assert stored(note) == ("", None, None)
    note.refresh_from_db()
    assert (note.text, note.maybe, note.data) == ("", None, None)


@pytest.mark.parametrize("data", [{}, [], 0, False, "", "text", [1, None, {"deep": [True]}]])
def test_any_json_comes_back(data):
    note = SealedNote.objects.create(data=data)
    assert stored(note)[2].startswith("k1:")
    assert SealedNote.objects.get(pk=note.pk).data == data


def test_a_number_that_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        SealedNote.objects.create(data=float("nan"))


def test_bulk_writes_are_sealed_too():
    first, second = SealedNote.objects.bulk_create([SealedNote(text="one"), SealedNote(text="two")])
    SealedNote.objects.filter(pk=first.pk).update(text="three")
    second.text = "four"
    SealedNote.objects.bulk_update([second], ["text"])
    assert all(stored(note)[0].startswith("k1:") for note in (first, second))
    assert list(SealedNote.objects.order_by("pk").values_list("text", flat=True)) == ["three", "four"]


@pytest.mark.parametrize("lookup", ["text", "text__contains", "data__key", "text__in", "maybe__startswith"])
def test_only_emptiness_can_be_asked(lookup):
    with pytest.raises(FieldError, match="is sealed"):
        SealedNote.objects.filter(**{lookup: "x"}).exists()


def test_emptiness_can_be_asked():
    SealedNote.objects.create(maybe="x")
    assert SealedNote.objects.filter(maybe__isnull=False, data__isnull=True).count() == 1


def test_a_value_moved_between_columns_breaks_its_seal():
    note = SealedNote.objects.create(text="one", maybe="two")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tests_sealednote SET text = maybe")
    with pytest.raises(encryption.DecryptionError):
        SealedNote.objects.get(pk=note.pk)


def test_fields_describe_themselves_to_migrations_and_to_bakery():
    assert EncryptedTextField(null=True).deconstruct()[1:] == (
        "clinic.core.fields.EncryptedTextField",
        [],
        {"null": True},
    )
    assert EncryptedJSONField().deconstruct()[1] == "clinic.core.fields.EncryptedJSONField"
    note = baker.make(SealedNote, _fill_optional=True)
    note.refresh_from_db()
    assert note.text == "sealed words"
    assert note.data == {"sealed": True}
