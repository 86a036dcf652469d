"""What may be chosen on the page beside the plan's files: it counts, page one says so, mistakes are named."""

import io
import re
import zipfile
from pathlib import Path

import pytest

from rtcomplexity.cli.app import run
from rtcomplexity.desk import uploads
from rtcomplexity.desk.evidence_folders import evidence_folders
from rtcomplexity.evidence.folder import write_folder
from rtcomplexity.evidence.record import from_json
from rtcomplexity.scoring.claim_file import load_claim
from rtcomplexity.scoring.cohort import sealed, to_json
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.settings import Settings
from unit.batch.small_plans import small_plan, write_plan
from unit.desk.serving import files_of, served
from unit.evidence.made_evidence import folder_files, record_of
from unit.scoring.made_cms import fees
from unit.scoring.made_cohort import KEY, tree

PROFILES = Path(__file__).parents[2] / "src" / "rtcomplexity" / "scoring" / "profiles"
COHORT = to_json(sealed(tree([50.0] * 130, stratum="thoracic-sbrt", profile=load_profile())))
CLASSES = b"# by physics\n\nGTV secret = CTV\n"


def words(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def own_profile():
    text = (PROFILES / "any-site-1.toml").read_text("utf-8")
    return text.replace('id = "any-site-1"', 'id = "ours-1"', 1).encode()


def evidence_of(page, path):
    content = page.get(f"{path}/files/evidence.zip").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def analyzed(page, files, added=None, **fields):
    path = page.added(files, added, **fields)
    assert page.ended(path) == "ready", words(page.get(path).text)
    return path


@pytest.mark.parametrize(
    ("added", "fields", "option"),
    [
        ({}, {"profile": "any-site-1"}, ("--profile", "any-site-1")),
        ({"profile_file": own_profile()}, {}, ("--profile", "ours-1 (not shipped")),
        ({"roi_classes": CLASSES}, {}, ("--map", "gtv secret=CTV")),
        ({"cohort": COHORT, "cohort_key": KEY.hex().encode()}, {}, ("--cohort", "")),
    ],
    ids=["shipped profile", "own profile", "ROI classes", "cohort"],
)
def test_a_choice_counts_and_page_one_says_so(page, plan_files, added, fields, option):
    path = analyzed(page, plan_files, added, privacy="identified", **fields)
    record = from_json(evidence_of(page, path)["evidence.json"])
    assert record.options[option[0]].startswith(option[1])
    shown = words(page.get(path).text)
    assert "User-supplied inputs" in shown
    assert "Result without these inputs:" in shown
    page.post(f"{path}/remove")


def test_without_a_choice_page_one_names_none(page, plan_files):
    path = analyzed(page, plan_files, privacy="identified", profile="by-site")
    assert from_json(evidence_of(page, path)["evidence.json"]).options == {}
    assert "User-supplied inputs" not in page.get(path).text
    page.post(f"{path}/remove")


def test_claim_information_and_what_derives_the_report_come_back_in_the_zip(page, plan_files):
    added = {"claim_file": b'payer = "aetna"\n', "profile_file": own_profile(), "roi_classes": CLASSES}
    path = analyzed(page, plan_files, added)
    members = evidence_of(page, path)
    assert (members["claim.toml"], members["profile.toml"]) == (b'payer = "aetna"\n', own_profile())
    assert members["roi-classes.txt"] == CLASSES
    assert '<option value="aetna">' in page.get(f"{path}/claim").text
    assert 'value="aetna"' in page.get(f"{path}/claim").text
    page.post(f"{path}/remove")


@pytest.mark.parametrize(
    ("added", "fields", "told"),
    [
        ({"profile_file": b"id = "}, {}, "profile.toml"),
        ({"roi_classes": b"GTV secret=GTV\nTumor Bed=TUMOR\n"}, {}, "Line 2 of the ROI class file"),
        ({"roi_classes": b"A=GTV\na=CTV\n"}, {}, "Line 2 of the ROI class file"),
        ({"roi_classes": b"\xff\xfe=GTV"}, {}, "not text in UTF-8"),
        ({"cohort": b"{}"}, {}, "is no cohort"),
        ({"cohort": COHORT, "cohort_key": b"00"}, {}, "is not the key"),
        ({"cohort_key": b"00"}, {}, "without its cohort"),
        ({"claim_file": b"payer = 1\n"}, {}, "line 1"),
        ({}, {"profile": "../ours"}, "does not exist"),
    ],
    ids=[
        "profile",
        "class",
        "two classes",
        "encoding",
        "cohort",
        "another key",
        "key alone",
        "claim",
        "unknown profile",
    ],
)
def test_a_choice_that_cannot_be_used_is_refused_before_anything_is_measured(page, plan_files, added, fields, told):
    before = set(page.desk.session.folder.iterdir())
    answer = page.upload(plan_files, added, **fields)
    assert answer.status == 422
    assert told in words(answer.text)
    assert "Tumor Bed=TUMOR" not in answer.text
    assert str(page.desk.session.folder) not in answer.text
    assert set(page.desk.session.folder.iterdir()) == before


def test_an_added_file_has_a_limit_of_its_own_and_is_no_plan(page, plan_files, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_ADDED_BYTES", 1000)
    answer = page.upload(plan_files, {"roi_classes": b"# " + b"x" * 2000})
    assert answer.status == 422
    assert "larger than" in answer.text
    assert "No file was chosen" in page.upload([], {"roi_classes": CLASSES}).text


def test_another_structure_set_of_the_plan_can_be_assessed(page, tmp_path):
    write_plan(tmp_path, small_plan(2, sets=2))
    path = analyzed(page, files_of(tmp_path), privacy="identified")
    session_plan = page.desk.session.plan(path.rpartition("/")[2])
    [assessed] = [each for each in session_plan.structure_sets if each.is_assessed]
    [other] = [each for each in session_plan.structure_sets if not each.is_assessed]
    assert assessed.title in page.get(path).text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(session_plan), "is_busy", True)
        refused = page.post(f"{path}/structure-set", f"structure_set={other.uid}".encode())
    assert (refused.status, "is not done yet" in refused.text) == (422, True)
    before = from_json(evidence_of(page, path)["evidence.json"])
    assert before.plan.structure_set.sop_instance_uid == assessed.uid
    assert page.post(f"{path}/structure-set", f"structure_set={other.uid}".encode()).status == 303
    assert page.ended(path) == "ready"
    members = evidence_of(page, path)
    after = from_json(members["evidence.json"])
    assert after.plan.structure_set.sop_instance_uid == other.uid
    assert after.options == {"--structure-set": other.uid}
    shown = words(page.get(path).text)
    assert "User-supplied inputs" in shown
    assert f"{other.title} (assessed)" in shown
    compared = words(page.get(f"{path}/compare").text)
    assert "Structure set chosen by the user" in compared
    assert re.search(r"Measured values and report sections \(\d+\)", compared)
    assert "ROI 1: Volume (slab)" in compared
    assert not re.search(r"--structure-set|shape\.|scored\.|contour\.", compared)
    assert len(list(session_plan.place.folder.glob("measured-*"))) == 1
    page.post(f"{path}/remove")


def test_a_structure_set_that_cannot_be_assessed_leaves_the_report_and_the_choice_before(page, tmp_path):
    write_plan(tmp_path, small_plan(3, sets=2))
    path = analyzed(page, files_of(tmp_path), privacy="identified")
    session_plan = page.desk.session.plan(path.rpartition("/")[2])
    [other] = [each for each in session_plan.structure_sets if not each.is_assessed]
    for upload in session_plan.place.files.iterdir():
        upload.unlink()
    page.post(f"{path}/structure-set", f"structure_set={other.uid}".encode())
    assert page.ended(path) == "ready"
    assert "The last change could not be applied." in page.get(path).text
    assert page.post(f"{path}/claim", b"payer=aetna").status == 303
    assert page.ended(path) == "ready"
    assert page.desk.session.plan(session_plan.id).problem == ""
    assert from_json(evidence_of(page, path)["evidence.json"]).stated_claim.payer == "aetna"
    page.post(f"{path}/remove")


def test_only_a_structure_set_of_the_plan_can_be_chosen(page, plan_files):
    path = analyzed(page, plan_files)
    assert "Assess this structure set" not in page.get(path).text
    assert page.post(f"{path}/structure-set", b"structure_set=1.2.3").status == 422
    page.post(f"{path}/remove")


def test_a_deidentified_plan_names_its_structure_sets_by_number(page, tmp_path):
    write_plan(tmp_path, small_plan(4, sets=2))
    path = analyzed(page, files_of(tmp_path), privacy="de-identified")
    shown = page.get(path).text
    assert "Structure set 1, 1 ROI" in shown
    assert "SECRETLABEL" not in shown
    page.post(f"{path}/remove")


def test_official_facts_of_the_code_count_for_every_plan(plan_files, tmp_path):
    (tmp_path / "PPRRVU2026_Jan.csv").write_bytes(fees())
    assert run(["cms", "import", str(tmp_path / "PPRRVU2026_Jan.csv"), "--out", str(tmp_path / "cms.json")]) == 0
    claim = b'cpt_code = "32701"\ndate_of_service = 2026-03-09\nglobal_period = "090"\n'
    with served(Settings(), cms=tmp_path / "cms.json") as page:
        path = analyzed(page, plan_files, {"claim_file": claim})
        assert "the claim information states 090" in words(page.get(path).text)


def test_a_file_that_holds_no_official_facts_is_refused_before_the_page_opens(tmp_path, capsys):
    (tmp_path / "cms.json").write_text("{}")
    assert run(["serve", "--no-browser", "--cms", str(tmp_path / "cms.json")]) == 3
    assert "holds no official facts" in capsys.readouterr().err


def test_claim_information_for_a_report_made_elsewhere_is_a_file_and_changes_nothing_there(plan_files, tmp_path):
    write_folder(tmp_path / "made", folder_files(record_of("supports")))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with served(worklist=tmp_path) as page:
        [plan_id] = evidence_folders(tmp_path)
        path = f"/plans/{plan_id}"
        assert "never changed" in page.get(f"{path}/claim").text
        assert page.get(f"{path}/files/claim.toml").status == 404
        assert page.post(f"{path}/claim", b"npi=1").status == 422
        assert page.post(f"{path}/claim", b"payer=aetna&fractions=5").status == 303
        assert "is not in this report" in page.get(path).text
        assert 'value="5"' in page.get(f"{path}/claim").text
        saved = page.get(f"{path}/files/claim.toml").content
        assert "claim.toml" not in evidence_of(page, path)
        (tmp_path / "claim").write_bytes(saved)
        assert (load_claim(tmp_path / "claim").payer, load_claim(tmp_path / "claim").fractions) == ("aetna", 5)
        (tmp_path / "claim").unlink()
        assert page.post(f"{path}/remove").status == 404
        assert evidence_of(page, analyzed(page, plan_files, {"claim_file": saved}))["claim.toml"] == saved
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
