"""Change geometry, metrics and scoring in small ways, one at a time, and see whether the tests notice.

The changes are those of cosmic-ray: a number one more or less, another operator, a condition turned round, a loop that
never runs, a decorator taken off. Of its twelve replacements of an arithmetic operator only one is tried, of those of
an ordering the neighbor and the opposite, and nothing in what never runs (annotations, ``if TYPE_CHECKING``): what is
left is harder to notice. A sample is drawn from all of them by seed. Each is tried in a fork of a process that has
loaded the libraries and not the package, with the tests that reach the changed statement, the module's own and the
quickest first, as many as fit into a budget of their ordinary time. First some modules are tried unchanged, and have
to pass. A test that fails, or a time limit passed, kills the mutant. Linux only.

Writes ``build/mutants/survivors.txt`` and prints a table.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import importlib
import importlib.abc
import importlib.machinery
import json
import math
import os
import random
import re
import resource
import signal
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import coverage
import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
WORK = ROOT / "build" / "mutants"
PACKAGES = ("geometry", "metrics", "scoring")
TESTS = (
    "tests/unit/geometry", "tests/unit/scoring", "tests/unit/metrics", "tests/properties", "tests/scoring/gaming",
    "tests/reference/test_ibsi_morphology.py", "tests/unit/test_values.py",
)  # fmt: skip
LIBRARIES = (
    "numpy", "scipy.ndimage", "scipy.spatial", "scipy.optimize", "scipy.sparse.csgraph", "scipy.special",
    "scipy.interpolate", "skimage.measure", "pydicom", "pydantic", "hypothesis", "shapely",
)  # fmt: skip
KEPT = re.compile(
    r"core/(NumberReplacer|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|RemoveDecorator|ZeroIterationForLoop"
    r"|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceBreakWithContinue|ReplaceContinueWithBreak"
    r"|ReplaceUnaryOperator_Delete_\w+"
    r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Div|Mod_FloorDiv|Pow_Mul|BitAnd_BitOr"
    r"|BitOr_BitAnd|BitXor_BitOr|LShift_RShift|RShift_LShift)"
    r"|ReplaceComparisonOperator_(Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE|GtE_Gt|GtE_Lt|Eq_NotEq|NotEq_Eq|Is_IsNot"
    r"|IsNot_Is))"
)
MEMORY_BYTES = 8 << 30
CONTROLS = 3
FEW = 12
OPTIONS = [
    "-o", "addopts=", "--import-mode=importlib", "-x", "-qq", "--no-header", "--tb=no", "-p", "no:cacheprovider",
    "--hypothesis-profile=mutants", "-W", "ignore::pytest.PytestAssertRewriteWarning",
]  # fmt: skip
Z95 = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mutant:
    """One change that cosmic-ray can make."""

    path: str
    """Module, from the root of the repository."""
    line: int
    operator: str
    occurrence: int
    """Which of the places in the module where the operator applies."""


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Import one module from changed source; leave the others to Python."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self.module, self.path, self.source = module, path, source

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> object:
        """The changed module's specification, None for every other."""
        del path, target
        return (
            importlib.machinery.ModuleSpec(fullname, self, origin=str(self.path)) if fullname == self.module else None
        )

    def get_filename(self, fullname: str) -> str:
        """Where the unchanged module stands."""
        del fullname
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        """Changed source, and nothing compiled earlier."""
        if path.endswith(".pyc"):
            raise OSError(path)
        return self.source.encode()


class Durations:
    """A plugin of pytest that notes how long each test takes, setting up included."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one phase of one test."""
        self.seconds[report.nodeid] += report.duration


def main() -> int:
    """Draw, try and tell."""
    options = arguments()
    WORK.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)
    sys.path.insert(0, str(SOURCE))
    chosen = sample([mutant for mutant in all_mutants() if options.only in mutant.path], options.sample, options.seed)
    tests_at, seconds = reach(again=options.again)
    for library in LIBRARIES:
        importlib.import_module(library)
    pytest.main([*OPTIONS, "--collect-only", "--no-summary", "tests/conftest.py"])  # loads the plugins
    told = WORK / f"results-{options.seed}.jsonl"
    known = {} if options.again or not told.exists() else dict(map(read_result, told.read_text().splitlines()))
    for mutant in chosen[:CONTROLS]:
        if tried(mutant, tests_at, seconds, options.budget, unchanged) != "survived":
            sys.exit(f"tests fail though nothing in {mutant.path} is changed")
    with told.open("a" if known else "w") as writing:
        for mutant in chosen:
            if mutant not in known or (options.survivors and known[mutant] == "survived"):
                known[mutant] = tried(mutant, tests_at, seconds, options.budget, changed)
                writing.write(json.dumps([asdict(mutant), known[mutant]]) + "\n")
                writing.flush()
    report({mutant: known[mutant] for mutant in chosen})
    return 0


