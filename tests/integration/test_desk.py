"""The local page as a request meets it: who is let in, what may be sent, what comes back, and what is left on disk."""

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import zipfile

import psutil
import pytest

from patience import HANG_S
from rtcomplexity.cli.app import run
from rtcomplexity.desk.evidence_folders import evidence_folders
from rtcomplexity.evidence.record import from_json
from rtcomplexity.scoring.claim_file import load_claim
from rtcomplexity.scoring.guardrails import FORBIDDEN
from rtcomplexity.settings import Settings
from unit.batch.small_plans import small_plan, write_plan
from unit.desk.forms import BOUNDARY, CONTENT_TYPE
from unit.desk.serving import files_of, served

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes and signals as on POSIX systems")
CLAIM = {
    "payer": "aetna", "npi": "1234567893", "date_of_service": "03/09/2026", "delineated_by": "A. Physician",
    "reason": "Words of the physician.\r\nA second line.", "physician_minutes": "95", "site": "thoracic",
}  # fmt: skip


def zipped(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def form(values):
    return urllib.parse.urlencode(values).encode()


@pytest.fixture(scope="module")
def plan(page, plan_files):
    """The path of a plan that was analyzed."""
    path = page.added(plan_files, privacy="identified")
    assert page.ended(path) == "ready"
    return path


def test_the_page_is_reached_on_loopback_alone(page):
    assert page.desk._socket.getsockname()[0] == "127.0.0.1"
    assert page.get().status == 200


@pytest.mark.parametrize("path", ["/", "/wrong/", "/plans", "/wrong/worklist", "/static/desk.css", "/favicon.ico"])
def test_without_the_token_there_is_nothing(page, path):
    answer = page.ask("GET", path)
    assert answer.status == 404
    assert page.base.strip("/") not in answer.text


@pytest.mark.parametrize("host", ["example.org", "example.org:80", "127.0.0.1", "127.0.0.1:1", "localhost.example", ""])
def test_another_host_is_refused(page, host):
    assert page.get(Host=host).status in {400, 421}


def test_the_name_of_this_computer_for_itself_is_served(page):
    assert page.get(Host=page.host.replace("127.0.0.1", "localhost")).status == 200


@pytest.mark.parametrize("origin", ["http://example.org", "null", "", "https://127.0.0.1", "http://127.0.0.1:1", None])
@pytest.mark.parametrize("path", ["/plans", "/end", "/plans/x/remove", "/plans/x/claim"])
def test_what_another_origin_sends_is_refused(page, path, origin):
    assert page.post(path, Origin=origin).status == 403
    assert page.get().status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_asks_for_is_refused(page, site):
    assert page.get(Sec_Fetch_Site=site).status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
def test_other_methods_are_refused(page, method):
    assert page.ask(method, f"{page.base}/").status == 405


@pytest.mark.parametrize("path", ["/", "/worklist", "/static/desk.js", "/nothing", "/plans/nothing"])
def test_every_answer_has_a_strict_policy_and_is_not_kept(page, path):
    headers = page.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["../routes.py", "..%2froutes.py", "%2e%2e/server.py", "desk.css%00", "icon.png"])
def test_only_the_files_of_the_page_are_served(page, name):
    assert page.get(f"/static/{name}").status == 404


def test_a_plan_is_analyzed_and_every_view_of_it_answers(page, plan):
    answer = page.get(plan).text
    for text in ("Hold the claim", "Insufficient evidence", "Next steps", "Outstanding documentation", "Secret, Name"):
        assert text in answer
    assert "Secret, Name" in page.get("/worklist").text
    assert "<html" in page.get(f"{plan}/report").text
    assert page.get(f"{plan}/claim").status == 200
    assert page.get(f"{plan}/compare").status == 200


def test_no_view_holds_a_forbidden_word(page, plan):
    for path in ("/", "/worklist", plan, f"{plan}/claim", f"{plan}/compare", f"{plan}/report"):
        assert not FORBIDDEN.search(page.get(path).text), path


