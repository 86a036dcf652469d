"""Tables of targets, other ROIs and image sets, from the record's ``rois`` and ``image_sets``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from rtcomplexity.cli.rendering.text import shown
from rtcomplexity.cli.rendering.values import (
    CONTOURS,
    NO_VALUE,
    PLANES,
    SYSTEM_VOLUME,
    TARGET_CLASSES,
    UNRESOLVED,
    VOLUME,
    count,
    decimal,
    is_target,
    name_of,
    names_by_number,
    value_of,
    volume,
)
from rtcomplexity.cli.rendering.wording import LEVELS, ROLES, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.evidence.record import ImageSetRecord, Record, RoiRecord


def targets_table(record: Record) -> Table:
    """Build the table of target volumes, gross ones first."""
    table = titled_table("Targets", ("Name", "Class", "Drawn"))
    for heading in ("Contours", "Planes", "Volume cm³", "Planning system", "Differs"):
        table.add_column(heading, justify="right")
    names = names_by_number(record)
    targets = [roi for roi in record.rois if is_target(roi)]
    for roi in sorted(targets, key=lambda roi: (TARGET_CLASSES.index(roi.target_class), roi.number)):
        table.add_row(
            Text(name_of(roi)),
            roi.target_class,
            Text(drawn(roi, names)),
            count(roi.metrics, CONTOURS),
            count(roi.metrics, PLANES),
            volume(value_of(roi.metrics, VOLUME)),
            volume(value_of(roi.metrics, SYSTEM_VOLUME)),
            difference(roi),
        )
    return table


def drawn(roi: RoiRecord, names: dict[int, str]) -> str:
    """Say how an ROI came to be: by hand, by an algorithm, or as a margin round another one."""
    if roi.derived_from is not None:
        return f"margin of {names.get(roi.derived_from, roi.derived_from)}"
    return shown(roi.generation).lower()


def difference(roi: RoiRecord) -> str:
    """Our volume against the planning system's, in percent of the latter."""
    ours, theirs = value_of(roi.metrics, VOLUME), value_of(roi.metrics, SYSTEM_VOLUME)
    if ours is None or not theirs:
        return NO_VALUE
    return f"{100 * (ours - theirs) / theirs:+.1f} %"


def image_sets_table(sets: Sequence[ImageSetRecord]) -> Table:
    """Build the table of image sets, with what shows that each was used."""
    table = titled_table("Image sets", ("Modality", "Role", "Evidence of use"))
    for heading in ("Phases", "Slices"):
        table.add_column(heading, justify="right")
    for image_set in sets:
        table.add_row(
            shown(image_set.modality),
            told(ROLES, image_set.role),
            told(LEVELS, image_set.level),
            str(image_set.phases),
            str(image_set.slices),
        )
    return table


def other_rois_text(record: Record) -> Text:
    """Name the ROIs that are no targets, each with its volume or its number of contours."""
    others = [roi for roi in record.rois if not is_target(roi)]
    known = [_sized(roi) for roi in others if roi.target_class != UNRESOLVED]
    unresolved = [_sized(roi) for roi in others if roi.target_class == UNRESOLVED]
    lines = []
    if known:
        lines.append(f"Other ROIs ({len(known)}): {' · '.join(known)}")
    if unresolved:
        lines.append(f"Class not recognised ({len(unresolved)}): {' · '.join(unresolved)}")
        lines.append('If one of them is a target, say so: --map "NAME=GTV"')
    return Text("\n".join(lines))


def titled_table(title: str, headings: Sequence[str]) -> Table:
    """Build an empty table in the style of all of them."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _sized(roi: RoiRecord) -> str:
    size, contours = value_of(roi.metrics, VOLUME), value_of(roi.metrics, CONTOURS)
    if size is not None:
        return f"{name_of(roi)} {volume(size)} cm³"
    return f"{name_of(roi)} ({decimal(contours, 0)} contours, no volume)" if contours else f"{name_of(roi)} (empty)"
