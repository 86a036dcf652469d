"""The interval of a score in every report: beside the score, and in words where it holds a threshold."""

import pytest

from rtcomplexity.evidence.formats.html import evidence_html
from rtcomplexity.evidence.formats.summary import summary_txt
from rtcomplexity.evidence.page import page_of
from rtcomplexity.evidence.record import ScoreInterval, ScoreUncertainty
from rtcomplexity.scoring.guardrails import FORBIDDEN
from unit.evidence.made_evidence import pictures_of, record_of


def with_interval(low, high, t=85.0):
    """A record of the made profile: below 75 routine, 97.5 or above unusual."""
    found = ScoreInterval(
        confidence=0.9,
        score=(low, high),
        percentile=(low, high),
        uncertainty=ScoreUncertainty(redrawing=0.1, contours=0.0, plans=0.03),
        redrawings=8,
        plans=5000,
    )
    record = record_of()
    return record.model_copy(update={"score": record.score.model_copy(update={"t": t, "interval": found})})


@pytest.mark.parametrize(
    ("low", "high", "named"),
    [
        (97.0, 98.0, ["threshold for unusual (97.5)"]),
        (74.0, 76.0, ["threshold for routine (75.0)"]),
        (70.0, 99.0, ["threshold for routine (75.0)", "threshold for unusual (97.5)"]),
        (97.0, 97.5, ["threshold for unusual (97.5)"]),
        (80.0, 90.0, []),
        (97.5, 99.0, []),
    ],
)
def test_thresholds_inside_the_interval_are_named(low, high, named):
    near = page_of(with_interval(low, high)).gauge.near
    assert [each for each in ("threshold for routine (75.0)", "threshold for unusual (97.5)") if each in near] == named
    assert bool(near) == bool(named)
    assert not FORBIDDEN.search(near)


def test_the_interval_is_told_beside_the_score_in_every_report():
    record = with_interval(96.52, 98.07, t=97.41)
    told = "97.4 of 100 (90% interval 96.5\u201398.1)"
    gauge = page_of(record).gauge
    assert gauge.score_words == told
    assert told in " ".join(summary_txt(record).decode().split())
    html = evidence_html(record, pictures_of()).decode()
    assert f'aria-label="Score {told}.' in html
    assert gauge.near in html
    assert gauge.near in " ".join(summary_txt(record).decode().split())


def test_the_method_says_what_the_interval_holds_and_what_not():
    text = dict(page_of(with_interval(80.0, 90.0)).method)["Interval of the score"]
    assert "8 simulated re-contours" in text
    assert "5,000 reference plans" in text
    assert "does not cover" in text


def test_without_an_interval_the_score_is_printed_alone():
    gauge = page_of(record_of()).gauge
    assert gauge.score_words == f"{gauge.score_text} of 100"
    assert gauge.near == ""
