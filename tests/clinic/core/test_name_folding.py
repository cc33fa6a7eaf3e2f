"""One folded spelling for every way to type a name, and the key in which a part of it is found."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.core.name_folding import fold_name, name_key, spellings
from tests.depth import made_up


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Siobhán O’Brien", "siobhan obrien"),
        ("SIOBHA\u0301N O'BRIEN", "siobhan obrien"),
        ("Siobhan O`Brien", "siobhan obrien"),
        ("O´Brien", "obrien"),
        ("Oʼbrien", "obrien"),
        ("O＇Brien", "obrien"),
        ("Kaʻahumanu", "kaahumanu"),
        ("Quill, Marta", "quill marta"),
        ("  Quill ,  Marta ", "quill marta"),
        ("Smith-Jones", "smith jones"),
        ("Smith\u2013Jones", "smith jones"),
        ("Smith\u2011Jones", "smith jones"),
        ("J.R. Quill", "j r quill"),
        ("Όλγα Παππάς", "ολγα παππασ"),
        ("ΠΑΠΠΆΣ", "παππασ"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("Łódź", "lodz"),
        ("Đặng", "dang"),
        ("Ægir Ødegård", "aegir odegard"),
        ("Œuvre", "oeuvre"),
        ("Þór Guðrún", "thor gudrun"),
        ("İlker Işık", "ilker isik"),
        ("ılker isik", "ilker isik"),
        ("Əliyev", "eliyev"),
        ("Ёлкин Йосип", "елкин иосип"),
        ("نیلوفر\u200cجان", "نيلوفرجان"),
        ("أحمد", "احمد"),
        ("مـــحمد", "محمد"),
        ("Ａｌｉｃｅ", "alice"),
        ("山田\u3000太郎", "山田 太郎"),
        ("ﾔﾏﾀﾞ", unicodedata.normalize("NFKD", "ヤマダ")),
        ("कि", "कि"),
        ("Win\u00adther", "winther"),
        ("John 3rd", "john 3rd"),
        ("...", ""),
        ("😀", ""),
        ("\u3164", ""),
    ],
)
def test_what_is_typed_folds_to_one_spelling(typed, folded):
    assert fold_name(typed) == folded


def test_letters_that_differ_stay_apart():
    assert fold_name("कि") != fold_name("कु")
    assert fold_name("ハン") != fold_name("パン")
    assert fold_name("Ana") != fold_name("Anna")


@given(st.text())
@made_up(50, 2000)
def test_folding_twice_is_folding_once(text):
    once = fold_name(text)
    assert fold_name(once) == once


@given(st.text(), st.sampled_from(["NFC", "NFD"]))
@made_up(50, 2000)
def test_the_form_in_which_letters_are_composed_does_not_count(text, form):
    assert fold_name(unicodedata.normalize(form, text)) == fold_name(text)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Madonna", "madonna"),
        ("Marta Quill", "marta quill martaquill"),
        ("Müller", "mueller muller"),
        ("Jörg Ås", "joerg aas joergaas jorg as jorgas"),
        ("\u3164", ""),
        ("", ""),
    ],
)
def test_the_key_holds_every_spelling_apart_and_run_together(name, key):
    assert name_key(name) == key


def test_umlauts_are_written_out_however_they_are_composed():
    assert spellings("Mu\u0308ller") == spellings("MÜLLER") == {"muller", "mueller"}
