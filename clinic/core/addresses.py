"""Email addresses: what a form accepts is exactly what is mailed, in one spelling for each address.

What is kept is the address as people read it, with the name after the @ in its own letters. What is mailed is the same
address in ASCII: that name by IDNA, by the standard library's codec (IDNA 2003), because Django's mail encodes by the
same one. Where IDNA 2008 means another name by the same letters (ß, final sigma, joiners), nobody could tell which one
was meant, so we ask for the xn-- form.
"""

import re
import unicodedata
from encodings import idna
from smtplib import quoteaddr
from typing import Final, NamedTuple

from django.core.mail.message import sanitize_address
from django.utils.translation import gettext_lazy as _

LONGEST: Final = 254
LONGEST_LOCAL: Final = 64
LONGEST_DOMAIN: Final = 253
LONGEST_TYPED: Final = 2000
"""Above this nothing is looked at: no address needs it, and IDNA is slow on very long words."""

FORMAT: Final = _("Enter an email address in the right format, like name@example.com.")
SPACE: Final = "Take the space out of the email address. It should look like name@example.com."
LONG: Final = "Enter a shorter email address, of 254 characters or fewer, like name@example.com."
LOCAL: Final = (
    "Enter an email address with only the letters a to z, digits and signs before the @, like name@example.com. We "
    "cannot send email to other letters there."
)
DOMAIN: Final = "Check the part after the @: we cannot send email there. It should look like name@example.com."
TWO_MEANINGS: Final = (
    "Write the part after the @ in the form that starts with xn--, because it can mean two addresses. Your email "
    "provider can tell you this form. Or enter another address, like name@example.com."
)

JOINERS: Final = "\u200c\u200d"
TWO_MEANINGS_IN_IDNA: Final = frozenset("ßς" + JOINERS)
OVERRIDES: Final = "\u202d\u202e"
VISIBLE_FORMATS: Final = frozenset(
    map(chr, [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD])
)
"""Format characters that show: signs around Arabic numbers and the like."""
IGNORABLE: Final = frozenset(
    map(chr, [0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x3164, *range(0xFE00, 0xFE10), 0xFFA0])
) | frozenset(map(chr, range(0xE0100, 0xE01F0)))
"""Characters that show nothing, by Unicode's own list, although their category is letter or mark."""
SEPARATORS: Final = ",;<>"
"""Of two addresses, or of a name and its address: to take out the space would not help."""
BLANK: Final = "\u2800"
"""A letter by its category that looks like a space."""

DOT_ATOM: Final = re.compile(r"[-!#$%&'*+/=?^_`{}|~0-9A-Za-z]+(\.[-!#$%&'*+/=?^_`{}|~0-9A-Za-z]+)*")
LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
LAST_LABEL: Final = re.compile(r"[a-z]{2,63}|xn--[a-z0-9-]{1,58}[a-z0-9]")


class AddressRefused(ValueError):
    """No mail can be sent there. The text is a sentence for the person who typed it, without what they typed."""