def test_the_downloads_are_the_files_of_the_folder(page, plan):
    whole = page.get(f"{plan}/files/evidence.zip")
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        members = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    record = from_json(members["evidence.json"])
    assert record.identification.patient_name == "Secret^Name"
    pdf = page.get(f"{plan}/files/evidence.pdf")
    assert pdf.content == members["evidence.pdf"]
    assert pdf.headers["content-disposition"].startswith('attachment; filename="RTC')
    assert b"/AcroForm" in page.get(f"{plan}/files/physician_statement.pdf").content
    assert page.get(f"{plan}/files/evidence.xlsx").content.startswith(b"PK")
    assert page.get(f"{plan}/files/evidence_sr.dcm").content[128:132] == b"DICM"
    for name in ("evidence.json", "..%2fclaim.toml", "manifest.json", "claim.toml"):
        assert page.get(f"{plan}/files/{name}").status == 404


def test_a_deidentified_report_names_nobody(page, plan_files):
    path = page.added(plan_files, privacy="de-identified")
    assert page.ended(path) == "ready"
    shown = page.get(path).text + page.get(f"{path}/report").text
    assert "Secret" not in shown
    assert "De-identified plan" in page.get("/worklist").text
    page.post(f"{path}/remove")
    assert page.get(path).status == 404


def test_claim_information_goes_to_the_file_the_report_and_back_to_the_form(page, plan):
    session_plan = page.desk.session.plan(plan.rpartition("/")[2])
    for upload in session_plan.place.files.iterdir():
        upload.unlink()  # so that nothing can be measured again
    answer = page.post(f"{plan}/claim", form({**CLAIM, "npi": "1234567890"}))
    assert answer.status == 422
    assert "Enter ten digits with a valid check digit." in answer.text
    assert "Words of the physician." in answer.text
    assert not session_plan.place.claim.exists()
    assert page.post(f"{plan}/claim", form(CLAIM)).status == 303
    assert page.ended(plan) == "ready"
    assert load_claim(session_plan.place.claim).reason == "Words of the physician.\nA second line."
    shown = page.get(plan).text
    assert "Words of the physician. A second line." in shown
    assert "03/09/2026" in shown
    again = page.get(f"{plan}/claim").text
    assert 'value="03/09/2026"' in again
    assert '<option value="thoracic" selected>' in again
    assert b"1234567893" in page.get(f"{plan}/files/claim.toml").content
    compared = page.get(f"{plan}/compare").text
    assert "The verdict" in compared
    assert "claim as stated" in compared


def test_the_claim_is_stated_only_in_this_session(page, plan):
    assert page.post("/plans/nothing/claim", form(CLAIM)).status == 404
    assert page.post(f"{plan}/claim", b"x" * 300_000).status == 422


def test_a_zip_is_as_good_as_a_folder(page, plan_files):
    path = page.added([("plan.zip", zipped(plan_files))])
    assert page.ended(path) == "ready"
    assert "Secret, Name" in page.get(path).text
    page.post(f"{path}/remove")


def bomb():
    return zipped([("a.dcm", bytes(64_000_000))])


def climbing(files):
    return zipped([(f"../../../{name}", content) for name, content in files])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda _: b"no DICOM at all", "The file is not DICOM"),
        (lambda _: bomb(), "unpack"),
        (climbing, "lead out of the archive"),
        (lambda files: zipped([("inner.zip", zipped(files))]), "archive within an archive"),
        (lambda files: zipped(files)[:-40], "archive cannot be read"),
    ],
    ids=["no DICOM", "bomb", "traversal", "nested", "broken"],
)
def test_what_cannot_be_used_is_refused_with_a_reason_and_without_a_path(page, plan_files, make, told):
    names = {name for name, _ in plan_files}
    path = page.added([("plan.zip", make(plan_files))])
    assert page.ended(path) == "failed"
    answer = page.get(path)
    assert answer.status == 422
    assert "This plan cannot be assessed" in answer.text
    assert told in answer.text, answer.text
    assert str(page.desk.session.folder) not in answer.text
    page.post(f"{path}/remove")
    outside = {each.name for each in page.desk.session.folder.parent.iterdir()}
    assert names.isdisjoint(outside | {each.name for each in page.desk.session.folder.iterdir()})


