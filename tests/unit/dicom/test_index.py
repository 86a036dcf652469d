"""Indexing: any name, any junk beside it; a broken file is an issue and spoils nothing."""

import hashlib
import os
import random
import zlib

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from rtcomplexity.dicom import index as index_module
from rtcomplexity.dicom.headers import FileKind
from rtcomplexity.dicom.identity import content_hash
from rtcomplexity.dicom.index import index_folder, load
from rtcomplexity.errors import LimitExceededError, NoInputError, UnreadableFileError
from rtcomplexity.settings import Settings
from unit.dicom.datasets import (
    CT,
    REGISTRATION,
    SECONDARY_CAPTURE,
    contour,
    new,
    plan,
    put_raw,
    roi,
    save,
    slices,
    structure_set,
    to_bytes,
)

SETTINGS = Settings()
CT_ELEMENT = b"\x08\x00\x16\x00UI\x1a\x00" + CT.encode() + b"\0"


def index(path, **options):
    return index_folder(path, settings=SETTINGS, **options)


def codes(found):
    return [issue.code for issue in found.issues]


@pytest.fixture
def folder(tmp_path):
    """One good slice that everything else stands beside."""
    save(tmp_path, "good", slices([0])[0])
    return tmp_path


def test_files_are_grouped_by_sop_class_whatever_their_names(tmp_path):
    save(tmp_path / "a b", "IM.txt", slices([0])[0])
    save(tmp_path / "c" / "d", "\u00fc", structure_set([roi(1, "GTV", [contour()])]))
    save(tmp_path, "plan", plan("1.5"))
    save(tmp_path, "reg.jpg", new(REGISTRATION, "1.8", Modality="REG"))
    save(tmp_path, "sc", new(SECONDARY_CAPTURE, "1.3", Modality="OT"))
    found = index(tmp_path)
    groups = (found.images, found.structure_sets, found.plans, found.registrations, found.others)
    assert [len(files) for files in groups] == [1] * 5
    assert (found.files_read, found.files_skipped, found.issues) == (5, 0, ())


def test_order_and_content_do_not_depend_on_names(tmp_path):
    made = slices([0, 1, 2])
    for number, one in enumerate(made):
        save(tmp_path / "a", f"{number}", one)
        save(tmp_path / "b", f"{9 - number}", one)
    first, second = index(tmp_path / "a"), index(tmp_path / "b")
    assert [file.sop_instance_uid for file in first.images] == [file.sop_instance_uid for file in second.images]


def test_header_facts_are_read(folder):
    image = index(folder).images[0]
    assert image.sha256 == hashlib.sha256((folder / "good").read_bytes()).hexdigest()
    assert (image.kind, image.modality, image.patient_key) == (FileKind.IMAGE, "CT", "P-1")
    assert (image.study_uid, image.series_uid, image.frame_of_reference_uid) == ("1.2.1", "1.7", "1.9")
    assert (image.image.rows, image.image.columns) == (5, 7)
    assert image.image.planes[0].spacing_mm == (0.5, 0.8)
    assert "P-1" not in repr(image)


def test_a_single_file_is_an_index_too(folder):
    assert len(index(folder / "good").images) == 1


def test_a_patient_without_id_is_told_by_name_and_birth_date(tmp_path):
    for number, born in enumerate(("19500101", "19500102")):
        save(tmp_path, f"{number}", new(CT, f"1.{number}", PatientID="", PatientName="A^B", PatientBirthDate=born))
    assert len(index(tmp_path).patient_keys) == 2


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"\0" * 131,
        random.Random(4).randbytes(5000),
        b"%PDF-1.7" + b" " * 500,
        b"\x08\x00\x05\x00" + random.Random(5).randbytes(3000),
        b"\x02\x00" * 300,
        b"\x08\x00\x00\x00\x04\x00\x00\x00\xbe\x00\x00\x00" + b"text" * 100,
    ],
    ids=["empty", "short", "random", "pdf", "random after a tag", "tags only", "no SOP Class"],
)
def test_what_is_no_dicom_is_skipped_and_counted(folder, junk):
    (folder / "junk").write_bytes(junk)
    found = index(folder)
    assert (found.files_read, found.files_skipped, found.issues) == (1, 1, ())


@pytest.mark.parametrize("opening", [b"MZ", b"\x7fELF", b"PK\x03\x04"])
def test_a_preamble_of_another_format_is_still_dicom(folder, opening):
    data = to_bytes(new(CT, "1.77"))
    (folder / "odd").write_bytes(opening + data[len(opening) :])
    assert index(folder).files_read == 2


