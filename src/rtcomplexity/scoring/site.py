"""Where a plan is treated: the shipped sites with the words used for them, and the site that the user states.

Which site it is decides which profile applies; nothing else here knows one site from another.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field, ValidationError, field_validator

from rtcomplexity.case.vocabulary import without_accents
from rtcomplexity.errors import UsageError
from rtcomplexity.model.frozen import Frozen, Text
from rtcomplexity.scoring.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtcomplexity.model.case import Case

UNKNOWN: Final = "unknown"
NOT: Final = "not_"
"""Before the id of a site where the plan is stated not to be."""


class TreatedSite(Frozen):
    """A site that a profile is for, with the words that people use for it."""

    id: Annotated[str, Field(pattern="^[a-z][a-z0-9-]*$")]
    title: Text
    """As an adjective: pelvic, head and neck."""
    place: Text
    """As a place: the pelvis."""
    words: tuple[Text, ...] = ()
    """Regular expressions of whole words that name it in a plan, in any case."""
    body_parts: tuple[Text, ...] = ()
    """Values of Body Part Examined (0018,0015) without blanks; believed only where they name another site."""
    organs: tuple[Text, ...] = ()
    """Organs that count for adjacency, by the names of the fixed list; all of it where none is named."""
    covers_any: bool = False
    """Whether plans of every site may be compared."""
    of_profiles_without_site: bool = False
    """Whether profiles that state no site are for this one: those of version 1 did not."""

    @field_validator("words")
    @classmethod
    def _are_expressions(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            try:
                re.compile(word)
            except re.error as error:
                raise ValueError(f"{word!r} is no regular expression ({error})") from None
        return words

    def is_named_in(self, text: str) -> bool:
        """Whether a text names it, as it is written or without its accents."""
        texts = {text, without_accents(text)}
        return any(re.search(rf"\b(?:{word})\b", each, re.IGNORECASE) for word in self.words for each in texts)

    def covers(self, site: Site) -> bool | None:
        """Whether a plan treated there may be compared; None where that is not known."""
        return True if self.covers_any else site.is_at(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What is stated of a plan's treated site."""

    named: frozenset[str] = frozenset()
    """Sites that are named; if several are, which one is treated is unknown."""
    excluded: frozenset[str] = frozenset()
    """Sites where it is not."""

    @property
    def is_known(self) -> bool:
        """Whether one site is named, or one is excluded."""
        return len(self.named) == 1 or bool(self.excluded)

    @property
    def word(self) -> str:
        """How records name it: a site's id, ``not_`` and an id, or ``unknown``."""
        elsewhere = "_and_".join(f"{NOT}{each}" for each in sorted(self.excluded))
        return "_or_".join(sorted(self.named)) or elsewhere or UNKNOWN

    def contradicts(self, other: Site) -> bool:
        """Whether two statements cannot both be true."""
        apart = bool(self.named and other.named) and self.named.isdisjoint(other.named)
        return apart or any(a.named and a.named <= b.excluded for a, b in ((self, other), (other, self)))

    def is_at(self, site_id: str) -> bool | None:
        """Whether the plan is treated at a site; None where that is not known."""
        if site_id in self.excluded or (self.named and site_id not in self.named):
            return False
        return True if self.named == {site_id} else None


NOT_STATED: Final = Site()


@cache
def shipped_sites() -> dict[str, TreatedSite]:
    """Return the shipped sites by id."""
    sites = [TreatedSite.model_validate(tomllib.loads(file.read_text("utf-8"))) for file in shipped("sites").values()]
    return {site.id: site for site in sites}


def site_named(site_id: str) -> TreatedSite:
    """Return the shipped site of that id, else one that its own words name.

    Raises
    ------
    UsageError
        If it is no id.
    """
    if site_id in shipped_sites():
        return shipped_sites()[site_id]
    words = re.escape(site_id).replace(r"\-", r"\W+")
    try:
        return TreatedSite(id=site_id, title=site_id.replace("-", " "), place=f"the {site_id}", words=(words,))
    except ValidationError:
        raise UsageError("--site", site_id, "small letters, digits and hyphens, such as head-and-neck") from None


def site_of_profiles_without_one() -> TreatedSite:
    """Return the site that a profile is for which states none."""
    return next(site for site in shipped_sites().values() if site.of_profiles_without_site)


def known_sites(*own: TreatedSite) -> tuple[TreatedSite, ...]:
    """Return the shipped sites that are places, and profiles' own, which count before shipped ones of their ids."""
    sites = shipped_sites() | {each.id: each for each in own}
    return tuple(site for site in sites.values() if not site.covers_any)


def site_of(text: str, sites: Iterable[TreatedSite] | None = None) -> Site:
    """Return the site a plan's own words name.

    Examples
    --------
    >>> site_of("Left femur").word, site_of("Site 1").word
    ('extremity', 'unknown')
    >>> sorted(site_of("brain metastasis of the prostate").named)
    ['brain', 'pelvis']
    """
    return Site(named=frozenset(site.id for site in sites or known_sites() if site.is_named_in(text)))


def stated_site(word: str, sites: Iterable[TreatedSite] | None = None) -> Site | None:
    """Return the site that the user states by a word: an id, or ``not-`` and an id; None where the word is none."""
    ids = {site.id for site in sites or known_sites()}
    plain = word.strip().lower().replace("_", "-")
    if plain in ids:
        return Site(named=frozenset({plain}))
    negated = plain.removeprefix("not-")
    return Site(excluded=frozenset({negated})) if negated != plain and negated in ids else None


def checked_site(option: str, word: str, sites: Sequence[TreatedSite] | None = None) -> Site:
    """Return the site that the user states; `sites` are those that are known, the shipped ones if None.

    Raises
    ------
    UsageError
        If the word names none.
    """
    sites = known_sites() if sites is None else sites
    found = stated_site(str(word), sites)
    if found is None:
        ids = ", ".join(site.id for site in sites)
        raise UsageError(option, str(word), f"one of {ids}; or not- and one of these")
    return found


def shown_by(case: Case | None, sites: Iterable[TreatedSite] | None = None) -> frozenset[str]:
    """Return the sites that the planning image's Body Part Examined means; none where it means none."""
    image = None if case is None else case.planning_image
    body_part = "" if image is None else re.sub(r"[^A-Z]", "", image.body_part.upper())
    return frozenset(site.id for site in sites or known_sites() if body_part in site.body_parts)
