"""Values inside and around a shape: exact on ramps, whatever the grid, its slices, its tilt and the registration."""

import numpy as np
import pytest

from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.fusion import sampling
from rtcomplexity.fusion.frames import find_point_map
from rtcomplexity.fusion.sampling import (
    box_around,
    interpolate,
    region_of,
    sample,
    values_of_other_image,
    values_of_own_image,
    voxel_centers_mm,
)
from rtcomplexity.model.image import ImageGrid
from rtcomplexity.model.registration import DeformationField, FrameMapping, SpatialRegistration
from unit.fusion.images import ball, centers, grid, rigid, rotation, runs_of, written

OBLIQUE = rotation([1, 2, -1], 33)
PLANNING_UID, OTHER_UID, THIRD_UID = "1.1", "1.2", "1.3"
CENTER = np.array([4.0, 2.0, 1.0])


def pixels_of(series):
    return SeriesPixels(series=series)


def ramp(points_mm):
    """Linear in space, so that trilinear interpolation is exact; values up to about 200."""
    return points_mm @ [1.25, -2.5, 0.75] + 40


def identity(points_mm):
    return points_mm


def random_points(count=400, spread_mm=9.0):
    return np.random.default_rng(5).uniform(-spread_mm, spread_mm, (count, 3)) + CENTER


GRIDS = {
    "axial": grid(),
    "oblique": grid(shape=(30, 40, 44), spacing=(2.0, 1.5, 1.25), origin=OBLIQUE @ [-25, -25, -25], turn=OBLIQUE),
    "uneven slices": grid(heights=[0, 3.27, 6.56, 9.75, 13, 16, 22, 25, 28, 31, 32, 35]),
    "tilted gantry": grid(shape=(12, 40, 24), origin=(-10, -32, -15), tilt=np.tan(np.radians(15))),
    "feet first": grid(turn=np.diag([-1.0, 1, -1]), origin=(18, -12, 17)),
}


@pytest.mark.parametrize("name", GRIDS)
def test_a_ramp_is_met_exactly_on_every_grid(tmp_path, name):
    series = written(tmp_path, GRIDS[name], ramp)
    points = random_points()
    found = sample(pixels_of(series), points)
    assert np.isnan(found).sum() < 300
    defined = ~np.isnan(found)
    np.testing.assert_allclose(found[defined], ramp(points[defined]), atol=1e-6)


@pytest.mark.parametrize("name", GRIDS)
def test_an_integer_index_is_a_voxel_center(tmp_path, name):
    series = written(tmp_path, GRIDS[name], ramp)
    found = sample(pixels_of(series), centers(series.grid))
    np.testing.assert_allclose(found, ramp(centers(series.grid)), atol=1e-6)


def test_points_beyond_the_outer_voxel_centers_are_counted_and_left_out(tmp_path):
    series = written(tmp_path, grid(), ramp)
    corner = series.grid.slice_origins_mm[0]
    points = corner + np.array([[0, 0, 0], [-0.1, 0, 0], [0, -0.1, 0], [0, 0, -0.1], [0.1, 0.1, 0.1], [500, 0, 0]])
    found = sample(pixels_of(series), points)
    np.testing.assert_array_equal(np.isnan(found), [False, True, True, True, False, True])
    assert np.isnan(found).sum() == 4


def test_nothing_is_read_where_no_point_is_inside(tmp_path):
    series = written(tmp_path, grid(), ramp)
    for path in series.paths:
        path.unlink()
    assert np.isnan(sample(pixels_of(series), np.full((3, 3), 900.0))).all()
    assert box_around(series.grid, np.full((3, 3), np.nan)) is None


def test_only_the_slices_around_the_points_are_read(tmp_path):
    series = written(tmp_path, grid(), ramp)
    for k in (0, 1, 2, 3, 7, 8, 9, 10, 11):
        series.paths[k].unlink()
    points = np.array([0.3, 0.2, 1.0]) + voxel_centers_mm(series.grid, np.array([[4, 5, 6], [5, 9, 9]]))
    np.testing.assert_allclose(sample(pixels_of(series), points), ramp(points), atol=1e-6)


