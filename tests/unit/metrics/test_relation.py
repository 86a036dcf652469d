"""Relations between ROIs agree with closed forms; expansions, unions, nesting and adjacent organs are recognized."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.metrics import relation
from rtcomplexity.metrics.adjacency import ORGANS, adjacency, organ_named
from rtcomplexity.metrics.catalogue import CATALOGUE
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.measure import compute_all, measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.nesting import nesting_issues
from rtcomplexity.metrics.relation import (
    RELATIONS,
    RelationContext,
    expansions,
    relations_of,
    unions,
    with_volume,
)
from rtcomplexity.model.case import Case
from rtcomplexity.model.image import ImageSeries
from rtcomplexity.model.structure_set import Contours, Roi, StructureSet, TargetClass
from rtcomplexity.settings import Settings
from rtcomplexity.testing import (
    AXIAL,
    FEET_FIRST_PRONE,
    OBLIQUE,
    Ellipsoid,
    Grown,
    Lobe,
    LumpyBody,
    SpiculatedSphere,
    box,
    contour_stack,
    hollow_sphere,
    image_grid,
    sphere,
)

GTV, CTV, ITV, PTV, OAR, EXTERNAL = (TargetClass(name) for name in ("GTV", "CTV", "ITV", "PTV", "OAR", "EXTERNAL"))
SPACING_MM = 3.0
SETTINGS = Settings()
DRAWN = ("PTV-1", "CTV-1")


def table_of(case, **options):
    return measure(MeasuredCase(case=case, settings=SETTINGS), **options)


def grid(frame=AXIAL, spacing_mm=SPACING_MM):
    return image_grid(
        frame=frame,
        slices=61,
        rows=170,
        columns=200,
        slice_spacing_mm=spacing_mm,
        row_spacing_mm=0.9,
        column_spacing_mm=1.2,
    )


def drawn(number, name, target_class, shape, *, offset=(0, 0, 0), frame=AXIAL, spacing_mm=SPACING_MM):
    """A shape drawn on the slices of the grid in the frame, moved along the frame's own axes."""
    image = grid(frame, spacing_mm)
    own_z = frame.from_patient(image.slice_origins_mm)[:, 2] - offset[2]
    low, high = shape.extent_mm
    contours = contour_stack(
        shape,
        positions_mm=own_z[(own_z > low + 1e-6) & (own_z < high - 1e-6)],
        points_per_contour=96,
        frame=frame.shifted(frame.rotation @ np.asarray(offset, float)),
    )
    return Roi(number=number, name=name, contours=contours, target_class=target_class)


def joined_contours(*rois):
    """The contours of two ROIs as those of one."""
    first, second = (roi.contours for roi in rois)
    return Contours(
        points_mm=np.concatenate([first.points_mm, second.points_mm]),
        offsets=np.concatenate([first.offsets, first.offsets[-1] + second.offsets[1:]]),
        geometric_types=np.concatenate([first.geometric_types, second.geometric_types]),
    )


def contexts(*rois, frame=AXIAL, spacing_mm=SPACING_MM):
    image = contouring_grid(grid(frame, spacing_mm), rois, SETTINGS)
    return [RoiContext(roi=roi, grid=image, settings=SETTINGS) for roi in rois]


def values(a, b, **where):
    first, second = contexts(a, b, **where)
    found = compute_all(RELATIONS, RelationContext(a=first, b=second))
    return {key.removeprefix("relation."): measurement.value for key, measurement in found.items()}


def pairs_of(*rois, **where):
    return relations_of(with_volume(contexts(*rois, **where)))


def case_of(*rois):
    series = ImageSeries(
        series_uid="1.2.3",
        study_uid="1.2",
        frame_of_reference_uid="1.2.4",
        modality="CT",
        grid=grid(),
        sop_instance_uids=tuple(f"1.2.3.{n}" for n in range(61)),
    )
    structure_set = StructureSet(
        sop_instance_uid="1.2.5", series_uid="1.2.6", study_uid="1.2", patient_key="x", rois=tuple(rois)
    )
    return Case(plan_id="0", structure_set=structure_set, chosen_because="alone", planning_image=series)


