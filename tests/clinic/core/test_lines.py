"""The lines for help: their numbers dial, and their stops come out right."""

import pytest
from django.core.checks import run_checks

from clinic.core import defaults, lines

CHECKS = ("clinic.W004", "clinic.W005", "clinic.W006")
FIELDS = ("EMERGENCY_NUMBER", "URGENT_PHONE", "CRISIS_PHONE", "CRISIS_TEXT")


def set_region(settings, region):
    for name, value in defaults.REGIONS[region].items():
        setattr(settings, name.upper(), value)


def set_fields(settings, **given):
    for name in FIELDS:
        setattr(settings, name, given.pop(name, ""))
    for name, value in given.items():
        setattr(settings, name, value)


def call(number, shown=""):
    return f'<a class="dial" href="tel:{number}">{shown or number}</a>'


OF_REGIONS = {
    "default": (
        "Call your local emergency number, or go to the nearest emergency department.",
        "contact an urgent care service or your own doctor today.",
        "call your local emergency number",
    ),
    "GB": (
        f"Call {call('999')} or go to A&amp;E now.",
        f"call {call('111')} or ask for an urgent GP appointment.",
        f"call {call('999')}, or {call('111')}",
    ),
    "US": (
        f"Call {call('911')} or go to the nearest emergency room.",
        "go to an urgent care center or call your doctor today.",
        '<a class="dial" href="tel:988" aria-label="call 988">call</a> or <a class="dial" href="sms:988">text 988</a>, '
        f"or call {call('911')}",
    ),
    "CA": (
        f"Call {call('911')} or go to the nearest emergency room.",
        "go to an urgent care centre or call your doctor today.",
        '<a class="dial" href="tel:988" aria-label="call 988">call</a> or <a class="dial" href="sms:988">text 988</a>, '
        f"or call {call('911')}",
    ),
    "EU": (
        f"Call {call('112')} or go to the nearest emergency department.",
        "call your doctor or the out-of-hours service today.",
        f"call {call('112')}",
    ),
    "AU": (
        f"Call {call('000')} or go to the nearest emergency department.",
        "call your GP or the nurse line today.",
        f"call {call('000')}",
    ),
    "NZ": (
        f"Call {call('111')} or go to the nearest emergency department.",
        "call your GP or the nurse line today.",
        f"call {call('111')}",
    ),
}


@pytest.mark.parametrize("region", defaults.REGIONS)
def test_the_numbers_of_each_region_dial(settings, region):
    set_region(settings, region)
    assert (lines.emergency().html, lines.urgent().html, lines.crisis().html) == OF_REGIONS[region]


@pytest.mark.parametrize(
    ("given", "html"),
    [
        ({"CRISIS_PHONE": "131114", "CRISIS_LINE": "call 13 11 14"}, f"call {call('131114', '13 11 14')}"),
        ({"CRISIS_PHONE": "13 11 14", "CRISIS_LINE": "call 131114."}, f"call {call('131114')}"),
        (
            {"CRISIS_PHONE": "0800 543 354", "CRISIS_LINE": "call 0800\N{NO-BREAK SPACE}543-354"},
            f"call {call('0800543354', '0800' + chr(160) + '543-354')}",
        ),
        (
            {"CRISIS_PHONE": "+44 116 123", "CRISIS_LINE": "call 116 123"},
            f"call {call('+44116123', '116 123')}",
        ),
        (
            {"CRISIS_PHONE": "+1 800 273 8255", "CRISIS_LINE": "call +1 (800) 273-8255"},
            f"call {call('+18002738255', '+1 (800) 273-8255')}",
        ),
        (
            {"CRISIS_PHONE": "988", "CRISIS_TEXT": "741741", "CRISIS_LINE": "call 988, or text HOME to 741-741"},
            f'call {call("988")}, or text HOME to <a class="dial" href="sms:741741">741-741</a>',
        ),
        (
            {"CRISIS_PHONE": "988", "CRISIS_TEXT": "988", "CRISIS_LINE": "call 988, or text 988"},
            f'call {call("988")}, or text <a class="dial" href="sms:988">988</a>',
        ),
        (
            {"CRISIS_TEXT": "1737", "CRISIS_LINE": "text 1737"},
            'text <a class="dial" href="sms:1737">1737</a>',
        ),
        (
            {"CRISIS_PHONE": "1737", "CRISIS_TEXT": "1737", "CRISIS_LINE": "Text or call 1737"},
            '<a class="dial" href="sms:1737" aria-label="Text 1737">Text</a> or '
            '<a class="dial" href="tel:1737">call 1737</a>',
        ),
        # A number of another length, and one that no setting names, are no links.
        ({"EMERGENCY_NUMBER": "911", "CRISIS_LINE": "call 9110 or 0911"}, "call 9110 or 0911"),
        ({"CRISIS_PHONE": "988", "CRISIS_LINE": "call 1-988-555"}, "call 1-988-555"),
        ({"EMERGENCY_NUMBER": "999", "CRISIS_LINE": "call 0800 111 999"}, "call 0800 111 999"),
        ({"URGENT_PHONE": "111", "CRISIS_LINE": "call 111-999, (0) 111"}, "call 111-999, (0) 111"),
        ({"CRISIS_PHONE": "988", "CRISIS_LINE": "call 988 24/7"}, f"call {call('988')} 24/7"),
        ({"CRISIS_PHONE": "988", "CRISIS_LINE": "call 988 24 hours a day"}, f"call {call('988')} 24 hours a day"),
        ({"CRISIS_PHONE": "988", "CRISIS_LINE": "call 988. 2 lines"}, f"call {call('988')}. 2 lines"),
        ({"CRISIS_PHONE": "911", "CRISIS_LINE": "call 9-1-1"}, f"call {call('911', '9-1-1')}"),
        ({"CRISIS_LINE": "call 988"}, "call 988"),
        ({"CRISIS_PHONE": "1-800-HELPME", "CRISIS_LINE": "call 1-800-HELPME"}, "call 1-800-HELPME"),
        (
            {"CRISIS_PHONE": "988", "CRISIS_LINE": 'call <b>"988"</b>'},
            f"call &lt;b&gt;&quot;{call('988')}&quot;&lt;/b&gt;",
        ),
    ],
)
def test_a_number_is_found_as_people_write_it(settings, given, html):
    set_fields(settings, **given)
    assert lines.crisis().html == html


