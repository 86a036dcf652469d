"""A session's folder is private and goes with it; what a killed session left goes with the next."""

import subprocess
import sys
from unittest.mock import Mock

import pytest

from rtcomplexity.desk.server import Desk
from rtcomplexity.desk.session import PREFIX, Session, State, remove_abandoned
from rtcomplexity.errors import InputDataError
from rtcomplexity.scoring.claim_file import ClaimFile
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


def test_what_comes_after_the_end_is_refused_and_leaves_no_file():
    session = Session(Settings())
    place = session.new_place()
    session.close()
    for late in (
        session.new_place,
        lambda: session.add(place, identified=True),
        lambda: session.keep_claim_of_report("a", ClaimFile()),
    ):
        with pytest.raises(InputDataError, match="has ended"):
            late()
    assert not session.folder.exists()
    assert session.plans() == []


def test_an_analysis_that_cannot_be_started_fails_and_is_not_waited_for(monkeypatch):
    full = Mock(side_effect=OSError(12, "Cannot allocate memory"))
    monkeypatch.setattr("rtcomplexity.desk.session.StartedChild.start", full)
    with Session(Settings(), workers=1) as session:
        plan = session.add(session.new_place(), identified=True)
        session._threads.shutdown()  # once the analysis has ended
        plan = session.plan(plan.id)
    assert plan.state is State.FAILED
    assert plan.problem == "The analysis could not be started (cannot allocate memory)."


def test_a_page_that_nobody_uses_ends_by_itself():
    desk = Desk(Settings(), idle_s=0.05)
    folder = desk.session.folder
    desk.serve()  # returns
    assert not folder.exists()
