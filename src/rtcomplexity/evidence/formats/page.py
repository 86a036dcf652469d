"""What a report says, section by section, as plain values that every page format lays out.

Knows the record and the words it is told in; knows no markup. All text is made showable here, once, so that no format
can forget it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.numbers import held, readable
from rtcomplexity.evidence.formats.text import person_name, shortened, shown
from rtcomplexity.evidence.record import NOT_STATED
from rtcomplexity.evidence.telling import LEVELS, Cover, Step, Supplied, cover_of, documents_matter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.record import (
        FactorRecord,
        FamilyRecord,
        ImageSetRecord,
        IssueRecord,
        Metrics,
        Record,
        RoiRecord,
        VerdictRecord,
    )

NO_VALUE: Final = "\u2013"
DIGEST_LENGTH: Final = 12
LONGEST_STATED: Final = 120
"""Of a name or label in a report; the record holds it whole."""
TARGET_ORDER: Final = ("GTV", "ITV", "CTV", "PTV")
GROSS: Final = ("GTV", "ITV")
TITLE: Final = "Delineation complexity evidence"
ROLES: Final = {"planning": "planning image", "secondary": "secondary", "not_counted": "not counted"}
EVIDENCE_LEVELS: Final = {
    "present": "in the folder, tied to nothing",
    "same_frame": "same frame of reference",
    "registered": "registered",
    "referenced": "referenced by the structure set",
}
STATES: Final = {"met": "there", "missing": "missing", "unknown": "not known"}
ROI_HEADINGS: Final = (
    "ROI",
    "Class",
    "Drawn",
    "Contours",
    "Planes",
    "Volume cm³",
    "System's own cm³",
    "SUVmax",
    "Scored",
)
IMAGE_SET_HEADINGS: Final = ("Modality", "Role", "Evidence of use", "Phases", "Slices", "Registration")
DIFFICULTIES: Final = (
    "Border of the tumour hard to see (collapsed lung, effusion, scar, earlier treatment)",
    "Tumour grows into, or lies against, a structure that has to be spared",
    "Several separate tumour parts to delineate",
    "Motion that had to be followed through the breathing cycle",
    "Image sets that disagreed and had to be reconciled",
    "Anatomy altered by surgery, a device or an artefact",
    "Other",
)
"""What a physician may tick; nothing is ticked in advance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One measured aspect of a family."""

    title: str
    value: str
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One bar."""

    title: str
    level: str
    words: str
    score: float
    score_text: str
    is_measured: bool
    can_anchor: bool
    decided: bool
    factors: tuple[Factor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything a report says."""

    title: str
    verdict: str
    """The record's word, for styling alone."""
    cover: Cover
    privacy: str
    identification: tuple[tuple[str, str], ...]
    """What a payer matches it to a claim by, with labels; empty unless the record holds it."""
    plan: str
    disclaimer: str
    service_level_note: str
    findings_for: tuple[str, ...]
    findings_against: tuple[str, ...]
    why_not: tuple[str, ...]
    families: tuple[Family, ...]
    cutoffs: tuple[float, float] | None
    cutoffs_text: str
    score_line: str
    rois: Table
    image_sets: Table
    readiness: Table
    issues: Table
    method: tuple[tuple[str, str], ...]
    difficulties: tuple[str, ...]


def page_of(record: Record) -> Page:
    """Lay out what the record says; adds no fact."""
    verdict, score = record.verdict, record.score
    reference = score.reference
    return Page(
        title=TITLE,
        verdict=verdict.value,
        cover=_shown_cover(cover_of(record)),
        privacy=_privacy(record),
        identification=tuple(_identification(record)),
        plan=record.plan.id[:DIGEST_LENGTH],
        disclaimer=shown(record.disclaimer),
        service_level_note=shown(verdict.service_level_note),
        findings_for=_sentences(verdict.findings_for),
        findings_against=_sentences(verdict.findings_against),
        why_not=_sentences(each.text for each in verdict.why_not),
        families=tuple(_family(each, score.decided_by) for each in score.families),
        cutoffs=None if reference is None else (reference.c_reject, reference.c_support),
        cutoffs_text="" if reference is None else readable(f"{reference.c_reject:g} and {reference.c_support:g}"),
        score_line=readable(shown(_score_line(record))),
        rois=Table(headings=ROI_HEADINGS, rows=tuple(_rois(record))),
        image_sets=Table(headings=IMAGE_SET_HEADINGS, rows=tuple(_image_set(each) for each in record.image_sets)),
        readiness=Table(
            headings=("What documentation needs", "State", "Supplied by"),
            rows=tuple(
                (shown(r.text), STATES[r.state], shown(r.supplied_by))
                for r in (verdict.readiness if documents_matter(verdict) else ())
            ),
        ),
        issues=Table(headings=("Severity", "About", "What was found"), rows=tuple(_issues(record))),
        method=tuple((label, shown(text)) for label, text in _method(record)),
        difficulties=DIFFICULTIES,
    )


def _all(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(shown(text) for text in texts)


def _sentences(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(held(readable(shown(text))) for text in texts)


def _shown_cover(cover: Cover) -> Cover:
    return Cover(
        about=cover.about,
        question=cover.question,
        answer=cover.answer,
        headline=shown(cover.headline),
        because=_sentences(cover.because),
        decided_by=shown(cover.decided_by),
        unmeasured=shown(cover.unmeasured),
        stop=shown(cover.stop),
        claim=cover.claim,
        claim_text=shown(cover.claim_text),
        service_level=cover.service_level,
        missing=tuple(Supplied(who=shown(each.who), items=_all(each.items)) for each in cover.missing),
        steps=tuple(Step(who=shown(each.who), what=shown(each.what)) for each in cover.steps),
        error_rate=held(shown(cover.error_rate)),
        options=_all(cover.options),
        local_plans=shown(cover.local_plans),
        default_answer=shown(cover.default_answer),
        choices=_all(cover.choices),
    )


def _privacy(record: Record) -> str:
    if record.privacy == "identified":
        return "Identified: it holds names and UIDs as the plan has them. Handle as patient data."
    return "De-identified: ROIs are class and number, UIDs are keyed by the plan."


def attachment_number(record: Record) -> str:
    """Control number of this evidence: from the plan's id, so the same plan always has the same.

    Letters and digits only, within the 50 characters that a claim's attachment segment holds.
    """
    return f"RTC{record.plan.id[:17].upper()}"


def _identification(record: Record) -> Iterator[tuple[str, str]]:
    for label, text in _stated_of(record):
        yield label, shortened(text, LONGEST_STATED) or NOT_STATED


def _stated_of(record: Record) -> Iterator[tuple[str, str]]:
    known = record.identification
    if known is None:
        return
    yield "Patient", person_name(known.patient_name or "")
    yield "Patient ID", known.patient_id or ""
    yield "Born", known.birth_date or ""
    yield "Date of service", known.date_of_service or ""
    yield "CPT code", known.cpt_code or ""
    yield "Structure set", _dated(known.structure_set_label, known.structure_set_date)
    if record.plan.rt_plan is not None:
        yield "RT Plan", _dated(known.rt_plan_label, known.rt_plan_date)
    yield "Attachment", attachment_number(record)


def _dated(label: str | None, day: str | None) -> str:
    return ", ".join(filter(None, (label, day)))


def _score_line(record: Record) -> str:
    score = record.score
    if score.reference is None or not isinstance(score.t, float):
        return ""
    return (
        f"The score is {score.t:g} of 100: the second-highest aspect, or the highest that can carry a finding where "
        f"that is lower. Under {score.reference.c_reject:g} speaks of a routine plan; {score.reference.c_support:g} or "
        "more is beyond it."
    )


def _family(family: FamilyRecord, decided_by: tuple[str, ...]) -> Family:
    is_measured = family.level != "not_measured"
    return Family(
        title=shown(family.title),
        level=family.level,
        words=LEVELS[family.level],
        score=family.score if is_measured else 0.0,
        score_text=f"{family.score:.1f}" if is_measured else NO_VALUE,
        is_measured=is_measured,
        can_anchor=family.may_anchor,
        decided=is_measured and bool({family.id, family.group} & set(decided_by)),
        factors=tuple(_factor(each) for each in family.factors),
    )


def _factor(factor: FactorRecord) -> Factor:
    if factor.value is None:
        return Factor(title=shown(factor.title), value=NO_VALUE, standing=f"not measured: {shown(factor.reason or '')}")
    unit = "" if factor.unit == "1" else f" {factor.unit}"
    counted = ""
    if factor.counted_percentile != factor.percentile:
        counted = f", counted as {factor.counted_percentile:g} (by {factor.basis})"
    standing = f"harder than {factor.percentile:g} % of the reference{counted}; reference median "
    value, median = readable(f"{factor.value:g} {factor.reference_median:g}").split()  # together: kept apart
    return Factor(
        title=shown(factor.title),
        value=shown(f"{value}{unit}"),
        standing=shown(f"{readable(standing)}{median}{unit}"),
    )


def _rois(record: Record) -> Iterator[tuple[str, ...]]:
    names = {roi.number: shortened(roi.name) for roi in record.rois}
    for roi in sorted(record.rois, key=_roi_order):
        yield (
            names[roi.number],
            roi.target_class,
            _drawn(roi, names),
            number(roi.metrics, "contour.count", 0),
            number(roi.metrics, "contour.plane_count", 0),
            number(roi.metrics, "shape.volume", 2),
            number(roi.metrics, "shape.tps_volume", 2),
            number(roi.metrics, "pet.suvbw_max", 2),
            "yes" if roi.is_gross_target else "no" if roi.target_class in GROSS else "",
        )


def _roi_order(roi: RoiRecord) -> tuple[int, int]:
    place = TARGET_ORDER.index(roi.target_class) if roi.target_class in TARGET_ORDER else len(TARGET_ORDER)
    return place, roi.number


def _drawn(roi: RoiRecord, names: dict[int, str]) -> str:
    if roi.derived_from is not None:
        return f"margin of {names.get(roi.derived_from, roi.derived_from)}"
    return shown(roi.generation).lower()


def number(metrics: Metrics, key: str, digits: int) -> str:
    """Print a metric with a fixed number of decimals; a dash where there is none."""
    value = metrics[key].value if key in metrics else None
    return NO_VALUE if value is None else f"{value:.{digits}f}"


def _image_set(image_set: ImageSetRecord) -> tuple[str, ...]:
    registration = image_set.registration
    kind = NO_VALUE
    if registration is not None:
        kind = "deformable" if registration.is_deformable else shown(registration.transformation_type).lower()
    return (
        shown(image_set.modality),
        ROLES[image_set.role],
        EVIDENCE_LEVELS[image_set.level],
        str(image_set.phases),
        str(image_set.slices),
        kind,
    )


def _issues(record: Record) -> Iterator[tuple[str, str, str]]:
    names = {roi.number: shortened(roi.name) for roi in record.rois}
    order = ("error", "warning", "info")
    for issue in sorted(record.issues, key=lambda each: order.index(each.severity)):
        yield issue.severity, _subject(issue, names), held(readable(shown(issue.text)))


def _subject(issue: IssueRecord, names: dict[int, str]) -> str:
    kind, *numbers = issue.subject.split(":")
    if kind in {"roi", "relation"} and all(each.lstrip("-").isdigit() for each in numbers):
        return " and ".join(names.get(int(each), f"ROI {each}") for each in numbers)
    return shortened(" ".join([kind, *numbers]))


def _steadiness(verdict: VerdictRecord) -> str:
    """Say how many of the redrawings, as far as that is known, gave the same verdict."""
    share = verdict.stability
    if not isinstance(share, float):
        return share.reason
    number = "" if verdict.redrawings is None else f"{verdict.redrawings} "
    return f"{100 * share:.3g} % of {number}redrawings of the gross target gave the same verdict"


def _method(record: Record) -> Iterator[tuple[str, str]]:
    profile, reference, plan = record.score.profile, record.score.reference, record.plan
    chosen = plan.structure_set
    yield "Profile", f"{profile.title} ({profile.id}, version {profile.version}, SHA-256 {profile.sha256})"
    yield "About the profile", profile.notice
    if reference is not None:
        population = reference.population
        missing = "" if isinstance(population, str) else f"not known ({population.reason})"
        yield "Compared with", f"{reference.title}; source: {reference.source}"
        yield "Population", population if isinstance(population, str) else missing
    yield "False-support rate", cover_of(record).error_rate
    yield "Stability", _steadiness(record.verdict)
    yield "Plan", f"{plan.id} (SHA-256 over every file that was used)"
    yield "Structure set", f"{chosen.sop_instance_uid}; {chosen.chosen_because}; {chosen.link_text}"
    yield "Approval", f"structure set {chosen.approval.lower()}"
    yield "Attachment number", attachment_number(record)
    yield "Software", f"rtcomplexity {record.software.version}; record {record.schema_id}"
