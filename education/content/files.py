"""Reads the files of a content folder into plain data. What cannot be read is named, with its line and a remedy."""

import dataclasses
import errno
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from clinic.core import region_words

LARGEST: Final = 2_000_000
"""Bytes of a file. The whole shipped content is a tenth of it; what is larger is something else."""
SHOWN: Final = 40
"""Letters of a wrong value that a sentence repeats."""
LONGEST_REASON: Final = 120
TOO_DEEP: Final = ("its lists stand too deep in one another", "write it as the shipped file is written")
TOO_MANY_DIGITS: Final = ("a number has thousands of digits", "write a plain whole number")
FORBIDDEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffd-\uffff]")
"""Control characters, halves of letters, marks of byte order, and what stands for a letter that was lost.

PostgreSQL refuses the first of them and SQLite keeps it; neither is a word that anybody reads.
"""
BYTE_ORDERS: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
FENCE: Final = "+++"
AS_UTF8: Final = "save the file as UTF-8"
UNREAD: Final = object()
"""Stands for the data of a file that could not be read: `null` is data too."""
PLACE_IN_TOML: Final = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$")


@dataclasses.dataclass(slots=True)
class Problems:
    """Everything found wrong, in the order of reading, each as `file: place: what is wrong; what to do.`"""

    sentences: list[str] = dataclasses.field(default_factory=list)
    files: set[str] = dataclasses.field(default_factory=set)

    def add(self, file: str, location: str, wrong: str, remedy: str) -> None:
        self.files.add(file)
        self.sentences.append(": ".join(filter(None, (printable(file), location, f"{wrong}; {remedy}."))))


def printable(text: str) -> str:
    """A text that any screen takes: letters that cannot be printed stand as their numbers."""
    return "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text)


def clean(value: object) -> str:
    """A value as a sentence repeats it: short, and printable."""
    text = str(value)
    return printable(text) if len(text) <= SHOWN else f"{printable(text[:SHOWN])}…"


def read_text(path: Path, file: str, problems: Problems, *, region: str = "") -> str | None:
    """The text of a file with plain line ends, or None and a problem. A mark of UTF-8 at its start is let go.

    With a region, each {word} in it is the region's.
    """
    if wrong := _unreadable(path):
        problems.add(file, "", *wrong)
        return None
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.add(file, "", *_refused(error))
        return None
    if not raw.strip():
        problems.add(file, "", "the file is empty", "put the shipped file back, or fill it")
        return None
    if encoding := BYTE_ORDERS.get(raw[:2]):
        problems.add(file, "line 1", f"the file is {encoding}, not UTF-8", AS_UTF8)
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problems.add(file, f"line {line}", f"the byte {raw[error.start]:#04x} is not UTF-8", AS_UTF8)
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if match := FORBIDDEN.search(text):
        location = f"line {text.count(chr(10), 0, match.start()) + 1}"
        remedy = "take it out" if match.group() != "\0" else f"take it out, or {AS_UTF8}"
        problems.add(file, location, f"the character U+{ord(match.group()):04X} cannot be shown", remedy)
        return None
    return _said(text, file, region, problems) if region else text


def _said(text: str, file: str, region: str, problems: Problems) -> str | None:
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        try:
            lines[number - 1] = region_words.put_in(line, region)
        except region_words.UnknownWordError as unknown:
            remedy = "write one of its words, or add a line to it"
            problems.add(file, f"line {number}", str(unknown), remedy)
            return None
    return "\n".join(lines)


def _unreadable(path: Path) -> tuple[str, str] | None:
    try:
        size = path.stat().st_size
        if path.is_dir():
            return "this is a folder where a file should be", "put the shipped file in its place"
        if not path.is_file():
            return "this is not a plain file", "put the shipped file in its place"
    except (OSError, RuntimeError) as error:  # links in a circle are either, as Python's version goes
        return _refused(error)
    if size > LARGEST:
        return f"the file has {size:,} bytes, and {LARGEST:,} is the most", "put the shipped file back, or shorten it"
    return None


def _refused(error: Exception) -> tuple[str, str]:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "the file is missing", "put the shipped file back"
    if isinstance(error, PermissionError):
        return "this user may not read it", "give the user read permission (chmod u+r on the file, u+rx on its folder)"
    if isinstance(error, RuntimeError) or getattr(error, "errno", None) == errno.ELOOP:
        return "the link leads back to itself", "put the shipped file in its place"
    return f"it cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})", "look at the disk"


