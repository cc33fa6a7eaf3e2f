"""`load_education` answers every odd input with a sentence naming file, place and remedy, alike on both engines."""

import json
import os
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.backends.base.operations import BaseDatabaseOperations

from clinic.core.models import AuditEvent
from education.content import checks, fields, shipped
from education.models import Page, Source
from tests.content_fixtures import SHIPPED
from tests.education.content.conftest import RECORD_FILES

pytestmark = pytest.mark.usefixtures("each_text_is_parsed_once")

CORPUS = tomllib.loads((Path(__file__).parents[1] / "data" / "odd_content.toml").read_text(encoding="utf-8"))["odd"]
FORM = re.compile(r"[^\n:]+: [^\n]+; [^\n]+\.")
"""`file: place: what is wrong; what to do.` in one line."""


def expanded(text: str) -> str:
    return re.sub(r"<<(.+?)\*(\d+)>>", lambda match: match[1] * int(match[2]), text)


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(shipped.ContentError) as refused:
        shipped.read(folder)
    problems: list[str] = refused.value.problems
    assert [problem for problem in problems if not FORM.fullmatch(problem)] == []
    return problems


def spoil(folder: Path, odd: dict[str, str]) -> None:
    path = folder / odd["file"]
    if "text" in odd:
        path.write_bytes(expanded(odd["text"]).encode(odd.get("encoding", "utf-8")))
        return
    text = path.read_text(encoding="utf-8")
    assert odd["old"] in text
    path.write_text(text.replace(odd["old"], expanded(odd["new"]), 1), encoding="utf-8")


@pytest.mark.parametrize("odd", CORPUS, ids=[f"{number}-{odd['file']}" for number, odd in enumerate(CORPUS, 1)])
def test_an_odd_input_is_named_with_its_place_and_remedy(odd: dict[str, str], folder: Path) -> None:
    spoil(folder, odd)

    assert f"{odd['file']}{odd['says'] if odd['says'].startswith(' and ') else ': ' + odd['says']}" in problems_of(
        folder
    )


def test_the_corpus_is_large() -> None:
    assert len(CORPUS) >= 120
    assert len({json.dumps(odd, sort_keys=True) for odd in CORPUS}) == len(CORPUS)


def gone(path: Path) -> None:
    path.unlink()


def made_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def made_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def looped(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def made_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000)


ODD_FILES: list[tuple[Callable[[Path], None], str]] = [
    (gone, "the file is missing; put the shipped file back."),
    (dangling, "the file is missing; put the shipped file back."),
    (made_folder, "this is a folder where a file should be; put the shipped file in its place."),
    (made_pipe, "this is not a plain file; put the shipped file in its place."),
    (looped, "the link leads back to itself; put the shipped file in its place."),
    (made_huge, "the file has 50,000,000 bytes, and 2,000,000 is the most; put the shipped file back, or shorten it."),
]


@pytest.mark.parametrize("file", [*RECORD_FILES, "pages/home.md"])
@pytest.mark.parametrize(("change", "says"), ODD_FILES, ids=[change.__name__ for change, _ in ODD_FILES])
def test_an_odd_file_is_the_only_problem(change: Callable[[Path], None], says: str, file: str, folder: Path) -> None:
    """What refers to its records is not blamed as well."""
    change(folder / file)
    if file == "pages/home.md" and change is gone:
        assert "pages/: /: there is no page of this path: the home page; put the shipped page back." in problems_of(
            folder
        )
        return

    assert problems_of(folder) == [f"{file}: {says}"]


@pytest.mark.parametrize("path", list(checks.NEEDED))
def test_a_page_that_the_program_leads_to_cannot_be_left_out(path: str, folder: Path) -> None:
    key = next(page["key"] for page in SHIPPED.pages if page["path"] == path)
    (folder / "pages" / f"{key}.md").unlink()

    said = [problem for problem in problems_of(folder) if problem.startswith(f"pages/: {path}: there is no page of")]

    assert len(said) == 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (PermissionError(13, "no"), "this user may not read it; give the user read permission (chmod u+r"),
        (OSError(5, "Input/output error"), "it cannot be read (Input/output error); look at the disk."),
    ],
)
def test_a_file_that_the_system_refuses(
    error: OSError, says: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Path.read_bytes

    def refusing(path: Path) -> bytes:
        if path.name == "glossary.toml":
            raise error
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refusing)

    assert len(problems_of(folder)) == 1
    assert problems_of(folder)[0].startswith(f"glossary.toml: {says}")


