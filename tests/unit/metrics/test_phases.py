"""A target over the phases of a 4D acquisition: spheres of known volume at known places, drawn phase by phase."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.fusion.contoured_phases import case_phases
from rtcomplexity.metrics import phases
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.phases import (
    PhasesContext,
    TargetOnPhase,
    centroid_excursion_mm,
    centroid_mm,
    centroid_range_mm,
    envelope_ratio,
    of_one_phase,
    phase_count,
    volume_max_cm3,
    volume_min_cm3,
)
from rtcomplexity.settings import Settings
from rtcomplexity.testing import AXIAL, contour_stack
from rtcomplexity.testing.description import (
    ImageDescription,
    PlanDescription,
    RoiDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.radial import sphere
from unit.fusion.images import ball, grid, runs_of
from unit.geometry.stacks import on_planes, square
from unit.metrics.contexts import context_of

SETTINGS = Settings()
GRID = grid(shape=(20, 60, 64), spacing=(2.5, 1.0, 1.25), origin=(-40, -30, -24))
PHASES = ("0%", "30%", "60%")
PLACES_MM = ((0.0, 0.0, 0.0), (3.0, 0.0, -5.0), (1.0, 2.0, 2.5))
RADII_MM = (9.0, 10.0, 8.5)


def table_of(case, **options):
    return measure(MeasuredCase(case=case, settings=SETTINGS), **options)


def roi(number, name, place_mm, radius_mm, interpreted_type="GTV"):
    frame = replace(AXIAL, origin_mm=np.array(place_mm))
    positions = [z - place_mm[2] for z in GRID.slice_positions_mm if abs(z - place_mm[2]) < radius_mm]
    return RoiDescription(
        number=number,
        name=name,
        contours=contour_stack(sphere(radius_mm), positions_mm=positions, frame=frame),
        interpreted_type=interpreted_type,
    )


def phase_image(n, **changes):
    values = np.zeros((20, 60, 64), np.float32)
    return ImageDescription(
        key=f"ct{n}", modality="CT", grid=GRID, values=values, description=f"4D {PHASES[n]}", **changes
    )


def drawn(n, *rois, **changes):
    return StructureSetDescription(rois=rois, key=f"rs{n}", image_key=f"ct{n}", **changes)


def plan(sets, images=None):
    return PlanDescription(
        key="four dimensions",
        patient=SyntheticPatient(patient_id="1"),
        images=tuple(phase_image(n) for n in range(3)) if images is None else images,
        structure_sets=sets,
    )


def one_a_phase(names=("GTV", "gtv ", "GTV")):
    return tuple(drawn(n, roi(1, names[n], PLACES_MM[n], RADII_MM[n]), date=f"2020010{9 - n}") for n in range(3))


def read(folder, description):
    write_plan(folder, description)
    return read_case(folder, settings=SETTINGS)


def values_of(case):
    (gross,) = [each for each in table_of(case).rois if "shape.volume" in each.values]
    return {key: each.value for key, each in gross.values.items() if key.startswith("phase.")}


def test_the_phases_of_one_acquisition_are_one_set_and_each_phases_set_is_found(tmp_path):
    case = read(tmp_path, plan(one_a_phase()))
    assert [len(image_set.series) for image_set in case.image_sets] == [3]
    assert len(case.phase_sets) == len(case.alternatives) == 2
    assert len(case_phases(case).phases) == 3
    assert [phase.number for phase in case_phases(case).phases] == [1, 2, 3]


def test_volume_and_centroid_over_phases_are_those_that_were_drawn(tmp_path):
    found = values_of(read(tmp_path, plan(one_a_phase())))
    assert found["phase.count"] == 3
    assert found["phase.volume_min"] == pytest.approx(4 / 3 * np.pi * 8.5**3 / 1000, rel=0.02)
    assert found["phase.volume_max"] == pytest.approx(4 / 3 * np.pi * 10**3 / 1000, rel=0.02)
    apart = np.linalg.norm(np.subtract(PLACES_MM[1], PLACES_MM[2]))
    assert found["phase.centroid_excursion"] == pytest.approx(apart, abs=0.2)  # slices are 2.5 mm apart
    ranges = [found[f"phase.motion_{axis}"] for axis in "xyz"]
    assert ranges == pytest.approx(np.ptp(PLACES_MM, axis=0), abs=0.2)


def test_the_envelope_of_two_spheres_apart_is_both_and_of_equal_phases_is_one():
    def ratio(*centers):
        bodies = [runs_of(ball(GRID, np.array(center), 8.0)) for center in centers]
        phases = [
            SimpleNamespace(context=SimpleNamespace(runs=runs, grid=SimpleNamespace(image=GRID))) for runs in bodies
        ]
        return envelope_ratio(SimpleNamespace(phases=tuple(phases)))

    assert ratio((0, 0, 0), (0, 0, 0)) == 1
    assert ratio((-20, 0, 0), (15, 0, 0)) == 2
    distance = 8.0
    lens = np.pi * (2 * 8 - distance) ** 2 * (distance**2 + 4 * distance * 8) / (12 * distance)
    body = 4 / 3 * np.pi * 8**3
    assert ratio((0, 0, 0), (distance, 0, 0)) == pytest.approx((2 * body - lens) / body, rel=0.02)


def test_the_only_gross_target_of_each_set_is_the_same_whatever_its_name(tmp_path):
    assert values_of(read(tmp_path, plan(one_a_phase(("GTV", "tumor", "GTV-50")))))["phase.count"] == 3


def test_among_several_targets_only_equal_names_are_the_same(tmp_path):
    extra = roi(2, "GTVn", (20.0, 0, 0), 5.0)
    sets = tuple(replace(each, rois=(*each.rois, extra)) for each in one_a_phase(("GTV", "primary", "GTV")))
    case = read(tmp_path, plan(sets))
    counts = {
        each.roi_number: each.values["phase.count"].value
        for each in table_of(case).rois
        if "phase.count" in each.values
    }
    assert counts == {1: 2, 2: 3}


def test_phases_nobody_drew_on_are_no_metric(tmp_path):
    case = read(tmp_path, plan(one_a_phase()[:1]))
    assert len(case_phases(case).phases) == 1
    assert values_of(case) == {}


def test_a_rejected_set_and_one_without_a_gross_target_are_no_phase(tmp_path):
    first, second, third = one_a_phase()
    sets = (
        first,
        replace(second, approval_status="REJECTED"),
        replace(third, rois=(roi(1, "Lung_L", (0, 0, 0), 9.0, "ORGAN"),)),
    )
    assert len(case_phases(read(tmp_path, plan(sets))).phases) == 1


def test_without_phases_there_are_none(tmp_path):
    case = read(tmp_path, plan(one_a_phase()[:1], (replace(phase_image(0), description="CT"),)))
    assert case_phases(case).phases == ()
    assert values_of(case) == {}


def test_the_average_is_planned_on_and_the_phases_count(tmp_path):
    """The usual way: the plan is drawn on the average of the phases, which is no phase and no image set of its own."""
    average = replace(phase_image(0), key="avg", description="average", image_type=("DERIVED", "SECONDARY", "AVERAGE"))
    on_average = StructureSetDescription(
        rois=(roi(1, "GTV", (1.0, 1.0, 0.0), 12.0), roi(2, "PTV", (1.0, 1.0, 0.0), 17.0, "PTV")), image_key="avg"
    )
    case = read(tmp_path, plan((on_average, *one_a_phase()), (*plan(()).images, average)))
    assert case.planning_image.description == "average"
    assert len(case_phases(case).phases) == 3
    gross = next(each for each in table_of(case).rois if each.roi_number == 1)
    assert gross.values["phase.count"].value == 3
    assert gross.values["phase.volume_max"].value < 0.7 * gross.values["shape.volume"].value


def test_a_phase_that_is_measured_is_part_of_the_plans_identity(tmp_path):
    sets = one_a_phase()
    other = replace(sets[1], rois=(roi(1, "GTV", PLACES_MM[1], 7.0),))
    first = read(tmp_path / "a", plan(sets))
    second = read(tmp_path / "b", plan((sets[0], other, sets[2])))
    assert first.plan_id != second.plan_id


def test_the_centroid_of_voxels_is_their_mean_in_space():
    image = grid(heights=np.cumsum([3, 2, 4, 3, 2.5, 3, 3, 2, 4, 3, 3, 3]))
    mask = ball(image, np.array([2.0, 1.0, 5.0]), 7.0)
    slabs = np.gradient(image.slice_positions_mm)
    slabs[0], slabs[-1] = np.diff(image.slice_positions_mm)[[0, -1]]
    index = np.argwhere(mask)
    points = image.slice_origins_mm[index[:, 0]] + index[:, 1:2] * image.column_direction * 1.5
    points = points + index[:, 2:3] * image.row_direction * 1.25
    expected = np.average(points, axis=0, weights=slabs[index[:, 0]])
    np.testing.assert_allclose(centroid_mm(runs_of(mask), image), expected, atol=1e-9)


def of_phases(monkeypatch, *numbers, copied=(), same=None):
    """Gross targets by the phase that each was drawn on, 0 the planning image: which are scored, and the issues."""
    gross = [SimpleNamespace(roi=SimpleNamespace(number=10 + place)) for place in range(len(numbers))]
    phase_of = {10 + place: SimpleNamespace(number=number) if number else None for place, number in enumerate(numbers)}
    found = SimpleNamespace(phase_of=lambda roi: phase_of[roi.number], copied=copied)
    monkeypatch.setattr(phases, "matching_target", lambda *_: same)
    kept, issues = of_one_phase(gross, found)
    return [each.roi.number for each in kept], [(each.subject, each.code) for each in issues]


def test_targets_of_the_planning_image_are_scored_before_those_of_phases(monkeypatch):
    kept, issues = of_phases(monkeypatch, 2, 0, 2, 0)
    assert kept == [11, 13]
    assert issues == [("roi:10", "gross-target-of-other-phase"), ("roi:12", "gross-target-of-other-phase")]


@pytest.mark.parametrize(
    ("numbers", "kept"), [((3, 1, 3), [10, 12]), ((3, 1), [11]), ((2, 1, 1, 2, 5), [11, 12]), ((4,), [10]), ((), [])]
)
def test_else_those_of_the_phase_with_most_of_them_are_the_first_of_several(monkeypatch, numbers, kept):
    found, issues = of_phases(monkeypatch, *numbers)
    assert found == kept
    codes = {True: "scored-on-phase", False: "gross-target-of-other-phase"}
    assert issues == [(f"roi:{10 + n}", codes[10 + n in kept]) for n in range(len(numbers))]


def test_copied_phases_are_said_first(monkeypatch):
    _, issues = of_phases(monkeypatch, 0, copied=(2, 3))
    assert issues == [("plan", "phase-contours-copied")]


def over_phases(*contexts):
    return PhasesContext(phases=tuple(TargetOnPhase(context=each) for each in contexts))


def test_an_envelope_is_told_on_the_phases_own_voxels():
    """Two boxes of 4 x 4 voxels on two slices that share half of their voxels: 48 of 32 each."""
    image = grid(shape=(6, 20, 20), spacing=(3.0, 1.0, 1.0), origin=(0, 0, 0))
    boxes = [on_planes(*((z, square(4, (8.0 + shift, 8.5))) for z in (3.0, 6.0))) for shift in (0.5, 2.5)]
    same = over_phases(*(context_of(each, image=image) for each in boxes))
    assert envelope_ratio(same) == pytest.approx(48 / 32)
    assert (phase_count(same), volume_min_cm3(same), volume_max_cm3(same)) == pytest.approx((2, 0.096, 0.096))
    assert [centroid_range_mm(same, axis) for axis in range(3)] == pytest.approx([2, 0, 0])
    assert centroid_excursion_mm(same) == pytest.approx(2)


@pytest.mark.parametrize(
    ("change", "shares"),
    [
        ({}, True),
        ({"origin": (0.009, 0, 0)}, True),
        ({"origin": (0.011, 0, 0)}, False),
        ({"spacing": (3.0, 1.0, 1.0004)}, True),
        ({"spacing": (3.0, 1.0, 1.0006)}, False),
        ({"spacing": (3.0, 1.0006, 1.0)}, False),
        ({"shape": (6, 20, 21)}, False),
        ({"shape": (6, 21, 20)}, False),
        ({"shape": (7, 20, 20)}, False),
    ],
)
def test_phases_share_their_voxels_to_a_hundredth_of_a_millimeter(change, shares):
    stated = {"shape": (6, 20, 20), "spacing": (3.0, 1.0, 1.0), "origin": (0, 0, 0)}
    drawn = on_planes((3.0, square(4, (8.5, 8.5))), (6.0, square(4, (8.5, 8.5))))
    both = over_phases(*(context_of(drawn, image=grid(**stated | more)) for more in ({}, change)))
    if shares:
        assert envelope_ratio(both) == pytest.approx(1)
    else:
        with pytest.raises(NotMeasurableError, match="share their voxels"):
            envelope_ratio(both)


def test_a_target_on_its_own_image_is_measured_as_it_was_and_on_another_on_that_ones_slices():
    own, other = (grid(shape=(6, 20, 20), spacing=(3.0, 1.0, 1.0), origin=(x, 0, 0)) for x in (0, 1))
    here = context_of(on_planes((3.0, square(4, (8.5, 8.5))), (6.0, square(4, (8.5, 8.5)))), image=own)
    measured = phases.MeasuredPhases(found=None, gross_targets=())
    on_own, on_other = (SimpleNamespace(series=SimpleNamespace(grid=each)) for each in (own, other))
    assert measured._on(here.roi, on_own, here).context is here
    assert phases.MeasuredPhases(found=None, gross_targets=())._on(here.roi, on_other, here).context.grid.image is other
    elsewhere = replace(here.roi, number=2)
    kept = measured._on(elsewhere, on_other, here)
    assert (kept.context.roi, kept.context.grid.image) == (elsewhere, other)
    assert measured._on(elsewhere, on_other, here) is kept
    again = phases.MeasuredPhases(found=None, gross_targets=())._on(replace(here.roi, number=3), on_own, here)
    assert again.context is not here
    assert again.context.grid.image is own


def on_phases(*facts):
    """A target on phases of these volumes and centroids."""
    return PhasesContext(
        phases=tuple(
            SimpleNamespace(volume_cm3=volume, centroid_mm=np.array(centroid, float)) for volume, centroid in facts
        )
    )


MEASURES = {definition.key.removeprefix("phase."): definition.compute for definition in phases.PHASES}


def test_volumes_and_motion_are_the_extremes_of_all_phases():
    target = on_phases((12.0, (0, 0, 0)), (15.0, (3, 0, 4)), (11.0, (1, -2, 10)))
    assert MEASURES["count"](target) == 3
    assert (MEASURES["volume_min"](target), MEASURES["volume_max"](target)) == (11, 15)
    assert MEASURES["centroid_excursion"](target) == pytest.approx(np.sqrt(1 + 4 + 100))  # of the first and the third
    assert [MEASURES[f"motion_{axis}"](target) for axis in "xyz"] == [3, 2, 10]
