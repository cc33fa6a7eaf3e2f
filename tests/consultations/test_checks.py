"""Neither `manage.py check` nor a server starts on a questionnaire or rules that a patient would find broken."""

import json
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from consultations.candidacy import engine, rules
from consultations.questionnaire import definition, page_copy

RULE = '\n[[rule]]\nid = "X-1"\ngroup = "g"\neffect = "note"\nwhen = "{when}"\nstaff = ""\npatient = ""\nsource = ""\n'


RULES_HAVE_A_MARK = "1.0.0.toml begins with a byte order mark: save it as UTF-8 without one."
QUESTIONS_HAVE_A_MARK = "1.0.0.json begins with a byte order mark: save it as UTF-8 without one."


def forget() -> None:
    for cached in (definition.load, definition.raw, definition.worded, page_copy.load, page_copy.raw, rules.load):
        cached.cache_clear()


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Path]]:
    """Copies of the shipped files, to be broken."""
    copies = {
        "questions": tmp_path / "definitions" / "1.0.0.json",
        "copy": tmp_path / "definitions" / "1.0.0.copy.toml",
        "rules": tmp_path / "rules" / "1.0.0.toml",
    }
    sources = {"definitions": definition.DEFINITIONS, "rules": rules.RULES}
    for copy in copies.values():
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes((sources[copy.parent.name] / copy.name).read_bytes())
    monkeypatch.setattr(definition, "DEFINITIONS", copies["questions"].parent)
    monkeypatch.setattr(rules, "RULES", copies["rules"].parent)
    monkeypatch.setattr(definition, "CURRENT_VERSION", "1.0.0")
    monkeypatch.setattr(engine, "RULESET_OF_QUESTIONNAIRE", {"1.0.0": "1.0.0"})
    forget()
    yield copies
    forget()


def problems() -> list[tuple[str, str]]:
    forget()
    return [
        (str(run_check.id), str(run_check.msg))
        for run_check in run_checks(tags=["clinic"])
        if str(run_check.id).startswith("consult")
    ]


def adding(when: str) -> Callable[[bytes], bytes]:
    return lambda raw: raw + RULE.format(when=when).encode()


def replacing(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(old, new, 1)


def question(document: dict[str, Any], name: str) -> dict[str, Any]:
    (item,) = [item for group in document["item"] for item in group["item"] if item["linkId"] == name]
    found_item: dict[str, Any] = item
    return found_item


def rename(item: dict[str, Any]) -> None:
    item["linkId"] = "rf_weka"


def shown_by(condition: str) -> Callable[[dict[str, Any]], None]:
    def change(item: dict[str, Any]) -> None:
        for extension in item["extension"]:
            if extension["url"] == "https://clinic.example/fhir/StructureDefinition/shown-when":
                extension["valueString"] = condition

    return change


def test_the_shipped_files_are_sound(files: dict[str, Path]) -> None:
    assert problems() == []


RULE_FAULTS: list[tuple[Callable[[bytes], bytes], str]] = [
    (adding("rf_weka in {worse}"), "X-1 asks about 'rf_weka', which is no question."),
    (adding("rf_weak in {wrose}"), "X-1 names 'wrose', which is no option of 'rf_weak'."),
    (adding("score phq8 >= 3"), "X-1 reads ['phq8'], which is no score."),
    (adding("rf_weak in"), "X-1: Expected { but found '' in 'rf_weak in'."),
    (lambda raw: raw + RULE.format(when="rf_weak answered").encode() * 2, "A rule id stands twice."),
    (
        replacing(b'effect = "emergency"', b'effect = "alarm"'),
        "RF-CE-01 has the effect 'alarm'. Effects are: emergency, same_day, urgent, exclude, defer, info, caution, "
        "support, note.",
    ),
    (replacing(b'effect = "emergency"\n', b""), "RF-CE-01 does not say its effect."),
    (replacing(b"when = ", b"when = = "), "1.0.0.toml is not TOML: Invalid value (at line 15, column 8)."),
    (lambda raw: b"\xef\xbb\xbf" + raw, RULES_HAVE_A_MARK),
    (lambda raw: raw.decode().encode("utf-16"), RULES_HAVE_A_MARK),
    (lambda raw: raw + b"\n# caf\xe9\n", "1.0.0.toml is not UTF-8 (line 992): save it as UTF-8."),
    (lambda raw: b"", "1.0.0.toml does not say its version."),
    (lambda raw: b'version = "1.0.0"\nquestionnaire = "1.0.0"\n', "There is no [[rule]] at all."),
    (replacing(b'version = "1.0.0"', b'version = "1.0.1"'), "1.0.0.toml says that it is version 1.0.1."),
    (replacing(b'questionnaire = "1.0.0"', b'questionnaire = "1.1.0"'), "There is no questionnaire '1.1.0'."),
]


@pytest.mark.parametrize(("change", "sentence"), RULE_FAULTS, ids=[sentence[:30] for _, sentence in RULE_FAULTS])
def test_broken_rules_are_told_in_the_readers_own_sentence(
    files: dict[str, Path], change: Callable[[bytes], bytes], sentence: str
) -> None:
    files["rules"].write_bytes(change(files["rules"].read_bytes()))
    told = problems()
    assert [(number, text.splitlines()[0]) for number, text in told] == [("consultations.E002", sentence)]


QUESTION_FAULTS: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("rf_now", lambda item: item.pop("text") and None, "1.0.0.json lacks 'text' in a section or a question."),
    ("rf_weak", lambda item: item.update(linkId="rf_now"), "A question id stands twice in 1.0.0.json."),
    (
        "rf_ce_when",
        shown_by("rf_ce in {saddel}"),
        "rf_ce_when in 1.0.0.json names 'saddel', which is no option of 'rf_ce'.",
    ),
    (
        "rf_ce_when",
        shown_by("rf_weak in {worse}"),
        "rf_ce_when in 1.0.0.json is shown by ['rf_weak'], which is not asked before it.",
    ),
    (
        "rf_ce_when",
        shown_by("rf_ce in"),
        "rf_ce_when is shown by a condition that cannot be read. Expected { but found '' in 'rf_ce in'.",
    ),
    ("rf_weak", rename, "1.0.0.copy.toml, screen 4 asks ['rf_weak'], which are no questions of 1.0.0."),
]