def test_an_upload_without_a_file_is_refused(page):
    answer = page.upload([("", b"")], privacy="identified")
    assert answer.status == 422
    assert "No file was chosen" in answer.text


def test_uploads_over_a_limit_are_refused_and_leave_nothing(plan_files):
    with served(Settings(max_upload_files=2, max_upload_bytes=50_000)) as page:
        answer = page.upload([(str(n), b"x") for n in range(3)])
        assert answer.status == 422
        assert "more than 2 files" in answer.text
        assert "GB" in page.upload([("a", b"x" * 60_000)]).text
        assert list(page.desk.session.folder.iterdir()) == []


def test_an_upload_that_is_cut_off_leaves_nothing(page):
    before = set(page.desk.session.folder.iterdir())
    answer = page.ask(
        "POST", f"{page.base}/plans", b"------made-by-a-test\r\nContent-Disposition: form-data",
        Origin=f"http://{page.host}", Content_Type="multipart/form-data; boundary=----made-by-a-test",
    )  # fmt: skip
    assert answer.status == 422
    assert set(page.desk.session.folder.iterdir()) == before


@pytest.fixture
def page_of_processes():
    with served(in_processes=True) as client:
        yield client


def test_two_plans_at_once_are_kept_apart_and_one_can_be_cancelled(page_of_processes, plan_files, tmp_path):
    page = page_of_processes
    write_plan(tmp_path, small_plan(7))
    first, second = page.added(plan_files), page.added(files_of(tmp_path))
    folder = page.desk.session.plan(first.rpartition("/")[2]).place.folder
    page.post(f"{first}/remove")
    assert page.ended(second) == "ready"
    assert page.get(first).status == 404
    assert "PATIENT-SECRET-7" in page.get(second).text
    for _ in range(int(HANG_S / 0.05)):
        if not folder.exists():
            break
        time.sleep(0.05)
    assert not folder.exists()
    page.post(f"{second}/remove")


@posix_only
def test_the_folder_of_the_session_is_the_owners_alone(page):
    assert page.desk.session.folder.stat().st_mode & 0o077 == 0


def test_ending_the_session_removes_everything_and_stops(plan_files):
    with served(in_processes=True) as page:
        path = page.added(plan_files)
        folder = page.desk.session.folder
        assert folder.exists()
        assert page.get(path).status == 200
        assert "Session ended" in page.post("/end").text
        assert not folder.exists()


