"""The reference pages say what the program says: made again, they are the same."""

from pathlib import Path

import pytest
import reference_pages

import rtcomplexity
from rtcomplexity.model.issue_codes import ISSUE_CODES

ROOT = Path(__file__).parents[2]
PAGES = reference_pages.pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_what_the_program_gives(name):
    path = ROOT / "docs" / "reference" / name
    assert path.read_text(encoding="utf-8") == PAGES[name], "run 'make reference' and commit what it writes"


def test_no_other_page_stands_among_them():
    assert {path.name for path in (ROOT / "docs" / "reference").iterdir()} == set(PAGES)


@pytest.mark.parametrize(("name", "command"), reference_pages.commands(), ids=str)
def test_help_of_every_command_and_of_those_in_groups_has_an_example(name, command):
    assert f"Example: rtcomplexity {name}" in command.help


@pytest.mark.parametrize("sample", ["routine_sbrt", "pet_ct_nsclc", "complex_central"])
def test_issues_of_a_sample_are_documented(sample):
    record = rtcomplexity.analyze(ROOT / "sample_data" / sample, rtcomplexity.AnalyzeOptions(quick=True)).record
    assert {issue.code for issue in record.issues} <= ISSUE_CODES.keys()