@pytest.mark.parametrize(
    ("name", "change", "sentence"), QUESTION_FAULTS, ids=[entry[2][:30] for entry in QUESTION_FAULTS]
)
def test_a_broken_question_is_told(
    files: dict[str, Path], name: str, change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    document = json.loads(files["questions"].read_text())
    change(question(document, name))
    files["questions"].write_text(json.dumps(document))
    assert ("consultations.E001", sentence) in problems()


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "1.0.0.json is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (b"[]", "1.0.0.json is not a FHIR Questionnaire: it holds no object."),
        (b'{"version": "1.0.0", "url": "x", "item": 3}', "1.0.0.json is not of the shape of a FHIR Questionnaire."),
        (
            b'\xef\xbb\xbf{"version": "1.0.0"}',
            QUESTIONS_HAVE_A_MARK,
        ),
        (b'{"version": "1.0.0"}', "1.0.0.json lacks 'item' in a section or a question."),
    ],
)
def test_a_broken_questionnaire_is_told(files: dict[str, Path], raw: bytes, sentence: str) -> None:
    files["questions"].write_bytes(raw)
    assert ("consultations.E001", sentence) in problems()


COPY_FAULTS: list[tuple[Callable[[bytes], bytes], str]] = [
    (replacing(b'version = "1.0.0"', b'version = "1.0.1"'), " says that it is version 1.0.1."),
    (replacing(b"version = ", b"version = = "), " is not TOML: Invalid value (at line 6, column 11)."),
    (lambda raw: b"\xef\xbb\xbf" + raw, " begins with a byte order mark: save it as UTF-8 without one."),
    (lambda raw: b'version = "1.0.0"\nabout = 3\nsummary = {}\n', " has no [[screen]]."),
    (lambda raw: b"versoin = 1\n" + raw, " has ['versoin'], which nothing reads."),
    (replacing(b'slug = "now"\n', b""), ", screen 1 does not say its slug."),
    (
        replacing(b'slug = "now"', b'slug = "Now 1"'),
        ", screen 1 has the slug 'Now 1': small letters with hyphens between.",
    ),
    (
        replacing(b'slug = "nerves"', b'slug = "now"'),
        ", screen 2 has the slug 'now' of an earlier screen.",
    ),
    (
        replacing(b'section = "A"', b'section = "Z"'),
        ", screen 1 names section 'Z', which 1.0.0 does not have.",
    ),
    (replacing(b'title = "Right now"\n', b""), ", screen 1 does not say its title."),
    (replacing(b'lead = "We', b'laed = "We'), ", screen 1 has ['laed'], which nothing reads."),
    (
        replacing(b'["rf_ce"]', b'["rf_ec"]'),
        ", screen 2 asks ['rf_ec'], which are no questions of 1.0.0.",
    ),
    (
        replacing(b'["rf_ce"]', b'["rf_ce", "ab_age"]'),
        ", screen 2 asks 'ab_age', which screen 1 asks already.",
    ),
    (
        replacing(b'["rf_ce"]', b'["rf_ce", "rf_ce"]'),
        ", screen 2 lists ['rf_ce'] twice in its questions.",
    ),
    (replacing(b'["rf_ce"]', b"[]"), ", screen 2 does not list its questions."),
    (replacing(b'"rf_systemic", "rf_risk"', b'"rf_risk"'), " asks ['rf_systemic'] on no screen."),
    (
        lambda raw: raw.replace(b'["rf_ce"]', b'["rf_ce", "rf_ce_when"]').replace(b'["rf_ce_when"]', b'["ab_age"]'),
        ", screen 2 does not say its follow_ups_title.",
    ),
    (replacing(b"[about.ab_age]", b"[about.ab_aeg]"), ", about has ['ab_aeg'], which nothing reads."),
    (
        replacing(b'missing = "Enter your age', b'mising = "Enter your age'),
        ", about, ab_age has ['mising'], which nothing reads.",
    ),
    (replacing(b'short = "your age"', b'short = " "'), ", about, ab_age does not say its short."),
    (
        replacing(b'question = "pn_main"', b'question = "pn_mian"'),
        ", summary, worse is about 'pn_mian', which is no question of 1.0.0.",
    ),
    (
        replacing(b"low_back = ", b"lowback = "),
        ", summary, where, words names ['lowback'], which 'pn_where' does not have as an option.",
    ),
    (
        replacing(b'"worse", "drop"', b'"wrose", "drop"'),
        ", look_out 1 names ['wrose'], which 'rf_weak' does not have as an option.",
    ),
    (
        replacing(b'question = "rf_weak"', b'question = "rf_weka"'),
        ", look_out 1 is about 'rf_weka', which is no question of 1.0.0.",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), COPY_FAULTS, ids=[sentence[:44] for _, sentence in COPY_FAULTS])
