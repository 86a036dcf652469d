"""Every command explains itself, with an example, quickly and without loading what it does not need."""

import re
import subprocess
import sys
import time
from statistics import median

import pytest
import typer

from rtcomplexity.cli.app import app

COMMANDS = [str(command) for command in typer.main.get_command(app).commands]
HEAVY = ("pydicom", "numpy", "scipy", "skimage", "PIL", "jinja2", "typst")
LOADED = "import sys; from rtcomplexity.cli.app import run; run({arguments!r}); print('LOADED', *sys.modules)"
EMPTY_APP = """
import typer
app = typer.Typer()
@app.command()
def one() -> None: "One."
@app.command()
def two() -> None: "Two."
app()
"""


def run(*arguments):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, encoding="utf-8", timeout=120
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


@pytest.mark.slow
def test_help_costs_at_most_half_as_much_again_as_an_empty_app():
    def seconds(*arguments):
        start = time.perf_counter()
        assert run(*arguments).returncode == 0
        return time.perf_counter() - start

    pairs = [(seconds("-m", "rtcomplexity.cli", "--help"), seconds("-c", EMPTY_APP, "--help")) for _ in range(7)]
    assert median(ours / empty for ours, empty in pairs) < 1.5
