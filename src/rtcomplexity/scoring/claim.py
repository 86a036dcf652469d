"""The claim axis and readiness: what is known of the claim, apart from how complex the delineation is.

Knows only what the user stated; everything else stays unknown. A payer's rule decides where the facts it asks
for are known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rtcomplexity.model import issue_codes as codes
from rtcomplexity.scoring.code import code_rule
from rtcomplexity.scoring.cohort import CONTEXT_TEXTS, LEAST_PLANS
from rtcomplexity.scoring.facts import StatedBy
from rtcomplexity.scoring.payer import UNLISTED, Gate, payer_stated, payers
from rtcomplexity.scoring.sentences import capitalized
from rtcomplexity.scoring.site import known_sites, stated_site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.model.case import Case
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.scoring.claim_file import ClaimFile
    from rtcomplexity.scoring.code import CodeRule
    from rtcomplexity.scoring.cohort import Comparison
    from rtcomplexity.scoring.facts import CaseFacts
    from rtcomplexity.scoring.official_facts import FactsOfCode, OfficialFacts
    from rtcomplexity.scoring.payer import Payer
    from rtcomplexity.scoring.site import Site, TreatedSite


class ClaimStatus(StrEnum):
    """Whether known facts allow the claim at all."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    UNKNOWN = "unknown"


