"""Reads results for a profile of one's own: consecutive plans of one site, one per patient and course."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rtcomplexity.batch.cohort import _by_patient, _one_per_course, _Read, _results, source_of
from rtcomplexity.errors import CohortError
from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.scoring.calibration import Provenance, calibrated_profile
from rtcomplexity.scoring.plans import VOLUME_KEY, Plans
from rtcomplexity.scoring.site import UNKNOWN
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rtcomplexity.batch.cohort import Source
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.site import TreatedSite

FEWEST: int = 20
"""With fewer plans there is nothing to count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A profile in TOML, and what it was made from."""

    text: str
    plans: int
    excluded: Mapping[str, int]


def calibrate(
    paths: Sequence[Path], site: TreatedSite, pattern: Profile, *, made_by: str = "not stated", period: str = ""
) -> Calibrated:
    """Make a profile from results.

    Parameters
    ----------
    paths : output folders of batches, their ``results.jsonl``, evidence folders, evidence records
    site : where the plans were treated; plans of another site are excluded
    pattern : the profile whose families and rules it takes over; plans measured otherwise are excluded
    made_by, period : what the profile says of who made it, and of when the plans were treated

    Raises
    ------
    CohortError
        If results cannot be read, or too few plans are left.
    """
    sources = [source_of(path) for path in paths]
    read = [one for number, source in enumerate(sources) for one in _results(number, source)]
    kept, excluded = _selected(read, sources, site)
    if len(kept) < FEWEST:
        told = ", ".join(f"{count} {why}" for why, count in sorted(excluded.items())) or "none excluded"
        found = f"{len(kept)} of {len(read)} results can be part of a profile ({told})."
        raise CohortError(found, f"at least {FEWEST} consecutive plans, one per patient and course.")
    records = [one.record for one in kept if one.record is not None]
    provenance = Provenance(
        made_by=made_by,
        period=period or "dates not stated",
        software=tuple(sorted({record.software.version for record in records})),
        excluded=excluded,
        plans=tuple(sorted(one.id for one in kept)),
    )
    plans = Plans.of([_measured(record.gross_target.metrics) for record in records])
    return Calibrated(text=calibrated_profile(plans, site, pattern, provenance), plans=len(kept), excluded=excluded)


def _measured(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Measurement]:
    """Values that were measured; the unit does not matter here."""
    values = {key: metric.get("value") for key, metric in metrics.items()}
    return {
        key: Measurement(value=None if value is None else float(value), unit=Unit.NONE) for key, value in values.items()
    }


def _selected(
    read: Iterable[_Read], sources: Sequence[Source], site: TreatedSite
) -> tuple[list[_Read], dict[str, int]]:
    candidates: dict[str, _Read] = {}
    excluded: Counter[str] = Counter()
    for one in sorted(read, key=lambda each: (each.id, not each.patient, each.source)):
        why = _why_not(one, site, is_batch=sources[one.source].is_batch)
        if why:
            excluded[why] += 1
        elif one.id in candidates:
            excluded["same plan"] += 1
        else:
            candidates[one.id] = one
    kept: list[_Read] = []
    for patient in _by_patient(candidates.values(), sources):
        first = _one_per_course(patient)
        kept += first
        excluded["same patient and course"] += len(patient) - len(first)
    return kept, {why: count for why, count in excluded.items() if count}


def _why_not(one: _Read, site: TreatedSite, *, is_batch: bool) -> str:
    """Say why a result cannot be part of it; empty where it can."""
    record = one.record
    if record is None:
        return "refused"
    if record.gross_target.metrics.get(VOLUME_KEY, {}).get("value") is None:
        return "without a gross target"
    if record.plan.facts.site not in {site.id, UNKNOWN}:
        return "of another site"
    return "without a patient" if is_batch and not one.patient else ""
