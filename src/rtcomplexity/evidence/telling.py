"""The first thing a reader is told, in plain sentences: the answer, why, what is missing, who does what next.

Renders the verdict for someone who has never seen a plan; judges nothing and adds no fact. Every report and the
terminal take these sentences from here. None says what anybody should bill, will be paid, or could do to score higher.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.scoring.cohort import LEAST_PLANS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.evidence.record import FamilyRecord, Record, ScoreRecord, VerdictRecord

ABOUT: Final = "Delineation: outlining the tumour on the planning images, slice by slice."
"""For whoever has never seen a plan."""
QUESTION: Final = "Do the plan files support the greater complexity that modifier 22 asks for?"

ANSWERS: Final = {
    "supports": "Supported",
    "rejects": "Not supported",
    "indeterminate": "Left open",
    "insufficient_evidence": "Insufficient evidence",
}
HEADLINES: Final = {
    "supports": "The plan files support the greater complexity that modifier 22 asks for.",
    "rejects": "The plan files do not support the greater complexity that modifier 22 asks for.",
    "indeterminate": "The plan files leave open whether there is the greater complexity that modifier 22 asks for.",
    "insufficient_evidence": "Not enough can be measured in these files to say.",
}
_NOTHING_TO_COMPARE = "The plans to compare with are of another kind, so these files cannot answer it."
_LACKING = "These files lack what is needed to say."
_HEADLINES_BY_REASON: Final = {
    "site_not_in_reference": _NOTHING_TO_COMPARE,
    "fractions_not_in_reference": _NOTHING_TO_COMPARE,
    "structure_set_rejected": "The structure set was rejected, so these files cannot answer it.",
    "no_gross_target": _LACKING,
    "no_planning_images": _LACKING,
    "images_of_another_patient": "The files do not belong together, so they cannot answer it.",
    "images_not_linked": "The files do not belong together, so they cannot answer it.",
    "planning_image_is_pet": _LACKING,
    "invalid_geometry": _LACKING,
}
"""Where there is insufficient evidence: what stands in the way."""
SERVICE_LEVELS: Final = {"22": "22, increased procedural service", "11": "11, routine service"}
CLAIM: Final = {"eligible": "Eligible by the rule", "not_eligible": "Not eligible by the rule", "unknown": "Not known"}
FAMILIES: Final = {
    "shape": "how irregular the target's shape is",
    "topology": "how many separate parts, holes and branches the target has",
    "ambiguity": "how hard the tumour's border is to see",
    "extent": "how large the target is",
    "adjacency": "how close the target lies to other organs",
    "fusion": "how the image sets were fused",
    "image_sets": "how many image sets were used",
    "imaging": "how many image sets were used and how they were fused",
}
LEVELS: Final = {
    "typical": "as in routine plans",
    "elevated": "above most routine plans",
    "high": "beyond nearly all routine plans",
    "not_measured": "not measured",
}
REASONS: Final = {
    "structure_set_rejected": "The drawn outlines (the structure set) are marked as rejected; those are never scored.",
    "no_gross_target": "No gross tumour target (GTV or ITV) was found among the structures.",
    "no_planning_images": "The planning images are not among the files.",
    "images_of_another_patient": "The images are of another patient than the structures.",
    "images_not_linked": "Nothing in the files ties the structures to the images.",
    "planning_image_is_pet": "The structures were drawn on a PET, not on a planning CT or MR.",
    "not_measured": "What is scored was not measured in this run.",
    "invalid_geometry": "The gross target has no volume that can be measured.",
    "site_not_in_reference": "The treated site is another one than that of the plans to compare with.",
    "fractions_not_in_reference": "The plans to compare with hold no course of this many fractions.",
    "unmeasured_families": "Some of what counts could not be measured, and it might change the answer.",
    "below_reject_cutoff": "Fewer than two aspects of the drawing stand out from routine plans.",
    "between_cutoffs": "The drawing is more complex than in most routine plans, but not beyond nearly all of them.",
    "no_anchor_above_reject_cutoff": (
        "Aspects of the case stand out from routine plans, but not the outlines themselves (shape, parts, border)."
    ),
    "no_anchor_above_support_cutoff": (
        "Aspects of the case stand out beyond nearly all routine plans; the outlines themselves (shape, parts, border) "
        "only beyond most."
    ),
    "above_support_cutoff": "At least two aspects of the drawing stand out beyond nearly all routine plans.",
    "profile_may_not_support": "The scoring profile in use is not calibrated and never answers 'supported'.",
    "site_unknown": "Nobody stated which part of the body is treated.",
    "statement_contradicts_plan": "What a person stated and what the RT Plan states are not the same.",
    "fractions_unknown": "Nobody stated the number of fractions.",
    "volume_unknown": "The gross target's volume is not known.",
    "gross_target_incomplete": "A planned target lies apart from every gross target: one of these may be missing.",
    "stratum_unknown": "Nobody stated the number of fractions, and the answer depends on it.",
    "volume_above_reference_fractions_unknown": (
        "The gross target is larger than in the plans to compare with, and nobody stated the number of fractions."
    ),
    "volume_above_reference": "The gross target is larger than in the plans to compare with.",
    "not_robust": "The answer changes if routine plans are a little harder than assumed.",
    "convention_alone": "It would rest on the number of image sets, and nobody has measured what is usual there.",
    "effect_too_small": "An aspect ranks high but differs little from a routine plan in its own unit.",
    "cohort_disagrees": "The practice's own earlier plans and the built-in reference lead to different answers.",
    "stability_not_measured": "How steady the answer is when the contours are drawn a little differently is not known.",
    "unstable": "The answer changes when the contours are drawn a little differently.",
}
"""For the first screen, in place of the record's longer sentences, which follow below it."""
READINESS: Final = {
    "procedure_note": "signed procedure note",
    "physician_statement": "statement of the reason",
    "physician_minutes": "minutes actually spent",
    "typical_minutes": "typical minutes here",
    "treated_site": "the treated site (--site, or site in the claim file)",
    "fractions": "number of fractions (--fractions, or fractions in the claim file)",
    "delineated_by": "who delineated",
    "reports_77261_77799": "whether that physician also reports 77261-77799",
    "payer_rule": "the payer",
    "global_period": "global period of the code",
    "approval_status": "approval of the drawn outlines (the structure set)",
    "local_cohort": "own earlier plans to compare with (a local cohort)",
}
_NOT_ELIGIBLE: Final = (
    "Stop here: by the claim rule the claim is not eligible, whatever the complexity, unless a stated fact is wrong."
)
_EXPORT = ("Planning or physics", "Export the structure set again, together with the images it was drawn on.")
_STEPS_BY_REASON: Final = {
    "structure_set_rejected": ("Planning or physics", "Export the approved structure set."),
    "no_gross_target": (
        "Planning or physics",
        'Say which structure is the gross target, and run again with --map "NAME=GTV".',
    ),
    "no_planning_images": _EXPORT,
    "images_of_another_patient": _EXPORT,
    "images_not_linked": _EXPORT,
    "planning_image_is_pet": _EXPORT,
    "invalid_geometry": _EXPORT,
    "not_measured": ("Planning or physics", "Run again without --quick."),
    "unmeasured_families": ("Physician", "Judge without this report: it neither shows nor excludes unusual work."),
    "site_unknown": ("Planning or physics", "State the treated site (--site), as it is."),
    "statement_contradicts_plan": ("Planning or physics", "Say which is right, the RT Plan or what was stated."),
    "gross_target_incomplete": (
        "Planning or physics",
        "See that every gross target is in the export and recognised as one.",
    ),
    "fractions_unknown": ("Planning or physics", "State the number of fractions (--fractions), as it is."),
    "stratum_unknown": ("Planning or physics", "State the number of fractions (--fractions), as it is."),
    "volume_above_reference_fractions_unknown": (
        "Planning or physics",
        "State the number of fractions (--fractions), as it is.",
    ),
}
_STEPS_BY_VERDICT: Final = {
    "supports": (
        ("Physician", "Write and sign the procedure note: what was unusual, and why, in your own words."),
        ("Billing team", "Keep this report with that note; without the note it shows nothing about the service."),
    ),
    "rejects": (("Billing team", "Do not attach this report for modifier 22: it speaks of a routine service."),),
    "indeterminate": (
        ("Physician", "Read the findings for and against, and judge: the files alone do not settle it."),
        ("Billing team", "Wait for that judgement; this report alone is no support."),
    ),
    "insufficient_evidence": (("Billing team", "Take this neither for a yes nor for a no."),),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to do next."""

    who: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Supplied:
    """What documentation still needs from one party."""

    who: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What has to be understood before anything else is read."""

    about: str
    """What is assessed, for whoever has never seen a plan."""
    question: str
    answer: str
    headline: str
    because: tuple[str, ...]
    decided_by: str
    """The two deciding families in a sentence; empty where nothing was scored."""
    unmeasured: str
    """The families that could not be measured, in a sentence; empty where all were."""
    stop: str
    """That the claim is not eligible, and why, where a rule says so: said before anything else; else empty."""
    claim: str
    claim_text: str
    service_level: str
    missing: tuple[Supplied, ...]
    steps: tuple[Step, ...]
    error_rate: str
    options: tuple[str, ...]
    """What was chosen or stated by a person; empty where everything is as by default."""
    local_plans: str
    """What the comparison with a local cohort came to; empty where none was given."""
    default_answer: str
    """The answer without those options; empty where it is not known or there are none."""
    choices: tuple[str, ...] = ()
    """Where one of several files was taken and another could move the answer: which, and what the others are."""


def cover_of(record: Record) -> Cover:
    """Tell the record's answer in plain sentences."""
    verdict = record.verdict
    return Cover(
        about=ABOUT,
        question=QUESTION,
        answer=ANSWERS[verdict.value],
        headline=headline(verdict),
        because=because(verdict),
        decided_by="" if verdict.value == "insufficient_evidence" else decided_by(record.score),
        unmeasured=unmeasured(record.score),
        stop=_stop(verdict),
        claim=CLAIM[verdict.claim],
        claim_text=verdict.claim_rule.text,
        service_level="none" if verdict.service_level is None else SERVICE_LEVELS[verdict.service_level],
        missing=missing_by_supplier(record),
        steps=tuple(_steps(verdict)),
        error_rate=error_rate(verdict),
        options=tuple(_options(record)),
        local_plans="" if record.cohort is None else record.cohort.text,
        default_answer=_default_answer(record),
        choices=choices(record),
    )


CHOICES = frozenset(
    {
        "several-plans",
        "several-structure-sets",
        "several-pet-sets",
        "registrations-disagree",
        "duplicate-slice-positions",
        "several-volumes-unnamed",
    }
)
"""Codes of issues that say which of several files was taken."""


def choices(record: Record) -> tuple[str, ...]:
    """Texts of the warnings that say which of several was taken."""
    found = (each for each in record.issues if each.code in CHOICES and each.severity != "info")
    return tuple(dict.fromkeys(each.text for each in found))


def headline(verdict: VerdictRecord) -> str:
    """Say the answer in one plain sentence; where there is none, what stands in the way."""
    if verdict.value == "insufficient_evidence":
        blocked = (_HEADLINES_BY_REASON[each.code] for each in verdict.reasons if each.code in _HEADLINES_BY_REASON)
        return next(blocked, HEADLINES[verdict.value])
    return HEADLINES[verdict.value]


def _stop(verdict: VerdictRecord) -> str:
    is_out = verdict.claim == "not_eligible"
    return f"{CLAIM[verdict.claim]}: {verdict.claim_rule.text}" if is_out else ""


def because(verdict: VerdictRecord) -> tuple[str, ...]:
    """Say what decided, each reason once and in plain words where there are any."""
    return tuple(dict.fromkeys(REASONS.get(reason.code, reason.text) for reason in verdict.reasons))


def decided_by(score: ScoreRecord) -> str:
    """Name the two deciding families in a sentence."""
    told = [f"{_words(each)} ({LEVELS[_level(score, each)]})" for each in score.decided_by]
    return f"The two aspects that decide: {' and '.join(told)}." if told else ""


def unmeasured(score: ScoreRecord) -> str:
    """Name the families that could not be measured in a sentence."""
    told = [_words(family.id) for family in score.families if family.level == "not_measured"]
    return f"Not measured: {'; '.join(told)}." if told else ""


def documents_matter(verdict: VerdictRecord) -> bool:
    """Whether further documents can still change what to do: not once the claim is excluded or not supported."""
    return verdict.claim != "not_eligible" and verdict.value != "rejects"


def missing_by_supplier(record: Record) -> tuple[Supplied, ...]:
    """List what documentation still needs, by who supplies it; nothing where no document can still matter."""
    if not documents_matter(record.verdict):
        return ()
    own = dict(_own_words(record))
    by_supplier: dict[str, list[str]] = {}
    for entry in record.verdict.readiness:
        if entry.state != "met":
            words = own.get(entry.item) or READINESS.get(entry.item, entry.item.replace("_", " "))
            by_supplier.setdefault(entry.supplied_by, []).append(words)
    return tuple(Supplied(who=who.capitalize(), items=tuple(items)) for who, items in by_supplier.items())


def _own_words(record: Record) -> Iterator[tuple[str, str]]:
    """Items that are there in part, told with what is there."""
    stated, cohort = record.stated_claim, record.cohort
    if stated is not None and stated.payer_name:
        yield "payer_rule", f"the rule of {stated.payer_name} (confirm it with the payer)"
    if cohort is not None and cohort.n is not None and cohort.n < LEAST_PLANS:
        yield "local_cohort", f"own earlier plans to compare with ({cohort.n} of {LEAST_PLANS} plans)"


def error_rate(verdict: VerdictRecord) -> str:
    """Say how often a routine plan would be called unusual by mistake, and for which population."""
    rate = verdict.false_support_rate
    if rate.value is None:
        return f"{ERRS}: not known ({rate.reason})."
    return (
        f"{ERRS}: in {100 * rate.value:.3g} % of {rate.n} plans that were tried, so with 95 % certainty in no more "
        f"than {100 * rate.upper95:.3g} %. That holds for these plans only: {rate.population}."
    )


ERRS: Final = "How often a routine plan would be called unusual by mistake (the false-support rate)"


def _words(family: str) -> str:
    return FAMILIES.get(family, family.replace("_", " "))


def _level(score: ScoreRecord, group_or_family: str) -> str:
    """Level of a family, or of the highest family of a group."""
    members = [each for each in score.families if group_or_family in {each.id, each.group}]
    highest: FamilyRecord | None = max(members, key=lambda family: family.score, default=None)
    return "not_measured" if highest is None else highest.level


def _steps(verdict: VerdictRecord) -> Iterator[Step]:
    """Say who does what next: what the answer asks for first, then what its reasons do, each once."""
    if verdict.claim == "not_eligible":
        yield Step(who="Billing team", what=_NOT_ELIGIBLE)
        return
    rows = [*_STEPS_BY_VERDICT[verdict.value]]
    rows += [_STEPS_BY_REASON[reason.code] for reason in verdict.reasons if reason.code in _STEPS_BY_REASON]
    for who, what in dict.fromkeys(rows):
        yield Step(who=who, what=what)


def _options(record: Record) -> Iterator[str]:
    facts = record.plan.facts
    for name, value in record.options.items():
        yield f"{name} {value}"
    if facts.site_stated_by == "user":
        yield f"--site {facts.site.replace('_', '-')} (stated by the user)"
    if facts.fractions_stated_by == "user":
        yield f"--fractions {facts.fractions} (stated by the user)"
    if facts.site_stated_by == "claim":
        yield f"site {facts.site.replace('_', '-')} (stated in the claim file)"
    if facts.fractions_stated_by == "claim":
        yield f"fractions {facts.fractions} (stated in the claim file)"
    if record.stated_claim is not None and record.stated_claim.global_period:
        yield f"global period {record.stated_claim.global_period} (stated in the claim file)"


def _default_answer(record: Record) -> str:
    default = record.default_verdict
    return "" if default is None else f"{ANSWERS[default.value]}: {HEADLINES[default.value]}"
