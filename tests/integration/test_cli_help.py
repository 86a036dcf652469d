"""Every command explains itself, with an example, quickly and without loading what it does not need."""

import re
import subprocess
import sys

import pytest
import typer

from patience import HANG_S
from rtcomplexity.cli.app import app

COMMANDS = [str(command) for command in typer.main.get_command(app).commands]
HEAVY = ("pydicom", "numpy", "scipy", "skimage", "PIL", "jinja2", "typst")
LOADED = "import sys; from rtcomplexity.cli.app import run; run({arguments!r}); print('LOADED', *sys.modules)"
DRAWING = ("rich", "markdown_it", "pygments", "pydantic")
"""What only tables and values need: the list of commands does without."""


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, encoding="utf-8", timeout=HANG_S
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_has_an_example_that_calls_it(command):
    told = run("-m", "rtcomplexity.cli", command, "--help")
    assert told.returncode == 0
    assert re.search(rf"Example: rtcomplexity {command}\b", told.stdout)


def test_help_lists_every_command():
    told = run("-m", "rtcomplexity.cli", "--help").stdout
    assert all(command in told for command in COMMANDS)


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_loads_no_heavy_package(arguments):
    told = run("-c", LOADED.format(arguments=arguments)).stdout
    loaded = {name.partition(".")[0] for name in told.rpartition("LOADED")[2].split()}
    assert "typer" in loaded
    assert not loaded.intersection(HEAVY)


def test_the_list_of_commands_loads_nothing_that_draws_or_checks_values():
    loaded = set(run("-c", LOADED.format(arguments=["--help"])).stdout.rpartition("LOADED")[2].split())
    assert not loaded.intersection(DRAWING)


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
