"""A comparison as CSV and as one HTML page that opens without a network."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any, Final

from rtcomplexity.evidence.formats.csv import metrics_csv, safe
from rtcomplexity.evidence.formats.html import IN_SCRIPT, data_uri, policy_of, shipped
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import DEIDENTIFIED, IDENTIFIED, SEVERITIES, UNITS, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.compare.plane_pictures import PlanePicture
    from rtcomplexity.pictures.compared import PairSlices, Tiles

IMAGED: Final = (
    "Slices of the planning image are shown. They are not altered: slices through a head can show a face. Leave out "
    "--images where the page is passed on."
)
PRIVACY: Final = {"identified": IDENTIFIED, "de-identified": DEIDENTIFIED}
INSET: Final = 0.002
"""Of a tile, left out at its borders: half a pixel, which smoothing mixes with the tile beside."""
LETTERS_PER_SIDE: Final = 22
"""How many letters are as high as the longer side of a picture."""


def comparison_csv(tree: Mapping[str, Any]) -> bytes:
    """One row per pair and metric: names, key, value, unit, and the reason where there is no value."""
    rows = (
        ((safe(pair["first"]), safe(pair["second"]), pair["matched_by"]), pair["metrics"]) for pair in tree["pairs"]
    )
    return metrics_csv(("first", "second", "matched_by"), rows)


def comparison_html(
    tree: Mapping[str, Any],
    pictures: Sequence[Sequence[PlanePicture]],
    surfaces: Sequence[Sequence[PlanePicture]],
    slices: Sequence[PairSlices | None],
) -> bytes:
    """All metrics of every pair, with what each means, and its pictures: planes to page through, then its surface.

    Without scripts the page has the same text and tables, and the planes that differ most.
    """
    style, script = shipped("comparison.css"), shipped("comparison.js")
    is_imaged = any(each is not None and each.tiles is not None for each in slices)
    parts = [
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy_of(style, script)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Comparison of two delineations</title><style>{style}</style></head><body><main>",
        "<h1>Comparison of two delineations</h1>",
        (
            f"<p>{len(tree['pairs'])} pairs of ROIs. Tolerance: {tree['tolerance_mm']:g} mm. "
            "These are measurements of the contours, not an assessment of their quality.</p>"
        ),
        f"<p>{PRIVACY[tree['privacy']]}</p>",
        *([f"<p>{IMAGED}</p>"] if is_imaged else []),
        *issue_lines(tree),
        *_pair_sections(tree, pictures, surfaces, slices),
        *(f"<p>{escape(line)}</p>" for line in unmatched_lines(tree)),
        f"<p>rtcomplexity {escape(tree['software']['version'])}</p></main>",
        f'<script type="application/json" id="planes">{_planes_json(slices)}</script><script>{script}</script>',
        "</body></html>\n",
    ]
    return "".join(parts).encode("utf-8")


def issue_lines(tree: Mapping[str, Any]) -> Iterator[str]:
    """Yield a paragraph per issue."""
    for each in tree["issues"]:
        yield f"<p><strong>{SEVERITIES[each['severity']]}:</strong> {escape(each['text'])}</p>"


def _planes_json(slices: Sequence[PairSlices | None]) -> str:
    """What the script draws from; nothing in it can end the element it stands in."""
    tree = [None if each is None else _planes_of(each) for each in slices]
    return json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(IN_SCRIPT)


def _planes_of(slices: PairSlices) -> dict[str, Any]:
    tiles = slices.tiles
    return {
        "labels": slices.labels,
        "first": slices.first,
        "second": slices.second,
        "caption": slices.caption,
        "tiles": [] if tiles is None else tiles.tile_of_plane,
        "columns": 0 if tiles is None else tiles.columns,
    }


def _viewer(number: int, slices: PairSlices) -> Iterator[str]:
    """The plane that differs most, with what pages to the others; that is hidden until the script has started."""
    at, (left, top, width, height) = slices.start, slices.view
    text = escape(slices.labels[at])
    yield f'<figure class="viewer{" imaged" if slices.tiles else ""}" data-pair="{number}">'
    yield f'<svg role="img" aria-label="{escape(slices.caption)} {text}" viewBox="{left} {top} {width} {height}">'
    yield from () if slices.tiles is None else _image(slices.tiles, at)
    first, second = slices.first[at], slices.second[at]
    yield f'<path class="difference" d="{first}{second}"/><path class="first" d="{first}"/>'
    yield f'<path class="second" d="{second}"/>{_letters(slices)}</svg>'
    yield f'<label class="pager" hidden>Plane<input type="range" min="0" max="{len(slices.labels) - 1}" value="{at}">'
    yield f'</label><figcaption aria-live="polite">{text}</figcaption></figure>'
    about = "" if slices.tiles is None else f" {slices.tiles.caption}"
    yield f"<p>{escape(slices.caption)}{escape(about)} Blue: first. Orange: second. Filled: what only one holds.</p>"


def _image(tiles: Tiles, plane: int) -> Iterator[str]:
    """One tile of the atlas, in units of tiles, where it lies under the outlines."""
    left, top, width, height = tiles.place
    tile = tiles.tile_of_plane[plane]
    row, column = divmod(max(tile, 0), tiles.columns)
    seen = "hidden" if tile < 0 else "visible"
    shown = f"{column + INSET} {row + INSET} {1 - 2 * INSET} {1 - 2 * INSET}"
    yield f'<svg x="{left}" y="{top}" width="{width}" height="{height}" viewBox="{shown}" '
    yield f'preserveAspectRatio="none" visibility="{seen}"><image width="{tiles.columns}" height="{tiles.rows}" '
    yield f'preserveAspectRatio="none" href="{data_uri("slices.jpg", tiles.content)}"/></svg>'


def _letters(slices: PairSlices) -> str:
    """Letters of the sides of the patient."""
    left, top, width, height = slices.view
    size = max(width, height) // LETTERS_PER_SIDE
    places = (
        (left + size, top + height // 2),
        (left + width - size, top + height // 2),
        (left + width // 2, top + size),
        (left + width // 2, top + height - size),
    )
    return "".join(
        f'<text x="{x}" y="{y}" font-size="{size}">{letter}</text>'
        for letter, (x, y) in zip(slices.sides, places, strict=True)
    )


def _pair_sections(
    tree: Mapping[str, Any],
    pictures: Sequence[Sequence[PlanePicture]],
    surfaces: Sequence[Sequence[PlanePicture]],
    slices: Sequence[PairSlices | None],
) -> Iterator[str]:
    every = zip(tree["pairs"], pictures, surfaces, slices, strict=True)
    for number, (pair, drawn, surface, planes) in enumerate(every):
        yield f"<h2>{escape(pair_title(pair))}</h2><p>Matched by {escape(pair['matched_by'])}.</p>"
        yield from () if planes is None else _viewer(number, planes)
        yield from _figures(drawn)
        yield from _surface(surface)
        yield '<div class="scroll" tabindex="0" role="region" aria-label="Metrics">'
        yield from metrics_table(pair["metrics"], tree["definitions"])
        yield "</div>"


def metrics_table(metrics: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of metrics by key: title, value or the reason why there is none, unit, definition."""
    yield "<table><tr><th>Metric</th><th>Value</th><th>Unit</th><th>Definition</th></tr>"
    for key, found in metrics.items():
        definition = definitions[key]
        value = f"{found['value']:.6g}" if found["value"] is not None else escape(found["reason"])
        unit = escape(told(UNITS, found["unit"], found["unit"]))
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


def pair_title(pair: Mapping[str, Any]) -> str:
    """Names of the ROIs of a pair, one where they are the same."""
    return " and ".join(dict.fromkeys((shown(pair["first"]), shown(pair["second"]))))


def unmatched_lines(tree: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line per side that has ROIs of its own, with their names."""
    for side in ("first", "second"):
        if names := [shown(each["name"]) for each in tree["unmatched"][side]]:
            yield f"Only in the {side}: {', '.join(names)}"
