"""Scoring profiles and payers as tables and prose."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.evidence.words import ERROR_RATE, outcome_of
from rtcomplexity.model.options import DEFAULT_PROFILE
from rtcomplexity.scoring.drift import FALSE_DISCOVERY, LEAST_NEWER
from rtcomplexity.scoring.payer import payers
from rtcomplexity.scoring.profile import load_profile, profile_ids
from rtcomplexity.scoring.rules import VerdictValue
from rtcomplexity.scoring.score import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType
    from rich.table import Table

    from rtcomplexity.batch.calibration_results import Calibrated, Selection
    from rtcomplexity.scoring.drift import Drift
    from rtcomplexity.scoring.plan_table import PlanTable, Share
    from rtcomplexity.scoring.profile import Profile


def profiles_table() -> Table:
    """One line a shipped profile."""
    table = titled_table("Profiles", ("Id", "Title", "Calibrated", "May support"))
    for profile_id in profile_ids():
        profile = load_profile(profile_id)
        default = " (default)" if profile_id == DEFAULT_PROFILE else ""
        calibrated = "no" if profile.calibration is None else f"n = {profile.calibration.n_calibration}"
        table.add_row(profile_id + default, profile.title, calibrated, "yes" if profile.rules.may_support else "no")
    return table


def profile_parts(profile: Profile) -> Iterator[RenderableType]:
    """Everything a reader needs to know about a profile; its knots are in the file."""
    yield Text(f"{profile.id}, version {profile.version}: {profile.title}", style="bold")
    yield Text(profile.notice)
    yield Text(f"SHA-256 {profile.sha256}")
    if profile.calibration is not None:
        yield Text(_error_rate(profile))
    yield _strata_table(profile)
    yield _factors_table(profile)


def payer_parts() -> Iterator[RenderableType]:
    """What is known of each payer; what is not known says so."""
    table = titled_table("Payers", ("Id", "Name", "Topic", "What is known", "Source"))
    for payer in payers():
        for number, rule in enumerate(payer.rules):
            source = f"{rule.source}. {rule.dating(None)}" if rule.source else ""
            first = (payer.id, payer.name) if number == 0 else ("", "")
            table.add_row(*first, rule.topic.replace("_", " "), rule.text, source)
    yield table


def evaluation_table(found: Mapping[str, Mapping[str, Share]], profile: Profile) -> Table:
    """Shares of each verdict by label, with their intervals."""
    title = f"Verdicts by {profile.id} (percent of plans, 95% interval)"
    table = titled_table(title, ("Label", "Plans", *map(outcome_of, VerdictValue)))
    for label, shares in found.items():
        cells = [_percent(shares[value.value]) for value in VerdictValue]
        table.add_row(label, f"{next(iter(shares.values())).n:,}", *cells)
    return table


def evaluation_tree(plans: PlanTable, profile: Profile, found: Mapping[str, Mapping[str, Share]]) -> dict[str, Any]:
    """Give the same as plain values."""
    return {
        "profile": {"id": profile.id, "sha256": profile.sha256},
        "plans": plans.plans.count,
        "patients": plans.patients,
        "labels": {
            label: {
                value: {"count": each.count, "share": each.share, "interval": list(each.interval)}
                for value, each in shares.items()
            }
            for label, shares in found.items()
        },
    }


def calibration_tree(made: Calibrated) -> dict[str, Any]:
    """Give what a profile of one's own was made from as plain values."""
    profile, said = made.profile, made.profile.provenance
    return {
        "profile": {"id": profile.id, "sha256": profile.sha256, "may_support": profile.rules.may_support},
        "plans": len(made.selection.kept),
        "strata": [
            {"id": each.id, "c_reject": joint.c_reject, "c_support": joint.c_support}
            for each, joint in ((each, profile.joint(each.id)) for each in profile.strata)
        ],
        "provenance": None if said is None else said.model_dump(mode="json"),
        "excluded": [{"plan": each.plan, "reason": each.why} for each in made.selection.excluded],
    }


