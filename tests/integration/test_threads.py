"""A plan comes out the same on any number of cores: its record, and every file of its evidence folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from patience import HANG_S

SAMPLE = Path(__file__).parents[2] / "sample_data" / "pet_ct_nsclc"
ASSESSED = """
import sys
from pathlib import Path
from rtcomplexity import analyze, cores, write_evidence
from rtcomplexity.settings import Settings
started = []
start = cores._started
cores._started = lambda *given: started.append(1) or start(*given)
sample, out, threads = sys.argv[1:]
assessment = analyze(sample, settings=Settings(threads=int(threads)))
print(len(started))
write_evidence(assessment, out, written_at="2026-01-02T03:04:05Z", identified=True)
print(len(started))
"""
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OPENBLAS", "MKL", "OMP")}


def files_of(out, threads):
    command = [sys.executable, "-c", ASSESSED, str(SAMPLE), str(out), str(threads)]
    environment = {**os.environ, **ONE_THREAD}
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=HANG_S, env=environment).stdout
    measuring, all_ = map(int, told.split())
    return {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}, measuring, all_


@pytest.mark.skipif(sys.platform != "linux", reason="helpers are forked on Linux only")
def test_an_evidence_folder_is_the_same_on_one_core_and_on_three(tmp_path):
    alone, *none = files_of(tmp_path / "alone", 1)
    helped, measuring, all_ = files_of(tmp_path / "helped", 3)
    assert none == [0, 0]
    assert 0 < measuring < all_
    assert alone == helped
