"""What was chosen for an assessment, as its record and reports name it: options that can move a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.case.case_issues import met_aliases
from rtcomplexity.model.options import BY_SITE
from rtcomplexity.scoring.profile import is_shipped

if TYPE_CHECKING:
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.options import AnalyzeOptions
    from rtcomplexity.scoring.claim import StatedClaim
    from rtcomplexity.scoring.cohort import LocalCohort
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.settings import Settings

REREAD: Final = frozenset({"--map", "--structure-set", "--targets", "--same-patient"})
"""Options that choose what is read of a plan's files, and what it means."""


def options_in_force(
    options: AnalyzeOptions,
    case: Case,
    settings: Settings,
    profile: Profile,
    cohort: LocalCohort | None,
    stated: StatedClaim,
) -> dict[str, str]:
    """Return the options that differ from their defaults and had an effect, with changed tolerances.

    A profile, a cohort and a file of targets are named by what they are: their file names may identify someone.
    """
    aliases, targets = met_aliases(options.aliases, case.structure_set), case.targets_file
    chosen = {
        "--profile": _profile_words(options.profile, profile),
        "--map": ", ".join(f"{name}={target_class.value}" for name, target_class in aliases.items()),
        "--structure-set": options.structure_set_uid or "",
        "--same-patient": "yes" if case.stated_patients > 0 else "",
        "--payer": options.payer or "",
        "--cms": "" if options.cms is None else _official_words(stated),
        "--cohort": "" if cohort is None else cohort.cohort.sha256[:12],
        "--quick": "yes" if options.quick else "",
        "--targets": "" if targets is None else f"{targets.kind} (SHA-256 {targets.sha256[:12]})",
    }
    return {option: value for option, value in chosen.items() if value} | settings.changed_tolerances()


def _official_words(stated: StatedClaim) -> str:
    """Say what CMS publishes, and where the claim information says something else."""
    official = stated.official
    if official is None:
        return "no release for the code and the date of service"
    text = f"global days indicator {official.facts.global_period} ({official.citation})"
    return f"{text}; the claim information states {stated.global_period}" if stated.contradicts_official else text


def _profile_words(chosen: str | Path, profile: Profile) -> str:
    """Name a profile that the user chose; empty where it is the shipped one of the site."""
    if chosen == BY_SITE or (Path(chosen).is_dir() and is_shipped(profile)):
        return ""
    if is_shipped(profile):
        return profile.id
    said, plans = profile.provenance, profile.calibration
    made = "" if said is None or plans is None else f"; {plans.n_calibration:,} plans, {said.period}, by {said.made_by}"
    return f"{profile.id} (not shipped, SHA-256 {profile.sha256[:12]}{made})"
