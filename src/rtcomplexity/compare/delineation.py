"""A delineation in a comparison, and a pair of them in common axes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.compare.paths import DividedContours, PathDistances, nowhere_away, path_distances
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
class OneWay:
    """The contours of one delineation against those of another, plane by plane, in common axes."""

    contours: DividedContours
    other: DividedContours
    tolerance_mm: float
    is_unedited: bool

    @cached_property
    def counterparts(self) -> Integers:
        """(P,) plane of the other compared with each plane; -1 if none."""
        return plane_of_slices(self.other.stack, self.contours.stack.positions_mm)

    @property
    def is_alone(self) -> Flags:
        """(P,) planes without contours in the other."""
        return self.counterparts < 0

    @cached_property
    def paths(self) -> PathDistances:
        """Distances to the other's contours."""
        if self.is_unedited:
            return nowhere_away(self.contours.stack)
        return path_distances(self.contours, self.other, self.counterparts)

    @cached_property
    def away_mm(self) -> Floats:
        """(P,) length of contour on each plane that the other does not have."""
        return self.paths.away_lengths_mm(self.tolerance_mm)


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
    def _divided(self) -> tuple[DividedContours, DividedContours]:
        first, second = self.stacks
        return DividedContours(first), DividedContours(second)

    @cached_property
    def from_first(self) -> OneWay:
        """The first's contours against the second's."""
        first, second = self._divided
        return OneWay(contours=first, other=second, tolerance_mm=self.tolerance_mm, is_unedited=self.is_unedited)

    @cached_property
    def from_second(self) -> OneWay:
        """The second's contours against the first's."""
        first, second = self._divided
        return OneWay(contours=second, other=first, tolerance_mm=self.tolerance_mm, is_unedited=self.is_unedited)

    @cached_property
    def planes_edited(self) -> Flags:
        """(P,) planes of the second that are new or differ from the first by more than the tolerance anywhere.

        Measured both ways: a lobe removed leaves no contour of the second far from the first.
        """
        edited = self.from_second.paths.greatest_mm() > self.tolerance_mm
        back = self.from_first.paths.greatest_mm() > self.tolerance_mm
        held, counterparts = ~self.from_second.is_alone, self.from_second.counterparts
        edited[held] |= back[counterparts[held]]
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
