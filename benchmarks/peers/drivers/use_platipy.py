"""Volumes by platipy: voxels of its masks, in memory. Run by its own environment: CT_FOLDER STRUCTURE_SET."""

import json
import sys

import SimpleITK
from platipy.dicom.io.rtstruct_to_nifti import (
    read_dicom_image,
    read_dicom_struct_file,
    transform_point_set_from_dicom_struct,
)


def volumes(ct_folder: str, structure_set: str) -> dict[str, float]:
    image = read_dicom_image(ct_folder)
    masks, names = transform_point_set_from_dicom_struct(image, read_dicom_struct_file(structure_set))
    x_mm, y_mm, z_mm = image.GetSpacing()
    size_cm3 = x_mm * y_mm * z_mm / 1000
    counts = [int(SimpleITK.GetArrayViewFromImage(mask).sum()) for mask in masks]
    return {name: count * size_cm3 for name, count in zip(names, counts, strict=True)}


if __name__ == "__main__":
    print(json.dumps(volumes(*sys.argv[1:3])))
