"""What gunicorn answers by itself, before a request reaches Django: with our page, our headers and our log line."""

import logging
import secrets
from socket import socket
from typing import Final

from gunicorn.http import errors

from clinic.core import error_pages
from clinic.core.error_headers import of_errors

logger = logging.getLogger(__name__)

STATUS: Final[dict[type[Exception], tuple[int, str]]] = {
    errors.UnsupportedTransferCoding: (501, "Not Implemented"),
    errors.LimitRequestLine: (414, "URI Too Long"),
    errors.LimitRequestHeaders: (431, "Request Header Fields Too Large"),
    errors.ExpectationFailed: (417, "Expectation Failed"),
    errors.ForbiddenProxyRequest: (403, "Forbidden"),
}
OURS: Final = (errors.ConfigurationProblem, errors.InvalidResponseHeader, errors.InvalidResponseHeaderName)
"""What looks like a bad request and is a fault of this side."""


def status_of(error: BaseException) -> tuple[int, str]:
    if isinstance(error, errors.ParseException) and not isinstance(error, OURS):
        return STATUS.get(type(error), (400, "Bad Request"))
    return 500, "Internal Server Error"


def answer(client: socket, error: BaseException) -> None:
    """Log and answer. The words of such an error quote what was sent, so only its kind is logged."""
    status, reason = status_of(error)
    number = secrets.token_hex(8)
    known = {"status_code": status, "request_id": number, "cause": type(error).__name__}
    if status == 500:
        logger.error("request failed in the web server", exc_info=error, extra=known)
    else:
        logger.warning("Refused: %s", type(error).__name__, extra=known)
    try:
        client.sendall(_message(status, reason, number))
    except OSError:
        logger.info("whoever sent it did not wait for the answer", extra=known)


def _message(status: int, reason: str, number: str) -> bytes:
    page = error_pages.server_error_page(number) if status == 500 else error_pages.unreadable(status)
    headers = {
        "Connection": "close",
        "Content-Type": "text/html; charset=utf-8",
        "Content-Length": str(len(page.content)),
        "X-Request-ID": number,
        **of_errors(),
    }
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + page.content
