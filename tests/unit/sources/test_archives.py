"""What of an archive is read, and the reason for everything that is not."""

import contextlib
import io
import struct
import tarfile
import zipfile
from dataclasses import replace

import pytest

from rtcomplexity.errors import NestedArchiveError
from rtcomplexity.settings import Settings
from rtcomplexity.sources import containers
from rtcomplexity.sources.archives import Unopened, archive_kind, members_of, refuse_nested
from rtcomplexity.sources.member import Member, source_at

SETTINGS = Settings()
CONTENTS = {"b/2.dcm": b"second" * 100, "a/1.dcm": b"first"}
TAR_MODES = ("w", "w:gz", "w:bz2", "w:xz")


def listed(path, settings=SETTINGS):
    """Members by name, and codes of what was left."""
    found = members_of(path, archive_kind(path), settings)
    members = {each.name: each for each in found if isinstance(each, Member)}
    return members, {each.code: each.reason for each in found if isinstance(each, Unopened)}


def write_zip(path, contents, compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return path


def write_tar(path, contents, mode="w"):
    with tarfile.open(path, mode) as archive:
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_tar_entry(path, name, kind, target=""):
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return path


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_members_of_a_zip_are_read_by_name(tmp_path, method):
    members, left = listed(write_zip(tmp_path / "plan", CONTENTS, method))
    assert list(members) == ["a/1.dcm", "b/2.dcm"]
    assert {name: member.read_bytes() for name, member in members.items()} == CONTENTS
    assert members["a/1.dcm"].stat().st_size == 5
    assert not left


@pytest.mark.parametrize("mode", TAR_MODES)
def test_members_of_a_tar_are_read_in_any_order(tmp_path, mode):
    members, left = listed(write_tar(tmp_path / "plan", CONTENTS, mode))
    assert {name: members[name].read_bytes() for name in ("b/2.dcm", "a/1.dcm", "b/2.dcm")} == CONTENTS
    assert not left


def test_a_large_member_is_read_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.setattr("rtcomplexity.sources.member._WHOLE_IN_MEMORY_BYTES", 10)
    for path in (write_tar(tmp_path / "t", CONTENTS), write_zip(tmp_path / "z", CONTENTS)):
        with listed(path)[0]["b/2.dcm"].open("rb") as stream:
            stream.seek(6 * 99)
            assert stream.read() == b"second"
            stream.seek(3)
            assert stream.read(3) == b"ond"
            stream.seek(-6, io.SEEK_END)
            assert stream.read(100) == b"second"


def test_a_member_survives_as_text(tmp_path):
    member = listed(write_zip(tmp_path / "plan.zip", CONTENTS))[0]["a/1.dcm"]
    assert source_at(str(member), SETTINGS) == member
    assert source_at(str(tmp_path), SETTINGS) == tmp_path


def test_two_entries_of_one_name_are_both_read(tmp_path):
    path = tmp_path / "twice.tar"
    with tarfile.open(path, "w") as archive:
        for content in (b"one", b"two"):
            info = tarfile.TarInfo("same")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    found = members_of(path, "tar", SETTINGS)
    assert [member.read_bytes() for member in found] == [b"one", b"two"]


@pytest.mark.parametrize("name", ["../out", "a/../../out", "/etc/out", "C:/out", "..\\out", "C:\\out"])
@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_a_name_that_leads_out_is_refused_and_spoils_no_other(tmp_path, write, name):
    members, left = listed(write(tmp_path / "slip", {name: b"bad", "good": b"good"}))
    assert list(members) == ["good"]
    assert list(left) == ["archive-unsafe-name"]
    assert "One entry of an archive has a name that leads out" in left["archive-unsafe-name"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [(tarfile.SYMTYPE, "archive-link"), (tarfile.LNKTYPE, "archive-link"), (tarfile.FIFOTYPE, "archive-special"),
     (tarfile.CHRTYPE, "archive-special")],
)  # fmt: skip
def test_links_and_devices_of_a_tar_are_refused(tmp_path, kind, code):
    assert list(listed(write_tar_entry(tmp_path / "odd.tar", "entry", kind, "/etc/passwd"))[1]) == [code]


def test_a_link_of_a_zip_is_refused(tmp_path):
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
    members, left = listed(tmp_path / "link.zip")
    assert not members
    assert left["archive-link"].startswith("One entry of an archive is a link; not read.")


def test_encrypted_entries_are_refused_and_counted(tmp_path):
    path = write_zip(tmp_path / "secret.zip", CONTENTS, zipfile.ZIP_STORED)
    data = path.read_bytes()
    for place in (at for at in range(len(data)) if data[at : at + 4] == b"PK\1\2"):
        data = data[: place + 8] + b"\1\0" + data[place + 10 :]
    path.write_bytes(data)
    members, left = listed(path)
    assert not members
    assert "2 entries of an archive are encrypted" in left["archive-encrypted"]
    assert "password" in left["archive-encrypted"]


def test_a_compression_method_that_is_not_supported_is_named(tmp_path):
    path = write_zip(tmp_path / "deflate64.zip", {"a": b"a"}, zipfile.ZIP_STORED)
    data = path.read_bytes()
    place = data.index(b"PK\1\2")
    path.write_bytes(data[: place + 10] + struct.pack("<H", 9) + data[place + 12 :])
    assert list(listed(path)[1]) == ["archive-method"]


def test_an_entry_that_would_unpack_to_far_more_is_refused(tmp_path):
    tight = replace(SETTINGS, inflation_floor_bytes=1000)
    path = write_zip(tmp_path / "bomb.zip", {"bomb": bytes(1_000_000), "good": b"x" * 100})
    members, left = listed(path, tight)
    assert not members
    assert "archive-limit" in left
    assert "1000100 bytes" in left["archive-limit"]
    padded = write_zip(tmp_path / "padded.zip", {"bomb": bytes(100_000), "good": b"x" * 10})
    with zipfile.ZipFile(padded, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("ballast", bytes(range(256)) * 100)
    members, left = listed(padded, tight)
    assert sorted(members) == ["ballast", "good"]
    assert list(left) == ["archive-inflation"]


def test_a_compressed_tar_is_inflated_no_further_than_its_limit(tmp_path):
    path = write_tar(tmp_path / "bomb.tgz", {"bomb": bytes(2_000_000)}, "w:gz")
    left = listed(path, replace(SETTINGS, inflation_floor_bytes=1_000_000))[1]
    assert "It unpacks to more than 1000000 bytes" in left["archive-limit"]


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_too_many_entries_are_refused_with_the_number(tmp_path, write):
    path = write(tmp_path / "many", {str(number): b"" for number in range(6)})
    assert len(listed(path, replace(SETTINGS, max_archive_entries=6))[0]) == 6
    members, left = listed(path, replace(SETTINGS, max_archive_entries=5))
    assert not members
    assert "more than 5 entries" in left["archive-limit"]


def test_a_directory_of_entries_that_is_too_long_is_refused_unread(tmp_path):
    path = write_zip(tmp_path / "plan.zip", CONTENTS)
    data = path.read_bytes()
    end = data.rindex(b"PK\5\6")
    huge = data[: end + 8] + struct.pack("<HHL", 0xFFFF, 0xFFFF, 0xFFFFFFF0) + data[end + 16 :]
    path.write_bytes(huge)
    assert "too long" in listed(path)[1]["archive-limit"]


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.95])
@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_a_broken_archive_is_told_or_its_whole_members_are_read(tmp_path, write, keep):
    path = write(tmp_path / "cut", {"a": bytes(range(256)) * 40, "b": bytes(range(256)) * 40})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    members, left = listed(path)
    assert left or members
    for member in members.values():
        with contextlib.suppress(OSError):
            assert len(member.read_bytes()) <= 256 * 40


