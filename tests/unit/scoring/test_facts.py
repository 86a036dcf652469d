from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity.metrics.measurement import Measurement, MetricTable
from rtcomplexity.model.case import Case, ImageLink
from rtcomplexity.model.image import ImageGrid, ImageSeries
from rtcomplexity.model.plan import RtPlan
from rtcomplexity.model.structure_set import Contours, Roi, StructureSet, TargetClass
from rtcomplexity.scoring.facts import CaseFacts, StatedBy, case_facts, site_of
from rtcomplexity.scoring.site import NOT_STATED, shipped_sites
from rtcomplexity.units import Unit
from unit.scoring.made_profile import NOT_THORACIC, THORACIC


def image_of(patient_key):
    grid = ImageGrid(
        slice_origins_mm=np.zeros((1, 3)),
        row_direction=np.array([1.0, 0, 0]),
        column_direction=np.array([0, 1.0, 0]),
        row_spacing_mm=1,
        column_spacing_mm=2,
        rows=3,
        columns=4,
    )
    return ImageSeries(
        series_uid="1.1",
        study_uid="1",
        frame_of_reference_uid="1.2",
        modality="CT",
        grid=grid,
        sop_instance_uids=("1.3",),
        patient_key=patient_key,
    )


CASE = Case(
    plan_id="p",
    structure_set=StructureSet(
        sop_instance_uid="1.4", series_uid="1.5", study_uid="1", patient_key="A", approval_status="APPROVED", rois=()
    ),
    chosen_because="the only one",
    planning_image=image_of("A"),
    image_link=ImageLink.SERIES_UID,
    rt_plan=RtPlan(sop_instance_uid="1.6", fractions_planned=5, treatment_site="Right lower lobe, lung"),
)
TABLE = MetricTable(rois=(), gross_target={"scored.volume": Measurement.of(8, Unit.CM3)}, gross_target_rois=(2,))


def test_what_the_rt_plan_states_is_taken_and_attributed():
    facts = case_facts(CASE, TABLE)
    assert (facts.site, facts.site_stated_by) == (THORACIC, StatedBy.RT_PLAN)
    assert (facts.fractions, facts.fractions_stated_by) == (5, StatedBy.RT_PLAN)
    assert facts.approval_status == "APPROVED"


def test_what_a_person_states_counts_before_the_rt_plan():
    facts = case_facts(CASE, TABLE, site=NOT_THORACIC, fractions=30)
    assert (facts.site, facts.site_stated_by) == (NOT_THORACIC, StatedBy.USER)
    assert (facts.fractions, facts.fractions_stated_by) == (30, StatedBy.USER)


def test_a_person_who_contradicts_the_rt_plan_is_not_believed_unseen():
    facts = case_facts(CASE, TABLE, site=NOT_THORACIC, fractions=30)
    assert facts.contradictions == ("the treated site", "the number of fractions")
    assert case_facts(CASE, TABLE, site=THORACIC, fractions=5).contradictions == ()
    silent = replace(CASE, rt_plan=RtPlan(sop_instance_uid="1.6"))
    assert case_facts(silent, TABLE, site=THORACIC, fractions=5).contradictions == ()


@pytest.mark.parametrize("plan", [None, RtPlan(sop_instance_uid="1.6", treatment_site="Site 1")])
def test_what_nobody_states_stays_unknown(plan):
    facts = case_facts(replace(CASE, rt_plan=plan), TABLE)
    assert (facts.site, facts.site_stated_by) == (NOT_STATED, StatedBy.NOBODY)
    assert (facts.fractions, facts.fractions_stated_by) == (None, StatedBy.NOBODY)


@pytest.mark.parametrize(
    ("text", "site"),
    [
        ("LUNG", THORACIC),
        ("mediastinum", THORACIC),
        ("right hilum", THORACIC),
        ("Prostate", NOT_THORACIC),
        ("H&N", NOT_THORACIC),
        ("left thigh", NOT_THORACIC),
        ("brain metastasis of lung", NOT_STATED),
        ("L-spine, lung primary", NOT_STATED),
        ("Bone met of the shoulder (lung)", NOT_STATED),
        ("left hip", NOT_THORACIC),
        ("right hilar node", THORACIC),
        ("lunged", NOT_STATED),
        ("Lunge", THORACIC),
        ("", NOT_STATED),
    ],
)
def test_a_site_is_known_only_where_its_own_words_name_one(text, site):
    assert site_of(text).is_at("thoracic") is {THORACIC: True, NOT_THORACIC: False, NOT_STATED: None}[site]


