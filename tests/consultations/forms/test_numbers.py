"""Numbers as people type them."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from consultations.forms.numbers import HeightField, NumberField, WeightField, in_feet, in_pounds, read_number


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("54", "54"),
        (" 54 ", "54"),
        ("72,5", "72.5"),
        ("72.5", "72.5"),
        ("７２．５", "72.5"),
        ("٥٤", "54"),
        ("٧٢٫٥", "72.5"),
        ("५४", "54"),
    ],
)
def test_reads_any_digits_and_either_comma(typed, read):
    assert read_number(typed) == Decimal(read)


@pytest.mark.parametrize(
    "typed", ["", "-5", "+5", "1e3", "1,000.5", "5 4", "five", "½x", "NaN", "0x1F", "٫5", "5.", "9" * 5000, "5\u202e4"]
)
def test_refuses_what_is_not_a_number(typed):
    assert read_number(typed) is None


def test_a_unit_behind_the_number_is_fine():
    assert read_number("175 cm", unit="cm") == 175
    assert read_number("72,5KG", unit="kg") == Decimal("72.5")


@pytest.mark.parametrize(("typed", "age"), [("0", 0), ("120", 120), ("54.0", 54), ("", None)])
def test_whole_numbers(typed, age):
    assert NumberField(low=0, high=120, message="x", required=False).clean(typed) == age


@pytest.mark.parametrize("typed", ["121", "54.5", "-1", "old", "9" * 5000])
def test_whole_numbers_out_of_range_get_the_sentence(typed):
    with pytest.raises(ValidationError, match="Enter a whole number"):
        NumberField(low=0, high=120, message="Enter a whole number.").clean(typed)


@pytest.fixture
def height():
    return HeightField(low=Decimal(120), high=Decimal(230), metric_first=True, required=False)


@pytest.fixture
def weight():
    return WeightField(low=Decimal(30), high=Decimal(300), metric_first=False, required=False)


@pytest.mark.parametrize(
    ("typed", "cm"),
    [
        (["175", "", ""], "175.0"),
        (["175,25", "", ""], "175.3"),
        (["", "5", "9"], "175.3"),
        (["", "6", ""], "182.9"),
        (["", "", "70"], "177.8"),
        (["", "5", "9.5"], "176.5"),
        (["120", "", ""], "120.0"),
        (["230", "", ""], "230.0"),
    ],
)
def test_heights(height, typed, cm):
    assert height.clean(typed) == Decimal(cm)


@pytest.mark.parametrize(
    "typed", [["119.9", "", ""], ["230.1", "", ""], ["1.75", "", ""], ["", "5", "12"], ["", "5.5", "1"], ["", "x", ""],
              ["", "3", "0"], ["9" * 5000, "", ""]]
)  # fmt: skip
def test_heights_out_of_range_say_what_fits(height, typed):
    with pytest.raises(ValidationError, match="between 120 and 230 centimeters, like 175, or between 3 feet 11 inches"):
        height.clean(typed)


@pytest.mark.parametrize(("region", "word"), [("US", "centimeters"), ("GB", "centimetres"), ("CA", "centimetres")])
def test_the_unit_is_spelled_as_the_region_does(settings, region, word):
    settings.CLINIC_REGION = region
    field = HeightField(low=Decimal(120), high=Decimal(230), metric_first=True)
    assert field.widget.parts["cm"] == word.capitalize()
    with pytest.raises(ValidationError, match=f"between 120 and 230 {word}, like 175"):
        field.clean(["1", "", ""])


def test_nothing_is_nothing(height, weight):
    assert height.clean(["", "", ""]) is None
    assert weight.clean(["", ""]) is None
    assert weight.clean(None) is None


def test_both_units_at_once_are_a_question_back(height):
    with pytest.raises(ValidationError, match="in one unit only"):
        height.clean(["175", "5", "9"])


def test_a_saved_value_gives_way_to_the_other_unit(height):
    height.initial = 175.3
    assert height.clean(["175.3", "5", "10"]) == Decimal("177.8")
    assert height.clean(["175.3", "", ""]) == Decimal("175.3")
    with pytest.raises(ValidationError, match="in one unit only"):
        height.clean(["180", "5", "10"])


@pytest.mark.parametrize(
    ("typed", "kg"), [(["72,5", ""], "72.5"), (["", "160"], "72.6"), (["", "160 lb"], "72.6"), (["30", ""], "30.0")]
)
def test_weights(weight, typed, kg):
    assert weight.clean(typed) == Decimal(kg)


@pytest.mark.parametrize("typed", [["29.9", ""], ["300.1", ""], ["", "20"], ["", "-160"], ["heavy", ""]])
def test_weights_out_of_range_say_what_fits(weight, typed):
    with pytest.raises(ValidationError, match="between 30 and 300 kilograms"):
        weight.clean(typed)


def test_both_systems_agree_when_shown():
    assert in_feet(175.3) == "5 feet 9 inches"
    assert in_feet(182.9) == "6 feet 0 inches"
    assert in_pounds(72.6) == "160 pounds"


@pytest.mark.parametrize("inches", range(48, 91))
def test_an_imperial_height_survives_being_saved(height, inches):
    cm = height.clean(["", str(inches // 12), str(inches % 12)])
    assert in_feet(cm) == f"{inches // 12} feet {inches % 12} inches"
