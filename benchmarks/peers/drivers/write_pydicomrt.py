"""Registration objects written by pydicomRT. Run by its own environment: FIXED_FOLDER MOVING_FOLDER TRUTH_JSON OUT.

TRUTH_JSON holds "matrix" (moving -> fixed), and "pre", "post", "field" (coefficients of a displacement that is linear
in space), "origin", "spacing" and "size" of the grid, all in mm.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK
from pydicomrt.reg import DeformableSpatialRegistrationBuilder, SpatialRegistrationBuilder


def series(folder: str) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(Path(folder).iterdir())]


def displacement(truth: dict) -> SimpleITK.DisplacementFieldTransform:
    """Return the linear field at the nodes of the grid."""
    x, y, z = (truth["origin"][n] + truth["spacing"][n] * np.arange(truth["size"][n]) for n in range(3))
    nodes = np.stack(np.meshgrid(z, y, x, indexing="ij")[::-1], axis=-1)
    field = np.array(truth["field"])
    image = SimpleITK.GetImageFromArray(nodes @ field[:, :3].T + field[:, 3], isVector=True)
    image.SetOrigin(truth["origin"])
    image.SetSpacing(truth["spacing"])
    return SimpleITK.DisplacementFieldTransform(image)


def main(fixed_folder: str, moving_folder: str, truth_json: str, out: str) -> None:
    fixed, moving = series(fixed_folder), series(moving_folder)
    truth = json.loads(Path(truth_json).read_text(encoding="utf-8"))
    rigid = SpatialRegistrationBuilder(fixed).add_registration(moving, truth["matrix"]).build()
    deformable = (
        DeformableSpatialRegistrationBuilder(fixed)
        .add_registration(moving, displacement(truth), truth["pre"], truth["post"])
        .build()
    )
    for name, dataset in (("rigid", rigid), ("deformable", deformable)):
        folder = Path(out) / name
        folder.mkdir(parents=True, exist_ok=True)
        dataset.save_as(folder / "reg.dcm", enforce_file_format=True)


if __name__ == "__main__":
    main(*sys.argv[1:5])
