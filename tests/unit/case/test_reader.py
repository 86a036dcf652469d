"""One folder, one case: which structure set, which images, and what shows it."""

import gzip

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from rtcomplexity.case.reader import read_case
from rtcomplexity.case.target_names import parse_aliases
from rtcomplexity.errors import (
    CorruptStructureSetError,
    LimitExceededError,
    NoStructureSetError,
    SeveralPatientsError,
    UsageError,
)
from rtcomplexity.model.case import EvidenceLevel, ImageLink, ImageRole
from rtcomplexity.model.issue import Severity
from rtcomplexity.model.structure_set import ClassDecidedBy, TargetClass
from rtcomplexity.settings import Settings
from unit.dicom.datasets import (
    MR,
    PT,
    REGISTRATION,
    SECONDARY_CAPTURE,
    SEGMENTATION,
    contour,
    item,
    new,
    plan,
    roi,
    save,
    slices,
    structure_set,
    to_bytes,
)

POSITIONS = (0, 2, 4, 6)


def ring(position, image_uid=None):
    return contour(rf"0\0\{position}\9\0\{position}\0\9\{position}", image_uid=image_uid)


def rings(uids=None):
    return [ring(position, uids and uids[number]) for number, position in enumerate(POSITIONS)]


def ct(root="1.7", **values):
    return slices(POSITIONS, root=root, **values)


def uids_of(made):
    return [one.SOPInstanceUID for one in made]


@pytest.fixture
def folder(tmp_path):
    """A folder to which a test adds data sets, named by number."""

    class Folder:
        path = tmp_path
        count = 0

        def add(self, *datasets):
            for dataset in datasets:
                Folder.count += 1
                save(tmp_path, f"file {Folder.count}", dataset)
            return self

        def read(self, **options):
            return read_case(tmp_path, settings=Settings(), **options)

    return Folder()


def codes(case):
    return {issue.code for issue in case.issues}


def linked_set(made, uid="1.5", name="GTV", **values):
    """A set whose contours and study-level references name all of `made`."""
    return structure_set([roi(1, name, rings(uids_of(made)))], uid, image_uids=uids_of(made), **values)


# --- the link ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("references", "link", "text"),
    [
        ("contour", ImageLink.CONTOUR_IMAGE_SEQUENCE, "4 of 4 contour-level image references resolve"),
        (
            "study",
            ImageLink.STUDY_LEVEL_REFERENCES,
            "4 of 4 study-level image references resolve; 0 of 4 contour-level",
        ),
        (
            "series",
            ImageLink.SERIES_UID,
            "the referenced series was found; 0 of 4 contour-level and 0 of 4 study-level",
        ),
        (
            "frame",
            ImageLink.FRAME_OF_REFERENCE,
            "the referenced frame of reference was found; 0 of 4 contour-level and 0 of 4",
        ),
        ("none", ImageLink.NONE, "0 of 4 contour-level and 0 of 4 study-level image references resolve; neither"),
    ],
)
def test_the_firmest_reference_that_resolves_holds_and_is_named(folder, references, link, text):
    kinds = ("contour", "study", "series", "frame", "none")
    reach = kinds.index(references)
    made, gone = ct(), [f"9.9.{number}" for number in range(4)]
    one = structure_set(
        [roi(1, "GTV", rings(uids_of(made) if reach == 0 else gone), frame="1.9" if reach <= 3 else "9.8")],
        image_uids=uids_of(made) if reach <= 1 else gone,
        series="1.7" if reach <= 2 else "9.7",
    )
    case = folder.add(*made, one).read()
    assert case.image_link is link
    assert text in case.image_link_text
    assert (case.planning_image is None) == (link is ImageLink.NONE)
    assert ("image-references-dangle" in codes(case)) == (references in {"study", "series", "frame"})


def test_a_set_tied_by_position_alone_has_no_planning_image_and_says_so(folder):
    one = structure_set([roi(1, "GTV", rings(), frame="9.8")])
    case = folder.add(*ct(), one).read()
    assert case.planning_image is None
    assert {"unlinked-but-positions-agree", "unlinked-images"} <= codes(case)
    assert [(image.role, image.level) for image in case.image_sets] == [(ImageRole.SECONDARY, EvidenceLevel.PRESENT)]


@pytest.mark.parametrize("spoil", ["positions", "patient"])
def test_positions_that_do_not_agree_or_an_unnamed_patient_are_not_said_to(folder, spoil):
    made = slices([0.7, 2.7, 4.7, 6.7]) if spoil == "positions" else ct()
    values = {"PatientID": ""} if spoil == "patient" else {}
    case = folder.add(*made, structure_set([roi(1, "GTV", rings(), frame="9.8")], **values)).read()
    assert "unlinked-images" in codes(case)
    assert "unlinked-but-positions-agree" not in codes(case)


