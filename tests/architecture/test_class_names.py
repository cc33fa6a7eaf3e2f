"""One name, one class: whoever searches for a class finds the one that is meant."""

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXEMPT = {"Command": "Django finds a management command by this name"}


def modules() -> list[Path]:
    files = (file for package in ("clinic", "consultations", "education") for file in (ROOT / package).rglob("*.py"))
    return sorted(file for file in files if "migrations" not in file.parts)


def test_no_two_classes_of_the_product_share_a_name() -> None:
    modules_of: dict[str, list[str]] = defaultdict(list)
    for module in modules():
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                modules_of[node.name].append(module.relative_to(ROOT).as_posix())

    twice = {name for name, where in modules_of.items() if len(where) > 1}
    assert {name: modules_of[name] for name in sorted(twice - EXEMPT.keys())} == {}
    assert sorted(EXEMPT.keys() - twice) == []
