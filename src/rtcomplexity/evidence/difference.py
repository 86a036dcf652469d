"""What moved between two evidence folders: an input, a metric, a threshold, and whether the verdict did.

Compares two records and their manifests; assesses nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.deidentification import deidentified
from rtcomplexity.evidence.verification import SAME_CONTENT, compare_inputs

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from rtcomplexity.evidence.manifest import Manifest
    from rtcomplexity.evidence.record import Measured, Record, RoiRecord, Unmeasured, VerdictRecord

_ONE: Final = {
    "input": "input",
    "software": "software version",
    "profile": "profile",
    "option": "option",
    "threshold": "threshold",
    "family": "family score",
    "roi": "ROI",
    "metric": "metric",
    "part": "other part of the record",
}
_SEVERAL: Final = {kind: f"{words}s" for kind, words in _ONE.items()} | {"part": "other parts of the record"}
_UID: Final = re.compile(r"(?<![\d.])[0-2](?:\.\d+){2,}(?![\d.]*\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that is not the same."""

    kind: str
    """``verdict``, ``input``, ``software``, ``profile``, ``threshold``, ``option``, ``family``, ``metric``, ``roi``;
    ``part`` for everything else, without its values where these are many or can name someone."""
    what: str
    before: str
    after: str


def differences(a: Record, b: Record, manifests: tuple[Manifest, Manifest] | None = None) -> tuple[Change, ...]:
    """List what moved from `a` to `b`, the verdict first; two that differ in privacy as if both were de-identified.

    Parameters
    ----------
    manifests : of both folders, to compare their inputs; None where one has none
    """
    found = [*_changed("option", "privacy", a.privacy, b.privacy)]
    if a.privacy != b.privacy:
        a, b = deidentified(a), deidentified(b)
    found += [*_verdict(a, b), *_made_by(a, b), *_options(a, b), *_thresholds(a, b), *_families(a, b)]
    found += [*_metrics(a, b), *_parts(a, b)]
    if manifests is not None:
        texts = compare_inputs(manifests[0], manifests[1].inputs)
        found += [Change(kind="input", what=text, before="", after="") for text in texts]
    order = ("verdict", "input", "software", "profile", "option", "threshold", "family", "roi", "metric", "part")
    return tuple(sorted(found, key=lambda change: order.index(change.kind)))


def difference_sentence(a: Record, b: Record, changes: tuple[Change, ...]) -> str:
    """Say in one sentence whether the verdict moved."""
    verdict = (
        f"The verdict moved from {_word(a)} to {_word(b)}"
        if a.verdict.value != b.verdict.value
        else f"The verdict is {_word(a)} in both"
    )
    return f"{verdict}; {_counted(changes)}."


