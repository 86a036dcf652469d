"""What is told of a stated registration on maps in closed form, at points of a target and around it."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.fusion.alignment import TargetLattice
from rtcomplexity.fusion.borders import Borders
from rtcomplexity.fusion.copies import Likeness
from rtcomplexity.fusion.frames import PointMap
from rtcomplexity.metrics import image_set
from rtcomplexity.metrics.image_set import IMAGE_SET, SetContext, box_about, shell_corners_mm
from rtcomplexity.metrics.measurement import NotApplicableError, NotMeasurableError
from unit.fusion.images import grid, rigid

METRICS = {each.key.removeprefix("image_set."): each.compute for each in IMAGE_SET}
ALONG_X = np.column_stack([np.arange(21.0), np.full(21, 2.0), np.full(21, -3.0)])
"""Points at x = 0 to 20 mm; their center is (10, 2, -3)."""
REGISTERED = (
    "translation_x", "translation_y", "translation_z", "rotation", "largest_displacement", "jacobian_p05",
    "jacobian_p95", "folded", "inverse_consistency_p95", "inverse_consistency_max",
)  # fmt: skip


def context(*steps, inside=ALONG_X, **facts):
    """A set around points of a target, and one far point that is not the target's."""
    points = np.vstack([inside, [[500.0, 400.0, 300.0]]])
    lattice = TargetLattice(points_mm=points, distance_mm=np.append(np.zeros(len(inside)), 5.0))
    return SimpleNamespace(lattice=lattice, tied=SimpleNamespace(point_map=PointMap(steps=steps), **facts))


def affine(matrix):
    return lambda points: points @ matrix[:3, :3].T + matrix[:3, 3]


def parabola(points):
    """The derivative is 2x, 3, 1/2 on the diagonal."""
    return np.column_stack([points[:, 0] ** 2, 3 * points[:, 1], points[:, 2] / 2])


def undefined_from(x_mm):
    def step(points):
        return np.where(points[:, :1] >= x_mm, np.nan, points * [1.0, 1.0, 2.0])

    return step


@pytest.mark.parametrize("metric", REGISTERED)
def test_without_a_registration_there_is_nothing_to_tell(metric):
    untied, same = context(), context()
    untied.tied.point_map = None
    for each in (untied, same):
        each.images = SimpleNamespace(case=SimpleNamespace(planning_image="there is one"))
        with pytest.raises(NotApplicableError):
            METRICS[metric](each)


def test_percentiles_of_the_jacobian_are_over_the_points_of_the_target():
    found = context(parabola)
    assert METRICS["jacobian_p05"](found) == pytest.approx(3 * 1)
    assert METRICS["jacobian_p95"](found) == pytest.approx(3 * 19)
    assert METRICS["folded"](found) == pytest.approx(1 / 21)  # at x = 0, where it is 0
    assert METRICS["folded"](context(parabola, inside=ALONG_X - [4.0, 0, 0])) == pytest.approx(5 / 21)


def test_where_a_field_ends_there_is_no_jacobian():
    assert METRICS["jacobian_p05"](context(undefined_from(10.0))) == pytest.approx(2)
    with pytest.raises(NotMeasurableError):
        METRICS["jacobian_p05"](context(undefined_from(1.0)))  # a millimeter further on there is no value


def test_the_rotation_is_that_of_the_nearest_rotation():
    turn = rigid([0.3, -0.2, 1.0], 25.0, [7.0, -1.0, 2.0])
    scaled = turn @ np.diag([2.0, 1.0, 0.5, 1.0])
    assert METRICS["rotation"](context(affine(turn))) == pytest.approx(25.0)
    assert METRICS["rotation"](context(affine(turn), affine(turn))) == pytest.approx(50.0)
    assert METRICS["rotation"](context(affine(scaled))) == pytest.approx(25.0)
    assert METRICS["rotation"](context(affine(rigid([1.0, 0, 0], 180.0, [0, 0, 0])))) == pytest.approx(180.0)
    with pytest.raises(NotMeasurableError):
        METRICS["rotation"](context(undefined_from(11.0)))


def test_the_translation_is_where_the_center_goes():
    turn = rigid([0, 0, 1.0], 90.0, [100.0, 20.0, -5.0])  # (x, y, z) to (100 - y, 20 + x, z - 5)
    found = [METRICS[f"translation_{axis}"](context(affine(turn))) for axis in "xyz"]
    assert found == pytest.approx([100 - 2 - 10, 20 + 10 - 2, -5])
    with pytest.raises(NotMeasurableError):
        METRICS["translation_x"](context(undefined_from(10.0)))


def test_the_largest_displacement_is_of_a_point_of_the_target():
    assert METRICS["largest_displacement"](context(parabola)) == pytest.approx(np.sqrt(380**2 + 4**2 + 1.5**2))
    assert METRICS["largest_displacement"](context(undefined_from(5.0))) == pytest.approx(3)
    with pytest.raises(NotMeasurableError):
        METRICS["largest_displacement"](context(undefined_from(0.0)))


def consistency(monkeypatch, metric, there, back):
    monkeypatch.setattr(image_set, "space_of", lambda *_: "an image")
    monkeypatch.setattr(image_set, "deformation_back", lambda *_: back)
    found = context(there, series=None)
    case = SimpleNamespace(planning_image=SimpleNamespace(frame_of_reference_uid="1"), registrations=())
    found.images = SimpleNamespace(case=case)
    return METRICS[f"inverse_consistency_{metric}"](found)


