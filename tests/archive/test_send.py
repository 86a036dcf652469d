"""Reports stored in a real archive and read back, and clear words where that does not go."""

import json
import urllib.request
from base64 import b64encode

import pytest
from pydicom import dcmread

from archive.orthanc import PASSWORD, USER, running
from rtcomplexity.cli.app import run
from rtcomplexity.testing import write_plan
from unit.batch.small_plans import small_plan

pytest.importorskip("highdicom")
FORMATS = "sr,encapsulated-pdf,seg"
FILES = ("evidence_sr.dcm", "evidence_pdf.dcm", "targets_seg.dcm")


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("RTCOMPLEXITY_DICOMWEB_USER", USER)
    monkeypatch.setenv("RTCOMPLEXITY_DICOMWEB_PASSWORD", PASSWORD)


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    with running(tmp_path_factory.mktemp("orthanc")) as one:
        yield one


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A plan, with an identified and a de-identified evidence folder."""
    folder = tmp_path_factory.mktemp("made")
    write_plan(folder / "plan", small_plan(1))
    for name in ("identified", "de-identified"):
        arguments = ["--out", str(folder / name), f"--{name}", "--quick", "--quiet"]
        assert run(["analyze", str(folder / "plan"), *arguments]) == 0
    return folder


def send(made, url, name="identified", formats=FORMATS):
    return run(
        ["report", str(made / name), "--format", formats, "--plan", str(made / "plan"), "--send", url, "--quiet"]
    )


def instance(archive, path):
    """A file as the archive holds it, fetched by its REST interface and not by ours."""
    (orthanc_id,) = archive.ask("tools/lookup", str(dcmread(path).SOPInstanceUID).encode())
    request = urllib.request.Request(f"http://127.0.0.1:{archive.http}{orthanc_id['Path']}/file")
    request.add_header("Authorization", f"Basic {b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}")
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def test_what_was_sent_lies_there_and_sending_it_again_changes_nothing(archive, made, capsys):
    for _ in range(2):
        assert send(made, archive.dicomweb) == 0
        assert "Stored 3 DICOM objects" in capsys.readouterr().out
    assert len(archive.ask("instances")) == 3
    for name in FILES:
        assert instance(archive, made / "identified" / name) == (made / "identified" / name).read_bytes()
    sr, pdf = (dcmread(made / "identified" / name) for name in FILES[:2])
    record = json.loads((made / "identified" / "evidence.json").read_text())
    assert sr.StudyInstanceUID == pdf.StudyInstanceUID == record["identification"]["study_uid"]
    assert run(["verify", str(made / "identified"), "--plan", str(made / "plan")]) == 0
    capsys.readouterr()


def test_an_archive_that_gives_back_another_content_is_an_error(archive, made, capsys, monkeypatch):
    other = (made / "identified" / "evidence.json").read_bytes()
    monkeypatch.setattr("rtcomplexity.archive.dicomweb.DicomWeb.fetch", lambda *_: iter([other]))
    assert send(made, archive.dicomweb) == 3
    assert "another content" in capsys.readouterr().err


def test_a_wrong_password_is_told_and_stores_nothing(archive, made, capsys, monkeypatch):
    before = archive.ask("instances")
    monkeypatch.setenv("RTCOMPLEXITY_DICOMWEB_PASSWORD", "wrong-SECRET")
    assert send(made, archive.dicomweb) == 3
    text = capsys.readouterr().err
    assert "401" in text
    assert "SECRET" not in text
    assert archive.ask("instances") == before


@pytest.mark.parametrize(
    ("name", "formats", "url", "said"),
    [
        ("de-identified", "sr", "http://127.0.0.1:9/dicom-web", "--identified"),
        ("identified", "html", "http://127.0.0.1:9/dicom-web", "sr, encapsulated-pdf, seg"),
        ("identified", "sr", "http://pacs.example/dicom-web", "--send"),
    ],
)
def test_what_may_not_be_sent_is_refused_before_anything_is_asked(made, capsys, name, formats, url, said):
    assert send(made, url, name, formats) == 2
    assert said in capsys.readouterr().err
