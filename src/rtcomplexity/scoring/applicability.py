"""Whether the reference applies to a case at all, in which stratum, and what keeps a verdict below "supports".

Knows facts, never scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rtcomplexity.scoring.facts import StatedBy
from rtcomplexity.scoring.plans import VOLUME_KEY, Plans
from rtcomplexity.scoring.sentences import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.model.arrays import Flags
    from rtcomplexity.scoring.facts import CaseFacts
    from rtcomplexity.scoring.profile import Profile, Stratum


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a verdict is what it is: a stable code and a sentence."""

    code: str
    text: str


def reason(code: str, **facts: object) -> Reason:
    """Return the reason of that code, its sentence filled with facts."""
    return Reason(code=code, text=REASONS[code].format(**facts))


def stratum_of(facts: CaseFacts, profile: Profile) -> Stratum | None:
    """Return the stratum a case is compared within; None where the profile has none for it."""
    if facts.is_treated_at(profile.treated_site) is False:
        return None
    if facts.fractions is None:
        return profile.stratum(profile.stratum_if_fractions_unknown)
    return next((stratum for stratum in profile.strata if stratum.covers(facts.fractions)), None)


def blocking_reasons(facts: CaseFacts, profile: Profile) -> tuple[Reason, ...]:
    """Return why no comparison with the reference is possible; empty where it is."""
    is_elsewhere = facts.is_treated_at(profile.treated_site) is False
    fired = (
        ("structure_set_rejected", facts.approval_status == "REJECTED"),
        ("no_gross_target", not facts.has_gross_target),
        ("no_planning_images", not facts.has_planning_images),
        ("images_of_another_patient", facts.images_are_of_another_patient),
        ("images_not_linked", facts.has_planning_images and not facts.planning_images_are_linked),
        ("planning_image_is_pet", facts.planning_image_is_pet),
        ("not_measured", not facts.is_measured),
        ("invalid_geometry", facts.is_measured and facts.has_gross_target and bool(facts.geometry_problem)),
        ("site_not_in_reference", is_elsewhere),
        ("fractions_not_in_reference", not is_elsewhere and stratum_of(facts, profile) is None),
    )
    stated_by = facts.site_stated_by.words
    words = {
        "problem": facts.geometry_problem,
        "fractions": facts.fractions,
        "stated_by": stated_by,
        "site": profile.treated_site.title,
    }
    return tuple(reason(code, **words) for code, does_fire in fired if does_fire)


def limits_of(facts: CaseFacts, plans: Plans, profile: Profile, stratum: Stratum) -> dict[str, Flags]:
    """Return, by the code of the reason, for which of n plans facts alone keep the verdict below a support."""
    needs = profile.rules.supports_needs
    volumes = plans.column(VOLUME_KEY)
    is_larger = volumes > stratum.max_gross_target_volume_cm3
    is_dated = facts.fractions is not None
    fired: dict[str, bool | Flags] = {
        "profile_may_not_support": not profile.rules.may_support,
        "site_unknown": not _is_site_known(facts, profile),
        "statement_contradicts_plan": bool(facts.contradictions),
        "patient_stated_by_user": facts.rests_on_stated_patient,
        "fractions_unknown": "fractions_known" in needs and not is_dated,
        "volume_unknown": np.isnan(volumes),
        "gross_target_incomplete": bool(facts.unexplained_targets),
        "volume_above_reference_fractions_unknown": is_larger & (not is_dated),
        "volume_above_reference": is_larger & ("volume_within_reference" in needs and is_dated),
    }
    return {code: np.full(plans.count, does_fire) for code, does_fire in fired.items()}


def _is_site_known(facts: CaseFacts, profile: Profile) -> bool:
    """Whether the treated site is known to be the profile's, or of a profile for any site: to be one at all."""
    if profile.treated_site.covers_any:
        return facts.site.is_known and facts.site_stated_by is not StatedBy.IMAGE
    return facts.is_treated_at(profile.treated_site) is True


def limiting_reasons(
    facts: CaseFacts, gross_target: Mapping[str, Measurement], profile: Profile, stratum: Stratum
) -> tuple[Reason, ...]:
    """Return why the verdict is at most indeterminate on facts alone; empty where nothing does."""
    volume = gross_target[VOLUME_KEY].value if VOLUME_KEY in gross_target else None
    words = {
        "what": " and ".join(facts.contradictions),
        "stratum": stratum.title,
        "volume": f"{volume or 0:g}",
        "limit": f"{stratum.max_gross_target_volume_cm3:g}",
        "apart": ", ".join(map(str, facts.unexplained_targets)),
        "site": profile.treated_site.title,
    }
    limits = limits_of(facts, Plans.of([gross_target]), profile, stratum)
    return tuple(reason(code, **words) for code, does_fire in limits.items() if does_fire.item())


def other_strata(facts: CaseFacts, profile: Profile, stratum: Stratum) -> tuple[Stratum, ...]:
    """Return the further strata a case may belong to: all, where the user did not state the fractions, else none.

    A support, and a rejection, must hold in each. Otherwise deleting the RT Plan could turn another verdict into it.
    """
    return tuple(each for each in profile.strata if each.id != stratum.id) if facts.fractions is None else ()
