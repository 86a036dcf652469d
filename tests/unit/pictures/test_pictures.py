import base64
import io
import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from measured_once import SAMPLES
from rtcomplexity.case.reader import read_case
from rtcomplexity.geometry.mesh import Mesh as Surface
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.model.structure_set import TargetClass
from rtcomplexity.pictures import drawing, raster
from rtcomplexity.pictures.directions import letters, plane_of, towards
from rtcomplexity.pictures.drawing import draw
from rtcomplexity.pictures.region import MOST_TARGETS, view_of
from rtcomplexity.pictures.scene import FILES, Pictures, Scene, from_files
from rtcomplexity.settings import Settings


@pytest.fixture(scope="module")
def case():
    return read_case(SAMPLES / "pet_ct_nsclc", settings=Settings())


@pytest.fixture(scope="module")
def pictures(case):
    return drawn(case)


def names(case):
    return {roi.number: f"{roi.target_class.value} {roi.number}" for roi in case.structure_set.rois}


def measured(case):
    return MeasuredCase(case=case, settings=Settings())


def drawn(case, **options):
    return draw(measured(case), names=names(case), **options)


def gtv(case):
    return next(roi for roi in case.structure_set.rois if roi.target_class is TargetClass.GTV)


def test_three_planes_slices_uptake_and_surfaces_are_drawn(pictures):
    assert {still.file for still in pictures.scene.stills} == {"axial.png", "coronal.png", "sagittal.png"}
    assert set(pictures.all_files()) == set(FILES) - {"fused_mr.png", "fused_ct.png"}
    assert pictures.scene.slices is not None
    assert pictures.scene.uptake.startswith("PET in color, SUVbw")
    assert {mesh.layer for mesh in pictures.scene.meshes} == {"targets", "organs"}


def test_the_same_case_gives_the_same_bytes(case, pictures):
    assert drawn(case).all_files() == pictures.all_files()


def test_every_picture_has_a_text_that_names_what_it_shows(pictures):
    for still in pictures.scene.stills:
        assert "GTV 1, CTV 2 and PTV 3" in still.alt
        assert still.title.lower() in still.alt.lower()
    assert "GTV 1" in pictures.scene.mesh_alt
    assert pictures.scene.slices.caption


def test_names_come_from_the_record_alone(case):
    files = draw(measured(case), names=dict.fromkeys(names(case), "given")).all_files()
    assert not any(roi.name.encode() in files["scene.json"] for roi in case.structure_set.rois if len(roi.name) > 3)


def test_pictures_hold_pixels_and_nothing_else(pictures):
    for name, content in pictures.files.items():
        if name.endswith(".png"):
            assert chunks(content) <= {b"IHDR", b"IDAT", b"IEND"}
        else:
            picture = Image.open(io.BytesIO(content))
            assert not picture.getexif()
            assert not {"comment", "exif", "icc_profile"} & set(picture.info)


def chunks(content):
    found, place = set(), 8
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        found.add(content[place + 4 : place + 8])
        place += length + 12
    return found


def test_outlines_lie_where_the_contours_lie(case, pictures):
    """Center and size of the GTV's outline in its tile, against the contour's own points."""
    view = view_of(measured(case), names(case), (1,))
    structure = next(each for each in pictures.scene.structures if each.number == 1)
    slices, grid = pictures.scene.slices, case.planning_image.grid
    outline = max(
        (each for each in structure.outlines if each.slice == slices.first), key=lambda each: len(each.points)
    )
    tile_mm = (view.box.i[1] - view.box.i[0]) * grid.column_spacing_mm / slices.width
    drawn_mm = np.array(outline.points).reshape(-1, 2) / 10 * tile_mm
    z = grid.slice_positions_mm[view.slices[slices.first]]
    contours = gtv(case).contours
    points = contours.points_mm[np.abs(contours.points_mm[:, 2] - z) < 0.1]
    edge = grid.slice_origins_mm[0][:2] + (np.array([view.box.i[0], view.box.j[0]]) - 0.5) * [
        grid.column_spacing_mm,
        grid.row_spacing_mm,
    ]
    assert np.ptp(drawn_mm, axis=0) == pytest.approx(np.ptp(points[:, :2], axis=0), abs=1)
    assert drawn_mm.min(axis=0) + edge == pytest.approx(points[:, :2].min(axis=0), abs=1)


def test_the_surface_is_about_as_large_as_the_target(case, pictures):
    mesh = next(each for each in pictures.scene.meshes if each.number == 1)
    vertices = np.frombuffer(base64.b64decode(mesh.vertices), "<u2").reshape(-1, 3)
    faces = np.frombuffer(base64.b64decode(mesh.faces), "<u2").reshape(-1, 3)
    placed = vertices * pictures.scene.mesh_step_mm + np.array(pictures.scene.mesh_origin_mm)
    surface = Surface(vertices_mm=placed, faces=faces.astype(np.int64))
    assert surface.volume_mm3 / 1000 == pytest.approx(44.6, rel=0.05)
    points = gtv(case).contours.points_mm
    assert placed.mean(axis=0) == pytest.approx(points.mean(axis=0), abs=3)


