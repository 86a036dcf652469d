"""Makes a profile of one's own plans: references as counted, and a cutoff whose false support is bounded.

Knows measured factors of plans, one per patient and course; reads no results and writes no file.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.scoring.plans import VOLUME_KEY, Plans
from rtcomplexity.scoring.profile import parse_profile
from rtcomplexity.scoring.ranking import ranked_families, standing
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from rtcomplexity.scoring.profile import Factor, Family, Profile
    from rtcomplexity.scoring.site import TreatedSite

    Floats = NDArray[np.float64]
    Knots = list[tuple[float, float]]

LEAST_PLANS: Final = 120
"""With fewer plans the profile never supports."""
FALSE_SUPPORT: Final = 0.03
CONFIDENCE: Final = 0.95
LEVELS: Final = (
    0,
    1,
    2.5,
    5,
    10,
    20,
    30,
    40,
    50,
    60,
    70,
    75,
    80,
    85,
    90,
    92.5,
    95,
    96,
    97,
    97.5,
    98,
    98.5,
    99,
    99.5,
    100,
)
STRATUM: Final = "all"
_NAME: Final = "calibrated.toml"
_FLAT: Final = [(0.0, 0.0), (100.0, 100.0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a calibrated profile says of the plans it was made from."""

    made_by: str
    period: str
    software: tuple[str, ...]
    excluded: Mapping[str, int]
    plans: tuple[str, ...]
    """What tells each plan apart."""


def allowed_exceedances(n: int, rate: float = FALSE_SUPPORT, confidence: float = CONFIDENCE) -> int | None:
    """Return how many of n plans may reach a cutoff that later ones reach at most at that rate; None if no cutoff does.

    Examples
    --------
    >>> allowed_exceedances(440), allowed_exceedances(140), allowed_exceedances(90)
    (7, 0, None)
    """
    total, allowed = 0.0, None
    for k in range(n + 1):
        total += math.exp(
            math.lgamma(n + 1)
            - math.lgamma(k + 1)
            - math.lgamma(n - k + 1)
            + k * math.log(rate)
            + (n - k) * math.log1p(-rate)
        )
        if total > 1 - confidence:
            return allowed
        allowed = k
    return allowed


def calibrated_profile(plans: Plans, site: TreatedSite, pattern: Profile, provenance: Provenance) -> str:
    """Write a profile in TOML from plans of one site.

    Parameters
    ----------
    plans : consecutive plans, one per patient and course
    site : where they were treated
    pattern : the profile whose families, effect floors and rules it takes over
    provenance : what is said of the plans
    """
    head = _head(plans, site, pattern, provenance)
    families = [(family, _usable(family, plans)) for family in pattern.families]
    families = [(family, factors) for family, factors in families if factors]
    flat = {family.id: _FLAT for family, _ in families}
    even = _joint(_FLAT, 75.0, 97.5)
    first = parse_profile(_text(head, plans, families, flat, _FLAT, even).encode(), _NAME)
    ranked = ranked_families(plans, first, STRATUM)
    raw = {each.family.id: _score_knots(each.raw) for each in ranked}
    second = parse_profile(_text(head, plans, families, raw, _FLAT, even).encode(), _NAME)
    scores = {each.family.id: each.scores for each in ranked_families(plans, second, STRATUM)}
    imaging = [scores[family.id] for family, _ in families if family.group == "imaging"]
    group = _score_knots(np.max(imaging, axis=0)) if len(imaging) > 1 else _FLAT
    third = parse_profile(_text(head, plans, families, raw, group, even).encode(), _NAME)
    t = standing(scores, third, STRATUM).t
    return _text(head, plans, families, raw, group, _joint_of(t))


def _joint_of(t: Floats) -> str:
    """Distribution of T with its cutoffs; as many plans reach the upper one as the bound allows."""
    ordered = np.sort(t)[::-1]
    allowed = allowed_exceedances(len(t)) or 0
    above = ordered[ordered > ordered[min(allowed, len(t) - 1)]]
    c_support = round_significant(float(above.min())) if len(above) else min(float(ordered[0]) + 0.001, 100.0)
    c_reject = round_significant(float(np.quantile(t, 0.75, method="higher")))
    knots = _score_knots(t, (c_reject, c_support))
    levels = [100 * float(np.mean(t < cutoff)) for cutoff in (c_reject, c_support)]
    return _joint(knots, c_reject, c_support, *levels)


def _joint(
    knots: Knots, c_reject: float, c_support: float, reject_level: float = 75.0, support_level: float = 97.5
) -> str:
    return (
        f'[[joint_references]]\nstrata = ["{STRATUM}"]\nknots = {_written(knots)}\nc_reject = {c_reject!r}\n'
        f"c_support = {c_support!r}\nreject_percentile = {min(max(reject_level, 75.0), 97.5)!r}\n"
        f"support_percentile = {max(support_level, 97.5)!r}\n"
    )


def _usable(family: Family, plans: Plans) -> list[Factor]:
    """Factors that vary among the plans: of the others nothing can be said."""
    return [f for f in family.factors if len(np.unique(_known(plans.column(f.metric)))) > 1]


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]


