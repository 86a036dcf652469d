"""The decision rules at their cutoffs, on scores that are set by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.scoring.rules import Ruling, VerdictValue

INFINITE = np.inf


def ruling(t, *, c_anchor=None, stability=1.0, needs=("stability",), others=(), **parts):
    """Plans with these T under cutoffs 40 and 90; all else is out of the way unless it is stated."""
    t = np.asarray(t, float)
    question = SimpleNamespace(
        joint=SimpleNamespace(c_reject=40.0, c_support=90.0, c_anchor=c_anchor),
        plans=SimpleNamespace(count=len(t)),
        profile=SimpleNamespace(rules=SimpleNamespace(stability_minimum=0.9, supports_needs=needs)),
        stability=SimpleNamespace(share=stability),
    )
    standing = {
        "t_if_most": np.zeros(len(t)), "under_stress": (("harder", np.full(len(t), 100.0)),),
        "without_conventions": np.full(len(t), 100.0), "anchor": np.full(len(t), 50.0), "too_small": {}, "limits": {},
    }  # fmt: skip
    stated = {name: np.asarray(value) if isinstance(value, list) else value for name, value in parts.items()}
    named = tuple((SimpleNamespace(id=str(n)), np.array(values)) for n, values in enumerate(others))
    found = SimpleNamespace(t=t)
    return Ruling(question=question, families=(), found=found, others=named, **standing | stated)


def values(*args, **kwargs):
    return ruling(*args, **kwargs).values.tolist()


def test_a_score_at_a_cutoff_is_not_below_it():
    assert values([39.999, 40, 89.999, 90, 100]) == [
        "rejects", "indeterminate", "indeterminate", "supports", "supports"
    ]  # fmt: skip


def test_what_was_not_measured_may_hide_a_score_from_the_lower_cutoff_on():
    assert values([10, 10, 50], t_if_most=[39.9, 40.0, 100.0]) == ["rejects", "insufficient_evidence", "indeterminate"]


@pytest.mark.parametrize(
    ("share", "needs", "expected"),
    [
        (0.9, ("stability",), ["rejects", "supports"]),
        (0.899, ("stability",), ["indeterminate", "indeterminate"]),
        (0.899, (), ["indeterminate", "indeterminate"]),
        (None, ("stability",), ["rejects", "indeterminate"]),
        (None, (), ["rejects", "supports"]),
    ],
)
def test_a_verdict_needs_redrawings_that_agree_and_a_support_needs_redrawings(share, needs, expected):
    found = ruling([10, 95], stability=share, needs=needs)
    assert found.values.tolist() == expected
    is_held = expected[1] != "supports"
    assert found.support_level.tolist() == ([0, 0] if is_held else [10, 95])
    assert found.anchor_level.tolist() == ([0, 0] if is_held else [0, INFINITE])


def test_a_support_stands_under_every_harder_reference():
    stress = (("one", np.array([90.0, 89.9, 100.0])), ("other", np.array([100.0, 100.0, 89.9])))
    found = ruling([95, 95, 95], under_stress=stress)
    assert found.values.tolist() == ["supports", "indeterminate", "indeterminate"]
    assert found.support_level.tolist() == [90, 89.9, 89.9]
    assert found.anchor_level.tolist() == [INFINITE, 0, 0]


@pytest.mark.parametrize("part", ["limits", "too_small"])
def test_a_fact_or_a_small_effect_withholds_a_support_and_no_rejection(part):
    found = ruling([95, 95, 10], **{part: {"one": np.array([False, True, True]), "other": np.array([False] * 3)}})
    assert found.values.tolist() == ["supports", "indeterminate", "rejects"]
    assert found.is_withheld.tolist() == [False, True, True]
    assert found.support_level.tolist() == [95, 0, 0]
    assert found.anchor_level.tolist() == [INFINITE, 0, 0]


def test_conventions_alone_carry_no_support_but_beside_a_rare_anchor():
    facts = {"without_conventions": [90.0, 89.9, 89.9], "anchor": [50.0, 98.9, 99.0]}
    assert values([95, 95, 95], **facts) == ["supports", "indeterminate", "indeterminate"]
    found = ruling([95, 95, 95], c_anchor=99.0, **facts)
    assert found.values.tolist() == ["supports", "indeterminate", "supports"]
    assert found.support_level.tolist() == [90, 89.9, 95]
    assert found.anchor_level.tolist() == [INFINITE, 98.9, 99.0]


def test_a_verdict_holds_in_every_stratum_that_a_plan_may_belong_to():
    others = (["rejects", "supports", "indeterminate"], ["rejects", "indeterminate", "supports"])
    assert values([10, 95, 50], others=others) == ["rejects", "indeterminate", "indeterminate"]
    others = (["supports", "supports", "rejects"], ["rejects", "supports", "rejects"])
    assert values([10, 95, 50], others=others) == ["indeterminate", "supports", "indeterminate"]
    assert {each.value for each in VerdictValue} == {"supports", "rejects", "indeterminate", "insufficient_evidence"}
