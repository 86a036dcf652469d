"""The one call that ``analyze``, ``inspect`` and ``demo`` make, with progress told to whoever watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.assessment import analyze
from rtcomplexity.cli.progress import progress
from rtcomplexity.dicom.target_class import parse_aliases
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtcomplexity.evidence.record import Record


def assessed(
    path: Path,
    *,
    profile: str,
    aliases: Sequence[str] | None,
    structure_set_uid: str | None,
    quiet: bool,
) -> Record:
    """Assess the plan in `path` under the settings of the environment."""
    named = parse_aliases(aliases or ())
    with progress(quiet=quiet) as report:
        assessment = analyze(
            path,
            settings=Settings.from_environment(),
            profile=profile,
            aliases=named,
            structure_set_uid=structure_set_uid,
            progress=report,
        )
    return assessment.record
