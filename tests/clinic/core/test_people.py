"""Everybody is found by their own name, and the key they are found by follows the name on every way into the table."""

import datetime
import random
import unicodedata

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clinic.accounts.models import User
from clinic.core import clock
from clinic.core.name_folding import has_letter
from clinic.core.names import clean_name
from clinic.core.people import is_named
from consultations.models import Patient
from consultations.services import persons
from tests.clinic.core.test_names import REAL_NAMES
from tests.depth import made_up
from tests.personas import make_patient

pytestmark = pytest.mark.django_db

APOSTROPHES = "'’‘ʼʻ`´′＇"
DASHES = "-‐‑–—−"


def names_found(term):
    return set(Patient.objects.filter(is_named(term)).values_list("name", flat=True))


def patient(name):
    own = persons.make()
    return Patient(own_person=own, person=own, name=name, birth_on=datetime.date(1970, 3, 27), created_at=clock.now())


def retyped(name, chance):
    """The name as somebody at a desk might type it: other signs, case, accents, order and spaces."""
    words = name.split()
    chance.shuffle(words)
    text = chance.choice([" ", "  ", "\u00a0", ", "]).join(words)
    text = "".join(chance.choice(APOSTROPHES) if item in APOSTROPHES else item for item in text)
    text = "".join(chance.choice(DASHES) if item in DASHES else item for item in text)
    text = unicodedata.normalize(chance.choice(["NFC", "NFD", "NFKC"]), text)
    return chance.choice([str, str.upper, str.lower, str.title])(text)


@pytest.mark.parametrize("name", REAL_NAMES)
def test_everybody_is_found_by_their_own_name(name):
    make_patient(name, email="")
    make_patient("Somebody Else")
    for seed in range(20):
        assert name in names_found(retyped(name, random.Random(seed)))


class TestAnyNameAtAll(TestCase):
    @given(name=st.text(min_size=1, max_size=30), seed=st.integers(0, 9))
    @made_up(25, 500)
    def test_it_is_found_again(self, name, seed):
        name = clean_name(name)
        if not has_letter(name):
            return
        Patient.objects.bulk_create([patient(name)])
        assert name in names_found(name)


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("Siobhán O’Brien", ["O'Brien", "o`brien", "obrien", "o brien", "siobhan", "Siobha\u0301n", "SIOBHÁN", "brien",
                             "O'Brien, Siobhan", "siob o'b", "OBRIEN SIOBHAN", "Ms O'Brien"]),
        ("Marta Quill", ["Quill, Marta", "quill,marta", "Quill,  Marta", "mart qui", "martaquill", "Mrs. Quill"]),
        ("Émile Zola", ["émile", "ÉMILE", "emile", "e\u0301mile"]),
        ("Όλγα Παππάς", ["όλγα", "ΟΛΓΑ", "παππάς", "ΠΑΠΠΑΣ", "παππα"]),
        ("Jürgen Groß", ["jurgen", "juergen", "JÜRGEN", "gross", "groß", "GROSS"]),
        ("Mueller", ["Müller", "mueller"]),
        ("Søren Ødegård", ["soren", "soeren", "odegard", "Ødegaard", "ødegård"]),
        ("Łukasz Đorđević", ["lukasz", "dordevic", "ŁUKASZ"]),
        ("İpek Yıldız", ["ipek", "IPEK", "yildiz", "YILDIZ", "yıldız"]),
        ("María de la Cruz", ["delacruz", "de la cruz", "Cruz, Maria"]),
        ("Anne-Marie Smith–Jones", ["annemarie", "anne marie", "smith-jones", "smithjones"]),
        ("نیلوفر\u200cجان", ["نيلوفر", "نیلوفر جان", "نیلوفرجان"]),
        ("李", ["李"]),
        ("O", ["O", "o"]),
        ("Kaʻahumanu", ["ka'ahumanu", "kaahumanu"]),
    ],
)  # fmt: skip
def test_found_as_it_is_typed(name, terms):
    make_patient(name, email="")
    make_patient("Zzyzx Vww")
    assert {term: names_found(term) for term in terms} == {term: {name} for term in terms}


@pytest.mark.parametrize("term", ["", " ", ".", "%", "_", "\\", "x", "%%", "😀", "\u3164", "quill bob", "martaq bob"])
def test_nobody_else_is_found(term):
    make_patient("Marta Quill")
    assert names_found(term) == set()


def test_one_letter_finds_who_is_called_by_it_alone():
    make_patient("X")
    make_patient("Xavier Xu")
    assert names_found("x") == {"X"}
    assert names_found("x u") == {"Xavier Xu"}


class TestTheKeyFollowsTheName:
    def key(self, row):
        return type(row).objects.values_list("name_key", flat=True).get(pk=row.pk)

    def test_on_create_and_save(self):
        row = make_patient("Marta Quill")
        assert self.key(row) == "marta quill martaquill"
        row.name = "Ana"
        row.save()
        assert self.key(row) == "ana"

    def test_when_only_the_name_is_saved(self):
        row = make_patient("Marta Quill")
        row.name = "Ana"
        row.save(update_fields=["name"])
        assert self.key(row) == "ana"
        row.save(update_fields=["contact_by"])
        assert self.key(row) == "ana"

    def test_a_name_is_stored_clean_on_every_way(self):
        (row,) = Patient.objects.bulk_create([patient("Zoe\u0308\u200b  Quill")])
        assert Patient.objects.get(pk=row.pk).name == "Zoë Quill"
        Patient.objects.update(name="Siobha\u0301n\n")
        assert Patient.objects.get(pk=row.pk).name == "Siobhán"

    def test_on_bulk_create(self):
        (row,) = Patient.objects.bulk_create([patient("Marta Quill")])
        assert self.key(row) == "marta quill martaquill"

    def test_on_update_of_many(self):
        row = make_patient("Marta Quill")
        Patient.objects.update(name="Ana")
        assert self.key(row) == "ana"
        Patient.objects.update(contact_by="phone")
        assert self.key(row) == "ana"

    def test_on_bulk_update(self):
        row = make_patient("Marta Quill")
        row.name = "Ana"
        Patient.objects.bulk_update([row], ["name"])
        assert self.key(row) == "ana"

    def test_an_expression_needs_its_key(self):
        make_patient("Marta Quill")
        with pytest.raises(TypeError, match="Give name_key as well"):
            Patient.objects.update(name=Concat(F("name"), Value("x")))

    def test_of_staff_too(self, nurse):
        nurse.name = "Siobhán O’Brien"
        nurse.save(update_fields=["name"])
        assert self.key(nurse) == "siobhan obrien siobhanobrien"
        User.objects.filter(pk=nurse.pk).update(name="Ana")
        assert self.key(nurse) == "ana"

    @pytest.mark.parametrize("name", ["\u3164", ".", "😀", " "])
    def test_the_database_refuses_a_name_that_cannot_be_found(self, name):
        with pytest.raises(IntegrityError, match=r"patient_name_(key_)?not_empty"), transaction.atomic():
            Patient.objects.bulk_create([patient(name)])

    def test_a_way_past_the_model_is_refused_without_a_key(self):
        row = make_patient("Marta Quill")
        with (
            pytest.raises(IntegrityError, match="patient_name_key_not_empty"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE consultations_patient SET name_key = '' WHERE id = %s", [row.pk])
