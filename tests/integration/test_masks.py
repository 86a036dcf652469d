"""Masks leave as NIfTI files that another tool reads as the same voxels in the same place."""

import gzip
import stat
import sys
from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.cli import app
from rtcomplexity.errors import ExitCode, GeometryError, InputDataError, MissingExtraError, UsageError
from rtcomplexity.fusion.nifti_masks import file_names, nifti_bytes, ras_from_index, safe_name
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.masks import masks
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.model.structure_set import Contours, Roi
from rtcomplexity.settings import Settings
from rtcomplexity.testing import FRAMES, Ellipsoid, contour_stack, image_grid, voxelize
from rtcomplexity.testing.sample_plans import write_sample

nibabel = pytest.importorskip("nibabel", reason="masks need the nifti extra")
SOLID = Ellipsoid(semi_axes_mm=(21.0, 14.0, 17.0))
IBSI_VOXELS = 125_256
LPS_FROM_RAS = np.array([-1.0, -1.0, 1.0])


def roi(name, number=1, contours=None):
    return Roi(number=number, name=name, contours=contours or Contours.empty())


def read(content):
    return nibabel.Nifti1Image.from_bytes(gzip.decompress(content))


def written(grid, frame):
    contours = contour_stack(
        SOLID,
        positions_mm=frame.from_patient(grid.slice_origins_mm)[:, 2],
        points_per_contour=600,
        frame=frame,
    )
    drawn = roi("GTV", contours=contours)
    context = RoiContext(roi=drawn, grid=contouring_grid(grid, [drawn], Settings()), settings=Settings())
    return nifti_bytes(context.runs, grid)


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    write_sample("routine_sbrt", folder)
    return folder


@pytest.fixture(scope="module")
def case(plan):
    return read_case(plan, settings=Settings())


def run(capsysbinary, *arguments):
    code = app.run([str(argument) for argument in arguments])
    captured = capsysbinary.readouterr()
    return code, captured.out.decode(), captured.err.decode()


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_every_voxel_lies_where_the_solid_is_in_the_patient(frame):
    image = read(written(image_grid(frame=frame), frame))
    mask = np.asarray(image.dataobj)
    indices = np.argwhere(np.ones(mask.shape, bool))
    ras = nibabel.affines.apply_affine(image.affine, indices)
    truth = SOLID.contains(frame.from_patient(ras * LPS_FROM_RAS))
    assert np.count_nonzero(truth) > 1000
    # polygons of 600 vertices differ from the section in voxels whose center is on its rim
    assert np.count_nonzero(mask[tuple(indices.T)] != truth) <= 0.002 * np.count_nonzero(truth)


def test_the_affine_takes_a_voxel_to_its_center_right_front_and_head():
    grid = image_grid(frame=FRAMES["axial"])
    k, j, i = 7, 11, 23
    lps = grid.slice_origins_mm[k] + i * grid.column_spacing_mm * grid.row_direction
    lps = lps + j * grid.row_spacing_mm * grid.column_direction
    np.testing.assert_allclose((ras_from_index(grid) @ [i, j, k, 1])[:3], [-lps[0], -lps[1], lps[2]], atol=1e-9)


def test_a_tilted_gantry_is_written_as_the_shear_it_is():
    grid = image_grid(shear=(0.0, np.tan(np.deg2rad(12))))
    image = read(written(grid, FRAMES["axial"]))
    corner = nibabel.affines.apply_affine(image.affine, [0, 0, 19]) * LPS_FROM_RAS
    np.testing.assert_allclose(corner, grid.slice_origins_mm[19], atol=1e-3)
    assert image.header["qform_code"] == 0


def test_the_mask_equals_the_voxels_inside():
    grid = image_grid(frame=FRAMES["oblique"])
    mask = np.asarray(read(written(grid, FRAMES["oblique"])).dataobj)
    truth = voxelize(SOLID, grid, frame=FRAMES["oblique"])
    assert mask.shape == truth.shape[::-1]
    assert abs(int(mask.sum()) - int(truth.sum())) <= 2


def test_the_same_mask_gives_the_same_bytes():
    grid = image_grid()
    assert written(grid, FRAMES["axial"]) == written(grid, FRAMES["axial"])


def test_unevenly_spaced_slices_are_refused():
    grid = image_grid(positions_mm=[0.0, 3.0, 6.0, 10.0])
    with pytest.raises(GeometryError, match="not evenly spaced"):
        ras_from_index(grid)


def test_a_single_slice_of_unknown_thickness_is_refused():
    with pytest.raises(GeometryError, match="single slice"):
        ras_from_index(replace(image_grid(slices=1), slice_thickness_mm=None))


def test_a_single_slice_is_as_thick_as_it_says():
    assert np.linalg.norm(ras_from_index(image_grid(slices=1))[:3, 2]) == pytest.approx(3.0)


