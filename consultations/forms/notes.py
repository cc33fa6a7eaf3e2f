"""A note for colleagues about a safety case or a person."""

from django import forms
from django.utils.translation import gettext_lazy as _

from consultations.forms.staff import text


class NoteForm(forms.Form):
    note_text = text(_("Note for colleagues"), required=_("Write the note before you save it."))


class CaseNoteForm(NoteForm):
    """Who entered what led to a case can say that it was a mistake."""

    says_mistake = forms.BooleanField(
        label=_("I entered by mistake what led to this case"),
        required=False,
        help_text=_("A doctor can then close it as entered by mistake."),
    )
