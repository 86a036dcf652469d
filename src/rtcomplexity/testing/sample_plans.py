"""Four small synthetic thorax plans, from plain parameters: what ``sample_data`` holds and ``demo`` shows.

Their geometry was frozen before the scores that they are shown with were calibrated (the fourth before version 2), and
is not changed for the sake of one. ``python -m rtcomplexity.testing.sample_plans sample_data`` writes all four and
their README.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.errors import UsageError
from rtcomplexity.testing import anatomy
from rtcomplexity.testing.description import (
    MAIN_FRAME,
    ImageDescription,
    MatrixMapping,
    PetDescription,
    PlanDescription,
    RegistrationDescription,
    RoiDescription,
    RtPlanDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.phantoms import contours_at, image_grid
from rtcomplexity.testing.placing import AXIAL
from rtcomplexity.testing.radial import Ellipsoid, Lobe, LumpyBody, SpiculatedSphere
from rtcomplexity.testing.solids import Group, Grown, Hollow, Several, nested_area_mm2
from rtcomplexity.units import MM3_PER_CM3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.testing.anatomy import Layers
    from rtcomplexity.testing.placing import Frame
    from rtcomplexity.testing.radial import RadialSolid
    from rtcomplexity.testing.solids import Sectioned, Solid

THORAX_FRAME = AXIAL.shifted((4.25, -131.5, -318.75))
"""Where the thorax lies in the planning frame: nothing of it is at the frame's origin."""
MR_TO_PLANNING = AXIAL.rotated((1.0, 2.0, 3.0), 7.0).shifted((12.0, -8.5, 15.25))
"""The rigid motion from the MR's frame of reference to the planning frame."""
MR_FRAME, MR_STUDY = "mr", "mr study"
STACK_MM = 102.0
"""Extent of the planning CT along the body: 34 slices of 3 mm, mm."""
IMAGE_CENTER_MM = (0.0, 0.0, -6.0)
"""Middle of every image in the thorax's frame, mm."""
UPTAKE_S = 3600.0
"""From injection to the scan, s: 09:00 to 10:00."""

ROUTINE_GTV = LumpyBody(
    radius_mm=10.5,
    half_height_mm=10.0,
    lobes=(Lobe(order=2, amplitude=0.05), Lobe(order=3, amplitude=0.03, phase=1.0)),
    center_mm=(104.0, 20.0, -5.0),
)
ROUTINE_PTV_MARGIN_MM = 5.0

NSCLC_GTV = LumpyBody(
    radius_mm=21.0,
    half_height_mm=24.0,
    lobes=(
        Lobe(order=2, amplitude=0.10, phase=0.6),
        Lobe(order=3, amplitude=0.06, twist_per_mm=0.02),
        Lobe(order=5, amplitude=0.03, phase=2.0),
    ),
    center_mm=(-80.0, -10.0, 0.0),
)
NSCLC_CTV_MARGIN_MM, NSCLC_PTV_MARGIN_MM = 6.0, 14.0

CENTRAL_PRIMARY = SpiculatedSphere(
    radius_mm=18.0, spicules=7, height=0.4, sharpness=2, twist_per_mm=0.05, center_mm=(-49.0, 4.0, -12.0)
)
CENTRAL_CAVITY = Ellipsoid(semi_axes_mm=(7.0, 6.0, 8.0), center_mm=(-51.0, 2.0, -10.0))
CENTRAL_SATELLITE = LumpyBody(
    radius_mm=7.5, half_height_mm=8.0, lobes=(Lobe(order=3, amplitude=0.08),), center_mm=(-92.0, -30.0, 13.0)
)
CENTRAL_NODE = LumpyBody(
    radius_mm=9.0,
    half_height_mm=11.0,
    lobes=(Lobe(order=2, amplitude=0.15), Lobe(order=4, amplitude=0.05, phase=0.5)),
    center_mm=(46.0, 10.0, -12.0),
)
COLLAPSED_LOBE = Ellipsoid(semi_axes_mm=(22.0, 18.0, 16.0), center_mm=(-75.0, 10.0, -14.0))
CENTRAL_GTVP = Several(bodies=(Hollow(outer=CENTRAL_PRIMARY, cavities=(CENTRAL_CAVITY,)), CENTRAL_SATELLITE))
CENTRAL_BODIES = (CENTRAL_PRIMARY, CENTRAL_SATELLITE, CENTRAL_NODE)
CENTRAL_CTV_MARGIN_MM, CENTRAL_PTV_MARGIN_MM = 5.0, 10.0

