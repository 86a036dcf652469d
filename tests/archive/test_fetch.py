"""Plans from a real archive, by DICOMweb and by DIMSE: the same record, and clear words where it does not go."""

import hashlib
import json
import shutil
import socket
from dataclasses import replace

import pytest
from pydicom import dcmread

from archive.orthanc import AE_TITLE, CALLING, PASSWORD, USER, free_port, running
from rtcomplexity.cli.app import run
from rtcomplexity.testing import write_plan
from unit.batch.small_plans import SLICES, small_plan

pytestmark = pytest.mark.usefixtures("measured_once")


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("RTCOMPLEXITY_DICOMWEB_USER", USER)
    monkeypatch.setenv("RTCOMPLEXITY_DICOMWEB_PASSWORD", PASSWORD)


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """Two patients: one whose set lies in another study than its images, with a plan; one with two sets."""
    folder = tmp_path_factory.mktemp("sent")
    plan = small_plan(1)
    (drawn,) = plan.structure_sets
    write_plan(folder / "apart", replace(plan, structure_sets=(replace(drawn, study_key="elsewhere"),)))
    write_plan(folder / "two", small_plan(2, sets=2))
    return folder


@pytest.fixture(scope="module")
def archive(sent, tmp_path_factory):
    with running(tmp_path_factory.mktemp("orthanc")) as one:
        assert one.store(sent) == 2 * SLICES + 5
        yield one


def fetch(*arguments):
    return run(["fetch", "--quiet", *map(str, arguments)])


def by_dimse(archive, *more, called=AE_TITLE, calling=CALLING):
    return ("--dimse", archive.dimse, "--called", called, "--calling", calling, *more)


def ways(archive):
    return {
        "wado": ("--dicomweb", archive.dicomweb),
        "get": by_dimse(archive),
        "move": by_dimse(archive, "--move-to", f"{CALLING}@{archive.receiver}"),
    }


def hashes(folder):
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*.dcm"))


