"""One call of ``analyze`` under the settings of the environment, with progress on a terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rtcomplexity.cli.local_settings import local_settings
from rtcomplexity.cli.progress import progress
from rtcomplexity.usecases.analyze import NOTHING_CHOSEN, Assessment, analyze, inspect_plan, measure_plan

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.evidence.record import Record
    from rtcomplexity.model.options import AnalyzeOptions


def assessed(
    path: Path,
    options: AnalyzeOptions = NOTHING_CHOSEN,
    *,
    name_patients: bool = False,
    threads: int | None = None,
    quiet: bool = False,
) -> Assessment:
    """Assess the plan in `path` under the settings of the environment, on the cores there are if none says how many."""
    settings = local_settings()
    settings = settings if threads is None else replace(settings, threads=threads)
    with progress(quiet=quiet) as report:
        return analyze(path, options, settings=settings, name_patients=name_patients, progress=report)


def inspected(path: Path, options: AnalyzeOptions, *, quiet: bool) -> Record:
    """Read and measure the plan in `path` as :func:`assessed` does, and stop before it is assessed."""
    with progress(quiet=quiet) as report:
        return inspect_plan(measure_plan(path, options, settings=local_settings(), progress=report), options)
