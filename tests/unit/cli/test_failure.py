"""A fault is told by its kind and place, never by its text, values or paths."""

import sys

import pytest

from rtcomplexity.cli import failure
from rtcomplexity.whole_files import write_into


def fault_of_the_package():
    try:
        write_into(None, {"Doe^John": b"x"})
    except AttributeError:
        return sys.exc_info()
    pytest.fail("it was to fail")


def test_a_fault_names_its_kind_and_the_innermost_place_in_the_package(capsys, monkeypatch):
    monkeypatch.delenv(failure.DEBUG_VARIABLE, raising=False)
    failure.tell_fault(*fault_of_the_package())
    told = capsys.readouterr()
    assert told.out == ""
    assert "AttributeError at rtcomplexity.whole_files line" in told.err


def test_a_fault_tells_no_text_value_or_path(capsys, monkeypatch):
    monkeypatch.delenv(failure.DEBUG_VARIABLE, raising=False)
    failure.tell_fault(RuntimeError, RuntimeError("Doe^John in /home/doe/plan"), None)
    told = capsys.readouterr().err
    assert "Doe" not in told
    assert "/" not in told
    assert "Traceback" not in told


def test_the_traceback_comes_only_on_request_and_without_values(capsys, monkeypatch):
    monkeypatch.setenv(failure.DEBUG_VARIABLE, "1")
    failure.tell_fault(*fault_of_the_package())
    told = capsys.readouterr().err
    assert "Traceback" in told
    assert "Doe^John" not in told.replace('write_into(None, {"Doe^John": b"x"})', "")
