"""The page beside a profile of one's own: who made it, its plans' distributions, and what was left out.

One file with everything in it, which asks no network for anything and names no one. It runs no script.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from rtcomplexity.batch.dashboard import METRIC_TITLES, resource, source_hash
from rtcomplexity.batch.distributions import histogram
from rtcomplexity.evidence.words import FAMILIES, told
from rtcomplexity.scoring.calibration import OwnPlans, courses_of_profile
from rtcomplexity.scoring.guardrails import DISCLAIMER
from rtcomplexity.scoring.plan_table import Share
from rtcomplexity.scoring.ranking import ranked_families, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.batch.calibration_results import Exclusion
    from rtcomplexity.scoring.own_plans import Provenance
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Profile, Stratum

    Floats = NDArray[np.float64]

_QUANTILES: Final = (0.0, 0.05, 0.5, 0.95, 1.0)
_HIGHEST_T: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Factor:
    family: str
    metric: str
    title: str
    is_scored: str
    n: int
    missing: int
    quantiles: tuple[float, ...]
    bins: tuple[int, ...]


def calibration_page(profile: Profile, pattern: Profile, excluded: Sequence[Exclusion]) -> str:
    """Write the page.

    Parameters
    ----------
    profile : one of one's own, with its plans
    pattern : the profile whose families it took over; what did not vary is shown as not scored
    excluded : results that were left out
    """
    own = OwnPlans.of(profile)
    if own is None or profile.provenance is None:
        raise ValueError("a profile without plans of its own has no distributions")
    style = resource("dashboard.css")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals["bars"] = bars
    return environment.from_string(resource("calibration.html.j2")).render(
        page=_page(profile, pattern, own, profile.provenance, excluded),
        style=Markup(style),  # noqa: S704 -- our own file
        style_hash=source_hash(style),
    )


def _page(
    profile: Profile, pattern: Profile, own: OwnPlans, said: Provenance, excluded: Sequence[Exclusion]
) -> dict[str, Any]:
    strata = [(profile.stratum(course.id), own.course(course)) for course in courses_of_profile(profile)]
    by_reason = groupby(sorted(excluded, key=lambda each: (each.why, each.plan)), key=lambda each: each.why)
    return {
        "title": profile.title,
        "disclaimer": DISCLAIMER,
        "notice": profile.notice,
        "facts": list(_facts(profile, own, said)),
        "strata": [_stratum(profile, stratum, plans) for stratum, plans in strata],
        "factors": [(stratum.title, list(_factors(profile, pattern, plans))) for stratum, plans in strata],
        "excluded": [(why, [each.plan for each in those]) for why, those in by_reason],
    }


def _facts(profile: Profile, own: OwnPlans, said: Provenance) -> Iterator[tuple[str, str]]:
    yield "Profile", f"{profile.id}, version {profile.version}"
    yield "SHA-256", profile.sha256
    yield "Site", profile.treated_site.title
    yield "Plans", f"{len(own.ids):,}"
    yield "Institution", said.institution or "not stated"
    yield "Period", said.period
    yield "Made by", said.made_by
    yield "Software", ", ".join(said.software)
    yield "Scored surface", said.surface_method
    yield "Slice spacing", _spacing(said.slice_spacings_mm)
    yield "May support", "yes" if profile.rules.may_support else "no"
    yield "Self-check", self_check_text(said)


def self_check_text(said: Provenance) -> str:
    """Say how often each fifth of the plans is supported by a profile of the others."""
    if not said.self_check_plans:
        return "not made: too few plans"
    share = Share(count=said.self_check_supported, n=said.self_check_plans)
    low, high = (100 * end for end in share.interval)
    return (
        f"each fifth of the plans judged by the others: {share.count} of {share.n:,} supported "
        f"({100 * share.share:.1f}%, 95% interval {low:.1f} to {high:.1f}%)"
    )


def _spacing(spacings_mm: Sequence[float]) -> str:
    if not spacings_mm:
        return "not known"
    least, median, most = spacings_mm
    return f"{least:g} to {most:g} mm, median {median:g} mm"


def _stratum(profile: Profile, stratum: Stratum, plans: Plans) -> dict[str, Any]:
    joint = profile.joint(stratum.id)
    scores = {each.family.id: each.scores for each in ranked_families(plans, profile, stratum.id)}
    t = standing(scores, profile, stratum.id).t
    return {
        "title": stratum.title,
        "n": plans.count,
        "c_reject": f"{joint.c_reject:g}",
        "c_support": f"{joint.c_support:g}",
        "above": int(np.sum(t >= joint.c_support)),
        "bins": histogram(t, 0.0, _HIGHEST_T),
    }


def _factors(profile: Profile, pattern: Profile, plans: Plans) -> Iterator[_Factor]:
    scored = {factor.metric for family in profile.families for factor in family.factors}
    for family in pattern.families:
        for factor in family.factors:
            column = plans.column(factor.metric)
            known = column[~np.isnan(column)]
            quantiles = tuple(np.quantile(known, _QUANTILES).tolist()) if len(known) else ()
            yield _Factor(
                family=told(FAMILIES, family.id, family.title),
                metric=factor.metric,
                title=METRIC_TITLES.get(factor.metric, factor.title or factor.metric),
                is_scored="yes" if factor.metric in scored else "no",
                n=len(known),
                missing=len(column) - len(known),
                quantiles=quantiles or (float("nan"),) * len(_QUANTILES),
                bins=histogram(known, quantiles[1], quantiles[3]) if len(known) else (0,),
            )


def bars(bins: Sequence[int]) -> Markup:
    """Draw counts as bars, with the counts as alternative text."""
    most = max([*bins, 1])
    columns = "".join(
        f'<rect x="{n}" width="0.9" y="{10 - 10 * count / most:.2f}" height="{10 * count / most:.2f}"/>'
        for n, count in enumerate(bins)
    )
    words = " ".join(map(str, bins))
    return Markup(  # noqa: S704 -- numbers only
        f'<svg class="bins" viewBox="0 0 {len(bins)} 10" preserveAspectRatio="none" role="img" '
        f'aria-label="counts {words}">{columns}</svg>'
    )
