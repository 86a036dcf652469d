"""What a claim would still need, and who can supply it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.cli.rendering.text import shown

if TYPE_CHECKING:
    from rtcomplexity.cli.rendering.document import Document

PHYSICIAN, BILLING, DEPARTMENT = "from the physician", "from the billing office", "from the department"
SUPPLIERS = {
    "procedure_note": ("signed procedure note", PHYSICIAN),
    "physician_statement": ("own statement of the additional work and its reason", PHYSICIAN),
    "minutes": ("minutes spent and typical minutes", PHYSICIAN),
    "delineated_by": ("who delineated", PHYSICIAN),
    "planning_codes": ("whether that physician reports 77261-77799", BILLING),
    "payer_rule": ("payer", BILLING),
    "global_period": ("global period of the code", BILLING),
    "approval_status": ("approval of the structure set", PHYSICIAN),
    "cohort": ("a cohort of own routine plans", DEPARTMENT),
}


def missing_by_supplier(verdict: Document) -> dict[str, list[str]]:
    """Items of the record's ``readiness`` that are not met, in plain words, by who can supply them."""
    by_supplier: dict[str, list[str]] = {}
    for entry in verdict["readiness"]:
        if entry["state"] != "met":
            words, supplier = SUPPLIERS.get(entry["item"], (shown(str(entry["item"])).replace("_", " "), DEPARTMENT))
            by_supplier.setdefault(supplier, []).append(words)
    return by_supplier
