"""Volumes by rt-utils: voxels of its masks. Run by its own environment: CT_FOLDER STRUCTURE_SET."""

import json
import sys

from rt_utils import RTStructBuilder


def voxel_cm3(series) -> float:
    first, second = series[0], series[1]
    gap_mm = abs(second.ImagePositionPatient[2] - first.ImagePositionPatient[2])
    return float(first.PixelSpacing[0] * first.PixelSpacing[1] * gap_mm) / 1000


def volumes(ct_folder: str, structure_set: str) -> dict[str, float | None]:
    reader = RTStructBuilder.create_from(dicom_series_path=ct_folder, rt_struct_path=structure_set)
    size = voxel_cm3(reader.series_data)
    found = {}
    for name in reader.get_roi_names():
        try:
            found[name] = int(reader.get_roi_mask_by_name(name).sum()) * size
        except AttributeError:  # a POINT without Contour Image Sequence
            found[name] = None
    return found


if __name__ == "__main__":
    print(json.dumps(volumes(*sys.argv[1:3])))