def test_a_single_slice_holds_for_half_its_thickness(tmp_path):
    one = ImageGrid(
        slice_origins_mm=[[0, 0, 5]],
        row_direction=[1, 0, 0],
        column_direction=[0, 1, 0],
        row_spacing_mm=1.5,
        column_spacing_mm=1.25,
        rows=10,
        columns=12,
        slice_thickness_mm=4.0,
    )
    series = written(tmp_path, one, lambda points: points[:, 0] * 2.0)
    found = sample(pixels_of(series), np.array([[3, 3, 5], [3, 3, 6.9], [3, 3, 7.1]]))
    np.testing.assert_allclose(found, [6, 6, np.nan], atol=1e-6)


def test_a_factor_of_each_slice_multiplies_its_values(tmp_path):
    series = written(tmp_path, grid(), lambda points: np.full(len(points), 10.0))
    factor = np.arange(12.0)
    points = voxel_centers_mm(series.grid, np.array([[3, 4, 5], [9, 4, 5]]))
    np.testing.assert_allclose(sample(pixels_of(series), points, factor=factor), [30, 90], atol=1e-6)


def region(image_grid=None, radius_mm=7.0, reach_mm=4.0):
    image_grid = image_grid or grid()
    return region_of(runs_of(ball(image_grid, CENTER, radius_mm)), image_grid, reach_mm)


def test_the_planning_images_own_voxels_are_taken_as_they_are(tmp_path):
    shape = region()
    found = values_of_own_image(shape, pixels_of(written(tmp_path, shape.grid, ramp)))
    expected = ramp(shape.points_mm(shape.mask))
    np.testing.assert_allclose(found.inside, expected, atol=1e-6)
    assert found.undefined_share == 0
    assert len(found.inside) == ball(shape.grid, CENTER, 7.0).sum()


@pytest.mark.parametrize("image_grid", [GRIDS["axial"], GRIDS["uneven slices"], GRIDS["oblique"]])
def test_shells_lie_at_their_distance_from_the_surface(tmp_path, image_grid):
    shape = region(image_grid)
    radius = np.linalg.norm(shape.points_mm(np.ones(shape.mask.shape, bool)) - CENTER, axis=1).reshape(shape.mask.shape)
    slack = np.linalg.norm([3.3, 1.5, 1.25])
    near = np.isfinite(shape.distance_mm)
    assert near.any()
    assert np.abs(np.abs(radius - 7) - np.abs(shape.distance_mm))[near].max() < 2 * slack
    assert ((shape.distance_mm < 0) == shape.mask).all()
    found = values_of_own_image(
        shape, pixels_of(written(tmp_path, image_grid, lambda p: np.linalg.norm(p - CENTER, axis=1)))
    )
    assert found.shell(-3, 0).max() <= 7 + 1e-6
    assert found.shell(0, 3).min() > 7
    assert found.shell(0, 3).max() <= 7 + 3 + slack
    assert found.shell(-3, 0).min() >= 7 - 3 - slack


@pytest.mark.parametrize("image_grid", [GRIDS["axial"], GRIDS["uneven slices"]])
@pytest.mark.parametrize("reach_mm", [4.0, 10.0])
def test_distances_within_reach_are_those_of_every_pair_of_voxels(image_grid, reach_mm):
    shape = region(image_grid, reach_mm=reach_mm)
    points = shape.points_mm(np.ones(shape.mask.shape, bool))
    inside = shape.mask.ravel()
    apart = np.linalg.norm(points[inside][:, None] - points[~inside], axis=2)
    expected = np.empty(len(points))
    expected[inside], expected[~inside] = -apart.min(axis=1), apart.min(axis=0)
    near = np.abs(expected) <= reach_mm
    np.testing.assert_allclose(shape.distance_mm.ravel()[near], expected[near], rtol=1e-6)
    assert (shape.distance_mm.ravel()[~near] == np.sign(expected[~near]) * np.inf).all()


def test_a_shape_at_the_rim_of_the_image_keeps_its_box_inside():
    image_grid = grid()
    shape = region_of(runs_of(ball(image_grid, centers(image_grid)[0], 5.0)), image_grid, 10.0)
    assert (shape.box.k[0], shape.box.j[0], shape.box.i[0]) == (0, 0, 0)


def test_a_shape_that_fills_the_image_has_no_outside():
    image_grid = grid(shape=(3, 4, 5))
    shape = region_of(runs_of(np.ones((3, 4, 5), bool)), image_grid, 10.0)
    assert np.isneginf(shape.distance_mm).all()