def test_images_that_are_referenced_but_missing_are_an_issue(folder):
    made = ct()
    case = folder.add(*made[:1], linked_set(made)).read()
    assert case.image_link_text.startswith("1 of 4 contour-level")
    assert "images-missing" in codes(case)


def test_among_series_of_the_frame_ct_comes_before_mr_and_full_before_partial(folder):
    mr = slices(POSITIONS, root="1.71", sop_class=MR, modality="MR")
    short = slices(POSITIONS[:2], root="1.70")
    case = folder.add(*mr, *short, *ct(), structure_set([roi(1, "GTV", rings())])).read()
    assert (case.planning_image.modality, case.planning_image.series_uid) == ("CT", "1.7")


def of_two_series(level, positions=(POSITIONS, POSITIONS), modalities=("CT", "CT")):
    """Two series of one frame and a set that names no image by its contours, but both by a lesser reference."""
    kinds = {"CT": {}, "MR": {"sop_class": MR, "modality": "MR"}}
    one = slices(positions[0], root="1.7.1", **kinds[modalities[0]])
    other = slices(positions[1], root="1.7.2", **kinds[modalities[1]])
    named = {"study": {"image_uids": uids_of([*one, *other])}, "frame": {}}[level]
    return [*one, *other, structure_set([roi(1, "GTV", rings())], **named)]


@pytest.mark.parametrize("level", ["study", "frame"])
def test_of_series_that_fit_alike_the_choice_is_a_warning_that_names_the_others(folder, level):
    case = folder.add(*of_two_series(level)).read()
    (issue,) = [issue for issue in case.issues if issue.code == "planning-image-ambiguous"]
    assert issue.severity is Severity.WARNING
    assert "CT 1 was used because its Series Instance UID is the first; CT 2 may" in issue.text


def test_the_larger_of_series_that_fit_alike_is_said_to_be(folder):
    case = folder.add(*of_two_series("frame", (POSITIONS, (*POSITIONS, 8, 10)))).read()
    (issue,) = [issue for issue in case.issues if issue.code == "planning-image-ambiguous"]
    assert len(case.planning_image.sop_instance_uids) == 6
    assert "because it has the most slices; CT 2 may" in issue.text


@pytest.mark.parametrize("level", ["study", "frame"])
def test_of_series_in_one_frame_the_one_whose_slices_hold_the_contours_is_the_planning_image(folder, level):
    between = tuple(position / 2 + 0.3 for position in range(9))
    case = folder.add(*of_two_series(level, (between, POSITIONS))).read()
    assert len(case.planning_image.sop_instance_uids) == len(POSITIONS)
    assert "planning-image-ambiguous" not in codes(case)


def test_a_series_of_another_modality_is_no_rival(folder):
    assert "planning-image-ambiguous" not in codes(folder.add(*of_two_series("frame", modalities=("CT", "MR"))).read())


def test_a_series_of_which_the_set_names_a_few_images_is_no_rival(folder):
    one, other = slices(POSITIONS, root="1.7.1"), slices(POSITIONS, root="1.7.2")
    drawn = structure_set([roi(1, "GTV", rings())], image_uids=[*uids_of(one)[:1], *uids_of(other)])
    case = folder.add(*one, *other, drawn).read()
    assert set(case.planning_image.sop_instance_uids) == set(uids_of(other))
    assert "planning-image-ambiguous" not in codes(case)


def test_a_derived_series_is_planned_on_only_where_it_is_referenced(folder):
    average = ct(root="1.6", SeriesDescription="4D AVG")
    first = folder.add(*average, *ct(), structure_set([roi(1, "GTV", rings())])).read()
    assert first.planning_image.series_uid == "1.7"
    assert first.image_sets[1].role is ImageRole.NOT_COUNTED
    second = folder.add(linked_set(average, "1.51")).read(structure_set_uid="1.51")
    assert second.planning_image.series_uid == "1.6"
    assert second.image_sets[0].role is ImageRole.PLANNING


def test_no_images_is_an_issue(folder):
    case = folder.add(structure_set([roi(1, "GTV", rings())])).read()
    assert (case.image_link, case.planning_image) == (ImageLink.NONE, None)
    assert "no-images" in codes(case)


def test_a_roi_of_another_frame_is_an_issue(folder):
    made = ct()
    one = structure_set([roi(1, "GTV", rings(uids_of(made))), roi(2, "PTV", rings(), frame="9.8")])
    case = folder.add(*made, one).read()
    assert [issue.subject for issue in case.issues if issue.code == "roi-in-other-frame"] == ["roi:2"]


