"""The markup of forms: legends, hints, errors before the input, and a summary whose links arrive somewhere."""

import re
from html.parser import HTMLParser

import pytest
from django import forms
from django.template import Context, Template

from clinic.core.widgets import PainScale, TileCheckbox, TileRadio

PAGE = Template(
    "{% load crispy_forms_tags %}{% include 'bootstrap5/errors.html' %}"
    "{% for field in form %}{{ field|as_crispy_field }}{% endfor %}"
)
GOOD = {
    "reason": "pain", "signs": ["none"], "score": "0", "name": "A B", "phone": "", "place": "a", "agrees": "on",
}  # fmt: skip


class VisitForm(forms.Form):
    """One field of every kind that the product uses."""

    heading_field = "reason"

    reason = forms.ChoiceField(
        label="Why do you come?",
        help_text="Choose the main one.",
        choices=[("pain", "Pain"), ("other", "Something else")],
        widget=TileRadio(hints={"pain": "In the back or the legs"}),
        error_messages={"required": "Choose why you come."},
    )
    signs = forms.MultipleChoiceField(
        label="Which of these are new?",
        choices=[("numb", "Numbness"), ("weak", "Weakness"), ("none", "None of these")],
        widget=TileCheckbox,
        error_messages={"required": "Choose what is new, or none of these."},
    )
    score = forms.ChoiceField(
        label="How bad is it?",
        choices=[(str(number), str(number)) for number in range(11)],
        widget=PainScale(low="No pain", high="Worst pain"),
        error_messages={"required": "Choose a number."},
    )
    name = forms.CharField(
        label="Full name", help_text="As in your passport.", error_messages={"required": "Enter your full name."}
    )
    phone = forms.CharField(label="Phone number", required=False)
    place = forms.ChoiceField(
        label="Where?", choices=[("", "Choose"), ("a", "Here")], error_messages={"required": "Choose where."}
    )
    agrees = forms.BooleanField(label="I agree", error_messages={"required": "Tick the box."})