@pytest.mark.parametrize("frame", [AXIAL, FEET_FIRST_PRONE, OBLIQUE])
def test_a_sphere_in_a_larger_one(frame):
    found = values(
        drawn(1, "GTV", GTV, sphere(12), frame=frame), drawn(2, "PTV", PTV, sphere(17), frame=frame), frame=frame
    )
    inner, outer = (4 / 3 * math.pi * radius**3 / 1000 for radius in (12, 17))
    assert found["overlap"] == pytest.approx(inner, rel=0.02)
    assert found["dice"] == pytest.approx(2 * inner / (inner + outer), rel=0.02)
    assert found["containment"] == 1
    assert found["margin_mean"] == pytest.approx(5, abs=0.1)
    assert found["margin_min"] == pytest.approx(5, abs=SPACING_MM / 2)
    assert found["margin_max"] == pytest.approx(5, abs=SPACING_MM / 2)
    assert found["distance_min"] == 0
    assert found["surface_within_5mm"] == 1


def test_the_outer_sphere_sees_the_inner_one_at_a_negative_margin():
    found = values(drawn(1, "PTV", PTV, sphere(17)), drawn(2, "GTV", GTV, sphere(12)))
    assert found["margin_mean"] == pytest.approx(-5, abs=0.1)
    assert found["containment"] == pytest.approx((12 / 17) ** 3, rel=0.02)
    assert found["distance_min"] == 0


def test_margins_by_direction_are_those_of_the_patient():
    small = box((20.0, 30.0, 24.0))
    large = box((36.0, 40.0, 48.0), center_mm=(3.0, -2.0, 3.0))
    found = values(drawn(1, "CTV", CTV, small), drawn(2, "PTV", PTV, large))
    # drawn on slices 3 mm apart, a box is as high as its slices are: 9 slices of 27 mm, 17 of 51 mm
    expected = {"left": 11, "right": 5, "posterior": 3, "anterior": 7, "superior": 15, "inferior": 9}
    measured = {side: found[f"margin_{side}"] for side in expected}
    assert measured == pytest.approx(expected, abs=SPACING_MM / 2)
    assert {side: measured[side] for side in ("left", "right", "posterior", "anterior")} == pytest.approx(
        {side: expected[side] for side in ("left", "right", "posterior", "anterior")}, abs=1e-9
    )


@pytest.mark.parametrize("offset", [(30, 0, 0), (0, 0, 30), (0, 18, 24)])
def test_spheres_apart_are_their_gap_apart(offset):
    found = values(drawn(1, "GTV", GTV, sphere(12)), drawn(2, "Heart", OAR, sphere(14), offset=offset))
    assert found["distance_min"] == pytest.approx(4, abs=0.4)
    assert found["overlap"] == found["dice"] == found["containment"] == 0
    # the cap of points within 5 mm of the other sphere, from the closed form of the plane where both distances meet
    distance, reach = math.hypot(*offset), 14 + 5
    height = 12 - (distance**2 + 12**2 - reach**2) / (2 * distance)
    assert found["surface_within_5mm"] == pytest.approx(height / (2 * 12), abs=0.012)


def test_half_a_box_in_another_is_half_of_it():
    found = values(
        drawn(1, "GTV", GTV, box((20.0, 30.0, 25.0))),
        drawn(2, "CTV", CTV, box((20.0, 30.0, 25.0)), offset=(10, 0, 0)),
    )
    assert found["containment"] == pytest.approx(0.5, abs=0.02)
    assert found["dice"] == pytest.approx(0.5, abs=0.02)


def test_the_same_shape_twice():
    found = values(drawn(1, "GTV", GTV, sphere(12)), drawn(2, "GTV 2", GTV, sphere(12)))
    assert (found["dice"], found["containment"]) == (1, 1)
    assert found["margin_min"] == pytest.approx(0, abs=1e-6)
    assert found["margin_max"] == pytest.approx(0, abs=1e-6)