# --- which structure set ----------------------------------------------------------------------------------------------


def test_the_set_that_resolves_to_images_wins(folder):
    made = ct()
    stray = structure_set([roi(1, "GTV", rings(), frame="9.8"), roi(2, "PTV", rings(), frame="9.8")], "1.1")
    case = folder.add(*made, linked_set(made, "1.5"), stray).read()
    assert case.structure_set.sop_instance_uid == "1.5"
    assert case.chosen_because == "it alone of 2 structure sets references images that were found"
    assert [(one.sop_instance_uid, one.because) for one in case.alternatives] == [
        ("1.1", "it references no image that was found; the chosen one references images that were found")
    ]


def test_ct_comes_before_mr_before_pet(folder):
    for number, (sop_class, modality) in enumerate(((PT, "PT"), (MR, "MR"), (None, "CT"))):
        kind = {"sop_class": sop_class, "modality": modality} if sop_class else {}
        made = slices(POSITIONS, root=f"1.7{number}", **kind)
        folder.add(*made, linked_set(made, f"1.5{number}"))
    case = folder.read()
    assert case.structure_set.sop_instance_uid == "1.52"
    assert case.chosen_because == "it alone of 3 structure sets was contoured on CT"
    assert [one.because[:20] for one in case.alternatives] == ["it was contoured on ", "it was contoured on "]


def test_a_plan_decides_before_target_classes_do(folder):
    made = ct()
    richer = structure_set([roi(1, "GTV", rings(uids_of(made))), roi(2, "PTV", rings())], "1.52")
    case = folder.add(*made, linked_set(made, "1.51"), richer, plan("1.51")).read()
    assert case.structure_set.sop_instance_uid == "1.51"
    assert case.rt_plan.referenced_structure_set_uid == "1.51"
    assert "structure sets is referenced by an RT Plan" in case.chosen_because


def test_target_classes_decide_before_approval_and_empty_ones_do_not_count(folder):
    made = ct()
    uids = uids_of(made)
    empty = structure_set([roi(1, "GTV", rings(uids)), roi(2, "CTV"), roi(3, "PTV")], "1.51", ApprovalStatus="APPROVED")
    drawn = structure_set([roi(1, "GTV", rings(uids)), roi(2, "CTV", rings(uids))], "1.52")
    case = folder.add(*made, empty, drawn).read()
    assert case.structure_set.sop_instance_uid == "1.52"
    assert case.alternatives[0].because == "it holds 1 target classes; the chosen one holds 2 target classes"


def test_then_approval_then_age_then_uid(folder):
    made = ct()
    facts = [
        ("1.51", {"StructureSetDate": "20260103"}),
        ("1.52", {"StructureSetDate": "20260101", "ApprovalStatus": "APPROVED"}),
        ("1.53", {"StructureSetDate": "20260102", "ApprovalStatus": "APPROVED"}),
        ("1.54", {"StructureSetDate": "20260102", "ApprovalStatus": "APPROVED"}),
    ]
    for uid, values in facts:
        folder.add(linked_set(made, uid, **values))
    case = folder.add(*made).read()
    assert case.structure_set.sop_instance_uid == "1.53"
    assert [(one.sop_instance_uid, one.because.split(";")[0]) for one in case.alternatives] == [
        ("1.54", "it has a later SOP Instance UID"),
        ("1.52", "it is older"),
        ("1.51", "it is not approved"),
    ]


def test_another_set_with_other_gross_targets_is_a_warning_that_names_it(folder):
    made = ct()
    newer, older = linked_set(made, "1.5", StructureSetDate="20260105"), linked_set(made, "1.51")
    folder.add(*made, newer, older)
    assert "several-structure-sets" not in codes(folder.read())
    older.ROIContourSequence[0].ContourSequence[0].ContourData = [0, 0, 0, 9, 0, 0, 9, 9, 0, 0, 9, 0]
    (issue,) = [issue for issue in folder.add(older).read().issues if issue.code == "several-structure-sets"]
    assert issue.severity is Severity.WARNING
    assert "1.51: it is older" in issue.text


def test_two_sets_of_one_uid_are_told_apart_by_their_hashes(folder):
    made, first = ct(), "has the first SHA-256 of files with one SOP Instance UID"
    case = folder.add(*made, linked_set(made), linked_set(made, StructureSetLabel="B", name="PTV")).read()
    assert case.chosen_because == f"it alone of 2 structure sets {first}"
    assert [one.because for one in case.alternatives] == [f"it has a later SHA-256; the chosen one {first}"]


