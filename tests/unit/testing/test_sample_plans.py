"""The sample plans are what their README says, and the committed files are what the code writes."""

from pathlib import Path

import numpy as np
import pydicom
import pytest

import rtcomplexity.testing
from rtcomplexity.errors import UsageError
from rtcomplexity.testing import sample_plans, sphere
from rtcomplexity.testing.phantoms import pixel_centers_mm

SAMPLE_DATA = Path(__file__).parents[3] / "sample_data"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    for name in sample_plans.SAMPLE_NAMES:
        sample_plans.write_sample(name, folder / name)
    return folder


def files_below(folder):
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.dcm"))}


@pytest.mark.parametrize("name", sample_plans.SAMPLE_NAMES)
def test_the_committed_files_are_freshly_written_ones_byte_for_byte(written, name):
    committed, fresh = files_below(SAMPLE_DATA / name), files_below(written / name)
    assert committed.keys() == fresh.keys()
    assert [path for path in fresh if fresh[path].read_bytes() != committed[path].read_bytes()] == []


def test_the_committed_readme_is_the_one_that_the_command_writes():
    assert (SAMPLE_DATA / "README.md").read_text(encoding="utf-8") == sample_plans.readme()


def test_the_command_writes_plans_and_readme(tmp_path, monkeypatch):
    monkeypatch.setattr(sample_plans, "SAMPLE_NAMES", ("routine_sbrt",))
    sample_plans.write_all(tmp_path)
    assert (tmp_path / "routine_sbrt" / "rs.dcm").exists()
    assert "GTV 4.62" in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_the_samples_stay_small():
    assert sum(path.stat().st_size for path in SAMPLE_DATA.rglob("*") if path.is_file()) < 6.8e6


@pytest.mark.parametrize(
    ("name", "modalities", "fractions"),
    [
        ("routine_sbrt", {"CT"}, 4),
        ("pet_ct_nsclc", {"CT", "PT"}, 30),
        ("complex_central", {"CT", "PT", "MR"}, 5),
        ("supported_central", {"CT", "PT"}, 5),
    ],
)
def test_each_sample_holds_its_images_and_a_plan(written, name, modalities, fractions):
    datasets = [pydicom.dcmread(path, stop_before_pixels=True) for path in files_below(written / name).values()]
    found = {dataset.Modality for dataset in datasets}
    assert found - {"RTSTRUCT", "RTPLAN", "REG"} == modalities
    assert ("REG" in found) is (name == "complex_central")
    (rt_plan,) = [dataset for dataset in datasets if dataset.Modality == "RTPLAN"]
    (structure_set,) = [dataset for dataset in datasets if dataset.Modality == "RTSTRUCT"]
    assert rt_plan.ReferencedStructureSetSequence[0].ReferencedSOPInstanceUID == structure_set.SOPInstanceUID
    assert rt_plan.FractionGroupSequence[0].NumberOfFractionsPlanned == fractions
    names = {roi.ROINumber: roi.ROIName for roi in structure_set.StructureSetROISequence}
    assert names[rt_plan.DoseReferenceSequence[0].ReferencedROINumber] == "PTV"
    assert len({dataset.PatientID for dataset in datasets}) == 1


@pytest.mark.parametrize("name", sample_plans.SAMPLE_NAMES)
def test_stated_roi_volumes_are_near_the_true_ones(name):
    (structure_set,) = sample_plans.sample_plan(name).structure_sets
    stated = {roi.name: roi.volume_cm3 for roi in structure_set.rois}
    for roi, volume_cm3 in sample_plans.true_volumes_cm3(name).items():
        assert stated[roi] == pytest.approx(volume_cm3, rel=0.01)


def slice_at(folder, z_mm):
    paths = sorted((folder / "ct").glob("*.dcm"))
    datasets = [pydicom.dcmread(path) for path in paths]
    return min(datasets, key=lambda dataset: abs(float(dataset.ImagePositionPatient[2]) - z_mm))


def value_at(dataset, point_mm):
    x0, y0, _ = (float(value) for value in dataset.ImagePositionPatient)
    row_mm, column_mm = (float(value) for value in dataset.PixelSpacing)
    j, i = round((point_mm[1] - y0) / row_mm), round((point_mm[0] - x0) / column_mm)
    return dataset.pixel_array[j, i] * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)


@pytest.mark.parametrize(
    ("point_in_thorax_mm", "hu"),
    [
        ((104.0, 20.0, -5.0), 30.0),  # tumor
        ((78.0, -30.0, -5.0), -800.0),  # lung
        ((0.0, 55.0, -5.0), 400.0),  # vertebra
        ((-10.0, -60.0, -5.0), 40.0),  # mediastinum
        ((-155.0, -100.0, -5.0), -1000.0),  # air
    ],
)
def test_each_tissue_has_its_hounsfield_units(written, point_in_thorax_mm, hu):
    point = sample_plans.THORAX_FRAME.to_patient(np.array(point_in_thorax_mm))
    assert value_at(slice_at(written / "routine_sbrt", point[2]), point) == pytest.approx(hu, abs=16.0)


