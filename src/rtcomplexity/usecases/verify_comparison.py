"""The use case: whether the folder of a comparison is untouched and, with both sides, says the same again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rtcomplexity.compare.comparison import compare_numbers
from rtcomplexity.compare.document import document
from rtcomplexity.errors import InputDataError
from rtcomplexity.evidence.comparison_folder import (
    DOCUMENT,
    OUTPUTS,
    comparison_differences,
    comparison_problems,
    saved_document,
)
from rtcomplexity.evidence.manifest import MANIFEST_FILE
from rtcomplexity.usecases.verify import Verification

if TYPE_CHECKING:
    from collections.abc import Sequence


def is_comparison(folder: Path) -> bool:
    """Whether a folder holds what ``compare --out`` leaves."""
    return (folder / DOCUMENT).is_file()


def verify_comparison(folder: Path | str, sides: Sequence[str] = (), *, images: Path | None = None) -> Verification:
    """Check the folder of a comparison against its manifest and, with both sides, against what they come to again.

    Parameters
    ----------
    folder
        A folder that ``compare --out`` left.
    sides
        Both sides, as they were compared; none to look at the folder alone.
    images
        Folder of the planning images, where they were named.

    Raises
    ------
    InputDataError
        If the folder cannot be read, or a side cannot be used.
    """
    files = _read(Path(folder))
    problems = comparison_problems(files)
    if not problems and sides:
        problems = _derived_problems(saved_document(files), sides, images)
    if problems:
        return Verification(is_good=False, sentence=f"Not verified: {'; '.join(problems)}.", notes=())
    again = "; both sides give the same values again" if sides else ""
    return Verification(
        is_good=True, sentence=f"Untouched: {len(files)} files are as they were written{again}.", notes=()
    )


def _derived_problems(saved: dict[str, Any], sides: Sequence[str], images: Path | None) -> tuple[str, ...]:
    first, second = sides
    numbers = [(pair["first_number"], pair["second_number"]) for pair in saved["pairs"]]
    try:
        found = compare_numbers(first, second, numbers, images=images, tolerance_mm=saved["tolerance_mm"])
    except KeyError as fault:
        return (f"a side has no ROI number {fault.args[0]}",)
    return comparison_differences(saved, document(found, software_version=""))


def _read(folder: Path) -> dict[str, bytes]:
    try:
        return {name: (folder / name).read_bytes() for name in (*OUTPUTS, MANIFEST_FILE) if (folder / name).exists()}
    except OSError as fault:
        raise InputDataError("The folder cannot be read.", "a folder that compare --out left.") from fault
