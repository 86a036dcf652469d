"""Builds a local cohort from results: which plans are part of it, and of every other one why not.

Reads ``results.jsonl`` of batches and single evidence records; takes from them what a comparison needs and no more.
Which plan of a patient and course is kept depends on hashes alone, never on a score or on the order of the input.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rtcomplexity.batch.ledger import KEY_FILE
from rtcomplexity.batch.messages import RESULT_SCHEMA, Status
from rtcomplexity.batch.outputs import JSONL
from rtcomplexity.errors import CohortError, UsageError, first_complaint, os_reason
from rtcomplexity.evidence.output_formats import EVIDENCE_FILE
from rtcomplexity.evidence.record import SCHEMA_ID
from rtcomplexity.scoring.cohort import Cohort, Exclusion, ExclusionReason, fingerprint, key_path, sealed, to_json
from rtcomplexity.whole_files import writable, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rtcomplexity.scoring.profile import Profile

NOT_STATED: Final = "not stated"
LARGEST_RECORD_BYTES: Final = 256_000_000
LARGEST_LINE_BYTES: Final = 64_000_000
_TRY: Final = f"a batch's output folder, its {JSONL}, an evidence folder or an {EVIDENCE_FILE}."


class _Part(BaseModel):
    """A part of a result of which only the named fields matter here."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class _Software(_Part):
    version: str


class _Image(_Part):
    slice_spacing_mm: float | dict[str, Any]


class _Facts(_Part):
    site: str
    fractions: int | None


class _Plan(_Part):
    id: str
    content_id: str | None = None
    planning_image: _Image | None
    facts: _Facts

    @property
    def identity(self) -> str:
        """What distinguishes plans: the content where the record has it, else the files."""
        return self.content_id or self.id


class _Target(_Part):
    surface_method: str = ""
    metrics: dict[str, dict[str, Any]] = Field(default_factory=dict)


class _Profile(_Part):
    id: str
    sha256: str


class _Score(_Part):
    profile: _Profile
    stratum: str | None
    t: float | dict[str, Any]


class _Reason(_Part):
    code: str


class _Verdict(_Part):
    value: str
    reasons: tuple[_Reason, ...]


class _Record(_Part):
    schema_id: str = Field(validation_alias="schema")
    software: _Software
    plan: _Plan
    gross_target: _Target
    score: _Score
    verdict: _Verdict


class _Claim(_Part):
    course_key: str


class _Line(_Part):
    schema_id: str = Field(validation_alias="schema")
    key: str
    patient_key: str
    status: Status
    code: str
    claims: tuple[_Claim, ...]
    record: _Record | None


_P = TypeVar("_P", _Line, _Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltCohort:
    """A cohort, and its key, which is written to a separate file."""

    cohort: Cohort
    key: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One result, with what its source says of patient and course."""

    id: str
    source: int
    """Number of the set of results."""
    key: bytes | None = None
    """Key of the set's hashes, if it lies in the same folder."""
    is_of_batch: bool = False
    patient: str = ""
    courses: frozenset[str] = frozenset()
    record: _Record | None
    refusal: str = ""


def build_cohort(paths: Sequence[Path], profile: Profile, *, stratum: str | None = None) -> BuiltCohort:
    """Build a cohort from results.

    Parameters
    ----------
    paths : output folders of batches, their ``results.jsonl``, evidence folders, evidence records
    profile : the one whose scores count; results of another are excluded
    stratum : the only one that is kept; all if None

    Raises
    ------
    CohortError
        If results cannot be read, or no plan of them can be part of a cohort.
    UsageError
        If the profile has no such stratum.
    """
    known = [each.id for each in profile.strata]
    if stratum is not None and stratum not in known:
        raise UsageError("--stratum", stratum, f"one of {', '.join(known)}")
    kept, excluded = _selected(read_results(paths), profile, stratum)
    if not kept:
        told = ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(e.reason for e in excluded).items()))
        found = f"None of {len(excluded)} results can be part of a cohort ({told or 'there are none'})."
        raise CohortError(found, "results of this profile, with site and fractions known.")
    keys = {each.key for each in kept}
    key = keys.pop() if len(keys) == 1 and all(each.patient for each in kept) else None
    return BuiltCohort(cohort=_cohort(kept, excluded, profile, len(paths), key), key=key)


