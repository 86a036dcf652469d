# ruff: noqa: INP001 -- imported by the scripts beside it
"""What the fuzz harnesses share: the plan that a made file is put into, the limits, and how inputs are changed.

An input is one byte, which says in whose place the file is put and whether to take the slow way, and the file. Anything
else than an :class:`rtcomplexity.errors.RtComplexityError` is a finding: libFuzzer saves the input and stops.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import tempfile
import time
import warnings
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import atheris
from element_mutator import crossed, mutated, put_together, take_apart
from tiny_plan import FILES, write_tiny_plan

if TYPE_CHECKING:
    from collections.abc import Callable

SLOWEST_S = 10.0
"""Processor time that a try may take: on a busy machine the wall, which libFuzzer counts, says little."""
BY_BYTES = 0.2
"""Share of changes that libFuzzer makes to bytes as they come, without regard to elements."""
WHOLE = 0x80
"""Bit of the first byte that asks for the slow way."""
SELDOM = 0.02
"""Share of changes that turn it."""


class TooSlowError(Exception):
    """A try took longer than it may."""


def limits() -> dict[str, int]:
    """Settings that are small beside the tiny plan, and so make a try quick however much an input asks for."""
    return {
        "max_file_bytes": 1_000_000,
        "max_structure_set_bytes": 1_000_000,
        "max_contour_points": 2_000,
        "max_contours": 100,
        "max_rois": 8,
        "max_targets": 5,
        "max_image_pixels": 20_000,
        "max_frame_pixels": 5_000,
        "max_elements": 500,
        "inflation_floor_bytes": 1_000_000,
    }


def fuzz(one_plan: Callable[[Path, str, bool], None], error: type[Exception]) -> None:
    """Give `one_plan` the plan's folder, the name of the file that was put into it, and whether to take its time."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="fuzz", dir=_quick_folder()) as made:
        folder = Path(made)
        write_tiny_plan(folder)
        good = {name: (folder / name).read_bytes() for name in FILES}

        def one_input(data: bytes) -> None:
            if len(data) < 2:
                return
            name = FILES[(data[0] & ~WHOLE) % len(FILES)]
            (folder / name).write_bytes(data[1:])
            began = time.process_time()
            try:
                with contextlib.suppress(error):
                    one_plan(folder, name, bool(data[0] & WHOLE))
            finally:
                (folder / name).write_bytes(good[name])
            if time.process_time() - began > SLOWEST_S:
                raise TooSlowError

        atheris.Setup(sys.argv, one_input, custom_mutator=_changed, custom_crossover=_crossed)
        atheris.Fuzz()


def _quick_folder() -> str | None:
    """A folder in memory, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 -- the folder in it has a name of its own


def _changed(data: bytes, most: int, seed: int) -> bytes:
    random = Random(seed)  # noqa: S311 -- no secret
    if random.random() < SELDOM:
        data = bytes([data[0] ^ WHOLE]) + data[1:]
    apart = take_apart(data[1:])
    if apart is None or random.random() < BY_BYTES:
        return data[:1] + atheris.Mutate(data[1:], most - 1)
    made = mutated(*apart, random, lambda value: atheris.Mutate(value, len(value) + 32))
    return (data[:1] + made)[:most]


def _crossed(data: bytes, other: bytes, most: int, seed: int) -> bytes:
    apart, others = take_apart(data[1:]), take_apart(other[1:])
    if apart is None or others is None:
        return data[:most]
    crossed(apart[1], others[1], Random(seed))  # noqa: S311 -- no secret
    return (data[:1] + put_together(*apart))[:most]
