"""Volumes from the masks that `plastimatch convert --output-prefix` wrote: MASK_FOLDER. Standard library only.

Reading them back is no part of plastimatch's own time.
"""

import json
import re
import sys
import zlib
from pathlib import Path


def volumes(folder: str) -> dict[str, float]:
    return {path.stem: mask_cm3(path.read_bytes()) for path in sorted(Path(folder).glob("*.nrrd"))}


def mask_cm3(content: bytes) -> float:
    header, _, data = content.partition(b"\n\n")
    text = header.decode("ascii")
    if "encoding: gzip" in text:
        data = zlib.decompress(data, wbits=zlib.MAX_WBITS | 16)
    return (len(data) - data.count(0)) * voxel_mm3(text) / 1000


def voxel_mm3(header: str) -> float:
    """Product of the lengths of the space directions, which stand at right angles."""
    line = next(line for line in header.splitlines() if line.startswith("space directions:"))
    size = 1.0
    for vector in re.findall(r"\(([^)]*)\)", line):
        size *= sum(float(part) ** 2 for part in vector.split(",")) ** 0.5
    return size


if __name__ == "__main__":
    print(json.dumps(volumes(sys.argv[1])))
