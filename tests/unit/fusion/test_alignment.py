"""Known motions of phantoms are found again; what a registration puts right is most alike where it puts it."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.fusion.alignment import (
    Compared,
    MovableImage,
    TargetLattice,
    alignment_of,
    displacements,
    movable_image,
    moved,
    perturbations,
)
from rtcomplexity.fusion.sampling import sample
from rtcomplexity.settings import Settings
from unit.fusion.images import grid, rotation, written

RNG = np.random.default_rng(5)
BLOBS = RNG.uniform(-35, 35, (24, 3))
HEIGHTS = RNG.uniform(50, 400, 24)


def field(points_mm):
    """An image in closed form: blobs of different heights."""
    squared = ((points_mm[:, None] - BLOBS) ** 2).sum(axis=-1)
    return (HEIGHTS * np.exp(-squared / (2 * 9.0**2))).sum(axis=1)


class Moved(MovableImage):
    """The same blobs, inverted in contrast, through a registration that is off by a known motion."""

    def values(self, motion=(0.0,) * 6):
        points = moved(self.lattice, motion)
        return 900 - field(self.image_from_planning(points))


@pytest.fixture(scope="module")
def lattice():
    axes = np.arange(-30, 31, 4.0)
    points = np.array(np.meshgrid(axes, axes, axes)).reshape(3, -1).T
    return TargetLattice(points_mm=points, distance_mm=np.maximum(np.linalg.norm(points, axis=1) - 8, 0))


def image(lattice, shift=(0.0, 0.0, 0.0)):
    return Moved(grid=None, voxels=None, image_from_planning=lambda p: p + np.array(shift), lattice=lattice)


def test_the_right_transform_beats_every_motion(lattice):
    found = alignment_of(field(lattice.points_mm), image(lattice))
    assert (found.share_beaten, found.far_share_beaten, found.shift_mm, found.rotation_deg) == (1, 1, 0, 0)


@pytest.mark.parametrize("shift", [(4.0, 0.0, 0.0), (0.0, -3.0, 2.0), (2.5, 2.0, -3.5)])
def test_a_known_shift_is_found_again_within_half_a_millimeter_and_half_a_degree(lattice, shift):
    found = alignment_of(field(lattice.points_mm), image(lattice, shift))
    assert np.linalg.norm(np.array(found.better[:3]) + np.array(shift)) <= 0.5
    assert found.rotation_deg <= 0.5
    assert found.share_beaten < 1


@pytest.mark.parametrize("shift", [(0.0, 0.0, 0.0), (3.0, -2.0, 1.5)])
@pytest.mark.parametrize("degrees", [(0.0, 0.0, 4.0), (3.0, 0.0, 0.0), (2.0, -3.0, 2.5)])
def test_a_known_rigid_motion_is_found_again_within_half_a_millimeter_and_half_a_degree(lattice, degrees, shift):
    turn, center = Rotation.from_euler("xyz", degrees, degrees=True), lattice.center_mm

    def off(points_mm):
        return turn.apply(points_mm - center) + center + np.array(shift)

    wrong = Moved(grid=None, voxels=None, image_from_planning=off, lattice=lattice)
    found = alignment_of(field(lattice.points_mm), wrong)
    left = turn * Rotation.from_euler("xyz", found.better[3:], degrees=True)
    assert np.degrees(left.magnitude()) <= 0.5
    assert np.linalg.norm(off(center + np.array(found.better[:3])) - center) <= 0.5
    assert found.share_beaten < 1


def test_a_registration_that_maps_nowhere_shares_no_points(lattice):
    with pytest.raises(ValueError, match="fewer than 200 points"):
        alignment_of(
            field(lattice.points_mm),
            MovableImage(grid=None, voxels=None, image_from_planning=lambda p: p, lattice=lattice),
        )


def test_thirty_small_and_twenty_six_large_motions_in_either_direction():
    assert (len(set(perturbations())), len(set(displacements()))) == (30, 26)
    assert np.sum(perturbations(), axis=0) == pytest.approx(0)
    assert np.linalg.norm(np.array(displacements())[:, :3], axis=1) == pytest.approx(30)


def test_mutual_information_of_equal_and_of_independent_values():
    values = RNG.uniform(size=20_000)
    compared = Compared(values=values)
    assert compared.similarity_to(-values) == pytest.approx(2)
    assert compared.similarity_to(RNG.uniform(size=20_000)) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("turn", [None, rotation([1, 2, 3], 25)])
def test_even_voxels_sampled_again_and_again_hold_what_any_voxels_do(tmp_path, lattice, turn):
    own = grid(shape=(30, 36, 40), spacing=(2.5, 1.5, 1.25), origin=(-30, -25, -28), turn=turn)
    pixels = SeriesPixels(series=written(tmp_path, own, field), settings=Settings())
    image = movable_image(pixels, lambda points: points + 1.3, lattice)
    motion = (1.0, -2.0, 3.0, 2.0, 0.0, -5.0)
    found, expected = image.values(motion), sample(pixels, moved(lattice, motion) + 1.3)
    assert image._even is not None
    assert np.isfinite(expected).sum() > 500
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)
