"""Encrypted fields: plain in Python, bound to their row in the database, and nothing to search."""

import copy
import pickle

import pytest
from django.core.exceptions import FieldError
from django.db import connection, transaction
from model_bakery import baker

from clinic.core import encryption
from clinic.core.encrypted_rows import with_keys
from clinic.core.encryption import DecryptionError
from clinic.core.fields import Ciphertext, EncryptedJSONField, EncryptedTextField
from clinic.core.primary_keys import draw_keys
from tests.models import EncryptedNote, Entry, Guest, Holder, Page

pytestmark = pytest.mark.django_db


def stored(note: EncryptedNote) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text, maybe, data FROM tests_encryptednote WHERE id = %s", [note.pk])
        return cursor.fetchone()


def run(sql: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.parametrize("text", ["words", "zero\u200bwidth", "nul\x00byte", "👩‍⚕️ é", " spaces ", "k1:not encrypted"])
def test_text_comes_back_exactly_and_is_not_readable_in_the_database(text):
    note = EncryptedNote.objects.create(text=text, maybe=text, data={"answer": text})
    assert all(value.startswith("k1:") for value in stored(note))
    note = EncryptedNote.objects.get(pk=note.pk)
    assert (note.text, note.maybe, note.data) == (text, text, {"answer": text})


def test_nothing_and_empty_stay_what_they_are():
    note = EncryptedNote.objects.create()
    assert stored(note) == ("", None, None)
    note.refresh_from_db()
    assert (note.text, note.maybe, note.data) == ("", None, None)


@pytest.mark.parametrize("data", [{}, [], 0, False, "", "text", [1, None, {"deep": [True]}]])
def test_any_json_comes_back(data):
    note = EncryptedNote.objects.create(data=data)
    assert stored(note)[2].startswith("k1:")
    assert EncryptedNote.objects.get(pk=note.pk).data == data


def test_a_number_that_json_does_not_know_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        EncryptedNote.objects.create(data=float("nan"))


@pytest.mark.parametrize("lookup", ["text", "text__contains", "data__key", "text__in", "maybe__startswith"])
def test_only_emptiness_can_be_asked(lookup):
    with pytest.raises(FieldError, match="is encrypted"):
        EncryptedNote.objects.filter(**{lookup: "x"}).exists()


def test_emptiness_can_be_asked():
    EncryptedNote.objects.create(maybe="x")
    assert EncryptedNote.objects.filter(maybe__isnull=False, data__isnull=True).count() == 1


class TestWithoutARow:
    """A value is bound to its row, so whatever knows no row can neither write it nor read it."""

    def test_many_rows_can_be_made_at_once(self):
        first, second = EncryptedNote.objects.bulk_create([EncryptedNote(text="one"), EncryptedNote(text="two")])
        assert all(stored(note)[0].startswith("k1:") for note in (first, second))
        assert [note.text for note in EncryptedNote.objects.order_by("pk")] == ["one", "two"]

    def test_numbers_can_be_drawn_for_many_at_once(self, django_assert_num_queries):
        EncryptedNote.objects.create()
        rows = [Holder(text=str(number)) for number in range(30)]
        draw_keys(rows)
        assert len({row.pk for row in rows}) == 30
        Holder.objects.bulk_create(rows)
        later = Holder.objects.create(text="later")
        assert later.pk not in {row.pk for row in rows}
        assert sorted(int(row.text) for row in Holder.objects.exclude(pk=later.pk)) == list(range(30))

    def test_many_rows_cannot_be_given_one_value(self):
        note = EncryptedNote.objects.create(text="one")
        with pytest.raises(TypeError, match="text is encrypted for its row"), transaction.atomic():
            EncryptedNote.objects.update(text="two")
        note.text = "two"
        with pytest.raises(TypeError, match="text is encrypted for its row"), transaction.atomic():
            EncryptedNote.objects.bulk_update([note], ["text"])
        assert EncryptedNote.objects.get().text == "one"

    def test_many_rows_can_be_emptied(self):
        EncryptedNote.objects.create(text="one", maybe="two", data=[3])
        EncryptedNote.objects.update(text="", maybe=None, data=None)
        note = EncryptedNote.objects.get()
        assert (note.text, note.maybe, note.data) == ("", None, None)

    @pytest.mark.parametrize("use", [str, bool, len, list, "{}".format, lambda value: value == "one", hash])
    def test_a_value_without_its_row_is_no_text(self, use):
        EncryptedNote.objects.create(text="one")
        value = EncryptedNote.objects.values_list("text", flat=True).get()
        assert isinstance(value, Ciphertext)
        assert value == EncryptedNote.objects.values_list("text", flat=True).get()
        assert repr(EncryptedNote.objects.values("text").get()) == "{'text': <encrypted>}"
        with pytest.raises(TypeError, match="read through its row"):
            use(value)


class TestARowInMemory:
    def test_nothing_is_decrypted_before_it_is_asked_for_and_then_once(self, monkeypatch):
        EncryptedNote.objects.create(text="one", maybe="two")
        asked, decrypt = [], encryption.decrypt

        def counted(value: str, *, context: str) -> str:
            asked.append(context)
            return decrypt(value, context=context)

        monkeypatch.setattr(encryption, "decrypt", counted)
        note = EncryptedNote.objects.get()
        assert asked == []
        assert (note.text, note.text) == ("one", "one")
        assert asked == [f"tests_encryptednote.text:{note.pk}"]

    def test_what_was_deferred_is_loaded_by_one_query(self, django_assert_num_queries):
        EncryptedNote.objects.create(text="one", data=[1])
        Entry.objects.create(holder=Holder.objects.create(text="host"), text="entry")
        note, entry = EncryptedNote.objects.defer("text").get(), with_keys(Entry.objects.defer("text")).get()
        with django_assert_num_queries(2):
            assert (note.text, entry.text) == ("one", "entry")
        with django_assert_num_queries(0):
            assert (note.text, entry.text) == ("one", "entry")

    def test_what_nobody_asked_for_is_written_back_as_it_stands_even_damaged(self):
        note = EncryptedNote.objects.create(text="one", maybe="two")
        run("UPDATE tests_encryptednote SET text = 'k1:AAAA'")
        note = EncryptedNote.objects.get()
        note.maybe = "three"
        note.save()
        assert stored(note)[0] == "k1:AAAA"
        assert EncryptedNote.objects.get().maybe == "three"

    def test_it_can_be_refreshed_copied_and_changed_in_place(self):
        note = EncryptedNote.objects.create(text="one", data={"list": []})
        for twin in (copy.copy(note), copy.deepcopy(EncryptedNote.objects.get())):
            assert (twin.text, twin.data) == ("one", {"list": []})
        note.data["list"].append(1)
        note.save(update_fields=["data"])
        other = EncryptedNote.objects.get()
        EncryptedNote.objects.update(text="")
        other.refresh_from_db()
        assert (other.text, other.data) == ("", {"list": [1]})

    def test_it_can_be_copied_after_its_key_was_used_and_the_key_never_leaves_the_process(self):
        holder = Holder.objects.create(text="words")
        assert copy.deepcopy(holder).text == "words"
        with pytest.raises(TypeError, match="never leaves the process"):
            pickle.dumps(holder)
        assert holder._unlocked[1].secret.hex() not in repr(vars(holder))

    def test_saving_under_newer_keys_writes_what_was_not_opened_under_them_too(self, settings, no_fingerprints):
        old, new = (f"{name}:{'QUJDRA' * 7}{end}=" for name, end in (("k1", "A"), ("k2", "E")))
        settings.FIELD_KEYS = old
        EncryptedNote.objects.create(text="one")
        settings.FIELD_KEYS = f"{new},{old}"
        note = EncryptedNote.objects.get()
        note.save()
        assert stored(note)[0].startswith("k2:")
        assert EncryptedNote.objects.get().text == "one"


class TestSwaps:
    """Whoever can write to the database and puts a value elsewhere is found out when it is read."""

    def test_between_columns(self):
        EncryptedNote.objects.create(text="one", maybe="two")
        run("UPDATE tests_encryptednote SET text = maybe")
        with pytest.raises(DecryptionError):
            EncryptedNote.objects.get().text  # noqa: B018  (asking decrypts it)

    @pytest.mark.parametrize("model", [EncryptedNote, Holder])
    def test_between_rows(self, model):
        first, second = model.objects.create(text="one"), model.objects.create(text="two")
        table = model._meta.db_table
        run(f"UPDATE {table} SET text = (SELECT text FROM {table} WHERE id = %s) WHERE id = %s", first.pk, second.pk)
        assert model.objects.get(pk=first.pk).text == "one"
        with pytest.raises(DecryptionError) as caught:
            model.objects.get(pk=second.pk).text  # noqa: B018
        assert caught.value.record == f"{model._meta.label} {second.pk}"

    def test_between_rows_under_one_key(self):
        holder = Holder.objects.create()
        first, second = (Entry.objects.create(holder=holder, text=text) for text in ("one", "two"))
        run("UPDATE tests_entry SET text = (SELECT text FROM tests_entry WHERE id = %s)", first.pk)
        assert Entry.objects.get(pk=first.pk).text == "one"
        with pytest.raises(DecryptionError):
            Entry.objects.get(pk=second.pk).text  # noqa: B018

    def test_of_the_row_that_it_belongs_to(self):
        mine, other = Holder.objects.create(), Holder.objects.create()
        Entry.objects.create(holder=mine, text="words")
        Entry.objects.update(holder=other)
        with pytest.raises(DecryptionError):
            Entry.objects.get().text  # noqa: B018

    def test_of_keys_between_rows(self):
        first, second = Holder.objects.create(text="one"), Holder.objects.create(text="two")
        for column in ("data_key", "text"):
            run(
                f"UPDATE tests_holder SET {column} = (SELECT {column} FROM tests_holder WHERE id = %s) WHERE id = %s",
                first.pk,
                second.pk,
            )
        with pytest.raises(DecryptionError):
            Holder.objects.get(pk=second.pk).text  # noqa: B018

    def test_of_a_key_under_which_nothing_stands_yet(self):
        """What would be written under another row's key would be read for as long as that one is kept."""
        first, second = Holder.objects.create(), Holder.objects.create()
        run("UPDATE tests_holder SET data_key = (SELECT data_key FROM tests_holder WHERE id = %s)", first.pk)
        moved = Holder.objects.get(pk=second.pk)
        moved.text = "words"
        with pytest.raises(DecryptionError):
            moved.save()

    def test_of_the_host_of_a_guest(self):
        mine, other, guest = Holder.objects.create(), Holder.objects.create(), Guest.objects.create(text="words")
        page = Page.objects.create(guest=guest, text="page")
        guest.hand_over(mine)
        assert (Guest.objects.get().text, Page.objects.get().text) == ("words", "page")
        Guest.objects.update(host=other)
        for row in (Guest.objects.get(), Page.objects.get(pk=page.pk)):
            with pytest.raises(DecryptionError):
                row.text  # noqa: B018

    def test_a_value_under_the_clinics_key_is_not_taken_for_one_under_a_rows(self):
        """Who has FIELD_KEYS and not the key of the row cannot write into it."""
        holder = Holder.objects.create(text="words")
        forged = encryption.encrypt("forged", context=f"tests_holder.text:{holder.pk}")
        run("UPDATE tests_holder SET text = %s", forged)
        with pytest.raises(DecryptionError):
            Holder.objects.get().text  # noqa: B018


class TestKeysOfRows:
    def test_each_row_has_its_own_which_stays_when_the_row_is_saved(self):
        first, second = Holder.objects.create(text="one"), Holder.objects.create(text="two")
        before = first.data_key
        first.text = "changed"
        first.save()
        assert Holder.objects.get(pk=first.pk).data_key == before
        assert first.unlocked() != second.unlocked()

    def test_rows_made_together_have_one_each(self):
        Holder.objects.bulk_create([Holder(text="one"), Holder(text="two")])
        first, second = Holder.objects.order_by("pk")
        assert (first.text, second.text) == ("one", "two")
        assert first.unlocked() != second.unlocked()

    def test_a_destroyed_key_takes_with_it_what_stands_under_it_and_stays_destroyed(self):
        holder, guest = Holder.objects.create(text="words"), Guest.objects.create(text="guest")
        Entry.objects.create(holder=holder, text="entry")
        Page.objects.create(guest=guest, text="page")
        guest.hand_over(holder)
        read_before = Holder.objects.get()
        assert read_before.text == "words"
        Holder.objects.update(data_key="")
        holder.data_key = ""
        for row in (holder, Holder.objects.get(), Entry.objects.get(), Guest.objects.get(), Page.objects.get()):
            vars(row).pop("text", None)
            with pytest.raises(encryption.Erased):
                row.text  # noqa: B018
        read_before.save()
        assert Holder.objects.get().data_key == ""

    def test_a_row_that_lost_its_holder_is_damaged(self):
        guest = Guest.objects.create(text="guest")
        guest.hand_over(Holder.objects.create())
        Guest.objects.update(host=None)
        with pytest.raises(DecryptionError, match="lost the row whose key"):
            Guest.objects.get().text  # noqa: B018

    def test_the_keys_of_many_rows_come_in_one_query(self, django_assert_num_queries):
        for number in range(4):
            guest = Guest.objects.create(text="guest")
            guest.hand_over(Holder.objects.create(text="host"))
            Page.objects.create(guest=guest, text=str(number))
        with django_assert_num_queries(1):
            assert [page.text for page in with_keys(Page.objects.order_by("pk"))] == ["0", "1", "2", "3"]

    def test_a_row_can_be_opened_with_the_holder_at_hand_and_with_no_other(self, django_assert_num_queries):
        mine, other = Holder.objects.create(), Holder.objects.create()
        Entry.objects.create(holder=mine, text="words")
        entry, strange = Entry.objects.get(), Entry.objects.get()
        with django_assert_num_queries(0):
            entry.opened_with(mine)
            assert entry.text == "words"
        strange.opened_with(other)
        with pytest.raises(DecryptionError):
            strange.text  # noqa: B018


def test_fields_describe_themselves_to_migrations_and_to_bakery():
    assert EncryptedTextField(null=True).deconstruct()[1:] == (
        "clinic.core.fields.EncryptedTextField",
        [],
        {"null": True},
    )
    assert EncryptedJSONField().deconstruct()[1] == "clinic.core.fields.EncryptedJSONField"
    note = baker.make(EncryptedNote, _fill_optional=True)
    note.refresh_from_db()
    assert note.text == "encrypted words"
    assert note.data == {"encrypted": True}