SPICULATED_PRIMARY = SpiculatedSphere(
    radius_mm=9.0, spicules=8, height=1.2, sharpness=3, twist_per_mm=0.06, center_mm=(-56.0, 0.0, -12.0)
)
SPICULATED_CAVITY = Ellipsoid(semi_axes_mm=(4.5, 4.0, 5.5), center_mm=(-56.0, 0.0, -12.0))
SPICULATED_SATELLITES = tuple(
    LumpyBody(radius_mm=4.5, half_height_mm=6.0, lobes=(Lobe(order=2, amplitude=0.12),), center_mm=center_mm)
    for center_mm in ((-88.0, -26.0, -7.0), (-90.0, 24.0, -16.0))
)
SPICULATED_GTV = Several(
    bodies=(Hollow(outer=SPICULATED_PRIMARY, cavities=(SPICULATED_CAVITY,)), *SPICULATED_SATELLITES)
)
SPICULATED_BODIES = (SPICULATED_PRIMARY, *SPICULATED_SATELLITES)
SPICULATED_PTV_MARGIN_MM = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a sample plan is cut and where it lies: the same thorax in other slices, or moved, or turned."""

    slice_spacing_mm: float = 3.0
    """Between neighboring planning CT slices, and so between contours, mm."""
    frame: Frame = THORAX_FRAME
    """Where the thorax lies in the planning frame; the CT's rows and columns go with it."""

    def planning_grid(self) -> ImageGrid:
        """Return the pixels of the planning CT."""
        return image_grid(
            frame=self.image_frame(),
            slices=round(STACK_MM / self.slice_spacing_mm),
            rows=110,
            columns=132,
            slice_spacing_mm=self.slice_spacing_mm,
            row_spacing_mm=2.0,
            column_spacing_mm=2.5,
        )

    def image_frame(self) -> Frame:
        """Return the thorax's frame, moved to the middle of the images."""
        return self.frame.shifted(self.frame.rotation @ np.array(IMAGE_CENTER_MM))


AS_COMMITTED = Layout()
"""That of ``sample_data``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One ROI of a sample plan: a solid of the thorax's frame and how it is written."""

    name: str
    shape: Sectioned
    interpreted_type: str
    generation: str = "MANUAL"
    generation_description: str = ""
    points: int = 32
    color: tuple[int, int, int] = (255, 255, 0)


BODY = Drawn(
    name="Body", shape=anatomy.BODY, interpreted_type="EXTERNAL", generation="AUTOMATIC", points=48, color=(0, 160, 0)
)
LUNGS = tuple(
    Drawn(name=name, shape=shape, interpreted_type="ORGAN", generation="AUTOMATIC", points=40, color=(0, 120, 255))
    for name, shape in (("Lung_R", anatomy.LUNG_R), ("Lung_L", anatomy.LUNG_L))
)
CORD = Drawn(name="SpinalCord", shape=anatomy.SPINAL_CORD, interpreted_type="ORGAN", points=24)
ESOPHAGUS = Drawn(name="Esophagus", shape=anatomy.ESOPHAGUS, interpreted_type="ORGAN", points=24)
HEART = Drawn(name="Heart", shape=anatomy.HEART, interpreted_type="ORGAN", points=40, color=(255, 0, 255))
BRONCHIAL_TREE = Drawn(name="BronchialTree", shape=anatomy.BRONCHIAL_TREE, interpreted_type="ORGAN", points=28)
GREAT_VESSELS = Drawn(name="GreatVes", shape=anatomy.GREAT_VESSELS, interpreted_type="ORGAN", color=(200, 0, 0))