def test_a_worklist_folder_is_read_and_not_changed(page, plan, tmp_path):
    whole = zipfile.ZipFile(io.BytesIO(page.get(f"{plan}/files/evidence.zip").content))
    with whole as archive:
        archive.extractall(tmp_path / "results" / "evidence")
    [folder] = (tmp_path / "results" / "evidence").iterdir()
    (folder / "evidence.html").write_text("<script>alert(1)</script>")
    (tmp_path / "results" / "broken").mkdir()
    (tmp_path / "results" / "broken" / "evidence.json").write_text("{}")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with served(worklist=tmp_path / "results") as other:
        listed = other.get("/worklist").text
        assert "Secret, Name" in listed
        assert "breaks its contract" in listed
        [path] = {part.partition('"')[0] for part in listed.split(f'href="{other.base}')[1:] if "plans/" in part} - {
            f"/plans/{name}" for name, place in evidence_folders(tmp_path / "results").items() if place.name == "broken"
        }
        assert "alert(1)" not in other.get(f"{path}/report").text
        assert other.get(f"{path}/files/evidence.pdf").content.startswith(b"%PDF")
        assert "never changed" in other.get(f"{path}/claim").text
        assert other.post(f"{path}/remove").status == 404
        (folder / "evidence.pdf").write_bytes(b"another")
        (folder / "evidence.json").touch()
        assert other.get(f"{path}/files/evidence.pdf").status == 422
    (folder / "evidence.pdf").write_bytes(before[folder / "evidence.pdf"])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@posix_only
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_until_a_signal_and_leaves_nothing(number, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "rtcomplexity.cli", "serve", "--no-browser"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    killer = threading.Timer(HANG_S, process.kill)
    killer.start()
    address = process.stdout.readline().strip()
    assert address.startswith("http://127.0.0.1:")
    assert any(tmp_path.iterdir())
    process.send_signal(number)
    _, said = process.communicate()
    killer.cancel()
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_lacks(monkeypatch, tmp_path, capsys):
    assert run(["serve", "--worklist", str(tmp_path / "none")]) == 2
    assert "--worklist" in capsys.readouterr().err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert run(["serve", "--no-browser", "--port", str(taken.getsockname()[1])]) == 2
    assert "--port" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "rtcomplexity.desk.server", None)
    assert run(["serve"]) == 2
    assert "rtcomplexity[serve]" in capsys.readouterr().err


def test_progress_is_told_while_it_runs(page, plan_files):
    path = page.added(plan_files)
    status = json.loads(page.get(f"{path}/status").text)
    assert set(status) == {"state", "step", "done", "total"}
    assert page.ended(path) == "ready"
    page.post(f"{path}/remove")


@pytest.mark.exhaustive
def test_1500_files_of_200_megabytes_arrive_without_being_held_in_memory(plan_files):
    filler = os.urandom(140_000)
    with served(in_processes=True) as page:
        before = psutil.Process().memory_info().rss
        files = [*plan_files, *((f"{number}.bin", filler) for number in range(1_500 - len(plan_files)))]
        size, head, tail = _streamed(files)
        connection = http.client.HTTPConnection(page.host, timeout=HANG_S)
        headers = {
            "Origin": f"http://{page.host}", "Content-Type": CONTENT_TYPE, "Content-Length": str(size),
        }  # fmt: skip
        connection.request("POST", f"{page.base}/plans", _pieces(files, head, tail), headers)
        answer = connection.getresponse()
        path = answer.headers["location"].removeprefix(page.base)
        connection.close()
        assert psutil.Process().memory_info().rss - before < 100_000_000
        plan = page.desk.session.plan(path.rpartition("/")[2])
        assert len(list(plan.place.files.iterdir())) == 1_500
        assert page.ended(path) == "ready"


def _streamed(files):
    head = "\r\n".join([f"--{BOUNDARY}", 'Content-Disposition: form-data; name="files"; filename="f"', "", ""]).encode()
    tail = f"--{BOUNDARY}--\r\n".encode()
    return sum(len(head) + len(content) + 2 for _, content in files) + len(tail), head, tail


def _pieces(files, head, tail):
    for _, content in files:
        yield head
        yield content
        yield b"\r\n"
    yield tail


@pytest.mark.exhaustive
@pytest.mark.real_data
def test_a_real_plan_of_136_files_is_analyzed(real_data):
    files = [(path.name, path.read_bytes()) for path in sorted((real_data / "lung1_001").rglob("*")) if path.is_file()]
    assert len(files) >= 136
    with served(in_processes=True) as page:
        path = page.added(files, privacy="identified")
        assert page.ended(path) == "ready"
        assert "Outstanding documentation" in page.get(path).text
        assert page.post(f"{path}/claim", form({**CLAIM, "fractions": "5"})).status == 303
        assert page.ended(path) == "ready"
        assert "The verdict" in page.get(f"{path}/compare").text
