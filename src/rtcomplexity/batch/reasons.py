"""Why the plans of a batch ended as they did, in the plain words that a report uses, and counted.

Names no plan.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.messages import Status
from rtcomplexity.evidence.words import REASONS, outcome_of
from rtcomplexity.units import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from rtcomplexity.batch.ledger import PlanRow

UNMET_NAMES: Final = "map-name-unmet"
"""Issue of a record in which a name that ``--map`` gives met no ROI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why some plans ended in one way."""

    end: str
    """Verdict or kind of refusal, in words."""
    text: str
    plans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What one pass over the plans found."""

    told: tuple[Reason, ...]
    """Most frequent first within each end; a plan counts under every reason it has."""
    unmet_names: int


class ReasonCount:
    """Counts the reasons of plans, one at a time."""

    def __init__(self) -> None:
        self._plans: Counter[tuple[str, str]] = Counter()
        self._texts: dict[tuple[str, str], set[str]] = {}
        self._unmet = 0

    def take(self, plan: PlanRow) -> None:
        """Count one plan."""
        for code, text in _coded(plan):
            self._plans[end_of(plan), code] += 1
            self._texts.setdefault((end_of(plan), code), set()).add(text)
        self._unmet += plan.result is not None and UNMET_NAMES in plan.result.issue_codes

    def reasons(self) -> Reasons:
        """What was counted."""
        ordered = sorted(self._plans.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
        rows = tuple(Reason(end=key[0], text=example_of(self._texts[key]), plans=count) for key, count in ordered)
        return Reasons(told=rows, unmet_names=self._unmet)


def end_of(plan: PlanRow) -> str:
    """Verdict of a plan, or how it was refused, in words."""
    return outcome_of(plan.verdict or plan.status.value)


def texts_of(plan: PlanRow) -> tuple[str, ...]:
    """Every reason of a plan once: of its verdict, or of its refusal."""
    return tuple(dict.fromkeys(text for _, text in _coded(plan)))


def example_of(texts: Collection[str]) -> str:
    """Return one text for all reasons of a code, which may differ in what they name.

    Examples
    --------
    >>> example_of({"b", "a"}), example_of({"a"})
    ('For example: a', 'a')
    """
    return min(texts) if len(texts) == 1 else f"For example: {min(texts)}"


def _coded(plan: PlanRow) -> Iterator[tuple[str, str]]:
    """Each reason as (code, text)."""
    if plan.status is not Status.ASSESSED or plan.result is None:
        yield plan.code, plan.reason or plan.code
        return
    for code, text in dict(plan.result.reasons).items():
        yield code, REASONS.get(code, text or code)


def unmet_names_sentence(unmet: int, plans: int) -> str:
    """Say once for all plans that a name which ``--map`` gives met no ROI; empty where none did.

    Examples
    --------
    >>> unmet_names_sentence(2, 3)
    '--map gives a name that no ROI has in 2 of 3 plans. `rtcomplexity inspect` lists the names of a plan.'
    """
    if not unmet:
        return ""
    return (
        f"--map gives a name that no ROI has in {unmet} of {plans} plans. "
        "`rtcomplexity inspect` lists the names of a plan."
    )


def found_sentence(sets: int, patients: int, nameless: int, without_set: int = 0) -> str:
    """Say how many plans there are, of how many patients where that is another number, and who has images alone.

    Examples
    --------
    >>> found_sentence(2, 2, 0), found_sentence(18, 6, 0)
    ('2 plans', '18 plans: 18 structure sets of 6 patients, each scored separately')
    >>> found_sentence(2, 2, 0, without_set=1)
    '2 plans; images without a structure set: 1 other patient'
    """
    sentence = _sets_sentence(sets, patients, nameless)
    if not without_set:
        return sentence
    return f"{sentence}; images without a structure set: {counted(without_set, 'other patient')}"


def _sets_sentence(sets: int, patients: int, nameless: int) -> str:
    sentence = counted(sets, "plan")
    if sets == patients:
        return sentence
    whose = f"of {counted(patients, 'patient')}"
    if nameless:
        whose = f"{whose} and {nameless} without patient ID" if patients else "without patient ID"
    return f"{sentence}: {counted(sets, 'structure set')} {whose}, each scored separately"
