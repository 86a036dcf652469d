"""``rtcomplexity compare`` on structure sets written by the testing kit."""

import csv
import json
import os

import pypdf
import pytest
from pydicom import dcmread, dcmwrite

from rtcomplexity import cores
from rtcomplexity.cli.app import run
from rtcomplexity.compare.comparison import compare
from rtcomplexity.compare.sides import drawn_alike, read_side
from rtcomplexity.errors import InputDataError, UsageError
from rtcomplexity.settings import Settings

KEPT = ("GTVp", "GTVn", "CTV")


@pytest.fixture(scope="module")
def ct(request):
    return request.config.rootpath / "sample_data" / "complex_central" / "ct"


@pytest.fixture(scope="module")
def sample(ct, tmp_path_factory):
    """A folder with the sample's structure set, but for its large ROIs."""
    folder = tmp_path_factory.mktemp("sample")
    dataset = dcmread(ct.parent / "rs.dcm")
    kept = {roi.ROINumber for roi in dataset.StructureSetROISequence if roi.ROIName in KEPT}
    dataset.StructureSetROISequence = [roi for roi in dataset.StructureSetROISequence if roi.ROINumber in kept]
    for name in ("ROIContourSequence", "RTROIObservationsSequence"):
        setattr(dataset, name, [item for item in dataset[name] if item.ReferencedROINumber in kept])
    dcmwrite(folder / "rs.dcm", dataset)
    return folder


def edited(source, target, change):
    """A structure set file after a change to its dataset."""
    dataset = dcmread(source)
    change(dataset)
    dcmwrite(target, dataset)
    return target


def shift_first_roi(millimeters):
    return lambda dataset: shift(dataset.ROIContourSequence[0], millimeters)


def shift_every_roi(millimeters):
    return lambda dataset: [shift(roi, millimeters) for roi in dataset.ROIContourSequence]


def shift(roi, millimeters):
    for contour in roi.ContourSequence:
        points = [float(value) for value in contour.ContourData]
        points[::3] = [x + millimeters for x in points[::3]]
        contour.ContourData = [f"{value:.4f}" for value in points]


def rename_rois(names):
    def change(dataset):
        for roi in dataset.StructureSetROISequence:
            roi.ROIName = names.get(roi.ROIName, roi.ROIName)

    return change


def values(comparison, name):
    match = next(each for each in comparison.compared if each.match.first.roi.name == name)
    return {key: found.value for key, found in match.values.items()}


def test_a_set_compared_with_itself_matches_every_roi_by_name(sample):
    found = compare(sample / "rs.dcm", sample / "rs.dcm")
    assert {each.match.by.value for each in found.compared} == {"name"}
    assert not found.matching.first_only
    assert values(found, "GTVp")["compare.dice"] == 1


def test_any_number_of_cores_finds_what_one_finds(sample, tmp_path, monkeypatch):
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork")
    monkeypatch.setattr(cores, "can_fork", lambda: True)  # the test's runner may have threads
    moved = edited(sample / "rs.dcm", tmp_path / "moved.dcm", shift_every_roi(3.0))
    one, several = (
        compare(sample / "rs.dcm", moved, with_pictures=True, settings=Settings(threads=cores)) for cores in (1, 3)
    )
    assert len(one.compared) == len(KEPT)
    assert [each.values for each in several.compared] == [each.values for each in one.compared]
    assert [each.surfaces for each in several.compared] == [each.surfaces for each in one.compared]
    assert all(len(each.surfaces) == 3 for each in one.compared)


def test_surfaces_are_not_held_once_a_pair_is_measured(sample, tmp_path):
    moved = edited(sample / "rs.dcm", tmp_path / "moved.dcm", shift_every_roi(3.0))
    for each in compare(sample / "rs.dcm", moved).compared:
        assert each.values["compare.hausdorff"].value == pytest.approx(3, abs=0.1)
        assert "surfaces" not in vars(each.pair)