def test_uptake_is_bright_in_the_target_and_clear_far_from_it(pictures):
    atlas = np.asarray(Image.open(io.BytesIO(pictures.files["uptake.png"])))
    slices = pictures.scene.slices
    height, width = atlas.shape[0] // -(-len(slices.labels) // slices.columns), atlas.shape[1] // slices.columns
    row, column = divmod(slices.first, slices.columns)
    tile = atlas[row * height : (row + 1) * height, column * width : (column + 1) * width]
    assert tile[height // 2, width // 2, 3] > 120
    assert tile[0, 0, 3] == 0


def test_without_a_target_there_is_no_picture_and_that_is_said(case):
    organs = tuple(roi for roi in case.structure_set.rois if not roi.target_class.is_target)
    none = drawn(replace(case, structure_set=replace(case.structure_set, rois=organs)))
    assert none.files == {}
    assert none.scene.notes == (drawing.NO_TARGET,)


def test_without_images_the_surfaces_are_left_and_the_reason_is_said(case):
    bare = drawn(replace(case, planning_image=None, image_sets=()))
    assert bare.files == {}
    assert bare.scene.meshes
    assert bare.scene.slices is None
    assert drawing.NO_IMAGE in bare.scene.notes


def test_an_image_that_does_not_reach_the_targets_is_not_shown(case):
    grid = case.planning_image.grid
    far = replace(grid, slice_origins_mm=grid.slice_origins_mm + np.array([0, 0, 500.0]))
    none = drawn(replace(case, planning_image=replace(case.planning_image, grid=far)))
    assert none.files == {}
    assert drawing.NOT_REACHED in none.scene.notes


def test_an_image_that_cannot_be_read_leaves_its_reason(case, tmp_path):
    series = replace(case.planning_image, paths=tuple(tmp_path / "gone" for _ in case.planning_image.paths))
    gone = drawn(replace(case, planning_image=series))
    assert gone.scene.slices is None
    assert "cannot be sampled" in gone.scene.notes[0]
    assert str(tmp_path) not in json.dumps(gone.scene.model_dump())


def test_many_targets_are_cut_off_and_that_is_said(case):
    rois = tuple(replace(gtv(case), number=number) for number in range(1, MOST_TARGETS + 3))
    many = replace(case, structure_set=replace(case.structure_set, rois=rois))
    assert "Only 10 of 12 targets are shown." in drawn(many).scene.notes


def test_a_chest_shows_no_face(pictures):
    assert not pictures.scene.may_show_face


@pytest.mark.parametrize("part", ["HEAD", "HEADNECK", "BRAIN", "C-SPINE"])
def test_a_head_by_its_body_part_may_show_a_face(case, part):
    assert drawn(replace(case, planning_image=replace(case.planning_image, body_part=part))).scene.may_show_face


def test_a_head_by_its_organs_may_show_a_face(case):
    rois = tuple(
        replace(roi, name="Eye_L") if roi.target_class is TargetClass.OAR else roi for roi in case.structure_set.rois
    )
    assert drawn(replace(case, structure_set=replace(case.structure_set, rois=rois))).scene.may_show_face


def test_a_narrow_body_may_show_a_face(case):
    grid = case.planning_image.grid
    narrow = replace(grid, column_spacing_mm=grid.column_spacing_mm / 3, row_spacing_mm=grid.row_spacing_mm / 3)
    assert drawn(replace(case, planning_image=replace(case.planning_image, grid=narrow))).scene.may_show_face


@pytest.mark.parametrize("sample", ["routine_sbrt", "complex_central"])
def test_other_samples_are_drawn(sample):
    assert len(drawn(read_case(SAMPLES / sample, settings=Settings())).scene.stills) == 3


def test_directions_have_words():
    assert plane_of(np.array([0, -0.9, 0.1])) == "coronal"
    assert [towards(np.eye(3)[axis]) for axis in range(3)] == ["L", "P", "H"]
    assert letters(np.array([1.0, 0, 0]), np.array([0, 0, -1.0])) == ("R", "L", "H", "F")


def test_the_window_is_wide_where_there_is_lung():
    assert raster.window_of(np.full(100, -800.0), "CT") == raster.WIDE_HU
    assert raster.window_of(np.zeros(100), "CT") == raster.SOFT_TISSUE_HU
    assert raster.window_of(np.arange(101.0), "MR") == (1.0, 99.0)
    assert raster.gray(np.array([-2000.0, 120.0, 2000.0]), (0.0, 240.0)).tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    "change",
    [
        {"stills": [{"file": "../../etc/passwd", "title": "x", "alt": "x"}]},
        {"structures": [{"number": 1, "name": "x", "target_class": "GTV", "layer": "targets", "colour": "red;x"}]},
        {"mesh_step_mm": float("inf")},
        {"more": 1},
    ],
)
def test_a_scene_from_outside_is_checked(change):
    broken = json.dumps({**Scene().model_dump(), **change}).encode()
    with pytest.raises(ValidationError):
        from_files({"scene.json": broken})


def test_a_scene_is_read_back_as_it_was_written(pictures):
    again = from_files(pictures.all_files())
    assert isinstance(again, Pictures)
    assert again.scene == pictures.scene
    assert again.all_files() == pictures.all_files()
