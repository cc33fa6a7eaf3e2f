"""Django's session middleware, and the truth about a session that could not be kept."""

import datetime
import logging
from typing import Any, Final

from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as DjangoSessionMiddleware
from django.db import DatabaseError, Error
from django.http import HttpRequest, HttpResponse

from clinic.core import clock, error_pages
from clinic.core.logs import cause_of, note_cause

logger = logging.getLogger(__name__)
SECOND_PRESS: Final = datetime.timedelta(minutes=1)


class MessageStorage(SessionStorage):
    """Notes on the request that nothing but a message to be shown once was put into its session."""

    def _store(self, messages: Any, response: HttpResponse, *args: Any, **kwargs: Any) -> Any:
        was_modified = self.request.session.modified
        unstored = super()._store(messages, response, *args, **kwargs)  # type: ignore[misc]  # unknown to the stubs
        vars(self.request)["only_messages"] = not was_modified
        return unstored


def renew(request: HttpRequest, *, keeps: str) -> None:
    """Go on under a new session id, with all that the session holds: whoever knew the old one learns nothing new.

    What stands under `keeps` can still be found by the old id, for a minute: the second press of a double click comes
    with it, and would else end in a session that has lost it.
    """
    session = request.session
    old_key, kept = session.session_key, session.get(keeps)
    session.cycle_key()
    if old_key is None or not kept:
        return
    row = {"session_data": session.encode({keeps: kept}), "expire_date": clock.now() + SECOND_PRESS}
    session.model.objects.update_or_create(session_key=old_key, defaults=row)  # type: ignore[attr-defined]


class SessionMiddleware(DjangoSessionMiddleware):
    """Django answers 400, "bad request", whenever a session cannot be written. Nobody sent anything bad.

    The work of the request is committed by then. When the database is away, the answer is the calm 503; pressing again
    leads to where the first press would have led. When the session was ended meanwhile, by signing out in another tab,
    the answer says that. Where the session holds nothing new but "it is done", to be shown once, what was done stands,
    and the answer is the one that it would have been: the next page shows how things stand.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            return super().process_response(request, response)
        except SessionInterrupted as problem:
            if was_ended(problem):
                return error_pages.session_ended(request)
            return not_written(request, response, database_error_in(problem) or problem)
        except Error as problem:
            return not_written(request, response, problem)


def database_error_in(problem: SessionInterrupted) -> BaseException | None:
    """What Django turned into an UpdateError, and that into "interrupted"."""
    update = problem.__context__
    return update.__context__ if isinstance(update, UpdateError) else None


def was_ended(problem: SessionInterrupted) -> bool:
    """Whether the session's row is gone. A database that fails raises one of DatabaseError's own kinds instead."""
    cause = database_error_in(problem)
    return cause is None or type(cause) is DatabaseError


def not_written(request: HttpRequest, response: HttpResponse, problem: BaseException) -> HttpResponse:
    cause = f"session not written: {cause_of(problem)}"
    if getattr(request, "only_messages", False):
        logger.warning("%s: a message is not shown", cause)
        return response
    note_cause(request, cause)
    # The work of the request is committed by then.
    return error_pages.service_unavailable(request, may_be_kept=True)
