"""Tables of targets, other ROIs and image sets, from the record's ``rois`` and ``image_sets``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from rtcomplexity.cli.rendering.document import (
    NO_VALUE,
    TARGET_CLASSES,
    count,
    decimal,
    is_target,
    name_of,
    value_of,
    volume,
)
from rtcomplexity.cli.rendering.text import shown
from rtcomplexity.cli.rendering.wording import LEVELS, ROLES, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.cli.rendering.document import Document

VOLUME, SYSTEM_VOLUME = "shape.volume", "shape.tps_volume"


def targets_table(document: Document) -> Table:
    """Build the table of target volumes, gross ones first."""
    table = _table("Targets", ("Name", "Class", "Drawn"))
    for heading in ("Contours", "Planes", "cm³", "Planning system", "Differs"):
        table.add_column(heading, justify="right")
    names = {roi["number"]: name_of(roi) for roi in document["rois"]}
    targets = [roi for roi in document["rois"] if is_target(roi)]
    for roi in sorted(targets, key=lambda roi: (TARGET_CLASSES.index(roi["target_class"]), roi["number"])):
        table.add_row(
            Text(name_of(roi), overflow="fold"),
            roi["target_class"],
            Text(drawn(roi, names), overflow="fold"),
            count(roi, "contour.count"),
            count(roi, "contour.plane_count"),
            volume(value_of(roi, VOLUME)),
            volume(value_of(roi, SYSTEM_VOLUME)),
            difference(roi),
        )
    return table


def drawn(roi: Document, names: dict[int, str]) -> str:
    """Say how an ROI came to be: by hand, by an algorithm, or as a margin round another one."""
    if roi["derived_from"] is not None:
        return f"margin of {names.get(roi['derived_from'], roi['derived_from'])}"
    return shown(str(roi["generation"] or "not stated")).lower()


def difference(roi: Document) -> str:
    """Our volume against the planning system's, in percent of the latter."""
    ours, theirs = value_of(roi, VOLUME), value_of(roi, SYSTEM_VOLUME)
    if ours is None or not theirs:
        return NO_VALUE
    return f"{100 * (ours - theirs) / theirs:+.1f} %"


def image_sets_table(sets: Sequence[Document]) -> Table:
    """Build the table of image sets, with what shows that each was used."""
    table = _table("Image sets", ("Modality", "Role", "Evidence of use"))
    for heading in ("Phases", "Slices"):
        table.add_column(heading, justify="right")
    for image_set in sets:
        table.add_row(
            shown(str(image_set["modality"])),
            told(ROLES, image_set["role"]),
            Text(told(LEVELS, image_set["level"]), overflow="fold"),
            str(image_set["phases"]),
            str(image_set["slices"]),
        )
    return table


def other_rois_text(document: Document) -> Text:
    """Name the ROIs that are no targets, each with its volume or its number of points."""
    others = [roi for roi in document["rois"] if not is_target(roi)]
    named = [f"{name_of(roi)} {_size(roi)}" for roi in others if roi["target_class"] != "UNRESOLVED"]
    unresolved = [f"{name_of(roi)} {_size(roi)}" for roi in others if roi["target_class"] == "UNRESOLVED"]
    lines = []
    if named:
        lines.append(f"Other ROIs ({len(named)}): {' · '.join(named)}")
    if unresolved:
        lines.append(f"Class not recognised ({len(unresolved)}): {' · '.join(unresolved)}")
        lines.append('If one of them is a target, say so: --map "NAME=GTV"')
    return Text("\n".join(lines), overflow="fold")


def _size(roi: Document) -> str:
    size = value_of(roi, VOLUME)
    if size is not None:
        return f"{volume(size)} cm³"
    contours = value_of(roi, "contour.count")
    return "(empty)" if not contours else f"({decimal(contours, 0)} without volume)"


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1))
    for heading in columns:
        table.add_column(heading, overflow="fold")
    return table