def test_a_missing_nibabel_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "nibabel", None)
    with pytest.raises(MissingExtraError, match="nifti"):
        written(image_grid(), FRAMES["axial"])


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("..\\GTV", "GTV"),
        ("Tumör ☢ 1", "Tumor_1"),
        ("CON", "CON_"),
        ("com1.GTV", "com1.GTV_"),
        ("GTV\x00\n", "GTV"),
        (".hidden", "hidden"),
        ("-rf", "rf"),
        ("☢", ""),
        ("x" * 300, "x" * 64),
    ],
)
def test_a_file_name_holds_nothing_that_a_file_system_could_misread(name, safe):
    assert safe_name(name) == safe


def test_file_names_are_unique_whatever_the_case():
    rois = [roi("GTV", 1), roi("gtv", 2), roi("GTV/", 3), roi("", 4), roi("CTV", 5), roi("a", 6), roi("a", 6)]
    names = file_names(rois)
    assert names[0] == "GTV_1.nii.gz"
    assert names[3:5] == ["roi_4.nii.gz", "CTV.nii.gz"]
    assert len({name.casefold() for name in names}) == len(rois)


def test_every_roi_is_written_as_the_voxels_that_its_voxel_volume_counts(case, plan, tmp_path, capsysbinary):
    code, out, err = run(capsysbinary, "masks", plan, "--out", tmp_path)
    assert (code, err) == (ExitCode.DONE, "")
    found = [mask for mask in masks(MeasuredCase(case=case, settings=Settings())) if mask.content]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(mask.file_name for mask in found)
    for mask in found:
        again = nibabel.load(tmp_path / mask.file_name)
        assert int(np.asarray(again.dataobj).sum()) == mask.voxel_count
        assert f"{mask.voxel_count:,}" in out


def test_an_roi_is_chosen_by_its_name_or_its_number(case):
    chosen = case.structure_set.rois[1]
    for wanted in (chosen.name, str(chosen.number)):
        (mask,) = masks(MeasuredCase(case=case, settings=Settings()), wanted=[wanted])
        assert mask.roi is chosen


def test_an_roi_that_is_not_there_is_a_usage_error(plan, tmp_path, capsysbinary):
    code, out, err = run(capsysbinary, "masks", plan, "--out", tmp_path, "--roi", "nowhere")
    assert (code, out) == (ExitCode.USAGE, "")
    assert "inspect" in err
    assert not list(tmp_path.iterdir())


def test_without_a_planning_image_there_is_no_grid(case):
    with pytest.raises(InputDataError, match="No planning image"):
        list(masks(MeasuredCase(case=replace(case, planning_image=None), settings=Settings())))


def test_an_roi_without_a_volume_is_told_and_not_written(case, plan, tmp_path, capsysbinary, monkeypatch):
    empty = roi("Isocenter", 99)
    bare = replace(case, structure_set=replace(case.structure_set, rois=(empty,)))
    (mask,) = masks(MeasuredCase(case=bare, settings=Settings()))
    assert mask.left_out_because == "the ROI has no contours"
    monkeypatch.setattr("rtcomplexity.case.reader.read_case", lambda *_, **__: bare)
    code, out, err = run(capsysbinary, "masks", plan, "--out", tmp_path)
    assert code == ExitCode.INPUT_UNUSABLE
    assert "no contours" in out
    assert "None of these ROIs" in err


@pytest.mark.skipif(sys.platform == "win32", reason="permissions and links as on POSIX systems")
def test_a_mask_is_readable_by_its_owner_alone_and_follows_no_link(case, plan, tmp_path, capsysbinary):
    out, elsewhere = tmp_path / "masks", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.write_bytes(b"untouched")
    (mask,) = masks(MeasuredCase(case=case, settings=Settings()), wanted=[case.structure_set.rois[1].name])
    (out / mask.file_name).symlink_to(elsewhere)
    assert run(capsysbinary, "masks", plan, "--out", out, "--roi", mask.roi.name)[0] == ExitCode.DONE
    assert elsewhere.read_bytes() == b"untouched"
    assert stat.S_IMODE((out / mask.file_name).lstat().st_mode) == 0o600


def test_wanted_names_come_before_numbers(case):
    first, second = case.structure_set.rois[:2]
    swapped = (replace(first, name=str(second.number)), second)
    rois = replace(case.structure_set, rois=swapped)
    (mask,) = masks(
        MeasuredCase(case=replace(case, structure_set=rois), settings=Settings()), wanted=[str(second.number)]
    )
    assert mask.roi is swapped[0]
    with pytest.raises(UsageError):
        list(masks(MeasuredCase(case=case, settings=Settings()), wanted=["9999"]))


@pytest.mark.real_data
def test_the_ibsi_ct_phantom_has_its_125256_voxels(real_data, tmp_path, capsysbinary):
    code, _, _ = run(capsysbinary, "masks", real_data / "ibsi" / "ct_phantom", "--out", tmp_path)
    assert code == ExitCode.DONE
    (path,) = tmp_path.iterdir()
    assert int(np.asarray(nibabel.load(path).dataobj).sum()) == IBSI_VOXELS
