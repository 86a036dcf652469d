"""Declarations of all scored metrics: one value each for a course, measured on the union of its gross targets.

A profile can score only what is declared here. Each definition states which end is complex, and the tolerated change
when the same target is contoured on planes 1 to 5 mm apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from rtcomplexity.case import visits
from rtcomplexity.geometry.orientation import PARALLEL
from rtcomplexity.metrics import contour, intensity, pet, shape
from rtcomplexity.metrics.course import union_of
from rtcomplexity.metrics.definition import MetricDefinition, compute_all, documented
from rtcomplexity.metrics.image_conditions import copied_phases
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.target_shape import (
    HasSurface,
    concavity_ratio,
    curvature_ratio,
    scored_surface_of,
    solidity_ratio,
    sphericity_ratio,
)
from rtcomplexity.model.case import EvidenceLevel, ImageRole
from rtcomplexity.units import Unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.fusion.case_images import FusedImage
    from rtcomplexity.fusion.sampling import RegionValues
    from rtcomplexity.geometry.field.body import SubvoxelSurface
    from rtcomplexity.metrics.context import ShapeContext
    from rtcomplexity.metrics.course import Course
    from rtcomplexity.metrics.measurement import Measurement

SHOWN_TOGETHER: Final = frozenset({EvidenceLevel.REGISTERED, EvidenceLevel.REFERENCED})


def volume_cm3(course: Course) -> float:
    """Slab volume of the union of the gross targets.

    Sum over the planes of exact contour area x local slab thickness, cm3.
    """
    return shape.volume_cm3(course.target)


def equivalent_diameter_mm(course: Course) -> float:
    """Diameter of the sphere of the gross target's volume; shape is compared among targets of its size.

    Cube root of 6 V / pi, mm, with V the volume of the union.
    """
    return shape.equivalent_sphere_diameter_mm(course.target)


def craniocaudal_length_mm(course: Course) -> float:
    """Extent of the gross target from head to foot.

    Along the patient's z axis (LPS), half a slab beyond the outermost points, mm.
    """
    stack = course.target.stack
    if abs(stack.normal[2]) > PARALLEL:
        return shape.extent_mm(course.target)
    z = (
        stack.points_mm @ np.array([stack.u_axis[2], stack.v_axis[2]])
        + stack.positions_mm[stack.plane_of_vertex] * stack.normal[2]
    )
    reach = 0.5 * abs(stack.normal[2]) * float(np.median(stack.slab_mm))
    return float(np.ptp(z) + 2 * reach)


def manual_lateral_area_cm2(course: Course) -> float:
    """Contour length times slab thickness, of gross targets not stated to be contoured automatically.

    Border length x slab thickness, summed over the union of these parts, cm2; keyhole channels do not count.
    """
    parts = course.contoured_by_hand
    if not parts:
        return 0.0
    union = union_of(parts)
    return float(union.stack.plane_border_lengths_mm @ union.slab_mm) / contour.MM2_PER_CM2


def component_count(course: Course) -> float:
    """Bodies that the union of the gross targets consists of.

    Parts of planes that overlap from plane to plane are one body.
    """
    return shape.component_count(course.target)


def planes_with_components(course: Course) -> float:
    """Share of contoured slices on which the target consists of several parts.

    Planes on which the union has more than one component, over all its planes.
    """
    return contour.planes_with_components(course.target) / course.target.stack.plane_count


def planes_with_holes(course: Course) -> float:
    """Share of contoured slices on which the target surrounds an excluded region.

    Planes on which the union has a hole, over all its planes.
    """
    return contour.planes_with_holes(course.target) / course.target.stack.plane_count


def branching_count(course: Course) -> float:
    """Times that a part of the target divides, or parts join, from one slice to the next.

    Counted where a component meets several components of the next plane, in both directions.
    """
    return shape.branching_count(course.target)


def ct_border_contrast_hu(course: Course) -> float:
    """How much the CT values inside the target's border differ from those just outside.

    Magnitude of the CT boundary contrast: mean inside the border less mean outside it, HU.
    """
    image = course.on_images.best("CT")
    if image is None or image.values is None:
        raise NotMeasurableError("there is no CT" if image is None else image.reason)
    return abs(intensity.boundary_contrast(image.values))


def pet_gtv_dice(course: Course) -> float:
    """Dice coefficient of the thresholded volume in a registered PET and the gross target."""
    return pet.gtv_dice(pet.PetContext(image=_registered_pet(course)), pet.SCORED_THRESHOLD)


def pet_gtv_volume_ratio(course: Course) -> float:
    """Larger over smaller of the thresholded volume in a registered PET and the gross target."""
    ratio = pet.gtv_volume_ratio(pet.PetContext(image=_registered_pet(course)), pet.SCORED_THRESHOLD)
    if ratio <= 0:
        raise NotMeasurableError("the PET volume is empty")
    return max(ratio, 1 / ratio)


def _registered_pet(course: Course) -> RegionValues:
    """Values of the PET, if an object documents its use with another planning image."""
    image = course.on_images.best("PT")
    if image is None:
        raise NotMeasurableError("there is no PET")
    if image.values is None or not _is_used_together(image):
        raise NotMeasurableError(_why_no_pet([each for each in course.on_images.fused if each.modality == "PT"]))
    return image.values


def _why_no_pet(pets: Sequence[FusedImage]) -> str:
    """Why no PET volume can be compared with the gross target."""
    if together := [each for each in pets if _is_used_together(each)]:
        return together[0].reason
    roles = {each.tied.image_set.role for each in pets}
    if ImageRole.PLANNING in roles:
        return "the PET is the planning image itself"
    if ImageRole.SECONDARY not in roles:
        return pets[0].reason
    if any(each.tied.image_set.level is EvidenceLevel.SAME_FRAME for each in pets):
        return (
            "the PET shares the planning image's frame of reference, but no registration, contour or reference shows "
            "that both were used together"
        )
    return "nothing links a PET to the planning image"


def _is_used_together(image: FusedImage) -> bool:
    """Whether an object documents the use of a secondary image with the planning image."""
    image_set = image.tied.image_set
    return image_set.level in SHOWN_TOGETHER and image_set.role is ImageRole.SECONDARY


def surface_within_5mm(course: Course) -> float:
    """Share of the gross target's surface in an anatomical organ or within 5 mm of one.

    Planning structures do not count.
    """
    return course.adjacency.surface_share()


def organs_within_5mm(course: Course) -> float:
    """Anatomical organs of which any part lies within 5 mm of the gross target."""
    return course.adjacency.organ_count()


def organ_overlap(course: Course) -> float:
    """Share of the gross target's volume that lies in anatomical organs."""
    return course.adjacency.overlap_share()


