"""Plans, registrations and structure sets read from the files that an index found.

One that cannot be read becomes an issue and spoils no other. Knows nothing of what the objects mean to each other.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.index import load
from rtcomplexity.dicom.parsing import PARSE_FAULTS, describe
from rtcomplexity.dicom.rt_plan import read_plan
from rtcomplexity.dicom.structure_set import structure_set_from
from rtcomplexity.errors import InputDataError
from rtcomplexity.model import issue_codes as codes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydicom.dataset import Dataset

    from rtcomplexity.dicom.headers import IndexedFile
    from rtcomplexity.model.issue import Issue
    from rtcomplexity.model.plan import RtPlan
    from rtcomplexity.model.registration import SpatialRegistration
    from rtcomplexity.model.structure_set import StructureSet
    from rtcomplexity.settings import Settings

_Value = TypeVar("_Value")


def read_plans(files: Iterable[IndexedFile], settings: Settings) -> tuple[tuple[RtPlan, ...], tuple[Issue, ...]]:
    """Read RT Plans; those that cannot be read are issues."""
    return _read_each(files, settings, lambda dataset, sha256: (read_plan(dataset, sha256), ()))


def read_registrations(
    files: Iterable[IndexedFile], images: Iterable[IndexedFile], settings: Settings
) -> tuple[tuple[SpatialRegistration, ...], tuple[Issue, ...]]:
    """Read registration objects, which may name some of the `images`; those that cannot be read are issues."""
    files = tuple(files)
    if not files:
        return (), ()
    from rtcomplexity.dicom.registration import ImageHome, read_registration  # noqa: PLC0415 -- most folders hold none

    homes = {
        one.sop_instance_uid: ImageHome(frame_of_reference_uid=one.frame_of_reference_uid, series_uid=one.series_uid)
        for one in images
    }
    return _read_each(files, settings, lambda dataset, sha256: read_registration(dataset, sha256, homes))


def read_set(
    file: IndexedFile, settings: Settings
) -> tuple[StructureSet, tuple[SpatialRegistration, ...], tuple[Issue, ...]]:
    """Read a structure set, the frames of reference that it relates itself (retired), and what was odd.

    Raises
    ------
    InputDataError
        If it cannot be used, as :func:`rtcomplexity.dicom.structure_set.structure_set_from` says.
    """
    dataset = load(file, settings.max_structure_set_bytes, settings)
    structure_set, issues = structure_set_from(dataset, file.sha256, settings=settings)
    relationships, relationship_issues = _relationships(dataset, file.sha256)
    return replace(structure_set, patient_key=file.patient_key), relationships, issues + relationship_issues


def left_out(file: IndexedFile, found: str) -> Issue:
    """Say that a file of a known kind could not be read."""
    code = codes.ISSUE_CODES[f"{file.kind.replace(' ', '-')}-unreadable"]
    return code.about("input", found=found, sha256=file.sha256[:12])


def _relationships(dataset: Dataset, sha256: str) -> tuple[tuple[SpatialRegistration, ...], tuple[Issue, ...]]:
    """Read the retired Frame of Reference Relationship Sequence (3006,00C0), where there is one."""
    if not any(
        tags.FRAME_OF_REFERENCE_RELATIONSHIP_SEQUENCE in frame
        for frame in elements.items(dataset, tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE)
    ):
        return (), ()
    from rtcomplexity.dicom.registration import read_frame_relationships  # noqa: PLC0415 -- hardly a set has any

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_frame_relationships(dataset, sha256)


def _read_each(
    files: Iterable[IndexedFile],
    settings: Settings,
    read: Callable[[Dataset, str], tuple[_Value, tuple[Issue, ...]]],
) -> tuple[tuple[_Value, ...], tuple[Issue, ...]]:
    """Read files of one kind; one that cannot be read becomes an issue and spoils no other."""
    values: list[_Value] = []
    issues: list[Issue] = []
    for file in files:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's: what matters of them the readers make issues of
                value, noticed = read(load(file, settings.max_file_bytes, settings), file.sha256)
        except InputDataError as fault:
            issues.append(left_out(file, fault.found))
        except PARSE_FAULTS as fault:
            issues.append(left_out(file, f"{describe(fault)}."))
        else:
            values.append(value)
            issues += noticed
    return tuple(values), tuple(issues)
