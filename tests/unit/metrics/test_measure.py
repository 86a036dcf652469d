"""What is measured of a case and in which order, with the measuring itself replaced."""

from types import SimpleNamespace

import pytest

from rtcomplexity.errors import InputDataError
from rtcomplexity.metrics import catalogue, measure
from rtcomplexity.metrics.measurement import RelationMeasurements, RoiMeasurements
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.structure_set import Roi, TargetClass
from unit.geometry.stacks import on_planes, square

REFUSED = codes.ROI_NOT_MEASURABLE.about("roi:1", reason="broken")
OTHER = codes.GROSS_TARGET_NESTED.about("roi:1")


def roi(number, target_class=TargetClass.OAR, planes=2):
    return Roi(
        number=number, name=str(number), target_class=target_class,
        contours=on_planes(*((z, square(10)) for z in range(planes))),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("issues", "is_refused"), [((), False), ((OTHER,), False), ((REFUSED,), True), ((OTHER, REFUSED), True)]
)
def test_an_roi_is_refused_where_an_issue_says_so(issues, is_refused):
    assert measure._is_refused(issues) is is_refused


def test_targets_have_metrics_of_their_own_and_a_quick_look_only_counts_and_volumes():
    assert measure._definitions(roi(1), quick=True) is catalogue.QUICK
    assert measure._definitions(roi(1, TargetClass.PTV), quick=True) is catalogue.QUICK
    assert measure._definitions(roi(1), quick=False) is catalogue.FULL
    assert measure._definitions(roi(1, TargetClass.PTV), quick=False) is catalogue.TARGET


def case_of(*rois, threads=4):
    return SimpleNamespace(
        case=SimpleNamespace(structure_set=SimpleNamespace(rois=rois)), settings=SimpleNamespace(threads=threads),
        context=lambda each: SimpleNamespace(roi=each),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("classes", "is_quick", "first", "others", "cores"),
    [
        (("OAR", "GTV", "PTV", "OAR"), False, [2], [3, 4, 1], 4),  # the smaller target first, the larger before organs
        (("OAR", "GTV", "PTV", "OAR"), True, [2], [3, 4, 1], 1),
        (("OAR", "GTV", "OAR", "OAR"), False, [2], [4, 3, 1], 1),  # one target alone is not worth the helpers
        (("OAR", "OAR", "OAR", "OAR"), False, [], [4, 3, 2, 1], 1),
    ],
)
def test_one_target_is_measured_before_the_others_and_the_heaviest_of_these_first(
    monkeypatch, classes, is_quick, first, others, cores
):
    """Each ROI has more planes than the one before it."""
    done, asked = [], []

    def run_all(tasks, count):
        asked.append((list(done), count))
        return [task() for task in tasks]

    monkeypatch.setattr(measure, "run_all", run_all)
    monkeypatch.setattr(measure, "_measure_roi", lambda case, one, imaging: done.append(one.number) or one.number)
    rois = [roi(n, TargetClass(name), planes=n + 1) for n, name in enumerate(classes, start=1)]
    assert measure._measure_rois(case_of(*rois), None if is_quick else "imaging") == [1, 2, 3, 4]
    assert asked == [(first, cores)]
    assert done == first + others


def test_relations_to_one_roi_are_measured_together_and_told_in_the_order_of_pairs(monkeypatch):
    groups = []

    def run_all(tasks, cores):
        assert cores == 3
        return [task() for task in tasks]

    def together(pairs):
        groups.append([(p.a.roi.number, p.b.roi.number) for p in pairs])
        return [RelationMeasurements(a=a, b=b, values={}) for a, b in groups[-1]]

    monkeypatch.setattr(measure, "run_all", run_all)
    monkeypatch.setattr(measure, "_measure_together", together)
    numbers = [(1, 2), (1, 3), (2, 3), (3, 2)]
    pairs = [SimpleNamespace(a=SimpleNamespace(roi=roi(a)), b=SimpleNamespace(roi=roi(b))) for a, b in numbers]
    found = measure._measure_relations(pairs, 3)
    assert [(each.a, each.b) for each in found] == numbers
    assert groups == [[(1, 2), (3, 2)], [(1, 3), (2, 3)]]


def test_an_image_set_names_the_targets_that_it_has_values_on_and_its_conditions():
    def measured(number, *sampled):
        return measure._MeasuredRoi(
            values=RoiMeasurements(roi_number=number, values={}), issues=(), sampled=sampled
        )  # fmt: skip

    images = SimpleNamespace(
        tied=[SimpleNamespace(subject=each) for each in ("image:CT:1", "image:PT:1", "image:MR:1")]
    )
    conditions = SimpleNamespace(subject="image:PT:1")
    found = measure._sampled(
        images, [measured(4, "image:CT:1", "image:PT:1"), measured(7), measured(9, "image:CT:1")], [conditions]
    )
    assert [each.tied.subject for each in found] == ["image:CT:1", "image:PT:1", "image:MR:1"]
    assert [each.roi_numbers for each in found] == [(4, 9), (4,), ()]
    assert [each.conditions for each in found] == [None, conditions, None]


def test_an_roi_that_cannot_be_measured_is_an_issue_with_that_reason_for_each_metric(monkeypatch):
    def refuse(definitions, context):
        raise InputDataError("Its contours are broken.", "another export.")

    monkeypatch.setattr(measure, "compute_all", refuse)
    found = measure._measure_roi(case_of(roi(5)), roi(5), None)
    assert [(issue.code, issue.subject) for issue in found.issues] == [("roi-not-measurable", "roi:5")]
    assert found.values.roi_number == 5
    assert {each.reason for each in found.values.values.values()} == {"Its contours are broken."}
    assert list(found.values.values) == [definition.key for definition in catalogue.QUICK]
    assert found.sampled == ()
