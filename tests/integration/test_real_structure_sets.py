"""Real exports of real planning systems, read whole: the chosen set, its images, its classes, its points."""

import numpy as np
import pydicom
import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.case.target_names import NO_ALIASES
from rtcomplexity.case.targets import classify_rois
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.errors import CorruptStructureSetError, NoInputError, NoStructureSetError, SeveralPatientsError
from rtcomplexity.model.case import EvidenceLevel, ImageLink, ImageRole
from rtcomplexity.model.structure_set import ClassDecidedBy
from rtcomplexity.settings import Settings

pytestmark = pytest.mark.real_data

SETTINGS = Settings()
SARCOMAS = {"STS_001": (59, 31), "STS_002": (48, 16), "STS_003": (51, 20), "STS_007": (70, 38), "STS_010": (59, 27)}
"""CT slices and contour-level image references of each."""
STRUCTURE_SETS = [
    "lung1_001/rtstruct/RS_xio.dcm",
    "lung1_001/rtstruct/RS_aria.dcm",
    "ibsi/ct_phantom/mask/DCM_RS_00060.dcm",
    "dicompyler/rtss.dcm",
    "structure_sets/eclipse_prostate_phantom.dcm",
    "structure_sets/opentps_modality_says_rtdose.dcm",
    "structure_sets/monaco_example.dcm",
    "structure_sets/monaco_box_overlapping.dcm",
    "structure_sets/RS.1.2.246.352.205.5439556202947041733.367077883804944283.dcm",
    "sts_raw/STS_001/FDG_PET/mask/1-1.dcm",
    "suv_dro/DRO_3_1/RS/RS_dro_3_1.dcm",
]


def read(folder):
    return read_case(folder, settings=SETTINGS)


def codes(issues):
    return {issue.code for issue in issues}


def classes(structure_set):
    return {roi.number: str(roi.target_class) for roi in structure_set.rois}


# --- the lung plan of two systems -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lung(real_data):
    return read(real_data / "lung1_001")


def test_the_xio_set_is_chosen_and_the_case_says_why(lung):
    assert lung.structure_set.manufacturer == "CMS, Inc."
    assert lung.chosen_because == "it alone of 2 structure sets references images that were found"
    assert [one.because.split(";")[0] for one in lung.alternatives] == ["it references no image that was found"]


def test_xio_study_level_references_hold_where_contour_level_ones_dangle(lung):
    assert lung.image_link is ImageLink.STUDY_LEVEL_REFERENCES
    assert lung.image_link_text.startswith("134 of 134 study-level image references resolve; 0 of 134 contour-level")
    assert len(lung.planning_image.sop_instance_uids) == 134
    assert np.diff(lung.planning_image.grid.slice_positions_mm) == pytest.approx(3.0)


def test_every_file_of_the_lung_plan_is_read_or_no_dicom(real_data):
    found = index_folder(real_data / "lung1_001", settings=SETTINGS)
    assert (found.files_read, found.files_skipped) == (136, 1)


def test_xio_has_17_rois_and_137557_points(lung):
    rois = lung.structure_set.rois
    assert len(rois) == 17
    assert sum(len(roi.contours.points_mm) for roi in rois) == 137_557


def test_targets_typed_organ_are_known_by_name(lung):
    rois = {roi.number: roi for roi in lung.structure_set.rois}
    assert [rois[number].interpreted_type for number in (2, 3, 4, 5)] == ["ORGAN"] * 4
    found = {number: (str(rois[number].target_class), rois[number].class_decided_by) for number in (2, 3, 4, 5)}
    by_name = ClassDecidedBy.NAME
    assert found == {2: ("GTV", by_name), 3: ("PTV", by_name), 4: ("CTV", by_name), 5: ("GTV", by_name)}
    assert classes(lung.structure_set) == {
        1: "EXTERNAL", 2: "GTV", 3: "PTV", 4: "CTV", 5: "GTV", 6: "OAR", 7: "OAR", 8: "OAR"
    } | dict.fromkeys(range(9, 18), "OTHER")  # fmt: skip


