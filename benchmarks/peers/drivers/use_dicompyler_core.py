"""Volumes by dicompyler-core, from contours alone. Run by its own environment: CT_FOLDER STRUCTURE_SET."""

import json
import sys

from dicompylercore.dicomparser import DicomParser


def volumes(structure_set: str) -> dict[str, float | None]:
    parser = DicomParser(structure_set)
    found = {}
    for number, structure in parser.GetStructures().items():
        planes = parser.GetStructureCoordinates(number)
        thickness = parser.CalculatePlaneThickness(planes)
        found[structure["name"]] = parser.CalculateStructureVolume(planes, thickness) if planes else None
    return found


if __name__ == "__main__":
    print(json.dumps(volumes(sys.argv[2])))