def test_the_newest_of_equals_is_said_to_be(folder):
    made = ct()
    folder.add(*made, *(linked_set(made, f"1.5{day}", StructureSetDate=f"2026010{day}") for day in (1, 3, 2)))
    case = folder.read()
    assert case.structure_set.sop_instance_uid == "1.53"
    assert case.chosen_because == "it is the newest of 3 structure sets that are otherwise alike"


def test_a_time_of_day_is_newer_than_none_and_the_reasons_say_so(folder):
    made = ct()
    stated = {"StructureSetDate": "20260102", "StructureSetTime": "120000"}
    folder.add(*made, linked_set(made, "1.51", StructureSetDate="20260102", StructureSetTime=""))
    case = folder.add(linked_set(made, "1.52", **stated), linked_set(made, "1.53", StructureSetDate="")).read()
    assert case.structure_set.sop_instance_uid == "1.52"
    assert case.chosen_because == "it is the newest of 3 structure sets that are otherwise alike"
    assert [one.sop_instance_uid for one in case.alternatives] == ["1.51", "1.53"]


def test_a_rejected_set_loses_to_any_other_and_alone_is_marked(folder):
    made = ct()
    folder.add(*made, linked_set(made, "1.51", ApprovalStatus="REJECTED"))
    alone = folder.read()
    assert "structure-set-rejected" in codes(alone)
    case = folder.add(structure_set([roi(1, "GTV", rings(), frame="9.8")], "1.52")).read()
    assert case.structure_set.sop_instance_uid == "1.52"
    assert case.alternatives[0].because == "it was rejected; the chosen one was not rejected"


@pytest.mark.parametrize("wanted", ["1.3.4.51", "51", "1.3.4.5", " 1.3.4.51 "])
def test_the_user_chooses_by_uid_or_an_end_of_it(folder, wanted):
    made = ct()
    folder.add(*made, linked_set(made, "1.3.4.51"), linked_set(made, "2.3.4.52", StructureSetDate="20260101"))
    case = folder.read(structure_set_uid=wanted)
    assert case.structure_set.sop_instance_uid == "1.3.4.51"
    assert case.chosen_because == "the user named it"
    assert case.alternatives[0].because == "the user named another"


@pytest.mark.parametrize(("wanted", "how"), [("9.9", "none"), ("1.3", "several"), ("", "none")])
def test_a_choice_that_fits_none_or_several_is_a_usage_error(folder, wanted, how):
    made = ct()
    folder.add(linked_set(made, "1.3.4.51"), linked_set(made, "1.3.4.52"))
    with pytest.raises(UsageError, match=how):
        folder.read(structure_set_uid=wanted)


# --- image sets -------------------------------------------------------------------------------------------------------


def registration(source, registered, uid="1.8"):
    """source -> registered, shifted."""
    matrix = np.eye(4)
    matrix[:3, 3] = (1, 2, 3)
    one = item(
        FrameOfReferenceTransformationMatrix=[f"{value:g}" for value in matrix.ravel()],
        FrameOfReferenceTransformationMatrixType="RIGID",
    )
    dataset = new(REGISTRATION, uid, Modality="REG", FrameOfReferenceUID=registered)
    dataset.RegistrationSequence = [
        item(FrameOfReferenceUID=source, MatrixRegistrationSequence=[item(MatrixSequence=[one])])
    ]
    return dataset


def test_levels_of_evidence(folder):
    made = ct()
    pet = slices(POSITIONS, root="1.71", sop_class=PT, modality="PT")
    mr = slices(POSITIONS, root="1.72", sop_class=MR, modality="MR", FrameOfReferenceUID="2.1")
    far = slices(POSITIONS, root="1.73", sop_class=MR, modality="MR", FrameOfReferenceUID="2.2")
    named = slices(POSITIONS, root="1.74", sop_class=MR, modality="MR", FrameOfReferenceUID="2.3")
    folder.add(*made, *pet, *mr, *far, *named, registration("2.1", "1.9"))
    folder.add(structure_set([roi(1, "GTV", rings(uids_of(made)))], image_uids=uids_of(made) + uids_of(named)))
    case = folder.read()
    levels = [(one.series[0].series_uid, one.role, one.level) for one in case.image_sets]
    assert levels == [
        ("1.7", ImageRole.PLANNING, EvidenceLevel.REFERENCED),
        ("1.72", ImageRole.SECONDARY, EvidenceLevel.REGISTERED),
        ("1.73", ImageRole.SECONDARY, EvidenceLevel.PRESENT),
        ("1.74", ImageRole.SECONDARY, EvidenceLevel.REFERENCED),
        ("1.71", ImageRole.SECONDARY, EvidenceLevel.SAME_FRAME),
    ]
    assert len(case.registrations) == 1


