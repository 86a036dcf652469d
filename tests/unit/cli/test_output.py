"""Files are written whole, for their owner alone, and in no other place than the one that was named."""

import os
import stat
import sys

import pytest

from rtcomplexity.cli.output import write_private
from rtcomplexity.errors import UsageError

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="file modes and links as on POSIX systems")


def test_a_missing_folder_is_made_and_nothing_else_is_left_in_it(tmp_path):
    written = write_private(tmp_path / "a" / "b", "evidence.json", b"{}\n")
    assert written.read_bytes() == b"{}\n"
    assert list(written.parent.iterdir()) == [written]


@posix_only
def test_only_the_owner_can_read_it(tmp_path):
    written = write_private(tmp_path, "evidence.json", b"{}")
    assert stat.S_IMODE(written.stat().st_mode) == 0o600


@posix_only
def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "evidence.json").symlink_to(elsewhere)
    write_private(tmp_path / "out", "evidence.json", b"{}")
    assert elsewhere.read_text() == "mine"


def test_a_file_where_the_folder_should_be_is_an_error(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(UsageError, match="--out"):
        write_private(tmp_path / "out", "evidence.json", b"{}")


def test_a_write_that_fails_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(UsageError, match="no space left"):
        write_private(tmp_path, "evidence.json", b"{}")
    assert list(tmp_path.iterdir()) == []
