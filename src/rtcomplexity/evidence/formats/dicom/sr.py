"""The record as a structured report (Comprehensive SR, TID 1500): a group per target, and one for the verdict.

Names are IBSI codes where the metric is IBSI's, else private ones of the scheme 99RTCX, which the report identifies.
Units are those of the record, as UCUM.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydicom.dataset import Dataset

from rtcomplexity.errors import MissingExtraError
from rtcomplexity.evidence.formats.dicom.common_modules import (
    MANUFACTURER,
    identification_in,
    instance_of,
    set_times,
    structure_set_reference,
    to_bytes,
    uid_of,
)
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.record import Measured, Missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.evidence.record import Record, RoiRecord

PRIVATE: Final = "99RTCX"
IBSI: Final = "IBSI"
TARGETS: Final = {
    "GTV": ("228791009", "SCT", "GTV - Gross tumor volume"),
    "CTV": ("228792002", "SCT", "CTV - Clinical target volume"),
    "PTV": ("228793007", "SCT", "PTV - Planning target volume"),
    "ITV": ("130056", "DCM", "Internal Target Volume"),
}
_OWN: Final = {
    "contour.count": ("CONTOURS", "Number of contours"),
    "contour.plane_count": ("PLANES", "Number of contoured planes"),
    "shape.volume": ("VOLUME_SLAB", "Volume, sum of slabs"),
    "shape.tps_volume": ("VOLUME_TPS", "Volume of the treatment planning system"),
}
_UCUM: Final = {
    "1": ("1", "no units"),
    "mm": ("mm", "millimeter"),
    "mm2": ("mm2", "square millimeter"),
    "mm3": ("mm3", "cubic millimeter"),
    "cm2": ("cm2", "square centimeter"),
    "cm3": ("cm3", "cubic centimeter"),
    "1/mm": ("/mm", "per millimeter"),
    "HU": ("[hnsf'U]", "Hounsfield unit"),
    "g/ml": ("g/ml{SUVbw}", "Standardized Uptake Value body weight"),
    "%": ("%", "percent"),
}
_VERDICTS: Final = {
    "supports": ("SUPPORTS", "Plan data support modifier 22"),
    "rejects": ("REJECTS", "Plan data do not support modifier 22"),
    "indeterminate": ("INDETERMINATE", "Plan data are inconclusive"),
    "insufficient_evidence": ("INSUFFICIENT", "Evidence is insufficient"),
}
_PROCEDURE: Final = ("108290001", "SCT", "Radiation oncology AND/OR radiotherapy")
_LONGEST_MEANING: Final = 64


def structured_report(record: Record, written_at: str) -> bytes:
    """Write the report.

    Parameters
    ----------
    record
        Identified.
    written_at
        Time of the run, UTC, from the manifest.

    Raises
    ------
    UsageError
        If the record is de-identified.
    MissingExtraError
        If highdicom is not installed.
    """
    identification_in(record)
    try:
        from highdicom import sr  # noqa: PLC0415 -- an extra
    except ImportError as fault:
        feature = "sr"
        raise MissingExtraError(feature, "dicom-out") from fault
    reference = structure_set_reference(record)
    report = sr.ComprehensiveSR(
        evidence=[reference],
        content=_content(record, sr),
        **instance_of("sr", 9902, record, written_at),
        is_complete=True,
        is_final=True,
        is_verified=False,
        series_description="Delineation complexity",
    )
    report.CodingSchemeIdentificationSequence = [_scheme()]
    set_times(report, written_at)
    return to_bytes(report)


def _content(record: Record, sr: Any) -> Any:  # noqa: ANN401 -- of highdicom
    attributes = sr.DeviceObserverIdentifyingAttributes(
        uid=uid_of("rtcomplexity", record.software.version), name="rtcomplexity", manufacturer_name=MANUFACTURER
    )
    observer = sr.ObserverContext(code_of(("121007", "DCM", "Device")), attributes)
    groups = [
        _verdict_group(record, sr),
        *(_target_group(roi, record, sr) for roi in record.rois if roi.target_class in TARGETS),
    ]
    return sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer),
        procedure_reported=code_of(_PROCEDURE),
        imaging_measurements=groups,
        title=code_of(("126000", "DCM", "Imaging Measurement Report")),
    )


def _verdict_group(record: Record, sr: Any) -> Any:  # noqa: ANN401 -- of highdicom
    t = record.score.t
    measured = (
        [] if isinstance(t, Missing) else [_measurement(("SCORE_T", PRIVATE, "Contour complexity score T"), t, "1", sr)]
    )
    name = code_of(("VERDICT", PRIVATE, "Support of modifier 22 by the plan data"))
    word = code_of((_VERDICTS[record.verdict.value][0], PRIVATE, _VERDICTS[record.verdict.value][1]))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid_of("verdict", record.plan.id), "Delineation complexity"),
        measurements=measured or None,
        qualitative_evaluations=[sr.QualitativeEvaluation(name, word)],
    )


def _target_group(roi: RoiRecord, record: Record, sr: Any) -> Any:  # noqa: ANN401 -- of highdicom
    number = f"ROI {roi.number}"
    label = f"{number}: {shown(roi.name)}"[:_LONGEST_MEANING]
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid_of("roi", record.plan.id, roi.number), label),
        finding_type=code_of(TARGETS[roi.target_class]),
        measurements=[_measurement(*each, sr) for each in _values(roi, record)] or None,
    )


def _values(roi: RoiRecord, record: Record) -> Iterator[tuple[tuple[str, str, str], float, str]]:
    """Code, value and unit of every metric that has a code and a value."""
    for key, metric in sorted(roi.metrics.items()):
        definition = record.metric_definitions.get(key)
        if not isinstance(metric, Measured) or definition is None or metric.unit not in _UCUM:
            continue
        if key in _OWN:
            yield (_OWN[key][0], PRIVATE, _OWN[key][1]), metric.value, metric.unit
        elif definition.ibsi_code:
            yield (definition.ibsi_code, IBSI, definition.title[:_LONGEST_MEANING]), metric.value, metric.unit


def _measurement(name: tuple[str, str, str], value: float, unit: str, sr: Any) -> Any:  # noqa: ANN401 -- of highdicom
    code, meaning = _UCUM[unit]
    return sr.Measurement(name=code_of(name), value=value, unit=code_of((code, "UCUM", meaning)))


def code_of(code: tuple[str, str, str]) -> Any:  # noqa: ANN401 -- of highdicom
    """Turn value, scheme and meaning into a coded concept; highdicom must be installed."""
    from highdicom.sr import CodedConcept  # noqa: PLC0415 -- an extra

    value, scheme, meaning = code
    return CodedConcept(value=value, scheme_designator=scheme, meaning=meaning)


def _scheme() -> Dataset:
    item = Dataset()
    item.CodingSchemeDesignator = PRIVATE
    item.CodingSchemeUID = uid_of("rtcomplexity", "coding scheme")
    item.CodingSchemeName = "rtcomplexity measurements and verdicts"
    item.CodingSchemeResponsibleOrganization = MANUFACTURER
    return item
