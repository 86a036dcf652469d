"""A scoring profile: strata, families, factors, reference distributions and decision rules, read from versioned TOML.

Knows what a well-formed profile is and says where one is not. Knows nothing of a case:
:mod:`rtcomplexity.scoring.score` applies a profile to measurements.
"""

from __future__ import annotations

import hashlib
import tomllib
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, model_validator

from rtcomplexity.errors import ProfileError, os_reason
from rtcomplexity.metrics.adjacency import ORGANS
from rtcomplexity.metrics.scored import SCORED
from rtcomplexity.model.frozen import Digest, Frozen, Text
from rtcomplexity.model.options import DEFAULT_PROFILE
from rtcomplexity.scoring.own_plans import MeasuredPlans, Provenance  # noqa: TC001 -- pydantic asks
from rtcomplexity.scoring.profile_lines import line_of
from rtcomplexity.scoring.real_contours import SCORED_PREFIX, shipped_table, table_ids
from rtcomplexity.scoring.reference import MEDIAN, Knots, percentile_below
from rtcomplexity.scoring.shipped import shipped
from rtcomplexity.scoring.site import TreatedSite, shipped_sites, site_of_profiles_without_one

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rtcomplexity.metrics.definition import MetricDefinition

_CUTOFF_TOLERANCE = 0.5
"""A cutoff's percentile in its own joint reference may differ from the one it is named by this much, unless T jumps
over that one: then the cutoff is the knot after the jump."""


def _check_percentiles(knots: Knots) -> Knots:
    for (_, before), (_, after) in pairwise(knots):
        if after < before:
            raise ValueError(f"percentiles must not fall; {after:g} follows {before:g}")
    if knots[0][1] > MEDIAN:
        raise ValueError(f"must begin at or below percentile 50, not at {knots[0][1]:g}")
    if len(set(knots)) < len(knots):
        raise ValueError("a knot occurs twice")
    return knots


def _check_score_knots(knots: Knots) -> Knots:
    if knots[0] != (0.0, 0.0):
        raise ValueError(f"must begin at [0, 0], not at {list(knots[0])}")
    for (before, _), (after, _) in pairwise(knots):
        if after < before:
            raise ValueError(f"values must not fall; {after:g} follows {before:g}")
    return knots


Percentile = Annotated[float, Field(ge=0, le=100)]
FactorKnots = Annotated[tuple[tuple[float, Percentile], ...], Field(min_length=2), AfterValidator(_check_percentiles)]
ScoreKnots = Annotated[FactorKnots, AfterValidator(_check_score_knots)]
"""Knots of a value that is itself a raw score or percentile: it begins at (0, 0) and rises."""
Basis = Literal["measured", "published", "model", "convention"]
FOUND_IN_PLANS: Final = frozenset({"measured", "published"})
"""Bases that are no assumption, so that a support need not stand under harder references of them."""
Combination = Literal["excess_over_median", "normal_scores"]
Presence = Literal["with", "without"]
Direction = Literal["higher", "lower"]
SupportNeed = Literal["fractions_known", "volume_within_reference", "stability"]


class Stratum(Frozen):
    """One group of plans that count as typical together."""

    id: Text
    title: Text
    min_fractions: Annotated[int, Field(ge=1)] = 1
    max_fractions: Annotated[int, Field(ge=1)] | None = None
    max_gross_target_volume_cm3: Annotated[float, Field(gt=0)]
    """Largest gross target the reference covers, cm3."""
    source: Text

    def covers(self, fractions: int) -> bool:
        """Whether a course of so many fractions belongs here."""
        return self.min_fractions <= fractions and (self.max_fractions is None or fractions <= self.max_fractions)


class SizeRange(Frozen):
    """Equivalent diameters, mm."""

    from_mm: Annotated[float, Field(ge=0)]
    to_mm: Annotated[float, Field(gt=0)]


