"""Which forged copies of a real planning CT are told, and how far real PET and MR stay from the limits.

Every forgery of the test kit is made of the planning CT around the gross target of each plan, in a box of 32 x 96 x 96
voxels, and compared with its original: as another CT, and under the name of another modality. Then each real secondary
image set of the plans with what it is most alike.

    python studies/forged_images.py PLAN [PLAN ...]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from rtcomplexity import AnalyzeOptions, analyze
from rtcomplexity.case.reader import read_case
from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.fusion.copies import (
    BLUR_VOXELS,
    FLAT_SHARE,
    GRADIENT_VOXELS,
    LARGEST_CORRELATION,
    LIKE,
    UNLIKE,
    Likeness,
    Limits,
    likeness,
    with_filters,
)
from rtcomplexity.fusion.filtered_copies import LEAST_DISPLACEMENT
from rtcomplexity.metrics.image_set import box_about
from rtcomplexity.settings import Settings
from rtcomplexity.testing.forged_images import (
    controls,
    harder,
    told,
    told_across_modalities,
    told_behind_filters,
    told_in_one_modality,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.model.arrays import Floats

REACH_MM = 100.0
"""Along each axis about the middle of the target: more than the box holds."""
METRICS = ("fine_structure_correlation", "fine_structure_carried", "noise_carried", "noise_carried_part")


def around_target(plan: Path) -> Floats:
    """(K, J, I) HU of the planning image about the first gross target."""
    case, settings = read_case(plan, settings=Settings()), Settings()
    roi = next(roi for roi in case.structure_set.rois if roi.target_class.is_gross and roi.contours.points_mm.size)
    if case.planning_image is None:
        message = f"{plan} has no planning image"
        raise SystemExit(message)
    corners = roi.contours.points_mm.mean(axis=0) + np.array([[-REACH_MM], [REACH_MM]])
    box = box_about(case.planning_image.grid, corners)
    if box is None:
        message = f"the gross target of {plan} lies outside its planning image"
        raise SystemExit(message)
    return SeriesPixels(series=case.planning_image, settings=settings).read(box).values()


def own_noise_hu(volume: Floats) -> float:
    """Standard deviation of what the blur takes away where the volume is flattest."""
    steep = np.sqrt(sum(np.square(step) for step in np.gradient(gaussian_filter(volume, GRADIENT_VOXELS))))
    fine = volume - gaussian_filter(volume, BLUR_VOXELS)
    return float(fine[steep <= np.quantile(steep, FLAT_SHARE)].std())


def forgeries(volumes: Sequence[Floats]) -> Iterator[str]:
    """Yield the rows of the forgeries: numbers over the plans, and of how many plans they are told."""
    yield f"| forgery | correlation (over {LARGEST_CORRELATION:g}) | carried ({LIKE.carried:g}; {UNLIKE.carried:g}) "
    yield f"| noise carried ({LIKE.noise_carried:g}; {UNLIKE.noise_carried:g}) "
    yield f"| displaced (under {LEAST_DISPLACEMENT:g}) | told as CT | as another modality |\n"
    yield "|---|---:|---:|---:|---:|---:|---:|\n"
    every = (told, told_across_modalities, told_behind_filters, told_in_one_modality, harder, controls)
    for name, forge in {name: forge for group in every for name, forge in group().items()}.items():
        pairs = [(np.rint(forge(volume)), volume) for volume in volumes]
        as_ct, found = ([compared(*pair, limits) for pair in pairs] for limits in (LIKE, UNLIKE))
        numbers = " | ".join(_range(found, key) for key in ("fine_correlation", "carried", "noise_carried"))
        filtered = [each.filtered for each in as_ct if each.filtered is not None]
        shares = " | ".join(f"{sum(each.is_copy for each in those)} of {len(those)}" for those in (as_ct, found))
        yield f"| {name} | {numbers} | {_range(filtered, 'displacement_voxels')} | {shares} |\n"


def compared(one: Floats, other: Floats, limits: Limits) -> Likeness:
    """Compare a volume with the one it may be a copy of."""
    found = likeness(one, other, limits=limits)
    if found is None:
        message = "too few voxels to compare"
        raise SystemExit(message)
    return with_filters(found, one, other)


def _range(found: Sequence[object], key: str) -> str:
    values = [getattr(each, key) for each in found if getattr(each, key) is not None]
    return f"{min(values):.2f} to {max(values):.2f}" if values else "none"


def real_sets(plans: Sequence[Path]) -> Iterator[str]:
    """Yield the rows of the real secondary image sets."""
    yield "\n| real set | correlation | carried | noise carried | in part | displaced | independent |\n"
    yield "|---|---:|---:|---:|---:|---:|---:|\n"
    for plan in plans:
        for each in analyze(plan, AnalyzeOptions()).record.image_sets:
            values = [each.metrics[f"image_set.{key}"].value for key in METRICS if each.conditions]
            if all(value is not None for value in values) and each.conditions:
                is_met = next(condition.is_met for condition in each.conditions if condition.id == "independent")
                displaced = each.metrics["image_set.filter_displacement"].value
                values = [*values, displaced]
                numbers = " | ".join("not asked" if value is None else f"{value:.2f}" for value in values)
                yield f"| {plan.name}, {each.modality} | {numbers} | {'yes' if is_met else 'no'} |\n"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plans", nargs="+", type=Path)
    plans = parser.parse_args().plans
    volumes = [around_target(plan) for plan in plans]
    for plan, volume in zip(plans, volumes, strict=True):
        print(f"{plan.name}: fine structure of {own_noise_hu(volume):.0f} HU in its flattest three tenths")
    print("".join(("\n", *forgeries(volumes))))
    print("".join(real_sets(plans)))


if __name__ == "__main__":
    main()
