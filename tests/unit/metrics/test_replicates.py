"""Redrawing: how far and how evenly it moves contours, what it leaves alone, and that a steady plan is steady."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.metrics import contour, shape
from rtcomplexity.metrics import replicates as module
from rtcomplexity.metrics.context import UnionContext
from rtcomplexity.metrics.course import union_of
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.metrics.replicates import MOST_VERTICES, SHAPE_KEYS, Replicates, displaced, from_middle, replicates
from rtcomplexity.metrics.scored import SHAPE, measure_shape
from rtcomplexity.model.case import Case
from rtcomplexity.model.structure_set import Contours, Roi, StructureSet, TargetClass
from rtcomplexity.scoring.profile import StabilityRules
from rtcomplexity.scoring.stability import measure_stability
from rtcomplexity.settings import Settings
from rtcomplexity.testing import OBLIQUE, contour_stack, plane_positions, sphere
from rtcomplexity.units import Unit
from unit.geometry.stacks import on_planes, square, stacked
from unit.metrics.contexts import context_of

BALL = sphere(20.0)
TURN = np.linspace(0, 2 * np.pi, 60, endpoint=False)
PIECES = (
    "scored.component_count",
    "scored.planes_with_components",
    "scored.planes_with_holes",
    "scored.branching_count",
)


def drawn(solid=BALL, spacing_mm=3.0, **frame):
    positions = plane_positions(solid, spacing_mm, 0.5)
    contours = contour_stack(solid, positions_mm=positions, points_per_contour=48, **frame)
    return union_of([context_of(contours, number=1)])


def redrawer(target=None, values=None, seed=b"\x01\x02", blur_mm=1.0):
    target = target or drawn()
    context = UnionContext(grid=target.grid, settings=target.settings, union=target.stack)
    return Replicates(target=context, values=values or {}, seed=seed, shape_blur_mm=blur_mm)


def fields(count, seed=b"\x07"):
    made = redrawer(seed=seed)
    return [made._field(number) for number in range(count)]


def test_contours_move_by_two_millimeters_along_each_axis():
    """4,000 fields at one place: the standard error of the deviation is about 1 %."""
    place = np.array([[3.0, -5.0, 8.0]])
    moved = np.array([field.at(place)[0] for field in fields(4000)])
    assert np.std(moved, axis=0) == pytest.approx([2.0, 2.0], rel=0.05)
    assert np.mean(moved, axis=0) == pytest.approx([0.0, 0.0], abs=0.15)
    assert np.corrcoef(moved.T)[0, 1] == pytest.approx(0.0, abs=0.06)


@pytest.mark.parametrize("direction", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.6, 0.0, 0.8)])
@pytest.mark.parametrize(
    ("distance_mm", "correlation"), [(20.0, np.exp(-0.5)), (40.0, np.exp(-2.0)), (5.0, np.exp(-1 / 32))]
)
def test_displacements_hang_together_over_twenty_millimeters(direction, distance_mm, correlation):
    """A Gaussian correlation of length 20 mm, the same along every direction."""
    places = np.array([np.zeros(3), distance_mm * np.array(direction)])
    moved = np.array([field.at(places)[:, 0] for field in fields(2500)])
    assert np.corrcoef(moved.T)[0, 1] == pytest.approx(correlation, abs=0.05)


def test_the_realized_deviation_of_redrawn_contours_is_that_of_observers():
    """Vertices move by 2 mm (rms) perpendicular to a circle's border: published local deviations are 1.2 to 2.1 mm."""
    target = drawn()
    made, stack = redrawer(target), target.stack
    middle = np.repeat(
        [p.mean(axis=0) for p in np.split(stack.points_mm, stack.contour_offsets[1:-1])],
        np.diff(stack.contour_offsets),
        axis=0,
    )
    outward = stack.points_mm - middle
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    moves = [displaced(stack, made._field(n), from_middle(stack)).points_mm - stack.points_mm for n in range(300)]
    local = np.std([np.sum(move * outward, axis=1) for move in moves], axis=0)
    assert np.sqrt(np.mean(local**2)) == pytest.approx(2.0, abs=0.15)


