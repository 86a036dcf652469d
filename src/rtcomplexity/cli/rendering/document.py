"""The record as renderers see it: the one JSON document of an assessment, read and never changed.

Knows the record's keys and how its numbers are printed; knows nothing of tables, colours or widths.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtcomplexity.cli.rendering.text import shortened

Document = Mapping[str, Any]
NO_VALUE = "-"
NAME_LENGTH = 32
TARGET_CLASSES = ("GTV", "ITV", "CTV", "PTV")


def value_of(owner: Document, key: str) -> float | None:
    """Value of the metric `key` of an ROI, a relation or the gross target; None where there is none."""
    value = owner["metrics"].get(key, {}).get("value")
    return None if value is None else float(value)


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


def count(owner: Document, key: str) -> str:
    """Print a counted metric."""
    return decimal(value_of(owner, key), 0)


def name_of(roi: Document) -> str:
    """Name of an ROI as it can be shown."""
    return shortened(str(roi["name"]), NAME_LENGTH)


def is_target(roi: Document) -> bool:
    """Whether an ROI is a target volume."""
    return roi["target_class"] in TARGET_CLASSES


def subject_of(issue: Document, document: Document) -> str:
    """What an issue is about, with ROI numbers replaced by names."""
    kind, *numbers = str(issue["subject"]).split(":")
    if kind not in {"roi", "relation"}:
        return " ".join([kind, *numbers])
    names = {str(roi["number"]): name_of(roi) for roi in document["rois"]}
    return " and ".join(names.get(number, f"ROI {number}") for number in numbers)