def arguments() -> argparse.Namespace:
    """What the caller asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=600, help="mutants to draw; 0 for all")
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument(
        "--budget", type=float, default=10.0, help="seconds of tests, as they run unchanged, per mutant"
    )
    parser.add_argument("--only", default="", help="draw from modules with this in their path, such as scoring/verdict")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run found")
    parser.add_argument("--survivors", action="store_true", help="try again those that survived")
    return parser.parse_args()


def read_result(line: str) -> tuple[Mutant, str]:
    """One line of an earlier run."""
    fields, outcome = json.loads(line)
    return Mutant(**fields), outcome


def all_mutants() -> list[Mutant]:
    """Every change of the kept kinds, in order."""
    paths = [path for package in PACKAGES for path in (SOURCE / "rtcomplexity" / package).rglob("*.py")]
    return sorted(mutant for path in paths for mutant in mutants_of(path))


def mutants_of(path: Path) -> Iterator[Mutant]:
    """The changes of one module, those in what never runs left out."""
    source = path.read_text(encoding="utf-8")
    tree, never_run = get_ast(source), [*annotations(source), *type_checking(source)]
    nodes, lines = list(ast_nodes(tree)), source.splitlines()
    for name in filter(KEPT.fullmatch, operator_names()):
        operator = get_operator(name)()
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, _end) in enumerate(places):
            in_signature = lines[start[0] - 1][start[1] :].startswith("*,")  # taken for a multiplication
            if not in_signature and not any(first <= start < last for first, last in never_run):
                yield Mutant(
                    path=str(path.relative_to(ROOT)), line=start[0], operator=name.removeprefix("core/"),
                    occurrence=occurrence,
                )  # fmt: skip


def annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where annotations start and end, as (line, column); with the future import they are text."""
    spans = []
    for node in ast.walk(ast.parse(source)):
        for kind in ("annotation", "returns"):
            found = getattr(node, kind, None)
            if isinstance(found, ast.expr):
                spans.append(((found.lineno, found.col_offset), (found.end_lineno, found.end_col_offset)))
    return spans


def type_checking(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where imports that only serve annotations start and end, as (line, column)."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.If))
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or node.lineno, node.end_col_offset or 0))
        for node in found
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    ]


def sample(mutants: Sequence[Mutant], size: int, seed: int) -> list[Mutant]:
    """A uniform draw without replacement, in the order drawn."""
    drawn = random.Random(seed).sample(mutants, len(mutants))  # noqa: S311 - no secret hangs on it
    print(f"{len(mutants)} mutants, {size or len(mutants)} drawn with seed {seed}", flush=True)
    return drawn[:size] if size else drawn


def reach(*, again: bool) -> tuple[dict[str, dict[int, set[str]]], dict[str, float]]:
    """Which tests run each line, and how long each takes, from one unchanged run."""
    lines, times = WORK / "reach.coverage", WORK / "durations.json"
    if again or not times.exists():
        child = os.fork()
        if child == 0:
            os._exit(unchanged_run(lines, times))
        if os.waitpid(child, 0)[1] != 0:
            sys.exit("the tests fail without any change")
    data = coverage.CoverageData(str(lines))
    data.read()
    reached: dict[str, dict[int, set[str]]] = {}
    for file in data.measured_files():
        path = str(Path(file).relative_to(ROOT))
        for line, contexts in data.contexts_by_lineno(file).items():
            reached.setdefault(path, {})[line] = {context.partition("|")[0] for context in contexts if context}
    return reached, json.loads(times.read_text())


def unchanged_run(lines: Path, times: Path) -> int:
    """Run every test once under coverage."""
    settings = WORK / "coverage.cfg"
    packages = ",".join(f"rtcomplexity.{package}" for package in PACKAGES)
    settings.write_text(f"[run]\nsource_pkgs = {packages}\ndata_file = {lines}\n")
    plugin = Durations()
    coverage_options = [f"--cov-config={settings}", "--cov", "--cov-context=test", "--cov-report="]
    ended = pytest.main(["-q", "-p", "no:cacheprovider", *coverage_options, *TESTS], plugins=[plugin])
    times.write_text(json.dumps(plugin.seconds))
    return int(ended)


def tried(
    mutant: Mutant,
    tests_at: dict[str, dict[int, set[str]]],
    seconds: dict[str, float],
    budget: float,
    source_of: Callable[[Mutant], str],
) -> str:
    """What became of one mutant: killed, timeout, survived or not reached."""
    path = ROOT / mutant.path
    source = source_of(mutant)
    module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    tests = within_budget(mutant, tests_at.get(mutant.path, {}), seconds, budget)
    if not tests:
        return "not reached"
    child = os.fork()
    if child == 0:
        os._exit(changed_run(Mutated(module, path, source), tests))
    limit = 20 + 5 * sum(seconds.get(test, 0.0) for test in tests)
    return outcome_of(child, time.monotonic() + limit)


