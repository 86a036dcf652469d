"""A local cohort for a terminal: what it holds, what it does not, and whether it can move a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.cli.rendering.values import decimal
from rtcomplexity.scoring.cohort import CONTEXT_TEXTS, LEAST_PLANS, QUANTILES
from rtcomplexity.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from rtcomplexity.scoring.cohort import CohortSummary, StratumSummary

EXCLUSIONS: Final = {
    "refused": "refused by the batch",
    "insufficient_evidence": "insufficient evidence",
    "no_score": "no score",
    "site_not_stated": "site not documented",
    "fractions_not_stated": "number of fractions not documented",
    "no_patient": "the files name no patient",
    "same_plan": "the same plan again",
    "same_patient_and_course": "another plan of the same patient and course",
    "other_profile": "scored by another profile",
    "other_stratum": "another stratum than was asked for",
}
USE: Final = (
    "Used alongside the built-in reference: Supported requires that the cohort finds the plan unusual (p at most "
    "0.025), Not supported that it finds the plan typical (p above 0.25, below the cohort's 75th percentile); "
    "otherwise the verdict is Inconclusive. It never turns a verdict into Supported."
)


def cohort_parts(summary: CohortSummary, written_on: str = "") -> Iterator[RenderableType]:
    """Build the page: what it is, strata, whether each counts, exclusions, versions.

    `written_on` is the day of the file, which holds no clock's time itself.
    """
    written = f" File last written on {written_on}." if written_on else ""
    yield Text(
        f"A cohort of {summary.plans} plans, scored by {summary.profile} ({summary.profile_sha256[:12]}). "
        f"SHA-256 {summary.sha256[:12]}.{written}"
    )
    yield _strata_table(summary)
    for stratum in summary.strata:
        yield Text(_standing(stratum))
    if summary.exclusions:
        yield _exclusions_table(summary)
    yield Text(_versions(summary))
    if any(not stratum.context for stratum in summary.strata):
        yield Text(USE)


def _strata_table(summary: CohortSummary) -> Table:
    """A column a stratum, so that a narrow terminal can show it."""
    table = titled_table("Deciding score T", ("",), [stratum.id for stratum in summary.strata])
    table.add_row("Plans", *(str(stratum.n) for stratum in summary.strata))
    if all(stratum.n < LEAST_PLANS for stratum in summary.strata):
        return table
    for percent in QUANTILES:
        values = (decimal(stratum.t_quantiles.get(f"{percent:g}")) for stratum in summary.strata)
        table.add_row(f"{percent:g}% of plans up to", *values)
    table.add_row("Unusual above", *(_cutoff(stratum.unusual_above) for stratum in summary.strata))
    table.add_row("Slices, mm apart", *(_range(stratum.slice_spacing_mm) for stratum in summary.strata))
    return table


def _cutoff(unusual_above: float | None) -> str:
    return "too few plans" if unusual_above is None else decimal(unusual_above)


def _range(spacing_mm: tuple[float, float] | None) -> str:
    if spacing_mm is None:
        return "not known"
    low, high = (f"{value:.2f}" for value in spacing_mm)
    return low if low == high else f"{low} to {high}"


def _standing(stratum: StratumSummary) -> str:
    if stratum.n < LEAST_PLANS:
        return f"{stratum.id}: {stratum.n} plans; a comparison needs at least {LEAST_PLANS}."
    if not stratum.context:
        return f"{stratum.id}: {stratum.n} plans, at least {LEAST_PLANS}: it can make a verdict Inconclusive."
    why = "; ".join(CONTEXT_TEXTS[code] for code in stratum.context)
    return f"{stratum.id}: context only, it moves no verdict: {why}."


def _exclusions_table(summary: CohortSummary) -> Table:
    table = titled_table("Excluded results", ("Reason",), ("Results",))
    for reason, count in summary.exclusions.items():
        table.add_row(EXCLUSIONS.get(reason, reason), str(count))
    return table


def _versions(summary: CohortSummary) -> str:
    by_version = ", ".join(f"{count} by rtcomplexity {version}" for version, count in summary.assessed_by.items())
    surfaces = "; ".join(f"{count}: {method}" for method, count in summary.surface_methods.items())
    return (
        f"Assessed: {by_version}. Scored surface of {surfaces}. Built by rtcomplexity {summary.software} from "
        f"{counted(summary.sources, 'set')} of results. "
        "Whether the plans are consecutive cannot be checked."
    )
