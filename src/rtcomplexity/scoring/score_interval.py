"""How well the score is known: an interval from redrawing the contours and from the size of the reference.

Three standard uncertainties, each in normal scores of the score's percentile, are combined as the *Guide to the
expression of uncertainty in measurement* does it (JCGM 100:2008, 5.1 and annex G): root sum of squares, and a factor
of Student's t at the degrees of freedom of Welch and Satterthwaite.

- *redrawing*: root mean square of what redrawings differ by from the contours as drawn, so that a bias counts too;
- *contours*: the real contours that factors are ranked among, by the delete-a-group jackknife over patients (Kott,
  J Off Stat 2001;17:521-526), in which a patient's contours leave together;
- *plans*: the routine plans behind the distribution of the score, as the posterior of a share under Jeffreys' prior
  (Brown, Cai and DasGupta, Stat Sci 2001;16:101-133).

Nothing is drawn at random but the redrawings, whose seed is the profile's. Knows no files and no cutoff. It knows
nothing of what a model leaves out: a simulated population that is wrong is wrong with any number of plans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import factor_reference
from rtcomplexity.scoring.ranking import MOST, normal_scores, scores_t, similar_contours
from rtcomplexity.scoring.real_contours import Similar
from rtcomplexity.scoring.reference import percentiles_below, value_at
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.scoring.profile import Profile, SimilarContours
    from rtcomplexity.scoring.ranking import Weighed
    from rtcomplexity.scoring.real_contours import RealContours

    Values = Mapping[str, Measurement]

CONFIDENCE: Final = 0.9
REDRAWINGS: Final = 8
"""Each is measured in full, be its verdict settled early or not: more would cost more than they add."""
GROUPS: Final = 32
"""Of patients, of which the jackknife leaves out one at a time."""


class Uncertainty(NamedTuple):
    """Standard uncertainties of the score's percentile, in normal scores."""

    redrawing: float
    contours: float
    plans: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreInterval:
    """The interval that contains the score, given what was examined."""

    confidence: float
    score: tuple[float, float]
    """On the scale of the score and its cutoffs; holds the score itself."""
    percentile: tuple[float, float]
    """The same as percentiles of the reference plans."""
    uncertainty: Uncertainty
    redrawings: int
    plans: int
    """Routine plans behind the distribution of the score."""


def score_interval(
    values: Values, redrawn: Sequence[Values], profile: Profile, stratum_id: str
) -> ScoreInterval | None:
    """Find the interval of a plan's score; None where the profile is not calibrated.

    Parameters
    ----------
    values
        The scored metrics as measured.
    redrawn
        The same of redrawings.
    profile, stratum_id
        The reference.
    """
    if profile.calibration is None:
        return None
    drawn = Plans.of([values])
    n = profile.calibration.n_calibration
    t = scores_t(drawn, profile, stratum_id)
    percentile = _percentiles(t, profile, stratum_id).item()
    t_redrawn = scores_t(Plans.of(redrawn, redrawn_from=drawn), profile, stratum_id) if redrawn else np.empty(0)
    of_redrawn = _percentiles(t_redrawn, profile, stratum_id)
    without_each = _percentiles(_scores_without_each_group(drawn, profile, stratum_id), profile, stratum_id)
    uncertainty = Uncertainty(
        redrawing=redrawing_uncertainty(percentile, of_redrawn),
        contours=jackknife_uncertainty(without_each),
        plans=share_uncertainty(percentile, n),
    )
    ends = percentile_interval(percentile, uncertainty, len(redrawn))
    return ScoreInterval(
        confidence=CONFIDENCE,
        score=_as_scores(ends, t.item(), profile, stratum_id),
        percentile=ends,
        uncertainty=uncertainty,
        redrawings=len(redrawn),
        plans=n,
    )


