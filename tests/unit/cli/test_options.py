"""What the text of options means, and that a wrong one is said to be wrong."""

import pytest

from rtcomplexity.cli import options
from rtcomplexity.cli.assessing import parse_site
from rtcomplexity.cli.options import parse_fail_at
from rtcomplexity.errors import UsageError
from rtcomplexity.model.issue import Severity
from rtcomplexity.scoring import profile
from rtcomplexity.scoring.facts import Site
from rtcomplexity.scoring.verdict import VerdictValue


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


def test_the_default_profile_is_the_one_of_scoring():
    assert options.DEFAULT_PROFILE == profile.DEFAULT_PROFILE


def test_the_words_for_fail_at_are_those_of_scoring_and_of_issues():
    assert list(options.VERDICTS) == [value.value for value in VerdictValue]
    assert list(options.SEVERITIES) == [severity.value for severity in Severity]


def test_a_site_is_stated_in_words():
    assert parse_site("thoracic") is Site.THORACIC
    assert parse_site(None) is None
    with pytest.raises(UsageError, match="not-thoracic"):
        parse_site("unknown")
