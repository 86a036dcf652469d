"""Plans that a profile states: one value a plan, each named once, and what is not measured stays so."""

import numpy as np
import pytest
from pydantic import ValidationError

from rtcomplexity.scoring.own_plans import MeasuredPlans, Provenance


def test_values_are_columns_and_an_empty_string_is_not_measured():
    made = MeasuredPlans(ids=("a", "b"), fractions=(5, ""), columns={"scored.volume": (1.5, ""), "scored.x": (0, 2)})
    plans = made.plans
    assert plans.count == 2
    np.testing.assert_array_equal(plans.column("scored.volume"), [1.5, np.nan])
    np.testing.assert_array_equal(plans.column("scored.x"), [0.0, 2.0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ids": ("a", "a")}, "a plan is named twice"),
        ({"fractions": (5,)}, "fractions has 1 values for 2 plans"),
        ({"columns": {"scored.x": (1.0, 2.0), "scored.y": (1.0, 2.0, 3.0)}}, "scored.y has 3 values for 2 plans"),
        ({"fractions": (0, 5)}, "greater than or equal to 1"),
        ({"ids": ()}, "at least 1 item"),
        ({"columns": {"scored.x": (float("nan"), 1.0)}}, "finite number"),
        ({"further": 1}, "Extra inputs"),
    ],
)
def test_plans_that_do_not_match_their_values_are_refused(change, said):
    whole = {"ids": ("a", "b"), "fractions": (1, 5), "columns": {"scored.x": (1.0, 2.0)}}
    MeasuredPlans(**whole)
    with pytest.raises(ValidationError, match=said):
        MeasuredPlans(**whole | change)


def test_a_provenance_counts_what_it_left_out_from_one_on():
    said = Provenance(made_by="tests", period="2025", excluded={"refused": 1})
    assert (said.self_check_plans, said.self_check_supported, said.slice_spacings_mm) == (0, 0, ())
    for change in (
        {"excluded": {"refused": 0}},
        {"made_by": ""},
        {"self_check_plans": -1},
        {"self_check_supported": -1},
    ):
        with pytest.raises(ValidationError):
            Provenance(**{"made_by": "tests", "period": "2025"} | change)
    with pytest.raises(ValidationError):
        said.period = "2026"
