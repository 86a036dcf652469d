"""What the text of options means, and that a wrong one is said to be wrong."""

import pytest

from rtcomplexity.cli.options import parse_fail_at
from rtcomplexity.errors import UsageError


def test_fail_at_takes_verdicts_and_severities():
    assert parse_fail_at(["rejects", "error"]) == ("rejects", "error")
    assert parse_fail_at(None) == ()


def test_fail_at_refuses_anything_else():
    with pytest.raises(UsageError, match="insufficient_evidence"):
        parse_fail_at(["bad"])


def test_a_quick_run_has_no_verdict_to_fail_at():
    assert parse_fail_at(["warning"], quick=True) == ("warning",)
    with pytest.raises(UsageError, match="with --quick"):
        parse_fail_at(["rejects"], quick=True)
