"""What a reader of the terminal gets to see of a record, first things first, at any width."""

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console

from rtcomplexity.cli.rendering.assessment import assessment_parts
from rtcomplexity.cli.rendering.contents import contents_parts
from rtcomplexity.cli.rendering.values import own_volume
from rtcomplexity.evidence.record import Measured
from rtcomplexity.scoring.guardrails import FORBIDDEN
from unit.cli.records import READINESS, image_set, issue, metric, record_of, roi

WIDTHS = [60, 80, 120]
VERDICTS = ["supports", "rejects", "indeterminate", "insufficient_evidence"]
HOSTILE = [
    "GTV\x1b[31mX",
    "GTV\u202eVTP",
    "[red]GTV[/red]",
    "GTV" * 100,
    ":skull:",
    "a\nb",
    "\x9b2J",
    "GTV\x00",
    "腫" * 64,
]


def printed(parts, width=100):
    stream = io.StringIO()
    console = Console(file=stream, width=width, markup=False, emoji=False, highlight=False)
    for part in parts:
        console.print(part)
    return stream.getvalue()


def page(record, width=100, **options):
    return printed(assessment_parts(record, **options), width)


def flowing(text):
    return " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("supports", "Ready for physician review. The plan data support substantially increased work."),
        ("rejects", "Do not submit with modifier 22. The plan data do not support substantially increased work."),
        ("indeterminate", "Hold the claim. The plan data neither support nor rule out"),
        ("insufficient_evidence", "Hold the claim. The plan data are insufficient to assess complexity."),
    ],
)
def test_the_first_words_are_the_verdict(value, words):
    start = flowing(page(record_of(value=value)))[:400]
    assert words in start
    assert start.startswith("╭─ Verdict")


@pytest.mark.parametrize("width", [80, 120])
def test_verdict_claim_reason_next_step_and_what_is_missing_stand_on_the_first_screen(width):
    first_screen = flowing("\n".join(page(record_of(), width).splitlines()[:24]))
    for words in (
        "Service level 11, routine service",
        "Claim rule Cannot be determined. Not enough is stated of the claim.",
        "Deciding factors: Contour shape (within the routine range)",
        "Score 40.0 of 100. Below 75.0: routine. 97.5 or above: unusual.",
        "Why Fewer than two factor groups differ from routine plans.",
        "The result changes under small variations of the contours.",
        "Next steps Billing team: Findings indicate routine work",
        "Findings for increased complexity",
    ):
        assert words in first_screen
    assert "Outstanding" not in first_screen, "no document can matter where the files do not support it"


@pytest.mark.parametrize("width", [80, 120])
def test_what_is_missing_stands_on_the_first_screen_where_it_can_matter(width):
    first_screen = flowing("\n".join(page(record_of(value="indeterminate"), width).splitlines()[:24]))
    assert "Outstanding Physician: signed procedure note" in first_screen
    assert "Billing team: payer" in first_screen


def test_suvmax_stands_in_the_table_of_targets_where_a_pet_was_measured():
    measured = roi(2, "GTV-1", "GTV")
    measured["metrics"]["pet.suvbw_max"] = metric(11.483, "SUVbw")
    shown = page(record_of(rois=(measured, roi(3, "PTV-1", "PTV"))), 120)
    heading, gtv, ptv = (
        next(line for line in shown.splitlines() if name in line) for name in ("SUVmax", "GTV-1", "PTV-1")
    )
    assert heading.rstrip().endswith("SUVmax")
    assert (gtv.split()[-1], ptv.split()[-1]) == ("11.48", "-")
    assert "SUVmax" not in page(record_of(), 120)


def test_what_is_met_is_not_called_missing():
    assert READINESS[2]["state"] == "met"
    assert "structure set approval" not in flowing(page(record_of()))


def test_findings_for_and_against_are_tables_of_equal_width():
    findings = [("Shape", "elevated"), ("Fusion", "typical")]
    record = record_of()
    families = [
        record.score.families[0].model_copy(update={"id": name.lower(), "title": name, "level": level})
        for name, level in findings
    ]
    score = record.score.model_copy(update={"families": tuple(families)})
    lines = page(record.model_copy(update={"score": score}), 100).splitlines()
    headings = [line for line in lines if "Routine P5" in line]
    assert len(headings) == 2
    assert len(headings[0].rstrip()) == len(headings[1].rstrip())


def test_no_finding_on_one_side_is_said():
    assert "none found" in page(record_of(in_favor=()))


def test_a_target_shows_counts_both_volumes_and_their_difference():
    row = next(line for line in page(record_of()).splitlines() if "GTV-1" in line)
    assert row.split() == ["GTV-1", "GTV", "manual", "yes", "21", "21", "155.9", "156.1", "-0.1%"]


def test_a_missing_number_is_a_dash_and_not_zero():
    row = next(line for line in page(record_of()).splitlines() if "PTV-1" in line)
    assert row.split() == ["PTV-1", "PTV", "manual", "21", "21", "589.9", "-", "-"]


def test_a_derived_target_says_of_what():
    rois = (roi(2, "GTV-1", "GTV"), roi(3, "PTV-1", "PTV", derived_from=2))
    assert "expansion of GTV-1" in flowing(page(record_of(rois=rois), 120))


def test_an_unrecognized_roi_is_listed_with_the_way_to_say_what_it_is():
    text = page(record_of(rois=(roi(1, "Tumor Bed?", "UNRESOLVED"), roi(2, "Point", "OTHER", volume=None))))
    assert "Other ROIs, cm³ (1): Tumor Bed? 155.9" in text
    assert "Class not recognized (1): Tumor Bed?" in text
    assert '--map "NAME=GTV"' in text
    assert "Without volume (1): Point" in text