def test_the_clinic_s_own_number_dials_too(settings):
    set_fields(
        settings, CLINIC_PHONE="(555) 010-0142", CLINIC_PHONE_TEL="+15550100142", URGENT_LINE="call 555 010 0142"
    )
    assert lines.urgent().html == f"call {call('+15550100142', '555 010 0142')}."


@pytest.mark.parametrize(
    ("crisis", "emergency", "text"),
    [
        ("call 988", "Call 911.", "Unwell & low: call 988. Now: Call 911. Go."),
        ("call 988.", "Call 911", "Unwell & low: call 988. Now: Call 911. Go."),
        ("call 988!", "Call 911!", "Unwell & low: call 988! Now: Call 911! Go."),
    ],
)
def test_a_filled_text_has_each_stop_once(settings, crisis, emergency, text):
    set_fields(settings, CRISIS_LINE=crisis, EMERGENCY_LINE=emergency, EMERGENCY_NUMBER="911")
    copy = "Unwell & low: {crisis_line}. Now: {emergency_line} Go."
    assert lines.filled(copy) == text
    assert lines.with_lines(copy) == text.replace("&", "&amp;").replace("911", call("911"))


def test_a_text_is_escaped_and_its_other_braces_stay():
    assert lines.with_lines("<b>{phone}</b>") == "&lt;b&gt;{phone}&lt;/b&gt;"


class TestChecks:
    def problems(self):
        return [(message.id, message.msg) for message in run_checks(tags=["clinic"]) if message.id in CHECKS]

    @pytest.mark.parametrize("region", defaults.REGIONS)
    def test_each_region_is_sound(self, settings, region):
        set_region(settings, region)
        assert self.problems() == []

    @pytest.mark.parametrize(
        ("given", "check", "named"),
        [
            ({"CRISIS_LINE": "call 13 11 14"}, "clinic.W004", 'CRISIS_LINE names the number "13 11 14"'),
            ({"EMERGENCY_LINE": "Call 15 now, 24 hours a day."}, "clinic.W004", 'EMERGENCY_LINE names the number "15"'),
            ({"URGENT_LINE": "call 0116-123."}, "clinic.W004", 'URGENT_LINE names the number "0116-123"'),
            ({"CRISIS_PHONE": "LIFELINE", "CRISIS_LINE": "call a friend"}, "clinic.W005", "CRISIS_PHONE"),
            ({"EMERGENCY_NUMBER": "1", "EMERGENCY_LINE": "Call."}, "clinic.W005", "EMERGENCY_NUMBER"),
            ({"URGENT_PHONE": "111", "URGENT_LINE": "call your doctor."}, "clinic.W006", "URGENT_PHONE"),
            ({"CRISIS_TEXT": "988", "CRISIS_PHONE": "988", "CRISIS_LINE": "call 988"}, "clinic.W006", "CRISIS_TEXT"),
        ],
    )
    def test_each_fault_is_found(self, settings, given, check, named):
        set_region(settings, "default")
        set_fields(settings, **given)
        [(number, message)] = self.problems()
        assert number == check
        assert message.startswith(named)

    def test_a_number_that_changed_in_one_place_only_is_told_from_both_sides(self, settings):
        set_region(settings, "US")
        settings.EMERGENCY_NUMBER = "112"
        assert [number for number, _ in self.problems()] == ["clinic.W004", "clinic.W004", "clinic.W006"]
