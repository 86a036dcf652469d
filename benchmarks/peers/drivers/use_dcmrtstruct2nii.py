"""Volumes by dcmrtstruct2nii: voxels of the files it writes. Run by its own environment: CT_FOLDER STRUCTURE_SET."""

import json
import sys
import tempfile
from pathlib import Path

import SimpleITK
from dcmrtstruct2nii import dcmrtstruct2nii


def volumes(ct_folder: str, structure_set: str) -> dict[str, float | None]:
    with tempfile.TemporaryDirectory() as folder:
        dcmrtstruct2nii(structure_set, ct_folder, folder, gzip=False, convert_original_dicom=False)
        paths = sorted(Path(folder).glob("mask_*.nii"))
        return {path.stem.removeprefix("mask_"): mask_cm3(path) for path in paths}


def mask_cm3(path: Path) -> float:
    mask = SimpleITK.ReadImage(str(path))
    x_mm, y_mm, z_mm = mask.GetSpacing()
    return int((SimpleITK.GetArrayViewFromImage(mask) > 0).sum()) * x_mm * y_mm * z_mm / 1000


if __name__ == "__main__":
    print(json.dumps(volumes(*sys.argv[1:3])))
