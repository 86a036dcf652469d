"""A Storage SCP takes what known callers send, within limits, whole or not at all."""

from dataclasses import replace
from unittest.mock import Mock

import pytest
from pydicom import dcmread
from pynetdicom import AE

from rtcomplexity.archive.receiver import Receiver, ReceiverLimits
from rtcomplexity.errors import UsageError
from rtcomplexity.settings import Settings
from rtcomplexity.testing import write_plan
from unit.batch.small_plans import SLICES, small_plan

SETTINGS = Settings()
OURS, THEIRS = "RTCWATCH", "KNOWN"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    write_plan(folder, small_plan(1))
    return [dcmread(path) for path in sorted(folder.rglob("*.dcm"))]


def listening(folder, *, settings=SETTINGS, **limits):
    from archive.orthanc import free_port

    port = free_port()
    one = Receiver(
        folder, port=port, ae_title=OURS, callers=[THEIRS], settings=settings, limits=ReceiverLimits(**limits),
        host="127.0.0.1",
    )  # fmt: skip
    return one, port


def send(port, datasets, *, calling=THEIRS, called=OURS):
    """Statuses of C-STORE; None where the association was rejected."""
    entity = AE(ae_title=calling)
    for uid in {dataset.SOPClassUID for dataset in datasets}:
        entity.add_requested_context(uid)
    association = entity.associate("127.0.0.1", port, ae_title=called)
    if not association.is_established:
        return None
    statuses = [association.send_c_store(dataset).Status for dataset in datasets]
    association.release()
    return statuses


def test_known_callers_are_taken_and_duplicates_lie_once(files, tmp_path):
    one, port = listening(tmp_path / "in")
    with one:
        assert send(port, files[:4]) == [0] * 4
        assert send(port, files) == [0] * (SLICES + 2)
        assert one.taken == SLICES + 6
    kept = sorted((tmp_path / "in").rglob("*.dcm"))
    assert {dcmread(path).SOPInstanceUID for path in kept} == {dataset.SOPInstanceUID for dataset in files}
    assert len(kept) == SLICES + 2
    assert not list((tmp_path / "in").glob(".*.part"))


@pytest.mark.parametrize("who", [{"calling": "STRANGER"}, {"called": "OTHER"}])
def test_others_are_rejected(files, tmp_path, who):
    one, port = listening(tmp_path / "in")
    with one:
        assert send(port, files[:1], **who) is None
        assert one.taken == 0
    assert not list((tmp_path / "in").rglob("*.dcm"))


@pytest.mark.parametrize("limits", [{"total_bytes": 10}, {"instances": 2}, {"per_minute": 2}])
def test_what_is_over_a_limit_is_refused(files, tmp_path, limits):
    one, port = listening(tmp_path / "in", **limits)
    with one:
        assert 0xA700 in send(port, files[:3])
        assert one.refused > 0
    small, port = listening(tmp_path / "small", settings=replace(SETTINGS, max_file_bytes=100))
    with small:
        assert send(port, files[:1]) == [0xA700]


def test_a_full_disk_is_answered_and_leaves_nothing(files, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    one, port = listening(tmp_path / "in")
    with one:
        monkeypatch.setattr("os.fsync", full)
        assert send(port, files[:1]) == [0xA700]
    assert not [path for path in (tmp_path / "in").rglob("*") if path.is_file()]


def test_room_is_taken_by_what_lies_there_alone(files, tmp_path, monkeypatch):
    one, port = listening(tmp_path / "in", instances=3)
    with one:
        assert send(port, [files[0]] * 5) == [0] * 5
        with monkeypatch.context() as patched:
            patched.setattr("os.fsync", Mock(side_effect=OSError(28, "No space left on device")))
            assert send(port, files[1:2] * 3) == [0xA700] * 3
        assert send(port, files[1:4]) == [0, 0, 0xA700]


def test_parts_that_a_kill_left_are_removed_and_nobody_is_everybody(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / ".x.part").write_bytes(b"half")
    (tmp_path / "in" / "ab").mkdir()
    (tmp_path / "in" / "ab" / ".y.part").write_bytes(b"half")
    one, _ = listening(tmp_path / "in")
    one.close()
    assert not list((tmp_path / "in").rglob("*.part"))
    with pytest.raises(UsageError, match="nobody"):
        Receiver(tmp_path / "in", port=1, ae_title=OURS, callers=[], settings=SETTINGS)
