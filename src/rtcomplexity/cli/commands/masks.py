"""``rtcomplexity masks``: the ROIs as voxel masks that other tools can read."""

from pathlib import Path
from typing import Annotated

from rtcomplexity.cli.options import PlanFolder, Quiet, StructureSetUid, optional


def masks(
    path: PlanFolder,
    *,
    out: Annotated[Path, optional("DIR", "Folder for the masks.")],
    rois: Annotated[list[str] | None, optional("NAME_OR_NUMBER", "Only this ROI. May be repeated.", "--roi")] = None,
    structure_set_uid: StructureSetUid = None,
    quiet: Quiet = False,
) -> None:
    """Write ROIs as masks on the planning image's grid, one NIfTI file each. File names show ROI names.

    Example: rtcomplexity masks ./plan --out ./masks --roi GTV-1
    """
    from rtcomplexity.case.reader import read_case
    from rtcomplexity.cli.progress import progress
    from rtcomplexity.cli.rendering.console import print_result
    from rtcomplexity.cli.rendering.tables import masks_table
    from rtcomplexity.errors import InputDataError
    from rtcomplexity.metrics.masks import masks as masks_of
    from rtcomplexity.metrics.measured_case import MeasuredCase
    from rtcomplexity.settings import Settings
    from rtcomplexity.whole_files import write_into

    settings = Settings.from_environment()
    with progress(quiet=quiet) as report:
        case = read_case(path, settings=settings, structure_set_uid=structure_set_uid, progress=report)
    told = []
    for mask in masks_of(MeasuredCase(case=case, settings=settings), wanted=rois or ()):
        if mask.content:
            write_into(out, {mask.file_name: mask.content})
        told.append((mask.file_name, mask.voxel_count, mask.left_out_because))
    print_result([masks_table(told)])
    if not any(count for _, count, _ in told):
        raise InputDataError("None of these ROIs has a voxel on the planning image.", "other ROIs.")
