"""Counts, exact volumes and runs on the planning grid by rtcomplexity, reading included: PLAN_FOLDER."""

import json
import sys

from rtcomplexity.case.image_series import build_series
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.geometry.orientation import PlaneAxes
from rtcomplexity.geometry.stack.runs import Lattice, on_slices, rasterise
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.geometry.stack.volume import slab_volume_mm3
from rtcomplexity.settings import Settings

SETTINGS = Settings()


def volumes(folder: str) -> dict[str, float | None]:
    index = index_folder(folder, settings=SETTINGS)
    structure_set, _ = read_structure_set(index.structure_sets[0].path, settings=SETTINGS)
    found, _ = build_series(index.images, settings=SETTINGS)
    grid = found[0].series.grid
    measured = {roi.name: measure(roi, grid) for roi in structure_set.rois}
    return {name: None if of_roi is None else of_roi["cm3"] for name, of_roi in measured.items()}


def measure(roi, grid) -> dict[str, float] | None:
    stack = stack_contours(
        roi.contours,
        settings=SETTINGS,
        axes=PlaneAxes.of_grid(grid),
        slice_positions_mm=grid.slice_positions_mm,
        pixel_mm=grid.column_spacing_mm,
    ).stack
    if stack is None:
        return None
    runs = on_slices(rasterise(stack, Lattice.of_grid(grid)), stack, grid.slice_positions_mm)
    return {
        "contours": len(roi.contours),
        "points": len(roi.contours.points_mm),
        "cm3": slab_volume_mm3(stack) / 1000,
        "voxels": runs.count,
    }


if __name__ == "__main__":
    print(json.dumps(volumes(sys.argv[1])))
