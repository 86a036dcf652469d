"""Masks as NIfTI files, for checks with other tools.

NIfTI axes point right and anterior (RAS), DICOM axes left and posterior (LPS). Array axes are (i, j, k): columns, rows,
slices. Works on runs and image grids; writes no file itself.
"""

from __future__ import annotations

import gzip
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rtcomplexity.errors import GeometryError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.geometry.stack.runs import Runs
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.image import ImageGrid
    from rtcomplexity.model.structure_set import Roi

SUFFIX: Final = ".nii.gz"
EVEN_SHARE: Final = 0.01
"""Slices are evenly spaced if none is off by more than this share of their spacing."""
LONGEST_NAME: Final = 64
RAS_FROM_LPS: Final = np.diag([-1.0, -1.0, 1.0, 1.0])
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9+.-]+")
_RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)


def ras_from_index(grid: ImageGrid) -> Floats:
    """(4, 4) affine from (i, j, k) to right, anterior, superior, mm.

    Raises
    ------
    GeometryError
        If the slices are not evenly spaced, or a single one does not tell how thick it is: no affine maps them.
    """
    affine = np.eye(4)
    affine[:3, 0] = grid.row_direction * grid.column_spacing_mm
    affine[:3, 1] = grid.column_direction * grid.row_spacing_mm
    affine[:3, 2] = _slice_step_mm(grid)
    affine[:3, 3] = grid.slice_origins_mm[0]
    return RAS_FROM_LPS @ affine


def _slice_step_mm(grid: ImageGrid) -> Floats:
    """(3,) from each slice to the next, LPS, mm."""
    origins = grid.slice_origins_mm
    if len(origins) < 2:
        if grid.slice_spacing_mm is None:
            raise GeometryError(
                "The planning image is a single slice of unknown thickness.", "an image of more slices."
            )
        return np.asarray(grid.normal * grid.slice_spacing_mm)
    step = (origins[-1] - origins[0]) / (len(origins) - 1)
    even = origins[0] + np.arange(len(origins))[:, None] * step
    out_of_place = float(np.linalg.norm(origins - even, axis=1).max())
    if out_of_place > EVEN_SHARE * float(np.linalg.norm(step)):
        raise GeometryError(
            f"The planning image's slices are not evenly spaced: one lies {out_of_place:.3g} mm off, and a NIfTI file "
            "cannot say so.",
            "an image whose slices are evenly spaced; all other commands measure this one as it is.",
        )
    return np.asarray(step)


def nifti_bytes(runs: Runs, grid: ImageGrid) -> bytes:
    """Contents of a gzipped NIfTI file with 1 in the voxels of the runs and 0 elsewhere; reproducible byte by byte.

    Parameters
    ----------
    runs
        On the grid's slices, rows and columns.
    grid
        The planning image's.

    Raises
    ------
    GeometryError
        If no affine maps the grid.
    MissingExtraError
        If nibabel is not installed.
    """
    try:
        import nibabel  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise MissingExtraError("Writing masks as NIfTI", "nifti") from error
    planes, rows, columns = runs.shape
    mask = runs.mask((slice(0, planes), slice(0, rows), slice(0, columns)))
    affine = ras_from_index(grid)
    image_class: Any = nibabel.Nifti1Image  # nibabel's own functions carry no types
    image = image_class(mask.transpose(2, 1, 0).astype(np.uint8), affine)
    image.set_sform(affine, code=1)
    if _has_right_angles(affine):
        image.set_qform(affine, code=1)
    image.header.set_xyzt_units("mm")
    return gzip.compress(image.to_bytes(), compresslevel=6, mtime=0)


def _has_right_angles(affine: Floats) -> bool:
    """Whether a quaternion can represent it: the slices of a tilted gantry are sheared."""
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool(np.allclose(axes.T @ axes, np.eye(3), atol=1e-4))


def file_names(rois: Sequence[Roi]) -> list[str]:
    """A file name for each ROI: only letters, digits and ``+ . - _``, unique regardless of case.

    Equal names get the ROI number, and if still equal their position in the list.

    Examples
    --------
    >>> safe_name("1,SUV_primair"), safe_name("../GTV/1"), safe_name("nul")
    ('1_SUV_primair', 'GTV_1', 'nul_')
    """
    names = [safe_name(roi.name) or f"roi_{roi.number}" for roi in rois]
    for marks in ([roi.number for roi in rois], range(len(rois))):
        counts = Counter(name.casefold() for name in names)
        names = [f"{name}_{m}" if counts[name.casefold()] > 1 else name for name, m in zip(names, marks, strict=True)]
    return [name + SUFFIX for name in names]


def safe_name(name: str) -> str:
    """Turn a name into a plain file name valid on every system; empty if nothing of it can be kept."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    safe = _UNSAFE.sub("_", plain).strip("._-")[:LONGEST_NAME].rstrip("._-")
    return f"{safe}_" if _RESERVED.match(safe) else safe
