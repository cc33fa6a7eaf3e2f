"""What was typed or chosen in a form that was not taken: given back in the answer to it, and kept nowhere else."""

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

from django import forms
from django.db.models import BooleanField, Field
from django.http import HttpRequest, QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clinic.core.text_lists import comma_list

Fields = Mapping[str, forms.Field]
Reader = Callable[[HttpRequest], "list[Unsent]"]

LONGEST: Final = 700_000
"""Bytes of a form. The sign-in form takes the text along, so all of it must fit into one more form of at most 1 MiB."""
MOST: Final = 100
SECRET: Final = re.compile(r"pass(word|phrase|code)|pwd|token|secret|otp", re.IGNORECASE)
MACHINE: Final = re.compile(
    r"_.*|initial-.*|.*__prefix__.*|.*-(TOTAL|INITIAL|MIN_NUM|MAX_NUM)_FORMS|.*-id|.*-DELETE"
    r"|action|again|digest|edit|from|id|index|next|part|post|rule|seen|select_across|slot|slot_key|unsent_.*"
)
CODE: Final = re.compile(r"[a-z0-9_.:-]*|[A-Za-z0-9_.:=~+/-]{32,}")
"""What a button, a box or a signature sends: nobody typed it."""
LABELS: Final = {
    "answer": _("Your answer"),
    "at": _("Day and time"),
    "comment": _("Comment"),
    "email": _("Email address"),
    "helper_name": _("Name of the helper"),
    "message": _("Your message"),
    "moved_to": _("Where it moved to"),
    "name": _("Name"),
    "note": _("Note"),
    "outcome": _("Outcome"),
    "phone": _("Phone number"),
    "q": _("Searched for"),
    "question": _("Question"),
    "reason": _("Reason"),
    "text": _("Your words"),
    "username": _("Name for signing in"),
    "words": _("Your words"),
}
"""Field name -> plain words, for forms that nobody has described."""


@dataclasses.dataclass(frozen=True, slots=True)
class Unsent:
    """One field: free text to copy, or what was chosen, in words. The label is "" where nobody can name the field."""

    label: str
    text: str
    is_choice: bool = False

    @property
    def rows(self) -> int:
        # On a phone a line holds some thirty letters.
        return max(1, min(12, sum(1 + len(line) // 30 for line in self.text.split("\n"))))


def gives_back(reader: Reader) -> Callable[[Any], Any]:
    """Name the function that tells what the form of a view held. Decorators outside this one pass it on."""

    def decorate(view: Any) -> Any:
        view.unsent_reader = reader
        return view

    return decorate


def of_form(form: type[forms.BaseForm]) -> Reader:
    """A reader for a view with this one form."""
    fields: Fields = getattr(form, "base_fields")  # noqa: B009
    return lambda request: list(_described(request.POST, fields))


def in_form(data: Mapping[str, Any], form: type[forms.BaseForm]) -> "list[Unsent]":
    """What `data` holds for the fields of this form, which may have reached us another way than by a POST."""
    query = QueryDict(mutable=True)
    for name, value in data.items():
        query.setlist(name, value if isinstance(value, list) else [str(value)])
    return list(_described(query, getattr(form, "base_fields")))  # noqa: B009


def unsent_of(request: HttpRequest) -> "list[Unsent]":
    """Everything somebody typed into the form that this request brought, without secrets and machine fields."""
    view = getattr(request.resolver_match, "func", None)
    reader: Reader | None = getattr(view, "unsent_reader", None)
    if reader is not None:
        return bounded(reader(request))
    fields = _fields_of_admin(getattr(view, "model_admin", None))
    is_staff_form = bool(request.resolver_match and "admin" in request.resolver_match.namespaces)
    unsent = [*_described(request.POST, fields), *_named(request.POST, fields, is_staff_form=is_staff_form)]
    return bounded([*unsent, *carried(request.POST)])


def carried(data: QueryDict) -> "list[Unsent]":
    """What a sign-in form took along, from a form that came without a session."""
    kinds, labels, texts = (data.getlist(f"unsent_{part}") for part in ("kind", "label", "text"))
    if not len(kinds) == len(labels) == len(texts):
        return []
    return [
        Unsent(label, _lines(text), kind == "choice")
        for kind, label, text in zip(kinds, labels, texts, strict=True)
        if text.strip()
    ]


def bounded(items: "Iterable[Unsent]") -> "list[Unsent]":
    """As much of it as one more form can hold; a text that had to be cut says so in its label."""
    left = LONGEST
    shortened: list[Unsent] = []
    for item in list(items)[:MOST]:
        size = _size(item.text) + _size(item.label) + 100
        if size > left:
            # No character takes more than twelve bytes in a form.
            text = item.text[: max(0, left - _size(item.label) - 100) // 12]
            cut = dataclasses.replace(
                item, text=text, label=(gettext("%(label)s (only the beginning)") % {"label": item.label}).strip()
            )
            return [*shortened, cut] if text else shortened
        shortened.append(item)
        left -= size
    return shortened


def _size(text: str) -> int:
    return len(quote_plus(text.replace("\n", "\r\n")))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _described(data: QueryDict, fields: Fields) -> Iterator[Unsent]:
    """What was given to fields that we know, in the order of the form that was sent."""
    for name in data:
        field = fields.get(name)
        if field is None or SECRET.search(name) or MACHINE.fullmatch(name) or field.widget.is_hidden:
            continue
        values = [value for value in data.getlist(name) if value.strip()]
        label = str(field.label or name.replace("_", " ").capitalize())
        if isinstance(field, forms.BooleanField):
            if values:
                yield Unsent(label, gettext("Ticked"), is_choice=True)
        elif isinstance(field, forms.ModelChoiceField):
            continue  # Its words stand in the database, and whoever sent this has not signed in.
        elif isinstance(field, forms.ChoiceField):
            choices: Any = field.choices
            names = {str(value): str(name) for value, name in choices if not isinstance(name, list | tuple)}
            if chosen := [names[value] for value in values if value in names]:
                yield Unsent(label, comma_list(chosen), is_choice=True)
        elif values:
            yield Unsent(label, _lines("\n".join(values)))


def _named(data: QueryDict, known: Fields, *, is_staff_form: bool) -> Iterator[Unsent]:
    """What was given to any other field. Staff read its name in words; a patient reads a label or none."""
    for name in data:
        if name in known or SECRET.search(name) or MACHINE.fullmatch(name):
            continue
        label = LABELS.get(name, name.replace("_", " ").replace("-", " ").capitalize() if is_staff_form else "")
        for value in data.getlist(name):
            if value.strip() and (name in LABELS or not CODE.fullmatch(value)):
                yield Unsent(str(label), _lines(value))


def _fields_of_admin(model_admin: Any) -> dict[str, forms.Field]:
    """The form fields of a stock page: those of the model, with what its forms say about them."""
    if model_admin is None:
        return {}
    fields = {field.name: _field_of(field) for field in model_admin.model._meta.fields}
    for name in ("form", "add_form"):
        fields |= getattr(getattr(model_admin, name, None), "base_fields", {})
    return fields


def _field_of(column: Field) -> forms.Field:
    """Enough of a form field to name what was given to it."""
    label = capfirst(column.verbose_name)
    if column.is_relation:
        return forms.ModelChoiceField(queryset=None, label=label)
    if isinstance(column, BooleanField):
        return forms.BooleanField(label=label)
    if column.choices:
        return forms.ChoiceField(label=label, choices=column.choices)
    return forms.CharField(label=label)
