"""How long a check that was not sent is open in its browser: pages say what the setting says."""

import pytest
from django.conf import settings
from django.template.loader import render_to_string

from clinic.core.context_processors import facts

PAGES = [
    ("consultations/check/start.html", {}),
    ("consultations/check/start_another.html", {}),
    ("consultations/check/lost.html", {}),
    ("consultations/check/lost.html", {"was_carried": True}),
    ("consultations/check/carried_note.html", {"carried": "sealed"}),
    ("clinic/privacy.html", {}),
]


@pytest.mark.parametrize(("template", "context"), PAGES)
def test_page_says_the_hours_of_the_setting(template, context, settings):
    settings.KEEP_UNSENT_HOURS = 36

    html = render_to_string(template, {"clinic": facts(), **context})

    assert "36 hours" in html
    assert "12 hours" not in html


def test_one_hour_is_said_in_the_singular(settings):
    settings.KEEP_UNSENT_HOURS = 1

    assert facts()["unsent_open_for"] == "1 hour"


def test_a_session_lives_as_long():
    assert settings.SESSION_COOKIE_AGE == settings.KEEP_UNSENT_HOURS * 60 * 60
