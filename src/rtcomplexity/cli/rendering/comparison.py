"""A comparison as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from rtcomplexity.cli.rendering.prose import Prose
from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.cli.rendering.values import NO_VALUE
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import SEVERITIES
from rtcomplexity.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import RenderableType
    from rich.table import Table

COLUMNS: Final = (
    ("First cm³", "volume_first", ".1f"),
    ("Second cm³", "volume_second", ".1f"),
    ("Dice", "dice", ".3f"),
    ("Surface Dice", "surface_dice", ".3f"),
    ("HD mm", "hausdorff", ".1f"),
    ("HD95 mm", "hausdorff_95", ".1f"),
    ("ASSD mm", "average_symmetric_surface_distance", ".2f"),
    ("APL mm", "added_path_length", ".0f"),
    ("Edited cm³", "edited_volume", ".1f"),
    ("Planes edited", "planes_edited", ".0f"),
)


def comparison_parts(tree: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what was compared, and what was not."""
    pairs = tree["pairs"]
    yield Text(
        f"{counted(len(pairs), 'pair')} of ROIs compared, tolerance {tree['tolerance_mm']:g} mm"
        + (", through a registration" if tree["through_registration"] else ""),
        style="bold",
    )
    yield from issue_lines(tree)
    if pairs:
        yield _table(pairs)
        yield Text(
            "HD: Hausdorff distance. HD95: its 95th percentile. ASSD: average symmetric surface distance. "
            "APL: added path length. All metrics: --json, or --out DIR."
        )
    for side in ("first", "second"):
        names = tree["unmatched"][side]
        if names:
            yield Text(f"Only in the {side}: {', '.join(shown(each['name']) for each in names)}")


def issue_lines(tree: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield what does not fit between the sides, a line each."""
    for each in tree["issues"]:
        yield Prose(f"{SEVERITIES[each['severity']]}: {each['text']}")


def _table(pairs: Sequence[Mapping[str, Any]]) -> Table:
    renamed = any(pair["first"] != pair["second"] for pair in pairs)
    names = ("first", "second") if renamed else ("first",)
    rows = [([pair[name] for name in names], pair["metrics"]) for pair in pairs]
    return _metrics_table("Comparison", ("First", "Second") if renamed else ("ROI",), rows, COLUMNS, "compare")


def _metrics_table(
    title: str,
    headings: Sequence[str],
    rows: Iterable[tuple[Sequence[str], Mapping[str, Any]]],
    columns: Sequence[tuple[str, str, str]],
    prefix: str,
) -> Table:
    """Build a table of names and their metrics; a column is heading, key after the prefix, format."""
    table = titled_table(title, headings, [heading for heading, _, _ in columns])
    for names, metrics in rows:
        values = [(metrics.get(f"{prefix}.{key}", {}).get("value"), form) for _, key, form in columns]
        cells = (NO_VALUE if value is None else format(value, form) for value, form in values)
        table.add_row(*(Text(shown(name)) for name in names), *cells)
    return table


AGREEMENT_COLUMNS: Final = (
    ("Readers", "reader_count", ".0f"),
    ("Mean cm³", "volume_mean", ".1f"),
    ("Relative SD", "volume_deviation", ".2f"),
    ("Mean Dice", "mean_dice", ".3f"),
    ("Conformity index", "generalized_conformity_index", ".3f"),
    ("Kappa", "kappa", ".3f"),
    ("Local SD mm", "local_deviation", ".1f"),
    ("Greatest mm", "local_deviation_max", ".1f"),
)


def observers_parts(tree: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yield how far several readers agree."""
    readers, rois = tree["readers"], tree["rois"]
    icc = tree["volume_icc"]
    said = icc["reason"] if icc["value"] is None else f"{icc['value']:.3f}"
    yield Text(
        f"{len(readers)} readers, {len(rois)} ROIs delineated by at least two. ICC(2,1) of volumes: {said}",
        style="bold",
    )
    yield from issue_lines(tree)
    rows = [([roi["name"]], roi["metrics"]) for roi in rois]
    yield _metrics_table("Agreement", ("ROI",), rows, AGREEMENT_COLUMNS, "agreement")
    for roi in rois:
        if roi["worst_place_mm"]:
            place = ", ".join(f"{x:g}" for x in roi["worst_place_mm"])
            yield Text(f"{shown(roi['name'])}: readers differ most at ({place}) mm, patient coordinates (LPS)")