class ReadinessState(StrEnum):
    """Whether an item that documentation needs is there."""

    MET = "met"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The claim axis with the rule that decided it."""

    status: ClaimStatus
    text: str
    rule: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessItem:
    """One item that documentation needs."""

    item: str
    state: ReadinessState
    text: str
    supplied_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedClaim:
    """What the user stated of the claim, the payer whose rules count, and what CMS publishes of the code."""

    claim: ClaimFile | None = None
    payer: Payer | None = None
    official: FactsOfCode | None = None

    @property
    def global_period(self) -> str | None:
        """What the user stated, for a payer may have an indicator of its own; else what CMS publishes."""
        stated = None if self.claim is None else self.claim.global_period
        return stated or (None if self.official is None else self.official.facts.global_period)

    @property
    def global_period_words(self) -> str:
        """The indicator with where it is from."""
        if self.claim is not None and self.claim.global_period is not None:
            return f"the stated global days indicator {self.claim.global_period}"
        source = "" if self.official is None else f" ({self.official.citation})"
        return f"the global days indicator {self.global_period}{source}"

    @property
    def contradicts_official(self) -> bool:
        """Whether the stated indicator is another than the published one."""
        published = None if self.official is None else self.official.facts.global_period
        return published is not None and self.global_period != published


NOTHING_STATED = StatedClaim()
_MISSING_DOCUMENTS = (
    ("procedure_note", "No procedure note was provided.", "physician"),
    ("physician_statement", "No physician's statement of medical rationale was provided.", "physician"),
    ("physician_minutes", "Actual physician time was not provided.", "physician"),
    ("typical_minutes", "Typical time at this practice was not provided.", "practice"),
)
_UNKNOWN_FACTS = (
    ("treated_site", "The treated site is not documented.", "planning or physics"),
    ("fractions", "The number of fractions is not documented.", "planning or physics"),
    ("delineated_by", "The contouring physician is not documented.", "physician"),
    (
        "reports_77261_77799",
        "Whether the same physician reports CPT 77261\u201377799 is not documented.",
        "billing team",
    ),
    ("payer_rule", "The payer is not documented.", "billing team"),
    ("global_period", "The MPFS global days indicator of the code is not documented.", "billing team"),
)
_COHORT = ("local_cohort", "No institutional comparison cohort was provided.", "practice")
_APPROVAL = {
    "APPROVED": (ReadinessState.MET, "The structure set is approved."),
    "UNAPPROVED": (ReadinessState.MISSING, "The structure set is not approved."),
    "REJECTED": (ReadinessState.MISSING, "The structure set was rejected."),
}


def stated_claim(
    claim: ClaimFile | None, payer: str | None = None, official: OfficialFacts | None = None
) -> StatedClaim:
    """Join a claim file, a payer's name and official facts; the file's payer counts where no other is named.

    The facts are those of the release of the date of service, of the last release where no date is stated.
    """
    name = payer or (claim.payer if claim is not None else None)
    code = (None if claim is None else claim.cpt_code) or code_rule().code
    on = None if claim is None else claim.date_of_service
    return StatedClaim(
        claim=claim,
        payer=None if name is None else payer_stated(name),
        official=None if official is None else official.at(code, on),
    )


def claim_of(facts: CaseFacts, stated: StatedClaim = NOTHING_STATED) -> Claim:
    """Return the claim axis from the facts that are known."""
    code = None if stated.claim is None else stated.claim.cpt_code
    rule = code_rule()
    if code not in {None, rule.code}:
        text = f"The stated code is not {rule.code}; no rule is available for it."
        return Claim(status=ClaimStatus.UNKNOWN, text=text)
    found = _by_site_and_fractions(facts, rule) or _by_payer(stated)
    if found is not None and (found.status is ClaimStatus.NOT_ELIGIBLE or _is_reported_for(facts, rule)):
        return found
    return Claim(status=ClaimStatus.UNKNOWN, text=_why_unknown(facts, stated))


def _why_unknown(facts: CaseFacts, stated: StatedClaim) -> str:
    """Name the facts that a rule asks for and nobody stated; where all are there, say that no rule is known."""
    period = stated.global_period
    asked = (
        ("the treated site", facts.is_treated_at(code_rule().treated_site) is None or _is_by_image(facts)),
        ("the number of fractions", facts.fractions is None),
        ("the payer", stated.payer is None),
        ("the MPFS global days indicator of the code", period is None),
    )
    lacking = [what for what, is_lacking in asked if is_lacking]
    if lacking or stated.payer is None:
        return f"Not provided: {_enumerated(lacking)}."
    on = f"modifier 22 on a code with {stated.global_period_words}"
    if period in stated.payer.reviewed_global_periods:
        return f"{capitalized(stated.payer.name)} decides case by case on {on}."
    return f"The policy of {stated.payer.name} on {on} is not known: confirm it with the payer."


def _enumerated(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _is_by_image(facts: CaseFacts) -> bool:
    return facts.site_stated_by is StatedBy.IMAGE


def _is_reported_for(facts: CaseFacts, rule: CodeRule) -> bool:
    is_short = facts.fractions is not None and facts.fractions <= rule.max_fractions
    return is_short and facts.is_treated_at(rule.treated_site) is True


def _by_site_and_fractions(facts: CaseFacts, rule: CodeRule) -> Claim | None:
    fractions = max(facts.fractions or 0, facts.planned_fractions or 0)
    if fractions > rule.max_fractions:
        return Claim(
            status=ClaimStatus.NOT_ELIGIBLE,
            text=f"The course has {fractions} fractions; {rule.code} is for {rule.course} courses.",
            rule=f"{rule.code} is reported with {rule.course} treatment of at most {rule.max_fractions} fractions",
            source=rule.source,
        )
    site = rule.treated_site
    is_elsewhere = facts.is_treated_at(site) is False and not _is_by_image(facts)
    if is_elsewhere or site.covers(facts.planned_site) is False:
        return Claim(
            status=ClaimStatus.NOT_ELIGIBLE,
            text=f"The treated site is not {site.title}; {rule.code} is for {site.title} targets.",
            rule=f"{rule.code} is reported for {site.title} targets",
            source=rule.source,
        )
    return None


def _by_payer(stated: StatedClaim) -> Claim | None:
    """Apply the payer's rule on global periods where both are known."""
    payer, period = stated.payer, stated.global_period
    if payer is None or period is None:
        return None
    gate, rule = payer.gate(period), payer.rule("global_period")
    if gate is Gate.UNKNOWN or rule is None:
        return None
    is_allowed = gate is Gate.ALLOWED
    verb = "accepts" if is_allowed else "does not accept"
    return Claim(
        status=ClaimStatus.ELIGIBLE if is_allowed else ClaimStatus.NOT_ELIGIBLE,
        text=f"{payer.name} {verb} modifier 22 on a code with {stated.global_period_words}.",
        rule=rule.text,
        source=f"{rule.source}. {rule.dating(None if stated.claim is None else stated.claim.date_of_service)}",
    )


def readiness_of(
    facts: CaseFacts, stated: StatedClaim = NOTHING_STATED, cohort: Comparison | None = None
) -> tuple[ReadinessItem, ...]:
    """Return every item that documentation needs, with what is known of it; `cohort` is what a comparison came to."""
    state, text = _APPROVAL.get(
        facts.approval_status, (ReadinessState.UNKNOWN, "The approval status of the structure set is not documented.")
    )
    met = dict(_met(stated)) | dict(_known_of_course(facts)) | ({} if cohort is None else {_COHORT[0]: _beside(cohort)})
    items = (
        *(_item(row, ReadinessState.MISSING) for row in _MISSING_DOCUMENTS),
        *(_item(row, ReadinessState.UNKNOWN) for row in _UNKNOWN_FACTS),
        ReadinessItem(item="approval_status", state=state, text=text, supplied_by="physician"),
        _item(_COHORT, ReadinessState.MISSING),
    )
    return tuple(_supplied(item, met) for item in items)


