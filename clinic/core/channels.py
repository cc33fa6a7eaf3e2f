"""Ways out of the clinic: how a message is written, sent and read again. Email today; another is one more class.

A channel is handed bytes and an address, so that every attempt sends what the first one sent.
"""

import dataclasses
import email
import email.message
import email.policy
import hashlib
import logging
import smtplib
from collections.abc import Callable
from email.utils import formataddr, parseaddr
from typing import Any, Final, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from clinic.core.addresses import mailable
from clinic.core.failures import name_of

logger = logging.getLogger(__name__)

EMAIL: Final = "email"
CALENDAR: Final = "text/calendar"
CALENDAR_FILE: Final = "appointment.ics"
CONNECT_SECONDS: Final = 10
OUR_OWN_TROUBLE: Final = (
    smtplib.SMTPAuthenticationError,
    smtplib.SMTPConnectError,
    smtplib.SMTPHeloError,
    smtplib.SMTPSenderRefused,
)
"""A final no to the clinic, not to this message: to park every message for it would lose them all."""


class NotTaken(Exception):
    """The mail backend said that it sent nothing."""


@dataclasses.dataclass(frozen=True, slots=True)
class CalendarPart:
    """A calendar file that goes with a mail, and what it asks of a calendar: REQUEST or CANCEL (RFC 5546)."""

    content: bytes
    method: str

    @property
    def is_removal(self) -> bool:
        return self.method == "CANCEL"


@dataclasses.dataclass(frozen=True, slots=True)
class MessageDraft:
    """What a composer hands over. A channel takes from it what it can carry: a text message has no subject."""

    to: str
    text: str
    subject: str = ""
    html: str = ""
    calendar: CalendarPart | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Letter:
    """What was composed, as a person reads it."""

    to: str
    text: str
    subject: str = ""
    sender: str = ""
    html: str = ""


class Channel(Protocol):
    def write(self, draft: MessageDraft, *, key: str) -> bytes:
        """The bytes that every attempt will send. Raises AddressRefused when nothing can be sent to `draft.to`."""
        ...

    def send(self, content: bytes, *, to: str) -> None:
        """Hand it over, or raise. It must end by itself within the lease, however slow the other side is."""
        ...

    def read(self, content: bytes) -> Letter: ...

    def is_final(self, error: Exception) -> bool:
        """Whether this failure is a no to this very message, so that trying again cannot help."""
        ...


class Email:
    def write(self, draft: MessageDraft, *, key: str) -> bytes:
        mail = EmailMultiAlternatives(
            subject=draft.subject,
            body=draft.text,
            from_email=_sender(),
            to=[mailable(draft.to)],
            headers={"Message-ID": message_id(key), "Auto-Submitted": "auto-generated"},
        )
        if draft.html:
            mail.attach_alternative(draft.html, "text/html")
        # Django's messages take a line ending; the standard library's, which its types name, do not.
        message: Any = _with_calendar(mail, draft.calendar) if draft.calendar else mail.message()
        content: bytes = message.as_bytes(linesep="\r\n")
        return content

    def send(self, content: bytes, *, to: str) -> None:
        """By a connection of its own: what one message did to a connection must not reach the next."""
        connection: Any = get_connection(timeout=CONNECT_SECONDS)
        try:
            connection.open()
            if connection.send_messages([_StoredMail(content, to=to)]) != 1:
                raise NotTaken
        finally:
            try:
                connection.close()
            except Exception as error:
                # Whether the mail was taken is known by now; a goodbye that fails must not send it again.
                logger.info("mail connection not closed: %s", name_of(error))

    def read(self, content: bytes) -> Letter:
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        plain, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
        return Letter(
            to=str(parsed["To"]),
            text=_lines(plain.get_content()) if plain else "",
            subject=str(parsed["Subject"]),
            sender=str(parsed["From"]),
            html=_lines(html.get_content()) if html else "",
        )

    def is_final(self, error: Exception) -> bool:
        """A 5xx to this message or its recipient."""
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            return all(500 <= code < 600 for code, _ in error.recipients.values())
        if isinstance(error, OUR_OWN_TROUBLE):
            return False
        return isinstance(error, smtplib.SMTPResponseException) and 500 <= error.smtp_code < 600


def _with_calendar(mail: EmailMultiAlternatives, calendar: CalendarPart) -> Any:
    """Twice: as an alternative that names its method (RFC 6047), which mail programs act upon by themselves, and as a
    file for whoever opens it by hand.
    """
    mail.attach_alternative(calendar.content.decode().replace("\r\n", "\n"), CALENDAR)
    mail.attach(CALENDAR_FILE, calendar.content, "application/ics")
    message = mail.message()
    for part in message.walk():
        if part.get_content_type() == CALENDAR:
            part.set_param("method", calendar.method)
    return message


class _StoredMail(EmailMultiAlternatives):
    """A mail that was written before, for Django's mail backends: whatever they ask for, the stored bytes go.

    The sender of the envelope is today's: where the setting was wrong, putting it right lets waiting mail go.
    """

    def __init__(self, content: bytes, *, to: str) -> None:
        letter = EMAIL_CHANNEL.read(content)
        super().__init__(subject=letter.subject, body=letter.text, from_email=_sender(), to=[mailable(to)])
        if letter.html:
            self.attach_alternative(letter.html, "text/html")
        self.content = content

    def message(self, *, policy: Any = None) -> Any:
        message = email.message_from_bytes(self.content, _class=_StoredMessage)
        message.content = self.content
        return message


class _StoredMessage(email.message.Message):
    """Its headers can be asked for; its bytes are the stored ones, whatever would be written from its parts."""

    content: bytes

    def as_bytes(self, *args: Any, linesep: str = "\n", **kwargs: Any) -> bytes:
        return self.content if linesep == "\r\n" else self.content.replace(b"\r\n", linesep.encode())


def message_id(key: str) -> str:
    """It follows from the key, so that one mail that arrives twice shows once."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{settings.SITE_HOST}>"


def _sender() -> str:
    return formataddr((settings.CLINIC_NAME, mailable(parseaddr(settings.DEFAULT_FROM_EMAIL)[1])))


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


EMAIL_CHANNEL: Final = Email()
CHANNELS: Final[dict[str, Channel]] = {EMAIL: EMAIL_CHANNEL}
SERVES: Final[dict[str, Callable[[str], bool]]] = {}
"""Channel -> whether it serves a lane; one that is not named here serves all of them."""
