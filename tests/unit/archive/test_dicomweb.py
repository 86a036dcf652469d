"""A DICOMweb client against answers of every kind, hostile ones too, from a server of the test's own on loopback."""

import io
import json
import threading
import tracemalloc
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest.mock import Mock

import pytest

from rtcomplexity.archive.credentials import Credentials
from rtcomplexity.archive.dicomweb import DicomWeb, checked_address
from rtcomplexity.archive.fetching import fetch_plan
from rtcomplexity.archive.multipart import boundary_of, parts
from rtcomplexity.archive.query import Query, Series, Study
from rtcomplexity.archive.shelf import Shelf
from rtcomplexity.dicom.linkage import read_links
from rtcomplexity.errors import ArchiveError, UsageError
from rtcomplexity.settings import Settings
from rtcomplexity.testing import write_plan
from unit.batch.small_plans import SLICES, small_plan

SETTINGS = Settings()
SERIES = Series(study_uid="1", series_uid="2", modality="CT", instances=1)
MULTIPART = 'multipart/related; type="application/dicom"; boundary=B'


def body(*contents, ending=b"\r\n--B--\r\n"):
    return b"".join(b"\r\n--B\r\nContent-Type: application/dicom\r\n\r\n" + one for one in contents) + ending


@pytest.fixture
def server():
    """Answers with what `answers` holds by the beginning of a path, and remembers what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.server.asked.append((self.path, dict(self.headers)))
            status, kind, content = next(
                (value for key, value in self.server.answers.items() if key in self.path), (404, "text/plain", b"")
            )
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as one:
        one.answers, one.asked, one.daemon_threads = {}, [], True
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield one
        one.shutdown()
        thread.join()


def client(server, **credentials):
    url = f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    return DicomWeb(url, Credentials(**credentials), SETTINGS)


@pytest.mark.parametrize("piece", [1, 2, 7, 1000])
def test_parts_come_whole_however_they_are_cut(piece):
    contents = [b"first\r\n--", b"", b"\r\n--C\r\nsecond" * 9]
    stream = io.BytesIO(body(*contents))
    assert list(parts(lambda size: stream.read(min(size, piece)), b"B", 1000)) == contents


def test_an_answer_that_breaks_off_or_never_ends_is_an_error():
    whole = body(b"content", ending=b"")
    with pytest.raises(ArchiveError, match="broke off"):
        list(parts(io.BytesIO(whole).read, b"B", 1000))
    with pytest.raises(ArchiveError, match="more than 1000 bytes"):
        list(parts(io.BytesIO(whole + b"x" * 2_000_000).read, b"B", 1000))
    with pytest.raises(ArchiveError, match="no boundary") as error:
        list(parts(io.BytesIO(b"x" * 2_000_000).read, b"B", 1000))
    assert "MAX_FILE_BYTES" not in str(error.value)
    with pytest.raises(ArchiveError, match="no end of a part's headers"):
        list(parts(io.BytesIO(b"--B\r\n" + b"x" * 2_000_000).read, b"B", 1000))
    with pytest.raises(ArchiveError, match="text/html"):
        boundary_of("text/html; charset=utf-8")


@pytest.mark.parametrize(
    "url",
    ["ftp://x/", "pacs.example", "http://pacs.example/dicom-web", "https://user:pw@pacs.example/", "https://x:99999/"],
)
def test_addresses_that_would_give_something_away_are_refused(url):
    with pytest.raises(UsageError) as error:
        checked_address(url)
    assert "pw" not in str(error.value)


@pytest.mark.parametrize(("status", "told"), [(401, "token"), (403, "allow"), (404, "dicom-web"), (500, "log")])
def test_refusals_say_what_to_ask_for(server, status, told):
    server.answers["studies"] = (status, "text/plain", b"SECRET")
    with client(server) as archive, pytest.raises(ArchiveError, match=told) as error:
        archive.studies(Query(patient_id="1"))
    assert "SECRET" not in str(error.value)


def test_a_redirection_is_not_followed(server):
    server.answers["studies"] = (302, "text/plain", b"")
    with client(server, token="t") as archive, pytest.raises(ArchiveError, match="redirection"):
        archive.studies(Query(patient_id="1"))
    assert len(server.asked) == 1


def test_credentials_go_into_a_header_and_identifiers_into_the_query(server):
    row = {"0020000D": {"Value": ["1.2"]}, "00100020": {"Value": ["A&B=1"]}}
    server.answers["studies"] = (200, "application/dicom+json", json.dumps([row]).encode())
    with client(server, user="u", password="p") as archive:
        assert archive.studies(Query(patient_id="A&B=1")) == [Study(study_uid="1.2", patient_id="A&B=1")]
    path, headers = server.asked[0]
    assert headers["Authorization"] == "Basic dTpw"
    assert "A%26B%3D1" in path


def test_an_answer_of_another_kind_is_told(server):
    server.answers["studies"] = (200, "text/html", b"<html>")
    with client(server) as archive:
        with pytest.raises(ArchiveError, match="QIDO-RS"):
            archive.studies(Query(patient_id="1"))
        with pytest.raises(ArchiveError, match="text/html"):
            list(archive.fetch(SERIES))


def test_instances_arrive_as_they_were_sent(server):
    server.answers["series/2"] = (200, MULTIPART, body(b"one", b"two"))
    with client(server) as archive:
        assert list(archive.fetch(SERIES)) == [b"one", b"two"]
        assert list(archive.fetch(SERIES)) == [b"one", b"two"]
    assert "transfer-syntax=*" in server.asked[0][1]["Accept"]


def test_credentials_are_read_from_a_file_and_never_shown(tmp_path):
    path = tmp_path / "credentials"
    path.write_text("# of the archive\nuser = u\npassword=a=b\n")
    found = Credentials.from_file(path)
    assert (found.user, found.password, found.token) == ("u", "a=b", "")
    assert "a=b" not in repr(found)
    path.write_text("user: SECRET\n")
    with pytest.raises(UsageError, match="line 1") as error:
        Credentials.from_file(path)
    assert "SECRET" not in str(error.value)
    with pytest.raises(UsageError, match="control character"):
        Credentials.from_environment({"RTCOMPLEXITY_DICOMWEB_TOKEN": "a\r\nHost: b"})


class Shelved:
    """An archive that is a folder of files, and does what it is told to do wrong."""

    def __init__(self, folder, *, loses="", sends=""):
        self.loses, self.sends, self.files = loses, sends, {}
        for path in sorted(folder.rglob("*.dcm")):
            links = read_links(path, settings=SETTINGS, hashed=False)
            self.files[links.sop_instance_uid] = (links, path.read_bytes(), path.parent.name)

    def studies(self, query):
        fits = [links for links, *_ in self.files.values() if query.structure_set_uid in {"", links.sop_instance_uid}]
        return [Study(study_uid=uid, patient_id="p") for uid in sorted({links.study_uid for links in fits})]

    def series(self, study_uid):
        found = {}
        for links, *_ in self.files.values():
            if links.study_uid == study_uid:
                modality = {"structure set": "RTSTRUCT", "plan": "RTPLAN"}.get(links.kind.value, "CT")
                known = found.get(links.series_uid)
                count = 1 if known is None else known.instances + 1
                found[links.series_uid] = Series(
                    study_uid=study_uid, series_uid=links.series_uid, modality=modality, instances=count
                )
        return list(found.values())

    def instances(self, series):
        return [uid for uid, (links, *_) in self.files.items() if links.series_uid == series.series_uid]

    def fetch(self, series, sop_instance_uid=""):
        uids = [uid for uid in self.instances(series) if sop_instance_uid in {"", uid}]
        if self.loses == series.modality and not sop_instance_uid:
            uids = uids[1:]
        for uid in uids:
            yield self.sends or self.files[uid][1]

    def close(self):
        pass


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    write_plan(folder, small_plan(1))
    return folder


def test_a_frame_that_the_archive_does_not_state_is_looked_at(plan, tmp_path):
    fetched = fetch_plan(Shelved(plan), Query(patient_id="p"), Shelf(tmp_path / "out", SETTINGS), lambda _: None)
    assert (fetched.series, fetched.files, fetched.missing_series) == (3, SLICES + 2, 0)


def test_a_series_that_is_not_whole_is_an_error_that_continues(plan, tmp_path):
    shelf = Shelf(tmp_path / "out", SETTINGS)
    with pytest.raises(ArchiveError, match="7 of 8 instances"):
        fetch_plan(Shelved(plan, loses="CT"), Query(patient_id="p"), shelf, lambda _: None)
    assert fetch_plan(Shelved(plan), Query(patient_id="p"), shelf, lambda _: None).files == SLICES + 2


def test_what_is_no_dicom_or_of_another_series_is_refused(plan, tmp_path):
    other = next(plan.rglob("ct_*.dcm")).read_bytes()
    for name, content, told in (("a", b"<html>", "no DICOM"), ("b", other, "another series")):
        archive = Shelved(plan, sends=content)
        with pytest.raises(ArchiveError, match=told):
            fetch_plan(archive, Query(patient_id="p"), Shelf(tmp_path / name, SETTINGS), lambda _: None)
        assert not list((tmp_path / name).rglob("*.dcm"))
        assert not list((tmp_path / name).rglob("*.part"))


def test_a_disk_that_was_full_leaves_nothing_that_is_in_the_way_later(plan, tmp_path, monkeypatch):
    shelf, content = Shelf(tmp_path / "out", SETTINGS), next(plan.rglob("ct_*.dcm")).read_bytes()
    full = Mock(side_effect=OSError(28, "No space left on device"))
    for name in ("os.fdopen", "pathlib.Path.write_text"):
        monkeypatch.setattr(name, full)
    with pytest.raises(UsageError, match="no space left"):
        shelf.claim("1.2")
    monkeypatch.undo()
    shelf.claim("1.2")
    monkeypatch.setattr("os.fdopen", full)
    with pytest.raises(UsageError, match="no space left"):
        shelf.put(content, SERIES)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".fetched"]


def test_a_folder_with_other_files_is_not_touched(plan, tmp_path):
    (tmp_path / "mine").write_text("x")
    with pytest.raises(UsageError, match="other files"):
        fetch_plan(Shelved(plan), Query(patient_id="p"), Shelf(tmp_path, SETTINGS), lambda _: None)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_port_without_tls_is_no_matter_of_trust(server):
    url = f"https://127.0.0.1:{server.server_address[1]}"
    with DicomWeb(url, Credentials(), SETTINGS) as archive, pytest.raises(ArchiveError) as caught:
        archive.studies(Query(patient_id="1"))
    assert "no TLS connection" in str(caught.value)
    assert "certificate" not in str(caught.value)


def test_an_endless_list_of_answers_ends(server):
    rows = [{"0020000D": {"Value": [str(number)]}} for number in range(500)]
    server.answers["studies"] = (200, "application/dicom+json", json.dumps(rows).encode())
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with DicomWeb(url, Credentials(), replace(SETTINGS, max_archive_entries=100)) as archive:
        assert len(archive.studies(Query(patient_id="1"))) == 500
    assert len(server.asked) == 1


@pytest.mark.parametrize("count", [8, 64])
def test_an_answer_takes_the_memory_of_about_one_instance_however_many_it_holds(count):
    size = 512_000
    part = b"\r\n--B\r\nContent-Type: application/dicom\r\n\r\n" + bytes(size)

    def pieces():  # made while they are asked for, as a socket gives them
        for _ in range(count):
            yield from (part[start : start + 64_000] for start in range(0, len(part), 64_000))
        yield b"\r\n--B--\r\n"

    source = pieces()
    tracemalloc.start()
    try:
        assert sum(len(one) for one in parts(lambda _: next(source, b""), b"B", 1_000_000)) == count * size
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * size
