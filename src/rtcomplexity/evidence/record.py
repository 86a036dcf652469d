"""The evidence record: what was read, measured and concluded, in one frozen value with one canonical JSON form.

Knows the contract ``rtcomplexity/evidence/1`` and how it is written and read back. Knows no case, no clock and no path:
:mod:`rtcomplexity.evidence.building` fills it. A number is rounded to the digits it is written with; a missing one is a
reason. Every report is rendered from this: what the record lacks, no report can say.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from rtcomplexity.units import round_significant

SCHEMA_ID: Final = "rtcomplexity/evidence/1"
NOT_STATED = "not stated"

Number = Annotated[float, Field(allow_inf_nan=False), AfterValidator(round_significant)]
"""A finite number, rounded as it is written."""
StatedBy: TypeAlias = Literal["rt_plan", "user", "claim", "image", "nobody"]
EvidenceLevel: TypeAlias = Literal["present", "same_frame", "registered", "referenced"]
LevelWord: TypeAlias = Literal["typical", "elevated", "high", "not_measured"]
ClaimWord: TypeAlias = Literal["eligible", "not_eligible", "unknown"]
VerdictWord: TypeAlias = Literal["supports", "rejects", "indeterminate", "insufficient_evidence"]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True, populate_by_name=True, from_attributes=True
    )


class Missing(_Frozen):
    """A value that does not exist, and why."""

    value: None = None
    reason: str


class Measured(_Frozen):
    """A measured value."""

    value: Number
    unit: str


class Unmeasured(_Frozen):
    """A metric without a value, and why."""

    value: None = None
    unit: str
    reason: str


Metrics: TypeAlias = dict[str, Measured | Unmeasured]


class Software(_Frozen):
    """What wrote the record."""

    name: Literal["rtcomplexity"] = "rtcomplexity"
    version: str


class AlternativeSet(_Frozen):
    """A structure set that was not chosen."""

    sop_instance_uid: str
    because: str


class StructureSetRecord(_Frozen):
    """The structure set that was assessed, and why that one."""

    sop_instance_uid: str
    chosen_because: str
    alternatives: tuple[AlternativeSet, ...]
    approval: str
    manufacturer: str
    """As written; "not shown" in a de-identified record, since it is free text."""
    roi_count: int
    link: Literal["contour_image_sequence", "study_level_references", "series_uid", "frame_of_reference", "none"]
    """What ties it to the planning images."""
    link_text: str


class PlanningImage(_Frozen):
    """The image series that was contoured on."""

    modality: str
    series_uid: str
    slices: int
    rows: int
    columns: int
    row_spacing_mm: Number
    column_spacing_mm: Number
    slice_spacing_mm: Number | Missing
    """Measured between adjacent slices."""
    patient_position: str


class PrescriptionRecord(_Frozen):
    """One target dose."""

    target_dose_gy: Number
    roi_number: int | None


class RtPlanRecord(_Frozen):
    """The RT Plan that was found with the structure set."""

    sop_instance_uid: str
    fractions: int | Missing
    prescriptions: tuple[PrescriptionRecord, ...]
    approval: str
    treatment_site: str | None
    """As written; null in a de-identified record, since it is free text."""


class StatedFacts(_Frozen):
    """Facts no image shows, and who stated them."""

    site: str
    """Id of a site, ``not_`` and an id, or ``unknown``."""
    site_stated_by: StatedBy
    fractions: int | None
    fractions_stated_by: StatedBy


class Plan(_Frozen):
    """What the assessment worked on."""

    id: str
    """SHA-256 over the SOP Instance UIDs and SHA-256 of all files that were used."""
    content_id: str | None = None
    """The same over their content hashes: it survives an archive's re-encoding; null in records of version 0.1.0."""
    structure_set: StructureSetRecord
    planning_image: PlanningImage | None
    rt_plan: RtPlanRecord | None
    facts: StatedFacts

    @property
    def identity(self) -> str:
        """What distinguishes plans: the content where the record has it, else the files."""
        return self.content_id or self.id


