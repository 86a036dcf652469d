"""What is in a folder, what links to what, and what is odd: the page of ``inspect``.

Renders the record without its score and verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from rtcomplexity.cli.rendering.image_sets import conditions_table, image_sets_tree, line
from rtcomplexity.cli.rendering.issues import issues_parts
from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.cli.rendering.values import (
    CONTOURS,
    PLANES,
    POINTS,
    UNRESOLVED,
    VOLUME,
    count,
    name_of,
    names_by_number,
    value_of,
    volume,
)
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.page import DIGEST_LENGTH, generation
from rtcomplexity.evidence.words import DECIDED_BY, LINKS, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from rtcomplexity.evidence.record import Record, RoiRecord, RtPlanRecord


def contents_parts(record: Record, spelling: Callable[[str], str | None]) -> Iterator[RenderableType]:
    """Yield the page; `spelling` says how TG-263 would spell a name, or None."""
    yield links_tree(record)
    conditions = conditions_table(record)
    if conditions is not None:
        yield conditions
    yield rois_table(record)
    yield from spellings(record, spelling)
    yield from issues_parts(record, with_notes=True)


def links_tree(record: Record) -> Tree:
    """Build the tree of what was found and what ties it together."""
    plan = record.plan
    tree = Tree(Text(f"Plan {plan.id[:DIGEST_LENGTH]}", style="bold"), guide_style="dim")
    structure_set = plan.structure_set
    approval, link = structure_set.approval.lower(), structure_set.link_text or "nothing to resolve"
    chosen = tree.add(line(f"Structure set: {structure_set.roi_count} ROIs, approval {approval}"))
    chosen.add(line(f"chosen because: {structure_set.chosen_because}"))
    chosen.add(line(f"linked to the planning images by {told(LINKS, structure_set.link)}: {link}"))
    for alternative in structure_set.alternatives:
        chosen.add(line(f"not chosen: {alternative.sop_instance_uid}: {alternative.because}"))
    tree.add(image_sets_tree(record))
    tree.add(line(_rt_plan(plan.rt_plan)))
    return tree


def rois_table(record: Record) -> Table:
    """Build the table of all ROIs, in the order of the file."""
    table = titled_table("ROIs", ("No.", "Name", "Class", "By", "Method"), ("Contours", "Slices", "Points", "cm³"))
    names = names_by_number(record)
    for roi in record.rois:
        table.add_row(
            str(roi.number),
            Text(name_of(roi)),
            "?" if roi.target_class == UNRESOLVED else roi.target_class,
            _decided_by(roi),
            Text(generation(roi, names)),
            *(count(roi.metrics, key) for key in (CONTOURS, PLANES, POINTS)),
            volume(value_of(roi.metrics, VOLUME)),
        )
    return table


def spellings(record: Record, spelling: Callable[[str], str | None]) -> Iterator[Text]:
    """Yield a line with the names that TG-263 would spell otherwise, if there are any."""
    respelled = [(roi.name, other) for roi in record.rois if (other := spelling(roi.name)) is not None]
    if respelled:
        pairs = " · ".join(f"{shown(name)} → {shown(other)}" for name, other in respelled)
        yield Text(f"TG-263 would spell: {pairs}")


def _decided_by(roi: RoiRecord) -> str:
    """What decided the class, with the words where words did."""
    fact = told(DECIDED_BY, roi.class_decided_by)
    return f"{fact}: {' '.join(roi.class_words)}" if roi.class_words else fact


def _rt_plan(rt_plan: RtPlanRecord | None) -> str:
    if rt_plan is None:
        return "RT Plan: none found"
    fractions = f"{rt_plan.fractions} fractions" if isinstance(rt_plan.fractions, int) else "fractions not stated"
    return f"RT Plan: {fractions}, approval {rt_plan.approval.lower()}"