def test_a_chain_of_registrations_reaches_whatever_its_direction(folder):
    made = ct()
    far = slices(POSITIONS, root="1.73", sop_class=MR, modality="MR", FrameOfReferenceUID="2.2")
    folder.add(*made, *far, linked_set(made), registration("1.9", "3.3"), registration("3.3", "2.2", "1.81"))
    assert folder.read().image_sets[1].level is EvidenceLevel.REGISTERED


def test_a_frame_that_the_set_itself_relates_is_registered(folder):
    made = ct()
    mr = slices(POSITIONS, root="1.72", sop_class=MR, modality="MR", FrameOfReferenceUID="2.1")
    one = linked_set(made, frame="1.9")
    relationship = item(
        RelatedFrameOfReferenceUID="2.1",
        FrameOfReferenceTransformationMatrix=[f"{value:g}" for value in np.eye(4).ravel()],
    )
    one.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceRelationshipSequence = [relationship]
    case = folder.add(*made, *mr, one).read()
    assert case.image_sets[1].level is EvidenceLevel.REGISTERED
    assert len(case.registrations) == 1


@pytest.mark.parametrize(
    "names",
    [
        ("T1 axial", "T2 axial"),
        ("5 mm thorax", "2 mm thorax"),
        ("Thorax ASIR 30%", "Thorax ASIR 50%"),
        ("ASiR-V 40%", "ASiR-V 60%"),
        ("T10 bone", "T10 soft tissue"),
    ],
)
def test_a_number_that_is_no_phase_makes_no_phases(folder, names):
    made = ct()
    others = [one for n, name in enumerate(names) for one in ct(root=f"1.6{n}", SeriesDescription=name)]
    case = folder.add(*made, *others, linked_set(made)).read()
    assert [len(image_set.series) for image_set in case.image_sets] == [1, 1, 1]


def test_phases_stand_in_the_order_of_their_numbers(folder):
    made = ct()
    phases = [one for n, share in enumerate((60, 0, 30)) for one in ct(root=f"1.6{n}", SeriesDescription=f"{share}%")]
    case = folder.add(*made, *phases, linked_set(made)).read()
    four_d = next(image_set for image_set in case.image_sets if len(image_set.series) > 1)
    assert [series.description for series in four_d.series] == ["0%", "30%", "60%"]


def test_a_series_a_phase_is_one_acquisition(folder):
    made = ct()
    phases = [one for phase in range(3) for one in ct(root=f"1.6{phase}", SeriesDescription=f"Gated {phase * 30}%")]
    case = folder.add(*made, *phases, linked_set(made)).read()
    assert [len(one.series) for one in case.image_sets] == [1, 3]


def test_findings_about_a_series_name_it_by_modality_and_place(folder):
    made = ct()
    pet = slices([0, 2, 4, 10], root="1.71", sop_class=PT, modality="PT")
    case = folder.add(*made, *pet, linked_set(made)).read()
    assert [(one.code, one.subject) for one in case.issues if "slices" in one.code] == [
        ("missing-slices", "image:PT:1")
    ]


def test_a_segmentation_beside_a_structure_set_is_told(folder):
    made = ct()
    case = folder.add(*made, linked_set(made), new(SEGMENTATION, "1.3", Modality="SEG")).read()
    (issue,) = [issue for issue in case.issues if issue.code == "segmentations-not-read"]
    assert issue.text.startswith("1 Segmentation was also found")


def test_a_copy_of_a_slice_that_was_cut_short_gives_way_to_the_whole_one(folder):
    made = ct(BitsAllocated=16, BitsStored=16, HighBit=15, PixelRepresentation=1, SamplesPerPixel=1)
    for dataset in made:
        dataset.PixelData = bytes(5 * 7 * 2)
    folder.add(*made, linked_set(made))
    (folder.path / "copy").write_bytes(to_bytes(made[1])[:-9])
    case = folder.read()
    assert sorted(case.planning_image.sop_instance_uids) == sorted(uids_of(made))
    assert codes(case) == {"file-broken"}
    assert case.issues[0].text.startswith("A DICOM file is cut short; a complete copy was found.")


def test_two_files_of_one_uid_of_which_neither_begins_the_other_still_clash(folder):
    made = ct()
    one, other = made[1], slices(POSITIONS, PatientName="Other^Name")[1]
    case = folder.add(*made, linked_set(made), other).read()
    assert one.SOPInstanceUID == other.SOPInstanceUID
    assert "instance-uid-clash" in codes(case)


def test_secondary_captures_are_listed_and_not_counted(folder):
    made = ct()
    case = folder.add(*made, linked_set(made), new(SECONDARY_CAPTURE, "1.3", Modality="OT")).read()
    assert "secondary-captures" in codes(case)
    assert len(case.image_sets) == 1


