"""Which tests reach each line of the package, and the processor time each takes, from one unchanged run.

The run is kept in a folder. Asked again, only files of tests that are new or changed run; where a source changed, all
of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

ON_IMPORT = ""
"""Stands among the tests of a line that also runs where no test does: on import, or when tests are collected."""


@dataclass(kw_only=True, eq=False)
class Costs:
    """What tests take, in seconds of processor time; a plugin of pytest that measures it."""

    newest_source: float = 0.0
    """When the source was last changed."""
    files: dict[str, float] = field(default_factory=dict)
    """Files of tests that ran, with their time of modification."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Each test by its id, without the fixtures that it shares with others."""
    fixtures: dict[str, float] = field(default_factory=dict)
    """Each shared fixture, by file and name."""
    uses: dict[str, list[str]] = field(default_factory=dict)
    """Shared fixtures of each test."""
    failed: list[str] = field(default_factory=list)

    def of(self, test: str) -> float:
        """What a test takes that runs alone."""
        return self.seconds.get(test, 0.0) + sum(self.fixtures.get(name, 0.0) for name in self.uses.get(test, ()))

    def at_most(self, test: str) -> float:
        """What a test can take in another order: it may be the first of its folder to need what all of them keep."""
        return self.dearest.get(folder_of(test), 0.0)

    @cached_property
    def dearest(self) -> dict[str, float]:
        """What the dearest test takes, by folder."""
        found: dict[str, float] = {}
        for test in self.seconds:
            found[folder_of(test)] = max(found.get(folder_of(test), 0.0), self.of(test))
        return found

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Time one test."""
        began, self._shared = processor_s(), 0.0
        self.uses[item.nodeid] = list(shared_fixtures(item))
        result = yield
        self.seconds[item.nodeid] = round(processor_s() - began - self._shared, 4)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Time one fixture, if several tests share it."""
        began = processor_s()
        try:
            return (yield)
        finally:
            if fixturedef.scope != "function":
                spent = processor_s() - began
                self._shared += spent
                name = fixture_name(fixturedef)
                self.fixtures[name] = round(max(spent, self.fixtures.get(name, 0.0)), 4)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a test that fails unchanged: it tells nothing of mutants."""
        if report.failed:
            self.failed.append(report.nodeid)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Tests by the lines they reach, and their costs."""

    lines: dict[str, dict[int, set[str]]]
    """By path from the root of the repository, then by line; ``ON_IMPORT`` may stand among the tests."""
    costs: Costs


def folder_of(test: str) -> str:
    """The folder of a test's file."""
    return str(Path(test.partition("::")[0]).parent)


def processor_s() -> float:
    """Processor time of this process and of its children that ended."""
    return sum(os.times()[:4])


def shared_fixtures(item: pytest.Item) -> Iterable[str]:
    """Fixtures of a test that its file shares among tests."""
    known = getattr(item, "_fixtureinfo", None)
    for name in getattr(item, "fixturenames", ()) if known else ():
        for definition in known.name2fixturedefs.get(name, ())[-1:]:
            if definition.scope != "function" and ".py" in definition.baseid:
                yield fixture_name(definition)


def fixture_name(definition: pytest.FixtureDef[object]) -> str:
    """A fixture by its file and name."""
    return f"{definition.baseid}::{definition.argname}"


def reach(
    files: Sequence[Path], sources: Iterable[Path], packages: Iterable[str], options: Sequence[str], folder: Path
) -> Reach:
    """Run what is new among files of tests; their lines and costs, with those of earlier runs on the same sources."""
    costs_file, lines_file = folder / "costs.json", folder / "reach.coverage"
    costs = Costs(**json.loads(costs_file.read_text())) if costs_file.exists() else Costs()
    newest_source = max(path.stat().st_mtime for path in sources)
    if costs.newest_source != newest_source:
        costs = Costs(newest_source=newest_source)
        lines_file.unlink(missing_ok=True)
    stale = [path for path in files if costs.files.get(str(path)) != path.stat().st_mtime]
    if stale:
        settings = folder / "coverage.cfg"
        settings.write_text(f"[run]\nsource_pkgs = {','.join(packages)}\ndata_file = {lines_file}\n")
        coverage_options = [f"--cov-config={settings}", "--cov", "--cov-append", "--cov-context=test", "--cov-report="]
        child = os.fork()
        if child == 0:
            os._exit(unchanged_run(costs, stale, [*options, *coverage_options], costs_file))
        if os.waitpid(child, 0)[1] != 0:
            sys.exit("the tests cannot be run, though nothing is changed")
        costs = Costs(**json.loads(costs_file.read_text()))
    return Reach(lines=tests_by_line(lines_file, costs), costs=costs)


def unchanged_run(costs: Costs, files: Sequence[Path], options: Sequence[str], costs_file: Path) -> int:
    """Run files of tests once under coverage and keep what they cost; 0 where they ran, whether or not they passed."""
    written = {str(path): path.stat().st_mtime for path in files}  # as they are now: they may change while they run
    costs.failed = [test for test in costs.failed if test.partition("::")[0] not in written]
    ended = pytest.main([*options, *written], plugins=[costs])
    costs.files |= written
    costs_file.write_text(json.dumps(asdict(costs)))
    return int(ended not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED})


def tests_by_line(lines_file: Path, costs: Costs) -> dict[str, dict[int, set[str]]]:
    """Tests by path and line; a line that a shared fixture reaches belongs to all tests that share it."""
    data = coverage.CoverageData(str(lines_file))
    data.read()
    users: dict[str, set[str]] = {}
    for test, names in costs.uses.items():
        for name in names:
            users.setdefault(name, set()).add(test)
    left_out = set(costs.failed)
    found: dict[str, dict[int, set[str]]] = {}
    for file in data.measured_files():
        by_line = found.setdefault(str(Path(file).relative_to(Path.cwd())), {})
        for line, contexts in data.contexts_by_lineno(file).items():
            by_line[line] = set().union(*(tests_of(context, costs, users) for context in contexts)) - left_out
    return found


def tests_of(context: str, costs: Costs, users: dict[str, set[str]]) -> set[str]:
    """Tests that a context of coverage stands for."""
    test, _, phase = context.partition("|")
    return {test}.union(*(users[name] for name in costs.uses.get(test, ())) if phase == "setup" else ())


def summary(costs: Costs) -> str:
    """How many tests there are and what they take, by file the dearest first."""
    by_file: Counter[str] = Counter()
    for name, seconds in [*costs.seconds.items(), *costs.fixtures.items()]:
        by_file[name.partition("::")[0]] += seconds  # type: ignore[assignment]
    dearest = ", ".join(f"{Path(file).name} {seconds:.0f} s" for file, seconds in by_file.most_common(5))
    return f"{len(costs.seconds)} tests, {sum(by_file.values()):.0f} s of processor time; most: {dearest}"
