"""What a reader sees, section by section, as plain values that terminal, HTML, PDF and summary lay out.

Knows the record and :mod:`rtcomplexity.evidence.words`; knows no markup and adds no fact. All text is made showable
here, once, so that no format can forget it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence import conditions, documentation, words
from rtcomplexity.evidence.cover import choices, cover_of, documents_matter, error_rate, family_title
from rtcomplexity.evidence.formats.numbers import decimals_for, held, readable
from rtcomplexity.evidence.formats.text import american_date, person_name, shortened, shown
from rtcomplexity.evidence.histogram import histogram_of
from rtcomplexity.evidence.record import NOT_STATED
from rtcomplexity.evidence.words import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rtcomplexity.evidence.cover import Cover
    from rtcomplexity.evidence.histogram import Histogram
    from rtcomplexity.evidence.record import (
        FactorRecord,
        FamilyRecord,
        ImageSetRecord,
        IssueRecord,
        Metrics,
        Record,
        ReferenceRecord,
        RoiRecord,
        ScoreInterval,
        ScoreRecord,
        VerdictRecord,
    )

NO_VALUE: Final = "\u2013"
DIGEST_LENGTH: Final = 12
LONGEST_STATED: Final = 120
"""Of a name or label in a report; the record holds it whole."""
TARGET_ORDER: Final = ("GTV", "ITV", "CTV", "PTV")
GROSS: Final = ("GTV", "ITV")
FINDING_HEADINGS: Final = ("Group", "Factor", "Value", "Routine P5\u2013P95", "Percentile", "Reference")
DECIDING_HEADINGS: Final = ("Deciding factor", "Value", "Routine P5\u2013P95", "Percentile")
MOST_DECIDING: Final = 3
"""Factors of each deciding family on the first page; the findings have all."""
ROI_HEADINGS: Final = (
    "ROI", "Class", "Method", "Contours", "Slices", "Volume (cm³)", "TPS volume (cm³)", "SUVmax", "Scored",
)  # fmt: skip
EDIT_HEADINGS: Final = (
    "Structure", "Earlier contour", "Edit", "Edited volume (cm³)", "Added path length (mm)", "Surface Dice",
    "HD95 (mm)", "Slices edited",
)  # fmt: skip
IMAGE_SET_HEADINGS: Final = ("Modality", "Role", "Evidence of use", "Phases", "Slices", "Registration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[int, ...] = ()
    """Columns of numbers, aligned at their right."""
    histograms: tuple[Histogram, ...] = ()
    """One of each row, in tables of findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """The deciding score on its scale of 100."""

    score: float
    reject: float
    support: float
    score_text: str
    reject_text: str
    support_text: str
    interval: tuple[float, float] | None
    """Interval that contains the score; None where it was not computed."""
    interval_text: str
    """The same with the confidence; empty where there is none."""
    near: str
    """That the interval holds a cutoff, in a sentence; else empty."""

    @property
    def caption(self) -> str:
        """What the two cutoffs mean."""
        return f"Below {self.reject_text}: routine. {self.support_text} or above: unusual."

    @property
    def score_words(self) -> str:
        """The score, with its interval where there is one."""
        return f"{self.score_text} of 100" + (f" ({self.interval_text})" if self.interval_text else "")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything a report says."""

    title: str
    verdict: str
    """The record's word, for styling alone."""
    cover: Cover
    privacy: str
    identity: str
    """Patient, date of birth, ID, attachment and report date on one line, for every page; empty if de-identified."""
    identification: tuple[tuple[str, str], ...]
    """What a payer matches it to a claim by, with labels; empty unless the record holds it."""
    plan: str
    disclaimer: str
    service_level_note: str
    gauge: Gauge | None
    """None where nothing was scored."""
    deciding: Table
    findings_for: Table
    findings_against: Table
    notes_for: tuple[str, ...]
    """Findings that are no factor's: reasons and limits, in sentences."""
    notes_against: tuple[str, ...]
    findings_key: str
    """How the tables of findings are read."""
    not_measured: Table
    sensitivity: tuple[str, ...]
    families: tuple[Family, ...]
    score_line: str
    rois: Table
    edits: Table
    """What targets were edited from; no rows where the files do not show it."""
    image_sets: Table
    conditions: Table
    """What makes each secondary image set count; no rows where none was measured."""
    conditions_failed: tuple[str, ...]
    """What is not met, in sentences."""
    conditions_key: str
    readiness: Table
    reviewer: Table
    claim_information: tuple[tuple[str, str], ...]
    """What people typed, with who stated it and when; empty where nothing was."""
    asks_physician: bool
    """Whether a physician's statement can still matter."""
    issues: Table
    method: tuple[tuple[str, str], ...]
    difficulties: tuple[str, ...]
    form_notice: str


