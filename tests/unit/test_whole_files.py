"""Files are written whole, for their owner alone, and in no other place than the one that was named."""

import os
import stat
import sys

import pytest

from rtcomplexity.errors import UsageError
from rtcomplexity.whole_files import replacing, write_into

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="file modes and links as on POSIX systems")


def test_a_missing_folder_is_made_and_nothing_else_is_left_in_it(tmp_path):
    write_into(tmp_path / "a" / "b", {"evidence.json": b"{}\n"})
    written = tmp_path / "a" / "b" / "evidence.json"
    assert written.read_bytes() == b"{}\n"
    assert list(written.parent.iterdir()) == [written]


@posix_only
def test_only_the_owner_can_read_it(tmp_path):
    write_into(tmp_path, {"evidence.json": b"{}"})
    assert stat.S_IMODE((tmp_path / "evidence.json").stat().st_mode) == 0o600


@posix_only
def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "evidence.json").symlink_to(elsewhere)
    write_into(tmp_path / "out", {"evidence.json": b"{}"})
    assert elsewhere.read_text() == "mine"


def test_a_file_where_the_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match="--out"):
        write_into(tmp_path / "out", {"evidence.json": b"{}"})


def test_a_file_is_replaced_and_never_open_half_written(tmp_path):
    """Whoever has the former file keeps all of it."""
    (tmp_path / "out").write_text("before")
    os.link(tmp_path / "out", tmp_path / "former")
    with replacing(tmp_path / "out") as stream:
        stream.write("new")
        stream.flush()
        assert (tmp_path / "out").read_text() == "before"
    assert [(tmp_path / name).read_text() for name in ("former", "out")] == ["before", "new"]


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(UsageError, match="no space left"):
        write_into(tmp_path, {"evidence.json": b"{}"})
    assert list(tmp_path.iterdir()) == []