def test_of_the_external_contour_only_the_overlap_is_told():
    found = values(drawn(1, "GTV", GTV, sphere(12)), drawn(2, "BODY", EXTERNAL, box((100.0, 80.0, 90.0))))
    assert set(found) == {"overlap", "dice", "containment"}
    assert found["containment"] == 1


def test_pairs_run_from_targets_to_every_other_named_volume_within_reach():
    rois = (
        drawn(1, "GTV", GTV, sphere(10)),
        drawn(2, "PTV", PTV, sphere(15)),
        drawn(3, "Heart", OAR, sphere(15), offset=(35, 0, 0)),
        drawn(4, "Far", OAR, sphere(15), offset=(0, 0, 75)),
        drawn(5, " ", OAR, sphere(15)),
        Roi(number=6, name="Empty", contours=Contours.empty(), target_class=OAR),
    )
    found = {(pair.a.roi.number, pair.b.roi.number) for pair in pairs_of(*rois)}
    assert found == {(1, 2), (1, 3), (2, 1), (2, 3)}


def test_a_target_thinner_than_a_fine_pixel_says_so():
    sliver = drawn(1, "GTV", GTV, box((0.05, 10.0, 12.0), center_mm=(0.1, 0.0, 0.0)))
    found = contexts(sliver, drawn(2, "PTV", PTV, sphere(20)), heart(2, 3))
    assert [context.roi.number for context in with_volume(found)] == [2, 3]
    pair = RelationContext(a=found[0], b=found[1])
    with pytest.raises(NotMeasurableError, match="thinner"):
        _ = pair.containment
    speck = drawn(1, "GTV", GTV, box((0.05, 0.05, 2.9), center_mm=(0.1, 0.1, 0.0)))
    with pytest.raises(NotMeasurableError, match="thinner"):
        _ = RelationContext(a=contexts(speck)[0], b=found[1]).margins_mm
    with pytest.raises(NotMeasurableError, match="thinner"):
        adjacency(contexts(speck)[0], found).surface_share()


def test_relations_are_in_the_catalogue():
    assert {definition.key for definition in RELATIONS} <= {definition.key for definition in CATALOGUE}


