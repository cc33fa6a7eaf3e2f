"""Rules of the house that no linter states: sizes, names, and what must never appear in code or templates."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("clinic", "education", "consultations")
MAX_LINES = 400
VAGUE_NAMES = {"utils", "helpers", "common", "mixins", "constants", "misc"}
DECLARED_SAFE = {
    "education/markup/markdown.py": ["''", "nh3.clean"],
    "education/presenters/structured_data.py": ["json.dumps"],
}
"""The two modules that declare text safe, and what they do to it first: the allow-list of HTML, and JSON in which no
character could end a script element (HTML's own escapes would be read as letters there)."""
DATA_BLOCK = '<script type="application/ld+json">{{ structured_data }}</script>'
"""Data for machines. A browser runs nothing of this type, and no policy needs to allow it."""
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


@cache
def sources() -> list[Path]:
    return sorted(
        file
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
        if "migrations" not in file.parts and "__pycache__" not in file.parts
    )


@cache
def templates() -> list[Path]:
    return sorted(file for package in PACKAGES for file in (ROOT / package).rglob("templates/**/*.html"))


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def called_names(tree: ast.AST) -> set[str]:
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


@pytest.mark.parametrize("file", sources(), ids=name)
class TestPython:
    def test_modules_are_short_and_named_after_what_they_hold(self, file):
        assert len(file.read_text().splitlines()) <= MAX_LINES
        assert file.stem not in VAGUE_NAMES

    def test_nothing_is_unfinished(self, file):
        assert not UNFINISHED.search(file.read_text())

    def test_data_is_never_marked_safe_and_our_logic_uses_no_signals(self, file):
        tree = ast.parse(file.read_text())
        assert not {"mark_safe", "SafeString"} & called_names(tree) or name(file) in DECLARED_SAFE
        imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "django.dispatch" not in imported
        assert "django.db.models.signals" not in imported

    def test_the_user_is_our_own(self, file):
        """Django's stock user has no duty and needs no address, and swapping it later is not possible."""
        assert not re.search(r"from django\.contrib\.auth\.models import .*\bUser\b", file.read_text())

    def test_nothing_is_unpickled(self, file):
        text = file.read_text()
        assert not re.search(r"^\s*(import|from) (pickle|marshal|shelve|yaml)\b", text, re.MULTILINE)


@pytest.mark.parametrize("module", DECLARED_SAFE)
def test_only_what_was_made_harmless_is_declared_safe(module):
    tree = ast.parse((ROOT / module).read_text())
    declared = [
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"mark_safe", "SafeString"}
    ]
    assert sorted(words.split("(")[0] for words in declared) == DECLARED_SAFE[module]
    assert all(words.endswith(".translate(UNSAFE_IN_HTML)") for words in declared if words.startswith("json.dumps"))


def views_and_admin() -> list[Path]:
    return [file for file in sources() if {"views", "admin"} & set(file.parts) or file.stem in ("views", "admin")]


@pytest.mark.parametrize("file", views_and_admin(), ids=name)
def test_views_and_admin_never_assign_a_status(file):
    for node in ast.walk(ast.parse(file.read_text())):
        targets = node.targets if isinstance(node, ast.Assign) else []
        assert not [target for target in targets if isinstance(target, ast.Attribute) and target.attr == "status"]


@pytest.mark.parametrize("file", templates(), ids=name)
class TestTemplates:
    def test_there_is_no_inline_script_style_or_handler(self, file):
        text = file.read_text().replace(DATA_BLOCK, "")
        assert not re.search(r"<style\b", text)
        assert not re.search(r"<script(?![^>]*\bsrc=)", text)
        assert not re.search(r"\s(style|on[a-z]+)=[\"']", text)

    def test_nothing_is_loaded_from_another_site(self, file):
        assert not re.search(
            r"<(script|img|link|iframe|source|use)\b[^>]*(src|href)=[\"'](https?:)?//", file.read_text()
        )

    def test_it_compiles(self, file):
        """A tag or filter that is not loaded shows only when the page is asked for."""
        template = get_template(str(file).split("/templates/", 1)[1])
        assert template.origin.name == str(file)

    def test_data_is_never_marked_safe(self, file):
        assert not re.search(r"\|\s*safe\b|autoescape off", file.read_text())


def test_the_top_level_holds_what_the_map_says():
    allowed = {
        *PACKAGES, "tests", "docs", "deploy", ".ci", "manage.py", "requirements.txt", "requirements.in",
        "requirements-dev.in", "requirements-dev.txt", "README.md", "Makefile", "pyproject.toml", ".env.example",
        ".gitignore", ".dockerignore", ".editorconfig", ".gitattributes", ".pre-commit-config.yaml", "LICENSE",
    }  # fmt: skip
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    assert {line.split("/")[0] for line in tracked if line} <= allowed


def test_the_lock_files_name_every_direct_requirement_with_hashes():
    for source, lock in (("requirements.in", "requirements.txt"), ("requirements-dev.in", "requirements-dev.txt")):
        locked = (ROOT / lock).read_text().lower()
        for line in (ROOT / source).read_text().splitlines():
            wanted = re.match(r"[A-Za-z0-9-]+", line)
            if wanted and not line.startswith("-"):
                assert f"\n{wanted[0].lower()}==" in f"\n{locked}"
        assert "://" not in locked
        assert all("\\" in line for line in locked.splitlines() if "==" in line)
