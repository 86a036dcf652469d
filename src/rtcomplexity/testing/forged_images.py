"""What a forger does to a copy of an image so that it looks like another scan: functions of (K, J, I) values in HU.

Which of them is told, by which number, `studies/forged_images.py` prints for real images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtcomplexity.model.arrays import Floats

    Forgery = Callable[[Floats], Floats]


def with_noise(values: Floats, deviation_hu: float) -> Floats:
    """Add white noise."""
    return values + np.random.default_rng(7).normal(scale=deviation_hu, size=values.shape)


def blurred(values: Floats, voxels: float) -> Floats:
    """Blur by a Gaussian of so many voxels."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415 - costs start-up time

    found: Floats = gaussian_filter(values, voxels)
    return found


def shifted(values: Floats, *voxels: float) -> Floats:
    """Shift by part of a voxel along slices, rows and columns, interpolated by lines."""
    from scipy.ndimage import shift  # noqa: PLC0415

    found: Floats = shift(values, voxels, order=1, mode="nearest")
    return found


def with_gamma(values: Floats) -> Floats:
    """Bend the gray levels by a root."""
    return 1400 * np.sqrt(np.clip((values + 1024) / 2000, 0, 1))


def quantized(values: Floats, step_hu: float) -> Floats:
    """Keep a few gray levels."""
    return np.rint(values / step_hu) * step_hu


def equalized(values: Floats) -> Floats:
    """Spread the gray levels so that each is as frequent as any other."""
    shares = np.linspace(0, 1, 257)
    return np.interp(values, np.quantile(values, shares) + 1e-6 * np.arange(257), 1000 * shares)


def rotated_and_back(values: Floats, degrees: float) -> Floats:
    """Turn every slice, resample it, and turn it back as a registration that states the turn does."""
    from scipy.ndimage import rotate  # noqa: PLC0415

    turned = np.rint(rotate(values, degrees, axes=(1, 2), reshape=False, order=1, mode="nearest"))
    found: Floats = rotate(turned, -degrees, axes=(1, 2), reshape=False, order=1, mode="nearest")
    return found


def coarsened(values: Floats) -> Floats:
    """Keep every other row and column, and interpolate the rest."""
    from scipy.ndimage import zoom  # noqa: PLC0415

    coarse = zoom(values, (1, 0.5, 0.5), order=1)
    return np.asarray(zoom(coarse, np.divide(values.shape, coarse.shape), order=1))


def deformed(values: Floats, voxels: float, seed: int = 5) -> Floats:
    """Move every part smoothly by so many voxels (standard deviation) along each axis, as no registration states."""
    from scipy.ndimage import gaussian_filter, map_coordinates  # noqa: PLC0415

    random = np.random.default_rng(seed)
    places = []
    for index in np.indices(values.shape, dtype=np.float64):
        field = gaussian_filter(random.normal(size=values.shape), DEFORMATION_VOXELS)
        places.append(index + voxels * field / field.std())
    found: Floats = map_coordinates(values, places, order=1, mode="nearest")
    return found


def partly_mirrored(values: Floats) -> Floats:
    """Replace half of the slices: by what they show, mirrored left to right."""
    half = len(values) // 2
    return np.concatenate([values[:half], values[half:, :, ::-1]])


def averaged_with_moved(values: Floats) -> Floats:
    """Average two phases: the image, and one of the moved patient with noise of its own."""
    return (values + second_scan(values, motion_voxels=1.5)) / 2


def second_scan(values: Floats, motion_voxels: float = 0.8, seed: int = 5) -> Floats:
    """Simulate a scan of the same patient days later; no real one.

    The image without its noise (total variation), moved smoothly and by another position of the table, by another
    kernel, with contrast in what was soft tissue of 60 to 250 HU, and with quantum noise of its own as large as the
    first one's.
    """
    import skimage.restoration  # noqa: PLC0415
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415

    denoised: Any = skimage.restoration.denoise_tv_chambolle  # its functions carry no types
    noise_hu = max(float(np.median(np.abs(values - gaussian_filter(values, 0.8)))) / 0.6745, 5.0)
    span = float(np.ptp(values))
    clean: Floats = denoised(values / span, weight=2 * noise_hu / span) * span
    moved = shifted(deformed(clean, motion_voxels, seed), 0, 0.4, 0.4)
    vessels = gaussian_filter(((clean > 60) & (clean < 250)).astype(float), 1) > 0.6
    noise = gaussian_filter(np.random.default_rng(seed).normal(size=values.shape), 0.6)
    found: Floats = np.rint(blurred(moved, 0.5) + 60 * vessels + noise_hu * noise / noise.std())
    return found


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
        "equalized, noise of 20 HU": lambda v: with_noise(equalized(v), 20),
    }


