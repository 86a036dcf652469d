"""What the text of options means, and that a wrong one is said to be wrong."""

import pytest

from rtcomplexity.cli import options
from rtcomplexity.cli.app import run
from rtcomplexity.cli.options import parse_fail_at, whole_number
from rtcomplexity.errors import ExitCode, UsageError
from rtcomplexity.model.issue import Severity
from rtcomplexity.model.options import DEFAULT_PROFILE
from rtcomplexity.scoring import profile
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


def test_the_default_profile_is_a_shipped_one():
    assert DEFAULT_PROFILE in profile.profile_ids()


def test_the_words_for_fail_at_are_those_of_scoring_and_of_issues():
    assert list(options.VERDICTS) == [value.value for value in VerdictValue]
    assert list(options.SEVERITIES) == [severity.value for severity in Severity]


@pytest.mark.parametrize("text", ["three", "0", "-2", "2.5", "", "9" * 5000])
def test_a_number_that_is_none_is_told_in_our_words(text):
    with pytest.raises(UsageError, match=r"--fractions: found .* expected a whole number of at least 1, such as 5"):
        whole_number("--fractions", 5)(text)


def test_a_whole_number_is_read():
    assert whole_number("--fractions", 5)("3") == 3


@pytest.mark.parametrize("command", [["analyze", "plan"], ["batch", "in", "--out", "out"]])
def test_a_command_tells_it_in_our_words(capsys, command):
    assert run([*command, "--fractions", "three"]) == ExitCode.USAGE
    _, err = capsys.readouterr()
    assert err == "rtcomplexity: --fractions: found 'three', expected a whole number of at least 1, such as 5\n"