def percentile_interval(percentile: float, uncertainty: Uncertainty, redrawings: int) -> tuple[float, float]:
    """Combine the uncertainties into an interval of the percentile; it holds the percentile itself.

    Examples
    --------
    >>> percentile_interval(97.0, Uncertainty(redrawing=0.0, contours=0.0, plans=0.035), 8)
    (96.5865, 97.3711)
    """
    from scipy.special import ndtr, stdtrit  # noqa: PLC0415 - scipy is slow to load

    squares = np.square(uncertainty)
    combined = float(np.sqrt(squares.sum()))
    small = squares[0] ** 2 / redrawings + squares[1] ** 2 / (GROUPS - 1)
    freedom = combined**4 / small if small else np.inf
    tail = (1 + CONFIDENCE) / 2
    half = combined * float(stdtrit(min(freedom, 1e9), tail))
    center = normal_scores(np.array([percentile])).item()
    low, high = (round_significant(MOST * float(ndtr(center + side * half))) for side in (-1, 1))
    return min(low, percentile), max(high, percentile)


def redrawing_uncertainty(percentile: float, redrawn: Floats) -> float:
    """Root mean square of what the percentiles of redrawings differ by from that of the plan, in normal scores."""
    if not len(redrawn):
        return 0.0
    away = normal_scores(redrawn) - normal_scores(np.array([percentile]))
    return round_significant(float(np.sqrt(np.mean(away**2))))


def jackknife_uncertainty(without_each: Floats) -> float:
    """Standard error by the delete-a-group jackknife of the percentiles without each group, in normal scores."""
    if not len(without_each):
        return 0.0
    scores, count = normal_scores(without_each), len(without_each)
    return round_significant(float(np.sqrt((count - 1) / count * np.sum((scores - scores.mean()) ** 2))))


def share_uncertainty(percentile: float, n: int) -> float:
    """Posterior standard deviation of a percentile among `n` plans under Jeffreys' prior, in normal scores.

    Examples
    --------
    >>> share_uncertainty(97.5, 5000), share_uncertainty(97.5, 200)
    (0.0378403, 0.196397)
    """
    below, above = n * percentile / MOST + 0.5, n * (1 - percentile / MOST) + 0.5
    deviation = np.sqrt(below * above / ((below + above) ** 2 * (below + above + 1)))
    density = np.exp(-0.5 * normal_scores(np.array([percentile])) ** 2) / np.sqrt(2 * np.pi)
    return round_significant(float(deviation / density.item()))


def _percentiles(t: Floats, profile: Profile, stratum_id: str) -> Floats:
    return percentiles_below(profile.joint(stratum_id).knots, t)


def _as_scores(percentiles: tuple[float, float], t: float, profile: Profile, stratum_id: str) -> tuple[float, float]:
    knots = profile.joint(stratum_id).knots
    low, high = (value_at(knots, each) for each in percentiles)
    return min(low, t), max(high, t)


def _scores_without_each_group(drawn: Plans, profile: Profile, stratum_id: str) -> Floats:
    """(GROUPS,) the score with a group of patients left out of the real contours; empty where there are none."""
    seen: Weighed = {}
    copies = drawn.chosen(np.zeros(GROUPS, int))
    for similar in _tables(profile, stratum_id):
        found = similar_contours(drawn, similar)
        weights = _without_each_group(found.weights[0], found.table)
        seen[id(copies), similar.table, similar.bandwidth] = (
            copies,
            Similar(table=found.table, weights=weights, near=weights > 0),
        )
    return scores_t(copies, profile, stratum_id, seen) if seen else np.empty(0)


def _without_each_group(weights: Floats, table: RealContours) -> Floats:
    """(GROUPS, m) the weights of the rows, those of one group of patients 0 in each."""
    left_out = table.patient % GROUPS == np.arange(GROUPS)[:, None]
    kept = np.where(left_out, 0.0, weights)
    return np.where(kept.sum(axis=1, keepdims=True) > 0, kept, weights)  # of one group alone nothing can leave


def _tables(profile: Profile, stratum_id: str) -> Iterator[SimilarContours]:
    for family in profile.families:
        for factor in family.factors:
            similar = factor_reference(factor, stratum_id).similar
            if similar is not None:
                yield similar
