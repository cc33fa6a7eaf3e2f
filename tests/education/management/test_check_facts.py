"""The command that reads the shipped content a second time."""

import datetime
import io
import json
import re
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from education.claims import facts
from education.content import exemptions, shipped
from education.markup.blocks import FIGURES

DAY = datetime.date(2026, 11, 27)
FIGURE_FOLDER = shipped.CONTENT.parent / "templates/education/figures"


@pytest.fixture(autouse=True)
def on_a_set_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinic.core.clock.today", lambda: DAY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped.CONTENT, tmp_path / "content"))


def check(*args: str, folder: Path = shipped.CONTENT) -> str:
    out = io.StringIO()
    call_command("check_facts", "--folder", folder, *args, stdout=out)
    return out.getvalue()


def refused(folder: Path) -> tuple[str, str]:
    """What is printed, and the sentence it ends with."""
    out = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("check_facts", "--folder", folder, stdout=out)
    return out.getvalue(), str(caught.value)


def test_the_shipped_content_has_no_open_number() -> None:
    said = check().splitlines()[-1]

    assert re.fullmatch(
        r"\d+ cited sentences, \d+ with a number its sources do not hold, 0 of them open; "
        r"0 exceptions needed no more\.",
        said,
    )


@pytest.mark.parametrize(
    ("file", "right", "wrong", "message"),
    [
        ("pages/treatments-injections.md", "2,470 people", "2,740 people", "2,740 in none of oliveira2020"),
        ("evidence.toml", "n_people = 2470", "n_people = 2740", "2740 in none of oliveira2020"),
        ("pages/stem-cells-risks.md", "20 people in 8 US states", "12 people in 3 US states", "3 in none of hartnett"),
        ("pages/stem-cells.md", "pair 74 69", "pair 74 96", "96 of 100 in none of pers2024_respine"),
        ("faq.toml", "63 of 100 people", "36 of 100 people", "36 of 100 in none of wang2020"),
        ("regulation.toml", "14 October 2025", "14 October 2024", "2024 in none of scotus_24_1189"),
    ],
)
def test_a_wrong_number_fails(folder: Path, file: str, right: str, wrong: str, message: str) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    assert right in text
    (folder / file).write_text(text.replace(right, wrong), encoding="utf-8")

    printed, said = refused(folder)

    assert message in printed
    assert "0 of them open" not in said


def test_a_source_that_says_something_else_fails(folder: Path) -> None:
    text = (folder / "sources.json").read_text(encoding="utf-8")
    (folder / "sources.json").write_text(text.replace("20 patients in 8 US states", "some patients"), encoding="utf-8")

    assert "20 in none of hartnett2021" in refused(folder)[0]


def test_an_open_number_comes_with_what_would_accept_it(folder: Path) -> None:
    (folder / "facts.toml").write_text("", encoding="utf-8")
    (folder / "facts.toml").write_text("# none\n", encoding="utf-8")
    printed, _ = refused(folder)
    places = re.findall(
        r"^(\S+): .* in none of .*\n    .*\n    digest = (\S+)\n    numbers = (.+)$", printed, re.MULTILINE
    )
    entries = [
        f'[[exception]]\nwhere = "{where}"\ndigest = {digest}\nnumbers = {numbers}\nreason = "a test"\n'
        for where, digest, numbers in dict.fromkeys(places)
    ]
    (folder / "facts.toml").write_text("\n".join(entries), encoding="utf-8")

    assert "0 of them open; 0 exceptions needed no more." in check(folder=folder)


def test_an_exception_that_nothing_needs_fails(folder: Path) -> None:
    with (folder / "facts.toml").open("a", encoding="utf-8") as file:
        file.write(
            '\n[[exception]]\nwhere = "pages.home.body"\ndigest = "0123456789abcdef"\nnumbers = ["7"]\nreason = "x"\n'
        )

    printed, said = refused(folder)

    assert "pages.home.body: no sentence needs the exception 0123456789abcdef for 7." in printed
    assert said.endswith("0 of them open; 1 exceptions needed no more.")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[[exception", "this is not TOML"),
        ('[[other]]\na = "b"\n', "there is something else than exceptions"),
        ('exception = "a"\n', "there is something else than exceptions"),
        ('[[exception]]\nwhere = "pages.home.body"\n', "it needs four fields and no other"),
        (
            '[[exception]]\nwhere = "pages.home.body"\ndigest = "short"\nnumbers = ["7"]\nreason = "x"\n',
            "exception 1, digest: it is not of the right form; write 16 digits from 0 to f.",
        ),
        (
            '[[exception]]\nwhere = "pages.home.body"\ndigest = "0123456789abcdef"\nnumbers = ["7"]\nreason = " "\n',
            "exception 1, reason: it is not of the right form; write a sentence.",
        ),
        (
            '[[exception]]\nwhere = "pages.home.body"\ndigest = "0123456789abcdef"\nnumbers = []\nreason = "x"\n',
            "it must be a list of texts",
        ),
        ("\n", "the file is empty"),
    ],
)
def test_a_file_of_exceptions_that_cannot_be_read_fails(folder: Path, text: str, wrong: str) -> None:
    (folder / "facts.toml").write_text(text, encoding="utf-8")

    assert wrong in refused(folder)[1]


def test_content_that_cannot_be_read_fails(tmp_path: Path) -> None:
    assert "there is no such folder" in refused(tmp_path / "nowhere")[1]


def test_the_age_of_a_record_is_a_warning_and_no_failure() -> None:
    warnings = [line for line in check("--months", "6").splitlines() if line.startswith("warning: ")]

    assert "warning: trials.msb-dr004: recorded on 2026-01-27, more than 6 months ago. Look at it again." in warnings
    assert not [line for line in check("--months", "11").splitlines() if "msb-dr004" in line]


def test_every_figure_that_prints_a_source_names_it_for_the_check() -> None:
    silent = [
        name
        for name in FIGURES
        for text in [(FIGURE_FOLDER / f"{name}.html").read_text(encoding="utf-8")]
        if re.search(r"\bSources?: ", text) and not facts.FIGURE_SOURCES.search(text)
    ]

    assert silent == []


def test_a_figure_that_names_an_unknown_source_is_found() -> None:
    content = shipped.read()
    sentences = [facts.CitingSentence("templates.a.html", "Words.", ("nobody",))]

    assert exemptions.unknown_sources(sentences, content) == ["templates.a.html: there is no source “nobody”"]


DIFFERENCES = {
    "pers2024_respine": "adds the size of the cell group and the rule for “felt better”, which pages print",
    "vadala2025_dream": "adds that the first report is to 6 months, and that 24 months are planned",
    "msb_dr004": "adds whom the trial takes and leaves out, from its registry record",
    "willems2004": "adds that no antibiotics were given, and calls it a needle test in plain words",
    "norfolk_backpain": "stands only here; the second reading did not look at it",
}
"""Sources whose words differ from those of the second reading of 27 November 2026, and why."""


def test_what_sources_support_is_what_the_second_reading_found() -> None:
    read = json.loads((Path(__file__).parents[1] / "data/source_facts.json").read_text(encoding="utf-8"))
    ours = {source["key"]: source["supports"] for source in shipped.read().sources}

    assert {key for key in read.keys() | ours.keys() if read.get(key) != ours.get(key)} == DIFFERENCES.keys()
