"""Read-only arrays for frozen values, and the names of array types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Singles: TypeAlias = NDArray[np.float32]
    Integers: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool_]


def frozen_array(values: ArrayLike, dtype: type[np.generic]) -> NDArray[Any]:
    """Return `values` as a read-only array: itself if nothing can write to it any more, else a copy."""
    array = np.asarray(values, dtype=dtype)
    if _nobody_can_write(array):
        return array
    array = array.copy()
    array.flags.writeable = False
    return array


def sealed(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array that was just made, and that nobody else holds, read-only: frozen without a copy."""
    array.flags.writeable = False
    return array


def freeze(value: object, dtype: type[np.generic], *fields: str) -> None:
    """Make arrays of a frozen dataclass read-only, in its ``__post_init__``."""
    for name in fields:
        object.__setattr__(value, name, frozen_array(getattr(value, name), dtype))


def _nobody_can_write(array: NDArray[Any]) -> bool:
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return False
        if owner.base is None:
            return True
        owner = owner.base
    return isinstance(owner, bytes)
