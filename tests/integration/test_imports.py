"""What each command loads, by name: packages that cost start-up time and that its work does not need stay out."""

import subprocess
import sys
from pathlib import Path

import pytest

from patience import HANG_S

SAMPLES = Path(__file__).parents[2] / "sample_data"
SAMPLE, IMAGED = str(SAMPLES / "routine_sbrt"), str(SAMPLES / "pet_ct_nsclc")
LOADED = """
import os, sys
from rtcomplexity.cli.app import run
stdout = os.dup(1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
code = run({arguments!r})
sys.stdout.flush()
os.dup2(stdout, 1)
print(code, *sys.modules)
"""
DRAWING = {"rich", "jinja2", "typst", "matplotlib"}
SERVING = {"starlette", "pynetdicom", "dask", "distributed", "highdicom"}
READING = {"pydicom", "numpy", "pydantic", "ssl", "urllib.request", "PIL"}
ASKED_FOR = {
    "rtcomplexity.compare.comparison",
    "rtcomplexity.case.supplied_targets",
    "rtcomplexity.evidence.deidentification",
    "rtcomplexity.scoring.calibration",
    "rtcomplexity.scoring.plan_table",
    "rtcomplexity.scoring.claim_file",
    "rtcomplexity.scoring.official_facts",
    "rtcomplexity.evidence.page",
    "rtcomplexity.testing",
}
"""Rooms of our own that only an option, or more than a quick look, leads to."""
SEARCHING = {"scipy.stats", "scipy.optimize", "scipy.interpolate", "scipy.signal", "pandas"}


@pytest.mark.parametrize(
    ("arguments", "left_out"),
    [
        (["--help"], READING | DRAWING | SERVING),
        (["--version"], READING | DRAWING | SERVING),
        (["fetch", "--help"], (READING - {"pydantic"}) | DRAWING | SERVING),  # typer loads pydantic
        (["analyze", IMAGED, "--json"], DRAWING | SERVING | SEARCHING),
        (["compare", SAMPLE, SAMPLE, "--json"], DRAWING | SERVING | SEARCHING),
        (["analyze", SAMPLE, "--quick", "--json"], DRAWING | SERVING | ASKED_FOR | {"scipy", "skimage"}),
        (["inspect", SAMPLE], {"jinja2", "typst"} | SERVING | SEARCHING),
        (["metrics", "--json"], SERVING | {"scipy", "skimage", "jinja2", "typst"}),
        (["report", "--help"], SERVING | {"numpy", "scipy", "skimage", "pydicom", "jinja2", "typst"}),
        (["profile", "show", "any-site-1", "--json"], SERVING | {"scipy", "skimage", "jinja2", "typst"}),
    ],
    ids=[
        "help",
        "version",
        "fetch --help",
        "analyze",
        "compare",
        "analyze --quick",
        "inspect",
        "metrics",
        "report --help",
        "profile show",
    ],
)
def test_a_command_loads_nothing_that_its_work_does_not_need(arguments, left_out):
    command = [sys.executable, "-c", LOADED.format(arguments=arguments)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8", timeout=HANG_S).stdout
    code, *loaded = told.split()
    assert code == "0"
    assert "rtcomplexity.cli.app" in loaded
    assert left_out.intersection(loaded) == set()
