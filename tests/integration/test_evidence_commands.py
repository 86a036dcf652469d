"""What analyze --out leaves, and what verify, report and diff say of it."""

import io
import json
import re
import shutil
import zlib
from dataclasses import replace

import pydicom
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pypdf import PdfReader

from patience import least_processor_s
from rtcomplexity.cli import app
from rtcomplexity.errors import ExitCode
from rtcomplexity.evidence.rendering import OUTPUT_NAMES
from rtcomplexity.scoring.guardrails import DISCLAIMER, FORBIDDEN
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.sample_plans import sample_plan
from unit.evidence.made_evidence import HOSTILE_NAMES

pytestmark = pytest.mark.usefixtures("measured_once")

NOT_WRITTEN = {"pictures/fused_mr.png", "pictures/fused_ct.png"}
"""The plan has no secondary MR or CT to fuse."""
WRITTEN = sorted({*OUTPUT_NAMES, "manifest.json"} - NOT_WRITTEN)
SECRETS = ("Zabor^Jane", "Zabor", "MRN4711", "19580402", "SECRETLABEL", "2020010", "Pancoast Zabor")
SCANNED = (
    "evidence.json",
    "evidence.html",
    "evidence.pdf",
    "rois.csv",
    "image_sets.csv",
    "summary.txt",
    "manifest.json",
)


def run(capsysbinary, *arguments):
    code = app.run([str(argument) for argument in arguments])
    captured = capsysbinary.readouterr()
    return code, captured.out.decode(), captured.err.decode()


def named_plan():
    """A sample whose every free text names somebody."""
    plan = sample_plan("pet_ct_nsclc")
    (chosen,) = plan.structure_sets
    rois = tuple(replace(roi, name=f"Pancoast Zabor {roi.number}") for roi in chosen.rois)
    patient = replace(plan.patient, patient_id="MRN4711", name="Zabor^Jane", birth_date="19580402")
    return replace(plan, patient=patient, structure_sets=(replace(chosen, rois=rois, label="SECRETLABEL"),))


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("Zabor") / "plan"
    write_plan(folder, named_plan())
    return folder


@pytest.fixture(scope="module")
def kept(tmp_path_factory, plan):
    folder = tmp_path_factory.mktemp("kept") / "evidence"
    assert app.run(["analyze", str(plan), "--out", str(folder), "--quiet"]) == ExitCode.DONE
    return folder


@pytest.fixture
def evidence(tmp_path, kept):
    return shutil.copytree(kept, tmp_path / "evidence")


@pytest.fixture
def copied_plan(tmp_path, plan):
    return shutil.copytree(plan, tmp_path / "plan")


