"""Tables on a narrow terminal: words and numbers stay whole while there is room for them."""

import io

import pytest

from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.cli.rendering.terminal import ResultConsole
from rtcomplexity.cli.rendering.widths import fit_words

ROWS = (
    ("1,SUV_primair", "expansion of CTV-1", "155.9 cm³", "95.9 (counted as 95)"),
    ("GTV-1", "semiautomatic", "3.75 cm³", "100"),
)


def table():
    made = titled_table("Targets", ("Name", "Method"))
    for heading in ("Contour volume", "Percentile"):
        made.add_column(heading, justify="right")
    for row in ROWS:
        made.add_row(*row)
    return made


def printed(made, width):
    stream = io.StringIO()
    ResultConsole(file=stream, width=width, markup=False, emoji=False, highlight=False).print(made)
    return stream.getvalue().splitlines()


@pytest.mark.parametrize("width", range(52, 90))
def test_no_word_and_no_number_is_broken(width):
    made = table()
    fit_words(made, width)
    lines = printed(made, width)
    assert max(map(len, lines)) <= width
    text = " ".join(lines)
    for whole in ("1,SUV_primair", "expansion", "semiautomatic", "155.9 cm³", "3.75 cm³", "volume", "Percentile"):
        assert whole in text


def test_without_that_a_word_is_broken_at_the_same_width():
    assert "semiautomatic" not in " ".join(printed(table(), 52))


def test_all_room_is_given_to_whoever_lacks_most():
    made = table()
    fit_words(made, 60)
    assert sum(column.width for column in made.columns) + 7 == 60


@pytest.mark.parametrize("width", [20, 200])
def test_a_table_with_room_for_all_or_too_little_is_left_as_it_is(width):
    made = table()
    fit_words(made, width)
    assert [column.width for column in made.columns] == [None] * 4