class SimilarContours(Frozen):
    """Real contours of a shipped table, weighed by how close in size they are to the plan's target."""

    table: Text
    """Id of one of the profile's tables."""
    bandwidth: Annotated[float, Field(gt=0)]
    """Standard deviation of the Gaussian kernel in the natural logarithm of the equivalent diameter."""
    measured: Annotated[tuple[SizeRange, ...], Field(min_length=1)]
    """Sizes of which the table has enough contours for the rank to be measured; elsewhere the basis is a model."""
    shift_sd: float = 0.0
    """Outside these sizes the contours count as harder by so many standard deviations (:mod:`stress`)."""
    spread: float = 1.0
    """Outside these sizes they are spread about their median by this factor."""

    @model_validator(mode="after")
    def _is_as_measured(self) -> Self:
        if self.shift_sd or self.spread != 1:
            raise ValueError("contours are harder only under stress: leave out shift_sd and spread")
        return self


class FactorReference(Frozen):
    """The distribution of one factor in one stratum (or several): by knots, or among real contours of similar size."""

    strata: Annotated[tuple[str, ...], Field(min_length=1)]
    basis: Basis
    """Of real contours: within the sizes that they cover."""
    source: Text
    n: Annotated[int, Field(ge=1)] | None = None
    """Plans behind the knots; none for a convention."""
    knots: FactorKnots | None = None
    """(value, percentile of difficulty); values fall where a low value is the hard one."""
    similar: SimilarContours | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.knots is None) == (self.similar is None):
            raise ValueError("needs either knots or similar contours")
        if self.similar is not None and self.basis != "measured":
            raise ValueError(f"the basis of similar contours is 'measured', not {self.basis!r}")
        return self


class Table(Frozen):
    """A shipped table of real contours that the profile was made with."""

    id: Text
    sha256: Digest

    @model_validator(mode="after")
    def _is_the_shipped_one(self) -> Self:
        if self.id not in table_ids():
            raise ValueError(f"there is no table {self.id!r}; this version ships {', '.join(table_ids()) or 'none'}")
        if shipped_table(self.id).sha256 != self.sha256:
            raise ValueError(f"table {self.id!r} of this version of the software is another than the profile's")
        return self


class RawReference(Frozen):
    """The distribution of a family's raw score in one stratum (or several)."""

    strata: Annotated[tuple[str, ...], Field(min_length=1)]
    presence: Presence | None = None
    """Of plans with, or without, what the family's `split_by` asks for; none where the family is not split."""
    knots: FactorKnots


class ScoreReference(Frozen):
    """The distribution of a group's maximum in one stratum (or several)."""

    strata: Annotated[tuple[str, ...], Field(min_length=1)]
    knots: ScoreKnots


class JointReference(ScoreReference):
    """The distribution of T, and the cutoffs read from it."""

    c_reject: float
    """Below it, rejects: the 75th percentile of T, or the next above it where plans tie, unless another is stated."""
    reject_percentile: Annotated[float, Field(ge=50, le=97.5)] = 75.0
    """Which percentile of T that is: lower where too many plans with two families planted would be rejected."""
    c_support: float
    """From it on, supports comes into question; at least the 97.5th percentile of T."""
    support_percentile: Annotated[float, Field(ge=97.5, le=100)] = 97.5
    """Which percentile of T that is."""
    c_anchor: float | None = None
    """From it on, the best group that may anchor carries a support beside one whose whole reference is a convention;
    where it is not stated, none does."""

    @model_validator(mode="after")
    def _an_anchor_passes_the_cutoff_too(self) -> Self:
        if self.c_anchor is not None and self.c_anchor < self.c_support:
            raise ValueError(f"c_anchor = {self.c_anchor:g} lies below c_support = {self.c_support:g}")
        return self

    @model_validator(mode="after")
    def _cutoffs_are_percentiles_of_t(self) -> Self:
        for name, cutoff, named in (
            ("c_reject", self.c_reject, self.reject_percentile),
            ("c_support", self.c_support, self.support_percentile),
        ):
            found = percentile_below(self.knots, cutoff)
            below = [knot for knot in self.knots if knot[0] < cutoff]
            is_next_after_jump = bool(below) and percentile_below(self.knots, below[-1][0]) <= named <= found
            is_next_after_jump &= bool(below) and abs(below[-1][1] - found) <= _CUTOFF_TOLERANCE
            if not is_next_after_jump and abs(found - named) > _CUTOFF_TOLERANCE:
                raise ValueError(f"{name} = {cutoff:g} is percentile {found:g} of these knots, not {named:g}")
        return self


