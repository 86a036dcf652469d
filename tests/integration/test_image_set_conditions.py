"""The five conditions on plans as they are read: what counts, what bounds the target, and how the table reads."""

import html
import io

import pikepdf
import pytest
from rich.console import Console

from rtcomplexity import AnalyzeOptions, analyze
from rtcomplexity.cli.rendering.image_sets import conditions_table
from rtcomplexity.evidence.formats.html import evidence_html
from rtcomplexity.evidence.formats.pdf import evidence_pdf
from rtcomplexity.evidence.package import pictures_of


@pytest.fixture(scope="module")
def assessment(measured_once, request):
    return analyze(request.config.rootpath / "sample_data" / "complex_central", AnalyzeOptions())


@pytest.fixture(scope="module")
def complex_central(assessment):
    return assessment.record


def set_of(record, modality):
    return next(each for each in record.image_sets if each.modality == modality and each.role == "secondary")


def test_pet_and_mr_of_the_complex_sample_count(complex_central):
    scored = complex_central.gross_target.metrics
    counts = {key: scored[f"scored.{key}"].value for key in ("registered_sets", "acquisitions", "modalities")}
    assert counts == {"registered_sets": 2, "acquisitions": 2, "modalities": 3}
    assert all(one.is_met for modality in ("PT", "MR") for one in set_of(complex_central, modality).conditions)


def test_each_number_of_a_condition_is_a_metric_of_its_set_with_a_definition(complex_central):
    for modality in ("PT", "MR"):
        image_set = set_of(complex_central, modality)
        for each in image_set.conditions:
            assert bool(each.metric) == bool(each.comparison) == (each.value is not None)
            if each.metric:
                assert image_set.metrics[each.metric].value == each.value
                assert complex_central.metric_definitions[each.metric].description


def test_the_border_of_the_mr_and_not_that_of_the_ct_alone_bounds_the_target(complex_central):
    values = set_of(complex_central, "MR").metrics
    at, planning = (values[f"image_set.{key}border_at_contour"].value for key in ("", "planning_"))
    assert at > planning > 0.5
    assert values["image_set.border_difference_median"].value < 1.5
    assert values["image_set.border_difference_p95"].value > values["image_set.border_difference_median"].value


def test_the_table_gives_each_number_with_what_it_is_and_how_it_must_lie(complex_central):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(conditions_table(complex_central))
    text = console.export_text()
    for words in (
        "noise r 0.",
        "≤ 0.7",
        "≤ 10 mm",
        "100% of target",
        "≥ 95%",
        "Dice 0.",
        "≥ 0.5",
        "of contour",
        "≥ 50%",
    ):
        assert words in text
    assert all(row.count(" - ") >= 2 for row in text.splitlines() if " tied " in row)


def test_html_and_pdf_show_each_set_fused_with_what_was_measured_in_text_and_alternative_text(assessment):
    record = assessment.record
    pictures = pictures_of(assessment.measured, record)
    page = evidence_html(record, pictures).decode()
    with pikepdf.open(io.BytesIO(evidence_pdf(record, pictures))) as pdf:
        texts = {str(each.get("/Alt")) for each in pdf.objects if isinstance(each, pikepdf.Dictionary)}
    assert [still.file for still in pictures.scene.fused] == ["fused_pt.png", "fused_mr.png"]
    for still, modality in zip(pictures.scene.fused, ("PT", "MR"), strict=True):
        offset = set_of(record, modality).metrics["image_set.nearest_better_shift"].value
        assert still.title.endswith(f"Offset to the most similar position: {offset:.1f} mm (limit 10 mm).")
        assert still.alt in texts
        assert html.escape(still.alt, quote=False).replace("'", "&#39;") in page
        assert still.title in page


@pytest.mark.real_data
def test_a_set_that_does_not_count_is_named_with_what_it_misses(real_data):
    """The femur of this patient's MR lies 10 to 14 mm from the CT's (decision 0050)."""
    record = analyze(real_data / "sts" / "STS_001", AnalyzeOptions()).record
    issues = {each.subject: each.text for each in record.issues if each.code == "image-set-not-counted"}
    assert set(issues) == {"image:MR:1"}
    assert "The registration does not hold: the images are most alike 12.0 mm from where it puts them" in str(issues)