def test_a_voxel_stands_for_half_the_way_to_either_neighbor():
    shape = region(GRIDS["uneven slices"])
    heights = GRIDS["uneven slices"].slice_positions_mm
    k = shape.box.k[0] + 2
    assert shape.voxel_volume_mm3[2] == pytest.approx(1.5 * 1.25 * (heights[k + 1] - heights[k - 1]) / 2)


def test_runs_of_another_grid_and_empty_shapes_are_refused():
    with pytest.raises(ValueError, match="not on this grid"):
        region_of(runs_of(np.ones((2, 2, 2), bool)), grid())
    with pytest.raises(ValueError, match="no voxel"):
        region_of(runs_of(np.zeros((12, 20, 24), bool)), grid())


def registrations(matrix):
    mapping = FrameMapping(source_frame_uid=OTHER_UID, registered_from_source=matrix)
    return [SpatialRegistration(sop_instance_uid="9", registered_frame_uid=PLANNING_UID, mappings=(mapping,))]


def truth_through(matrix):
    """The other image shows the same patient: a point p of it lies at `matrix` p in the planning frame."""
    return lambda points: ramp(points @ matrix[:3, :3].T + matrix[:3, 3])


@pytest.mark.parametrize(
    "matrix",
    [rigid([0, 0, 1], 0, [5, -3, 2]), rigid([1, 1, 2], 30, [2, 1, -4])],
    ids=["translation", "rotation"],
)
def test_a_registered_image_shows_the_same_patient(tmp_path, matrix):
    shape = region()
    wide = grid(shape=(40, 60, 64), spacing=(2.0, 1.5, 1.25), origin=(-38, -44, -38))
    other = written(tmp_path, wide, truth_through(matrix), modality="MR", frame_uid=OTHER_UID)
    other_from_planning = find_point_map(registrations(matrix), PLANNING_UID, OTHER_UID)
    found = values_of_other_image(shape, pixels_of(other), other_from_planning)
    assert found.undefined_share == 0
    np.testing.assert_allclose(found.inside, ramp(shape.points_mm(shape.mask)), atol=1e-6)
    swapped = find_point_map(registrations(matrix), OTHER_UID, PLANNING_UID)
    wrong = values_of_other_image(shape, pixels_of(other), swapped)
    assert np.abs(wrong.values - found.values)[shape.mask].min() > 1e-3


def test_a_chained_pair_shows_the_same_patient(tmp_path):
    third_from_planning, third_from_other = rigid([1, 0, 1], 20, [3, 3, 3]), rigid([0, 1, 0], -15, [-2, 5, 1])
    mappings = (
        FrameMapping(source_frame_uid=PLANNING_UID, registered_from_source=third_from_planning),
        FrameMapping(source_frame_uid=OTHER_UID, registered_from_source=third_from_other),
    )
    chain = [SpatialRegistration(sop_instance_uid="9", registered_frame_uid=THIRD_UID, mappings=mappings)]
    planning_from_other = np.linalg.inv(third_from_planning) @ third_from_other
    wide = grid(shape=(40, 60, 64), spacing=(2.0, 1.5, 1.25), origin=(-38, -44, -38))
    other = written(tmp_path, wide, truth_through(planning_from_other), frame_uid=OTHER_UID)
    shape = region()
    found = values_of_other_image(shape, pixels_of(other), find_point_map(chain, PLANNING_UID, OTHER_UID))
    np.testing.assert_allclose(found.inside, ramp(shape.points_mm(shape.mask)), atol=1e-6)


def bent(points_mm):
    """Registered -> source, smooth: up to 3 mm."""
    return points_mm + 3 * np.sin(points_mm[:, [1, 2, 0]] / 25)


def deformable():
    lattice = np.stack(np.meshgrid(*[np.arange(21)] * 3, indexing="ij"), axis=-1)[..., ::-1]
    nodes = lattice * 5.0 - 50
    vectors = (bent(nodes.reshape(-1, 3)) - nodes.reshape(-1, 3)).reshape(21, 21, 21, 3)
    grid_from_point = np.diag([0.2, 0.2, 0.2, 1])
    grid_from_point[:3, 3] = 10
    field = DeformationField(
        source_frame_uid=OTHER_UID, pre_matrix=np.eye(4), post_matrix=np.eye(4),
        grid_from_point=grid_from_point, vectors_mm=vectors,
    )  # fmt: skip
    return [
        SpatialRegistration(
            sop_instance_uid="9",
            registered_frame_uid=PLANNING_UID,
            mappings=(),
            deformations=(field,),
            is_deformable=True,
        )
    ]