BODIES = {
    "sphere": sphere(12),
    "ellipsoid": Ellipsoid(semi_axes_mm=(18.0, 11.0, 14.0)),
    "lumpy": LumpyBody(
        radius_mm=14.0, half_height_mm=16.0, lobes=(Lobe(order=2, amplitude=0.15), Lobe(order=3, amplitude=0.15))
    ),
    "spiculated": SpiculatedSphere(radius_mm=14.0, spicules=5, height=0.4),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("margin", [3, 5, 10])
def test_a_uniform_margin_is_recognized_whatever_the_shape(body, margin):
    pairs = pairs_of(drawn(1, "GTV", GTV, body), drawn(2, "PTV", PTV, Grown(body=body, margin_mm=margin)))
    assert expansions(pairs) == {2: 1}


def test_an_expansion_of_an_expansion_is_derived_from_the_nearer_one():
    rois = [
        drawn(1 + n, name, kind, sphere(12 + 6 * n))
        for n, (name, kind) in enumerate((("GTV", GTV), ("CTV", CTV), ("PTV", PTV)))
    ]
    assert expansions(pairs_of(*rois)) == {2: 1, 3: 2}


@pytest.mark.parametrize(
    "outer",
    [
        pytest.param((box((44.0, 34.0, 36.0)), (0, 0, 0)), id="another shape"),
        pytest.param((sphere(17), (4, 0, 0)), id="off center"),
        pytest.param((sphere(13), (0, 0, 0)), id="under half a voxel"),
    ],
)
def test_what_is_no_uniform_margin_is_not_derived(outer):
    shape, offset = outer
    assert expansions(pairs_of(drawn(1, "GTV", GTV, sphere(12)), drawn(2, "PTV", PTV, shape, offset=offset))) == {}


def test_one_margin_round_several_targets_is_derived_from_the_largest():
    gross = [(10, (-30, 0, 0)), (14, (30, 0, 6))]
    rois = [drawn(n, f"GTV {n}", GTV, sphere(radius), offset=offset) for n, (radius, offset) in enumerate(gross, 1)]
    grown = joined_contours(*(drawn(0, "", CTV, sphere(radius + 5), offset=offset) for radius, offset in gross))
    assert expansions(pairs_of(*rois, Roi(number=3, name="CTV", contours=grown, target_class=CTV))) == {3: 2}


@pytest.mark.parametrize(("inner", "outer"), [(PTV, ITV), (CTV, GTV), (GTV, GTV), (OAR, PTV)])
def test_only_targets_are_expanded_and_never_to_a_lower_class_or_to_a_gtv(inner, outer):
    assert expansions(pairs_of(drawn(1, "a", inner, sphere(12)), drawn(2, "b", outer, sphere(17)))) == {}


def test_a_union_of_gtvs_is_derived_from_the_largest():
    parts = (
        drawn(1, "GTV 1", GTV, sphere(14), offset=(-20, 0, 0)),
        drawn(2, "GTV 2", GTV, sphere(10), offset=(20, 0, 0)),
    )
    both = joined_contours(*parts)
    whole = Roi(number=3, name="IGTV", contours=both, target_class=ITV)
    assert unions(pairs_of(*parts, whole)) == {3: 1}
    assert unions(pairs_of(parts[0], whole)) == {}


def nesting(*rois):
    solid = with_volume(contexts(*rois))
    return nesting_issues([context.roi for context in solid], relations_of(solid))


def test_nested_targets_raise_no_issue():
    assert not nesting(
        drawn(1, "GTV", GTV, sphere(10)), drawn(2, "CTV", CTV, sphere(15)), drawn(3, "PTV", PTV, sphere(20))
    )


def test_a_target_that_reaches_out_is_told_with_its_share():
    (issue,) = nesting(
        drawn(1, "GTV", GTV, box((20.0, 30.0, 25.0))), drawn(2, "CTV", CTV, box((20.0, 60.0, 60.0)), offset=(10, 0, 0))
    )
    assert (issue.code, issue.subject) == ("target-not-nested", "relation:1:2")
    assert float(issue.text.partition("%")[0]) == pytest.approx(50, abs=2)
    assert "GTV" in issue.text
    assert "CTV" in issue.text


def test_a_target_far_from_its_own_holder_is_wholly_outside():
    (issue,) = nesting(
        drawn(1, "GTV-1", GTV, sphere(8), offset=(0, 0, -60)),
        drawn(2, "CTV-1", CTV, sphere(12), offset=(0, 0, 60)),
        drawn(3, "CTV-2", CTV, sphere(12), offset=(0, 0, -60)),
    )
    assert issue.subject == "relation:1:2"
    assert issue.text.startswith("100%")


def test_without_a_namesake_the_holder_of_most_counts():
    assert not nesting(
        drawn(1, "GTV a", GTV, sphere(8), offset=(0, 0, -60)),
        drawn(2, "CTV-1", CTV, sphere(12), offset=(0, 0, 60)),
        drawn(3, "CTV-2", CTV, sphere(12), offset=(0, 0, -60)),
    )


def test_a_gtv_without_a_ctv_belongs_into_the_ptv():
    (issue,) = nesting(drawn(1, "GTV", GTV, sphere(12)), drawn(2, "PTV", PTV, sphere(8)))
    assert issue.subject == "relation:1:2"
    assert not nesting(drawn(1, "GTV", GTV, sphere(12)))


@pytest.mark.parametrize(
    ("name", "organ"),
    [
        ("Heart", "heart"),
        ("HEART", "heart"),
        ("Spinal cord", "spinal cord"),
        ("SpinalCord", "spinal cord"),
        ("Bronchus_Prox", "bronchial tree"),
        ("A_Aorta", "great vessels"),
        ("Chest Wall", "chest wall"),
        ("Rib_L_5", "ribs"),
        ("slokdarm", "oesophagus"),
        ("SpinalCord_PRV05", None),
        ("Cord+5", None),
        ("cord 5mm", None),
        ("optBladder", None),
        ("Ring_Heart", None),
        ("Heart-PTV", None),
        ("Heart-GTVp", None),
        ("Oesophagus - PTVn1", None),
        ("AnalCanal", None),
        ("Canal_Anal", None),
        ("vocal cord", None),
        ("Optic_Canal", "optic nerve"),
        ("Cord", "spinal cord"),
        ("Spinal Canal", "spinal cord"),
        ("zHeart", None),
        ("_Heart", None),
        ("Lung_L", None),
        ("Lungs", None),
        ("BODY", None),
        ("", None),
    ],
)
def test_organs_are_told_from_planning_structures_by_name(name, organ):
    assert organ_named(name) == organ


def test_no_word_names_two_organs():
    words = [word for words in ORGANS.values() for word in words.split()]
    assert len(words) == len(set(words))


def beside(*organs, target=None):
    first, *others = contexts(target or drawn(1, "GTV", GTV, sphere(12)), *organs)
    return adjacency(first, others)


def heart(gap_mm, number=2, name="Heart", kind=OAR):
    return drawn(number, name, kind, sphere(14), offset=(26 + gap_mm, 0, 0))


def test_the_surface_near_an_organ_is_a_cap_of_the_sphere():
    found = beside(heart(2))
    distance, reach = 28, 19
    height = 12 - (distance**2 + 12**2 - reach**2) / (2 * distance)
    assert found.surface_share() == pytest.approx(height / 24, abs=0.012)
    assert found.organ_count() == 1
    assert found.overlap_share() == 0


def test_an_organ_beyond_5_mm_is_not_adjacent():
    found = beside(heart(8))
    assert (found.surface_share(), found.organ_count(), found.overlap_share()) == (0, 0, 0)


def test_a_nearer_organ_never_lowers_any_of_it():
    shares = [beside(heart(gap)) for gap in (8, 4, 2, 0, -3, -6)]
    for name in ("surface_share", "organ_count", "overlap_share"):
        found = [getattr(share, name)() for share in shares]
        assert found == sorted(found)
    assert shares[-1].overlap_share() > 0


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0, 5.0])
def test_thicker_slices_change_the_adjacent_share_little(spacing):
    first, second = contexts(
        drawn(1, "GTV", GTV, sphere(15), spacing_mm=spacing),
        drawn(2, "Heart", OAR, sphere(20), offset=(33, 0, 6), spacing_mm=spacing),
        spacing_mm=spacing,
    )
    distance, reach = math.hypot(33, 6), 25
    height = 15 - (distance**2 + 15**2 - reach**2) / (2 * distance)
    assert adjacency(first, [second]).surface_share() == pytest.approx(height / 30, abs=0.015)


