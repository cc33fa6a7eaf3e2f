r"""Text of a calendar, written so that it reads as it was typed (RFC 5545, 3.3.11).

icalendar 7.3 takes a backslash before an N for a line break, and "Stock 2\Nord" would become two lines.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from icalendar import vText

NOT_WRITTEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
"""Control characters, which no calendar may hold."""


def exact_text(value: str) -> "vText":
    lines = NOT_WRITTEN.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
    text: vText = _text_type()(lines)
    return text


@lru_cache(maxsize=1)
def _text_type() -> Any:
    from icalendar import vText

    class ExactText(vText):
        def to_ical(self) -> bytes:
            text = str(self).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
            return text.encode()

    return ExactText
