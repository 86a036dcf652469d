"""The functional groups of a multi-frame object: what a frame says itself, before what all frames share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydicom.dataset import Dataset

from rtcomplexity.dicom import elements, tags

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING: Final = Dataset()
"""In place of a group that is missing: it holds no element."""


class FrameGroups:
    """The groups of one frame."""

    def __init__(self, own: Dataset, shared: Dataset) -> None:
        self._holders, self._known = (own, shared), dict[int, Dataset]()

    def item(self, sequence: int) -> Dataset:
        """First item of a group, :data:`NOTHING` where neither the frame nor what is shared has it."""
        if sequence not in self._known:
            found = (items[0] for holder in self._holders if (items := elements.items(holder, sequence)))
            self._known[sequence] = next(found, NOTHING)
        return self._known[sequence]


def frame_groups(dataset: Dataset) -> Iterator[FrameGroups]:
    """Yield the groups of every frame; none for an object of a single one."""
    shared = next(iter(elements.items(dataset, tags.SHARED_FUNCTIONAL_GROUPS_SEQUENCE)), NOTHING)
    for own in elements.items(dataset, tags.PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE):
        yield FrameGroups(own, shared)
