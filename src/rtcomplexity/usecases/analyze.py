"""The use case: read a plan, measure it, score it, and write down what was found.

Knows the order of the steps and nothing of how any of them is done.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cache, partial
from html import escape
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rtcomplexity.case.case_issues import unmet_alias_issues
from rtcomplexity.case.patients import files_of_the_set
from rtcomplexity.case.reader import read_case
from rtcomplexity.dicom.index import FileIndex, index_folder
from rtcomplexity.errors import InputDataError, MissingExtraError, UsageError
from rtcomplexity.evidence.building import build_record
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.record import DefaultVerdict, Missing, to_json
from rtcomplexity.metrics.catalogue import CATALOGUE
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.metrics.replicates import SHAPE_KEYS, replicates
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.scoring.claim import stated_claim
from rtcomplexity.scoring.cohort import load_cohort, warnings_of
from rtcomplexity.scoring.edit_findings import with_edits
from rtcomplexity.scoring.facts import StatedBy, case_facts, site_stated
from rtcomplexity.scoring.profile import load_profile, profile_ids
from rtcomplexity.scoring.profile_choice import ProfileChoice, profile_of_site
from rtcomplexity.scoring.rules import VerdictValue
from rtcomplexity.scoring.score_interval import REDRAWINGS, score_interval
from rtcomplexity.scoring.site import checked_site
from rtcomplexity.scoring.stability import Early, measure_stability
from rtcomplexity.scoring.verdict import assess, values_if_stable, values_settled, with_claim
from rtcomplexity.settings import Settings
from rtcomplexity.usecases.options_in_force import REREAD, options_in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rtcomplexity.compare.edit import Edit
    from rtcomplexity.evidence.record import Record, RoiRecord
    from rtcomplexity.metrics.definition import MetricDefinition
    from rtcomplexity.metrics.measurement import Measurement, MetricTable
    from rtcomplexity.metrics.replicates import Replicates
    from rtcomplexity.model.case import Case
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.structure_set import TargetClass
    from rtcomplexity.scoring.claim import StatedClaim
    from rtcomplexity.scoring.claim_file import ClaimFile
    from rtcomplexity.scoring.cohort import BesideCohort, LocalCohort
    from rtcomplexity.scoring.facts import CaseFacts
    from rtcomplexity.scoring.official_facts import OfficialFacts
    from rtcomplexity.scoring.profile import Profile
    from rtcomplexity.scoring.score_interval import ScoreInterval
    from rtcomplexity.scoring.site import Site, TreatedSite
    from rtcomplexity.scoring.stability import Stability
    from rtcomplexity.scoring.verdict import Outcome

NOTHING_CHOSEN: Final = AnalyzeOptions()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """What one plan came to."""

    measured: MeasuredCase
    table: MetricTable
    outcome: Outcome
    record: Record
    """The canonical record; every report is rendered from it alone."""

    @property
    def case(self) -> Case:
        """What was read."""
        return self.measured.case

    def to_dict(self) -> dict[str, Any]:
        """Give the record as plain values, as ``analyze --json`` prints them."""
        tree: dict[str, Any] = json.loads(to_json(self.record))
        return tree

    def to_frame(self) -> Any:  # noqa: ANN401 -- pandas is no dependency
        """Give one row per ROI with every metric as a column, NaN where there is no value.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            import pandas as pd  # noqa: PLC0415 -- only where a person has it
        except ImportError as fault:
            feature = "to_frame()"
            raise MissingExtraError(feature, "pandas") from fault
        rows = (
            {
                "name": roi.name,
                "number": roi.number,
                "target_class": roi.target_class,
                "is_gross_target": roi.is_gross_target,
                **{key: float("nan") if each.value is None else each.value for key, each in roi.metrics.items()},
            }
            for roi in self.record.rois
        )
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        """Show decision, verdict, score and gross targets in a notebook."""
        from rtcomplexity.evidence.cover import cover_of  # noqa: PLC0415 -- only where it is shown

        record = self.record
        t = "not scored" if isinstance(record.score.t, Missing) else f"{record.score.t:g}"
        targets = "".join(
            f"<tr><td>{escape(shown(roi.name))}</td><td>{escape(roi.target_class)}</td><td>{_volume_text(roi)}</td></tr>"
            for roi in record.rois
            if roi.is_gross_target
        )
        return (
            f"<p><b>{escape(cover_of(record).decision)}</b> {escape(record.verdict.text)} Score: {t}.</p>"
            f"<table><tr><th>ROI</th><th>Class</th><th>Volume (cm³)</th></tr>{targets}</table>"
            f"<p>{escape(record.disclaimer)}</p>"
        )


