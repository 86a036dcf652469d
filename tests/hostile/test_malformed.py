"""Broken files found in the wild: alone each ends in an error, beside a good plan it spoils nothing."""

import pytest

from hostile import plans
from rtcomplexity.errors import ExitCode

NO_SET = "0 structure sets"
ENDINGS = {
    "ExplVR_BigEndNoMeta.dcm": NO_SET,
    "ExplVR_LitEndNoMeta.dcm": NO_SET,
    "GH177_D_CLUNIE_CT1_IVRLE_BigEndian_undefined_length.dcm": "ends too early",
    "GH340.dcm": "The file is not DICOM",
    "GH364.dcm": NO_SET,
    "JPEG2000-embedded-sequence-delimiter.dcm": NO_SET,
    "MR_truncated.dcm": NO_SET,
    "PrivateMDNTags.dcm": NO_SET,
    "badVR.dcm": NO_SET,
    "meta_missing_tsyntax.dcm": "names no SOP Class",
    "nested_priv_SQ.dcm": "names no SOP Class",
    "no_meta.dcm": "The file is not DICOM",
    "rtplan_truncated.dcm": NO_SET,
    "rtstruct_crlf_corrupted.dcm": "cut short or corrupted",
}


@pytest.mark.real_data
def test_every_malformed_file_has_a_stated_ending(zygote, real_data):
    found = {
        path.name: zygote.run("analyze", path, "--json", "--quiet") for path in (real_data / "malformed").iterdir()
    }
    assert found.keys() == ENDINGS.keys()
    for name, ended in found.items():
        assert ended.code == ExitCode.INPUT_UNUSABLE, (name, ended.err)
        assert ENDINGS[name] in ended.err, (name, ended.err)


@pytest.mark.real_data
def test_malformed_files_beside_a_good_plan_leave_its_numbers(zygote, real_data, tmp_path):
    plans.put(tmp_path, plans.good_files())
    good = zygote.run("analyze", tmp_path, "--json", "--quiet").record()
    (tmp_path / "odd").mkdir()
    for name in ("nested_priv_SQ.dcm", "meta_missing_tsyntax.dcm"):
        (tmp_path / "odd" / name).write_bytes((real_data / "malformed" / name).read_bytes())
    ended = zygote.run("analyze", tmp_path, "--json", "--quiet")
    assert ended.code == ExitCode.DONE, ended.err
    assert ended.record()["rois"] == good["rois"]
    assert "file-broken" in ended.issue_codes()
