"""The graph of frames that registrations make: which of several counts, and the way through."""

import itertools

import numpy as np
import pytest

from rtcomplexity.case.registration_graph import find_path, rivals, series_space
from rtcomplexity.model.registration import DeformationField, FrameMapping, SpatialRegistration

CT, MR, PET = "1.1", "1.2", "1.3"


def registration(uid, source, registered=CT, *, written_at="", shift=0.0, series="", bends=False):
    matrix = np.eye(4)
    matrix[0, 3] = shift
    field = DeformationField(
        source_frame_uid=source,
        pre_matrix=np.eye(4),
        post_matrix=np.eye(4),
        grid_from_point=np.eye(4),
        vectors_mm=np.zeros((0, 0, 0, 3), np.float32),
    )
    mapping = FrameMapping(source_frame_uid=source, registered_from_source=matrix, source_series_uid=series)
    return SpatialRegistration(
        sop_instance_uid=uid,
        registered_frame_uid=registered,
        mappings=() if bends else (mapping,),
        deformations=(field,) if bends else (),
        is_deformable=bends,
        written_at=written_at,
    )


def uids(path):
    return [edge.registration.sop_instance_uid for edge in path]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_newest_of_the_same_frames_counts_in_either_direction(order):
    made = [
        registration("9.1", MR, written_at="20240105"),
        registration("9.2", CT, registered=MR, written_at="20240107"),
        registration("9.3", MR, written_at=""),
    ]
    given = [made[place] for place in order]
    assert uids(find_path(given, CT, MR)) == ["9.2"]
    assert uids(find_path(given, MR, CT)) == ["9.2"]
    (found,) = rivals(given)
    assert uids(found.edges) == ["9.2", "9.1", "9.3"]
    assert found.is_by_date


def test_a_newer_deformable_registration_replaces_an_older_rigid_one():
    given = [registration("9.1", MR, written_at="20240105"), registration("9.2", MR, written_at="20240106", bends=True)]
    (edge,) = find_path(given, CT, MR)
    assert edge.is_deformable


@pytest.mark.parametrize("date", ["", "20240105"])
def test_of_one_date_the_rigid_one_then_the_smallest_uid_counts(date):
    given = [registration(uid, MR, written_at=date, bends=bends) for uid, bends in (("9.1", True), ("9.3", False))]
    assert uids(find_path([*given, registration("9.2", MR, written_at=date)], CT, MR)) == ["9.2"]
    assert not rivals(given)[0].is_by_date


def test_a_replaced_registration_is_no_way_round():
    given = [
        registration("9.1", MR, written_at="2023"),
        registration("9.2", MR, written_at="2024", shift=5.0),
        registration("9.3", PET, registered=MR),
    ]
    assert uids(find_path(given, CT, PET)) == ["9.2", "9.3"]


def test_a_series_moved_within_its_frame_is_a_node_of_its_own():
    given = [registration("9.1", CT, series="1.7", shift=3.0)]
    assert uids(find_path(given, CT, series_space(CT, "1.7"))) == ["9.1"]
    assert find_path(given, CT, CT) == ()


def test_unstated_frames_have_no_way():
    assert find_path([registration("9.1", MR)], "", MR) is None
    assert find_path([registration("9.1", MR)], CT, PET) is None