def test_what_is_drawn_alike_is_shared_by_sides_that_were_read_apart(sample, tmp_path):
    moved = edited(sample / "rs.dcm", tmp_path / "moved.dcm", shift_first_roi(5.0))
    settings = Settings.from_environment()
    first, second = (read_side(str(path), settings=settings) for path in (sample / "rs.dcm", moved))
    both = zip(first.rois, drawn_alike(second, first).rois, strict=True)
    assert [one.delineation.stack is other.delineation.stack for one, other in both] == [False, True, True]


def test_a_shifted_roi_is_found_shifted_and_the_others_are_not(sample, ct, tmp_path):
    moved = edited(sample / "rs.dcm", tmp_path / "moved.dcm", shift_first_roi(5.0))
    first_name = dcmread(sample / "rs.dcm").StructureSetROISequence[0].ROIName
    found = compare(sample / "rs.dcm", moved, images=ct)
    assert values(found, first_name)["compare.center_shift_left"] == pytest.approx(5, abs=0.05)
    others = [each for each in found.compared if each.match.first.roi.name != first_name]
    assert all(each.values["compare.dice"].value in {1, None} for each in others)


def test_what_is_drawn_alike_on_both_sides_is_stacked_once(sample, tmp_path):
    moved = edited(sample / "rs.dcm", tmp_path / "moved.dcm", shift_first_roi(5.0))
    shared = [
        each.match.first.delineation.stack is each.match.second.delineation.stack
        for each in compare(sample / "rs.dcm", moved).compared
    ]
    assert sorted(shared) == [False, True, True]


def test_renamed_rois_are_matched_by_key_then_by_overlap(sample, tmp_path):
    renamed = edited(sample / "rs.dcm", tmp_path / "renamed.dcm", rename_rois({"GTVp": "gtv_P", "GTVn": "node 7"}))
    found = compare(sample / "rs.dcm", renamed)
    by = {each.match.first.roi.name: (each.match.second.roi.name, each.match.by.value) for each in found.compared}
    assert by["GTVp"] == ("gtv_P", "name")
    assert by["GTVn"] == ("node 7", "overlap")


def test_one_roi_of_each_side_may_be_chosen(sample):
    found = compare(f"{sample / 'rs.dcm'}::GTVp", f"{sample / 'rs.dcm'}::GTVn")
    assert [(each.match.first.roi.name, each.match.second.roi.name) for each in found.compared] == [("GTVp", "GTVn")]
    assert found.compared[0].values["compare.dice"].value == 0


def test_a_mapping_file_decides_alone(sample, tmp_path):
    mapping = tmp_path / "pairs.csv"
    mapping.write_text("first,second\nGTVp,CTV\n")
    found = compare(sample / "rs.dcm", sample / "rs.dcm", match=str(mapping))
    assert [(each.match.first.roi.name, each.match.second.roi.name) for each in found.compared] == [("GTVp", "CTV")]
    assert "GTVn" in {each.roi.name for each in found.matching.first_only}


