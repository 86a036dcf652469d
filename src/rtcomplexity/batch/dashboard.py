"""The dashboard: one page with everything in it, which asks no network for anything and names no one.

Reads the ledger, computes counts and distributions, and fills a template that escapes every value. Style and script are
allowed by their hashes alone.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import IO, TYPE_CHECKING, Any, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from rtcomplexity.batch.alarm import SCORED, alarm_of
from rtcomplexity.batch.distributions import Collector
from rtcomplexity.batch.messages import Status
from rtcomplexity.batch.reasons import end_of, example_of, found_sentence, texts_of, unmet_names_sentence
from rtcomplexity.batch.rows import flags_of
from rtcomplexity.batch.site_groups import SiteGroups, site_title, stratum_title
from rtcomplexity.evidence.words import FAMILIES, UNITS, outcome_of, told
from rtcomplexity.metrics.catalogue import CATALOGUE
from rtcomplexity.scoring.guardrails import DISCLAIMER, SERVICE_LEVEL_NOTE
from rtcomplexity.scoring.rules import VerdictValue
from rtcomplexity.units import counted

if TYPE_CHECKING:
    from jinja2 import Template

    from rtcomplexity.batch.ledger import Ledger, PlanRow
    from rtcomplexity.batch.reasons import Reasons

MOST_ROWS: Final = 5_000
_TITLES: Final = (
    "Plan", "Outcome", "Site", "Stratum", "Score", "Percentile", "Gross target (cm³)", "ROIs", "Issues", "Time (s)",
    "Deciding factors", "Reasons", "Flags",
)  # fmt: skip
_RUN_TITLES: Final = ("Run", "Engine", "Workers", "Files", "Scan time (s)", "Plans", "Analysis time (s)", "Plans/hour")
_TENTHS: Final = 10
_VOLUME: Final = "scored.volume"
METRIC_TITLES: Final = {
    each.key: each.title if each.unit == "1" else f"{each.title} ({told(UNITS, str(each.unit))})" for each in CATALOGUE
}
"""Title and unit of a metric by its key."""
DOWNLOADS: Final = ("results.csv", "results_rois.csv", "refused.csv", "timings.csv", "results.jsonl")
EVIDENCE_PAGE: Final = "evidence.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    key: str
    end: str
    site: str
    stratum: str
    link: str
    numbers: tuple[float | None, ...]
    decided_by: str
    why: str
    flags: str


class Dashboard:
    """Takes plans one at a time, then writes the page."""

    def __init__(self, *, evidence: bool) -> None:
        """Begin a page whose rows link to evidence folders, if there are any."""
        self._evidence = evidence
        self.rows: list[_Row] = []
        self.refused: dict[tuple[str, str, str], list[str]] = {}
        """Texts by what was refused, how, and the code of the reason."""
        self.percentiles: Counter[int] = Counter()
        self.collector = Collector()
        self.sites = SiteGroups()
        self.wall_s = 0.0
        self.peak_bytes = 0

    def take(self, plan: PlanRow) -> None:
        """Take one plan."""
        if plan.status is not Status.ASSESSED:
            self.refused.setdefault(("plan", end_of(plan), plan.code), []).append(plan.reason)
        if len(self.rows) < MOST_ROWS:
            self.rows.append(_row(plan, evidence=self._evidence))
        percentile = None if plan.result is None else plan.result.percentile
        if percentile is not None and plan.verdict in SCORED:
            self.percentiles[min(int(percentile / _TENTHS), _TENTHS - 1)] += 1
        self.collector.take(plan)
        self.sites.take(plan)
        self.wall_s += plan.wall_s
        self.peak_bytes = max(self.peak_bytes, plan.peak_bytes)

    def write(self, ledger: Ledger, stream: IO[str], reasons: Reasons) -> None:
        """Write the page of the plans that were taken, and of what the ledger knows of the run."""
        for _, code, reason in ledger.broken_files():
            self.refused.setdefault(("file", outcome_of(Status.REFUSED), code), []).append(reason)
        style, script = resource("dashboard.css"), resource("dashboard.js")
        pieces = _template().stream(
            page=_page(ledger, self, reasons),
            style=Markup(style),  # noqa: S704 -- our own file
            script=Markup(script),  # noqa: S704 -- our own file
            style_hash=source_hash(style),
            script_hash=source_hash(script),
        )
        stream.writelines(pieces)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(resource("dashboard.html.j2"))


def _row(plan: PlanRow, *, evidence: bool) -> _Row:
    result = plan.result
    return _Row(
        key=plan.key,
        end=end_of(plan),
        site="" if result is None else site_title(result.site),
        stratum="" if result is None else stratum_title(result),
        link=f"evidence/{plan.plan_id}/{EVIDENCE_PAGE}" if evidence and plan.plan_id else "",
        numbers=(
            plan.t,
            None if result is None else result.percentile,
            None if result is None else result.target_metrics.get(_VOLUME),
            None if result is None else len(result.rois),
            None if result is None else len(result.severities),
            plan.wall_s,
        ),
        decided_by="" if result is None else ", ".join(told(FAMILIES, each) for each in result.decided_by),
        why=" ".join(texts_of(plan)),
        flags=", ".join(flags_of(plan)).replace("_", " "),
    )


def _page(ledger: Ledger, gathered: Dashboard, reasons: Reasons) -> dict[str, Any]:
    by_status, verdicts = ledger.counts(), ledger.verdicts()
    plans, assessed = sum(by_status.values()), by_status.get(Status.ASSESSED.value, 0)
    scores = [gathered.percentiles[tenth] for tenth in range(_TENTHS)] if gathered.percentiles else []
    found = groupby(gathered.collector.distributions(), key=lambda one: one.group)
    return {
        "plans": plans,
        "assessed": assessed,
        "disclaimer": DISCLAIMER,
        "service_note": SERVICE_LEVEL_NOTE,
        "alarm": alarm_of(ledger.verdicts_by_set()),
        "found": found_sentence(*ledger.count_sources()),
        "unmet_names": unmet_names_sentence(reasons.unmet_names, plans),
        "reasons": reasons.told,
        "counts": _happened_first([*_counts(verdicts, by_status), ("Unreadable files", ledger.count_broken())]),
        "scores": scores,
        "scored": sum(scores),
        "most_scores": max(scores, default=1),
        "titles": _TITLES,
        "rows": gathered.rows,
        "sites": gathered.sites.groups(),
        "advice": tuple(gathered.sites.advice()),
        "verdict_titles": tuple(value.value.replace("_", " ") for value in VerdictValue),
        "row_sites": sorted({row.site for row in gathered.rows} - {""}),
        "ends": sorted({row.end for row in gathered.rows}),
        "refused": [(*words, example_of(set(texts)), len(texts)) for words, texts in sorted(gathered.refused.items())],
        "claims": _claims(ledger),
        "sampled": gathered.collector.plans,
        "metric_titles": METRIC_TITLES,
        "downloads": DOWNLOADS,
        "distributions": [(group, list(members)) for group, members in found],
        "run_titles": _RUN_TITLES,
        "runs": [_run(run) for run in ledger.history()],
        "speed": _speed(plans, gathered),
    }


def _happened_first(counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Outcomes that happened before those that did not, each in their order."""
    return sorted(counts, key=lambda each: each[1] == 0)


