"""Makes a profile of one's own plans: references as counted, and a cutoff whose false support is bounded.

Knows measured factors of plans, one per patient and course; reads no results and writes no file.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.scoring.own_plans import Provenance
from rtcomplexity.scoring.plan_table import PlanTable, verdicts_of
from rtcomplexity.scoring.plans import DIAMETER_KEY, VOLUME_KEY, Plans
from rtcomplexity.scoring.profile import parse_profile
from rtcomplexity.scoring.ranking import ranked_families, standing
from rtcomplexity.scoring.reference import known, percentiles_below, rounded
from rtcomplexity.scoring.rules import VerdictValue
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.scoring.profile import Factor, Family, Presence, Profile
    from rtcomplexity.scoring.ranking import RankedFamily
    from rtcomplexity.scoring.site import TreatedSite

    Knots = list[tuple[float, float]]
    RawKnots = dict[tuple[str, str, Presence | None], Knots]
    """By family, stratum and presence of what the family is split by."""

LEAST_PLANS: Final = 120
"""With fewer plans a stratum never supports."""
FALSE_SUPPORT: Final = 0.03
CONFIDENCE: Final = 0.95
SHORT_COURSE: Final = 5
"""Most fractions of a short course."""
LEAST_WITH: Final = 20
"""Plans that have what only some can have (a registered PET), with fewer of which that is not scored."""
FOLDS: Final = 5
"""Parts that the self-check holds out, one after the other."""
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
_NAME: Final = "calibrated.toml"
_FLAT: Final = [(0.0, 0.0), (100.0, 100.0)]
_IMAGING: Final = "imaging"


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Fractions that make a stratum."""

    id: str
    words: str
    least: int = 1
    most: int | None = None

    def covers(self, fractions: int | None) -> bool:
        """Whether a plan of so many fractions belongs here; one without any belongs where all do."""
        if fractions is None:
            return self == ANY_COURSE
        return self.least <= fractions and (self.most is None or fractions <= self.most)


