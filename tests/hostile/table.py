"""All hostile inputs in one table, and the document that is written from it.

``PYTHONPATH=tests python -m hostile.table`` runs every input and writes docs/robustness.md with the time and memory it
took; a test says when the document's rows are no longer the table's.
"""

import ast
import itertools
import sys
import tempfile
import warnings
from pathlib import Path

from hostile import container, contours, images, names, pixels, plans, running, series, structure, values
from hostile.cases import Depth, Ending, Hostile
from rtcomplexity import settings

BY_HAND = "\n## Unusual exports"
"""Where the part of the document begins that is written by hand."""
DOCUMENT = Path(__file__).parents[2] / "docs" / "robustness.md"
HEAD = "| no. | input | ending | it says | processor | memory |"
INTRODUCTION = (
    "Every input that a release is tried against, and how it ends: with a clear error (exit code 3), with the plan ",
    "analyzed and an issue in the record, or, in a batch, with that plan refused. Input that is legal, if odd, is ",
    "analyzed, and its numbers are checked. Written by `PYTHONPATH=tests python -m hostile.table` from the table ",
    "that the tests run. Each plan may take ",
    f"{running.TIMES} times the processor time of the good plan in the same run, large ones more, and 1 GB of memory ",
    "beyond the resting program; what it took on one machine stands in the last two columns.",
)


def elsewhere(number, name, ending, says):
    """One that has a test of its own instead of a row of the parametrised one."""
    return Hostile(number=number, name=name, build=None, ending=ending, says=says)


OWN_TESTS = (
    elsewhere(114, "a link in a file's place", Ending.SAFE, "replaced, not followed"),
    elsewhere(114, "a link in the picture folder's place", Ending.UNWRITTEN, "its folder of pictures is a link"),
    elsewhere(115, "disk full", Ending.UNWRITTEN, "no space left on device"),
    elsewhere(115, "read-only folder", Ending.UNWRITTEN, "a folder that can be written"),
    elsewhere(115, "disk full during a batch", Ending.UNWRITTEN, "a ledger that cannot be written"),
    elsewhere(115, "no room for the evidence of a plan", Ending.REFUSED, "evidence-unwritten"),
    elsewhere(116, "a plan whose worker is killed", Ending.REFUSED, "process-died"),
    elsewhere(116, "a plan over the memory limit", Ending.REFUSED, "memory-limit"),
    elsewhere(116, "a plan over the time limit", Ending.REFUSED, "wall-limit"),
    elsewhere(117, "an input that changes during the run", Ending.ERROR, "changed while it was being read"),
    elsewhere(117, "an input that changes during a batch", Ending.REFUSED, "changed during the run"),
    elsewhere(118, "a ZIP that climbs folders, a ZIP bomb", Ending.REFUSED, "archive-limit"),
    elsewhere(120, "identifiers in logs, errors, outputs", Ending.SAFE, "none found"),
)
RUN = (
    *container.CASES,
    *structure.CASES,
    *values.CASES,
    *pixels.CASES,
    *series.CASES,
    *contours.CASES,
    *images.CASES,
    *names.CASES,
)
ALL = tuple(sorted((*RUN, *OWN_TESTS), key=lambda case: case.number))


def build(case, folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom says that what is written here is bad
        case.build(folder)


def run(case, zygote, folder, depth=Depth.SCORED):
    """Write the plan and analyze it; outputs only where they are looked at."""
    plan, out = folder / "plan", folder / "out"
    plan.mkdir()
    build(case, plan)
    if depth is Depth.MEASURED:
        plans.slim(plan)
    left = ("--out", out) if case.ending is Ending.SAFE else ("--quick",) if depth is Depth.READ else ()
    return zygote.run("analyze", plan, "--json", "--quiet", *left, *case.arguments, times=case.times), out


def row(case):
    """The cells of a case that do not depend on the machine."""
    says = f"{case.volume_cm3:g} cm3" if case.volume_cm3 else case.says
    return (str(case.number), case.name.replace("|", "/"), case.ending.value, says)


def limits():
    """Rows of every limit: variable, value, meaning."""
    tree = ast.parse(Path(settings.__file__).read_text("utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    for field, text in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            yield f"`{settings.PREFIX}{field.target.id.upper()}`", f"{field.value.value}", text.value.value


def document(measured):
    """The document's text; `measured` gives (seconds, MiB) by a case's key."""
    lines = [
        "# What bad input does",
        "",
        "".join(INTRODUCTION),
        "",
        HEAD,
        "|---:|---|---|---|---:|---:|",
    ]
    for case in ALL:
        seconds, mebibytes = measured.get(case.key, ("", ""))
        lines.append(f"| {' | '.join((*row(case), seconds, mebibytes))} |")
    lines += [
        "",
        "Number 119, a hostile network peer, waits until there is a network command.",
        "",
        "## Limits",
        "",
        "Each is a field of `rtcomplexity.settings.Settings`, set by an environment variable.",
        "",
        "| variable | default | what it limits |",
        "|---|---:|---|",
        *(f"| {' | '.join(cells)} |" for cells in limits()),
    ]
    return "\n".join(lines) + "\n"


def rows_of(text):
    """The first four cells of the document's rows."""
    table = text[text.index(HEAD) :].split("\n\n", 1)[0].splitlines()[2:]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")[:4]) for line in table]


def main():
    zygote, measured = running.Zygote(), {}
    for case in RUN:
        with tempfile.TemporaryDirectory() as folder:
            ended, _ = run(case, zygote, Path(folder))
        measured[case.key] = f"{ended.cpu_s:.1f} s", f"{ended.peak_kib // 1024} MiB"
        sys.stdout.write(f"{case.key}: {ended.code}\n")
    zygote.close()
    _, section, by_hand = DOCUMENT.read_text("utf-8").partition(BY_HAND)
    DOCUMENT.write_text(document(measured) + section + by_hand, "utf-8")


if __name__ == "__main__":
    main()
