from pathlib import Path

import pytest

from rtcomplexity.compare.comparison import compare
from rtcomplexity.testing import edited_sets

SHIPPED = Path(__file__).parents[3] / "sample_data" / "auto_vs_final"


def test_the_module_still_writes_the_shipped_bytes(tmp_path):
    for written in edited_sets.write(tmp_path):
        assert written.read_bytes() == (SHIPPED / written.name).read_bytes()


@pytest.fixture(scope="module")
def edits():
    found = compare(SHIPPED / "auto.dcm", SHIPPED / "final.dcm", tolerance_mm=1.0)
    return {
        each.match.first.roi.name: {key: value.value for key, value in each.values.items()} for each in found.compared
    }


def test_what_was_edited_is_found(edits):
    gtv = edits["GTV"]
    assert (gtv["compare.planes_gone"], gtv["compare.planes_new"]) == (1, 0)
    assert gtv["compare.planes_edited"] == 4
    assert gtv["compare.bias_left"] > 0.5
    assert gtv["compare.bias_right"] == pytest.approx(0, abs=0.1)


def test_planes_drawn_in_by_4_mm_lose_their_rim(edits):
    """Three planes, at z = 24, 27 and 30: area pi (2 r d - d**2) each, times 3 mm."""
    rim = sum(3.14159265 * (2 * (1600 - z**2) ** 0.5 * 4 - 16) * 3 for z in (24, 27, 30)) / 1000
    heart = edits["Heart"]
    assert heart["compare.removed_volume"] == pytest.approx(rim, rel=2e-3)
    assert heart["compare.added_volume"] == pytest.approx(0, abs=1e-4)
    assert heart["compare.planes_edited"] == 3


def test_what_was_not_edited_differs_nowhere(edits):
    assert edits["Esophagus"]["compare.dice"] == 1
    assert edits["Esophagus"]["compare.added_path_length"] == 0
