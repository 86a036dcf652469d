"""Curves of cost over size as a small SVG: both axes logarithmic and relative to each curve's first point."""

from __future__ import annotations

import math
from html import escape

WIDTH, HEIGHT, PLOT = 760, 400, 340
LEFT, TOP, BOTTOM = 50, 20, 40
COLORS = ("#08519c", "#b2471f", "#2b7a3d", "#6a3d9a", "#a6761d", "#c51b8a", "#1b9e9e", "#525252", "#e6550d", "#084594")
TICKS = (1, 3, 10, 30, 100)


def svg(curves: dict[str, dict[int, float]]) -> str:
    """Draw curves by name: size and seconds of each point. The dashed lines rise with the size, and with its square."""
    first = {name: next(iter(points.items())) for name, points in curves.items()}
    relative = {
        name: [(size / first[name][0], seconds / first[name][1]) for size, seconds in points.items()]
        for name, points in curves.items()
    }
    most = max(max(point) for points in relative.values() for point in points)
    parts = [*_axes(most), _line([(1, 1), (most, most)], most, "#999", 'stroke-dasharray="4 3"')]
    parts.append(_line([(1, 1), (math.sqrt(most), most)], most, "#bbb", 'stroke-dasharray="1 3"'))
    for place, (name, points) in enumerate(relative.items()):
        color = COLORS[place % len(COLORS)]
        parts += [_line(points, most, color, 'stroke-width="1.6"'), *_dots(points, most, color)]
        y = TOP + 14 + 20 * place
        parts.append(f'<path d="M{LEFT + PLOT + 25},{y - 4}h18" stroke="{color}" stroke-width="1.6"/>')
        parts.append(f'<text x="{LEFT + PLOT + 48}" y="{y}">{escape(name)}</text>')
    text = "Processor time against size, both relative to the smallest size; dashed: linear, dotted: quadratic."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{text}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'font-family="sans-serif" font-size="12" fill="none"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>'
        f'<g fill="#222" stroke="none"><title>{text}</title></g>{"".join(parts)}</svg>\n'
    ).replace("<text", '<text fill="#222"')


def _place(point: tuple[float, float], most: float) -> tuple[float, float]:
    x, y = (math.log(max(value, 1e-9)) / math.log(most) for value in point)
    return LEFT + PLOT * x, TOP + PLOT * (1 - y)


def _line(points: list[tuple[float, float]], most: float, color: str, style: str) -> str:
    path = "L".join(f"{x:.1f},{y:.1f}" for x, y in (_place(point, most) for point in points))
    return f'<path d="M{path}" stroke="{color}" {style}/>'


def _dots(points: list[tuple[float, float]], most: float, color: str) -> list[str]:
    places = [_place(point, most) for point in points]
    return [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{color}"/>' for x, y in places]


def _axes(most: float) -> list[str]:
    parts = [f'<path d="M{LEFT},{TOP}v{PLOT}h{PLOT}" stroke="#222"/>']
    for tick in (tick for tick in TICKS if tick <= most):
        x, y = _place((tick, tick), most)
        parts.append(f'<text x="{x:.1f}" y="{TOP + PLOT + 16}" text-anchor="middle">{tick}</text>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick}</text>')
    parts.append(
        f'<text x="{LEFT + PLOT / 2:.0f}" y="{HEIGHT - 6}" text-anchor="middle">times the smallest size</text>'
    )
    parts.append(
        f'<text transform="translate(14 {TOP + PLOT / 2:.0f}) rotate(-90)" text-anchor="middle">times its cost</text>'
    )
    return parts
