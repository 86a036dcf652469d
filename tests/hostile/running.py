"""Runs one command line in a child process under limits; see :mod:`hostile.zygote`."""

import json
import math
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hostile import plans
from patience import HANG_S

TIMES = 20
"""Processor time that a plan may take, as a multiple of what the good plan takes in the same run."""
MEMORY_BYTES = 1_000_000_000
"""Address space that a plan may ask for beyond that of the resting program."""
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command line ended."""

    code: int
    wall_s: float
    cpu_s: float
    peak_kib: int
    """Beyond that of the resting program."""
    out: str
    err: str

    def record(self):
        return json.loads(self.out)

    def issue_codes(self):
        return {issue["code"] for issue in self.record()["issues"]}


class Zygote:
    """The warm process."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory()
        plan = Path(self._folder.name, "plan")
        plans.put(plan, plans.good_files())
        self._process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("zygote.py"), plan],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **ONE_THREAD, "COLUMNS": "100"},
        )
        self.good_s = self.run("analyze", plan, "--json", "--quiet", times=None).cpu_s

    def run(self, *arguments, times=TIMES, memory_bytes=MEMORY_BYTES, environment=None):
        """Run a command line, which is ended where it takes `times` the processor time of the good plan."""
        task = {
            "arguments": [str(argument) for argument in arguments],
            "cpu_s": HANG_S if times is None else math.ceil(times * self.good_s),
            "wall_s": HANG_S,
            "memory_bytes": memory_bytes,
            "environment": environment or {},
        }
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def close(self):
        self._process.communicate()
        self._folder.cleanup()
