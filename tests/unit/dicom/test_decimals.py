"""Decimals eight characters at a time against Python's own float()."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.dicom.decimals import parse_decimals

digits = st.text("0123456789", min_size=1, max_size=8)
plain = st.builds(
    lambda sign, whole, part: (sign + whole + part)[:16],
    st.sampled_from(["", "-"]),
    digits,
    st.one_of(st.just(""), digits.map(lambda d: "." + d)),
)
plain = plain.filter(lambda text: text[-1] != "-")


def parsed(texts):
    values = np.empty(len(texts))
    return values if parse_decimals("\\".join(texts).encode(), values) else None


@given(st.lists(plain, min_size=1, max_size=40))
def test_the_same_bits_as_float(texts):
    values = parsed(texts)
    assert values is not None
    assert values.tobytes() == np.array([float(text) for text in texts]).tobytes()


@pytest.mark.parametrize("text", ["-0", "0.0", "-0.0", "123.", ".5", "-.5", "9007199254740991", "-999999999999.99"])
def test_edges_that_are_plain_decimals(text):
    assert parsed([text]).tobytes() == np.array([float(text)]).tobytes()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        ".",
        "-.",
        "1e5",
        "+1",
        " 1",
        "1 ",
        "1,5",
        "1.2.3",
        "--1",
        "1-2",
        "nan",
        "0x10",
        "12345678901234567",
        "9007199254740993",
        "\u0661",
        "1\0",
        "12.34.5678901",
        "/1",
        ":1",
        "1234567:",
    ],
)
def test_anything_unusual_is_left_to_the_caller(text):
    assert parsed(["1.5", text, "2.25"]) is None


@given(st.lists(st.text("0123456789.-+eE ", max_size=17), min_size=1, max_size=12))
def test_never_a_wrong_number(texts):
    """Whatever it accepts, float() accepts too, and says the same."""
    values = parsed(texts)
    if values is not None:
        assert values.tobytes() == np.array([float(text) for text in texts]).tobytes()


def test_another_number_of_values_is_refused():
    assert not parse_decimals(b"1\\2\\3", np.empty(2))