class RegistrationLink(_Frozen):
    """One registration on the way from the planning frame of reference to an image set's."""

    sop_instance_uid: str
    kind: str
    """RIGID, RIGID_SCALE, AFFINE, DEFORMABLE, or not stated."""


class RegistrationRecord(_Frozen):
    """What ties an image set's frame of reference to the planning frame."""

    sop_instance_uid: str
    """Of the first registration on the way."""
    is_deformable: bool
    transformation_type: str
    chain: tuple[RegistrationLink, ...] = ()
    """All registrations on the way, the one at the planning frame first."""
    quality: Missing = Missing(reason="not measured")
    """Never a number: without landmarks nothing here shows how good a registration is."""


class SuvRecord(_Frozen):
    """Whether a PET's values become SUVbw."""

    is_usable: bool
    text: str
    """How they do, or which fact is missing or contradictory."""


class ConditionRecord(_Frozen):
    """One condition of an image set, with the number that decides it."""

    id: Literal["tied", "independent", "aligned", "covers", "used"]
    is_met: bool
    value: float | None
    """The number that decides; null where it was not measured, or a fact decides without one."""
    unit: str
    tolerance: float
    source: str
    """Where the tolerance comes from."""
    text: str
    metric: str = ""
    """Key of the metric whose value it is, in the set's own ``metrics``; empty where a fact decides."""
    comparison: Literal["at most", "at least", ""] = ""
    """How the value must lie to the tolerance."""


class ImageSetRecord(_Frozen):
    """One image acquisition with the evidence that it went into the delineation."""

    modality: str
    role: Literal["planning", "secondary", "not_counted"]
    level: EvidenceLevel
    shown_by: str
    phases: int
    slices: int
    """Of all phases."""
    series_uids: tuple[str, ...]
    registration: RegistrationRecord | None
    subject: str = ""
    """How issues name it: ``image:PT:1``."""
    slices_of_phases: tuple[int, ...] = ()
    """Slices of each phase."""
    contoured_phases: tuple[int, ...] = ()
    """Phases, from 1, on which a gross target was drawn; empty where it has one phase only."""
    suv: SuvRecord | None = None
    """Of a PET that is tied to the planning image."""
    sampled_on: tuple[int, ...] = ()
    """Numbers of the targets on which it has values."""
    not_sampled_because: str | None = None
    """Why it may not be sampled at all; null where it may, or where nobody asked."""
    conditions: tuple[ConditionRecord, ...] = ()
    """Of a secondary set: the five that make it count, on the union of the gross targets; empty where not measured."""
    metrics: Metrics = {}
    """Of a secondary set on that union."""


class AcquisitionRecord(_Frozen):
    """Image sets of one visit to a scanner: a PET with its CT is one, and so are all phases of a 4D-CT."""

    image_sets: tuple[int, ...]
    """Places in ``image_sets``, from 0."""
    is_counted: bool
    level: EvidenceLevel
    """The highest of its image sets."""
    text: str


class RoiRecord(_Frozen):
    """One region of interest."""

    name: str
    number: int
    target_class: str
    class_decided_by: str
    class_words: tuple[str, ...] = ()
    """Words of the vocabulary that decided the class, where words of a name, label or code did."""
    generation: str
    derived_from: int | None
    """Number of the region of which this is a uniform expansion."""
    is_gross_target: bool
    """Whether it belongs to the union that is scored."""
    metrics: Metrics


class RelationRecord(_Frozen):
    """An ordered pair of regions."""

    a: str
    b: str
    a_number: int
    b_number: int
    metrics: Metrics


class EditRecord(_Frozen):
    """A target compared with the contour that it was, or may have been, edited from. Never scored."""

    roi_number: int
    earlier_set_uid: str
    """Structure set of the earlier contour: the assessed one, a predecessor, or an earlier one."""
    earlier_number: int
    earlier_generation: str
    basis: Literal["same_set", "predecessor", "earlier_set"]
    extent: Literal["unchanged", "within_tolerance", "light", "moderate", "extensive", "not_measured"]
    moved_share: Number | None
    """Of contour length, earlier or final, whichever is more, beyond the tolerance; null where not measured."""
    tolerance_mm: Number
    side: Literal["for", "against", "neither"]
    """On which side it stands as a finding."""
    text: str
    metrics: Metrics


