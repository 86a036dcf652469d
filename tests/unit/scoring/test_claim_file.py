"""The check digit of an NPI."""

import pytest

from rtcomplexity.scoring.claim_file import has_npi_check_digit


def luhn_digit(npi_without):
    """The digit that makes the sum a multiple of ten, every second digit from the right doubled, digits added up."""
    digits = [int(each) for each in reversed(f"80840{npi_without}")]
    return -sum(sum(map(int, str(2 * digit))) if n % 2 == 0 else digit for n, digit in enumerate(digits)) % 10


@pytest.mark.parametrize("rest", ["123456789", "199999999", "190909090", "109090909", "155555555", "200000000"])
def test_one_last_digit_alone_is_right(rest):
    right = [digit for digit in range(10) if has_npi_check_digit(f"{rest}{digit}")]
    assert right == [luhn_digit(rest)]