@pytest.mark.parametrize(
    ("second", "options", "told"),
    [
        ("rs.dcm::Nowhere", {}, "no ROI fits"),
        ("rs.dcm", {"match": "elsewhere.csv"}, "names, overlap, or a CSV file"),
        ("rs.dcm", {"tolerance_mm": -1.0}, "a distance in mm"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(sample, second, options, told):
    with pytest.raises(UsageError, match=told):
        compare(sample / "rs.dcm", f"{sample}/{second}", **options)


def test_another_frame_of_reference_without_a_registration_is_refused(sample, tmp_path):
    def elsewhere(dataset):
        for roi in dataset.StructureSetROISequence:
            roi.ReferencedFrameOfReferenceUID = "1.2.3.4.5"
        for frame in dataset.ReferencedFrameOfReferenceSequence:
            frame.FrameOfReferenceUID = "1.2.3.4.5"

    other = edited(sample / "rs.dcm", tmp_path / "other.dcm", elsewhere)
    with pytest.raises(InputDataError, match="different frames of reference"):
        compare(sample / "rs.dcm", other)


def test_json_carries_value_and_unit_of_every_metric(sample, capsysbinary):
    assert run(["compare", str(sample / "rs.dcm"), str(sample / "rs.dcm"), "--json"]) == 0
    tree = json.loads(capsysbinary.readouterr().out)
    assert tree["schema"] == "rtcomplexity/comparison/1"
    gtv = next(pair for pair in tree["pairs"] if pair["first"] == "GTVp")
    assert gtv["metrics"]["compare.dice"] == {"value": 1.0, "unit": "1"}
    assert gtv["metrics"]["compare.hausdorff"] == {"value": 0.0, "unit": "mm"}
    assert set(gtv["metrics"]) <= set(tree["definitions"])


def test_out_leaves_json_csv_and_a_page(sample, tmp_path):
    out = tmp_path / "out"
    assert run(["compare", f"{sample}/rs.dcm::GTVp", f"{sample}/rs.dcm::CTV", "--out", str(out)]) == 0
    with (out / "comparison.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    tree = json.loads((out / "comparison.json").read_text(encoding="utf-8"))
    dice = next(row for row in rows if row["metric"] == "compare.dice")
    assert float(dice["value"]) == tree["pairs"][0]["metrics"]["compare.dice"]["value"]
    page = (out / "comparison.html").read_text(encoding="utf-8")
    assert "Dice coefficient" in page
    assert "default-src 'none'" in page


def test_several_readers_are_compared_with_their_consensus(sample, tmp_path, capsysbinary):
    moved = edited(sample / "rs.dcm", tmp_path / "moved.dcm", shift_first_roi(5.0))
    name = dcmread(sample / "rs.dcm").StructureSetROISequence[0].ROIName
    assert run(["compare", *[str(sample / "rs.dcm")] * 2, str(moved), "--json"]) == 0
    tree = json.loads(capsysbinary.readouterr().out)
    roi = next(each for each in tree["rois"] if each["name"] == name)
    assert roi["readers"] == ["reader 1", "reader 2", "reader 3"]
    dice = [each["metrics"]["compare.dice"]["value"] for each in roi["against_reference"]]
    assert dice[0] == pytest.approx(1, abs=5e-3)
    assert dice[2] < 0.99
    assert roi["dice"][0][1] == 1


def test_observers_reads_a_folder_of_structure_sets(sample, tmp_path, capsys):
    for number in (1, 2):
        edited(sample / "rs.dcm", tmp_path / f"{number}.dcm", lambda dataset: None)
    assert run(["observers", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "2 readers" in said
    assert "ICC(2,1) of volumes: 1.000" in said


def test_a_folder_with_one_reader_is_refused(sample, tmp_path, capsys):
    edited(sample / "rs.dcm", tmp_path / "1.dcm", lambda dataset: None)
    assert run(["observers", str(tmp_path)]) == 3
    assert "at least two readers" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("limit", "code"), [("compare.dice,0.9,", 0), ("compare.dice,1.1,", 5), ("compare.hausdorff,,0", 0)]
)
def test_limits_of_a_file_decide_the_exit_code(sample, tmp_path, limit, code):
    limits = tmp_path / "limits.csv"
    limits.write_text(f"metric,at_least,at_most\n{limit}\n")
    rs = str(sample / "rs.dcm")
    assert run(["compare", f"{rs}::GTVp", f"{rs}::GTVp", "--fail-at", str(limits)]) == code


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("metric,at_least,at_most\ncompare.dise,0.9,\n", "compare.dice"),
        ("metric,at_least,at_most\ncompare.dice,,\n", "no limit on line 2"),
        ("metric,at_least,at_most\ncompare.dice,high,\n", "a number"),
        ("metric\ncompare.dice\n", "the columns metric, at_least, at_most"),
    ],
)
def test_a_file_of_limits_that_says_nothing_is_refused(sample, tmp_path, capsys, content, told):
    limits = tmp_path / "limits.csv"
    limits.write_text(content)
    rs = str(sample / "rs.dcm")
    assert run(["compare", rs, rs, "--fail-at", str(limits)]) == 2
    assert told in capsys.readouterr().err


def issue_codes_of(sides, capsysbinary):
    assert run(["compare", *map(str, sides), "--json"]) == 0
    return {issue["code"] for issue in json.loads(capsysbinary.readouterr().out)["issues"]}


def with_patient(number):
    def change(dataset):
        dataset.PatientID = number

    return change


def test_two_patient_ids_are_a_warning_that_names_neither(sample, tmp_path, capsys):
    other = edited(sample / "rs.dcm", tmp_path / "other.dcm", with_patient("MRN-77"))
    assert run(["compare", f"{sample}/rs.dcm::GTVp", f"{other}::GTVp"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Warning: The structure sets compared have 2 different Patient IDs." in said
    assert "MRN-77" not in said


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (with_patient("MRN-77"), "compared-patients-differ"),
        (with_patient(""), "compared-patient-not-stated"),
        (lambda dataset: None, None),
    ],
)
def test_patients_that_differ_or_are_not_stated_are_issues(sample, tmp_path, capsysbinary, change, code):
    def other_label(dataset):
        dataset.StructureSetLabel = "OTHER"
        change(dataset)

    other = edited(sample / "rs.dcm", tmp_path / "other.dcm", other_label)
    assert issue_codes_of([f"{sample}/rs.dcm::GTVp", f"{other}::GTVp"], capsysbinary) == {code} - {None}


def test_one_file_on_both_sides_is_said(sample, capsysbinary):
    side = f"{sample}/rs.dcm::GTVp"
    assert issue_codes_of([side, side], capsysbinary) == {"compared-same-file"}


def test_a_side_without_a_frame_of_reference_is_compared_as_it_lies_with_a_warning(sample, tmp_path, capsysbinary):
    def frameless(dataset):
        for roi in dataset.StructureSetROISequence:
            roi.ReferencedFrameOfReferenceUID = ""

    other = edited(sample / "rs.dcm", tmp_path / "other.dcm", frameless)
    codes = issue_codes_of([f"{sample}/rs.dcm::GTVp", f"{other}::GTVp"], capsysbinary)
    assert codes == {"compared-frame-not-stated"}


def identifying(dataset):
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "MRN-77"
    dataset.ApprovalStatus = "BY DR DOE"
    for roi in dataset.StructureSetROISequence:
        roi.ROIName += " Doe"
        roi.ROIGenerationAlgorithm = "DRAWN BY DOE"


def written(out):
    """All text of the files, that of the PDF's pages and attachments included."""
    pdf = pypdf.PdfReader(out / "comparison.pdf")
    attached = [content.decode() for each in pdf.attachments.values() for content in each]
    plain = [path.read_text(encoding="utf-8") for path in sorted(out.iterdir()) if path.suffix != ".pdf"]
    return "".join([*plain, *attached, *(page.extract_text() for page in pdf.pages), str(pdf.metadata)])


def test_files_of_a_comparison_are_de_identified_unless_asked_for(sample, tmp_path):
    named = edited(sample / "rs.dcm", tmp_path / "named.dcm", identifying)
    sides = [str(sample / "rs.dcm"), str(named)]
    uid = dcmread(named).SOPInstanceUID
    assert run(["compare", *sides, "--out", str(tmp_path / "hidden")]) == 0
    assert run(["compare", *sides, "--out", str(tmp_path / "named"), "--identified"]) == 0
    hidden, shown = written(tmp_path / "hidden"), written(tmp_path / "named")
    for secret in ("Doe", "MRN-77", "GTVp", uid):
        assert secret not in hidden
    assert "GTV 1" in hidden
    assert "GTVp Doe" in shown
    assert uid in shown
    tree, other = (json.loads((tmp_path / name / "comparison.json").read_text()) for name in ("hidden", "named"))
    assert [pair["metrics"] for pair in tree["pairs"]] == [pair["metrics"] for pair in other["pairs"]]