def test_broken_copy_is_told_with_its_place(
    files: dict[str, Path], change: Callable[[bytes], bytes], sentence: str
) -> None:
    files["copy"].write_bytes(change(files["copy"].read_bytes()))
    assert problems() == [("consultations.E001", f"1.0.0.copy.toml{sentence}")]


class TestWhatIsMissing:
    def test_is_the_copy(self, files: dict[str, Path]) -> None:
        files["copy"].unlink()
        assert problems() == [("consultations.E001", "There is no copy file of questionnaire '1.0.0'.")]

    def test_is_a_questionnaire(self, files: dict[str, Path]) -> None:
        files["questions"].unlink()
        assert ("consultations.E001", "There is no questionnaire '1.0.0'.") in problems()

    def test_is_the_rules(self, files: dict[str, Path]) -> None:
        files["rules"].unlink()
        assert problems() == [("consultations.E002", "There are no rules '1.0.0'.")]

    def test_is_what_new_sessions_are_begun_on(self, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(definition, "CURRENT_VERSION", "1.1.0")
        assert problems() == [("consultations.E001", "There is no copy file of questionnaire '1.1.0'.")]

    def test_is_a_row_that_says_which_rules_judge(
        self, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = files["questions"].read_text().replace('"version": "1.0.0"', '"version": "1.1.0"')
        (files["questions"].parent / "1.1.0.json").write_text(other)
        other = files["copy"].read_text().replace('version = "1.0.0"', 'version = "1.1.0"')
        (files["copy"].parent / "1.1.0.copy.toml").write_text(other)
        assert problems() == [("consultations.E003", "No rules judge questionnaire '1.1.0'.")]
        monkeypatch.setitem(engine.RULESET_OF_QUESTIONNAIRE, "1.1.0", "1.0.0")
        assert problems() == [("consultations.E003", "Questionnaire 1.1.0 is judged by rules that are about 1.0.0.")]


class TestNothingStarts:
    @pytest.fixture(autouse=True)
    def broken(self, files: dict[str, Path]) -> None:
        files["rules"].write_bytes(files["rules"].read_bytes() + RULE.format(when="rf_weka in {worse}").encode())

    def test_not_the_check_of_all(self) -> None:
        with pytest.raises(SystemCheckError, match="'rf_weka', which is no question"):
            call_command("check")

    def test_not_a_server(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("clinic.core.old_database.server_refusal", lambda: None)
        with pytest.raises(ImproperlyConfigured, match="'rf_weka', which is no question"):
            runpy.run_module("clinic.wsgi")

    def test_not_the_judging_of_answers_from_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "answers").write_text("{}\n")
        with pytest.raises(CommandError, match="'rf_weka', which is no question"):
            call_command("assess", str(tmp_path / "answers"))