class GrossTarget(_Frozen):
    """The union of the gross targets, which is what is scored."""

    rois: tuple[int, ...]
    metrics: Metrics
    surface_method: str = ""
    """How the scored surface is made; empty where it was not, or where an older version does not say."""


class ProfileRecord(_Frozen):
    """The profile that scored."""

    id: str
    version: str
    title: str
    notice: str
    sha256: str


class ReferenceRecord(_Frozen):
    """What the plan is compared with."""

    title: str
    population: str | Missing
    max_gross_target_volume_cm3: Number
    c_reject: Number
    c_support: Number
    source: str


class DistributionRecord(_Frozen):
    """What a factor is compared with, as shares of bins of equal width."""

    start: Number
    stop: Number
    shares: tuple[Number, ...]
    """Percent in each bin, from the smallest values to the largest; the outermost hold what lies beyond them."""


class FactorRecord(_Frozen):
    """One factor of a family."""

    metric: str
    title: str
    value: Number | None
    reason: str | None
    """Why there is no value; null where there is one."""
    unit: str
    direction: Literal["higher", "lower"]
    percentile: Number | None
    counted_percentile: Number | None
    level: LevelWord
    reference_median: Number | None
    """Of plans of this size; null where the size is not known and the reference depends on it."""
    routine_range: tuple[Number, Number] | None = None
    """P5 and P95 of the reference, the smaller value first; null where it is not known, or an older version wrote."""
    effect_floor: Number
    basis: Literal["measured", "published", "model", "convention"]
    source: str
    n: int | None
    """Plans, or real contours of about this plan's size, behind the percentile."""
    patients: int | None = None
    """Patients whom these real contours are of; null where the reference holds no real contours."""
    distribution: DistributionRecord | None = None
    """Of plans of this size; null where the size is not known, or an older version wrote."""


class FamilyRecord(_Frozen):
    """One family."""

    id: str
    title: str
    group: str
    may_anchor: bool
    raw: Number
    score: Number
    level: LevelWord
    factors: tuple[FactorRecord, ...]


class GroupRecord(_Frozen):
    """One group of families."""

    id: str
    title: str
    may_anchor: bool
    families: tuple[str, ...]
    score: Number


class ScoreUncertainty(_Frozen):
    """Standard uncertainties of the score's percentile, in normal scores."""

    redrawing: Number
    """Of the contours, by redrawing them."""
    contours: Number
    """Of the real contours that factors are ranked among, by leaving groups of patients out; 0 where there are none."""
    plans: Number
    """Of the number of routine plans behind the distribution of the score."""


class ScoreInterval(_Frozen):
    """How well the score is known, as far as redrawing and the size of the reference go."""

    confidence: Number
    score: tuple[Number, Number]
    """On the scale of T and its cutoffs; holds T."""
    percentile: tuple[Number, Number]
    """The same as percentiles of the reference plans."""
    uncertainty: ScoreUncertainty
    redrawings: int
    plans: int
    """Routine plans behind the distribution of the score."""


class ScoreRecord(_Frozen):
    """T, and every number it was computed from."""

    profile: ProfileRecord
    stratum: str | None
    reference: ReferenceRecord | None
    t: Number | Missing
    percentile: Number | Missing
    interval: ScoreInterval | None = None
    """Null where nothing was scored, the profile is not calibrated, or an older version wrote."""
    decided_by: tuple[str, ...]
    families: tuple[FamilyRecord, ...]
    groups: tuple[GroupRecord, ...]


class ReasonRecord(_Frozen):
    """What decided the verdict."""

    code: str
    text: str


class ClaimRule(_Frozen):
    """The rule that decided the claim axis."""

    text: str
    rule: str | None
    source: str | None


class CounterfactualRecord(_Frozen):
    """The verdict under one change that makes a support harder."""

    change: str
    t: Number
    verdict: VerdictWord
    text: str


class FalseSupportRate(_Frozen):
    """How often a plan of the population would be supported by mistake."""

    value: Number
    upper95: Number
    n: int
    population: str
    source: str


