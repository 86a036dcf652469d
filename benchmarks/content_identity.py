"""What the content hash adds to indexing a folder: wall and processor time with it and without.

``python benchmarks/content_identity.py FOLDER`` prints the least of 15 rounds in one process: on a busy machine the
least comes nearest to what the work takes. *Without* hashes the bytes of files alone, otherwise the same way.
Pixels are hashed once more for the content, whatever else is saved: what SHA-256 takes for them alone stands beside.
"""

from __future__ import annotations

import hashlib
import sys
import time
from unittest.mock import patch

from pydicom import dcmread

from rtcomplexity.dicom import index
from rtcomplexity.settings import Settings

ROUNDS = 15
PIECE_BYTES = 131_072


def seconds(work):
    """Wall and processor time of some work."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def hash_bytes_alone(stream, front, *_):
    """Hash the rest of a file that was begun, without its content."""
    digest, piece = hashlib.sha256(front), memoryview(bytearray(PIECE_BYTES))
    with stream:
        while count := stream.readinto(piece):
            digest.update(piece[:count])
    return digest.hexdigest(), ""


def main():
    folder = sys.argv[1]

    def with_content():
        index.index_folder(folder, settings=Settings())

    def without():
        with (
            patch.object(index, "_hash_rest", hash_bytes_alone),
            patch.object(index, "content_before_pixels", lambda *_: [b""]),
            patch.object(index, "content_parts", lambda *_: []),
            patch.object(index, "content_hash", lambda *_: ""),
        ):
            index.index_folder(folder, settings=Settings())

    files = index.index_folder(folder, settings=Settings()).images
    pixels = [dcmread(file.path).PixelData for file in files]
    times = [
        tuple(map(seconds, (with_content, without, lambda: list(map(hashlib.sha256, pixels))))) for _ in range(ROUNDS)
    ]
    for place, name in enumerate(("wall", "processor")):
        now, before, alone = (min(each[place] for each in one) for one in zip(*times, strict=True))
        print(
            f"{name}: with {now:.3f} s, without {before:.3f} s, ratio {now / before:.2f}; SHA-256 of the pixels alone "
            f"{alone:.3f} s, ratio {1 + alone / before:.2f} (least of {ROUNDS})"
        )


if __name__ == "__main__":
    main()
