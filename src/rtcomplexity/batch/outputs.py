"""The outputs of a batch, all written from the ledger: results.jsonl, tables, refused.csv, timings.csv, dashboard.html.

The same ledger gives the same files, whatever engine filled it. One plan at a time is in memory.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.csv_tables import table_writer
from rtcomplexity.batch.dashboard import Dashboard
from rtcomplexity.batch.messages import Status
from rtcomplexity.batch.reasons import ReasonCount, Reasons
from rtcomplexity.batch.rows import PLAN_COLUMNS, ROI_COLUMNS, json_line, plan_row, roi_rows
from rtcomplexity.errors import MissingExtraError
from rtcomplexity.sources.member import shown_place
from rtcomplexity.whole_files import replacing, writable

if TYPE_CHECKING:
    from pathlib import Path

    from rtcomplexity.batch.ledger import Ledger, PlanRow

JSONL: Final = "results.jsonl"
PLANS: Final = "results.csv"
ROIS: Final = "results_rois.csv"
REFUSED: Final = "refused.csv"
TIMINGS: Final = "timings.csv"
DASHBOARD: Final = "dashboard.html"
_REFUSED_COLUMNS: Final = ("kind", "id", "status", "code", "reason")
_TIMING_COLUMNS: Final = ("key", "files", "wall_s", "cpu_s", "peak_mib")
OWN_NAMES: Final = ("ledger.", "probe.sqlite", "results.", "results_rois.", "refused.", "timings.", "dashboard.")
"""How names in an output folder begin, apart from a dot before them and the folder of evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Outputs, and what one pass over the plans found on the way."""

    names: tuple[str, ...]
    reasons: Reasons


def write_outputs(
    ledger: Ledger, out: Path, *, parquet: bool, evidence: bool, paths_from: Path | None = None
) -> Written:
    """Write every output in one pass over the plans, in which each record is parsed once.

    With `paths_from`, tables say where structure sets lie below it.

    Raises
    ------
    UsageError
        If the folder cannot be written.
    """
    places = None if paths_from is None else Places(ledger, paths_from)
    with writable("--out", "a folder that cannot be written", "room and permission"):
        reasons = _write_all(ledger, out, places, evidence=evidence)
    names = (JSONL, PLANS, ROIS, REFUSED, TIMINGS, DASHBOARD)
    return Written(names=(*names, *(_write_parquet(out) if parquet else ())), reasons=reasons)


def _write_all(ledger: Ledger, out: Path, places: Places | None, *, evidence: bool) -> Reasons:
    target_metrics, roi_metrics = ledger.metric_names()
    reasons, dashboard = ReasonCount(), Dashboard(evidence=evidence)
    path_column = () if places is None else ("path",)
    with ExitStack() as files:
        lines = files.enter_context(replacing(out / JSONL))
        plans, rois, refused, timings = (
            files.enter_context(table_writer(out / name, titles))
            for name, titles in (
                (PLANS, (*PLAN_COLUMNS, *target_metrics, *path_column)),
                (ROIS, (*ROI_COLUMNS, *roi_metrics)),
                (REFUSED, (*_REFUSED_COLUMNS, *path_column)),
                (TIMINGS, _TIMING_COLUMNS),
            )
        )
        for plan in ledger.plans():
            place = () if places is None else (places.of_plan(plan.key),)
            lines.write(json_line(plan))
            plans((*plan_row(plan, target_metrics), *place))
            for row in roi_rows(plan, roi_metrics):
                rois(row)
            if plan.status is not Status.ASSESSED:
                refused(("plan", plan.key, plan.status.value, plan.code, plan.reason, *place))
            timings(_timing(plan))
            reasons.take(plan)
            dashboard.take(plan)
        for path, code, reason in ledger.broken_files():
            place = () if places is None else (places.of_file(path),)
            refused(("file", path, Status.REFUSED.value, code, reason, *place))
        dashboard.write(ledger, files.enter_context(replacing(out / DASHBOARD)), reasons.reasons())
    return reasons.reasons()


class Places:
    """Where plans and files lie below a folder, as a person would look for them."""

    def __init__(self, ledger: Ledger, root: Path) -> None:
        self._ledger, self._base = ledger, root if root.is_dir() else root.parent
        self._broken = ledger.broken_places()

    def of_plan(self, key: str) -> str:
        """The structure set of a plan."""
        return shown_place(self._ledger.place_of(key), self._base)

    def of_file(self, path: str) -> str:
        """What was not read, by its keyed path."""
        return shown_place(self._broken.get(path, ""), self._base)


def _timing(plan: PlanRow) -> tuple[object, ...]:
    return plan.key, plan.file_count, round(plan.wall_s, 3), round(plan.cpu_s, 3), round(plan.peak_bytes / 1024**2)


def _write_parquet(out: Path) -> tuple[str, ...]:
    """Turn the two tables into Parquet."""
    try:
        import duckdb  # noqa: PLC0415 -- an extra
    except ImportError as fault:
        feature = "Parquet"
        raise MissingExtraError(feature, "parquet") from fault
    names = []
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as database:
        for name in (PLANS, ROIS):
            target = (out / name).with_suffix(".parquet")
            part = target.with_suffix(".part")
            table = database.read_csv(str(out / name), header=True, sample_size=-1)
            table.write_parquet(str(part), compression="zstd")
            part.chmod(0o600)
            part.replace(target)
            names.append(target.name)
    return tuple(names)
