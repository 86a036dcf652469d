"""What is derived from a case is derived once: the planes of each ROI, the pixels of each file."""

import sys
from collections import Counter

import pytest

from rtcomplexity.case.reader import read_case
from rtcomplexity.evidence.package import pictures_of
from rtcomplexity.metrics import context as contexts
from rtcomplexity.metrics.masks import masks
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.settings import Settings
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.plans import sample_plan
from rtcomplexity.usecases.analyze import analyze

OPENED = Counter()
WATCHED = []


def watch(event, arguments):
    if event == "open" and WATCHED and str(arguments[0]).startswith(WATCHED[0]):
        OPENED[str(arguments[0])] += 1


sys.addaudithook(watch)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    write_plan(folder, sample_plan("pet_ct_nsclc"))
    return folder


def test_a_whole_run_stacks_each_roi_once_and_reads_each_files_pixels_once(folder, monkeypatch):
    """Headers for the index, then pixels. Before both, the first bytes tell archives; a PET's SUV has its own look."""
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
    assert max(count for path, count in OPENED.items() if "/pt/" not in path) <= 3
    assert max(OPENED.values()) <= 4


def test_a_context_shares_planes_with_the_next_but_not_its_masks(folder):
    measured = MeasuredCase(case=read_case(folder, settings=Settings()), settings=Settings())
    roi = measured.case.structure_set.rois[0]
    first, second = measured.context(roi), measured.context(roi)
    assert first.stack is second.stack
    assert first.runs is not second.runs
    assert measured.images is measured.images
    assert measured.grids.of(roi) is first.grid
