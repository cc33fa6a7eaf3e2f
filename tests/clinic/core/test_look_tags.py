"""The small pieces: icons, grades, drawings, the emergency card and instants in words."""

import re
from datetime import UTC, date, datetime

import pytest
from django.template import Context, Template, TemplateSyntaxError

from clinic.core.context_processors import facts
from education.templatetags.evidence import AXIAL_WORDS, GRADE_WORDS, PROCEDURES


def render(source: str, **context: object) -> str:
    return Template("{% load clinic_ui evidence %}" + source).render(Context({"clinic": facts(), **context}))


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class TestGrade:
    @pytest.mark.parametrize(("level", "phrase"), GRADE_WORDS.items())
    def test_it_always_says_its_words_and_hides_the_drawing(self, level, phrase):
        html = render("{% grade level %}", level=level)
        assert words_of(html) == phrase
        assert html.count("<svg") == html.count('aria-hidden="true"')

    @pytest.mark.parametrize("level", GRADE_WORDS)
    def test_as_many_discs_are_filled_as_the_level_says(self, level):
        html = render("{% grade level %}", level=level)
        assert html.count('class="g-on"') == max(level, 0)
        assert html.count("<rect") == (0 if level < 0 else 4), "a guideline is no step of the ladder"

    def test_other_words_are_escaped(self):
        assert "&lt;b&gt;" in render("{% grade 2 label=words chip=True %}", words="<b>")

    def test_a_level_that_is_not_one_is_an_error(self):
        with pytest.raises(KeyError):
            render("{% grade 5 %}")


class TestDrawings:
    @pytest.mark.parametrize(("kind", "phrase"), AXIAL_WORDS.items())
    def test_a_plate_that_informs_has_a_sentence(self, kind, phrase):
        html = render("{% axial kind %}", kind=kind)
        assert 'role="img"' in html
        assert f'aria-label="{phrase}"' in html

    @pytest.mark.parametrize("kind", AXIAL_WORDS)
    def test_a_decorative_plate_is_hidden(self, kind):
        html = render("{% axial kind decorative=True %}", kind=kind)
        assert html.startswith("<svg")
        assert 'aria-hidden="true"' in html
        assert "role=" not in html

    @pytest.mark.parametrize("kind", PROCEDURES)
    def test_the_procedure_is_drawn(self, kind):
        assert "<path" in render("{% procedure_plate kind %}", kind=kind) or "<rect" in render(
            "{% procedure_plate kind %}", kind=kind
        )

    def test_a_drawing_that_does_not_exist_is_an_error(self):
        with pytest.raises(KeyError):
            render("{% axial 'unknown' %}")
        with pytest.raises(TemplateSyntaxError):
            render("{% procedure_plate 'unknown' %}")

    def test_only_a_finished_vertebra_has_a_tick(self):
        assert 'class="tick"' in render("{% vertebra tick=True %}")
        assert 'class="tick"' not in render("{% vertebra %}")

    @pytest.mark.parametrize("tag", ["spine", "brandmark", "vertebra", "icon 'alert'"])
    def test_ornaments_are_hidden_from_assistive_technology(self, tag):
        assert 'aria-hidden="true"' in render("{% " + tag + " %}")


class TestCareCard:
    def test_its_links_dial_and_lead_nowhere_else(self, settings):
        settings.EMERGENCY_NUMBER, settings.CRISIS_LINE = "115", "call the listening line"
        html = render("{% care_card %}")
        assert "Emergency: Call 115 or go to an emergency room if:" in words_of(html)
        assert "call the listening line" in html
        assert re.findall(r"<a [^>]*>", html) == ['<a class="dial" href="tel:115">']

    def test_without_a_number_it_sends_to_the_local_one(self, settings):
        settings.EMERGENCY_NUMBER = ""
        assert "Call your local emergency number or go" in words_of(render("{% care_card %}"))


class TestInstants:
    def test_they_are_in_the_clinic_s_words(self):
        at = datetime(2026, 12, 3, 19, 15, tzinfo=UTC)
        assert render("{{ at|time }}", at=at) == "2:15 pm"
        assert render("{{ at|day }}", at=at).startswith("Thursday 3 December")
        assert render("{{ at|moment }}", at=at).endswith("2:15 pm")
        assert render("{{ on|day }}", on=date(2026, 12, 3)).startswith("Thursday 3 December")

    @pytest.mark.parametrize("name", ["day", "time", "moment"])
    def test_nothing_stays_nothing(self, name):
        assert render("{{ at|" + name + " }}", at=None) == ""
