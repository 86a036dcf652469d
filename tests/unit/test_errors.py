"""Every kind of error ends the process with the code that it carries, and with its own text alone."""

import inspect

import pytest

from rtcomplexity import errors
from rtcomplexity.cli import app, assessing
from rtcomplexity.errors import ExitCode

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.RtComplexityError)]


def of_kind(kind):
    return kind(*(f"fact {number}" for number, _ in enumerate(list(inspect.signature(kind).parameters)[:3])))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not errors.RtComplexityError])
def test_an_error_ends_with_its_own_code_and_text(kind, monkeypatch, capsys, tmp_path):
    error = of_kind(kind)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(assessing, "analyze", fail)
    code = app.run(["analyze", str(tmp_path)])
    told = capsys.readouterr()
    assert code == error.exit_code
    assert ExitCode(code) in {ExitCode.USAGE, ExitCode.INPUT_UNUSABLE}
    assert (told.out, told.err) == ("", f"rtcomplexity: {error}\n")


def test_a_name_in_an_error_cannot_steer_the_terminal(monkeypatch, capsys, tmp_path):
    def fail(*_, **__):
        raise errors.NoInputError("found \x1b[2J", "something")

    monkeypatch.setattr(assessing, "analyze", fail)
    app.run(["analyze", str(tmp_path)])
    assert "\x1b" not in capsys.readouterr().err


def test_the_codes_are_the_documented_ones():
    assert [int(code) for code in ExitCode] == [0, 1, 2, 3, 4, 5]