def with_one_line_of_reference(changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Report changed reference values on one line if there are several; everything else as it is."""
    moved = [change for change in changes if change.kind == "threshold"]
    if len(moved) <= 1:
        return changes
    title = next((change for change in moved if change.what == "title"), None)
    line = Change(
        kind="threshold",
        what=f"{len(moved)} words and values of the reference (--all lists each)",
        before="" if title is None else title.before,
        after="" if title is None else title.after,
    )
    first = changes.index(moved[0])
    return (*changes[:first], line, *changes[first + len(moved) :])


def _word(record: Record) -> str:
    return record.verdict.value.replace("_", " ")


def _counted(changes: tuple[Change, ...]) -> str:
    kinds = Counter(change.kind for change in changes if change.kind != "verdict")
    told = [f"{count} {(_ONE if count == 1 else _SEVERAL)[kind]}" for kind, count in kinds.items()]
    return f"besides, {', '.join(told)} moved" if told else "nothing else moved"


def _changed(kind: str, what: str, before: object, after: object) -> Iterator[Change]:
    if before != after:
        yield Change(kind=kind, what=what, before=_text(before), after=_text(after))


def _text(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _verdict(a: Record, b: Record) -> Iterator[Change]:
    yield from _changed("verdict", "verdict", a.verdict.value, b.verdict.value)
    yield from _changed("verdict", "claim", a.verdict.claim, b.verdict.claim)
    yield from _changed("verdict", "score", _number(a.score.t), _number(b.score.t))


def _number(value: object) -> float | None:
    return value if isinstance(value, float) else None


def _made_by(a: Record, b: Record) -> Iterator[Change]:
    yield from _changed("software", "version", a.software.version, b.software.version)
    yield from _changed("profile", "profile", _profile(a), _profile(b))
    if a.plan.id != b.plan.id:
        is_same_content = a.plan.identity == b.plan.identity
        after = f"{b.plan.id[:12]} ({SAME_CONTENT})" if is_same_content else b.plan.id[:12]
        yield Change(kind="input", what="plan", before=a.plan.id[:12], after=after)
    if a.privacy == "identified":  # else the UIDs are keyed by the plan, whose id stands above
        before, after = a.plan.structure_set.sop_instance_uid, b.plan.structure_set.sop_instance_uid
        yield from _changed("input", "structure set", before, after)


def _profile(record: Record) -> str:
    profile = record.score.profile
    return f"{profile.id} {profile.sha256[:12]}"


def _options(a: Record, b: Record) -> Iterator[Change]:
    for name in sorted({*a.options, *b.options}):
        yield from _changed("option", name, a.options.get(name), b.options.get(name))
    facts, other = a.plan.facts, b.plan.facts
    yield from _changed("option", "site", facts.site, other.site)
    yield from _changed("option", "fractions", facts.fractions, other.fractions)


def _thresholds(a: Record, b: Record) -> Iterator[Change]:
    for name in ("title", "c_reject", "c_support", "max_gross_target_volume_cm3"):
        yield from _changed("threshold", name, *(getattr(each.score.reference, name, None) for each in (a, b)))
    medians = [
        {factor.metric: factor.reference_median for family in each.score.families for factor in family.factors}
        for each in (a, b)
    ]
    for metric in sorted(medians[0].keys() & medians[1].keys()):
        yield from _changed("threshold", f"reference median of {metric}", *(each[metric] for each in medians))


def _families(a: Record, b: Record) -> Iterator[Change]:
    scores = [{family.id: family.score for family in each.score.families} for each in (a, b)]
    for family in sorted({*scores[0], *scores[1]}):
        yield from _changed("family", family, *(each.get(family) for each in scores))


def _metrics(a: Record, b: Record) -> Iterator[Change]:
    yield from _of_metrics("gross target", a.gross_target.metrics, b.gross_target.metrics)
    before, after = ({roi.number: roi for roi in each.rois} for each in (a, b))
    for number in sorted({*before, *after}):
        if number not in before or number not in after:
            yield from _changed("roi", f"ROI {number}", _there(before.get(number)), _there(after.get(number)))
            continue
        yield from _changed("roi", f"class of ROI {number}", before[number].target_class, after[number].target_class)
        yield from _of_metrics(f"ROI {number}", before[number].metrics, after[number].metrics)


def _there(roi: RoiRecord | None) -> str | None:
    return None if roi is None else roi.target_class


def _of_metrics(
    subject: str, before: Mapping[str, Measured | Unmeasured], after: Mapping[str, Measured | Unmeasured]
) -> Iterator[Change]:
    for key in sorted({*before, *after}):
        values = [each[key].value if key in each else None for each in (before, after)]
        yield from _changed("metric", f"{subject}: {key}", *values)


def _parts(a: Record, b: Record) -> Iterator[Change]:
    """Name every other part of the record that is not the same, so that nothing moves unsaid."""
    yield from _changed("part", "service level", a.verdict.service_level, b.verdict.service_level)
    stability = (getattr(each.verdict.stability, "reason", each.verdict.stability) for each in (a, b))
    yield from _changed("part", "stability", *stability)
    both = {roi.number for roi in a.rois} & {roi.number for roi in b.rois}
    before, after = (_plain_parts(each, both) for each in (a, b))
    for what in before:
        if before[what] != after[what]:
            yield Change(kind="part", what=what, before="", after="")


def _plain_parts(record: Record, numbers: Collection[int]) -> dict[str, str]:
    """The parts that nothing else compares, as text; keyed UIDs differ between plans and say nothing."""
    plan, score, verdict = record.plan, record.score, record.verdict
    rois = [roi for roi in record.rois if roi.number in numbers]
    drawn = [roi.model_copy(update={"metrics": {}, "target_class": ""}) for roi in rois]
    tables = [record.gross_target.metrics, *(roi.metrics for roi in rois)]
    parts: dict[str, object] = {
        "structure set": plan.structure_set,
        "planning image": plan.planning_image,
        "RT Plan": plan.rt_plan,
        "who stated site and fractions": (plan.facts.site_stated_by, plan.facts.fractions_stated_by),
        "names and drawing of ROIs": drawn,
        "image sets": (record.image_sets, record.acquisitions),
        "relations between ROIs": record.relations,
        "units, and why values are missing": [
            {key: (each.unit, getattr(each, "reason", "")) for key, each in table.items()} for table in tables
        ],
        "edits of earlier contours": record.edits,
        "which ROIs are scored": (record.gross_target.rois, record.gross_target.surface_method),
        "factors and groups": (score.stratum, score.percentile, score.decided_by, score.families, score.groups),
        **_parts_of_verdict(verdict),
        "claim as stated": record.stated_claim,
        "identification": record.identification,
        "local cohort": record.cohort,
        "verdict without options": record.default_verdict,
        "issues": record.issues,
        "fixed texts": (record.disclaimer, verdict.text, verdict.service_level_note),
        "words of profile and reference": (score.profile, *_words_of_reference(record)),
    }
    keeps_uids = record.privacy == "identified"
    return {what: str(part) if keeps_uids else _UID.sub("UID", str(part)) for what, part in parts.items()}


def _parts_of_verdict(verdict: VerdictRecord) -> dict[str, object]:
    return {
        "reasons": verdict.reasons,
        "claim rule": verdict.claim_rule,
        "findings for": verdict.findings_for,
        "findings against": verdict.findings_against,
        "verdicts under one change": verdict.why_not,
        "false-support rate": verdict.false_support_rate,
        "readiness": verdict.readiness,
        "number of redrawings": verdict.redrawings,
    }


def _words_of_reference(record: Record) -> tuple[object, ...]:
    reference = record.score.reference
    return () if reference is None else (reference.population, reference.source)