def test_uptake_is_plausible(written):
    folder = written / "pet_ct_nsclc" / "pt"
    stack = [pydicom.dcmread(path) for path in sorted(folder.glob("*.dcm"))]
    first, tracer = stack[0], stack[0].RadiopharmaceuticalInformationSequence[0]
    left_bq = float(tracer.RadionuclideTotalDose) * 0.5 ** (3600.0 / float(tracer.RadionuclideHalfLife))
    factor = float(first.PatientWeight) * 1000.0 / left_bq
    suvbw = np.stack([d.pixel_array * float(d.RescaleSlope) for d in stack]) * factor
    assert 6.0 <= suvbw.max() <= 12.0
    assert len({float(d.RescaleSlope) for d in stack}) > 5
    assert first.FrameOfReferenceUID == slice_at(written / "pet_ct_nsclc", 0.0).FrameOfReferenceUID


def test_the_mr_shows_the_cavity_where_the_registration_says(written):
    folder = written / "complex_central"
    (identity, item) = pydicom.dcmread(folder / "reg.dcm").RegistrationSequence
    matrix = item.MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrix
    planning_from_mr = np.array(matrix, dtype=float).reshape(4, 4)
    cavity = sample_plans.THORAX_FRAME.to_patient(np.array(sample_plans.CENTRAL_CAVITY.center_mm))
    in_mr = np.linalg.inv(planning_from_mr) @ [*cavity, 1.0]
    slices = [pydicom.dcmread(path) for path in (folder / "mr").glob("*.dcm")]
    nearest = min(slices, key=lambda dataset: abs(float(dataset.ImagePositionPatient[2]) - in_mr[2]))
    x0, y0, _ = (float(value) for value in nearest.ImagePositionPatient)
    row_mm, column_mm = (float(value) for value in nearest.PixelSpacing)
    signal = nearest.pixel_array[round((in_mr[1] - y0) / row_mm), round((in_mr[0] - x0) / column_mm)]
    assert signal == pytest.approx(90.0, abs=40.0)
    assert item.FrameOfReferenceUID == nearest.FrameOfReferenceUID != identity.FrameOfReferenceUID


def test_bodies_and_their_margins_stay_apart():
    bodies = sample_plans.SAMPLES["complex_central"].rois[3].shape.bodies
    for z in sample_plans.THORAX_FRAME.from_patient(
        sample_plans.sample_plan("complex_central").image("ct").grid.slice_origins_mm
    )[:, 2]:
        for body_a in range(3):
            for body_b in range(body_a):
                pair = [bodies[index].sections(float(z), 48) for index in (body_a, body_b)]
                if all(pair):
                    (one,), (other,) = pair
                    assert np.linalg.norm(one[:, None] - other[None], axis=-1).min() > 1.0


def test_a_sample_can_be_cut_in_other_slices_and_laid_elsewhere():
    turned = sample_plans.THORAX_FRAME.rotated((1.0, -2.0, 0.5), 30.0)
    plain = sample_plans.sample_plan("routine_sbrt")
    other = sample_plans.sample_plan("routine_sbrt", sample_plans.Layout(slice_spacing_mm=2.0, frame=turned))
    assert [len(plan.image("ct").values) for plan in (plain, other)] == [34, 51]
    gtvs = [plan.structure_sets[0].rois[0] for plan in (plain, other)]
    assert gtvs[1].volume_cm3 == pytest.approx(gtvs[0].volume_cm3, rel=0.01)
    own = turned.from_patient(gtvs[1].contours.points_mm)
    assert own.mean(axis=0) == pytest.approx(sample_plans.ROUTINE_GTV.center_mm, abs=1.0)
    assert other.image("ct").grid.normal == pytest.approx(turned.rotation[:, 2])
    core = sphere(6.0, sample_plans.ROUTINE_GTV.center_mm).contains(
        turned.from_patient(pixel_centers_mm(other.image("ct").grid))
    )
    assert np.median(other.image("ct").values[core]) == pytest.approx(30.0, abs=3.0)


def test_an_unknown_sample_is_an_error_that_lists_the_known_ones():
    with pytest.raises(UsageError, match="routine_sbrt, pet_ct_nsclc, complex_central"):
        sample_plans.sample_plan("nonsense")


def test_the_package_offers_every_name_it_lists():
    for name in rtcomplexity.testing.__all__:
        assert getattr(rtcomplexity.testing, name) is not None
