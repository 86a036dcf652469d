"""A session's folder is private and goes with it; what a killed session left goes with the next."""

import subprocess
import sys

from rtcomplexity.desk.server import Desk
from rtcomplexity.desk.session import PREFIX, Session, remove_abandoned
from rtcomplexity.settings import Settings


def gone_pid():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_folders_of_sessions_that_are_gone_are_removed_and_no_others(tmp_path):
    for name in (f"{PREFIX}{gone_pid()}-x", f"{PREFIX}x", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    (tmp_path / f"{PREFIX}{gone_pid()}-link").symlink_to(tmp_path / "other")
    with Session(Settings()) as session:
        own = tmp_path / session.folder.name
        own.mkdir()
        remove_abandoned(tmp_path)
        left = {path.name for path in tmp_path.iterdir()}
        assert {"other", f"{PREFIX}x", own.name} <= left
        assert (tmp_path / "other" / "file").exists()
        assert not (tmp_path / f"{PREFIX}{gone_pid()}-x").exists()
        assert len(left) == 4
    assert not session.folder.exists()


def test_a_session_that_is_closed_twice_is_closed():
    session = Session(Settings())
    session.close()
    session.close()
    assert not session.folder.exists()


def test_a_page_that_nobody_uses_ends_by_itself():
    desk = Desk(Settings(), idle_s=0.05)
    folder = desk.session.folder
    desk.serve()  # returns
    assert not folder.exists()
