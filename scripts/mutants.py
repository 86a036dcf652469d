"""Change geometry, metrics and scoring in small ways, one at a time, and see whether the tests notice.

The changes are those of cosmic-ray: a number one more or less, another operator, a condition turned round, a loop that
never runs, a decorator taken off. Of its twelve replacements of an arithmetic operator only one is tried, of those of
an ordering the neighbor and the opposite, and nothing in what never runs (annotations, ``if TYPE_CHECKING``): what is
left is harder to notice. A sample is drawn from all of them by seed.

One unchanged run tells which tests reach each line and what each costs. It is kept: later only files of tests that
changed run again, or all where a source did. A process then collects every test, and forks for each mutant: where only
functions changed, the fork puts their new code in the place of the old. Mutants of what runs on import are tried in a
fork that imports the package anew. Tests that reach the changed statement run, the quickest first, until the budget is
spent. Budget and limits are processor time, so that a busy machine gives the same result. First some mutants are tried
unchanged, and have to pass. A test that fails, or does not end, kills the mutant. Linux only.

Writes ``build/mutants/survivors.txt`` and prints a table.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import gc
import importlib
import importlib.abc
import importlib.util
import inspect
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

import pytest
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from reach import ON_IMPORT, Reach, processor_s, reach, summary
from scipy.special import betaincinv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
WORK = ROOT / "build" / "mutants"
PACKAGES = ("geometry", "metrics", "scoring")
TESTS = (
    "src/rtcomplexity/geometry", "src/rtcomplexity/metrics", "src/rtcomplexity/scoring",
    "tests/unit/geometry", "tests/unit/scoring", "tests/unit/metrics", "tests/unit/test_values.py",
)  # fmt: skip
"""Those that can name the fault: properties and gaming tests would kill some more, at ten times the time."""
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
BROKEN = "raise ImportError('changed')"
FEW = 12
TEST_SECONDS = 10
"""Of processor time, added to five times the most that a test of its folder takes: one that needs more does not end."""
WAIT_SECONDS = 1800
"""After which a fork is ended that uses no processor time."""
OWN = 0.2
"""A module's own tests come as early as if they were five times as quick."""
OPTIONS = [
    "-o", "addopts=", "--import-mode=importlib", "--doctest-modules", "-m", "not exhaustive", "-q", "--no-header",
    "--tb=no", "-s", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning",
]  # fmt: skip
QUIET = ["-qq", "-x", "--no-summary", "--hypothesis-profile=mutants"]


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
    """Import one module from changed source; leave the others to Python. A plugin of pytest."""

    def __init__(self, module: str, path: Path, source: str) -> None:
        self.module, self.path, self.source = module, path, source

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> object:
        """The changed module's specification, None for every other."""
        del path, target
        return (
            importlib.util.spec_from_file_location(fullname, self.path, loader=self)
            if fullname == self.module
            else None
        )

    def pytest_sessionstart(self) -> None:
        """Come before pytest's finder too, which imports a module with examples as it is on disk."""
        sys.meta_path.insert(0, self)

    def get_filename(self, fullname: str) -> str:
        """Where the unchanged module stands."""
        del fullname
        return str(self.path)

    def get_data(self, path: str) -> bytes:
        """Changed source, and nothing compiled earlier."""
        if path.endswith(".pyc"):
            raise OSError(path)
        return self.source.encode()


class Limits:
    """A plugin of pytest that ends its process at the first failure, or when the budget is spent."""

    def __init__(self, of: Reach, budget: float, failure: Path) -> None:
        self.of, self.budget, self.failure = of, budget, failure
        self.began = self.spent = 0.0

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Stop once the budget is spent, else limit the test and name it, since what ends it may end the process."""
        if self.spent > self.budget:
            os._exit(0)
        self.failure.write_text(nodeid)
        self.began = processor_s()
        limit = int(time.process_time() + TEST_SECONDS + 5 * self.of.costs.at_most(nodeid)) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))

    def pytest_runtest_logfinish(self) -> None:
        """Count what a test took; what collecting takes does not count."""
        self.failure.write_text("")
        self.spent += processor_s() - self.began

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name the test that failed, and end."""
        if report.failed:
            self.failure.write_text(report.nodeid)
            os._exit(1)


