"""The use case: whether an evidence folder is untouched and, with the plan, whether it gives the same record again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import InputDataError, MissingExtraError, MissingOptionError, UsageError
from rtcomplexity.evidence.folder import read_folder
from rtcomplexity.evidence.manifest import inputs_of
from rtcomplexity.evidence.output_formats import FROM_PLAN
from rtcomplexity.evidence.package import pictures_of
from rtcomplexity.evidence.signing import read_public_key
from rtcomplexity.evidence.verification import (
    check_folder,
    compare_inputs,
    compare_pictures,
    compare_records,
    unreadable_plan,
    verification_sentence,
    with_pictures,
)
from rtcomplexity.model.options import BY_SITE
from rtcomplexity.usecases.analyze import NOTHING_CHOSEN, analyze
from rtcomplexity.usecases.package import kept_record

if TYPE_CHECKING:
    from collections.abc import Callable

    from rtcomplexity.evidence.folder import EvidenceFolder
    from rtcomplexity.evidence.record import Record
    from rtcomplexity.evidence.verification import Comparison, FolderCheck
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.model.options import AnalyzeOptions
    from rtcomplexity.usecases.analyze import Assessment

    Analyze = Callable[[Path, AnalyzeOptions], Assessment]

NEEDED: Final = {
    "--map": ("aliases", "names of ROIs", '--map "NAME=GTV"'),
    "--structure-set": ("structure_set_uid", "a chosen structure set", "--structure-set UID"),
    "--targets": ("targets", "supplied targets", "--targets FILE"),
    "--profile": ("profile", "another profile", "--profile NAME"),
    "--claim": ("claim", "a claim file", "--claim FILE"),
    "--cms": ("cms", "official facts of the code", "--cms FILE"),
    "--cohort": ("cohort", "a local cohort", "--cohort FILE"),
}
"""Options whose value a record does not hold: the field that gives it again, its words, and what to add."""

NOT_GIVEN: Final[tuple[object, ...]] = (None, {}, BY_SITE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What a verification came to."""

    is_good: bool
    """Untouched and, where the plan was given, identical or equivalent."""
    sentence: str
    notes: tuple[str, ...]


def verify(
    folder: Path | str,
    plan: Path | str | None = None,
    given: AnalyzeOptions = NOTHING_CHOSEN,
    *,
    public_key: Path | str | None = None,
    analyze_plan: Analyze = analyze,
) -> Verification:
    """Check an evidence folder against its manifest and, with the plan, against the record derived again.

    Parameters
    ----------
    folder : an evidence folder
    plan : the plan that it was made from
    given : what a record does not hold of the options it was made with, given once more
    public_key : PEM file of the Ed25519 key that must have signed
    analyze_plan : what assesses the plan; a caller may add settings or progress

    Raises
    ------
    EvidenceFolderError
        If the folder is none, or cannot be read.
    MissingOptionError
        If the record was made with an option whose value it does not hold, and it was not given again.
    """
    saved = read_folder(Path(folder))
    key = None if public_key is None else read_public_key(Path(public_key))
    check = check_folder(saved, public_key=key)
    derived = _Derived(check=check)
    if plan is not None and not check.problems:
        options = options_of(saved.record(), given)
        derived = _with_plan(saved, check, lambda: analyze_plan(Path(plan), options))
    is_good, sentence = verification_sentence(
        derived.check, inputs=derived.inputs, comparison=derived.comparison, is_reencoded=derived.is_reencoded
    )
    return Verification(is_good=is_good, sentence=sentence, notes=derived.check.notes)


def options_of(saved: Record, given: AnalyzeOptions) -> AnalyzeOptions:
    """Return the options that a record was made with: its own, and those it does not hold from `given`."""
    _check_given(saved, given)
    facts = saved.plan.facts
    return replace(
        given,
        site=facts.site if facts.site_stated_by == "user" else None,
        fractions=facts.fractions if facts.fractions_stated_by == "user" else None,
        payer=saved.options.get("--payer"),
        quick="--quick" in saved.options,
        same_patient="--same-patient" in saved.options,
    )


def _check_given(saved: Record, given: AnalyzeOptions) -> None:
    """Raise MissingOptionError where an option that the record was made with and does not hold was not given again."""
    stated = saved.stated_claim
    needed = {*saved.options, *(["--claim"] if stated is not None and stated.is_from_file else [])}
    for option, (field, made_with, added) in NEEDED.items():
        if option in needed and getattr(given, field) in NOT_GIVEN:
            raise MissingOptionError(
                option, f"This folder was made with {made_with} and does not hold it.", f"{added}, as analyze was given"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Derived:
    """What deriving the record from the plan again came to."""

    check: FolderCheck
    inputs: tuple[str, ...] | None = None
    comparison: Comparison | None = None
    is_reencoded: bool = False


def _with_plan(saved: EvidenceFolder, check: FolderCheck, derive: Callable[[], Assessment]) -> _Derived:
    """Derive the record from the plan again, and compare its files, record and pictures with the saved ones.

    Files that were re-encoded are another plan by their bytes and the same one by their content: the record is then
    compared under the saved one's id, which also keys its UIDs.
    """
    try:
        assessment = derive()
    except InputDataError as error:
        return _Derived(check=check, inputs=unreadable_plan(error.found))
    before, own = saved.record(), assessment.record.plan
    is_reencoded = own.id != before.plan.id and own.identity == before.plan.identity
    if is_reencoded:
        plan = own.model_copy(update={"id": before.plan.id})
        assessment = replace(assessment, record=assessment.record.model_copy(update={"plan": plan}))
    day = None if before.identification is None else before.identification.report_date
    record = kept_record(assessment, identified=before.privacy == "identified", report_date=day)
    comparison = compare_records(before, record)
    drawn = pictures_of(assessment.measured, record)
    pictures = (*compare_pictures(saved.pictures(), drawn), *_differing_from_plan(saved, assessment.measured))
    return _Derived(
        check=with_pictures(check, pictures, saved.manifest(), comparison),
        inputs=() if is_reencoded else compare_inputs(saved.manifest(), inputs_of(assessment.case)),
        comparison=comparison,
        is_reencoded=is_reencoded,
    )


def _differing_from_plan(saved: EvidenceFolder, measured: MeasuredCase) -> tuple[str, ...]:
    """Files made from the plan that are not what it gives now; none where an extra to make them is not installed."""
    record, written_at = saved.record(), saved.manifest().written_at
    differing = []
    for name, renderer in FROM_PLAN.items():
        if name not in saved.files:
            continue
        try:
            if renderer(measured, record, written_at) != saved.files[name]:
                differing.append(name)
        except MissingExtraError:
            continue
        except (InputDataError, UsageError):
            differing.append(name)
    return tuple(differing)