def _target(name: str, shape: Sectioned, points: int = 64) -> Drawn:
    kind = next(kind for kind in ("GTV", "CTV", "PTV") if name.startswith(kind))
    return Drawn(name=name, shape=shape, interpreted_type=kind, points=points, color=(255, 0, 0))


def _grown(name: str, shape: Sectioned, recipe: str) -> Drawn:
    return Drawn(
        name=name,
        shape=shape,
        interpreted_type=name[:3],
        generation="SEMIAUTOMATIC",
        generation_description=recipe,
        points=64,
        color=(255, 140, 0),
    )


def _margin(name: str, bodies: Sequence[RadialSolid], margin_mm: float, recipe: str) -> Drawn:
    """A margin round each of several bodies."""
    return _grown(name, Group(bodies=tuple(Grown(body=body, margin_mm=margin_mm) for body in bodies)), recipe)


ORGANS = (BODY, *LUNGS, CORD, ESOPHAGUS, HEART)
CENTRAL_ORGANS = (*ORGANS, BRONCHIAL_TREE, GREAT_VESSELS)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """What one sample plan holds, wherever it lies."""

    about: str
    patient: SyntheticPatient
    rois: tuple[Drawn, ...]
    tumors: tuple[tuple[Solid, anatomy.Tissue], ...]
    """Painted into the thorax, each over those before it."""
    rt_plan: RtPlanDescription
    has_pet: bool = True
    has_mr: bool = False


SAMPLES = {
    "routine_sbrt": Sample(
        about="One smooth peripheral target and its planning CT; 4 fractions of 12 Gy.",
        patient=SyntheticPatient(patient_id="SYNTHETIC-0001"),
        rois=(
            _target("GTV", ROUTINE_GTV),
            _grown("PTV", Grown(body=ROUTINE_GTV, margin_mm=ROUTINE_PTV_MARGIN_MM), "GTV + 5 mm"),
            *ORGANS,
        ),
        tumors=((ROUTINE_GTV, anatomy.TUMOR),),
        rt_plan=RtPlanDescription(fractions=(4,), prescriptions=((48.0, 2),)),
        has_pet=False,
    ),
    "pet_ct_nsclc": Sample(
        about="One larger target on CT and PET in one frame of reference; 30 fractions of 2 Gy.",
        patient=SyntheticPatient(patient_id="SYNTHETIC-0002", name="Synthetic^Conventional"),
        rois=(
            _target("GTV", NSCLC_GTV, points=80),
            _grown("CTV", Grown(body=NSCLC_GTV, margin_mm=NSCLC_CTV_MARGIN_MM), "GTV + 6 mm"),
            _grown("PTV", Grown(body=NSCLC_GTV, margin_mm=NSCLC_PTV_MARGIN_MM), "CTV + 8 mm"),
            *ORGANS,
        ),
        tumors=((NSCLC_GTV, anatomy.TUMOR),),
        rt_plan=RtPlanDescription(fractions=(30,), prescriptions=((60.0, 3),)),
    ),
    "complex_central": Sample(
        about=(
            "A spiculated primary with a cavity, a satellite and a node, against airway and vessels; CT, PET, and an "
            "MR in a frame of its own with a registration object; 5 fractions of 10 Gy."
        ),
        patient=SyntheticPatient(patient_id="SYNTHETIC-0003", name="Synthetic^Complex"),
        rois=(
            _target("GTVp", CENTRAL_GTVP, points=112),
            _target("GTVn", CENTRAL_NODE),
            _margin("CTV", CENTRAL_BODIES, CENTRAL_CTV_MARGIN_MM, "GTV + 5 mm"),
            _margin("PTV", CENTRAL_BODIES, CENTRAL_PTV_MARGIN_MM, "CTV + 5 mm"),
            *CENTRAL_ORGANS,
        ),
        tumors=(
            (COLLAPSED_LOBE, anatomy.COLLAPSED_LUNG),
            (CENTRAL_PRIMARY, anatomy.TUMOR),
            (CENTRAL_CAVITY, anatomy.NECROSIS),
            (CENTRAL_SATELLITE, anatomy.NODE),
            (CENTRAL_NODE, anatomy.NODE),
        ),
        rt_plan=RtPlanDescription(fractions=(5,), prescriptions=((50.0, 4),)),
        has_mr=True,
    ),
    "supported_central": Sample(
        about=(
            "A small primary with long spicules round a cavity, and two satellites on the same slices: hard in shape "
            "and topology beyond doubt, with nothing added elsewhere. CT and PET in one frame; 5 fractions of 10 Gy. "
            "Made before the cutoffs of thoracic-delineation-2 were computed; whatever it comes to is reported."
        ),
        patient=SyntheticPatient(patient_id="SYNTHETIC-0004", name="Synthetic^Spiculated"),
        rois=(
            _target("GTV", SPICULATED_GTV, points=112),
            _margin("PTV", SPICULATED_BODIES, SPICULATED_PTV_MARGIN_MM, "GTV + 5 mm"),
            *CENTRAL_ORGANS,
        ),
        tumors=(
            (SPICULATED_PRIMARY, anatomy.TUMOR),
            (SPICULATED_CAVITY, anatomy.NECROSIS),
            *((body, anatomy.TUMOR) for body in SPICULATED_SATELLITES),
        ),
        rt_plan=RtPlanDescription(fractions=(5,), prescriptions=((50.0, 2),)),
    ),
}
SAMPLE_NAMES: tuple[str, ...] = tuple(SAMPLES)
"""The sample plans, the plainest first."""


