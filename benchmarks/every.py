"""Every benchmark of docs/benchmarks.md in turn, of a size that takes under 15 minutes on two idle cores together.

Prints what each prints, then a table of how long each took. One that fails or misses a goal stops no other. Left out:
what installs other tools (`peers/run.py` for all of them, `peers/comparisons.py`, `peers/registrations.py`).

    python benchmarks/every.py
    python benchmarks/every.py --only compare growth --runs 5
"""

from __future__ import annotations

import argparse
import sys

import measure

MOST_MINUTES = 15
PEERS = ("--input", "large", "--rounds", "2", "--only", "rtcomplexity", "--only", "plastimatch")


def parts(runs: int) -> dict[str, list[str]]:
    """Return the arguments of each benchmark by name."""
    rounds = str(runs)
    return {
        "floor": ["floor.py", "--runs", rounds],
        "growth": ["growth.py", "--rounds", rounds],
        "large structure set": ["peers/run.py", *PEERS],
        "fused images": ["fused_images.py", "--runs", rounds],
        "compare": ["compare.py", "--runs", rounds],
        "rasterising": ["-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "test_geometry.py"],
        "fetch": ["fetch.py", "--runs", rounds],
        "batch, parent and ledger": ["batch.py", "growth", "--quick", "--sizes", "100", "400"],
        "batch, plans alike": ["batch.py", "alike", "--rounds", "1"],
    }


def command(arguments: list[str]) -> list[str]:
    """Return the whole command of a benchmark: a script beside this one, or a module on one."""
    here = measure.REPOSITORY / "benchmarks"
    return [sys.executable, *(str(here / each) if each.endswith(".py") else each for each in arguments)]


def main() -> int:
    """Run them; return 1 if one ended with another code than 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="rounds of each")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="benchmarks whose name holds one of these words")
    asked = parser.parse_args()
    ran = {}
    for name, arguments in parts(asked.runs).items():
        if asked.only and not any(word in name for word in asked.only):
            continue
        measure.say(name)
        ran[name] = measure.run_once(command(arguments))
        print(f"\n## {name}: `python {' '.join(arguments)}`\n\n{ran[name].stdout}", flush=True)
        if ran[name].exit_code != 0:
            measure.say(ran[name].stderr[-2000:])
    rows = [[name, f"{run.wall_s:.0f} s", f"{run.cpu_s:.0f} s", str(run.exit_code)] for name, run in ran.items()]
    wall, spent = (sum(getattr(run, clock) for run in ran.values()) for clock in ("wall_s", "cpu_s"))
    rows.append(["together", f"{wall / 60:.1f} min", f"{spent / 60:.1f} min", ""])
    print(f"\n## Time of each (goal: {MOST_MINUTES} minutes together)\n")
    print(measure.markdown_table(["benchmark", "wall", "processor", "exit code"], rows))
    return int(any(measure.failed([run]) for run in ran.values()))


if __name__ == "__main__":
    sys.exit(main())
