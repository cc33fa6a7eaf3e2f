"""Why a calendar could not be read. No text of the calendar, its server or its address stands in any of these."""

import enum


class Failure(enum.StrEnum):
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    REFUSED_ADDRESS = "refused_address"
    SIGN_IN = "sign_in"
    GONE = "gone"
    SERVER = "server"
    REDIRECTS = "redirects"
    TOO_BIG = "too_big"
    TOO_MUCH = "too_much"
    UNREADABLE = "unreadable"
    NO_COLLECTION = "no_collection"


class CalendarUnread(Exception):
    """A calendar could not be read; `failure` is all that may be told of it."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure
