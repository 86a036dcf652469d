"""Hand-made records for tests of what a terminal shows of them; every number is invented."""

from rtcomplexity.evidence.record import Record

ABSENT = {"value": None, "reason": "not measured"}


def metric(value, unit="1"):
    return {"value": value, "unit": unit} if value is not None else {"value": None, "unit": unit, "reason": "none"}


def roi(number, name, target_class, *, contours=21, volume=155.9, system=None, generation="MANUAL", derived_from=None):
    return {
        "name": name,
        "number": number,
        "target_class": target_class,
        "class_decided_by": "name",
        "generation": generation,
        "derived_from": derived_from,
        "is_gross_target": target_class == "GTV",
        "metrics": {
            "contour.count": metric(contours),
            "contour.plane_count": metric(contours),
            "contour.point_count": metric(100 * contours),
            "shape.volume": metric(volume, "cm3"),
            "shape.tps_volume": metric(system, "cm3"),
        },
    }


def image_set(modality, role, level, slices=134):
    return {
        "modality": modality,
        "role": role,
        "level": level,
        "shown_by": "134 of 134 study-level references",
        "phases": 1,
        "slices": slices,
        "series_uids": ["1.2.3"],
        "registration": None,
    }


def issue(severity, subject="roi:2", text="20 contours stand twice."):
    return {"code": "duplicate-contours", "severity": severity, "subject": subject, "text": text}


def readiness(item, state, supplied_by):
    return {"item": item, "state": state, "text": "A sentence.", "supplied_by": supplied_by}


ROIS = (
    roi(1, "Lung_L", "OAR", volume=2219.4),
    roi(2, "GTV-1", "GTV", system=156.1),
    roi(3, "PTV-1", "PTV", volume=589.9),
)
READINESS = (
    readiness("procedure_note", "missing", "physician"),
    readiness("payer_rule", "unknown", "billing team"),
    readiness("approval_status", "met", "physician"),
)


def verdict(value="rejects", *, claim="unknown", in_favor=("Shape: high.",), against=("Fusion: typical.",)):
    return {
        "value": value,
        "text": "The plan files do not support it.",
        "reasons": [
            {"code": "below_reject_cutoff", "text": "T is 40, below 75."},
            {"code": "unstable", "text": "Only a share of 0.6 agreed."},
        ],
        "claim": claim,
        "claim_rule": {"text": "Not enough is stated of the claim.", "rule": None, "source": None},
        "service_level": {"supports": "22", "rejects": "11"}.get(value),
        "service_level_note": "11 is the source table's word for a routine service.",
        "for": list(in_favor),
        "against": list(against),
        "why_not": [],
        "stability": ABSENT,
        "false_support_rate": {"value": None, "reason": "the profile is not calibrated"},
        "readiness": list(READINESS),
    }


def family(family_id, title, score):
    return {
        "id": family_id,
        "title": title,
        "group": family_id,
        "may_anchor": True,
        "raw": 10,
        "score": score,
        "level": "typical",
        "factors": [factor(f"scored.{family_id}", f"{title} factor")],
    }


def factor(metric, title):
    return {
        "metric": metric, "title": title, "value": 1.25, "reason": None, "unit": "1", "direction": "higher",
        "percentile": 40, "counted_percentile": 40, "level": "typical", "reference_median": 1.3,
        "routine_range": [1, 2], "effect_floor": 0, "basis": "model", "source": "convention", "n": None,
    }  # fmt: skip


SCORE = {
    "profile": {"id": "p-0", "version": "0", "title": "A profile", "notice": "Local.", "sha256": "ab" * 32},
    "stratum": "thoracic-sbrt",
    "reference": {
        "title": "thoracic SBRT",
        "population": ABSENT,
        "max_gross_target_volume_cm3": 100,
        "c_reject": 75,
        "c_support": 97.5,
        "source": "convention",
    },
    "t": 40,
    "percentile": 61.25,
    "decided_by": ["shape", "topology"],
    "families": [family("shape", "Shape", 40), family("topology", "Topology", 30)],
    "groups": [],
}
PLAN = {
    "id": "cd" * 32,
    "structure_set": {
        "sop_instance_uid": "1.2.3.4",
        "chosen_because": "it refers to images that are here",
        "alternatives": [{"sop_instance_uid": "1.2.3.5", "because": "its images are not here"}],
        "approval": "not stated",
        "manufacturer": "Phantom",
        "roi_count": 3,
        "link": "study_level_references",
        "link_text": "134 of 134 study-level references",
    },
    "planning_image": None,
    "rt_plan": None,
    "facts": {"site": "unknown", "site_stated_by": "nobody", "fractions": None, "fractions_stated_by": "nobody"},
}


IMAGE_SETS = (image_set("CT", "planning", "referenced"), image_set("PT", "secondary", "registered", 267))
ISSUES = (issue("warning"), issue("info"))


def record_of(
    *,
    rois=ROIS,
    image_sets=IMAGE_SETS,
    issues=ISSUES,
    options=None,
    **about_verdict,
):
    return Record.model_validate(
        {
            "schema": "rtcomplexity/evidence/1",
            "software": {"name": "rtcomplexity", "version": "0.1.0"},
            "privacy": "identified",
            "disclaimer": "This lists measurements. It is not a coding, medical-necessity or payment decision.",
            "options": options or {},
            "plan": PLAN,
            "image_sets": list(image_sets),
            "rois": list(rois),
            "relations": [],
            "gross_target": {"rois": [2], "metrics": {}},
            "score": SCORE,
            "verdict": verdict(**about_verdict),
            "issues": list(issues),
            "metric_definitions": {},
        }
    )
