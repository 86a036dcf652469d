"""What ``analyze`` says of the edit between an earlier contour and the target that a plan holds."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from rtcomplexity import analyze
from rtcomplexity.evidence.deidentification import deidentified
from rtcomplexity.evidence.page import page_of
from rtcomplexity.evidence.record import from_json, to_json
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.testing import contours_of
from rtcomplexity.testing.description import PlanDescription, RoiDescription, StructureSetDescription, SyntheticPatient
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.uids import instance_uid

PLANES_MM = 3.0 * np.arange(7)
RADIUS_MM = 15.0
PATIENT = SyntheticPatient(patient_id="SYNTHETIC-0006")


def cylinder(radius_mm, planes_mm=PLANES_MM, center=(60.0, 0.0)):
    angles = 2 * np.pi * np.arange(72) / 72
    disc = np.asarray(center) + radius_mm * np.column_stack([np.cos(angles), np.sin(angles)])
    return contours_of([np.column_stack([disc, np.full(72, z)]) for z in planes_mm])


def roi(number, radius_mm, generation, name="GTV", **more):
    return RoiDescription(
        number=number,
        name=name,
        contours=cylinder(radius_mm, **more),
        interpreted_type="GTV",
        generation=generation,
    )


def structure_set(key, *rois, date="20200102", **overrides):
    return StructureSetDescription(
        key=key,
        image_key=None,
        label=key.upper(),
        date=date,
        approval_status="APPROVED" if key == "final" else "UNAPPROVED",
        rois=rois,
        overrides=overrides,
    )


def naming(key):
    """Overrides of a set that names the set of that key as its predecessor."""
    item = Dataset()
    item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.3"
    item.ReferencedSOPInstanceUID = instance_uid(plan(), key)
    return {"PredecessorStructureSetSequence": DicomSequence([item])}


def plan(*sets):
    return PlanDescription(key="edits", patient=PATIENT, images=(), structure_sets=sets)


@pytest.fixture
def assessed(tmp_path):
    """Write structure sets and assess them."""

    def assess(*sets, **more):
        write_plan(tmp_path, plan(*sets))
        return analyze(tmp_path, **more).record

    return assess


def automatic(radius_mm=RADIUS_MM, key="auto", number=1, **more):
    return structure_set(key, roi(number, radius_mm, "AUTOMATIC", **more))


def final(radius_mm, generation="SEMIAUTOMATIC", date="20200103", **overrides):
    return structure_set("final", roi(1, radius_mm, generation), date=date, **overrides)


def test_an_automatic_contour_taken_over_unchanged_is_a_finding_against(assessed):
    record = assessed(automatic(), final(RADIUS_MM, **naming("auto")))
    (edit,) = record.edits
    assert (edit.extent, edit.side, edit.basis) == ("unchanged", "against", "predecessor")
    assert edit.text in record.verdict.findings_against
    assert edit.metrics["compare.edited_volume"].value == 0
    assert edit.metrics["compare.surface_dice"].value == 1


def test_a_renamed_copy_is_found_unchanged_beside_an_edited_namesake(assessed):
    both = structure_set("auto", roi(1, 10.0, "AUTOMATIC"), roi(2, RADIUS_MM, "AUTOMATIC", name="GTV_2"))
    record = assessed(both, final(RADIUS_MM, **naming("auto")))
    (edit,) = record.edits
    assert (edit.earlier_number, edit.extent, edit.side) == (2, "unchanged", "against")


def test_a_light_edit_of_few_planes_is_a_finding_against_with_its_numbers(assessed):
    shorter = structure_set("final", roi(1, RADIUS_MM, "MANUAL", planes_mm=PLANES_MM[:-1]), date="20200103")
    record = assessed(automatic(), shorter)
    (edit,) = record.edits
    assert (edit.extent, edit.side, edit.basis) == ("light", "against", "earlier_set")
    assert edit.moved_share == pytest.approx(1 / len(PLANES_MM), abs=1e-6)  # one plane of seven was left out
    assert edit.metrics["compare.planes_gone"].value == 1


def test_an_edit_within_the_tolerance_is_a_finding_against(assessed):
    record = assessed(automatic(), final(RADIUS_MM + 1.5, **naming("auto")))
    assert [(each.extent, each.side) for each in record.edits] == [("within_tolerance", "against")]


def test_a_contour_drawn_anew_is_a_finding_for_with_all_of_its_length(assessed):
    record = assessed(automatic(), final(RADIUS_MM + 4.0, **naming("auto")))
    (edit,) = record.edits
    assert (edit.extent, edit.side) == ("extensive", "for")
    assert edit.text in record.verdict.findings_for
    chords = 2 * 72 * np.sin(np.pi / 72) * (RADIUS_MM + 4.0) * len(PLANES_MM)
    assert edit.metrics["compare.added_path_length"].value == pytest.approx(chords, rel=1e-5)
    area = 36 * np.sin(2 * np.pi / 72) * ((RADIUS_MM + 4.0) ** 2 - RADIUS_MM**2)
    assert edit.metrics["compare.edited_volume"].value == pytest.approx(area * 3 * len(PLANES_MM) / 1000, rel=1e-5)


def test_a_moderate_edit_is_reported_and_speaks_for_neither_side(assessed):
    wider = structure_set("final", roi(1, RADIUS_MM, "MANUAL", planes_mm=PLANES_MM[:5]), date="20200103")
    record = assessed(automatic(), wider)
    (edit,) = record.edits
    assert (edit.extent, edit.side) == ("moderate", "neither")
    assert edit.text not in (*record.verdict.findings_for, *record.verdict.findings_against)


@pytest.mark.parametrize("generation", ["MANUAL", "SEMIAUTOMATIC", ""])
def test_a_predecessor_that_is_not_automatic_speaks_for_neither_side(assessed, generation):
    earlier = structure_set("auto", roi(1, RADIUS_MM, generation))
    record = assessed(earlier, final(RADIUS_MM, **naming("auto")))
    assert [(each.extent, each.side) for each in record.edits] == [("unchanged", "neither")]
    assert not any("ROI 1" in text for text in (*record.verdict.findings_for, *record.verdict.findings_against))


def test_an_automatic_twin_in_the_same_set_is_found_by_overlap(assessed):
    twins = structure_set("final", roi(1, RADIUS_MM, "MANUAL"), roi(2, RADIUS_MM, "AUTOMATIC", name="GTV_2"))
    (edit,) = assessed(twins).edits
    assert (edit.roi_number, edit.earlier_number, edit.basis) == (1, 2, "same_set")
    assert (edit.extent, edit.side) == ("unchanged", "against")


def test_an_automatic_contour_elsewhere_in_the_same_set_is_no_twin(assessed):
    other = roi(2, RADIUS_MM, "AUTOMATIC", name="GTVn", center=(-60.0, 0.0))
    assert assessed(structure_set("final", roi(1, RADIUS_MM, "MANUAL"), other)).edits == ()


def test_a_second_contour_that_lies_further_off_makes_no_edit_look_larger(assessed):
    near, far = automatic(RADIUS_MM), automatic(RADIUS_MM - 5.0, key="far")
    (edit,) = assessed(near, far, final(RADIUS_MM)).edits
    assert edit.extent == "unchanged"


def test_an_automatic_set_written_later_is_no_earlier_version(assessed):
    assert assessed(automatic(), final(RADIUS_MM, date="20200101")).edits == ()


def test_the_predecessor_of_a_predecessor_counts(assessed):
    middle = structure_set("middle", roi(1, RADIUS_MM + 1.0, "SEMIAUTOMATIC"), **naming("auto"))
    (edit,) = assessed(automatic(), middle, final(RADIUS_MM + 4.0, **naming("middle"))).edits
    assert (edit.basis, edit.earlier_generation, edit.extent) == ("predecessor", "AUTOMATIC", "extensive")


def test_a_predecessor_that_is_not_here_is_an_issue(assessed):
    record = assessed(final(RADIUS_MM, **naming("auto")))
    assert record.edits == ()
    assert "predecessor-missing" in {issue.code for issue in record.issues}


def test_two_sets_that_name_each_other_end_the_search(assessed):
    one = replace(automatic(), overrides=naming("final"))
    assert len(assessed(one, final(RADIUS_MM, **naming("auto"))).edits) == 1


def test_the_de_identified_record_keeps_the_edit_and_no_uid(assessed):
    record = assessed(automatic(), final(RADIUS_MM, **naming("auto")))
    hidden = deidentified(record)
    assert record.edits[0].earlier_set_uid == instance_uid(plan(), "auto")
    assert instance_uid(plan(), "auto") not in to_json(hidden).decode()
    assert hidden.edits[0].text == record.edits[0].text


def test_reports_show_the_edit_beside_the_findings(assessed):
    page = page_of(assessed(automatic(), final(RADIUS_MM, **naming("auto"))))
    assert [row[1:3] for row in page.edits.rows] == [("automatic, predecessor (ROI 1)", "none")]
    assert any("shows no editing" in note or "show no editing" in note for note in page.notes_against)


@pytest.mark.parametrize(
    ("stated", "radius_mm", "told"),
    [
        (True, RADIUS_MM, "states that auto-segmentation was edited; GTV (ROI 1) was taken over unchanged"),
        (False, RADIUS_MM + 4.0, "states that auto-segmentation was not edited; GTV (ROI 1) was"),
        (True, RADIUS_MM + 4.0, ""),
        (False, RADIUS_MM, ""),
    ],
)
def test_a_claim_that_states_otherwise_than_the_files_show_is_a_warning(assessed, tmp_path, stated, radius_mm, told):
    claim = tmp_path / "claim.toml"
    claim.write_text(f"auto_segmentation_edited = {str(stated).lower()}\n")
    record = assessed(automatic(), final(radius_mm, **naming("auto")), options=AnalyzeOptions(claim=claim))
    found = [issue.text for issue in record.issues if issue.code == "edit-stated-otherwise"]
    assert [told in text for text in found] == ([True] if told else [])


def test_a_quick_look_compares_nothing(assessed):
    record = assessed(automatic(), final(RADIUS_MM, **naming("auto")), options=AnalyzeOptions(quick=True))
    assert record.edits == ()


def test_a_record_of_an_earlier_version_gets_no_edits_added(assessed):
    tree = json.loads(to_json(assessed(final(RADIUS_MM))))
    del tree["edits"]
    assert "edits" not in json.loads(to_json(from_json(json.dumps(tree).encode())))


def test_score_and_verdict_are_the_same_with_and_without_the_automatic_set(request, tmp_path):
    sample = request.config.rootpath / "sample_data" / "routine_sbrt"
    shutil.copytree(sample, tmp_path / "plan")
    alone = analyze(tmp_path / "plan").record
    dataset = dcmread(next((tmp_path / "plan").glob("rs*.dcm")))
    dataset.SOPInstanceUID += ".1"
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.ApprovalStatus = "UNAPPROVED"
    for item in dataset.StructureSetROISequence:
        item.ROIGenerationAlgorithm = "AUTOMATIC"
    dcmwrite(tmp_path / "plan" / "auto.dcm", dataset)
    beside = analyze(tmp_path / "plan").record
    assert {each.extent for each in beside.edits} == {"unchanged"}
    assert (beside.score, beside.verdict.value) == (alone.score, alone.verdict.value)
    assert (beside.plan.id, beside.plan.content_id) == (alone.plan.id, alone.plan.content_id)
    assert set(beside.verdict.findings_against) > set(alone.verdict.findings_against)
