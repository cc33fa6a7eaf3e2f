"""SMTP with an end: one message takes no longer than SECONDS, however slowly a server answers.

A socket's own timeout begins anew with each byte, so a server that answers letter by letter would hold a sender for
ever.
"""

import contextlib
import smtplib
import socket
import threading
from typing import Any, Final

from django.core.mail.backends import smtp

SECONDS: Final = 30


class _WithEnd:
    """Shuts the socket when time is up; what waits on it then fails as a lost connection."""

    sock: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._watch = threading.Timer(SECONDS, self._cut)
        self._watch.daemon = True
        self._watch.start()
        try:
            super().__init__(*args, **kwargs)
        except BaseException:
            self._watch.cancel()
            raise

    def _cut(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._watch.cancel()
        super().close()  # type: ignore[misc]


class _SMTP(_WithEnd, smtplib.SMTP):
    pass


class _SMTPOverTLS(_WithEnd, smtplib.SMTP_SSL):
    pass


class EmailBackend(smtp.EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _SMTPOverTLS if self.use_ssl else _SMTP

    def _close_connection(self, connection: smtplib.SMTP) -> None:
        try:
            super()._close_connection(connection)  # type: ignore[misc]
        finally:
            connection.close()
