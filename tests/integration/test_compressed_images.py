"""Compressed transfer syntaxes through the whole of `analyze`: what a lossless codec keeps, every metric keeps."""

import shutil

import pytest
from pydicom import dcmread
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from rtcomplexity import analyze
from sweep import sweep

pytestmark = pytest.mark.usefixtures("measured_once", "steady")


LOSSLESS = (DeflatedExplicitVRLittleEndian, RLELossless, JPEGLSLossless, JPEG2000Lossless)
MIXED = (*LOSSLESS, ImplicitVRLittleEndian)
IMAGE_FAMILIES = ("ct.", "pet.", "mr.", "registration.")
STEPS = 2
"""Stored values by which a near-lossless pixel may be off."""


@pytest.fixture(scope="module")
def plan(request):
    return request.config.rootpath / "sample_data" / "complex_central"


@pytest.fixture(scope="module")
def plain(measured_once, plan):
    return analyze(plan).record


def copied(plan, folder):
    shutil.copytree(plan, folder, dirs_exist_ok=True)
    return [path for path in sorted(folder.rglob("*.dcm")) if "PixelData" in dcmread(path, specific_tags=["PixelData"])]


def encode(path, syntax, **options):
    dataset = dcmread(path)
    if syntax in {JPEGLSLossless, JPEGLSNearLossless}:
        assert dataset.pixel_array.min() >= 0
        dataset.PixelRepresentation = 0  # the encoder of the test, not the decoder, refuses signed values
    if syntax.is_encapsulated:
        dataset.compress(syntax, generate_instance_uid=False, **options)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, implicit_vr=syntax.is_implicit_VR, little_endian=syntax.is_little_endian)
    assert dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID == syntax


def image_values(record):
    return {
        (roi.number, key): each
        for roi in record.rois
        for key, each in roi.metrics.items()
        if key.startswith(IMAGE_FAMILIES)
    }


def assert_same(found, plain):
    """Every image metric, what is scored, the verdict and the issues."""
    assert image_values(found) == image_values(plain)
    assert {key.partition(".")[0] for _, key in image_values(found)} == {"ct", "pet", "mr", "registration"}
    assert all(image_set.sampled_on for image_set in found.image_sets)
    assert found.gross_target.metrics == plain.gross_target.metrics
    assert found.verdict.value == plain.verdict.value
    assert {issue.code for issue in found.issues} == {issue.code for issue in plain.issues}


@pytest.mark.exhaustive
@pytest.mark.parametrize("syntax", LOSSLESS, ids=lambda syntax: syntax.keyword)
def test_a_lossless_transfer_syntax_changes_no_image_metric(plan, plain, tmp_path, syntax):
    for path in copied(plan, tmp_path):
        encode(path, syntax)
    assert_same(analyze(tmp_path).record, plain)


def test_lossless_transfer_syntaxes_side_by_side_in_each_series_change_no_image_metric(plan, plain, tmp_path):
    used = set()
    for n, path in enumerate(copied(plan, tmp_path)):
        encode(path, MIXED[n % len(MIXED)])
        used.add((dcmread(path, stop_before_pixels=True).Modality, MIXED[n % len(MIXED)]))
    assert used == {(modality, syntax) for modality in ("CT", "MR", "PT") for syntax in MIXED}
    assert_same(analyze(tmp_path).record, plain)


@pytest.mark.parametrize(
    "lossy", sweep([(JPEGLSNearLossless, {"jls_error": STEPS}), (JPEG2000, {"j2k_psnr": [100]})]),
    ids=["JPEGLSNearLossless", "JPEG2000"],
)  # fmt: skip
def test_a_lossy_transfer_syntax_is_off_by_what_it_lost(plan, plain, tmp_path, lossy):
    syntax, options = lossy
    for path in copied(plan, tmp_path):
        if dcmread(path, stop_before_pixels=True).Modality == "CT":
            encode(path, syntax, **options)
    found, expected = image_values(analyze(tmp_path).record), image_values(plain)
    for number in {number for number, key in expected if key == "ct.mean"}:
        assert found[number, "ct.mean"].value == pytest.approx(expected[number, "ct.mean"].value, abs=STEPS)


@pytest.mark.parametrize("syntax", sweep([JPEGLossless, JPEGLosslessSV1]), ids=lambda syntax: syntax.keyword)
def test_a_ct_in_jpeg_lossless_names_the_extra_and_keeps_the_geometry(plan, plain, tmp_path, syntax):
    for path in copied(plan, tmp_path):
        dataset = dcmread(path)
        if dataset.Modality == "CT":
            encode(path, RLELossless)
            dataset = dcmread(path)
            dataset.file_meta.TransferSyntaxUID = syntax
            dataset.save_as(path)
    found = analyze(tmp_path).record
    (issue,) = [issue for issue in found.issues if issue.code == "image-not-sampled"]
    assert issue.subject == "image:CT:1"
    assert "rtcomplexity[gdcm]" in issue.text
    by_number = {roi.number: roi for roi in plain.rois}
    for roi in found.rois:
        assert roi.metrics["shape.volume"] == by_number[roi.number].metrics["shape.volume"]
        if "ct.mean" in roi.metrics:
            assert roi.metrics["ct.mean"].value is None
            assert "JPEG Lossless" in roi.metrics["ct.mean"].reason
