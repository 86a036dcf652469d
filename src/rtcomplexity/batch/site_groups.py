"""A batch by treated site and stratum: how plans ended, and which profile would help those without one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from rtcomplexity.scoring.calibration import LEAST_PLANS
from rtcomplexity.scoring.profile import load_profile, profile_ids
from rtcomplexity.scoring.rules import VerdictValue
from rtcomplexity.scoring.site import NOT, UNKNOWN, shipped_sites
from rtcomplexity.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.batch.ledger import PlanRow
    from rtcomplexity.batch.results import PlanResult

NOT_DOCUMENTED: Final = "not documented"
NO_STRATUM: Final = "none applies"
_NO_REFERENCE: Final = frozenset({"site_not_in_reference", "fractions_not_in_reference"})
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteGroup:
    """Plans of one site that were compared within one stratum of one profile."""

    site: str
    stratum: str
    profile: str
    verdicts: tuple[int, ...]
    """Plans by verdict, in the order of :class:`VerdictValue`."""

    @property
    def plans(self) -> int:
        """How many there are."""
        return sum(self.verdicts)


class SiteGroups:
    """Counts plans by site and stratum, one at a time."""

    def __init__(self) -> None:
        self._verdicts: dict[_Key, Counter[str]] = {}
        self._without_profile: Counter[str] = Counter()
        self._nowhere: Counter[tuple[str, str]] = Counter()

    def take(self, plan: PlanRow) -> None:
        """Count one plan; one that was refused has no site."""
        result = plan.result
        if result is None:
            return
        key = (result.site, stratum_title(result), result.profile)
        self._verdicts.setdefault(key, Counter())[result.verdict] += 1
        if covers_any_site(result.profile):
            self._without_profile[result.site] += 1
        elif any(reason.code in _NO_REFERENCE for reason in result.reasons):
            self._nowhere[result.site, result.profile] += 1

    def groups(self) -> tuple[SiteGroup, ...]:
        """Give all, sites with most plans first."""
        of_site: Counter[str] = Counter()
        for (site, _, _), verdicts in self._verdicts.items():
            of_site[site] += verdicts.total()
        ordered = sorted(self._verdicts.items(), key=lambda item: (-of_site[item[0][0]], item[0]))
        return tuple(
            SiteGroup(
                site=site_title(site),
                stratum=stratum,
                profile=profile,
                verdicts=tuple(verdicts[value.value] for value in VerdictValue),
            )
            for (site, stratum, profile), verdicts in ordered
        )

    def advice(self) -> Iterator[str]:
        """Say which profile would help plans that have none of their site, most plans first."""
        for (site, profile), count in self._nowhere.most_common():
            help_with = _own(site, count) if _is_one_site(site) else "State the treated site (--site)."
            yield f"{_plans(count, site)}: no reference in profile {profile}. {help_with}"
        for site, count in self._without_profile.most_common():
            if not _is_one_site(site):
                yield (
                    f"{_plans(count, site)}: compared with real contours of any site. State the treated site "
                    "(--site), or give the RT Plans."
                )
            else:
                yield f"{_plans(count, site)}: compared with real contours of any site. {_own(site, count)}"


def _is_one_site(site: str) -> bool:
    """Whether a record's word names one site; not "not stated", one of several, or a site it excludes."""
    return site != UNKNOWN and "_or_" not in site and not site.startswith(NOT)


def _plans(count: int, site: str) -> str:
    return f"{counted(count, 'plan')}, site {site_title(site)}"


def _own(site: str, count: int) -> str:
    enough = "enough here" if count >= LEAST_PLANS else f"{count:,} here"
    return (
        f"A profile of your own would compare them with plans of their site (profile calibrate --site "
        f"{site.replace('_', '-')}; {LEAST_PLANS} plans are needed, {enough})."
    )


def site_title(site: str) -> str:
    """Name a site as people write it.

    Examples
    --------
    >>> site_title("head-and-neck"), site_title("unknown"), site_title("brain_or_pelvis")
    ('head and neck', 'not documented', 'brain or pelvis')
    """
    known = shipped_sites().get(site)
    return NOT_DOCUMENTED if site == UNKNOWN else site.replace("_", " ") if known is None else known.title


@cache
def covers_any_site(profile: str) -> bool:
    """Whether a shipped profile is for plans of any site."""
    return profile in profile_ids() and load_profile(profile).treated_site.covers_any


def stratum_title(result: PlanResult) -> str:
    """Name the stratum that a plan was compared within."""
    return NO_STRATUM if result.stratum is None else _stratum_titles(result.profile).get(result.stratum, result.stratum)


@cache
def _stratum_titles(profile: str) -> dict[str, str]:
    return {each.id: each.title for each in load_profile(profile).strata} if profile in profile_ids() else {}
