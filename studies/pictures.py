"""Two plain charts as SVG: ROC curves, and how percentiles of real contours are spread."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.model.arrays import Flags, Floats


SIDE, LEFT, TOP = 320.0, 60.0, 20.0
COLORS = ("#1b5e9b", "#b3541e", "#2e7d32", "#6a1b9a", "#111111")


def roc_plot(scores: Mapping[str, Floats], positive: Flags) -> str:
    """ROC curves of scores for plans that are positive."""
    curves = {}
    for name, values in scores.items():
        order = np.argsort(-values, kind="stable")
        hits = np.concatenate([[0], np.cumsum(positive[order])]) / positive.sum()
        misses = np.concatenate([[0], np.cumsum(~positive[order])]) / (~positive).sum()
        curves[name] = (misses, hits)
    title = "ROC curves: shape of real contours against readers who called the nodule spiculated or lobulated"
    return _chart(title, curves, "1 - specificity", "sensitivity")


def calibration_plot(percentiles: Mapping[str, Floats]) -> str:
    """Share of contours below each percentile: on the diagonal where the reference fits them."""
    grid = np.linspace(0, 1, 41)
    curves = {
        f"{name} (n = {len(found)})": (grid, np.array([np.mean(found <= 100 * each) for each in grid]))
        for name, found in percentiles.items()
    }
    title = "Calibration: share of real contours at or below each percentile of the shape family, by size"
    return _chart(title, curves, "percentile of the shape family", "share of contours")


def _chart(title: str, curves: Mapping[str, tuple[Floats, Floats]], x: str, y: str) -> str:
    width, height = LEFT + SIDE + 230, TOP + SIDE + 50
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'aria-label="{escape(title)}" font-family="sans-serif" font-size="12">'
    )
    parts = [
        head,
        f"<title>{escape(title)}</title>",
        f'<rect x="{LEFT:g}" y="{TOP:g}" width="{SIDE:g}" height="{SIDE:g}" fill="none" stroke="#555"/>',
        _line([(0, 0), (1, 1)], "#999", "4 4"),
    ]
    for share in (0, 0.25, 0.5, 0.75, 1):
        across, up = _place(share, share)
        parts.append(f'<text x="{across:.1f}" y="{TOP + SIDE + 16:g}" text-anchor="middle">{share:g}</text>')
        parts.append(f'<text x="{LEFT - 8:g}" y="{up + 4:.1f}" text-anchor="end">{share:g}</text>')
    for number, (name, (across, up)) in enumerate(curves.items()):
        color, at = COLORS[number % len(COLORS)], TOP + 16 + 20 * number
        parts.append(_line(list(zip(across, up, strict=True)), color))
        parts.append(f'<path d="M{LEFT + SIDE + 16:g} {at - 4:g}h20" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<text x="{LEFT + SIDE + 42:g}" y="{at:g}">{escape(name)}</text>')
    parts.append(f'<text x="{LEFT + SIDE / 2:g}" y="{TOP + SIDE + 36:g}" text-anchor="middle">{escape(x)}</text>')
    middle = TOP + SIDE / 2
    parts.append(
        f'<text x="16" y="{middle:g}" text-anchor="middle" transform="rotate(-90 16 {middle:g})">{escape(y)}</text>'
    )
    return "\n".join([*parts, "</svg>", ""])


def _place(across: float, up: float) -> tuple[float, float]:
    return LEFT + SIDE * across, TOP + SIDE * (1 - up)


def _line(points: Sequence[tuple[float, float]], color: str, dashes: str = "") -> str:
    places = " ".join(f"{a:.1f},{b:.1f}" for a, b in (_place(*point) for point in points))
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="1.6"{dashed}/>'