def _counts(verdicts: dict[str, int], by_status: dict[str, int]) -> list[tuple[str, int]]:
    ends = [(outcome_of(verdict), verdicts.get(verdict, 0)) for verdict in (*SCORED, "insufficient_evidence")]
    refusals = [status for status in Status if status is not Status.ASSESSED]
    return ends + [(outcome_of(status.value), by_status.get(status.value, 0)) for status in refusals]


def _claims(ledger: Ledger) -> str:
    matched, shared = len(ledger.claimed_rows()), ledger.shared_courses()
    if not matched:
        return "No claims row matched a plan."
    courses = counted(shared, "course")
    return f"{counted(matched, 'claims row')} matched a plan; {courses} of a patient claimed more than once."


def _run(run: dict[str, Any]) -> tuple[object, ...]:
    done, plans_s = run["done"], run["plans_s"]
    if done is None:
        return (run["run"], "stopped before its end", "", "", "", "", "", "")
    rate = f"{3600 * done / plans_s:.0f}" if done and plans_s else ""
    return (
        run["run"], run["engine"], run["workers"], run["files"], f"{run['discovery_s']:.1f}", done, f"{plans_s:.1f}",
        rate,
    )  # fmt: skip


def _speed(plans: int, gathered: Dashboard) -> str:
    if not plans:
        return ""
    mean, peak = gathered.wall_s / plans, gathered.peak_bytes / 1024**2
    return f"Mean time per plan: {mean:.2f} s; largest process: {peak:.0f} MiB. timings.csv lists every plan."


def resource(name: str) -> str:
    """Read a file from the folder of templates."""
    return files("rtcomplexity.batch").joinpath("templates", name).read_text("utf-8")


def source_hash(text: str) -> str:
    """Return what allows a style or script in a Content Security Policy."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