def page_of(record: Record) -> Page:
    """Lay out what the record says; adds no fact."""
    verdict, score, stated = record.verdict, record.score, record.stated_claim
    matters = documents_matter(verdict)
    return Page(
        title=words.TITLE,
        verdict=verdict.value,
        cover=_shown_cover(cover_of(record)),
        privacy=words.IDENTIFIED if record.privacy == "identified" else words.DEIDENTIFIED,
        identity=_identity(record),
        identification=tuple(_identification(record)),
        plan=record.plan.id[:DIGEST_LENGTH],
        disclaimer=shown(record.disclaimer),
        service_level_note=shown(verdict.service_level_note),
        gauge=_gauge(score),
        deciding=Table(headings=DECIDING_HEADINGS, rows=tuple(_deciding(score)), numeric=(1, 2, 3)),
        findings_for=_findings(score, {"elevated", "high"}),
        findings_against=_findings(score, {"typical"}),
        notes_for=_notes(verdict.findings_for, score),
        notes_against=_notes(verdict.findings_against, score),
        findings_key=words.FINDINGS_KEY,
        not_measured=Table(headings=("Group", "Factor", "Reason"), rows=tuple(_unmeasured(score))),
        sensitivity=_sentences(each.text for each in verdict.why_not),
        families=tuple(_family(each, score) for each in score.families),
        score_line=_score_line(score),
        rois=Table(headings=ROI_HEADINGS, rows=tuple(_rois(record)), numeric=(3, 4, 5, 6, 7)),
        edits=Table(headings=EDIT_HEADINGS, rows=tuple(_edits(record)), numeric=(3, 4, 5, 6, 7)),
        image_sets=Table(
            headings=IMAGE_SET_HEADINGS, rows=tuple(_image_set(each) for each in record.image_sets), numeric=(3, 4)
        ),
        conditions=Table(headings=conditions.HEADINGS, rows=tuple(conditions.conditions_rows(record))),
        conditions_failed=tuple(conditions.conditions_failed(record)),
        conditions_key=words.CONDITIONS_KEY,
        readiness=Table(
            headings=documentation.READINESS_HEADINGS,
            rows=tuple(documentation.readiness_rows(record)) if matters else (),
        ),
        reviewer=Table(
            headings=documentation.REVIEWER_HEADINGS, rows=tuple(documentation.reviewer_rows(record)) if matters else ()
        ),
        claim_information=_shown(
            (*documentation.claim_information(stated), *documentation.official_facts(record.official_facts))
        ),
        asks_physician=matters,
        issues=Table(headings=("Severity", "Subject", "Finding"), rows=tuple(_issues(record))),
        method=_shown(_method(record)),
        difficulties=words.DIFFICULTIES,
        form_notice=words.FORM_NOTICE,
    )


