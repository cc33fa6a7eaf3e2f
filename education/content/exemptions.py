"""The second reading of the shipped content: its cited sentences, and the accepted exceptions of `facts.toml`."""

import re
from pathlib import Path
from typing import Any, Final

from education.claims import template_text
from education.claims.content_checks import READ_BY_VISITORS
from education.claims.facts import CitingSentence, Exemption, sentences_of, sentences_of_template
from education.content import shipped
from education.content.files import Problems, clean, parse_toml, read_text

FILE: Final = "facts.toml"
FIELDS: Final = {"where": r"[a-z_]+\.\S+", "digest": r"[0-9a-f]{16}", "numbers": "", "reason": r"(?s)\s*\S.*"}
FORM: Final = {"where": "a place like pages.home.body", "digest": "16 digits from 0 to f", "reason": "a sentence"}
TEMPLATES: Final = "*/templates/**/*.html"


def sentences(content: shipped.Shipped, root: Path = template_text.ROOT) -> list[CitingSentence]:
    """Every cited sentence that a visitor meets: of the records, and of figures that name their sources."""
    citing = [
        item for table in READ_BY_VISITORS for record in getattr(content, table) for item in sentences_of(table, record)
    ]
    for file in sorted(root.glob(TEMPLATES)):
        name = file.relative_to(root).as_posix()
        citing += sentences_of_template(name, template_text.say_words(file.read_text(encoding="utf-8")))
    return citing


def exemptions(folder: Path = shipped.CONTENT) -> list[Exemption]:
    """Raises ContentError."""
    problems = Problems()
    text = read_text(folder / FILE, FILE, problems)
    data = None if text is None else parse_toml(text, FILE, problems)
    entries = [] if data is None else data.get("exception", [])
    if data is not None and (not isinstance(entries, list) or data.keys() - {"exception"}):
        problems.add(FILE, "", "there is something else than exceptions", "begin each with [[exception]]")
    parsed = [_exemption(entry, number, problems) for number, entry in enumerate(entries, 1)] if entries else []
    if problems.sentences:
        raise shipped.ContentError(problems.sentences)
    return [item for item in parsed if item is not None]


def unknown_sources(citing: list[CitingSentence], content: shipped.Shipped) -> list[str]:
    """Figures that name a source nobody recorded. Of records, the rules of publishing say so."""
    known = {source["key"] for source in content.sources}
    return [
        f"{item.where}: there is no source “{clean(key)}”"
        for item in citing
        if item.where.startswith("templates.")
        for key in item.sources
        if key not in known
    ]


def _exemption(entry: Any, number: int, problems: Problems) -> Exemption | None:
    location = f"exception {number}"
    if not isinstance(entry, dict) or entry.keys() != FIELDS.keys():
        problems.add(FILE, location, "it needs four fields and no other", f"write {', '.join(FIELDS)}")
        return None
    for name, form in FORM.items():
        if not isinstance(entry[name], str) or not re.fullmatch(FIELDS[name], entry[name]):
            problems.add(FILE, f"{location}, {name}", "it is not of the right form", f"write {form}")
            return None
    numbers = entry["numbers"]
    if not isinstance(numbers, list) or not numbers or not all(isinstance(item, str) for item in numbers):
        problems.add(FILE, f"{location}, numbers", "it must be a list of texts", 'write the numbers as ["61 of 100"]')
        return None
    return Exemption(entry["where"], entry["digest"], tuple(numbers), entry["reason"])