def test_images_and_geometry_are_there():
    facts = case_facts(CASE, TABLE)
    assert facts.has_planning_images
    assert facts.planning_images_are_linked
    assert facts.has_gross_target
    assert facts.is_measured
    assert facts.geometry_problem == ""
    assert not facts.images_are_of_another_patient


def test_images_of_another_patient_are_seen():
    assert case_facts(replace(CASE, planning_image=image_of("B")), TABLE).images_are_of_another_patient


def test_images_that_nothing_links_are_seen():
    facts = case_facts(replace(CASE, planning_image=None, image_link=ImageLink.NONE), TABLE)
    assert not facts.has_planning_images
    assert not facts.planning_images_are_linked
    assert not facts.images_are_of_another_patient


@pytest.mark.parametrize(
    ("gross_target", "problem"),
    [
        ({"scored.phases": Measurement.of(0, Unit.NONE)}, "its volume was not measured"),
        ({"scored.volume": Measurement.missing("open contours", Unit.CM3)}, "open contours"),
        ({"scored.volume": Measurement.of(0, Unit.CM3)}, "its contours enclose no volume"),
    ],
)
def test_a_gross_target_without_a_volume_says_why(gross_target, problem):
    facts = case_facts(CASE, MetricTable(rois=(), gross_target=gross_target, gross_target_rois=(2,)))
    assert facts.geometry_problem == problem


@pytest.mark.parametrize(("target_class", "has_gross_target"), [(TargetClass.GTV, True), (TargetClass.PTV, False)])
def test_a_run_that_scores_nothing_says_so_and_still_sees_the_target(target_class, has_gross_target):
    roi = Roi(number=2, name="x", contours=Contours.empty(), target_class=target_class)
    case = replace(CASE, structure_set=replace(CASE.structure_set, rois=(roi,)))
    facts = case_facts(case, MetricTable(rois=()))
    assert (facts.is_measured, facts.has_gross_target) == (False, has_gross_target)


def test_no_gross_target_is_seen():
    table = MetricTable(rois=(), gross_target={"scored.phases": Measurement.of(0, Unit.NONE)})
    assert not case_facts(CASE, table).has_gross_target


def imaged(body_part):
    return replace(CASE, rt_plan=None, planning_image=replace(CASE.planning_image, body_part=body_part))


@pytest.mark.parametrize("body_part", ["EXTREMITY", "Lower Extremity", "PELVIS"])
def test_an_image_that_says_it_is_elsewhere_is_believed(body_part):
    facts = case_facts(imaged(body_part), TABLE)
    assert (facts.site.is_at("thoracic"), facts.site_stated_by) == (False, StatedBy.IMAGE)


def test_an_image_alone_makes_no_site_known():
    facts = case_facts(imaged("PELVIS"), TABLE)
    assert facts.site.named == {"pelvis"}
    assert facts.is_treated_at(shipped_sites()["pelvis"]) is None
    assert facts.is_treated_at(shipped_sites()["brain"]) is False


@pytest.mark.parametrize("body_part", ["CHEST", "THORAX", "LUNG", "CHESTABDPELVIS", ""])
def test_an_image_never_makes_a_site_thoracic(body_part):
    facts = case_facts(imaged(body_part), TABLE)
    assert (facts.site, facts.site_stated_by) == (NOT_STATED, StatedBy.NOBODY)


def test_the_rt_plan_counts_before_the_image():
    case = replace(CASE, planning_image=imaged("EXTREMITY").planning_image)
    assert case_facts(case, TABLE).site_stated_by is StatedBy.RT_PLAN


def test_what_nobody_stated_is_unknown_and_what_nothing_contradicts_holds():
    facts = CaseFacts()
    assert (facts.site, facts.site_stated_by) == (NOT_STATED, StatedBy.NOBODY)
    assert (facts.fractions, facts.fractions_stated_by) == (None, StatedBy.NOBODY)
    assert facts.is_measured
    assert facts.has_gross_target
    assert facts.has_planning_images
    assert facts.planning_images_are_linked
    assert not facts.images_are_of_another_patient
    assert not facts.planning_image_is_pet
    assert (facts.geometry_problem, facts.unexplained_targets, facts.approval_status) == ("", (), "")


@pytest.mark.parametrize("volume_cm3", [0.02, 0.9, 1.0])
def test_a_small_gross_target_has_a_volume(volume_cm3):
    table = replace(TABLE, gross_target={"scored.volume": Measurement.of(volume_cm3, Unit.CM3)})
    assert case_facts(CASE, table).geometry_problem == ""
