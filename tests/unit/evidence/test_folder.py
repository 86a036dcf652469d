import json
import os
import stat
import sys

import pytest

from rtcomplexity.errors import UsageError
from rtcomplexity.evidence import folder as folders
from rtcomplexity.evidence.folder import EvidenceFolderError, read_folder, refuse_another_plan, write_folder
from rtcomplexity.evidence.rendering import OUTPUT_NAMES
from unit.evidence.made_evidence import folder_files, pictures_of, record_of

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="modes and links as on POSIX systems")
FILES = folder_files()


def names_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() or path.is_symlink())


def test_a_folder_is_read_back_as_it_was_written(tmp_path):
    write_folder(tmp_path / "a" / "evidence", FILES)
    saved = read_folder(tmp_path / "a" / "evidence")
    assert saved.files == FILES
    assert saved.others == ()
    assert saved.record() == record_of()
    assert saved.pictures().scene == pictures_of().scene


def test_every_name_is_fixed():
    assert set(FILES) <= {*OUTPUT_NAMES, "manifest.json"}


@pytest.mark.parametrize("kept", [set(FILES), {"evidence.json"}, {"manifest.json"}])
def test_the_evidence_of_another_plan_is_not_written_over(tmp_path, kept):
    write_folder(tmp_path, {name: content for name, content in FILES.items() if name in kept})
    own = record_of().plan.id
    refuse_another_plan(tmp_path, own)
    with pytest.raises(UsageError, match=rf"--out: found .*another plan \({own[:12]}; this one is 0{{12}}"):
        refuse_another_plan(tmp_path, "0" * 64)


def test_a_folder_that_names_no_plan_refuses_none(tmp_path):
    broken = {"evidence.json": b"[" * 100_000, "manifest.json": b'{"plan_id": 3}'}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    for folder in (tmp_path / "new", tmp_path):
        assert refuse_another_plan(folder, "0" * 64) is None
    (tmp_path / "manifest.json").write_text(json.dumps({"plan_id": "1" * 64}))
    with pytest.raises(UsageError, match="another plan"):
        refuse_another_plan(tmp_path, "0" * 64)


@posix_only
def test_every_file_is_its_owners_alone(tmp_path):
    write_folder(tmp_path / "evidence", FILES)
    for path in (tmp_path / "evidence").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@posix_only
def test_a_link_in_a_files_place_is_replaced_not_followed(tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / "evidence.json").symlink_to(outside)
    write_folder(folder, FILES)
    assert outside.read_text() == "mine"
    assert not (folder / "evidence.json").is_symlink()


@posix_only
def test_a_link_in_place_of_the_pictures_is_refused(tmp_path):
    outside, folder = tmp_path / "outside", tmp_path / "evidence"
    outside.mkdir()
    folder.mkdir()
    (folder / "pictures").symlink_to(outside)
    with pytest.raises(UsageError, match="pictures is a link"):
        write_folder(folder, FILES)
    assert names_in(outside) == []
    assert names_in(folder) == ["pictures"]


@posix_only
def test_a_link_is_not_read(tmp_path):
    write_folder(tmp_path / "evidence", FILES)
    secret = tmp_path / "secret"
    secret.write_text("x")
    (tmp_path / "evidence" / "summary.txt").unlink()
    (tmp_path / "evidence" / "summary.txt").symlink_to(secret)
    with pytest.raises(EvidenceFolderError, match="no ordinary file"):
        read_folder(tmp_path / "evidence")


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    folder = tmp_path / "evidence"
    write_folder(folder, FILES)
    opened = os.fdopen

    def full(descriptor, mode):
        if len(list(folder.glob(".*.part"))) > 2:
            os.close(descriptor)
            raise OSError(28, "No space left on device")
        return opened(descriptor, mode)

    monkeypatch.setattr(folders.os, "fdopen", full)
    with pytest.raises(UsageError, match="no space left"):
        write_folder(folder, folder_files(record_of("supports")))
    assert read_folder(folder).files == FILES
    assert names_in(folder) == sorted(FILES)


def test_a_folder_in_a_files_place_is_refused_before_anything_is_replaced(tmp_path):
    folder = tmp_path / "evidence"
    (folder / "evidence.pdf").mkdir(parents=True)
    with pytest.raises(UsageError, match=r"evidence\.pdf is a folder"):
        write_folder(folder, FILES)
    assert names_in(folder) == []


def test_a_file_of_an_earlier_run_does_not_stay(tmp_path):
    write_folder(tmp_path, {**FILES, "pictures/uptake.png": b"old", "manifest.sig": b"old"})
    (tmp_path / "mine.txt").write_text("kept")
    write_folder(tmp_path, FILES)
    assert names_in(tmp_path) == sorted([*FILES, "mine.txt"])
    assert read_folder(tmp_path).others == ("mine.txt",)


def test_a_folder_that_is_none_is_said_to_be_none(tmp_path):
    with pytest.raises(EvidenceFolderError, match="cannot be read"):
        read_folder(tmp_path / "nowhere")
    with pytest.raises(EvidenceFolderError, match=r"no evidence\.json"):
        read_folder(tmp_path).record()
    with pytest.raises(EvidenceFolderError, match=r"no manifest\.json"):
        read_folder(tmp_path).manifest()


@pytest.mark.parametrize("name", ["evidence.json", "manifest.json", "pictures/scene.json"])
def test_a_broken_file_is_named_without_its_content(tmp_path, name):
    write_folder(tmp_path, {**FILES, name: b'{"secret": "Doe^Jane"}'})
    saved = read_folder(tmp_path)
    read = {"evidence.json": saved.record, "manifest.json": saved.manifest}.get(name, saved.pictures)
    with pytest.raises(EvidenceFolderError, match=name) as caught:
        read()
    assert "Doe" not in str(caught.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    write_folder(tmp_path, FILES)
    monkeypatch.setattr(folders, "LARGEST_FILE_BYTES", 10)
    with pytest.raises(EvidenceFolderError, match="larger"):
        read_folder(tmp_path)