def _beside(cohort: Comparison) -> tuple[ReadinessState, str]:
    if cohort.counts:
        return ReadinessState.MET, f"An institutional cohort of {cohort.n} plans was compared."
    if cohort.n < LEAST_PLANS:
        return ReadinessState.MISSING, cohort.text
    why = "; ".join(CONTEXT_TEXTS[code] for code in cohort.context)
    return ReadinessState.MISSING, f"The institutional cohort of {cohort.n} plans is context only: {why}."


def _supplied(item: ReadinessItem, met: dict[str, tuple[ReadinessState, str]]) -> ReadinessItem:
    if item.item not in met:
        return item
    state, text = met[item.item]
    return ReadinessItem(item=item.item, state=state, text=text, supplied_by=item.supplied_by)


def _met(stated: StatedClaim) -> Iterator[tuple[str, tuple[ReadinessState, str]]]:
    """For each item that the claim file fills, its state and what is stated."""
    yield from _payer_known(stated)
    yield from _global_period_known(stated)
    claim = stated.claim
    if claim is None:
        return
    if claim.procedure_note_attached:
        signed = ", and a signer is named" if claim.signer else ", but no signer is named"
        state = ReadinessState.MET if claim.signer else ReadinessState.MISSING
        yield "procedure_note", (state, f"A procedure note is stated to be attached{signed}.")
    if claim.reason:
        yield "physician_statement", (ReadinessState.MET, "The medical rationale is stated in the claim information.")
    if claim.physician_minutes is not None:
        yield "physician_minutes", (ReadinessState.MET, f"{claim.physician_minutes:g} minutes are stated.")
    if claim.typical_minutes is not None:
        yield "typical_minutes", _typical(claim)
    if claim.delineated_by:
        yield "delineated_by", (ReadinessState.MET, "The contouring physician is stated in the claim information.")
    if claim.delineator_reports_77261_77799 is not None:
        yield "reports_77261_77799", _reports(reports=claim.delineator_reports_77261_77799)


def _global_period_known(stated: StatedClaim) -> Iterator[tuple[str, tuple[ReadinessState, str]]]:
    if stated.claim is not None and stated.claim.global_period is not None:
        text = f"The stated MPFS global days indicator is {stated.claim.global_period}."
        if stated.official is not None and stated.contradicts_official:
            text = f"{text} {stated.official.citation}: {stated.official.facts.global_period}."
            yield "global_period", (ReadinessState.UNKNOWN, text)
            return
        yield "global_period", (ReadinessState.MET, text)
    elif stated.official is not None:
        text = f"The MPFS global days indicator is {stated.official.facts.global_period} ({stated.official.citation})."
        yield "global_period", (ReadinessState.MET, text)


def _known_of_course(facts: CaseFacts) -> Iterator[tuple[str, tuple[ReadinessState, str]]]:
    """The treated site and the fractions, with who stated them; an image alone states no treated site."""
    if facts.site_stated_by is StatedBy.IMAGE:
        text = (
            "The treated site is not documented; the planning image's Body Part Examined indicates "
            f"{facts.site.word.replace('_', ' ')}."
        )
        yield "treated_site", (ReadinessState.UNKNOWN, text)
    elif facts.site.is_known:
        site = facts.site.word.replace("_", " ")
        yield "treated_site", (ReadinessState.MET, f"The treated site is {site} ({facts.site_stated_by.words}).")
    if facts.fractions is not None:
        text = f"The course has {facts.fractions} fractions ({facts.fractions_stated_by.words})."
        yield "fractions", (ReadinessState.MET, text)


def _payer_known(stated: StatedClaim) -> Iterator[tuple[str, tuple[ReadinessState, str]]]:
    payer = stated.payer
    if payer is None:
        return
    rule, documents = payer.rule("global_period"), payer.rule("documents")
    on = None if stated.claim is None else stated.claim.date_of_service
    if rule is None or rule.confidence == "unknown":
        text = f"The global-days policy of {payer.name} is not known: confirm it with the payer."
        if documents is not None and documents.confidence != "unknown":
            text = f"{text} Known on documents: {documents.text} {documents.dating(on)}"
        yield "payer_rule", (ReadinessState.UNKNOWN, text)
        return
    yield "payer_rule", (ReadinessState.MET, f"{payer.name}: {rule.text} {rule.dating(on)}")


