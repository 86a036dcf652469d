"""What several readers of one case came to, as CSV and as one HTML page that opens without a network."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from rtcomplexity.compare.reader_pictures import COLORS
from rtcomplexity.evidence.formats.comparison import PRIVACY, issue_lines, metrics_table
from rtcomplexity.evidence.formats.csv import metrics_csv, safe
from rtcomplexity.evidence.formats.html import policy_of, shipped
from rtcomplexity.evidence.formats.text import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.compare.plane_pictures import PlanePicture


def observers_csv(tree: Mapping[str, Any]) -> bytes:
    """One row per ROI and metric of all readers together, then of each reader against the reference."""
    rows = (((safe(roi["name"]), reader), metrics) for roi in tree["rois"] for reader, metrics in _metrics(roi))
    return metrics_csv(("roi", "reader"), rows)


def _metrics(roi: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "all", roi["metrics"]
    for each in roi["against_reference"]:
        yield each["reader"], each["metrics"]


def observers_html(tree: Mapping[str, Any], pictures: Sequence[PlanePicture | None]) -> bytes:
    """How far readers agree on each ROI, their agreement matrix, and the plane where they differ most."""
    style = shipped("comparison.css")
    icc = tree["volume_icc"]
    said = escape(icc["reason"]) if icc["value"] is None else f"{icc['value']:.3f}"
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy_of(style, "")}">',
        f"<title>Agreement of readers</title><style>{style}</style></head><body><h1>Agreement of readers</h1>",
        f"<p>{len(tree['readers'])} readers. ICC(2,1) of volumes: {said}. Tolerance: {tree['tolerance_mm']:g} mm.</p>",
        "<p>These are measurements of the contours; no reader is taken for right.</p>",
        f"<p>{PRIVACY[tree['privacy']]}</p>",
        *issue_lines(tree),
        *(part for roi, picture in zip(tree["rois"], pictures, strict=True) for part in _roi(tree, roi, picture)),
        f"<p>rtcomplexity {escape(tree['software']['version'])}</p></body></html>\n",
    ]
    return "".join(parts).encode("utf-8")


def _roi(tree: Mapping[str, Any], roi: Mapping[str, Any], picture: PlanePicture | None) -> Iterator[str]:
    yield f"<h2>{escape(shown(roi['name']))}</h2>"
    if picture is not None:
        legend = " ".join(
            f'<span style="color:{_color(tree, label)}">{escape(label)}</span>' for label in roi["readers"]
        )
        yield f'<div class="planes"><figure>{picture.svg}<figcaption>{escape(picture.text)} {legend}</figcaption>'
        yield "</figure></div>"
    yield "<h3>Dice of each two</h3><table><tr><th>Reader</th>"
    yield "".join(f"<th>{escape(label)}</th>" for label in roi["readers"]) + "<th></th></tr>"
    for label, row in zip(roi["readers"], roi["dice"], strict=True):
        yield f"<tr><td>{escape(label)}</td>{''.join(f'<td>{value:.3f}</td>' for value in row)}<td></td></tr>"
    yield "</table>"
    yield from metrics_table(roi["metrics"], tree["definitions"])


def _color(tree: Mapping[str, Any], label: str) -> str:
    place = [each["label"] for each in tree["readers"]].index(label)
    return COLORS[place % len(COLORS)]