class ReadinessRecord(_Frozen):
    """One item that documentation needs."""

    item: str
    state: Literal["met", "missing", "unknown"]
    text: str
    supplied_by: str


class VerdictRecord(_Frozen):
    """The answer on both axes."""

    value: VerdictWord
    text: str
    reasons: tuple[ReasonRecord, ...]
    claim: ClaimWord
    claim_rule: ClaimRule
    service_level: Literal["22", "11"] | None
    service_level_note: str
    findings_for: tuple[str, ...] = Field(validation_alias="for", serialization_alias="for")
    findings_against: tuple[str, ...] = Field(validation_alias="against", serialization_alias="against")
    why_not: tuple[CounterfactualRecord, ...]
    stability: Number | Missing
    """Share of the redrawings with the same verdict."""
    redrawings: int | None = None
    """How many were made; null where none was, or where an older version does not say."""
    false_support_rate: FalseSupportRate | Missing
    readiness: tuple[ReadinessRecord, ...]


class StatedClaimRecord(_Frozen):
    """What the user stated of the claim; null where nothing was stated, or in a de-identified record."""

    cpt_code: str | None
    modifiers: tuple[str, ...]
    payer: str | None
    payer_name: str | None
    """Of the payer whose rules were applied."""
    global_period: str | None
    date_of_service: str | None
    delineated_by: str | None
    physician_minutes: Number | None
    typical_minutes: Number | None
    typical_minutes_source: str | None
    reason: str | None
    """In the physician's own words."""
    signer: str | None
    facility: str | None = None
    account_number: str | None = None
    claim_control_number: str | None = None
    member_id: str | None = None
    """The patient's number with the payer."""
    payer_id: str | None = None
    """By which clearinghouses know the payer."""
    credentials: str | None = None
    npi: str | None = None
    diagnosis: tuple[str, ...] = ()
    """ICD-10-CM codes."""
    laterality: str | None = None
    stage: str | None = None
    prior_radiation: str | None = None
    auto_segmentation_edited: bool | None = None
    stated_by: str | None = None
    stated_on: str | None = None
    is_from_file: bool = False
    """Whether a claim file was given, be it without any of this; else only a payer was named."""


class OfficialFactsRecord(_Frozen):
    """What CMS publishes of the code, as imported by the user; no amount of money."""

    code: str
    release: str
    starts: str
    """First day of the release."""
    row: int
    """Line of the relative value file."""
    file: str | None
    """Its name; null in a de-identified record, for a user may have renamed it."""
    sha256: str
    status: str
    global_period: str
    work_rvu: Number
    pre_minutes: Number | None = None
    intra_minutes: Number | None = None
    post_minutes: Number | None = None
    total_minutes: Number | None = None
    """Typical physician time; null where no physician time file was imported, or it lacks the code."""
    time_row: int | None = None
    time_sha256: str | None = None


class Identification(_Frozen):
    """What a payer matches an attachment to a claim by, as files and claim file state it; null where they do not."""

    patient_name: str | None
    """With DICOM's carets."""
    patient_id: str | None
    """The hospital's; a payer's member number stands in no DICOM file."""
    birth_date: str | None
    date_of_service: str | None
    cpt_code: str | None
    structure_set_label: str | None
    structure_set_date: str | None
    rt_plan_label: str | None
    rt_plan_date: str | None
    report_date: str | None = None
    """Day of the run; null where an older version wrote."""
    study_uid: str | None = None
    """Of the structure set, for DICOM objects that are stored beside it; null in older records."""
    series_uid: str | None = None


class CohortRecord(_Frozen):
    """The local cohort beside the built-in reference. It can leave a verdict open, and nothing else."""

    sha256: str
    """Of the cohort file's content."""
    n: int | None
    """Plans of the stratum that were compared with, the assessed patient's left out; null where nothing was scored."""
    left_out: int | None
    at_or_above: int | None
    """Plans whose T is at least this plan's."""
    p: Number | Missing
    """(1 + `at_or_above`) / (`n` + 1)."""
    side: Literal["unusual", "neither typical nor unusual", "typical"] | None
    """Unusual: p at most 0.025; typical: p above 0.25."""
    counts: bool
    """Whether it may leave the verdict open; otherwise it is context only."""
    context: tuple[str, ...]
    """Codes of why it is context only."""
    text: str


