"""What was odd about contours, in words with numbers: each kind is told where it was found, and only there."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.geometry.stack.stacking import StackFindings
from rtcomplexity.metrics.findings import roi_issues
from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.units import Unit
from unit.fusion.images import grid
from unit.geometry.stacks import on_planes, square
from unit.metrics.contexts import context_of

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
