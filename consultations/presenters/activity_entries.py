"""One line of a history: who did what, as one message that a translator can turn around."""

import dataclasses
import datetime
import re
from collections.abc import Mapping
from typing import Final

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from clinic.core import clock

PLACE: Final = re.compile(r"%\((\w+)\)[sd]")


@dataclasses.dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One thing that happened: a message with `%(who)s` in it, filled by `values`. `text` is what somebody wrote,
    exactly.
    """

    at: datetime.datetime | None
    message: str
    values: Mapping[str, object]
    text: str = ""
    extra: str = ""

    @property
    def when(self) -> str:
        return clock.moment(self.at) if self.at else ""

    @property
    def who(self) -> str:
        return str(self.values["who"])

    @property
    def plain(self) -> str:
        return self.message % self.values

    @property
    def html(self) -> SafeString:
        """The same with who did it in bold."""
        pattern = PLACE.sub(r"{\1}", escape(self.message))
        return format_html(pattern, **{**self.values, "who": format_html("<b>{}</b>", self.who)})
