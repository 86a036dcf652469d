from datetime import date, timedelta

import pytest

from rtcomplexity.errors import UsageError
from rtcomplexity.scoring.payer import Gate, payer_named, payers

NAMED = ["Aetna", "Cigna Health", "UnitedHealthcare", "Medicare FFS", "BCBS Texas", "Regence", "Excellus", "Anthem"]


@pytest.mark.parametrize("name", [*NAMED, "uhc", "NGS", "Novitas", "Palmetto", "Noridian", "WPS", "Triple-S"])
def test_every_payer_of_the_source_table_is_known_by_its_names(name):
    assert payer_named(name)


def test_an_unknown_payer_is_refused_with_the_known_ones():
    with pytest.raises(UsageError, match="unitedhealthcare"):
        payer_named("Nobody's Mutual")


@pytest.mark.parametrize(
    ("payer", "period", "gate"),
    [
        ("medicare", "090", Gate.ALLOWED),
        ("medicare", "XXX", Gate.NOT_ALLOWED),
        ("medicare", "042", Gate.NOT_ALLOWED),
        ("uhc", "042", Gate.ALLOWED),
        ("regence", "ZZZ", Gate.UNKNOWN),
        ("regence", "XXX", Gate.NOT_ALLOWED),
        ("wps", "XXX", Gate.UNKNOWN),
        ("aetna", "XXX", Gate.UNKNOWN),
        ("cigna", "090", Gate.UNKNOWN),
    ],
)
def test_a_gate_fires_only_where_the_payers_periods_are_known(payer, period, gate):
    assert payer_named(payer).gate(period) is gate


def test_every_row_has_a_source_unless_it_says_that_nothing_is_known():
    for payer in payers():
        for rule in payer.rules:
            assert bool(rule.source) is (rule.confidence != "unknown"), (payer.id, rule.topic)
            assert (rule.text == "Not known.") is (rule.confidence == "unknown")


def test_a_rule_over_twelve_months_old_says_so():
    rule = payer_named("noridian").rule("global_period")
    assert "over 12 months" in rule.dating(date(2026, 1, 1))
    assert "over 12 months" not in rule.dating(date(2014, 1, 1))
    assert "over 12 months" not in rule.dating(None)


def test_a_rule_without_a_date_says_so():
    assert "no date" in payer_named("medicare").rule("documents").dating(date(2026, 1, 1))
    assert payer_named("cigna").rule("documents").dating(None) == ""


def test_a_rule_is_old_after_366_days():
    rule = payer_named("noridian").rule("global_period")
    assert "over 12 months" not in rule.dating(rule.as_of + timedelta(days=365))
    assert "over 12 months" in rule.dating(rule.as_of + timedelta(days=367))
