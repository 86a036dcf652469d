"""One call of ``analyze`` under the settings of the environment, with progress on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.cli.progress import progress
from rtcomplexity.settings import Settings
from rtcomplexity.usecases.analyze import NOTHING_CHOSEN, Assessment, analyze

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.model.options import AnalyzeOptions


def assessed(
    path: Path, options: AnalyzeOptions = NOTHING_CHOSEN, *, name_patients: bool = False, quiet: bool = False
) -> Assessment:
    """Assess the plan in `path` under the settings of the environment."""
    settings = Settings.from_environment()
    with progress(quiet=quiet) as report:
        return analyze(path, options, settings=settings, name_patients=name_patients, progress=report)
