"""Whether a profile of one's own keeps what it promises: false support on later plans, and what it finds.

``python studies/own_profile.py`` calibrates on 500 simulated plans of an invented site, judges 2,000 others, plants two
families at +3 normal scores in 300 more for each pair, and does all of it 100 times (some minutes). No geometry:
factors are drawn (:mod:`rtcomplexity.testing.simulated_results`). Prints tables in Markdown.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.model.options import OWN_PATTERN
from rtcomplexity.scoring.calibration import ANY_COURSE, FALSE_SUPPORT, OwnPlans, calibrated_profile, table_of
from rtcomplexity.scoring.own_plans import Provenance
from rtcomplexity.scoring.plan_table import Share, verdicts_of
from rtcomplexity.scoring.profile import load_profile, parse_profile
from rtcomplexity.scoring.site import site_named
from rtcomplexity.testing.simulated_results import Simulation, simulated_plans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.scoring.plans import Plans
    from rtcomplexity.scoring.profile import Profile

CALIBRATING, TRIED, PLANTED = 500, 2000, 300
PAIRS = (
    ("shape", "topology"),
    ("shape", "ambiguity"),
    ("topology", "ambiguity"),
    ("shape", "adjacency"),
    ("topology", "adjacency"),
    ("ambiguity", "adjacency"),
)
"""Pairs with an anchor. Extent is no part of any: planted at +3, most targets are larger than the largest of the
profile's plans, and that alone leaves the verdict open."""
ONE_ALONE = ("shape", "topology", "ambiguity")
SEEDS_APART = 10_000


@dataclass(frozen=True, slots=True)
class Repetition:
    """One profile, and shares of supports by it."""

    n: int
    routine: float
    pairs: tuple[float, ...]
    alone: tuple[float, ...]


def plans(count: int, seed: int, families: Sequence[str] = (), by: float = 3.0) -> Plans:
    """Draw plans with families that are harder by so many normal scores."""
    return simulated_plans(Simulation(plans=count, seed=seed, shifts=dict.fromkeys(families, by)))


def own(drawn: Plans) -> OwnPlans:
    """Name plans by their number."""
    return OwnPlans(plans=drawn, ids=tuple(map(str, range(drawn.count))), fractions=(None,) * drawn.count)


def profile_of(n: int, seed: int) -> Profile:
    """Calibrate on plans of the invented site."""
    made = Provenance(made_by="studies/own_profile.py", period="simulated")
    pattern = load_profile(OWN_PATTERN)
    text = calibrated_profile(own(plans(n, seed)), site_named("invented"), pattern, made, self_check=False)
    return parse_profile(text.encode(), "own.toml")


def supported(profile: Profile, drawn: Plans) -> float:
    """Share of plans that a profile supports."""
    table = table_of(own(drawn), [ANY_COURSE])
    return verdicts_of(table, profile).count("supports") / drawn.count


def repetition(n: int, number: int) -> Repetition:
    """Calibrate once, and try it."""
    seed = SEEDS_APART * (number + 1)
    profile = profile_of(n, seed)
    return Repetition(
        n=n,
        routine=supported(profile, plans(TRIED, seed + 1)),
        pairs=tuple(supported(profile, plans(PLANTED, seed + 2, pair)) for pair in PAIRS),
        alone=tuple(supported(profile, plans(PLANTED, seed + 3, (family,))) for family in ONE_ALONE),
    )


def report(found: Sequence[Repetition]) -> str:
    """Say what the repetitions came to."""
    routine = np.array([each.routine for each in found])
    kept = Share(count=int(np.sum(routine <= FALSE_SUPPORT)), n=len(found))
    low, high = kept.interval
    lines = [
        f"{len(found)} repetitions, {found[0].n} plans each, {TRIED:,} others tried.",
        "",
        f"False support <= {FALSE_SUPPORT:.0%} in {kept.count} of {kept.n} (95% interval {low:.0%} to {high:.0%}).",
        f"Mean {routine.mean():.2%}, highest {routine.max():.2%}.",
        "",
        "| planted at +3 normal scores | supported, mean | lowest repetition |",
        "|---|---:|---:|",
    ]
    for names, shares in (
        *zip((" and ".join(pair) for pair in PAIRS), zip(*(each.pairs for each in found), strict=True), strict=True),
        *zip((f"{one} alone" for one in ONE_ALONE), zip(*(each.alone for each in found), strict=True), strict=True),
    ):
        lines.append(f"| {names} | {np.mean(shares):.1%} | {min(shares):.1%} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Try profiles of one's own on simulated plans.")
    parser.add_argument("--repetitions", type=int, default=100)
    parser.add_argument("--plans", type=int, default=CALIBRATING)
    given = parser.parse_args()
    print(report([repetition(given.plans, number) for number in range(given.repetitions)]))
