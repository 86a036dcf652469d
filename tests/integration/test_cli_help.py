"""Every command explains itself, with an example, quickly and without loading what it does not need."""

import json
import re
import subprocess
import sys

import pytest
import typer

from in_process import tell
from patience import HANG_S
from rtcomplexity.cli.app import app

COMMANDS = [str(command) for command in typer.main.get_command(app).commands]
HEAVY = ("pydicom", "numpy", "scipy", "skimage", "PIL", "jinja2", "typst")
LOADED = """
import json, sys
from rtcomplexity.cli.app import run
loaded = {{}}
for arguments in {helps!r}:
    assert run(arguments) == 0
    loaded[" ".join(arguments)] = list(sys.modules)
print(json.dumps(loaded))
"""
DRAWING = ("rich", "markdown_it", "pygments", "pydantic")
"""What only tables and values need: the list of commands does without."""


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, encoding="utf-8", timeout=HANG_S
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example_that_calls_it(command):
    told = tell(command, "--help")
    assert (told.code, told.err) == (0, "")
    assert re.search(rf"Example: rtcomplexity {command}\b", told.out)


def test_help_lists_every_command():
    told = run("-m", "rtcomplexity.cli", "--help")
    assert told.returncode == 0
    assert all(command in told.stdout for command in COMMANDS)


def test_help_loads_no_heavy_package():
    """One process gives the help of one command after the other: what none of them loads, no single one does."""
    helps = [["--help"], *([command, "--help"] for command in COMMANDS)]
    *_, told = run("-c", LOADED.format(helps=helps)).stdout.splitlines()
    loaded = json.loads(told)
    assert loaded.keys() == {" ".join(arguments) for arguments in helps}
    assert "typer" in loaded["--help"]
    for arguments, modules in loaded.items():
        assert not {name.partition(".")[0] for name in modules}.intersection(HEAVY), arguments
    assert not set(loaded["--help"]).intersection(DRAWING), "the list of commands needs none of these"


def child_processor_s(*arguments):
    """Processor time of a run of Python, s, in microseconds where :func:`os.times` counts hundredths of a second."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run(*arguments).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform == "win32", reason="this system adds up no times of children")
def test_help_costs_little_more_than_importing_typer():
    """As a module 1.5 to 1.6 times as much on an idle machine (as a command 1.3); the bound leaves room for others."""
    commands = ("-m", "rtcomplexity.cli", "--help"), ("-c", "import typer")
    rounds = [[child_processor_s(*command) for command in commands] for _ in range(7)]
    ours, bare = map(min, zip(*rounds, strict=True))
    assert ours < 2 * bare