def test_several_contours_of_one_organ_count_once():
    assert beside(heart(2), heart(2, 3, "HEART_2")).organ_count() == 1
    assert beside(heart(2), drawn(3, "Aorta", OAR, sphere(10), offset=(-23, 0, 0))).organ_count() == 2


@pytest.mark.parametrize("name", ["Heart_PRV", "Ring Heart", "Lung L"])
def test_planning_structures_and_lungs_are_no_organs_beside(name):
    with pytest.raises(NotMeasurableError, match="no organ"):
        beside(heart(1, name=name)).surface_share()


@pytest.mark.parametrize("kind", [PTV, EXTERNAL, TargetClass.OTHER])
def test_only_organs_at_risk_are_organs(kind):
    with pytest.raises(NotMeasurableError, match="no organ"):
        beside(heart(1, kind=kind)).organ_count()


def test_an_organ_that_holds_the_target_is_not_beside_it():
    found = beside(drawn(2, "Liver", OAR, sphere(40)))
    assert (found.surface_share(), found.organ_count(), found.overlap_share()) == (0, 0, 0)


def test_a_target_in_the_cavity_of_an_organ_is_beside_it():
    assert beside(drawn(2, "Heart", OAR, hollow_sphere(30, 15))).surface_share() == pytest.approx(1, abs=0.01)


