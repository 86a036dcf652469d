"""A DICOM Segmentation as a side of a comparison: a case of the structure set that its outlines make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.case.segment_outlines import structure_set_of
from rtcomplexity.case.target_names import NO_ALIASES
from rtcomplexity.case.targets import classify_rois
from rtcomplexity.dicom.segmentation import read_segmentation
from rtcomplexity.model.case import Case

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.settings import Settings


def case_of_segmentation(path: Path, *, settings: Settings) -> Case:
    """Read a Segmentation as a case whose structure set holds its segments' outlines.

    Raises
    ------
    InputDataError
        If it cannot be used; see :func:`rtcomplexity.dicom.segmentation.read_segmentation`.
    """
    found = read_segmentation(path, settings=settings)
    structure_set, issues = classify_rois(structure_set_of(found), NO_ALIASES, settings)
    return Case(
        plan_id=found.file_sha256, structure_set=structure_set, chosen_because="it is a Segmentation", issues=issues
    )
