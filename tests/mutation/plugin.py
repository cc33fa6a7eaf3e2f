"""A pytest plugin that runs the chosen tests once, noting which reaches which line, and then once for each mutant.

A mutant inside a function is put into a fork of this process, so that nothing is imported or migrated again. One that
takes effect on import gets a process of its own, in which the import of its module is answered with the changed code.
"""

import ast
import functools
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import coverage
import hypothesis
import pytest

from tests.mutation import mutants
from tests.mutation.mutants import ROOT, Mutant

COUNT = int(os.environ.get("MUTANTS", "300"))
SEED = int(os.environ.get("SEED", "12"))
ONLY = os.environ.get("ONLY", "")
"""A piece of a mutant's line, as a report prints it: run those alone."""
AGAIN = Path(os.environ.get("AGAIN", os.devnull))
"""An earlier report: run those alone that lived in it."""
LIMIT = float(os.environ.get("LIMIT", "20"))
"""Seconds of tests for one mutant, as they took unchanged. What is left out can only make the score lower."""
REPORT = Path(os.environ.get("REPORT", "var/mutation.txt"))
DEAD = ("killed", "timeout")
AT = 28
"""Where a mutant begins in a line of a report."""
ON_IMPORT = os.environ.get("MUTANT_ON_IMPORT", "")
"""Set in the process of its own: the mutant, and the migrated database to begin with."""


