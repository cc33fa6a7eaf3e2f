"""Words about danger: what is caught, what is left alone, and how it is typed."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.danger_words import Danger, dangers_in, mentions
from clinic.phrases import compiled

DATA = Path(__file__).parent / "data"
NOTHING: frozenset[Danger] = frozenset()


def corpus(name: str) -> list[dict[str, Any]]:
    """Both halves. They were written by somebody who had seen neither the lists nor the code."""
    halves = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return [*halves["dev"], *halves["held_back"]]


class TestCorpora:
    def test_danger_in_what_patients_send_is_caught(self) -> None:
        missed = [each["text"] for each in corpus("danger_texts") if not dangers_in(each["text"])]
        assert len(missed) <= 5, missed

    def test_self_harm_in_what_patients_send_is_caught(self) -> None:
        missed = [
            each["text"] for each in corpus("self_harm_texts") if Danger.SELF_HARM not in dangers_in(each["text"])
        ]
        assert len(missed) <= 2, missed

    def test_ordinary_notes_are_left_alone(self) -> None:
        marked = [dangers_in(each["text"]) for each in corpus("ordinary_notes")]
        assert sum(map(bool, marked)) <= 10
        assert sum(Danger.SELF_HARM in each for each in marked) <= 1

    def test_danger_in_a_search_is_caught(self) -> None:
        missed = [each["text"] for each in corpus("search_danger") if not dangers_in(each["text"])]
        assert len(missed) <= 3, missed

    def test_ordinary_searches_raise_no_alarm(self) -> None:
        plain = [each["text"] for each in corpus("search_ordinary") if each["kind"] != "borderline"]
        alarmed = [text for text in plain if dangers_in(text)]
        assert len(alarmed) <= 6, alarmed


class TestHowItIsTyped:
    @pytest.mark.parametrize("mark", ["'", "’", "‘", "ʼ", "′", "`", "´", "＇", "", "\u00ad", "'\u200b"])
    def test_any_apostrophe_or_none(self, mark: str) -> None:
        assert dangers_in(f"I can{mark}t pee") == {Danger.SIGN}
        assert dangers_in(f"I don{mark}t want to live") == {Danger.SELF_HARM}

    @pytest.mark.parametrize(
        "text",
        [
            "CAN'T PEE", "cán't pée", "ｃａｎ'ｔ　ｐｅｅ", "can't\npee", "can't   pee", "can not pee",
            "ca\u200bn't p\u00adee", "carnt pee",
        ],
    )  # fmt: skip
    def test_capitals_accents_widths_and_hidden_letters(self, text: str) -> None:
        assert Danger.SIGN in dangers_in(text)

    @pytest.mark.parametrize("form", ["leak pee", "leaks pee", "leaked pee", "leaking pee", "have been leaking pee"])
    def test_tenses(self, form: str) -> None:
        assert dangers_in(f"I {form}") == {Danger.SIGN}

    @pytest.mark.parametrize("word", ["incontinance", "numbnes", "collapsd", "breathles", "feverishh"])
    def test_a_slip_in_a_long_word(self, word: str) -> None:
        text = {"numbnes": "numbnes between my legs", "collapsd": "he collapsd at home"}.get(word, word)
        assert dangers_in(text) == {Danger.SIGN}

    @pytest.mark.parametrize("word", ["painting the ceiling", "breast stroke", "a spring bed", "button mushrooms"])
    def test_another_word_is_not_taken_for_a_slip(self, word: str) -> None:
        assert dangers_in(word) == NOTHING

    def test_the_end_of_a_long_paragraph_is_read(self) -> None:
        assert dangers_in("Could you tell me about parking? " * 200 + "Since today I cannot pee.") == {Danger.SIGN}


class TestNegation:
    @pytest.mark.parametrize(
        "text",
        ["no fever", "no fever or chills", "I do not have chest pain", "without numbness down there", "sin fiebre",
         "denies chest pain", "never had any incontinence"],
    )  # fmt: skip
    def test_a_sign_that_is_denied_is_none(self, text: str) -> None:
        assert dangers_in(text) == NOTHING

    @pytest.mark.parametrize(
        "text",
        ["no better. fever since today", "not sleeping but I have chest pain", "no feeling between my legs",
         "no pain, though now incontinence"],
    )  # fmt: skip
    def test_a_denial_of_something_else_hides_nothing(self, text: str) -> None:
        assert dangers_in(text) == {Danger.SIGN}

    @pytest.mark.parametrize(
        "text", ["I do not want to live", "not suicidal", "no suicidal thoughts", "no quiero vivir"]
    )
    def test_self_harm_is_never_denied_away(self, text: str) -> None:
        assert dangers_in(text) == {Danger.SELF_HARM}


class TestPlaces:
    def test_a_mention_covers_the_words_as_they_were_typed(self) -> None:
        text = "Parking? I can’t pee, and I want to die."
        assert [(each.danger, text[slice(*each.span)]) for each in mentions(text)] == [
            (Danger.SIGN, "can’t pee"),
            (Danger.SELF_HARM, "want to die"),
        ]

    def test_what_meets_is_marked_once(self) -> None:
        text = "chest pain pressure chest"
        assert len(mentions(text)) == 1

    @given(st.text(max_size=300))
    def test_any_text_is_read_and_every_place_is_in_it(self, text: str) -> None:
        for each in mentions(text):
            start, end = each.span
            assert 0 <= start < end <= len(text)


def test_a_word_class_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        list(compiled("<nowhere> pain", {}))
