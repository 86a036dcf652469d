"""How titles begin within a sentence and at its start."""

from types import SimpleNamespace

import pytest

from rtcomplexity.scoring.score import Level
from rtcomplexity.scoring.sentences import _within_a_sentence, capitalized, family_sentence


@pytest.mark.parametrize(
    ("title", "within"),
    [("Sphericity of it", "sphericity of it"), ("PET volume", "PET volume"), ("CT", "CT"), ("4D phases", "4D phases")],
)
def test_a_title_begins_small_within_a_sentence_unless_it_is_an_abbreviation(title, within):
    assert _within_a_sentence(title) == within


def test_a_sentence_begins_with_a_capital():
    assert capitalized("the score is high") == "The score is high"


def factor(title, percentile, counted=None, *, value=1.0, excess=0.0, unit="1"):
    counted = percentile if counted is None else counted
    return SimpleNamespace(
        title=title, value=value, percentile=percentile, counted_percentile=counted, excess=excess, unit=unit,
        basis="convention", reason=None,
    )  # fmt: skip


def family(*factors, level=Level.TYPICAL, may_anchor=True, score=40.0):
    return SimpleNamespace(
        title="Shape", is_measurable=True, level=level, score=score, may_anchor=may_anchor, factors=factors
    )


def test_a_typical_family_is_shown_by_its_two_least_unusual_factors():
    sentence = family_sentence(
        family(factor("Alpha", 0.5), factor("Beta", 0.0), factor("Gamma", 0.2, unit="mm"), factor("Delta", 30))
    )
    assert sentence == (
        "Shape: within the routine range (more complex than 40% of reference plans). Beta 1, more complex than 0%; "
        "gamma 1 mm, more complex than 0.2%."
    )


@pytest.mark.parametrize(("may_anchor", "role"), [(True, ""), (False, "; supporting factor only")])
def test_an_unusual_family_is_shown_by_the_two_factors_that_add_most(may_anchor, role):
    factors = (
        factor("Alpha", 80, excess=30), factor("Beta", 99, 95, excess=45), factor("Gamma", 50),
        factor("Delta", 90, excess=40),
    )  # fmt: skip
    sentence = family_sentence(family(*factors, level=Level.ELEVATED, may_anchor=may_anchor, score=87.65))
    assert sentence == (
        f"Shape: above average (more complex than 87.7% of reference plans){role}. Beta 1, more complex than 99% (set "
        "by convention, counted as 95); delta 1, more complex than 90%."
    )


def test_a_family_that_could_not_be_measured_says_each_reason_once():
    reasons = ("no image", None, "no image", "no contours")
    missing = SimpleNamespace(
        title="Fusion", is_measurable=False, factors=[SimpleNamespace(reason=reason) for reason in reasons]
    )
    assert family_sentence(missing) == (
        "Fusion: could not be measured, so it adds nothing (no image; no contours)."
    )  # fmt: skip
