"""The IBSI 1 phantoms as arrays, read and resampled on the tests' side: it shares no code with what it checks.

REFERENCE recipe: even-odd pixel-center fill of the CT phantom's RTSTRUCT; configuration B resamples to 2 mm in plane,
C, D and E to 2 mm everywhere, on a grid over the whole image, center-aligned, n = ceil(n s / s').
"""

import csv
import math
from dataclasses import dataclass

import numpy as np

COLUMNS = ("dig_phantom", "config_A", "config_B", "config_C", "config_D", "config_E")


@dataclass(frozen=True)
class Phantom:
    image: np.ndarray
    mask: np.ndarray
    spacing_mm: tuple
    intensity_mask: np.ndarray


def reference_values(root, column):
    """{tag: (value, tolerance)} as IBSI published them."""
    with (root / "ibsi" / "ibsi1_morphology_reference.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {row["tag"]: (float(row[column]), float(row[f"{column}_tol"])) for row in rows if row[column]}


def phantom(root, column, ct):
    """The phantom of one column of the table; `ct` reads the CT phantom (a test may remember it)."""
    return digital_phantom(root) if column == "dig_phantom" else configured(*ct(root), column[-1])


def digital_phantom(root):
    import nibabel

    folder = root / "ibsi" / "digital_phantom" / "nifti"
    image, mask = (
        nibabel.load(folder / kind / f"{name}.nii.gz") for kind, name in (("image", "phantom"), ("mask", "mask"))
    )
    spacing_mm = tuple(float(step) for step in image.header.get_zooms()[::-1])
    values, inside = image.get_fdata().T, mask.get_fdata().T > 0.5
    return Phantom(values, inside, spacing_mm, inside)


def ct_phantom(root):
    """Image (HU), mask and spacing of the CT phantom as acquired."""
    import pydicom

    folder = root / "ibsi" / "ct_phantom"
    slices = sorted(
        (pydicom.dcmread(path) for path in (folder / "image").glob("*.dcm")),
        key=lambda item: float(item.ImagePositionPatient[2]),
    )
    first = slices[0]
    image = np.stack([item.pixel_array * float(item.RescaleSlope) + float(item.RescaleIntercept) for item in slices])
    heights_mm = np.array([float(item.ImagePositionPatient[2]) for item in slices])
    spacing_mm = (float(np.diff(heights_mm).mean()), *(float(step) for step in first.PixelSpacing))
    structure_set = pydicom.dcmread(next((folder / "mask").glob("*.dcm")))
    mask = np.zeros(image.shape, bool)
    for contour in structure_set.ROIContourSequence[0].ContourSequence:
        points_mm = np.array(contour.ContourData, float).reshape(-1, 3)
        plane = int(np.argmin(abs(heights_mm - points_mm[0, 2])))
        index = (points_mm[:, :2] - np.array(first.ImagePositionPatient[:2], float)) / spacing_mm[:0:-1]
        mask[plane] ^= even_odd_fill(index, image.shape[1:])
    return image, mask, spacing_mm


def even_odd_fill(points, shape):
    """Pixels whose center lies inside the polygon of (column, row) vertices, by counting crossings row by row."""
    inside = np.zeros(shape, bool)
    following = np.roll(points, -1, axis=0)
    for row in range(shape[0]):
        crossing = (points[:, 1] <= row) != (following[:, 1] <= row)
        (x0, y0), (x1, y1) = points[crossing].T, following[crossing].T
        for start in x0 + (row - y0) * (x1 - x0) / (y1 - y0):
            inside[row, max(math.ceil(start), 0) :] ^= True
    return inside


def configured(image, mask, spacing_mm, configuration):
    """Resample and re-segment as one of IBSI's configurations A to E says."""
    new_mm = {"A": spacing_mm, "B": (spacing_mm[0], 2.0, 2.0)}.get(configuration, (2.0, 2.0, 2.0))
    if configuration != "A":
        image = np.rint(resampled(image, spacing_mm, new_mm, order=3 if configuration == "E" else 1))
        mask = resampled(mask.astype(float), spacing_mm, new_mm, order=1) >= 0.5 - 1e-9
    ranges_hu = {"A": (-500, 400), "B": (-500, 400), "C": (-1000, 400), "E": (-1000, 400)}
    kept = mask.copy()
    if configuration in ranges_hu:
        kept &= (image >= ranges_hu[configuration][0]) & (image <= ranges_hu[configuration][1])
    if configuration in "DE":
        values = image[kept]
        kept &= abs(image - values.mean()) <= 3 * values.std()
    return Phantom(image, mask, new_mm, kept)


def resampled(values, spacing_mm, new_mm, order):
    from scipy.ndimage import map_coordinates

    axes = [center_aligned(size, old, new) for size, old, new in zip(values.shape, spacing_mm, new_mm, strict=True)]
    return map_coordinates(values, np.meshgrid(*axes, indexing="ij"), order=order, mode="nearest")


def center_aligned(size, old_mm, new_mm):
    count = math.ceil(size * old_mm / new_mm)
    return (size - 1) / 2 + (np.arange(count) - (count - 1) / 2) * new_mm / old_mm
