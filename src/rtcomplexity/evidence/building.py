"""Fills the evidence record from a case, its measurements and what scoring says of them.

Knows every value of the layers below and the contract; computes nothing. The record is built once, identified;
:func:`rtcomplexity.evidence.deidentification.deidentified` makes the other one of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.case.visits import visits
from rtcomplexity.evidence import record as rec
from rtcomplexity.evidence.naming import encodable
from rtcomplexity.evidence.record import NOT_STATED
from rtcomplexity.fusion.contoured_phases import case_phases
from rtcomplexity.fusion.frames import map_to_series
from rtcomplexity.metrics.references import citation
from rtcomplexity.metrics.registration import NOT_MEASURED
from rtcomplexity.scoring.edit_findings import edit_sentence, side_of
from rtcomplexity.scoring.guardrails import DISCLAIMER, SERVICE_LEVEL_NOTE
from rtcomplexity.scoring.profile import is_shipped

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from rtcomplexity.case.visits import Visit
    from rtcomplexity.compare.edit import Edit
    from rtcomplexity.fusion.tied_images import TiedImage
    from rtcomplexity.metrics.definition import MetricDefinition
    from rtcomplexity.metrics.measurement import (
        Measurement,
        MetricTable,
        RelationMeasurements,
        RoiMeasurements,
        SampledImage,
    )
    from rtcomplexity.model.case import Case, ImageSet
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.plan import RtPlan
    from rtcomplexity.model.registration import SpatialRegistration
    from rtcomplexity.model.structure_set import Roi
    from rtcomplexity.scoring.claim import StatedClaim
    from rtcomplexity.scoring.cohort import BesideCohort, Comparison
    from rtcomplexity.scoring.facts import CaseFacts
    from rtcomplexity.scoring.official_facts import FactsOfCode
    from rtcomplexity.scoring.profile import Profile, Stratum
    from rtcomplexity.scoring.verdict import Outcome, Verdict


NOT_SHIPPED: Final = " (as stated in the profile's own file; this profile is not shipped with the software)"


def _text(text: str) -> str:
    """A text of the files as UTF-8 can hold it; "not stated" where there is none."""
    return encodable(text) or NOT_STATED


def build_record(
    case: Case,
    table: MetricTable,
    outcome: Outcome,
    profile: Profile,
    *,
    software_version: str,
    options: Mapping[str, str] | None = None,
    definitions: Iterable[MetricDefinition[Any]] = (),
    default_verdict: rec.DefaultVerdict | None = None,
) -> rec.Record:
    """Build the evidence record, with names and UIDs as the files have them.

    Parameters
    ----------
    case, table, outcome, profile
        What was read, measured and concluded, and by which profile.
    software_version
        Version of this package.
    options
        Options that differ from their defaults, as the user wrote them; name to value.
    definitions
        The metric catalogue; those of its metrics that occur are explained in the record.
    default_verdict
        What the same files come to without those options.
    """
    rois = {roi.number: roi for roi in case.structure_set.rois}
    return rec.Record(
        software=rec.Software(version=software_version),
        privacy="identified",
        disclaimer=DISCLAIMER,
        options={name: encodable(value) for name, value in sorted((options or {}).items())},
        plan=_plan(case, outcome.facts),
        image_sets=_image_sets(case, table),
        acquisitions=tuple(_visit(each) for each in visits(case.image_sets)),
        rois=_rois(case, table),
        relations=tuple(_relation(each, rois) for each in table.relations),
        gross_target=_gross_target(table),
        edits=tuple(_edit(each) for each in outcome.edits),
        score=_score(outcome, profile),
        verdict=_verdict(outcome.verdict, profile),
        stated_claim=_stated_claim(outcome.stated),
        official_facts=_official_facts(outcome.stated.official),
        cohort=None if outcome.cohort is None else _cohort(outcome.cohort, outcome.comparison),
        default_verdict=default_verdict,
        issues=tuple(_issue(each) for each in sorted({*case.issues, *table.issues, *outcome.warnings})),
        metric_definitions=_definitions(definitions, table, {key for each in outcome.edits for key in each.values}),
    )


def _gross_target(table: MetricTable) -> rec.GrossTarget:
    return rec.GrossTarget(
        rois=table.gross_target_rois,
        metrics=_metrics(table.gross_target),
        surface_method=table.surface_method,
    )


def _edit(edit: Edit) -> rec.EditRecord:
    return rec.EditRecord(
        roi_number=edit.roi.number,
        earlier_set_uid=edit.earlier_set_uid,
        earlier_number=edit.earlier.number,
        earlier_generation=_text(edit.earlier.generation),
        basis=edit.basis.value,
        extent=edit.extent.value,
        moved_share=edit.moved_share,
        tolerance_mm=edit.tolerance_mm,
        side=side_of(edit),
        text=edit_sentence(edit),
        metrics=_metrics(edit.values),
    )


def _plan(case: Case, facts: CaseFacts) -> rec.Plan:
    return rec.Plan(
        id=case.plan_id,
        content_id=case.content_id or None,
        structure_set=_structure_set(case),
        planning_image=None if case.planning_image is None else _planning_image(case.planning_image),
        rt_plan=None if case.rt_plan is None else _rt_plan(case.rt_plan),
        facts=rec.StatedFacts(
            site=facts.site.word,
            site_stated_by=facts.site_stated_by.value,
            fractions=facts.fractions,
            fractions_stated_by=facts.fractions_stated_by.value,
        ),
    )


def _structure_set(case: Case) -> rec.StructureSetRecord:
    chosen = case.structure_set
    return rec.StructureSetRecord(
        sop_instance_uid=chosen.sop_instance_uid,
        chosen_because=encodable(case.chosen_because),
        alternatives=tuple(
            rec.AlternativeSet(sop_instance_uid=each.sop_instance_uid, because=encodable(each.because))
            for each in case.alternatives
        ),
        approval=_text(chosen.approval_status),
        manufacturer=_text(chosen.manufacturer),
        roi_count=len(chosen.rois),
        link=case.image_link.value,
        link_text=encodable(case.image_link_text),
    )


def _planning_image(series: ImageSeries) -> rec.PlanningImage:
    grid = series.grid
    spacing = grid.slice_spacing_mm
    return rec.PlanningImage(
        modality=series.modality,
        series_uid=series.series_uid,
        slices=len(series.sop_instance_uids),
        rows=grid.rows,
        columns=grid.columns,
        row_spacing_mm=grid.row_spacing_mm,
        column_spacing_mm=grid.column_spacing_mm,
        slice_spacing_mm=rec.Missing(reason="a single slice without Slice Thickness") if spacing is None else spacing,
        patient_position=_text(series.patient_position),
    )


def _rt_plan(plan: RtPlan) -> rec.RtPlanRecord:
    fractions = plan.fractions_planned
    return rec.RtPlanRecord(
        sop_instance_uid=plan.sop_instance_uid,
        fractions=rec.Missing(reason="the RT Plan does not state it") if fractions is None else fractions,
        prescriptions=tuple(
            rec.PrescriptionRecord(target_dose_gy=each.target_dose_gy, roi_number=each.referenced_roi_number)
            for each in plan.prescriptions
        ),
        approval=_text(plan.approval_status),
        treatment_site=_text(plan.treatment_site),
    )


def _image_sets(case: Case, table: MetricTable) -> tuple[rec.ImageSetRecord, ...]:
    """Every image set, with what was made of it where images were looked at."""
    if not table.images:
        return tuple(_image_set(each, _way(each, case), case) for each in case.image_sets)
    drawn = frozenset(id(phase.series) for phase in case_phases(case).phases)
    return tuple(
        _sampled_image_set(each, case).model_copy(update={"contoured_phases": _numbers(each, drawn)})
        for each in table.images
    )


def _numbers(image: SampledImage, drawn: Collection[int]) -> tuple[int, ...]:
    """Numbers of the phases of a set, from 1, whose series are among those that were contoured on."""
    series = image.tied.image_set.series
    return tuple(n for n, one in enumerate(series, start=1) if id(one) in drawn) if len(series) > 1 else ()


def _way(image_set: ImageSet, case: Case) -> tuple[str, ...]:
    """SOP Instance UIDs of the registrations between a set and the planning image, where no image was looked at."""
    planning = case.planning_image
    found = None if planning is None else map_to_series(case.registrations, planning, image_set.series[0])
    return () if found is None else tuple(dict.fromkeys(found.registration_uids))


def _image_set(image_set: ImageSet, registration_uids: Sequence[str], case: Case) -> rec.ImageSetRecord:
    by_uid = {registration.sop_instance_uid: registration for registration in case.registrations}
    links = [by_uid[uid] for uid in registration_uids]
    slices = tuple(len(series.sop_instance_uids) for series in image_set.series)
    return rec.ImageSetRecord(
        modality=image_set.modality,
        role=image_set.role.value,
        level=image_set.level.value,
        shown_by=encodable(image_set.shown_by),
        phases=len(slices),
        slices=sum(slices),
        series_uids=tuple(series.series_uid for series in image_set.series),
        registration=_registration(links) if links else None,
        slices_of_phases=slices,
    )


def _sampled_image_set(image: SampledImage, case: Case) -> rec.ImageSetRecord:
    tied = image.tied
    record = _image_set(tied.image_set, tied.registration_uids, case)
    conditions = () if image.conditions is None else image.conditions.conditions
    return record.model_copy(
        update={
            "subject": tied.subject,
            "suv": _suv(tied),
            "sampled_on": image.roi_numbers,
            "not_sampled_because": encodable(tied.reason) or None,
            "conditions": tuple(
                rec.ConditionRecord.model_validate(replace(each, text=encodable(each.text))) for each in conditions
            ),
            "metrics": {} if image.conditions is None else _metrics(image.conditions.values),
        }
    )


def _suv(tied: TiedImage) -> rec.SuvRecord | None:
    if tied.image_set.modality != "PT" or tied.point_map is None:
        return None
    is_usable = tied.factor is not None
    return rec.SuvRecord(is_usable=is_usable, text=encodable(tied.suv_how if is_usable else tied.reason))


def _kind(registration: SpatialRegistration) -> str:
    if registration.is_deformable:
        return "DEFORMABLE"
    kinds = {mapping.transformation_type for mapping in registration.mappings}
    return next((kind for kind in ("AFFINE", "RIGID_SCALE", "RIGID") if kind in kinds), NOT_STATED)


def _registration(links: Sequence[SpatialRegistration]) -> rec.RegistrationRecord:
    chain = tuple(rec.RegistrationLink(sop_instance_uid=each.sop_instance_uid, kind=_kind(each)) for each in links)
    return rec.RegistrationRecord(
        sop_instance_uid=chain[0].sop_instance_uid,
        is_deformable=any(each.is_deformable for each in links),
        transformation_type=chain[0].kind,
        chain=chain,
        quality=rec.Missing(reason=NOT_MEASURED),
    )


def _visit(visit: Visit) -> rec.AcquisitionRecord:
    return rec.AcquisitionRecord(
        image_sets=visit.members,
        is_counted=visit.is_counted,
        level=visit.level.value,
        text=visit.words,
    )


def _rois(case: Case, table: MetricTable) -> tuple[rec.RoiRecord, ...]:
    measured = {each.roi_number: each for each in table.rois}
    scored = frozenset(table.gross_target_rois)
    return tuple(_roi(roi, measured.get(roi.number), is_scored=roi.number in scored) for roi in case.structure_set.rois)


def _roi(roi: Roi, measured: RoiMeasurements | None, *, is_scored: bool) -> rec.RoiRecord:
    return rec.RoiRecord(
        name=encodable(roi.name),
        number=roi.number,
        target_class=roi.target_class.value,
        class_decided_by=roi.class_decided_by.value,
        class_words=roi.class_words,
        generation=_text(roi.generation),
        derived_from=None if measured is None else measured.derived_from,
        is_gross_target=is_scored,
        metrics={} if measured is None else _metrics(measured.values),
    )


def _relation(relation: RelationMeasurements, rois: Mapping[int, Roi]) -> rec.RelationRecord:
    return rec.RelationRecord(
        a=encodable(rois[relation.a].name),
        b=encodable(rois[relation.b].name),
        a_number=relation.a,
        b_number=relation.b,
        metrics=_metrics(relation.values),
    )


def _metrics(values: Mapping[str, Measurement]) -> rec.Metrics:
    return {key: _metric(values[key]) for key in sorted(values)}


def _metric(measurement: Measurement) -> rec.Measured | rec.Unmeasured:
    if measurement.value is None:
        return rec.Unmeasured(unit=measurement.unit.value, reason=measurement.reason)
    return rec.Measured(value=measurement.value, unit=measurement.unit.value)


def _score(outcome: Outcome, profile: Profile) -> rec.ScoreRecord:
    score, stratum = outcome.score, outcome.stratum
    missing = rec.Missing(reason="; ".join(reason.code for reason in outcome.verdict.reasons) or "not scored")
    return rec.ScoreRecord(
        profile=rec.ProfileRecord.model_validate(profile),
        stratum=None if stratum is None else stratum.id,
        reference=None if stratum is None else _reference(profile, stratum),
        t=missing if score is None else score.t,
        percentile=missing if score is None else score.percentile,
        interval=None if outcome.interval is None else rec.ScoreInterval.model_validate(outcome.interval),
        decided_by=() if score is None else score.decided_by,
        families=() if score is None else tuple(map(rec.FamilyRecord.model_validate, score.families)),
        groups=() if score is None else tuple(map(rec.GroupRecord.model_validate, score.groups)),
    )


def _reference(profile: Profile, stratum: Stratum) -> rec.ReferenceRecord:
    joint = profile.joint(stratum.id)
    calibration = profile.calibration
    return rec.ReferenceRecord(
        title=stratum.title,
        population=rec.Missing(reason="not calibrated") if calibration is None else calibration.population,
        max_gross_target_volume_cm3=stratum.max_gross_target_volume_cm3,
        c_reject=joint.c_reject,
        c_support=joint.c_support,
        source=stratum.source,
    )


def _stated_claim(stated: StatedClaim) -> rec.StatedClaimRecord | None:
    claim, payer = stated.claim, stated.payer
    if claim is None and payer is None:
        return None
    fields = rec.StatedClaimRecord.model_fields
    unstated = {name: None for name, field in fields.items() if field.is_required()} | {"modifiers": ()}
    stated_values = {} if claim is None else claim.model_dump(mode="json", include=set(fields))
    told = {name: encodable(value) if isinstance(value, str) else value for name, value in stated_values.items()}
    of_payer = {"payer": payer.id if payer else None, "payer_name": payer.name if payer else None}
    return rec.StatedClaimRecord.model_validate({**unstated, **told, **of_payer, "is_from_file": claim is not None})


def _official_facts(official: FactsOfCode | None) -> rec.OfficialFactsRecord | None:
    if official is None:
        return None
    release, facts = official.release, official.facts
    minutes = {} if facts.minutes is None else facts.minutes.model_dump()
    times = None if facts.minutes is None else release.physician_time
    return rec.OfficialFactsRecord(
        code=official.code,
        release=encodable(release.title),
        starts=release.starts.isoformat(),
        row=facts.row,
        file=encodable(release.fee_schedule.name),
        sha256=release.fee_schedule.sha256,
        status=encodable(facts.status),
        global_period=facts.global_period,
        work_rvu=facts.work_rvu,
        time_row=minutes.pop("row", None),
        **minutes,
        time_sha256=None if times is None else times.sha256,
    )


def _verdict(verdict: Verdict, profile: Profile) -> rec.VerdictRecord:
    claim, stability = verdict.claim, verdict.stability
    return rec.VerdictRecord(
        value=verdict.value.value,
        text=verdict.text,
        reasons=tuple(map(rec.ReasonRecord.model_validate, verdict.reasons)),
        claim=claim.status.value,
        claim_rule=rec.ClaimRule(text=claim.text, rule=claim.rule or None, source=claim.source or None),
        service_level=verdict.service_level,
        service_level_note=SERVICE_LEVEL_NOTE,
        findings_for=verdict.findings_for,
        findings_against=verdict.findings_against,
        why_not=tuple(
            rec.CounterfactualRecord(change=each.change, t=each.t, verdict=each.value.value, text=each.text)
            for each in verdict.why_not
        ),
        stability=rec.Missing(reason=stability.reason) if stability.share is None else stability.share,
        redrawings=stability.replicates or None,
        false_support_rate=_false_support_rate(verdict, profile),
        readiness=tuple(map(rec.ReadinessRecord.model_validate, verdict.readiness)),
    )


def _cohort(cohort: BesideCohort, comparison: Comparison | None) -> rec.CohortRecord:
    found = comparison
    is_compared = found is not None and "too_few_plans" not in found.context
    too_few = "nothing was scored" if found is None else "too few plans"
    return rec.CohortRecord(
        sha256=cohort.local.cohort.sha256,
        n=None if found is None else found.n,
        left_out=None if found is None else found.left_out,
        at_or_above=found.at_or_above if found is not None and is_compared else None,
        p=found.p if found is not None and is_compared else rec.Missing(reason=too_few),
        side=found.side.value if found is not None and is_compared else None,
        counts=found is not None and found.counts,
        context=() if found is None else found.context,
        text="Nothing was scored, so nothing was compared with local plans." if found is None else found.text,
    )


def _false_support_rate(verdict: Verdict, profile: Profile) -> rec.FalseSupportRate | rec.Missing:
    calibration = verdict.calibration
    if calibration is None:
        return rec.Missing(reason="the profile is not calibrated")
    return rec.FalseSupportRate(
        value=calibration.false_support_rate,
        upper95=calibration.false_support_upper95,
        n=calibration.n_test,
        population=calibration.population + ("" if is_shipped(profile) else NOT_SHIPPED),
        source=calibration.source,
    )


def _issue(issue: Issue) -> rec.IssueRecord:
    return rec.IssueRecord(
        code=issue.code, severity=issue.severity.value, subject=issue.subject, text=encodable(issue.text)
    )


def _definitions(
    definitions: Iterable[MetricDefinition[Any]], table: MetricTable, of_edits: Collection[str]
) -> dict[str, rec.DefinitionRecord]:
    used = {
        *of_edits,
        *table.gross_target,
        *(key for roi in table.rois for key in roi.values),
        *(key for relation in table.relations for key in relation.values),
        *(key for image in table.images if image.conditions is not None for key in image.conditions.values),
    }
    return {
        each.key: rec.DefinitionRecord(
            title=each.title,
            unit=str(each.unit),
            description=each.description,
            ibsi_code=each.ibsi_code,
            reference=citation(each.reference) if each.reference else "",
        )
        for each in sorted(definitions, key=lambda definition: definition.key)
        if each.key in used
    }
