"""What does not fit between the sides of a comparison, or was not read of one, and does not prevent it."""

from rtcomplexity.compare.mismatches import mismatches
from rtcomplexity.compare.sides import read_side
from rtcomplexity.settings import Settings
from unit.dicom.datasets import contour, roi, save, structure_set

RINGS = tuple(rf"0\0\{z}\9\0\{z}\9\6\{z}" for z in (0, 2, 4))


def side(folder, **sets):
    """A side of structure sets by name, each a list of contours."""
    for number, (name, contours) in enumerate(sets.items(), start=1):
        drawn = structure_set([roi(3, "GTV", contours)], f"1.5.{number}", PatientID="SYNTHETIC-1")
        save(folder, name, drawn)
    return read_side(str(folder), settings=Settings())


def rings(*others):
    return [*(contour(data) for data in RINGS), *others]


def told(*sides):
    return {issue.code: issue.text for issue in mismatches(sides)}


def test_the_set_that_was_taken_of_several_is_a_warning_with_the_reason(tmp_path):
    one, several = side(tmp_path / "a", only=rings()), side(tmp_path / "b", first=rings(), second=rings()[:2])
    text = told(one, several)["compared-one-of-several"]
    assert text.startswith(
        "Side 2 holds 2 structure sets; one was compared because it alone of 2 structure sets has the"
    )


def test_sides_of_one_set_each_are_not_told(tmp_path):
    one, other = side(tmp_path / "a", only=rings()), side(tmp_path / "b", only=rings()[:2])
    assert told(one, other) == {}


def test_contours_that_were_not_read_are_told_with_side_and_roi(tmp_path):
    broken = contour(r"0\0\6\9\0\6\9\six\6", stated=None)
    open_ = contour(RINGS[0], kind="OPEN_PLANAR")
    whole, cut = side(tmp_path / "a", only=rings()), side(tmp_path / "b", only=rings(broken, open_))
    texts = sorted(issue.text for issue in mismatches([whole, cut]) if issue.code == "compared-contours-unread")
    assert len(texts) == 2
    assert texts[0].startswith("Side 2, ROI 3: 1 of 4 contours of this target are open lines")
    assert texts[1].startswith("Side 2, ROI 3: 1 of 5 contours excluded; cause: ")
