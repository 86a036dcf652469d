"""The gaming tests again, with a profile of one's own in place of the default one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from patience import HANG_S

HERE = Path(__file__).parent
MODULES = ("drawing", "files", "images", "phantoms", "rois", "supported")
OF_THE_DEFAULT_PROFILE = {
    "test_drawing.py::test_a_careless_hand_earns_nothing": "its tolerances are those of a blur of 3 mm",
    "test_supported.py::test_reslicing_leaves_a_supported_plan_so": "its tolerances are those of a blur of 3 mm",
    "test_files.py::test_deleting_any_series_or_object_supports_nothing[complex_central]": "supported when whole",
    "test_supported.py::test_what_makes_the_difference_is_what_was_added": "the sample is supported without more",
    "test_supported.py::test_leaving_out_a_simple_gross_target_earns_no_support": "both targets are supported",
    "test_images.py::test_however_many_image_sets_there_are_the_anchor_has_to_be_rare": "names an anchor",
    "test_rois.py::test_the_lung_plan_without_an_rt_plan_is_at_most_indeterminate": "names a stratum",
}
"""Tests that begin from what the default profile says of a sample, or of its way of measuring."""


@pytest.mark.exhaustive
def test_what_earns_nothing_by_the_default_profile_earns_nothing_by_one_of_ones_own():
    modules = [str(HERE / f"test_{name}.py") for name in MODULES]
    left_out = [f"--deselect={HERE.relative_to(Path.cwd())}/{each}" for each in OF_THE_DEFAULT_PROFILE]
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not exhaustive", *modules, *left_out]
    done = subprocess.run(
        command,
        env={**os.environ, "GAMED_PROFILE": "own"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
