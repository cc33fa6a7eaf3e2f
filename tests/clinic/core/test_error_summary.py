"""Staff forms that were refused name what is missing."""

import pytest
from django import forms
from django.contrib.auth.models import Group

from clinic.core.error_summary import SummaryFirst


class Sample(SummaryFirst, forms.Form):
    old_password = forms.CharField()
    who = forms.ChoiceField(label="Who", choices=[("", "Select"), ("a", "Nora")])
    role = forms.ModelChoiceField(label="Role", queryset=Group.objects.none(), widget=forms.TextInput)
    note = forms.CharField(label="Note for the next shift", required=False)


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        (
            {},
            {
                "old_password": ["Enter a value for “Old password”."],
                "who": ["Select an option for “Who”."],
                "role": ["Select an option for “Role”."],
            },
        ),
        ({"old_password": "x", "who": "a"}, {"role": ["Select an option for “Role”."]}),
    ],
)
def test_an_empty_field_is_asked_for_by_its_label(data: dict[str, str], errors: dict[str, list[str]]) -> None:
    assert Sample(data).errors == errors