def test_the_planning_systems_own_volumes_are_read(lung):
    volumes = [roi.tps_volume_cm3 for roi in lung.structure_set.rois[:8]]
    assert volumes == [27573.5, 155.9, 589.9, 275.2, 248.1, 44.5, 2219.4, 2957.4]


def test_the_aria_set_shares_nothing_but_patient_and_positions(real_data, tmp_path):
    for path in (*(real_data / "lung1_001" / "ct").iterdir(), real_data / "lung1_001" / "rtstruct" / "RS_aria.dcm"):
        (tmp_path / path.name).symlink_to(path)
    case = read(tmp_path)
    assert (case.planning_image, case.image_link) == (None, ImageLink.NONE)
    assert {"unlinked-images", "unlinked-but-positions-agree"} <= codes(case.issues)
    assert [(one.role, one.level) for one in case.image_sets] == [(ImageRole.SECONDARY, EvidenceLevel.PRESENT)]
    assert classes(case.structure_set) == {2: "GTV", 6: "OAR", 7: "OAR", 8: "OAR"}


def test_a_single_structure_set_file_is_a_case_without_images(real_data):
    case = read(real_data / "lung1_001" / "rtstruct" / "RS_aria.dcm")
    assert sum(len(roi.contours.points_mm) for roi in case.structure_set.rois) == 66_372
    assert "no-images" in codes(case.issues)


# --- sarcomas: dangling image references, three sets a patient --------------------------------------------------------


@pytest.mark.parametrize("patient", [*SARCOMAS, "STS_013"])
def test_the_ct_set_of_a_sarcoma_is_chosen_and_its_series_uid_holds(real_data, patient):
    case = read(real_data / "sts" / patient)
    slices, contour_level = (SARCOMAS | {"STS_013": (114, 82)})[patient]
    assert case.chosen_because == "it alone of 3 structure sets was contoured on CT"
    assert case.image_link is ImageLink.SERIES_UID
    assert f"0 of {contour_level} contour-level" in case.image_link_text
    assert (case.planning_image.modality, len(case.planning_image.paths)) == ("CT", slices)
    assert [(one.modality, one.level) for one in case.image_sets] == [
        ("CT", EvidenceLevel.REFERENCED),
        ("MR", EvidenceLevel.REFERENCED),
        ("PT", EvidenceLevel.REFERENCED),
    ]
    assert classes(case.structure_set) == {1: "GTV"}


def test_raw_pet_and_oblique_mr_in_two_frames_are_not_tied(real_data):
    case = read(real_data / "sts_raw" / "STS_001")
    assert case.image_link is ImageLink.CONTOUR_IMAGE_SEQUENCE
    assert case.planning_image.modality == "MR"
    assert [(one.modality, one.level) for one in case.image_sets] == [
        ("MR", EvidenceLevel.REFERENCED),
        ("PT", EvidenceLevel.PRESENT),
    ]
    assert [(one.code, one.subject) for one in case.issues if one.subject.startswith("image")] == [
        ("non-uniform-slice-spacing", "image:PT:1")
    ]


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_the_ibsi_phantom_is_tied_by_study_level_references(real_data):
    case = read(real_data / "ibsi" / "ct_phantom")
    assert case.image_link is ImageLink.STUDY_LEVEL_REFERENCES
    grid = case.planning_image.grid
    assert (grid.rows, grid.columns, len(grid.slice_positions_mm)) == (201, 204, 60)
    assert [len(roi.contours) for roi in case.structure_set.rois] == [26]
    assert case.issues == ()


@pytest.mark.parametrize("series", [f"DRO_{name}" for name in ("0_0", "1_0", "2_0", "2_1", "2_3", "3_1", "3_3", "4_1")])
def test_a_reference_pet_series_is_its_own_planning_image(real_data, series):
    case = read(real_data / "suv_dro" / series)
    assert (case.planning_image.modality, len(case.planning_image.paths)) == ("PT", 20)
    assert classes(case.structure_set) == {3: "UNRESOLVED"}
    assert "target-class-unresolved" in codes(case.issues)