class Elements(HTMLParser):
    """Every element in document order, as (tag, attributes)."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.seen if tag in tags]


def tight(html: str) -> str:
    """Without the spaces of the layout beside tags."""
    return re.sub(r"(?<=>)\s+|\s+(?=<)", "", html)


def render(form: forms.Form) -> str:
    return tight(PAGE.render(Context({"form": form})))


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def piece(html: str, field: str) -> str:
    """The markup of one field."""
    return html.split(f'id="div_id_{field}"')[1].split('id="div_id_')[0]


@pytest.fixture
def clean_html() -> str:
    return render(VisitForm())


@pytest.fixture
def faulty_html() -> str:
    return render(VisitForm({}))


class TestEveryForm:
    @pytest.mark.parametrize("data", [None, {}, GOOD], ids=["fresh", "empty", "good"])
    def test_every_id_that_is_named_exists_once(self, data):
        elements = Elements(render(VisitForm(data)))
        ids = [attributes["id"] for _, attributes in elements.seen if "id" in attributes]
        assert len(ids) == len(set(ids))
        named = [
            target
            for _, attributes in elements.seen
            for name in ("for", "aria-describedby", "aria-labelledby")
            for target in attributes.get(name, "").split()
        ]
        named += [attributes["href"].removeprefix("#") for attributes in elements.all("a")]
        assert named
        assert set(named) <= set(ids)

    def test_no_asterisk_and_only_optional_fields_say_so(self, clean_html):
        text = text_of(clean_html)
        assert "*" not in text
        assert text.count("(optional)") == 1
        assert "Phone number (optional)" in text

    def test_every_input_has_a_label(self, clean_html):
        elements = Elements(clean_html)
        labelled = {attributes["for"] for attributes in elements.all("label")}
        assert {attributes["id"] for attributes in elements.all("input", "select", "textarea")} <= labelled

    def test_choices_stand_under_a_legend_and_one_legend_holds_the_heading(self, clean_html):
        assert clean_html.count("<legend") == clean_html.count("<fieldset") == 3
        assert re.search(r"<legend[^>]*><h1>Why do you come\?</h1></legend>", clean_html)
        assert clean_html.count("<h1") == 1

    def test_the_heading_can_be_the_label_of_a_single_input(self):
        form = VisitForm()
        form.heading_field = "name"
        html = render(form)
        assert 'role="heading" aria-level="1">Full name' in html
        assert "<h1" not in html

    def test_labels_and_hints_are_escaped(self):
        form = VisitForm()
        form.fields["name"].label = form.fields["reason"].help_text = "<b>&"
        form.fields["reason"].choices = [("<i>", "<i>")]
        html = render(form)
        assert "<b>" not in html
        assert "<i>" not in html


class TestErrors:
    def test_a_form_without_errors_has_no_summary(self, clean_html):
        assert "errsum" not in clean_html
        assert "Error:" not in clean_html
        assert "errsum" not in render(VisitForm(GOOD))

    def test_the_summary_comes_first_can_take_the_focus_and_is_announced(self, faulty_html):
        tag, attributes = Elements(faulty_html).seen[0]
        assert (tag, attributes["role"], attributes["tabindex"]) == ("div", "alert", "-1")
        assert "There is a problem" in faulty_html

    def test_each_link_says_what_the_field_says(self, faulty_html):
        links = dict(re.findall(r'<li><a href="#([^"]+)">([^<]+)</a></li>', faulty_html))
        assert links == {
            "id_reason_0": "Choose why you come.",
            "id_signs_0": "Choose what is new, or none of these.",
            "id_score_0": "Choose a number.",
            "id_name": "Enter your full name.",
            "id_place": "Choose where.",
            "id_agrees": "Tick the box.",
        }
        after_summary = faulty_html.split("</ul></div>", 1)[1]
        assert all(text in after_summary for text in links.values())

    @pytest.mark.parametrize("field", ["reason", "signs", "score", "name", "place", "agrees"])
    def test_the_error_stands_before_the_input_with_a_hidden_word(self, faulty_html, field):
        markup = piece(faulty_html, field)
        error = markup.index('class="visually-hidden">Error:')
        assert error < re.search(r"<(input|select)", markup).start()
        assert 'class="icon"' in markup[:error]

    def test_inputs_say_that_they_are_wrong_and_by_what_they_are_described(self, faulty_html):
        name = next(item for item in Elements(faulty_html).all("input") if item.get("id") == "id_name")
        assert name["aria-invalid"] == "true"
        assert name["aria-describedby"].split() == ["id_name_helptext", "id_name_error"]
        group = next(item for item in Elements(faulty_html).all("fieldset") if item["id"] == "div_id_reason")
        assert group["aria-describedby"].split() == ["id_reason_helptext", "id_reason_error"]

    def test_errors_of_the_whole_form_are_listed(self):
        form = VisitForm(GOOD)
        form.add_error(None, "That time was just taken.")
        assert "That time was just taken." in text_of(render(form))


class TestTiles:
    def test_a_hint_is_part_of_the_label(self, clean_html):
        assert re.search(r"<label[^>]*>Pain<small>In the back or the legs</small></label>", clean_html)

    def test_none_of_these_stands_apart_after_an_or(self, clean_html):
        assert re.search(r'<p class="tile-or">or</p><div class="tile"><input[^>]*value="none"', clean_html)
        assert clean_html.count("tile-or") == 1
        assert 'data-exclusive="none"' in piece(clean_html, "signs")
        assert "data-exclusive" not in piece(clean_html, "reason")

    def test_an_exclusive_choice_can_be_another_one_or_none_at_all(self):
        choices = [("a", "A"), ("none", "None")]
        other = tight(TileCheckbox(choices=choices, exclusive="a").render("x", None, {"id": "x"}))
        assert re.search(r'or</p><div class="tile"><input[^>]*value="a"', other)
        assert "tile-or" not in TileCheckbox(choices=choices, exclusive="").render("x", None, {"id": "x"})

    def test_what_was_chosen_stays_chosen(self):
        html = render(VisitForm({**GOOD, "signs": ["numb", "weak"]}))
        chosen = [sign["value"] for sign in Elements(piece(html, "signs")).all("input") if "checked" in sign]
        assert chosen == ["numb", "weak"]

    def test_nothing_is_chosen_for_the_person(self, clean_html):
        assert not [item for item in Elements(clean_html).all("input") if "checked" in item]


class TestPainScale:
    def test_eleven_radios_with_words_at_both_ends(self, clean_html):
        markup = piece(clean_html, "score")
        assert [item["value"] for item in Elements(markup).all("input")] == [str(score) for score in range(11)]
        assert ": No pain</span>" in markup
        assert ": Worst pain</span>" in markup

    def test_zero_can_be_chosen(self):
        chosen = [item for item in Elements(piece(render(VisitForm(GOOD)), "score")).all("input") if "checked" in item]
        assert [item["value"] for item in chosen] == ["0"]
