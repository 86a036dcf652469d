"""What a host makes before it forks: a child of a plan then imports next to nothing and reads no packaged data."""

import json
import subprocess
import sys

import pytest

from patience import HANG_S
from rtcomplexity.testing import write_sample
from sweep import sweep

FEW = 5
"""Small modules of the package itself cost a millisecond each."""
ASSESS = """
import importlib, json, sys, tomllib
from pathlib import Path
from rtcomplexity.batch import host
from rtcomplexity.batch.messages import InputFile, Limits, PlanTask
from rtcomplexity.batch.warming import warm
from rtcomplexity.dicom.linkage import hash_file
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.settings import Settings

for name in host._PRELOADED:
    importlib.import_module(name)
from rtcomplexity.batch.worker import perform
warm()
paths = sorted(Path(sys.argv[1]).rglob("*.dcm"), key=lambda path: path.name != "rs.dcm")
files = tuple(InputFile(path=str(p), size_bytes=p.stat().st_size, mtime_ns=p.stat().st_mtime_ns) for p in paths)
task = PlanTask(key=hash_file(paths[0]), files=files, options=AnalyzeOptions(), settings=Settings(), limits=Limits())
read, loads = [], tomllib.loads
tomllib.loads = lambda text: read.append(text[:40]) or loads(text)
before = set(sys.modules)
outcome = perform(task.to_json())
print(json.dumps([outcome.status, outcome.reason, sorted(set(sys.modules) - before), read]))
"""


@pytest.mark.parametrize("sample", sweep(["complex_central", "routine_sbrt"]))
def test_a_child_imports_next_to_nothing_and_reads_no_data_of_the_package(tmp_path, sample):
    write_sample(sample, tmp_path)
    command = [sys.executable, "-c", ASSESS, str(tmp_path)]
    ended = subprocess.run(command, text=True, capture_output=True, timeout=HANG_S, check=True)
    status, reason, imported, read = json.loads(ended.stdout)
    assert status == "assessed", reason
    assert [name for name in imported if not name.startswith("rtcomplexity.")] == []
    assert len(imported) <= FEW
    assert read == []
