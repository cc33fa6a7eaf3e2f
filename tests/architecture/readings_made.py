"""Which readings the code writes down, found in its source: each call of `readings.log` with the code that it names."""

import ast
from pathlib import Path

from django.conf import settings

NAMED = ("_log",)
"""Functions that pass on a code which they are given."""


def actions_of_readings() -> set[str]:
    found: set[str] = set()
    for path in Path(settings.BASE_DIR, "consultations", "admin").glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                found |= _codes(call)
    return found


def _codes(call: ast.Call) -> set[str]:
    assert isinstance(call.func, ast.Attribute)
    is_log = call.func.attr == "log" and isinstance(call.func.value, ast.Name) and call.func.value.id == "readings"
    if not is_log and call.func.attr not in NAMED:
        return set()
    given = [*call.args, *(word.value for word in call.keywords if word.arg == "action")]
    return {item.value for item in given if isinstance(item, ast.Constant) and isinstance(item.value, str)}
