"""Files of one plan under several Patient IDs: refused with what ties them, joined where a person states it."""

import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.errors import SeveralPatientsError
from rtcomplexity.settings import Settings
from unit.dicom.datasets import MR, contour, new, plan, roi, save, slices, structure_set

POSITIONS = [0, 2, 4, 6]


def drawn(made, **values):
    square = r"0\0\{0}\10\0\{0}\10\10\{0}\0\10\{0}"
    contours = [contour(square.format(z), image_uid=one.SOPInstanceUID) for z, one in zip(POSITIONS, made, strict=True)]
    return structure_set([roi(1, "GTV", contours)], image_uids=[one.SOPInstanceUID for one in made], **values)


@pytest.fixture
def folder(tmp_path):
    """Images under one Patient ID, the structure set under another: anonymized in two steps."""
    made = slices(POSITIONS, PatientID="SECRET-1")
    for number, image in enumerate(made):
        save(tmp_path, f"ct{number}", image)
    series, study = made[0].SeriesInstanceUID, made[0].StudyInstanceUID
    save(tmp_path, "rs", drawn(made, uid="1.5", series=series, study=study, PatientID="SECRET-2"))
    return tmp_path


def refused(path, **options):
    with pytest.raises(SeveralPatientsError) as caught:
        read_case(path, settings=Settings(), **options)
    return str(caught.value)


def test_the_refusal_lists_files_by_id_what_ties_them_and_how_to_go_on(folder):
    text = refused(folder)
    assert "files of 2 patients: 4 CT images, 1 structure set" in text
    assert text.count("patient ") >= 2
    assert ": 4 CT images; patient " in text
    assert "linked by" in text
    assert "references" in text
    assert "--same-patient" in text
    assert "SECRET" not in text


def test_hashes_of_ids_differ_from_folder_to_folder_and_names_are_shown_where_asked_for(folder):
    first = refused(folder)
    assert refused(folder) == first
    save(folder, "more", new(MR, "1.99", PatientID="SECRET-1", Modality="MR"))
    assert first.split("patient ")[1][:8] not in refused(folder)
    named = refused(folder, name_patients=True)
    assert "patient SECRET-1: 4 CT images" in named
    assert "patient SECRET-2: 1 structure set" in named


def test_a_statement_makes_them_one_patient_and_is_told(folder):
    case = read_case(folder, settings=Settings(), same_patient=True)
    assert case.stated_patients == 2
    assert case.planning_image.patient_key == case.structure_set.patient_key
    (issue,) = [issue for issue in case.issues if issue.code == "patients-stated-as-one"]
    assert issue.severity == "warning"
    assert "4 CT images" in issue.text
    assert "linked by" in issue.text
    assert "SECRET" not in issue.text


def test_a_statement_that_nobody_needs_changes_nothing(tmp_path):
    made = slices(POSITIONS)
    for number, image in enumerate(made):
        save(tmp_path, f"ct{number}", image)
    save(tmp_path, "rs", drawn(made))
    plain, stated = (read_case(tmp_path, settings=Settings(), same_patient=each) for each in (False, True))
    assert stated.stated_patients == plain.stated_patients == 0
    assert stated.issues == plain.issues


def test_files_that_nothing_ties_are_refused_whatever_is_stated(folder):
    other = slices([0], root="1.71", PatientID="SECRET-3", StudyInstanceUID="8.1", SeriesInstanceUID="8.2")
    other[0].FrameOfReferenceUID = "8.3"
    save(folder, "stray", other[0])
    text = refused(folder, same_patient=True)
    assert "files of 3 patients" in text
    assert "exclude the files" in text


def test_two_unrelated_patients_are_not_said_to_be_tied(tmp_path):
    made = slices(POSITIONS, PatientID="A")
    for number, image in enumerate(made):
        save(tmp_path, f"ct{number}", image)
    alone = structure_set([roi(1, "GTV", [contour()], frame="7.1")], uid="7.5", PatientID="B")
    alone.StudyInstanceUID = "7.2"
    save(tmp_path, "rs", alone)
    text = refused(tmp_path)
    assert "linked by" not in text
    assert "--same-patient" not in text
    assert "links them" in refused(tmp_path, same_patient=True)


def test_a_plan_ties_by_the_structure_set_that_it_names(tmp_path):
    made = slices(POSITIONS, PatientID="A")
    for number, image in enumerate(made):
        save(tmp_path, f"ct{number}", image)
    save(tmp_path, "rs", drawn(made, uid="1.5", PatientID="A"))
    save(tmp_path, "rp", plan("1.5", PatientID="B", StudyInstanceUID="6.6"))
    assert "references" in refused(tmp_path)
    case = read_case(tmp_path, settings=Settings(), same_patient=True)
    assert case.rt_plan is not None


def test_of_many_patients_some_are_listed_and_the_others_counted(tmp_path):
    for number in range(40):
        (image,) = slices([number], root=f"1.{number + 30}", PatientID=f"P-{number}", FrameOfReferenceUID="1.9")
        save(tmp_path, f"ct{number}", image)
    save(tmp_path, "rs", structure_set([roi(1, "GTV", [])], uid="1.5", PatientID="P-0"))
    text = refused(tmp_path)
    assert "files of 40 patients" in text
    assert "36 other patients" in text
    assert f"{40 * 39 // 2 - 4} other pairs of patients are linked" in text
    assert len(text) < 1000
