"""What was odd about contours, in words with numbers: each kind is told where it was found, and only there."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.geometry.stack.stacking import StackFindings
from rtcomplexity.metrics import shape
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.definition import compute_all
from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.metrics.roi_issues import roi_issues
from rtcomplexity.model.structure_set import ContourGeometricType, Contours, Roi
from rtcomplexity.testing.variations import duplicated
from rtcomplexity.units import Unit
from unit.fusion.images import grid
from unit.geometry.stacks import circle, on_planes, square
from unit.metrics.contexts import SETTINGS, context_of, tube

VOLUME = {"shape.volume": Measurement.of(10.0, Unit.CM3)}
IMAGE = grid(shape=(6, 41, 31), spacing=(3.0, 1.0, 1.0), origin=(-15, -20, 0))
"""Slices at z = 0 to 15 mm, pixel centers at x = -15 to 15 and y = -20 to 20 mm."""


def issues(context, values=None):
    return {issue.code: issue.text for issue in roi_issues(context, VOLUME if values is None else values)}


@pytest.mark.parametrize(
    ("finding", "code", "words"),
    [
        ({"exact_copies": 1}, "duplicate-contours", "1 "),
        ({"near_copies": 2}, "near-duplicate-contours", "2 near-duplicate contours"),
        ({"cancelling_copies": 1}, "xor-contours-cancel", "1 "),
        ({"too_few_points": 1}, "contours-of-few-points", "1 closed contour has"),
        ({"zero_area": 3}, "contours-without-area", "3 closed contours enclose"),
        ({"not_parallel": 1}, "contours-not-parallel", "1 "),
        ({"closed_twice": 1}, "contours-closed-twice", "1 contour is"),
        ({"not_planar": 1, "largest_departure_mm": 0.25}, "contours-not-planar", "up to 0.25 mm"),
        ({"self_crossing": 1}, "self-crossing-contours", "1 "),
        (
            {"partly_overlapping": 1, "overlap_mm3": -1234.0},
            "partly-overlapping-contours",
            "shared area. Joined, they change the volume by -1.23 cm³; that volume is also given.",
        ),
        ({"partly_overlapping": 1, "overlap_mm3": np.nan}, "partly-overlapping-contours", "the shared area."),
        ({"gaps": 1, "missing_mm": 6.0}, "missing-planes", "1 uncontoured gap (where image slices between two"),
        ({"gaps": 2, "missing_mm": 6.0, "usual_mm": 2.5}, "missing-planes", "plane spacing of 2.5 mm), 6 mm in total"),
        ({"gaps": 1, "unjudged": 1, "missing_mm": 30.0}, "plane-spacing-unknown", "(30 mm in total) treated as gaps"),
        ({"unjudged": 1}, "plane-spacing-unknown", "treated as adjacent"),
        ({"stated_thickness": 1}, "slab-thickness-stated", ""),
    ],
)
def test_each_kind_of_finding_is_one_issue(finding, code, words):
    clean = context_of(on_planes(*((z, square(8)) for z in (0, 3, 6))))
    found = SimpleNamespace(
        roi=clean.roi, grid=clean.grid, runs=(), stacked=SimpleNamespace(findings=StackFindings(**finding))
    )
    assert set(issues(found)) == {code}
    assert words in issues(found)[code]


def outside(*planes, image=IMAGE):
    return issues(context_of(on_planes(*planes), image=image)).get("contours-outside-image", "")


@pytest.mark.parametrize(
    ("first_mm", "last_mm", "words"),
    [
        (-1.5, 16.5, ""),  # half a slice beyond the first and the last
        (-1.6, 15.0, "1 of 6 planes"),
        (0.0, 16.6, "1 of 6 planes"),
        (-1.6, 16.6, "2 of 6 planes"),
    ],
)
def test_a_plane_lies_outside_where_it_is_more_than_half_a_slice_beyond(first_mm, last_mm, words):
    planes = [(z, square(8)) for z in (first_mm, 3.0, 6.0, 9.0, 12.0, last_mm)]
    assert words in outside(*planes)
    assert bool(outside(*planes)) is bool(words)


def test_vertices_lie_outside_where_they_are_beyond_the_border_of_the_pixels():
    reaching = square(8, center=(12.6, 0.0))  # to x = 16.6 mm; pixels end at 15.5 mm
    assert "planning image: 4 of 8 vertices" in outside((3.0, reaching), (6.0, reaching))
    assert outside((3.0, square(8, center=(11.0, 0.0))), (6.0, square(8, center=(0.0, 16.0)))) == ""


def test_outside_of_a_leaning_image_is_told_by_each_slice():
    leaning = grid(shape=(6, 41, 31), spacing=(3.0, 1.0, 1.0), origin=(-15, -20, 0), tilt=2.0)  # 6 mm a slice along y
    assert outside((0.0, square(8, (0, 16.0))), (15.0, square(8, (0, 46.0))), image=leaning) == ""
    assert "4 of 8 vertices" in outside((0.0, square(8, (0, 46.0))), (15.0, square(8, (0, 46.0))), image=leaning)


@pytest.mark.parametrize(
    ("own", "theirs", "words"),
    [
        (10.0, 10.5, None),
        (10.0, 10.6, "(-5.7%)"),
        (10.0, 9.4, "(+6.4%)"),
        (0.5, 0.549, None),
        (0.5, 0.56, "(-10.7%)"),
        (0.5, 0.44, "(+13.6%)"),
    ],
)
def test_a_systems_volume_differs_by_more_than_a_twentieth_of_it_or_of_a_cubic_centimeter(own, theirs, words):
    context = context_of(on_planes(*((z, square(8)) for z in (0, 3, 6))), tps_volume_cm3=theirs)
    found = issues(context, {"shape.volume": Measurement.of(own, Unit.CM3)})
    if words is None:
        assert "tps-volume-differs" not in found
    else:
        assert words in found["tps-volume-differs"]


@pytest.mark.parametrize(
    ("theirs", "explained"), [(20.0, True), (20.9, True), (19.1, True), (21.1, False), (18.9, False)]
)
def test_copies_explain_a_systems_volume_to_a_twentieth(theirs, explained):
    clean = context_of(on_planes(*((z, square(8)) for z in (0, 3, 6))), tps_volume_cm3=theirs)
    found = SimpleNamespace(
        roi=clean.roi, grid=clean.grid, runs=(), stacked=SimpleNamespace(findings=StackFindings(copies_mm3=10_000.0))
    )
    assert ("explains the TPS volume" in issues(found)["tps-volume-differs"]) is explained


@pytest.mark.parametrize(("theirs", "differs"), [(18.85, False), (19.7, False), (19.9, True), (17.0, True)])
def test_a_planning_systems_volume_differs_beyond_five_per_cent(theirs, differs):
    context = context_of(tube(), tps_volume_cm3=theirs)
    issues = roi_issues(context, compute_all(shape.QUICK, context))
    assert ("tps-volume-differs" in {issue.code for issue in issues}) is differs


@pytest.mark.parametrize("theirs", [0.0, -1.0])
def test_a_planning_systems_volume_of_nothing_differs_by_no_share(theirs):
    context = context_of(tube(), tps_volume_cm3=theirs)
    texts = [issue.text for issue in roi_issues(context, compute_all(shape.QUICK, context))]
    assert [text for text in texts if "TPS volume" in text] == [
        f"TPS volume {theirs:g} cm³; contour volume 18.8496 cm³."
    ]


def test_small_volumes_may_differ_by_a_twentieth_of_a_cubic_centimeter():
    small = on_planes(*((z, square(4)) for z in (0, 3, 6)))
    own = 16 * 9 / 1e3
    near, far = (context_of(small, tps_volume_cm3=own + d) for d in (0.045, 0.055))
    codes = [{i.code for i in roi_issues(c, compute_all(shape.QUICK, c))} for c in (near, far)]
    assert ["tps-volume-differs" in each for each in codes] == [False, True]


def test_a_systems_volume_that_counts_copies_is_explained():
    context = context_of(duplicated(tube()), tps_volume_cm3=2 * np.pi * 6)
    text = next(
        i.text for i in roi_issues(context, compute_all(shape.QUICK, context)) if i.code == "tps-volume-differs"
    )
    assert "explains the TPS volume" in text


def test_two_lesions_without_an_image_are_judged_by_what_other_rois_were_drawn_at():
    """The lesions' own planes tell nothing: one each. The spine was drawn on every plane, 3 mm apart."""
    lesions = Roi(number=1, name="PTV", contours=on_planes((0, circle(10)), (60, circle(10))))
    spine = Roi(number=2, name="Spine", contours=on_planes(*((z, circle(8)) for z in range(0, 31, 3))))
    grid = contouring_grid(None, [lesions, spine], SETTINGS)
    context = RoiContext(roi=lesions, grid=grid, settings=SETTINGS)
    assert shape.volume_cm3(context) == pytest.approx(np.pi * 100 * 6 / 1e3)
    issues = roi_issues(context, {"shape.volume": Measurement.of(1.0, Unit.CM3)})
    assert [issue.code for issue in issues] == ["missing-planes"]
    assert "usual plane spacing of 3 mm" in issues[0].text
    elsewhere = contouring_grid(None, [lesions], SETTINGS, others=[lesions, spine])
    assert elsewhere.usual_mm == pytest.approx(3)


@pytest.mark.parametrize(("planes", "words"), [((0, 3, 33), "treated as gaps"), ((0, 33), "treated as adjacent")])
def test_a_spacing_that_nothing_tells_is_an_issue(planes, words):
    context = context_of(on_planes(*((z, circle(10)) for z in planes)))
    issues = roi_issues(context, {"shape.volume": Measurement.of(1.0, Unit.CM3)})
    assert [issue.code for issue in issues] == ["plane-spacing-unknown"]
    assert words in issues[0].text


def test_what_tells_a_thickness_and_what_cancels_are_issues():
    stated = context_of(on_planes((0, circle(10))), stated_slab_mm=2.5)
    copies = on_planes((0, circle(10)), (0, circle(10)), (3, circle(10)))
    kinds = np.full(3, ContourGeometricType.CLOSEDPLANAR_XOR)
    cancelled = context_of(Contours(points_mm=copies.points_mm, offsets=copies.offsets, geometric_types=kinds))
    for context, code in ((stated, "slab-thickness-stated"), (cancelled, "xor-contours-cancel")):
        issues = roi_issues(context, {"shape.volume": Measurement.of(1.0, Unit.CM3)})
        assert code in [issue.code for issue in issues]
