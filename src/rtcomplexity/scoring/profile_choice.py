"""Which profile a plan is scored by: the chosen one; else that of its site, of one's own first; else the one for any.

A plan without a stated site is scored by the profile for any site, and is never supported.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from rtcomplexity.errors import ProfileError
from rtcomplexity.model.options import BY_SITE, DEFAULT_PROFILE
from rtcomplexity.scoring.facts import StatedBy
from rtcomplexity.scoring.profile import load_profile, profile_ids
from rtcomplexity.scoring.site import known_sites

if TYPE_CHECKING:
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.site import Site, TreatedSite


OF_SITES: Final = (DEFAULT_PROFILE,)
"""The calibrated profile of each site that has one: reading the others would cost more than reading a structure set."""
OF_ANY_SITE: Final = "any-site-1"


def shipped_by_site() -> dict[str, Profile]:
    """Return the calibrated profile of each site that has one, by site; of several the default one."""
    return {profile.treated_site.id: profile for profile in map(load_profile, (OF_ANY_SITE, *OF_SITES))}


def profile_of_site(site: Site, stated_by: StatedBy) -> Profile:
    """Return the profile that a plan of a site is scored by; an image alone states no site."""
    if stated_by is not StatedBy.IMAGE:
        for profile in map(load_profile, OF_SITES):
            if profile.treated_site.covers(site):
                return profile
    return load_profile(OF_ANY_SITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileChoice:
    """The profiles that the user chose: one for every plan, or some of one's own, each for plans of its site."""

    explicit: Profile | None = None
    own: tuple[Profile, ...] = ()
    """Of a folder; plans of other sites go to the shipped ones."""

    @classmethod
    def of(cls, chosen: str | Path) -> Self:
        """Read what was chosen: nothing, the id or the file of one, or a folder of files.

        Raises
        ------
        ProfileError
            If a profile cannot be used, the folder has none, or two of it are for one site.
        """
        if chosen == BY_SITE:
            return cls()
        folder = Path(chosen)
        if str(chosen) in profile_ids() or not folder.is_dir():
            return cls(explicit=load_profile(chosen))
        own = tuple(load_profile(path) for path in sorted(folder.glob("*.toml")))
        if not own:
            raise ProfileError(f"There is no profile in the folder {folder.name}.", "a folder of TOML files")
        for site_id, count in Counter(each.treated_site.id for each in own).items():
            if count > 1:
                raise ProfileError(f"{folder.name} has {count} profiles for the site {site_id}.", "one per site")
        return cls(own=own)

    @property
    def sites(self) -> tuple[TreatedSite, ...]:
        """Sites of a plan: those of the chosen profiles before the shipped ones."""
        chosen = self.own if self.explicit is None else (self.explicit,)
        return known_sites(*(each.treated_site for each in chosen))

    def of_site(self, site: Site, stated_by: StatedBy) -> Profile:
        """Return the profile that a plan of a site is scored by; an image alone states no site."""
        if self.explicit is not None:
            return self.explicit
        found = (each for each in self.own if stated_by is not StatedBy.IMAGE and each.treated_site.covers(site))
        return next(found, None) or profile_of_site(site, stated_by)


def profiles_digest(chosen: str | Path) -> str:
    """Return a hash of every profile that a plan may be scored by, so that results of others are distinguished."""
    choice = ProfileChoice.of(chosen)
    if choice.explicit is not None:
        return choice.explicit.sha256
    shipped = [profile.sha256 for _, profile in sorted(shipped_by_site().items())]
    hashes = "".join((*shipped, *(each.sha256 for each in choice.own)))
    return hashlib.sha256(hashes.encode()).hexdigest()
