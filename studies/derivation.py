"""Writes out, for one sample plan, every step from measurements to T and its cutoffs, to be redone by hand.

``python studies/derivation.py`` puts the steps between the markers in ``docs/scoring.md``. Each line of arithmetic
stands as it would be typed into a calculator; a test evaluates them all and compares them with the record.
"""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from rtcomplexity import analyze
from rtcomplexity.scoring.profile import Profile, factor_reference, group_knots, load_profile, raw_knots
from rtcomplexity.scoring.ranking import MOST, RAREST
from rtcomplexity.scoring.reference import percentile_below
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.scoring.profile import Family, Presence
    from rtcomplexity.scoring.reference import Knots
    from rtcomplexity.scoring.score import FactorScore, FamilyScore, Score

DOCUMENT = Path("docs/scoring.md")
SAMPLE = Path(__file__).parents[1] / "sample_data" / "complex_central"
BEGIN, END = "<!-- generated: derivation -->", "<!-- end of derivation -->"


def interpolation(knots: Knots, value: float) -> str:
    """Write how a value's percentile follows from the two knots around it."""
    sign = -1.0 if knots[-1][0] < knots[0][0] else 1.0
    after = bisect_left([sign * place for place, _ in knots], sign * value)
    if after == 0:
        return f"at or before the first knot: {knots[0][1]:g}"
    if after == len(knots):
        return f"beyond the last knot: {knots[-1][1]:g}"
    (a, p), (b, q) = knots[after - 1], knots[after]
    return f"`{p!r} + ({value!r} - {a!r}) / ({b!r} - {a!r}) * ({q!r} - {p!r})`"


def steps(profile: Profile, score: Score) -> Iterator[str]:
    """Every step, as Markdown."""
    stratum = score.stratum
    families = {family.id: family for family in profile.families}
    for found in score.families:
        family = families[found.id]
        yield f"**{found.title}**"
        yield ""
        for factor, scored in zip(family.factors, found.factors, strict=True):
            yield _factor_line(scored, factor_reference(factor, stratum).knots)
        presence = _presence(family, stratum, found)
        yield _raw_line(family, found, presence)
        yield (
            f"- family score: raw {found.raw!r} among the family's reference: "
            f"{interpolation(raw_knots(family, stratum, presence), found.raw)} = {found.score!r}"
        )
        yield ""
    yield from _group_lines(profile, score)
    yield from _cutoff_lines(profile, score)


def _presence(family: Family, stratum: str, found: FamilyScore) -> Presence | None:
    """Among which plans a family was ranked: those that have what it is split by, or those without."""
    if not family.split_by:
        return None
    is_with = percentile_below(raw_knots(family, stratum, "with"), found.raw) == found.score
    has_all = all(factor.value is not None for factor in found.factors)
    return "with" if has_all and is_with else "without"


def _factor_line(scored: FactorScore, knots: Knots | None) -> str:
    if scored.value is None:
        return f"- {scored.title}: not measured ({scored.reason})"
    if knots is None:
        return (
            f"- {scored.title} {scored.value!r}: among {scored.n} real contours of about this size, of "
            f"{scored.patients} patients, {scored.percentile!r}% by weight are easier; "
            f"normal score {_normal_score(scored)!r}"
        )
    counted = "" if scored.counted_percentile == scored.percentile else f", counted as {scored.counted_percentile!r}"
    told = interpolation(knots, scored.value)
    adds = round_significant(scored.excess)
    return f"- {scored.title} {scored.value!r}: {told} = {scored.percentile!r}{counted}; adds {adds!r}"


def _normal_score(scored: FactorScore) -> float:
    """Normal deviate of what a factor counts; that of the rarest where it was not measured."""
    counted = scored.counted_percentile
    return round_significant(float(ndtri(np.clip(0.0 if counted is None else counted, RAREST, MOST - RAREST) / MOST)))


def _raw_line(family: Family, found: FamilyScore, presence: Presence | None) -> str:
    """Mean of what the factors add: normal scores, or percentiles above the median."""
    counted = [f for f in found.factors if presence != "without" or f.metric not in family.split_by]
    is_normal = family.combination == "normal_scores"
    terms = " + ".join(repr(_normal_score(f) if is_normal else round_significant(f.excess)) for f in counted)
    return f"- raw: `({terms}) / {len(counted)}` = {found.raw!r}".replace("+ -", "- ")


def _group_lines(profile: Profile, score: Score) -> Iterator[str]:
    stated = {group.id: group for group in profile.groups}
    scores = {family.id: family.score for family in score.families}
    yield "**Groups and T**"
    yield ""
    for group in score.groups:
        kind = "anchor" if group.may_anchor else "joins only"
        highest = max(scores[family] for family in group.families)
        how = f": {interpolation(group_knots(stated[group.id], score.stratum), highest)}" if group.id in stated else ""
        yield f"- {group.id} ({kind}): highest family {highest!r}{how} = {group.score!r}"
    anchor = max(group.score for group in score.groups if group.may_anchor)
    second = sorted((group.score for group in score.groups), reverse=True)[1]
    yield f"- T: `min({second!r}, {anchor!r})` = {score.t!r} (second-highest group, highest anchor)"
    yield ""


def _cutoff_lines(profile: Profile, score: Score) -> Iterator[str]:
    joint = profile.joint(score.stratum)
    yield "**Cutoffs**"
    yield ""
    for name, cutoff in (("routine below", joint.c_reject), ("unusual from", joint.c_support)):
        told = interpolation(joint.knots, cutoff)
        yield f"- {name} {cutoff!r}: among the knots of T, {told}% of routine plans lie below"
    yield f"- percentile of this plan's T: {interpolation(joint.knots, score.t)} = {score.percentile!r}"


def derivation() -> str:
    """Derive the sample's T, as Markdown."""
    profile = load_profile()
    assessment = analyze(SAMPLE)
    score = assessment.outcome.score
    if score is None:
        raise SystemExit("the sample was not scored")
    head = [
        f"Profile `{profile.id}`, SHA-256 `{profile.sha256[:16]}…`.",
        "",
        f"Sample `{SAMPLE.name}`, profile `{profile.id}` ({profile.sha256[:16]}…), stratum `{score.stratum}`.",
        "",
        f"Verdict: {assessment.outcome.verdict.value.value}; stability {assessment.outcome.verdict.stability.share}.",
        "",
    ]
    return "\n".join([*head, *steps(profile, score)])


def main() -> None:
    """Put the derivation into the document."""
    before, rest = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(f"{before}{BEGIN}\n{derivation()}\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
