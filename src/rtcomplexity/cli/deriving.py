"""The record of an evidence folder: made when it is left, and derived again when it is verified, in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.cli.assessing import assessed, deidentified_record, identified_record
from rtcomplexity.cli.options import DEFAULT_PROFILE
from rtcomplexity.errors import MissingOptionError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtcomplexity.assessment import Assessment
    from rtcomplexity.evidence.record import Record

CLAIM_ITEMS: Final = frozenset(
    {
        "procedure_note",
        "physician_statement",
        "physician_minutes",
        "typical_minutes",
        "delineated_by",
        "reports_77261_77799",
        "global_period",
    }
)
"""What only a claim file can supply."""
NEEDED: Final = {
    "--map": ("names of ROIs", '--map "NAME=GTV"'),
    "--structure-set": ("a chosen structure set", "--structure-set UID"),
    "--profile": ("another profile", "--profile NAME"),
    "--claim": ("a claim file", "--claim FILE"),
    "--cohort": ("a local cohort", "--cohort FILE"),
}
"""Options whose value a record does not hold: what the folder was made with, and what to add."""


def kept_record(assessment: Assessment, *, profile: str, identified: bool) -> Record:
    """Return the record as a folder keeps it: de-identified unless asked not to."""
    return identified_record(assessment) if identified else deidentified_record(assessment, profile)


def derived_again(
    saved: Record,
    path: Path,
    *,
    profile: str | None,
    aliases: Sequence[str] | None,
    structure_set_uid: str | None,
    claim: Path | None = None,
    cohort: Path | None = None,
    quiet: bool,
) -> tuple[Assessment, Record]:
    """Assess the plan with the options that the saved record names.

    Parameters
    ----------
    profile, aliases, structure_set_uid, claim, cohort : what the record does not tell, given once more by the user

    Raises
    ------
    MissingOptionError
        If the record was made with an option whose value it does not hold, and it was not given again.
    """
    facts, options = saved.plan.facts, saved.options
    given = {
        "--map": aliases,
        "--structure-set": structure_set_uid,
        "--profile": profile,
        "--claim": claim,
        "--cohort": cohort,
    }
    needed = {*options, "--claim"} if _rests_on_a_claim(saved) else {*options}
    for option, value in given.items():
        if option in needed and not value:
            made_with, added = NEEDED[option]
            raise MissingOptionError(
                option, f"This folder was made with {made_with} and does not hold it.", f"{added}, as analyze was given"
            )
    used = profile or DEFAULT_PROFILE
    stated: dict[str, Any] = {"claim": claim, "payer": options.get("--payer"), "cohort": cohort}
    site = facts.site.replace("_", "-") if facts.site_stated_by == "user" else None
    assessment = assessed(
        path,
        profile=used,
        aliases=aliases,
        structure_set_uid=structure_set_uid,
        site=site,
        fractions=facts.fractions if facts.fractions_stated_by == "user" else None,
        quick="--quick" in options,
        quiet=quiet,
        **{name: value for name, value in stated.items() if value is not None},
    )
    identified = saved.privacy == "identified"
    return assessment, kept_record(assessment, profile=used, identified=identified)


def _rests_on_a_claim(record: Record) -> bool:
    """Whether something in the record can only have come from a claim file."""
    facts = record.plan.facts
    is_met = any(each.item in CLAIM_ITEMS and each.state == "met" for each in record.verdict.readiness)
    stated = record.identification
    is_met = is_met or (stated is not None and bool(stated.date_of_service or stated.cpt_code))
    return is_met or "claim" in {facts.site_stated_by, facts.fractions_stated_by}
