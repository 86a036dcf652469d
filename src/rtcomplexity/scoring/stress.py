"""Harder references: the same profile with every reference plan somewhat more complex than assumed.

A support must hold under each. Only factors move whose reference is an assumption: one that was measured or published
stays as it is. Family, group and joint references are distributions of percentiles, and percentiles taken within a
moved reference are distributed as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.scoring.profile import FOUND_IN_PLANS
from rtcomplexity.scoring.reference import MEDIAN, moved, standard_deviation, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rtcomplexity.scoring.profile import Factor, FactorReference, Profile
    from rtcomplexity.scoring.reference import Knots


def stressed_profiles(profile: Profile) -> tuple[tuple[str, Profile], ...]:
    """Return the three harder references, each with what was changed, in words."""
    stress = profile.stress
    return (
        (f"every reference factor {stress.shift_sd:g} SD harder", shifted(profile)),
        (f"the reference {stress.spread:g} times as spread", spread(profile)),
        (f"reference targets {stress.volume:g} times as large", enlarged(profile)),
    )


def shifted(profile: Profile) -> Profile:
    """Move every assumed reference towards harder by the profile's share of its standard deviation."""

    def shift(factor: Factor, knots: Knots) -> Knots:
        by = factor.sign * profile.stress.shift_sd * standard_deviation(knots)
        return moved(knots, lambda value: value + by)

    return _with_references(profile, shift, {"shift_sd": profile.stress.shift_sd})


def spread(profile: Profile) -> Profile:
    """Spread every assumed reference about its median."""

    def widen(_: Factor, knots: Knots) -> Knots:
        median = value_at(knots, MEDIAN)
        return moved(knots, lambda value: median + profile.stress.spread * (value - median))

    return _with_references(profile, widen, {"spread": profile.stress.spread})


def enlarged(profile: Profile) -> Profile:
    """Enlarge every assumed reference target's volume, and what grows with it; shapes of one size stay as they are."""

    def enlarge(factor: Factor, knots: Knots) -> Knots:
        scale = profile.stress.volume**factor.volume_exponent
        return moved(knots, lambda value: value * scale)

    return _with_references(profile, enlarge, {})


def _with_references(
    profile: Profile, change: Callable[[Factor, Knots], Knots], beyond_measured: Mapping[str, float]
) -> Profile:
    """Change the knots of assumed references, and how real contours count where there are none of the plan's size."""

    def changed(factor: Factor, reference: FactorReference) -> FactorReference:
        if reference.similar is not None:
            harder = reference.similar.model_copy(update=dict(beyond_measured))
            return reference.model_copy(update={"similar": harder})
        if reference.knots is None or reference.basis in FOUND_IN_PLANS:
            return reference
        return reference.model_copy(update={"knots": change(factor, reference.knots)})

    def rebuilt(factor: Factor) -> Factor:
        return factor.model_copy(update={"references": tuple(changed(factor, each) for each in factor.references)})

    families = tuple(
        family.model_copy(update={"factors": tuple(rebuilt(factor) for factor in family.factors)})
        for family in profile.families
    )
    return profile.model_copy(update={"families": families})