def test_a_deformed_image_is_sampled_where_the_field_leads(tmp_path):
    """Interpolation error of a sine of amplitude a and wavelength 2 pi w on nodes h apart: at most a h^2 / (8 w^2)."""
    shape = region()
    wide = grid(shape=(40, 60, 64), spacing=(2.0, 1.5, 1.25), origin=(-38, -44, -38))
    other = written(tmp_path, wide, ramp, frame_uid=OTHER_UID)
    found = values_of_other_image(shape, pixels_of(other), find_point_map(deformable(), PLANNING_UID, OTHER_UID))
    expected = ramp(bent(shape.points_mm(shape.mask)))
    bound = (1.25 + 2.5 + 0.75) * 3 * 5**2 / (8 * 25**2)
    assert np.abs(found.inside - expected).max() < bound
    swapped = values_of_other_image(shape, pixels_of(other), find_point_map(deformable(), OTHER_UID, PLANNING_UID))
    assert np.abs(swapped.inside - expected).max() > 10 * bound


def test_what_lies_outside_the_other_image_is_a_stated_share(tmp_path):
    shape = region()
    half = grid(shape=(12, 20, 8), origin=(-10, -12, -15))
    other = written(tmp_path, half, ramp)
    found = values_of_other_image(shape, pixels_of(other), identity)
    points = shape.points_mm(shape.mask)
    expected_outside = float((points[:, 0] > -10 + 7 * 1.25).mean())
    assert 0 < expected_outside < 1
    assert found.undefined_share == pytest.approx(expected_outside)
    assert len(found.inside) == round((1 - expected_outside) * shape.mask.sum())


def test_chunks_make_no_difference(tmp_path, monkeypatch):
    series = written(tmp_path, GRIDS["oblique"], ramp)
    points = random_points()
    whole = sample(pixels_of(series), points)
    monkeypatch.setattr(sampling, "CHUNK_POINTS", 7)
    np.testing.assert_allclose(sample(pixels_of(series), points), whole, rtol=1e-12)


def test_stored_integers_are_interpolated_without_converting_the_box(tmp_path):
    series = written(tmp_path, grid(), ramp)
    box = box_around(series.grid, random_points())
    voxels = SeriesPixels(series=series).read(box)
    assert np.issubdtype(voxels.stored.dtype, np.integer)
    defined = interpolate(voxels, series.grid, random_points())
    assert np.isfinite(defined).any()


def test_a_factor_multiplies_the_planning_images_own_voxels_too(tmp_path):
    shape = region()
    pixels = pixels_of(written(tmp_path, shape.grid, lambda points: np.full(len(points), 10.0)))
    factor = np.arange(12.0)
    found = values_of_own_image(shape, pixels, factor=factor).values
    np.testing.assert_allclose(found[:, 0, 0], 10 * factor[slice(*shape.box.k)], atol=1e-5)


def test_a_lone_slice_stands_for_its_thickness():
    one = ImageGrid(
        slice_origins_mm=[[0, 0, 5]],
        row_direction=[1, 0, 0],
        column_direction=[0, 1, 0],
        row_spacing_mm=1.5,
        column_spacing_mm=1.25,
        rows=10,
        columns=12,
        slice_thickness_mm=4.0,
    )
    np.testing.assert_array_equal(sampling.slab_mm(one), [4.0])


@pytest.mark.parametrize(("known_mm", "radius_mm"), [(4.0, 7.0), (7.0, 4.0)])
def test_what_another_region_knows_is_taken_and_the_rest_sampled(tmp_path, monkeypatch, known_mm, radius_mm):
    own, asked = grid(), []
    pixels = pixels_of(written(tmp_path, own, ramp))
    known = values_of_other_image(region(own, radius_mm=known_mm), pixels, identity)
    wanted = region(own, radius_mm=radius_mm)
    expected = values_of_other_image(wanted, pixels, identity)
    real = sampling.sample
    monkeypatch.setattr(sampling, "sample", lambda p, points, **k: asked.append(len(points)) or real(p, points, **k))
    found = values_of_other_image(wanted, pixels, identity, known=known)
    np.testing.assert_array_equal(found.values, expected.values)
    assert asked == [max(np.count_nonzero(wanted.needed) - np.count_nonzero(known.region.needed), 0)]