def record(folder, capsys):
    capsys.readouterr()
    assert run(["analyze", str(folder), "--json", "--quiet"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("way", ["wado", "get", "move"])
def test_every_way_gives_one_record_also_where_set_and_images_lie_in_two_studies(
    archive, sent, tmp_path, capsys, monkeypatch, way
):
    if way == "move":
        monkeypatch.setattr("rtcomplexity.archive.dimse.Dimse._get", lambda *_: False)
    assert fetch(*ways(archive)[way], "--patient", "PATIENT-SECRET-1", "--out", tmp_path / "out") == 0
    assert f"{SLICES + 2} files of 3 series" in capsys.readouterr().out
    if way == "wado":
        assert hashes(tmp_path / "out") == hashes(sent / "apart")
    expected, found = record(sent / "apart", capsys), record(tmp_path / "out", capsys)
    for name in ("rois", "verdict", "score", "image_sets"):
        assert found[name] == expected[name]
    if "content_id" in expected["plan"]:
        assert found["plan"]["content_id"] == expected["plan"]["content_id"]


def test_the_same_command_continues_and_fetches_nothing_twice(archive, tmp_path, capsys):
    arguments = ("--dicomweb", archive.dicomweb, "--patient", "PATIENT-SECRET-1", "--out", tmp_path / "out")
    assert fetch(*arguments) == 0
    capsys.readouterr()
    files = sorted((tmp_path / "out").rglob("*.dcm"), key=lambda path: path.stat().st_size)
    before = hashes(tmp_path / "out")
    files[0].unlink()
    assert fetch(*arguments) == 0
    capsys.readouterr()
    assert hashes(tmp_path / "out") == before
    assert fetch(*arguments) == 0
    assert "1 of them are new" in capsys.readouterr().out  # the structure set, which says what to fetch
    assert fetch("--dicomweb", archive.dicomweb, "--patient", "PATIENT-SECRET-2", "--out", tmp_path / "out") != 0


@pytest.mark.parametrize("way", ["wado", "get"])
def test_several_sets_are_listed_and_one_of_them_can_be_named(archive, tmp_path, capsys, way):
    arguments = (*ways(archive)[way], "--out", tmp_path / "out")
    assert fetch(*arguments, "--patient", "PATIENT-SECRET-2") == 3
    text = capsys.readouterr().err
    assert "2 structure sets match" in text
    uid = next(word.strip(";.") for word in text.split() if word.startswith(("2.25.", "1.")))
    assert fetch(*arguments, "--structure-set", uid) == 0
    assert len(hashes(tmp_path / "out")) >= SLICES + 1
    capsys.readouterr()


@pytest.mark.parametrize("way", ["wado", "get"])
def test_nothing_that_fits_is_told(archive, tmp_path, capsys, way):
    assert fetch(*ways(archive)[way], "--patient", "NOBODY", "--out", tmp_path / "out") == 3
    assert "No study in the archive matches" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_wrong_password_asks_for_another(archive, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RTCOMPLEXITY_DICOMWEB_PASSWORD", "wrong-SECRET")
    assert fetch("--dicomweb", archive.dicomweb, "--patient", "x", "--out", tmp_path / "out") == 3
    text = capsys.readouterr().err
    assert "401" in text
    assert "PACS administrator" in text
    assert "SECRET" not in text


@pytest.mark.parametrize("change", [{"called": "NOBODY"}, {"calling": "STRANGER"}])
def test_unknown_ae_titles_are_told(archive, tmp_path, capsys, change):
    assert fetch(*by_dimse(archive, **change), "--patient", "PATIENT-SECRET-1", "--out", tmp_path / "out") == 3
    assert "PACS administrator" in capsys.readouterr().err


def test_a_receiver_that_the_archive_does_not_know_is_told(archive, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("rtcomplexity.archive.dimse.Dimse._get", lambda *_: False)
    where = by_dimse(archive, "--move-to", f"STRANGER@{free_port()}")
    assert fetch(*where, "--patient", "PATIENT-SECRET-1", "--out", tmp_path / "out") == 3
    assert "--move-to" in capsys.readouterr().err
    assert fetch(*by_dimse(archive), "--patient", "PATIENT-SECRET-1", "--out", tmp_path / "out2") == 3
    assert "does not answer C-GET" in capsys.readouterr().err


@pytest.mark.parametrize("where", ["--dicomweb", "--dimse"])
def test_a_dead_port_is_told(tmp_path, capsys, where):
    with socket.socket() as held:  # bound and not listening
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        address = f"http://127.0.0.1:{port}/dicom-web" if where == "--dicomweb" else f"127.0.0.1:{port}"
        assert fetch(where, address, "--patient", "x", "--out", tmp_path / "out") == 3
    assert "firewall" in capsys.readouterr().err


@pytest.mark.real_data
def test_a_real_plan_is_the_same_plan_however_it_travelled(real_data, tmp_path, capsys, monkeypatch):
    source = real_data / "lung1_001"
    uid = str(dcmread(next(source.rglob("RS_xio.dcm"))).SOPInstanceUID)
    files = [path for path in source.rglob("*") if path.is_file() and path.read_bytes()[128:132] == b"DICM"]
    own = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    (tmp_path / "plan").mkdir()
    for number, path in enumerate(files):
        if path.name != "RS_aria.dcm":  # another set of that patient, which is not fetched
            shutil.copyfile(path, tmp_path / "plan" / f"{number}.dcm")
    evidence = tmp_path / "evidence"
    assert run(["analyze", str(tmp_path / "plan"), "--out", str(evidence), "--quick", "--quiet"]) == 0
    expected = json.loads((evidence / "evidence.json").read_text())
    (tmp_path / "orthanc").mkdir()
    with running(tmp_path / "orthanc") as archive:
        for path in files:
            archive.ask("instances", path.read_bytes())
        for way in ("wado", "get", "move"):
            if way == "move":
                monkeypatch.setattr("rtcomplexity.archive.dimse.Dimse._get", lambda *_: False)
            assert fetch(*ways(archive)[way], "--structure-set", uid, "--out", tmp_path / way) == 0
    assert len(hashes(tmp_path / "wado")) == 135
    assert set(hashes(tmp_path / "wado")) <= own
    assert own.isdisjoint(hashes(tmp_path / "get")), "encoded anew, so that content alone ties it"
    capsys.readouterr()
    for way in ("wado", "get", "move"):
        assert run(["verify", str(evidence), "--plan", str(tmp_path / way)]) == 0
        said = capsys.readouterr().out
        assert said.startswith("Identical")
        assert ("same content, re-encoded" in said) is (way != "wado")
        assert run(["analyze", str(tmp_path / way), "--json", "--quick", "--quiet"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["plan"]["content_id"] == expected["plan"]["content_id"]
        assert found["verdict"]["value"] == expected["verdict"]["value"]
