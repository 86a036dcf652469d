"""The use case: read a plan, measure it, score it, and write down what was found.

Knows the order of the steps and nothing of how any of them is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from rtcomplexity.dicom.case_reader import read_case
from rtcomplexity.evidence.building import build_record
from rtcomplexity.metrics.catalogue import CATALOGUE
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.replicates import replicates
from rtcomplexity.scoring.claim import stated_claim
from rtcomplexity.scoring.facts import Site, case_facts
from rtcomplexity.scoring.profile import DEFAULT_PROFILE, load_profile
from rtcomplexity.scoring.stability import measure_stability
from rtcomplexity.scoring.verdict import assess, value_if_stable, with_claim
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtcomplexity.dicom.index import FileIndex
    from rtcomplexity.evidence.record import Record
    from rtcomplexity.metrics.measurement import MetricTable
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.structure_set import TargetClass
    from rtcomplexity.scoring.claim_file import ClaimFile
    from rtcomplexity.scoring.facts import CaseFacts
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.stability import Stability
    from rtcomplexity.scoring.verdict import Outcome


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """What one plan came to."""

    case: Case
    table: MetricTable
    outcome: Outcome
    record: Record
    """The canonical record; every report is rendered from it alone."""


def analyze(
    path: Path | str | FileIndex,
    *,
    settings: Settings | None = None,
    profile: str | Path = DEFAULT_PROFILE,
    aliases: Mapping[str, TargetClass] | None = None,
    structure_set_uid: str | None = None,
    site: Site | None = None,
    fractions: int | None = None,
    claim: ClaimFile | None = None,
    payer: str | None = None,
    quick: bool = False,
    identified: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Assessment:
    """Assess the plan in a folder.

    Parameters
    ----------
    path : folder with an RT Structure Set and its planning images, or a structure set alone; or an index of them
    settings : limits and tolerances; from the environment if None
    profile : id of a shipped scoring profile, or the path of one
    aliases : target class of ROIs by name, which counts before what the file says
    structure_set_uid : the set to assess; chosen by rule if None
    site, fractions : what the files lack and a person states; shown as stated by the user
    claim : what a person states of the claim; the RT Plan counts before it
    payer : whose rules count; the claim file's if None
    quick : counts, volumes and links only; nothing is scored
    identified : whether the record holds ROI names and UIDs as they are
    progress : called with (files done, files in all) while reading

    Raises
    ------
    InputDataError
        If the input cannot be used; its text says what was found and what to try.
    """
    settings = Settings.from_environment() if settings is None else settings
    loaded = load_profile(profile)
    case = read_case(
        path, settings=settings, structure_set_uid=structure_set_uid, aliases=aliases or {}, progress=progress
    )
    table = measure(case, settings=settings, quick=quick)
    facts = case_facts(case, table, site=site, fractions=fractions, claim=claim)
    scored = assess(table.gross_target, facts, loaded, stability=_stability(case, table, facts, loaded, settings))
    outcome = with_claim(scored, stated_claim(claim, payer), case)
    record = build_record(
        case,
        table,
        outcome,
        loaded,
        software_version=version("rtcomplexity"),
        options=_options(profile, aliases, structure_set_uid, payer, quick=quick),
        definitions=CATALOGUE,
        identified=identified,
    )
    return Assessment(case=case, table=table, outcome=outcome, record=record)


def _stability(
    case: Case, table: MetricTable, facts: CaseFacts, profile: Profile, settings: Settings
) -> Stability | None:
    """Redraw the gross target and score it again; None where nothing is scored or the profile is not calibrated."""
    verdict_of = value_if_stable(facts, profile)
    if verdict_of is None or profile.calibration is None:
        return None
    seed = bytes.fromhex(profile.sha256)
    redrawn = replicates(case, table.gross_target_rois, table.gross_target, settings, seed)
    return measure_stability(table.gross_target, redrawn, verdict_of, profile.stability)


def _options(
    profile: str | Path,
    aliases: Mapping[str, TargetClass] | None,
    structure_set_uid: str | None,
    payer: str | None,
    *,
    quick: bool,
) -> dict[str, str]:
    """Options that differ from their defaults and can move a verdict, as the user wrote them."""
    chosen = {
        "--profile": "" if str(profile) == DEFAULT_PROFILE else Path(profile).name,
        "--map": ", ".join(f"{name}={target_class.value}" for name, target_class in (aliases or {}).items()),
        "--structure-set": structure_set_uid or "",
        "--payer": payer or "",
        "--quick": "yes" if quick else "",
    }
    return {option: value for option, value in chosen.items() if value}