class DefaultVerdict(_Frozen):
    """What the same files come to without the options that were used."""

    value: VerdictWord
    claim: ClaimWord
    t: Number | Missing


class IssueRecord(_Frozen):
    """Something odd but usable."""

    code: str
    severity: Literal["info", "warning", "error"]
    subject: str
    text: str


class DefinitionRecord(_Frozen):
    """What a metric in this record means."""

    title: str
    unit: str
    description: str
    ibsi_code: str
    reference: str


class Record(_Frozen):
    """The evidence record, version 1."""

    schema_id: Literal["rtcomplexity/evidence/1"] = Field(
        default=SCHEMA_ID, validation_alias="schema", serialization_alias="schema"
    )
    software: Software
    privacy: Literal["de-identified", "identified"]
    disclaimer: str
    options: dict[str, str]
    """Options that differ from their defaults."""
    plan: Plan
    image_sets: tuple[ImageSetRecord, ...]
    acquisitions: tuple[AcquisitionRecord, ...] = ()
    """The image sets counted as visits to a scanner."""
    rois: tuple[RoiRecord, ...]
    relations: tuple[RelationRecord, ...]
    gross_target: GrossTarget
    edits: tuple[EditRecord, ...] = ()
    """What targets were edited from, as far as the files show it; an earlier version writes none."""
    score: ScoreRecord
    verdict: VerdictRecord
    stated_claim: StatedClaimRecord | None = None
    """Null where no claim file and no payer was given."""
    official_facts: OfficialFactsRecord | None = None
    """Null where none were given, or they have no release of the code for the date of service."""
    identification: Identification | None = None
    """Only in a folder that was asked for as identified."""
    cohort: CohortRecord | None = None
    """Null where no cohort was given."""
    default_verdict: DefaultVerdict | None = None
    """Beside the verdict where options were used that can move it; null where none were, or it was not computed."""
    issues: tuple[IssueRecord, ...]
    metric_definitions: dict[str, DefinitionRecord]

    @model_validator(mode="after")
    def _is_as_private_as_it_says(self) -> Record:
        if self.identification is not None and self.privacy != "identified":
            raise ValueError("a de-identified record must not name a patient")
        return self


LATER_FIELDS: Final = frozenset(
    {
        "content_id", "class_words", "report_date", "study_uid", "series_uid", "edits", "official_facts", "interval",
        "distribution",
    }
)  # fmt: skip
"""Fields that records of version 0.1.0 do not have: of the record, plan, ROIs, identification, score or factors."""


def to_json(record: Record) -> bytes:
    """Write the record canonically; the same record gives the same bytes.

    UTF-8, the contract's order, indented by two, whole numbers without a point, one newline at the end. What a record
    of an earlier version does not have is not added to it.
    """
    return (json.dumps(_tree(record), ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode("utf-8")


def to_json_line(record: Record) -> str:
    """Write the record on one line, with the same values as :func:`to_json`."""
    return json.dumps(_tree(record), ensure_ascii=False, allow_nan=False)


def _tree(record: Record) -> dict[str, Any]:
    tree: dict[str, Any] = _written(record.model_dump(mode="json", by_alias=True))
    parts: list[tuple[BaseModel, dict[str, Any]]] = [
        (record, tree),
        (record.plan, tree["plan"]),
        *zip(record.rois, tree["rois"], strict=True),
        (record.score, tree["score"]),
    ]
    for family, written in zip(record.score.families, tree["score"]["families"], strict=True):
        parts.extend(zip(family.factors, written["factors"], strict=True))
    if record.identification is not None:
        parts.append((record.identification, tree["identification"]))
    for model, part in parts:
        for name in LATER_FIELDS & part.keys() - model.model_fields_set:
            del part[name]
    return tree


def from_json(content: bytes) -> Record:
    """Read a record back; raises pydantic's ValidationError where it breaks the contract."""
    return Record.model_validate_json(content)


def _written(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        return {key: _written(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_written(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
