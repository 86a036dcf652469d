"""What the content hash adds to indexing a folder: wall and processor time with it, and as it was without.

``python benchmarks/content_identity.py FOLDER`` prints the least of 15 pairs, in turn in one process: on a busy machine
the least comes nearest to what the work takes. *Before* hashes the bytes alone, in one thread; *now* hashes bytes and
content beside the parsing.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import Future
from unittest.mock import patch

from rtcomplexity.dicom import index
from rtcomplexity.settings import Settings

PAIRS = 15


class InLine:
    """A pool that does at once what it is given."""

    def __init__(self, *_, **__):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, work, *arguments):
        done = Future()
        done.set_result(work(*arguments))
        return done


def seconds(folder):
    """Wall and processor time of indexing."""
    wall, processor = time.perf_counter(), time.process_time()
    index.index_folder(folder, settings=Settings())
    return time.perf_counter() - wall, time.process_time() - processor


def seconds_before(folder):
    with patch.object(index, "ThreadPoolExecutor", InLine), patch.object(index, "content_parts", lambda *_: []):
        return seconds(folder)


def main():
    folder = sys.argv[1]
    seconds(folder)
    pairs = [(seconds(folder), seconds_before(folder)) for _ in range(PAIRS)]
    for place, name in enumerate(("wall", "processor")):
        now, before = (min(each[place] for each in times) for times in zip(*pairs, strict=True))
        print(f"{name}: now {now:.3f} s, before {before:.3f} s, ratio {now / before:.2f} (least of {PAIRS} pairs)")


if __name__ == "__main__":
    main()
