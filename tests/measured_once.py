"""Plans that many tests look at are measured once in a run of the tests, whichever process or module asks first."""

import hashlib
import os
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from rtcomplexity.cores import to_bytes
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.usecases import analyze

SAMPLES = Path(__file__).parents[1] / "sample_data"
"""Named one way by all tests: a plan is found again by the paths of its files."""
MOST_KEPT = 24
_KEPT = OrderedDict()
_WRITTEN = {}
"""How many redrawings the file of a key holds."""


def _key(measured, profile, quick):
    """All that a measurement rests on: the case with its files' digests and paths, settings, and what is asked for.

    On any number of cores it is the same (test_threads.py): commands and Python ask for different ones.
    """
    asked = (measured.case, replace(measured.settings, threads=1), profile.measurement, profile.treated_site, quick)
    return _digest(asked).hex()


def _digest(value):
    """Digest of a value by what it holds. In its pickle sets are in another order in each process."""
    if isinstance(value, np.ndarray):
        parts = (str(value.dtype).encode(), repr(value.shape).encode(), value.tobytes())
    elif is_dataclass(value):
        parts = (type(value).__qualname__.encode(), *(_digest(getattr(value, each.name)) for each in fields(value)))
    elif isinstance(value, Mapping):
        parts = sorted(_digest(key) + _digest(each) for key, each in value.items())
    elif isinstance(value, set | frozenset):
        parts = sorted(_digest(each) for each in value)
    elif isinstance(value, tuple | list):
        parts = [_digest(each) for each in value]
    else:
        parts = (repr(value).encode("utf-8", "surrogatepass"),)
    whole = hashlib.sha256(type(value).__name__.encode())
    for part in parts:
        whole.update(len(part).to_bytes(8) + part)
    return whole.digest()


def _write(folder, key, plan):
    """Leave it for the other processes, whole or not at all."""
    part = folder / f"{key}.{os.getpid()}"
    part.write_bytes(to_bytes(plan))
    part.replace(folder / key)
    _WRITTEN[key] = len(plan._redrawings)


def _found(folder, key, measure):
    if key in _KEPT:
        _KEPT.move_to_end(key)
        return _KEPT[key]
    if (folder / key).exists():
        plan = pickle.loads((folder / key).read_bytes())
        _WRITTEN[key] = len(plan._redrawings)
    else:
        plan = measure()
        _write(folder, key, plan)
    _KEPT[key] = plan
    while len(_KEPT) > MOST_KEPT:
        _KEPT.popitem(last=False)
    return plan


@contextmanager
def measured_once(folder):
    """While this lasts, what was measured of an equal case is taken again; all else is done anew.

    Processes that share `folder` share what they measured, and after that what was redrawn.
    """
    measure = analyze._measured

    def kept(measured, profile, *, quick=False):
        key = _key(measured, profile, quick)
        return _found(folder, key, lambda: measure(measured, profile, quick=quick))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyze, "_measured", kept)
        yield
    for key, plan in _KEPT.items():
        if len(plan._redrawings) > _WRITTEN[key]:
            _write(folder, key, plan)


@contextmanager
def steady():
    """While this lasts, no gross target is redrawn: every verdict is steady, and no score has an interval."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyze, "_stability", lambda *_: Stability(share=1.0))
        patch.setattr(analyze, "_interval", lambda *_: None)
        yield