def test_a_redrawing_stays_in_its_planes_and_keeps_its_contours():
    stack = drawn(frame=OBLIQUE).stack
    moved = displaced(stack, fields(1)[0], from_middle(stack))
    assert np.array_equal(moved.positions_mm, stack.positions_mm)
    assert np.array_equal(moved.contour_offsets, stack.contour_offsets)
    assert not np.allclose(moved.points_mm, stack.points_mm, atol=0.1)


def test_redrawing_does_not_depend_on_where_the_target_lies():
    here, field = drawn().stack, fields(1)[0]
    shift = np.array([140.0, -37.0])
    there = replace(here, points_mm=here.points_mm + shift, positions_mm=here.positions_mm + 512.0)
    assert displaced(there, field, from_middle(there)).points_mm - shift == pytest.approx(
        displaced(here, field, from_middle(here)).points_mm, abs=1e-6
    )


def values_of(target, **others):
    shape = measure_shape(target, 1.0)
    return {**shape, "scored.volume": Measurement.of(33.5, Unit.CM3), **others}


def test_the_same_seed_and_number_give_the_same_redrawing():
    values = values_of(drawn())
    first, again = redrawer(values=values)(3), redrawer(values=values)(3)
    assert {key: each.value for key, each in first.items()} == {key: each.value for key, each in again.items()}


@pytest.mark.parametrize("other", [{"seed": b"\x01\x03"}, {"number": 4}])
def test_another_seed_or_number_gives_another_redrawing(other):
    values = values_of(drawn())
    one = redrawer(values=values)(3)["scored.volume"].value
    another = redrawer(values=values, seed=other.get("seed", b"\x01\x02"))(other.get("number", 3))[
        "scored.volume"
    ].value
    assert abs(one - another) > 0.01


def test_what_images_and_organs_say_is_held():
    held = {
        "scored.ct_border_contrast": Measurement.of(312.0, Unit.NONE),
        "scored.phases": Measurement.of(0.0, Unit.NONE),
    }
    redrawn = redrawer(values=values_of(drawn(), **held))(0)
    assert {key: redrawn[key].value for key in held} == {"scored.ct_border_contrast": 312.0, "scored.phases": 0.0}


def test_sizes_and_shape_are_carried_over_as_ratios():
    """What redrawing changes is measured on the same coarse grid twice; the value as measured is scaled by it."""
    values = values_of(drawn())
    other = {key: Measurement.of(2 * each.value, each.unit) for key, each in values.items()}
    one, two = redrawer(values=values)(5), redrawer(values=other)(5)
    for key in (*(each.key for each in SHAPE), "scored.volume"):
        assert two[key].value == pytest.approx(2 * one[key].value, rel=1e-4), key


def test_a_ball_redrawn_stays_about_a_ball():
    """Deviation 2 mm on a radius of 20 mm: its sphericity changes by under 3 % and its volume by under 20 % (1 SD)."""
    made = redrawer(values=values_of(drawn()))
    found = [made(number) for number in range(24)]
    volumes = np.array([each["scored.volume"].value for each in found])
    rounds = np.array([each["scored.sphericity_ratio"].value for each in found])
    assert 0.03 < np.std(volumes) / 33.5 < 0.2
    assert np.std(rounds) < 0.03
    assert np.mean(rounds) > 0.93


def test_long_contours_are_thinned_before_they_are_redrawn():
    contours = contour_stack(BALL, positions_mm=(-3.0, 0.0, 3.0), points_per_contour=3 * MOST_VERTICES)
    rois = (Roi(number=1, name="GTV", contours=contours, target_class=TargetClass.GTV),)
    structure_set = StructureSet(sop_instance_uid="1", series_uid="", study_uid="", patient_key="", rois=rois)
    case = Case(plan_id="1", structure_set=structure_set, chosen_because="")
    made = replicates(MeasuredCase(case=case, settings=Settings()), (1,), {}, seed=b"\x01", shape_blur_mm=1.0)
    assert np.diff(made.target.stack.contour_offsets).max() <= MOST_VERTICES


def stability_of(threshold):
    """Share of redrawings of a ball that stay on the side of a threshold of its volume where the ball is."""
    made = redrawer(values=values_of(drawn()))

    def verdicts(plans):
        return ["large" if values["scored.volume"].value > threshold else "small" for values in plans]

    return measure_stability(
        made.values, lambda numbers: [made(n) for n in numbers], verdicts, StabilityRules(replicates=24, extended_to=24)
    ).share


