"""No test sets a limit on time of its own: what a slow machine may decide stands in :mod:`patience` alone."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
WAITS = {"timeout", "wait_s", "wall_s", "cpu_s"}
SHORT = "tests/unit/batch/test_supervision.py", "tests/unit/batch/test_outputs.py", "tests/unit/batch/test_ledger.py"
"""There the limit itself is tested, or is a value like any other."""


def waits(tree):
    """Lines of calls that name a number of seconds to wait, or wait for a fixed time and then judge."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = {word.arg: word.value for word in node.keywords}
            if any(isinstance(named.get(name), ast.Constant) for name in WAITS):
                yield node.lineno
            if isinstance(node.func, ast.Attribute) and node.func.attr == "wait_for_timeout":
                yield node.lineno


def test_a_wait_of_so_many_seconds_is_found():
    assert list(waits(ast.parse("run(a, timeout=5)"))) == [1]
    assert list(waits(ast.parse("page.wait_for_timeout(100)"))) == [1]
    assert list(waits(ast.parse("run(a, timeout=HANG_S)"))) == []


def test_no_test_waits_for_a_time_of_its_own():
    paths = [path for path in TESTS.rglob("*.py") if path.relative_to(TESTS.parent).as_posix() not in SHORT]
    found = {path.name: [*waits(ast.parse(path.read_text("utf-8")))] for path in paths}
    assert {name: lines for name, lines in found.items() if lines} == {}
