"""The five conditions of secondary image sets as every reader sees them: measured, limit, met or not.

Knows the record and its words; measures nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import CONDITION_QUANTITIES, CONDITIONS, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.evidence.record import ConditionRecord, ImageSetRecord, Record

NO_VALUE: Final = "-"
HEADINGS: Final = ("Image set", *CONDITIONS.values(), "Counted")


def conditions_rows(record: Record) -> Iterator[tuple[str, ...]]:
    """Yield a row for each secondary set whose conditions were measured, with a cell for each condition."""
    for place, image_set in enumerate(record.image_sets):
        if image_set.conditions:
            by_id = {each.id: each for each in image_set.conditions}
            cells = (_cell(by_id[each]) if each in by_id else "not measured" for each in CONDITIONS)
            yield set_name(record, place), *cells, "yes" if _is_counted(image_set) else "no"


def conditions_failed(record: Record) -> Iterator[str]:
    """Yield a sentence for each condition that a set does not meet."""
    for place, image_set in enumerate(record.image_sets):
        for each in image_set.conditions:
            if not each.is_met:
                yield f"{set_name(record, place)}, {told(CONDITIONS, each.id).lower()}: no. {shown(each.text)}"


def set_name(record: Record, place: int) -> str:
    """Modality and place among the sets of it, as issues count them."""
    modality = record.image_sets[place].modality
    return f"{shown(modality)} {sum(each.modality == modality for each in record.image_sets[: place + 1])}"


def measured_words(condition: ConditionRecord) -> str:
    """Value that decides a condition, with what it is; a dash where a fact decides or nothing was measured.

    Examples
    --------
    >>> from rtcomplexity.evidence.record import ConditionRecord
    >>> facts = {"is_met": True, "source": "", "text": "", "comparison": "at most"}
    >>> shift = {"unit": "mm", "tolerance": 10.0, "metric": "image_set.nearest_better_shift"}
    >>> one = ConditionRecord(id="aligned", value=1.5, **shift, **facts)
    >>> measured_words(one), limit_words(one)
    ('offset 1.5 mm', '≤ 10 mm')
    """
    if condition.value is None or not condition.metric:
        return NO_VALUE
    quantity, value = told(CONDITION_QUANTITIES, condition.metric), _number(condition, condition.value)
    return f"{value} {quantity}" if quantity.startswith("of ") else f"{quantity} {value}"


def limit_words(condition: ConditionRecord) -> str:
    """What the value must be; a dash where a fact decides."""
    if not condition.comparison:
        return NO_VALUE
    return f"{'≤' if condition.comparison == 'at most' else '≥'} {_number(condition, condition.tolerance, bare=True)}"


def _is_counted(image_set: ImageSetRecord) -> bool:
    """Whether all five conditions are met."""
    return {each.id for each in image_set.conditions if each.is_met} == CONDITIONS.keys()


def _cell(condition: ConditionRecord) -> str:
    """Whether it is met, and by which number; the limit in words, which every font has."""
    met, measured = "yes" if condition.is_met else "no", measured_words(condition)
    if measured == NO_VALUE:
        return met
    limit = f"{condition.comparison} {_number(condition, condition.tolerance, bare=True)}"
    return f"{met}: {measured} ({limit})" if condition.comparison else f"{met}: {measured}"


def _number(condition: ConditionRecord, value: float, *, bare: bool = False) -> str:
    """A value with its unit; `bare` without digits that say nothing."""
    if told(CONDITION_QUANTITIES, condition.metric).startswith("of "):
        return f"{100 * value:.0f}%"
    unit = "" if condition.unit == "1" else f" {condition.unit}"
    digits = f"{value:g}" if bare else f"{value:.1f}" if unit else f"{value:.2f}"
    return f"{digits}{unit}"
