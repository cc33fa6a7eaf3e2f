"""Rules of the house that no linter states: sizes, names, and what must never appear in code or templates."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest
from django.template.loader import get_template

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("clinic", "education", "consultations")
MAX_LINES = 400
VAGUE_NAMES = {"utils", "helpers", "common", "mixins", "constants", "misc"}
DECLARED_SAFE = {
    "clinic/core/templatetags/components.py": ["content.strip"],
    "education/markup/markdown.py": ["''", "nh3.clean"],
    "education/presenters/structured_data.py": ["json.dumps"],
}
"""The modules that declare text safe, and what they do to it first: what a template has rendered, without the blanks
around it; the allow-list of HTML; and JSON in which no character could end a script element (HTML's own escapes would
be read as letters there)."""
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


def views_and_admin() -> list[Path]:
    return [file for file in sources() if {"views", "admin"} & set(file.parts) or file.stem in ("views", "admin")]


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


@cache
def text_of(file: Path) -> str:
    return file.read_text()


@cache
def tree_of(file: Path) -> ast.Module:
    return ast.parse(text_of(file))


def offenders(files: Iterable[Path], is_wrong: Callable[[Path], object]) -> list[str]:
    """A rule holds when this is empty; else it names every file that breaks it."""
    return [name(file) for file in files if is_wrong(file)]


def called_names(tree: ast.AST) -> set[str]:
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}


def imported_modules(tree: ast.AST) -> set[str | None]:
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


def assigns_a_status(file: Path) -> bool:
    targets = [target for node in ast.walk(tree_of(file)) if isinstance(node, ast.Assign) for target in node.targets]
    return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets)


class TestPython:
    def test_the_sources_are_found(self):
        assert len(sources()) > 400
        assert len(views_and_admin()) > 40

    def test_modules_are_short(self):
        assert {name(file): lines for file in sources() if (lines := text_of(file).count("\n")) > MAX_LINES} == {}

    def test_modules_are_named_after_what_they_hold(self):
        assert offenders(sources(), lambda file: file.stem in VAGUE_NAMES) == []

    def test_nothing_is_unfinished(self):
        assert offenders(sources(), lambda file: UNFINISHED.search(text_of(file))) == []

    def test_data_is_never_marked_safe(self):
        marked = offenders(sources(), lambda file: {"mark_safe", "SafeString"} & called_names(tree_of(file)))
        assert marked == sorted(DECLARED_SAFE)

    def test_only_what_was_made_harmless_is_declared_safe(self):
        declared = {
            module: [
                ast.unparse(node.args[0])
                for node in ast.walk(tree_of(ROOT / module))
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"mark_safe", "SafeString"}
            ]
            for module in DECLARED_SAFE
        }
        assert {
            module: sorted(text.split("(")[0] for text in declarations) for module, declarations in declared.items()
        } == (DECLARED_SAFE)
        of_data = [text for declarations in declared.values() for text in declarations if text.startswith("json.dumps")]
        assert [text for text in of_data if not text.endswith(".translate(UNSAFE_IN_HTML)")] == []

    def test_our_logic_uses_no_signals(self):
        signals = {"django.dispatch", "django.db.models.signals"}
        assert offenders(sources(), lambda file: signals & imported_modules(tree_of(file))) == []

    def test_the_user_is_our_own(self):
        """Django's stock user has no duty and needs no address, and swapping it later is not possible."""
        stock = re.compile(r"from django\.contrib\.auth\.models import .*\bUser\b")
        assert offenders(sources(), lambda file: stock.search(text_of(file))) == []

    def test_nothing_is_unpickled(self):
        loaders = re.compile(r"^\s*(import|from) (pickle|marshal|shelve|yaml)\b", re.MULTILINE)
        assert offenders(sources(), lambda file: loaders.search(text_of(file))) == []

    def test_views_and_admin_never_assign_a_status(self):
        assert offenders(views_and_admin(), assigns_a_status) == []


class TestTemplates:
    def test_the_templates_are_found(self):
        assert len(templates()) > 150

    @pytest.mark.parametrize(
        "pattern",
        [r"<style\b", r"<script(?![^>]*\bsrc=)", r"\s(style|on[a-z]+)=[\"']"],
        ids=["style", "script", "handler"],
    )
    def test_there_is_no_inline_script_style_or_handler(self, pattern):
        assert offenders(templates(), lambda file: re.search(pattern, text_of(file).replace(DATA_BLOCK, ""))) == []

    def test_nothing_is_loaded_from_another_site(self):
        elsewhere = re.compile(r"<(script|img|link|iframe|source|use)\b[^>]*(src|href)=[\"'](https?:)?//")
        assert offenders(templates(), lambda file: elsewhere.search(text_of(file))) == []

    def test_they_compile(self):
        """A tag or filter that is not loaded shows only when the page is asked for."""
        for file in templates():
            template = get_template(str(file).split("/templates/", 1)[1])
            assert template.origin.name == str(file)

    def test_data_is_never_marked_safe(self):
        assert offenders(templates(), lambda file: re.search(r"\|\s*safe\b|autoescape off", text_of(file))) == []


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
