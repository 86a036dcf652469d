"""A factor's drawing shows the reference, the routine range and the plan, and says the same in words."""

import re
from xml.etree import ElementTree as ET

import pytest

from rtcomplexity.evidence.histogram import HEIGHT, WIDTH, behind_words, histogram_of, svg_file
from rtcomplexity.evidence.page import page_of
from rtcomplexity.evidence.record import DistributionRecord, FactorRecord
from unit.cli.records import factor
from unit.evidence.made_evidence import record_of

NUMBERS = ("1.25", "1\u20132", "40")
BINS = DistributionRecord(start=0, stop=4, shares=(10, 60, 20, 0, 10))


def made(**changes):
    return FactorRecord.model_validate({**factor("scored.a", "A"), "distribution": BINS, **changes})


def paths(drawing):
    root = ET.fromstring(svg_file(drawing))
    assert root.get("viewBox") == f"0 0 {WIDTH} {HEIGHT}"
    return [each.get("d") for each in root]


def test_bars_are_as_high_as_their_shares_and_an_empty_bin_has_none():
    bars, *_ = paths(histogram_of(made(), "A", NUMBERS).drawing)
    heights = [float(each) for each in re.findall(r"v-([\d.]+)h", bars)]
    assert len(heights) == 4
    assert heights[1] == pytest.approx(6 * heights[0], abs=0.02)
    assert heights[0] == heights[3]


def test_the_plan_is_a_line_at_its_place_and_the_routine_range_a_bar_below():
    *_, routine, line = paths(histogram_of(made(value=2.0), "A", NUMBERS).drawing)
    assert float(re.match(r"M([\d.]+) ", line)[1]) == pytest.approx(WIDTH / 2)
    low, high = (float(each) for each in re.findall(r"[MH]([\d.]+)", routine))
    assert low < WIDTH / 2
    assert high == pytest.approx(WIDTH / 2)


@pytest.mark.parametrize(("value", "side"), [(-50.0, -1), (50.0, 1)])
def test_a_value_farther_out_is_an_arrow_at_its_edge(value, side):
    mark = paths(histogram_of(made(value=value), "A", NUMBERS).drawing)[-1]
    base, tip = (float(x) for x in re.findall(r"[ML]([\d.]+) ", mark)[:2])
    assert (tip - base) * side > 0
    assert 0 < tip < WIDTH


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"basis": "measured", "n": 428, "patients": 143}, "measured: 428 real contours, 143 patients"),
        ({"basis": "model", "n": 30, "patients": 21}, "modeled: 30 real contours, 21 patients"),
        ({"basis": "model", "n": 5000}, "modeled: 5,000 plans"),
        ({"basis": "convention", "n": None}, "convention"),
    ],
)
def test_words_say_measured_or_modeled_and_how_many_are_behind_it(changes, expected):
    assert behind_words(made(**changes)) == expected


def test_the_alternative_text_says_what_the_drawing_shows():
    text = histogram_of(made(basis="model", n=5000), "A factor", NUMBERS).text
    assert text == (
        "A factor: this plan 1.25; routine 1\u20132; percentile 40 of the reference (modeled: 5,000 plans)."
    )


def test_without_a_distribution_nothing_is_drawn():
    assert histogram_of(made(distribution=None), "A", NUMBERS).drawing == ""


def test_every_finding_of_a_report_has_one():
    page = page_of(record_of())
    for table in (page.findings_for, page.findings_against):
        assert len(table.histograms) == len(table.rows)
        assert all(
            each.drawing and each.text.startswith(row[1])
            for each, row in zip(table.histograms, table.rows, strict=True)
        )