def unchanged(mutant: Mutant) -> str:
    """The module's source as it stands."""
    return (ROOT / mutant.path).read_text(encoding="utf-8")


def changed(mutant: Mutant) -> str:
    """The module's source with the change in it."""
    return str(mutate_code(unchanged(mutant), get_operator(f"core/{mutant.operator}")(), mutant.occurrence))


def within_budget(
    mutant: Mutant, lines: dict[int, set[str]], seconds: dict[str, float], budget: float
) -> list[str]:  # fmt: skip
    """The tests that reach the changed statement, the module's own first, then the quickest; those that fit."""
    first, last = statement(ast.parse(unchanged(mutant)), mutant.line)
    reaching = set().union(*(lines.get(line, set()) for line in range(first, last + 1)))
    if not reaching:  # a statement run on import
        reaching = set().union(*lines.values()) | importing(mutant.path, seconds)
        own = ""  # the quickest first
    else:
        own = f"test_{Path(mutant.path).stem}.py"
    chosen, spent = [], 0.0
    for test in sorted(reaching, key=lambda name: (own not in name, seconds.get(name, 0.0), name)):
        spent += seconds.get(test, 0.0) + 0.005
        if chosen and spent > budget:
            break
        chosen.append(test)
    return chosen


def importing(path: str, tests: Iterable[str]) -> set[str]:
    """The tests of files that import a module, and those that look at its classes by name."""
    module = ".".join(Path(path).with_suffix("").parts[1:])
    files = {
        str(f.relative_to(ROOT)) for f in (ROOT / "tests").rglob("test_*.py") if f"from {module} " in f.read_text()
    }
    named = f"[{module.removeprefix('rtcomplexity.')}."
    return {test for test in tests if test.partition("::")[0] in files or named in test}


def statement(tree: ast.Module, line: int) -> tuple[int, int]:
    """First and last line of the innermost statement about a line: a function whole, a condition without its body."""
    found = (line, line)
    for node in ast.walk(tree):  # outer ones first
        if isinstance(node, ast.stmt) and not isinstance(node, ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
            headed = not isinstance(node, ast.FunctionDef) and getattr(node, "body", None)
            last = max(node.lineno, headed[0].lineno - 1) if headed else node.end_lineno
            found = (first, last) if first <= line <= last else found
    return found


def changed_run(finder: Mutated, tests: list[str]) -> int:
    """Run tests with one module changed, in this process, which ends with it."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, finder)
    few = tests[:FEW]
    return int(pytest.main([*OPTIONS, *few])) or (int(pytest.main([*OPTIONS, *tests[FEW:]])) if tests[FEW:] else 0)


def outcome_of(child: int, deadline: float) -> str:
    """Wait for a child until a deadline, then end it and what it started."""
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return "survived" if status == 0 else "killed"
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def report(results: dict[Mutant, str]) -> None:
    """Print a table by module and write the survivors with their change."""
    print("| module | mutants | killed | of these by the time limit | survived |\n|---|---:|---:|---:|---:|")
    for path in sorted({mutant.path for mutant in results}):
        print(row(path.removeprefix("src/rtcomplexity/"), [o for m, o in results.items() if m.path == path]))
    print(row("all", list(results.values())))
    share, low, high = wilson(sum(o in {"killed", "timeout"} for o in results.values()), len(results))
    print(f"\nkilled {share:.1%} (95% interval {low:.1%} to {high:.1%})")
    alive = sorted(mutant for mutant, outcome in results.items() if outcome in {"survived", "not reached"})
    (WORK / "survivors.txt").write_text("".join(f"{shown(mutant)} [{results[mutant]}]\n" for mutant in alive))


def row(name: str, outcomes: list[str]) -> str:
    """One line of the table."""
    counted = Counter(outcomes)
    killed = counted["killed"] + counted["timeout"]
    return f"| {name} | {len(outcomes)} | {killed} | {counted['timeout']} | {len(outcomes) - killed} |"


def wilson(successes: int, total: int) -> tuple[float, float, float]:
    """A share with its 95 % interval (Wilson 1927)."""
    share, z2 = successes / total, Z95**2
    center = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = Z95 / (1 + z2 / total) * math.sqrt(share * (1 - share) / total + z2 / (4 * total**2))
    return share, center - half, center + half


def shown(mutant: Mutant) -> str:
    """A mutant as its place and its lines before and after."""
    before, after = unchanged(mutant).splitlines(), changed(mutant).splitlines()
    lines = [line for line in difflib.unified_diff(before, after, n=0, lineterm="") if line[:3] not in {"---", "+++"}]
    told = "\n".join(line for line in lines if not line.startswith("@@"))
    return f"{mutant.path}:{mutant.line} {mutant.operator} {mutant.occurrence}\n{told}"


if __name__ == "__main__":
    sys.exit(main())
