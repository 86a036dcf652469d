"""Plans as rows: counted by label with exact intervals, judged by the rules of a single plan, refused where unclear."""

import numpy as np
import pytest
from scipy.stats import beta

from rtcomplexity.scoring.plan_table import (
    PlanTableError,
    clopper_pearson,
    evaluate,
    parse_plan_table,
    read_plan_table,
    verdicts_of,
)
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.verdict import assess
from unit.scoring.made_profile import METRICS, made_profile, measured, thoracic

PROFILE = made_profile()
HEADER = ",".join(("scored.volume", *METRICS))


def table_of(*rows, header=f"{HEADER},stratum,label"):
    return parse_plan_table("\n".join([header, *rows]) + "\n", "plans.csv", PROFILE)


def test_verdicts_are_counted_by_label():
    hard, easy = "20,50,50,150,150,50,50", "20,10,10,10,10,10,10"
    table = table_of(f"{hard},sbrt,hard", f"{hard},sbrt,hard", f"{easy},sbrt,easy", f"{easy},conventional,hard")
    found = evaluate(table, PROFILE)
    counts = {label: {value: share.count for value, share in shares.items()} for label, shares in found.items()}
    none = {"supports": 0, "rejects": 0, "indeterminate": 0, "insufficient_evidence": 0}
    assert counts == {"easy": {**none, "rejects": 1}, "hard": {**none, "supports": 2, "rejects": 1}}
    assert found["hard"]["supports"].share == 0.666667


def test_without_labels_there_is_one():
    table = table_of("20,10,10,10,10,10,10", header=HEADER)
    assert list(evaluate(table, PROFILE)) == ["all"]


@pytest.mark.parametrize(("count", "n"), [(0, 20), (3, 20), (20, 20), (25, 1000)])
def test_intervals_are_those_of_clopper_and_pearson(count, n):
    low, high = clopper_pearson(count, n)
    assert low == pytest.approx(beta.ppf(0.025, count, n - count + 1) if count else 0.0, rel=1e-5)
    assert high == pytest.approx(beta.ppf(0.975, count + 1, n - count) if count < n else 1.0, rel=1e-5)


def test_a_row_gets_the_verdict_of_the_plan_assessed_by_itself():
    rng = np.random.default_rng(3)
    values = np.round(rng.uniform(40, 160, (150, len(METRICS))), 1)
    values[rng.random(values.shape) < 0.1] = np.nan
    fractions = rng.choice([5, 30, 0], 150)  # 0: nobody stated them
    volumes = np.round(rng.uniform(5, 110, 150), 1)
    strata = {5: "sbrt", 30: "conventional", 0: ""}
    lines = [
        ",".join(["" if np.isnan(cell) else f"{cell}" for cell in [volume, *row]] + [strata[int(course)], ""])
        for volume, row, course in zip(volumes, values, fractions, strict=True)
    ]
    found = verdicts_of(table_of(*lines), PROFILE)
    alone = []
    for volume, row, course in zip(volumes, values, fractions, strict=True):
        keys = (metric.removeprefix("scored.") for metric in METRICS)
        plan = measured(volume, **{key: None if np.isnan(cell) else cell for key, cell in zip(keys, row, strict=True)})
        facts = thoracic(fractions=int(course) or None)
        alone.append(assess(plan, facts, PROFILE, stability=Stability(share=1.0)).verdict.value.value)
    assert found == alone
    assert {"supports", "rejects", "indeterminate", "insufficient_evidence"} <= set(alone)


def test_an_empty_cell_is_not_measured_and_a_plan_without_volume_has_nothing_to_score():
    assert verdicts_of(table_of("20,,,,,,,sbrt,", "0,10,10,10,10,10,10,sbrt,"), PROFILE) == [
        "insufficient_evidence",
        "insufficient_evidence",
    ]


def test_a_plan_whose_volume_nobody_states_is_never_supported():
    row = "50,50,150,150,50,50"
    assert verdicts_of(table_of(f"20,{row},sbrt,", f",{row},sbrt,"), PROFILE) == ["supports", "indeterminate"]


def test_the_volume_follows_from_the_equivalent_diameter():
    # a sphere of 20 mm has 4.18879 cm3
    table = table_of("20,10", header="scored.equivalent_diameter,scored.topology")
    assert table.plans.column("scored.volume")[0] == pytest.approx(4.18879, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scored.topolgy\n1\n", "scored.topology"),
        ("topology\n1\n", "nearest key is scored.topology"),
        ("scored.topology,scored.topology\n1,2\n", "more than once"),
        ("scored.topology,label\n1\n", "has 1 cells, its first line 2"),
        ("scored.topology\n1\n\nx\n", "Line 4, column scored.topology"),
        ("scored.topology\nnan\n", "is no number"),
        ("scored.topology\ninf\n", "is no number"),
        ("scored.topology,stratum\n1,sbrT\n", "does not have: 'sbrT'. Try: sbrt, conventional"),
        ("scored.topology\n", "holds no plan"),
        ("", "holds no plan"),
        ("label\na\n", "no column of a metric"),
        ('scored.topology\n"1\n', "is no CSV"),
    ],
)
def test_an_unclear_table_is_refused_and_the_place_named(text, said):
    with pytest.raises(PlanTableError, match=said):
        parse_plan_table(text, "plans.csv", PROFILE)


def test_metrics_that_the_profile_does_not_score_are_named_not_refused():
    table = parse_plan_table("scored.topology,scored.phases\n1,2\n", "plans.csv", PROFILE)
    assert table.not_scored == ("scored.phases",)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path):
    path = tmp_path / "plans.csv"
    path.write_bytes(f"{HEADER}\r\n20,10,10,10,10,10,10\r\n".encode("utf-8-sig"))
    assert read_plan_table(path, PROFILE).plans.count == 1


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path, content):
    path = tmp_path / "plans.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PlanTableError, match=r"plans\.csv"):
        read_plan_table(path, PROFILE)
