"""Reads results for a profile of one's own: consecutive plans of one site, one per patient and course.

Which results can be part of it depends on facts and hashes, never on a score.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.batch.calibration_page import calibration_page
from rtcomplexity.batch.cohort import one_per_course, read_results
from rtcomplexity.errors import CohortError
from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.metrics.target_shape import surface_method
from rtcomplexity.scoring.calibration import OwnPlans, calibrated_profile, courses_of, courses_of_profile
from rtcomplexity.scoring.own_plans import Provenance
from rtcomplexity.scoring.plan_table import SCORED_KEYS
from rtcomplexity.scoring.plans import VOLUME_KEY, Plans
from rtcomplexity.scoring.profile import parse_profile, profile_ids
from rtcomplexity.scoring.site import UNKNOWN
from rtcomplexity.units import Unit, round_significant
from rtcomplexity.whole_files import writable, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from rtcomplexity.batch.cohort import Result
    from rtcomplexity.scoring.calibration import Course
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.site import TreatedSite

FEWEST: Final = 20
"""With fewer plans there is nothing to count."""
_TELLS_APART: Final = 4
"""Two plans of different files that agree in so many measured factors, and all of them, are one."""
NOT_USABLE: Final = {
    "structure_set_rejected": "with a rejected structure set",
    "no_gross_target": "without a gross target",
    "no_planning_images": "without planning images",
    "images_of_another_patient": "with images of another patient",
    "images_not_linked": "with images that are not linked",
    "planning_image_is_pet": "drawn on a PET",
    "not_measured": "not measured (quick)",
    "invalid_geometry": "with invalid geometry",
}
"""Reasons of a verdict for which a plan is no example of routine work, and their words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A result that is left out."""

    plan: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Results that count, and the others with their reasons."""

    kept: tuple[Result, ...]
    excluded: tuple[Exclusion, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How many are left out, by reason."""
        return dict(sorted(Counter(each.why for each in self.excluded).items()))

    @property
    def own_plans(self) -> OwnPlans:
        """The plans as they were measured."""
        records = [one.record for one in self.kept if one.record is not None]
        return OwnPlans(
            plans=Plans.of([_measured(record.gross_target.metrics) for record in records]),
            ids=tuple(one.id for one in self.kept),
            fractions=tuple(record.plan.facts.fractions for record in records),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What the profile says of who made it, and of its plans."""

    name: str = "not stated"
    institution: str = ""
    period: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """A profile in TOML, and what it was made from."""

    text: str
    profile: Profile
    pattern: Profile
    selection: Selection


def calibrate(paths: Sequence[Path], site: TreatedSite, pattern: Profile, maker: Maker) -> Calibrated:
    """Make a profile from results.

    Parameters
    ----------
    paths : output folders of batches, their ``results.jsonl``, evidence folders, evidence records
    site : where the plans were treated; plans of another site are excluded
    pattern : the profile whose families and rules it takes over; plans measured otherwise are excluded
    maker : what the profile says of who made it, and of when the plans were treated

    Raises
    ------
    CohortError
        If results cannot be read, or too few plans are left.
    """
    selection = select(paths, site, pattern)
    found = len(selection.kept)
    if found < FEWEST:
        told = ", ".join(f"{count} {why}" for why, count in selection.counts.items()) or "none excluded"
        text = f"{found} of {found + len(selection.excluded)} results can be part of a profile ({told})."
        raise CohortError(text, f"at least {FEWEST} consecutive plans, one per patient and course.")
    provenance = _provenance(selection, pattern, maker)
    text = calibrated_profile(selection.own_plans, site, pattern, provenance)
    profile = parse_profile(text.encode(), f"{site.id}-own")
    return Calibrated(text=text, profile=profile, pattern=pattern, selection=selection)


def write_calibrated(made: Calibrated, out: Path) -> tuple[Path, Path]:
    """Write a profile, and a page beside it that shows what it was made from.

    Raises
    ------
    UsageError
        If they cannot be written.
    """
    page = out.with_suffix(".html")
    with writable("--out", out):
        write_whole(out, made.text)
        write_whole(page, calibration_page(made.profile, made.pattern, made.selection.excluded))
    return out, page


def newer_plans(paths: Sequence[Path], profile: Profile) -> Selection:
    """Part results into plans that a profile of one's own can be compared with, and the others.

    Raises
    ------
    CohortError
        If results cannot be read, or none of them can be compared.
    """
    besides = () if profile.own_plans is None else profile.own_plans.ids
    found = select(paths, profile.treated_site, profile, besides=besides, courses=courses_of_profile(profile))
    if not found.kept:
        told = ", ".join(f"{count} {why}" for why, count in found.counts.items()) or "there are none"
        text = f"None of {len(found.excluded)} results can be compared with the profile's plans ({told})."
        raise CohortError(text, "results of newer plans of the profile's site, measured alike.")
    return found


def select(
    paths: Sequence[Path],
    site: TreatedSite,
    pattern: Profile,
    *,
    besides: Collection[str] = (),
    courses: Sequence[Course] | None = None,
) -> Selection:
    """Part results into consecutive plans of a site, one per patient and course, and the others.

    `besides` are plans that count already, `courses` the strata; by the plans' number where None.

    Raises
    ------
    CohortError
        If results cannot be read.
    """
    candidates, excluded = _usable(read_results(paths), site, pattern, besides)
    kept, repeated = one_per_course(candidates)
    excluded += [Exclusion(plan=each.id, why="same patient and course") for each in repeated]
    kept, without_course = _of_a_course(sorted(kept, key=lambda each: each.id), courses)
    return Selection(
        kept=tuple(kept),
        excluded=tuple(sorted([*excluded, *without_course], key=lambda each: (each.why, each.plan))),
    )


def _usable(
    read: Iterable[Result], site: TreatedSite, pattern: Profile, besides: Collection[str]
) -> tuple[list[Result], list[Exclusion]]:
    method = surface_method(pattern.measurement.shape_blur_mm)
    known = {*profile_ids(), f"{site.id}-own", pattern.id}
    seen: set[object] = set(besides)
    candidates: list[Result] = []
    excluded: list[Exclusion] = []
    for one in read:
        why = _why_not(one, site, method, known)
        values = _values(one)
        if not why and one.id in seen:
            why = "in the profile already" if one.id in besides else "same plan"
        if not why and len(values) >= _TELLS_APART and values in seen:
            why = "with the same measurements as another plan"
        if why:
            excluded.append(Exclusion(plan=one.id, why=why))
        else:
            candidates.append(one)
            seen |= {one.id, values}
    return candidates, excluded


def _of_a_course(kept: Sequence[Result], courses: Sequence[Course] | None) -> tuple[list[Result], list[Exclusion]]:
    """Leave out plans of unknown fractions where short and long courses have strata of their own."""
    fractions = [None if one.record is None else one.record.plan.facts.fractions for one in kept]
    courses = courses_of(fractions) if courses is None else courses
    has_course = [any(course.covers(each) for course in courses) for each in fractions]
    inside = [one for one, has in zip(kept, has_course, strict=True) if has]
    outside = [Exclusion(plan=one.id, why="without fractions") for one in kept if one not in inside]
    return inside, outside


def _why_not(one: Result, site: TreatedSite, method: str, profiles: Collection[str]) -> str:
    """Say why a result cannot be part of it, the first reason of those that hold; empty where it can."""
    record = one.record
    if record is None:
        return "refused"
    metrics, codes = record.gross_target.metrics, {reason.code for reason in record.verdict.reasons}
    unusable = next((words for code, words in NOT_USABLE.items() if code in codes), "")
    if unusable:
        return unusable
    fired = (
        ("without a gross target", metrics.get(VOLUME_KEY, {}).get("value") is None),
        ("of another site", record.plan.facts.site not in {site.id, UNKNOWN}),
        ("measured otherwise", record.gross_target.surface_method != method),
        ("measured by a profile of another site", record.score.profile.id not in profiles),
        ("without a patient", one.is_of_batch and not one.patient),
    )
    return next((words for words, does_fire in fired if does_fire), "")


def _values(one: Result) -> tuple[tuple[str, float], ...]:
    """Measured factors of a plan: a copy under another name has the same."""
    metrics = {} if one.record is None else one.record.gross_target.metrics
    found = ((key, metrics.get(key, {}).get("value")) for key in SCORED_KEYS)
    return tuple((key, value) for key, value in found if value is not None)


def _measured(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Measurement]:
    """Values that were measured; the unit does not matter here."""
    values = {key: metrics[key].get("value") for key in SCORED_KEYS if key in metrics}
    return {
        key: Measurement(value=None if value is None else float(value), unit=Unit.NONE) for key, value in values.items()
    }


def _provenance(selection: Selection, pattern: Profile, maker: Maker) -> Provenance:
    records = [one.record for one in selection.kept if one.record is not None]
    images = [record.plan.planning_image for record in records]
    spacings = [
        each.slice_spacing_mm for each in images if each is not None and not isinstance(each.slice_spacing_mm, dict)
    ]
    ends = np.quantile(spacings, (0.0, 0.5, 1.0)).tolist() if spacings else []
    return Provenance(
        made_by=maker.name,
        institution=maker.institution,
        period=maker.period or "dates not stated",
        software=tuple(sorted({record.software.version for record in records} or {version("rtcomplexity")})),
        surface_method=surface_method(pattern.measurement.shape_blur_mm),
        slice_spacings_mm=tuple(round_significant(each) for each in ends),
        excluded=selection.counts,
    )
