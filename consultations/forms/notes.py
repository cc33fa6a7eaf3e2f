"""A note for colleagues about a safety case or a person."""

from django import forms

from consultations.forms.staff import text


class NoteForm(forms.Form):
    note_text = text("Note for colleagues", required="Write the note before you save it.")
