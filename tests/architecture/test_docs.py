"""What the documents say about the code is true: tests, fields, settings and links that they name exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from clinic.core.fields import EncryptedTextField
from tests.consultations.services.test_erasure import REACHED

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
HAZARD_LOG = DOCS / "clinical-safety" / "hazard-log.md"
FIELD_REGISTRY = DOCS / "field-registry.md"
ADR = DOCS / "adr"
NAMED_TEST = re.compile(r"`(tests/[\w/]+(?:\.py)?/?)(?:::(\w+))?`")
REGISTERED = re.compile(r"^\| `(\w+\.\w+)` \|[^|]*\|([^|]*)\|([^|]*)\|", re.MULTILINE)
ERASED = re.compile(r"^\| `(\w+\.\w+)` \|(?:[^|\n]*\|){5}([^|\n]*)\|$", re.MULTILINE)
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:clinic|consultations|education|tests|deploy|docs)/[\w./-]+)")
ADR_LINES = 40


def documents() -> list[Path]:
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def decisions() -> list[Path]:
    return sorted(file for file in ADR.glob("*.md") if file.name != "README.md")


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def proofs_named_in(text: str) -> set[tuple[str, str]]:
    return {(match[1], match[2] or "") for match in NAMED_TEST.finditer(text)}


@cache
def functions_of(file: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def named_test_is_there(path: str, function: str) -> bool:
    """A test needs its function; a folder needs at least one file of tests; a whole file at least one test."""
    place = ROOT / path
    if function:
        return place.is_file() and function in functions_of(place)
    if place.is_dir():
        return any(functions_of(file) for file in place.rglob("test_*.py"))
    return place.is_file() and bool(functions_of(place))


def rows_of_hazards() -> list[list[str]]:
    """The cells of each line of the hazard log that begins with a hazard's number."""
    lines = HAZARD_LOG.read_text().splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if re.match(r"\| H\d+ \|", line)]


class TestHazardLog:
    def test_every_test_that_is_named_exists(self):
        named = sorted(proofs_named_in(HAZARD_LOG.read_text()))
        assert len(named) > 100
        assert [proof for proof in named if not named_test_is_there(*proof)] == []

    def test_every_hazard_has_a_row_a_status_and_room_for_the_scores(self):
        rows = rows_of_hazards()
        assert [row[0] for row in rows] == [f"H{number}" for number in range(1, len(rows) + 1)]
        assert len(rows) == 25
        for number, _hazard, _cause, _effect, initial, residual, status in rows:
            assert status in ("controlled", "partly", "open"), number
            assert (initial, residual) == ("", ""), f"{number}: scores are for the Clinical Safety Officer"

    def test_every_hazard_says_its_controls_and_what_is_open(self):
        text = HAZARD_LOG.read_text()
        for number, _, _, _, _, _, status in rows_of_hazards():
            section = text.split(f"\n### {number} ")[1].split("\n### ")[0]
            assert "**Open:**" in section, number
            assert proofs_named_in(section) or status == "open", f"{number}: a control names the test that proves it"

    @pytest.mark.parametrize(
        ("path", "function"),
        [
            ("tests/architecture/test_docs.py", "test_nobody_wrote_this"),
            ("tests/architecture/test_nowhere.py", ""),
            ("tests/nowhere", ""),
            ("tests/architecture/__init__.py", ""),
        ],
    )
    def test_a_test_that_does_not_exist_would_be_found(self, path, function):
        assert not named_test_is_there(path, function)


def registered() -> dict[str, tuple[str, str]]:
    """Field -> its kind and what the table says about encryption."""
    return {match[1]: (match[2].strip(), match[3].strip()) for match in REGISTERED.finditer(FIELD_REGISTRY.read_text())}


def erased() -> dict[str, str]:
    """Field -> what becomes of it when the person's data are erased."""
    return {match[1]: match[2].strip() for match in ERASED.finditer(FIELD_REGISTRY.read_text())}


def nothing_personal() -> set[str]:
    return set(re.findall(r"`(\w+\.\w+)`", FIELD_REGISTRY.read_text().split("## Nothing personal")[1]))


PERSONAL_CONTENT = ("Reviewer", "SignOff", "CaseAccount", "ClinicianStatement", "Feedback")


def kept_fields() -> dict[str, models.Field]:
    fields = [
        model
        for label in ("consultations", "core", "accounts")
        for model in apps.get_app_config(label).get_models()
        if model._meta.managed  # a view shows the fields of others
    ]
    fields += [apps.get_model("education", item) for item in PERSONAL_CONTENT]
    return {f"{model.__name__}.{field.name}": field for model in fields for field in model._meta.concrete_fields}


