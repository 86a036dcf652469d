"""A local cohort: plans of one practice that count as routine, and the rank of a plan among them.

Knows the cohort file, ranks and p-values; reads no plan. :mod:`rtcomplexity.batch.cohort` builds the file from results,
:mod:`rtcomplexity.scoring.verdict` sets the comparison beside the built-in reference. It never adds to a score: all it
can do to a verdict is to leave it open.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from rtcomplexity.errors import CohortError, first_complaint, os_reason
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.frozen import Digest, Frozen, Number, Text
from rtcomplexity.units import round_significant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from rtcomplexity.model.issue import Issue
    from rtcomplexity.scoring.profile import Profile

COHORT_SCHEMA: Final = "rtcomplexity/cohort/1"
LEAST_PLANS: Final = 120
"""With fewer plans, the assessed patient's left out, a comparison is context and moves no verdict."""
UNUSUAL_ONE_IN: Final = 40
"""Unusual: p at most 1 in 40, which is 0.025."""
TYPICAL_ONE_IN: Final = 4
"""Typical: p above 1 in 4, so T lies below the cohort's 75th percentile."""
QUANTILES: Final = (5.0, 25.0, 50.0, 75.0, 95.0, 97.5)
SAME_SPACING_MM: Final = 0.05
"""Slice spacings that differ by less are one."""
_LARGEST_BYTES: Final = 64_000_000
_DIGEST_BYTES: Final = 16
_FINGERPRINT_DIGITS: Final = 16
_TRY: Final = "rtcomplexity cohort build, which writes such a file from results."

PatientKey = Annotated[str, Field(pattern="^([0-9a-f]{32})?$")]
ExclusionReason = Literal[
    "refused",
    "insufficient_evidence",
    "no_score",
    "site_not_stated",
    "fractions_not_stated",
    "no_patient",
    "same_plan",
    "same_patient_and_course",
    "other_profile",
    "other_stratum",
]


class CohortPlan(Frozen):
    """One plan, with what it takes to compare with it, to leave it out and to warn."""

    plan: Digest
    """``plan.content_id`` of its record; ``plan.id`` where it has none (version 0.1.0)."""
    patient: PatientKey
    """Keyed hash; empty where nothing distinguishes patients."""
    t: Annotated[Number, Field(ge=0, le=100)]
    slice_spacing_mm: Annotated[Number, Field(gt=0)] | None


class CohortStratum(Frozen):
    """The plans of one stratum, by plan."""

    id: Text
    plans: Annotated[tuple[CohortPlan, ...], Field(min_length=1)]


class Exclusion(Frozen):
    """One plan that was read and is not part of the cohort."""

    plan: Digest
    """As of a plan that is part of it; of a refused plan the SHA-256 of its structure set's file."""
    reason: ExclusionReason
    detail: str = ""
    """Codes: of the refusal, of the verdict's reasons; the other stratum or profile."""


class CohortProfile(Frozen):
    """The profile that scored every plan."""

    id: str
    sha256: Digest


