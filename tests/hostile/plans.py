"""The good plan that every hostile input is made from, and the ways to spoil it.

A builder is a function of the folder it writes into. Where nothing is spoiled the plan gives a verdict without an
issue.
"""

from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np
from pydicom import dcmread

from rtcomplexity.testing import (
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
    datasets_of,
    image_grid,
    save,
    sphere,
)
from rtcomplexity.testing.placing import AXIAL

FRAME = AXIAL.shifted((7.5, -21.0, 33.0))
SLICES, ROWS, COLUMNS = 12, 40, 44
SPACING_MM = 3.0
SET, RT_PLAN = "rs.dcm", "rp.dcm"
TARGETS = ((1, "GTV", 9.0), (2, "PTV", 12.0))
EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"


def grid(frame=FRAME, *, slices=SLICES, rows=ROWS, columns=COLUMNS, slice_spacing_mm=SPACING_MM):
    return image_grid(
        frame=frame,
        slices=slices,
        rows=rows,
        columns=columns,
        slice_spacing_mm=slice_spacing_mm,
        row_spacing_mm=1.5,
        column_spacing_mm=2.0,
    )


def distances_mm(of, frame=FRAME):
    """(k, j, i) distance of every voxel from the middle of the targets."""
    j, i = np.meshgrid(np.arange(of.rows), np.arange(of.columns), indexing="ij")
    in_plane = (
        i[..., None] * of.column_spacing_mm * of.row_direction + j[..., None] * of.row_spacing_mm * of.column_direction
    )
    points = of.slice_origins_mm[:, None, None, :] + in_plane[None]
    return np.linalg.norm(points - frame.to_patient(np.zeros(3)), axis=-1)


def ct(**changes):
    of = changes.pop("grid", grid())
    values = np.where(distances_mm(of) < 9.0, 40.0, -700.0).astype(np.float32)
    return replace(ImageDescription(key="ct", modality="CT", grid=of, values=values, description="Plan"), **changes)


def pet(**changes):
    of = grid(slices=8, rows=22, columns=24, slice_spacing_mm=4.5)
    values = np.where(distances_mm(of) < 8.0, 30_000.0, 3_000.0).astype(np.float32)
    made = ImageDescription(
        key="pt",
        modality="PT",
        grid=of,
        values=values,
        description="PET",
        image_type=("ORIGINAL", "PRIMARY"),
        series_number=2,
        pet=PetDescription(),
    )
    return replace(made, **changes)


def mr(**changes):
    of = grid(slices=8)
    made = ImageDescription(
        key="mr", modality="MR", grid=of, values=distances_mm(of).astype(np.float32), frame_key="mr", series_number=3
    )
    return replace(made, **changes)


def registration(matrix=None, **changes):
    matrix = np.eye(4) if matrix is None else matrix
    mapping = MatrixMapping(source_frame_key="mr", matrices=(np.asarray(matrix, float),), image_key="mr")
    return RegistrationDescription(mappings=(replace(mapping, **changes),))


def positions_mm(radius_mm, spacing_mm=SPACING_MM):
    return [z for z in np.arange(-(SLICES - 1) / 2, SLICES / 2) * spacing_mm if abs(z) < radius_mm]


def slabs_cm3(radius_mm):
    """Volume of a sphere by the slab rule: pi (r^2 - z^2) of each section, times the slab round it."""
    return float(sum(np.pi * (radius_mm**2 - z**2) * SPACING_MM for z in positions_mm(radius_mm))) / 1000.0


OUTER_MM, INNER_MM = TARGETS[0][2], 4.0
GTV_CM3 = round(slabs_cm3(OUTER_MM), 5)
HOLLOW_CM3 = round(slabs_cm3(OUTER_MM) - slabs_cm3(INNER_MM), 5)
"""The same without the sphere in its middle."""


def roi(number, name, radius_mm, **changes):
    contours = contour_stack(sphere(radius_mm), positions_mm=positions_mm(radius_mm), frame=FRAME)
    made = RoiDescription(number=number, name=name, contours=contours, interpreted_type=name[:3])
    return replace(made, **changes)


def described(**changes):
    """The good plan."""
    made = PlanDescription(
        key="hostile",
        patient=SyntheticPatient(patient_id="HOSTILE-0001"),
        images=(ct(),),
        structure_sets=(StructureSetDescription(rois=tuple(roi(*target) for target in TARGETS)),),
        rt_plans=(RtPlanDescription(fractions=(5,), prescriptions=((50.0, 2),)),),
    )
    return replace(made, **changes)


def with_set(**changes):
    """The good plan with its structure set described otherwise."""
    (one,) = described().structure_sets
    return described(structure_sets=(replace(one, **changes),))


def to_bytes(dataset):
    stream = BytesIO()
    save(dataset, stream)
    return stream.getvalue()


@cache
def _files(_key):
    return {str(path.as_posix()): to_bytes(dataset) for path, dataset in datasets_of(described())}


def good_files():
    """Content by name of the good plan."""
    return dict(_files("good"))


def put(folder, files):
    for name, content in files.items():
        target = Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def slim(folder):
    """Leave a plan that was written without its RT Plan and every target but the GTV."""
    (folder / RT_PLAN).unlink()
    read = dcmread(folder / SET)
    for sequence in (read.StructureSetROISequence, read.ROIContourSequence, read.RTROIObservationsSequence):
        del sequence[1:]
    save(read, folder / SET)


# --- ways to spoil a plan: each returns a builder -------------------------------------------------------------------


def plan(description):
    """Any described plan."""
    return lambda folder: put(folder, {p.as_posix(): to_bytes(d) for p, d in datasets_of(description())})


def file_bytes(change, name=SET):
    """The good plan with the bytes of one file changed."""

    def build(folder):
        files = good_files()
        put(folder, files | {name: change(files[name])})

    return build


def dataset(change, name=SET):
    """The good plan with one object changed in place by pydicom."""

    def changed(content):
        read = dcmread(BytesIO(content))
        change(read)
        return to_bytes(read)

    return file_bytes(changed, name)


def ct_slices(change, which=range(SLICES)):
    """The good plan with CT slices changed in place: `change` gets index and object."""

    def build(folder):
        files = good_files()
        for k in which:
            name = f"ct/ct_{k + 1:03}.dcm"
            read = dcmread(BytesIO(files[name]))
            change(k, read)
            files[name] = to_bytes(read)
        put(folder, files)

    return build


def ct_bytes(change, which=range(SLICES)):
    """The good plan with the bytes of CT slices changed."""

    def build(folder):
        files = good_files()
        put(folder, files | {name: change(files[name]) for name in (f"ct/ct_{k + 1:03}.dcm" for k in which)})

    return build


def gtv_items(read):
    """ROI item and contours of the GTV."""
    return read.StructureSetROISequence[0], read.ROIContourSequence[0].ContourSequence