def _shown(lines: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((label, shown(text)) for label, text in lines)


def _sentences(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(held(readable(shown(text))) for text in texts)


def _shown_cover(cover: Cover) -> Cover:
    """The cover with every text of it made showable."""
    return replace(
        cover,
        headline=shown(cover.headline),
        because=_sentences(cover.because),
        decided_by=shown(cover.decided_by),
        unmeasured=shown(cover.unmeasured),
        stop=shown(cover.stop),
        claim_text=shown(cover.claim_text),
        missing=tuple(
            replace(each, who=shown(each.who), items=tuple(shown(item) for item in each.items))
            for each in cover.missing
        ),
        options=tuple(shown(text) for text in cover.options),
        local_plans=shown(cover.local_plans),
        default_answer=shown(cover.default_answer),
        choices=_sentences(cover.choices),
    )


def attachment_number(record: Record) -> str:
    """Control number of this evidence: from the plan's id, so the same plan always has the same.

    Letters and digits only, within the 50 characters that a claim's attachment segment holds.
    """
    return f"RTC{record.plan.id[:17].upper()}"


def _identity(record: Record) -> str:
    known = dict(_identification(record))
    labels = ("Patient", "DOB", "Patient ID", "Attachment control number", "Report date")
    return " \u00b7 ".join(f"{label}: {known[label]}" for label in labels if label in known)


def _identification(record: Record) -> Iterator[tuple[str, str]]:
    for label, text in _stated_of(record):
        yield label, shortened(text, LONGEST_STATED) or NOT_STATED


def _stated_of(record: Record) -> Iterator[tuple[str, str]]:
    known = record.identification
    if known is None:
        return
    yield "Patient", person_name(known.patient_name or "")
    yield "DOB", american_date(known.birth_date or "")
    yield "Patient ID", known.patient_id or ""
    yield "Date of service", american_date(known.date_of_service or "")
    yield "CPT code", known.cpt_code or ""
    yield "Structure set", _dated(known.structure_set_label, known.structure_set_date)
    if record.plan.rt_plan is not None:
        yield "RT Plan", _dated(known.rt_plan_label, known.rt_plan_date)
    yield "Attachment control number", attachment_number(record)
    if known.report_date is not None:
        yield "Report date", american_date(known.report_date)


def _dated(label: str | None, day: str | None) -> str:
    return ", ".join(filter(None, (label, american_date(day or ""))))


def _gauge(score: ScoreRecord) -> Gauge | None:
    reference = score.reference
    if reference is None or not isinstance(score.t, float):
        return None
    numbers = score.t, reference.c_reject, reference.c_support
    ends = () if score.interval is None else score.interval.score
    t, reject, support, *interval = (f"{number:.{decimals_for(numbers)}f}" for number in (*numbers, *ends))
    share = "" if score.interval is None else f"{100 * score.interval.confidence:g}% interval "
    return Gauge(
        score=score.t,
        reject=reference.c_reject,
        support=reference.c_support,
        score_text=t,
        reject_text=reject,
        support_text=support,
        interval=ends or None,
        interval_text=f"{share}{NO_VALUE.join(interval)}" if interval else "",
        near=_near(score, reference, reject, support),
    )


def _near(score: ScoreRecord, reference: ReferenceRecord, reject: str, support: str) -> str:
    """Say which cutoffs the interval of the score holds; nothing where it holds none."""
    if score.interval is None:
        return ""
    low, high = score.interval.score
    cutoffs = (
        ("threshold for routine", reference.c_reject, reject),
        ("threshold for unusual", reference.c_support, support),
    )
    held_ones = [f"the {name} ({text})" for name, cutoff, text in cutoffs if low < cutoff <= high]
    if not held_ones:
        return ""
    return f"The interval includes {' and '.join(held_ones)}: the score is not clearly on either side."


def _score_line(score: ScoreRecord) -> str:
    gauge = _gauge(score)
    if gauge is None:
        return ""
    return (
        f"Score {gauge.score_words}: the second-highest factor group, or the highest that is more than a "
        f"supporting factor where that is lower. {gauge.caption}" + (f" {gauge.near}" if gauge.near else "")
    )


def _deciding(score: ScoreRecord) -> Iterator[tuple[str, ...]]:
    for name in score.decided_by:
        members = [family for family in score.families if name in {family.id, family.group}]
        family = max(members, key=lambda each: each.score, default=None)
        factors = () if family is None else family.factors
        measured = [each for each in factors if each.counted_percentile is not None]
        for factor in sorted(measured, key=lambda each: -(each.counted_percentile or 0))[:MOST_DECIDING]:
            yield (_factor_title(factor), *_numbers(factor))


def _findings(score: ScoreRecord, levels: set[str]) -> Table:
    found = [
        (family, factor)
        for family in score.families
        if family.level in levels
        for factor in family.factors
        if factor.value is not None
    ]
    rows = (
        (_title(score, family), _factor_title(factor), *_numbers(factor), told(words.BASES, factor.basis))
        for family, factor in found
    )
    histograms = (histogram_of(factor, _factor_title(factor), _numbers(factor)) for _, factor in found)
    return Table(headings=FINDING_HEADINGS, rows=tuple(rows), numeric=(2, 3, 4), histograms=tuple(histograms))


def _unmeasured(score: ScoreRecord) -> Iterator[tuple[str, str, str]]:
    """Factors without a value, those of one group and one reason together."""
    for family in score.families:
        by_reason: dict[str, list[str]] = {}
        for factor in family.factors:
            if factor.value is None:
                by_reason.setdefault(shown(factor.reason or ""), []).append(_factor_title(factor))
        for reason, titles in by_reason.items():
            yield _title(score, family), "; ".join(titles), reason


def _title(score: ScoreRecord, family: FamilyRecord) -> str:
    return shown(family_title(score, family.id))


def _factor_title(factor: FactorRecord) -> str:
    return shown(factor.title[:1].upper() + factor.title[1:])


def _numbers(factor: FactorRecord) -> tuple[str, str, str]:
    """Value, routine range and percentile of a factor, with as few digits as keep value and range apart."""
    if factor.value is None or factor.percentile is None:
        return NO_VALUE, NO_VALUE, NO_VALUE
    ends = factor.routine_range or ()
    value, *shown_ends = readable(" ".join(f"{number:g}" for number in (factor.value, *ends))).split()
    unit = told(words.UNITS, factor.unit, factor.unit)
    counted = factor.counted_percentile
    capped = "" if counted in {None, factor.percentile} else f" (counted as {counted:g})"
    return (
        shown(f"{value} {unit}".rstrip()),
        "\u2013".join(shown_ends) or NO_VALUE,
        f"{percentile_text(factor.percentile)}{capped}",
    )


def percentile_text(percentile: float) -> str:
    """Write a percentile with one decimal at most; what is not quite 0 or 100 is not rounded to it.

    Examples
    --------
    >>> [percentile_text(value) for value in (0, 0.00212, 75.13, 95.0, 99.98, 100)]
    ['0', '<0.1', '75.1', '95', '>99.9', '100']
    """
    text = f"{percentile:.1f}".removesuffix(".0")
    if text == "0" and percentile > 0:
        return "<0.1"
    return ">99.9" if text == "100" and percentile < 100 else text


def _notes(findings: Iterable[str], score: ScoreRecord) -> tuple[str, ...]:
    """The findings that are no family's: those stand in the table with their numbers."""
    families = tuple(f"{family.title}: " for family in score.families)
    return _sentences(text for text in findings if not text.startswith(families))


def _family(family: FamilyRecord, score: ScoreRecord) -> Family:
    is_measured = family.level != "not_measured"
    return Family(
        title=_title(score, family),
        level=family.level,
        words=words.LEVELS[family.level],
        score=family.score if is_measured else 0.0,
        score_text=f"{family.score:.1f}" if is_measured else NO_VALUE,
        is_measured=is_measured,
        can_anchor=family.may_anchor,
        decided=is_measured and bool({family.id, family.group} & set(score.decided_by)),
    )


def _rois(record: Record) -> Iterator[tuple[str, ...]]:
    names = {roi.number: shortened(roi.name) for roi in record.rois}
    for roi in sorted(record.rois, key=_roi_order):
        yield (
            names[roi.number],
            roi.target_class,
            generation(roi, names),
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


def generation(roi: RoiRecord, names: dict[int, str]) -> str:
    """Say how an ROI was made: manually, by an algorithm, or as an expansion of another one."""
    if roi.derived_from is not None:
        return f"expansion of {names.get(roi.derived_from, roi.derived_from)}"
    return shown(roi.generation).lower()


def _edits(record: Record) -> Iterator[tuple[str, ...]]:
    names = {roi.number: shortened(roi.name) for roi in record.rois}
    for each in record.edits:
        kind = shown(each.earlier_generation).lower()
        source = words.EDIT_SOURCES[each.basis]
        edited, planes = (number(each.metrics, f"compare.{key}", 0) for key in ("planes_edited", "plane_count"))
        yield (
            names.get(each.roi_number, f"ROI {each.roi_number}"),
            f"{kind}, {source} (ROI {each.earlier_number})",
            words.EDIT_EXTENTS[each.extent],
            number(each.metrics, "compare.edited_volume", 2),
            number(each.metrics, "compare.added_path_length", 0),
            number(each.metrics, "compare.surface_dice", 3),
            number(each.metrics, "compare.hausdorff_95", 1),
            f"{edited} of {planes}",
        )


def number(metrics: Metrics, key: str, digits: int) -> str:
    """Print a metric with a fixed number of decimals; a dash where there is none."""
    value = metrics[key].value if key in metrics else None
    return NO_VALUE if value is None else f"{value:,.{digits}f}"


def _image_set(image_set: ImageSetRecord) -> tuple[str, ...]:
    registration = image_set.registration
    kind = NO_VALUE
    if registration is not None:
        kind = "deformable" if registration.is_deformable else _registration_kind(registration.transformation_type)
    return (
        shown(image_set.modality),
        words.ROLES[image_set.role],
        words.EVIDENCE_LEVELS[image_set.level],
        str(image_set.phases),
        str(image_set.slices),
        kind,
    )


def registration_check(image_set: ImageSetRecord) -> str:
    """What was measured of the registration of an image set, for a caption; empty where it was not measured."""
    for each in image_set.conditions:
        if each.id == "aligned":
            found = "not measured" if each.value is None else f"{each.value:.1f} mm (limit {each.tolerance:g} mm)"
            return f"Offset to the most similar position: {found}."
    return ""


def _registration_kind(kind: str) -> str:
    return shown(told(words.REGISTRATION_KINDS, kind, kind.lower()))


def _issues(record: Record) -> Iterator[tuple[str, str, str]]:
    names = {roi.number: shortened(roi.name) for roi in record.rois}
    order = ("error", "warning", "info")
    on_cover = set(choices(record))
    others = (each for each in record.issues if each.text not in on_cover)
    for issue in sorted(others, key=lambda each: order.index(each.severity)):
        yield words.SEVERITIES[issue.severity], _subject(issue, names), held(readable(shown(issue.text)))


def _subject(issue: IssueRecord, names: dict[int, str]) -> str:
    kind, *numbers = issue.subject.split(":")
    if kind in {"roi", "relation"} and all(each.lstrip("-").isdigit() for each in numbers):
        return " and ".join(names.get(int(each), f"ROI {each}") for each in numbers)
    return shortened(" ".join([kind, *numbers]))


def _stability(verdict: VerdictRecord) -> str:
    """Say how many of the simulated re-contours, as far as that is known, gave the same verdict."""
    share = verdict.stability
    if not isinstance(share, float):
        return share.reason
    if verdict.redrawings is None:
        return f"Verdict unchanged in {100 * share:.3g}% of the simulated re-contours"
    return f"Verdict unchanged in {round(share * verdict.redrawings)} of {verdict.redrawings} simulated re-contours"


def _interval(found: ScoreInterval) -> str:
    """How the interval was found."""
    low, high = found.percentile
    decimals = decimals_for((low, high))
    return (
        f"{100 * found.confidence:g}% interval; percentile {low:.{decimals}f}\u2013{high:.{decimals}f}. From "
        f"{found.redrawings} simulated re-contours, the number of patients with real contours, and {found.plans:,} "
        "reference plans. It does not cover how well the reference fits this practice"
    )


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
    if isinstance(record.score.percentile, float):
        yield "Percentile of the score", f"{record.score.percentile:.1f}% of the reference plans score lower"
    if record.score.interval is not None:
        yield "Interval of the score", _interval(record.score.interval)
    label, _, text = error_rate(record.verdict).partition(": ")
    yield label, text
    yield "Stability", _stability(record.verdict)
    yield "Service level", record.verdict.service_level_note
    yield "Plan", f"{plan.id} (SHA-256 over every file used)"
    yield "Structure set", f"{chosen.sop_instance_uid}; {chosen.chosen_because}; {chosen.link_text}"
    yield "Approval", f"structure set {chosen.approval.lower()}"
    yield "Attachment control number", attachment_number(record)
    yield "Software", f"rtcomplexity {record.software.version}; record {record.schema_id}"