class Cohort(Frozen):
    """A cohort file, version 1."""

    model_config = ConfigDict(populate_by_name=True)

    schema_id: Literal["rtcomplexity/cohort/1"] = Field(
        default=COHORT_SCHEMA, validation_alias="schema", serialization_alias="schema"
    )
    software: str
    """Version of this package that built it."""
    profile: CohortProfile
    sources: Annotated[int, Field(ge=1)]
    """Results it was built from: batches and single records."""
    patient_key: Annotated[str, Field(pattern="^[0-9a-f]{16}$")] | None
    """Fingerprint of the key behind the plans' `patient`; null where patients cannot be distinguished."""
    assessed_by: dict[str, Annotated[int, Field(ge=1)]]
    """Plans by the version of this package that assessed them."""
    surface_methods: dict[str, Annotated[int, Field(ge=1)]]
    """Plans by the way in which the scored surface was made."""
    strata: tuple[CohortStratum, ...]
    exclusions: tuple[Exclusion, ...]
    sha256: Digest
    """Over everything else in its canonical form."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        plans = [plan for stratum in self.strata for plan in stratum.plans]
        if len({plan.plan for plan in plans}) < len(plans):
            raise ValueError("a plan occurs twice")
        if len({stratum.id for stratum in self.strata}) < len(self.strata):
            raise ValueError("a stratum occurs twice")
        if any(bool(plan.patient) != (self.patient_key is not None) for plan in plans):
            raise ValueError("patients need a key, and the key patients")
        if {sum(self.assessed_by.values()), sum(self.surface_methods.values())} - {len(plans)}:
            raise ValueError("versions and surface methods must count each plan once")
        return self

    def plans_of(self, stratum_id: str) -> tuple[CohortPlan, ...]:
        """Return the plans of a stratum; none where it has no such stratum."""
        return next((stratum.plans for stratum in self.strata if stratum.id == stratum_id), ())


class Side(StrEnum):
    """Where a cohort sees a plan."""

    UNUSUAL = "unusual"
    BETWEEN = "neither typical nor unusual"
    TYPICAL = "typical"


CONTEXT_TEXTS: Final = {
    "too_few_plans": f"fewer than {LEAST_PLANS} plans of this stratum are left to compare with",
    "patients_not_told_apart": "nothing shows that it holds one plan per patient and course",
    "key_not_there": "its key file was not found, so other plans of this patient cannot be excluded",
    "patient_not_known": "the plan names no patient, so other plans of the patient cannot be excluded",
}
"""Why a cohort is context only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One plan's T among a cohort's."""

    stratum: str
    n: int
    """Plans compared with, those of the assessed patient left out."""
    left_out: int
    at_or_above: int
    """Plans whose T is at least this plan's."""
    context: tuple[str, ...]
    """Why it moves no verdict, as keys of `CONTEXT_TEXTS`; empty where it can."""

    @property
    def p(self) -> float:
        """Conformal p: (1 + #{T >= t}) / (n + 1), rounded as it is written."""
        return round_significant((1 + self.at_or_above) / (self.n + 1))

    @property
    def side(self) -> Side:
        """What the cohort calls the plan; whole numbers are compared, so rounding plays no part."""
        if UNUSUAL_ONE_IN * (1 + self.at_or_above) <= self.n + 1:
            return Side.UNUSUAL
        return Side.TYPICAL if TYPICAL_ONE_IN * (1 + self.at_or_above) > self.n + 1 else Side.BETWEEN

    @property
    def counts(self) -> bool:
        """Whether it may leave a verdict open."""
        return not self.context

    @property
    def text(self) -> str:
        """What it came to, in a sentence or two."""
        if self.n < LEAST_PLANS:
            return (
                f"The local cohort has {self.n} plans of this stratum from other patients; a comparison needs at least "
                f"{LEAST_PLANS}."
            )
        those = {0: "none scores", 1: "1 scores"}.get(self.at_or_above, f"{self.at_or_above} score")
        told = f"Of {self.n} local plans, {those} as high or higher (p = {self.p:.3g}): {self.side} among them."
        why = "; ".join(CONTEXT_TEXTS[code] for code in self.context)
        return f"{told} This is context only: {why}." if why else told


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCohort:
    """A cohort file as it was read, with its key where that was found."""

    cohort: Cohort
    key: bytes | None

    def check_profile(self, profile: Profile) -> None:
        """Raise CohortError if the cohort was scored by another profile: its T cannot be compared."""
        scored_by = self.cohort.profile
        if scored_by.sha256 != profile.sha256:
            found = f"The cohort was scored by another profile ({scored_by.id[:40]} {scored_by.sha256[:12]})"
            used = f"{profile.id} {profile.sha256[:12]}"
            raise CohortError(f"{found} than the one in use ({used}).", "assess its plans again and rebuild it.")

    def beside(self, plan_ids: Collection[str], patient: str, profile: Profile) -> BesideCohort:
        """Leave out the assessed plan and everything of its patient.

        Parameters
        ----------
        plan_ids, patient
            ``plan.id`` and ``plan.content_id``, and what distinguishes patients; empty where the files do not say.
        profile
            The profile in use.

        Raises
        ------
        CohortError
            If the cohort was scored by another profile.
        """
        self.check_profile(profile)
        hashed = "" if self.key is None else patient_hash(patient, self.key)
        kept, left_out = {}, {}
        for stratum in self.cohort.strata:
            others = [each.t for each in stratum.plans if not _is_own(each, plan_ids, hashed)]
            kept[stratum.id] = tuple(others)
            left_out[stratum.id] = len(stratum.plans) - len(others)
        context = (*self.context, *(() if patient else ("patient_not_known",)))
        return BesideCohort(local=self, profile=profile, t=kept, left_out=left_out, context=context)

    @property
    def context(self) -> tuple[str, ...]:
        """Why it moves no verdict whatever the plan; empty where nothing of the file speaks against it."""
        if self.cohort.patient_key is None:
            return ("patients_not_told_apart",)
        return ("key_not_there",) if self.key is None else ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BesideCohort:
    """A cohort without the assessed patient."""

    local: LocalCohort
    profile: Profile
    """The one that scored it, by which a plan's T is compared."""
    t: Mapping[str, tuple[float, ...]]
    """T of the plans left, by stratum."""
    left_out: Mapping[str, int]
    context: tuple[str, ...]

    def compare(self, stratum_id: str, t: float) -> Comparison:
        """Rank a T among the plans of a stratum."""
        others = self.t.get(stratum_id, ())
        return Comparison(
            stratum=stratum_id,
            n=len(others),
            left_out=self.left_out.get(stratum_id, 0),
            at_or_above=sum(other >= t for other in others),
            context=(*_too_few(len(others)), *self.context),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumSummary:
    """What a cohort holds of one stratum."""

    id: str
    n: int
    context: tuple[str, ...]
    """Why it moves no verdict; empty where it can."""
    t_quantiles: dict[str, float]
    """By percentile, linear between plans; empty where the cohort is too small."""
    unusual_above: float | None
    """What T has to exceed to be unusual; None where the cohort is too small for any to be."""
    slice_spacing_mm: tuple[float, float] | None
    """Least and most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortSummary:
    """What a cohort holds, without its plans."""

    sha256: str
    software: str
    profile: str
    profile_sha256: str
    sources: int
    plans: int
    strata: tuple[StratumSummary, ...]
    exclusions: dict[str, int]
    assessed_by: dict[str, int]
    surface_methods: dict[str, int]


def summary_of(local: LocalCohort) -> CohortSummary:
    """Summarize a cohort."""
    cohort = local.cohort
    return CohortSummary(
        sha256=cohort.sha256,
        software=cohort.software,
        profile=cohort.profile.id,
        profile_sha256=cohort.profile.sha256,
        sources=cohort.sources,
        plans=sum(len(stratum.plans) for stratum in cohort.strata),
        strata=tuple(_stratum_summary(stratum, local.context) for stratum in cohort.strata),
        exclusions=dict(sorted(Counter(each.reason for each in cohort.exclusions).items())),
        assessed_by=dict(cohort.assessed_by),
        surface_methods=dict(cohort.surface_methods),
    )


def _stratum_summary(stratum: CohortStratum, context: tuple[str, ...]) -> StratumSummary:
    t = tuple(sorted(plan.t for plan in stratum.plans))
    spacings = [plan.slice_spacing_mm for plan in stratum.plans if plan.slice_spacing_mm is not None]
    return StratumSummary(
        id=stratum.id,
        n=len(t),
        context=(*_too_few(len(t)), *context),
        t_quantiles={f"{percent:g}": _quantile(t, percent) for percent in QUANTILES} if len(t) >= LEAST_PLANS else {},
        unusual_above=unusual_above(t) if len(t) >= LEAST_PLANS else None,
        slice_spacing_mm=(min(spacings), max(spacings)) if spacings else None,
    )


def _quantile(t: tuple[float, ...], percent: float) -> float:
    """Linear between the sorted values at (n - 1) * percent / 100."""
    place = (len(t) - 1) * percent / 100
    low = int(place)
    high = min(low + 1, len(t) - 1)
    return round_significant(t[low] + (place - low) * (t[high] - t[low]))


def _too_few(n: int) -> tuple[str, ...]:
    return ("too_few_plans",) if n < LEAST_PLANS else ()


def patient_hash(patient: str, key: bytes) -> str:
    """Return the keyed hash by which a batch writes a patient; empty stays empty."""
    if not patient:
        return ""
    return hashlib.blake2b(patient.encode("utf-8", "surrogateescape"), key=key, digest_size=_DIGEST_BYTES).hexdigest()


def fingerprint(key: bytes) -> str:
    """Name a key without giving it away."""
    return hashlib.sha256(key).hexdigest()[:_FINGERPRINT_DIGITS]


def key_path(path: Path) -> Path:
    """Path of a cohort's key: next to it, with ``.key`` after its name."""
    return path.with_name(f"{path.name}.key")


def unusual_above(t: tuple[float, ...]) -> float | None:
    """Return the T that a further plan has to exceed to be unusual; None where no plan could be.

    Examples
    --------
    Of 39 plans none may be at or above, of 79 plans one.

    >>> unusual_above(tuple(map(float, range(39)))), unusual_above(tuple(map(float, range(79))))
    (38.0, 77.0)
    >>> unusual_above((1.0,) * 38)
    """
    allowed = (len(t) + 1) // UNUSUAL_ONE_IN
    return sorted(t, reverse=True)[allowed - 1] if allowed else None


def sealed(tree: Mapping[str, Any]) -> Cohort:
    """Complete a cohort's tree by its own hash, and validate it."""
    unsealed = Cohort.model_validate({**tree, "sha256": "0" * 64})
    return unsealed.model_copy(update={"sha256": _digest(unsealed)})


def to_json(cohort: Cohort) -> bytes:
    """Write a cohort canonically; the same cohort gives the same bytes."""
    return (json.dumps(_tree(cohort), ensure_ascii=True, allow_nan=False, indent=1) + "\n").encode()


def load_cohort(path: Path) -> LocalCohort:
    """Read a cohort file, and its key if that is next to it.

    Raises
    ------
    CohortError
        If it cannot be read, is no cohort, was changed since it was built, or the key beside it is another's.
    """
    cohort = parse_cohort(_read(path), path.name)
    key_file = key_path(path)
    if cohort.patient_key is None or not key_file.is_file():
        return LocalCohort(cohort=cohort, key=None)
    try:
        key = bytes.fromhex(_read(key_file).decode("ascii"))
    except ValueError:
        key = b""
    if fingerprint(key) != cohort.patient_key:
        raise CohortError(f"{key_file.name} is not the key of {path.name}.", "both files as cohort build left them.")
    return LocalCohort(cohort=cohort, key=key)


def parse_cohort(content: bytes, name: str) -> Cohort:
    """Validate a cohort's bytes; `name` is what messages call it."""
    try:
        tree = json.loads(content)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        what = f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else type(error).__name__
        raise CohortError(f"Cohort {name} is no whole JSON document ({what}).", _TRY) from None
    schema = tree.get("schema") if isinstance(tree, dict) else None
    if schema != COHORT_SCHEMA:
        shown = repr(schema)[:60] if isinstance(schema, str) else "none"
        raise CohortError(f"{name} is no cohort: its schema is {shown}, not {COHORT_SCHEMA!r}.", _TRY)
    try:
        cohort = Cohort.model_validate_json(content)
    except ValidationError as error:
        raise CohortError(f"Cohort {name} cannot be used: {first_complaint(error)}.", _TRY) from None
    if _digest(cohort) != cohort.sha256:
        raise CohortError(f"Cohort {name} was changed since it was built.", "the file as cohort build left it.")
    return cohort


def warnings_of(
    local: LocalCohort, *, software: str, surface_method: str, stratum: str | None, slice_spacing_mm: float | None
) -> Iterator[Issue]:
    """Say in what a plan was measured otherwise than a cohort's.

    Parameters
    ----------
    local
        The cohort.
    software, surface_method, stratum, slice_spacing_mm
        How the plan was assessed; a stratum or a spacing that is None is not compared.
    """
    cohort = local.cohort
    total = sum(cohort.assessed_by.values())
    if (same := cohort.assessed_by.get(software, 0)) < total:
        yield codes.COHORT_OTHER_SOFTWARE.about("cohort", plans=total - same, total=total)
    if (same := cohort.surface_methods.get(surface_method, 0)) < total:
        yield codes.COHORT_OTHER_SURFACE.about("cohort", plans=total - same, total=total)
    spacings = [plan.slice_spacing_mm for plan in cohort.plans_of(stratum or "") if plan.slice_spacing_mm is not None]
    if slice_spacing_mm is None or not spacings:
        return
    alike = sum(abs(spacing - slice_spacing_mm) < SAME_SPACING_MM for spacing in spacings)
    if 2 * alike < len(spacings):
        yield codes.COHORT_OTHER_SPACING.about(
            "cohort",
            slice_spacing_mm=slice_spacing_mm,
            alike=alike,
            plans=len(spacings),
            least_mm=min(spacings),
            most_mm=max(spacings),
        )


def _is_own(plan: CohortPlan, plan_ids: Collection[str], hashed: str) -> bool:
    return plan.plan in plan_ids or (hashed != "" and plan.patient == hashed)


def _tree(cohort: Cohort) -> dict[str, Any]:
    return cohort.model_dump(mode="json", by_alias=True)


def _digest(cohort: Cohort) -> str:
    tree = _tree(cohort)
    del tree["sha256"]
    return hashlib.sha256(json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_BYTES + 1)
    except OSError as error:
        raise CohortError(f"The cohort {path.name} cannot be read ({os_reason(error)}).", _TRY) from None
    if len(content) > _LARGEST_BYTES:
        raise CohortError(f"The cohort {path.name} is larger than any cohort.", _TRY)
    return content
