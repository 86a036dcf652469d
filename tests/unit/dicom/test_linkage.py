"""Ties that one file states."""

import io
from collections import Counter

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from rtcomplexity.dicom.headers import FileKind
from rtcomplexity.dicom.linkage import read_links
from rtcomplexity.settings import Settings
from rtcomplexity.testing import write_plan
from unit.batch.small_plans import small_plan


def test_a_set_names_the_frames_that_it_relates_in_the_retired_way(tmp_path):
    write_plan(tmp_path, small_plan(1))
    (path,) = tmp_path.rglob("rs.dcm")
    written = dcmread(path)
    relationship = Dataset()
    relationship.RelatedFrameOfReferenceUID = "1.2.3.4"
    (frame,) = written.ReferencedFrameOfReferenceSequence
    frame.FrameOfReferenceRelationshipSequence = [relationship]
    before = read_links(path, settings=Settings(), hashed=False).frame_uids
    written.save_as(path)
    assert set(read_links(path, settings=Settings(), hashed=False).frame_uids) == {*before, "1.2.3.4"}


def test_a_set_whose_contours_are_broken_still_names_its_series(tmp_path):
    write_plan(tmp_path, small_plan(1))
    (path,) = tmp_path.rglob("rs.dcm")
    whole = read_links(path, settings=Settings(), hashed=False)
    assert whole.referenced_uids
    data = path.read_bytes()
    place = data.index(b"\x06\x30\x39\x00SQ")  # ROI Contour Sequence: what no tie stands behind
    path.write_bytes(data[:place] + b"\x06\x30\x39\x00SQ\0\0" + b"\xff" * 400)
    assert read_links(path, settings=Settings(), hashed=False).referenced_uids == whole.referenced_uids


@pytest.mark.parametrize("hashed", [False, True])
def test_a_file_is_opened_once_for_all_its_ties(tmp_path, monkeypatch, hashed):
    write_plan(tmp_path, small_plan(1))
    paths = [path for path in tmp_path.rglob("*") if path.is_file()]
    opened, open_ = Counter(), io.open

    def counted(file, *rest, **named):
        opened[str(file)] += 1
        return open_(file, *rest, **named)

    monkeypatch.setattr(io, "open", counted)
    links = [read_links(path, settings=Settings(), hashed=hashed) for path in paths]
    assert {each.kind for each in links} > {FileKind.STRUCTURE_SET, FileKind.IMAGE}
    assert opened == dict.fromkeys(map(str, paths), 1)
