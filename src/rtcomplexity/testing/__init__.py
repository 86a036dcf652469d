"""Public test kit: analytic phantoms, a writer of DICOM plans, and four synthetic sample plans.

Draw a solid as contours, cut where and however it lies::

    from rtcomplexity.testing import OBLIQUE, contour_stack, hollow_sphere, plane_positions

    shape = hollow_sphere(20.0, 8.0)
    contours = contour_stack(shape, positions_mm=plane_positions(shape, 3.0), frame=OBLIQUE)

Write a plan, or spoil one and write that::

    from dataclasses import replace
    from rtcomplexity.testing import References, sample_plan, write_plan

    plan = sample_plan("routine_sbrt")
    (structure_set,) = plan.structure_sets
    dangling = replace(structure_set, contour_level=References.DANGLING)
    write_plan("plan", replace(plan, structure_sets=(dangling,)))

The modules say the rest.
"""

from __future__ import annotations

from rtcomplexity.testing.description import (
    DeformableDescription,
    ImageDescription,
    MatrixMapping,
    PetDescription,
    PlanDescription,
    References,
    RegistrationDescription,
    RoiDescription,
    RtPlanDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import datasets_of, save, write_plan
from rtcomplexity.testing.phantoms import (
    contour_stack,
    contours_of,
    image_grid,
    paint,
    plane_positions,
    polygons_of,
    voxelize,
)
from rtcomplexity.testing.placing import (
    AXIAL,
    CORONAL,
    FEET_FIRST,
    FEET_FIRST_PRONE,
    FRAMES,
    OBLIQUE,
    PRONE,
    SAGITTAL,
    Frame,
)
from rtcomplexity.testing.radial import Cone, Ellipsoid, Lobe, LumpyBody, SpiculatedSphere, Tube, cylinder, sphere
from rtcomplexity.testing.sample_plans import (
    SAMPLE_NAMES,
    Drawn,
    Layout,
    drawn_roi,
    sample_plan,
    true_volumes_cm3,
    write_sample,
)
from rtcomplexity.testing.solids import (
    Group,
    Grown,
    Hollow,
    Keyhole,
    Prism,
    Sectioned,
    Several,
    Solid,
    Torus,
    box,
    hollow_sphere,
    two_spheres,
)

__all__ = [
    "AXIAL",
    "CORONAL",
    "FEET_FIRST",
    "FEET_FIRST_PRONE",
    "FRAMES",
    "OBLIQUE",
    "PRONE",
    "SAGITTAL",
    "SAMPLE_NAMES",
    "Cone",
    "DeformableDescription",
    "Drawn",
    "Ellipsoid",
    "Frame",
    "Group",
    "Grown",
    "Hollow",
    "ImageDescription",
    "Keyhole",
    "Layout",
    "Lobe",
    "LumpyBody",
    "MatrixMapping",
    "PetDescription",
    "PlanDescription",
    "Prism",
    "References",
    "RegistrationDescription",
    "RoiDescription",
    "RtPlanDescription",
    "Sectioned",
    "Several",
    "Solid",
    "SpiculatedSphere",
    "StructureSetDescription",
    "SyntheticPatient",
    "Torus",
    "Tube",
    "box",
    "contour_stack",
    "contours_of",
    "cylinder",
    "datasets_of",
    "drawn_roi",
    "hollow_sphere",
    "image_grid",
    "paint",
    "plane_positions",
    "polygons_of",
    "sample_plan",
    "save",
    "sphere",
    "true_volumes_cm3",
    "two_spheres",
    "voxelize",
    "write_plan",
    "write_sample",
]
