"""Reports on request: a workbook that holds no formula, and DICOM objects that other programs read as we wrote them."""

import io
import json
import shutil
import subprocess
import zipfile

import pytest
from pydicom import dcmread

from rtcomplexity.cli.app import run
from rtcomplexity.evidence.formats.dicom import sr
from rtcomplexity.evidence.record import from_json

CLASSES = {"GTV": "228791009", "CTV": "228792002", "PTV": "228793007", "ITV": "130056"}
EVIL = '=HYPERLINK("http://x")'


@pytest.fixture(scope="module")
def plan(request):
    return request.config.rootpath / "sample_data" / "complex_central"


@pytest.fixture(scope="module")
def folders(measured_once, plan, tmp_path_factory):
    """An identified and a de-identified evidence folder."""
    out = tmp_path_factory.mktemp("out")
    for name in ("identified", "de-identified"):
        assert run(["analyze", str(plan), "--out", str(out / name), f"--{name}", "--quiet"]) == 0
    return out


def report(folder, formats):
    return run(["report", str(folder), "--format", formats, "--quiet"])


@pytest.fixture(scope="module")
def identified(folders):
    assert report(folders / "identified", "sr,encapsulated-pdf,xlsx") == 0
    return folders / "identified"


def record_in(folder):
    return json.loads((folder / "evidence.json").read_text())


def test_two_runs_give_the_same_bytes_and_verify_agrees(identified, capsys):
    names = ("evidence_sr.dcm", "evidence_pdf.dcm", "evidence.xlsx", "manifest.json")
    before = {name: (identified / name).read_bytes() for name in names}
    assert report(identified, "sr,encapsulated-pdf,xlsx") == 0
    assert {name: (identified / name).read_bytes() for name in names} == before
    assert run(["verify", str(identified)]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("kind", ["sr", "encapsulated-pdf"])
def test_dicom_is_refused_for_a_folder_that_names_nobody(folders, capsys, kind):
    assert report(folders / "de-identified", kind) == 2
    assert "--identified" in capsys.readouterr().err
    assert not list((folders / "de-identified").glob("*.dcm"))


def measurements(item):
    """Every measurement below a content item as {(scheme, code): (value, unit)}, and every code."""
    found, codes = {}, []
    for child in item.get("ContentSequence", ()):
        if child.ValueType == "NUM":
            name, measured = child.ConceptNameCodeSequence[0], child.MeasuredValueSequence[0]
            unit = measured.MeasurementUnitsCodeSequence[0].CodeValue
            found[name.CodingSchemeDesignator, name.CodeValue] = (float(measured.NumericValue), unit)
        if child.ValueType == "CODE":
            codes.append(child.ConceptCodeSequence[0].CodeValue)
        more, deeper = measurements(child)
        found |= more
        codes += deeper
    return found, codes


def groups_of(dataset):
    """Measurement groups by tracking identifier."""
    (container,) = (each for each in dataset.ContentSequence if each.ConceptNameCodeSequence[0].CodeValue == "126010")
    found = {}
    for group in container.ContentSequence:
        label = next(
            each.TextValue for each in group.ContentSequence if each.ConceptNameCodeSequence[0].CodeValue == "112039"
        )
        found[label] = group
    return found


def test_values_and_units_of_the_report_are_those_of_the_record(identified):
    dataset, record = dcmread(identified / "evidence_sr.dcm"), record_in(identified)
    groups = groups_of(dataset)
    targets = [roi for roi in record["rois"] if roi["target_class"] in {"GTV", "CTV", "PTV", "ITV"}]
    assert len(groups) == len(targets) + 1
    for roi in targets:
        found, codes = measurements(groups[f"ROI {roi['number']}: {roi['name']}"])
        assert {"GTV": "228791009", "CTV": "228792002", "PTV": "228793007", "ITV": "130056"}[
            roi["target_class"]
        ] in codes
        expected = {}
        for key, metric in roi["metrics"].items():
            code = record["metric_definitions"][key]["ibsi_code"]
            if metric["value"] is None or metric["unit"] not in sr._UCUM:
                continue
            if key in sr._OWN:
                expected[sr.PRIVATE, sr._OWN[key][0]] = (metric["value"], sr._UCUM[metric["unit"]][0])
            elif code:
                expected[sr.IBSI, code] = (metric["value"], sr._UCUM[metric["unit"]][0])
        assert len(expected) > 5
        assert found == expected
    found, codes = measurements(groups["Delineation complexity"])
    assert found[sr.PRIVATE, "SCORE_T"] == (record["score"]["t"], "1")
    assert sr._VERDICTS[record["verdict"]["value"]][0] in codes
    assert dataset.CodingSchemeIdentificationSequence[0].CodingSchemeDesignator == sr.PRIVATE
    referenced = (
        dataset.CurrentRequestedProcedureEvidenceSequence
        if "CurrentRequestedProcedureEvidenceSequence" in dataset
        else dataset.PertinentOtherEvidenceSequence
    )
    instance = referenced[0].ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert instance.ReferencedSOPInstanceUID == record["plan"]["structure_set"]["sop_instance_uid"]


def test_the_objects_lie_in_the_study_of_the_set_and_other_content_has_another_uid(identified, plan):
    (structure_set,) = (
        dcmread(path) for path in plan.rglob("*.dcm") if "SS" not in path.name and path.name == "rs.dcm"
    )
    for name in ("evidence_sr.dcm", "evidence_pdf.dcm"):
        dataset = dcmread(identified / name)
        assert dataset.StudyInstanceUID == structure_set.StudyInstanceUID
        assert dataset.PatientID == structure_set.PatientID
    record = from_json((identified / "evidence.json").read_bytes())
    changed = record.model_copy(update={"disclaimer": "other"})
    first, other = (
        dcmread(io.BytesIO(sr.structured_report(each, "2026-01-01T00:00:00Z"))) for each in (record, changed)
    )
    assert first.SOPInstanceUID != other.SOPInstanceUID
    assert first.SeriesInstanceUID == other.SeriesInstanceUID


def test_the_encapsulated_pdf_is_the_report(identified):
    dataset = dcmread(identified / "evidence_pdf.dcm")
    pdf = (identified / "evidence.pdf").read_bytes()
    assert dataset.EncapsulatedDocument[: dataset.EncapsulatedDocumentLength] == pdf


@pytest.mark.skipif(
    not (shutil.which("dciodvfy") and shutil.which("dsrdump")), reason="dicom3tools and dcmtk are not installed"
)
@pytest.mark.parametrize("name", ["evidence_sr.dcm", "evidence_pdf.dcm"])
def test_independent_validators_find_no_error_and_refuse_a_broken_control(identified, tmp_path, name):
    assert not errors_of(identified / name)
    broken = dcmread(identified / name)
    if name == "evidence_sr.dcm":
        broken.ContentSequence[0].RelationshipType = "BOGUS"
    else:
        del broken.MIMETypeOfEncapsulatedDocument
    broken.save_as(tmp_path / "broken.dcm")
    assert errors_of(tmp_path / "broken.dcm")


def errors_of(path):
    """Errors of dciodvfy, and for a report of dsrdump, which finds what the former misses."""
    checked = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, check=False)
    found = [line for line in (checked.stdout + checked.stderr).splitlines() if line.startswith("Error")]
    if "sr" in path.name or dcmread(path).Modality == "SR":
        dumped = subprocess.run(["dsrdump", str(path)], capture_output=True, text=True, check=False)
        found += [dumped.stderr] if dumped.returncode or dumped.stderr.startswith("E:") else []
    return found


