"""What a forger does to a copy of an image so that it looks like another scan: functions of (K, J, I) values in HU.

Which of them is told, by which number, `studies/forged_images.py` prints for real images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Volume = NDArray[np.float64]
    Forgery = Callable[[Volume], Volume]


def with_noise(values: Volume, deviation_hu: float) -> Volume:
    """Add white noise."""
    return values + np.random.default_rng(7).normal(scale=deviation_hu, size=values.shape)


def blurred(values: Volume, voxels: float) -> Volume:
    """Blur by a Gaussian of so many voxels."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415 - costs start-up time

    found: Volume = gaussian_filter(values, voxels)
    return found


def shifted(values: Volume, *voxels: float) -> Volume:
    """Shift by part of a voxel along slices, rows and columns, interpolated by lines."""
    from scipy.ndimage import shift  # noqa: PLC0415

    found: Volume = shift(values, voxels, order=1, mode="nearest")
    return found


def with_gamma(values: Volume) -> Volume:
    """Bend the gray levels by a root."""
    return 1400 * np.sqrt(np.clip((values + 1024) / 2000, 0, 1))


def quantized(values: Volume, step_hu: float) -> Volume:
    """Keep a few gray levels."""
    return np.rint(values / step_hu) * step_hu


def told() -> Mapping[str, Forgery]:
    """Return the forgeries that are told whatever modality the copy is said to be of."""
    return {
        "copied": lambda v: v,
        "one gray level more": lambda v: v + 1,
        "a smooth bias": lambda v: v + np.linspace(0, 80, v.shape[2]),
        "noise of 20 HU": lambda v: with_noise(v, 20),
        "noise of 100 HU": lambda v: with_noise(v, 100),
        "noise of 200 HU": lambda v: with_noise(v, 200),
        "blurred by 1 voxel": lambda v: blurred(v, 1),
        "blurred by 2 voxels": lambda v: blurred(v, 2),
        "half a voxel along rows and columns": lambda v: shifted(v, 0, 0.5, 0.5),
        "half a voxel along all axes": lambda v: shifted(v, 0.5, 0.5, 0.5),
        "inverted, noise of 100 HU": lambda v: with_noise(-v, 100),
        "root of gray levels, noise of 50 HU": lambda v: with_noise(with_gamma(v), 50),
        "gray levels mirrored at -400 HU, noise of 100 HU": lambda v: with_noise(np.abs(v + 400), 100),
        "steps of 50 HU, noise of 50 HU": lambda v: with_noise(quantized(v, 50), 50),
    }


def told_across_modalities() -> Mapping[str, Forgery]:
    """Return forgeries that are told where the copy is said to be of another modality."""
    return {
        "half a voxel along rows and columns, noise of 50 HU": lambda v: with_noise(shifted(v, 0, 0.5, 0.5), 50),
        "half a voxel along all axes, noise of 20 HU": lambda v: with_noise(shifted(v, 0.5, 0.5, 0.5), 20),
        "blurred by 1 voxel, noise of 20 HU": lambda v: with_noise(blurred(v, 1), 20),
    }


HARDER: Final = (400.0, 600.0, 800.0, 1000.0)
"""Noise, HU, of which the strongest are not told any more."""


def harder() -> Mapping[str, Forgery]:
    """Return forgeries some of which are not told."""
    noisy: dict[str, Forgery] = {f"noise of {hu:g} HU": lambda v, hu=hu: with_noise(v, hu) for hu in HARDER}  # type: ignore[misc]
    return {
        **noisy,
        "half a voxel along all axes, noise of 50 HU": lambda v: with_noise(shifted(v, 0.5, 0.5, 0.5), 50),
        "blurred by 1 voxel, noise of 50 HU": lambda v: with_noise(blurred(v, 1), 50),
        "blurred by 1.5 voxels, noise of 20 HU": lambda v: with_noise(blurred(v, 1.5), 20),
        "blurred by 2 voxels, noise of 20 HU": lambda v: with_noise(blurred(v, 2), 20),
    }
