"""CMS's files by the words over their columns, whatever their order; what is none is refused with what to try."""

from datetime import date

import pytest

from rtcomplexity.scoring.cms_files import CmsFileError, fee_schedule, physician_times
from unit.scoring.made_cms import ABOVE, NAMES, TITLE, csv_of, fees, line, times

CODE = ("32701",)


def test_the_columns_are_found_by_words_over_several_lines():
    found = fee_schedule(fees(), "PPRRVU2026_Jan.csv", CODE)
    row = found.codes["32701"]
    assert (row.status, row.global_period, row.work_rvu) == ("A", "XXX", 4.08)
    assert row.row == 9, "after four lines of words, three of names and one other code"
    assert found.title == TITLE
    assert found.starts == date(2026, 1, 1)


def test_names_on_one_line_and_in_another_order_are_found_too():
    names = ("DAYS GLOB", "WORK RVU", "HCPCS", "MOD", "STATUS CODE")
    found = fee_schedule(fees(("010", "2.5", "32701", "", "R"), above=(), names=names), "PPRRVU26.csv", CODE)
    row = found.codes["32701"]
    assert (row.status, row.global_period, row.work_rvu) == ("R", "010", 2.5)


def test_days_that_a_spreadsheet_made_numbers_have_three_digits_again():
    found = fee_schedule(fees(line("32701", period="0")), "PPRRVU26.csv", CODE)
    assert found.codes["32701"].global_period == "000"


@pytest.mark.parametrize(
    ("title", "name", "starts"),
    [
        (TITLE.replace("January", "October"), "PPRRVU.csv", date(2026, 10, 1)),
        (TITLE.replace("January", "July").replace("2026", "2025"), "PPRRVU.csv", date(2025, 7, 1)),
        ("Relative values", "PPRRVU2026_Apr_nonQPP.csv", date(2026, 4, 1)),
        ("Relative values", "PPRRVU25_OCT.csv", date(2025, 10, 1)),
        ("Relative values", "PPRRVU25.csv", date(2025, 1, 1)),
    ],
)
def test_a_release_begins_with_the_month_that_it_is_named_by(title, name, starts):
    assert fee_schedule(fees(title=title), name, CODE).starts == starts


def test_a_file_that_names_no_release_asks_for_its_first_day():
    with pytest.raises(CmsFileError, match="--starts"):
        fee_schedule(fees(title="Relative values"), "values.csv", CODE)
    day = date(2026, 4, 1)
    assert fee_schedule(fees(title="Relative values"), "values.csv", CODE, day).starts == day


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no line of column names"),
        (b"one,two\n1,2\n", "no line of column names"),
        (fees(line("12345")), "no line for 32701"),
        (fees(line("32701"), line("32701")), "2 lines for 32701"),
        (fees(line("32701", mod="26")), "no line for 32701"),
        (fees(line("32701", period="ABC")), "Line 8 .* unknown global days"),
        (fees(line("32701", work="many")), "Line 8 .* no number"),
        (fees(line("32701", work="-1")), "no number"),
        (fees(line("32701", work="nan")), "no number"),
        (fees(above=ABOVE[:1]), "no column named"),
        (fees(names=(*NAMES[:-1], "DAYS"), above=(*ABOVE[:1], (*ABOVE[1][:-1], "GLOB"))), "2 columns"),
    ],
    ids=[
        "empty",
        "another",
        "no code",
        "twice",
        "modifier",
        "days",
        "words",
        "negative",
        "nan",
        "no names",
        "two names",
    ],
)
def test_what_is_no_such_file_is_refused(content, says):
    with pytest.raises(CmsFileError, match=says):
        fee_schedule(content, "PPRRVU2026.csv", CODE)


def test_minutes_before_the_service_are_added():
    row = physician_times(times(), "PHYSTIME.csv", CODE)["32701"]
    assert (row.pre_minutes, row.intra_minutes, row.post_minutes, row.total_minutes) == (15, 60, 15, 90)
    several = physician_times(times(("32701", "", "10", "3", "2", "60", "15", "0", "90")), "PHYSTIME.csv", CODE)
    assert several["32701"].pre_minutes == 15


def test_visits_afterwards_may_add_to_the_total_and_nothing_may_exceed_it():
    with_visits = times(("32701", "", "10", "0", "0", "60", "15", "1", "108"))
    assert physician_times(with_visits, "PHYSTIME.csv", CODE)["32701"].total_minutes == 108
    with pytest.raises(CmsFileError, match="exceed"):
        physician_times(times(("32701", "", "10", "0", "0", "60", "15", "0", "80")), "PHYSTIME.csv", CODE)


def test_a_code_without_times_has_none():
    assert physician_times(times(("12345", "", "1", "0", "0", "2", "1", "0", "4")), "PHYSTIME.csv", CODE) == {}


def test_a_file_without_times_is_refused():
    with pytest.raises(CmsFileError, match="no column named"):
        physician_times(csv_of(("HCPCS", "Total Time"), ("32701", "90")), "PHYSTIME.csv", CODE)


@pytest.mark.parametrize(("between", "is_found"), [(3, True), (4, False)])
def test_the_name_of_a_column_runs_over_six_lines_at_most(between, is_found):
    """A line of WORK, lines without a word, one of RVU and the names."""
    names = ("HCPCS", "MOD", "STATUS", "WORDS", "GLOB DAYS")
    above = (("", "", "", "WORK", ""), *[("",) * 5] * between, ("", "", "", "RVU", ""))
    content = fees(("32701", "", "A", "2.5", "010"), above=above, names=names)
    if is_found:
        assert fee_schedule(content, "PPRRVU26.csv", CODE).codes["32701"].work_rvu == 2.5
    else:
        with pytest.raises(CmsFileError, match="no column named"):
            fee_schedule(content, "PPRRVU26.csv", CODE)
