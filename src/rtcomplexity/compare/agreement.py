"""Agreement among several delineations of one structure.

The volumes held by exactly k of the readers come from scan lines that cross their contours exactly, layer by layer; all
indices follow from these. Nothing is estimated: no reader is weighted and no ground truth is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.compare.scan_lines import held_by_mm3
from rtcomplexity.compare.surfaces import SurfacePair, compared_surface
from rtcomplexity.compare.volumes import shared_volume
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.units import MM3_PER_CM3, Unit

if TYPE_CHECKING:
    from rtcomplexity.geometry.stack.plane_stack import PlaneStack
    from rtcomplexity.model.arrays import Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Readers:
    """Delineations of one structure by several readers, in common axes; whatever metrics share is computed once."""

    stacks: tuple[PlaneStack, ...]
    """At least two."""
    consensus: PlaneStack | None

    @cached_property
    def held_by_mm3(self) -> Floats:
        """(n + 1,) volume held by exactly k of the n readers, mm3; for k = 0, within the box around all of them."""
        return held_by_mm3(self.stacks)

    @cached_property
    def volumes_mm3(self) -> Floats:
        """(n,) slab volume of each reader's delineation, mm3."""
        return np.array([slab_volume_mm3(stack) for stack in self.stacks])

    @cached_property
    def departures_mm(self) -> tuple[Floats, Floats, Floats]:
        """(n, m) signed distance of each reader at nodes of the consensus, (m,) node areas, (m, 3) node positions.

        Raises
        ------
        NotMeasurableError
            If there is no consensus.
        """
        if self.consensus is None:
            raise NotMeasurableError("no region is held by more than half of the readers")
        surface = compared_surface(self.consensus)
        pairs = [SurfacePair(surface, compared_surface(stack)) for stack in self.stacks]
        found = np.array([pair.from_first.distances_mm for pair in pairs])
        return found, surface.areas_mm2, surface.points_mm


def reader_count(readers: Readers) -> float:
    """Readers that delineated it."""
    return float(len(readers.stacks))


def common_cm3(readers: Readers) -> float:
    """Volume that all readers hold, cm3."""
    return float(readers.held_by_mm3[-1]) / MM3_PER_CM3


def encompassing_cm3(readers: Readers) -> float:
    """Volume that any reader holds, cm3."""
    return float(readers.held_by_mm3[1:].sum()) / MM3_PER_CM3


def common_share(readers: Readers) -> float:
    """Volume that all hold over the volume that any holds."""
    return common_cm3(readers) / encompassing_cm3(readers)


def generalized_conformity_index(readers: Readers) -> float:
    """Sum over all pairs of the shared volume, over the sum over all pairs of the union (Kouwenhoven et al., 2009)."""
    n, held = len(readers.stacks), readers.held_by_mm3
    k = np.arange(n + 1)
    shared, joined = k * (k - 1) / 2, k * (k - 1) / 2 + k * (n - k)
    return float(held @ shared / (held @ joined))


def mean_dice(readers: Readers) -> float:
    """Mean over all pairs of readers of the Dice coefficient."""
    found = [shared_volume(one, other) for one, other in combinations(readers.stacks, 2)]
    return float(np.mean([2 * each.shared_mm3 / (each.first_mm3 + each.second_mm3) for each in found]))


def kappa(readers: Readers) -> float:
    """Fleiss' kappa of inside and outside, over the box around all delineations."""
    n, held = len(readers.stacks), readers.held_by_mm3
    k, share = np.arange(n + 1), held / held.sum()
    agreed = float(share @ ((k * (k - 1) + (n - k) * (n - k - 1)) / (n * (n - 1))))
    inside = float(share @ k) / n
    expected = inside**2 + (1 - inside) ** 2
    return (agreed - expected) / (1 - expected)


def volume_mean_cm3(readers: Readers) -> float:
    """Mean volume, cm3."""
    return float(readers.volumes_mm3.mean()) / MM3_PER_CM3


def volume_deviation_share(readers: Readers) -> float:
    """Standard deviation of the volumes over their mean."""
    return float(readers.volumes_mm3.std(ddof=1) / readers.volumes_mm3.mean())


def volume_ratio(readers: Readers) -> float:
    """Largest volume over smallest."""
    return float(readers.volumes_mm3.max() / readers.volumes_mm3.min())