def test_no_target_and_no_image_are_said():
    text = page(record_of(rois=(), image_sets=()))
    assert "Targets: none found." in text
    assert "Image sets: none found." in text


def test_image_sets_show_their_evidence_of_use():
    text = page(record_of(image_sets=(image_set("MR", "secondary", "present"),)))
    assert "present, not linked" in text


def test_errors_come_before_warnings_and_infos_are_counted():
    text = page(record_of(issues=(issue("info"), issue("warning", text="Odd."), issue("error", text="Wrong."))))
    assert text.index("Wrong.") < text.index("Odd.")
    assert "1 more notes" in text


def test_an_issue_names_the_roi_it_is_about():
    assert "GTV-1 20 contours stand twice." in flowing(page(record_of(issues=(issue("warning"),))))


def test_quick_judges_nothing():
    text = page(record_of(), quick=True)
    assert "Verdict" not in text
    assert "Findings" not in text
    assert "155.9" in text


def test_options_that_differ_from_the_default_are_on_the_first_page():
    assert "ROI classes assigned by the user: GTV-1=GTV" in flowing(page(record_of(options={"--map": "GTV-1=GTV"})))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("value", VERDICTS)
def test_disclaimer_and_false_support_rate_are_there_and_no_forbidden_word(value, width):
    text = flowing(page(record_of(value=value), width))
    assert "not a coding, medical-necessity or payment decision" in text
    assert "Estimated error rate: not known" in text
    assert FORBIDDEN.search(text) is None


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_neither_steers_the_terminal_nor_breaks_the_table(name, width):
    rois = (
        roi(1, name, "OAR"),
        roi(2, name, "GTV"),
        roi(3, name, "UNRESOLVED"),
        roi(4, "GTV-1", "PTV", derived_from=2),
    )
    record = record_of(rois=rois)
    for text in (page(record, width), printed(contents_parts(record, lambda name: name + "!"), width)):
        assert not set(text) & set("\x1b\u202e\x9b\x00\r")
        assert all(cell_len(line) <= width for line in text.splitlines())


def test_markup_in_a_name_is_printed_as_it_stands():
    assert "[red]GTV[/red]" in page(record_of(rois=(roi(2, "[red]GTV[/red]", "GTV"),)))


def test_contents_show_links_choices_and_every_issue():
    text = flowing(printed(contents_parts(record_of(), lambda _: None), 120))
    for words in (
        "linked to the planning images by the structure set's image references",
        "not chosen: 1.2.3.5: its images are not here",
        "PT 1, secondary: 267 slices",
        "RT Plan: none found",
        "info GTV-1 20 contours stand twice.",
    ):
        assert words in text


def test_contents_say_which_two_rois_an_issue_is_about():
    issues = (issue("warning", "relation:2:3", "12.9 % lies outside."),)
    text = printed(contents_parts(record_of(issues=issues), lambda _: None), 120)
    assert "GTV-1 and PTV-1 12.9 % lies outside." in flowing(text)


def test_contents_propose_other_spellings():
    spellings = {"GTV-1": "GTV1"}
    assert "GTV-1 → GTV1" in printed(contents_parts(record_of(), spellings.get))


def test_a_small_volume_is_told_with_its_uncertainty_and_a_large_one_without():
    small = {"shape.volume": Measured(value=0.52, unit="cm3"), "shape.volume_deviation": Measured(value=2.8, unit="%")}
    large = {"shape.volume": Measured(value=155.9, unit="cm3"), "shape.volume_deviation": Measured(value=0.1, unit="%")}
    assert own_volume(small) == "0.52 ±0.015"
    assert own_volume(large) == "155.9"


def test_the_percentile_is_told_apart_from_the_score():
    text = flowing(page(record_of()))
    assert "40.0 of 100" in text
    assert "61.2% of the reference plans score lower" in text


def test_numbers_of_findings_and_issues_are_short_for_people():
    finding = "Curvature energy 3.97339, more complex than 98.7386%; median 3.49195 and 3.48984."
    text = flowing(page(record_of(in_favor=(finding,), issues=(issue("warning", text="It encloses 123.948 cm3."),))))
    assert "It encloses 123.9 cm3." in text
    assert all(short in text for short in ("3.973,", "98.7%", "3.492 and 3.49."))
    assert "3.97339" not in text


def test_a_number_stays_on_a_line_with_its_unit_at_any_width():
    finding = "Above most in 83.9123 mm of them; border 12 HU, 5.5 cm3."
    for width in range(60, 130):
        text = page(record_of(in_favor=(finding,)), width)
        assert not [line for line in text.splitlines() if re.search(r"(83\.9|12|5\.5)\s*($|  )", line)], width
        assert "\xa0" not in text


def test_two_scores_that_nearly_agree_are_told_apart():
    record = record_of()
    reference = record.score.reference.model_copy(update={"c_support": 40.04})
    score = record.score.model_copy(update={"reference": reference})
    assert "40.00 of 100. Below 75.00: routine. 40.04 or above: unusual." in flowing(
        page(record.model_copy(update={"score": score}))
    )


def test_a_gross_target_that_is_not_scored_is_told_with_the_reason():
    scored, unscored = roi(2, "GTV-1", "GTV"), roi(4, "SUV", "GTV") | {"is_gross_target": False}
    why = issue("info", "roi:4", "By its name it is a threshold of PET uptake.") | {"code": "target-from-pet"}
    shown = page(record_of(rois=[scored, unscored], issues=[why]))
    rows = {line.split()[0]: line.split()[3] for line in shown.splitlines() if line.startswith(("GTV-1", "SUV"))}
    assert rows == {"GTV-1": "yes", "SUV": "no"}
    assert "Not scored: SUV. By its name it is a threshold of PET uptake." in flowing(shown)
    assert "Not scored: GTV-1" not in shown
