"""Writes a described plan as standard DICOM files, the same bytes every time.

UIDs are hashes of the description's keys, dates are the description's own; no clock, no random number and no pydicom
version enters a file. Knows how files are named and saved; what stands in them is in :mod:`.image_datasets`,
:mod:`.structure_set_dataset`, :mod:`.rt_plan_dataset` and :mod:`.registration_dataset`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from rtcomplexity.testing.image_datasets import image_datasets
from rtcomplexity.testing.registration_dataset import deformable_dataset, registration_dataset
from rtcomplexity.testing.rt_plan_dataset import rt_plan_dataset
from rtcomplexity.testing.structure_set_dataset import structure_set_dataset
from rtcomplexity.testing.uids import hashed_uid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rtcomplexity.testing.description import PlanDescription

IMPLEMENTATION_VERSION = "RTCPX_TESTING_1"


def datasets_of(plan: PlanDescription) -> Iterator[tuple[Path, Dataset]]:
    """Build every object of a plan with the path of its file inside the plan's folder."""
    for image in plan.images:
        for k, dataset in image_datasets(plan, image):
            yield Path(image.key) / f"{image.key}_{k + 1:03}.dcm", dataset
    for structure_set in plan.structure_sets:
        yield Path(f"{structure_set.key}.dcm"), structure_set_dataset(plan, structure_set)
    for rt_plan in plan.rt_plans:
        yield Path(f"{rt_plan.key}.dcm"), rt_plan_dataset(plan, rt_plan)
    for registration in plan.registrations:
        yield Path(f"{registration.key}.dcm"), registration_dataset(plan, registration)
    for deformable in plan.deformable_registrations:
        yield Path(f"{deformable.key}.dcm"), deformable_dataset(plan, deformable)


def write_plan(folder: Path | str, plan: PlanDescription) -> tuple[Path, ...]:
    """Write a plan into a folder, which is made where it does not exist.

    Parameters
    ----------
    folder
        Where the files go: ``rs.dcm``, ``rp.dcm``, ``reg.dcm`` and one folder for each image series.
    plan
        What to write.

    Returns
    -------
    tuple[Path, ...]
        The files written, in order.
    """
    written = []
    for path, dataset in datasets_of(plan):
        target = Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        save(dataset, target)
        written.append(target)
    return tuple(written)


def save(dataset: Dataset, path: Path | str) -> None:
    """Save one object as Explicit VR Little Endian with fixed file meta information."""
    meta = FileMetaDataset()
    meta.FileMetaInformationGroupLength = 0
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", "")
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(hashed_uid("implementation"))
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    dataset.file_meta = meta
    dataset.preamble = b"\x00" * 128
    dataset.save_as(path, enforce_file_format=False, implicit_vr=False, little_endian=True)
