"""What the text of options means, and that a wrong one is said to be wrong."""

import pytest

from rtcomplexity.cli.options import parse_aliases, parse_fail_at
from rtcomplexity.errors import UsageError


def test_an_alias_names_an_roi_exactly_and_its_class_in_any_case():
    assert parse_aliases(["Tumor Bed=gtv", "a=b=PTV"]) == {"Tumor Bed": "GTV", "a=b": "PTV"}


def test_the_same_alias_twice_is_one():
    assert parse_aliases(["a=GTV", "a=GTV"]) == {"a": "GTV"}


@pytest.mark.parametrize("pairs", [["GTV"], ["=GTV"], ["a=TUMOUR"], ["a="], ["a=GTV", "a=PTV"]])
def test_an_alias_without_name_or_with_unknown_or_contradicting_class_is_refused(pairs):
    with pytest.raises(UsageError, match="--map"):
        parse_aliases(pairs)


def test_fail_at_takes_verdicts_and_severities():
    assert parse_fail_at(["rejects", "error"]) == ("rejects", "error")
    assert parse_fail_at(None) == ()


def test_fail_at_refuses_anything_else():
    with pytest.raises(UsageError, match="insufficient_evidence"):
        parse_fail_at(["bad"])
