"""RT Plans: what is stated is read, what is not stays empty."""

import pytest

from rtcomplexity.dicom.parsing import parse
from rtcomplexity.dicom.rt_plan import read_plan
from rtcomplexity.errors import UnreadableFileError
from rtcomplexity.model.plan import Prescription
from unit.dicom.datasets import CT, item, new, plan, to_bytes


def read(dataset):
    return read_plan(parse(to_bytes(dataset)), "abc")


def test_what_is_stated_is_read():
    dataset = plan("1.5", fractions=(5,), RTPlanDate="20260102", RTPlanTime="030405", ApprovalStatus="APPROVED")
    dataset.DoseReferenceSequence = [
        item(TargetPrescriptionDose=50, ReferencedROINumber=4),
        item(TargetPrescriptionDose=45.5),
        item(DoseReferenceNumber=3),
    ]
    dataset.TreatmentSites = "Lung, right"
    found = read(dataset)
    assert found.referenced_structure_set_uid == "1.5"
    assert found.fractions_planned == 5
    assert found.prescriptions == (
        Prescription(target_dose_gy=50, referenced_roi_number=4),
        Prescription(target_dose_gy=45.5),
    )
    assert (found.approval_status, found.treatment_site) == ("APPROVED", "Lung, right")
    assert (found.written_at, found.file_sha256) == ("20260102030405", "abc")


@pytest.mark.parametrize("fractions", [(), (None,), (5, None), (25, 5), (5, 5), (0,), (0, 5)])
def test_none_zero_and_several_fraction_groups_state_no_number(fractions):
    found = read(plan("1.5", fractions=fractions))
    assert found.fractions_planned is None
    assert found.fractions_of_groups == tuple(count or None for count in fractions)


def test_an_empty_plan_guesses_nothing():
    found = read(new("1.2.840.10008.5.1.4.1.1.481.8", "1.6"))
    assert (found.referenced_structure_set_uid, found.prescriptions, found.treatment_site) == ("", (), "")


def test_another_kind_of_file_is_refused():
    with pytest.raises(UnreadableFileError, match="no RT Plan"):
        read(new(CT, "1.1"))


@pytest.mark.parametrize("label", ["QA", "PSQA_lung", "IMRT QA 2", "Verification", "Lung verif", "ArcCHECK", "Phantom"])
def test_a_plan_of_one_fraction_with_such_a_label_is_quality_assurance(label):
    assert read(plan("1.5", fractions=(1,), RTPlanLabel=label)).is_quality_assurance
    assert not read(plan("1.5", fractions=(5,), RTPlanLabel=label)).is_quality_assurance


@pytest.mark.parametrize("label", ["BOOST", "Lung SBRT", "AQUA", "R lung"])
def test_other_labels_are_not(label):
    assert not read(plan("1.5", fractions=(1,), RTPlanLabel=label)).is_quality_assurance


@pytest.mark.parametrize("intent", ["VERIFICATION", "MACHINE_QA", "CURATIVE"])
def test_the_stated_intent_decides(intent):
    assert read(plan("1.5", fractions=(5,), PlanIntent=intent)).is_quality_assurance == (intent != "CURATIVE")


def test_relationships_between_plans_are_read():
    prior = item(ReferencedSOPInstanceUID="1.60", RTPlanRelationship="PRIOR")
    verified = item(ReferencedSOPInstanceUID="1.61", RTPlanRelationship="VERIFIED_PLAN")
    assert read(plan("1.5", ReferencedRTPlanSequence=[prior])).prior_plan_uids == ("1.60",)
    assert read(plan("1.5", fractions=(5,), ReferencedRTPlanSequence=[verified])).is_quality_assurance
