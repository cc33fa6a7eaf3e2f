"""Reads a page as a person does, and gives the words on it that stayed plain English."""

import re
from html.parser import HTMLParser

from tests.pseudo.templates import READ_ALOUD

UNREAD = {"script", "style", "template"}
VOID = {"meta", "link", "input", "br", "img", "hr", "source", "wbr"}
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
PLAIN = re.compile(r"[A-Za-z'’-]*[aeiouyAEIOUY][A-Za-z'’-]*")
"""Without a vowel a word tells nothing, as the pseudo language leaves it as it is: "Dr", "pm"."""
STOP = re.compile(r"[.,;:!?()\[\]{}|/–—…“”\"\n]+|\d+")


class PageReader(HTMLParser):
    """`texts` are the texts of the page, each as it stands between two tags or in an attribute that is read aloud."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.unread = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.unread += tag in UNREAD
        self.texts += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in READ_ALOUD and value]

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in UNREAD

    def handle_data(self, data: str) -> None:
        if not self.unread and data.strip():
            self.texts.append(data)


def words_of(text: str) -> str:
    return " ".join(WORD.findall(text))


def plain_pieces(text: str) -> list[str]:
    """The runs of plain English words in a text: ["only me"] of "Séèén bý only me.". They end at stops and numbers."""
    pieces: list[list[str]] = [[]]
    for part in STOP.split(text):
        for word in WORD.findall(part):
            if word.isascii() or PLAIN.fullmatch(word):
                pieces[-1].append(word)
            else:
                pieces.append([])
        pieces.append([])
    return [" ".join(piece) for piece in pieces if any(PLAIN.fullmatch(word) for word in piece)]
