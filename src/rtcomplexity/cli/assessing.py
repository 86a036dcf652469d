"""The one call that ``analyze``, ``inspect`` and ``demo`` make, with progress told to whoever watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.assessment import Assessment, analyze
from rtcomplexity.case.target_names import parse_aliases
from rtcomplexity.cli.progress import progress
from rtcomplexity.errors import UsageError
from rtcomplexity.evidence.identification import identification_of
from rtcomplexity.scoring.claim_file import load_claim
from rtcomplexity.scoring.facts import Site
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rtcomplexity.evidence.record import Record


def assessed(
    path: Path,
    *,
    profile: str,
    aliases: Sequence[str] | None = None,
    structure_set_uid: str | None = None,
    site: str | None = None,
    fractions: int | None = None,
    claim: Path | None = None,
    payer: str | None = None,
    cohort: Path | None = None,
    quick: bool = False,
    quiet: bool = False,
) -> Assessment:
    """Assess the plan in `path` under the settings of the environment, with options as they were typed."""
    named, stated_site, settings = parse_aliases(aliases or ()), parse_site(site), Settings.from_environment()
    with progress(quiet=quiet) as report:
        return analyze(
            path,
            settings=settings,
            profile=profile,
            aliases=named,
            structure_set_uid=structure_set_uid,
            site=stated_site,
            fractions=fractions,
            claim=None if claim is None else load_claim(claim),
            payer=payer,
            cohort=cohort,
            quick=quick,
            progress=report,
        )


def identified_record(assessment: Assessment) -> Record:
    """Return the record with what payment needs to match it to a claim."""
    identification = identification_of(assessment.case, assessment.outcome.stated)
    return assessment.record.model_copy(update={"identification": identification})


def parse_site(text: str | None) -> Site | None:
    """Read the value of ``--site``.

    Raises
    ------
    UsageError
        If it names no site that a person can state.

    Examples
    --------
    >>> parse_site("not-thoracic")
    <Site.NOT_THORACIC: 'not_thoracic'>
    """
    if text is None:
        return None
    sites = {site.value.replace("_", "-"): site for site in Site if site is not Site.UNKNOWN}
    if text not in sites:
        raise UsageError("--site", text, f"one of {', '.join(sites)}")
    return sites[text]