def test_the_breast_plan_names_what_is_missing(real_data):
    case = read(real_data / "dicompyler")
    assert case.image_link_text == "1 of 98 contour-level image references resolve"
    assert "images-missing" in codes(case.issues)
    assert case.rt_plan is None or case.rt_plan.referenced_structure_set_uid == case.structure_set.sop_instance_uid
    assert classes(case.structure_set) == {
        1: "EXTERNAL", 2: "OAR", 3: "CTV", 4: "GTV", 5: "OAR", 6: "OAR", 7: "OAR", 8: "OTHER", 9: "CTV", 10: "GTV"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rois", "points", "expected"),
    [
        ("eclipse_prostate_phantom.dcm", 16, 55_720, {"roi-without-contours", "target-class-unresolved"}),
        ("monaco_box_overlapping.dcm", 2, 170, set()),
        ("monaco_example.dcm", 5, 8_805, set()),
        (
            "opentps_modality_says_rtdose.dcm",
            1,
            5_069,
            {"modality-disagrees", "target-class-open", "target-class-unresolved"},
        ),
        (
            "RS.1.2.246.352.205.5439556202947041733.367077883804944283.dcm",
            11,
            140_724,
            {"target-class-unresolved"},
        ),
    ],
)
def test_single_structure_sets_of_many_systems(real_data, name, rois, points, expected):
    found, read_issues = read_structure_set(real_data / "structure_sets" / name, settings=SETTINGS)
    _, class_issues = classify_rois(found, NO_ALIASES, SETTINGS)
    assert len(found.rois) == rois
    assert sum(len(roi.contours.points_mm) for roi in found.rois) == points
    assert codes(read_issues + class_issues) == expected


@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # pydicom's own, of the independent reading
@pytest.mark.parametrize("name", STRUCTURE_SETS)
def test_points_are_those_that_pydicom_reads(real_data, name):
    found, _ = read_structure_set(real_data / name, settings=SETTINGS)
    rois = {roi.number: roi for roi in found.rois}
    dataset = pydicom.dcmread(real_data / name, force=True)
    items = [item for item in dataset.ROIContourSequence if item.get("ContourSequence")]
    for item in sorted(items, key=lambda item: len(item.ContourSequence))[:3]:
        contours = rois[int(item.ReferencedROINumber)].contours
        truth = [np.array(contour.ContourData, float).reshape(-1, 3) for contour in item.ContourSequence]
        assert contours.point_counts.tolist() == [len(points) for points in truth]
        assert np.array_equal(contours.points_mm, np.concatenate(truth))


# --- malformed files: each has its stated ending ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "error", "says"),
    [
        ("ExplVR_BigEndNoMeta.dcm", NoStructureSetError, "1 plan, 0 structure sets"),
        ("ExplVR_LitEndNoMeta.dcm", NoStructureSetError, "1 plan, 0 structure sets"),
        ("GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm", NoInputError, "a length in it is wrong"),
        ("GH340.dcm", NoInputError, "The file is not DICOM"),
        ("GH364.dcm", NoStructureSetError, "1 other DICOM file"),
        ("JPEG2000-embedded-sequence-delimiter.dcm", NoStructureSetError, "1 other DICOM file"),
        ("MR_truncated.dcm", NoStructureSetError, "1 MR image"),
        ("PrivateMDNTags.dcm", NoStructureSetError, "1 PT image"),
        ("badVR.dcm", NoStructureSetError, "1 other DICOM file"),
        ("meta_missing_tsyntax.dcm", NoInputError, "names no SOP Class"),
        ("nested_priv_SQ.dcm", NoInputError, "names no SOP Class"),
        ("no_meta.dcm", NoInputError, "The file is not DICOM"),
        ("rtplan_truncated.dcm", NoStructureSetError, "1 plan"),
        ("rtstruct_crlf_corrupted.dcm", CorruptStructureSetError, "cut short or corrupted"),
    ],
)
def test_a_malformed_file_ends_as_stated(real_data, name, error, says):
    with pytest.raises(error, match=says):
        read(real_data / "malformed" / name)


def test_the_folder_of_malformed_files_holds_several_patients(real_data):
    with pytest.raises(SeveralPatientsError, match=r"files of \d patients"):
        read(real_data / "malformed")
