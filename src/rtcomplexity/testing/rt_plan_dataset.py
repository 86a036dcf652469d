"""One RT Plan data set of a described plan: fractions, prescriptions, approval; no beams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.uid import RTPlanStorage, RTStructureSetStorage

from rtcomplexity.testing import uids
from rtcomplexity.testing.common_modules import decimal_string, item, new_object, put, reference
from rtcomplexity.testing.structure_set_dataset import approval

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from rtcomplexity.testing.description import PlanDescription, RtPlanDescription


def rt_plan_dataset(plan: PlanDescription, rt_plan: RtPlanDescription) -> Dataset:
    """Build the data set of an RT Plan."""
    dataset = new_object(
        plan, sop_class_uid=RTPlanStorage, study_key=rt_plan.study_key, key=rt_plan.key, modality="RTPLAN"
    )
    doses = enumerate(rt_plan.prescriptions, start=1)
    groups = enumerate(rt_plan.fractions, start=1)
    put(
        dataset,
        {
            "RTPlanLabel": rt_plan.label,
            "RTPlanDate": rt_plan.date,
            "RTPlanTime": rt_plan.time,
            "PlanIntent": "CURATIVE",
            "TreatmentSites": rt_plan.treatment_site,
            "RTPlanGeometry": "TREATMENT_DEVICE" if rt_plan.structure_set_key is None else "PATIENT",
            "DoseReferenceSequence": [_dose_item(number, dose_gy, roi) for number, (dose_gy, roi) in doses],
            "FractionGroupSequence": [_fraction_item(number, fractions) for number, fractions in groups],
        },
    )
    if rt_plan.structure_set_key is not None:
        uid = uids.instance_uid(plan, rt_plan.structure_set_key)
        put(dataset, {"ReferencedStructureSetSequence": [reference(RTStructureSetStorage, uid)]})
    put(dataset, approval(rt_plan.approval_status, rt_plan.date, rt_plan.time))
    put(dataset, rt_plan.overrides)
    return dataset


def _dose_item(number: int, dose_gy: float, roi_number: int | None) -> Dataset:
    return item(
        DoseReferenceNumber=number,
        DoseReferenceStructureType="SITE" if roi_number is None else "VOLUME",
        DoseReferenceDescription=f"Synthetic target {number}",
        DoseReferenceType="TARGET",
        TargetPrescriptionDose=decimal_string(dose_gy),
        ReferencedROINumber=roi_number,
    )


def _fraction_item(number: int, fractions: int | None) -> Dataset:
    result = item(FractionGroupNumber=number, NumberOfBeams=0, NumberOfBrachyApplicationSetups=0)
    result.NumberOfFractionsPlanned = fractions
    return result