def registered_sets(course: Course) -> float:
    """Secondary image sets that meet all five conditions: tied, independent, aligned, covering, used."""
    return len(visits.fused(course.counted_sets))


def registration_chain(course: Course) -> float:
    """Image sets that reach the planning image by a deformable or by several registrations."""
    counting = {each.subject for each in course.set_conditions if each.counts}
    return sum(tied.is_deformable_or_chained for tied in course.images.tied if tied.subject in counting)


def acquisitions(course: Course) -> float:
    """Acquisitions that were used; one 4D CT counts once, and so does a PET with its CT."""
    return len(visits.counted(course.counted_sets))


def modalities(course: Course) -> float:
    """Modalities of the image sets that were used."""
    return len(visits.used_modalities(course.counted_sets))


def phases(course: Course) -> float:
    """Phases of 4D acquisitions on which a gross target is contoured.

    An image that copies another phase's counts once.
    """
    return course.phases.count - len(copied_phases(course))


SHAPE: Final[tuple[MetricDefinition[HasSurface], ...]] = (
    MetricDefinition(
        key="scored.sphericity_ratio",
        title="Sphericity relative to an equivalent sphere",
        unit=Unit.NONE,
        description="Sphericity of the target's surface over that of the sphere of its volume, cut at the same planes.",
        compute=sphericity_ratio,
        direction="lower",
        tolerance=0.02,
    ),
    MetricDefinition(
        key="scored.solidity_ratio",
        title="Solidity relative to an equivalent sphere",
        unit=Unit.NONE,
        description="Volume over that of the convex hull, over what the sphere of the same volume gives.",
        compute=solidity_ratio,
        direction="lower",
        tolerance=0.01,
    ),
    MetricDefinition(
        key="scored.concavity_ratio",
        title="In-plane concavity relative to an equivalent sphere",
        unit=Unit.NONE,
        description="Area of the contours' convex hulls over that of the contours, over the equal sphere's.",
        compute=concavity_ratio,
        direction="higher",
        tolerance=0.03,
    ),
    MetricDefinition(
        key="scored.curvature_ratio",
        title="Surface irregularity relative to an equivalent sphere",
        unit=Unit.NONE,
        description="Curvature energy (integral of squared curvature) of the contours over the equal sphere's.",
        compute=curvature_ratio,
        direction="higher",
        tolerance=0.15,
    ),
)
"""Shape of each body on the smoothed surface, weighted by volume."""


