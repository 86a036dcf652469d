"""The use case: read two delineations of one patient, match their ROIs, and measure how each pair differs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.compare.delineation import ComparedPair
from rtcomplexity.compare.metrics import COMPARISONS
from rtcomplexity.compare.pairing import Match, MatchedBy, Matching, match_by_mapping, match_rois, read_mapping
from rtcomplexity.compare.sides import in_frame_of, read_side
from rtcomplexity.errors import UsageError
from rtcomplexity.metrics.computing import compute_all
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.compare.sides import Side
    from rtcomplexity.metrics.measurement import Measurement

TOLERANCE_MM: Final = 2.0
"""About a voxel: what TG-132 calls agreement of contours after registration (2 to 3 mm)."""
WAYS: Final = ("names", "overlap")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparedMatch:
    """One pair of ROIs with its metrics."""

    match: Match
    pair: ComparedPair
    values: Mapping[str, Measurement]

    @property
    def by(self) -> MatchedBy:
        """What put the two together."""
        return self.match.by


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
) -> Comparison:
    """Compare two delineations of one patient.

    Parameters
    ----------
    first, second
        Folder or structure set file, with ``::ROI`` for one ROI.
    images
        Folder of the planning images, where they do not lie with the structure sets.
    match
        ``names``, ``overlap``, or the path of a mapping file.
    tolerance_mm
        Distance up to which contours and surfaces agree.
    settings
        Limits and tolerances; from the environment if None.

    Raises
    ------
    InputDataError
        If a side cannot be used, or the two lie in different frames that no rigid registration joins.
    UsageError
        If an option says nothing that fits.

    Examples
    --------
    ::

        compare("auto.dcm", "final.dcm").compared[0].values["compare.dice"].value
    """
    if not (math.isfinite(tolerance_mm) and tolerance_mm > 0):
        raise UsageError("--tolerance", str(tolerance_mm), "a distance in mm, such as 2")
    settings = Settings.from_environment() if settings is None else settings
    one = read_side(str(first), settings=settings, images=images)
    other = in_frame_of(read_side(str(second), settings=settings, images=images, beside=one), one, settings)
    matching = _matching(one, other, match)
    return Comparison(
        first=one,
        second=other,
        matching=matching,
        compared=tuple(compared_match(each, tolerance_mm) for each in matching.matches),
        tolerance_mm=tolerance_mm,
    )


def compare_numbers(
    first: str | Path,
    second: str | Path,
    numbers: Sequence[tuple[int, int]],
    *,
    images: Path | None = None,
    tolerance_mm: float = TOLERANCE_MM,
    settings: Settings | None = None,
) -> Comparison:
    """Compare pairs of ROIs that are known by their numbers, in that order; else as :func:`compare`.

    Raises
    ------
    KeyError
        If a side has no ROI of a number.
    """
    settings = Settings.from_environment() if settings is None else settings
    one = read_side(str(first), settings=settings, images=images)
    other = in_frame_of(read_side(str(second), settings=settings, images=images, beside=one), one, settings)
    ones, others = ({each.roi.number: each for each in side.rois} for side in (one, other))
    matches = tuple(Match(first=ones[a], second=others[b], by=MatchedBy.MAPPING) for a, b in numbers)
    return Comparison(
        first=one,
        second=other,
        matching=Matching(matches=matches, first_only=(), second_only=()),
        compared=tuple(compared_match(each, tolerance_mm) for each in matches),
        tolerance_mm=tolerance_mm,
    )


def compared_match(match: Match, tolerance_mm: float) -> ComparedMatch:
    """Measure one pair."""
    pair = ComparedPair(first=match.first.delineation, second=match.second.delineation, tolerance_mm=tolerance_mm)
    return ComparedMatch(match=match, pair=pair, values=compute_all(COMPARISONS, pair))


def _matching(first: Side, second: Side, how: str) -> Matching:
    if how in WAYS:
        return match_rois(first.rois, second.rois, how)
    if not Path(how).is_file():
        raise UsageError("--match", how, f"{', '.join(WAYS)}, or a CSV file with two names in each row")
    return match_by_mapping(first.rois, second.rois, read_mapping(Path(how)))