def test_a_directory_record_is_skipped(folder):
    record = to_bytes(new("1.2.840.10008.1.3.10", "1.99"))
    (folder / "DICOMDIR").write_bytes(record)
    assert (index(folder).files_read, index(folder).files_skipped) == (1, 1)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (to_bytes(slices([0])[0])[:150], "SOP Class"),
        (to_bytes(new(CT, "1.1", PatientName="A" * 60))[:-20], "cut short"),
        (b"\0" * 128 + b"DICM" + b"\xff" * 60, "SOP Class"),
        (to_bytes(new(CT, "1.1")).replace(CT_ELEMENT, CT_ELEMENT[:8] + b"\0" * 26), "SOP Class"),
    ],
    ids=["truncated meta", "truncated element", "noise", "no SOP Class"],
)
def test_broken_dicom_is_an_issue_that_names_the_fault_and_no_file(folder, broken, says):
    (folder / "secret-name").write_bytes(broken)
    found = index(folder)
    assert codes(found) == ["file-broken"]
    assert says in found.issues[0].text
    assert hashlib.sha256(broken).hexdigest()[:12] in found.issues[0].text
    assert "secret" not in found.issues[0].text
    assert found.files_read == 1


def test_a_sequence_without_an_end_is_an_issue(folder):
    data = to_bytes(new(CT, "1.1")) + b"\x40\x00\x75\x02SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    (folder / "endless").write_bytes(data)
    assert codes(index(folder)) == ["file-broken"]


def test_a_deflate_bomb_is_an_issue_and_is_not_inflated(folder):
    dataset = new(CT, "1.1")
    whole = to_bytes(dataset, DeflatedExplicitVRLittleEndian)
    bomb = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    meta_end = whole.index(b"1.2.840.10008.1.2.1.99") + 22
    (folder / "bomb").write_bytes(whole[:meta_end] + bomb.compress(b"\0" * 60_000_000) + bomb.flush())
    found = index(folder)
    assert codes(found) == ["file-broken"]
    assert "unpacks to more than" in found.issues[0].text


def test_a_file_over_the_limit_is_an_issue(folder):
    (folder / "big").write_bytes(to_bytes(new(CT, "1.1")) + bytes(5000))
    found = index_folder(folder, settings=Settings(max_file_bytes=5000))
    assert codes(found) == ["file-too-large"]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_a_large_file_is_streamed_and_hashed_alike(folder, monkeypatch, syntax):
    save(folder, "good", slices([0])[0], syntax=syntax)
    whole = index(folder)
    monkeypatch.setattr("rtcomplexity.dicom.index._WHOLE_IN_MEMORY_BYTES", 10)
    streamed = index(folder)
    assert [file.sha256 for file in streamed.images] == [file.sha256 for file in whole.images]
    assert streamed.images[0].image == whole.images[0].image


def test_copies_count_once_and_clashing_uids_are_an_issue(folder):
    save(folder, "copy", slices([0])[0])
    save(folder, "clash", slices([0], Rows=6)[0])
    found = index(folder)
    assert len(found.images) == 2
    assert sorted(codes(found)) == ["identical-copies", "instance-uid-clash"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_links_to_folders_and_special_files_are_not_opened(folder):
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "dangling").symlink_to(folder / "nothing")
    os.mkfifo(folder / "pipe")
    found = index(folder)
    assert sorted(codes(found)) == ["file-unreadable", "linked-folders"]
    assert (found.files_read, found.files_skipped) == (1, 1)


@pytest.mark.parametrize("names", [(), ("note",)])
def test_where_only_links_are_the_real_folder_is_asked_for(tmp_path, folder, names):
    root = tmp_path / "links"
    root.mkdir()
    for name in names:
        (root / name).write_text("hello")
    (root / "plan").symlink_to(folder, target_is_directory=True)
    with pytest.raises(NoInputError, match="1 symbolic link was not followed") as caught:
        index(root)
    assert caught.value.try_ == "give the real folder that a link leads to."


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is unreadable to this user")
def test_an_unreadable_file_is_an_issue(folder):
    save(folder, "locked", new(CT, "1.1"))
    (folder / "locked").chmod(0)
    assert codes(index(folder)) == ["file-unreadable"]


def test_an_unreadable_folder_is_an_issue(folder, monkeypatch):
    def walk(top, onerror, **_):
        onerror(PermissionError(13, "Permission denied"))
        yield str(top), [], ["good"]

    monkeypatch.setattr("os.walk", walk)
    assert codes(index(folder)) == ["folder-unreadable"]


def test_progress_is_told_file_by_file(folder):
    told = []
    index(folder, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]


def test_nothing_to_read_is_an_error_that_says_what_was_there(tmp_path):
    with pytest.raises(NoInputError, match="no such file"):
        index(tmp_path / "none")
    with pytest.raises(NoInputError, match="empty"):
        index(tmp_path)
    (tmp_path / "note").write_text("hello")
    with pytest.raises(NoInputError, match="The file is not DICOM"):
        index(tmp_path)
    (tmp_path / "broken").write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(NoInputError, match="None of 2 files is a readable DICOM file"):
        index(tmp_path)