def test_the_workbook_holds_strings_and_numbers_and_no_formula(identified, capsys):
    record = record_in(identified)
    with zipfile.ZipFile(identified / "evidence.xlsx") as book:
        sheets = {name: book.read(name).decode() for name in book.namelist() if "worksheets/" in name}
        strings = book.read("xl/sharedStrings.xml").decode()
        titles = book.read("xl/workbook.xml").decode()
    assert len(sheets) == 5
    assert all("<f>" not in text for text in sheets.values())
    assert all(name in titles for name in ("Summary", "Targets", "Image sets", "Factors", "Issues"))
    low, high = record["score"]["interval"]["score"]
    assert low < high
    assert "90% interval of T, from" in strings
    assert all(f"<v>{end:.16g}</v>" in sheets["xl/worksheets/sheet1.xml"] for end in (low, high))
    gross = record["rois"][0]
    assert gross["name"] in strings
    assert f"<v>{gross['metrics']['shape.volume']['value']:.16g}</v>" in sheets["xl/worksheets/sheet2.xml"]
    capsys.readouterr()


def test_a_name_that_begins_like_a_formula_stays_a_string(identified):
    from rtcomplexity.evidence.formats.xlsx import evidence_xlsx

    record = from_json((identified / "evidence.json").read_bytes())
    (first, *others) = record.rois
    hostile = record.model_copy(update={"rois": (first.model_copy(update={"name": EVIL}), *others)})
    with zipfile.ZipFile(io.BytesIO(evidence_xlsx(hostile))) as book:
        assert "HYPERLINK" in book.read("xl/sharedStrings.xml").decode()
        assert all(b"<f>" not in book.read(name) and b"<hyperlink" not in book.read(name) for name in book.namelist())