ANY_COURSE: Final = Course(id="all", words="any fractionation")
SPLIT_COURSES: Final = (
    Course(id="short", words=f"at most {SHORT_COURSE} fractions", most=SHORT_COURSE),
    Course(id="long", words=f"more than {SHORT_COURSE} fractions", least=SHORT_COURSE + 1),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnPlans:
    """Consecutive plans of one site, one per patient and course."""

    plans: Plans
    ids: tuple[str, ...]
    """What tells each plan apart."""
    fractions: tuple[int | None, ...]

    @classmethod
    def of(cls, profile: Profile) -> OwnPlans | None:
        """Return the plans that a profile was made from; None where it states none."""
        own = profile.own_plans
        if own is None:
            return None
        return cls(plans=own.plans, ids=own.ids, fractions=tuple(each or None for each in own.fractions))

    def chosen(self, places: Iterable[int]) -> OwnPlans:
        """Return some of them."""
        kept = list(places)
        return OwnPlans(
            plans=self.plans.chosen(np.array(kept, dtype=np.int64)),
            ids=tuple(self.ids[n] for n in kept),
            fractions=tuple(self.fractions[n] for n in kept),
        )

    def course(self, course: Course) -> Plans:
        """Return the plans of one course."""
        return self.plans.chosen(np.flatnonzero([course.covers(each) for each in self.fractions]))


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


def courses_of(fractions: Iterable[int | None]) -> tuple[Course, ...]:
    """Return the strata that there are enough plans for: short and long courses, else one of all.

    Examples
    --------
    >>> [course.id for course in courses_of([5] * 120 + [30] * 120)]
    ['short', 'long']
    >>> [course.id for course in courses_of([5] * 500 + [30] * 119)]
    ['all']
    """
    stated = list(fractions)
    enough = all(sum(course.covers(each) for each in stated) >= LEAST_PLANS for course in SPLIT_COURSES)
    return SPLIT_COURSES if enough else (ANY_COURSE,)


def courses_of_profile(profile: Profile) -> tuple[Course, ...]:
    """Return the courses that are the strata of a profile of one's own."""
    ids = {stratum.id for stratum in profile.strata}
    return tuple(each for each in (ANY_COURSE, *SPLIT_COURSES) if each.id in ids)


def calibrated_profile(
    own: OwnPlans, site: TreatedSite, pattern: Profile, provenance: Provenance, *, self_check: bool = True
) -> str:
    """Write a profile in TOML from plans of one site.

    Parameters
    ----------
    own : consecutive plans, one per patient and course
    site : where they were treated
    pattern : the profile whose families, effect floors and rules it takes over
    provenance : what is said of the plans
    self_check : whether each fifth of the plans is judged by a profile of the others, and that is added
    """
    courses = courses_of(own.fractions)
    kept = own.chosen(n for n, each in enumerate(own.fractions) if any(course.covers(each) for course in courses))
    made = _Made(own=kept, site=site, pattern=pattern, provenance=provenance, courses=courses)
    return (made.checked() if self_check else made).text()


def without_plan(profile: Profile, plan_ids: Collection[str]) -> Profile:
    """Return a profile of one's own as it is without a plan; the same one where the plan is none of its plans.

    It keeps the hash of the file: which profile was asked does not change.
    """
    own = OwnPlans.of(profile)
    if own is None or profile.provenance is None or set(own.ids).isdisjoint(plan_ids):
        return profile
    others = own.chosen(n for n, each in enumerate(own.ids) if each not in plan_ids)
    notice = f"{profile.notice} The assessed plan is one of them and was left out."
    again = _made_again(profile, others, may_support=profile.rules.may_support)
    return again.model_copy(update={"sha256": profile.sha256, "notice": notice})


def is_as_counted(profile: Profile) -> bool:
    """Whether references and cutoffs of a profile are those of the plans that it states; true where it states none."""
    own = OwnPlans.of(profile)
    if own is None or profile.provenance is None:
        return True
    again = _made_again(profile, own)
    parts = ("families", "groups", "joint_references", "strata", "rules")
    return all(getattr(again, part) == getattr(profile, part) for part in parts)


def _made_again(profile: Profile, own: OwnPlans, *, may_support: bool | None = None) -> Profile:
    """Make a profile of one's own again, from its plans or some of them; it may support by their number if None."""
    made = _Made(
        own=own,
        site=profile.treated_site,
        pattern=profile,
        provenance=profile.provenance or Provenance(made_by="not stated", period="not stated"),
        courses=courses_of_profile(profile),
        may_support=may_support,
        is_pattern_complete=True,
    )
    return made.profile(made.text(with_plans=False))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Made:
    """A profile in the making."""

    own: OwnPlans
    site: TreatedSite
    pattern: Profile
    provenance: Provenance
    courses: tuple[Course, ...]
    may_support: bool | None = None
    """By the number of plans where None."""
    is_pattern_complete: bool = False
    """Whether every factor of the pattern stays, so that leaving one plan out leaves the rest as it is."""

    @property
    def supports(self) -> bool:
        if self.may_support is not None:
            return self.may_support
        return all(self.own.course(each).count >= LEAST_PLANS for each in self.courses)

    def profile(self, text: str) -> Profile:
        return parse_profile(text.encode(), _NAME)

    def families(self) -> tuple[Family, ...]:
        """Families with the factors that vary in each stratum: of the others nothing can be said."""
        if self.is_pattern_complete:
            return self.pattern.families
        return tuple(used for family in self.pattern.families if (used := self._used(family)) is not None)

    def _used(self, family: Family) -> Family | None:
        factors = tuple(factor for factor in family.factors if self._varies(factor))
        split_by = [factor.metric for factor in factors if factor.metric in family.split_by]
        if split_by and not self._enough_have(split_by):
            factors = tuple(factor for factor in factors if factor.metric not in split_by)
            split_by = []
        if len(split_by) == len(factors):
            split_by = []
        return family.model_copy(update={"factors": factors, "split_by": tuple(split_by)}) if factors else None

    def _enough_have(self, metrics: Sequence[str]) -> bool:
        """Whether enough plans of each stratum have all of some factors."""
        has_all = [
            np.all([~np.isnan(plans.column(metric)) for metric in metrics], axis=0)
            for plans in map(self.own.course, self.courses)
        ]
        return all(np.sum(each) >= LEAST_WITH for each in has_all)

    def _varies(self, factor: Factor) -> bool:
        columns = [self.own.course(each).column(factor.metric) for each in self.courses]
        return all(len(np.unique(known(column))) > 1 for column in columns)

    def checked(self) -> _Made:
        """Add the self-check: each fifth of the plans judged by a profile of the others."""
        if not self.supports:
            return self
        supported = sum(
            self._supported_of([n for n in range(len(self.own.ids)) if n % FOLDS == fold]) for fold in range(FOLDS)
        )
        found = {"self_check_plans": len(self.own.ids), "self_check_supported": supported}
        return _Made(
            own=self.own,
            site=self.site,
            pattern=self.pattern,
            provenance=self.provenance.model_copy(update=found),
            courses=self.courses,
        )

    def _supported_of(self, places: Sequence[int]) -> int:
        """Count supports among plans that the others are asked about."""
        others = _Made(
            own=self.own.chosen(n for n in range(len(self.own.ids)) if n not in set(places)),
            site=self.site,
            pattern=self.pattern,
            provenance=self.provenance,
            courses=self.courses,
            may_support=True,
        )
        values = verdicts_of(
            table_of(self.own.chosen(places), self.courses), others.profile(others.text(with_plans=False))
        )
        return values.count(VerdictValue.SUPPORTS.value)

    def text(self, *, with_plans: bool = True) -> str:
        """Write it: factors as counted, then family scores by them, then T by those.

        `with_plans` is whether it states its own plans: to be scored by, it need not, and is read much faster.
        """
        families = self.families()
        raw: RawKnots = {
            (family.id, course.id, presence): _flat(family)
            for family in families
            for course in self.courses
            for presence in _presences(family)
        }
        group = {each.id: _FLAT for each in self.courses}
        even = {each.id: _joint(each.id, _FLAT, 75.0, 97.5) for each in self.courses}
        head = self._head(with_plans=False)
        first = self.profile(_text(head, self, families, raw, group, even))
        for course in self.courses:
            for each in ranked_families(self.own.course(course), first, course.id):
                raw |= {(each.family.id, course.id, p): knots for p, knots in _raw_knots(each).items()}
        second = self.profile(_text(head, self, families, raw, group, even))
        scores = {course.id: _scores(self.own.course(course), second, course.id) for course in self.courses}
        imaging = [family.id for family in families if family.group == _IMAGING]
        if len(imaging) > 1:
            group = {
                course: _score_knots(np.max([each[family] for family in imaging], axis=0))
                for course, each in scores.items()
            }
        third = self.profile(_text(head, self, families, raw, group, even))
        joint = {course: _joint_of(course, standing(each, third, course).t) for course, each in scores.items()}
        return _text(self._head(with_plans=with_plans), self, families, raw, group, joint)

    def _head(self, *, with_plans: bool) -> str:
        n = len(self.own.ids)
        of = f" of {self.provenance.institution}" if self.provenance.institution else ""
        population = f"{n} consecutive {self.site.title} plans{of or ' of one institution'}, one per patient and course"
        own_site = self.site.model_dump(mode="json", exclude_defaults=True)
        pattern, stress = self.pattern, self.pattern.stress
        held_out, supported = self.provenance.self_check_plans, self.provenance.self_check_supported
        provenance = self.provenance.model_dump(mode="json")
        return "\n".join(
            [
                f'id = "{self.site.id}-own"\nversion = "1"\ntitle = {json.dumps(f"Own plans: {self.site.title}")}',
                f"notice = {json.dumps(self._notice(population))}",
                f'stratum_if_fractions_unknown = "{self.courses[-1].id}"',
                f"\n[calibration]\npopulation = {json.dumps(population)}",
                f"n_calibration = {n}\nn_test = {held_out or n}",
                f"false_support_rate = {round_significant(supported / n)}\nfalse_support_upper95 = {FALSE_SUPPORT}",
                f"source = {json.dumps(_source(held_out))}",
                f"\n[provenance]\n{_pairs(provenance)}",
                *((self._own_plans(),) if with_plans else ()),
                f"\n[site]\n{_pairs(own_site)}",
                f"\n[measurement]\nshape_blur_mm = {pattern.measurement.shape_blur_mm}",
                f"\n[levels]\nelevated_from = {pattern.levels.elevated_from}\nhigh_from = {pattern.levels.high_from}",
                f"\n[caps]\nconvention_percentile = {pattern.caps.convention_percentile}",
                f"\n[stress]\nshift_sd = {stress.shift_sd}\nspread = {stress.spread}\nvolume = {stress.volume}",
                f"\n[rules]\nmay_support = {json.dumps(self.supports)}",
                'supports_needs = ["volume_within_reference", "stability"]',
                f"stability_minimum = {pattern.rules.stability_minimum}\n",
                *(self._stratum(each) for each in self.courses),
            ]
        )

    def _notice(self, population: str) -> str:
        said = self.provenance
        excluded = ", ".join(f"{count} {why}" for why, count in sorted(said.excluded.items())) or "none"
        notice = f"Made from {population} ({said.period}) by {said.made_by}; software {', '.join(said.software)}. "
        notice += f"Excluded: {excluded}."
        if not self.supports:
            few = min(self.own.course(each).count for each in self.courses)
            notice += f" It never supports: {LEAST_PLANS} plans are needed, and there are {few}."
        return notice

    def _own_plans(self) -> str:
        used = [f.metric for family in self.pattern.families for f in family.factors]
        keys = [key for key in dict.fromkeys((*used, VOLUME_KEY, DIAMETER_KEY)) if key in self.own.plans.columns]
        columns = "\n".join(
            f'"{key}" = {json.dumps(["" if math.isnan(value) else value for value in column.tolist()])}'
            for key, column in ((key, self.own.plans.column(key)) for key in keys)
        )
        return (
            f"\n[own_plans]\nids = {json.dumps(list(self.own.ids))}\n"
            f"fractions = {json.dumps([each or '' for each in self.own.fractions])}\n"
            f"\n[own_plans.columns]\n{columns}"
        )

    def _stratum(self, course: Course) -> str:
        largest = round_significant(float(np.nanmax(self.own.course(course).column(VOLUME_KEY))))
        most = "" if course.most is None else f"max_fractions = {course.most}\n"
        return (
            f'[[strata]]\nid = "{course.id}"\ntitle = {json.dumps(f"{self.site.title}, {course.words}")}\n'
            f"min_fractions = {course.least}\n{most}max_gross_target_volume_cm3 = {largest}\n"
            'source = "Largest of the plans that the profile was made from."\n'
        )


def table_of(own: OwnPlans, courses: Sequence[Course]) -> PlanTable:
    """Return plans as a table whose rows name their stratum."""
    strata = tuple(next((each.id for each in courses if each.covers(f)), "") for f in own.fractions)
    labels = ("",) * len(own.ids)
    return PlanTable(plans=own.plans, strata=strata, labels=labels, patients=None, not_scored=())


def _source(held_out: int) -> str:
    source = "cutoff: order statistic of T that bounds false support with 95% confidence"
    return f"{source}; rate: each fifth of the plans judged by the others" if held_out else source


def _scores(plans: Plans, profile: Profile, stratum_id: str) -> dict[str, Floats]:
    return {each.family.id: each.scores for each in ranked_families(plans, profile, stratum_id)}


def _flat(family: Family) -> Knots:
    return [(-9.0, 0.0), (100.0, 100.0)] if family.combination == "normal_scores" else _FLAT


def _presences(family: Family) -> tuple[Presence | None, ...]:
    """What the raw scores of a family are divided by."""
    return ("with", "without") if family.split_by else (None,)


def _raw_knots(ranked: RankedFamily) -> dict[Presence | None, Knots]:
    """Knots of a family's raw scores; where it is split, of plans that have all of it and of all without it."""
    family = ranked.family
    is_normal = family.combination == "normal_scores"
    make = knots_of if is_normal else _score_knots
    if not family.split_by:
        return {None: make(ranked.raw)}
    adds = np.array([each.normal_scores if is_normal else each.excess for each in ranked.factors])
    common = [factor.metric not in family.split_by for factor in family.factors]
    alone, is_whole = rounded(_mean_known(adds[common])), ~np.isnan(adds).any(axis=0)
    whole = rounded(adds[:, is_whole].mean(axis=0))
    return among_higher_ranks({"with": make(whole), "without": make(alone)}, whole, alone[is_whole])


def among_higher_ranks(
    knots: dict[Presence | None, Knots], whole: Floats, alone: Floats
) -> dict[Presence | None, Knots]:
    """Rank knots of raw scores with all of a family, and without what it is split by, among the higher of both ranks.

    A plan with all of it counts by the higher one. Ranked again among such maxima, that is a percentile too, and a plan
    that lacks a part scores no higher than with it. `whole` and `alone` are both raw scores of plans with all of it.
    """
    ranks = [percentiles_below(tuple(each), x) for each, x in zip(knots.values(), (whole, alone), strict=True)]
    best = np.sort(np.maximum(*ranks))
    return {
        presence: [(value, 100 * np.searchsorted(best, percentile, side="left") / len(best)) for value, percentile in k]
        for presence, k in knots.items()
    }


def _mean_known(adds: Floats) -> Floats:
    """Mean of what the measured factors of each plan add; 0 where none is measured."""
    known = ~np.isnan(adds)
    return np.asarray(np.where(known, adds, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def _joint_of(course: str, t: Floats) -> str:
    """Distribution of T with its cutoffs; as many plans reach the upper one as the bound allows."""
    ordered = np.sort(t)[::-1]
    allowed = allowed_exceedances(len(t)) or 0
    above = ordered[ordered > ordered[allowed]]
    c_support = round_significant(float(above.min())) if len(above) else min(float(ordered[0]) + 0.001, 100.0)
    c_reject = _cutoff(t, 75.0)
    knots = _score_knots(t, (c_reject, c_support))
    levels = [100 * float(np.mean(t < cutoff)) for cutoff in (c_reject, c_support)]
    return _joint(course, knots, c_reject, c_support, *levels)


def _cutoff(t: Floats, percentile: float) -> float:
    """Least value of T that at least so many percent of the plans lie below."""
    distinct = np.unique(t)
    below = 100 * np.searchsorted(np.sort(t), distinct, side="left") / len(t)
    enough = distinct[below >= percentile]
    return round_significant(float(enough[0])) if len(enough) else min(float(distinct[-1]) + 0.001, 100.0)


def _joint(
    course: str,
    knots: Knots,
    c_reject: float,
    c_support: float,
    reject_level: float = 75.0,
    support_level: float = 97.5,
) -> str:
    return (
        f'[[joint_references]]\nstrata = ["{course}"]\nknots = {_written(knots)}\nc_reject = {c_reject!r}\n'
        f"c_support = {c_support!r}\nreject_percentile = {min(max(reject_level, 75.0), 97.5)!r}\n"
        f"support_percentile = {max(support_level, 97.5)!r}\n"
    )


def knots_of(values: Floats, sign: float = 1.0, extra: Sequence[float] = ()) -> Knots:
    """Strict percentiles of values at their quantiles, with a jump at each value that several plans share."""
    harder = np.sort(sign * known(values))
    places = np.unique(np.quantile(harder, np.array(LEVELS) / 100, method="nearest"))
    places = np.unique(np.concatenate([places, sign * np.asarray(extra, float)]))
    knots: Knots = []
    for place in places:
        low, high = (100 * np.searchsorted(harder, place, side=side) / len(harder) for side in ("left", "right"))
        knots += [(sign * place + 0.0, float(low)), *([(sign * place + 0.0, float(high))] if high > low else [])]
    if len(places) == 1:  # a further value says which way is harder
        knots.append((sign * (places[0] + 1.0), 100.0))
    return knots


def _score_knots(values: Floats, extra: Sequence[float] = ()) -> Knots:
    knots = knots_of(values, extra=extra)
    return knots if knots[0] == (0.0, 0.0) else [(0.0, 0.0), *knots]


def _written(knots: Knots) -> str:
    written = dict.fromkeys((float(value), round(float(percentile), 4)) for value, percentile in knots)
    return json.dumps([list(knot) for knot in written])


def _pairs(tree: Mapping[str, object]) -> str:
    """Write plain values as TOML; a dictionary becomes an inline table."""
    return "\n".join(f"{key} = {_value(value)}" for key, value in tree.items())


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + "}"
    return json.dumps(value)


def _text(
    head: str,
    made: _Made,
    families: Sequence[Family],
    raw: RawKnots,
    group: Mapping[str, Knots],
    joint: Mapping[str, str],
) -> str:
    courses = [each.id for each in made.courses]
    parts = [head, *(joint[each] for each in courses)]
    imaging = [family.id for family in families if family.group == _IMAGING]
    if len(imaging) > 1:
        parts.append('[[groups]]\nid = "imaging"\ntitle = "Imaging"\n')
        parts += [_reference("groups.references", each, group[each]) for each in courses]
    for family in families:
        parts.append(_family(family, _IMAGING if family.id in imaging and len(imaging) > 1 else family.id))
        parts += [
            _reference("families.raw_references", course, raw[family.id, course, presence], presence)
            for course in courses
            for presence in _presences(family)
        ]
        basis = "convention" if family.id in imaging else "measured"
        parts += [_factor(factor, made, basis) for factor in family.factors]
    return "\n".join(parts)


def _family(family: Family, group: str) -> str:
    split_by = f"split_by = {json.dumps(list(family.split_by))}\n" if family.split_by else ""
    return (
        f'[[families]]\nid = "{family.id}"\ntitle = {json.dumps(family.title)}\ngroup = "{group}"\n'
        f'may_anchor = {json.dumps(family.may_anchor)}\ncombination = "{family.combination}"\n{split_by}'
    )


def _reference(key: str, course: str, knots: Knots, presence: Presence | None = None) -> str:
    of = f'presence = "{presence}"\n' if presence else ""
    return f'[[{key}]]\nstrata = ["{course}"]\n{of}knots = {_written(knots)}\n'


def _factor(factor: Factor, made: _Made, basis: str) -> str:
    text = (
        f'[[families.factors]]\nmetric = "{factor.metric}"\nunit = "{factor.unit}"\ndirection = "{factor.direction}"\n'
        f"effect_floor = {factor.effect_floor}\nvolume_exponent = {factor.volume_exponent}\n"
    )
    return text + "\n".join(_counted(factor, made.own.course(each), each.id, basis) for each in made.courses)


def _counted(factor: Factor, plans: Plans, course: str, basis: str) -> str:
    values = plans.column(factor.metric)
    knots = knots_of(values, factor.sign)
    n = "" if basis == "convention" else f"n = {len(known(values))}\n"
    return (
        f'[[families.factors.references]]\nstrata = ["{course}"]\nbasis = "{basis}"\n{n}'
        f'source = "As counted in the plans that the profile was made from."\nknots = {_written(knots)}\n'
    )
