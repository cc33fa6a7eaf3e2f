"""Staff forms that were refused name what is missing."""

import pytest
from django import forms

from clinic.core.error_summary import SummaryFirst


class Sample(SummaryFirst, forms.Form):
    old_password = forms.CharField()
    who = forms.ChoiceField(label="Who", choices=[("", "Select"), ("a", "Nora")])
    note = forms.CharField(label="Note for the next shift", required=False)


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        (
            {},
            {
                "old_password": ["Enter a value for “Old password”."],
                "who": ["Select an option for “Who”."],
            },
        ),
        ({"old_password": "x", "who": "a"}, {}),
    ],
)
def test_an_empty_field_is_asked_for_by_its_label(data: dict[str, str], errors: dict[str, list[str]]) -> None:
    assert Sample(data).errors == errors
