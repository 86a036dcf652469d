"""Where a solid lies in the patient: rigid frames, and ready-made ones for each way of lying in a scanner.

Pure numpy, in millimeters, LPS.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from rtcomplexity.model.arrays import frozen_array

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from rtcomplexity.model.arrays import Floats


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """A rigid placing: the point (x, y, z) of a solid lies at origin + x x_axis + y y_axis + z (x_axis x y_axis)."""

    origin_mm: Floats
    """(3,) where the solid's own origin lies, patient coordinates (LPS), mm."""
    x_axis: Floats
    """(3,) unit vector, LPS."""
    y_axis: Floats
    """(3,) unit vector at right angles to `x_axis`, LPS."""

    def __post_init__(self) -> None:
        for name in ("origin_mm", "x_axis", "y_axis"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
        axes = np.stack([self.x_axis, self.y_axis])
        if not np.allclose(axes @ axes.T, np.eye(2), atol=1e-9):
            msg = "the axes of a frame must be unit vectors at right angles"
            raise ValueError(msg)

    @classmethod
    def of(cls, x_axis: ArrayLike, y_axis: ArrayLike, origin_mm: ArrayLike = (0.0, 0.0, 0.0)) -> Self:
        """Build one from anything that numpy reads as vectors."""
        return cls(origin_mm=np.asarray(origin_mm), x_axis=np.asarray(x_axis), y_axis=np.asarray(y_axis))

    @property
    def rotation(self) -> Floats:
        """(3, 3) whose columns are the x, y and z axes."""
        return np.column_stack([self.x_axis, self.y_axis, np.cross(self.x_axis, self.y_axis)])

    @property
    def patient_from_own(self) -> Floats:
        """(4, 4) affine from the solid's own frame to the patient, mm."""
        affine = np.eye(4)
        affine[:3, :3] = self.rotation
        affine[:3, 3] = self.origin_mm
        return affine

    def to_patient(self, points_mm: Floats) -> Floats:
        """Place (..., 3) points of the solid's own frame in the patient, mm."""
        placed: Floats = points_mm @ self.rotation.T + self.origin_mm
        return placed

    def from_patient(self, points_mm: Floats) -> Floats:
        """Inverse of :meth:`to_patient`."""
        own: Floats = (points_mm - self.origin_mm) @ self.rotation
        return own

    def inverse(self) -> Frame:
        """Return the motion that undoes this one."""
        x_axis, y_axis, _ = self.rotation
        return Frame.of(x_axis, y_axis, self.from_patient(np.zeros(3)))

    def after(self, first: Frame) -> Frame:
        """Return the motion that does `first` and then this one."""
        turned = self.rotation @ first.rotation
        return Frame.of(turned[:, 0], turned[:, 1], self.to_patient(first.origin_mm))

    def shifted(self, offset_mm: ArrayLike) -> Frame:
        """Return the same axes, moved by (3,) `offset_mm`, LPS."""
        return replace(self, origin_mm=self.origin_mm + np.asarray(offset_mm, dtype=np.float64))

    def rotated(self, axis: ArrayLike, angle_deg: float) -> Frame:
        """Return the frame turned about the patient's origin by `angle_deg` around (3,) `axis`, LPS."""
        turn = rotation_matrix(axis, angle_deg)
        return Frame.of(turn @ self.x_axis, turn @ self.y_axis, turn @ self.origin_mm)


def rotation_matrix(axis: ArrayLike, angle_deg: float) -> Floats:
    """Return the (3, 3) right-handed rotation by `angle_deg` around `axis` (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=np.float64) / np.linalg.norm(axis)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = math.radians(angle_deg)
    turn: Floats = np.eye(3) + math.sin(angle) * cross + (1.0 - math.cos(angle)) * cross @ cross
    return turn


AXIAL = Frame.of((1, 0, 0), (0, 1, 0))
"""Head first, supine: rows to the patient's left, columns to the back, slices to the head."""
PRONE = Frame.of((-1, 0, 0), (0, -1, 0))
"""Head first, prone."""
FEET_FIRST = Frame.of((-1, 0, 0), (0, 1, 0))
"""Feet first, supine: slices to the feet."""
FEET_FIRST_PRONE = Frame.of((1, 0, 0), (0, -1, 0))
"""Feet first, prone."""
SAGITTAL = Frame.of((0, 1, 0), (0, 0, -1))
"""Rows to the back, columns to the feet."""
CORONAL = Frame.of((1, 0, 0), (0, 0, -1))
"""Rows to the left, columns to the feet."""
OBLIQUE = AXIAL.rotated((1, 2, 3), 25.0).shifted((12.5, -34.25, 56.125))
"""An axial frame turned by 25 degrees about no axis of the patient, and moved."""
FRAMES = {
    "axial": AXIAL,
    "prone": PRONE,
    "feet_first": FEET_FIRST,
    "feet_first_prone": FEET_FIRST_PRONE,
    "sagittal": SAGITTAL,
    "coronal": CORONAL,
    "oblique": OBLIQUE,
}
"""Every ready-made frame by name."""