# --- plans, identity, errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("description", ["CBCT", "kV_CBCT Fx 3", "Fx12", "Daily CT", "XVI", "MVCT", "adaptive CT"])
def test_a_newer_set_on_images_of_a_treatment_session_is_not_the_planning_set(folder, description):
    made, session = ct(), ct(root="1.77", SeriesDescription=description)
    folder.add(*made, *session, linked_set(made, "1.5", StructureSetDate="20260101"))
    folder.add(linked_set(session, "1.51", StructureSetDate="20260109"))
    case = folder.read()
    assert case.structure_set.sop_instance_uid == "1.5"
    assert case.alternatives[0].because.startswith("it was contoured on images of a treatment session")


def test_a_set_that_is_alone_on_a_session_is_taken(folder):
    session = ct(SeriesDescription="CBCT")
    assert folder.add(*session, linked_set(session)).read().planning_image is not None


def test_a_planning_series_of_several_volumes_that_no_reference_names_is_a_warning(folder):
    made = [ct(root=f"1.7.{n}", SeriesInstanceUID="1.7", AcquisitionNumber=n + 1) for n in range(2)]
    named = linked_set(made[1])
    assert folder.add(*made[0], *made[1], named).read().planning_image.sop_instance_uids[0] == "1.7.1.1"
    by_series = structure_set([roi(1, "GTV", rings())], "1.55", series="1.7")
    case = folder.add(by_series).read(structure_set_uid="1.55")
    assert "several-volumes-unnamed" in codes(case)
    assert case.planning_image.sop_instance_uids[0] == "1.7.0.1"


def test_among_plans_of_the_set_the_approved_then_the_newest_is_taken(folder):
    made = ct()
    folder.add(*made, linked_set(made), plan("9.9", "1.60"))
    folder.add(plan("1.5", "1.61", RTPlanDate="20260103"))
    folder.add(plan("1.5", "1.62", RTPlanDate="20260101", ApprovalStatus="APPROVED"))
    folder.add(plan("1.5", "1.63", RTPlanDate="20260102", ApprovalStatus="APPROVED"))
    case = folder.read()
    assert case.rt_plan.sop_instance_uid == "1.63"
    assert {"plan-of-other-set", "several-plans"} <= codes(case)


def test_a_rejected_plan_states_nothing_and_prefers_no_set(folder):
    made = ct()
    newer = linked_set(made, "1.5", StructureSetDate="20260105")
    older = linked_set(made, "1.51", StructureSetDate="20260101")
    folder.add(*made, newer, older, plan("1.51", "1.61", ApprovalStatus="REJECTED"))
    case = folder.read()
    assert case.rt_plan is None
    assert case.structure_set.sop_instance_uid == "1.5"
    assert [issue.text for issue in case.issues if issue.code == "plan-rejected"] == [
        "1 of 1 RT Plan has Approval Status REJECTED; not used."
    ]
    folder.add(plan("1.51", "1.62", ApprovalStatus="UNAPPROVED"))
    assert folder.read().rt_plan.sop_instance_uid == "1.62"


def test_a_plan_of_another_set_is_no_plan_of_this_one(folder):
    made = ct()
    case = folder.add(*made, linked_set(made), plan("9.9")).read()
    assert case.rt_plan is None
    assert "plan-of-other-set" in codes(case)


def test_a_broken_plan_or_registration_is_an_issue(folder):
    made = ct()
    folder.add(*made, linked_set(made))
    (folder.path / "plan").write_bytes(to_bytes(plan("1.5"))[:-3])
    (folder.path / "reg").write_bytes(to_bytes(new(REGISTRATION, "1.8", Modality="REG")))
    case = folder.read()
    assert {"plan-unreadable", "registration-unreadable"} <= codes(case)
    assert (case.rt_plan, case.registrations) == (None, ())


def test_a_broken_structure_set_beside_a_good_one_is_an_issue(folder):
    made = ct()
    folder.add(*made, linked_set(made), structure_set([], "1.52"))
    assert "structure-set-unreadable" in codes(folder.read())


def test_the_only_structure_set_being_corrupt_is_an_error(folder):
    with pytest.raises(CorruptStructureSetError, match="lists no ROIs"):
        folder.add(*ct(), structure_set([])).read()


def test_a_structure_set_over_the_limit_is_an_error(folder):
    folder.add(structure_set([roi(1, "GTV", rings())]))
    with pytest.raises(LimitExceededError):
        read_case(folder.path, settings=Settings(max_structure_set_bytes=100))


