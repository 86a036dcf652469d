"""What is derived from a case is derived once: the planes of each ROI, the pixels of each file."""

import shutil
import sys
from collections import Counter

import pytest

from measured_once import SAMPLES
from rtcomplexity.case.reader import read_case
from rtcomplexity.evidence.package import pictures_of
from rtcomplexity.metrics import context as contexts
from rtcomplexity.metrics.masks import masks
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.settings import Settings
from rtcomplexity.sources.member import Member
from rtcomplexity.usecases.analyze import analyze
from sweep import sweep

OPENED = Counter()
WATCHED = []


def watch(event, arguments):
    if event == "open" and WATCHED and str(arguments[0]).startswith(WATCHED[0]):
        OPENED[str(arguments[0])] += 1


sys.addaudithook(watch)


@pytest.fixture(scope="module")
def folder():
    return SAMPLES / "pet_ct_nsclc"


def test_a_whole_run_stacks_each_roi_once_and_reads_each_files_pixels_once(folder, monkeypatch):
    """Headers for the index, then pixels."""
    stacked, stack = Counter(), contexts.stack_contours

    def counted(contours, **told):
        stacked[id(contours)] += 1
        return stack(contours, **told)

    monkeypatch.setattr(contexts, "stack_contours", counted)
    monkeypatch.setattr(sys.modules[__name__], "WATCHED", [str(folder)])
    OPENED.clear()
    assessment = analyze(folder, settings=Settings())
    assert pictures_of(assessment.measured, assessment.record).files
    assert list(masks(assessment.measured))
    assert len(stacked) == len(assessment.case.structure_set.rois)
    assert set(stacked.values()) == {1}
    assert len(OPENED) > 40
    assert max(OPENED.values()) == 2


@pytest.mark.parametrize("key", sweep(["routine_sbrt", "pet_ct_nsclc"]))
def test_a_plan_in_an_archive_is_read_at_most_twice(key, tmp_path, monkeypatch):
    """The archive to know it and to keep it open; each member to index it, and for its pixels or contours."""
    archive = shutil.make_archive(str(tmp_path / "shelf" / "packed"), "zip", SAMPLES / key)
    unpacked, read = Counter(), Member.read_bytes

    def counted(member):
        unpacked[member.number] += 1
        return read(member)

    monkeypatch.setattr(Member, "read_bytes", counted)
    monkeypatch.setattr(sys.modules[__name__], "WATCHED", [archive])
    OPENED.clear()
    assessment = analyze(tmp_path / "shelf", settings=Settings())
    assert pictures_of(assessment.measured, assessment.record).files
    assert {archive: 2} == OPENED
    assert len(unpacked) > 10
    assert max(unpacked.values()) == 2


def test_a_context_shares_planes_with_the_next_but_not_its_masks(folder):
    measured = MeasuredCase(case=read_case(folder, settings=Settings()), settings=Settings())
    roi = measured.case.structure_set.rois[0]
    first, second = measured.context(roi), measured.context(roi)
    assert first.stack is second.stack
    assert first.runs is not second.runs
    assert measured.images is measured.images
    assert measured.grids.of(roi) is first.grid
