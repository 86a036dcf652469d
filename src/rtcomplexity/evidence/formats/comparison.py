"""A comparison as CSV and as one HTML page that opens without a network."""

from __future__ import annotations

import csv
import io
from html import escape
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.evidence.formats.csv import safe
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import DEIDENTIFIED, IDENTIFIED, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.compare.pictures import PlanePicture

PRIVACY: Final = {"identified": IDENTIFIED, "de-identified": DEIDENTIFIED}
STYLE: Final = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1b2430}"
    "table{border-collapse:collapse;margin:.6rem 0 1.6rem;width:100%}"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid #d5dbe3;text-align:right;vertical-align:top}"
    "th:first-child,td:first-child{text-align:left}td:last-child,th:last-child{text-align:left;color:#4a5768}"
    ".planes{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;width:14rem}svg{width:100%;max-height:14rem}"
    "figcaption{font-size:.85rem;color:#4a5768}"
    "h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
)


def comparison_csv(tree: Mapping[str, Any]) -> bytes:
    """One row per pair and metric: names, key, value, unit, and the reason where there is no value."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["first", "second", "matched_by", "metric", "value", "unit", "reason"])
    for pair in tree["pairs"]:
        for key, found in pair["metrics"].items():
            value = "" if found["value"] is None else repr(found["value"])
            names = (safe(pair["first"]), safe(pair["second"]))
            writer.writerow([*names, pair["matched_by"], key, value, found["unit"], found.get("reason", "")])
    return stream.getvalue().encode("utf-8")


def comparison_html(
    tree: Mapping[str, Any], pictures: Sequence[Sequence[PlanePicture]], surfaces: Sequence[Sequence[PlanePicture]]
) -> bytes:
    """All metrics of every pair, with what each means, and the pictures of each pair: its planes, then its surface."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        f"<title>Comparison of two delineations</title><style>{STYLE}</style></head><body>",
        "<h1>Comparison of two delineations</h1>",
        (
            f"<p>{len(tree['pairs'])} pairs of ROIs. Tolerance: {tree['tolerance_mm']:g} mm. "
            "These are measurements of the contours, not an assessment of their quality.</p>"
        ),
        f"<p>{PRIVACY[tree['privacy']]}</p>",
        *(f"<p><strong>{SEVERITIES[each['severity']]}:</strong> {escape(each['text'])}</p>" for each in tree["issues"]),
        *_pair_sections(tree, pictures, surfaces),
        *_unmatched(tree),
        f"<p>rtcomplexity {escape(tree['software']['version'])}</p></body></html>\n",
    ]
    return "".join(parts).encode("utf-8")


def _pair_sections(
    tree: Mapping[str, Any], pictures: Sequence[Sequence[PlanePicture]], surfaces: Sequence[Sequence[PlanePicture]]
) -> Iterator[str]:
    for pair, drawn, surface in zip(tree["pairs"], pictures, surfaces, strict=True):
        names = dict.fromkeys((shown(pair["first"]), shown(pair["second"])))
        title = escape(" and ".join(names))
        yield f"<h2>{title}</h2><p>Matched by {escape(pair['matched_by'])}.</p>"
        yield from _figures(drawn)
        yield from _surface(surface)
        yield "<table><tr><th>Metric</th><th>Value</th><th>Unit</th><th>Definition</th></tr>"
        for key, found in pair["metrics"].items():
            definition = tree["definitions"][key]
            value = f"{found['value']:.6g}" if found["value"] is not None else escape(found["reason"])
            unit = "" if found["unit"] == "1" else escape(found["unit"]).replace("cm3", "cm³")
            yield f"<tr><td>{escape(definition['title'])}</td><td>{value}</td><td>{unit}</td>"
            yield f"<td>{escape(definition['description'])}</td></tr>"
        yield "</table>"


def _figures(drawn: Sequence[PlanePicture]) -> Iterator[str]:
    if not drawn:
        yield "<p>No plane differs.</p>"
        return
    yield '<div class="planes">'
    for picture in drawn:
        yield f"<figure>{picture.svg}<figcaption>{escape(picture.text)}</figcaption></figure>"
    yield "</div><p>Blue: first. Orange: second. Filled: what only one of them holds. The planes that differ most.</p>"


def _surface(drawn: Sequence[PlanePicture]) -> Iterator[str]:
    if drawn:
        figures = "".join(f"<figure>{each.svg}<figcaption>{escape(each.text)}</figcaption></figure>" for each in drawn)
        yield f'<div class="planes">{figures}</div>'
        yield "<p>The first's surface. Orange: the second lies outside of it. Blue: inside. Gray: on it.</p>"


def _unmatched(tree: Mapping[str, Any]) -> Iterator[str]:
    for side in ("first", "second"):
        names = tree["unmatched"][side]
        if names:
            yield f"<p>Only in the {side}: {escape(', '.join(shown(each['name']) for each in names))}</p>"
