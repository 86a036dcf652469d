"""The use case: several readers of one case, their agreement, and each reader against a reference.

Measures what was contoured; writes no contours and declares no reader correct.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.agreement import AGREEMENT, Readers, icc_of_volumes, local_deviation_max_mm, worst_place_mm
from rtcomplexity.compare.comparison_metrics import COMPARISONS, dice
from rtcomplexity.compare.consensus import consensus
from rtcomplexity.compare.delineation import ComparedPair, Delineation
from rtcomplexity.compare.pairing import match_rois
from rtcomplexity.compare.sides import in_frame_of, read_side
from rtcomplexity.compare.volumes import aligned
from rtcomplexity.errors import InputDataError, UsageError
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.measurement import Measurement, NotMeasurableError
from rtcomplexity.settings import Settings
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rtcomplexity.compare.sides import ComparedRoi, Side
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.structure_set import TargetClass

REFERENCES: Final = ("consensus", "first")
LEAST_DIFFERENCE_MM: Final = 0.1
"""Below this the lattice of the consensus decides where the greatest difference lies."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObservedRoi:
    """One ROI as delineated by several readers."""

    name: str
    """As in the first reader's set."""
    number: int
    """The first reader's ROI number."""
    target_class: TargetClass
    readers: tuple[int, ...]
    """Indices of the readers that delineated it, in order."""
    stacks: tuple[PlaneStack, ...]
    """Their delineations, in common axes."""
    values: Mapping[str, Measurement]
    """Agreement metrics."""
    dice: Floats
    """(n, n) Dice of every pair of these readers."""
    worst_place_mm: Floats | None
    """(3,) point where they differ most, LPS; None if they have no consensus."""
    against_reference: tuple[tuple[int, Mapping[str, Measurement]], ...]
    """Metrics of each reader against the reference, by reader index, without the reference itself."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observers:
    """Several readers of one case."""

    sides: tuple[Side, ...]
    rois: tuple[ObservedRoi, ...]
    reference: str
    tolerance_mm: float
    icc: Measurement
    """ICC(2,1) of the volumes of the ROIs delineated by all readers."""


def reader_paths(folder: Path) -> list[Path]:
    """Structure set files, or subfolders, of a folder: one for each reader, ordered by name.

    Raises
    ------
    InputDataError
        If there are fewer than two.
    """
    if not folder.is_dir():
        raise InputDataError("The folder of readers is not there.", "a folder with one structure set for each reader.")
    found = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    folders = [each for each in found if each.is_dir()]
    chosen = folders if len(folders) > 1 else [each for each in found if each.is_file()]
    if len(chosen) < 2:
        raise InputDataError(
            f"{len(chosen)} reader{'s are' if len(chosen) != 1 else ' is'} in the folder.",
            "a folder with a structure set file, or a subfolder, for each of at least two readers.",
        )
    return chosen


def observe(
    readers: Sequence[str | Path],
    *,
    images: Path | None = None,
    match: str = "names",
    reference: str = REFERENCES[0],
    tolerance_mm: float,
    settings: Settings | None = None,
) -> Observers:
    """Compare several readers of one case.

    Parameters
    ----------
    readers
        At least two sides, as for :func:`rtcomplexity.compare.comparison.compare`.
    images
        Folder of the planning images, if not with the structure sets.
    match
        ``names`` or ``overlap``: how each reader's ROIs are matched with the first reader's.
    reference
        Reference for each reader: ``consensus`` (held by more than half) or ``first``.
    tolerance_mm
        Distance within which contours and surfaces agree.
    settings
        Limits and tolerances; from the environment if None.

    Raises
    ------
    InputDataError
        If a reader's set is unusable, or in a frame of reference that no rigid registration connects.
    UsageError
        If an option is invalid.
    """
    if reference not in REFERENCES:
        raise UsageError("--reference", reference, f"one of {', '.join(REFERENCES)}")
    if match not in {"names", "overlap"}:
        raise UsageError("--match", match, "names or overlap, where there are more than two sides")
    settings = Settings.from_environment() if settings is None else settings
    first = read_side(str(readers[0]), settings=settings, images=images)
    others = [read_side(str(each), settings=settings, images=images) for each in readers[1:]]
    sides = (first, *(in_frame_of(each, first, settings) for each in others))
    drawn = _drawn(sides, match)
    rois = [_observed(roi, delineations, reference, tolerance_mm) for roi, delineations in drawn]
    return Observers(
        sides=sides,
        rois=tuple(each for each in rois if each is not None),
        reference=reference,
        tolerance_mm=tolerance_mm,
        icc=_icc([delineations for _, delineations in drawn], len(sides)),
    )


def _drawn(sides: Sequence[Side], match: str) -> list[tuple[ComparedRoi, dict[int, Delineation]]]:
    """For each ROI of the first reader, all readers' delineations of it, by reader index."""
    found: dict[int, dict[int, Delineation]] = {id(each): {0: each.delineation} for each in sides[0].rois}
    for place, side in enumerate(sides[1:], start=1):
        for pair in match_rois(sides[0].rois, side.rois, match).matches:
            found[id(pair.first)][place] = pair.second.delineation
    return [
        (roi, {place: each for place, each in found[id(roi)].items() if each.stack is not None})
        for roi in sides[0].rois
    ]


