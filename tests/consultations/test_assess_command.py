"""`manage.py assess`: one result a line, whatever comes in."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.consultations.candidacy.cases import ROUTINE, VIGNETTES

FIELDS = {
    "outcome",
    "urgency",
    "disposition",
    "fired",
    "scores",
    "visible",
    "early_exit",
    "booking_allowed",
    "versions",
}
BAD_LINES = [
    b"not json",
    b"[1, 2]",
    b'"text"',
    b"null",
    b'{"ab_age": NaN}',
    b'{"ab_age": Infinity}',
    b'{"ab_age": 40, "ab_age": 41}',
    b"\xff\xfe",
    b'{"ab_age": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"a": ' * 50_000,
    b'{"ab_age": 40',
]
SAFE_LINES = [
    b"{}",
    b'{"ab_age": "40"}',
    b'{"ab_age": 1e999}',
    b'{"ab_age": true, "rf_now": "chest"}',
    b'{"rf_now": [["chest"], {"a": 1}, null]}',
    b'{"rf_now": {"chest": true}, "unknown": [1]}',
    b'{"ex_note": "\\ud800\\u0000"}',
    b'{"rf_weak": ["none"], "peg_p": 5.5}',
]


def answer(lines: list[bytes], tmp_path: Path) -> list[dict[str, Any]]:
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    out = io.StringIO()
    call_command("assess", str(file), stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_each_line_gets_its_result(tmp_path: Path) -> None:
    results = answer([json.dumps(vignette["answers"]).encode() for vignette in VIGNETTES], tmp_path)

    assert [result["outcome"] for result in results] == [vignette["expected"]["outcome"] for vignette in VIGNETTES]
    assert all(set(result) >= FIELDS for result in results)
    assert all(set(fired) == {"id", "effect", "because"} for result in results for fired in result["fired"])


@pytest.mark.parametrize("line", BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_malformed_line_gets_an_error_and_the_next_is_answered(line: bytes, tmp_path: Path) -> None:
    bad, good = answer([line, json.dumps(ROUTINE).encode()], tmp_path)

    assert bad["error"].endswith(".")
    assert bad["booking_allowed"] is False
    assert good["outcome"] == "LIKELY_SUITABLE"


def test_an_error_names_its_line_and_empty_lines_count_without_a_result(tmp_path: Path) -> None:
    good = json.dumps(ROUTINE).encode()

    results = answer([b"", b"not json", good, b" \t\r", b"", b"[]"], tmp_path)

    assert [result.get("line") for result in results] == [2, None, 6]
    assert results[1]["outcome"] == "LIKELY_SUITABLE"


def test_a_byte_order_mark_is_passed_over_at_the_very_start_only(tmp_path: Path) -> None:
    good, mark = json.dumps(ROUTINE).encode(), b"\xef\xbb\xbf"

    first, second = answer([mark + good, mark + good], tmp_path)
    (error,) = answer([mark, b"not json"], tmp_path)

    assert first["outcome"] == "LIKELY_SUITABLE"
    assert second["line"] == 2
    assert error["line"] == 2


@pytest.mark.parametrize("line", SAFE_LINES, ids=range(len(SAFE_LINES)))
def test_wrong_types_fail_safe(line: bytes, tmp_path: Path) -> None:
    (result,) = answer([line], tmp_path)

    assert result["urgency"] != "routine"
    assert result["booking_allowed"] is False


NO_ANSWERS = [
    b'{"resourceType": "QuestionnaireResponse", "status": "completed", "item": [{"linkId": "ab_age", "answer": []}]}',
    b'{"answers": {"ab_age": 40}}',
    b'{"data": {"ab_age": 40, "rf_now": ["chest"]}}',
    b'{"Ab_age": 40, "rf_now ": ["chest"]}',
    b'{"unknown": 1}',
]
WARNING = (
    "No key of this object is a question of the questionnaire, so every question counts as unanswered. "
    "Give the answers themselves: question ids as keys, no wrapper and no FHIR resource around them."
)


@pytest.mark.parametrize("line", NO_ANSWERS)
def test_an_object_of_another_shape_is_assessed_as_unanswered_and_says_so(line: bytes, tmp_path: Path) -> None:
    empty, odd = answer([b"{}", line], tmp_path)

    assert odd == {**empty, "warning": WARNING, "line": 2}
    assert (odd["outcome"], odd["booking_allowed"]) == ("URGENT_REVIEW", False)


def test_whatever_names_a_question_is_answered_without_a_warning(tmp_path: Path) -> None:
    good = json.dumps(ROUTINE).encode()
    with_more = json.dumps({**ROUTINE, "resourceType": "x"}).encode()

    results = answer([b"{}", good, with_more, b'{"ab_age": null}'], tmp_path)

    assert [set(result) - FIELDS for result in results] == [set(), set(), set(), set()]
    assert results[1] == results[2]


def test_standard_input_is_read_without_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps(ROUTINE).encode() + b"\n\n"))
    monkeypatch.setattr("sys.stdin", stdin)

    call_command("assess", stdout=out)

    assert json.loads(out.getvalue())["outcome"] == "LIKELY_SUITABLE"


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot read"):
        call_command("assess", str(tmp_path / "nothing"))


class TestVersions:
    LINES = (b'{"ab_age": 40, "rf_now": ["none", "x"]}',)

    def judged(self, tmp_path: Path, *arguments: str) -> dict[str, Any]:
        file, out = tmp_path / "answers.jsonl", io.StringIO()
        file.write_bytes(self.LINES[0])
        call_command("assess", str(file), *arguments, stdout=out)
        result: dict[str, Any] = json.loads(out.getvalue())
        return result

    def test_the_current_one_judges_unless_another_is_named(self, tmp_path: Path) -> None:
        current, older = self.judged(tmp_path), self.judged(tmp_path, "--version", "1.0.0")
        assert (current["versions"]["questionnaire"], current["versions"]["ruleset"]) == ("1.1.0", "1.1.0")
        assert current["unreadable"] == ["rf_now"]
        assert (older["versions"]["questionnaire"], older["versions"]["ruleset"]) == ("1.0.0", "1.0.0")
        assert "unreadable" not in older

    @pytest.mark.parametrize("version", ["2.0.0", "", "../1.0.0"])
    def test_one_that_was_never_published_is_refused(self, tmp_path: Path, version: str) -> None:
        with pytest.raises(CommandError, match="No rules judge questionnaire"):
            self.judged(tmp_path, f"--version={version}")
