import pytest

from education.forms.self_check import CLEAR, DISCERN, SelfCheckForm
from education.models import Page
from education.presenters import editor_aids


def reading(body: str) -> editor_aids.ReadingGrade:
    return editor_aids.reading(Page(body=body))


class TestReading:
    def test_nothing_is_no_grade(self) -> None:
        assert reading("") == editor_aids.ReadingGrade(0, 0, ())

    def test_long_words_and_sentences_are_harder(self) -> None:
        easy = reading("The dog ran. It was hot. We went home.")
        hard = reading(
            "Intradiscal administration of mesenchymal preparations necessitates comprehensive multidisciplinary "
            "consideration of individual comorbidities."
        )
        assert easy.grade < hard.grade
        assert (easy.is_hard, hard.is_hard) == (False, True)

    def test_sentences_over_thirty_words_are_named(self) -> None:
        whole = " ".join(["word"] * 31) + "."
        assert reading(f"Short. {whole}").too_long == (whole,)
        assert reading(" ".join(["word"] * 30) + ".").too_long == ()

    def test_words_a_sentence(self) -> None:
        assert reading("One two three. One.").words_a_sentence == 2.0

    @pytest.mark.parametrize(
        ("body", "phrase"),
        [
            ("A [[disc|soft disc]] is here.", "A soft disc is here."),
            ("See [the page](/x/) now.", "See the page now."),
            ("## A heading", "A heading."),
            ("- an entry", "an entry."),
            ("It **may** help [@a2020].", "It may help"),
            ("One.\n\n::: evidence E1 :::\n\nTwo.", "Two."),
        ],
    )
    def test_it_reads_what_is_read_aloud(self, body: str, phrase: str) -> None:
        said = editor_aids.plain_words(body)
        assert phrase in said
        assert not {"[", "@", "#", ":::", "*"} & set(said)
        assert "evidence E1" not in said


class TestSelfCheck:
    def test_answers_are_marks_and_ticks_alone(self) -> None:
        form = SelfCheckForm(
            {"discern-1": "5", "discern-2": "6", "discern-3": "x", "clear-20": "on", "y": "1"}, row=Page()
        )
        assert form.is_valid()
        assert form.discern == (5, *[0] * (len(DISCERN) - 1))
        assert form.clear == (*[False] * (len(CLEAR) - 1), True)

    def test_nothing_answered_is_no_score(self) -> None:
        seen = editor_aids.self_check(Page())
        assert (seen["discern_mean"], seen["clear_score"]) == (None, None)

    def test_scores(self) -> None:
        answers = {
            "discern": [5, 2] + [0] * (len(DISCERN) - 2),
            "clear": [True, True] + [False] * (len(CLEAR) - 2),
        }
        seen = editor_aids.self_check(Page(self_check=answers))
        assert (seen["discern_mean"], seen["clear_score"]) == (3.5, 10)
        assert seen["discern"][0] == (DISCERN[0], 5)
        assert seen["clear"][2] == (CLEAR[2], False)
