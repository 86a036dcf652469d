"""Progress is told to a person who watches, and to nobody else."""

import io
import sys
import time

from patience import HANG_S
from rtcomplexity.cli.progress import progress


class Screen(io.StringIO):
    def isatty(self):
        return True

    def shows(self, words):
        """Wait for words, which are drawn several times a second."""
        ends = time.monotonic() + HANG_S
        while words not in self.getvalue() and time.monotonic() < ends:
            time.sleep(0.02)
        return words in self.getvalue()


def test_a_person_reads_how_far_it_has_come(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    with progress(quiet=False) as report:
        assert screen.shows("Looking at the folder")
        report(3, 8)
        assert screen.shows("Reading file 3 of 8")
        report(8, 8)
        assert screen.shows("Measuring")


def test_where_quiet_is_asked_for_nothing_is_told(monkeypatch):
    monkeypatch.setattr(sys, "stderr", screen := Screen())
    with progress(quiet=True) as report:
        assert report is None
    assert screen.getvalue() == ""


def test_a_file_is_told_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stderr", written := io.StringIO())
    with progress(quiet=False) as report:
        assert report is None
    assert written.getvalue() == ""