@dataclass(frozen=True, kw_only=True)
class Share:
    """Mutants for one process, and what it takes to try them."""

    mutants: Sequence[Mutant]
    of: Reach
    files: Sequence[Path]
    budget: float
    told: Path
    folder: Path
    """For temporary files."""

    @property
    def failure(self) -> Path:
        """Where a fork leaves the name of the test that failed in it."""
        return self.folder / "failure.txt"

    @property
    def left(self) -> Path:
        """Where mutants are named that have to be imported."""
        return self.folder / "left.json"

    @property
    def options(self) -> list[str]:
        """Options of pytest."""
        return [*OPTIONS, *QUIET, f"--basetemp={self.folder / 'tests'}"]

    def tell(self, mutant: Mutant, outcome: str) -> None:
        """Add a line to the results."""
        by = self.failure.read_text() if outcome == "killed" and self.failure.exists() else ""
        with self.told.open("a") as writing:
            writing.write(json.dumps([asdict(mutant), outcome, by]) + "\n")


class Collected:
    """A plugin of pytest that tries mutants in place of running the tests that it collected."""

    def __init__(self, share: Share) -> None:
        self.share = share

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try those mutants that change nothing but functions."""
        items, live, share, left = {item.nodeid: item for item in session.items}, live_functions(), self.share, []
        controls = CONTROLS
        gc.freeze()  # forks need not look through what they share
        for mutant in share.mutants:
            tests = [items[test] for test in tests_for(mutant, share.of) if test in items]
            swaps = None if runs_on_import(mutant, share.of) or not tests else function_swaps(mutant, live)
            if swaps is None:
                left.append(mutant)
                continue
            if controls:
                expect("survived", mutant, partial(run_items, tests, (), share), share)
                controls -= 1
            share.tell(mutant, outcome_of(partial(run_items, tests, swaps, share), share))
        share.left.write_text(json.dumps([asdict(mutant) for mutant in left]))
        return True


def main() -> int:
    """Draw, try and tell."""
    options = arguments()
    WORK.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)
    sys.path.insert(0, str(SOURCE))
    chosen = sample([mutant for mutant in all_mutants() if options.only in mutant.path], options.sample, options.seed)
    files = list(test_files(options.tests))
    of = reach(files, modules(), [f"rtcomplexity.{package}" for package in PACKAGES], OPTIONS, WORK)
    print(summary(of.costs), flush=True)
    print(*(f"left out, since it fails unchanged: {test}\n" for test in of.costs.failed), sep="", end="", flush=True)
    told = WORK / f"results-{options.seed}.jsonl"
    if options.again or (told.exists() and told.stat().st_mtime < of.costs.newest_source):
        told.unlink(missing_ok=True)
    known = results(told)
    wanted = [m for m in chosen if m not in known or (options.survivors and known[m] == "survived")]
    try_all(wanted, of, files, options, told)
    known = results(told)
    report({mutant: known[mutant] for mutant in chosen})
    return 0


def arguments() -> argparse.Namespace:
    """What the caller asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=600, help="mutants to draw; 0 for all")
    parser.add_argument("--seed", type=int, default=22)
    parser.add_argument(
        "--budget", type=float, default=5.0, help="seconds of processor time for the tests of one mutant"
    )
    parser.add_argument("--only", default="", help="draw from modules with this in their path, such as scoring/verdict")
    parser.add_argument("--tests", nargs="+", default=TESTS, help="only these files or folders of tests")
    parser.add_argument("--jobs", type=int, default=1, help="processes that try mutants")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run with this seed found")
    parser.add_argument("--survivors", action="store_true", help="try again those that survived")
    return parser.parse_args()


