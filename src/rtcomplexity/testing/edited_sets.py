"""A small pair of structure sets without images: what an algorithm contoured, and what a person made of it.

``python -m rtcomplexity.testing.edited_sets sample_data/auto_vs_final`` writes both. The edits are known. On 4 planes
the GTV bulges by up to 6 mm to the left above z = 0, or lacks its lowest plane; on the 3 planes at its top the heart is
drawn in by 4 mm; the esophagus is unchanged.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from rtcomplexity.dicom.sop_classes import STRUCTURE_SET
from rtcomplexity.testing.description import PlanDescription, RoiDescription, StructureSetDescription, SyntheticPatient
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.phantoms import contours_of
from rtcomplexity.testing.uids import instance_uid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rtcomplexity.model.arrays import Floats

    Outline = Callable[[float], Floats | None]

PLANES_MM: Final = 3.0 * np.arange(-10, 11)
POINTS: Final = 48
GTV_RADIUS_MM: Final = 15.0
BULGE_MM: Final = 6.0
"""How far the final GTV is moved out towards the patient's left, on planes above 0 mm."""
HEART_RADIUS_MM: Final = 40.0
ESOPHAGUS_RADIUS_MM: Final = 7.0


def _disc(center: tuple[float, float], radius_mm: float) -> Floats:
    angles = 2 * np.pi * np.arange(POINTS) / POINTS
    # The polygon has the area of the disc.
    scale = math.sqrt(2 * math.pi / (POINTS * math.sin(2 * math.pi / POINTS)))
    return np.asarray(center) + scale * radius_mm * np.column_stack([np.cos(angles), np.sin(angles)])


def _sphere(center: tuple[float, float], radius_mm: float, z: float) -> Floats | None:
    square = radius_mm**2 - z**2
    return _disc(center, math.sqrt(square)) if square > 1.0 else None


def _auto_gtv(z: float) -> Floats | None:
    return _sphere((60.0, 0.0), GTV_RADIUS_MM, z)


def _final_gtv(z: float) -> Floats | None:
    drawn = _auto_gtv(z)
    if drawn is None or z < -11.0:
        return None
    if z <= 0:
        return drawn
    towards_left = np.maximum(drawn[:, 0] - 60.0, 0) / GTV_RADIUS_MM
    return drawn + np.column_stack([BULGE_MM * towards_left, np.zeros(len(drawn))])


def _auto_heart(z: float) -> Floats | None:
    return _sphere((0.0, -40.0), HEART_RADIUS_MM, z)


def _final_heart(z: float) -> Floats | None:
    radius = math.sqrt(HEART_RADIUS_MM**2 - z**2)
    return _disc((0.0, -40.0), radius - 4.0) if z > 22.0 else _auto_heart(z)


def _esophagus(_z: float) -> Floats | None:
    return _disc((5.0, 30.0), ESOPHAGUS_RADIUS_MM)


def _roi(number: int, name: str, outline: Outline, generation: str, interpreted_type: str) -> RoiDescription:
    drawn = [(z, outline(z)) for z in PLANES_MM.tolist()]
    polygons = [np.column_stack([each, np.full(len(each), z)]) for z, each in drawn if each is not None]
    return RoiDescription(
        number=number,
        name=name,
        contours=contours_of(polygons),
        interpreted_type=interpreted_type,
        generation=generation,
    )


def _structure_set(key: str, gtv: Outline, heart: Outline, generation: str, **more: object) -> StructureSetDescription:
    return StructureSetDescription(
        key=key,
        image_key=None,
        label=key.upper(),
        date="20200102" if key == "auto" else "20200103",
        approval_status="UNAPPROVED" if key == "auto" else "APPROVED",
        rois=(
            _roi(1, "GTV", gtv, generation, "GTV"),
            _roi(2, "Heart", heart, generation, "ORGAN"),
            _roi(3, "Esophagus", _esophagus, "AUTOMATIC", "ORGAN"),
        ),
        overrides=more,
    )


def auto_vs_final() -> PlanDescription:
    """Both structure sets of one patient; the final one names the automatic one as its predecessor."""
    auto = _structure_set("auto", _auto_gtv, _auto_heart, "AUTOMATIC")
    bare = PlanDescription(key="auto_vs_final", patient=SyntheticPatient(patient_id="SYNTHETIC-0005"), images=())
    predecessor = Dataset()
    predecessor.ReferencedSOPClassUID = STRUCTURE_SET
    predecessor.ReferencedSOPInstanceUID = instance_uid(bare, "auto")
    final = _structure_set(
        "final",
        _final_gtv,
        _final_heart,
        "SEMIAUTOMATIC",
        PredecessorStructureSetSequence=DicomSequence([predecessor]),
    )
    return PlanDescription(key=bare.key, patient=bare.patient, images=(), structure_sets=(auto, final))


def write(folder: Path | str) -> tuple[Path, ...]:
    """Write ``auto.dcm`` and ``final.dcm``."""
    return write_plan(folder, auto_vs_final())


if __name__ == "__main__":
    write(sys.argv[1] if len(sys.argv) > 1 else "sample_data/auto_vs_final")
