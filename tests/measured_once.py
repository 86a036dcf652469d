"""Plans that many tests look at are measured once in a test process."""

import hashlib
import io
from collections import OrderedDict
from contextlib import contextmanager

import pytest

from rtcomplexity.usecases import analyze
from rtcomplexity.usecases.keeping import _Writer

MOST_KEPT = 8
_KEPT = OrderedDict()


def _key(measured, profile, quick):
    """All that a measurement rests on: the case with its files' digests and paths, settings, and what is asked for."""
    stream = io.BytesIO()
    _Writer(stream).dump((measured.case, measured.settings, profile.measurement, profile.treated_site, quick))
    return hashlib.sha256(stream.getvalue()).digest()


@contextmanager
def measured_once():
    """While this lasts, what was measured of an equal case is taken again; all else is done anew."""
    measure = analyze._measured

    def kept(measured, profile, *, quick=False):
        key = _key(measured, profile, quick)
        if key not in _KEPT:
            _KEPT[key] = measure(measured, profile, quick=quick)
            while len(_KEPT) > MOST_KEPT:
                _KEPT.popitem(last=False)
        _KEPT.move_to_end(key)
        return _KEPT[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(analyze, "_measured", kept)
        yield