def test_files(folders: Iterable[str]) -> Iterator[Path]:
    """Files of tests, and modules with examples, from the root of the repository."""
    for folder in map(Path, folders):
        for path in sorted(folder.rglob("*.py")) if folder.is_dir() else [folder]:
            if path.name.startswith("test_") or (path.parts[0] == "src" and ">>>" in path.read_text()):
                yield path


def results(told: Path) -> dict[Mutant, str]:
    """What earlier runs found; the last counts."""
    lines = told.read_text().splitlines() if told.exists() else []
    return {Mutant(**fields): outcome for fields, outcome, _ in map(json.loads, lines)}


def all_mutants() -> list[Mutant]:
    """Every change of the kept kinds, in order."""
    return sorted(mutant for path in modules() for mutant in mutants_of(path))


def modules() -> list[Path]:
    """Modules that are changed."""
    return [path for package in PACKAGES for path in (SOURCE / "rtcomplexity" / package).rglob("*.py")]


def mutants_of(path: Path) -> Iterator[Mutant]:
    """The changes of one module, those in what never runs left out."""
    source = path.read_text(encoding="utf-8")
    tree, never_run = get_ast(source), [*annotations(source), *type_checking(source)]
    nodes, lines = list(ast_nodes(tree)), source.splitlines()
    for name in filter(KEPT.fullmatch, operator_names()):
        operator = get_operator(name)()
        places = (place for node in nodes for place in operator.mutation_positions(node))
        for occurrence, (start, _end) in enumerate(places):
            if not is_star(lines, start) and not any(first <= start < last for first, last in never_run):
                yield Mutant(
                    path=str(path.relative_to(ROOT)), line=start[0], operator=name.removeprefix("core/"),
                    occurrence=occurrence,
                )  # fmt: skip


def is_star(lines: Sequence[str], start: tuple[int, int]) -> bool:
    """Whether a star of a signature, or one that unpacks, stands where an operator is said to be."""
    row, column = start[0] - 1, start[1]
    before = "".join([*lines[:row], lines[row][:column]]).rstrip()
    return lines[row].startswith("*", column) and before[-1] in "([{,:="


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


def try_all(
    mutants: Sequence[Mutant], of: Reach, files: Sequence[Path], options: argparse.Namespace, told: Path
) -> None:
    """Try mutants, in as many processes as were asked for."""
    for library in LIBRARIES:
        importlib.import_module(library)
    pytest.main([*OPTIONS, *QUIET, "--collect-only", "tests/conftest.py"])  # loads the plugins
    children = []
    for job in range(options.jobs):
        folder = WORK / f"job-{job}"
        folder.mkdir(exist_ok=True)
        share = Share(
            mutants=mutants[job :: options.jobs], of=of, files=files, budget=options.budget, told=told, folder=folder
        )  # fmt: skip
        children.append(forked(partial(try_share, share)))
    if sum(os.waitpid(child, 0)[1] for child in children):
        sys.exit("not all mutants were tried")


def try_share(share: Share) -> int:
    """First those that change functions, then the others."""
    named = [str(path) for path in share.files]
    child = forked(lambda: int(pytest.main([*share.options, *named], plugins=[Collected(share)])))
    if os.waitpid(child, 0)[1] != 0:
        return 1
    for place, mutant in enumerate(Mutant(**fields) for fields in json.loads(share.left.read_text())):
        tests = tests_for(mutant, share.of)
        if place < CONTROLS and tests:
            expect("survived", mutant, partial(run_anew, mutant, unchanged(mutant), tests, share), share)
            expect("killed", mutant, partial(run_anew, mutant, BROKEN, tests, share), share)
        share.tell(mutant, outcome_of(partial(run_anew, mutant, changed(mutant), tests, share), share))
    shutil.rmtree(share.folder)
    return 0


