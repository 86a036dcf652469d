"""Which ROIs are in another frame of reference than the rest of their case."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.structure_set import Roi, StructureSet


def rois_elsewhere(structure_set: StructureSet, planning: ImageSeries | None) -> tuple[Roi, ...]:
    """ROIs that state another frame of reference than the case's.

    That is the planning image's; where there is none, or it names none, the one that most ROIs with contours state, of
    several such the first.
    """
    stated = Counter(roi.frame_of_reference_uid for roi in structure_set.rois if len(roi.contours))
    del stated[""]
    own = planning.frame_of_reference_uid if planning else ""
    own = own or max(stated, key=stated.__getitem__, default="")
    return tuple(roi for roi in structure_set.rois if roi.frame_of_reference_uid not in {"", own})
