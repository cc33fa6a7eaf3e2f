"""What can be changed in a module: every place of its syntax tree that an operator knows, in a fixed order.

No text is changed: a sentence is compared by the tests of its page, and a changed docstring is nobody's mistake.
"""

import ast
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PARTS: Final[dict[str, tuple[str, ...]]] = {
    "workflow": (
        "consultations/workflow.py", "consultations/actions/*.py", "consultations/services/transitions.py",
        "consultations/services/triage.py", "consultations/services/review.py", "clinic/core/transitions.py",
    ),
    "permissions": ("consultations/permissions.py", "clinic/core/permissions.py"),
    "scheduling": ("consultations/services/scheduling/*.py",),
    "intake": ("consultations/services/intake.py",),
    "engine": (
        "consultations/candidacy/engine.py", "consultations/candidacy/union.py", "consultations/candidacy/standing.py",
        "consultations/candidacy/outcomes.py", "consultations/questionnaire/conditions.py",
        "consultations/questionnaire/cleaning.py",
    ),
}  # fmt: skip
COMPARISONS: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
SCOPES: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
TURNS: Final = (
    ("RECEIVED", "IN_TRIAGE", "WITH_DOCTOR", "INFORMATION_ASKED", "OFFERED", "URGENT", "BOOKED", "CANCELLED"),
    ("STAFF", "MANAGEMENT", "CLINICAL", "DOCTORS", "PATIENTS"),
    ("ANY", "OPEN", "CLOSED"),
)
"""Names of the transition table that stand for one another: each becomes the next, the last the first."""


NEXT_NAME: Final = {name: turn[(at + 1) % len(turn)] for turn in TURNS for at, name in enumerate(turn)}


@cache
def next_members() -> dict[tuple[str, str], str]:
    """(enum, member) -> the member written after it, for the project's vocabulary."""
    results = {}
    for consultation in ast.parse((ROOT / "consultations/enums.py").read_text()).body:
        if isinstance(consultation, ast.ClassDef):
            names = [ast.unparse(line.targets[0]) for line in consultation.body if isinstance(line, ast.Assign)]
            members = [name for name in names if name.isupper()]
            results |= {(consultation.name, name): members[(at + 1) % len(members)] for at, name in enumerate(members)}
    return results


@dataclass(frozen=True)
class Mutant:
    part: str
    path: str
    number: int
    """Which place of the module, counted from its beginning."""
    scope: str
    """The function it stands in, or "" for what runs when the module is imported."""
    line: int
    change: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.scope or '(module)'}: {self.change}"


Place = tuple[str, int, str, Callable[[], None]]
"""Function, line, what changes, and the change itself."""


def places(tree: ast.Module) -> Iterator[Place]:
    """Every place, in the order of the file. A change is made in the tree it was found in."""
    yield from _of_body(tree, "")


def _of_body(node: ast.AST, scope: str) -> Iterator[Place]:
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_params", "type_ignores") or _is_about_data_classes(node, field):
            continue
        for index, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or _is_left_out(child):
                continue
            inner = scope
            if isinstance(node, SCOPES) and field == "body" and not scope:
                inner = node.name
            line = getattr(child, "lineno", 0)
            for change, make in _changes(node, field, index if isinstance(value, list) else None, child):
                yield inner, line, change, make
            yield from _of_body(child, inner)


def _is_about_data_classes(node: ast.AST, field: str) -> bool:
    """Frozen or not, with slots or without: whoever uses the product meets no difference."""
    return isinstance(node, ast.Call) and field == "keywords" and ast.unparse(node.func).endswith("dataclass")


def _is_left_out(node: ast.AST) -> bool:
    """Imports, types, texts and what is logged."""
    if isinstance(node, ast.Import | ast.ImportFrom | ast.Assert):
        return True
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return True
    if isinstance(node, ast.Expr):
        text = ast.unparse(node.value)
        return isinstance(node.value, ast.Constant) or text.startswith(("logger.", "log.", "logging."))
    return isinstance(node, ast.JoinedStr)


def _changes(parent: ast.AST, field: str, index: int | None, node: ast.AST) -> Iterator[tuple[str, Callable[[], None]]]:
    def put(new: ast.AST) -> Callable[[], None]:
        def change() -> None:
            if index is None:
                setattr(parent, field, ast.copy_location(new, node))
            else:
                getattr(parent, field)[index] = ast.copy_location(new, node)

        return change

    for new in _instead_of(node):
        yield f"{_short(node)} -> {_short(new)}", put(new)
    if field in ("test", "ifs"):
        yield f"if {_short(node)} -> if not", put(ast.UnaryOp(ast.Not(), node))  # type: ignore[arg-type]
    is_listed = isinstance(node, ast.Set) or (
        isinstance(node, ast.Tuple) and isinstance(parent, ast.Compare | ast.Call)
    )
    if is_listed and len(node.elts) > 1:
        for elt in node.elts:
            yield f"{_short(node)} without {_short(elt)}", partial(node.elts.remove, elt)


def _instead_of(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(left, [op], rest) if type(op) in COMPARISONS:
            yield ast.Compare(left, [COMPARISONS[type(op)]()], rest)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), values)
        case ast.UnaryOp(ast.Not(), operand):
            yield operand
        case ast.BinOp(left, op, right) if type(op) in ARITHMETIC and not (_is_no_number(left) or _is_no_number(right)):
            yield ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() | float() as value):
            yield ast.Constant(value + 1)
        case ast.Name(name, ast.Load()) if name in NEXT_NAME:
            yield ast.Name(NEXT_NAME[name], ast.Load())
        case ast.Attribute(ast.Name(owner), name, ast.Load()) if (owner, name) in next_members():
            yield ast.Attribute(node.value, next_members()[owner, name], ast.Load())
        case _:
            yield from _instead_of_statement(node)


def _instead_of_statement(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Return(value) if value is not None and not isinstance(value, ast.Constant):
            yield ast.Return(ast.Constant(None))
        case ast.Raise() | ast.Delete() | ast.AugAssign() | ast.Expr(ast.Call() | ast.YieldFrom()):
            yield ast.Pass()
        case ast.Assign(targets) if all(isinstance(target, ast.Attribute | ast.Subscript) for target in targets):
            yield ast.Pass()
        case ast.Break():
            yield ast.Continue()
        case ast.Continue():
            yield ast.Break()


def _is_no_number(node: ast.AST) -> bool:
    """Text that is put together, or one half of a type such as `str | None`."""
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str | None))


def _short(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) < 90 else f"{text[:90]}..."


def all_of(part: str, root: Path = ROOT) -> list[Mutant]:
    files = sorted({file for pattern in PARTS[part] for file in root.glob(pattern)})
    return [
        Mutant(part, str(file.relative_to(root)), number, scope, line, change)
        for file in files
        for number, (scope, line, change, _) in enumerate(places(ast.parse(file.read_text())))
    ]


def drawn(count: int, seed: int, root: Path = ROOT) -> list[Mutant]:
    """The same for a seed and a state of the code: of every part as many, as long as it has any."""
    chance = random.Random(seed)
    piles = [all_of(part, root) for part in PARTS]
    for pile in piles:
        chance.shuffle(pile)
    taken: list[Mutant] = []
    while len(taken) < count and any(piles):
        taken += [pile.pop() for pile in piles if pile]
    return taken[:count]


def mutated(mutant: Mutant, root: Path = ROOT) -> ast.Module:
    tree = ast.parse((root / mutant.path).read_text())
    list(places(tree))[mutant.number][3]()
    return ast.fix_missing_locations(tree)