def _planning_ct(layers: Layers, layout: Layout) -> ImageDescription:
    grid = layout.planning_grid()
    return ImageDescription(
        key="ct",
        modality="CT",
        grid=grid,
        values=anatomy.ct_values(grid, layers, layout.frame),
        description="Planning CT",
    )


def _pet(layers: Layers, patient: SyntheticPatient, layout: Layout) -> ImageDescription:
    grid = image_grid(
        frame=layout.image_frame(),
        slices=22,
        rows=56,
        columns=74,
        slice_spacing_mm=5.0,
        row_spacing_mm=4.0,
        column_spacing_mm=4.5,
    )
    pet = PetDescription()
    bqml_per_suvbw = pet.dose_left_bq(UPTAKE_S) / ((patient.weight_kg or 0.0) * 1000.0)
    return ImageDescription(
        key="pt",
        modality="PT",
        grid=grid,
        values=anatomy.suvbw_values(grid, layers, layout.frame) * np.float32(bqml_per_suvbw),
        description="FDG PET",
        image_type=("ORIGINAL", "PRIMARY"),
        series_number=2,
        pet=pet,
    )


def _mr(layers: Layers, layout: Layout) -> ImageDescription:
    thorax_in_mr = MR_TO_PLANNING.inverse().after(layout.frame)
    center_mm = thorax_in_mr.to_patient(np.array(IMAGE_CENTER_MM))
    grid = image_grid(
        frame=AXIAL.shifted(center_mm),
        slices=22,
        rows=76,
        columns=104,
        slice_spacing_mm=4.5,
        row_spacing_mm=2.8,
        column_spacing_mm=3.2,
    )
    return ImageDescription(
        key="mr",
        modality="MR",
        grid=grid,
        values=anatomy.mr_values(grid, layers, thorax_in_mr),
        frame_key=MR_FRAME,
        study_key=MR_STUDY,
        description="T1 MR",
        image_type=("ORIGINAL", "PRIMARY", "OTHER"),
        series_date="20191230",
        acquisition_date="20191230",
    )


def _mr_registration() -> RegistrationDescription:
    """Both frames into the planning frame, as planning systems write it: the planning frame by the identity."""
    return RegistrationDescription(
        mappings=(
            MatrixMapping(source_frame_key=MAIN_FRAME, matrices=(np.eye(4),), image_key="ct"),
            MatrixMapping(source_frame_key=MR_FRAME, matrices=(MR_TO_PLANNING.patient_from_own,), image_key="mr"),
        )
    )


