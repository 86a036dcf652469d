"""Inputs 74 to 95: contours and ROIs that do not fit together, or enclose no volume."""

from dataclasses import replace

import numpy as np

from hostile.cases import error, issue, right, same
from hostile.plans import (
    FRAME,
    GTV_CM3,
    HOLLOW_CM3,
    INNER_MM,
    OUTER_MM,
    TARGETS,
    dataset,
    gtv_items,
    plan,
    positions_mm,
    roi,
    with_set,
)
from hostile.values import put_raw
from rtcomplexity.model.structure_set import ContourGeometricType, Contours
from rtcomplexity.testing import Keyhole, References, contour_stack, hollow_sphere
from rtcomplexity.testing.variations import chosen


def rois(*more, gtv=None):
    """The good ROIs with others after them, or another GTV."""
    return plan(lambda: with_set(rois=(gtv() if gtv else roi(*TARGETS[0]), roi(*TARGETS[1]), *(one() for one in more))))


def changed(number=0, **changes):
    """The good ROIs, one described otherwise."""

    def describe():
        made = [roi(*target) for target in TARGETS]
        made[number] = replace(made[number], **changes)
        return with_set(rois=tuple(made))

    return plan(describe)


def hollow(*, keyhole=False, **how):
    """A GTV with a cavity, drawn in one of the ways to draw one."""

    def make():
        solid = hollow_sphere(OUTER_MM, INNER_MM)
        if keyhole:
            solid = Keyhole(shape=solid)
        return replace(
            roi(*TARGETS[0]), contours=contour_stack(solid, positions_mm=positions_mm(OUTER_MM), frame=FRAME, **how)
        )

    return rois(gtv=make)


def on_contours(change):
    return dataset(lambda read: [change(contour) for contour in gtv_items(read)[1]])


def points_of(contour):
    return np.array(contour.ContourData, float).reshape(-1, 3)


def set_points(contour, points):
    put_raw(contour, 0x30060050, "UN", "\\".join(f"{value:.6f}" for value in np.ravel(points)).encode())
    contour.NumberOfContourPoints = len(points)


def few_points(count):
    return on_contours(lambda contour: set_points(contour, points_of(contour)[:count]))


def closed_twice(contour):
    points = points_of(contour)
    set_points(contour, [*points, points[0]])


def crossing(contour):
    points = points_of(contour)
    points[[3, 9]] = points[[9, 3]]
    set_points(contour, points)


def bent(contour):
    points = points_of(contour)
    points[::2, 2] += 2.0
    set_points(contour, points)


def off_slice(contour):
    set_points(contour, points_of(contour) + np.array([0.0, 0.0, 1.3]))


def outside(contour):
    set_points(contour, points_of(contour) + np.array([400.0, 0.0, 0.0]))


def flat(contour):
    points = points_of(contour)
    points[:, 1] = points[0, 1]
    set_points(contour, points)


def of_type(kind):
    return on_contours(lambda contour: put_raw(contour, 0x30060042, "CS", kind))


def million_points(read):
    """One contour of a million points round the same circle."""
    contour = gtv_items(read)[1][2]
    points = points_of(contour)
    center = points.mean(axis=0)
    angles = np.linspace(0.0, 2.0 * np.pi, 1_000_000, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles), 0.0 * angles], axis=1)
    set_points(contour, center + np.linalg.norm(points[0] - center) * circle)


def many_rois(count, kind):
    """ROIs of one contour each, beside the good ones."""

    def describe():
        small = chosen(roi(*TARGETS[0]).contours, [0])
        made = [
            replace(roi(*TARGETS[0]), number=number, name=f"{kind}{number}", interpreted_type=kind, contours=small)
            for number in range(100, 100 + count)
        ]
        return with_set(rois=(*(roi(*target) for target in TARGETS), *made))

    return plan(describe)


