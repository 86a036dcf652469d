"""Tables of targets, other ROIs and image sets, from the record's ``rois`` and ``image_sets``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from rtcomplexity.cli.rendering.values import (
    CONTOURS,
    NO_VALUE,
    PLANES,
    SUV_MAX,
    SYSTEM_VOLUME,
    UNRESOLVED,
    VOLUME,
    count,
    decimal,
    is_target,
    name_of,
    names_by_number,
    own_volume,
    value_of,
    volume,
)
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.page import GROSS, TARGET_ORDER, generation
from rtcomplexity.evidence.words import EVIDENCE_LEVELS, ROLES, told

LEAVES_OUT = ("target-from-pet", "gross-target-nested", "gross-target-in-other-orientation")
"""Issues that say why a gross target is not scored."""

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rtcomplexity.evidence.record import ImageSetRecord, Record, RoiRecord


def targets_table(record: Record) -> Table:
    """Build the table of target volumes, gross ones first."""
    names = names_by_number(record)
    targets = [roi for roi in record.rois if is_target(roi)]
    has_uptake = any(SUV_MAX in roi.metrics for roi in targets)
    numbers = ("Contours", "Slices", "cm³", "TPS cm³", "vs TPS", *(["SUVmax"] if has_uptake else []))
    table = titled_table("Targets", ("Name", "Class", "Method", "Scored"), numbers)
    for roi in sorted(targets, key=lambda roi: (TARGET_ORDER.index(roi.target_class), roi.number)):
        table.add_row(
            Text(name_of(roi)),
            roi.target_class,
            Text(generation(roi, names)),
            is_scored(roi),
            count(roi.metrics, CONTOURS),
            count(roi.metrics, PLANES),
            own_volume(roi.metrics),
            volume(value_of(roi.metrics, SYSTEM_VOLUME)),
            difference(roi),
            *([decimal(value_of(roi.metrics, SUV_MAX), 2)] if has_uptake else []),
        )
    return table


def is_scored(roi: RoiRecord) -> str:
    """Whether a gross target is scored; empty for other targets, which never are."""
    return "yes" if roi.is_gross_target else "no" if roi.target_class in GROSS else ""


def not_scored_text(record: Record) -> str:
    """Say of each gross target that is not scored why, where an issue or its margin says so."""
    names = names_by_number(record)
    told = {issue.subject: issue.text for issue in record.issues if issue.code in LEAVES_OUT}
    lines = []
    for roi in record.rois:
        if is_scored(roi) == "no":
            why = told.get(f"roi:{roi.number}", "It is an expansion of another ROI." if roi.derived_from else "")
            lines.append(f"Not scored: {names[roi.number]}. {shown(why)}".rstrip())
    return "\n".join(lines)


def difference(roi: RoiRecord) -> str:
    """Our volume against the planning system's, in percent of the latter."""
    ours, theirs = value_of(roi.metrics, VOLUME), value_of(roi.metrics, SYSTEM_VOLUME)
    if ours is None or not theirs:
        return NO_VALUE
    percent = round(100 * (ours - theirs) / theirs, 1)
    return f"{percent:+.1f}%" if percent else "0.0%"


def image_sets_table(sets: Sequence[ImageSetRecord]) -> Table:
    """Build the table of image sets, with what shows that each was used."""
    table = titled_table("Image sets", ("Modality", "Role", "Evidence of use"), ("Phases", "Slices"))
    for image_set in sets:
        table.add_row(
            shown(image_set.modality),
            told(ROLES, image_set.role),
            told(EVIDENCE_LEVELS, image_set.level),
            str(image_set.phases),
            str(image_set.slices),
        )
    return table


def masks_table(masks: Iterable[tuple[str, int, str]]) -> Table:
    """Build a table of (file name, voxels, reason why there is no file)."""
    table = titled_table("", ("File", "Voxels", ""))
    table.columns[1].justify = "right"
    for name, voxels, reason in masks:
        table.add_row(name, f"{voxels:,}" if voxels else "-", f"not written: {shown(reason)}" if reason else "")
    return table


def other_rois_text(record: Record) -> Text:
    """Name the ROIs that are no targets, with their volumes."""
    others = [roi for roi in record.rois if not is_target(roi)]
    solid = [roi for roi in others if value_of(roi.metrics, VOLUME) is not None]
    unresolved = [roi for roi in others if roi.target_class == UNRESOLVED]
    lines = [
        _named("Other ROIs, cm³", [f"{name_of(roi)} {volume(value_of(roi.metrics, VOLUME))}" for roi in solid]),
        _named("Without volume", [name_of(roi) for roi in others if roi not in solid]),
        _named("Class not recognized", [name_of(roi) for roi in unresolved]),
    ]
    if unresolved:
        lines.append('If one of them is a target, say so: --map "NAME=GTV"')
    return Text("\n".join(filter(None, lines)))


def _named(label: str, names: Sequence[str]) -> str:
    return f"{label} ({len(names)}): {' · '.join(names)}" if names else ""


def titled_table(title: str, headings: Sequence[str], numbers: Sequence[str] = ()) -> Table:
    """Build an empty table in the style of all of them; columns of numbers come last."""
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table
