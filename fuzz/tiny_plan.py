# ruff: noqa: INP001 -- imported by the scripts beside it
"""The plan that fuzzed files are put into: small, with every kind of file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.testing import (
    AXIAL,
    DeformableDescription,
    ImageDescription,
    MatrixMapping,
    PetDescription,
    PlanDescription,
    RegistrationDescription,
    RoiDescription,
    RtPlanDescription,
    StructureSetDescription,
    SyntheticPatient,
    contour_stack,
    image_grid,
    sphere,
    write_plan,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.model.image import ImageGrid

PLANES_MM = (-3.0, 0.0, 3.0)
ROIS = ((1, "GTV", "GTV", 4.0), (2, "PTV", "PTV", 5.0))
FILES = ("rs.dcm", "rp.dcm", "reg.dcm", "dreg.dcm", "ct/ct_002.dcm", "pt/pt_001.dcm", "mr/mr_001.dcm")
"""What the fuzzer may replace, by the first byte of an input."""


def write_tiny_plan(folder: Path) -> None:
    """Write CT, PET and MR of a few slices, registrations, two ROIs of three contours and an RT Plan."""
    write_plan(folder, _plan())


def _plan() -> PlanDescription:
    pet = ImageDescription(
        key="pt", modality="PT", grid=_grid(2), values=_values(2, 9000.0), series_number=2, pet=PetDescription()
    )
    mr = ImageDescription(
        key="mr", modality="MR", grid=_grid(2), values=_values(2, 50.0), series_number=3, frame_key="m"
    )
    ct = ImageDescription(key="ct", modality="CT", grid=_grid(4), values=_values(4, 40.0))
    mapping = MatrixMapping(source_frame_key="m", matrices=(np.eye(4),), image_key="mr")
    displacements = np.zeros((2, 14, 16, 3), np.float32)
    field = DeformableDescription(source_frame_key="m", grid=_grid(2), displacements_mm=displacements, image_key="mr")
    return PlanDescription(
        key="fuzz",
        patient=SyntheticPatient(patient_id="FUZZ-0001"),
        images=(ct, pet, mr),
        structure_sets=(StructureSetDescription(rois=tuple(_roi(*one) for one in ROIS)),),
        rt_plans=(RtPlanDescription(fractions=(5,), prescriptions=((50.0, 2),)),),
        registrations=(RegistrationDescription(mappings=(mapping,)),),
        deformable_registrations=(field,),
    )


def _grid(slices: int) -> ImageGrid:
    return image_grid(
        frame=AXIAL,
        slices=slices,
        rows=14,
        columns=16,
        slice_spacing_mm=3.0,
        row_spacing_mm=1.5,
        column_spacing_mm=1.25,
    )


def _values(slices: int, value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.linspace(0.0, value, slices * 14 * 16, dtype=np.float32).reshape(slices, 14, 16)


def _roi(number: int, name: str, kind: str, radius_mm: float) -> RoiDescription:
    drawn = contour_stack(sphere(radius_mm), positions_mm=PLANES_MM, frame=AXIAL, points_per_contour=10)
    return RoiDescription(number=number, name=name, contours=drawn, interpreted_type=kind)
