"""Conditions in words a clinician can read, for "shown when" and for rules: parsed once, then evaluated often.

Grammar: atoms joined by AND, OR, NOT and brackets (AND binds tighter). Atoms:
`q in {a, b}` · `q in {a, b} or unanswered` · `q answered` · `q unanswered` · `q >= 50` · `q < 45` ·
`count of q in {a, b} >= 4` · `count of q in {a, b} = 3` · `score s >= 12` · `score s < 12` ·
`any required safety question unanswered` · `any other required question unanswered`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

Value = int | float | str | tuple[str, ...]
TOKEN: Final = re.compile(r"\s*(>=|<|=|[(){},]|[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:\.[0-9]+)?)")
NOTHING: Final[frozenset[str]] = frozenset()


class ConditionError(ValueError):
    """A condition that does not follow the grammar; the text says where."""


@dataclass(slots=True)
class Facts:
    """What a condition may look at. `scores` maps a score to its value and the questions it was computed from."""

    answers: Mapping[str, Value]
    scores: Mapping[str, tuple[float, tuple[str, ...]]] = field(default_factory=dict)
    safety_missing: tuple[str, ...] = ()
    other_missing: tuple[str, ...] = ()


Test = Callable[[Facts], frozenset[str] | None]


@dataclass(frozen=True, slots=True)
class Condition:
    """`test` returns the question ids that made it true (maybe none), or None when it is false."""

    text: str
    test: Test
    questions: frozenset[str]
    options: frozenset[tuple[str, str]]
    scores: frozenset[str]


class _ConditionParser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        position = 0
        while text[position:].strip():
            match = TOKEN.match(text, position)
            if match is None:
                raise ConditionError(f"Cannot read {text[position : position + 20]!r} in {text!r}.")
            self.tokens.append(match.group(1))
            position = match.end()
        self.at = 0
        self.questions: set[str] = set()
        self.options: set[tuple[str, str]] = set()
        self.scores: set[str] = set()

    def parse(self) -> Condition:
        test = self.any_of()
        if self.at != len(self.tokens):
            raise ConditionError(f"{self.tokens[self.at]!r} is left over in {self.text!r}.")
        return Condition(self.text, test, frozenset(self.questions), frozenset(self.options), frozenset(self.scores))

    def peek(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.tokens[index] if index < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.peek()
        if not token or (expected and token not in expected):
            raise ConditionError(f"Expected {' or '.join(expected) or 'more'} but found {token!r} in {self.text!r}.")
        self.at += 1
        return token

    def words(self, *expected: str) -> bool:
        if all(self.peek(offset) == word for offset, word in enumerate(expected)):
            self.at += len(expected)
            return True
        return False

    def any_of(self) -> Test:
        tests = [self.all_of()]
        while self.words("OR"):
            tests.append(self.all_of())
        return tests[0] if len(tests) == 1 else _any(tests)

    def all_of(self) -> Test:
        tests = [self.atom()]
        while self.words("AND"):
            tests.append(self.atom())
        return tests[0] if len(tests) == 1 else _all(tests)

    def atom(self) -> Test:
        if self.words("NOT"):
            before = set(self.questions)
            self.questions = set()
            inner = self.atom()
            inside = frozenset(self.questions)
            self.questions |= before
            return _not(inner, inside)
        if self.words("("):
            test = self.any_of()
            self.take(")")
            return test
        if self.words("any", "required", "safety", "question", "unanswered"):
            return lambda facts: frozenset(facts.safety_missing) or None
        if self.words("any", "other", "required", "question", "unanswered"):
            return lambda facts: frozenset(facts.other_missing) or None
        if self.words("count", "of"):
            return self.count()
        if self.words("score"):
            return self.score()
        return self.about(self.take())

    def about(self, question: str) -> Test:
        self.questions.add(question)
        because = frozenset({question})
        verb = self.take("in", "answered", "unanswered", ">=", "<")
        if verb == "answered":
            return lambda facts: because if question in facts.answers else None
        if verb == "unanswered":
            return lambda facts: because if question not in facts.answers else None
        if verb in (">=", "<"):
            return _compare(question, verb, self.number())
        options = self.option_set(question)
        counts_missing = self.words("or", "unanswered")
        return _includes(question, options, counts_missing)

    def count(self) -> Test:
        question = self.take()
        self.questions.add(question)
        self.take("in")
        options = self.option_set(question)
        verb, wanted = self.take(">=", "="), self.number()
        because = frozenset({question})

        def test(facts: Facts) -> frozenset[str] | None:
            value = facts.answers.get(question)
            ticked = len(options.intersection(value)) if isinstance(value, tuple) else 0
            return because if (ticked >= wanted if verb == ">=" else ticked == wanted) else None

        return test

    def score(self) -> Test:
        name = self.take()
        self.scores.add(name)
        verb, wanted = self.take(">=", "<"), self.number()

        def test(facts: Facts) -> frozenset[str] | None:
            if name not in facts.scores:
                return None
            value, parts = facts.scores[name]
            return frozenset(parts) if (value >= wanted if verb == ">=" else value < wanted) else None

        return test

    def option_set(self, question: str) -> frozenset[str]:
        self.take("{")
        options = {self.take()}
        while self.words(","):
            options.add(self.take())
        self.take("}")
        self.options |= {(question, option) for option in options}
        return frozenset(options)

    def number(self) -> float:
        token = self.take()
        try:
            return float(token)
        except ValueError:
            raise ConditionError(f"Expected a number but found {token!r} in {self.text!r}.") from None


def _includes(question: str, options: frozenset[str], counts_missing: bool) -> Test:
    because = frozenset({question})

    def test(facts: Facts) -> frozenset[str] | None:
        value = facts.answers.get(question)
        if value is None:
            return because if counts_missing else None
        if isinstance(value, tuple):
            return None if options.isdisjoint(value) else because
        return because if value in options else None

    return test


def _compare(question: str, verb: str, wanted: float) -> Test:
    because = frozenset({question})

    def test(facts: Facts) -> frozenset[str] | None:
        value = facts.answers.get(question)
        if not isinstance(value, int | float):
            return None
        return because if (value >= wanted if verb == ">=" else value < wanted) else None

    return test


def _all(tests: list[Test]) -> Test:
    def test(facts: Facts) -> frozenset[str] | None:
        because = NOTHING
        for part in tests:
            ids = part(facts)
            if ids is None:
                return None
            because |= ids
        return because

    return test


def _any(tests: list[Test]) -> Test:
    def test(facts: Facts) -> frozenset[str] | None:
        results = [part(facts) for part in tests]
        true = [ids for ids in results if ids is not None]
        return frozenset().union(*true) if true else None

    return test


def _not(inner: Test, inside: frozenset[str]) -> Test:
    """What is not so is told by the questions it is about, as far as they were answered."""

    def test(facts: Facts) -> frozenset[str] | None:
        return None if inner(facts) is not None else inside.intersection(facts.answers)

    return test


def parse(text: str) -> Condition:
    """Read one condition. Raises ConditionError."""
    return _ConditionParser(text).parse()
