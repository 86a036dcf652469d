"""Inputs 114 and 115, and 117: links, a full disk, a read-only folder, input that changes; nothing half-written."""

import errno
import os
import sys
import tempfile

import pytest

from hostile import plans
from rtcomplexity.case.reader import read_case
from rtcomplexity.dicom.index import index_folder
from rtcomplexity.errors import RtComplexityError, UsageError
from rtcomplexity.evidence.folder import write_folder
from rtcomplexity.settings import Settings

FILES = {"evidence.json": b"{}", "evidence.html": b"<p>", "manifest.json": b"{}"}
OLD = b"of an earlier run"


def names(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_a_link_in_a_file_s_place_is_replaced_and_its_target_untouched(tmp_path):
    target = tmp_path / "victim"
    target.write_bytes(OLD)
    out = tmp_path / "out"
    out.mkdir()
    (out / "evidence.json").symlink_to(target)
    write_folder(out, FILES)
    assert target.read_bytes() == OLD
    assert not (out / "evidence.json").is_symlink()


def test_a_link_in_the_picture_folder_s_place_is_refused(tmp_path):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (out / "pictures").symlink_to(elsewhere)
    with pytest.raises(UsageError, match="is a link"):
        write_folder(out, FILES)
    assert names(elsewhere) == []


@pytest.mark.parametrize("full_after", range(3))
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, full_after):
    out = tmp_path / "out"
    write_folder(out, dict.fromkeys(FILES, OLD))
    before = names(out)
    made = iter(range(full_after))
    honest = tempfile.mkstemp

    def mkstemp(**where):
        if next(made, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return honest(**where)

    monkeypatch.setattr(tempfile, "mkstemp", mkstemp)
    with pytest.raises(UsageError, match="no space left on device"):
        write_folder(out, FILES)
    assert names(out) == before
    assert all((out / name).read_bytes() == OLD for name in FILES)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have other permissions there")
def test_a_folder_that_cannot_be_written_is_named_and_left_alone(tmp_path, monkeypatch):
    def refuse(**_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)  # the user of a container may write anywhere
    with pytest.raises(UsageError, match="a folder that can be written"):
        write_folder(tmp_path / "out", FILES)
    assert [name for name in names(tmp_path / "out") if name != "pictures"] == []


def test_input_that_changes_during_the_run_is_refused(tmp_path):
    plans.put(tmp_path, plans.good_files())
    settings = Settings()
    index = index_folder(tmp_path, settings=settings)
    (tmp_path / plans.SET).write_bytes((tmp_path / plans.SET).read_bytes() + b"\0\0")
    with pytest.raises(RtComplexityError, match="changed while it was being read"):
        read_case(index, settings=settings)
