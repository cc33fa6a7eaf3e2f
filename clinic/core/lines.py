"""The lines for help - emergency, urgent, crisis - with the numbers in them as links that dial.

A link dials only a number that a setting names; the text of a line is searched for it as people write it ("13 11 14",
"(555) 010-0142"). A number that no setting names stays plain text, and a system check says so.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import phonenumbers
from django.conf import settings
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

STOPS: Final = (".", "!", "?", "…")
BETWEEN_DIGITS: Final = r"[\s().\-‐‑–]{0,3}"
NO_DIGITS_BEFORE: Final = r"(?<![\d+])(?<!\d[\s.\-])(?<!\d\)\s)"
NO_DIGITS_AFTER: Final = r"(?!\d)(?![\s.\-](?!24\s?(?:/|h))\d)"
"""Part of a longer number is another number: 999 is not found in "0800 111 999", but 988 is in "988 24/7"."""
DIALLABLE: Final = re.compile(r"\+?[\d\s().\-]+")
DIGITS_OF_A_NUMBER: Final = range(2, 16)
NUMBER_IN_TEXT: Final = re.compile(rf"(?<!\d)\+?\(?\d(?:{BETWEEN_DIGITS}\d){{2,}}(?!\d)")
SHORT_NUMBER: Final = re.compile(r"\b(?:call|dial|phone|ring|text)\s+(\d\d)(?!\d)", re.IGNORECASE)
"""Two digits are a number only after such a word: "24 hours a day" is none."""
TEXTING: Final = re.compile(r"\b(?:text|txt|sms|message)\b", re.IGNORECASE)
CALLING: Final = re.compile(r"\b(?:call|dial|phone|ring)\b", re.IGNORECASE)
PLACEHOLDER: Final = re.compile(r"\{(emergency|urgent|crisis)_line\}(\.?)")

QUIET: Final = _("If you feel you might harm yourself: {crisis_line}. If you feel very unwell: {emergency_line}")
UNDER_A_TEXT: Final = _(
    "We do not read this straight away. If you feel you might harm yourself: {crisis_line}. "
    "If you feel very unwell: {emergency_line}"
)


@dataclasses.dataclass(frozen=True, slots=True)
class LineNumber:
    """`shown` is how a setting spells it; `takes_calls` and `takes_texts` say what a link may do with it."""

    shown: str
    dialled: str
    takes_calls: bool = True
    takes_texts: bool = False

    def pattern(self) -> re.Pattern[str]:
        ways = "|".join(BETWEEN_DIGITS.join(digits) for digits in _spellings(self.shown))
        return re.compile(rf"{NO_DIGITS_BEFORE}(?:\+|\(|\+\()?(?:{ways}){NO_DIGITS_AFTER}")


@dataclasses.dataclass(frozen=True, slots=True)
class LinePart:
    """A part of a line; with `href` it is a link, `name` what it is called where the words alone do not tell."""

    text: str
    href: str = ""
    name: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class HelpLine:
    """`is_sentence`: the line ends with a stop of its own. A crisis line stands inside a sentence and has none."""

    setting: str
    text: str
    numbers: tuple[LineNumber, ...]
    is_sentence: bool = True

    @property
    def plain(self) -> str:
        text = self.text.strip()
        if not self.is_sentence:
            return text.rstrip(".")
        return text if text.endswith(STOPS) or not text else f"{text}."

    @property
    def html(self) -> SafeString:
        return format_html_join("", "{}", ((_link(piece),) for piece in self.pieces()))

    def pieces(self) -> list[LinePart]:
        text, pieces, position = self.plain, [], 0
        for first, last, number in self.number_spans():
            pieces += _joined(text[position:first], text[first:last], number)
            position = last
        return [*pieces, LinePart(text[position:])]

    def number_spans(self) -> Iterator[tuple[int, int, LineNumber]]:
        """Where the numbers stand, in order; of two in one place the longer."""
        text = self.plain
        places = [
            (match.start(), match.end(), number) for number in self.numbers for match in number.pattern().finditer(text)
        ]
        end = 0
        for first, last, number in sorted(places, key=lambda span: (span[0], -span[1])):
            if first >= end:
                yield first, last, number
                end = last

    def unlinked(self) -> list[str]:
        """Numbers in the text that no link dials, as they are written there."""
        taken = [(first, last) for first, last, _number in self.number_spans()]
        written: list[str] = []
        places = [match.span() for match in NUMBER_IN_TEXT.finditer(self.plain)]
        places += [match.span(1) for match in SHORT_NUMBER.finditer(self.plain)]
        for first, last in places:
            if not any(first < end and start < last for start, end in taken):
                taken.append((first, last))
                written.append(self.plain[first:last])
        return written

    def dials(self, href: str) -> bool:
        return any(piece.href == href for piece in self.pieces())


def emergency() -> HelpLine:
    return HelpLine("EMERGENCY_LINE", settings.EMERGENCY_LINE, _numbers())


def urgent() -> HelpLine:
    return HelpLine("URGENT_LINE", settings.URGENT_LINE, _numbers())


def crisis() -> HelpLine:
    return HelpLine("CRISIS_LINE", settings.CRISIS_LINE, _numbers(), is_sentence=False)


def emergency_number() -> SafeString:
    """The number alone, as a link that dials."""
    return _link(LinePart(settings.EMERGENCY_NUMBER, emergency_href()))


def emergency_href() -> str:
    """Where a button to the emergency number leads; empty where there is none that can be dialled."""
    number = settings.EMERGENCY_NUMBER
    return f"tel:{dialled(number)}" if can_be_dialled(number) else ""


LINES: Final[dict[str, Callable[[], HelpLine]]] = {"emergency": emergency, "urgent": urgent, "crisis": crisis}


def filled(text: str) -> str:
    """`{emergency_line}`, `{urgent_line}` and `{crisis_line}` filled in, as plain text for a mail."""
    return PLACEHOLDER.sub(lambda match: _line_at(match).plain + _stop_after(match), text)


def with_lines(template: "_StrOrPromise") -> SafeString:
    """The same as HTML: the text escaped, the numbers as links."""
    text, pieces, position = str(template), list[SafeString | str](), 0
    for match in PLACEHOLDER.finditer(text):
        pieces += [text[position : match.start()], _line_at(match).html, _stop_after(match)]
        position = match.end()
    return format_html_join("", "{}", ((piece,) for piece in [*pieces, text[position:]]))


def under_a_text() -> SafeString:
    """What stands under every box in which a patient writes freely."""
    return with_lines(UNDER_A_TEXT)


def digits_of(number: str) -> str:
    return "".join(character for character in number if character in "0123456789")


def can_be_dialled(number: str) -> bool:
    return bool(DIALLABLE.fullmatch(number)) and len(digits_of(number)) in DIGITS_OF_A_NUMBER


def dialled(number: str) -> str:
    return ("+" if number.strip().startswith("+") else "") + digits_of(number)


def _numbers() -> tuple[LineNumber, ...]:
    """Every number a setting names. A crisis line may name the emergency number too, so each line knows them all."""
    calls, texts = dialled(settings.CRISIS_PHONE), dialled(settings.CRISIS_TEXT)
    given = [
        LineNumber(settings.CRISIS_PHONE, calls, takes_texts=calls == texts),
        LineNumber(settings.CRISIS_TEXT, texts, takes_calls=calls == texts, takes_texts=True),
        LineNumber(settings.EMERGENCY_NUMBER, dialled(settings.EMERGENCY_NUMBER)),
        LineNumber(settings.URGENT_PHONE, dialled(settings.URGENT_PHONE)),
        LineNumber(settings.CLINIC_PHONE, settings.CLINIC_PHONE_TEL),
    ]
    return tuple(number for number in given if can_be_dialled(number.shown))


def _spellings(number: str) -> list[str]:
    """The digits of a number, and for an international one also those it has inside its own country."""
    ways = [digits_of(number)]
    if number.strip().startswith("+"):
        try:
            known = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return ways
        ways.append(digits_of(phonenumbers.format_number(known, phonenumbers.PhoneNumberFormat.NATIONAL)))
    return ways


def _joined(before: str, shown: str, number: LineNumber) -> list[LinePart]:
    """The words before a number and the number. "Call or text 988" is two links: "call", and "text 988"."""
    clause = re.split(r"[,;:.!?]", before)[-1]
    calls, texts = [*CALLING.finditer(clause)], [*TEXTING.finditer(clause)]
    call, text = f"tel:{number.dialled}", f"sms:{number.dialled}"
    if not number.takes_texts or not texts:
        return [LinePart(before), LinePart(shown, call if number.takes_calls else text)]
    if not number.takes_calls or not calls:
        return [LinePart(before), LinePart(shown, text)]
    (first, alone), (last, joined) = sorted([(calls[-1], call), (texts[-1], text)], key=lambda verb: verb[0].start())
    start = len(before) - len(clause)
    return [
        LinePart(before[: start + first.start()]),
        LinePart(first.group(), alone, f"{first.group()} {shown}"),
        LinePart(before[start + first.end() : start + last.start()]),
        LinePart(before[start + last.start() :] + shown, joined),
    ]


def _link(piece: LinePart) -> SafeString:
    if not piece.href:
        return conditional_escape(piece.text)
    name = format_html(' aria-label="{}"', piece.name) if piece.name else ""
    return format_html('<a class="dial" href="{}"{}>{}</a>', piece.href, name, piece.text)


def _line_at(match: re.Match[str]) -> HelpLine:
    return LINES[match.group(1)]()


def _stop_after(match: re.Match[str]) -> str:
    """The stop written after the placeholder, unless the line brings its own."""
    return "" if _line_at(match).plain.endswith(STOPS) else match.group(2)
