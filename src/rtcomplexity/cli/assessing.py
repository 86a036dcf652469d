"""From options as they were typed to one call of ``analyze``, with progress for whoever watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.case.target_names import parse_aliases
from rtcomplexity.cli.progress import progress
from rtcomplexity.model.options import BY_SITE, AnalyzeOptions
from rtcomplexity.settings import Settings
from rtcomplexity.usecases.analyze import NOTHING_CHOSEN, Assessment, analyze

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def assessed(
    path: Path, options: AnalyzeOptions = NOTHING_CHOSEN, *, name_patients: bool = False, quiet: bool = False
) -> Assessment:
    """Assess the plan in `path` under the settings of the environment."""
    settings = Settings.from_environment()
    with progress(quiet=quiet) as report:
        return analyze(path, options, settings=settings, name_patients=name_patients, progress=report)


def chosen_options(
    *,
    profile: str | None = None,
    aliases: Sequence[str] | None = None,
    structure_set_uid: str | None = None,
    targets: Path | None = None,
    same_patient: bool = False,
    site: str | None = None,
    fractions: int | None = None,
    claim: Path | None = None,
    payer: str | None = None,
    cms: Path | None = None,
    cohort: Path | None = None,
    quick: bool = False,
) -> AnalyzeOptions:
    """Read options as they were typed."""
    return AnalyzeOptions(
        profile=profile or BY_SITE,
        aliases=parse_aliases(aliases or ()),
        structure_set_uid=structure_set_uid,
        targets=targets,
        same_patient=same_patient,
        site=site,
        fractions=fractions,
        claim=claim,
        payer=payer,
        cms=cms,
        cohort=cohort,
        quick=quick,
    )
