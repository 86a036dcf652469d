"""The use case: read two delineations of one patient, match their ROIs, and measure how each pair differs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.compare.delineation import ComparedPair
from rtcomplexity.compare.pairing import Match, MatchedBy, Matching, match_by_mapping, match_rois, read_mapping
from rtcomplexity.compare.sides import drawn_alike, in_frame_of, read_side
from rtcomplexity.compare.surface_pictures import surface_pictures
from rtcomplexity.cores import concurrently, run_all
from rtcomplexity.errors import UsageError
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.compare.plane_pictures import PlanePicture
    from rtcomplexity.compare.sides import Side
    from rtcomplexity.metrics.measurement import Measurement

TOLERANCE_MM: Final = 2.0
"""About a voxel: agreement of contours after registration in TG-132 (2 to 3 mm)."""
WAYS: Final = ("names", "overlap")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedMatch:
    """One pair of ROIs with its metrics."""

    match: Match
    pair: ComparedPair
    """Both delineations, without their surfaces, which need most of the memory."""
    values: Mapping[str, Measurement]
    surfaces: tuple[PlanePicture, ...] = ()
    """Pictures of the first surface, if requested."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Two sides, compared."""

    first: Side
    second: Side
    matching: Matching
    compared: tuple[ComparedMatch, ...]
    tolerance_mm: float


def compare(
    first: str | Path,
    second: str | Path,
    *,
    images: Path | None = None,
    match: str = WAYS[0],
    tolerance_mm: float = TOLERANCE_MM,
    settings: Settings | None = None,
    with_pictures: bool = False,
) -> Comparison:
    """Compare two delineations of one patient.

    Parameters
    ----------
    first, second
        Folder or structure set file, with ``::ROI`` for one ROI.
    images
        Folder of the planning images, if not with the structure sets.
    match
        ``names``, ``overlap``, or the path of a mapping file.
    tolerance_mm
        Distance within which contours and surfaces agree.
    settings
        Limits, tolerances and number of cores; from the environment if None.
    with_pictures
        Whether to draw the surfaces of every pair.

    Raises
    ------
    InputDataError
        If a side is unusable, or the two are in frames of reference that no rigid registration connects.
    UsageError
        If an option is invalid.

    Examples
    --------
    ::

        compare("auto.dcm", "final.dcm").compared[0].values["compare.dice"].value
    """
    if not (math.isfinite(tolerance_mm) and tolerance_mm > 0):
        raise UsageError("--tolerance", str(tolerance_mm), "a distance in mm, such as 2")
    settings = Settings.from_environment() if settings is None else settings
    one, other = _sides(str(first), str(second), images, settings)
    matching = _matching(one, other, match)
    compared = _compared(matching.matches, tolerance_mm, settings.threads, with_pictures=with_pictures)
    return Comparison(first=one, second=other, matching=matching, compared=compared, tolerance_mm=tolerance_mm)


def compare_numbers(
    first: str | Path,
    second: str | Path,
    numbers: Sequence[tuple[int, int]],
    *,
    images: Path | None = None,
    tolerance_mm: float = TOLERANCE_MM,
    settings: Settings | None = None,
) -> Comparison:
    """Compare pairs of ROIs given by number, in that order; otherwise as :func:`compare`.

    Raises
    ------
    KeyError
        If a side has no ROI of a number.
    """
    settings = Settings.from_environment() if settings is None else settings
    one, other = _sides(str(first), str(second), images, settings)
    ones, others = ({each.roi.number: each for each in side.rois} for side in (one, other))
    matches = tuple(Match(first=ones[a], second=others[b], by=MatchedBy.MAPPING) for a, b in numbers)
    matching = Matching(matches=matches, first_only=(), second_only=())
    compared = _compared(matches, tolerance_mm, settings.threads, with_pictures=False)
    return Comparison(first=one, second=other, matching=matching, compared=compared, tolerance_mm=tolerance_mm)


def compared_match(match: Match, tolerance_mm: float, *, with_pictures: bool = False) -> ComparedMatch:
    """Measure one pair."""
    measured = _pair(match, tolerance_mm)
    return ComparedMatch(
        match=match,
        pair=_pair(match, tolerance_mm),  # without surfaces
        values=compute_all(COMPARISONS, measured),
        surfaces=surface_pictures(measured) if with_pictures else (),
    )


def _pair(match: Match, tolerance_mm: float) -> ComparedPair:
    """Both delineations of a match."""
    return ComparedPair(first=match.first.delineation, second=match.second.delineation, tolerance_mm=tolerance_mm)


def _sides(first: str, second: str, images: Path | None, settings: Settings) -> tuple[Side, Side]:
    """Read both sides, the second in the first's frame of reference."""
    if settings.threads < 2:
        one = read_side(first, settings=settings, images=images)
        other = read_side(second, settings=settings, images=images, beside=one)
        return one, in_frame_of(other, one, settings)
    with concurrently(partial(read_side, second, settings=settings, images=images), forked=True) as read_second:
        one = read_side(first, settings=settings, images=images)
        return one, in_frame_of(drawn_alike(read_second(), one), one, settings)


def _compared(
    matches: Sequence[Match], tolerance_mm: float, cores: int, *, with_pictures: bool
) -> tuple[ComparedMatch, ...]:
    """Measure every pair, the most expensive first, so that processes finish together."""
    costs = [_cost(match) for match in matches]
    if any(costs):
        import scipy.spatial  # noqa: F401, PLC0415 - once, before forking; unedited ROIs need no search trees
    order = sorted(range(len(matches)), key=lambda place: -costs[place])
    tasks = [partial(_measured, matches[place], tolerance_mm, with_pictures=with_pictures) for place in order]
    found = dict(zip(order, run_all(tasks, cores), strict=True))
    return tuple(
        ComparedMatch(match=match, pair=_pair(match, tolerance_mm), values=found[place][0], surfaces=found[place][1])
        for place, match in enumerate(matches)
    )


def _measured(
    match: Match, tolerance_mm: float, *, with_pictures: bool
) -> tuple[Mapping[str, Measurement], tuple[PlanePicture, ...]]:
    """Values and pictures of one pair: what a process can return."""
    found = compared_match(match, tolerance_mm, with_pictures=with_pictures)
    return found.values, found.surfaces


def _cost(match: Match) -> int:
    """Estimated cost of a pair: the points of both; almost none if nothing was edited."""
    stacks = [each.delineation.stack for each in (match.first, match.second)]
    return 0 if stacks[0] is stacks[1] else sum(len(stack.points_mm) for stack in stacks if stack is not None)


def _matching(first: Side, second: Side, how: str) -> Matching:
    """Match the ROIs of both sides."""
    if how in WAYS:
        return match_rois(first.rois, second.rois, how)
    if not Path(how).is_file():
        raise UsageError("--match", how, f"{', '.join(WAYS)}, or a CSV file with two names in each row")
    return match_by_mapping(first.rois, second.rois, read_mapping(Path(how)))
