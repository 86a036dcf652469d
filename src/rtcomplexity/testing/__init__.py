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

Names are loaded when they are first used; the modules say the rest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        AXIAL,
        CORONAL,
        FEET_FIRST,
        FEET_FIRST_PRONE,
        FRAMES,
        OBLIQUE,
        PRONE,
        SAGITTAL,
        Cone,
        Ellipsoid,
        Frame,
        Group,
        Grown,
        Hollow,
        Keyhole,
        Lobe,
        LumpyBody,
        Prism,
        Sectioned,
        Several,
        Solid,
        SpiculatedSphere,
        Torus,
        Tube,
        box,
        contour_stack,
        contours_of,
        cylinder,
        hollow_sphere,
        image_grid,
        paint,
        plane_positions,
        polygons_of,
        sphere,
        two_spheres,
        voxelize,
    )
    from rtcomplexity.testing.sample_plans import (
        SAMPLE_NAMES,
        Drawn,
        Layout,
        drawn_roi,
        sample_plan,
        true_volumes_cm3,
        write_sample,
    )

_HOMES = ("description", "phantoms", "sample_plans", "dicom_writer")
"""Modules that are offered here, those that load quickly first."""
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


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    modules = (importlib.import_module(f"{__name__}.{home}") for home in _HOMES)
    return next(getattr(module, name) for module in modules if hasattr(module, name))


def __dir__() -> list[str]:
    return __all__
