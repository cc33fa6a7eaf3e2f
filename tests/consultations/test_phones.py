"""Numbers found among words, kept as they are dialled, shown as they are read, and found again in any spelling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consultations import phones
from tests.depth import made_up

NEW_AREA_CODES = (
    "624", "436", "483", "471", "465", "621", "729", "837", "861", "227", "283", "324", "353", "369", "457", "563",
    "686", "728", "738", "748", "821", "924", "942", "983",
)  # fmt: skip


@pytest.mark.parametrize("area", NEW_AREA_CODES)
def test_a_new_area_code_stops_nobody(area):
    assert phones.stored(f"({area}) 305-1111") == (f"+1{area}3051111", f"({area}) 305-1111")


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("202-555-0142", "+12025550142"),
        ("(202) 555 0142", "+12025550142"),
        ("202.555.0142", "+12025550142"),
        ("2025550142", "+12025550142"),
        ("1 202 555 0142", "+12025550142"),
        ("12025550142", "+12025550142"),
        ("+1 (202) 555-0142", "+12025550142"),
        ("202\u2011555\u20130142", "+12025550142"),
        ("\u202d202 555 0142\u202c", "+12025550142"),
        ("\u200b202-555-0142", "+12025550142"),
        ("202\u00a0555\u00a00142", "+12025550142"),
        ("２０２５５５０１４２", "+12025550142"),
        ("＋１（２０２）５５５－０１４２", "+12025550142"),
        ("٢٠٢٥٥٥٠١٤٢", "+12025550142"),
        ("२०२ ५५५ ०१४२", "+12025550142"),
        ("tel:+12025550142", "+12025550142"),
        ("1-800-FLOWERS", "+18003569377"),
        ("1 800 FLOWERS", "+18003569377"),
        ("1-800-go-fedex", "+18004633339"),
        ("+44 20 7946 0018", "+442079460018"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("0044 20 7946 0018", "+442079460018"),
        ("011 44 20 7946 0018", "+442079460018"),
        ("44 20 7946 0018", "+442079460018"),
        ("0049 30 901820", "+4930901820"),
        ("0049 (0)30/901820", "+4930901820"),
        ("+39 06 698 12345", "+390669812345"),
        ("00 52 55 1234 5678", "+525512345678"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("202-555-0142 ext. 12", "+12025550142;ext=12"),
        ("202-555-0142 x12", "+12025550142;ext=12"),
        ("2025550142x12", "+12025550142;ext=12"),
        ("202-555-0142 #12", "+12025550142;ext=12"),
        ("202-555-0142, extension: 12", "+12025550142;ext=12"),
        ("+12025550142;ext=12", "+12025550142;ext=12"),
        ("+1 212-555-2368 (mobile)", "+12125552368"),
        ("202-555-0142 ask for Ana", "+12025550142"),
        ("202 555 0142 after 5pm", "+12025550142"),
        ("202 555 0142 5pm", "+12025550142"),
        ("202-555-0142 (24 hours)", "+12025550142"),
        ("+49 30 901820 (24 h)", "+4930901820"),
        ("202-555-0142 ext 12 mornings", "+12025550142;ext=12"),
        ("202-555-0142 or 202-555-0143", "+12025550142"),
        ("202-555-0142 / 202-555-0143", "+12025550142"),
        ("202 555 0142 202 555 0143", "+12025550142"),
        ("cell: 202-555-0142", "+12025550142"),
        ("202-555-0142cell", "+12025550142"),
        ("after 5 call 202-555-0142", "+12025550142"),
        ("my son, flat 2, 202-555-0142", "+12025550142"),
    ],
)
def test_a_number_is_kept_as_it_is_dialled_and_as_it_was_typed(typed, number):
    reading = phones.read(typed)
    assert reading is not None
    assert reading.number == number


@pytest.mark.parametrize(
    ("typed", "more"),
    [
        ("202-555-0142", False),
        ("0044 20 7946 0018", False),
        ("202-555-0142 x12", False),
        ("202-555-0142 (mobile)", True),
        ("ask for Ana, 202-555-0142", True),
        ("1-800-FLOWERS", True),
        ("(624) 305-1111", False),
        ("1 (624) 305-1111", False),
        ("624-305-1111 mobile", True),
        ("", False),
    ],
)
def test_staff_see_what_was_typed_only_where_it_says_more(typed, more):
    number, _ = phones.stored(typed)
    assert phones.typed_says_more(typed, number) is more


@pytest.mark.parametrize(
    "typed",
    ["", "call me", "1", "911", "555-0142", "+", "00000000", "0000000000", "2222222222", "123-456-7890", "+999 1234",
     "9" * 5000, "020 7946 0018", "27/3/1970", "😀", "-----", "ext 12"],
)  # fmt: skip
def test_what_nobody_can_dial_is_no_number(typed):
    assert phones.read(typed) is None
    assert phones.stored(typed) == (typed, "")


@pytest.mark.parametrize(
    ("region", "typed", "number"),
    [
        ("GB", "020 7946 0018", "+442079460018"),
        ("GB", "0113 496 0018", "+441134960018"),
        ("GB", "07400 123456 (mobile)", "+447400123456"),
        ("GB", "0808 157 0018", "+448081570018"),
        ("GB", "001 202 555 0142", "+12025550142"),
        ("GB", "011 1 202 555 0142", "+12025550142"),
        ("AU", "0491 570 006", "+61491570006"),
        ("AU", "(02) 5550 1234", "+61255501234"),
        ("NZ", "021 123 4567", "+64211234567"),
        ("CA", "416-555-0142", "+14165550142"),
        (None, "0044 20 7946 0018", "+442079460018"),
        (None, "011 44 20 7946 0018", "+442079460018"),
        (None, "+1 202 555 0142 ask for Ana", "+12025550142"),
    ],
)
def test_each_region_dials_its_own_way(settings, region, typed, number):
    settings.PHONENUMBER_DEFAULT_REGION = region
    assert phones.stored(typed)[0] == number


@pytest.mark.parametrize(
    ("region", "stored", "shown"),
    [
        ("US", "+12025550142", "(202) 555-0142"),
        ("US", "+16243051111", "(624) 305-1111"),
        ("US", "+14165550142", "(416) 555-0142"),
        ("US", "+12025550142;ext=12", "(202) 555-0142 ext. 12"),
        ("US", "+442079460018", "+44 20 7946 0018"),
        ("GB", "+442079460018", "020 7946 0018"),
        ("GB", "+12025550142", "+1 202-555-0142"),
        (None, "+12025550142", "+1 202-555-0142"),
        ("US", "my neighbour, flat 4", "my neighbour, flat 4"),
        ("US", "+", "+"),
        ("US", "", ""),
    ],
)
def test_staff_read_it_as_it_is_written_where_they_are(settings, region, stored, shown):
    settings.PHONENUMBER_DEFAULT_REGION = region
    assert phones.shown(stored) == shown


@pytest.mark.parametrize(
    ("stored", "href"),
    [
        ("+12025550142", "+12025550142"),
        ("+12025550142;ext=12", "+12025550142,12"),
        ("555-0142", "5550142"),
        ("020 7946 0018", "02079460018"),
        ("(555) 0142 ask for Ana", "5550142"),
        ("911", ""),
        ("flat 4", ""),
        ("", ""),
        ("9" * 40, ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_the_link_dials(stored, href):
    assert phones.dialled(stored) == href


class TestFound:
    @pytest.mark.parametrize(
        "term",
        ["202-555-0142", "(202) 555-0142", "+1 202 555 0142", "2025550142", "001 202 555 0142", "２０２５５５０１４２",
         "202-555-0142 ext. 7", "202 555 0142 mobile"],
    )  # fmt: skip
    def test_in_any_spelling(self, term):
        assert phones.phone_index("+12025550142") in phones.phone_indexes(term)
        assert phones.phone_index("+12025550142;ext=12") in phones.phone_indexes(term)

    def test_not_by_another(self):
        assert phones.phone_index("+12025550142") not in phones.phone_indexes("202-555-0143")

    def test_words_with_digits_are_found_by_their_digits(self):
        assert phones.phone_index("555-0142") in phones.phone_indexes("555 0142")

    def test_a_few_digits_or_none_are_no_question(self):
        assert phones.phone_indexes("0142") == phones.phone_indexes("winther") == set()
        assert phones.phone_index("no phone") == ""


@given(st.text(max_size=60))
@made_up(50, 2000)
def test_nothing_typed_raises_and_nothing_is_lost(typed):
    number, as_typed = phones.stored(typed)
    assert phones.clean_line(typed) in (number, as_typed)
    assert isinstance(phones.shown(number), str)
    assert set(phones.dialled(number)) <= set("+,0123456789")
    phones.typed_says_more(typed, number)
    phones.phone_indexes(typed)


@given(st.text("0123456789+-() .x/٣５", max_size=30))
@made_up(50, 2000)
def test_nothing_like_a_number_raises(typed):
    number, _ = phones.stored(typed)
    assert phones.shown(number) or not number
    if number.startswith("+") and phones.read(typed):
        assert phones.read(number).number == number