class Imported(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Answers the import of one module with its changed code."""

    def __init__(self, name: str, path: str, tree: ast.Module) -> None:
        super().__init__(name, path)
        self.tree = tree

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        return importlib.util.spec_from_file_location(name, self.path, loader=self) if name == self.name else None

    def get_code(self, name: str) -> CodeType:
        return compile(self.tree, self.path, "exec", dont_inherit=True)


def module_of(mutant: Mutant) -> str:
    return mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


if ON_IMPORT:
    told = json.loads(ON_IMPORT)
    if told["mutant"]:
        changed = Mutant(**told["mutant"])
        sys.meta_path.insert(0, Imported(module_of(changed), str(ROOT / changed.path), mutants.mutated(changed)))

    @pytest.fixture(scope="session")
    def django_db_keepdb() -> bool:
        return True

    @pytest.fixture(scope="session")
    def django_db_modify_db_settings() -> None:
        from django.conf import settings

        shutil.copy(told["database"], settings.DATABASES["default"]["TEST"]["NAME"])


hypothesis.settings.register_profile("mutation", derandomize=True, database=None)
hypothesis.settings.load_profile("mutation")


class Run:
    """One session: the tests, how long each takes, and what it reaches."""

    def __init__(self, session: pytest.Session) -> None:
        from tests.content_fixtures import is_committing, moment_of

        # A fork must not commit to the database of all, nor inherit a transaction that is open.
        self.items = [
            item
            for item in session.items
            if not is_committing(item) and not moment_of(item) and not item.get_closest_marker("browser")
        ]
        self.took: dict[str, float] = {}
        self.reached: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))

    def unchanged(self) -> None:
        """Once without any change. A test that fails now says nothing later and is left out."""
        files = [str(ROOT / path) for part in mutants.PARTS.values() for path in part]
        measure = coverage.Coverage(data_file=None, include=files, config_file=False)
        measure.start()
        passed, begun = [], time.perf_counter()
        measure.switch_context(self.items[0].nodeid)
        for number, (item, has_passed) in enumerate(outcomes(self.items), 1):
            passed += [item] if has_passed else []
            self.took[item.nodeid] = time.perf_counter() - begun
            if number < len(self.items):
                measure.switch_context(self.items[number].nodeid)
            begun = time.perf_counter()
        measure.stop()
        data = measure.get_data()
        for file in data.measured_files():
            for line, contexts in data.contexts_by_lineno(file).items():
                self.reached[os.path.relpath(file, ROOT)][line] |= set(contexts) - {""}
        self.items = passed

    def tests_for(self, mutant: Mutant) -> list[pytest.Item]:
        """Those that reach its line, or on import its module: first the module's own, then the quickest."""
        lines = self.reached[mutant.path]
        wanted = lines[mutant.line] if mutant.scope else set().union(*lines.values())
        stem = Path(mutant.path).stem
        if (
            mutant.path == "consultations/workflow.py"
        ):  # plain data: the tests of the table itself reach none of its lines
            wanted = wanted | {item.nodeid for item in self.items if "test_workflow" in item.nodeid}
        results = [item for item in self.items if item.nodeid in wanted]
        results.sort(key=lambda item: (f"test_{stem}.py" not in item.nodeid, self.took[item.nodeid]))
        chosen, total = [], 0.0
        for item in results:
            total += self.took[item.nodeid]
            if total > LIMIT and chosen:
                break
            chosen.append(item)
        return chosen


class Nothing:
    """Comes after the last test: what belongs to the session stays as it was set up, and all else is taken down."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session

    def listchain(self) -> list[Any]:
        return [self.session]


def outcomes(tests: Sequence[pytest.Item]) -> Iterator[tuple[pytest.Item, bool]]:
    """Each test and whether it passes, one after the other as pytest runs them."""
    from _pytest.runner import runtestprotocol

    for number, item in enumerate(tests, 1):
        following: Any = tests[number] if number < len(tests) else Nothing(item.session)
        yield item, not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def functions_of(path: str) -> list[FunctionType]:
    file = str(ROOT / path)
    return [
        function
        for function in gc.get_objects()
        if type(function) is FunctionType and function.__code__.co_filename == file
    ]


def codes_in(code: CodeType) -> dict[tuple[str, int], CodeType]:
    results = {}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            results[constant.co_qualname, constant.co_firstlineno] = constant
            results |= codes_in(constant)
    return results


def put_in(mutant: Mutant) -> None:
    """Give every function of the module the code it has in the changed one, and forget what was computed before."""
    changed_codes = codes_in(compile(mutants.mutated(mutant), str(ROOT / mutant.path), "exec", dont_inherit=True))
    for function in functions_of(mutant.path):
        if code := changed_codes.get((function.__code__.co_qualname, function.__code__.co_firstlineno)):
            function.__code__ = code
    for cached in gc.get_objects():
        if type(cached) is functools._lru_cache_wrapper and cached.__module__.startswith(("consultations", "clinic")):
            cached.cache_clear()


def in_a_fork(mutant: Mutant | None, tests: list[pytest.Item], allowed: float) -> str:
    """`allowed` is in seconds of the processor, so that a busy machine kills no mutant."""
    child = os.fork()
    if child == 0:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        signal.setitimer(signal.ITIMER_PROF, allowed)
        try:
            if mutant:
                put_in(mutant)
            survives = all(has_passed for _, has_passed in outcomes(tests))
        except BaseException:
            survives = False
        os._exit(0 if survives else 1)
    _, status = os.waitpid(child, 0)
    return {0: "survived", 256: "killed"}.get(status, "timeout")


def in_a_process(mutant: Mutant | None, tests: list[pytest.Item], allowed: float, database: str) -> str:
    told = {"mutant": vars(mutant) if mutant else None, "database": database}
    options = ["-q", "-x", "-n", "0", "-p", "tests.mutation.plugin", "-p", "no:randomly"]
    chosen = REPORT.with_suffix(".tests")
    chosen.write_text("\n".join(item.nodeid for item in tests))
    seconds = int(allowed) + 60
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"@{chosen}"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={**os.environ, "MUTANT_ON_IMPORT": json.dumps(told)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5)),
    )
    return {0: "survived", 1: "killed", 2: "killed", 4: "killed"}.get(done.returncode, "timeout")


def control(run: Run, database: str) -> None:
    """What changes nothing survives, in both ways. Else every mutant would seem to be found."""
    tests = run.items[:: max(1, len(run.items) // 100)]
    if in_a_fork(None, tests, 600) != "survived" or in_a_process(None, tests, 600, database) != "survived":
        raise pytest.UsageError("The tests fail although nothing was changed, so no mutant can be judged.")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if ON_IMPORT or session.config.option.collectonly:
        return None
    from django.conf import settings
    from django.db import connections

    gc.unfreeze()
    run = Run(session)
    run.unchanged()
    connections.close_all()
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    database = shutil.copy(settings.DATABASES["default"]["NAME"], REPORT.with_suffix(".sqlite3"))
    control(run, str(database))
    lived = [line[AT:] for line in AGAIN.read_text().splitlines() if not line.startswith(DEAD)]
    with REPORT.open("w") as report:
        for mutant in mutants.drawn(COUNT, SEED):
            if ONLY not in str(mutant) or (lived and str(mutant) not in lived):
                continue
            tests = run.tests_for(mutant)
            allowed = 20 + 10 * sum(run.took[item.nodeid] for item in tests)
            if not tests:
                fate = "no test"
            elif mutant.scope:
                fate = in_a_fork(mutant, tests, allowed)
            else:
                fate = in_a_process(mutant, tests, allowed, str(database))
            report.write(f"{fate:9}{mutant.part:12}{len(tests):5}  {mutant}\n")
            report.flush()
    session._setupstate.teardown_exact(None)
    return True