def test_points_that_come_back_elsewhere_are_that_far_off(monkeypatch):
    """There nothing moves; back they move by their x, along y."""

    def back(points):
        return points + points[:, :1] * [0.0, 1.0, 0.0]

    def stay(points):
        return points

    assert consistency(monkeypatch, "p95", stay, back) == pytest.approx(19)
    assert consistency(monkeypatch, "max", stay, back) == pytest.approx(20)
    assert consistency(monkeypatch, "max", affine(np.diag([2.0, 1, 1, 1])), back) == pytest.approx(np.hypot(20, 40))
    assert consistency(monkeypatch, "max", undefined_from(10.0), back) == pytest.approx(np.hypot(9, 3))
    with pytest.raises(NotMeasurableError):
        consistency(monkeypatch, "max", undefined_from(0.0), back)
    with pytest.raises(NotApplicableError):
        consistency(monkeypatch, "max", stay, None)


def test_cover_is_counted_inside_and_up_to_10_mm_outside():
    distances = [0, 0, 0, 0, 0.1, 5, 10, 10.1, 40]
    defined = np.array([1, 0, 1, 1, 1, 0, 0, 1, 1], bool)
    found = SimpleNamespace(
        lattice=TargetLattice(points_mm=np.zeros((9, 3)), distance_mm=np.array(distances, float)), is_defined=defined
    )
    assert METRICS["target_covered"](found) == pytest.approx(3 / 4)
    assert METRICS["shell_covered"](found) == pytest.approx(1 / 3)


def borders(positions, visible=None):
    shown = np.ones(len(positions), bool) if visible is None else np.asarray(visible, bool)
    return Borders(position_mm=np.asarray(positions, float), is_visible=shown)


def test_borders_are_compared_where_both_show_on_fifty_normals_at_least():
    steps = np.arange(101.0) / 10
    found = SimpleNamespace(borders=borders(-steps), planning=SimpleNamespace(borders=borders(np.zeros(101))))
    assert METRICS["border_difference_median"](found) == pytest.approx(5)
    assert METRICS["border_difference_p95"](found) == pytest.approx(9.5)
    assert METRICS["border_compared"](found) == 1
    assert METRICS["border_at_contour"](found) == pytest.approx(31 / 101)  # 0 to 3 mm, both included
    assert METRICS["planning_border_at_contour"](found) == 1
    for shown in (50, 49):
        found.borders = borders(steps, np.arange(101) < shown)
        assert METRICS["border_compared"](found) == pytest.approx(shown / 101)
        if shown == 50:
            assert METRICS["border_difference_median"](found) == pytest.approx(2.45)
        else:
            with pytest.raises(NotMeasurableError, match="fewer than 50 normals"):
                METRICS["border_difference_median"](found)


def test_the_corners_lie_20_mm_around_the_points():
    corners = shell_corners_mm(np.array([[0.0, 5, 9], [3, -1, 7], [2, 2, 2]]))
    assert sorted(map(tuple, corners)) == [(x, y, z) for x in (-20.0, 23) for y in (-21.0, 25) for z in (-18.0, 29)]


@pytest.mark.parametrize(
    ("points", "extents"),
    [
        ([[100.5, 100.5, 50.5]], ((43, 59), (69, 133), (69, 133))),  # one point: the fewest voxels about it
        ([[50.5, 60.5, 30.5], [198.5, 198.5, 80.5]], ((40, 72), (82, 178), (77, 173))),  # a large box: the most
        ([[0.5, 0.5, 0.5], [1.5, 1.5, 1.5]], ((0, 16), (0, 64), (0, 64))),  # at one end
        ([[198.5, 198.5, 98.5]], ((91, 100), (167, 200), (167, 200))),  # at the other
        ([[100.5, 100.5, 50.5], [180.5, 170.5, 70.5]], ((50, 72), (100, 172), (100, 182))),  # between: itself
    ],
)
def test_the_box_of_comparison_is_about_the_points_within_limits(points, extents):
    image = grid(shape=(100, 200, 200), spacing=(1.0, 1.0, 1.0), origin=(0, 0, 0))
    found = box_about(image, np.array(points))
    assert (found.k, found.j, found.i) == extents


def test_points_outside_an_image_have_no_box():
    assert box_about(grid(), np.full((1, 3), 1e4)) is None


def compared(*likenesses):
    named = tuple((f"set {n}", each) for n, each in enumerate(likenesses))
    found = SimpleNamespace(_compared=named, tied=SimpleNamespace(point_map=PointMap(), reason="it is not tied"))
    found.likenesses = tuple((subject, each) for subject, each in named if isinstance(each, Likeness))
    return found


def test_the_most_alike_is_a_copy_before_all_else_then_by_fine_structure_then_by_ranks():
    most_alike = SetContext.most_alike.fget
    ranks, fine = Likeness(rank_correlation=-0.5), Likeness(rank_correlation=0.9, fine_correlation=0.1)
    carried = Likeness(rank_correlation=0.0, fine_correlation=0.0, carried=1.0, noise_carried=1.0)
    assert carried.is_copy
    assert most_alike(compared(ranks, fine)) == ("set 0", ranks)
    assert most_alike(compared(fine, Likeness(rank_correlation=0.05))) == ("set 0", fine)
    assert most_alike(compared(ranks, fine, carried)) == ("set 2", carried)
    with pytest.raises(NotMeasurableError, match=r"^it is broken; it is far$"):
        most_alike(compared("it is broken", "it is far", "it is broken"))
    with pytest.raises(NotMeasurableError, match="no other image set is tied"):
        most_alike(compared())
    untied = compared()
    untied.tied.point_map = None
    with pytest.raises(NotMeasurableError, match="it is not tied"):
        most_alike(untied)
