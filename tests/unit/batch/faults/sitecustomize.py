"""On PYTHONPATH, this makes plans go wrong in every process of a batch: BAD_PLANS names them (a plan by its key, a pair
by the name of its second file) and how.

It stands in for a plan that would do so by itself; the package has no switch for it.
"""

import importlib.abc
import importlib.machinery
import json
import os
import signal
import sys
import time
from pathlib import Path

WORKER = "rtcomplexity.batch.worker"
BAD = json.loads(os.environ.get("BAD_PLANS", "{}"))


def go_wrong(how):
    if how == "hang":
        while True:
            time.sleep(1)
    if how == "spin":
        while True:
            pass
    if how == "eat":
        held = []
        while True:
            held.append(b"\1" * 8_000_000)
            time.sleep(0.01)
    if how == "gulp":
        return b"\1" * 80_000_000_000
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "exit":
        os._exit(3)
    raise RuntimeError("GTV secret")


class Loader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module):
        super().exec_module(module)
        analyze, compare = module.analyze, module.compare

        def spoiled(index, *arguments, **options):
            how = BAD.get(index.structure_sets[0].sha256)
            if how and how.startswith("change "):  # a file, between its hash and its use
                with Path(how.removeprefix("change ")).open("ab") as stream:
                    stream.write(b"\0\0")
                how = None
            return go_wrong(how) if how else analyze(index, *arguments, **options)

        def spoiled_pair(first, second, **options):
            how = BAD.get(Path(second).name)
            return go_wrong(how) if how else compare(first, second, **options)

        module.analyze, module.compare = spoiled, spoiled_pair


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != WORKER:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        spec.loader = Loader(name, spec.origin)
        return spec


if BAD:
    sys.meta_path.insert(0, Finder())