def write_cohort(built: BuiltCohort, out: Path) -> tuple[Path, ...]:
    """Write a cohort and, next to it, its key; both readable by the owner alone.

    Raises
    ------
    UsageError
        If they cannot be written.
    """
    written = [out]
    with writable("--out", out):
        write_whole(out, to_json(built.cohort))
        if built.key is not None:
            written.append(key_path(out))
            write_whole(written[-1], built.key.hex() + "\n")
    return tuple(written)


def read_results(paths: Iterable[Path]) -> list[Result]:
    """Read results in an order that depends on hashes alone; of one plan those that name a patient first.

    Raises
    ------
    CohortError
        If a path has none, or they cannot be read.
    """
    read = [one for number, path in enumerate(paths) for one in _results_at(number, _results_file(path))]
    return sorted(read, key=lambda each: (each.id, not each.patient, each.source))


def _results_file(path: Path) -> Path:
    if path.is_dir():
        inside = [path / name for name in (JSONL, EVIDENCE_FILE) if (path / name).is_file()]
        if not inside:
            raise CohortError(f"{path.name} holds neither {JSONL} nor {EVIDENCE_FILE}.", _TRY)
        path = inside[0]
    if not path.is_file():
        raise CohortError(f"There is no {path.name}.", _TRY)
    return path


def _results_at(number: int, path: Path) -> Iterator[Result]:
    try:
        with path.open("rb") as stream:
            if path.suffix == ".jsonl":
                yield from _results_of_batch(number, path, stream)
            else:
                record = _parsed(_Record, stream.read(LARGEST_RECORD_BYTES), SCHEMA_ID, path.name)
                yield Result(id=record.plan.identity, source=number, record=record)
    except OSError as error:
        raise CohortError(f"{path.name} cannot be read ({os_reason(error)}).", _TRY) from None


def _results_of_batch(number: int, path: Path, stream: BinaryIO) -> Iterator[Result]:
    key = None
    with suppress(OSError):
        key = path.with_name(KEY_FILE).read_bytes() or None
    row = 0
    while content := stream.readline(LARGEST_LINE_BYTES):
        row += 1
        line = _parsed(_Line, content, RESULT_SCHEMA, f"Line {row} of {path.name}")
        record = line.record if line.status is Status.ASSESSED else None
        yield Result(
            id=line.key if record is None else record.plan.identity,
            source=number,
            key=key,
            is_of_batch=True,
            patient=line.patient_key,
            courses=frozenset(claim.course_key for claim in line.claims),
            record=record,
            refusal=line.code,
        )


def _parsed(kind: type[_P], content: bytes, schema: str, name: str) -> _P:
    try:
        parsed = kind.model_validate_json(content)
    except ValidationError as error:
        raise CohortError(f"{name} is no result: {first_complaint(error)}.", _TRY) from None
    if parsed.schema_id != schema:
        raise CohortError(f"{name} has the schema {parsed.schema_id[:60]!r}, not {schema!r}.", _TRY)
    return parsed


def _selected(read: Iterable[Result], profile: Profile, stratum: str | None) -> tuple[list[Result], list[Exclusion]]:
    """Part the results into those that are kept and those that are not, each of these with its reason."""
    candidates: dict[str, Result] = {}
    excluded: list[Exclusion] = []
    for one in read:
        why = _why_not(one, profile, stratum)
        if why is not None:
            excluded.append(why)
        elif one.id in candidates:
            excluded.append(Exclusion(plan=one.id, reason="same_plan"))
        else:
            candidates[one.id] = one
    kept, repeated = one_per_course(candidates.values())
    excluded += [Exclusion(plan=each.id, reason="same_patient_and_course") for each in repeated]
    return kept, excluded


