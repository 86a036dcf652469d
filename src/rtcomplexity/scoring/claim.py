"""The claim axis and readiness: what is known of the claim, apart from how complex the delineation is.

Knows only facts that somebody stated; what nobody stated stays unknown. Payer rules and the claim file are to fill
these same values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtcomplexity.scoring.facts import CaseFacts

CPT_CODE = "32701"
SBRT_MAX_FRACTIONS = 5


class ClaimStatus(StrEnum):
    """Whether known facts allow the claim at all."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    UNKNOWN = "unknown"


class ReadinessState(StrEnum):
    """Whether an item that documentation needs is there."""

    MET = "met"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The claim axis with the rule that decided it."""

    status: ClaimStatus
    text: str
    rule: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessItem:
    """One item that documentation needs."""

    item: str
    state: ReadinessState
    text: str
    supplied_by: str


_MISSING_DOCUMENTS = (
    ("procedure_note", "No procedure note was given to this software.", "physician"),
    ("physician_statement", "No statement of the reason in the physician's own words was given.", "physician"),
    ("physician_minutes", "No actual minutes were given.", "physician"),
    ("typical_minutes", "No local typical minutes were given.", "practice"),
)
_UNKNOWN_FACTS = (
    ("delineated_by", "Who delineated is not stated.", "physician"),
    (
        "reports_77261_77799",
        "Whether the delineating physician also reports 77261-77799 is not stated.",
        "billing team",
    ),
    ("payer_rule", "No payer is stated.", "billing team"),
    ("global_period", f"The global period indicator of {CPT_CODE} is not stated.", "billing team"),
)
_COHORT = ("local_cohort", "No cohort of local plans stands beside the built-in reference.", "practice")
_APPROVAL = {
    "APPROVED": (ReadinessState.MET, "The structure set is approved."),
    "UNAPPROVED": (ReadinessState.MISSING, "The structure set is not approved."),
    "REJECTED": (ReadinessState.MISSING, "The structure set was rejected."),
}


def claim_of(facts: CaseFacts) -> Claim:
    """Return the claim axis from the facts that are known."""
    if facts.fractions is not None and facts.fractions > SBRT_MAX_FRACTIONS:
        return Claim(
            status=ClaimStatus.NOT_ELIGIBLE,
            text=f"The course has {facts.fractions} fractions; {CPT_CODE} is for stereotactic courses.",
            rule=f"{CPT_CODE} is reported with stereotactic treatment of at most {SBRT_MAX_FRACTIONS} fractions",
            source="public coding guidance on thoracic stereotactic target delineation; confirm with the payer",
        )
    return Claim(status=ClaimStatus.UNKNOWN, text="Not enough is stated of the claim to say whether it is eligible.")


def readiness_of(facts: CaseFacts) -> tuple[ReadinessItem, ...]:
    """Return every item that documentation needs, with what is known of it without a claim file."""
    state, text = _APPROVAL.get(
        facts.approval_status, (ReadinessState.UNKNOWN, "The approval status of the structure set is not stated.")
    )
    return (
        *(_item(row, ReadinessState.MISSING) for row in _MISSING_DOCUMENTS),
        *(_item(row, ReadinessState.UNKNOWN) for row in _UNKNOWN_FACTS),
        ReadinessItem(item="approval_status", state=state, text=text, supplied_by="physician"),
        _item(_COHORT, ReadinessState.MISSING),
    )


def _item(row: tuple[str, str, str], state: ReadinessState) -> ReadinessItem:
    item, text, supplied_by = row
    return ReadinessItem(item=item, state=state, text=text, supplied_by=supplied_by)