def test_a_plan_far_from_the_cutoff_is_steady_and_one_on_it_is_not():
    assert stability_of(15.0) == stability_of(60.0) == 1.0
    assert stability_of(33.0) < 0.8


def test_what_is_told_of_a_redrawing_before_its_shape_is_what_the_whole_tells():
    made = redrawer(values=values_of(drawn()))
    whole, (part,) = made(2), made.without_shape([2])
    assert {key: each.value for key, each in part.items()} == {
        key: each.value for key, each in whole.items() if key not in SHAPE_KEYS
    }
    assert whole.keys() - part.keys() == SHAPE_KEYS


@pytest.mark.parametrize("points_at_once", [1, 3000, 10**9])
def test_redrawings_measured_together_are_what_each_is_alone(monkeypatch, points_at_once):
    """Two balls that a redrawing may join: pieces change from one to the next."""
    plane = [np.column_stack([x + 9 * np.cos(TURN), 9 * np.sin(TURN)]) for x in (-9.3, 9.3)]
    points = np.concatenate([np.column_stack([c, np.full(len(c), z)]) for z in (0.0, 3.0, 6.0) for c in plane])
    offsets = np.arange(0, len(points) + 1, len(TURN))
    target = union_of([context_of(Contours(points_mm=points, offsets=offsets, geometric_types=np.zeros(6, np.int8)))])
    made, keys = redrawer(target, values=values_of(target)), PIECES
    monkeypatch.setattr(module, "POINTS_AT_ONCE", points_at_once)
    together = [{key: each[key].value for key in keys} for each in made.without_shape(range(24))]
    alone = [_pieces_alone(made._redrawn(number)) for number in range(24)]
    assert together == [pytest.approx(each, rel=1e-5) for each in alone]
    assert len({each["scored.component_count"] for each in alone}) > 1


def _pieces_alone(context):
    return {
        "scored.component_count": shape.component_count(context),
        "scored.planes_with_components": contour.planes_with_components(context) / 3,
        "scored.planes_with_holes": contour.planes_with_holes(context) / 3,
        "scored.branching_count": shape.branching_count(context),
    }


def test_every_vertex_moves_by_the_field_at_its_place_from_the_middle():
    """Of two squares of 10 mm about (5, 7), 6 mm apart: the middle is (5, 7) half way between both planes."""
    stack = stacked(on_planes((0, square(10, (5, 7))), (6, square(10, (5, 7)))), [0, 6]).stack
    asked = []

    def at(places_mm):
        asked.append(np.array(places_mm))
        return places_mm[:, :2] * [0.1, 0.2] + [1.0, -2.0]

    found = displaced(stack, SimpleNamespace(at=at), from_middle(stack))
    away = stack.points_mm - [5, 7]
    assert np.concatenate(asked) == pytest.approx(np.column_stack([away, np.repeat([-3.0, 3.0], 4)]))
    assert found.points_mm == pytest.approx(stack.points_mm + away * [0.1, 0.2] + [1.0, -2.0])


def test_a_field_is_a_sum_of_waves():
    """Of m waves each displacement is the deviation times the root of 2 / m times the sum of their cosines."""
    rng = np.random.default_rng(4)
    field = module.SmoothField(waves=rng.normal(0, 0.1, (5, 3)), phases=rng.uniform(0, 6, (2, 5)), deviation_mm=1.5)
    points_mm = rng.normal(0, 30, (3000, 3))
    turns = points_mm @ field.waves.T
    expected = [1.5 * np.sqrt(2 / 5) * np.cos(turns + phase).sum(axis=1) for phase in field.phases]
    assert field.at(points_mm) == pytest.approx(np.column_stack(expected), abs=1e-9)


def test_values_are_scaled_by_what_both_drawings_have_and_the_original_is_not_without():
    values = {key: Measurement.of(value, Unit.MM) for key, value in (("a", 10), ("b", 5), ("d", 3))}
    made = redrawer(values=values | {"e": Measurement.missing("unknown", Unit.MM)})
    scaled = made._scaled({"a": 3.0, "b": 1.0, "e": 2.0, "f": 1.0, "d": 1.0}, {"a": 2.0, "b": 0.0, "c": 1.0, "e": 1.0})
    assert scaled == {"a": Measurement.of(15, Unit.MM)}
