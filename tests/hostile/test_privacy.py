"""Number 120: no value that identifies a person stands in any output, message, error or log."""

import contextlib
import json
import logging
import sqlite3
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pikepdf
import pypdf
import pytest
from pydicom import dcmread

from in_process import tell
from patience import HANG_S
from rtcomplexity.cli.failure import DEBUG_VARIABLE
from rtcomplexity.errors import ExitCode
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.testing import SAMPLE_NAMES, write_sample
from sweep import sweep

pytestmark = pytest.mark.usefixtures("measured_once", "wide")

IDENTIFYING = (
    *("PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "AccessionNumber", "StudyInstanceUID"),
    *("SeriesInstanceUID", "SOPInstanceUID", "FrameOfReferenceUID", "InstitutionName", "InstitutionAddress"),
    *("StationName", "ReferringPhysicianName", "OperatorsName", "PhysiciansOfRecord", "StructureSetLabel"),
    *("StudyDescription", "DeviceSerialNumber"),
)
COMMON = {"Patient"}
"""Names of ROIs that are words of this program too."""
SHORTEST = 5
"""Shorter values (a serial number 0, a name GTV) stand everywhere by chance."""


@pytest.fixture
def wide(monkeypatch):
    """Commands write long lines, and no fault of theirs is shown as to a programmer."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv(DEBUG_VARIABLE, raising=False)


def identifiers(folder):
    """Every identifying value of the input: of headers, names of ROIs, and the folder itself."""
    found = {str(folder)}
    for path in folder.rglob("*.dcm"):
        read = dcmread(path, stop_before_pixels=True)
        found |= {str(read.get(keyword, "")) for keyword in IDENTIFYING}
        found |= {str(roi.ROIName) for roi in read.get("StructureSetROISequence", ())}
        found |= {str(roi.ReferencedFrameOfReferenceUID) for roi in read.get("StructureSetROISequence", ())}
    return {value for value in found - COMMON if len(value) >= SHORTEST}


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "rtcomplexity.cli", *map(str, arguments)],
        capture_output=True,
        timeout=HANG_S,
        check=False,
    )


def contents(folder):
    """Every file, and what is packed within it."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.name, path.name.encode() + b"\n" + path.read_bytes()
            yield from ((path.name, content) for content in UNPACKED.get(path.suffix, lambda _: ())(path))


def pdf_contents(path):
    """Metadata, streams (attachments among them), and the text that a reader sees."""
    with pikepdf.open(path) as document:
        yield str(document.open_metadata()).encode()
        yield repr(dict(document.docinfo)).encode()
        streams = (one for one in document.objects if isinstance(one, pikepdf.Stream))
        yield from (one.read_bytes(pikepdf.StreamDecodeLevel.generalized) for one in streams)
    for page in pypdf.PdfReader(path).pages:
        text = page.extract_text()
        assert text.split(), "a page without text: is it read at all?"
        yield from (text.encode(), "".join(text.split()).encode())


def png_contents(path):
    """Nothing but pixels, which have been looked at as bytes: no chunk of text, time or camera."""
    content, place, kinds = path.read_bytes(), 8, set()
    while place < len(content):
        length, kind = struct.unpack_from(">I4s", content, place)
        kinds.add(kind)
        place += 12 + length
    assert kinds <= {b"IHDR", b"PLTE", b"tRNS", b"pHYs", b"IDAT", b"IEND"}, kinds
    return ()


def ledger_contents(path):
    """Every value of every table; records are packed there."""
    with contextlib.closing(sqlite3.connect(path)) as ledger:
        tables = [name for (name,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        values = [value for name in tables for row in ledger.execute(f"SELECT * FROM {name}") for value in row]
    for value in values:
        content = value if isinstance(value, bytes) else str(value).encode()
        yield content
        with contextlib.suppress(zlib.error):
            yield zlib.decompress(content)


UNPACKED = {".pdf": pdf_contents, ".png": png_contents, ".sqlite": ledger_contents}


def assert_clean(secrets, where, content):
    for secret in secrets:
        for written in (secret.encode(), secret.encode("utf-16-be")):
            assert written not in content, f"{where} holds an identifying value of {len(secret)} characters"


def leave_everything(plan, out):
    """What analyze prints, and what it and all that works on what it left say beside that; files go to `out`."""
    left = command("analyze", plan, "--out", out / "evidence", "--json")
    assert left.returncode == ExitCode.DONE, left.stderr
    many = command(
        *("batch", plan, "--out", out / "batch", "--workers", "1"),
        "--evidence",
        "--site",
        "thoracic",
        "--fractions",
        "5",
    )
    assert many.returncode == ExitCode.DONE, many.stderr
    again = [
        tell("report", out / "evidence", "--format", "html,pdf,csv,txt"),
        tell("verify", out / "evidence", "--plan", plan),
        tell("diff", out / "evidence", out / "evidence", "--json"),
    ]
    assert [each.code for each in again] == [ExitCode.DONE] * len(again), [each.err for each in again]
    cohort = tell("cohort", "build", out / "batch", "--out", out / "cohort.json")
    assert cohort.code in {ExitCode.DONE, ExitCode.INPUT_UNUSABLE}, cohort.err
    said = "".join(each.err + each.out for each in (*again, cohort)).encode()
    return left.stdout, left.stderr + many.stderr + many.stdout + said


def printed_names(record):
    """What stdout repeats of a plan, by docs/privacy.md: names of ROIs and the UIDs of what was used."""
    return used_uids(record) | {roi["name"] for roi in record["rois"]}


PAYMENT = ("PatientName", "PatientID", "PatientBirthDate", "StructureSetLabel", "RTPlanLabel")
"""What an identified folder may repeat of headers; beside them names of ROIs and UIDs of what was used."""


def whole(keyword, path):
    return str(dcmread(path, stop_before_pixels=True).get(keyword, ""))


def used_uids(record):
    """Every UID that stands in a record where its contract puts one."""
    chosen, image_sets = record["plan"]["structure_set"], record["image_sets"]
    found = {chosen["sop_instance_uid"], *(each["sop_instance_uid"] for each in chosen["alternatives"])}
    found |= {uid for each in image_sets for uid in each["series_uids"]}
    links = [each["registration"] for each in image_sets if each["registration"] is not None]
    found |= {link["sop_instance_uid"] for each in links for link in (each, *each["chain"])}
    return found | {(record["plan"]["rt_plan"] or {}).get("sop_instance_uid", "")}


def fill_every_header(folder):
    """Give every file a value for each identifying element that samples leave empty."""
    filled = ("OtherPatientIDs", "AccessionNumber", "InstitutionName", "InstitutionAddress", "StationName")
    filled += (
        "ReferringPhysicianName",
        "OperatorsName",
        "PhysiciansOfRecord",
        "StudyDescription",
        "DeviceSerialNumber",
    )
    filled += ("PatientAddress", "PatientTelephoneNumbers", "StudyID")
    for path in folder.rglob("*.dcm"):
        read = dcmread(path)
        for keyword in filled:
            setattr(read, keyword, f"HIDE{keyword[:11]}")
        read.save_as(path)
    return {f"HIDE{keyword[:11]}" for keyword in filled}


@pytest.mark.parametrize("sample", sweep(["complex_central", "pet_ct_nsclc"]))
def test_an_identified_folder_holds_what_payment_needs_and_nothing_else(sample, tmp_path):
    write_sample(sample, tmp_path / "given")
    secrets = fill_every_header(tmp_path / "given") | identifiers(tmp_path / "given") | {str(tmp_path)}
    left = tell("analyze", tmp_path / "given", "--out", tmp_path / "out", "--identified")
    assert left.code == ExitCode.DONE, left.err
    record = json.loads((tmp_path / "out" / "evidence.json").read_bytes())
    files = [*(tmp_path / "given").rglob("*.dcm")]
    allowed = {whole(keyword, path) for path in files for keyword in PAYMENT} | used_uids(record)
    allowed |= {roi["name"] for roi in record["rois"]}
    allowed |= {record["identification"][key] for key in ("study_uid", "series_uid")}
    for name, content in contents(tmp_path / "out"):
        assert_clean(secrets - allowed, name, content)
    known = record["identification"]
    stated = {key: value for key, value in known.items() if value is not None and not key.endswith("date")}
    assert set(stated.values()) <= allowed
    assert known["birth_date"].replace("-", "") in allowed
    secrets = {stated["patient_name"], stated["patient_id"], known["birth_date"]}
    assert_clean(secrets, "a message", (left.err + left.out).encode())


def assert_no_identifier(plan, out, more=frozenset()):
    """A path stands beside a refused file alone: how else would anybody find it?"""
    secrets = identifiers(plan) | more
    printed, said = leave_everything(plan, out)
    assert_clean(secrets - printed_names(json.loads(printed)), "stdout", printed)
    assert_clean(secrets, "a message", said)
    for name, content in contents(out):
        kept = {str(plan)} if name == "refused.csv" else set()
        assert_clean(secrets - kept, name, content)
    assert not list(out.rglob(".*")), "a temporary file was left"


@pytest.mark.parametrize("sample", sweep(sorted(SAMPLE_NAMES)))
def test_no_output_of_a_sample_identifies(sample, tmp_path):
    write_sample(sample, tmp_path / "given")
    assert_no_identifier(tmp_path / "given", tmp_path / "out", fill_every_header(tmp_path / "given"))


@pytest.mark.exhaustive
@pytest.mark.real_data
def test_no_output_of_a_real_plan_identifies(real_data, tmp_path):
    assert_no_identifier(real_data / "lung1_001", tmp_path / "out")


def test_a_fault_shows_neither_values_nor_paths(tmp_path):
    """The program's own fault, made by a folder in place of a module's data."""
    write_sample("routine_sbrt", tmp_path / "Secret^Name")
    code = (
        "import sys, rtcomplexity.cli.app as app, rtcomplexity.usecases.analyze as a\n"
        "def broken(*_, **__):\n    secret = 'SYNTHETIC-0001'\n    raise RuntimeError(secret)\n"
        "a.measure = broken\n"
        f"sys.argv = ['rtcomplexity', 'analyze', {str(tmp_path / 'Secret^Name')!r}, '--quiet']\napp.main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG_S, check=False)
    assert ended.returncode == ExitCode.BUG
    assert "RuntimeError" in ended.stderr
    assert "SYNTHETIC-0001" not in ended.stderr
    assert "Secret" not in ended.stderr


def test_the_library_logs_nothing(caplog, tmp_path):
    from rtcomplexity import analyze

    write_sample("routine_sbrt", tmp_path)
    with caplog.at_level(logging.DEBUG, logger="rtcomplexity"):
        analyze(Path(tmp_path), AnalyzeOptions(quick=True))
    assert [each for each in caplog.records if each.name.startswith("rtcomplexity")] == []