class Address(NamedTuple):
    local: str
    domain: str
    """In its own letters."""
    ascii_domain: str

    @property
    def shown(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def mailed(self) -> str:
        return f"{self.local}@{self.ascii_domain}"


def normalise_address(text: str) -> str:
    """The one spelling of an address that is kept and shown. Raises AddressRefused with a sentence."""
    return _read(text).shown


def mailable(text: str) -> str:
    """The address as it goes to the mail server, in ASCII. Raises AddressRefused."""
    return _read(text).mailed


def address_key(text: str) -> str:
    """What two spellings of one address share, to find a person by it: in small letters throughout.

    An address that cannot be mailed has only itself for a spelling.
    """
    try:
        return normalise_address(text).casefold()
    except AddressRefused:
        return text.strip().casefold()


def _read(text: str) -> Address:
    local, at, domain = _plain(text).rpartition("@")
    if not at or not local or not domain:
        raise AddressRefused(FORMAT)
    if not local.isascii():
        raise AddressRefused(LOCAL)
    if not DOT_ATOM.fullmatch(local):
        raise AddressRefused(FORMAT)
    labels = [_label(label) for label in _labels(domain)]
    address = Address(local, ".".join(shown for shown, _ in labels), ".".join(ascii for _, ascii in labels))
    if len(local) > LONGEST_LOCAL or len(address.ascii_domain) > LONGEST_DOMAIN or len(address.mailed) > LONGEST:
        raise AddressRefused(LONG)
    if not LAST_LABEL.fullmatch(labels[-1][1]):
        raise AddressRefused(DOMAIN)
    _prove(address.mailed)
    return address


def _plain(text: str) -> str:
    """NFKC without anything invisible or blank, nor at the ends. Raises AddressRefused."""
    if len(text) > LONGEST_TYPED:
        raise AddressRefused(LONG)
    if any(character in OVERRIDES or character in VISIBLE_FORMATS for character in text):
        raise AddressRefused(FORMAT)
    seen = "".join(character for character in text if not _is_invisible(character)).strip()
    domain = text.rpartition("@")[2]
    if any(joiner in domain for joiner in JOINERS) and not seen.rpartition("@")[2].isascii():
        raise AddressRefused(TWO_MEANINGS)
    if any(_becomes_signs(character) for character in seen):
        raise AddressRefused(SPACE if any(" " in unicodedata.normalize("NFKC", item) for item in seen) else FORMAT)
    plain = unicodedata.normalize("NFKC", seen).replace("\u3002", ".")
    if set(SEPARATORS).intersection(plain):
        raise AddressRefused(FORMAT)
    if any(character.isspace() or character == BLANK for character in plain):
        raise AddressRefused(SPACE)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") for character in plain):
        raise AddressRefused(FORMAT)
    return plain


def is_seen(character: str) -> bool:
    """Whether a person sees it: no space, nothing without a shape."""
    return not (character.isspace() or character == BLANK or _is_invisible(character))


def _is_invisible(character: str) -> bool:
    return character in IGNORABLE or unicodedata.category(character) == "Cf"


def _becomes_signs(character: str) -> bool:
    """One character that NFKC writes out as several, signs among them (⒜, …, ℀): nobody means an address by it."""
    written = unicodedata.normalize("NFKC", character)
    return len(written) > 1 and any(item.isascii() and not item.isalnum() for item in written)


def _labels(domain: str) -> list[str]:
    # Letter by letter, because a capital sigma is the same name wherever it stands; and composed again, because a
    # capital may fall into two characters.
    lowered = unicodedata.normalize("NFKC", "".join(letter.lower() for letter in domain))
    labels = lowered.removesuffix(".").split(".")
    if len(labels) < 2 or "" in labels:
        raise AddressRefused(FORMAT)
    return labels


def _label(label: str) -> tuple[str, str]:
    """(in its own letters, in ASCII). Each must lead to the other. Raises AddressRefused."""
    if label.isascii():
        if not LABEL.fullmatch(label):
            raise AddressRefused(LONG if len(label) > 63 else FORMAT)
        return _decoded(label), label
    if TWO_MEANINGS_IN_IDNA.intersection(label):
        raise AddressRefused(TWO_MEANINGS)
    encoded = _encoded(label)
    if encoded is None or not LABEL.fullmatch(encoded) or _decoded(encoded) != label:
        raise AddressRefused(DOMAIN)
    return label, encoded


def _encoded(label: str) -> str | None:
    try:
        return idna.ToASCII(label).decode()
    except UnicodeError:
        return None


def _decoded(label: str) -> str:
    """The letters an xn-- label stands for; the label itself where they would lead to another name, or to none."""
    if not label.startswith("xn--"):
        return label
    try:
        letters = idna.ToUnicode(label)
    except (UnicodeError, ValueError, IndexError, OverflowError):
        return label
    if letters.isascii() or "." in letters or not _stands(letters) or _encoded(letters) != label:
        return label
    return letters


def _stands(letters: str) -> bool:
    """Whether these letters would be read as they stand, were they typed."""
    if TWO_MEANINGS_IN_IDNA.intersection(letters) or "".join(map(str.lower, letters)) != letters:
        return False
    try:
        return _plain(letters) == letters
    except AddressRefused:
        return False


def _prove(mailed: str) -> None:
    """Django's mail and the standard library's SMTP must name exactly this address, or it is not ours to accept.

    They read `=?utf-8?q?eve?=` before the @, for one, as eve.
    """
    try:
        named = sanitize_address(mailed, "utf-8")
    except ValueError:
        raise AddressRefused(FORMAT) from None
    if named != mailed or quoteaddr(mailed) != f"<{mailed}>":
        raise AddressRefused(FORMAT)
