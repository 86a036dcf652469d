"""Ties that are read without pydicom are those that are read with it, or are left to it."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian

from hostile import plans
from patience import HANG_S
from rtcomplexity.dicom.linkage import read_links
from rtcomplexity.dicom.parsing import USUAL_HEADER_BYTES
from rtcomplexity.dicom.ties import Ties, read_ties
from rtcomplexity.errors import InputDataError
from rtcomplexity.settings import Settings
from rtcomplexity.testing.sample_plans import SAMPLE_NAMES
from unit.dicom.datasets import CT, contour, new, roi, structure_set, to_bytes
from unit.dicom.test_little_endian import implicit, undefined_lengths
from unit.dicom.test_mutations import mutated

NAMES = ("sop_instance_uid", "study_uid", "series_uid", "frame_uids", "referenced_uids")


def by_pydicom(path, data):
    path.write_bytes(data)
    links = read_links(path, settings=Settings(), hashed=False)
    return None if links is None else Ties(**{name: getattr(links, name) for name in NAMES})


@pytest.mark.parametrize("change", [bytes, implicit, undefined_lengths, lambda data: undefined_lengths(implicit(data))])
@pytest.mark.parametrize("key", SAMPLE_NAMES)
def test_the_files_of_a_plan_have_the_same_ties(request, key, change, tmp_path):
    plan = request.config.rootpath / "sample_data" / key
    by_folder = {path.parent: path for path in sorted(plan.rglob("*.dcm"))}
    contents = [change(path.read_bytes()) for path in by_folder.values()]
    found = [read_ties(data) for data in contents]
    assert found == [by_pydicom(tmp_path / "one", data) for data in contents]
    assert any(each.referenced_uids for each in found)
    assert all(each.frame_uids for each in found)


@pytest.mark.real_data
@pytest.mark.parametrize("folder", ["lung1_001", "structure_sets", "malformed"])
def test_real_files_have_the_same_ties(real_data, folder, tmp_path):
    read = 0
    for path in Path(real_data, folder).rglob("*"):
        if path.is_file() and (found := read_ties(path.read_bytes())) is not None:
            try:
                assert found == by_pydicom(tmp_path / "one", path.read_bytes())
            except InputDataError:
                continue  # what comes after the ties is broken
            read += 1
    assert read >= 3


def test_the_front_of_an_image_is_enough():
    data = plans.good_files()["ct/ct_006.dcm"]
    large = data + bytes(2 * USUAL_HEADER_BYTES)
    assert isinstance(read_ties(data), Ties)
    assert read_ties(large[:USUAL_HEADER_BYTES]) == read_ties(data)


UNUSUAL = {
    "big endian": to_bytes(new(CT, "1.2.3"), ExplicitVRBigEndian),
    "deflated": to_bytes(new(CT, "1.2.3"), DeflatedExplicitVRLittleEndian),
    "no prefix": to_bytes(new(CT, "1.2.3"), bare=True),
    "no series": to_bytes(new(CT, "1.2.3", SeriesInstanceUID="")),
    "nothing": b"",
}


@pytest.mark.parametrize("what", UNUSUAL)
def test_what_is_unusual_is_left_to_pydicom(what):
    assert read_ties(UNUSUAL[what]) is None


@pytest.mark.parametrize("change", [bytes, implicit, undefined_lengths, lambda data: undefined_lengths(implicit(data))])
def test_no_change_of_bytes_gives_ties_that_pydicom_reads_otherwise(change, tmp_path):
    data = change(to_bytes(structure_set([roi(1, "GTV", [contour()]), roi(2, "PTV", [contour()])], series="1.7")))
    chance, compared = random.Random(3), 0
    for _ in range(150):
        spoiled = mutated(data, chance)
        if (found := read_ties(spoiled)) is not None:
            try:
                assert found == by_pydicom(tmp_path / "one", spoiled)
            except InputDataError:
                continue  # what comes after the ties is broken
            compared += 1
    assert compared > 10


def test_a_usual_file_is_fetched_without_pydicom(tmp_path):
    """Its import would double the memory that fetching takes."""
    (tmp_path / "1.dcm").write_bytes(plans.good_files()[plans.SET])
    code = (
        "import sys; from pathlib import Path; import rtcomplexity.archive.dicomweb, rtcomplexity.archive.fetching; "
        "from rtcomplexity.archive.shelf import Shelf; from rtcomplexity.settings import Settings; "
        "assert Shelf(Path(sys.argv[1]), Settings()).links(Path(sys.argv[1], '1.dcm')).referenced_uids; "
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=HANG_S).stdout.split()
    assert "rtcomplexity.dicom.ties" in told
    assert not {"pydicom", "numpy"} & set(told)
