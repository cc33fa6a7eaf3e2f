"""Makes the words longer and accented, and a message catalogue of them: of our own messages and of Django's."""

import re
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent.parent
OURS = ROOT / "clinic/locale/django.pot"
LANGUAGE, LOCALE = "en-xa", "en_XA"
LONGER = {
    "a": "áà", "e": "éè", "i": "íì", "o": "óò", "u": "úù", "y": "ý",
    "A": "Áà", "E": "Éè", "I": "Íì", "O": "Óò", "U": "Úù", "Y": "Ý",
}  # fmt: skip
"""Two letters for each vowel: a sentence grows by a third, as it does in German or French."""
VOWEL = re.compile("[aeiouyAEIOUY]")
KEPT = re.compile(r"%\(\w+\)[sd]|%[sd%]|\{[^{}]*\}|<[^<>]*>|&#?\w+;|https?://\S+|[\w.+-]+@[\w.-]+\w")
"""What is no word of a sentence: placeholders, tags, entities, addresses."""
FORMATS = "format of "
"""Messages in such a context are formats of dates and times, made of Django's letters."""


def longer(text: str) -> str:
    done, index = [], 0
    for stored in KEPT.finditer(text):
        done += [_accented(text[index : stored.start()]), stored.group()]
        index = stored.end()
    return "".join([*done, _accented(text[index:])])


def _accented(text: str) -> str:
    return VOWEL.sub(lambda vowel: LONGER[vowel.group()], text)


def write_catalogue(folder: Path) -> None:
    """A folder for LOCALE_PATHS."""
    catalogue = Catalog(locale="en")
    for source in (*sorted(Path(django.__file__).parent.rglob("locale/en/LC_MESSAGES/django.po")), OURS):
        with source.open("rb") as file:
            for message in read_po(file, locale="en"):
                if message.id:
                    catalogue.add(message.id, _translated(message), context=message.context)
    target = folder / LOCALE / "LC_MESSAGES" / "django.mo"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_mo(file, catalogue)


def _translated(message: Message) -> str | tuple[str, ...]:
    if message.context and message.context.startswith(FORMATS):
        return str(message.id)
    return tuple(map(longer, message.id)) if isinstance(message.id, tuple | list) else longer(message.id)
