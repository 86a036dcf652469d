"""Which target should hold which, by class and name, and how much of one may lie outside."""

from types import SimpleNamespace

import pytest

from rtcomplexity.metrics.nesting import nesting_issues
from rtcomplexity.model.structure_set import TargetClass


def roi(number, name, target_class):
    return SimpleNamespace(number=number, name=name, target_class=TargetClass[target_class])


def pair(a, b, share):
    return SimpleNamespace(a=SimpleNamespace(roi=a), b=SimpleNamespace(roi=b), containment=share)


def told(rois, *pairs):
    return [(issue.subject, issue.text) for issue in nesting_issues(rois, pairs)]


GTV, CTV, ITV, PTV = (roi(n, kind, kind) for n, kind in enumerate(("GTV", "CTV", "ITV", "PTV"), start=1))


@pytest.mark.parametrize(("share", "count"), [(1.0, 0), (0.981, 0), (0.979, 1), (0.0, 1)])
def test_up_to_2_percent_of_a_target_may_lie_outside(share, count):
    found = told([GTV, CTV], pair(GTV, CTV, share))
    assert len(found) == count
    if found:
        assert found[0][0] == "relation:1:2"
        assert f"{100 * (1 - share):.3g}%" in found[0][1]


@pytest.mark.parametrize(
    ("rois", "held_by"),
    [
        ([GTV, CTV, PTV], {1: 2, 2: 4}),
        ([GTV, ITV, PTV], {1: 3, 3: 4}),
        ([GTV, CTV, ITV, PTV], {1: 2, 2: 4, 3: 4}),
        ([GTV, PTV], {1: 4}),
        ([CTV, ITV], {}),
        ([GTV], {}),
    ],
)
def test_a_target_belongs_into_the_next_class_there_is(rois, held_by):
    assert {subject for subject, _ in told(rois)} == {f"relation:{a}:{b}" for a, b in held_by.items()}


def test_names_but_for_the_class_tell_which_of_several_holds_it():
    first, second = roi(1, "GTV-1", "GTV"), roi(2, "iGTV 2", "GTV")
    holders = [roi(3, "ctv_1", "CTV"), roi(4, "CTV 2", "CTV")]
    assert {subject for subject, _ in told([first, second, *holders])} == {"relation:1:3", "relation:2:4"}
    inside = [pair(first, holders[1], 1.0), pair(second, holders[1], 1.0)]
    assert [subject for subject, _ in told([first, second, *holders], *inside)] == ["relation:1:3"]


def test_without_a_namesake_the_one_that_holds_most_counts():
    target, first, second = roi(1, "GTV left", "GTV"), roi(2, "CTV a", "CTV"), roi(3, "CTV b", "CTV")
    ((subject, _),) = told([target, first, second], pair(target, first, 0.3), pair(target, second, 0.6))
    assert subject == "relation:1:3"
    assert told([target, first, second], pair(target, first, 0.3), pair(target, second, 0.99)) == []
