"""Arrays of frozen values cannot be written to."""

from dataclasses import dataclass

import numpy as np
import pytest

from rtcomplexity.model.arrays import freeze


@dataclass(frozen=True, eq=False)
class Pair:
    first: np.ndarray
    second: np.ndarray

    def __post_init__(self):
        freeze(self, np.float64, "first", "second")


def test_frozen_fields_are_read_only_copies_of_the_stated_type():
    own = np.array([1, 2])
    pair = Pair(own, np.zeros(3))
    own[0] = 9
    assert pair.first.tolist() == [1.0, 2.0]
    assert pair.first.dtype == np.float64
    for array in (pair.first, pair.second):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 5
