"""Rows of the stock lists as label and value, so that a list stacks into cards on a phone and says its labels."""

import dataclasses
import datetime
from collections.abc import Iterator
from typing import Any

from django import template
from django.contrib.admin.templatetags.admin_list import result_headers
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import display_for_field, display_for_value, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.utils.translation import gettext as _

from clinic.core import clock

register = template.Library()

EMPTY = "–"


@dataclasses.dataclass(frozen=True, slots=True)
class ListCell:
    """One value of a row. `url` leads to the record, from the column that names it."""

    label: str
    value: Any
    url: str
    is_name: bool


@register.simple_tag
def list_headers(cl: ChangeList) -> list[dict[str, Any]]:
    return list(result_headers(cl))


@register.simple_tag(takes_context=True)
def list_rows(context: template.Context, cl: ChangeList) -> Iterator[list[ListCell]]:
    labels = [str(header["text"]) for header in result_headers(cl)]
    for record in cl.result_list:
        url = add_preserved_filters(
            {"preserved_filters": cl.preserved_filters, "opts": cl.opts}, cl.url_for_result(record)
        )
        yield [
            ListCell(
                label=label[:1].upper() + label[1:],
                value=_words(name, record, cl),
                url=url if name in (cl.list_display_links or ()) else "",
                is_name=index == 0,
            )
            for index, (name, label) in enumerate(zip(cl.list_display, labels, strict=True))
        ]


def _words(name: Any, record: models.Model, cl: ChangeList) -> Any:
    field, attribute, value = lookup_field(name, record, cl.model_admin)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime.datetime):
        return clock.moment(value)
    if isinstance(value, datetime.date):
        return clock.full_date(value)
    if isinstance(value, datetime.time):
        return clock.time(value)
    if field is None or field.auto_created:
        return display_for_value(value, getattr(attribute, "empty_value_display", EMPTY))
    if isinstance(field.remote_field, models.ManyToOneRel):
        related = getattr(record, field.name)
        return EMPTY if related is None else related
    return display_for_field(value, field, EMPTY)