def read_page(path: Path, file: str, problems: Problems, *, region: str) -> tuple[dict[str, Any], str] | None:
    """The front matter of a page, between two lines of `+++`, and the text after it, in the words of a region."""
    text = read_text(path, file, problems, region=region)
    if text is None:
        return None
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if line.strip()), 0)
    end = next((number for number in range(start + 1, len(lines)) if lines[number].rstrip() == FENCE), 0)
    if lines[start].rstrip() != FENCE or not end:
        remedy = f"begin the file with “{FENCE}”, its fields, and “{FENCE}” again, each on a line of its own"
        problems.add(file, "line 1", f"it must begin with front matter between two lines “{FENCE}”", remedy)
        return None
    front = parse_toml("\n".join(lines[start + 1 : end]), file, problems, lines_before=start + 1)
    return None if front is None else (front, "\n".join(lines[end + 1 :]).strip() + "\n")


def parse_toml(text: str, file: str, problems: Problems, *, lines_before: int = 0) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except RecursionError:
        problems.add(file, "", *TOO_DEEP)
    except tomllib.TOMLDecodeError as error:
        reason = str(error)
        match = PLACE_IN_TOML.search(reason)
        last = text.count("\n") + 1
        line, column = (int(match[1] or last), match[2]) if match else (0, None)
        location = f"line {line + lines_before}" if line else ""
        if column:
            location += f", column {column}"
        said = printable(PLACE_IN_TOML.sub("", reason)[:LONGEST_REASON]).rstrip(".")
        problems.add(file, location, f"this is not TOML ({said})", "correct the line; text stands in double quotes")
    except ValueError:
        problems.add(file, "", *TOO_MANY_DIGITS)
    return None


def parse_json(text: str, file: str, problems: Problems) -> Any:
    """UNREAD for what is not JSON. A name that stands twice in one record is a problem, and so is NaN."""
    twice: list[tuple[str, str]] = []
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _record(pairs, twice), parse_constant=_no_number)
    except RecursionError:
        problems.add(file, "", *TOO_DEEP)
    except json.JSONDecodeError as error:
        location = f"line {error.lineno}, column {error.colno}"
        problems.add(file, location, f"this is not JSON ({error.msg})", "correct the line; look for a comma or a quote")
    except NoNumber as error:
        line = text.count("\n", 0, text.find(str(error))) + 1
        problems.add(file, f"line {line}", f"{error} is no number", "write a plain whole number")
    except ValueError:
        problems.add(file, "", *TOO_MANY_DIGITS)
    else:
        for location, name in twice:
            problems.add(file, location, f"“{clean(name)}” stands twice in one record", "keep one of the two")
        return UNREAD if twice else data
    return UNREAD


class NoNumber(ValueError):
    """NaN or an infinity, which JSON does not have and Python reads all the same."""


def _record(pairs: list[tuple[str, Any]], twice: list[tuple[str, str]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        key = clean(record.get("key", ""))
        twice.extend((key, name) for name in record if names.count(name) > 1)
    return record


def _no_number(name: str) -> Any:
    raise NoNumber(name)


def is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, or inside a folder that this user may not enter
        return False


def page_files(folder: Path, problems: Problems) -> Iterator[tuple[Path, str]]:
    """Each page file with its name inside the content folder. What is no page is a problem, but for hidden files."""
    pages = folder / "pages"
    try:
        there = sorted(pages.iterdir())
    except OSError as error:
        what = "there is no such folder" if isinstance(error, FileNotFoundError | NotADirectoryError) else None
        wrong, remedy = (what, "put the shipped folder back") if what else _refused(error)
        problems.add("pages/", "", wrong, remedy)
        return
    has_pages = False
    for path in there:
        if path.suffix == ".md":
            has_pages = True
            yield path, f"pages/{path.name}"
        elif not path.name.startswith(".") and not path.name.endswith("~"):
            problems.add(f"pages/{path.name}", "", "this is no page", "name it with .md at the end, or move it away")
    if not has_pages:
        problems.add("pages/", "", "it holds no page", "put the shipped pages back")
