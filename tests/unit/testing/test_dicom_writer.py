"""What is written reads back with plain pydicom as it was described; nothing here goes through our own reader."""

import dataclasses
import math
from datetime import datetime

import numpy as np
import pydicom
import pytest

from rtcomplexity import testing as ph
from rtcomplexity.model.structure_set import Code, ContourGeometricType, Contours
from rtcomplexity.testing import uids
from rtcomplexity.testing import variations as vary
from rtcomplexity.testing.description import (
    MAIN_FRAME,
    DeformableDescription,
    ImageDescription,
    MatrixMapping,
    PetDescription,
    PlanDescription,
    References,
    RegistrationDescription,
    RoiDescription,
    RtPlanDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import datasets_of, write_plan
from rtcomplexity.testing.structure_set_dataset import contour_data

MR_TO_PLANNING = ph.AXIAL.rotated((3, 1, 2), 40.0).shifted((100.0, -20.0, 7.0))
GRID = ph.image_grid(frame=ph.OBLIQUE, slices=7, rows=24, columns=30)
SHAPE = ph.hollow_sphere(9.0, 4.0)


def ct_image(grid=GRID, **changes):
    values = ph.paint(grid, [(SHAPE, 40.0)], background=-800.0, frame=ph.OBLIQUE)
    return ImageDescription(key="ct", modality="CT", grid=grid, values=values, **changes)


def pet_image(pet=None, **changes):
    values = ph.paint(GRID, [(SHAPE, 30_000.0)], background=700.0, frame=ph.OBLIQUE)
    values[3:] *= 1.5  # so that the largest value, and with it the slope, differs between slices
    return ImageDescription(
        key="pt", modality="PT", grid=GRID, values=values, pet=pet or PetDescription(), series_number=2, **changes
    )


def gtv(**changes):
    own = ph.OBLIQUE.from_patient(GRID.slice_origins_mm)[:, 2]
    contours = ph.contour_stack(SHAPE, positions_mm=own, points_per_contour=40, frame=ph.OBLIQUE)
    fields = {"number": 7, "name": "GTV", "contours": contours, "interpreted_type": "GTV", "volume_cm3": 2.75}
    return RoiDescription(**(fields | changes))


def plan_with(**changes):
    fields = {
        "key": "writer test",
        "patient": SyntheticPatient(patient_id="SYNTHETIC-W"),
        "images": (ct_image(),),
        "structure_sets": (StructureSetDescription(rois=(gtv(),)),),
    }
    return PlanDescription(**(fields | changes))


def read(folder, plan):
    paths = write_plan(folder, plan)
    return {path.relative_to(folder).as_posix(): pydicom.dcmread(path) for path in paths}


def read_one(folder, name, **changes):
    return read(folder, plan_with(**changes))[name]


def reread_contours(structure_set, index=0):
    items = structure_set.ROIContourSequence[index].ContourSequence
    values = [item.ContourData for item in items]  # bytes where it was too long for a DS
    values = [value.split(b"\\") if isinstance(value, bytes) else value for value in values]
    return [np.array(value, dtype=float).reshape(-1, 3) for value in values]


def test_two_writes_are_the_same_bytes(tmp_path):
    plan = plan_with(images=(ct_image(), pet_image()))
    first, second = (write_plan(tmp_path / name, plan) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_no_uid_is_used_twice_and_plans_of_different_keys_share_none(tmp_path):
    plan = plan_with(images=(ct_image(), pet_image()))
    one = [dataset.SOPInstanceUID for _, dataset in datasets_of(plan)]
    other = [dataset.SOPInstanceUID for _, dataset in datasets_of(dataclasses.replace(plan, key="another"))]
    assert len(set(one) | set(other)) == 2 * (7 + 7 + 1)
    assert all(pydicom.uid.UID(uid).is_valid for uid in one)


def test_slices_lie_where_the_grid_says_and_row_spacing_comes_first(tmp_path):
    slices = [d for name, d in read(tmp_path, plan_with()).items() if name.startswith("ct/")]
    origins = np.array([d.ImagePositionPatient for d in slices], dtype=float)
    assert origins == pytest.approx(GRID.slice_origins_mm, abs=1e-9)
    row, column = np.array(slices[0].ImageOrientationPatient, dtype=float).reshape(2, 3)
    assert np.cross(row, column) == pytest.approx(ph.OBLIQUE.rotation[:, 2], abs=1e-9)
    assert np.diff(origins @ np.cross(row, column)) == pytest.approx(np.full(6, 3.0))
    assert [float(v) for v in slices[0].PixelSpacing] == [2.0, 2.5]
    assert (slices[0].Rows, slices[0].Columns) == (24, 30)
    assert [d.InstanceNumber for d in slices] == [1, 2, 3, 4, 5, 6, 7]


def test_a_pixel_at_a_known_point_has_the_solid_s_value(tmp_path):
    middle = read(tmp_path, plan_with())["ct/ct_004.dcm"]
    origin = np.array(middle.ImagePositionPatient, dtype=float)
    row, column = np.array(middle.ImageOrientationPatient, dtype=float).reshape(2, 3)
    point = ph.OBLIQUE.to_patient(np.array([6.5, 0.0, 0.0]))  # between the cavity and the surface, along x
    i = round(float((point - origin) @ row) / float(middle.PixelSpacing[1]))
    j = round(float((point - origin) @ column) / float(middle.PixelSpacing[0]))
    hu = middle.pixel_array[j, i] * float(middle.RescaleSlope) + float(middle.RescaleIntercept)
    assert hu == 40.0
    assert middle.pixel_array[0, 0] + float(middle.RescaleIntercept) == -800.0
    assert middle.pixel_array.dtype == np.int16


def test_contours_read_back_to_the_last_written_digit(tmp_path):
    plan = plan_with()
    written = plan.structure_sets[0].rois[0].contours
    found = reread_contours(read(tmp_path, plan)["rs.dcm"])
    assert np.concatenate(found) == pytest.approx(written.points_mm, abs=1e-9)
    assert [len(points) for points in found] == written.point_counts.tolist()


def test_contour_data_longer_than_an_explicit_length_survives(tmp_path):
    contours = ph.contour_stack(ph.sphere(9.0), positions_mm=[0.0], points_per_contour=3000)
    structure_set = StructureSetDescription(rois=(gtv(contours=contours),))
    found = reread_contours(read_one(tmp_path, "rs.dcm", structure_sets=(structure_set,)))
    assert len(contour_data(contours.points_mm, 9)) > 65_534
    assert found[0] == pytest.approx(contours.points_mm, abs=1e-9)


def test_contour_data_is_rounded_trimmed_and_even():
    assert contour_data(np.array([[1.0, -0.00001, 2.5]]), 3) == b"1\\0\\2.5 "
    assert contour_data(np.array([[-123.45678, 100.0, 20.0]]), 2) == b"-123.46\\100\\20"


def test_each_contour_names_the_slice_it_lies_on(tmp_path):
    files = read(tmp_path, plan_with())
    position = {d.SOPInstanceUID: np.array(d.ImagePositionPatient, dtype=float) for d in files.values() if "Rows" in d}
    normal = ph.OBLIQUE.rotation[:, 2]
    for item in files["rs.dcm"].ROIContourSequence[0].ContourSequence:
        point = np.array(item.ContourData, dtype=float)[:3]
        uid = item.ContourImageSequence[0].ReferencedSOPInstanceUID
        assert (point - position[uid]) @ normal == pytest.approx(0.0, abs=1e-8)


def study_level(structure_set):
    frame = structure_set.ReferencedFrameOfReferenceSequence[0]
    series = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    return series.SeriesInstanceUID, {item.ReferencedSOPInstanceUID for item in series.ContourImageSequence}


@pytest.mark.parametrize(
    ("references", "series_resolves", "images_resolve"),
    [
        (References.RESOLVING, True, True),
        (References.DANGLING_IMAGES, True, False),
        (References.DANGLING, False, False),
    ],
)
def test_study_level_references_resolve_or_dangle_as_described(tmp_path, references, series_resolves, images_resolve):
    structure_set = StructureSetDescription(rois=(gtv(),), study_level=references)
    files = read(tmp_path, plan_with(structure_sets=(structure_set,)))
    series_uid, image_uids = study_level(files["rs.dcm"])
    here = {d.SOPInstanceUID for d in files.values() if "Rows" in d}
    assert (series_uid == files["ct/ct_001.dcm"].SeriesInstanceUID) is series_resolves
    assert (image_uids == here) is images_resolve
    assert len(image_uids) == len(here)


def test_references_can_be_absent_at_either_level(tmp_path):
    structure_set = StructureSetDescription(
        rois=(gtv(),), study_level=References.ABSENT, contour_level=References.ABSENT
    )
    dataset = read_one(tmp_path, "rs.dcm", structure_sets=(structure_set,))
    assert "RTReferencedStudySequence" not in dataset.ReferencedFrameOfReferenceSequence[0]
    assert "ContourImageSequence" not in dataset.ROIContourSequence[0].ContourSequence[0]


def test_a_contour_off_the_image_names_no_slice(tmp_path):
    contours = ph.contour_stack(SHAPE, positions_mm=[0.0], frame=ph.OBLIQUE.shifted((0.0, 0.0, 500.0)))
    structure_set = StructureSetDescription(rois=(gtv(contours=contours),))
    dataset = read_one(tmp_path, "rs.dcm", structure_sets=(structure_set,))
    assert "ContourImageSequence" not in dataset.ROIContourSequence[0].ContourSequence[0]


def test_an_roi_says_what_it_is_and_how_it_was_made(tmp_path):
    roi = gtv(
        generation="SEMIAUTOMATIC",
        generation_description="region growing",
        observation_label="gross tumour",
        codes=(Code(value="86049000", scheme="SCT", meaning="Neoplasm"),),
    )
    dataset = read_one(tmp_path, "rs.dcm", structure_sets=(StructureSetDescription(rois=(roi,)),))
    (entry,), (observation,) = dataset.StructureSetROISequence, dataset.RTROIObservationsSequence
    assert (entry.ROINumber, entry.ROIName, float(entry.ROIVolume)) == (7, "GTV", 2.75)
    assert (entry.ROIGenerationAlgorithm, entry.ROIGenerationDescription) == ("SEMIAUTOMATIC", "region growing")
    assert entry.ReferencedFrameOfReferenceUID == dataset.FrameOfReferenceUID
    assert (observation.ReferencedROINumber, observation.RTROIInterpretedType) == (7, "GTV")
    assert observation.ROIObservationLabel == "gross tumour"
    assert observation.RTROIIdentificationCodeSequence[0].CodeValue == "86049000"
    assert dataset.ApprovalStatus == "APPROVED"


def test_contours_and_observations_can_be_missing_or_dangle(tmp_path):
    rois = (
        gtv(number=1, contours=None, has_observation=False),
        gtv(number=2, contour_number=99),
        gtv(number=3, contours=Contours.empty()),
    )
    structure_set = StructureSetDescription(rois=rois, approval_status=None)
    dataset = read_one(tmp_path, "rs.dcm", structure_sets=(structure_set,))
    assert [item.ReferencedROINumber for item in dataset.ROIContourSequence] == [99, 3]
    assert "ContourSequence" not in dataset.ROIContourSequence[1]
    assert [item.ReferencedROINumber for item in dataset.RTROIObservationsSequence] == [2, 3]
    assert "ApprovalStatus" not in dataset


def test_every_geometric_type_can_be_written(tmp_path):
    types = list(ContourGeometricType)[:5]
    square = ph.contour_stack(ph.box((5.0, 5.0, 5.0)), positions_mm=[0.0] * 5, points_per_contour=4)
    structure_set = StructureSetDescription(rois=(gtv(contours=vary.of_types(square, types)),))
    dataset = read_one(tmp_path, "rs.dcm", structure_sets=(structure_set,))
    found = [item.ContourGeometricType for item in dataset.ROIContourSequence[0].ContourSequence]
    assert found == ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "OPEN_PLANAR", "OPEN_NONPLANAR", "POINT"]


def test_an_unapproved_or_rejected_set_says_so(tmp_path):
    for status in ("UNAPPROVED", "REJECTED"):
        structure_set = StructureSetDescription(rois=(gtv(),), approval_status=status)
        dataset = read_one(tmp_path, "rs.dcm", structure_sets=(structure_set,))
        assert dataset.ApprovalStatus == status
        assert ("ReviewerName" in dataset) is (status == "REJECTED")


def test_suvbw_by_the_textbook_formula_is_what_was_painted(tmp_path):
    pet = PetDescription(injected_dose_bq=250e6)
    bqml_per_suvbw = pet.dose_left_bq(3600.0) / 70_000.0
    image = pet_image(pet)
    image = dataclasses.replace(
        image, values=ph.paint(GRID, [(SHAPE, 8.0)], background=0.7, frame=ph.OBLIQUE) * bqml_per_suvbw
    )
    dataset = read_one(tmp_path, "pt/pt_004.dcm", images=(image,), structure_sets=())
    tracer = dataset.RadiopharmaceuticalInformationSequence[0]
    administered = datetime.strptime(tracer.RadiopharmaceuticalStartDateTime + "+0000", "%Y%m%d%H%M%S%z")
    started = datetime.strptime(dataset.SeriesDate + dataset.SeriesTime + "+0000", "%Y%m%d%H%M%S%z")
    elapsed_s = (started - administered).total_seconds()
    left_bq = float(tracer.RadionuclideTotalDose) * 0.5 ** (elapsed_s / float(tracer.RadionuclideHalfLife))
    bqml = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    suvbw = bqml * float(dataset.PatientWeight) * 1000.0 / left_bq
    assert elapsed_s == 3600.0
    assert (dataset.Units, dataset.DecayCorrection) == ("BQML", "START")
    assert {"DECY", "ATTN"} <= set(dataset.CorrectedImage)
    assert suvbw.max() == pytest.approx(8.0, rel=1e-3)
    assert np.median(suvbw) == pytest.approx(0.7, rel=1e-3)


def test_pet_slices_have_slopes_of_their_own(tmp_path):
    slices = [d for name, d in read(tmp_path, plan_with(images=(pet_image(),), structure_sets=())).items()]
    slopes = [float(d.RescaleSlope) for d in slices]
    assert slopes[5] == pytest.approx(slopes[1] * 1.5, rel=1e-5)
    fixed = dataclasses.replace(pet_image(), slopes=(2.0,) * 7)
    assert {float(d.RescaleSlope) for _, d in datasets_of(plan_with(images=(fixed,), structure_sets=()))} == {2.0}


def test_facts_of_a_pet_can_be_left_out(tmp_path):
    pet = PetDescription(injected_dose_bq=None, half_life_s=None, start_datetime=None, start_time=None)
    patient = SyntheticPatient(patient_id="SYNTHETIC-W", weight_kg=None, size_m=None)
    dataset = read_one(tmp_path, "pt/pt_001.dcm", images=(pet_image(pet),), patient=patient, structure_sets=())
    tracer = dataset.RadiopharmaceuticalInformationSequence[0]
    assert not {"RadionuclideTotalDose", "RadionuclideHalfLife", "RadiopharmaceuticalStartTime"} & set(tracer.dir())
    assert "PatientWeight" not in dataset
    with pytest.raises(ValueError, match="dose and half-life"):
        pet.dose_left_bq(1.0)


def test_a_pet_says_by_codes_which_way_the_patient_lies(tmp_path):
    for position, meaning in (("HFS", "headfirst"), ("FFP", "feet-first")):
        images = (pet_image(patient_position=position),)
        dataset = read_one(tmp_path, "pt/pt_001.dcm", images=images, structure_sets=())
        assert dataset.PatientGantryRelationshipCodeSequence[0].CodeMeaning == meaning
        assert "PatientPosition" not in dataset


def test_a_pet_series_needs_its_description():
    image = dataclasses.replace(pet_image(), pet=None)
    with pytest.raises(ValueError, match="PetDescription"):
        list(datasets_of(plan_with(images=(image,))))


def test_a_value_that_does_not_fit_is_an_error_not_a_clipped_pixel():
    image = dataclasses.replace(ct_image(), values=np.full((7, 24, 30), 40_000.0))
    with pytest.raises(ValueError, match="int16"):
        list(datasets_of(plan_with(images=(image,))))


def test_an_mr_has_no_rescale_unless_told_to(tmp_path):
    image = dataclasses.replace(ct_image(), key="mr", modality="MR", values=np.full((7, 24, 30), 120.0))
    assert "RescaleSlope" not in read_one(tmp_path, "mr/mr_001.dcm", images=(image,), structure_sets=())
    scaled = dataclasses.replace(image, slopes=(0.5,) * 7, intercept=10.0)
    dataset = read_one(tmp_path, "mr/mr_001.dcm", images=(scaled,), structure_sets=())
    assert dataset.pixel_array[0, 0] == 220


def test_gantry_tilt_gaps_and_overrides_reach_the_files(tmp_path):
    tilt = math.tan(math.radians(12.0))
    grid = ph.image_grid(positions_mm=[0.0, 3.0, 9.0], shear=(0.0, tilt), rows=24, columns=30)
    image = dataclasses.replace(
        ct_image(grid),
        gantry_tilt_deg=12.0,
        instance_numbers=(9, 4, 1),
        overrides={"KVP": None, "ProtocolName": "spoiled"},
        slice_overrides={1: {"RescaleSlope": None}},
    )
    files = read(tmp_path, plan_with(images=(image,), structure_sets=()))
    first, second, third = files.values()
    step = np.array(third.ImagePositionPatient, dtype=float) - np.array(second.ImagePositionPatient, dtype=float)
    assert step == pytest.approx([0.0, 6.0 * tilt, 6.0])
    assert (float(first.GantryDetectorTilt), first.InstanceNumber) == (12.0, 9)
    assert "KVP" not in first
    assert first.ProtocolName == "spoiled"
    assert "RescaleSlope" in first
    assert "RescaleSlope" not in second


def test_a_missing_slice_is_referred_to_but_not_written(tmp_path):
    files = read(tmp_path, plan_with(images=(ct_image(missing_slices=(2,)),)))
    assert sorted(name for name in files if name.startswith("ct/"))[1:3] == ["ct/ct_002.dcm", "ct/ct_004.dcm"]
    here = {dataset.SOPInstanceUID for dataset in files.values()}
    _, referred = study_level(files["rs.dcm"])
    assert len(referred - here) == 1


def test_an_rt_plan_names_its_structure_set_fractions_and_prescription(tmp_path):
    rt_plan = RtPlanDescription(fractions=(5, None), prescriptions=((50.0, 7), (40.0, None)))
    files = read(tmp_path, plan_with(rt_plans=(rt_plan,)))
    dataset = files["rp.dcm"]
    (reference,) = dataset.ReferencedStructureSetSequence
    assert reference.ReferencedSOPInstanceUID == files["rs.dcm"].SOPInstanceUID
    assert [group.NumberOfFractionsPlanned for group in dataset.FractionGroupSequence] == [5, None]
    first, second = dataset.DoseReferenceSequence
    assert (float(first.TargetPrescriptionDose), first.ReferencedROINumber) == (50.0, 7)
    assert "ReferencedROINumber" not in second
    alone = RtPlanDescription(fractions=(5,), prescriptions=(), structure_set_key=None, treatment_site=None)
    dataset = read_one(tmp_path / "alone", "rp.dcm", rt_plans=(alone,))
    assert "ReferencedStructureSetSequence" not in dataset


def mr_image():
    grid = ph.image_grid(frame=ph.AXIAL.shifted(MR_TO_PLANNING.from_patient(ph.OBLIQUE.origin_mm)), slices=9)
    values = ph.paint(grid, [(SHAPE, 300.0)], background=50.0, frame=MR_TO_PLANNING.inverse().after(ph.OBLIQUE))
    return ImageDescription(
        key="mr", modality="MR", grid=grid, values=values, frame_key="mr frame", study_key="mr study"
    )


def product_of_matrices(item):
    product = np.eye(4)
    for entry in item.MatrixRegistrationSequence[0].MatrixSequence:
        product = product @ np.array(entry.FrameOfReferenceTransformationMatrix, dtype=float).reshape(4, 4)
    return product


@pytest.mark.parametrize("parts", [1, 2])
def test_a_registration_maps_a_landmark_of_the_source_onto_the_registered_frame(tmp_path, parts):
    turn, shift = MR_TO_PLANNING.patient_from_own.copy(), np.eye(4)
    shift[:3, 3], turn[:3, 3] = turn[:3, 3], 0.0
    matrices = (shift, turn) if parts == 2 else (MR_TO_PLANNING.patient_from_own,)
    registration = RegistrationDescription(
        mappings=(
            MatrixMapping(source_frame_key=MAIN_FRAME, matrices=(np.eye(4),), image_key="ct"),
            MatrixMapping(source_frame_key="mr frame", matrices=matrices, image_key="mr"),
        )
    )
    files = read(tmp_path, plan_with(images=(ct_image(), mr_image()), registrations=(registration,)))
    dataset, mr, ct = files["reg.dcm"], files["mr/mr_005.dcm"], files["ct/ct_004.dcm"]
    item = next(i for i in dataset.RegistrationSequence if i.FrameOfReferenceUID == mr.FrameOfReferenceUID)
    assert dataset.FrameOfReferenceUID == ct.FrameOfReferenceUID != mr.FrameOfReferenceUID
    landmark_in_mr = MR_TO_PLANNING.from_patient(ph.OBLIQUE.to_patient(np.array([6.0, 1.0, 2.0])))
    mapped = product_of_matrices(item) @ [*landmark_in_mr, 1.0]
    assert ph.OBLIQUE.from_patient(mapped[:3]) == pytest.approx([6.0, 1.0, 2.0], abs=1e-9)
    assert len(item.ReferencedImageSequence) == 9
    assert dataset.ReferencedSeriesSequence[0].SeriesInstanceUID == ct.SeriesInstanceUID
    (other,) = dataset.StudiesContainingOtherReferencedInstancesSequence
    assert other.StudyInstanceUID == mr.StudyInstanceUID


def test_the_middle_of_the_mr_shows_the_solid_that_the_registration_brings_there(tmp_path):
    mr = read(tmp_path, plan_with(images=(mr_image(),), structure_sets=()))["mr/mr_005.dcm"]
    point = MR_TO_PLANNING.from_patient(ph.OBLIQUE.to_patient(np.array([6.5, 0.0, 0.0])))
    origin = np.array(mr.ImagePositionPatient, dtype=float)
    spacing = np.array(mr.PixelSpacing, dtype=float)
    shown = ph.voxelize(SHAPE, mr_image().grid, frame=MR_TO_PLANNING.inverse().after(ph.OBLIQUE))[4]
    j, i = np.argwhere(shown)[0]
    center = origin + np.array([i * spacing[1], j * spacing[0], 0.0])
    assert np.linalg.norm(center - MR_TO_PLANNING.from_patient(ph.OBLIQUE.origin_mm)) <= 9.0
    assert np.linalg.norm(point - MR_TO_PLANNING.from_patient(ph.OBLIQUE.origin_mm)) == pytest.approx(6.5)
    assert (mr.pixel_array[j, i], mr.pixel_array[0, 0]) == (300, 50)


def test_a_deformable_registration_carries_its_grid_from_registered_to_source(tmp_path):
    field = np.zeros((2, 3, 4, 3), dtype=np.float32)
    field[1, 2, 3] = (1.0, -2.0, 3.5)
    field[0, 0, 0] = np.nan
    grid = ph.image_grid(slices=2, rows=3, columns=4, slice_spacing_mm=10.0, row_spacing_mm=8.0, column_spacing_mm=9.0)
    deformable = DeformableDescription(
        source_frame_key="mr frame",
        grid=grid,
        displacements_mm=field,
        pre=np.eye(4),
        post=MR_TO_PLANNING.patient_from_own,
        image_key="mr",
    )
    plan = plan_with(images=(ct_image(), mr_image()), deformable_registrations=(deformable,))
    files = read(tmp_path, plan)
    (item,) = files["dreg.dcm"].DeformableRegistrationSequence
    (nodes,) = item.DeformableRegistrationGridSequence
    assert item.SourceFrameOfReferenceUID == files["mr/mr_001.dcm"].FrameOfReferenceUID
    assert files["dreg.dcm"].FrameOfReferenceUID == files["ct/ct_001.dcm"].FrameOfReferenceUID
    assert list(nodes.GridDimensions) == [4, 3, 2]
    assert list(nodes.GridResolution) == [9.0, 8.0, 10.0]
    vectors = np.frombuffer(nodes.VectorGridData, dtype="<f4").reshape(2, 3, 4, 3)
    assert vectors[1, 2, 3].tolist() == [1.0, -2.0, 3.5]
    assert np.isnan(vectors[0, 0, 0]).all()
    assert "PostDeformationMatrixRegistrationSequence" in item


def test_uids_say_in_advance_what_will_be_written(tmp_path):
    plan = plan_with()
    files = read(tmp_path, plan)
    assert files["rs.dcm"].SOPInstanceUID == uids.instance_uid(plan, "rs")
    assert files["ct/ct_003.dcm"].SOPInstanceUID == uids.image_uids(plan, plan.image("ct"))[2]
    assert files["ct/ct_003.dcm"].SeriesInstanceUID == uids.series_uid(plan, "ct")
    assert files["ct/ct_003.dcm"].FrameOfReferenceUID == uids.frame_uid(plan, MAIN_FRAME)


def test_the_identity_is_obviously_synthetic(tmp_path):
    for dataset in read(tmp_path, plan_with()).values():
        assert str(dataset.PatientName) == "Synthetic^Routine"
        assert dataset.PatientID.startswith("SYNTHETIC-")
        assert dataset.QualityControlSubject == "YES"