def drawn_roi(number: int, drawn: Drawn, layout: Layout = AS_COMMITTED) -> RoiDescription:
    """Draw a solid of the thorax on every planning slice, its volume stated as area times slice spacing."""
    positions_mm = layout.frame.from_patient(layout.planning_grid().slice_origins_mm)[:, 2].tolist()
    sections = [drawn.shape.sections(z, drawn.points) for z in positions_mm]
    area_mm2 = math.fsum(nested_area_mm2(polygons) for polygons in sections)
    return RoiDescription(
        number=number,
        name=drawn.name,
        contours=contours_at(positions_mm, sections, frame=layout.frame),
        interpreted_type=drawn.interpreted_type,
        generation=drawn.generation,
        generation_description=drawn.generation_description,
        volume_cm3=round(area_mm2 * layout.slice_spacing_mm / MM3_PER_CM3, 2),
        color=drawn.color,
    )


def sample_plan(name: str, layout: Layout = AS_COMMITTED) -> PlanDescription:
    """Describe a sample plan.

    Parameters
    ----------
    name
        One of :data:`SAMPLE_NAMES`.
    layout
        Other slices, or another place in space, for the same thorax.

    Raises
    ------
    UsageError
        If there is no such plan.
    """
    if name not in SAMPLES:
        raise UsageError("sample", name, "one of " + ", ".join(SAMPLE_NAMES))
    sample = SAMPLES[name]
    layers = anatomy.thorax_with(sample.tumors)
    images = [_planning_ct(layers, layout)]
    images += [_pet(layers, sample.patient, layout)] if sample.has_pet else []
    images += [_mr(layers, layout)] if sample.has_mr else []
    rois = tuple(drawn_roi(number, drawn, layout) for number, drawn in enumerate(sample.rois, start=1))
    return PlanDescription(
        key=name,
        patient=sample.patient,
        images=tuple(images),
        structure_sets=(StructureSetDescription(rois=rois, coordinate_decimals=3),),
        rt_plans=(sample.rt_plan,),
        registrations=(_mr_registration(),) if sample.has_mr else (),
    )


def true_volumes_cm3(name: str) -> dict[str, float]:
    """Return the true volume of each target of a sample plan, cm3: closed for a GTV, an integral for a margin."""
    targets = [drawn for drawn in SAMPLES[name].rois if drawn.interpreted_type in {"GTV", "CTV", "PTV"}]
    return {drawn.name: drawn.shape.volume_mm3 / MM3_PER_CM3 for drawn in targets}


def write_sample(name: str, folder: Path | str) -> tuple[Path, ...]:
    """Write a sample plan into a folder, which is made where it does not exist.

    Parameters
    ----------
    name
        One of :data:`SAMPLE_NAMES`.
    folder
        The plan's own folder.

    Returns
    -------
    tuple[Path, ...]
        The files written.
    """
    return write_plan(folder, sample_plan(name))


def readme() -> str:
    """Return the text of ``sample_data/README.md``."""
    lines = [
        "# Sample plans",
        "",
        "Four synthetic thorax plans, made of analytic solids by `rtcomplexity.testing`: no patient, no scanner, no",
        "planning system. They show what the program does and serve tests; they are evidence of nothing. Their",
        "geometry was frozen before the scores they are shown with were calibrated.",
        "",
        "Written, this file too, by `python -m rtcomplexity.testing.sample_plans sample_data`; a test says that the",
        "command still writes the same bytes.",
        "",
    ]
    for name in SAMPLE_NAMES:
        volumes = ", ".join(f"{roi} {volume:.2f}" for roi, volume in true_volumes_cm3(name).items())
        lines += [f"## {name}", "", SAMPLES[name].about, "", f"True volumes, cm³: {volumes}.", ""]
    lines += [
        "A GTV's true volume is a closed formula; CTV and PTV are margins round it, their volumes integrals of their",
        "sections (to about 0.1 %). The sum of contour areas times 3 mm, which the files state as ROI Volume, differs",
        "from the truth by what cutting in slices costs. Lungs, cord, vessels and body end with the images.",
        "",
    ]
    return "\n".join(lines)


def write_all(folder: Path | str) -> None:
    """Write every sample plan into a folder of its name, and the README."""
    for name in SAMPLE_NAMES:
        write_sample(name, Path(folder) / name)
    Path(folder, "README.md").write_text(readme(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_all(sys.argv[1] if len(sys.argv) > 1 else "sample_data")