def drift_parts(profile: Profile, selection: Selection, found: Drift) -> Iterator[RenderableType]:
    """Whether newer plans look like a profile's, factor by factor."""
    yield Text(f"{profile.id}: {len(selection.kept)} newer plans compared with {_own_count(profile)}.")
    table = titled_table("Plans above the upper cutoff", ("Stratum", "Plans", "Above", "Percent (95% interval)"))
    for each in found.above:
        share = each.share
        cells = ("0", "", "") if share is None else (f"{share.n:,}", f"{share.count:,}", _percent(share))
        table.add_row(each.title, *cells)
    yield table
    several = len(profile.strata) > 1
    names = ("Factor", "Stratum") if several else ("Factor",)
    table = titled_table("Factors", names, ("Plans", "Before", "Now", "KS", "p", "Differs"))
    for one in found.factors:
        medians = (f"{one.n_newer:,}", f"{one.median_profile:.4g}", f"{one.median_newer:.4g}")
        tested = (f"{one.statistic:.2f}", f"{one.p:.2g}", "yes" if one.differs else "no")
        title = TITLES.get(one.metric, one.metric)
        table.add_row(title, *([one.stratum] if several else []), *medians, *tested)
    yield table
    yield Text("Before and Now: medians. KS: largest difference of the two cumulative distributions.")
    yield Text(drift_sentence(found))


def drift_sentence(found: Drift) -> str:
    """Say what was found."""
    differing = sum(each.differs for each in found.factors)
    often = sum(each.is_too_often for each in found.above)
    if not found.factors:
        return f"No factor was tested: fewer than {LEAST_NEWER} newer plans in each stratum."
    if not found.is_found:
        return "No drift found: no factor differs, and plans above the cutoff are no more frequent than the bound."
    told = [f"{differing} of {len(found.factors)} factors differ"] if differing else []
    told += [f"in {often} strata significantly more than 3% of plans lie above the cutoff"] if often else []
    return f"Drift found: {'; '.join(told)}. Review the change, then calibrate again."


def drift_tree(profile: Profile, selection: Selection, found: Drift) -> dict[str, Any]:
    """Give the same as plain values."""
    return {
        "profile": {"id": profile.id, "sha256": profile.sha256, "plans": _own_count(profile)},
        "newer": len(selection.kept),
        "drift": found.is_found,
        "false_discovery_rate": FALSE_DISCOVERY,
        "above_cutoff": [
            {
                "stratum": each.stratum,
                "c_support": each.c_support,
                "count": 0 if each.share is None else each.share.count,
                "n": 0 if each.share is None else each.share.n,
                "interval": None if each.share is None else list(each.share.interval),
            }
            for each in found.above
        ],
        "factors": [asdict(each) for each in found.factors],
        "excluded": [{"plan": each.plan, "reason": each.why} for each in selection.excluded],
    }


def _own_count(profile: Profile) -> int:
    return 0 if profile.own_plans is None else len(profile.own_plans.ids)


def evaluation_notes(plans: PlanTable) -> Iterator[str]:
    """What a reader of the shares has to know."""
    if plans.not_scored:
        yield f"Not scored by this profile: {', '.join(plans.not_scored)}."
    if plans.patients is not None and plans.patients < plans.plans.count:
        yield (
            f"{plans.plans.count} plans of {plans.patients} patients: the intervals take plans as independent, so they "
            "are too narrow."
        )
    unknown = sum(not stratum for stratum in plans.strata)
    if unknown:
        yield (
            f"{unknown} plans without a stratum count as plans of unknown fractions: their verdict must hold in every "
            "stratum."
        )


def _percent(share: Share) -> str:
    low, high = share.interval
    return f"{100 * share.share:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def _error_rate(profile: Profile) -> str:
    known = profile.calibration
    if known is None:
        return ""
    return (
        f"{ERROR_RATE}: {100 * known.false_support_rate:.3g}% of {known.n_test:,} routine plans supported in error "
        f"(95% upper bound {100 * known.false_support_upper95:.3g}%). Population: {known.population}."
    )


def _strata_table(profile: Profile) -> Table:
    heads = ("Id", "Title", "Largest target, cm³", "Routine below", "Unusual from", "Unusual with image sets")
    table = titled_table("Strata", heads)
    for stratum in profile.strata:
        joint = profile.joint(stratum.id)
        limit = f"{stratum.max_gross_target_volume_cm3:g}"
        anchor = "no support" if joint.c_anchor is None else f"{joint.c_anchor:g}"
        table.add_row(stratum.id, stratum.title, limit, f"{joint.c_reject:g}", f"{joint.c_support:g}", anchor)
    return table


def _factors_table(profile: Profile) -> Table:
    table = titled_table("Factors", ("Family", "Factor", "Complex end", "Basis"))
    for family in profile.families:
        for number, factor in enumerate(family.factors):
            title = f"{family.title}{'' if family.may_anchor else ' (supporting factor)'}" if number == 0 else ""
            unit = "" if factor.unit == "1" else f", {factor.unit}"
            basis = ", ".join(dict.fromkeys(reference.basis for reference in factor.references))
            table.add_row(title, f"{TITLES.get(factor.metric, factor.title)}{unit}", factor.direction, basis)
    return table
