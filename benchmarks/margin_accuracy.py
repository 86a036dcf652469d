"""How far measured margins are from closed forms, over random phases of the planes: prints a table.

python benchmarks/margin_accuracy.py
"""

import numpy as np

from rtcomplexity.geometry.clearance import SampledSurface
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.settings import Settings
from rtcomplexity.testing import OBLIQUE, Torus, contour_stack, plane_positions, sphere

PHASES = 20
CASES = [
    *(("sphere", sphere(inner), sphere(outer), outer - inner, spacing) for inner, outer, spacing in (
        (5, 10, 1), (5, 10, 2.5), (10, 15, 1), (10, 15, 3), (20, 22, 3), (20, 25, 3), (30, 40, 5), (50, 60, 3)
    )),
    *(("torus", Torus(ring_radius_mm=30, tube_radius_mm=a), Torus(ring_radius_mm=30, tube_radius_mm=b), b - a, spacing)
      for a, b in ((8, 12), (12, 8)) for spacing in (1, 3)),
]  # fmt: skip


def surface(shape, spacing_mm, phase):
    """The shape on planes that lie at (n + phase) x spacing, in an oblique frame."""
    low = shape.extent_mm[0] / spacing_mm
    positions = plane_positions(shape, spacing_mm, phase=(phase - low) % 1)
    contours = contour_stack(shape, positions_mm=positions, points_per_contour=128, frame=OBLIQUE)
    return SampledSurface(stack=stack_contours(contours, settings=Settings()).stack)


def errors_mm(inner, outer, truth_mm, spacing_mm, phase):
    """Bias, RMS, least and greatest error of the margin over the inner surface, mm."""
    a, b = surface(inner, spacing_mm, phase), surface(outer, spacing_mm, phase)
    error = b.depths_mm(a.points_mm) - truth_mm
    return (
        np.average(error, weights=a.areas_mm2),
        np.sqrt(np.average(error**2, weights=a.areas_mm2)),
        error.min(),
        error.max(),
    )


def main():
    rng = np.random.default_rng(2026)
    print(
        "| shape | margin mm | planes mm | bias mm | RMS mm | least mm | greatest mm |\n|---|---|---|---|---|---|---|"
    )
    for name, inner, outer, truth, spacing in CASES:
        found = np.array([errors_mm(inner, outer, truth, spacing, phase) for phase in rng.random(PHASES)])
        size = f"{inner.half_extent_mm:g}" if name == "sphere" else f"30, tube {inner.tube_radius_mm:g}"
        row = (found[:, 0].mean(), np.sqrt((found[:, 1] ** 2).mean()), found[:, 2].min(), found[:, 3].max())
        values = " | ".join(f"{value:+.2f}" for value in row)
        print(f"| {name} of {size} mm | {truth} | {spacing} | {values} |")


if __name__ == "__main__":
    main()