def forked(run: Callable[[], int]) -> int:
    """A child that runs something and ends with its number."""
    child = os.fork()
    if child == 0:
        code = 70
        try:
            code = run()
        except BaseException:  # noqa: BLE001 - nothing may leave the fork
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def expect(expected: str, mutant: Mutant, run: Callable[[], int], share: Share) -> None:
    """End this process unless a control ends as it has to: tests of an unchanged module pass, of a broken one fail."""
    if (outcome := outcome_of(run, share)) != expected:
        by = share.failure.read_text() or "no test"
        print(f"a control of {mutant.path}:{mutant.line} is {outcome} by {by}, expected {expected}", flush=True)
        os._exit(3)


def outcome_of(run: Callable[[], int], share: Share) -> str:
    """What became of one mutant, tried in a fork: killed, timeout or survived."""
    share.failure.write_text("")
    child, deadline = forked(partial(run_apart, run)), time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU:
                return "timeout"
            return "survived" if status == 0 else "killed"
        time.sleep(0.005)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "timeout"


def run_apart(run: Callable[[], int]) -> int:
    """Run something in this process, which ends with it, with bounded memory and nowhere to write to."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    sys.dont_write_bytecode = True
    return run()


def run_items(tests: Sequence[pytest.Item], swaps: Iterable[tuple[FunctionType, CodeType]], share: Share) -> int:
    """Run collected tests with the code of some functions changed."""
    config = tests[0].config
    config.pluginmanager.register(Limits(share.of, share.budget, share.failure))
    for function, code in swaps:
        function.__code__ = code
    for test, following in zip(tests, [*tests[1:], None], strict=True):
        config.hook.pytest_runtest_protocol(item=test, nextitem=following)
    return 0


def run_anew(mutant: Mutant, source: str, tests: Sequence[str], share: Share) -> int:
    """Import the package with one module changed, and run tests."""
    path = ROOT / mutant.path
    module = Mutated(".".join(path.relative_to(SOURCE).with_suffix("").parts), path, source)
    sys.meta_path.insert(0, module)  # for what conftest.py imports
    plugins = [module, Limits(share.of, share.budget, share.failure)]
    parts = filter(None, (tests[:FEW], tests[FEW:]))  # those that are seldom needed are collected late
    return next(filter(None, (int(pytest.main([*share.options, *part], plugins=plugins)) for part in parts)), 0)


def live_functions() -> dict[CodeType, list[FunctionType]]:
    """Functions of the package by their code."""
    found: dict[CodeType, list[FunctionType]] = {}
    gc.unfreeze()  # what was collected is kept apart from what is searched
    for each in gc.get_objects():
        if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(str(SOURCE)):
            found.setdefault(each.__code__, []).append(each)
    return found


def function_swaps(
    mutant: Mutant, live: dict[CodeType, list[FunctionType]]
) -> list[tuple[FunctionType, CodeType]] | None:  # fmt: skip
    """Functions with their changed code; None where more than functions changed."""
    compiled = [compiled_module(mutant, text) for text in (unchanged(mutant), changed(mutant))]
    pairs = None if None in compiled else changed_functions(*compiled)
    if not pairs or pairs[0][0] not in live:
        return None
    return [(function, new) for old, new in pairs for function in live.get(old, ())]


def compiled_module(mutant: Mutant, text: str) -> CodeType | None:
    """Code of a module; None where it is none."""
    try:
        return compile(text, str(ROOT / mutant.path), "exec", dont_inherit=True)
    except SyntaxError:
        return None


def changed_functions(before: CodeType, after: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """Functions whose code differs, outer before inner, in pairs; None where what runs on import differs."""
    is_function = bool(before.co_flags & inspect.CO_OPTIMIZED)
    if not is_function and run_at_once(before) != run_at_once(after):
        return None
    pairs = [(before, after)] if is_function and before != after else []
    if before.co_freevars != after.co_freevars:
        return None
    inner_pairs = zip(inner_codes(before), inner_codes(after), strict=not is_function)
    for inner in (changed_functions(old, new) for old, new in inner_pairs):
        if inner is None:
            return None
        pairs += inner
    return pairs


def inner_codes(code: CodeType) -> list[CodeType]:
    """Code of what is defined in a module, a class or a function."""
    return [each for each in code.co_consts if isinstance(each, CodeType)]


def run_at_once(code: CodeType) -> CodeType:
    """Code without what it defines, and without its places in the source."""
    constants = tuple(None if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_consts=constants, co_linetable=b"")


def runs_on_import(mutant: Mutant, of: Reach) -> bool:
    """Whether a line runs before any test does."""
    return ON_IMPORT in of.lines.get(mutant.path, {}).get(mutant.line, ())


def tests_for(mutant: Mutant, of: Reach) -> list[str]:
    """Tests that reach the changed statement, the quickest first; then those that may see it without reaching it.

    The latter are the module's own, since what they share may have been computed once, and of a statement that runs on
    import all that reach or import the module.
    """
    lines, own = of.lines.get(mutant.path, {}), f"test_{Path(mutant.path).stem}.py"
    first, last = statement(ast.parse(unchanged(mutant)), mutant.line)
    reaching = set().union(*(lines.get(line, set()) for line in range(first, last + 1))) - {ON_IMPORT}
    others = set().union(*lines.values()) - {ON_IMPORT}
    if not reaching or runs_on_import(mutant, of):
        others |= importing(mutant.path, of.costs.seconds)
    else:
        others = {test for test in others if own in test}

    def order(test: str) -> tuple[bool, float, str]:
        return test not in reaching, of.costs.of(test) * (OWN if own in test else 1), test

    return sorted((reaching | others).difference(of.costs.failed), key=order)


def unchanged(mutant: Mutant) -> str:
    """The module's source as it stands."""
    return (ROOT / mutant.path).read_text(encoding="utf-8")


