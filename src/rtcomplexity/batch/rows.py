"""What one plan is in each output: a line of JSON, a row of the plans' table, rows of the ROIs' table.

Everything comes from the ledger's row; nothing here depends on when, where or how fast a plan was assessed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.messages import RESULT_SCHEMA
from rtcomplexity.model.issue import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.batch.ledger import PlanRow
    from rtcomplexity.batch.results import PlanResult

SAME_COURSE: Final = "same_patient_and_course"
SEVERAL_CLAIMS: Final = "several_claims"
SEVERAL_VERSIONS: Final = "several_versions_of_one_structure_set"
FACE: Final = "pictures_may_show_a_face"
PLAN_COLUMNS: Final = (
    "key", "plan_id", "patient_key", "status", "code", "verdict", "claim", "service_level", "stratum", "t",
    "percentile", "decided_by", "reasons", "site", "fractions", "approval", "link", "modality", "slice_spacing_mm",
    "rois", "image_sets", "issues_info", "issues_warning", "issues_error", "claim_rows", "course_keys", "flags",
    "profile", "profile_sha256", "software",
)  # fmt: skip
EDIT_COLUMNS: Final = ("edit_basis", "edit_extent", "edit_moved_share", "edit_side")
ROI_COLUMNS: Final = (
    "key", "plan_id", "roi", "target_class", "generation", "derived_from", "is_gross_target", *EDIT_COLUMNS,
)  # fmt: skip


def flags_of(plan: PlanRow) -> list[str]:
    """What needs a look: odd claims, several versions of one set, pictures that may show a face."""
    flags = {
        SAME_COURSE: any(claim.sharing > 1 for claim in plan.claims),
        SEVERAL_CLAIMS: len(plan.claims) > 1,
        SEVERAL_VERSIONS: plan.versions > 1,
        FACE: bool(plan.face),
    }
    return [flag for flag, is_set in flags.items() if is_set]


def json_line(plan: PlanRow) -> str:
    """One plan as ``results.jsonl`` has it: what the batch knows of it, and the evidence record as it was written."""
    head = {
        "schema": RESULT_SCHEMA,
        "key": plan.key,
        "plan_id": plan.plan_id,
        "patient_key": plan.patient,
        "status": plan.status.value,
        "code": plan.code,
        "reason": plan.reason,
        "claims": [{"row": claim.claim, "course_key": claim.course} for claim in plan.claims],
        "flags": flags_of(plan),
    }
    record = "null" if plan.result is None else plan.result.text
    return f'{json.dumps(head, ensure_ascii=False, allow_nan=False)[:-1]}, "record": {record}}}\n'


def plan_row(plan: PlanRow, metrics: Sequence[str]) -> list[object]:
    """One plan as ``results.csv`` has it, with the gross target's `metrics` last."""
    facts = {
        "key": plan.key,
        "plan_id": plan.plan_id,
        "patient_key": plan.patient,
        "status": plan.status.value,
        "code": plan.code,
        "claim_rows": " ".join(str(claim.claim) for claim in plan.claims),
        "course_keys": " ".join(claim.course for claim in plan.claims),
        "flags": " ".join(flags_of(plan)),
        **({} if plan.result is None else _facts(plan.result)),
    }
    values = {} if plan.result is None else plan.result.target_metrics
    return [facts.get(name) for name in PLAN_COLUMNS] + [values.get(key) for key in metrics]


def roi_rows(plan: PlanRow, metrics: Sequence[str]) -> Iterator[list[object]]:
    """The ROIs of one plan as ``results_rois.csv`` has them."""
    for roi in () if plan.result is None else plan.result.rois:
        yield [
            plan.key,
            plan.plan_id,
            roi.number,
            roi.target_class,
            roi.generation,
            roi.derived_from,
            roi.is_gross_target,
            *(roi.edit or (None,) * len(EDIT_COLUMNS)),
            *(roi.metrics.get(key) for key in metrics),
        ]


def metric_values(plan: PlanRow) -> Iterator[tuple[str, str, float]]:
    """Every measured value as (group, metric, value); a group is the scored target or a target class."""
    if plan.result is None:
        return
    for key, value in plan.result.target_metrics.items():
        yield "scored target", key, value
    for roi in plan.result.rois:
        for key, value in roi.metrics.items():
            yield roi.target_class, key, value


def _facts(result: PlanResult) -> dict[str, object]:
    return {
        "verdict": result.verdict,
        "claim": result.claim,
        "service_level": result.service_level,
        "reasons": " ".join(reason.code for reason in result.reasons),
        "stratum": result.stratum,
        "t": result.t,
        "percentile": result.percentile,
        "decided_by": " ".join(result.decided_by),
        "site": result.site,
        "fractions": result.fractions,
        "approval": result.approval,
        "link": result.link,
        "modality": result.modality,
        "slice_spacing_mm": result.slice_spacing_mm,
        "rois": len(result.rois),
        "image_sets": result.image_sets,
        **{f"issues_{severity}": result.severities.count(severity) for severity in Severity},
        "profile": result.profile,
        "profile_sha256": result.profile_sha256,
        "software": result.software,
    }
