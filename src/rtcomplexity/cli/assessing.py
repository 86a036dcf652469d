"""One call of ``analyze`` under the settings of the environment, with progress on a terminal."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rtcomplexity.cli.progress import progress
from rtcomplexity.cores import available_cores
from rtcomplexity.settings import PREFIX, Settings
from rtcomplexity.usecases.analyze import NOTHING_CHOSEN, Assessment, analyze

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.model.options import AnalyzeOptions


MOST_THREADS: Final = 4
"""Of more than a few gross targets no plan has, and every helper takes memory of its own."""


def assessed(
    path: Path,
    options: AnalyzeOptions = NOTHING_CHOSEN,
    *,
    name_patients: bool = False,
    threads: int | None = None,
    quiet: bool = False,
) -> Assessment:
    """Assess the plan in `path` under the settings of the environment, on the cores there are if none says how many."""
    here = {f"{PREFIX}THREADS": str(min(available_cores(), MOST_THREADS))}
    settings = Settings.from_environment({**here, **os.environ})
    settings = settings if threads is None else replace(settings, threads=threads)
    with progress(quiet=quiet) as report:
        return analyze(path, options, settings=settings, name_patients=name_patients, progress=report)
