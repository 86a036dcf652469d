"""A plan that is measured once in a run is known again by every process of the run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from measured_once import SAMPLES, _key
from patience import HANG_S
from rtcomplexity.case.reader import read_case
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.settings import Settings

KEY = """
import sys
sys.path.insert(0, sys.argv[1])
from docs.test_measured_once import key_of
print(key_of(sys.argv[2]))
"""


def key_of(name, **settings):
    case = read_case(SAMPLES / name, settings=Settings())
    return _key(MeasuredCase(case=case, settings=Settings(**settings)), load_profile(), quick=False)


def key_elsewhere(name):
    """The key in a process that orders sets otherwise."""
    command = [sys.executable, "-c", KEY, str(Path(__file__).parents[1]), name]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=HANG_S, env=environment)
    return told.stdout.strip()


def test_another_process_knows_a_plan_by_the_same_key():
    assert key_elsewhere("complex_central") == key_of("complex_central")


@pytest.mark.parametrize("changed", [{"settings": {"gap_factor": 9.0}}, {"name": "pet_ct_nsclc"}])
def test_another_plan_or_setting_has_another_key(changed):
    other = key_of(changed.get("name", "routine_sbrt"), **changed.get("settings", {}))
    assert other != key_of("routine_sbrt")


def test_the_number_of_cores_is_no_part_of_the_key():
    assert key_of("routine_sbrt", threads=3) == key_of("routine_sbrt")
