"""The decision rules (docs/scoring.md) on arrays, one value per plan.

:mod:`rtcomplexity.scoring.verdict` puts one plan into words. Knows ranks, facts and cutoffs; knows no sentences, no
claim and no local cohort.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.scoring.applicability import limits_of, other_strata
from rtcomplexity.scoring.ranking import MOST, ranked_families, standing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from numpy.typing import NDArray

    from rtcomplexity.model.arrays import Flags, Floats
    from rtcomplexity.scoring.facts import CaseFacts
    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import JointReference, Profile, Stratum
    from rtcomplexity.scoring.ranking import RankedFamily, Standing
    from rtcomplexity.scoring.real_contours import Similar
    from rtcomplexity.scoring.stability import Stability

    Words = NDArray[np.str_]


class VerdictValue(StrEnum):
    """The complexity axis."""

    SUPPORTS = "supports"
    REJECTS = "rejects"
    INDETERMINATE = "indeterminate"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """Plans of one stratum of which the same facts are known; counterfactuals ask again with one part changed."""

    plans: Plans
    facts: CaseFacts
    profile: Profile
    stratum: Stratum
    stability: Stability
    stresses: tuple[tuple[str, Profile], ...]
    """The harder references under which a support must hold too, with their words."""
    left_out: frozenset[str] = frozenset()
    """Families whose score counts as 0."""
    is_other_stratum: bool = False
    """Whether `stratum` is used only to see if the verdict holds there too."""
    seen: dict[tuple[int, int, str], tuple[Plans, Profile, tuple[RankedFamily, ...]]] = field(default_factory=dict)
    """Ranks by plans, profile and stratum: counterfactuals change what follows from them, and ask for the same."""

    weighed: dict[tuple[int, str, float], tuple[Plans, Similar]] = field(default_factory=dict)
    """Real contours of the plans' sizes: harder references weigh them alike."""

    @property
    def joint(self) -> JointReference:
        """Distribution of T, and the cutoffs."""
        return self.profile.joint(self.stratum.id)

    def ranked(self, profile: Profile | None = None) -> tuple[RankedFamily, ...]:
        """Rank the plans' families by a profile; by the question's own if None."""
        profile = profile or self.profile
        key = (id(self.plans), id(profile), self.stratum.id)
        if key not in self.seen:  # holds plans and profile too, so that no other object takes their ids
            self.seen[key] = (self.plans, profile, ranked_families(self.plans, profile, self.stratum.id, self.weighed))
        return self.seen[key][2]

    def standing(self, families: Iterable[RankedFamily], instead: Mapping[str, Floats] | None = None) -> Standing:
        """Groups and T; `instead` are scores by family id that count in place of the family's own."""
        scores = {each.family.id: each.scores for each in families} | dict(instead or {})
        nothing = np.zeros(self.plans.count)
        return standing(scores | dict.fromkeys(self.left_out, nothing), self.profile, self.stratum.id)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ruling:
    """What the rules say of n plans, with everything they say it from."""

    question: Question
    families: tuple[RankedFamily, ...]
    found: Standing
    t_if_most: Floats
    """(n,) T if each family that lacks a factor were as unusual as it might be."""
    under_stress: tuple[tuple[str, Floats], ...]
    """(n,) T under each harder reference."""
    without_conventions: Floats
    """(n,) T without families that rest on conventions alone."""
    anchor: Floats
    """(n,) score of the best group that may anchor, the least of any reference."""
    too_small: Mapping[str, Flags]
    """(n,) by family: whether it decides, and no factor of it passes its effect floor."""
    limits: Mapping[str, Flags]
    """(n,) by the code of the reason: whether facts keep the verdict below a support."""
    others: tuple[tuple[Stratum, Words], ...]
    """Further strata the plans may belong to, with the verdicts there."""

    @property
    def is_below(self) -> Flags:
        """(n,) whether T lies below the lower cutoff."""
        return self.found.t < self.question.joint.c_reject

    @property
    def is_above(self) -> Flags:
        """(n,) whether T reaches the upper cutoff."""
        return self.found.t >= self.question.joint.c_support

    @property
    def may_hide(self) -> Flags:
        """(n,) whether what was not measured might lift T past the lower cutoff."""
        return self.t_if_most >= self.question.joint.c_reject

    @property
    def is_unstable(self) -> bool:
        """Whether too few redrawings gave the same verdict."""
        share = self.question.stability.share
        return share is not None and share < self.question.profile.rules.stability_minimum

    @property
    def lacks_stability(self) -> bool:
        """Whether a support would need redrawings, and there are none."""
        is_needed = "stability" in self.question.profile.rules.supports_needs
        return is_needed and self.question.stability.share is None

    @property
    def is_by_conventions(self) -> Flags:
        """(n,) whether T passes only by families that rest on conventions alone, and no anchor is rare enough."""
        return ~self._has_rare_anchor & (self.without_conventions < self.question.joint.c_support)

    @property
    def _has_rare_anchor(self) -> Flags:
        """(n,) whether the best anchor may carry a support together with such a family."""
        c_anchor = self.question.joint.c_anchor
        return self.anchor >= (np.inf if c_anchor is None else c_anchor)

    @property
    def is_withheld(self) -> Flags:
        """(n,) whether a T above the upper cutoff is no support, other strata apart."""
        c_support = self.question.joint.c_support
        masks = [
            *self.limits.values(),
            *(t < c_support for _, t in self.under_stress),
            *self.too_small.values(),
            self.is_by_conventions,
            np.full(self.question.plans.count, self.lacks_stability or self.is_unstable),
        ]
        return np.asarray(np.any(masks, axis=0))

    @property
    def support_level(self) -> Floats:
        """(n,) the highest upper cutoff with which a plan would be supported, other strata apart; 0 where by none."""
        without = np.where(self._has_rare_anchor, self.found.t, self.without_conventions)
        reached = np.min([self.found.t, without, *(t for _, t in self.under_stress)], axis=0)
        is_held = np.any([*self.limits.values(), *self.too_small.values()], axis=0)
        return np.where(is_held | self.lacks_stability | self.is_unstable, 0.0, reached)

    @property
    def anchor_level(self) -> Floats:
        """(n,) the highest `c_anchor` with which a plan would be supported, other strata apart.

        0 where by none, infinite where no family that rests on conventions alone is needed.
        """
        c_support = self.question.joint.c_support
        reached = np.min([self.found.t, *(t for _, t in self.under_stress)], axis=0)
        is_held = np.any([*self.limits.values(), *self.too_small.values(), reached < c_support], axis=0)
        found = np.where(self.without_conventions >= c_support, np.inf, self.anchor)
        return np.where(is_held | self.lacks_stability | self.is_unstable, 0.0, found)

    @property
    def values(self) -> Words:
        """(n,) verdicts."""
        rejects = self.is_below & ~(self._differs_from(VerdictValue.REJECTS) | self.is_unstable)
        supports = self.is_above & ~(self.is_withheld | self._differs_from(VerdictValue.SUPPORTS))
        found = np.full(self.question.plans.count, VerdictValue.INDETERMINATE.value, dtype="U24")
        found[rejects] = VerdictValue.REJECTS.value
        found[supports] = VerdictValue.SUPPORTS.value
        found[self.is_below & self.may_hide] = VerdictValue.INSUFFICIENT_EVIDENCE.value
        return found

    def _differs_from(self, value: VerdictValue) -> Flags:
        """(n,) whether another stratum that the plans may belong to has another verdict."""
        nowhere = np.zeros(self.question.plans.count, bool)
        return np.asarray(np.any([nowhere, *(found != value.value for _, found in self.others)], axis=0))


