"""What the content hash adds to indexing a folder: processor time with and without it, in turn in one process.

``python benchmarks/content_identity.py FOLDER`` prints the medians of 7 pairs and the ratio pair by pair.
"""

from __future__ import annotations

import sys
import time
from statistics import median

from rtcomplexity.dicom import index
from rtcomplexity.settings import Settings

PAIRS = 7


def processor_s(folder):
    start = time.process_time()
    index.index_folder(folder, settings=Settings())
    return time.process_time() - start


def main():
    folder, hashed = sys.argv[1], index.content_hash
    processor_s(folder)
    pairs = []
    for _ in range(PAIRS):
        with_hash = processor_s(folder)
        index.content_hash = lambda *_args, **_options: ""
        pairs.append((with_hash, processor_s(folder)))
        index.content_hash = hashed
    with_hash, without = (median(times) for times in zip(*pairs, strict=True))
    ratio = median(one / other for one, other in pairs)
    print(f"with {with_hash:.3f} s, without {without:.3f} s, ratio {ratio:.2f} (medians of {PAIRS} pairs)")


if __name__ == "__main__":
    main()
