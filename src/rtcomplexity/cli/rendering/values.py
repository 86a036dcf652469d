"""Reading and printing single values of the record.

Knows the record's types and how its numbers are printed; knows nothing of tables, colors or widths.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.evidence.formats.text import shortened
from rtcomplexity.evidence.page import TARGET_ORDER

if TYPE_CHECKING:
    from rtcomplexity.evidence.record import IssueRecord, Metrics, Record, RoiRecord

NO_VALUE = "-"
NAME_LENGTH = 32
UNRESOLVED = "UNRESOLVED"
VOLUME, SYSTEM_VOLUME = "shape.volume", "shape.tps_volume"
SUV_MAX = "pet.suvbw_max"
VOLUME_DEVIATION = "shape.volume_deviation"
TOLD_DEVIATION_PERCENT = 0.5
CONTOURS, PLANES, POINTS = "contour.count", "contour.plane_count", "contour.point_count"


def value_of(metrics: Metrics, key: str) -> float | None:
    """Value of the metric `key`; None where there is none."""
    return metrics[key].value if key in metrics else None


def decimal(value: float | None, digits: int = 1) -> str:
    """Print with a fixed number of decimals.

    Examples
    --------
    >>> decimal(155.912), decimal(None)
    ('155.9', '-')
    """
    return NO_VALUE if value is None else f"{value:.{digits}f}"


def volume(value_cm3: float | None) -> str:
    """Print a volume in cm3: two decimals under 10, else one."""
    return decimal(value_cm3, 2 if value_cm3 is not None and abs(value_cm3) < 10 else 1)


def own_volume(metrics: Metrics) -> str:
    """Print our volume, with ± its standard deviation over the planes' phase where that is half a per cent or more."""
    value, percent = value_of(metrics, VOLUME), value_of(metrics, VOLUME_DEVIATION)
    if value is None or percent is None or percent < TOLD_DEVIATION_PERCENT:
        return volume(value)
    return f"{volume(value)} ±{value * percent / 100:.2g}"


def count(metrics: Metrics, key: str) -> str:
    """Print a counted metric."""
    return decimal(value_of(metrics, key), 0)


def name_of(roi: RoiRecord) -> str:
    """Name of an ROI as it can be shown."""
    return shortened(roi.name, NAME_LENGTH)


def is_target(roi: RoiRecord) -> bool:
    """Whether an ROI is a target volume."""
    return roi.target_class in TARGET_ORDER


def names_by_number(record: Record) -> dict[int, str]:
    """Names of all ROIs as they can be shown."""
    return {roi.number: name_of(roi) for roi in record.rois}


def subject_of(issue: IssueRecord, names: dict[int, str]) -> str:
    """What an issue is about, with ROI numbers replaced by names."""
    kind, *numbers = issue.subject.split(":")
    if kind not in {"roi", "relation"}:
        return shortened(" ".join([kind, *numbers]), NAME_LENGTH)
    return " and ".join(names.get(int(number), f"ROI {number}") for number in numbers)
