"""A comparison as PDF: the usual metrics of each pair, and its pictures; the whole document is attached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.evidence.formats.comparison import PRIVACY, pair_title, unmatched_lines
from rtcomplexity.evidence.formats.pdf import typeset
from rtcomplexity.evidence.page import NO_VALUE
from rtcomplexity.evidence.words import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.compare.plane_pictures import PlanePicture

COLUMNS: Final = (
    ("First (cm³)", "volume_first", ".1f"),
    ("Second (cm³)", "volume_second", ".1f"),
    ("Dice", "dice", ".3f"),
    ("Surface Dice", "surface_dice", ".3f"),
    ("HD (mm)", "hausdorff", ".1f"),
    ("HD95 (mm)", "hausdorff_95", ".1f"),
    ("ASSD (mm)", "average_symmetric_surface_distance", ".2f"),
    ("APL (mm)", "added_path_length", ".0f"),
    ("Edited (cm³)", "edited_volume", ".1f"),
    ("Slices edited", "planes_edited", ".0f"),
)
"""Heading, metric and form."""
MOST_IN_A_ROW: Final = 3


def comparison_pdf(
    tree: Mapping[str, Any],
    document: bytes,
    pictures: Sequence[Sequence[PlanePicture]],
    surfaces: Sequence[Sequence[PlanePicture]],
) -> bytes:
    """Render the PDF; the same document and pictures give the same bytes.

    Parameters
    ----------
    tree
        The document.
    document
        The same as it is left, to be attached.
    pictures, surfaces
        Of the planes and the surface of each pair.
    """
    drawn = [[*planes, *views] for planes, views in zip(pictures, surfaces, strict=True)]
    files = {
        _file(pair, place): picture.svg.encode()
        for pair, each in enumerate(drawn)
        for place, picture in enumerate(each)
    }
    data = {
        "title": "Comparison of two delineations",
        "about": f"{len(tree['pairs'])} pairs of ROIs. Tolerance: {tree['tolerance_mm']:g} mm.",
        "lines": list(_lines(tree)),
        "headings": ["ROI", *(heading for heading, _, _ in COLUMNS)],
        "rows": [[pair_title(pair), *_cells(pair)] for pair in tree["pairs"]],
        "legend": "HD: Hausdorff distance. HD95: its 95th percentile. ASSD: average symmetric surface distance. APL: "
        "added path length. All metrics with their definitions: attached comparison.json.",
        "pairs": [
            {"title": pair_title(pair), "figures": _rows(number, each)}
            for number, (pair, each) in enumerate(zip(tree["pairs"], drawn, strict=True))
            if each
        ],
        "colors": "Planes: blue outline first, orange outline second, filled what only one of them holds. Surface of "
        "the first: orange where the second lies outside of it, blue where inside.",
        "notice": "Measurements of the contours, not an assessment of their quality.",
    }
    return typeset("comparison.typ", data, {**files, "comparison.json": document})


def _lines(tree: Mapping[str, Any]) -> Iterator[str]:
    yield PRIVACY[tree["privacy"]]
    yield from (f"{SEVERITIES[each['severity']]}: {each['text']}" for each in tree["issues"])
    yield from unmatched_lines(tree)


def _cells(pair: Mapping[str, Any]) -> Iterator[str]:
    for _, key, form in COLUMNS:
        value = pair["metrics"][f"compare.{key}"]["value"]
        yield NO_VALUE if value is None else format(value, form)


def _rows(pair: int, drawn: Sequence[PlanePicture]) -> list[list[dict[str, str]]]:
    """Pictures in rows of at most three."""
    figures = [{"file": _file(pair, place), "text": picture.text} for place, picture in enumerate(drawn)]
    return [figures[start : start + MOST_IN_A_ROW] for start in range(0, len(figures), MOST_IN_A_ROW)]


def _file(pair: int, place: int) -> str:
    return f"{pair}-{place}.svg"