_Reference = TypeVar("_Reference", FactorReference, RawReference, ScoreReference, JointReference)


class Factor(Frozen):
    """One measured metric with a direction and its reference distributions."""

    metric: Text
    """Key in the measurements of the gross target."""
    title: str = ""
    """What reports call a metric that is not declared by this software; else its own title counts."""
    unit: str
    direction: Direction
    """Which end is the hard one."""
    effect_floor: Annotated[float, Field(ge=0)]
    """A difference from the reference median up to this is too small to matter, in `unit`."""
    volume_exponent: float = 0.0
    """The factor grows with this power of the target's volume (1 volume, 2/3 area, 1/3 length, 0 neither)."""
    references: Annotated[tuple[FactorReference, ...], Field(min_length=1)]

    @property
    def sign(self) -> float:
        """1 where a high value is the hard one, -1 where a low one is."""
        return 1.0 if self.direction == "higher" else -1.0

    @model_validator(mode="after")
    def _values_run_towards_harder(self) -> Self:
        for reference in self.references:
            if reference.knots is None:
                continue
            values = [value for value, _ in reference.knots]
            for before, after in pairwise(values):
                if self.sign * (after - before) < 0:
                    verb = "fall" if self.sign > 0 else "rise"
                    raise ValueError(
                        f"'{self.direction}' is harder, so values must not {verb}; {after:g} follows {before:g}"
                    )
            if values[0] == values[-1]:
                raise ValueError("knots hold a single value")
        return self

    @model_validator(mode="after")
    def _is_a_scored_metric(self, info: ValidationInfo) -> Self:
        known: Mapping[str, MetricDefinition[Any]] = info.context or {}
        declared = known.get(self.metric)
        if declared is None:
            near = get_close_matches(self.metric, known, n=1)
            nearest = f"; the nearest is {near[0]}" if near else ""
            raise ValueError(f"{self.metric!r} is no scored metric{nearest}")
        for what, stated, right in (
            ("unit", self.unit, declared.unit.value),
            ("direction", self.direction, declared.direction),
        ):
            if stated != right:
                raise ValueError(f"the {what} of {self.metric} is {right or 'none'!r}, not {stated!r}")
        return self


