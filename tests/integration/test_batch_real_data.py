"""One batch over all real plans together: every structure set is assessed, or refused with a true reason."""

import collections

import pytest

from integration.test_batch import batch_in_processes, plans
from unit.batch.small_plans import key_of

SETS = ("sts", "lung1_001", "ibsi", "suv_dro", "sts_raw", "structure_sets", "malformed")
COUNTS = {"sts": 18, "lung1_001": 2, "ibsi": 1, "suv_dro": 8, "sts_raw": 2, "structure_sets": 5, "malformed": 1}


@pytest.fixture(scope="module")
def result(real_data, tmp_path_factory):
    root, out = tmp_path_factory.mktemp("all"), tmp_path_factory.mktemp("out")
    for name in SETS:
        copy(real_data / name, root / name)
    code, _, err = batch_in_processes(root, "--out", out, "--workers", 2, "--quiet", quick=False)
    return code, err, plans(out), out


def copy(source, target):
    """Copy by hard links where the disk can."""
    import os
    import shutil

    def link(one, other):
        try:
            os.link(one, other)
        except OSError:
            shutil.copy(one, other)

    shutil.copytree(source, target, copy_function=link)


@pytest.mark.real_data
@pytest.mark.exhaustive
def test_every_structure_set_is_assessed_or_refused_and_nothing_crashes(result):
    code, err, found, out = result
    assert code == 4, err
    assert len(found) == sum(COUNTS.values())
    assert collections.Counter(plan["status"] for plan in found.values()) == {"assessed": 36, "refused": 1}
    assert (out / "dashboard.html").stat().st_size > 10_000


@pytest.mark.real_data
@pytest.mark.exhaustive
def test_reasons_are_true(result, real_data):
    _, _, found, out = result
    corrupted = found[key_of(real_data / "malformed" / "rtstruct_crlf_corrupted.dcm")]
    assert corrupted["code"] == "corrupt-structure-set"
    refused = (out / "refused.csv").read_text().splitlines()
    assert sum(line.startswith("file,") for line in refused) == 3
    unlinked = found[key_of(next((real_data / "lung1_001").rglob("RS_aria.dcm")))]["record"]
    assert unlinked["verdict"]["value"] == "insufficient_evidence"
    assert "unlinked-but-positions-agree" in {issue["code"] for issue in unlinked["issues"]}
    linked = found[key_of(next((real_data / "lung1_001").rglob("RS_xio.dcm")))]["record"]
    assert linked["plan"]["planning_image"]["slices"] == 134


@pytest.mark.real_data
@pytest.mark.exhaustive
def test_no_output_names_a_patient(result, real_data):
    import pydicom

    names = set()
    for path in real_data.rglob("*RS*.dcm"):
        header = pydicom.dcmread(path, stop_before_pixels=True, force=True)
        for keyword in ("PatientID", "PatientName", "SOPInstanceUID", "StudyInstanceUID"):
            names.add(str(header.get(keyword, "")))
    secrets = [name.encode() for name in names if len(name) > 6]
    assert len(secrets) > 20
    for path in result[3].iterdir():
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret in content], path.name
