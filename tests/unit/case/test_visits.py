"""Visits to a scanner, not series, are counted."""

from dataclasses import replace
from pathlib import Path

import pytest

from rtcomplexity.case.visits import counted, fused, used_modalities, visits
from rtcomplexity.model.case import EvidenceLevel, ImageRole, ImageSet
from rtcomplexity.model.image import ImageSeries
from unit.fusion.images import grid


def image_set(modality, study="1", frame="1.1", phases=1, role=ImageRole.SECONDARY, level=EvidenceLevel.SAME_FRAME):
    series = tuple(
        ImageSeries(
            series_uid=f"{modality}.{phase}",
            study_uid=study,
            frame_of_reference_uid=frame,
            modality=modality,
            grid=grid(shape=(2, 3, 4)),
            sop_instance_uids=("a", "b"),
            paths=(Path("a"), Path("b")),
        )
        for phase in range(phases)
    )
    return ImageSet(series=series, role=role, level=level, shown_by="")


def planning(modality="CT", **changes):
    return image_set(modality, role=ImageRole.PLANNING, level=EvidenceLevel.REFERENCED, **changes)


def test_a_pet_and_its_ct_are_one():
    level = EvidenceLevel.REGISTERED
    sets = [
        planning(),
        image_set("CT", study="2", frame="1.2", level=level),
        image_set("PT", study="2", frame="1.2", level=level),
    ]
    assert [found.members for found in visits(sets)] == [(0,), (1, 2)]
    assert [found.members for found in counted(sets)] == [(0,), (1, 2)]
    assert [found.members for found in fused(sets)] == [(1, 2)]
    assert used_modalities(sets) == {"CT", "PT"}
    assert visits(sets)[1].words == "CT + PT, registered to the planning frame of reference"


def test_the_planning_ct_may_be_the_pets_own():
    (only,) = visits([planning(), image_set("PT")])
    assert only.level is EvidenceLevel.REFERENCED
    assert only.is_counted
    assert fused([planning(), image_set("PT")]) == ()
    assert used_modalities([planning(), image_set("PT")]) == {"CT"}


def test_the_planning_cts_own_pet_is_fused_where_the_set_references_it():
    (only,) = fused([planning(), image_set("PT", level=EvidenceLevel.REFERENCED)])
    assert only.members == (0, 1)


@pytest.mark.parametrize("difference", [{"study": "2"}, {"frame": "1.2"}, {"frame": ""}])
def test_a_pet_of_another_visit_stands_alone(difference):
    ct = image_set("CT", **{"frame": ""} if difference == {"frame": ""} else {})
    assert len(visits([ct, image_set("PT", **difference)])) == 2


@pytest.mark.parametrize("level", [EvidenceLevel.PRESENT, EvidenceLevel.SAME_FRAME])
def test_what_no_object_shows_to_have_been_used_does_not_count(level):
    sets = [planning(), image_set("MR", study="2", level=level)]
    assert [found.members for found in counted(sets)] == [(0,)]
    assert visits(sets)[1].words.endswith("; not counted")


def test_reconstructions_and_copies_of_one_visit_are_one():
    level = EvidenceLevel.REGISTERED
    pets = [image_set("PT", frame="1.2", level=level), image_set("PT", frame="1.2", level=level)]
    sets = [planning(), *pets, image_set("CT", frame="1.2", level=level), image_set("CT", frame="1.2", study="2")]
    assert [found.members for found in visits(sets)] == [(0,), (1, 2, 3, 4)]
    assert len(fused(sets)) == 1


def test_a_second_scan_of_the_planning_visit_is_no_fusion():
    (only,) = visits([planning(), image_set("CT", study="2", level=EvidenceLevel.REFERENCED)])
    assert (only.members, only.is_fused) == ((0, 1), False)


def test_what_has_no_frame_stands_alone():
    assert len(visits([image_set("MR", frame=""), image_set("MR", frame="")])) == 2


def test_sets_of_one_frame_and_different_patients_stand_alone():
    other = replace(image_set("MR").series[0], patient_key="another")
    assert len(visits([image_set("MR"), replace(image_set("MR"), series=(other,))])) == 2


def test_a_four_dimensional_ct_is_one_with_its_phases():
    (only,) = visits([image_set("CT", phases=10, level=EvidenceLevel.REGISTERED)])
    assert only.phases == 10
    assert only.words == "CT in 10 phases, registered to the planning frame of reference"


def test_the_phases_beside_an_average_of_them_are_no_second_visit():
    sets = [planning(), image_set("CT", phases=10, level=EvidenceLevel.REFERENCED), image_set("PT")]
    (only,) = visits(sets)
    assert (only.members, only.phases, only.modalities) == ((0, 1, 2), 10, ("CT", "PT"))
    assert fused(sets) == ()
    (fused_one,) = fused([*sets[:2], image_set("PT", level=EvidenceLevel.REGISTERED)])
    assert fused_one.members == (0, 1, 2)


@pytest.mark.parametrize("difference", [{"frame": "1.2"}, {"modality": "MR"}])
def test_phases_of_another_visit_stand_alone(difference):
    level = EvidenceLevel.REGISTERED
    four_d = image_set(**{"modality": "CT", "phases": 10, "level": level} | difference)
    assert [found.members for found in fused([planning(), four_d])] == [(1,)]


def test_what_is_no_image_set_is_listed_and_not_counted():
    derived = image_set("CT", role=ImageRole.NOT_COUNTED, level=EvidenceLevel.REFERENCED)
    sets = [planning(), derived, image_set("MR", level=EvidenceLevel.REGISTERED)]
    assert len(visits(sets)) == 3
    assert [found.members for found in counted(sets)] == [(0,), (2,)]
    assert visits(sets)[1].words.endswith("; not counted")


def test_a_derived_series_is_no_pets_ct():
    sets = [image_set("CT", role=ImageRole.NOT_COUNTED), image_set("PT")]
    assert [found.members for found in visits(sets)] == [(0,), (1,)]


def test_no_images_are_no_visits():
    assert visits([]) == ()
    assert counted([]) == ()