def test_no_structure_set_says_what_was_found(folder):
    pet = slices(POSITIONS[:1], root="1.71", sop_class=PT, modality="PT")
    with pytest.raises(NoStructureSetError, match="4 CT images, 1 PT image, 1 plan, 0 structure sets"):
        folder.add(*ct(), *pet, plan("1.5")).read()


def test_a_segmentation_instead_of_a_structure_set_is_named(folder):
    masks = new("1.2.840.10008.5.1.4.1.1.66.4", "1.72", Modality="SEG")
    with pytest.raises(NoStructureSetError, match="4 CT images, 1 Segmentation, 0 structure sets") as refusal:
        folder.add(*ct(), masks).read()
    assert "--targets" in str(refusal.value)


def test_without_a_structure_set_an_archive_that_was_not_read_is_named(folder):
    folder.add(*ct())
    (folder.path / "rs.dcm.gz").write_bytes(gzip.compress(to_bytes(structure_set([roi(1, "GTV", rings())]))))
    with pytest.raises(NoStructureSetError, match=r"0 structure sets\. A compressed DICOM file is not read"):
        folder.read()


@pytest.mark.parametrize(
    ("name", "born", "is_told"),
    [("Other^One", "19700102", True), ("Other^One", "19600101", False), ("DOE^ANN^", "19700102", False)],
)
def test_two_people_under_one_patient_id_are_told(folder, name, born, is_told):
    images = ct(PatientName="Doe^Ann", PatientBirthDate="19600101")
    drawn = structure_set([roi(1, "GTV", rings())], PatientName=name, PatientBirthDate=born)
    codes = {issue.code for issue in folder.add(*images, drawn).read().issues}
    assert ("patient-details-differ" in codes) is is_told


def test_several_patients_are_counted_and_not_named(folder):
    made = ct()
    folder.add(*made, linked_set(made), linked_set(made, "1.52", PatientID="SECRET-2"))
    with pytest.raises(SeveralPatientsError, match="files of 2 patients: 4 CT images, 2 structure sets") as caught:
        folder.read()
    assert "SECRET" not in str(caught.value)


NAMED = {"PatientName": "A^B", "PatientBirthDate": "19580101"}


def without_id(folder, **values):
    """A structure set and images of one patient, and a plan without its Patient ID."""
    drawn = structure_set([roi(1, "GTV", [ring(0), ring(2)])], uid="1.5", **NAMED)
    for number, image in enumerate(slices([0, 2], **NAMED)):
        save(folder, f"ct{number}", image)
    save(folder, "rs", drawn)
    save(folder, "rp", plan("1.5", **({"PatientID": ""} | NAMED | values)))
    return read_case(folder, settings=Settings())


def test_a_file_without_patient_id_is_of_the_patient_whose_name_and_birth_date_it_states(tmp_path):
    case = without_id(tmp_path)
    assert "patient-id-missing" in codes(case)
    assert case.rt_plan is not None


@pytest.mark.parametrize("of", [{"PatientName": "A^C"}, {"PatientBirthDate": "19580102"}, {"PatientBirthDate": ""}])
def test_a_file_without_patient_id_and_another_name_or_birth_date_is_of_another_patient(tmp_path, of):
    with pytest.raises(SeveralPatientsError, match="files of 2 patients"):
        without_id(tmp_path, **of)


def test_a_structure_set_without_patient_id_is_of_the_patient_of_its_images(tmp_path):
    for number, image in enumerate(slices([0, 2], **NAMED)):
        save(tmp_path, f"ct{number}", image)
    save(tmp_path, "rs", structure_set([roi(1, "GTV", [ring(0), ring(2)])], PatientID="", **NAMED))
    case = read_case(tmp_path, settings=Settings())
    assert {case.structure_set.patient_key} == {one.series[0].patient_key for one in case.image_sets} == {"P-1"}


def test_files_that_name_no_patient_are_an_issue(folder):
    made = ct(PatientID="")
    case = folder.add(*made, linked_set(made)).read()
    assert "patient-not-stated" in codes(case)


def test_aliases_reach_the_rois(folder):
    folder.add(structure_set([roi(1, "Box", rings())]))
    (one,) = folder.read(aliases=parse_aliases(["box=GTV"])).structure_set.rois
    assert (one.target_class, one.class_decided_by) == (TargetClass.GTV, ClassDecidedBy.ALIAS)


def test_plan_id_follows_content_not_names_and_not_other_files(tmp_path):
    made = ct()
    one = linked_set(made)

    def plan_id(folder, *others):
        for number, dataset in enumerate([*made, one, *others]):
            save(tmp_path / folder, f"{folder}{number}", dataset)
        return read_case(tmp_path / folder, settings=Settings()).plan_id

    first = plan_id("a")
    stray = slices(POSITIONS, root="1.79", sop_class=MR, modality="MR", FrameOfReferenceUID="2.2")
    assert plan_id("b", new(SECONDARY_CAPTURE, "1.3"), plan("9.9"), *stray) == first
    assert plan_id("c", plan("1.5")) != first
    one.StructureSetLabel = "changed"
    assert plan_id("d") != first


