"""One factor's reference as a small drawing with the plan's value in it, and the same in words.

A drawing is the body of an SVG of a fixed view box, with attributes alone: it needs no style sheet, and the same record
gives the same text. Knows the record; computes no rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence import words
from rtcomplexity.evidence.words import told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.evidence.record import DistributionRecord, FactorRecord

WIDTH: Final = 120
HEIGHT: Final = 24
VIEW_BOX: Final = f"0 0 {WIDTH} {HEIGHT}"
_LEFT: Final = 4.0
"""Room on both sides for an arrow that points at a value farther out."""
_TOP, _BASE, _RANGE = 3.0, 18.5, 21.5
"""Heights of the highest bar, of the base line and of the line of the routine range."""
_LEAST_BAR: Final = 0.5
"""A bin that is not empty is seen."""
_BARS, _ROUTINE, _PLAN = "#a9bccb", "#4f5b69", "#b4455a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """What a report shows next to a factor's numbers."""

    drawing: str
    """Body of the SVG; empty where the record holds no distribution."""
    text: str
    """The alternative text: what the drawing shows."""
    behind: str
    """How the reference came to be, and how much of it there is."""


def histogram_of(factor: FactorRecord, title: str, numbers: tuple[str, str, str]) -> Histogram:
    """Draw a factor; `numbers` are its value, routine range and percentile as the table prints them."""
    value, routine, percentile = numbers
    behind = behind_words(factor)
    found = factor.distribution
    drawing = "" if found is None or factor.value is None else "".join(_drawn(found, factor.value, factor))
    text = f"{title}: this plan {value}; routine {routine}; percentile {percentile} of the reference ({behind})."
    return Histogram(drawing=drawing, text=text, behind=behind)


def behind_words(factor: FactorRecord) -> str:
    """Say whether a factor's rank is measured or modeled, and on how many contours or plans.

    Real contours outside the sizes of which there are enough are a model: what is of another size is compared with.
    """
    basis = told(words.BASES, factor.basis)
    if factor.n is None:
        return basis
    if factor.patients is not None:
        return f"{basis}: {factor.n:,} real contours, {factor.patients:,} patients"
    return f"{basis}: {factor.n:,} plans"


def svg_file(drawing: str) -> bytes:
    """Return a drawing as a file of its own."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{VIEW_BOX}">{drawing}</svg>'.encode()


def _drawn(found: DistributionRecord, value: float, factor: FactorRecord) -> Iterator[str]:
    yield f'<path d="{_bars(found)}" fill="{_BARS}"/>'
    yield f'<path d="M{_LEFT:g} {_BASE:g}H{WIDTH - _LEFT:g}" stroke="{_ROUTINE}" stroke-width=".6"/>'
    if factor.routine_range is not None:
        low, high = (_place(found, end) for end in factor.routine_range)
        yield f'<path d="M{low:.2f} {_RANGE:g}H{max(high, low + 1):.2f}" stroke="{_ROUTINE}" stroke-width="2.4"/>'
    yield _plan_line(found, value)


def _bars(found: DistributionRecord) -> str:
    """One path for all bars, each as high as its share is of the largest."""
    step, most = (WIDTH - 2 * _LEFT) / len(found.shares), max(found.shares)
    parts = []
    for number, share in enumerate(found.shares):
        height = max((_BASE - _TOP) * share / most, _LEAST_BAR) if share > 0 else 0.0
        if height:
            parts.append(f"M{_LEFT + number * step:.2f} {_BASE:g}v{-height:.2f}h{step:.2f}v{height:.2f}z")
    return "".join(parts)


def _place(found: DistributionRecord, value: float) -> float:
    """Where a value lies, no farther out than the first and last bin."""
    share = (value - found.start) / (found.stop - found.start)
    return _LEFT + (WIDTH - 2 * _LEFT) * min(max(share, 0.0), 1.0)


def _plan_line(found: DistributionRecord, value: float) -> str:
    """The plan's value as a line; an arrow at the edge where it lies farther out."""
    x, middle = _place(found, value), (_TOP + _BASE) / 2
    if found.start <= value <= found.stop:
        return f'<path d="M{x:.2f} 1V{_RANGE + 1.5:g}" stroke="{_PLAN}" stroke-width="1.8"/>'
    out = 1 if value > found.stop else -1
    tip = x + out * (_LEFT - 0.3)
    return f'<path d="M{x:.2f} {middle - 5:g}L{tip:.2f} {middle:g}L{x:.2f} {middle + 5:g}z" fill="{_PLAN}"/>'
