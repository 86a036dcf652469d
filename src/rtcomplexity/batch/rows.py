"""What one plan is in each output: a line of JSON, a row of the plans' table, rows of the ROIs' table.

Everything comes from the ledger's row; nothing here depends on when, where or how fast a plan was assessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.batch.values import RESULT_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.batch.ledger import PlanRow

SAME_COURSE: Final = "same_patient_and_course"
SEVERAL_CLAIMS: Final = "several_claims"
SEVERAL_VERSIONS: Final = "several_versions_of_one_structure_set"
FACE: Final = "pictures_may_show_a_face"
SEVERITIES: Final = ("info", "warning", "error")
PLAN_COLUMNS: Final = (
    "key", "plan_id", "patient_key", "status", "code", "verdict", "claim", "service_level", "stratum", "t",
    "percentile", "decided_by", "reasons", "site", "fractions", "approval", "link", "modality", "slice_spacing_mm",
    "rois", "image_sets", "issues_info", "issues_warning", "issues_error", "claim_rows", "course_keys", "flags",
    "profile", "profile_sha256", "software",
)  # fmt: skip
ROI_COLUMNS: Final = ("key", "plan_id", "roi", "target_class", "generation", "derived_from", "is_gross_target")


def flags_of(plan: PlanRow) -> list[str]:
    """What a person should look at: odd claims, several versions of one set, pictures that may show a face."""
    flags = {
        SAME_COURSE: any(claim.sharing > 1 for claim in plan.claims),
        SEVERAL_CLAIMS: len(plan.claims) > 1,
        SEVERAL_VERSIONS: plan.versions > 1,
        FACE: bool(plan.face),
    }
    return [flag for flag, is_set in flags.items() if is_set]


def json_line(plan: PlanRow) -> dict[str, Any]:
    """One plan as ``results.jsonl`` has it: the evidence record, and what the batch knows of it."""
    return {
        "schema": RESULT_SCHEMA,
        "key": plan.key,
        "plan_id": plan.plan_id,
        "patient_key": plan.patient,
        "status": plan.status.value,
        "code": plan.code,
        "reason": plan.reason,
        "claims": [{"row": claim.claim, "course_key": claim.course} for claim in plan.claims],
        "flags": flags_of(plan),
        "record": plan.record,
    }


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
        **({} if plan.record is None else _facts(plan.record)),
    }
    values = {} if plan.record is None else plan.record["gross_target"]["metrics"]
    return [facts.get(name) for name in PLAN_COLUMNS] + [_value(values, key) for key in metrics]


def roi_rows(plan: PlanRow, metrics: Sequence[str]) -> Iterator[list[object]]:
    """The ROIs of one plan as ``results_rois.csv`` has them."""
    for roi in () if plan.record is None else plan.record["rois"]:
        yield [
            plan.key,
            plan.plan_id,
            roi["number"],
            roi["target_class"],
            roi["generation"],
            roi["derived_from"],
            roi["is_gross_target"],
            *(_value(roi["metrics"], key) for key in metrics),
        ]


def metric_values(plan: PlanRow) -> Iterator[tuple[str, str, float]]:
    """Every measured value as (group, metric, value); a group is the scored target or a target class."""
    if plan.record is None:
        return
    for key, metric in plan.record["gross_target"]["metrics"].items():
        if metric["value"] is not None:
            yield "scored target", key, metric["value"]
    for roi in plan.record["rois"]:
        for key, metric in roi["metrics"].items():
            if metric["value"] is not None:
                yield roi["target_class"], key, metric["value"]


def _facts(record: Mapping[str, Any]) -> dict[str, object]:
    plan, score, verdict = record["plan"], record["score"], record["verdict"]
    image = plan["planning_image"] or {}
    severities = [issue["severity"] for issue in record["issues"]]
    return {
        "verdict": verdict["value"],
        "claim": verdict["claim"],
        "service_level": verdict["service_level"],
        "reasons": " ".join(reason["code"] for reason in verdict["reasons"]),
        "stratum": score["stratum"],
        "t": _known(score["t"]),
        "percentile": _known(score["percentile"]),
        "decided_by": " ".join(score["decided_by"]),
        "site": plan["facts"]["site"],
        "fractions": plan["facts"]["fractions"],
        "approval": plan["structure_set"]["approval"],
        "link": plan["structure_set"]["link"],
        "modality": image.get("modality"),
        "slice_spacing_mm": _known(image.get("slice_spacing_mm")),
        "rois": len(record["rois"]),
        "image_sets": len(record["image_sets"]),
        **{f"issues_{severity}": severities.count(severity) for severity in SEVERITIES},
        "profile": score["profile"]["id"],
        "profile_sha256": score["profile"]["sha256"],
        "software": record["software"]["version"],
    }


def _value(metrics: Mapping[str, Mapping[str, Any]], key: str) -> object:
    return metrics[key]["value"] if key in metrics else None


def _known(value: object) -> object:
    """Give a number as it is; what is missing with a reason is empty in a table."""
    return None if isinstance(value, dict) else value
