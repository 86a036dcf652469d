"""The image sets of a record as a tree: what shows that each was used, how it is tied, and where it was sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from rtcomplexity.cli.rendering.prose import Prose
from rtcomplexity.cli.rendering.tables import titled_table
from rtcomplexity.cli.rendering.values import names_by_number
from rtcomplexity.evidence.conditions import limit_words, measured_words, set_name
from rtcomplexity.evidence.formats.text import shown
from rtcomplexity.evidence.words import EVIDENCE_LEVELS, REGISTRATION_KINDS, ROLES, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from rtcomplexity.evidence.record import ImageSetRecord, Record, RegistrationRecord

UID_END = 12
"""Characters of a UID's end that distinguish objects of one folder."""


def image_sets_tree(record: Record) -> Tree:
    """Build the branch of all image sets, and of the acquisitions they count as."""
    tree = Tree(line(f"Image sets: {len(record.image_sets)}"), guide_style="dim")
    names = names_by_number(record)
    for place, image_set in enumerate(record.image_sets):
        branch = tree.add(line(_title(record, place)))
        for text in _facts(image_set, names):
            branch.add(line(text))
    if record.acquisitions:
        tree.add(_acquisitions(record))
    return tree


def conditions_table(record: Record) -> Table | None:
    """Build the table of the five conditions of each secondary image set; None where none was measured."""
    measured = [place for place, each in enumerate(record.image_sets) if each.conditions]
    if not measured:
        return None
    table = titled_table("Do the image sets count?", ("Set", "Condition", "Met", "Measured", "Limit", "Finding"))
    for place in measured:
        for number, each in enumerate(record.image_sets[place].conditions):
            table.add_row(
                "" if number else set_name(record, place),
                each.id,
                "yes" if each.is_met else "no",
                measured_words(each),
                limit_words(each),
                Prose(shown(each.text)),
            )
    return table


def line(text: str) -> Text:
    """One line of a tree."""
    return Text(shown(text))


def _title(record: Record, place: int) -> str:
    image_set = record.image_sets[place]
    return f"{set_name(record, place)}, {told(ROLES, image_set.role)}: {_slices(image_set)}"


def _slices(image_set: ImageSetRecord) -> str:
    if image_set.phases == 1:
        return f"{image_set.slices} slices"
    each = sorted(set(image_set.slices_of_phases))
    counts = f" of {' or '.join(map(str, each))} slices" if each else f", {image_set.slices} slices in total"
    return f"{image_set.phases} phases{counts}"


def _facts(image_set: ImageSetRecord, names: dict[int, str]) -> Iterator[str]:
    yield f"{told(EVIDENCE_LEVELS, image_set.level)}: {image_set.shown_by}"
    if image_set.contoured_phases:
        yield f"gross targets contoured on {'phases' if len(image_set.contoured_phases) > 1 else 'phase'} " + ", ".join(
            map(str, image_set.contoured_phases)
        )
    elif image_set.phases > 1:
        yield "gross targets contoured on none of its phases"
    if image_set.registration is not None:
        yield from _registration(image_set.registration)
    if image_set.suv is not None:
        yield f"SUVbw: {'' if image_set.suv.is_usable else 'none, '}{image_set.suv.text}"
    if image_set.sampled_on:
        yield f"sampled in {', '.join(names.get(number, f'ROI {number}') for number in image_set.sampled_on)}"
    elif image_set.not_sampled_because:
        yield f"not sampled: {image_set.not_sampled_because}"
    elif image_set.subject:
        yield "not sampled: no target has a voxel in it"


def _registration(registration: RegistrationRecord) -> Iterator[str]:
    links = [f"{told(REGISTRATION_KINDS, one.kind)} …{one.sop_instance_uid[-UID_END:]}" for one in registration.chain]
    if not links:
        links = [told(REGISTRATION_KINDS, registration.transformation_type)]
    yield f"registration: planning frame → {' → '.join(links)} → its frame"
    yield f"registration quality: {registration.quality.reason}"


def _acquisitions(record: Record) -> Tree:
    counted = sum(each.is_counted for each in record.acquisitions)
    tree = Tree(line(f"Acquisitions counted: {counted}"), guide_style="dim")
    for each in record.acquisitions:
        members = " + ".join(set_name(record, place) for place in each.image_sets)
        tree.add(line(f"{members}: {each.text}"))
    return tree
