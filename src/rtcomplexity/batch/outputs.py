"""The outputs of a batch, all written from the ledger: results.jsonl, tables, refused.csv, timings.csv, dashboard.html.

The same ledger gives the same files, whatever engine filled it. One plan at a time is in memory.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from rtcomplexity.batch.dashboard import write_dashboard
from rtcomplexity.batch.files import replacing, write_table
from rtcomplexity.batch.rows import PLAN_COLUMNS, ROI_COLUMNS, json_line, plan_row, roi_rows
from rtcomplexity.batch.values import Status
from rtcomplexity.errors import MissingExtraError, UsageError
from rtcomplexity.sources.member import shown_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rtcomplexity.batch.ledger import Ledger

JSONL: Final = "results.jsonl"
PLANS: Final = "results.csv"
ROIS: Final = "results_rois.csv"
REFUSED: Final = "refused.csv"
TIMINGS: Final = "timings.csv"
DASHBOARD: Final = "dashboard.html"
OWN_NAMES: Final = ("ledger.", "probe.sqlite", "results.", "results_rois.", "refused.", "timings.", "dashboard.")
"""How names in an output folder begin, apart from a dot before them and the folder of evidence."""


def write_outputs(
    ledger: Ledger, out: Path, *, parquet: bool, evidence: bool, paths_from: Path | None = None
) -> tuple[str, ...]:
    """Write every output and return their names; with `paths_from`, tables say where structure sets lie below it.

    Raises
    ------
    UsageError
        If the folder cannot be written.
    """
    try:
        target_metrics, roi_metrics = _write_lines(ledger, out / JSONL)
        places = None if paths_from is None else Places(ledger, paths_from)
        path_column = () if places is None else ("path",)
        plans = (
            [*plan_row(plan, target_metrics), *(() if places is None else (places.of_plan(plan.key),))]
            for plan in ledger.plans()
        )
        write_table(out / PLANS, (*PLAN_COLUMNS, *target_metrics, *path_column), plans)
        rois = (row for plan in ledger.plans() for row in roi_rows(plan, roi_metrics))
        write_table(out / ROIS, (*ROI_COLUMNS, *roi_metrics), rois)
        refused = ((*row, *(() if places is None else (places.of_row(*row[:2]),))) for row in _refused(ledger))
        write_table(out / REFUSED, ("kind", "id", "status", "code", "reason", *path_column), refused)
        write_table(out / TIMINGS, ("key", "files", "wall_s", "cpu_s", "peak_mib"), _timings(ledger))
        write_dashboard(ledger, out / DASHBOARD, evidence=evidence)
    except OSError as fault:
        reason = (fault.strerror or type(fault).__name__).lower()
        raise UsageError("--out", f"a folder that cannot be written ({reason})", "room and permission") from fault
    names = (JSONL, PLANS, ROIS, REFUSED, TIMINGS, DASHBOARD)
    return (*names, *(_write_parquet(out) if parquet else ()))


class Places:
    """Where plans and files lie below a folder, as a person would look for them."""

    def __init__(self, ledger: Ledger, root: Path) -> None:
        self._ledger, self._base = ledger, root if root.is_dir() else root.parent
        self._broken = ledger.broken_places()

    def of_plan(self, key: str) -> str:
        """The structure set of a plan."""
        return shown_place(self._ledger.place_of(key), self._base)

    def of_row(self, kind: str, key: str) -> str:
        """What a row of the refused is of."""
        return self.of_plan(key) if kind == "plan" else shown_place(self._broken.get(key, ""), self._base)


def _write_lines(ledger: Ledger, target: Path) -> tuple[list[str], list[str]]:
    """Write the results, a line a plan; return the metrics that occur: of scored targets, and of ROIs."""
    target_metrics: set[str] = set()
    roi_metrics: set[str] = set()
    with replacing(target) as stream:
        for plan in ledger.plans():
            stream.write(json.dumps(json_line(plan), ensure_ascii=False, allow_nan=False) + "\n")
            if plan.record is not None:
                target_metrics.update(plan.record["gross_target"]["metrics"])
                roi_metrics.update(key for roi in plan.record["rois"] for key in roi["metrics"])
    return sorted(target_metrics), sorted(roi_metrics)


def _refused(ledger: Ledger) -> Iterator[tuple[str, ...]]:
    for plan in ledger.plans():
        if plan.status is not Status.ASSESSED:
            yield "plan", plan.key, plan.status.value, plan.code, plan.reason
    for path, code, reason in ledger.broken_files():
        yield "file", path, Status.REFUSED.value, code, reason


def _timings(ledger: Ledger) -> Iterator[tuple[object, ...]]:
    for plan in ledger.plans():
        yield plan.key, plan.file_count, round(plan.wall_s, 3), round(plan.cpu_s, 3), round(plan.peak_bytes / 1024**2)


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