def rule(question: Question) -> Ruling:
    """Apply the rules."""
    families = question.ranked()
    found = question.standing(families)
    nothing = np.zeros(question.plans.count)
    conventions = {each.family.id: nothing for each in families if each.is_by_convention}
    others = () if question.is_other_stratum else other_strata(question.facts, question.profile, question.stratum)
    stressed = [(words, question.standing(question.ranked(harder))) for words, harder in question.stresses]
    return Ruling(
        question=question,
        families=families,
        found=found,
        t_if_most=question.standing(families, _doubtful(question, families)).t,
        under_stress=tuple((words, each.t) for words, each in stressed),
        without_conventions=question.standing(families, conventions).t,
        anchor=np.min([_best_anchor(each, question.profile) for each in (found, *(s for _, s in stressed))], axis=0),
        too_small={each.family.id: _decides(each, found) & ~each.exceeds_effect_floor for each in families},
        limits=limits_of(question.facts, question.plans, question.profile, question.stratum),
        others=tuple((each, rule(replace(question, stratum=each, is_other_stratum=True)).values) for each in others),
    )


def settled(question: Question, pending: Collection[str]) -> Words:
    """Return the verdicts that hold whatever the pending factors come to; empty where one of them might decide.

    T never falls when a family's score rises, so its ends are those with each family of a pending factor at 0 and at
    100. Between them a verdict is a rejection where even the higher end lies below the lower cutoff, and indeterminate
    where the lower end does not and no support is within reach. Stability is taken to be met.

    Returns
    -------
    NDArray
        (n,) verdicts.
    """
    families, joint = question.ranked(), question.joint
    asked = [each.family.id for each in families if any(f.factor.metric in pending for f in each.factors)]
    lowest, highest = (dict.fromkeys(asked, np.full(question.plans.count, end)) for end in (0.0, MOST))
    least = question.standing(families, lowest).t
    most = question.standing(families, _doubtful(question, families) | highest).t
    others = () if question.is_other_stratum else other_strata(question.facts, question.profile, question.stratum)
    rejects = most < joint.c_reject
    for stratum in others:
        elsewhere = settled(replace(question, stratum=stratum, is_other_stratum=True), pending)
        rejects = rejects & (elsewhere == VerdictValue.REJECTS.value)
    limits = limits_of(question.facts, question.plans, question.profile, question.stratum)
    is_limited = np.any([most < joint.c_support, *limits.values()], axis=0)
    found = np.full(question.plans.count, "", dtype="U24")
    found[rejects] = VerdictValue.REJECTS.value
    found[(least >= joint.c_reject) & is_limited] = VerdictValue.INDETERMINATE.value
    return found


def _doubtful(question: Question, families: Iterable[RankedFamily]) -> dict[str, Floats]:
    """Scores of families that lack a factor, judged by what was measured of them alone."""
    return {
        each.family.id: np.where(each.lacks_factors, each.doubtful_scores, each.scores)
        for each in families
        if each.family.id not in question.left_out
    }


def _best_anchor(found: Standing, profile: Profile) -> Floats:
    """(n,) score of the best group that may anchor."""
    groups = {family.group for family in profile.families if family.may_anchor}
    return np.asarray(np.max([found.groups[group] for group in groups], axis=0))


def _decides(family: RankedFamily, found: Standing) -> Flags:
    """(n,) whether a family is the highest of one of the two deciding groups."""
    group = family.family.group
    is_highest = found.highest[group] == family.family.id
    return np.asarray(is_highest & ((found.anchor == group) | (found.other == group)))