def measure_shape(target: ShapeContext, blur_mm: float) -> dict[str, Measurement]:
    """Measure the shape alone of a target, by scored key, on a surface blurred by so much."""
    return compute_all(SHAPE, _Shape(target=target, blur_mm=blur_mm))


@dataclass(frozen=True, kw_only=True, eq=False)
class _Shape:
    target: ShapeContext
    blur_mm: float

    @cached_property
    def surface(self) -> SubvoxelSurface:
        return scored_surface_of(self.target, self.blur_mm)


TOPOLOGY: Final[tuple[MetricDefinition[Course], ...]] = (
    documented("scored.component_count", "Separate target bodies", Unit.NONE, component_count, direction="higher"),
    documented(
        "scored.planes_with_components",
        "Slices with multiple contours (fraction)",
        Unit.NONE,
        planes_with_components,
        direction="higher",
    ),
    documented(
        "scored.planes_with_holes",
        "Slices with a hole in the target (fraction)",
        Unit.NONE,
        planes_with_holes,
        direction="higher",
    ),
    documented("scored.branching_count", "Branchings between slices", Unit.NONE, branching_count, direction="higher"),
)

AMBIGUITY: Final[tuple[MetricDefinition[Course], ...]] = (
    documented(
        "scored.ct_border_contrast",
        "CT contrast across the target border",
        Unit.HU,
        ct_border_contrast_hu,
        direction="lower",
    ),
    documented(
        "scored.pet_gtv_dice",
        "Agreement of PET volume and gross target (Dice)",
        Unit.NONE,
        pet_gtv_dice,
        direction="lower",
    ),
    documented(
        "scored.pet_gtv_volume_ratio",
        "Disagreement of PET and gross target volumes (ratio)",
        Unit.NONE,
        pet_gtv_volume_ratio,
        direction="higher",
    ),
)

EXTENT: Final[tuple[MetricDefinition[Course], ...]] = (
    documented("scored.volume", "Gross target volume", Unit.CM3, volume_cm3, direction="higher", tolerance=0.01),
    documented(
        "scored.equivalent_diameter",
        "Equivalent diameter of the gross target",
        Unit.MM,
        equivalent_diameter_mm,
        tolerance=0.01,
    ),
    documented(
        "scored.craniocaudal_length",
        "Craniocaudal length",
        Unit.MM,
        craniocaudal_length_mm,
        direction="higher",
        tolerance=0.15,
    ),
    documented(
        "scored.manual_lateral_area",
        "Manually contoured lateral area",
        Unit.CM2,
        manual_lateral_area_cm2,
        direction="higher",
        tolerance=0.01,
    ),
)

ADJACENCY: Final[tuple[MetricDefinition[Course], ...]] = (
    documented(
        "scored.surface_within_5mm",
        "Target surface within 5 mm of organs (fraction)",
        Unit.NONE,
        surface_within_5mm,
        direction="higher",
        tolerance=0.05,
    ),
    documented("scored.organs_within_5mm", "Organs within 5 mm", Unit.NONE, organs_within_5mm, direction="higher"),
    documented(
        "scored.organ_overlap",
        "Target volume inside organs (fraction)",
        Unit.NONE,
        organ_overlap,
        direction="higher",
        tolerance=0.05,
    ),
)

IMAGING: Final[tuple[MetricDefinition[Course], ...]] = (
    documented(
        "scored.registered_sets",
        "Registered or referenced secondary image sets",
        Unit.NONE,
        registered_sets,
        direction="higher",
    ),
    documented(
        "scored.registration_chain",
        "Deformable or chained registrations",
        Unit.NONE,
        registration_chain,
        direction="higher",
    ),
    documented("scored.acquisitions", "Independent image acquisitions", Unit.NONE, acquisitions, direction="higher"),
    documented("scored.modalities", "Imaging modalities", Unit.NONE, modalities, direction="higher"),
    documented("scored.phases", "4D phases with contours", Unit.NONE, phases, direction="higher"),
)

SCORED: Final[tuple[MetricDefinition[Course], ...]] = (*IMAGING, *AMBIGUITY, *SHAPE, *EXTENT, *TOPOLOGY, *ADJACENCY)
"""All scored metrics."""
