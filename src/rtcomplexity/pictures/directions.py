"""Names of directions in a patient, for direction vectors in patient coordinates (LPS).

Works on vectors only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from rtcomplexity.model.arrays import Floats

PlaneName: TypeAlias = Literal["sagittal", "coronal", "axial"]
_PLANES: Final[tuple[PlaneName, PlaneName, PlaneName]] = ("sagittal", "coronal", "axial")
_TOWARDS: Final = (("R", "L"), ("A", "P"), ("F", "H"))
SIDES: Final = {"R": "right", "L": "left", "A": "front", "P": "back", "H": "head", "F": "feet"}


def plane_of(normal: Floats) -> PlaneName:
    """Name of the plane perpendicular to a direction, by the nearest axis.

    Examples
    --------
    >>> plane_of(np.array([0.0, 0.1, 0.99]))
    'axial'
    """
    return _PLANES[int(np.argmax(np.abs(normal)))]


def towards(direction: Floats) -> str:
    """Letter of the side a direction points to.

    Examples
    --------
    >>> towards(np.array([-1.0, 0, 0]))
    'R'
    """
    axis = int(np.argmax(np.abs(direction)))
    return _TOWARDS[axis][int(direction[axis] > 0)]


def letters(right: Floats, down: Floats) -> tuple[str, str, str, str]:
    """Letters of the left, right, upper and lower side of a picture."""
    return towards(-right), towards(right), towards(-down), towards(down)