def told_behind_filters() -> Mapping[str, Forgery]:
    """Return forgeries whose noise is gone or hidden: what the best filter leaves of them tells."""
    return {
        "blurred by 1 voxel, noise of 50 HU": lambda v: with_noise(blurred(v, 1), 50),
        "blurred by 1.5 voxels, noise of 20 HU": lambda v: with_noise(blurred(v, 1.5), 20),
        "blurred by 1.5 voxels, noise of 50 HU": lambda v: with_noise(blurred(v, 1.5), 50),
        "blurred by 2 voxels, noise of 20 HU": lambda v: with_noise(blurred(v, 2), 20),
        "blurred by 3 voxels, noise of 20 HU": lambda v: with_noise(blurred(v, 3), 20),
        "half a voxel along all axes, noise of 50 HU": lambda v: with_noise(shifted(v, 0.5, 0.5, 0.5), 50),
        "inverted, blurred by 1.5 voxels, noise of 20 HU": lambda v: with_noise(blurred(-v, 1.5), 20),
        "root of gray levels, blurred by 1.5 voxels, noise of 20 HU": lambda v: with_noise(
            blurred(with_gamma(v), 1.5), 20
        ),
        "blurred by 1.5 voxels, gray levels mirrored at 20 HU, noise of 20 HU": lambda v: with_noise(
            np.abs(blurred(v, 1.5) - 20), 20
        ),
    }


def told_in_one_modality() -> Mapping[str, Forgery]:
    """Return forgeries that are told where the copy is said to be of the same modality."""
    return {
        "rotated by 3 degrees and back, noise of 20 HU": lambda v: with_noise(rotated_and_back(v, 3), 20),
        "every other row and column, noise of 20 HU": lambda v: with_noise(coarsened(v), 20),
        "half of the slices mirrored, noise of 20 HU": lambda v: with_noise(partly_mirrored(v), 20),
        "average with a moved phase, noise of 10 HU": lambda v: with_noise(averaged_with_moved(v), 10),
    }


def told_across_modalities() -> Mapping[str, Forgery]:
    """Return forgeries that are told where the copy is said to be of another modality."""
    return {
        "half a voxel along rows and columns, noise of 50 HU": lambda v: with_noise(shifted(v, 0, 0.5, 0.5), 50),
        "half a voxel along all axes, noise of 20 HU": lambda v: with_noise(shifted(v, 0.5, 0.5, 0.5), 20),
        "blurred by 1 voxel, noise of 20 HU": lambda v: with_noise(blurred(v, 1), 20),
    }


DEFORMATION_VOXELS: Final = (4.0, 12.0, 12.0)
"""Over which motion changes, along slices, rows and columns."""
HARDER: Final = (400.0, 600.0, 800.0, 1000.0)
"""Noise, HU, of which the strongest are not told any more."""


def harder() -> Mapping[str, Forgery]:
    """Return forgeries some of which are not told."""
    noisy: dict[str, Forgery] = {f"noise of {hu:g} HU": lambda v, hu=hu: with_noise(v, hu) for hu in HARDER}  # type: ignore[misc]
    return {
        **noisy,
        "blurred by 1.5 voxels, noise of 100 HU": lambda v: with_noise(blurred(v, 1.5), 100),
        "blurred by 1.5 voxels, noise of 200 HU": lambda v: with_noise(blurred(v, 1.5), 200),
        "equalized, blurred by 1.5 voxels, noise of 20 HU": lambda v: with_noise(blurred(equalized(v), 1.5), 20),
        "mirrored at -400 HU, blurred by 1.5 voxels, noise of 20 HU": lambda v: with_noise(
            blurred(np.abs(v + 400), 1.5), 20
        ),
        "half of the slices mirrored, blurred by 1.5 voxels, noise of 20 HU": lambda v: with_noise(
            blurred(partly_mirrored(v), 1.5), 20
        ),
        "deformed by 0.3 voxels, noise of 20 HU": lambda v: with_noise(deformed(v, 0.3), 20),
        "deformed by 1 voxel, noise of 20 HU": lambda v: with_noise(deformed(v, 1), 20),
    }


def controls() -> Mapping[str, Forgery]:
    """Return simulated scans of the same patient that are no copies, by the motion between the two."""
    return {
        f"simulated second scan, moved by {voxels:g} voxels": lambda v, voxels=voxels: second_scan(v, voxels)  # type: ignore[misc]
        for voxels in (0.4, 0.8, 1.5)
    }
