"""How many real plans end in which verdict: ``python studies/real_plans.py RESULTS`` prints a table.

RESULTS is what ``rtcomplexity batch FOLDER --out RESULTS`` leaves. The plans move no cutoff, and no plan is named.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

VERDICTS = ("supports", "rejects", "indeterminate", "insufficient_evidence")
NOT_ASSESSED = "not assessed"


def counts(rows: list[dict[str, str]]) -> dict[str, Counter[str]]:
    """Verdicts by the profile that gave them."""
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(row["profile"] or NOT_ASSESSED, Counter())[row["verdict"] or NOT_ASSESSED] += 1
    return found


def table(rows: list[dict[str, str]]) -> str:
    """The counts, and the commonest reasons, as Markdown."""
    columns = (*VERDICTS, NOT_ASSESSED)
    lines = ["| profile | plans | " + " | ".join(columns) + " |", "| --- " * (len(columns) + 2) + "|"]
    for profile, verdicts in sorted(counts(rows).items()):
        cells = [str(verdicts[column]) for column in columns]
        lines.append(f"| {profile} | {verdicts.total()} | " + " | ".join(cells) + " |")
    reasons = Counter(reason for row in rows for reason in row["reasons"].split())
    return "\n".join([*lines, "", "Reasons: " + ", ".join(f"{name} {n}" for name, n in reasons.most_common(8)) + "."])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path)
    with (parser.parse_args().results / "results.csv").open(encoding="utf-8", newline="") as file:
        print(table(list(csv.DictReader(file))))


if __name__ == "__main__":
    main()