def _typical(claim: ClaimFile) -> tuple[ReadinessState, str]:
    known = ", with a source" if claim.typical_minutes_source else ", without a source"
    state = ReadinessState.MET if claim.typical_minutes_source else ReadinessState.MISSING
    return state, f"{claim.typical_minutes:g} typical minutes are stated{known}."


def _reports(*, reports: bool) -> tuple[ReadinessState, str]:
    if reports:
        text = "The contouring physician is stated to report CPT 77261\u201377799, believed to exclude 32701."
        return ReadinessState.MISSING, text
    return ReadinessState.MET, "The contouring physician is stated not to report CPT 77261\u201377799."


def warnings_of(
    stated: StatedClaim, facts: CaseFacts, case: Case | None = None, sites: Sequence[TreatedSite] | None = None
) -> tuple[Issue, ...]:
    """Check a claim against itself and the RT Plan; `sites` are those that it may name, the shipped ones if None."""
    return tuple(_warnings(stated, facts, case, known_sites() if sites is None else sites))


def _warnings(
    stated: StatedClaim, facts: CaseFacts, case: Case | None, sites: Sequence[TreatedSite]
) -> Iterator[Issue]:
    named = None if stated.claim is None else stated.claim.site
    site = None if named is None else stated_site(named, sites)
    yield from _stated_otherwise(facts)
    yield from _stated_twice(stated, facts, site)
    if stated.official is not None and stated.contradicts_official:
        official = stated.official
        yield codes.CLAIM_DISAGREES_WITH_OFFICIAL.about(
            "claim",
            stated=stated.global_period,
            published=official.facts.global_period,
            source=official.citation,
        )
    claim = stated.claim
    if claim is None:
        return
    if "11" in claim.modifiers:
        yield codes.CLAIM_MODIFIER_11.about("claim")
    if claim.cpt_code not in {None, code_rule().code}:
        yield codes.CLAIM_OTHER_CODE.about("claim", cpt_code=code_rule().code)
    planned = case.rt_plan.fractions_planned if case is not None and case.rt_plan is not None else None
    if planned is not None and claim.fractions not in {None, planned}:
        yield codes.CLAIM_DISAGREES_WITH_PLAN.about("claim", claimed=claim.fractions, planned=planned)
    if site is not None and facts.site_stated_by is StatedBy.RT_PLAN and site.contradicts(facts.site):
        yield codes.CLAIM_DISAGREES_WITH_PLAN.about("claim")
    if claim.site is not None and site is None:
        yield codes.CLAIM_SITE_UNKNOWN.about("claim", known=", ".join(each.id for each in sites))
    minutes, typical = claim.physician_minutes, claim.typical_minutes
    if minutes is not None and typical is not None and minutes <= typical:
        yield codes.CLAIM_MINUTES_TYPICAL.about("claim")


def _stated_twice(stated: StatedClaim, facts: CaseFacts, site: Site | None) -> Iterator[Issue]:
    """Say where the claim file and an option do not agree, and where no rule of the payer is known."""
    claim, payer = stated.claim, stated.payer
    if payer is not None and payer.id == UNLISTED:
        known = ", ".join(each.id for each in payers())
        yield codes.CLAIM_PAYER_UNLISTED.about("claim", known=known)
    if claim is None:
        return
    if site is not None and site.contradicts(facts.site) and facts.site_stated_by is StatedBy.USER:
        used = facts.site.word.replace("_", "-")
        yield codes.CLAIM_DISAGREES_WITH_OPTION.about("claim", site=claim.site, used=used)
    if claim.fractions not in {None, facts.fractions} and facts.fractions_stated_by is StatedBy.USER:
        yield codes.CLAIM_DISAGREES_WITH_OPTION.about("claim", claimed=claim.fractions, used=facts.fractions)
    if claim.payer is not None and payer is not None and payer_stated(claim.payer).id != payer.id:
        yield codes.CLAIM_DISAGREES_WITH_OPTION.about("claim")


def _stated_otherwise(facts: CaseFacts) -> Iterator[Issue]:
    """Say where the user's statement contradicts the files."""
    for what in facts.contradictions:
        yield codes.STATED_OTHERWISE_THAN_PLAN.about("plan", what=what)
    if facts.contradicts_image:
        yield codes.STATED_OTHERWISE_THAN_IMAGE.about("plan")


def _item(row: tuple[str, str, str], state: ReadinessState) -> ReadinessItem:
    item, text, supplied_by = row
    return ReadinessItem(item=item, state=state, text=text, supplied_by=supplied_by)
