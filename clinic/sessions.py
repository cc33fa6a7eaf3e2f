"""Django's session middleware, and the truth about a session that could not be kept."""

import logging

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.db import DatabaseError, Error
from django.http import HttpRequest, HttpResponse

from clinic import error_pages

logger = logging.getLogger(__name__)


class SessionMiddleware(DjangoSessionMiddleware):
    """Django answers 400, "bad request", whenever a session cannot be written. Nobody sent anything bad.

    The work of the request is committed by then. When the database is away, the answer is the calm 503; pressing again
    leads to where the first press would have led. When the session was ended meanwhile, by signing out in another tab,
    the answer says that.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except SessionInterrupted as problem:
            if was_ended(problem):
                return error_pages.session_ended(request)
            logger.error("the session was not written: the database failed after the work was done")
            return error_pages.service_unavailable(request)
        except Error as problem:
            logger.error("the session was not written (%s)", type(problem).__name__)
            return error_pages.service_unavailable(request)


def was_ended(problem: SessionInterrupted) -> bool:
    """Whether the session's row is gone. A database that fails raises one of DatabaseError's own kinds instead."""
    update = problem.__context__
    cause = update.__context__ if isinstance(update, UpdateError) else None
    return cause is None or type(cause) is DatabaseError
