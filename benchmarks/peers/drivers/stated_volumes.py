"""Volumes that a structure set states of itself, ROI Volume (3006,002C): STRUCTURE_SET."""

import json
import sys

import pydicom


def volumes(structure_set: str) -> dict[str, float | None]:
    dataset = pydicom.dcmread(structure_set)
    stated = {roi.ROIName: roi.get("ROIVolume") for roi in dataset.StructureSetROISequence}
    return {name: None if volume is None else float(volume) for name, volume in stated.items()}


if __name__ == "__main__":
    print(json.dumps(volumes(sys.argv[1])))
