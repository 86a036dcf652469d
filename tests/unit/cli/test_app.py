"""What the process sets up before a command runs."""

import os
import subprocess
import sys

import pytest

WARNING = """
import warnings
import numpy as np
from rtcomplexity.cli import app

def run(arguments):
    np.zeros(1) / np.zeros(1)
    return 0

app.run = run
app.main()
"""


@pytest.mark.parametrize(("options", "is_shown"), [([], False), (["-W", "default"], True)])
def test_a_warning_of_numpy_reaches_only_who_asks_for_warnings(options, is_shown):
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONWARNINGS"}
    ended = subprocess.run(
        [sys.executable, *options, "-c", WARNING], capture_output=True, text=True, check=True, env=environment
    )
    assert ("RuntimeWarning" in ended.stderr) == is_shown
