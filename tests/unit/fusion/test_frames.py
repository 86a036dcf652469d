"""From frame to frame: each object in its own direction, inverted and chained where needed."""

import dataclasses
import itertools

import numpy as np
import pytest

from rtcomplexity.fusion.frames import deformation_back, find_point_map, registration_issues
from rtcomplexity.model.registration import DeformationField, FrameMapping, SpatialRegistration
from unit.fusion.images import rigid

CT, MR, PET, ATLAS = "1.1", "1.2", "1.3", "1.4"
POINTS = np.array([[0.0, 0, 0], [10, -20, 30], [-55, 5, 81]])
A = rigid([1, 2, 3], 25, [4, -5, 6])
B = rigid([3, -1, 1], -40, [-11, 2, 7])


def moved(matrix, points_mm=POINTS):
    return points_mm @ matrix[:3, :3].T + matrix[:3, 3]


def registration(registered, uid="9.1", **sources):
    mappings = tuple(
        FrameMapping(source_frame_uid=frame, registered_from_source=matrix) for frame, matrix in sources.values()
    )
    return SpatialRegistration(sop_instance_uid=uid, registered_frame_uid=registered, mappings=mappings)


def test_one_frame_needs_no_registration():
    same = find_point_map([], CT, CT)
    assert same.links == 0
    np.testing.assert_array_equal(same(POINTS), POINTS)


@pytest.mark.parametrize(("start", "end"), [("", CT), (CT, ""), ("", ""), (CT, MR)])
def test_frames_that_nothing_ties_have_no_map(start, end):
    assert find_point_map([registration(CT, a=(PET, A))], start, end) is None


def test_a_source_is_mapped_as_written_and_the_registered_frame_by_the_inverse():
    registrations = [registration(CT, a=(MR, A))]
    np.testing.assert_allclose(find_point_map(registrations, MR, CT)(POINTS), moved(A), atol=1e-12)
    np.testing.assert_allclose(find_point_map(registrations, CT, MR)(moved(A)), POINTS, atol=1e-12)
    assert not np.allclose(find_point_map(registrations, CT, MR)(POINTS), moved(A))


def test_two_sources_of_a_third_frame_are_tied_by_inverse_of_one_times_the_other():
    ct_from_mr = find_point_map([registration(ATLAS, a=(MR, A), b=(CT, B))], MR, CT)
    np.testing.assert_allclose(ct_from_mr(POINTS), moved(np.linalg.inv(B) @ A), atol=1e-12)
    assert ct_from_mr.links == 2
    assert ct_from_mr.registration_uids == ("9.1", "9.1")


def test_a_chain_of_objects_is_followed():
    registrations = [registration(CT, "9.1", a=(MR, A)), registration(MR, "9.2", a=(PET, B))]
    ct_from_pet = find_point_map(registrations, PET, CT)
    np.testing.assert_allclose(ct_from_pet(POINTS), moved(A @ B), atol=1e-12)
    assert ct_from_pet.registration_uids == ("9.2", "9.1")


def test_the_shortest_chain_wins_and_order_does_not_matter():
    registrations = [
        registration(CT, "9.3", a=(MR, A)),
        registration(MR, "9.1", a=(PET, B)),
        registration(CT, "9.5", a=(PET, A)),
        registration(CT, "9.4", a=(PET, B)),
    ]
    for order in itertools.permutations(registrations):
        assert find_point_map(order, PET, CT).registration_uids == ("9.4",)


def deformation(vectors_mm, *, pre=None, post=None, source=PET, origin=(-100, -100, -100), step=(50.0, 40.0, 20.0)):
    grid_from_point = np.linalg.inv(np.array([[step[0], 0, 0, origin[0]], [0, step[1], 0, origin[1]],
                                              [0, 0, step[2], origin[2]], [0, 0, 0, 1]]))  # fmt: skip
    return DeformationField(
        source_frame_uid=source,
        pre_matrix=np.eye(4) if pre is None else pre,
        post_matrix=np.eye(4) if post is None else post,
        grid_from_point=grid_from_point,
        vectors_mm=vectors_mm,
    )


def deformable(field, uid="9.9"):
    return SpatialRegistration(
        sop_instance_uid=uid, registered_frame_uid=CT, mappings=(), is_deformable=True, deformations=(field,)
    )


def linear_field(shape=(11, 6, 5)):
    """A displacement that is linear in the grid's own points, so that interpolation is exact."""
    k, j, i = np.meshgrid(*map(np.arange, shape), indexing="ij")
    x, y, z = -100 + 50 * i, -100 + 40 * j, -100 + 20 * k
    return np.stack([0.1 * x + 0.05 * z, -0.08 * y, 0.02 * x + 3], axis=-1)


def stretched(points_mm):
    x, y, z = points_mm.T
    return points_mm + np.column_stack([0.1 * x + 0.05 * z, -0.08 * y, 0.02 * x + 3])


def test_a_deformation_maps_the_registered_frame_into_the_source():
    registrations = [deformable(deformation(linear_field()))]
    pet_from_ct = find_point_map(registrations, CT, PET)
    assert pet_from_ct.is_deformable
    np.testing.assert_allclose(pet_from_ct(POINTS), stretched(POINTS), atol=1e-4)
    assert not np.allclose(find_point_map(registrations, PET, CT)(POINTS), stretched(POINTS), atol=1)


