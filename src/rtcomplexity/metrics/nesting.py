"""Whether targets lie inside the targets meant to contain them: a GTV in its CTV, a CTV or ITV in its PTV.

With several candidates, a target belongs to those whose name differs from its own only by the class (GTV-1 and CTV-1);
otherwise to the one that contains most of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.structure_set import TargetClass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rtcomplexity.metrics.relation import RelationContext
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.structure_set import Roi

TOLERATED_SHARE: Final = 0.02
"""A smaller share outside the containing target is contouring variation."""
HOLDERS: Final[Mapping[TargetClass, tuple[TargetClass, ...]]] = {
    TargetClass.GTV: (TargetClass.CTV, TargetClass.ITV, TargetClass.PTV),
    TargetClass.CTV: (TargetClass.PTV,),
    TargetClass.ITV: (TargetClass.PTV,),
}
"""Classes meant to contain each class; the first one present counts."""
_CLASS_WORD: Final = re.compile("i?(?:GTV|CTV|ITV|PTV)", re.IGNORECASE)


def nesting_issues(rois: Sequence[Roi], pairs: Sequence[RelationContext]) -> tuple[Issue, ...]:
    """Targets that extend beyond the targets meant to contain them.

    Parameters
    ----------
    rois
        The ROIs that enclose a volume.
    pairs
        Their relations; ROIs without one are far apart.
    """
    inside = {(pair.a.roi.number, pair.b.roi.number): pair.containment for pair in pairs}
    return tuple(issue for roi in rois if roi.target_class in HOLDERS for issue in _issues(roi, rois, inside))


def _issues(roi: Roi, rois: Sequence[Roi], inside: Mapping[tuple[int, int], float]) -> Iterator[Issue]:
    """The issue of one target that is not contained."""
    holders = _holders(roi, rois)
    if not holders:
        return
    share, holder = max(((inside.get((roi.number, h.number), 0.0), h) for h in holders), key=lambda found: found[0])
    if 1 - share > TOLERATED_SHARE:
        yield codes.TARGET_NOT_NESTED.about(
            f"relation:{roi.number}:{holder.number}",
            percent=100 * (1 - share),
            by_type=roi.target_class,
            holder=holder.target_class,
        )


def _holders(roi: Roi, rois: Sequence[Roi]) -> list[Roi]:
    """ROIs of which one is meant to contain this one."""
    for target_class in HOLDERS[roi.target_class]:
        found = [other for other in rois if other.target_class is target_class]
        if found:
            return [other for other in found if _tag(other) == _tag(roi)] or found
    return []


def _tag(roi: Roi) -> str:
    """Letters and digits of a name without the class: equal for GTV-1 and ctv 1."""
    return "".join(character for character in _CLASS_WORD.sub("", roi.name).casefold() if character.isalnum())
