# ruff: noqa: INP001 -- run as a script
"""Writes the seed corpus of the fuzz harnesses: ``python fuzz/corpus.py FOLDER``.

A seed is one byte, which says in whose place the file is put, and the file: those of the tiny plan, and the same
written in other ways.
"""

from __future__ import annotations

import sys
import tempfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless
from tiny_plan import FILES, write_tiny_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset


def write_corpus(folder: Path) -> None:
    """Write a seed for every file that is replaced, and for every other way of writing it."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as plan:
        write_tiny_plan(Path(plan))
        for role, name in enumerate(FILES):
            for way, content in _ways(Path(plan, name)):
                (folder / f"{role}-{way}").write_bytes(bytes([role]) + content)


def _ways(path: Path) -> Iterator[tuple[str, bytes]]:
    yield "explicit", path.read_bytes()
    for name, syntax in (("implicit", ImplicitVRLittleEndian), ("deflated", DeflatedExplicitVRLittleEndian)):
        read = dcmread(path)
        read.file_meta.TransferSyntaxUID = syntax
        yield name, _saved(read)
    if path.parent.name == "ct":
        read = dcmread(path)
        read.compress(RLELossless)
        yield "rle", _saved(read)


def _saved(read: Dataset) -> bytes:
    stream = BytesIO()
    syntax = read.file_meta.TransferSyntaxUID
    read.save_as(stream, implicit_vr=syntax.is_implicit_VR, little_endian=True, enforce_file_format=True)
    return stream.getvalue()


if __name__ == "__main__":
    write_corpus(Path(sys.argv[1]))