def test_the_scored_keys_are_measured_on_the_gross_target():
    rois = drawn(1, "GTV", GTV, sphere(12)), heart(2)
    table = table_of(case_of(*rois))
    scored = table.gross_target
    assert table.gross_target_rois == (1,)
    assert scored["scored.surface_within_5mm"].value > 0.05
    assert scored["scored.organs_within_5mm"].value == 1
    assert scored["scored.organ_overlap"].value == 0


def test_the_table_holds_relations_derivations_and_nesting():
    rois = (
        drawn(1, "GTV", GTV, sphere(12)),
        drawn(2, "ITV", ITV, sphere(17)),
        drawn(3, "PTV", PTV, sphere(20), offset=(12, 0, 0)),
    )
    table = table_of(case_of(*rois))
    assert {(relation.a, relation.b) for relation in table.relations} == {
        (a, b) for a in (1, 2, 3) for b in (1, 2, 3) if a != b
    }
    assert [values.derived_from for values in table.rois] == [None, 1, None]
    assert table.gross_target_rois == (1,)
    assert "relation:2:3" in {issue.subject for issue in table.issues if issue.code == "target-not-nested"}


def test_a_quick_table_has_no_relations():
    table = measure(
        MeasuredCase(case=case_of(drawn(1, "GTV", GTV, sphere(12)), heart(2)), settings=SETTINGS), quick=True
    )
    assert table.relations == ()


@pytest.mark.real_data
def test_the_margins_of_a_real_plan_are_the_ones_its_system_drew(real_data):
    from rtcomplexity.case.reader import read_case

    case = read_case(real_data / "lung1_001", settings=SETTINGS)
    targets = tuple(roi for roi in case.structure_set.rois if roi.target_class.is_target)
    case = replace(case, structure_set=replace(case.structure_set, rois=targets))
    image = contouring_grid(case.planning_image.grid, targets, SETTINGS)
    pairs = relations_of(with_volume([RoiContext(roi=roi, grid=image, settings=SETTINGS) for roi in targets]))
    names = {roi.number: roi.name for roi in targets}
    assert {names[a]: names[b] for a, b in expansions(pairs).items()} == {"PTV-1": "CTV-1"}
    (margins,) = (pair.margins_mm for pair in pairs if (names[pair.a.roi.number], names[pair.b.roi.number]) == DRAWN)
    assert margins.mean() == pytest.approx(-10, abs=0.5)


def stub(number=1, volume=8.0, target_class=PTV, pixel_mm=1.0, slab_mm=3.0):
    """An ROI with a volume; what others make of it is stated by the pair."""
    return SimpleNamespace(
        roi=SimpleNamespace(number=number, target_class=target_class), volume=volume,
        grid=SimpleNamespace(pixel_mm=pixel_mm), stack=SimpleNamespace(slab_mm=np.array([slab_mm])),
    )  # fmt: skip


def pair_of(a, b, margins=(0.0,), areas=None, containment=0.0):
    margins = np.array(margins, float)
    weights = np.ones(len(margins)) if areas is None else np.array(areas, float)
    return SimpleNamespace(a=a, b=b, margins_mm=margins, areas_mm2=weights, containment=containment)


@pytest.fixture
def stated_volumes(monkeypatch):
    monkeypatch.setattr(relation, "volume_cm3", lambda context: context.volume)


def test_percentiles_of_a_surface_count_each_point_by_its_area():
    values = np.array([5.0, 1, 2, 4, 3])
    assert relation._weighted_percentiles(values, np.ones(5)) == (1, 5)
    assert relation._weighted_percentiles(values, np.array([0.99, 0.99, 50, 50, 50])) == (2, 4)
    assert relation._weighted_percentiles(values, np.array([2.0, 2.0, 50, 50, 50])) == (1, 5)


