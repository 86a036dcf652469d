"""Names from files can neither steer a terminal nor pretend to be another name."""

import pytest

from rtcomplexity.evidence.formats.text import shortened, shown


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("GTV\x1b[31m", "GTVU+001B[31m"),
        ("GTV\u202eVTP", "GTVU+202EVTP"),
        ("a\x00b", "aU+0000b"),
        ("a\nb", "aU+000Ab"),
        ("a\u200bb", "aU+200Bb"),
        ("a\x9bb", "aU+009Bb"),
        ("a\ud800b", "aU+D800b"),
        ("a\u2028b", "aU+2028b"),
    ],
)
def test_invisible_characters_are_shown_by_their_number(hostile, harmless):
    assert shown(hostile) == harmless


@pytest.mark.parametrize("name", ["GTV-1", "1,SUV_primair", "rx 1: H&N PTV 70 Gy", "腫瘍", "Größe", "🫁", "a  b"])
def test_visible_text_of_any_script_is_left_alone(name):
    assert shown(name) == name


def test_a_long_name_loses_its_end_visibly():
    assert shortened("x" * 300, 32) == "x" * 31 + "…"


def test_a_name_is_made_harmless_before_it_is_shortened():
    assert "\x1b" not in shortened("\x1b" * 300, 32)
