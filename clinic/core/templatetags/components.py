"""The components of the house style: what would else be repeated by hand, each with a template of its own name.

`/ui/` (with DEBUG) shows each of them in every state. A component is told everything: its template sees no variable of
the page around it, so what stands at the top of the template is all that it may use.
"""

from typing import Any, Protocol

from django import forms, template
from django.template.defaultfilters import cut
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

register = template.Library()

ICONS = {"warn": "alert", "danger": "alert"}
"""What a note or a flag of this kind shows unless it is told another icon; every other kind has "info"."""


class ChipContent(Protocol):
    """What a presenter hands over for a chip."""

    @property
    def text(self) -> str: ...

    @property
    def kind(self) -> str: ...


def _component(component: str, /, **variables: Any) -> SafeString:
    return render_to_string(f"components/{component}.html", variables)


def _in_a_line(component: str, /, **variables: Any) -> SafeString:
    # The line breaks of the template would be a space before the comma that follows the component.
    return conditional_escape(cut(_component(component, **variables), "\n"))


@register.simple_block_tag
def note(
    content: str,
    kind: str = "",
    *,
    icon: str = "",
    heading: str = "",
    labelled_by: str = "",
    look: str = "",
    role: str = "",
    id: str = "",
    is_slim: bool = False,
    css: str = "",
) -> SafeString:
    """Something to notice while reading. With `labelled_by`, the id of its heading, it is a section."""
    return _component(
        "note",
        content=content,
        kind=kind,
        icon=icon or ICONS.get(kind, "info"),
        heading=heading,
        labelled_by=labelled_by,
        look=look,
        role=role,
        id=id,
        is_slim=is_slim,
        css=css,
    )


@register.simple_block_tag
def flag(
    content: str,
    kind: str = "",
    *,
    icon: str = "",
    heading: str = "",
    labelled_by: str = "",
    role: str = "",
    css: str = "",
) -> SafeString:
    """What staff must see before they go on. Without a kind it says that something is in order."""
    return _component(
        "flag",
        content=content,
        kind=kind,
        icon=icon or ICONS.get(kind, "info"),
        heading=heading,
        labelled_by=labelled_by,
        role=role,
        css=css,
    )


@register.simple_block_tag
def box(
    content: str,
    *,
    heading: str = "",
    labelled_by: str = "",
    look: str = "",
    is_flush: bool = False,
    css: str = "",
) -> SafeString:
    """One part of a staff page. `is_flush` is for a table, which brings its own distances."""
    return _component(
        "box",
        content=content,
        heading=heading,
        labelled_by=labelled_by,
        look=look,
        is_flush=is_flush,
        css=css,
    )


@register.simple_block_tag
def card(
    content: str,
    *,
    heading: str = "",
    labelled_by: str = "",
    css: str = "",
) -> SafeString:
    """One part of a patient's page or of a reading page: what `box` is for staff, wider and softer."""
    return _component(
        "card",
        content=content,
        heading=heading,
        labelled_by=labelled_by,
        css=css,
    )


@register.simple_block_tag
def stacking_table(
    content: str,
    *,
    caption: str,
    columns: str,
    hidden: str = "",
    is_staff: bool = True,
    id: str = "",
    css: str = "",
) -> SafeString:
    """A table that becomes a list of cards on a small screen. The content is rows of `th` and of `cell`.

    `columns` names the columns with a bar between them; `hidden` names a last one that only a screen reader needs.
    """
    return _component(
        "stacking_table",
        content=content,
        caption=caption,
        columns=columns.split("|"),
        hidden=hidden,
        is_staff=is_staff,
        id=id,
        css=css,
    )


@register.simple_block_tag
def cell(content: str, label: str = "", *, css: str = "") -> SafeString:
    """One cell of a stacking table: `label` is its column's name, which a small screen shows before it."""
    return _component("cell", content=content, label=label, css=css)


@register.simple_block_tag
def page_head(content: str, title: str, *, lead: str = "", css: str = "") -> SafeString:
    """The top of a reading page. The content stands between the heading and the lead: mostly nothing."""
    return _component("page_head", content=content, title=title, lead=lead, css=css)


@register.simple_tag
def action_row(
    submit: str = "",
    *,
    go: str = "",
    go_url: str = "",
    other: str = "",
    other_url: str = "",
    later: str = "",
    is_quiet: bool = False,
    css: str = "",
) -> SafeString:
    """The end of a task: a button that sends the form (`submit`) or a link (`go`), and a second way on.

    `later` is a second button, which sends the form as it is.
    """
    return _component(
        "action_row",
        submit=submit,
        go=go,
        go_url=go_url,
        other=other,
        other_url=other_url,
        later=later,
        is_quiet=is_quiet,
        css=css,
    )


@register.simple_block_tag(takes_context=True)
def post_button(
    context: template.Context,
    content: str,
    url: str,
    *,
    kind: str = "quiet",
    is_small: bool = True,
    is_wide: bool = False,
    name: str = "",
    value: str = "",
    described_by: str = "",
    css: str = "",
) -> SafeString:
    """A form that is one button. The content is what the button says; `name` and `value` travel hidden."""
    return _component(
        "post_button",
        # A browser takes blanks after hidden words for one more part, with a distance of its own.
        content=SafeString(content.strip()),
        url=url,
        csrf_token=context.get("csrf_token"),
        kind=kind,
        is_small=is_small,
        is_wide=is_wide,
        name=name,
        value=value,
        described_by=described_by,
        css=css,
    )


@register.simple_tag
def back_link(url: str, label: str = "Back") -> SafeString:
    """The way back, above the heading."""
    return _component("back_link", url=url, label=label)


@register.simple_tag
def chip(said: "ChipContent | str", kind: str = "") -> SafeString:
    """A state in one or two words. Give a presenter's chip, or words and a kind."""
    return _in_a_line("chip", text=getattr(said, "text", said), kind=getattr(said, "kind", kind))


@register.simple_tag
def phone_link(number: str, href: str, *, css: str = "") -> SafeString:
    """A telephone number that dials: `href` is the number as dialled, `number` as it is read."""
    return _in_a_line("phone_link", number=number, href=href, css=css)


@register.simple_tag(takes_context=True)
def clinic_phone(context: template.Context) -> SafeString:
    """The clinic's own number."""
    clinic = context["clinic"]
    return _in_a_line("phone_link", number=clinic["phone"], href=clinic["phone_tel"], css="")


@register.simple_tag(takes_context=True)
def emergency_button(context: template.Context, *, look: str = "btn btn-primary") -> SafeString:
    """The button that dials the emergency number; nothing where no single number is set."""
    clinic = context["clinic"]
    return _component("emergency_button", href=clinic["emergency_href"], number=clinic["emergency_number"], look=look)


@register.simple_tag
def error_summary(
    form: forms.BaseForm | None = None, *, error: str = "", target: str = "", labelled_by: str = "error-summary"
) -> SafeString:
    """All that is wrong, first on the sheet, with a link to each field; nothing while nothing is wrong.

    A page without a Django form says one `error` and the id of what it is about (`target`).
    """
    errors = [{"text": error, "target": target}] if error else []
    return _component(
        "error_summary", errors=errors + (_errors_of(form) if form is not None else []), labelled_by=labelled_by
    )


def _errors_of(form: forms.BaseForm) -> list[dict[str, str]]:
    errors = [{"text": str(text), "target": ""} for text in form.non_field_errors()]
    for field in form:
        target = field.id_for_label or next((widget.id_for_label for widget in field.subwidgets), "")
        errors += [{"text": str(text), "target": target} for text in field.errors]
    return errors
