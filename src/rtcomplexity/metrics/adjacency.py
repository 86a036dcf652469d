"""Proximity of the gross target to anatomical organs, which are recognized by name from a fixed list.

Only ROIs of class OAR count whose name contains a word of :data:`ORGANS` and none of :data:`NOT_ANATOMY`. This excludes
planning rings, planning risk volumes, optimization structures, targets and external contours. Several contours of one
organ count once. Two kinds of organ never count as adjacent, because they contain the tumor:

- the lungs, which are not on the list. Whether the tumor is cut out of the lung contour is a matter of local practice,
  and would decide whether a tumor in the lung is entirely adjacent to it or not at all;
- any organ that contains more than half of the gross target.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.geometry.clearance import box_gap_mm, inside_share
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.relation import NEAR_MM, TOO_THIN
from rtcomplexity.metrics.shape import volume_cm3
from rtcomplexity.model.structure_set import TargetClass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from rtcomplexity.geometry.clearance import SampledSurface
    from rtcomplexity.metrics.context import RoiContext, ShapeContext

HOST_SHARE: Final = 0.5
"""An organ that contains more of the gross target than this is the site of the tumor, not a neighbor."""
ORGANS: Final[Mapping[str, str]] = {
    "heart": "heart hart pericardium atrium ventricle lad",
    "great vessels": "aorta aortic vena cava svc ivc vessel vessels greatves greatvessel greatvessels pulmonaryartery "
    "brachiocephalic subclavian azygos",
    "trachea": "trachea",
    "bronchial tree": "bronchus bronchi bronchial bronch bronchustree bronchtree carina airway airways",
    "oesophagus": "esophagus oesophagus oesofagus esoph oesoph slokdarm",
    "spinal cord": "cord spinalcord spinalcanal canal myelum ruggenmerg",
    "chest wall": "chestwall thoracicwall",
    "ribs": "rib ribs",
    "spine": "spine vertebra vertebrae vertebral",
    "sternum": "sternum",
    "shoulder": "clavicle scapula humerus",
    "brachial plexus": "plexus brachialplex brachialplexus",
    "diaphragm": "diaphragm",
    "thyroid": "thyroid",
    "larynx": "larynx pharynx",
    "breast": "breast breasts mamma",
    "liver": "liver lever",
    "stomach": "stomach maag",
    "spleen": "spleen milt",
    "pancreas": "pancreas",
    "kidney": "kidney kidneys nier nieren",
    "bowel": "bowel duodenum colon sigmoid intestine",
    "gallbladder": "gallbladder",
    "bladder": "bladder",
    "rectum": "rectum",
    "brain": "brain brainstem chiasm",
    "optic nerve": "optic",
    "eye": "eye eyes lens retina cornea",
    "parotid": "parotid parotids",
}
"""Each organ with the words and word pairs that name it."""
NOT_ANATOMY: Final = (
    "prv ring rings opt optim optimise optimize optimisation optimization avoid avoidance shell dummy help helper hulp "
    "minus plus sub subtract outside isodose norm tuning not non excl exclude without overlap inter intersect exp "
    "expanded expansion margin crop cropped gtv ctv itv ptv igtv tumor tumour"
)
"""Words in the names of planning structures."""
_NOT_ANATOMY: Final = frozenset(NOT_ANATOMY.split())
_ORGAN_OF: Final = {word: organ for organ, words in ORGANS.items() for word in words.split()}
_WORD: Final = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_EXPANDED: Final = re.compile(r"^(?:_|z(?=[A-Z_\W\d]))|\+\s*\d|\d\s*[mc]m(?![a-z])")
_TARGET: Final = re.compile("(?:GTV|CTV|ITV|PTV)(?![A-Z])")
"""Also matches names followed by a qualifier, such as Heart-GTVp."""
_OTHER_CORDS: Final = frozenset({"anal", "ear", "auditory", "vocal", "spermatic", "umbilical", "optic"})
_NOT_SPINAL: Final = frozenset({"cord", "canal"})
"""These words mean something else next to one of those: the anal canal, the vocal cords."""


def organ_named(name: str) -> str | None:
    """The organ that a name stands for; None if it is not on the list.

    Examples
    --------
    >>> organ_named("Spinal cord"), organ_named("SpinalCord_PRV05"), organ_named("Lung L")
    ('spinal cord', None, None)
    """
    words = [word.lower() for word in _WORD.findall(name)]
    if _EXPANDED.search(name) or _TARGET.search(name) or not _NOT_ANATOMY.isdisjoint(words):
        return None
    if not _OTHER_CORDS.isdisjoint(words):
        words = [word for word in words if word not in _NOT_SPINAL]
    pairs = [first + second for first, second in pairwise(words)]
    return next((_ORGAN_OF[word] for word in (*pairs, *words) if word in _ORGAN_OF), None)


@dataclass(frozen=True, kw_only=True, eq=False)
class Adjacency:
    """A gross target and the organs around it."""

    target: ShapeContext
    organs: tuple[tuple[str, RoiContext], ...]
    """Each contoured organ of the list, with its name."""

    @cached_property
    def _beside(self) -> tuple[tuple[str, SampledSurface], ...]:
        """Organs near the target, except those that contain it.

        Raises
        ------
        NotMeasurableError
            If the target's volume is not known or it is too thin, or no organ of the list is contoured.
        """
        volume_cm3(self.target)
        if not np.any(self.target.surface.areas_mm2):
            raise NotMeasurableError(TOO_THIN)
        if not self.organs:
            raise NotMeasurableError("no organ of the list is contoured")
        own = self.target.surface
        near = [(organ, c.surface) for organ, c in self.organs if box_gap_mm(own, c.surface) <= NEAR_MM]
        return tuple((organ, surface) for organ, surface in near if not inside_share(own, [surface]) > HOST_SHARE)

    @cached_property
    def _near(self) -> tuple[tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]], ...]:
        """For each neighboring organ, which points of the target's surface are in it or near it."""
        points = self.target.surface.points_mm
        return tuple((organ, surface.depths_mm(points) >= -NEAR_MM) for organ, surface in self._beside)

    def surface_share(self) -> float:
        """Share of the target's surface inside an organ or within 5 mm of one."""
        if not self._near:
            return 0.0
        near = np.logical_or.reduce([points for _, points in self._near])
        return float(np.average(near, weights=self.target.surface.areas_mm2))

    def organ_count(self) -> int:
        """Organs with any part within 5 mm of the target's surface."""
        return len({organ for organ, points in self._near if np.any(points)})

    def overlap_share(self) -> float:
        """Share of the target's volume inside organs."""
        return inside_share(self.target.surface, [surface for _, surface in self._beside]) if self._beside else 0.0


def adjacency(target: ShapeContext, contexts: Iterable[RoiContext], only: Collection[str] = ()) -> Adjacency:
    """The organs around a gross target; `only` restricts them to the named ones, if any are named."""
    organs = []
    for context in contexts:
        organ = organ_named(context.roi.name) if context.roi.target_class is TargetClass.OAR else None
        if organ is None or (only and organ not in only):
            continue
        if context.stacked.stack is not None and np.all(np.isfinite(context.stack.slab_mm)):
            organs.append((organ, context))
    return Adjacency(target=target, organs=tuple(organs))
