"""Gives the messages of the templates to Babel, for `make messages`. Babel itself reads Python alone."""

import io
import re
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any, Final

from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

QUOTED: Final = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
CALL: Final = re.compile(rf"\b(?:_|n?p?gettext)\((?:[^'\"()]|{QUOTED})*\)")


def extract(
    file: IO[bytes], keywords: Mapping[str, Any], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """The messages of one template, from the calls that Django makes of its tags for xgettext."""
    calls = "\n".join(CALL.findall(templatize(file.read().decode())))
    yield from extract_python(io.BytesIO(calls.encode()), keywords, comment_tags, dict(options))
