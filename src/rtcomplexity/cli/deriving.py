"""The record of an evidence folder: made when it is left, and derived again when it is verified, in one way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.cli.assessing import assessed, identified_record
from rtcomplexity.cli.options import DEFAULT_PROFILE
from rtcomplexity.errors import MissingOptionError
from rtcomplexity.evidence.deidentification import deidentified

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from rtcomplexity.assessment import Assessment
    from rtcomplexity.evidence.record import Record

NEEDED: Final = {
    "--map": ("names of ROIs", '--map "NAME=GTV"'),
    "--structure-set": ("a chosen structure set", "--structure-set UID"),
    "--profile": ("another profile", "--profile NAME"),
    "--claim": ("a claim file", "--claim FILE"),
    "--cohort": ("a local cohort", "--cohort FILE"),
}
"""Options whose value a record does not hold: what the folder was made with, and what to add."""


def kept_record(assessment: Assessment, *, identified: bool) -> Record:
    """Return the record as a folder keeps it: de-identified unless asked not to."""
    return identified_record(assessment) if identified else deidentified(assessment.record)


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
    facts = saved.plan.facts
    given = {
        "--map": aliases,
        "--structure-set": structure_set_uid,
        "--profile": profile,
        "--claim": claim,
        "--cohort": cohort,
    }
    _check_given(saved, {option for option, value in given.items() if value})
    used = profile or DEFAULT_PROFILE
    assessment = assessed(
        path,
        profile=used,
        aliases=aliases,
        structure_set_uid=structure_set_uid,
        site=facts.site.replace("_", "-") if facts.site_stated_by == "user" else None,
        fractions=facts.fractions if facts.fractions_stated_by == "user" else None,
        claim=claim,
        payer=saved.options.get("--payer"),
        cohort=cohort,
        quick="--quick" in saved.options,
        quiet=quiet,
    )
    return assessment, kept_record(assessment, identified=saved.privacy == "identified")


def _check_given(saved: Record, given: Collection[str]) -> None:
    """Raise MissingOptionError where an option that the record was made with and does not hold was not given again."""
    stated = saved.stated_claim
    needed = {*saved.options, *(["--claim"] if stated is not None and stated.is_from_file else [])}
    for option, (made_with, added) in NEEDED.items():
        if option in needed and option not in given:
            raise MissingOptionError(
                option, f"This folder was made with {made_with} and does not hold it.", f"{added}, as analyze was given"
            )