def test_issues_are_sorted_and_repeat(folder):
    made = slices([0, 2, 4, 10])
    folder.add(*made, linked_set(ct()), plan("9.9"))
    assert list(folder.read().issues) == sorted(folder.read().issues)


def test_no_issue_names_a_patient_or_a_path(folder):
    made = slices([0, 2, 4, 10], PatientID="SECRET")
    (folder.path / "junk").write_bytes(b"\0" * 128 + b"DICM")
    case = folder.add(*made, linked_set(ct(), PatientID="SECRET", name="SECRET"), plan("9", PatientID="SECRET")).read()
    assert len(case.issues) > 3
    assert not any("SECRET" in issue.text or str(folder.path) in issue.text for issue in case.issues)


@pytest.mark.parametrize(
    ("images", "drawn"),
    [
        (("ISO_IR 100", "M\u00fcster^J\u00fcrgen"), ("ISO_IR 192", "M\u00fcster^J\u00fcrgen")),
        (("ISO_IR 192", "M\u00fcster^J\u00fcrgen"), ("ISO_IR 192", "Mu\u0308ster^Ju\u0308rgen")),
        (("GB18030", "\u738b^\u5c0f\u4e1c"), ("ISO_IR 192", "\u738b^\u5c0f\u4e1c")),
        (
            ("ISO_IR 144", "\u041b\u044e\u043ace\u043c\u0431yp\u0433"),
            ("ISO_IR 192", "\u041b\u044e\u043ace\u043c\u0431yp\u0433"),
        ),
        (("ISO_IR 100", "Doe^Jane^^"), ("ISO_IR 100", "DOE^JANE")),
    ],
    ids=[
        "Latin-1 and UTF-8",
        "composed or not",
        "GB18030 and UTF-8",
        "Cyrillic and UTF-8",
        "case and empty components",
    ],
)
def test_one_name_in_two_character_sets_is_one_patient(tmp_path, images, drawn):
    def named(charset, name):
        return {"PatientID": "", "SpecificCharacterSet": charset, "PatientName": name}

    made = slices(POSITIONS, **named(*images))
    for number, image in enumerate(made):
        save(tmp_path, f"ct{number}", image)
    save(tmp_path, "rs", linked_set(made, **named(*drawn)))
    case = read_case(tmp_path, settings=Settings())
    assert case.structure_set.patient_key == case.planning_image.patient_key != ""


def test_two_names_in_two_character_sets_are_two_patients(tmp_path):
    made = slices(POSITIONS, PatientID="", SpecificCharacterSet="ISO_IR 100", PatientName="M\u00fcster^J\u00fcrgen")
    for number, image in enumerate(made):
        save(tmp_path, f"ct{number}", image)
    save(
        tmp_path,
        "rs",
        linked_set(made, PatientID="", SpecificCharacterSet="ISO_IR 192", PatientName="M\u00f6ster^J\u00fcrgen"),
    )
    with pytest.raises(SeveralPatientsError):
        read_case(tmp_path, settings=Settings())


def test_the_content_id_survives_another_encoding_and_the_plan_id_does_not(tmp_path):
    made = ct()
    for folder, syntax in (("a", ExplicitVRLittleEndian), ("b", ImplicitVRLittleEndian)):
        for number, dataset in enumerate([*made, linked_set(made)]):
            save(tmp_path / folder, f"{number}", dataset, syntax=syntax)
    first, second = (read_case(tmp_path / folder, settings=Settings()) for folder in ("a", "b"))
    assert first.content_id == second.content_id != ""
    assert first.plan_id != second.plan_id


def test_the_content_id_follows_every_file_that_was_used(tmp_path):
    made = ct()

    def content_id(folder, *datasets):
        for number, dataset in enumerate(datasets):
            save(tmp_path / folder, f"{number}", dataset)
        return read_case(tmp_path / folder, settings=Settings()).content_id

    first = content_id("a", *made, linked_set(made))
    assert content_id("b", *made, linked_set(made), new(SECONDARY_CAPTURE, "1.3")) == first
    assert content_id("c", *made, linked_set(made), plan("1.5")) != first
    assert content_id("d", *made, linked_set(made, StructureSetLabel="changed")) != first
    made[0].PatientPosition = "FFS"
    assert content_id("e", *made, linked_set(made)) != first
