"""A delineation in a comparison, and a pair of them in common axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.compare.paths import PathDistances, nowhere_away, path_distances
from rtcomplexity.compare.scan_lines import center_mm
from rtcomplexity.compare.surfaces import NOWHERE_APART, BothWays, SurfacePair, compared_surface
from rtcomplexity.compare.volumes import SharedVolume, aligned, shared_volume
from rtcomplexity.errors import InputDataError
from rtcomplexity.geometry.clearance import inside_share
from rtcomplexity.geometry.orientation import PARALLEL
from rtcomplexity.geometry.stack.runs import plane_of_slices
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.metrics.measurement import NotMeasurableError

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.metrics.context import RoiContext
    from rtcomplexity.model.arrays import Flags, Floats, Integers


EMPTY = "one of the two encloses no volume"
BOTH_EMPTY = "neither of the two encloses a volume"
NOT_PARALLEL = "the contour planes of the two are not parallel"
TOO_THIN = "one of the two is thinner than the pixels its surface is found on"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Delineation:
    """One ROI, or one reader's version of it."""

    name: str
    """As in the file; may identify the patient."""
    stack: PlaneStack | None
    """None if it encloses no volume."""

    @property
    def volume_mm3(self) -> float:
        """Slab volume; 0 if it encloses none."""
        return 0.0 if self.stack is None else slab_volume_mm3(self.stack)


def delineation_of(context: RoiContext, name: str = "") -> Delineation:
    """The delineation of an ROI; without a stack if it encloses no known volume."""
    try:
        return Delineation(name=name, stack=context.solid_stack)
    except (NotMeasurableError, InputDataError):
        return Delineation(name=name, stack=None)


@dataclass(frozen=True, kw_only=True, eq=False)
class ComparedPair:
    """Two delineations of one structure; whatever metrics share is computed at most once."""

    first: Delineation
    second: Delineation
    tolerance_mm: float
    """Distance within which contours and surfaces agree."""

    @cached_property
    def is_unedited(self) -> bool:
        """Whether both hold the same numbers, so that no difference needs measuring."""
        first, second = self.first.stack, self.second.stack
        return first is not None and second is not None and _are_equal(first, second)

    @cached_property
    def stacks(self) -> tuple[PlaneStack, PlaneStack]:
        """Both stacks, in the axes of the first.

        Raises
        ------
        NotMeasurableError
            If one of them is empty, or their planes are not parallel.
        """
        first, second = self._filled()
        turned = aligned(second, first)
        if turned is None:
            raise NotMeasurableError(NOT_PARALLEL)
        return first, turned

    def _filled(self) -> tuple[PlaneStack, PlaneStack]:
        """Both stacks, if both enclose a volume."""
        if self.first.stack is None or self.second.stack is None:
            raise NotMeasurableError(BOTH_EMPTY if self.first.stack is self.second.stack else EMPTY)
        return self.first.stack, self.second.stack

    @cached_property
    def volumes(self) -> SharedVolume:
        """Both volumes and their intersection; exact for parallel planes, otherwise by layers of about a fine pixel.

        Raises
        ------
        NotMeasurableError
            If neither encloses a volume.
        """
        first_mm3, second_mm3 = self.first.volume_mm3, self.second.volume_mm3
        if self.first.stack is None or self.second.stack is None:
            if first_mm3 == second_mm3 == 0:
                raise NotMeasurableError(BOTH_EMPTY)
            return SharedVolume(first_mm3=first_mm3, second_mm3=second_mm3, shared_mm3=0.0)
        if self.is_unedited:
            return SharedVolume(first_mm3=first_mm3, second_mm3=first_mm3, shared_mm3=first_mm3)
        if abs(float(self.first.stack.normal @ self.second.stack.normal)) >= PARALLEL:
            return shared_volume(*self.stacks)
        share = inside_share(self.surfaces.first, [self.surfaces.second])
        if not np.isfinite(share):
            raise NotMeasurableError(TOO_THIN)
        return SharedVolume(first_mm3=first_mm3, second_mm3=second_mm3, shared_mm3=share * first_mm3)

    @cached_property
    def surfaces(self) -> SurfacePair:
        """Both surfaces.

        Raises
        ------
        NotMeasurableError
            If one of them is empty, or too thin to have a surface.
        """
        first, second = self._filled()
        pair = SurfacePair(compared_surface(first), compared_surface(second))
        if not (pair.first.areas_mm2.sum() > 0 and pair.second.areas_mm2.sum() > 0):
            raise NotMeasurableError(TOO_THIN)
        return pair

    @property
    def distances(self) -> BothWays:
        """Distances between both surfaces, both ways; all zero if nothing was edited.

        Raises
        ------
        NotMeasurableError
            If one of them is empty, or too thin to have a surface.
        """
        return NOWHERE_APART if self.is_unedited else self.surfaces.distances

    @cached_property
    def paths_of_second(self) -> PathDistances:
        """Distances from the second's contours to the first's."""
        first, second = self.stacks
        if self.is_unedited:
            return nowhere_away(second)
        return path_distances(second, first, self.counterparts_of_second)

    @cached_property
    def paths_of_first(self) -> PathDistances:
        """Distances from the first's contours to the second's."""
        first, second = self.stacks
        if self.is_unedited:
            return nowhere_away(first)
        return path_distances(first, second, self.counterparts_of_first)

    @cached_property
    def counterparts_of_second(self) -> Integers:
        """(P,) plane of the first compared with each plane of the second; -1 if none."""
        first, second = self.stacks
        return plane_of_slices(first, second.positions_mm)

    @cached_property
    def counterparts_of_first(self) -> Integers:
        """(P,) plane of the second compared with each plane of the first; -1 if none."""
        first, second = self.stacks
        return plane_of_slices(second, first.positions_mm)

    @cached_property
    def added_lengths_mm(self) -> Floats:
        """(P,) length of contour on each plane of the second that is not in the first."""
        return self.paths_of_second.away_lengths_mm(self.tolerance_mm)

    @cached_property
    def removed_lengths_mm(self) -> Floats:
        """(P,) length of contour on each plane of the first that is not in the second."""
        return self.paths_of_first.away_lengths_mm(self.tolerance_mm)

    @property
    def planes_new(self) -> Flags:
        """(P,) planes of the second without contours in the first."""
        return self.counterparts_of_second < 0

    @property
    def planes_gone(self) -> Flags:
        """(P,) planes of the first without contours in the second."""
        return self.counterparts_of_first < 0

    @cached_property
    def planes_edited(self) -> Flags:
        """(P,) planes of the second that are new or differ from the first by more than the tolerance anywhere.

        Measured both ways: a lobe removed leaves no contour of the second far from the first.
        """
        edited = self.paths_of_second.greatest_mm() > self.tolerance_mm
        back = self.paths_of_first.greatest_mm() > self.tolerance_mm
        held = self.counterparts_of_second >= 0
        edited[held] |= back[self.counterparts_of_second[held]]
        return edited

    @cached_property
    def centers_mm(self) -> tuple[Floats, Floats]:
        """Centers of volume of both, (3,) LPS, mm."""
        first, second = self._filled()
        center = center_mm(first)
        return center, center if self.is_unedited else center_mm(second)


def _are_equal(first: PlaneStack, second: PlaneStack) -> bool:
    """Whether two stacks hold the same numbers, as for an unedited ROI."""
    if first is second:
        return True
    arrays = ("u_axis", "v_axis", "normal", "positions_mm", "lower_mm", "upper_mm", "plane_offsets")
    every = (*arrays, "contour_offsets", "points_mm")
    return all(np.array_equal(getattr(first, name), getattr(second, name)) for name in every)
