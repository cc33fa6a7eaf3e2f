"""Finds, in Python, what a person reads and no message catalogue can hold: bare sentences, and glued ones.

What counts as words: two words with a space between them, or one that begins with a capital. What nobody reads is left
out by where it stands: docstrings, log lines, patterns, annotations, and errors that only a developer sees.
"""

import ast
import re
from collections.abc import Iterator

MARKS = {
    "gettext": (0,), "gettext_lazy": (0,), "gettext_noop": (0,),
    "ngettext": (0, 1), "ngettext_lazy": (0, 1),
    "pgettext": (0, 1), "pgettext_lazy": (0, 1),
    "npgettext": (0, 1, 2), "npgettext_lazy": (0, 1, 2),
}  # fmt: skip
"""Function of the catalogue -> which of its arguments are literals."""
AT_ONCE = {"gettext", "ngettext", "pgettext", "npgettext"}
NOT_READ = {
    "ValueError", "TypeError", "KeyError", "LookupError", "AttributeError", "RuntimeError", "AssertionError",
    "NotImplementedError", "ImproperlyConfigured", "CommandError", "Undecodable", "DefinitionError",
    "RuleError", "CopyError", "ConditionError", "FileError", "DisplayError", "UnknownVersion", "UnknownRuleset",
}  # fmt: skip
"""Errors that a developer or an operator reads."""
PATTERNS = {"compile", "match", "search", "sub", "split", "findall", "finditer", "fullmatch", "strftime", "strptime"}
LOGS = {"debug", "info", "warning", "error", "exception", "critical", "log", "warn"}
TWO_WORDS = re.compile(r"[^\W\d_][^\W\d_]*[’'”)]?[.,;:!?…]?[”’)]? [“(‘]?[^\W\d_%{]")
ONE_WORD = re.compile(r"[A-Z][a-z’]+[.:?!…]?")
POSITIONAL = re.compile(r"%[sd]|\{\w*(:[^}]*)?\}")


class Finder:
    """The offenders of one module, as “line: what is wrong”."""

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.marks = {name: name for name in MARKS}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                self.marks |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in MARKS}
            if isinstance(node, ast.FunctionDef) and node.name == "N_":
                # A module that must not import Django marks by a function of its own, which the catalogues know.
                self.marks["N_"] = "gettext_noop"

    def offenders(self) -> list[str]:
        result = sorted({(node.lineno, why) for node in ast.walk(self.tree) for why in self.faults(node)})  # type: ignore[attr-defined]
        return [f"{line}: {why}" for line, why in result]

    def faults(self, node: ast.AST) -> Iterator[str]:
        if isinstance(node, ast.Call) and (mark := self.mark_of(node)):
            yield from self.faults_of_mark(node, mark)
        elif isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store) and "_" in self.marks:
            yield "“_” is the catalogue here: name it _rest"
        elif not self.is_left_out(node):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_words(node.value):
                yield f"not marked: {node.value[:60]!r}"
            elif self.is_glued(node):
                yield f"glued: {ast.unparse(node)[:70]}"
            elif is_plural(node):
                yield f"plural by hand: {ast.unparse(node)[:70]}"

    def is_glued(self, node: ast.AST) -> bool:
        if isinstance(node, ast.JoinedStr):
            return any(" " in text for text in texts_of(node))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return any(self.is_text(side) for side in (node.left, node.right))
        return is_join(node)

    def mark_of(self, node: ast.AST) -> str:
        return self.marks.get(getattr(node.func, "id", ""), "") if isinstance(node, ast.Call) else ""

    def faults_of_mark(self, call: ast.Call, mark: str) -> Iterator[str]:
        for argument in [call.args[index] for index in MARKS[mark] if index < len(call.args)]:
            if isinstance(argument, ast.JoinedStr | ast.BinOp | ast.Call | ast.IfExp):
                yield f"not a literal in {mark}: {ast.unparse(argument)[:60]}"
            elif isinstance(argument, ast.Constant) and POSITIONAL.search(str(argument.value)):
                yield f"name the placeholder, like %(name)s: {argument.value[:60]!r}"
        if mark in AT_ONCE and self.is_at_import(call):
            yield f"translated once, at import: use {mark}_lazy: {ast.unparse(call)[:60]}"

    def is_text(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and bool(re.search(r"[^\W\d_] | [^\W\d_]|^[^\W\d_]+$", node.value))
        return bool(self.mark_of(node))

    def above(self, node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
        """Each node around it, with the child through which it is reached."""
        while (parent := self.parents.get(node)) is not None:
            yield parent, node
            node = parent

    def is_at_import(self, node: ast.AST) -> bool:
        """Whether it runs when the module is read; a default or a decorator of a function does."""
        for parent, child in self.above(node):
            if isinstance(parent, ast.Lambda) and child is parent.body:
                return False
            if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and child in parent.body:
                return False
        return True

    def is_left_out(self, node: ast.AST) -> bool:
        """Marked, or where nobody but a developer reads it."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.Expr | ast.JoinedStr | ast.FormattedValue | ast.MatchValue):
            return True
        return any(self.hides(above, child) for above, child in self.above(node))

    def hides(self, above: ast.AST, child: ast.AST) -> bool:
        if isinstance(above, ast.Call) and child is not above.func:
            name = name_of(above.func)
            return bool(
                self.mark_of(above)
                or name in NOT_READ
                or (name in LOGS and name_of(getattr(above.func, "value", above.func)) == "logger")
                or (name in PATTERNS and name_of(getattr(above.func, "value", above.func)) in {"re", "datetime"})
                or name in {"TypeVar", "cast", "getattr", "setattr", "hasattr", "one_by_one"}
            )
        if isinstance(above, ast.Assert | ast.Compare):
            return True
        if isinstance(above, ast.Assign):
            return any(name_of(target) == "__all__" for target in above.targets)
        if isinstance(above, ast.keyword):
            return above.arg in {"name", "related_name", "auto_id", "template_name", "prefix"}
        annotation = getattr(above, "annotation", None) or getattr(above, "returns", None)
        return child is annotation or (isinstance(above, ast.Subscript) and child is above.slice)


def name_of(node: ast.AST) -> str:
    return getattr(node, "attr", "") or getattr(node, "id", "")


def is_words(text: str) -> bool:
    return bool(TWO_WORDS.search(text) or ONE_WORD.fullmatch(text))


def texts_of(node: ast.JoinedStr) -> list[str]:
    return [str(part.value) for part in node.values if isinstance(part, ast.Constant)]


def is_join(node: ast.AST) -> bool:
    """Pieces put together by a word, like " and ". Commas make a list without words, and a blank parts sentences."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "join"):
        return False
    between = node.func.value
    return isinstance(between, ast.Constant) and bool(re.search(r"[^\W\d_]", str(between.value)))


def is_plural(node: ast.AST) -> bool:
    if not (isinstance(node, ast.IfExp) and isinstance(node.test, ast.Compare)):
        return False
    sides = [node.test.left, *node.test.comparators]
    is_one = any(isinstance(side, ast.Constant) and side.value == 1 for side in sides)
    return is_one and all(isinstance(side, ast.Constant | ast.JoinedStr) for side in (node.body, node.orelse))
