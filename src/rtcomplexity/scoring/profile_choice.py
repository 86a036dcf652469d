"""Which shipped profile a plan is scored by where nobody chose one: that of its site, or the one for any site.

A plan whose site nobody states goes to the one for any site, and is supported by none.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from rtcomplexity.model.options import BY_SITE, DEFAULT_PROFILE
from rtcomplexity.scoring.facts import StatedBy
from rtcomplexity.scoring.profile import load_profile, profile_ids

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.site import Site


@cache
def shipped_by_site() -> dict[str, Profile]:
    """Return the calibrated profile of each site that has one, by site; of several the default one."""
    calibrated = [each for each in map(load_profile, profile_ids()) if each.calibration is not None]
    found = {each.treated_site.id: each for each in calibrated}
    default = load_profile(DEFAULT_PROFILE)
    return {**found, default.treated_site.id: default}


def profile_of_site(site: Site, stated_by: StatedBy) -> Profile:
    """Return the profile that a plan of a site is scored by; an image alone states no site."""
    profiles = shipped_by_site()
    if stated_by is not StatedBy.IMAGE:
        for profile in profiles.values():
            if not profile.treated_site.covers_any and profile.treated_site.covers(site):
                return profile
    return next(profile for profile in profiles.values() if profile.treated_site.covers_any)


def profiles_digest(chosen: str | Path) -> str:
    """Return a hash of every profile that a plan may be scored by, so that results of others are told apart."""
    if chosen != BY_SITE:
        return load_profile(chosen).sha256
    hashes = "".join(profile.sha256 for _, profile in sorted(shipped_by_site().items()))
    return hashlib.sha256(hashes.encode()).hexdigest()
