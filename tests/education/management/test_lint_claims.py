"""The command that lints: passages from standard input, or all that is shipped."""

import io
import json
import re
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from education.claims import content_checks, linter
from education.content import shipped


def lint(monkeypatch: pytest.MonkeyPatch, given: bytes) -> list[Any]:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(given), encoding="ascii"))
    out = io.StringIO()
    call_command("lint_claims", "--stdin", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_one_list_for_each_line(monkeypatch: pytest.MonkeyPatch) -> None:
    given = "A cure.\n\nMost people gain.\r\nMost people gain [@levi2025].\n“Not” a cure"

    assert lint(monkeypatch, given.encode()) == [
        [{"rule": "C01", "level": "block", "span": [2, 6]}],
        [],
        [{"rule": "C23", "level": "block", "span": [0, 11]}],
        [],
        [{"rule": "C01", "level": "warn", "span": [8, 12]}],
    ]


def test_nothing_in_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lint(monkeypatch, b"") == []
    assert lint(monkeypatch, b"\n\n") == [[], []]


def test_broken_bytes_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    given = b"\xff\xfe a cure\n\x00 cure \xe2\x80\n\xc3\xa9 cure"

    assert [[item["span"] for item in line] for line in lint(monkeypatch, given)] == [
        [[5, 9]],
        [[2, 6]],
        [[2, 6]],
    ]


def test_only_line_ends_part_passages(monkeypatch: pytest.MonkeyPatch) -> None:
    given = "cure\u2028cure\u0085cure\x0bcure\x0ccure\rcure\n"

    assert [len(line) for line in lint(monkeypatch, given.encode())] == [6]


def test_a_very_long_line(monkeypatch: pytest.MonkeyPatch) -> None:
    given = "x" * 99_995 + " cure\nshort\n"

    assert lint(monkeypatch, given.encode()) == [
        [{"rule": "C01", "level": "block", "span": [99_996, 100_000]}],
        [],
    ]


def test_titles_of_sources_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    title = next(title for title in shipped.source_titles() if linter.find(title))

    assert lint(monkeypatch, title.encode()) == [[]]


@pytest.mark.slow
def test_the_shipped_content_has_no_open_finding() -> None:
    out = io.StringIO()

    call_command("lint_claims", stdout=out)

    assert re.fullmatch(r"(\d+) findings, \1 with a written reason, 0 open\.\n", out.getvalue())


def test_an_open_finding_is_named_and_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    open_one = content_checks.Remark("pages.home.title", "C01", "block", "A cure.", "cure", "It is said.", "Be plain.")
    monkeypatch.setattr("education.content.shipped.remarks", lambda *_, **__: [open_one])
    out = io.StringIO()

    with pytest.raises(CommandError, match="1 findings, 0 with a written reason, 1 open"):
        call_command("lint_claims", stdout=out)

    assert out.getvalue() == ("pages.home.title: block C01: cure\n    A cure.\n    It is said. Instead: Be plain.\n")


def test_content_that_cannot_be_read_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise shipped.ContentError(["home: it has no title."])

    monkeypatch.setattr("education.content.shipped.read", refuse)

    with pytest.raises(CommandError, match="it has no title"):
        call_command("lint_claims")
