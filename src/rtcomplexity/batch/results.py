"""What the outputs of a batch need of one evidence record, as typed values; a record's text is parsed here, and once.

Knows the names of the record's fields; knows no database and no file.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.evidence.record import Record


class CodedText(NamedTuple):
    """A reason or an issue; the text may be empty."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSummary:
    """What the ledger keeps of a record in addition to its text."""

    plan_id: str
    verdict: str
    t: float | None
    target_metrics: tuple[str, ...]
    """Keys of the metrics of the gross target."""
    roi_metrics: tuple[str, ...]
    """Keys of the metrics of all ROIs."""

    @classmethod
    def of(cls, record: Record) -> Self:
        """Summarize a record."""
        t = record.score.t
        return cls(
            plan_id=record.plan.id,
            verdict=record.verdict.value,
            t=t if isinstance(t, int | float) else None,
            target_metrics=tuple(sorted(record.gross_target.metrics)),
            roi_metrics=tuple(sorted({key for roi in record.rois for key in roi.metrics})),
        )

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> Self:
        """Read a summary back from JSON values."""
        names = {name: tuple(tree[name]) for name in ("target_metrics", "roi_metrics")}
        return cls(plan_id=tree["plan_id"], verdict=tree["verdict"], t=tree["t"], **names)


class EditResult(NamedTuple):
    """How a target was edited; never scored."""

    basis: str
    extent: str
    moved_share: float | None
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoiResult:
    """One ROI of a plan."""

    number: int
    target_class: str
    generation: str | None
    derived_from: str | None
    is_gross_target: bool
    edit: EditResult | None
    """How it was edited, where a contour that it may have been edited from is there."""
    metrics: Mapping[str, float]
    """Those that have a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanResult:
    """One assessed plan."""

    text: str
    """The record on one line of JSON."""
    verdict: str
    claim: str
    service_level: str | None
    reasons: tuple[CodedText, ...]
    t: float | None
    percentile: float | None
    stratum: str | None
    decided_by: tuple[str, ...]
    profile: str
    profile_sha256: str
    site: str
    fractions: int | None
    approval: str | None
    link: str
    modality: str | None
    slice_spacing_mm: float | None
    image_sets: int
    issue_codes: frozenset[str]
    severities: tuple[str, ...]
    """Of every issue."""
    software: str
    target_metrics: Mapping[str, float]
    """Metrics of the gross target that have a value."""
    rois: tuple[RoiResult, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text of a record."""
        record = json.loads(text)
        plan, score, verdict = record["plan"], record["score"], record["verdict"]
        image = plan["planning_image"] or {}
        edits = {each["roi_number"]: each for each in record.get("edits", ())}
        return cls(
            text=text,
            verdict=verdict["value"],
            claim=verdict["claim"],
            service_level=verdict["service_level"],
            reasons=tuple(CodedText(reason["code"], reason.get("text") or "") for reason in verdict["reasons"]),
            t=_number(score["t"]),
            percentile=_number(score["percentile"]),
            stratum=score["stratum"],
            decided_by=tuple(score["decided_by"]),
            profile=score["profile"]["id"],
            profile_sha256=score["profile"]["sha256"],
            site=plan["facts"]["site"],
            fractions=plan["facts"]["fractions"],
            approval=plan["structure_set"]["approval"],
            link=plan["structure_set"]["link"],
            modality=image.get("modality"),
            slice_spacing_mm=_number(image.get("slice_spacing_mm")),
            image_sets=len(record["image_sets"]),
            issue_codes=frozenset(issue.get("code", "") for issue in record["issues"]),
            severities=tuple(issue["severity"] for issue in record["issues"]),
            software=record["software"]["version"],
            target_metrics=_values(record["gross_target"]["metrics"]),
            rois=tuple(_roi(roi, edits.get(roi["number"])) for roi in record["rois"]),
        )


def _roi(roi: Mapping[str, Any], edit: Mapping[str, Any] | None) -> RoiResult:
    return RoiResult(
        number=roi["number"],
        target_class=roi["target_class"],
        generation=roi["generation"],
        derived_from=roi["derived_from"],
        is_gross_target=roi["is_gross_target"],
        edit=None
        if edit is None
        else EditResult(edit["basis"], edit["extent"], _number(edit["moved_share"]), edit["side"]),
        metrics=_values(roi["metrics"]),
    )


def _values(metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    return {key: metric["value"] for key, metric in metrics.items() if metric["value"] is not None}


def _number(value: object) -> float | None:
    """Give a number as it is, None for what is missing with a reason."""
    return value if isinstance(value, int | float) else None