def test_a_deformation_is_inverted_against_its_direction():
    registrations = [deformable(deformation(linear_field(), pre=A, post=B))]
    there = find_point_map(registrations, CT, PET)(POINTS / 4)
    np.testing.assert_allclose(find_point_map(registrations, PET, CT)(there), POINTS / 4, atol=1e-3)


def test_the_vector_of_the_registered_point_is_added_between_pre_and_post_matrix():
    """PS3.3 C.20.3.1.1: source = post (pre x + v(x)), the grid lies in the registered frame."""
    points = POINTS / 4
    pet_from_ct = find_point_map([deformable(deformation(linear_field(), pre=A, post=B))], CT, PET)
    np.testing.assert_allclose(pet_from_ct(points), moved(B, moved(A, points) + stretched(points) - points), atol=1e-4)


def test_outside_the_grid_and_beside_undefined_vectors_nothing_is_mapped():
    vectors = linear_field()
    vectors[0, 0, 0] = np.nan
    pet_from_ct = find_point_map([deformable(deformation(vectors))], CT, PET)
    points = np.array([[500.0, 0, 0], [-90, -90, -90], [0, 0, 0], [-50, -100, -100]])
    np.testing.assert_array_equal(np.isnan(pet_from_ct(points)).any(axis=1), [True, True, False, False])


def test_a_deformation_without_a_grid_is_its_matrices():
    field = deformation(np.empty((0, 0, 0, 3)), pre=A, post=B)
    np.testing.assert_allclose(find_point_map([deformable(field)], CT, PET)(POINTS), moved(B @ A), atol=1e-9)


def test_a_field_that_folds_has_no_way_back():
    vectors = linear_field() * 20
    back = find_point_map([deformable(deformation(vectors))], PET, CT)
    assert np.isnan(back(POINTS + 40)).any()


def test_a_rigid_registration_is_preferred_to_a_deformable_one_of_the_same_frames():
    registrations = [deformable(deformation(linear_field()), uid="9.0"), registration(CT, "9.5", a=(PET, A))]
    assert not find_point_map(registrations, CT, PET).is_deformable


def test_an_object_written_the_wrong_way_round_disagrees_with_its_twin():
    twins = [registration(CT, "9.1", a=(MR, A)), registration(MR, "9.2", a=(CT, np.linalg.inv(A)))]
    assert registration_issues(twins) == ()
    wrong = [twins[0], registration(MR, "9.2", a=(CT, A))]
    assert [issue.code for issue in registration_issues(wrong)] == ["registrations-disagree"]


def test_a_newer_registration_that_differs_is_used_and_the_older_one_named():
    older = dataclasses.replace(registration(CT, "9.1", a=(MR, A)), written_at="20240105")
    newer = dataclasses.replace(registration(CT, "9.2", a=(MR, B)), written_at="20240106")
    np.testing.assert_allclose(find_point_map([older, newer], MR, CT)(POINTS), moved(B), atol=1e-12)
    (issue,) = registration_issues([older, newer])
    assert issue.code == "registrations-disagree"
    assert "the newest (9.2) is used, not 9.1" in issue.text


def test_a_newer_registration_that_agrees_is_named_too():
    older, newer = (
        dataclasses.replace(registration(CT, f"9.{n}", a=(MR, A)), written_at=f"2024010{n}") for n in (1, 2)
    )
    (issue,) = registration_issues([older, newer])
    assert issue.code == "registration-replaced"


def there_and_back(shift_back):
    """Two deformations of CT and PET by constant vectors, stored in opposite ways."""
    there = np.tile(np.array([3.0, 0.0, -2.0], np.float32), (11, 6, 5, 1))
    back = np.tile(np.array(shift_back, np.float32), (11, 6, 5, 1))
    return [
        deformable(deformation(there), uid="9.1"),
        dataclasses.replace(deformable(deformation(back, source=CT), uid="9.2"), registered_frame_uid=PET),
    ]


@pytest.mark.parametrize("uids", [("9.1", "9.2"), ("9.2", "9.1")])
def test_the_deformation_stored_the_other_way_leads_back_whichever_is_in_force(uids):
    first, second = there_and_back([-3.0, 1.0, 2.0])
    pair = [dataclasses.replace(one, sop_instance_uid=uid) for one, uid in zip((first, second), uids, strict=True)]
    points = POINTS[:2]
    returned = deformation_back(pair, CT, PET)(find_point_map(pair, CT, PET)(points))
    np.testing.assert_allclose(np.abs(returned - points), np.tile([0.0, 1.0, 0.0], (2, 1)), atol=1e-4)


def test_one_deformation_or_two_stored_alike_lead_nowhere_back():
    first, second = there_and_back([-3.0, 0.0, 2.0])
    assert deformation_back([first], CT, PET) is None
    assert deformation_back([first, dataclasses.replace(first, sop_instance_uid="9.3")], CT, PET) is None
    assert deformation_back([second, registration(CT, "9.3", a=(PET, A))], CT, PET) is None
