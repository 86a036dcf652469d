"""What ``observers --out`` leaves: agreement, matrix, and the plane where readers differ most."""

import csv
import json
import re

import numpy as np
import pytest

from rtcomplexity.cli.app import run
from rtcomplexity.compare.observers import observe
from rtcomplexity.compare.reader_pictures import worst_plane
from rtcomplexity.testing import contours_of
from rtcomplexity.testing.description import PlanDescription, RoiDescription, StructureSetDescription, SyntheticPatient
from rtcomplexity.testing.dicom_writer import write_plan

PLANES_MM = 3.0 * np.arange(8)
PATIENT = SyntheticPatient(patient_id="SYNTHETIC-0008")
BULGE_PLANE = 4


def reader(key, bulge_mm):
    """A cylinder of 20 mm radius, moved out to the left on one plane."""
    angles = 2 * np.pi * np.arange(90) / 90
    polygons = []
    for place, z in enumerate(PLANES_MM):
        disc = 20.0 * np.column_stack([np.cos(angles), np.sin(angles)])
        disc[:, 0] += (bulge_mm if place == BULGE_PLANE else 0.0) * np.maximum(np.cos(angles), 0)
        polygons.append(np.column_stack([disc, np.full(90, z)]))
    roi = RoiDescription(number=1, name="GTV Doe", contours=contours_of(polygons), interpreted_type="GTV")
    return StructureSetDescription(key=key, image_key=None, rois=(roi,))


@pytest.fixture(scope="module")
def readers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readers")
    sets = (reader("a", 0.0), reader("b", 0.0), reader("c", 12.0))
    write_plan(folder, PlanDescription(key="readers", patient=PATIENT, images=(), structure_sets=sets))
    return folder


def test_the_plane_where_readers_differ_most_is_drawn_with_every_outline(readers):
    found = observe(sorted(map(str, readers.iterdir())), tolerance_mm=2.0)
    picture = worst_plane(found.rois[0], ["reader 1", "reader 2", "reader 3"])
    position = float(re.search(r"Plane at (-?[\d.]+) mm", picture.text)[1])
    assert position == pytest.approx(PLANES_MM[BULGE_PLANE], abs=3.0)
    assert picture.svg.count("<title>reader") == 3


def test_readers_who_agree_have_no_such_plane(readers):
    same = [str(readers / "a.dcm"), str(readers / "b.dcm")]
    assert worst_plane(observe(same, tolerance_mm=2.0).rois[0], ["reader 1", "reader 2"]) is None


def test_out_leaves_a_de_identified_page_table_and_document(readers, tmp_path):
    assert run(["observers", str(readers), "--out", str(tmp_path)]) == 0
    tree = json.loads((tmp_path / "observers.json").read_text())
    page = (tmp_path / "observers.html").read_text()
    assert tree["privacy"] == "de-identified"
    assert [roi["name"] for roi in tree["rois"]] == ["GTV 1"]
    assert "GTV 1" in page
    assert "<svg" in page
    assert "Dice of each two" in page
    with (tmp_path / "observers.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    mean_dice = next(row for row in rows if row["metric"] == "agreement.mean_dice")
    assert float(mean_dice["value"]) == tree["rois"][0]["metrics"]["agreement.mean_dice"]["value"]
    assert "Doe" not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_names_stand_there_where_they_are_asked_for(readers, tmp_path):
    sides = [str(readers / f"{key}.dcm") for key in "abc"]
    assert run(["compare", *sides, "--out", str(tmp_path), "--identified"]) == 0
    assert "GTV Doe" in (tmp_path / "observers.html").read_text()


def test_limits_for_more_than_two_sides_are_refused(readers, tmp_path, capsys):
    limits = tmp_path / "limits.csv"
    limits.write_text("metric,at_least,at_most\ncompare.dice,0.9,\n")
    sides = [str(readers / f"{key}.dcm") for key in "abc"]
    assert run(["compare", *sides, "--fail-at", str(limits)]) == 2
    assert "two sides" in capsys.readouterr().err