def test_a_file_that_changed_after_indexing_is_refused(folder):
    file = index(folder).images[0]
    assert load(file, 10_000).SOPInstanceUID == "1.7.1"
    with pytest.raises(LimitExceededError):
        load(file, 10)
    save(folder, "good", slices([5])[0])
    with pytest.raises(UnreadableFileError, match="changed"):
        load(file, 10_000)
    (folder / "good").unlink()
    with pytest.raises(UnreadableFileError, match="no longer"):
        load(file, 10_000)


def test_a_plan_cut_short_inside_its_contents_is_refused_on_loading(folder):
    whole = to_bytes(plan("1.5"))
    (folder / "plan").write_bytes(whole[:-1])
    with pytest.raises(UnreadableFileError):
        load(index(folder).plans[0], 10_000)


def test_odd_values_are_missing_not_fatal(tmp_path):
    dataset = slices([0])[0]
    for tag, value, vr in (
        (0x00200032, r"1\nan\3", "DS"),
        (0x00280030, r"0,5\0,8", "DS"),
        (0x00180050, "thick", "DS"),
        (0x00200037, r"1\0\0", "DS"),
        (0x00080022, "yesterday", "DA"),
        (0x00280010, b"\x01\x02\x03\x04", "US"),
    ):
        put_raw(dataset, tag, value, vr)
    save(tmp_path, "odd", dataset)
    image = index(tmp_path).images[0].image
    plane = image.planes[0]
    assert (plane.position_mm, plane.spacing_mm, plane.thickness_mm, plane.orientation) == (None,) * 4
    assert (image.rows, image.columns, image.written_at) == (0, 7, "")


def test_one_instance_in_two_encodings_is_one_file_and_no_clash(tmp_path):
    drawn = structure_set([roi(1, "GTV", [contour()])])
    save(tmp_path, "as exported", drawn)
    save(tmp_path, "as archived", drawn, syntax=DeflatedExplicitVRLittleEndian)
    found = index(tmp_path)
    assert len(found.structure_sets) == 1
    assert codes(found) == ["copies-encoded-anew"]


def test_one_instance_uid_on_two_contents_is_a_clash(tmp_path):
    save(tmp_path, "a", structure_set([roi(1, "GTV", [contour()])]))
    save(tmp_path, "b", structure_set([roi(1, "CTV", [contour()])]), syntax=DeflatedExplicitVRLittleEndian)
    found = index(tmp_path)
    assert len(found.structure_sets) == 2
    assert codes(found) == ["instance-uid-clash"]


def test_a_file_too_large_for_memory_has_the_same_content(tmp_path, monkeypatch):
    save(tmp_path, "a", slices([0])[0])
    (whole,) = index(tmp_path).images
    monkeypatch.setattr("rtcomplexity.dicom.index._WHOLE_IN_MEMORY_BYTES", 0)
    (mapped,) = index(tmp_path).images
    assert mapped.content_hash == whole.content_hash != ""
    assert mapped.sha256 == whole.sha256


def test_a_large_file_hashed_beside_its_parsing_has_the_hashes_of_its_bytes_and_content(tmp_path):
    names = []
    for number in range(4):
        dataset = slices([number])[0]
        dataset.BitsAllocated = 16
        dataset.PixelData = random.Random(number).randbytes(400_000)
        save(tmp_path, str(number), dataset)
        names.append(tmp_path / str(number))
    data = {path.read_bytes() for path in names}
    assert min(map(len, data)) > 300_000
    found = {(file.sha256, file.content_hash) for file in index(tmp_path).images}
    assert found == {(hashlib.sha256(each).hexdigest(), content_hash(each, SETTINGS)) for each in data}
    assert len(found) == 4


def test_a_large_broken_file_is_named_by_the_hash_of_its_bytes(folder):
    broken = to_bytes(new(CT, "1.1", PatientName="A" * 60, TextValue="B" * 100_000))[:-20]
    (folder / "broken").write_bytes(broken)
    (issue,) = (each for each in index(folder).issues if each.code == "file-broken")
    assert hashlib.sha256(broken).hexdigest()[:12] in issue.text


def test_many_files_of_one_instance_uid_are_not_compared_each_with_all(tmp_path, monkeypatch):
    count, compared = 60, []
    for number in range(count):
        save(tmp_path, str(number), new(CT, "1.1", PatientName=f"{number:03}", TextValue="A" * 2 * number))
    begins = index_module._begins
    monkeypatch.setattr(index_module, "_begins", lambda *pair: compared.append(pair) or begins(*pair))
    assert len(index(tmp_path).images) == count
    assert count <= len(compared) <= 8 * count
