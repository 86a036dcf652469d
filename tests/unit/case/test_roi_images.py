"""Which images contours name, held against where their points lie."""

import numpy as np
import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.settings import Settings
from unit.dicom.datasets import contour, roi, save, slices, structure_set

POSITIONS = (0.0, 2.0, 4.0, 7.0)


def read(folder, named, *, lie=POSITIONS, image=slices, names=("GTV",)):
    """Read a set whose contours lie at positions and name the slices of these numbers; None names none."""
    made = image(POSITIONS)
    for number, dataset in enumerate(made):
        save(folder, f"{number}", dataset)
    uids = [None if k is None else made[k].SOPInstanceUID for k in named]
    rings = [contour(rf"0\0\{z}\9\0\{z}\0\9\{z}", image_uid=uid) for z, uid in zip(lie, uids, strict=True)]
    save(folder, "set", structure_set([roi(n, name, rings) for n, name in enumerate(names, start=1)]))
    return read_case(folder, settings=Settings())


def told(case):
    return [issue.text for issue in case.issues if issue.code == "contours-name-other-slices"]


def test_contours_that_name_another_slice_are_told_with_the_distance(tmp_path):
    (text,) = told(read(tmp_path, (1, 1, 3, 3), names=("GTV", "CTV")))
    assert text.startswith(
        "4 of 8 contours name an image of another slice, up to 3 mm from where the points lie (ROIs 1, 2)"
    )


@pytest.mark.parametrize("named", [(0, 1, 2, 3), (None, None, 2, None), (None, None, None, None)])
def test_contours_that_name_their_own_slice_or_none_are_not_told(tmp_path, named):
    assert told(read(tmp_path, named)) == []


def test_a_contour_between_two_slices_may_name_either(tmp_path):
    between = (1.0, 3.0, 5.5, 1.0)
    for name, named in (("lower", (0, 1, 2, 0)), ("upper", (1, 2, 3, 1))):
        (tmp_path / name).mkdir()
        assert told(read(tmp_path / name, named, lie=between)) == []


def test_contours_that_are_read_keep_their_images_in_order(tmp_path):
    case = read(tmp_path, (3, 2, 1, 0))
    (gtv,) = case.structure_set.rois
    place = {uid: k for k, uid in enumerate(case.planning_image.sop_instance_uids)}
    assert [place[uid] for uids in gtv.contour_image_uids for uid in uids] == [3, 2, 1, 0]
    assert gtv.image_uids == frozenset(place)
    assert np.allclose(gtv.contours.points_mm[gtv.contours.offsets[:-1], 2], POSITIONS)
