"""Draws all pictures of a case: the entry point of this package.

Anything that cannot be drawn is omitted with its reason; a picture never stops a report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rtcomplexity.errors import InputDataError
from rtcomplexity.pictures.face import may_show_face
from rtcomplexity.pictures.fused import draw_fused
from rtcomplexity.pictures.meshes import draw_meshes
from rtcomplexity.pictures.planes import draw_planes
from rtcomplexity.pictures.raster import gray, window_of
from rtcomplexity.pictures.region import view_of
from rtcomplexity.pictures.scene import Pictures, Scene, no_pictures
from rtcomplexity.pictures.slices import draw_slices, structures_of
from rtcomplexity.pictures.uptake import uptake_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.pictures.region import View

NO_TARGET: Final = "No pictures: no target volume with contours in planes was found."
NOT_REACHED: Final = "No slices: no slice of the planning images found contains a target contour."
NO_IMAGE: Final = "No slices: the planning images are not among the files."


def draw(
    measured: MeasuredCase,
    *,
    names: Mapping[int, str],
    gross: Sequence[int] = (),
    checks: Mapping[str, str] | None = None,
) -> Pictures:
    """Draw the pictures of a case.

    Parameters
    ----------
    measured : the case with its planes and pixels
    names : name of each ROI in the accompanying record, by number
    gross : numbers of the scored ROIs, on which the pictures are centered
    checks : what the record states on the registration of each image set, by subject
    """
    view = view_of(measured, names, gross)
    if not view.targets:
        return no_pictures(NO_TARGET)
    meshes, origin, step, alt = draw_meshes(view)
    scene = Scene(
        meshes=meshes,
        mesh_origin_mm=origin,
        mesh_step_mm=step,
        mesh_alt=alt,
        structures=structures_of(view),
        notes=view.notes,
    )
    return _with_slices(scene, measured, view, checks or {})


def _with_slices(scene: Scene, measured: MeasuredCase, view: View, checks: Mapping[str, str]) -> Pictures:
    """Add everything drawn on the planning image, or the reason why it is missing."""
    images = measured.images
    pixels = images.planning_pixels
    if pixels is None or view.planning is None:
        return Pictures(scene=scene.model_copy(update={"notes": (*scene.notes, NO_IMAGE)}), files={})
    if not view.is_imaged:
        return Pictures(scene=scene.model_copy(update={"notes": (*scene.notes, NOT_REACHED)}), files={})
    try:
        values = pixels.read(view.box).values()
    except InputDataError as error:
        return Pictures(scene=scene.model_copy(update={"notes": (*scene.notes, f"No slices. {error.found}")}), files={})
    series = pixels.series
    window = window_of(values, series.modality)
    grays = gray(values, window)
    uptake = uptake_of(images, view.slices, view.box.j, view.box.i)
    stills, plane_files = draw_planes(view, grays, uptake, cores=measured.settings.threads)
    slices, slice_files = draw_slices(view, grays, uptake)
    fused, fused_files = draw_fused(view, grays, images, checks)
    drawn = {
        "stills": stills,
        "fused": fused,
        "slices": slices.model_copy(update={"caption": _caption(slices.caption, series.modality, window)}),
        "uptake": "" if uptake is None else uptake.caption,
        "may_show_face": may_show_face(pixels, view),
    }
    return Pictures(scene=scene.model_copy(update=drawn), files={**plane_files, **slice_files, **fused_files})


def _caption(about: str, modality: str, window: tuple[float, float]) -> str:
    """Caption with the gray window."""
    unit = " HU" if modality == "CT" else ""
    return f"{about} {modality}, black at {window[0]:g}{unit}, white at {window[1]:g}{unit}."