def changed(mutant: Mutant) -> str:
    """The module's source with the change in it."""
    return str(mutate_code(unchanged(mutant), get_operator(f"core/{mutant.operator}")(), mutant.occurrence))


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


def report(results: dict[Mutant, str]) -> None:
    """Print a table by module and write the survivors with their change."""
    print("| module | mutants | killed | of these by the time limit | survived |\n|---|---:|---:|---:|---:|")
    for path in sorted({mutant.path for mutant in results}):
        print(row(path.removeprefix("src/rtcomplexity/"), [o for m, o in results.items() if m.path == path]))
    print(row("all", list(results.values())))
    killed, total = sum(outcome in {"killed", "timeout"} for outcome in results.values()), len(results)
    low, high = binomial(killed, total)
    print(f"\nkilled {killed} of {total}: {killed / total:.1%} (95% interval {low:.1%} to {high:.1%})")
    alive = sorted(mutant for mutant, outcome in results.items() if outcome == "survived")
    (WORK / "survivors.txt").write_text("".join(f"{shown(mutant)}\n" for mutant in alive))


def row(name: str, outcomes: list[str]) -> str:
    """One line of the table."""
    counted = Counter(outcomes)
    killed = counted["killed"] + counted["timeout"]
    return f"| {name} | {len(outcomes)} | {killed} | {counted['timeout']} | {len(outcomes) - killed} |"


def binomial(successes: int, total: int) -> tuple[float, float]:
    """The exact 95 % interval of a share (Clopper and Pearson 1934)."""
    low = betaincinv(successes, total - successes + 1, 0.025) if successes else 0.0
    high = betaincinv(successes + 1, total - successes, 0.975) if successes < total else 1.0
    return float(low), float(high)


def shown(mutant: Mutant) -> str:
    """A mutant as its place and its lines before and after."""
    before, after = unchanged(mutant).splitlines(), changed(mutant).splitlines()
    lines = [line for line in difflib.unified_diff(before, after, n=0, lineterm="") if line[:3] not in {"---", "+++"}]
    told = "\n".join(line for line in lines if not line.startswith("@@"))
    return f"{mutant.path}:{mutant.line} {mutant.operator} {mutant.occurrence}\n{told}"


if __name__ == "__main__":
    sys.exit(main())
