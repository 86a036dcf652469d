"""The plans that the page shows, of this session and of a folder of evidence, each as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.desk import reports
from rtcomplexity.desk.evidence_folders import evidence_folders
from rtcomplexity.desk.session import State
from rtcomplexity.evidence.folder import EvidenceFolderError

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.desk.reports import Report
    from rtcomplexity.desk.session import Session, SessionPlan

ROWS: Final = 100
"""On one page of the worklist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One plan: its report, what is being done with it, and whether claim information can be entered."""

    id: str
    report: Report | None
    folder: Path
    """The evidence folder, be it there yet or not."""
    plan: SessionPlan | None = None
    """None for a plan of the worklist folder, whose images are not here."""
    problem: str = ""
    claim: Path | None = None
    """Claim information that was entered for a report of the worklist folder, which does not hold it."""

    @property
    def title(self) -> str:
        """Patient, where there is a report that names one."""
        if self.report is not None:
            return self.report.patient
        return f"Plan {self.plan.number}" if self.plan is not None else "Unreadable report"

    @property
    def tone(self) -> str:
        """The verdict's word, for color alone; that of a rejection where payer policy excludes the claim."""
        if self.report is None:
            return ""
        return "rejects" if self.report.page.cover.stop else self.report.page.verdict

    @property
    def is_busy(self) -> bool:
        """Whether an analysis runs or waits."""
        return self.plan is not None and self.plan.is_busy

    @property
    def added(self) -> str:
        """When it was added, in American form."""
        return "" if self.plan is None else f"{self.plan.added_at:%m/%d/%Y %I:%M %p}"

    @property
    def has_claim(self) -> bool:
        """Whether anybody entered claim information."""
        return self.claim is not None or (self.report is not None and bool(self.report.page.claim_information))

    @property
    def outstanding(self) -> int:
        """How many documents are outstanding."""
        return 0 if self.report is None else sum(len(each.items) for each in self.report.page.cover.missing)


class Worklist:
    """Every plan that can be looked at."""

    def __init__(self, session: Session, root: Path | None = None) -> None:
        """Take the plans of a session and, where it is given, of a folder of evidence."""
        self._session, self._root = session, root

    @property
    def has_folder(self) -> bool:
        """Whether there is a worklist folder."""
        return self._root is not None

    def session_items(self) -> list[Item]:
        """Plans of this session, the newest first."""
        return [_of_session(plan) for plan in self._session.plans()]

    def folder_items(self, page: int) -> tuple[list[Item], int]:
        """Plans of the worklist folder on one page, from 1, and how many pages there are."""
        found = [] if self._root is None else list(evidence_folders(self._root).items())
        first = ROWS * (page - 1)
        return [self._of_folder(*each) for each in found[first : first + ROWS]], max(1, -(-len(found) // ROWS))

    def item(self, plan_id: str) -> Item | None:
        """The plan of an id, if there is one."""
        plan = self._session.plan(plan_id)
        if plan is not None:
            return _of_session(plan)
        folder = None if self._root is None else evidence_folders(self._root).get(plan_id)
        return None if folder is None else self._of_folder(plan_id, folder)

    def _of_folder(self, plan_id: str, folder: Path) -> Item:
        report, problem = _read(folder)
        claim = self._session.claim_of_report(plan_id)
        return Item(id=plan_id, report=report, folder=folder, problem=problem, claim=claim if claim.exists() else None)


def _of_session(plan: SessionPlan) -> Item:
    folder = plan.place.evidence
    report, problem = _read(folder) if folder.exists() else (None, "")
    return Item(id=plan.id, report=report, folder=folder, plan=plan, problem=plan.problem or problem)


def _read(folder: Path) -> tuple[Report | None, str]:
    try:
        return reports.report_at(folder), ""
    except EvidenceFolderError as fault:
        return None, str(fault)


def is_failed(item: Item) -> bool:
    """Whether there is nothing to read of it, and there will not be."""
    return item.report is None and (item.plan is None or item.plan.state is State.FAILED)