def many_contours():
    """An organ of ten thousand small contours."""
    small = roi(3, "Lung", 9.0, interpreted_type="ORGAN").contours
    points = small.points_mm[: 64 * (len(small.points_mm) // 64)].reshape(-1, 64, 3)[:1]
    center = points.mean(axis=1, keepdims=True)
    places = np.stack(np.meshgrid(np.arange(-50, 50), np.arange(-50, 50), [0.0]), axis=-1).reshape(-1, 1, 3)
    drawn = center + 0.04 * (points - center)[:, ::8] + 0.6 * places
    contours = Contours(
        points_mm=drawn.reshape(-1, 3),
        offsets=np.arange(len(drawn) + 1) * 8,
        geometric_types=np.full(len(drawn), ContourGeometricType.CLOSED_PLANAR, np.int8),
    )
    return roi(3, "Lung", 9.0, interpreted_type="ORGAN", contours=contours)


def is_not_ready(ended, _out):
    """The verdict's list of what is still missing says so."""
    readiness = {each["item"]: each["state"] for each in ended.record()["verdict"]["readiness"]}
    assert readiness["approval_status"] != "met"


def doubled_number(read):
    read.StructureSetROISequence[1].ROINumber = read.StructureSetROISequence[0].ROINumber


def lying_count(contour):
    contour.NumberOfContourPoints = 3


def not_triples(contour):
    put_raw(contour, 0x30060050, "UN", "\\".join(str(value) for value in contour.ContourData[:-1]).encode())


def status(text):
    return plan(lambda: with_set(approval_status=text))


XOR = ContourGeometricType.CLOSEDPLANAR_XOR
FEW, DUPLICATE, LEFT_OUT = "contours-of-few-points", "duplicate-roi-names", "contour-left-out"

CASES = (
    issue(74, "an ROI without contours", rois(lambda: roi(3, "CTV", 9.0, contours=None)), "roi-without-contours"),
    issue(74, "no contours at all", dataset(lambda read: delattr(read, "ROIContourSequence")), "roi-without-contours"),
    same(75, "an ROI without an observation", changed(1, has_observation=False)),
    issue(76, "contours of an unknown ROI", rois(lambda: roi(3, "CTV", 9.0, contour_number=77)), "dangling-contours"),
    issue(77, "one ROI Number twice", dataset(doubled_number), "duplicate-roi-number"),
    issue(78, "one name twice", rois(lambda: roi(3, "GTV", 9.0)), DUPLICATE),
    issue(78, "names that differ by case", rois(lambda: roi(3, "gtv", 9.0, interpreted_type="GTV")), DUPLICATE),
    issue(79, "contours of one point", few_points(1), FEW),
    issue(79, "contours of two points", few_points(2), FEW),
    right(80, "last point is the first", on_contours(closed_twice), GTV_CM3),
    issue(81, "self-crossing contours", on_contours(crossing), "self-crossing-contours"),
    right(82, "a cavity by keyholes", hollow(keyhole=True), HOLLOW_CM3),
    right(83, "a cavity by XOR contours", hollow(geometric_type=XOR), HOLLOW_CM3),
    right(84, "a cavity by nested contours", hollow(), HOLLOW_CM3),
    issue(85, "closed contours that are not planar", on_contours(bent), "contours-not-planar"),
    issue(86, "contours between the slices", on_contours(off_slice), "contours-off-slices"),
    issue(87, "contours outside the image", on_contours(outside), "contours-outside-image"),
    issue(88, "contours of type POINT", of_type(b"POINT"), "target-without-area"),
    issue(88, "contours of type OPEN_PLANAR", of_type(b"OPEN_PLANAR"), "target-without-area"),
    issue(88, "contours of an unknown type", of_type(b"SPIRAL"), "contour-type-unknown"),
    issue(89, "Number of Contour Points lies", on_contours(lying_count), "contour-point-count-disagrees"),
    issue(90, "values that are no triples", on_contours(not_triples), LEFT_OUT),
    right(91, "a contour of a million points", dataset(million_points), GTV_CM3, times=120),
    error(92, "1000 ROIs", many_rois(1000, "ORGAN"), "more than 500 ROIs"),
    error(92, "400 targets", many_rois(400, "GTV"), "more than 300 targets"),
    same(92, "10 000 contours of one ROI beside the good ones", rois(many_contours), times=60),
    issue(93, "contours of no area", on_contours(flat), "contours-without-area"),
    issue(
        94,
        "contours' images are not in the series",
        plan(lambda: with_set(contour_level=References.DANGLING)),
        "image-references-dangle",
    ),
    issue(
        94,
        "no image of any reference is here",
        plan(lambda: with_set(contour_level=References.DANGLING, study_level=References.DANGLING)),
        "image-references-dangle",
    ),
    same(95, "unapproved", status("UNAPPROVED"), check=is_not_ready),
    issue(95, "rejected", status("REJECTED"), "structure-set-rejected"),
)
