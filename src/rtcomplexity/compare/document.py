"""A comparison as plain values for JSON and tables; metrics carry value and unit, or the reason for a missing value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.compare.agreement import AGREEMENT
from rtcomplexity.compare.comparison_metrics import COMPARISONS
from rtcomplexity.compare.mismatches import mismatches
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtcomplexity.compare.comparison import ComparedMatch, Comparison
    from rtcomplexity.compare.observers import ObservedRoi, Observers
    from rtcomplexity.compare.sides import ComparedRoi, Side
    from rtcomplexity.metrics.definition import MetricDefinition
    from rtcomplexity.metrics.measurement import Measurement

SCHEMA: Final = "rtcomplexity/comparison/1"
OBSERVERS_SCHEMA: Final = "rtcomplexity/observers/1"


def document(comparison: Comparison, *, software_version: str) -> dict[str, Any]:
    """All results, with ROI names as in the files."""
    return {
        "schema": SCHEMA,
        "software": {"name": "rtcomplexity", "version": software_version},
        "privacy": "identified",
        "tolerance_mm": comparison.tolerance_mm,
        "first": _side(comparison.first),
        "second": _side(comparison.second),
        "through_registration": comparison.second.through_registration,
        "issues": _issues((comparison.first, comparison.second)),
        "pairs": [_pair(each) for each in comparison.compared],
        "unmatched": {
            "first": _listed(comparison.matching.first_only),
            "second": _listed(comparison.matching.second_only),
        },
        "definitions": _declared(COMPARISONS),
    }


def observers_document(found: Observers, *, labels: Sequence[str], software_version: str) -> dict[str, Any]:
    """All results for several readers; `labels` name them in order."""
    return {
        "schema": OBSERVERS_SCHEMA,
        "software": {"name": "rtcomplexity", "version": software_version},
        "privacy": "identified",
        "tolerance_mm": found.tolerance_mm,
        "reference": found.reference,
        "issues": _issues(found.sides),
        "readers": [{"label": label, **_side(side)} for label, side in zip(labels, found.sides, strict=True)],
        "volume_icc": _measurement(found.icc),
        "rois": [_observed(each, labels) for each in found.rois],
        "definitions": _declared((*AGREEMENT, *COMPARISONS)),
    }


def _declared(definitions: Iterable[MetricDefinition[Any]]) -> dict[str, dict[str, str]]:
    return {
        each.key: {"title": each.title, "unit": each.unit.value, "description": each.description}
        for each in definitions
    }


def _observed(roi: ObservedRoi, labels: Sequence[str]) -> dict[str, Any]:
    return {
        "name": roi.name,
        "number": roi.number,
        "target_class": roi.target_class.value,
        "readers": [labels[place] for place in roi.readers],
        "metrics": {key: _measurement(value) for key, value in roi.values.items()},
        "dice": [[round_significant(value) for value in row] for row in roi.dice.tolist()],
        "worst_place_mm": None if roi.worst_place_mm is None else [round(x, 1) for x in roi.worst_place_mm.tolist()],
        "against_reference": [
            {"reader": labels[place], "metrics": {key: _measurement(value) for key, value in values.items()}}
            for place, values in roi.against_reference
        ],
    }


def _side(side: Side) -> dict[str, Any]:
    structure_set = side.case.structure_set
    return {
        "structure_set": structure_set.sop_instance_uid,
        "sha256": structure_set.file_sha256,
        "approval": structure_set.approval_status,
        "roi_count": len(side.rois),
    }


def _pair(compared: ComparedMatch) -> dict[str, Any]:
    one, other = compared.match.first.roi, compared.match.second.roi
    return {
        "first": one.name,
        "second": other.name,
        "first_number": one.number,
        "second_number": other.number,
        "target_class": one.target_class.value,
        "second_target_class": other.target_class.value,
        "generation": {"first": one.generation, "second": other.generation},
        "matched_by": compared.match.by.value,
        "metrics": {key: _measurement(value) for key, value in compared.values.items()},
    }


def _measurement(measurement: Measurement) -> dict[str, Any]:
    if measurement.value is None:
        return {"value": None, "unit": measurement.unit.value, "reason": measurement.reason}
    return {"value": measurement.value, "unit": measurement.unit.value}


def _listed(rois: Sequence[ComparedRoi]) -> list[dict[str, Any]]:
    return [
        {"name": each.roi.name, "number": each.roi.number, "target_class": each.target_class.value} for each in rois
    ]


def _issues(sides: Sequence[Side]) -> list[dict[str, str]]:
    return [
        {"code": each.code, "severity": each.severity.value, "subject": each.subject, "text": each.text}
        for each in mismatches(sides)
    ]
