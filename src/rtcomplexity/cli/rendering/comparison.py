"""A comparison as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rich.text import Text

from rtcomplexity.cli.rendering.prose import Prose
from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.cli.rendering.values import NO_VALUE
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

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
        f"{len(pairs)} pair{'s' if len(pairs) != 1 else ''} of ROIs compared, tolerance {tree['tolerance_mm']:g} mm"
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
    table = titled_table("Comparison", ("First", "Second") if renamed else ("ROI",))
    for heading, _, _ in COLUMNS:
        table.add_column(heading, justify="right")
    for pair in pairs:
        values = (pair["metrics"].get(f"compare.{key}", {}).get("value") for _, key, _ in COLUMNS)
        forms = (form for _, _, form in COLUMNS)
        cells = (NO_VALUE if value is None else format(value, form) for value, form in zip(values, forms, strict=True))
        names = (pair["first"], pair["second"]) if renamed else (pair["first"],)
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
    table = titled_table("Agreement", ("ROI",))
    for heading, _, _ in AGREEMENT_COLUMNS:
        table.add_column(heading, justify="right")
    for roi in rois:
        values = (roi["metrics"][f"agreement.{key}"]["value"] for _, key, _ in AGREEMENT_COLUMNS)
        forms = (form for _, _, form in AGREEMENT_COLUMNS)
        cells = (NO_VALUE if value is None else format(value, form) for value, form in zip(values, forms, strict=True))
        table.add_row(Text(shown(roi["name"])), *cells)
    yield table
    for roi in rois:
        if roi["worst_place_mm"]:
            place = ", ".join(f"{x:g}" for x in roi["worst_place_mm"])
            yield Text(f"{shown(roi['name'])}: readers differ most at ({place}) mm, patient coordinates (LPS)")