def test_a_member_whose_bytes_do_not_fit_its_checksum_is_an_error(tmp_path):
    path = write_zip(tmp_path / "bad.zip", {"a": b"abcdefgh"}, zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"abcdEfgh"))
    with pytest.raises(OSError, match="unpacked"):
        listed(path)[0]["a"].read_bytes()


def test_an_archive_that_went_away_is_an_error(tmp_path):
    path = write_zip(tmp_path / "gone.zip", CONTENTS)
    member = listed(path)[0]["a/1.dcm"]
    path.unlink()
    with pytest.raises(OSError, match="No such file"):
        member.stat()


def test_kinds_are_told_by_content_not_by_name(tmp_path):
    write_zip(tmp_path / "a.dcm", CONTENTS)
    write_tar(tmp_path / "b.txt", CONTENTS, "w:gz")
    (tmp_path / "c.zip").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "d.nii.gz").write_bytes(b"\x1f\x8b" + bytes(20))
    write_zip(tmp_path / "report.docx", CONTENTS)
    (tmp_path / "e.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(600))
    kinds = {path.name: archive_kind(path) for path in tmp_path.iterdir()}
    assert kinds == {
        "a.dcm": "zip",
        "b.txt": "compressed tar",
        "c.zip": "",
        "d.nii.gz": "",
        "report.docx": "",
        "e.7z": "7z",
    }
    assert "kind 7z" in listed(tmp_path / "e.7z")[1]["archive-kind"]


def test_a_compressed_dicom_file_is_told(tmp_path):
    import gzip

    (tmp_path / "rs.dcm.gz").write_bytes(gzip.compress(bytes(128) + b"DICM" + bytes(300)))
    assert "compressed DICOM file" in listed(tmp_path / "rs.dcm.gz")[1]["archive-kind"]


@pytest.mark.parametrize("write", [write_zip, write_tar])
def test_an_archive_within_an_archive_is_refused(tmp_path, write):
    inner = write(tmp_path / "inner", CONTENTS).read_bytes()
    member = listed(write_zip(tmp_path / "outer.zip", {"inner": inner, "x.xlsx": inner}))[0]["inner"]
    with pytest.raises(NestedArchiveError):
        refuse_nested(member, member.read_bytes()[:512])
    refuse_nested(tmp_path / "inner", inner[:512])
    refuse_nested(member, b"text")


def test_an_archive_is_listed_once_however_many_members_are_read(tmp_path, monkeypatch):
    opened = []
    original = zipfile.ZipFile.__init__

    def counted(self, *arguments, **options):
        opened.append(1)
        original(self, *arguments, **options)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", counted)
    members = listed(write_zip(tmp_path / "plan.zip", {str(number): b"x" for number in range(50)}))[0]
    assert [member.read_bytes() for member in members.values()] == [b"x"] * 50
    assert len(opened) == 2  # once to write it
    assert containers.opened(tmp_path / "plan.zip", SETTINGS).entries[0].size == 1
