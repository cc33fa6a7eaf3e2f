"""A version is always named by whoever asks: a default would judge an old answer by the newest questions."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent / "consultations"
MAY_NAME_THE_CURRENT_ONE = {
    "consultations/questionnaire/definition.py",  # where it is said
    "consultations/services/intake.py",  # where a session is begun
    "consultations/management/commands/assess.py",  # answers that come from nowhere
    "consultations/management/commands/export_questionnaire.py",  # what another system is given
    "consultations/checks.py",  # what must be there before anything starts
}


def name(file: Path) -> str:
    return str(file.relative_to(ROOT.parent))


def sources() -> list[Path]:
    return [file for file in sorted(ROOT.rglob("*.py")) if "migrations" not in file.parts]


def defaulted_versions(tree: ast.AST) -> list[str]:
    """Functions with an argument that is a version, or a set of rules, and need not be given."""
    results = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            given = node.args
            plain = [*given.posonlyargs, *given.args]
            with_default = [
                *plain[len(plain) - len(given.defaults) :],
                *[entry for entry, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value is not None],
            ]
            if any("version" in item.arg or "ruleset" in item.arg for item in with_default):
                results.append(getattr(node, "name", "lambda"))
    return results


def test_no_function_has_a_version_by_default() -> None:
    assert {name(file): bad for file in sources() if (bad := defaulted_versions(ast.parse(file.read_text())))} == {}


def test_the_check_finds_what_it_looks_for() -> None:
    for source in ("def f(version=1): ...", "def f(a, *, version='1.0.0'): ...", "def f(ruleset=None): ..."):
        assert defaulted_versions(ast.parse(source)) == ["f"]
    for source in ("def f(version): ...", "def f(version, step=1): ...", "def f(*, version, step=1): ..."):
        assert defaulted_versions(ast.parse(source)) == []


def test_the_current_version_is_named_where_a_session_begins_and_nowhere_else() -> None:
    naming = {name(file) for file in sources() if "CURRENT_VERSION" in file.read_text()}
    assert naming == MAY_NAME_THE_CURRENT_ONE
