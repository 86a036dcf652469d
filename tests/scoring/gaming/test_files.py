"""Whole files copied or deleted, read as a user's folder is."""

import shutil
from collections import defaultdict

import pydicom
import pytest
from pydicom.uid import generate_uid

from rtcomplexity.case.reader import read_case
from scoring.gaming import plans
from sweep import sweep

PLANS = ("routine_sbrt", "pet_ct_nsclc", "complex_central")
IMAGES = {"CT", "PT", "MR"}


def outcome(folder):
    case = read_case(folder, settings=plans.SETTINGS, structure_set_uid=None, aliases={}, progress=None)
    return plans.outcome(case)


def files_by_series(folder):
    """Paths by (series, modality)."""
    series = defaultdict(list)
    for path in sorted(folder.rglob("*.dcm")):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        series[header.SeriesInstanceUID, header.Modality].append(path)
    return series


@pytest.mark.parametrize("name", sweep(PLANS, ordinary=2))  # of the third, as values, in test_images.py
def test_deleting_any_series_or_object_supports_nothing(tmp_path, name):
    whole = plans.SAMPLES / name
    assert outcome(whole).verdict.value != "supports"
    for n, ((_, modality), paths) in enumerate(files_by_series(whole).items()):
        if modality == "RTSTRUCT":
            continue  # nothing would be left to assess
        part = shutil.copytree(whole, tmp_path / str(n))
        for path in paths:
            (part / path.relative_to(whole)).unlink()
        assert outcome(part).verdict.value != "supports", modality


def with_image_series_twice(plan, folder):
    """Copy a plan, and each of its image series once more under other UIDs."""
    twice = shutil.copytree(plan, folder)
    for (_, modality), paths in files_by_series(twice).items():
        if modality not in IMAGES:
            continue
        uid = generate_uid()
        for path in paths:
            dataset = pydicom.dcmread(path)
            dataset.SeriesInstanceUID = uid
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
            dataset.save_as(path.with_name(f"copy-{path.name}"))
    assert any(twice.rglob("copy-*"))
    return twice


@pytest.mark.parametrize("name", sweep(PLANS))
def test_a_series_that_is_there_twice_changes_nothing(tmp_path, name):
    before, after = (
        outcome(plans.SAMPLES / name),
        outcome(with_image_series_twice(plans.SAMPLES / name, tmp_path / "p")),
    )
    assert after.score == before.score
    assert after.verdict.value == before.verdict.value


@pytest.mark.exhaustive
@pytest.mark.real_data
@pytest.mark.parametrize("plan", ["lung1_001", "sts/STS_001"])
def test_a_real_series_that_is_there_twice_changes_nothing(real_data, tmp_path, plan):
    before, after = outcome(real_data / plan), outcome(with_image_series_twice(real_data / plan, tmp_path / "p"))
    assert after.score == before.score
    assert after.verdict.value == before.verdict.value


@pytest.mark.parametrize("name", sweep(PLANS))
def test_a_second_copy_of_every_file_changes_nothing(tmp_path, name):
    twice = shutil.copytree(plans.SAMPLES / name, tmp_path / name)
    shutil.copytree(plans.SAMPLES / name, twice / "again")
    assert outcome(twice).score == outcome(plans.SAMPLES / name).score
