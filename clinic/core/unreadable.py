"""What somebody sees when stored data cannot be shown: one record is damaged, the keys do not fit, or nobody could note
who reads it.
"""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from clinic.core import error_pages
from clinic.core.encryption import DamagedRecord, KeysUnusable
from clinic.core.logs import cause_of, note_cause
from clinic.core.reading_log import ReadingNotLogged

logger = logging.getLogger(__name__)


class UnreadableMiddleware:
    """Never a 500: a calm page that says whom to call. What was written in the form stands there again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, KeysUnusable):
            note_cause(request, f"keys: {exception.short}")
            return error_pages.keys_unusable(request)
        if isinstance(exception, ReadingNotLogged):
            cause = cause_of(exception.__cause__ or exception)
            note_cause(request, f"reading not logged: {cause}")
            logger.error("a page is not shown: who reads it cannot be written down (%s)", cause)
            return error_pages.reading_not_logged(request)
        if isinstance(exception, DamagedRecord):
            record = exception.record or "a value (number unknown)"
            note_cause(request, f"damaged: {record}")
            logger.error("a page cannot be shown: %s cannot be read (%s)", record, type(exception).__name__)
            return error_pages.record_unreadable(request)
        return None
