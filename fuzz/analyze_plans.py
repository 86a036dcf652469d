# ruff: noqa: INP001 -- run as a script
"""Fuzzes everything from reading to the record: a plan ends in a record or in an error of ours.

``python fuzz/analyze_plans.py [libFuzzer options] CORPUS``; ``make fuzz`` bounds it. Seldom is a plan analyzed whole;
mostly the gross target is not redrawn, so that tries are many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import atheris

with atheris.instrument_imports(include=["rtcomplexity"], exclude=["rtcomplexity.geometry", "rtcomplexity.testing"]):
    from rtcomplexity import analyze
    from rtcomplexity.case.reader import read_case
    from rtcomplexity.errors import RtComplexityError
    from rtcomplexity.evidence.record import from_json, to_json
    from rtcomplexity.metrics.catalogue import CATALOGUE
    from rtcomplexity.metrics.measure import measure
    from rtcomplexity.scoring.facts import case_facts
    from rtcomplexity.scoring.profile import load_profile
    from rtcomplexity.scoring.verdict import assess
    from rtcomplexity.settings import Settings
    from rtcomplexity.usecases.analyze import build_record

from harness import fuzz, limits

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.evidence.record import Record

SETTINGS = Settings(**limits())
PROFILE = load_profile()


def record_of(folder: Path) -> Record:
    """Analyze a plan without redrawings."""
    case = read_case(folder, settings=SETTINGS)
    table = measure(case, settings=SETTINGS)
    outcome = assess(table.gross_target, case_facts(case, table), PROFILE)
    return build_record(case, table, outcome, PROFILE, software_version="0", options={}, definitions=CATALOGUE)


def one_plan(folder: Path, _name: str, whole: bool) -> None:  # noqa: FBT001 -- the harness calls it so
    """Analyze a plan; its record must keep to its contract."""
    record = analyze(folder, settings=SETTINGS, identified=False).record if whole else record_of(folder)
    from_json(to_json(record))


if __name__ == "__main__":
    fuzz(one_plan, RtComplexityError)
