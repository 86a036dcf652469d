"""Readers of one nodule compared pairwise: a soak of the comparison metrics on real contours, with rates printed.

``python studies/readers.py`` compares every two drawings of one LIDC-IDRI nodule (see :mod:`lidc`) in both orders, and
holds each result against what must be true of any two delineations. It prints how often a metric has no value and why,
how far readers differ by size, and comparisons a processor second. It writes no contour and no identifier.
``--every N`` takes every N-th nodule.

What must be true: shares lie in 0 to 1; Dice and Jaccard agree; what is shared and added makes the second volume;
median <= P95 <= greatest distance; symmetric metrics do not depend on the order, and directed ones change places.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from lidc import database_path, nodules, read_drawings

from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.compare.delineation import ComparedPair, Delineation
from rtcomplexity.geometry.orientation import PlaneAxes
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lidc import Drawing

    from rtcomplexity.metrics.measurement import Measurement

    Values = Mapping[str, Measurement]

SETTINGS = Settings()
AXES = PlaneAxes.of_normal(np.array([0.0, 0.0, 1.0]))
TOLERANCE_MM = 1.0
SHARES = ("dice", "jaccard", "surface_dice", "share_outside_tolerance", "added_path_length_share")
SYMMETRIC = ("dice", "jaccard", "surface_dice", "hausdorff", "hausdorff_95", "average_symmetric_surface_distance")
MIRRORED = (
    ("added_volume", "removed_volume"),
    ("added_path_length", "removed_path_length"),
    ("hausdorff_first_to_second", "hausdorff_second_to_first"),
    ("planes_new", "planes_gone"),
)
SIZES_MM = (0.0, 8.0, 15.0, 25.0, math.inf)
SHOWN = ("dice", "surface_dice", "hausdorff_95", "average_symmetric_surface_distance")
RELATIVE = 1e-4
"""Six digits are written, so sums of three of them agree to about five."""


@dataclass(slots=True)
class Soak:
    """What was found so far."""

    pairs: int = 0
    seconds: float = 0.0
    """Of processor time, without reading and stacking."""
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    by_size: dict[int, list[tuple[float, ...]]] = field(default_factory=dict)


def main() -> int:
    """Compare, print; 1 where something that must be true is not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1, help="take every N-th nodule")
    arguments = parser.parse_args()
    groups = [each for each in nodules(read_drawings(database_path())) if len(each) > 1][:: arguments.every]
    soak = Soak()
    for group in groups:
        compare_group(group, soak)
    print("\n".join(report(soak, len(groups))))
    return 1 if soak.broken else 0


def compare_group(group: Sequence[Drawing], soak: Soak) -> None:
    """Compare all drawings of one nodule, each two in both orders."""
    drawn = [delineation(drawing) for drawing in group]
    for one, other in itertools.combinations(drawn, 2):
        started = time.process_time()
        there, back = compared(one, other), compared(other, one)
        soak.seconds += time.process_time() - started
        soak.pairs += 2
        soak.missing.update((key, each.reason) for key, each in (*there.items(), *back.items()) if each.value is None)
        soak.broken.update(broken(there))
        soak.broken.update(broken_by_order(there, back))
        keep(there, soak)


def delineation(drawing: Drawing) -> Delineation:
    """A drawing as comparisons see it; the slices of its scan tell gaps and thickness."""
    stack = stack_contours(
        drawing.contours(),
        settings=SETTINGS,
        axes=AXES,
        slice_positions_mm=drawing.slice_positions_mm,
        pixel_mm=drawing.pixel_mm,
        lone_mm=drawing.slice_spacing_mm,
    ).stack
    is_solid = stack is not None and bool(np.all(np.isfinite(stack.slab_mm)))
    return Delineation(name="", stack=stack if is_solid else None)


def compared(first: Delineation, second: Delineation) -> Values:
    """Every metric, by key without its prefix."""
    values = compute_all(COMPARISONS, ComparedPair(first=first, second=second, tolerance_mm=TOLERANCE_MM))
    return {key.removeprefix("compare."): each for key, each in values.items()}


def broken(values: Values) -> Iterator[str]:
    """Name what is not true of one comparison and must be."""
    known = {key: each.value for key, each in values.items() if each.value is not None}
    for key in SHARES:
        if key in known and not -RELATIVE <= known[key] <= 1 + RELATIVE:
            yield f"{key} in 0 to 1"
    if "dice" in known and not alike(known["dice"], 2 * known["jaccard"] / (1 + known["jaccard"])):
        yield "Dice and Jaccard agree"
    if "shared_volume" in known and not alike(known["shared_volume"] + known["added_volume"], known["volume_second"]):
        yield "shared and added make the second"
    if "hausdorff" in known:
        order = [known[key] for key in ("median_surface_distance", "hausdorff_95", "hausdorff")]
        if order != sorted(order):
            yield "median <= P95 <= greatest"


def broken_by_order(there: Values, back: Values) -> Iterator[str]:
    """Name what depends on the order of the two and must not."""
    pairs = [*((key, key) for key in SYMMETRIC), *MIRRORED]
    for one, other in pairs:
        a, b = there[one].value, back[other].value
        if (a is None) != (b is None) or (a is not None and b is not None and not alike(a, b)):
            yield f"{one} by order"


def alike(a: float, b: float) -> bool:
    """Whether two numbers agree as far as they are written."""
    return math.isclose(a, b, rel_tol=RELATIVE, abs_tol=RELATIVE)


def keep(values: Values, soak: Soak) -> None:
    """Keep what is shown by size, where all of it has a value."""
    shown = [values[key].value for key in SHOWN]
    volumes = [values[key].value for key in ("volume_first", "volume_second")]
    if None in shown or None in volumes:
        return
    diameter_mm = (6 * sum(volumes) / 2 * 1000 / math.pi) ** (1 / 3)
    place = int(np.searchsorted(SIZES_MM, diameter_mm, side="right")) - 1
    soak.by_size.setdefault(place, []).append(tuple(shown))


def report(soak: Soak, groups: int) -> Iterator[str]:
    """Lines to print."""
    rate = soak.pairs / soak.seconds
    yield f"{soak.pairs} comparisons of {groups} nodules in {soak.seconds:.0f} processor seconds: {rate:.0f} a second"
    yield f"what must be true and is not: {dict(soak.broken) or 'nothing'}"
    for (key, reason), count in soak.missing.most_common(12):
        yield f"  no {key} in {100 * count / soak.pairs:.2f}% ({reason})"
    yield f"by mean diameter: pairs, then median (P5 to P95) of {', '.join(SHOWN)}"
    for place in sorted(soak.by_size):
        found = np.array(soak.by_size[place])
        cells = [f"{m:.3g} ({a:.3g} to {b:.3g})" for a, m, b in np.percentile(found, [5, 50, 95], axis=0).T]
        yield f"  {SIZES_MM[place]:g} to {SIZES_MM[place + 1]:g} mm: {len(found)}; {'; '.join(cells)}"


if __name__ == "__main__":
    sys.exit(main())