def _observed(
    roi: ComparedRoi, delineations: Mapping[int, Delineation], reference: str, tolerance_mm: float
) -> ObservedRoi | None:
    """Measure one ROI; None if fewer than two readers delineated it on parallel planes."""
    stacks = _aligned(delineations)
    if len(stacks) < 2:
        return None
    readers = Readers(stacks=tuple(stacks.values()), consensus=consensus(list(stacks.values())))
    against = _reference(readers, delineations, stacks, reference)
    return ObservedRoi(
        name=roi.roi.name,
        number=roi.roi.number,
        target_class=roi.target_class,
        readers=tuple(stacks),
        stacks=tuple(stacks.values()),
        values=compute_all(AGREEMENT, readers),
        dice=_dice_matrix(readers),
        worst_place_mm=_worst_place(readers),
        against_reference=tuple(
            (place, _against(against, delineations[place], tolerance_mm))
            for place in stacks
            if against is not None and delineations[place] is not against
        ),
    )


def _worst_place(readers: Readers) -> Floats | None:
    """Point where the readers differ most; None if they have no consensus, or differ nowhere."""
    if readers.consensus is None or local_deviation_max_mm(readers) < LEAST_DIFFERENCE_MM:
        return None
    return worst_place_mm(readers)


def _aligned(delineations: Mapping[int, Delineation]) -> dict[int, PlaneStack]:
    """Stacks in the axes of the first; those on other planes are omitted."""
    filled = {place: each.stack for place, each in delineations.items() if each.stack is not None}
    if not filled:
        return {}
    onto = next(iter(filled.values()))
    turned = {place: aligned(stack, onto) for place, stack in filled.items()}
    return {place: stack for place, stack in turned.items() if stack is not None}


def _reference(
    readers: Readers, delineations: Mapping[int, Delineation], stacks: Mapping[int, PlaneStack], reference: str
) -> Delineation | None:
    """The delineation that readers are compared with."""
    if reference == "first":
        return delineations[next(iter(stacks))]
    return None if readers.consensus is None else Delineation(name="consensus", stack=readers.consensus)


def _against(reference: Delineation, reader: Delineation, tolerance_mm: float) -> Mapping[str, Measurement]:
    """Metrics of one reader against the reference."""
    return compute_all(COMPARISONS, ComparedPair(first=reference, second=reader, tolerance_mm=tolerance_mm))


def _dice_matrix(readers: Readers) -> Floats:
    """(n, n) Dice of every pair of readers."""
    every = [Delineation(name="", stack=stack) for stack in readers.stacks]
    matrix = np.eye(len(every))
    for row, one in enumerate(every):
        for column, other in enumerate(every[:row]):
            matrix[row, column] = matrix[column, row] = dice(ComparedPair(first=one, second=other, tolerance_mm=0.0))
    return matrix


def _icc(drawn: Sequence[Mapping[int, Delineation]], readers: int) -> Measurement:
    """ICC of the volumes of the ROIs delineated by all readers."""
    by_all = [[each.volume_mm3 for each in one.values()] for one in drawn if len(one) == readers]
    volumes = np.array(by_all).reshape(-1, readers)
    try:
        return Measurement.of(icc_of_volumes(volumes), Unit.NONE)
    except NotMeasurableError as error:
        return Measurement.missing(str(error), Unit.NONE)
