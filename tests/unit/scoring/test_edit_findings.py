"""What an edited automatic contour says for or against greater work, in words, and where a claim contradicts it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from rtcomplexity.compare.edit import Edit, EditBasis, EditExtent
from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.model.structure_set import Contours, Roi, TargetClass
from rtcomplexity.scoring.claim import StatedClaim
from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.edit_findings import edit_sentence, side_of, with_edits
from rtcomplexity.scoring.verdict import assess
from rtcomplexity.units import Unit
from unit.scoring.made_profile import everything, made_profile, thoracic

NONE_DRAWN = Contours(points_mm=np.empty((0, 3)), offsets=np.array([0]), geometric_types=np.empty(0, np.int8))
NUMBERS = {"planes_edited": 7, "plane_count": 20, "added_path_length": 12345.6, "edited_volume": 999.6}


def edit(extent, target_class=TargetClass.GTV, generation="AUTOMATIC", basis=EditBasis.SAME_SET, share=0.12345):
    roi = Roi(number=4, name="a name", contours=NONE_DRAWN, target_class=target_class)
    values = {f"compare.{key}": Measurement(value=value, unit=Unit.NONE) for key, value in NUMBERS.items()}
    values["compare.volume_second"] = Measurement.missing("it is open", Unit.NONE)
    return Edit(
        roi=roi, earlier=replace(roi, number=9, generation=generation), earlier_set_uid="1", basis=basis,
        extent=extent, moved_share=share, tolerance_mm=1.5, values=values,
    )  # fmt: skip


def outcome(stated=None):
    claim = (
        None if stated == "no claim" else ClaimFile(auto_segmentation_edited=stated, date_of_service=date(2026, 1, 5))
    )
    return replace(assess(everything(50), thoracic(), made_profile()), stated=StatedClaim(claim=claim))


def warnings(stated, *edits):
    return [each.text for each in with_edits(outcome(stated), edits).warnings if each.code == "edit-stated-otherwise"]


@pytest.mark.parametrize(
    ("extent", "side"),
    [
        (EditExtent.UNCHANGED, "against"),
        (EditExtent.WITHIN_TOLERANCE, "against"),
        (EditExtent.LIGHT, "against"),
        (EditExtent.MODERATE, "neither"),
        (EditExtent.EXTENSIVE, "for"),
        (EditExtent.NOT_MEASURED, "neither"),
    ],
)
def test_an_edit_of_an_automatic_contour_of_a_gross_target_speaks(extent, side):
    assert side_of(edit(extent)) == side
    assert side_of(edit(extent, generation="MANUAL")) == "neither"
    assert side_of(edit(extent, TargetClass.CTV)) == "neither"


def test_each_edit_is_told_on_its_side_and_changes_nothing_else():
    hard, easy, other = edit(EditExtent.EXTENSIVE), edit(EditExtent.LIGHT), edit(EditExtent.MODERATE)
    before = outcome()
    after = with_edits(before, [hard, easy, other])
    assert after.edits == (hard, easy, other)
    assert after.verdict.findings_for == (*before.verdict.findings_for, edit_sentence(hard))
    assert after.verdict.findings_against == (*before.verdict.findings_against, edit_sentence(easy))
    assert (after.score, after.verdict.value, after.warnings) == (before.score, before.verdict.value, before.warnings)


def test_the_sentence_has_the_numbers_to_three_digits_and_no_name():
    assert edit_sentence(edit(EditExtent.EXTENSIVE)) == (
        "GTV (ROI 4): extensive edit of the automatic contour in the same structure set (ROI 9): 12.3% of the contour "
        "length lies more than 1.5 mm apart, on 7 of 20 slices; added path length 12346 mm, edited volume 1e+03 of "
        "unknown cm3."
    )
    unchanged = edit(EditExtent.UNCHANGED, generation="MANUAL", basis=EditBasis.PREDECESSOR, share=None)
    assert edit_sentence(unchanged) == (
        "GTV (ROI 4): identical to the earlier contour in the predecessor structure set (ROI 9); the files show no "
        "editing."
    )


@pytest.mark.parametrize("stated", [None, "no claim"])
def test_where_nothing_is_stated_nothing_is_contradicted(stated):
    assert warnings(stated, edit(EditExtent.UNCHANGED), edit(EditExtent.EXTENSIVE)) == []


def test_stated_edited_and_taken_over_unchanged_is_a_contradiction():
    (text,) = warnings(True, edit(EditExtent.UNCHANGED), edit(EditExtent.LIGHT))
    assert "GTV (ROI 4) was taken over unchanged" in text
    assert warnings(True, edit(EditExtent.WITHIN_TOLERANCE), edit(EditExtent.LIGHT)) == []


@pytest.mark.parametrize("extent", [EditExtent.LIGHT, EditExtent.MODERATE, EditExtent.EXTENSIVE])
def test_stated_unedited_and_edited_is_a_contradiction(extent):
    (text,) = warnings(False, edit(extent), edit(EditExtent.UNCHANGED))
    assert "was not edited; GTV (ROI 4) was" in text


def test_only_automatic_contours_of_gross_targets_contradict():
    for kind in ({"generation": "MANUAL"}, {"target_class": TargetClass.PTV}):
        assert warnings(True, edit(EditExtent.UNCHANGED, **kind)) == []
        assert warnings(False, edit(EditExtent.EXTENSIVE, **kind)) == []
    assert warnings(False, edit(EditExtent.UNCHANGED), edit(EditExtent.NOT_MEASURED)) == []
