"""Metrics of a secondary image set on phantoms in closed form, sampled through a rigid registration."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import erf

from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.borders import Borders
from rtcomplexity.fusion.case_images import CaseImages
from rtcomplexity.fusion.copies import Likeness
from rtcomplexity.metrics import image_set, pet
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.image_conditions import measure_sets
from rtcomplexity.metrics.image_set import IMAGE_SET, SetContext, box_about, shell_corners_mm
from rtcomplexity.metrics.measurement import NotApplicableError, NotMeasurableError
from rtcomplexity.metrics.target_images import TargetImages
from rtcomplexity.model.case import EvidenceLevel, ImageRole, ImageSet
from rtcomplexity.model.registration import FrameMapping, SpatialRegistration
from rtcomplexity.testing import AXIAL, contour_stack
from rtcomplexity.testing.radial import sphere
from scoring.gaming import plans
from unit.fusion.images import grid, rigid, written

RADIUS_MM = 15.0
DEGREES, SHIFT_MM = 12.0, np.array([4.0, -3.0, 6.0])
CT_FROM_MR = rigid([0.2, -0.1, 1.0], DEGREES, SHIFT_MM)
CT = grid(shape=(44, 72, 80), spacing=(2.0, 1.25, 1.1), origin=(-44, -45, -43))
MR = grid(shape=(40, 64, 60), spacing=(2.5, 1.5, 1.6), origin=(-52, -48, -56))


def edge(radius_mm, inside=200.0, outside=40.0):
    """A blurred ball about the origin of the planning frame."""
    half = (inside - outside) / 2

    def values(points_mm):
        return outside + half * (1 - erf((np.linalg.norm(points_mm, axis=1) - radius_mm) / 1.5))

    return values


def in_mr(value_of):
    """The same body as the MR's frame has it."""
    return lambda points: value_of(points @ CT_FROM_MR[:3, :3].T + CT_FROM_MR[:3, 3])


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What is measured of an MR; nothing is contoured on it."""
    folder, counter = tmp_path_factory.mktemp("sets"), iter(range(100))
    sample = plans.sample()
    positions = [z for z in CT.slice_positions_mm if abs(z) < RADIUS_MM]
    contours = contour_stack(sphere(RADIUS_MM), positions_mm=positions, frame=AXIAL)
    roi = replace(plans.roi_named(sample, "GTVp"), contours=contours)
    context = RoiContext(roi=roi, grid=contouring_grid(CT, [roi], plans.SETTINGS), settings=plans.SETTINGS)

    def of(ct_value, mr_value):
        ct = written(folder / str(next(counter)), CT, ct_value, frame_uid="1.1", uid="1.5.1", step=0.01)
        mr = written(
            folder / str(next(counter)), MR, in_mr(mr_value), modality="MR", frame_uid="1.2", uid="1.5.2", step=0.01
        )
        mapping = FrameMapping(source_frame_uid="1.2", registered_from_source=CT_FROM_MR)
        sets = (
            ImageSet(series=(ct,), role=ImageRole.PLANNING, level=EvidenceLevel.REFERENCED, shown_by=""),
            ImageSet(series=(mr,), role=ImageRole.SECONDARY, level=EvidenceLevel.REGISTERED, shown_by=""),
        )
        registration = SpatialRegistration(sop_instance_uid="9", registered_frame_uid="1.1", mappings=(mapping,))
        case = replace(sample, planning_image=ct, image_sets=sets, registrations=(registration,), contoured_series=())
        (found,) = measure_sets(TargetImages(target=context, images=CaseImages(case=case, settings=plans.SETTINGS)))
        return found

    return of


def value(found, key):
    return found.values[f"image_set.{key}"].value


def condition(found, name):
    return next(each for each in found.conditions if each.id == name)


def test_a_border_further_out_is_that_much_further_out(measured):
    found = measured(edge(RADIUS_MM), edge(RADIUS_MM + 2, inside=60, outside=300))
    assert value(found, "border_difference_median") == pytest.approx(2, abs=0.3)
    assert value(found, "border_difference_p95") == pytest.approx(2, abs=0.8)
    assert value(found, "planning_border_at_contour") == 1
    assert value(found, "border_compared") > 0.95


def test_the_registration_is_told_in_the_patients_axes(measured):
    found = measured(edge(RADIUS_MM), edge(RADIUS_MM))
    back = np.linalg.inv(CT_FROM_MR)
    center = np.zeros(3)
    expected = back[:3, :3] @ center + back[:3, 3]
    offsets = [value(found, f"translation_{axis}") for axis in "xyz"]
    assert offsets == pytest.approx(expected, abs=0.3)  # the lattice's center is the target's to a part of its spacing
    assert value(found, "rotation") == pytest.approx(DEGREES, abs=1e-6)
    assert (value(found, "jacobian_p05"), value(found, "jacobian_p95")) == pytest.approx((1, 1), abs=1e-9)
    assert value(found, "folded") == 0
    assert "image_set.inverse_consistency_p95" not in found.values


def test_an_mr_is_used_where_the_contour_follows_its_border_and_not_the_cts(measured):
    found = measured(edge(RADIUS_MM + 5), edge(RADIUS_MM, inside=60, outside=300))
    assert condition(found, "used").is_met
    assert condition(found, "used").metric == "image_set.border_at_contour"
    assert condition(found, "used").value == value(found, "border_at_contour") > 0.95
    assert value(found, "planning_border_at_contour") < 0.05


@pytest.mark.parametrize("mr_radius_mm", [RADIUS_MM, RADIUS_MM + 5])
def test_an_mr_whose_border_the_ct_has_too_or_the_contour_does_not_follow_is_not_used(measured, mr_radius_mm):
    found = measured(edge(RADIUS_MM), edge(mr_radius_mm, inside=60, outside=300))
    assert not condition(found, "used").is_met


def test_an_image_that_cannot_be_read_is_not_called_absent(measured, monkeypatch):
    """Nor is it said to lie elsewhere, or to bound nothing."""

    def refuse(self, box):
        if self.series.modality == "MR":
            raise InputDataError("the pixels of the MR are broken", try_="another copy")
        return read(self, box)

    read = SeriesPixels.read
    monkeypatch.setattr(SeriesPixels, "read", refuse)
    found = measured(edge(RADIUS_MM), edge(RADIUS_MM))
    assert not found.counts
    for name in ("independent", "aligned", "covers", "used"):
        assert "could not" in condition(found, name).text
        assert "the pixels of the MR are broken" in condition(found, name).text


class Map:
    """A map of points with the number of registrations that it goes through."""

    def __init__(self, function, links=1):
        self.function, self.links = function, links

    def __call__(self, points_mm):
        return self.function(np.asarray(points_mm, float))


METRICS = {definition.key.removeprefix("image_set."): definition.compute for definition in IMAGE_SET}
HELD = np.column_stack([np.arange(1.0, 102), np.zeros(101), np.full(101, 5.0)])
"""Points of a target at x = 1, 2 ... 101 mm."""


def mapped(function, *, links=1, outside=((900.0, 0, 0),)):
    """What is measured of a set to which a map leads, on a target of these points with others around it."""
    points = np.concatenate([HELD, outside])
    lattice = SimpleNamespace(
        points_mm=points, is_inside=np.arange(len(points)) < len(HELD), center_mm=np.array([51.0, 0, 5])
    )  # fmt: skip
    tied = SimpleNamespace(point_map=None if function is None else Map(function, links))
    return SimpleNamespace(tied=tied, lattice=lattice)


def moved_by(*shift_mm):
    return lambda points: points + np.array(shift_mm)


@pytest.mark.parametrize("links", [1, 2])
def test_a_translation_is_told_axis_by_axis_and_neither_turns_nor_swells(links):
    found = mapped(moved_by(3, -4, 12), links=links)
    assert [METRICS[f"translation_{axis}"](found) for axis in "xyz"] == pytest.approx([3, -4, 12])
    assert METRICS["largest_displacement"](found) == pytest.approx(13)
    assert METRICS["rotation"](found) == pytest.approx(0, abs=1e-5)
    assert METRICS["jacobian_p05"](found) == METRICS["jacobian_p95"](found) == pytest.approx(1)
    assert METRICS["folded"](found) == 0


@pytest.mark.parametrize(
    "key", ["translation_x", "rotation", "largest_displacement", "jacobian_p05", "inverse_consistency_max"]
)
def test_without_a_registration_nothing_is_asked_of_it(key):
    for found in (mapped(None), mapped(moved_by(0, 0, 0), links=0)):
        found.images = SimpleNamespace(case=SimpleNamespace(planning_image="one"))
        with pytest.raises(NotApplicableError):
            METRICS[key](found)


def test_a_field_that_stretches_along_x_has_the_place_as_its_jacobian():
    """(x^2 / 2, y, z): x from 1 to 101, of which 6 and 96 are the 5th and the 95th percentile; none is negative."""
    found = mapped(lambda p: np.column_stack([p[:, 0] ** 2 / 2, p[:, 1:]]))
    assert METRICS["jacobian_p05"](found) == pytest.approx(6)
    assert METRICS["jacobian_p95"](found) == pytest.approx(96)
    assert METRICS["folded"](found) == 0
    center = mapped(lambda p: np.column_stack([(p[:, 0] - 11) ** 2 / 2, p[:, 1:]]))
    assert METRICS["folded"](center) == pytest.approx(11 / 101)  # up to x = 11, where it does not swell at all


def test_the_largest_displacement_is_that_of_the_farthest_moved_point_of_the_target():
    """A scale of 1.02 about the origin moves the last point, at (101, 0, 5), by 2% of its distance."""
    assert METRICS["largest_displacement"](mapped(lambda p: 1.02 * p)) == pytest.approx(0.02 * np.hypot(101, 5))


@pytest.mark.parametrize("degrees", [0.5, 30, 150])
@pytest.mark.parametrize("scale", [1.0, 1.3])
def test_a_rotation_is_told_whatever_the_scale(degrees, scale):
    turn = scale * rigid([1, 2, 2], degrees, (7, 8, 9))[:3, :3]
    assert METRICS["rotation"](mapped(lambda p: p @ turn.T + 5)) == pytest.approx(degrees, abs=1e-5)


def test_where_a_registration_is_undefined_the_rest_counts_and_nowhere_it_is_not_measured():
    def partly(points):
        return np.where(points[:, :1] > 51.5, np.nan, np.add(points, (0, 0, 2)))

    found = mapped(partly)
    assert METRICS["largest_displacement"](found) == pytest.approx(2)
    assert METRICS["jacobian_p95"](found) == pytest.approx(1)
    assert METRICS["translation_z"](found) == pytest.approx(2)
    with pytest.raises(NotMeasurableError, match="undefined at the target's center"):
        METRICS["rotation"](found)
    nowhere = mapped(lambda points: points * np.nan)
    for key, where in (
        ("translation_x", "at the target's center"),
        ("rotation", "at the target's center"),
        ("largest_displacement", "in the target"),
        ("jacobian_p05", "in the target"),
    ):
        with pytest.raises(NotMeasurableError, match=where):
            METRICS[key](nowhere)


def there_and_back(monkeypatch, back, *, links=1):
    monkeypatch.setattr(image_set, "space_of", lambda series, registrations: "the image's frame")
    monkeypatch.setattr(image_set, "deformation_back", lambda registrations, target, source: back)
    found = mapped(moved_by(0, 0, 2), links=links)
    found.tied.series = "the series"
    found.images = SimpleNamespace(
        case=SimpleNamespace(planning_image=SimpleNamespace(frame_of_reference_uid="1.1"), registrations=())
    )
    return found


def test_points_miss_their_place_there_and_back_by_what_the_way_back_errs(monkeypatch):
    """Back by 2 mm and x / 10 along y: from 0.1 to 10.1 mm, the 95th percentile 9.6."""
    found = there_and_back(monkeypatch, lambda p: p + np.column_stack([0 * p[:, 0], p[:, 0] / 10, 0 * p[:, 0] - 2]))
    assert METRICS["inverse_consistency_max"](found) == pytest.approx(10.1)
    assert METRICS["inverse_consistency_p95"](found) == pytest.approx(9.6)
    with pytest.raises(NotMeasurableError, match="deformations are undefined"):
        METRICS["inverse_consistency_max"](there_and_back(monkeypatch, lambda p: p * np.nan))


@pytest.mark.parametrize(("back", "links"), [(None, 1), (moved_by(0, 0, -2), 2)])
def test_a_way_back_is_asked_for_one_deformation_that_has_one(monkeypatch, back, links):
    with pytest.raises(NotApplicableError):
        METRICS["inverse_consistency_max"](there_and_back(monkeypatch, back, links=links))


def bordered(own, planning, *, own_visible=None, planning_visible=None):
    def borders(positions, visible):
        return Borders(
            position_mm=np.array(positions, float), is_visible=np.ones(len(positions)) if visible is None else visible
        )

    return SimpleNamespace(
        borders=borders(own, own_visible), planning=SimpleNamespace(borders=borders(planning, planning_visible))
    )


def test_borders_are_compared_where_both_show_one():
    """Differences of 0 to 100 tenths of a millimeter, of either sign; further normals that one image alone shows."""
    difference = np.concatenate([np.arange(101) / 10 * np.tile([1, -1], 51)[:101], [500, 500, 500]])
    visible = np.ones(104, bool)
    own, planning = visible.copy(), visible.copy()
    own[[101, 103]] = planning[[102, 103]] = False
    found = bordered(difference + 1, np.ones(104), own_visible=own, planning_visible=planning)
    assert METRICS["border_difference_median"](found) == pytest.approx(5)
    assert METRICS["border_difference_p95"](found) == pytest.approx(9.5)
    assert METRICS["border_compared"](found) == pytest.approx(101 / 104)


def test_fifty_normals_are_enough_to_compare_borders():
    assert METRICS["border_difference_median"](bordered(np.full(50, 3.0), np.full(50, 1.0))) == pytest.approx(2)
    with pytest.raises(NotMeasurableError, match="fewer than 50 normals"):
        METRICS["border_difference_median"](bordered(np.full(49, 3.0), np.full(49, 1.0)))


def test_a_border_is_at_the_contour_within_three_millimeters():
    found = bordered([0, 3.0, -3.0, 3.01, -3.01, 1], [9, 9, 9, 9, 9, 1], own_visible=[1, 1, 1, 1, 1, 0])
    assert METRICS["border_at_contour"](found) == pytest.approx(3 / 6)
    assert METRICS["planning_border_at_contour"](found) == pytest.approx(1 / 6)


def test_coverage_is_of_the_target_and_of_ten_millimeters_around_it():
    distance = np.array([0, 0, 0, 0, 0.1, 5, 10, 10.01, 40])
    defined = np.array([1, 1, 1, 0, 1, 0, 0, 1, 1], bool)
    found = SimpleNamespace(lattice=SimpleNamespace(distance_mm=distance), is_defined=defined)
    assert METRICS["target_covered"](found) == pytest.approx(3 / 4)
    assert METRICS["shell_covered"](found) == pytest.approx(1 / 3)


def test_a_box_is_compared_to_twenty_millimeters_around_a_target():
    corners = shell_corners_mm(np.array([[0, 0, 0], [3, 4, -5.0]]))
    assert len(np.unique(corners, axis=0)) == 8
    assert corners.min(axis=0).tolist() == [-20, -20, -25]
    assert corners.max(axis=0).tolist() == [23, 24, 20]


@pytest.mark.parametrize(
    ("extents", "sizes", "expected"),
    [
        (((30, 50), (100, 180), (100, 180)), (100, 512, 512), ((30, 50), (100, 180), (100, 180))),
        (((30, 34), (100, 110), (100, 120)), (100, 512, 512), ((24, 40), (73, 137), (78, 142))),  # at least 16, 64, 64
        (((10, 60), (100, 300), (90, 300)), (100, 512, 512), ((19, 51), (152, 248), (147, 243))),  # at most 32, 96, 96
        (((0, 4), (0, 10), (0, 70)), (100, 512, 512), ((0, 16), (0, 64), (0, 70))),
        (((5, 9), (20, 40), (20, 40)), (10, 48, 50), ((0, 10), (0, 48), (0, 50))),
    ],
)
def test_a_box_has_at_least_and_at_most_so_many_voxels_about_its_middle(monkeypatch, extents, sizes, expected):
    at = SimpleNamespace(k=extents[0], j=extents[1], i=extents[2])
    monkeypatch.setattr(image_set, "box_around", lambda image, points: at)
    image = SimpleNamespace(slice_origins_mm=np.zeros((sizes[0], 3)), rows=sizes[1], columns=sizes[2])
    found = box_about(image, np.zeros((1, 3)))
    assert (found.k, found.j, found.i) == expected


def alike(*likenesses, compared=(), point_map="one"):
    found = SimpleNamespace(
        likenesses=tuple((f"set {n}", each) for n, each in enumerate(likenesses)),
        _compared=compared, tied=SimpleNamespace(point_map=point_map, reason="no registration"),
    )  # fmt: skip
    return SetContext.most_alike.fget(found)


def test_the_most_alike_set_is_a_copy_first_and_then_the_one_of_the_largest_correlation():
    low, strong = (
        Likeness(rank_correlation=0.9, fine_correlation=0.1),
        Likeness(rank_correlation=0, fine_correlation=-0.5),
    )
    ranked = Likeness(rank_correlation=-0.4)
    copy = Likeness(rank_correlation=0.1, fine_correlation=0.0, carried=0.95, noise_carried=0.95)
    assert copy.is_copy
    assert alike(low, strong, ranked) == ("set 1", strong)
    assert alike(low, ranked) == ("set 1", ranked)
    assert alike(low, strong, copy) == ("set 2", copy)


def test_what_cannot_be_compared_says_why_once():
    with pytest.raises(NotMeasurableError, match=r"^no registration$"):
        alike(point_map=None)
    with pytest.raises(NotMeasurableError, match=r"^one reason; another$"):
        alike(compared=(("a", "one reason"), ("b", "another"), ("c", "one reason")))
    with pytest.raises(NotMeasurableError, match=r"^no other image set is tied"):
        alike()


def of_likeness(**facts):
    stated = {"filtered": None, "is_copy": False, "by_gray_levels": None, "fine_correlation": None}
    return SimpleNamespace(most_alike=("a set", SimpleNamespace(**stated | facts)))


def test_a_filter_is_told_or_why_none_was_asked_for():
    assert METRICS["filter_explained"](of_likeness(filtered=SimpleNamespace(explained=0.4))) == 0.4
    for facts, words in (
        ({"is_copy": True}, "not asked: noise or ranks already tell a copy"),
        ({}, "no fine structure"),
        ({"by_gray_levels": 0.123}, "gray levels explain 12% of"),
        ({"by_gray_levels": -0.5}, "gray levels explain 0% of"),
    ):
        with pytest.raises(NotMeasurableError, match=words):
            METRICS["filter_explained"](of_likeness(**facts))
    with pytest.raises(NotMeasurableError, match="no fine structure"):
        METRICS["fine_structure_correlation"](of_likeness())
    assert METRICS["fine_structure_correlation"](of_likeness(fine_correlation=0.0)) == 0


def test_a_threshold_that_no_voxel_reaches_agrees_with_nothing(monkeypatch):
    """SUVbw 2.5 and 4.0 are above all; of the rest the larger Dice counts."""
    dice = {"": 0.3, "_50_percent": 0.7}
    monkeypatch.setattr(pet, "gtv_dice", lambda context, threshold: dice[threshold.key])
    context = SimpleNamespace(above=lambda threshold: np.array([threshold.key in dice]))
    assert [image_set._dice(context, each) for each in pet.THRESHOLDS] == [0.3, 0.7, 0.0, 0.0]


def test_an_image_is_defined_where_it_has_a_value():
    values = np.array([1.0, np.nan, 0.0])
    found = SetContext.is_defined.func(SimpleNamespace(_movable=SimpleNamespace(values=lambda: values)))
    assert found.tolist() == [True, False, True]

    def broken():
        raise InputDataError("its pixels are broken.", "another copy.")

    with pytest.raises(NotMeasurableError, match=r"^its pixels are broken$"):
        SetContext.is_defined.func(SimpleNamespace(_movable=SimpleNamespace(values=broken)))


def uptake(modality, *fused):
    tied = SimpleNamespace(image_set=SimpleNamespace(modality=modality), reason="not tied")
    images = [SimpleNamespace(tied=tied if own else object(), **facts) for own, facts in fused]
    return METRICS["uptake_dice"](SimpleNamespace(tied=tied, found=SimpleNamespace(fused=images)))


def test_uptake_is_asked_of_a_pet_and_told_why_it_has_none():
    with pytest.raises(NotApplicableError):
        uptake("MR")
    with pytest.raises(NotMeasurableError, match="not tied"):
        uptake("PT", (False, {"values": "some", "reason": ""}))
    with pytest.raises(NotMeasurableError, match="no SUV"):
        uptake("PT", (False, {"values": "some", "reason": ""}), (True, {"values": None, "reason": "no SUV"}))


def test_a_set_that_no_registration_leads_to_has_no_borders_and_cannot_be_moved():
    untied = SimpleNamespace(point_map=None, reason="no registration leads to it")
    for asked in (
        lambda: image_set.borders_along(None, untied, None),
        lambda: SetContext._movable.func(SimpleNamespace(tied=untied)),
    ):
        with pytest.raises(NotMeasurableError, match="no registration leads to it"):
            asked()


@pytest.mark.parametrize(
    "fault", [ValueError("too little in common"), InputDataError("too little in common.", "more.")]
)
def test_an_alignment_that_fails_says_why(monkeypatch, fault):
    def fail(values, movable):
        raise fault

    monkeypatch.setattr(image_set, "alignment_of", fail)
    context = SimpleNamespace(planning=SimpleNamespace(values=None), _movable=None)
    with pytest.raises(NotMeasurableError, match=r"^too little in common$"):
        SetContext.alignment.func(context)
