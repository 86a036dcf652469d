"""What is declared of the scored metrics, and that every course has a value or a reason for each."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.compare.catalogue import EVERY_METRIC
from rtcomplexity.metrics import scored
from rtcomplexity.metrics.catalogue import CATALOGUE
from rtcomplexity.metrics.course import NO_GROSS_TARGET
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.metrics.references import REFERENCES, citation
from rtcomplexity.metrics.scored import IMAGING, SCORED, manual_lateral_area_cm2
from rtcomplexity.model.case import Case, EvidenceLevel, ImageRole
from rtcomplexity.model.structure_set import Roi, StructureSet, TargetClass
from rtcomplexity.scoring.profile import load_profile, profile_ids
from rtcomplexity.settings import Settings
from rtcomplexity.testing import contour_stack, plane_positions, sphere
from unit.geometry.stacks import on_planes, square
from unit.metrics.contexts import context_of

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


def test_tolerances_are_shares_of_at_most_15_percent():
    stated = [each.tolerance for each in SCORED if each.tolerance is not None]
    assert all(0 < each <= 0.15 for each in stated)
    assert len(stated) >= 7


@pytest.mark.parametrize(("ratio", "scored_ratio"), [(2.5, 2.5), (0.4, 2.5), (1.0, 1.0), (0.0, None)])
def test_a_pet_volume_is_as_many_times_too_large_or_too_small(monkeypatch, ratio, scored_ratio):
    monkeypatch.setattr(scored, "_registered_pet", lambda _: "an image")
    monkeypatch.setattr(scored.pet, "gtv_volume_ratio", lambda *_: ratio)
    if scored_ratio is None:
        with pytest.raises(NotMeasurableError, match="empty"):
            scored.pet_gtv_volume_ratio(None)
    else:
        assert scored.pet_gtv_volume_ratio(None) == pytest.approx(scored_ratio)


@pytest.mark.parametrize("contrast", [-30.0, 30.0])
def test_the_contrast_of_a_border_is_a_magnitude(monkeypatch, contrast):
    monkeypatch.setattr(scored.intensity, "boundary_contrast", lambda _: contrast)
    shown = SimpleNamespace(on_images=SimpleNamespace(best=lambda _: SimpleNamespace(values="hu", reason="")))
    assert scored.ct_border_contrast_hu(shown) == 30
    for image, why in ((None, "no CT"), (SimpleNamespace(values=None, reason="it is broken"), "it is broken")):
        with pytest.raises(NotMeasurableError, match=why):
            scored.ct_border_contrast_hu(SimpleNamespace(on_images=SimpleNamespace(best=lambda _, one=image: one)))


def shown_pet(level, role=ImageRole.SECONDARY, values=None, reason="its own reason"):
    image_set = SimpleNamespace(level=level, role=role)
    return SimpleNamespace(modality="PT", values=values, reason=reason, tied=SimpleNamespace(image_set=image_set))


@pytest.mark.parametrize(
    ("pet", "why"),
    [
        (shown_pet(EvidenceLevel.REGISTERED), "its own reason"),
        (shown_pet(EvidenceLevel.PRESENT, ImageRole.PLANNING), "is the planning image itself"),
        (shown_pet(EvidenceLevel.SAME_FRAME), "no registration, contour or reference"),
        (shown_pet(EvidenceLevel.PRESENT), "nothing links a PET"),
    ],
)
def test_why_no_pet_is_scored(pet, why):
    images = SimpleNamespace(best=lambda _: pet, fused=(pet,))
    with pytest.raises(NotMeasurableError, match=why):
        scored._registered_pet(SimpleNamespace(on_images=images))


def test_a_registered_pet_is_scored_and_one_that_is_only_there_is_not():
    for level, is_scored in ((EvidenceLevel.REGISTERED, True), (EvidenceLevel.PRESENT, False)):
        pet = shown_pet(level, values="suv")
        images = SimpleNamespace(best=lambda _, pet=pet: pet, fused=(pet,))
        if is_scored:
            assert scored._registered_pet(SimpleNamespace(on_images=images)) == "suv"
        else:
            with pytest.raises(NotMeasurableError):
                scored._registered_pet(SimpleNamespace(on_images=images))
    with pytest.raises(NotMeasurableError, match="there is no PET"):
        scored._registered_pet(SimpleNamespace(on_images=SimpleNamespace(best=lambda _: None)))


def test_planes_with_several_parts_or_holes_are_shares_of_all_planes():
    topology = SimpleNamespace(plane_component_counts=np.array([1, 2, 3, 1]), plane_hole_counts=np.array([0, 1, 0, 0]))
    course = SimpleNamespace(target=SimpleNamespace(topology=topology, stack=SimpleNamespace(plane_count=4)))
    assert scored.planes_with_components(course) == 0.5
    assert scored.planes_with_holes(course) == 0.25


@pytest.mark.parametrize(("lean", "length_mm"), [(0.8, 23 * 0.6 + 10 * 0.8), (0.6, 23 * 0.8 + 10 * 0.6)])
def test_the_craniocaudal_length_is_along_the_patient_whatever_the_planes(lean, length_mm):
    """Squares of 10 mm on planes 4 mm apart, 20 mm in all, each slab 3 mm thick: 20 x cos + 3 x cos + 10 x sin."""
    normal = np.array([0.0, -lean, np.sqrt(1 - lean**2)])
    stack = SimpleNamespace(
        plane_of_vertex=np.repeat(np.arange(6), 4), points_mm=np.tile(square(10.0), (6, 1)),
        u_axis=np.array([1.0, 0, 0]), v_axis=np.cross(normal, [1.0, 0, 0]), normal=normal,
        positions_mm=4.0 * np.arange(6), slab_mm=np.full(6, 3.0),
    )  # fmt: skip
    target = SimpleNamespace(stack=stack, slab_mm=stack.slab_mm, axes=None)
    assert scored.craniocaudal_length_mm(SimpleNamespace(target=target)) == pytest.approx(length_mm)


def test_the_lateral_area_is_of_what_is_contoured_by_hand():
    """A square of 10 mm on three planes 3 mm apart: 40 mm x 9 mm."""
    by_hand = context_of(on_planes(*((z, square(10)) for z in (0, 3, 6))))
    assert manual_lateral_area_cm2(SimpleNamespace(contoured_by_hand=(by_hand,))) == pytest.approx(3.6)
    assert manual_lateral_area_cm2(SimpleNamespace(contoured_by_hand=())) == 0
