"""Redrawings are counted, and more of them made only where the first ones leave the verdict open."""

import pytest

from rtcomplexity.scoring.profile import StabilityRules
from rtcomplexity.scoring.stability import Early, Stability, measure_stability

RULES = StabilityRules()


def measured(disagreeing):
    """Stability where the redrawings of these numbers come to another verdict, and how many were made."""
    made = []

    def redrawn(numbers):
        made.extend(numbers)
        return [{"number": number} for number in numbers]

    def verdicts_of(plans):
        return ["rejects" if values.get("number") in disagreeing else "supports" for values in plans]

    return measure_stability({}, redrawn, verdicts_of, RULES), made


def test_32_are_made_and_200_where_65_to_95_per_cent_agree():
    assert (RULES.replicates, RULES.extended_to, RULES.open_from, RULES.open_to) == (32, 200, 0.65, 0.95)


@pytest.mark.parametrize("disagreeing", [0, 1, 12, 32])
def test_a_clear_share_needs_no_more(disagreeing):
    found, made = measured(range(disagreeing))
    assert found == Stability(share=pytest.approx(1 - disagreeing / 32, abs=1e-6), replicates=32)
    assert made == list(range(32))


@pytest.mark.parametrize("disagreeing", [2, 11])
def test_an_open_share_is_settled_by_more(disagreeing):
    found, made = measured(range(disagreeing))
    assert found == Stability(share=pytest.approx(1 - disagreeing / 200), replicates=200)
    assert made == list(range(200))


def test_a_redrawing_whose_verdict_is_settled_early_is_measured_no_further():
    made = []

    def redrawn(numbers):
        made.extend(numbers)
        return [{"number": number} for number in numbers]

    def verdicts_of(plans):
        return ["rejects" if values.get("number", 1) % 10 == 0 else "supports" for values in plans]

    early = Early(
        redrawn=lambda numbers: [{"number": number} for number in numbers],
        verdicts_of=lambda plans: ["" if values["number"] % 4 == 0 else verdicts_of([values])[0] for values in plans],
    )
    found = measure_stability({}, redrawn, verdicts_of, RULES, early)
    assert made == list(range(0, 200, 4))
    assert found == measure_stability({}, early.redrawn, verdicts_of, RULES)