def knots_of(values: Floats, sign: float = 1.0, extra: Sequence[float] = ()) -> Knots:
    """Strict percentiles of values at their quantiles, with a jump at each value that several plans share."""
    harder = np.sort(sign * _known(values))
    places = np.unique(np.quantile(harder, np.array(LEVELS) / 100, method="nearest"))
    places = np.unique(np.concatenate([places, sign * np.asarray(extra, float)]))
    knots: Knots = []
    for place in places:
        low, high = (100 * np.searchsorted(harder, place, side=side) / len(harder) for side in ("left", "right"))
        knots += [(sign * place + 0.0, float(low)), *([(sign * place + 0.0, float(high))] if high > low else [])]
    return knots if knots[0][1] <= 50 else [(knots[0][0], 0.0), *knots]


def _score_knots(values: Floats, extra: Sequence[float] = ()) -> Knots:
    knots = knots_of(values, extra=extra)
    knots = knots if knots[0] == (0.0, 0.0) else [(0.0, 0.0), *knots]
    return knots if len(knots) > 1 else [*knots, (100.0, 100.0)]


def _written(knots: Knots) -> str:
    return "[" + ", ".join(f"[{float(value)!r}, {round(percentile, 4)!r}]" for value, percentile in knots) + "]"


def _text(
    head: str,
    plans: Plans,
    families: Sequence[tuple[Family, list[Factor]]],
    raw: Mapping[str, Knots],
    group: Knots,
    joint: str,
) -> str:
    parts = [head, joint]
    imaging = [family for family, _ in families if family.group == "imaging"]
    if len(imaging) > 1:
        parts.append(
            f'[[groups]]\nid = "imaging"\ntitle = "Imaging"\n[[groups.references]]\nstrata = ["{STRATUM}"]\n'
            f"knots = {_written(group)}\n"
        )
    for family, factors in families:
        group_id = "imaging" if family in imaging and len(imaging) > 1 else family.id
        parts.append(
            f'[[families]]\nid = "{family.id}"\ntitle = {json.dumps(family.title)}\ngroup = "{group_id}"\n'
            f"may_anchor = {str(family.may_anchor).lower()}\n[[families.raw_references]]\n"
            f'strata = ["{STRATUM}"]\nknots = {_written(raw[family.id])}\n'
        )
        basis = "convention" if family in imaging else "measured"
        parts += [_factor(factor, plans, basis) for factor in factors]
    return "\n".join(parts)


def _factor(factor: Factor, plans: Plans, basis: str) -> str:
    values = plans.column(factor.metric)
    knots = knots_of(values, 1.0 if factor.direction == "higher" else -1.0)
    n = "" if basis == "convention" else f"n = {len(_known(values))}\n"
    return (
        f'[[families.factors]]\nmetric = "{factor.metric}"\nunit = "{factor.unit}"\ndirection = "{factor.direction}"\n'
        f"effect_floor = {factor.effect_floor}\nvolume_exponent = {factor.volume_exponent}\n"
        f'[[families.factors.references]]\nstrata = ["{STRATUM}"]\nbasis = "{basis}"\n{n}'
        f'source = "As counted in the plans that the profile was made from."\nknots = {_written(knots)}\n'
    )


def _head(plans: Plans, site: TreatedSite, pattern: Profile, provenance: Provenance) -> str:
    n, allowed = plans.count, allowed_exceedances(plans.count)
    may_support = n >= LEAST_PLANS and allowed is not None
    population = f"{n} consecutive {site.title} plans of one institution, one per patient and course"
    notice = (
        f"Made from {population} ({provenance.period}) by {provenance.made_by}; "
        f"software {', '.join(provenance.software)}. "
        f"Excluded: {', '.join(f'{count} {why}' for why, count in sorted(provenance.excluded.items())) or 'none'}."
    )
    if not may_support:
        notice += f" It never supports: {LEAST_PLANS} plans are needed, and there are {n}."
    own_site = site.model_dump(mode="json", exclude_defaults=True)
    stress = pattern.stress
    return "\n".join(
        [
            f'id = "{site.id}-own"\nversion = "1"\ntitle = {json.dumps(f"Own plans: {site.title}")}',
            f'notice = {json.dumps(notice)}\nstratum_if_fractions_unknown = "{STRATUM}"',
            f"made_from = {json.dumps(list(provenance.plans))}",
            f"\n[calibration]\npopulation = {json.dumps(population)}\nn_calibration = {n}\nn_test = {n}",
            f"false_support_rate = {round_significant((allowed or 0) / n)}\nfalse_support_upper95 = {FALSE_SUPPORT}",
            'source = "order statistic of T that bounds false support with 95% confidence"',
            f"\n[site]\n{chr(10).join(f'{key} = {json.dumps(value)}' for key, value in own_site.items())}",
            f"\n[measurement]\nshape_blur_mm = {pattern.measurement.shape_blur_mm}",
            f"\n[levels]\nelevated_from = {pattern.levels.elevated_from}\nhigh_from = {pattern.levels.high_from}",
            f"\n[caps]\nconvention_percentile = {pattern.caps.convention_percentile}",
            f"\n[stress]\nshift_sd = {stress.shift_sd}\nspread = {stress.spread}\nvolume = {stress.volume}",
            f"\n[rules]\nmay_support = {str(may_support).lower()}",
            'supports_needs = ["volume_within_reference", "stability"]',
            f"stability_minimum = {pattern.rules.stability_minimum}",
            f'\n[[strata]]\nid = "{STRATUM}"\ntitle = {json.dumps(f"{site.title}, any fractionation")}',
            f"max_gross_target_volume_cm3 = {round_significant(float(np.nanmax(plans.column(VOLUME_KEY))))}",
            'source = "Largest of the plans that the profile was made from."\n',
        ]
    )
