"""An RT Plan (or RT Ion Plan) instance: what it says of fractions, prescription and approval.

Nothing is inferred: what the plan does not state stays empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rtcomplexity.dicom import elements
from rtcomplexity.dicom.headers import PLANS
from rtcomplexity.errors import UnreadableFileError
from rtcomplexity.model.plan import Prescription, RtPlan

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


def read_plan(dataset: Dataset, file_sha256: str) -> RtPlan:
    """Read a plan.

    Parameters
    ----------
    dataset : Dataset
        The instance; nothing of it is changed.
    file_sha256 : str
        SHA-256 of its file.

    Returns
    -------
    RtPlan
        Doses in Gy; fractions summed over fraction groups, None where any of them states none.

    Raises
    ------
    UnreadableFileError
        If the instance is no RT Plan.
    """
    if elements.text(dataset, 0x00080016) not in PLANS:
        raise UnreadableFileError("The file is no RT Plan by its SOP Class.", "give an RT Plan.")
    encodings = elements.encodings_of(dataset)
    referenced = elements.items(dataset, 0x300C0060)
    return RtPlan(
        sop_instance_uid=elements.text(dataset, 0x00080018),
        label=elements.text(dataset, 0x300A0002, encodings),
        referenced_structure_set_uid=elements.text(referenced[0], 0x00081155) if referenced else "",
        fractions_planned=_fractions(dataset),
        prescriptions=_prescriptions(dataset),
        approval_status=elements.text(dataset, 0x300E0002).upper(),
        treatment_site=elements.text(dataset, 0x300A000B, encodings),
        written_at=elements.date_time(dataset, 0x300A0006, 0x300A0007),
        file_sha256=file_sha256,
    )


def _fractions(dataset: Dataset) -> int | None:
    stated = [elements.integer(group, 0x300A0078) for group in elements.items(dataset, 0x300A0070)]
    known = [count for count in stated if count is not None and count >= 0]
    return sum(known) if known and len(known) == len(stated) else None


def _prescriptions(dataset: Dataset) -> tuple[Prescription, ...]:
    found = []
    for reference in elements.items(dataset, 0x300A0010):
        dose_gy = elements.decimal(reference, 0x300A0026)
        if dose_gy is not None and dose_gy > 0:
            number = elements.integer(reference, 0x30060084)
            found.append(Prescription(target_dose_gy=dose_gy, referenced_roi_number=number))
    return tuple(found)
