"""Limits and geometric tolerances in one frozen value, each with its unit.

Every field can be set by an environment variable ``RTCOMPLEXITY_<FIELD NAME IN CAPITALS>``. Nothing else in the package
reads the environment.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Self

from rtcomplexity.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "RTCOMPLEXITY_"
TOLERANCES = (
    "plane_tolerance_mm",
    "planarity_tolerance_mm",
    "duplicate_area_fraction",
    "duplicate_width_pixels",
    "pixel_fallback_mm",
    "gap_factor",
)
"""Fields that can change a measurement, and so a verdict; the others can only refuse input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What input is accepted, and when two positions count as one.

    What is over a limit is refused before it is unpacked or allocated; the text of the refusal names the limit.
    """

    max_file_bytes: int = 2_000_000_000
    """Largest single file that is opened, bytes."""
    max_structure_set_bytes: int = 1_000_000_000
    """Largest structure set that is read, bytes."""
    max_contour_points: int = 100_000_000
    """Most contour vertices in one structure set."""
    max_contours: int = 2_000_000
    """Most contours in one structure set."""
    max_rois: int = 500
    """Most ROIs in one structure set (segmenting a whole body gives some 120; 500 take 9 s and 0.5 GB)."""
    max_targets: int = 300
    """Most targets in one set: 100 metastases with GTV, CTV and PTV (measured in pairs: 2 min and 0.9 GB)."""
    max_image_pixels: int = 4_000_000_000
    """Most pixels (rows x columns x frames) in one image series that are decoded."""
    max_frame_pixels: int = 67_108_864
    """Most pixels (rows x columns) of one frame that is decoded."""
    max_elements: int = 100_000
    """Most elements at the top level of one file (real ones have hundreds)."""
    max_nesting: int = 32
    """Deepest sequence within sequences in one file, levels (DICOM's own objects have under 10)."""
    max_inflation: int = 50
    """A deflated file or an archive may unpack to this many times its size ..."""
    inflation_floor_bytes: int = 16_000_000
    """... or to this many bytes, whichever is more."""
    max_archive_entries: int = 10_000
    """Most entries of one zip or tar archive (a plan on 4D-CT has about 2,000)."""
    threads: int = 1
    """Cores that an analysis or a comparison may use (`analyze`, `compare`: all there are); results do not change."""
    max_upload_files: int = 5_000
    """Most files of one upload to the local page of `serve`."""
    max_upload_bytes: int = 2_000_000_000
    """Most bytes of one upload to that page, bytes."""
    plane_tolerance_mm: float = 0.01
    """Contours whose positions along the normal differ by less are on one plane, mm."""
    planarity_tolerance_mm: float = 0.5
    """A closed contour may leave its own plane by this much before it is called non-planar, mm."""
    duplicate_area_fraction: float = 0.02
    """Two contours are copies if their symmetric difference is under this share of their union ..."""
    duplicate_width_pixels: float = 0.25
    """... and, divided by their mean perimeter, under this many pixels."""
    pixel_fallback_mm: float = 1.0
    """Pixel size where no planning image is linked, mm."""
    gap_factor: float = 1.5
    """Planes further apart than this many typical spacings, with empty slices between, are a gap."""

    def changed_tolerances(self) -> dict[str, str]:
        """Tolerances that differ from their defaults, by the variable that sets them.

        Examples
        --------
        >>> Settings(gap_factor=2.5, max_rois=9).changed_tolerances()
        {'RTCOMPLEXITY_GAP_FACTOR': '2.5'}
        """
        changed = {name: getattr(self, name) for name in TOLERANCES if getattr(self, name) != getattr(Settings(), name)}
        return {PREFIX + name.upper(): f"{value:g}" for name, value in changed.items()}

    def with_default_tolerances(self) -> Self:
        """Keep the limits, and take the default tolerances."""
        return replace(self, **{name: getattr(Settings(), name) for name in TOLERANCES})

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the fields that the environment sets; the others keep their defaults.

        Raises
        ------
        UsageError
            If a variable holds no positive number, or names no field.
        """
        environment = os.environ if environment is None else environment
        known = {PREFIX + field.name.upper(): field for field in fields(cls)}
        values: dict[str, int | float] = {}
        for variable, field in known.items():
            if variable not in environment:
                continue
            kind = int if isinstance(field.default, int) else float
            values[field.name] = _positive(variable, environment[variable], kind)
        return cls(**values)  # type: ignore[arg-type]


def _positive(variable: str, text: str, kind: type[int | float]) -> int | float:
    try:
        value = kind(text)
    except ValueError:
        value = 0
    if not 0 < value < float("inf"):
        raise UsageError(variable, text, f"a positive {'whole ' if kind is int else ''}number")
    return value
