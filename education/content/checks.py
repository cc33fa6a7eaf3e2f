"""What must hold between the records of a content folder: each stands once, and leads only to what is there."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.urls import Resolver404, resolve, reverse

from education.claims.publication_checks import (
    best_bet_problems,
    page_problems,
    question_problems,
    record_problems,
    regulation_problems,
    sections_of,
)
from education.content.files import Problems, clean, printable
from education.content.tables import BEST_BETS, EVIDENCE, PAGES, QUESTIONS, REGULATIONS, SOURCES, TERMS, TRIALS
from education.fixed_pages import FIXED_PAGES
from education.library import Library, Record
from education.markup.markdown import MARKDOWN
from education.search.index import FIXED

TABLES: Final = ("pages", "sources", "evidence", "terms", "questions", "trials", "regulations", "best_bets")
FILES: Final = {
    table.name: table for table in (PAGES, SOURCES, EVIDENCE, TERMS, QUESTIONS, TRIALS, REGULATIONS, BEST_BETS)
}
UNIQUE: Final = (
    ("pages", "key"), ("pages", "path"), ("sources", "key"), ("evidence", "code"), ("terms", "slug"),
    ("questions", "code"), ("trials", "key"), ("regulations", "key"), ("best_bets", "key"), ("best_bets", "target"),
)  # fmt: skip
PAGE_VIEWS: Final = frozenset({"home", "conditions", "evidence", "help", "decision_aid", "page"})
"""Views that show a page at its path; every other address of the site is the program's own."""
NEEDED: Final = {
    "/": "the home page",
    "/conditions/": "the list of conditions",
    "/stem-cells/evidence/": "the table of graded statements",
    "/back-pain/when-to-get-help/": "when to get help, which every page leads to",
    "/tools/decision-aid/": "the decision aid",
}
"""Pages that the program itself leads to."""
TEXTS: Final = {
    "pages": "body", "questions": "answer", "terms": "definition", "regulations": "text", "evidence": "plain_text",
}  # fmt: skip
Tables = Mapping[str, Sequence[Record]]


def check(tables: Tables, page_files: Mapping[str, str], problems: Problems) -> None:
    """Add what does not hold.

    Where a file could not be read, or a key stands twice in it, what refers to its records is not looked at:
    everything would seem to lead nowhere.
    """
    _once(tables, page_files, problems)
    unread = set(problems.files)
    pages_are_whole = not any(file.startswith("pages/") for file in unread)
    records_are_whole = not any(table.file in unread for table in FILES.values())
    if records_are_whole:
        library = library_of(tables)
        paths = {page["path"] for page in tables["pages"]} | FIXED_PAGES.keys()
        for table, record, sentence in _broken_rules(tables, library, paths, pages_are_whole):
            problems.sentences.append(f"{location_of(table, record, page_files)}: {sentence}")
    if pages_are_whole:
        _addresses(tables, page_files, problems)


def library_of(tables: Tables) -> Library:
    return Library.of("", {table: list(records) for table, records in tables.items() if table != "pages"})


def location_of(table: str, record: Mapping[str, Any], page_files: Mapping[str, str]) -> str:
    if table == "pages":
        file = next((file for file, key in page_files.items() if key == record["key"]), "pages/")
        return f"{printable(file)}: {record['key']}"
    kind = FILES[table]
    return f"{kind.file}: {kind.location_of(record, 0)}"


def _once(tables: Tables, page_files: Mapping[str, str], problems: Problems) -> None:
    for table, name in UNIQUE:
        counts = Counter(record[name] for record in tables[table])
        for value in sorted(value for value, count in counts.items() if count > 1):
            kind = FILES[table]
            if table == "pages":
                keys = {page["key"] for page in tables["pages"] if page[name] == value}
                where = " and ".join(sorted(file for file, key in page_files.items() if key in keys))
            else:
                where = kind.file
            problems.add(
                where, f"{kind.entry} {value}", f"this {name} stands twice", "change or take out one of the two"
            )


def _broken_rules(
    tables: Tables, library: Library, paths: set[str], pages_are_whole: bool
) -> Iterator[tuple[str, Record, str]]:
    """What the rules of publishing find. They are those of the staff area too, each a sentence with its remedy."""
    for page in tables["pages"]:
        known = paths if pages_are_whole else paths | set(page["related"])
        yield from (("pages", page, said) for said in page_problems(page, library, paths=known))
    for question in tables["questions"]:
        yield from (("questions", question, said) for said in question_problems(question, library))
        yield from (("questions", question, said) for said in record_problems(question, library))
    for note in tables["regulations"]:
        yield from (("regulations", note, said) for said in regulation_problems(note, library))
    if pages_are_whole:
        sections = _sections(tables)
        for bet in tables["best_bets"]:
            yield from (("best_bets", bet, said) for said in best_bet_problems(bet, library, sections=sections))
    for table in ("evidence", "terms", "trials"):
        for record in tables[table]:
            yield from ((table, record, said) for said in record_problems(record, library))


def _sections(tables: Tables) -> dict[str, frozenset[str]]:
    """Every address that a best bet may lead to, each with the sections it has."""
    fixed: dict[str, frozenset[str]] = {reverse(name): frozenset() for name, *_ in FIXED}
    return fixed | {page["path"]: sections_of(page["body"]) for page in tables["pages"]}


def _addresses(tables: Tables, page_files: Mapping[str, str], problems: Problems) -> None:
    paths = {page["path"] for page in tables["pages"]}
    for path, what in NEEDED.items():
        if path not in paths:
            problems.add("pages/", path, f"there is no page of this path: {what}", "put the shipped page back")
    for page in tables["pages"]:
        if _is_of_the_program(page["path"]):
            location = f"{page['key']}, path"
            file = location_of("pages", page, page_files).partition(": ")[0]
            problems.add(file, location, f"{page['path']} is an address of the program itself", "choose another")
    for table, name in TEXTS.items():
        for record in tables[table]:
            file, _, location = location_of(table, record, page_files).partition(": ")
            for target in _links(record[name]):
                if target not in paths and not _is_of_the_program(target):
                    wrong = f"it links to {clean(target)}, which is no page"
                    problems.add(file, f"{location}, {name}", wrong, "correct the address, or take the link out")


def _links(text: str) -> list[str]:
    """Addresses of this site that a text leads to, each once, without what follows the path."""
    hrefs = [
        str(token.attrs.get("href", ""))
        for block in MARKDOWN.parse(text)
        for token in block.children or ()
        if token.type == "link_open"
    ]
    ours = [href for href in hrefs if href.startswith("/") and not href.startswith("//")]
    return list(dict.fromkeys(href.partition("#")[0].partition("?")[0] for href in ours))


def _is_of_the_program(path: str) -> bool:
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return not (match.app_name == "education" and match.url_name in PAGE_VIEWS)