def _why_not(one: Result, profile: Profile, stratum: str | None) -> Exclusion | None:
    """Say why a result cannot be part of a cohort, the first reason of those that hold."""
    record = one.record
    if record is None:
        return Exclusion(plan=one.id, reason="refused", detail=one.refusal)
    score, facts = record.score, record.plan.facts
    codes = " ".join(reason.code for reason in record.verdict.reasons)
    fired: tuple[tuple[ExclusionReason, bool, str], ...] = (
        ("other_profile", score.profile.sha256 != profile.sha256, f"{score.profile.id} {score.profile.sha256[:12]}"),
        ("insufficient_evidence", record.verdict.value == "insufficient_evidence", codes),
        ("no_score", isinstance(score.t, dict) or score.stratum is None, codes),
        ("site_not_stated", facts.site != profile.treated_site.id, ""),
        ("fractions_not_stated", facts.fractions is None, ""),
        ("other_stratum", stratum not in {None, score.stratum}, score.stratum or ""),
        ("no_patient", one.is_of_batch and not one.patient, ""),
    )
    found = ((reason, detail) for reason, does_fire, detail in fired if does_fire)
    return next((Exclusion(plan=one.id, reason=reason, detail=detail) for reason, detail in found), None)


def one_per_course(candidates: Iterable[Result]) -> tuple[list[Result], list[Result]]:
    """Part plans into the first of each patient and course, and the others.

    Hashes of different keys say nothing of each other; a plan whose course nobody stated may be of any.
    """
    patients: dict[object, list[Result]] = {}
    for one in candidates:
        whose = (one.key or one.source, one.patient) if one.patient else one.id
        patients.setdefault(whose, []).append(one)
    kept, repeated = [], []
    for plans in patients.values():
        taken: set[str] = set()
        first = []
        for one in plans:
            if one.courses and not one.courses & taken:
                taken |= one.courses
                first.append(one)
        kept += first or plans[:1]
        repeated += [one for one in plans if one not in (first or plans[:1])]
    return kept, repeated


def _cohort(
    kept: Sequence[Result], excluded: Sequence[Exclusion], profile: Profile, sources: int, key: bytes | None
) -> Cohort:
    records = [one.record for one in kept if one.record is not None]
    strata = [_stratum(each.id, kept, is_keyed=key is not None) for each in profile.strata]
    tree = {
        "software": version("rtcomplexity"),
        "profile": {"id": profile.id, "sha256": profile.sha256},
        "sources": sources,
        "patient_key": None if key is None else fingerprint(key),
        "assessed_by": _counted(record.software.version for record in records),
        "surface_methods": _counted(record.gross_target.surface_method or NOT_STATED for record in records),
        "strata": [stratum for stratum in strata if stratum["plans"]],
        "exclusions": sorted(excluded, key=lambda each: (each.plan, each.reason, each.detail)),
    }
    return sealed(tree)


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _stratum(stratum: str, kept: Iterable[Result], *, is_keyed: bool) -> dict[str, Any]:
    of_stratum = [(one, one.record) for one in kept if one.record is not None and one.record.score.stratum == stratum]
    plans = [_plan(one, record, is_keyed=is_keyed) for one, record in of_stratum]
    return {"id": stratum, "plans": sorted(plans, key=lambda plan: str(plan["plan"]))}


def _plan(one: Result, record: _Record, *, is_keyed: bool) -> dict[str, Any]:
    image = record.plan.planning_image
    spacing = None if image is None or isinstance(image.slice_spacing_mm, dict) else image.slice_spacing_mm
    return {
        "plan": one.id,
        "patient": one.patient if is_keyed else "",
        "t": record.score.t,
        "slice_spacing_mm": spacing,
    }
