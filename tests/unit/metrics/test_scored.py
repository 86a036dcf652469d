"""What is declared of the scored metrics, and that every course has a value or a reason for each."""

import numpy as np
import pytest

from rtcomplexity.compare.catalogue import EVERY_METRIC
from rtcomplexity.metrics.catalogue import CATALOGUE
from rtcomplexity.metrics.course import NO_GROSS_TARGET
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.metrics.references import REFERENCES, citation
from rtcomplexity.metrics.scored import IMAGING, SCORED
from rtcomplexity.model.case import Case
from rtcomplexity.model.structure_set import Roi, StructureSet, TargetClass
from rtcomplexity.scoring.profile import load_profile, profile_ids
from rtcomplexity.settings import Settings
from rtcomplexity.testing.phantoms import contour_stack, plane_positions, sphere

RADIUS_MM = 15.0


def table_of(target_class):
    contours = contour_stack(sphere(RADIUS_MM), positions_mm=plane_positions(sphere(RADIUS_MM), 2.0))
    roi = Roi(number=1, name="ROI", contours=contours, target_class=target_class)
    drawn = StructureSet(sop_instance_uid="1", series_uid="", study_uid="", patient_key="", rois=(roi,))
    return measure(MeasuredCase(case=Case(plan_id="1", structure_set=drawn, chosen_because=""), settings=Settings()))


def test_every_scored_metric_is_in_the_catalogue_with_what_a_reader_needs():
    keys = [each.key for each in CATALOGUE]
    assert len(set(keys)) == len(keys)
    for each in SCORED:
        assert each.key in keys
        assert each.key.startswith("scored.")
        assert each.title[0].isupper() or each.title[0].isdigit()
        assert each.description.endswith(".")
        assert each.compute.__doc__


def test_every_metric_a_shipped_profile_scores_is_declared_with_its_complex_end():
    declared = {each.key: each.direction for each in SCORED}
    for profile_id in profile_ids():
        for factor in (factor for family in load_profile(profile_id).families for factor in family.factors):
            assert declared[factor.metric] == factor.direction


def test_every_source_that_a_metric_names_is_a_citation():
    assert {each.reference for each in EVERY_METRIC if each.reference} == set(REFERENCES)
    with pytest.raises(KeyError):
        citation("nowhere_2020")


def test_a_course_has_every_scored_metric_or_the_reason_why_not():
    values = table_of(TargetClass.GTV).gross_target
    assert set(values) == {each.key for each in SCORED}
    assert all(value.reason for value in values.values() if value.value is None)
    assert values["scored.ct_border_contrast"].reason == "there is no CT"


def test_without_a_gross_target_only_image_sets_are_counted():
    values = table_of(TargetClass.PTV).gross_target
    counted = {each.key for each in IMAGING}
    assert {key for key, value in values.items() if value.value is not None} == counted
    assert {value.reason for key, value in values.items() if key not in counted} == {NO_GROSS_TARGET}


def test_the_equivalent_diameter_is_that_of_the_sphere_of_the_volume():
    values = table_of(TargetClass.GTV).gross_target
    volume_mm3 = values["scored.volume"].value * 1000
    assert values["scored.equivalent_diameter"].value == pytest.approx(np.cbrt(6 * volume_mm3 / np.pi), rel=1e-5)
    assert values["scored.equivalent_diameter"].value == pytest.approx(2 * RADIUS_MM, rel=0.01)