class Family(Frozen):
    """Factors that belong together, so that correlated ones do not count twice."""

    id: Text
    title: Text
    group: Text
    """Families of one group count as one."""
    may_anchor: bool
    """Whether it can carry a support, or only join one."""
    combination: Combination = "excess_over_median"
    """Raw score: mean of what each percentile exceeds the median by, or of the percentiles as normal scores."""
    split_by: tuple[str, ...] = ()
    """Metrics that only some plans can have; plans with and without any are ranked each among their like."""
    factors: Annotated[tuple[Factor, ...], Field(min_length=1)]
    raw_references: Annotated[tuple[RawReference, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _raw_scores_fit(self) -> Self:
        for reference in self.raw_references:
            if self.combination == "excess_over_median":
                _check_score_knots(reference.knots)
            elif reference.knots[0][0] >= reference.knots[-1][0]:
                raise ValueError("raw_references: values must rise")
        if not set(self.split_by) < {factor.metric for factor in self.factors}:
            raise ValueError("split_by must name some of the family's factors, and leave at least one")
        return self


class Group(Frozen):
    """Families of which only the highest counts, re-ranked among such maxima."""

    id: Text
    title: Text
    references: Annotated[tuple[ScoreReference, ...], Field(min_length=1)]


class Levels(Frozen):
    """Where the words begin, in percentiles."""

    elevated_from: Percentile
    high_from: Percentile

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.elevated_from < self.high_from:
            raise ValueError(f"elevated_from {self.elevated_from:g} must lie below high_from {self.high_from:g}")
        return self


class Caps(Frozen):
    """Most that a factor of a basis may count."""

    convention_percentile: Percentile


class Stress(Frozen):
    """How the reference is made harder, to see whether a support still stands."""

    shift_sd: Annotated[float, Field(ge=0)]
    """Every factor's reference moves towards harder by this many standard deviations."""
    spread: Annotated[float, Field(ge=1)]
    """Every factor's reference is spread about its median by this factor."""
    volume: Annotated[float, Field(ge=1)]
    """Every reference target is larger by this factor."""


class MeasurementRules(Frozen):
    """How what is scored is measured, where that can differ from profile to profile."""

    shape_blur_mm: Annotated[float, Field(ge=0.5, le=3)] = 3.0
    """Standard deviation of the Gaussian by which the gross target's surface is evened out, mm."""


class Rules(Frozen):
    """Decision rules."""

    may_support: bool
    supports_needs: tuple[SupportNeed, ...]
    """Facts without which the verdict is at most indeterminate, besides those that every profile needs: a known site, a
    known volume and, where the fractions are unknown, a volume within the reference."""
    stability_minimum: Annotated[float, Field(ge=0, le=1)]


class StabilityRules(Frozen):
    """How often the contours are redrawn to see whether the verdict stays."""

    replicates: Annotated[int, Field(ge=1)] = 32
    extended_to: Annotated[int, Field(ge=1)] = 200
    """Redrawings in all, where the share of the first ones leaves it open."""
    open_from: Annotated[float, Field(ge=0, le=1)] = 0.65
    open_to: Annotated[float, Field(ge=0, le=1)] = 0.95


class Calibration(Frozen):
    """Which plans the false-support rate holds for, and what it is there."""

    population: Text
    n_calibration: Annotated[int, Field(ge=1)]
    n_test: Annotated[int, Field(ge=1)]
    false_support_rate: Annotated[float, Field(ge=0, le=1)]
    false_support_upper95: Annotated[float, Field(ge=0, le=1)]
    source: Text


class Profile(Frozen):
    """A validated profile; everything a verdict depends on besides the plan itself."""

    id: Text
    version: Text
    title: Text
    provenance: Provenance | None = None
    """Who made a profile of one's own, from which plans."""
    own_plans: MeasuredPlans | None = None
    """These plans: one of them is left out when it is scored."""
    comparison: str = ""
    """What plans are compared with, where that is no population of plans of their site: a finding against."""
    notice: Text
    """What a reader must know of this profile, in plain words; printed with every score."""
    calibration: Calibration | None = None
    """None: not calibrated, so no false-support rate is known."""
    tables: tuple[Table, ...] = ()
    """Shipped tables of real contours that factors are ranked in."""
    strata: Annotated[tuple[Stratum, ...], Field(min_length=1)]
    stratum_if_fractions_unknown: Text
    families: Annotated[tuple[Family, ...], Field(min_length=2)]
    groups: tuple[Group, ...] = ()
    """Groups of more than one family."""
    joint_references: Annotated[tuple[JointReference, ...], Field(min_length=1)]
    levels: Levels
    caps: Caps
    stress: Stress
    rules: Rules
    measurement: MeasurementRules = MeasurementRules()
    site: str | TreatedSite = ""
    """Id of a shipped site, or one of the profile's own; where nothing is stated, that of profiles of version 1."""
    stability: StabilityRules = StabilityRules()
    sha256: str
    """SHA-256 of the file's bytes."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for complaint in _complaints(self):
            raise ValueError(complaint)
        return self

    @property
    def treated_site(self) -> TreatedSite:
        """The site whose plans the reference holds."""
        if isinstance(self.site, TreatedSite):
            return self.site
        return shipped_sites()[self.site] if self.site else site_of_profiles_without_one()

    def stratum(self, stratum_id: str) -> Stratum:
        """Return the stratum of that id."""
        return next(stratum for stratum in self.strata if stratum.id == stratum_id)

    def joint(self, stratum_id: str) -> JointReference:
        """Return the distribution of T in a stratum."""
        return _for_stratum(self.joint_references, stratum_id)


def column_of(factor: Factor) -> str:
    """Name a factor's column in a table of real contours."""
    return factor.metric.removeprefix(SCORED_PREFIX)


def factor_reference(factor: Factor, stratum_id: str) -> FactorReference:
    """Return a factor's reference in a stratum."""
    return _for_stratum(factor.references, stratum_id)


def raw_knots(family: Family, stratum_id: str, presence: Presence | None = None) -> Knots:
    """Return the reference of a family's raw score in a stratum, of plans with or without what it is split by."""
    return next(r.knots for r in family.raw_references if stratum_id in r.strata and r.presence == presence)


def group_knots(group: Group, stratum_id: str) -> Knots:
    """Return the reference of a group's maximum in a stratum."""
    return _for_stratum(group.references, stratum_id).knots


def _for_stratum(references: tuple[_Reference, ...], stratum_id: str) -> _Reference:
    return next(reference for reference in references if stratum_id in reference.strata)


def profile_ids() -> tuple[str, ...]:
    """Return the ids of the built-in profiles, sorted."""
    return tuple(shipped("profiles"))


def load_profile(id_or_path: str | Path = DEFAULT_PROFILE) -> Profile:
    """Read and validate a profile.

    Parameters
    ----------
    id_or_path
        Id of a built-in profile, or a TOML file.

    Raises
    ------
    ProfileError
        If there is no such profile, or it cannot be used; the text names the place.
    """
    if str(id_or_path) in profile_ids():
        return _shipped_profile(str(id_or_path))
    path = Path(id_or_path)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        known = ", ".join(profile_ids())
        raise ProfileError(
            f"There is no profile {path.name!r}.", f"one of {known}, or the path of a TOML file"
        ) from error
    except OSError as error:
        found = f"Profile {path.name!r} cannot be read ({os_reason(error)})."
        raise ProfileError(found, "the path of a TOML file that can be read") from error
    profile = parse_profile(content, path.name)
    if profile.id in profile_ids() and not is_shipped(profile):
        found = f"Profile {path.name} has the id {profile.id} of a built-in profile and says something else."
        raise ProfileError(found, "give it an id of its own, so that no report can be taken for one by the other")
    return profile


def is_shipped(profile: Profile) -> bool:
    """Whether a profile is, byte for byte, one that this software ships."""
    return profile.id in profile_ids() and _digest(_shipped_bytes(profile.id)) == profile.sha256


@cache
def _shipped_profile(profile_id: str) -> Profile:
    """Read a built-in profile once: its file does not change while the program runs."""
    return parse_profile(_shipped_bytes(profile_id), f"{profile_id}.toml")


def _shipped_bytes(profile_id: str) -> bytes:
    return shipped("profiles")[profile_id].read_bytes()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def parse_profile(content: bytes, name: str, scored: Iterable[MetricDefinition[Any]] = SCORED) -> Profile:
    """Validate a profile's bytes; `name` is what messages call it, `scored` are the metrics that it may score."""
    try:
        text = content.decode("utf-8")
        data = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ProfileError(f"Profile {name} is not valid TOML: {error}.", "correct the file there") from error
    if "sha256" in data:
        raise ProfileError(f"Profile {name} states its own sha256.", "remove that key; it is computed from the file")
    try:
        known = {definition.key: definition for definition in scored}
        return Profile.model_validate({**data, "sha256": _digest(content)}, context=known)
    except ValidationError as error:
        raise ProfileError(_explain(error, name, text), "correct the profile there") from error


def _explain(error: ValidationError, name: str, text: str) -> str:
    details = error.errors(include_url=False)
    within = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    places = [f"{_place(each['loc'], text)}: {each['msg']}" for each in details if each["loc"] not in within]
    more = f" (and {len(places) - 3} more)" if len(places) > 3 else ""
    return f"Profile {name} cannot be used: {'; '.join(places[:3])}{more}."


def _place(loc: tuple[int | str, ...], text: str) -> str:
    if not loc:
        return "as a whole"
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")
    line = line_of(text, loc)
    return f"{dotted} (line {line})" if line else dotted


def _complaints(profile: Profile) -> list[str]:
    return [
        *_repeated("stratum id", [stratum.id for stratum in profile.strata]),
        *_repeated("family id", [family.id for family in profile.families]),
        *_repeated("group id", [group.id for group in profile.groups]),
        *_repeated("metric", [factor.metric for family in profile.families for factor in family.factors]),
        *_site_complaints(profile),
        *_stratum_complaints(profile),
        *_group_complaints(profile),
        *_rule_complaints(profile),
        *_table_complaints(profile),
    ]


def _repeated(what: str, values: list[str]) -> list[str]:
    return [f"{what} {value!r} occurs more than once" for value in sorted({v for v in values if values.count(v) > 1})]


def _site_complaints(profile: Profile) -> list[str]:
    if isinstance(profile.site, TreatedSite):
        unknown = [organ for organ in profile.site.organs if organ not in ORGANS]
        return [f"site: no organ {organ!r}; the list holds {', '.join(sorted(ORGANS))}" for organ in unknown]
    if profile.site and profile.site not in shipped_sites():
        return [f"site: no site {profile.site!r} is shipped; there are {', '.join(shipped_sites())}, or a table [site]"]
    return []


def _stratum_complaints(profile: Profile) -> list[str]:
    ids = sorted(stratum.id for stratum in profile.strata)
    complaints = []
    if profile.stratum_if_fractions_unknown not in ids:
        complaints.append(f"stratum_if_fractions_unknown: no stratum {profile.stratum_if_fractions_unknown!r}")
    for place, references in _references(profile):
        stated = sorted(stratum for reference in references for stratum in reference.strata)
        if stated != ids:
            complaints.append(f"{place} must name each stratum once ({', '.join(ids)}), not {', '.join(stated)}")
    return complaints


def _references(profile: Profile) -> list[tuple[str, tuple[Any, ...]]]:
    return [
        *(
            (
                f"family {family.id}: raw_references{of}",
                tuple(r for r in family.raw_references if r.presence == presence),
            )
            for family in profile.families
            for of, presence in _presences(family)
        ),
        *((f"factor {f.metric}: references", f.references) for family in profile.families for f in family.factors),
        *((f"group {group.id}: references", group.references) for group in profile.groups),
        ("joint_references", profile.joint_references),
    ]


def _presences(family: Family) -> list[tuple[str, Presence | None]]:
    """What a family's raw references are divided by, with the words for it."""
    stated = {reference.presence for reference in family.raw_references}
    wanted: set[Presence | None] = {"with", "without"} if family.split_by else {None}
    return [("" if each is None else f" of presence {each!r}", each) for each in sorted(stated | wanted, key=str)]


def _table_complaints(profile: Profile) -> list[str]:
    """Where a reference asks for a table, or a column, that the profile does not have."""
    ids = [table.id for table in profile.tables]
    complaints = _repeated("table id", ids)
    for factor in (factor for family in profile.families for factor in family.factors):
        for similar in (reference.similar for reference in factor.references if reference.similar is not None):
            if similar.table not in ids:
                complaints.append(f"factor {factor.metric}: no table {similar.table!r} stands under tables")
            elif column_of(factor) not in shipped_table(similar.table).columns:
                complaints.append(f"factor {factor.metric}: table {similar.table!r} has no such column")
    return complaints


def _group_complaints(profile: Profile) -> list[str]:
    complaints = []
    stated = {group.id for group in profile.groups}
    used = {family.group for family in profile.families}
    for group_id in sorted(used | stated):
        members = [family for family in profile.families if family.group == group_id]
        if len(members) > 1 and group_id not in stated:
            complaints.append(f"group {group_id!r} has {len(members)} families and no [[groups]] entry to rank them by")
        if len(members) < 2 and group_id in stated:
            complaints.append(f"group {group_id!r} needs two families, has {len(members)}")
        if len({family.may_anchor for family in members}) > 1:
            complaints.append(f"families of group {group_id!r} differ in may_anchor")
    if len(used) < 2:
        complaints.append("at least two groups are needed")
    if not any(family.may_anchor for family in profile.families):
        complaints.append("no family may anchor")
    return complaints


def _rule_complaints(profile: Profile) -> list[str]:
    complaints = []
    if profile.rules.may_support and profile.calibration is None:
        complaints.append("rules.may_support needs a [calibration]")
    if profile.caps.convention_percentile >= profile.levels.high_from:
        complaints.append("caps.convention_percentile must lie below levels.high_from")
    return complaints