@pytest.mark.parametrize("name", ["nowhere", "sources.json", "x" * 300, "loop", "a\0b"])
def test_a_folder_that_is_none(folder: Path, name: str) -> None:
    (folder / "loop").symlink_to(folder / "loop")

    problems = problems_of(folder / name)

    assert len(problems) == 1
    assert "there is no such folder; name the folder that holds “pages” and the records." in problems[0]


def test_pages_that_are_no_folder(folder: Path) -> None:
    shutil.rmtree(folder / "pages")
    assert problems_of(folder) == ["pages/: there is no such folder; put the shipped folder back."]
    (folder / "pages").write_text("words", encoding="utf-8")
    assert problems_of(folder) == ["pages/: there is no such folder; put the shipped folder back."]
    (folder / "pages").unlink()
    (folder / "pages").mkdir()
    assert problems_of(folder) == ["pages/: it holds no page; put the shipped pages back."]


def test_what_is_no_page_among_the_pages_is_named_and_what_editors_leave_is_not(folder: Path) -> None:
    for name in (".home.md.swp", "home.md~", ".DS_Store"):
        (folder / "pages" / name).write_bytes(b"\xff")
    shipped.read(folder)
    (folder / "pages" / "home.txt").write_text("words", encoding="utf-8")

    said = "pages/home.txt: this is no page; name it with .md at the end, or move it away."

    assert problems_of(folder) == [said]


def test_a_name_that_no_screen_can_show_is_written_in_numbers(folder: Path) -> None:
    (folder / "pages" / os.fsdecode(b"caf\xe9.md")).write_bytes(b"")

    problems = problems_of(folder)

    assert problems == ["pages/caf\\udce9.md: the file is empty; put the shipped file back, or fill it."]
    assert problems[0].encode()


@pytest.mark.parametrize("file", [*RECORD_FILES, "pages/home.md"])
def test_a_mark_of_utf_8_and_other_line_ends_change_nothing(folder: Path, file: str) -> None:
    path = folder / file
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    assert shipped.read(folder) == shipped.read()


def test_only_waivers_may_be_none(folder: Path) -> None:
    (folder / "waivers.toml").write_text("# Nothing needs one.\n", encoding="utf-8")

    assert shipped.read(folder).waivers == []


def test_several_problems_are_listed_together_and_nothing_is_written(folder: Path, db: None) -> None:
    spoil(folder, {"file": "pages/about-content.md", "old": "order = 95", "new": "order = -5"})
    spoil(folder, {"file": "pages/about-content.md", "old": 'kind = "about"', "new": 'kind = "recipe"'})
    spoil(folder, {"file": "evidence.toml", "old": "grade = 2", "new": "grade = 9"})
    spoil(folder, {"file": "faq.toml", "text": "[["})
    before = AuditEvent.objects.count()

    with pytest.raises(CommandError) as refused:
        call_command("load_education", folder=folder)

    said = str(refused.value).splitlines()
    assert said[0] == "Nothing was loaded. Mend this first:"
    assert [line.split("; ")[0] for line in said[1:]] == [
        "pages/about-content.md: kind: there is no “recipe” here",
        "pages/about-content.md: order: -5 is out of range",
        "evidence.toml: statement E1, grade: 9 is out of range",
        "faq.toml: line 1: this is not TOML (Invalid initial character for a key part)",
    ]
    assert refused.value.returncode == 1
    assert (Page.objects.count(), Source.objects.count(), AuditEvent.objects.count()) == (0, 0, before)


def test_very_many_problems_are_counted(folder: Path, db: None) -> None:
    entries = json.loads((folder / "sources.json").read_text(encoding="utf-8"))
    (folder / "sources.json").write_text(json.dumps([{**entry, "year": "x"} for entry in entries]), encoding="utf-8")

    with pytest.raises(CommandError) as refused:
        call_command("load_education", folder=folder)

    assert len(str(refused.value).splitlines()) == 102
    assert str(refused.value).splitlines()[-1] == "… and 108 more."


def test_bounds_of_whole_numbers_are_those_of_the_strictest_engine() -> None:
    for kind, bounds in fields.WHOLE.items():
        assert BaseDatabaseOperations.integer_field_ranges[kind.__name__] == bounds


def test_every_column_of_a_record_can_be_checked() -> None:
    """A field of a kind that nobody checks would let anything through."""
    for table in checks.FILES.values():
        for name in (*table.required, *table.optional):
            field = table.model._meta.get_field(table.renamed.get(name, name))
            assert isinstance(field, tuple(fields.CHECKS))


def test_lint_claims_reads_by_the_same_reader(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shipped, "CONTENT", folder)
    spoil(folder, {"file": "sources.json", "text": "["})

    with pytest.raises(CommandError, match=r"^sources\.json: line 1, column 2: this is not JSON"):
        call_command("lint_claims", "--stdin")


# Made-up damage
