"""The messages of templates reach the catalogue."""

import io

from babel.messages.extract import DEFAULT_KEYWORDS

from tests.pseudo.template_messages import extract

SOURCE = """{% load i18n %}
  <p>{% blocktranslate count n=3 %}One case{% plural %}{{ n }} cases{% endblocktranslate %} isn't
{% translate "It's yours" %} {% translate "May" context "month" %}</p>"""


def test_each_kind_of_tag_is_read() -> None:
    results = list(extract(io.BytesIO(SOURCE.encode()), DEFAULT_KEYWORDS, [], {}))
    assert [(name, messages) for _line, name, messages, _comments in results] == [
        ("ngettext", ("One case", "%(n)s cases", None)),
        ("gettext", "It's yours"),
        ("pgettext", ("month", "May")),
    ]
