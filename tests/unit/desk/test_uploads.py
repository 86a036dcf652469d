"""An upload is written file by file under names of our own, and refused where it is over a limit or no form."""

import asyncio

import pytest

from rtcomplexity.desk.uploads import FileWriter, UploadError, receive
from rtcomplexity.errors import LimitExceededError
from rtcomplexity.settings import Settings
from unit.desk.forms import CONTENT_TYPE, body_of

FILES = [("../../evil", b"one\r\n--"), ("C:\\a\\b.dcm", b"\r\n" * 50), ("", b"")]


def pieces_of(body, size):
    async def pieces():
        for start in range(0, len(body), size):
            yield body[start : start + size]

    return pieces()


def received(folder, body, size=10_000, **limits):
    writer = FileWriter(folder, CONTENT_TYPE, Settings(**limits))
    return asyncio.run(receive(pieces_of(body, size), writer))


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_files_arrive_whole_and_numbered_however_the_body_is_cut(tmp_path, size):
    arrived = received(tmp_path, body_of(FILES, privacy="identified"), size)
    assert (arrived.files, dict(arrived.fields)) == (2, {"privacy": "identified"})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "00001": FILES[0][1], "00002": FILES[1][1],
    }  # fmt: skip


def test_one_file_too_many_is_refused(tmp_path):
    with pytest.raises(LimitExceededError, match="more than 1 files"):
        received(tmp_path, body_of(FILES), max_upload_files=1)


def test_one_byte_too_many_is_refused(tmp_path):
    whole, other = body_of([("a", b"x" * 1000)]), tmp_path / "other"
    other.mkdir()
    assert received(tmp_path, whole, max_upload_bytes=1000).size_bytes == 1000
    with pytest.raises(LimitExceededError, match="GB"):
        received(other, body_of([("a", b"x" * 1001)]), max_upload_bytes=1000)


def test_a_body_that_is_cut_off_is_refused(tmp_path):
    with pytest.raises(UploadError, match="cut off"):
        received(tmp_path, body_of(FILES)[:-10])


@pytest.mark.parametrize("body", [b"no form at all", b"--" + b"y" * 200, b"--x\r\nno header\r\n\r\n"])
def test_what_is_no_form_is_refused(tmp_path, body):
    with pytest.raises(UploadError):
        received(tmp_path, body)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/json", "multipart/form-data"])
def test_another_content_type_is_refused(tmp_path, kind):
    with pytest.raises(UploadError):
        FileWriter(tmp_path, kind, Settings())


def test_fields_are_few_and_short(tmp_path):
    with pytest.raises(UploadError):
        received(tmp_path, body_of([], privacy="x" * 201))
    with pytest.raises(UploadError):
        received(tmp_path, body_of([], **{f"f{n}": "x" for n in range(21)}))