def local_deviation_mm(readers: Readers) -> float:
    """Root mean square of the readers' standard deviation over the consensus surface, mm."""
    deviation, areas = _local(readers)
    return float(np.sqrt(np.average(deviation**2, weights=areas)))


def local_deviation_max_mm(readers: Readers) -> float:
    """Largest standard deviation of the readers at any point of the consensus surface, mm."""
    return float(_local(readers)[0].max())


def worst_place_mm(readers: Readers) -> Floats:
    """(3,) point where the readers differ most, LPS, mm."""
    return np.asarray(readers.departures_mm[2][np.argmax(_local(readers)[0])])


def _local(readers: Readers) -> tuple[Floats, Floats]:
    """(m,) standard deviation of the readers at nodes of the consensus, and (m,) node areas."""
    distances, areas, _ = readers.departures_mm
    return distances.std(axis=0, ddof=1), areas


def icc_of_volumes(volumes: Floats) -> float:
    """Intraclass correlation ICC(2,1) of volumes (rois, readers): two-way random, absolute agreement, single reader.

    Shrout PE, Fleiss JL. Intraclass correlations: uses in assessing rater reliability. Psychol Bull 1979;86:420-428.

    Raises
    ------
    NotMeasurableError
        If there are fewer than two ROIs or readers, or they do not vary.
    """
    n, k = volumes.shape
    if n < 2 or k < 2:
        raise NotMeasurableError("fewer than two ROIs were delineated by all readers")
    total = volumes.mean()
    rows = k * ((volumes.mean(axis=1) - total) ** 2).sum() / (n - 1)
    columns = n * ((volumes.mean(axis=0) - total) ** 2).sum() / (k - 1)
    every = ((volumes - total) ** 2).sum()
    error = (every - rows * (n - 1) - columns * (k - 1)) / ((n - 1) * (k - 1))
    below = rows + (k - 1) * error + k * (columns - error) / n
    if not below > 0:
        raise NotMeasurableError("the volumes do not vary")
    return float((rows - error) / below)


def _metric(
    key: str, title: str, unit: Unit, description: str, compute: object, reference: str = ""
) -> MetricDefinition[Readers]:
    return MetricDefinition(
        key=f"agreement.{key}",
        title=title,
        unit=unit,
        description=description,
        compute=compute,  # type: ignore[arg-type]
        reference=reference,
    )


AGREEMENT: Final[tuple[MetricDefinition[Readers], ...]] = (
    _metric("reader_count", "Readers", Unit.NONE, "Readers that delineated it.", reader_count),
    _metric("volume_mean", "Mean volume", Unit.CM3, "Mean over readers.", volume_mean_cm3),
    _metric(
        "volume_deviation", "Volume, relative SD", Unit.NONE, "Standard deviation over mean.", volume_deviation_share
    ),
    _metric("volume_ratio", "Largest over smallest volume", Unit.NONE, "Of all readers.", volume_ratio),
    _metric("common_volume", "Common volume", Unit.CM3, "Volume that all readers hold.", common_cm3),
    _metric("encompassing_volume", "Encompassing volume", Unit.CM3, "Volume that any reader holds.", encompassing_cm3),
    _metric("common_share", "Common over encompassing volume", Unit.NONE, "1 where all are equal.", common_share),
    _metric(
        "generalized_conformity_index",
        "Generalized conformity index",
        Unit.NONE,
        "Sum over pairs of the shared volume over the sum over pairs of the union.",
        generalized_conformity_index,
        "kouwenhoven_2009",
    ),
    _metric("mean_dice", "Mean pairwise Dice", Unit.NONE, "Mean over all pairs of readers.", mean_dice),
    _metric(
        "kappa",
        "Fleiss' kappa",
        Unit.NONE,
        "Agreement on inside and outside beyond chance, over the box around all delineations.",
        kappa,
        "fleiss_1971",
    ),
    _metric(
        "local_deviation",
        "Local SD",
        Unit.MM,
        "Root mean square over the consensus' surface of the standard deviation of the readers' distances.",
        local_deviation_mm,
    ),
    _metric(
        "local_deviation_max",
        "Greatest local SD",
        Unit.MM,
        "Standard deviation of the readers' distances where it is greatest.",
        local_deviation_max_mm,
    ),
)