def _volume_text(roi: RoiRecord) -> str:
    volume = roi.metrics.get("shape.volume")
    return "" if volume is None or volume.value is None else f"{volume.value:g}"


def analyze(
    path: Path | str | FileIndex,
    options: AnalyzeOptions = NOTHING_CHOSEN,
    *,
    settings: Settings | None = None,
    identified: bool = True,
    name_patients: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Assessment:
    """Assess the plan in a folder.

    Parameters
    ----------
    path : folder with an RT Structure Set and its planning images, or a structure set alone; or an index of them
    options : what is chosen or stated in addition to the plan's own files
    settings : limits and tolerances; from the environment if None
    identified : whether the record holds ROI names and UIDs as they are
    name_patients : whether a refusal of several patients shows their IDs as they are
    progress : called with (files done, files in all) while reading

    Raises
    ------
    InputDataError
        If the input cannot be used; its text says what was found and what to try.
    UsageError
        If the site or the number of fractions is none.
    """
    measured = measure_plan(path, options, settings=settings, name_patients=name_patients, progress=progress)
    return assess_plan(measured, options, identified=identified)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredPlan:
    """A plan that was read and measured once, to be assessed under any facts stated later."""

    path: Path | str | FileIndex
    index: FileIndex
    plan: _Measured


def measure_plan(
    path: Path | str | FileIndex,
    options: AnalyzeOptions = NOTHING_CHOSEN,
    *,
    settings: Settings | None = None,
    name_patients: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> MeasuredPlan:
    """Read a plan and measure it; parameters and errors are those of :func:`analyze`."""
    settings = Settings.from_environment() if settings is None else settings
    asked = _Asked.of(options)
    index = path if isinstance(path, FileIndex) else index_folder(path, settings=settings, progress=progress)
    case = read_case(
        index,
        settings=settings,
        structure_set_uid=options.structure_set_uid,
        aliases=options.aliases,
        targets=options.targets,
        same_patient=options.same_patient,
        name_patients=name_patients,
    )
    profile = asked.profile_of(case)
    plan = _measured(MeasuredCase(case=case, settings=settings), profile, quick=options.quick)
    return MeasuredPlan(path=path, index=index, plan=plan)


def assess_plan(measured: MeasuredPlan, options: AnalyzeOptions, *, identified: bool = True) -> Assessment:
    """Score a measured plan and build its record.

    The options may state another site, number of fractions, payer or claim file than those it was measured under; where
    the site then asks for another way of measuring, the plan is measured again.
    """
    asked, index, case, settings = (
        _Asked.of(options),
        measured.index,
        measured.plan.case,
        measured.plan.measured.settings,
    )
    profile, claim, local = asked.profile_of(case), asked.claim, asked.cohort
    plan = measured.plan
    if not plan.is_as_asked_by(profile):
        plan = _measured(plan.measured, profile, quick=options.quick)
    facts_of = partial(case_facts, site=asked.site, fractions=options.fractions, claim=claim, sites=asked.sites)
    facts = facts_of(case, plan.table)
    beside = None if local is None else _beside(local, case, profile)
    stated = stated_claim(claim, options.payer, asked.official)
    scored = _scored(plan, facts, profile, beside)
    if case.stated_patients and scored.verdict.value is VerdictValue.SUPPORTS:
        alone = partial(_supports_alone, index, case, options, settings=settings, profile=profile)
        facts = replace(facts, rests_on_stated_patient=not alone(facts_of, beside))
        scored = _scored(plan, facts, profile, beside)
    scored = replace(scored, interval=_interval(plan, scored, profile))
    outcome = _with_statements(scored, plan, stated, options.aliases, asked.sites)
    outcome = outcome if options.quick else with_edits(outcome, plan.edits())
    in_force = options_in_force(options, case, settings, profile, local, stated)
    differs = not options.quick and bool(in_force or _states_facts(facts))
    is_reread = bool(in_force.keys() & REREAD) or bool(settings.changed_tolerances())
    record = build_record(
        case,
        plan.table,
        outcome,
        profile,
        software_version=version("rtcomplexity"),
        options=in_force,
        definitions=_definitions(quick=options.quick),
        default_verdict=_default_verdict(measured.path if is_reread else plan, settings) if differs else None,
    )
    if not identified:
        from rtcomplexity.evidence.deidentification import deidentified  # noqa: PLC0415 -- the command shows names

        record = deidentified(record)
    return Assessment(measured=plan.measured, table=plan.table, outcome=outcome, record=record)


def inspect_plan(measured: MeasuredPlan, options: AnalyzeOptions) -> Record:
    """Build the record of what was read and measured; nothing is redrawn or compared, so its verdict never supports."""
    asked, plan = _Asked.of(options), measured.plan
    facts = case_facts(plan.case, plan.table, site=asked.site, fractions=options.fractions, sites=asked.sites)
    profile = asked.profile_of(plan.case)
    scored = assess(plan.table.gross_target, facts, profile)
    outcome = _with_statements(scored, plan, stated_claim(None), options.aliases, asked.sites)
    return build_record(plan.case, plan.table, outcome, profile, software_version=version("rtcomplexity"))


def _definitions(*, quick: bool) -> tuple[MetricDefinition[Any], ...]:
    """Every metric that a record may hold: of comparisons only where edits are measured."""
    if quick:
        return CATALOGUE
    from rtcomplexity.compare.catalogue import EVERY_METRIC  # noqa: PLC0415 -- the same

    return EVERY_METRIC


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Asked:
    """What options name, read and checked."""

    profiles: ProfileChoice
    sites: Sequence[TreatedSite]
    site: Site | None
    cohort: LocalCohort | None
    claim: ClaimFile | None
    official: OfficialFacts | None

    @classmethod
    def of(cls, options: AnalyzeOptions) -> _Asked:
        """Open every file that options name."""
        _check_fractions(options.fractions)
        profiles = ProfileChoice.of(options.profile)
        sites = profiles.sites
        return cls(
            profiles=profiles,
            sites=sites,
            site=None if options.site is None else checked_site("site", options.site, sites),
            cohort=None if options.cohort is None else load_cohort(options.cohort),
            claim=None if options.claim is None else _claim_of(options.claim),
            official=None if options.cms is None else _official_of(options.cms),
        )

    def profile_of(self, case: Case) -> Profile:
        """Return the profile that a case is scored by: without the case itself, where it was made from it."""
        profile = self._chosen(case)
        if profile.provenance is not None:
            from rtcomplexity.scoring.calibration import without_plan  # noqa: PLC0415 -- most are scored by shipped ones

            profile = without_plan(profile, {case.plan_id, case.content_id})
        if self.cohort is not None:
            self.cohort.check_profile(profile)
        return profile

    def _chosen(self, case: Case) -> Profile:
        """Return the chosen profile; else the one that a cohort was scored by, else that of the plan's site."""
        nothing = self.profiles == ProfileChoice()
        if nothing and self.cohort is not None and self.cohort.cohort.profile.id in profile_ids():
            return load_profile(self.cohort.cohort.profile.id)
        stated = (self.site, StatedBy.USER) if self.site is not None else site_stated(case, self.claim, self.sites)
        return self.profiles.of_site(*stated)


def _claim_of(path: Path) -> ClaimFile:
    from rtcomplexity.scoring.claim_file import load_claim  # noqa: PLC0415 -- most runs are given none

    return load_claim(path)


def _official_of(path: Path) -> OfficialFacts:
    from rtcomplexity.scoring.official_facts import load_official_facts  # noqa: PLC0415 -- most runs are given none

    return load_official_facts(path)


class _Redrawn(NamedTuple):
    """Redrawings of a gross target by number; each is measured once, however many verdicts are asked for."""

    whole: Callable[[Sequence[int]], list[Mapping[str, Measurement]]]
    without_shape: Callable[[Sequence[int]], list[Mapping[str, Measurement]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Measured:
    """A case with its measurements, and what was derived of them, each once."""

    measured: MeasuredCase
    table: MetricTable
    shape_blur_mm: float
    organs: tuple[str, ...] = ()
    _redrawings: dict[tuple[str, bool, int], Mapping[str, Measurement]] = field(default_factory=dict, init=False)
    """By seed, whether with shape, and number: each is made once, however many verdicts are asked for."""
    _edits: list[tuple[Edit, ...]] = field(default_factory=list, init=False)

    def redrawn(self, seed: str) -> _Redrawn:
        """Return what gives the scored metrics of a redrawing by its number."""
        rois, values, kept = self.table.gross_target_rois, self.table.gross_target, self._redrawings

        @cache
        def target() -> Replicates:
            return replicates(self.measured, rois, values, seed=bytes.fromhex(seed), shape_blur_mm=self.shape_blur_mm)

        def without_shape(numbers: Sequence[int]) -> list[Mapping[str, Measurement]]:
            missing = [number for number in numbers if (seed, False, number) not in kept]
            if missing:
                found = target().without_shape(missing)
                kept.update({(seed, False, n): each for n, each in zip(missing, found, strict=True)})
            return [kept[seed, False, number] for number in numbers]

        def whole(numbers: Sequence[int]) -> list[Mapping[str, Measurement]]:
            missing = [number for number in numbers if (seed, True, number) not in kept]
            if missing:
                rests, shapes = without_shape(missing), target().shapes(missing)
                found = zip(missing, rests, shapes, strict=True)
                kept.update({(seed, True, n): {**values, **rest, **shape} for n, rest, shape in found})
            return [kept[seed, True, number] for number in numbers]

        return _Redrawn(whole=whole, without_shape=without_shape)

    def edits(self) -> tuple[Edit, ...]:
        """Return what was edited between an automatic contour or a predecessor and each target."""
        from rtcomplexity.compare.edit_search import edits_of  # noqa: PLC0415 -- a quick look measures no edits

        if not self._edits:
            self._edits.append(edits_of(self.measured, self.table))
        return self._edits[0]

    def is_as_asked_by(self, profile: Profile) -> bool:
        """Whether it was measured as a profile asks for."""
        asked = (profile.measurement.shape_blur_mm, profile.treated_site.organs)
        return (self.shape_blur_mm, self.organs) == asked

    @property
    def case(self) -> Case:
        """What was read."""
        return self.measured.case


def _measured(measured: MeasuredCase, profile: Profile, *, quick: bool = False) -> _Measured:
    """Measure a case as the profile asks for."""
    blur_mm, organs = profile.measurement.shape_blur_mm, profile.treated_site.organs
    table = measure(measured, quick=quick, shape_blur_mm=blur_mm, organs=organs)
    return _Measured(measured=measured, table=table, shape_blur_mm=blur_mm, organs=organs)


def _scored(measured: _Measured, facts: CaseFacts, profile: Profile, cohort: BesideCohort | None = None) -> Outcome:
    stability = _stability(measured, facts, profile, cohort)
    return assess(measured.table.gross_target, facts, profile, stability=stability, cohort=cohort)


def _with_statements(
    scored: Outcome,
    measured: _Measured,
    stated: StatedClaim,
    aliases: Mapping[str, TargetClass],
    sites: Sequence[TreatedSite],
) -> Outcome:
    """Add what the user stated about the claim, and warn of contradictions with the cohort or the files."""
    case = measured.case
    told = with_claim(scored, stated, case, sites)
    warned = (*told.warnings, *_cohort_warnings(told, measured), *unmet_alias_issues(aliases, case.structure_set))
    return replace(told, warnings=warned)


def _stability(
    measured: _Measured, facts: CaseFacts, profile: Profile, cohort: BesideCohort | None
) -> Stability | None:
    """Redraw the gross target and score it again; None where nothing is scored or the profile is not calibrated."""
    values = measured.table.gross_target
    verdicts_of = values_if_stable(values, facts, profile, cohort)
    if verdicts_of is None or profile.calibration is None:
        return None
    redrawn, early = measured.redrawn(profile.sha256), None
    if cohort is None:
        settled_of = values_settled(values, facts, profile, SHAPE_KEYS)
        early = Early(redrawn=redrawn.without_shape, verdicts_of=settled_of)
    return measure_stability(values, redrawn.whole, verdicts_of, profile.stability, early)


def _interval(measured: _Measured, scored: Outcome, profile: Profile) -> ScoreInterval | None:
    """How well the score is known; None where nothing is scored or the profile is not calibrated."""
    if scored.score is None or profile.calibration is None:
        return None
    redrawn = measured.redrawn(profile.sha256).whole
    return score_interval(measured.table.gross_target, redrawn(range(REDRAWINGS)), profile, scored.score.stratum)


def _default_verdict(plan: _Measured | Path | str | FileIndex, settings: Settings) -> DefaultVerdict | None:
    """Assess the plan without any option; read it again where options chose what is read. None where that fails."""
    if not isinstance(plan, _Measured):
        settings = settings.with_default_tolerances()
    try:
        found = plan.measured if isinstance(plan, _Measured) else _read(plan, settings)
    except InputDataError:
        return None
    profile = profile_of_site(*site_stated(found.case))
    if not isinstance(plan, _Measured) or not plan.is_as_asked_by(profile):
        plan = _measured(found, profile)
    outcome = _scored(plan, case_facts(plan.case, plan.table), profile)
    t = Missing(reason=_codes(outcome)) if outcome.score is None else outcome.score.t
    return DefaultVerdict(value=outcome.verdict.value.value, claim=outcome.verdict.claim.status.value, t=t)


def _codes(outcome: Outcome) -> str:
    return "; ".join(reason.code for reason in outcome.verdict.reasons) or "not scored"


def _states_facts(facts: CaseFacts) -> bool:
    """Whether the user stated what no plan file says."""
    return bool({facts.site_stated_by, facts.fractions_stated_by} & {StatedBy.USER, StatedBy.CLAIM})


def _supports_alone(
    index: FileIndex,
    case: Case,
    options: AnalyzeOptions,
    facts_of: Callable[[Case, MetricTable], CaseFacts],
    cohort: BesideCohort | None,
    *,
    settings: Settings,
    profile: Profile,
) -> bool:
    """Whether the files of the structure set's own Patient ID support by themselves."""
    uid = case.structure_set.sop_instance_uid
    try:
        own = read_case(
            files_of_the_set(index, uid),
            settings=settings,
            structure_set_uid=uid,
            aliases=options.aliases,
            targets=options.targets,
        )
    except InputDataError:
        return False
    measured = _measured(MeasuredCase(case=own, settings=settings), profile)
    scored = _scored(measured, facts_of(own, measured.table), profile, cohort)
    return scored.verdict.value is VerdictValue.SUPPORTS


def _read(path: Path | str | FileIndex, settings: Settings) -> MeasuredCase:
    return MeasuredCase(case=read_case(path, settings=settings), settings=settings)


def _beside(local: LocalCohort, case: Case, profile: Profile) -> BesideCohort:
    return local.beside({case.plan_id, case.content_id}, case.structure_set.patient_key, profile)


def _cohort_warnings(outcome: Outcome, measured: _Measured) -> tuple[Issue, ...]:
    """Say in what the plan was measured otherwise than the cohort's."""
    if outcome.cohort is None or outcome.score is None:
        return ()
    image = measured.case.planning_image
    found = warnings_of(
        outcome.cohort.local,
        software=version("rtcomplexity"),
        surface_method=measured.table.surface_method,
        stratum=outcome.score.stratum,
        slice_spacing_mm=None if image is None else image.grid.slice_spacing_mm,
    )
    return tuple(found)


def _check_fractions(fractions: object) -> None:
    """Raise UsageError where a caller states something else than a number of fractions."""
    if fractions is not None and (isinstance(fractions, bool) or not isinstance(fractions, int) or fractions < 1):
        raise UsageError("fractions", str(fractions), "a whole number from 1 on")