def names_in(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def readable(path):
    """Bytes of a file with every compressed stream of a PDF opened."""
    content = path.read_bytes()
    if path.suffix == ".pdf":
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
            try:
                content += zlib.decompressobj().decompress(stream)
            except zlib.error:
                continue
    return content


def test_analyze_leaves_every_file_under_its_fixed_name(kept):
    assert names_in(kept) == set(WRITTEN)


@pytest.mark.parametrize("name", SCANNED)
def test_a_deidentified_folder_names_nobody(kept, plan, name):
    content = readable(kept / name)
    for secret in (*SECRETS, str(plan), str(plan.parent)):
        assert secret.encode() not in content, secret
        assert secret.encode("utf-16-be") not in content, secret
    uids = {pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID for path in plan.rglob("*.dcm")}
    assert not any(uid.encode() in content for uid in uids)


def test_the_saved_pictures_name_nobody(kept):
    for path in (kept / "pictures").iterdir():
        assert not any(secret.encode() in path.read_bytes() for secret in SECRETS[:2])


def test_an_identified_folder_names_the_patient_where_a_payer_looks(capsysbinary, tmp_path, plan):
    (tmp_path / "claim.toml").write_text('date_of_service = 2026-03-04\ncpt_code = "32701"\n')
    claim = ("--claim", tmp_path / "claim.toml")
    run(capsysbinary, "analyze", plan, *claim, "--out", tmp_path / "e", "--identified", "--quiet")
    page = (tmp_path / "e" / "evidence.html").read_text("utf-8")
    for value in (
        "Pancoast Zabor 1",
        "Contains PHI",
        "Zabor, Jane",
        "MRN4711",
        "04/02/1958",
        "03/04/2026",
        "SECRETLABEL",
    ):
        assert value in page, value
    for name in ("rois.csv", "image_sets.csv", "manifest.json", "pictures/scene.json"):
        content = readable(tmp_path / "e" / name)
        assert not any(secret.encode() in content for secret in ("Zabor^", "Jane", "MRN4711", "1958", "SECRETLABEL"))
    assert run(capsysbinary, "verify", tmp_path / "e", "--plan", plan)[0] == ExitCode.USAGE
    code, out, _ = run(capsysbinary, "verify", tmp_path / "e", "--plan", plan, *claim)
    assert (code, out.startswith("Identical:")) == (ExitCode.DONE, True)


def test_stdout_and_a_difference_name_no_patient(capsysbinary, tmp_path, plan, kept):
    _, printed, _ = run(capsysbinary, "analyze", plan, "--json", "--out", tmp_path / "e", "--identified", "--quiet")
    _, told, _ = run(capsysbinary, "diff", kept, tmp_path / "e", "--json")
    assert not [secret for secret in ("Zabor^", "Jane", "MRN4711", "1958", "SECRETLABEL") if secret in printed + told]
    assert "Zabor" not in told


def test_two_runs_leave_the_same_bytes_but_for_the_time(capsysbinary, tmp_path, plan, kept):
    run(capsysbinary, "analyze", plan, "--out", tmp_path / "e", "--quiet")
    for name in set(WRITTEN) - {"manifest.json"}:
        assert (tmp_path / "e" / name).read_bytes() == (kept / name).read_bytes(), name


@pytest.mark.parametrize("name", ["evidence.html", "csv_notice.txt", "summary.txt", "evidence.json"])
def test_disclaimer_and_error_rate_stand_in_every_format_and_no_forbidden_word(kept, name):
    text = " ".join((kept / name).read_text("utf-8-sig").split())
    assert " ".join(DISCLAIMER.split()) in text
    assert "simulated routine thoracic plans" in text
    shown = re.sub(r"<script.*?</script>|<style.*?</style>|<img[^>]*>", "", text)
    assert not FORBIDDEN.search(shown)


def test_an_untouched_folder_is_verified(capsysbinary, kept, plan):
    code, out, _ = run(capsysbinary, "verify", kept)
    assert (code, out.startswith("Untouched:")) == (ExitCode.DONE, True)
    code, out, _ = run(capsysbinary, "verify", kept, "--plan", plan)
    assert (code, out.startswith("Identical:")) == (ExitCode.DONE, True)


@pytest.mark.parametrize("name", WRITTEN)
def test_one_flipped_byte_ends_with_5_and_is_named(capsysbinary, evidence, name):
    content = bytearray((evidence / name).read_bytes())
    content[len(content) // 2] ^= 1
    (evidence / name).write_bytes(content)
    code, out, err = run(capsysbinary, "verify", evidence)
    assert code == ExitCode.CHECK_FAILED or (name == "manifest.json" and code == ExitCode.INPUT_UNUSABLE)
    assert name in out + err


def test_one_changed_contour_vertex_is_caught(capsysbinary, evidence, copied_plan):
    path = next(copied_plan.rglob("rs.dcm"))
    dataset = pydicom.dcmread(path)
    contour = dataset.ROIContourSequence[0].ContourSequence[3]
    values = list(contour.ContourData)
    values[0] = f"{float(values[0]) + 0.1:.3f}"
    contour.ContourData = values
    dataset.save_as(path)
    code, out, _ = run(capsysbinary, "verify", evidence, "--plan", copied_plan)
    assert code == ExitCode.CHECK_FAILED
    assert "RTSTRUCT files: 1 changed" in out


def test_one_swapped_image_is_caught(capsysbinary, evidence, copied_plan):
    first, second = sorted((copied_plan / "ct").glob("*.dcm"))[10:12]
    dataset, other = pydicom.dcmread(first), pydicom.dcmread(second)
    dataset.PixelData = other.PixelData
    dataset.save_as(first)
    code, out, _ = run(capsysbinary, "verify", evidence, "--plan", copied_plan)
    assert code == ExitCode.CHECK_FAILED
    assert "CT files: 1 changed" in out


def test_a_plan_that_is_gone_is_a_difference(capsysbinary, evidence, tmp_path):
    (tmp_path / "empty").mkdir()
    code, out, _ = run(capsysbinary, "verify", evidence, "--plan", tmp_path / "empty")
    assert code == ExitCode.CHECK_FAILED
    assert "cannot be assessed" in out


def test_the_same_plan_is_written_over_and_another_is_refused(capsysbinary, evidence, plan, copied_plan):
    assert run(capsysbinary, "analyze", plan, "--out", evidence, "--quiet")[0] == ExitCode.DONE
    before = (evidence / "evidence.json").read_bytes()
    next((copied_plan / "ct").glob("*.dcm")).unlink()
    code, _, err = run(capsysbinary, "analyze", copied_plan, "--out", evidence, "--quiet")
    assert code == ExitCode.USAGE
    assert "--out: found 'the evidence of another plan" in err
    assert (evidence / "evidence.json").read_bytes() == before


def test_options_stand_beside_the_default_verdict_and_are_used_again(capsysbinary, tmp_path, plan):
    folder = tmp_path / "e"
    run(capsysbinary, "analyze", plan, "--out", folder, "--map", "Pancoast Zabor 2=GTV", "--quiet")
    record = json.loads((folder / "evidence.json").read_bytes())
    assert record["options"] == {"--map": "set"}
    assert record["default_verdict"]["value"] in {"supports", "rejects", "indeterminate", "insufficient_evidence"}
    assert "Result without these inputs:" in (folder / "evidence.html").read_text("utf-8")
    code, _, err = run(capsysbinary, "verify", folder, "--plan", plan)
    assert code == ExitCode.USAGE
    assert "--map" in err
    code, out, _ = run(capsysbinary, "verify", folder, "--plan", plan, "--map", "Pancoast Zabor 2=GTV")
    assert (code, out.startswith("Identical:")) == (ExitCode.DONE, True)


def test_report_renders_again_without_dicom(capsysbinary, evidence, kept):
    for name in ("evidence.html", "evidence.pdf"):
        (evidence / name).unlink()
    code, _, err = run(capsysbinary, "report", evidence, "--format", "html,pdf")
    assert code == ExitCode.DONE
    assert "evidence.html, evidence.pdf" in err
    for name in set(WRITTEN) - {"manifest.json"}:
        assert (evidence / name).read_bytes() == (kept / name).read_bytes()
    assert run(capsysbinary, "verify", evidence)[0] == ExitCode.DONE


def test_report_does_not_seal_what_was_changed(capsysbinary, evidence):
    (evidence / "rois.csv").write_bytes(b"changed")
    code, _, err = run(capsysbinary, "report", evidence, "--format", "html")
    assert code == ExitCode.USAGE
    assert "rois.csv" in err
    assert run(capsysbinary, "report", evidence, "--format", "docx")[0] == ExitCode.USAGE


def test_diff_says_what_moved(capsysbinary, evidence, tmp_path, plan):
    other = tmp_path / "other"
    run(capsysbinary, "analyze", plan, "--out", other, "--fractions", "3", "--quiet")
    code, out, _ = run(capsysbinary, "diff", evidence, evidence, "--json")
    assert (code, json.loads(out)["changes"]) == (ExitCode.DONE, [])
    code, out, _ = run(capsysbinary, "diff", evidence, other)
    assert code == ExitCode.DONE
    assert len(run(capsysbinary, "diff", evidence, other, "--all")[1]) >= len(out)
    assert "fractions" in out


def test_a_signature_is_made_and_checked(capsysbinary, tmp_path, plan):
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    pem, encoding = serialization.PrivateFormat.PKCS8, serialization.Encoding.PEM
    (tmp_path / "key.pem").write_bytes(key.private_bytes(encoding, pem, serialization.NoEncryption()))
    public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "public.pem").write_bytes(public)
    folder = tmp_path / "e"
    run(capsysbinary, "analyze", plan, "--out", folder, "--sign-key", tmp_path / "key.pem", "--quiet")
    code, out, err = run(capsysbinary, "verify", folder, "--public-key", tmp_path / "public.pem")
    assert (code, "signed with key" in err) == (ExitCode.DONE, True)
    (folder / "manifest.sig").unlink()
    code, out, _ = run(capsysbinary, "verify", folder, "--public-key", tmp_path / "public.pem")
    assert (code, "not signed" in out) == (ExitCode.CHECK_FAILED, True)


def test_a_face_is_warned_of_on_stderr(capsysbinary, tmp_path, copied_plan):
    for path in (copied_plan / "ct").glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.BodyPartExamined = "HEAD"
        dataset.save_as(path)
    _, _, err = run(capsysbinary, "analyze", copied_plan, "--out", tmp_path / "e", "--quick", "--quiet")
    assert "may show a face" in err
    assert "A face may show" in (tmp_path / "e" / "evidence.html").read_text("utf-8")


def test_hostile_roi_names_from_dicom_do_no_harm(capsysbinary, tmp_path, copied_plan):
    path = next(copied_plan.rglob("rs.dcm"))
    dataset = pydicom.dcmread(path)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    names = [name for name in HOSTILE_NAMES if name.isprintable() and "\\" not in name and len(name) < 64]
    for item, name in zip(dataset.StructureSetROISequence, names, strict=False):
        item.ROIName = name
    dataset.save_as(path)
    folder = tmp_path / "e"
    code, _, _ = run(capsysbinary, "analyze", copied_plan, "--out", folder, "--identified", "--quiet")
    assert code == ExitCode.DONE
    assert {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()} == set(WRITTEN)
    assert "<script>alert" not in (folder / "evidence.html").read_text("utf-8")
    assert run(capsysbinary, "verify", folder, "--plan", copied_plan)[0] == ExitCode.DONE


@pytest.fixture
def evidence_of_a_real_plan(real_data):
    """A function that renders it."""
    from rtcomplexity.evidence.package import evidence_of
    from rtcomplexity.usecases.analyze import analyze

    assessment = analyze(real_data / "lung1_001", identified=False)
    return lambda: evidence_of(assessment.measured, assessment.record, written_at="2026-01-01T00:00:00Z")


@pytest.mark.real_data
def test_evidence_of_a_real_plan_is_small(evidence_of_a_real_plan):
    evidence = evidence_of_a_real_plan()
    assert len(evidence.files["evidence.html"]) < 6_000_000
    assert len(PdfReader(io.BytesIO(evidence.files["evidence.pdf"])).pages) <= 4


@pytest.mark.exhaustive
@pytest.mark.real_data
def test_evidence_of_a_real_plan_is_quick(evidence_of_a_real_plan, real_data, tmp_path):
    from rtcomplexity.evidence.folder import write_folder

    def leave():
        write_folder(tmp_path / "evidence", evidence_of_a_real_plan().files)

    def read_headers():
        for path in (real_data / "lung1_001").rglob("*.dcm"):
            pydicom.dcmread(path, stop_before_pixels=True)

    assert least_processor_s(leave, rounds=2) < 20 * least_processor_s(read_headers)


CLAIM = """
cpt_code = "32701"
payer = "Medicare"
global_period = "XXX"
delineated_by = "thoracic surgeon"
physician_minutes = 95
reason = "earlier surgery of Zabor^Jane"
signer = "Dr Zabor"
"""


@pytest.fixture
def claim(tmp_path):
    path = tmp_path / "claim.toml"
    path.write_text(CLAIM)
    return path


def test_a_claim_asks_for_a_choice_of_privacy(capsysbinary, tmp_path, plan, claim):
    code, _, err = run(capsysbinary, "analyze", plan, "--claim", claim, "--out", tmp_path / "e")
    assert (code, "--de-identified" in err) == (ExitCode.USAGE, True)
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize(
    ("claim", "options"),
    [
        ('payer = "Medicare"', ()),
        ('modifiers = ["22"]', ()),
        ("procedure_note_attached = true", ()),
        ("typical_minutes = 40", ("--payer", "Medicare")),
        ("delineator_reports_77261_77799 = true", ("--payer", "Medicare")),
        ("procedure_note_attached = true", ("--payer", "Medicare")),
    ],
)
def test_whatever_a_claim_file_stated_it_is_asked_for_again(capsysbinary, tmp_path, plan, claim, options):
    (tmp_path / "claim.toml").write_text(claim)
    stated = ("--claim", tmp_path / "claim.toml")
    run(capsysbinary, "analyze", plan, *stated, *options, "--out", tmp_path / "e", "--de-identified", "--quick")
    code, _, err = run(capsysbinary, "verify", tmp_path / "e", "--plan", plan)
    assert (code, "--claim" in err) == (ExitCode.USAGE, True)
    code, out, _ = run(capsysbinary, "verify", tmp_path / "e", "--plan", plan, *stated)
    assert (code, out.startswith("Identical:")) == (ExitCode.DONE, True)


def test_nothing_of_a_claims_free_text_is_left_and_the_claim_is_asked_for_again(capsysbinary, tmp_path, plan, claim):
    folder = tmp_path / "e"
    run(capsysbinary, "analyze", plan, "--claim", claim, "--out", folder, "--de-identified", "--quiet")
    for name in SCANNED:
        assert not any(secret in readable(folder / name) for secret in (b"Zabor^Jane", b"Dr Zabor", b"earlier surgery"))
    code, _, err = run(capsysbinary, "verify", folder, "--plan", plan)
    assert code == ExitCode.USAGE
    assert "This folder was made with a claim file and does not hold it. Try: add --claim FILE" in err
    page = (folder / "evidence.html").read_text("utf-8")
    assert 'id="physician"' not in page, "no statement is asked for where the plan data do not support"
    code, out, _ = run(capsysbinary, "verify", folder, "--plan", plan, "--claim", claim)
    assert (code, out.startswith("Identical:")) == (ExitCode.DONE, True)