class TestFieldRegistry:
    def test_every_field_is_registered_once(self):
        assert set(registered()) | nothing_personal() == set(kept_fields()), (
            "docs/field-registry.md: give the new column a row, or name it under “Nothing personal”"
        )
        assert not set(registered()) & nothing_personal()

    def test_what_it_says_is_encrypted_is_encrypted_and_nothing_else(self):
        encrypted = {key for key, field in kept_fields().items() if isinstance(field, EncryptedTextField)}
        assert {key for key, (_, answer) in registered().items() if answer == "yes"} == encrypted
        assert not nothing_personal() & encrypted

    def test_it_says_how_each_field_about_a_patient_is_erased(self):
        about = {key for key in registered() if key.partition(".")[0] in REACHED}
        assert {key for key in about if key not in erased()} == set()
        assert set(erased().values()) == {
            "key destroyed", "tombstone", "emptied", "default", "new value", "row removed", "gone by itself", "stays",
        }  # fmt: skip

    def test_what_is_encrypted_of_a_patient_goes_with_its_key(self):
        encrypted = {key for key, (_, answer) in registered().items() if answer == "yes" and key in erased()}
        assert {erased()[key] for key in encrypted} == {"key destroyed", "row removed", "gone by itself"}

    def test_every_field_has_one_of_the_three_kinds(self):
        assert {kind for kind, _ in registered().values()} == {"personal", "health", "staff"}

    def test_free_text_about_health_is_encrypted(self):
        for key, (kind, encrypted) in registered().items():
            if kind == "health" and isinstance(kept_fields()[key], models.TextField):
                assert encrypted == "yes", key


def settings_source() -> str:
    """Django's settings, and those that gunicorn reads before them."""
    return "".join((ROOT / "clinic" / name).read_text() for name in ("settings.py", "core/web_settings.py"))


class TestReadme:
    def test_it_lists_the_settings_that_exist_and_all_of_them(self):
        table = (ROOT / "README.md").read_text().split("\n## Configuration\n")[1].split("\n## ")[0]
        listed = {
            setting
            for line in table.splitlines()
            if line.startswith("| `")
            for setting in re.findall(r"`([A-Z_]+)`", line.split("|")[1])
        }
        read = set(re.findall(r"\benv(?:\.\w+)?\(\s*\"([A-Z_]+)\"", settings_source()))
        assert listed == read, "README.md, Configuration: each setting has its row, and each row its setting"

    def test_the_example_names_only_settings_that_are_read(self):
        source = settings_source()
        named = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
        assert len(named) > 20
        assert {setting for setting in named if f'"{setting}"' not in source} == set(), "no such setting: .env.example"

    def test_the_demonstrations_accounts_are_the_commands(self):
        from clinic.management.commands.demo import PASSWORD, STAFF

        text = (ROOT / "README.md").read_text()
        assert f"`{PASSWORD}`" in text
        for username, group, *_ in STAFF:
            assert re.search(rf"^\|[^|]*`{username}`[^|]*\| {group} \|", text, re.MULTILINE)

    def test_the_commands_it_lists_exist(self):
        text = (ROOT / "README.md").read_text()
        named = set(re.findall(r"`manage\.py (\w+)", text))
        own = {file.stem for file in ROOT.glob("*/management/commands/*.py") if file.stem != "__init__"} - {"flush"}
        assert own <= named
        for target in set(re.findall(r"`make (\w+)", text)):
            assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


class TestEveryDocument:
    def test_links_lead_to_files(self):
        assert [
            f"{name(document)}: {target}"
            for document in documents()
            for target in LINK.findall(document.read_text())
            if not re.match(r"[a-z]+:|#", target) and not (document.parent / target.partition("#")[0]).exists()
        ] == []

    def test_paths_in_the_text_exist(self):
        assert [
            f"{name(document)}: {path}"
            for document in documents()
            for path in PATH.findall(document.read_text())
            if not (ROOT / path).exists()
        ] == []


class TestDecisions:
    def test_the_index_lists_every_one_under_its_own_title(self):
        index = (ADR / "README.md").read_text()
        listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \|$", index, re.MULTILINE)
        expected = [(file.name[:4], file.name) for file in decisions()]
        assert [(number, target) for number, target, _ in listed] == expected
        for number, target, title in listed:
            assert (ADR / target).read_text().splitlines()[0] == f"# {number} {title}"

    def test_each_is_short_and_says_why_what_and_what_follows(self):
        for file in decisions():
            text = file.read_text()
            assert len(text.splitlines()) <= ADR_LINES, file.name
            for heading in ("Status: ", "## Context", "## Decision", "## Consequences"):
                assert f"\n{heading}" in text, file.name
