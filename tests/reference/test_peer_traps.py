"""The thirteen traps that released tools fall into, each a test named after it, through DICOM files and `analyze`.

Truth is analytic, or what another reader says of the same file.
"""

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from patience import least_processor_s
from rtcomplexity import Settings, analyze
from rtcomplexity.case.reader import read_case
from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.dicom.suv import SuvRefusal, read_suv_scale
from rtcomplexity.geometry.field.body import SubvoxelSurface
from rtcomplexity.geometry.ibsi_morphology import MaskMorphology
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.model.structure_set import ContourGeometricType
from rtcomplexity.testing import (
    FRAMES,
    Keyhole,
    contour_stack,
    contours_of,
    cylinder,
    hollow_sphere,
    image_grid,
    polygons_of,
    sphere,
    two_spheres,
)
from rtcomplexity.testing.description import (
    ImageDescription,
    PetDescription,
    PlanDescription,
    References,
    RoiDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.variations import duplicated, nearly_duplicated, of_types
from unit.geometry.stacks import circle, phantom

SPACING = 3.0
POSITIONS = (np.arange(20) - 9.5) * SPACING


def plan_of(*contours, positions=None, frame=FRAMES["axial"], contour_level=References.RESOLVING, rois=None):
    """A plan with one CT of anisotropic pixels (2.5 x 2.0 mm, Rows != Columns) and a GTV for each set of contours."""
    grid = image_grid(frame=frame, slices=20, slice_spacing_mm=SPACING, positions_mm=positions)
    values = np.zeros((len(grid.slice_origins_mm), grid.rows, grid.columns), np.float32)
    drawn = rois or tuple(
        RoiDescription(number=n, name=f"GTV{n}", contours=c, interpreted_type="GTV")
        for n, c in enumerate(contours, start=1)
    )
    return PlanDescription(
        key="trap",
        patient=SyntheticPatient(patient_id="SYNTHETIC-TRAP"),
        images=(ImageDescription(key="ct", modality="CT", grid=grid, values=values),),
        structure_sets=(StructureSetDescription(rois=drawn, contour_level=contour_level),),
    )


def record_of(folder, *contours, **kwargs):
    write_plan(folder, plan_of(*contours, **kwargs))
    return analyze(folder).record


def metric(record, key, number=1):
    return next(roi for roi in record.rois if roi.number == number).metrics[key].value


def codes(record):
    return {issue.code for issue in record.issues}


@pytest.mark.real_data
def test_trap_1_vertices_rounded_to_pixels(real_data):
    """Even-odd at pixel centers is 125,256 voxels; rounding gives 128,464 or 128,706, non-zero filling 125,257."""
    case = read_case(real_data / "ibsi" / "ct_phantom", settings=Settings())
    grid = contouring_grid(case.planning_image.grid, case.structure_set.rois, Settings())
    assert RoiContext(roi=case.structure_set.rois[0], grid=grid, settings=Settings()).runs.count == 125_256


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_trap_2_row_and_column_spacing_swapped(tmp_path, frame):
    ellipse = [np.column_stack([circle(1) * (30, 12), np.full(200, z)]) for z in POSITIONS[5:15]]
    contours = contours_of([frame.to_patient(points) for points in ellipse])
    record = record_of(tmp_path, contours, frame=frame)
    true = np.pi * 30 * 12 * 30 / 1e3
    assert metric(record, "shape.volume") == pytest.approx(true, rel=1e-5)
    assert metric(record, "shape.voxel_volume") == pytest.approx(true, rel=0.03)
    assert metric(record, "shape.major_axis_length") == pytest.approx(60, rel=0.02)


def test_trap_3_holes_filled_or_added(tmp_path):
    solids = {1: hollow_sphere(20, 10), 2: Keyhole(shape=hollow_sphere(20, 10)), 3: two_spheres(8, 24)}
    drawn = [contour_stack(s, positions_mm=POSITIONS, points_per_contour=200) for s in solids.values()]
    hole_first = contours_of(polygons_of(drawn[0])[::-1])
    xor = of_types(drawn[0], ContourGeometricType.CLOSEDPLANAR_XOR)
    record = record_of(tmp_path, *drawn, hole_first, xor)
    volumes = [metric(record, "shape.volume", n) for n in range(1, 6)]
    assert volumes[0] == volumes[1] == volumes[3] == volumes[4]
    assert volumes[0] == pytest.approx(hollow_sphere(20, 10).volume_mm3 / 1e3, rel=0.02)
    assert [metric(record, "shape.hole_count", n) for n in (1, 2, 3)] == [1, 1, 0]
    assert [metric(record, "shape.component_count", n) for n in (1, 2, 3)] == [1, 1, 2]


def test_trap_4_one_thickness_for_all_planes(tmp_path):
    uneven = np.cumsum([0, 2, 2, 2, 5, 5, 5, 3, 3, 3])
    disc = contours_of([np.column_stack([circle(10), np.full(200, float(z))]) for z in uneven])
    one = contours_of([np.column_stack([circle(10), np.full(200, 6.0)])])
    record = record_of(tmp_path, disc, one, positions=uneven)
    assert metric(record, "shape.volume", 1) == pytest.approx(np.pi * 100 * (30 + 1 + 1.5) / 1e3, rel=1e-5)
    assert metric(record, "shape.volume", 2) == pytest.approx(np.pi * 100 * 3.5 / 1e3, rel=1e-5)


def test_trap_4_an_empty_gap_taken_as_a_thickness(tmp_path):
    z = [p for p in POSITIONS if abs(p) > 9]
    record = record_of(tmp_path, contours_of([np.column_stack([circle(10), np.full(200, p)]) for p in z]))
    assert metric(record, "shape.volume") == pytest.approx(np.pi * 100 * len(z) * SPACING / 1e3, rel=1e-5)
    assert metric(record, "shape.volume_if_interpolated") > metric(record, "shape.volume")
    assert "missing-planes" in codes(record)


def test_trap_5_contours_midway_denser_or_repeated_cancel(tmp_path):
    positions = POSITIONS[4:16]
    base = contour_stack(cylinder(12, 100), positions_mm=positions, points_per_contour=200)
    midway = contour_stack(cylinder(12, 100), positions_mm=positions + SPACING / 2, points_per_contour=200)
    dense = contour_stack(cylinder(12, 100), positions_mm=np.arange(-15, 15, 1.0), points_per_contour=200)
    record = record_of(tmp_path, base, midway, dense, duplicated(base), nearly_duplicated(base))
    volumes = [metric(record, "shape.volume", n) for n in range(1, 6)]
    assert volumes[:4] == pytest.approx([np.pi * 144 * h / 1e3 for h in (36, 36, 30, 36)], rel=1e-5)
    assert volumes[4] == pytest.approx(volumes[0], rel=5e-3)
    voxels = [metric(record, "shape.voxel_volume", n) for n in range(1, 6)]
    assert voxels == pytest.approx(volumes, rel=0.03)
    assert {"duplicate-contours", "near-duplicate-contours"} <= codes(record)


def test_trap_6_end_slices_halved_or_floored(tmp_path):
    positions = POSITIONS[5:15]
    record = record_of(tmp_path, contour_stack(cylinder(7.3, 100), positions_mm=positions, points_per_contour=200))
    assert metric(record, "shape.volume") == pytest.approx(np.pi * 7.3**2 * 30 / 1e3, rel=1e-5)


def test_trap_7_contours_paired_by_position(tmp_path):
    """The set lists an empty ROI first, and its contours in another order than its ROIs."""
    small, large = (contour_stack(sphere(r), positions_mm=POSITIONS) for r in (8, 16))
    rois = (
        RoiDescription(number=9, name="GTV_empty", contours=None, interpreted_type="GTV"),
        RoiDescription(number=4, name="GTV_small", contours=small, interpreted_type="GTV"),
        RoiDescription(number=2, name="GTV_large", contours=large, interpreted_type="GTV"),
    )
    files = write_plan(tmp_path, plan_of(rois=rois))
    path = next(f for f in files if pydicom.dcmread(f, stop_before_pixels=True).Modality == "RTSTRUCT")
    dataset = pydicom.dcmread(path)
    dataset.ROIContourSequence = list(dataset.ROIContourSequence)[::-1]
    dataset.save_as(path)
    record = analyze(tmp_path).record
    assert metric(record, "shape.volume", 4) == pytest.approx(4 / 3 * np.pi * 0.8**3, rel=0.05)
    assert metric(record, "shape.volume", 2) == pytest.approx(4 / 3 * np.pi * 1.6**3, rel=0.05)
    empty = next(roi for roi in record.rois if roi.number == 9)
    assert empty.metrics["contour.count"].value == 0
    assert empty.metrics["shape.volume"].value is None


def test_trap_8_planes_outside_the_image_dropped_in_silence(tmp_path):
    beyond = contour_stack(cylinder(10, 200), positions_mm=np.arange(15, 60, SPACING), points_per_contour=200)
    aside = contour_stack(cylinder(10, 200, (75, 0, 0)), positions_mm=POSITIONS[5:15], points_per_contour=200)
    record = record_of(tmp_path, beyond, aside)
    subjects = {issue.subject for issue in record.issues if issue.code == "contours-outside-image"}
    assert subjects == {"roi:1", "roi:2"}
    assert metric(record, "shape.volume", 1) == pytest.approx(np.pi * 100 * 45 / 1e3, rel=1e-5)
    assert metric(record, "shape.volume", 2) == pytest.approx(np.pi * 100 * 30 / 1e3, rel=1e-5)


def test_trap_9_a_mesh_without_padding_and_axes_by_n():
    """A box of voxels that touches its array's border: closed mesh, N - 1, diameter of the hull."""
    box = MaskMorphology(mask=np.ones((4, 5, 6), bool), spacing_mm=(1.0, 1.0, 1.0))
    cut_off = 8 * (1 / 8 - 1 / 48) + 4 * (3 + 4 + 5) * (1 / 8)
    assert box.volume_mesh == pytest.approx(4 * 5 * 6 - cut_off, rel=1e-9)
    assert box.major_axis_length == pytest.approx(4 * np.sqrt((36 - 1) / 12 * 120 / 119), rel=1e-9)
    assert box.maximum_3d_diameter < np.sqrt(16 + 25 + 36)
    assert box.maximum_3d_diameter > np.sqrt(9 + 16 + 25)


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_trap_10_sphericity_follows_slice_thickness(spacing):
    """A 20 mm sphere's mask gives 0.918 on 1 mm and 0.861 on 3 mm slices; the scored ratio stays at one."""
    stack = phantom(sphere(10), np.arange(-9.7, 10, spacing)).stack
    assert SubvoxelSurface(stack=stack).relative_sphericity == pytest.approx(1, abs=0.03)


def test_trap_11_one_bad_contour_spoils_the_others_or_a_dangling_image_empties_all(tmp_path):
    good = contour_stack(sphere(12), positions_mm=POSITIONS)
    broken = contours_of([*polygons_of(good), np.array([[0.0, 0.0, 0.0]])])
    record = record_of(tmp_path, good, broken, contour_level=References.DANGLING_IMAGES)
    assert metric(record, "shape.volume", 1) == metric(record, "shape.volume", 2) > 0
    assert metric(record, "shape.voxel_volume", 1) > 0
    assert "contours-of-few-points" in codes(record)
    assert record.plan.structure_set.link != "contour_image_sequence"


def pet_scale(folder, pet, weight_kg=70.0, **times):
    """SUV scale of a small PET series written with these facts."""
    grid = image_grid(slices=4, rows=8, columns=10)
    image = ImageDescription(
        key="pt", modality="PT", grid=grid, values=np.ones((4, 8, 10), np.float32), pet=pet, **times
    )
    rois = (RoiDescription(number=1, name="GTV", contours=contour_stack(sphere(5), positions_mm=[-1.5, 1.5])),)
    patient = SyntheticPatient(patient_id="SYNTHETIC-SUV", weight_kg=weight_kg)
    drawn = StructureSetDescription(rois=rois, image_key="pt")
    write_plan(folder, PlanDescription(key="suv", patient=patient, images=(image,), structure_sets=(drawn,)))
    return read_suv_scale(SeriesPixels(series=read_case(folder, settings=Settings()).planning_image))


def test_trap_12_suv_decayed_twice_or_not_at_all(tmp_path):
    """START: the dose decays from administration to the scan, once; ADMIN: not at all."""
    one_hour = 2 ** (-3600 / 6586.2)
    start = pet_scale(tmp_path / "start", PetDescription(decay_correction="START"))
    admin = pet_scale(tmp_path / "admin", PetDescription(decay_correction="ADMIN"))
    assert start.suvbw_per_unit == pytest.approx(np.full(4, 70_000 / (370e6 * one_hour)), rel=1e-6)
    assert admin.suvbw_per_unit == pytest.approx(np.full(4, 70_000 / 370e6), rel=1e-6)


def test_trap_12_suv_of_a_scan_after_midnight(tmp_path):
    pet = PetDescription(start_datetime=None, start_time="233000")
    scan = {"series_date": "20200102", "acquisition_date": "20200102"}
    scale = pet_scale(tmp_path, pet, series_time="003000", acquisition_time="003000", **scan)
    assert scale.suvbw_per_unit == pytest.approx(np.full(4, 70_000 / (370e6 * 2 ** (-3600 / 6586.2))), rel=1e-6)


def test_trap_12_suv_without_a_weight_is_refused_by_name(tmp_path):
    refusal = pet_scale(tmp_path, PetDescription(), weight_kg=None)
    assert isinstance(refusal, SuvRefusal)
    assert "Weight" in refusal.reason


def both_readings(folder, spacing_mm):
    """Functions that give the points of a set as this program and as pydicom reads them."""
    contours = contour_stack(sphere(28), positions_mm=np.arange(-27, 28, spacing_mm), points_per_contour=600)
    files = write_plan(folder, plan_of(contours))
    path = next(f for f in files if pydicom.dcmread(f, stop_before_pixels=True).Modality == "RTSTRUCT")

    def ours():
        return read_structure_set(path.read_bytes(), settings=Settings())[0].rois[0].contours.points_mm

    def theirs():
        contours = pydicom.dcmread(path).ROIContourSequence[0].ContourSequence
        return np.concatenate([np.array(contour.ContourData, float) for contour in contours]).reshape(-1, 3)

    return ours, theirs


def test_trap_13_contour_data_through_value_conversion(tmp_path):
    """The same numbers as pydicom's own conversion."""
    ours, theirs = both_readings(tmp_path, 9.0)
    assert len(ours()) > 1000
    assert np.array_equal(ours(), theirs())


@pytest.mark.exhaustive
def test_trap_13_contour_data_several_times_faster(tmp_path):
    ours, theirs = both_readings(tmp_path, 0.5)
    assert least_processor_s(theirs) > 3 * least_processor_s(ours)


def test_a_plan_is_not_changed_by_the_files_that_lie_beside_it(tmp_path):
    plan = plan_of(contour_stack(sphere(12), positions_mm=POSITIONS))
    write_plan(tmp_path / "a", plan)
    write_plan(tmp_path / "b", replace(plan, key="trap"))
    (tmp_path / "b" / "notes.txt").write_text("not DICOM")
    assert analyze(tmp_path / "a").record.plan.id == analyze(tmp_path / "b").record.plan.id