@pytest.mark.parametrize(
    ("margins", "pixel_mm", "expected"),
    [
        ([-5, -5, -5], 1.0, 5),
        ([-4, -5, -7], 1.0, 16 / 3),  # within 3 mm, the slab, of each other
        ([-3.9, -5, -7], 1.0, None),
        ([-3, -5, -7], 4.0, 5),  # within 4 mm, the pixel
        ([-1.6, -1.6], 1.0, 1.6),
        ([-1.5, -1.5], 1.0, None),  # half a voxel is none
        ([5, 5], 1.0, None),
    ],
)
def test_a_margin_is_uniform_within_a_voxel_and_more_than_half_of_one(margins, pixel_mm, expected):
    assert relation._uniform_margin_mm([pair_of(stub(pixel_mm=pixel_mm), stub(), margins)]) == (
        expected if expected is None else pytest.approx(expected)
    )


def test_a_margin_round_several_targets_is_to_the_nearest_of_them():
    a = stub()
    sources = [pair_of(a, stub(2), [-5, -20]), pair_of(a, stub(3), [-30, -5])]
    assert relation._uniform_margin_mm(sources) == pytest.approx(5)


def test_a_mean_margin_is_weighted_by_area():
    found = pair_of(stub(), stub(), [-4, -6], areas=[1, 3])
    assert relation._uniform_margin_mm([found]) == pytest.approx(5.5)
    assert relation.margin_mean_mm(found) == pytest.approx(-5.5)
    assert (relation.margin_min_mm(found), relation.margin_max_mm(found)) == (-6, -4)


def test_a_surface_within_5_mm_counts_by_area():
    assert relation.surface_within_5mm(pair_of(stub(), stub(), [-5, -5.1, 3], areas=[1, 2, 4])) == pytest.approx(5 / 7)


def test_the_nearest_smaller_target_is_what_was_expanded(stated_volumes):
    whole = stub(1, 100)
    pairs = [
        pair_of(whole, stub(2, 20), [-9, -9]),
        pair_of(whole, stub(3, 60), [-4, -4]),
        pair_of(whole, stub(4, 5), [-8, -20]),
    ]
    assert relation.expansions(pairs) == {1: 3}
    assert relation.expansions(pairs[:1]) == {1: 2}
    assert relation.expansions(pairs[2:]) == {}
    assert relation.expansions([pair_of(stub(1, 20), stub(2, 20), [-9, -9])]) == {}


@pytest.mark.parametrize(
    ("volumes", "containment", "whole_in_parts", "expected"),
    [
        ((97.9, 60), 0.98, 0.98, {9: 1}),
        ((60, 60), 0.98, 0.98, {9: 1}),
        ((98.0, 60), 0.98, 0.98, {}),  # one of them is the whole
        ((97.9, 60), 0.979, 0.98, {}),
        ((97.9, 60), 0.98, 0.979, {}),
        ((97.9,), 0.98, 0.98, {}),
    ],
)
def test_a_union_is_of_two_smaller_targets_that_fill_it(
    stated_volumes, monkeypatch, volumes, containment, whole_in_parts, expected
):
    monkeypatch.setattr(relation, "inside_share", lambda *_: whole_in_parts)
    whole = stub(9, 100.0, GTV)
    parts = [stub(n, volume, GTV) for n, volume in enumerate(volumes, start=1)]
    for each in (whole, *parts):
        each.surface = None
    pairs = [pair_of(part, whole, containment=containment) for part in parts]
    assert relation.unions(pairs) == expected
    other = stub(8, 50.0, PTV)
    other.surface = None
    assert relation.unions([*pairs[:1], pair_of(other, whole, containment=1.0)]) == {}


@pytest.mark.parametrize(
    ("gap_mm", "containment", "expected"), [(2.0, 0.0, 1.5), (2.0, 0.1, 0.0), (0.0, 0.0, 0.0), (-1.0, 0.0, 0.0)]
)
def test_solids_that_touch_or_overlap_are_no_distance_apart(gap_mm, containment, expected):
    found = pair_of(stub(), stub(), [-gap_mm, -9], containment=containment)
    for each, step in ((found.a, 0.25), (found.b, 0.25)):
        each.surface = SimpleNamespace(points_mm=None, least_distance_mm=lambda _, below, step=step: below - step)
    assert relation.distance_min_mm(found) == expected
