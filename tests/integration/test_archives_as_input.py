"""The same plan gives the same record, whether its files lie in a folder, a zip, a tar or on DICOMDIR media."""

import csv
import gc
import json
import shutil
import tarfile
import warnings
import zipfile

import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from rtcomplexity.cli.app import run
from unit.batch.small_plans import small_plan, write_archive, write_plan


def analyzed(path, capsys, command=("analyze", "--json", "--quick")):
    """(exit code, stdout, stderr) of analyze."""
    code = run([command[0], str(path), *command[1:], "--quiet"])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def zipped(folder, target, prefix=""):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, prefix + str(path.relative_to(folder)))
    return target


def tarred(folder, target, mode):
    with tarfile.open(target, mode) as archive:
        archive.add(folder, "plan")
    return target


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    write_plan(folder, small_plan(1))
    return folder


@pytest.fixture(scope="module")
def media(plan, tmp_path_factory):
    """A folder as burnt on a disk: DICOMDIR and files with names of eight characters."""
    fileset = FileSet()
    for path in sorted(plan.rglob("*.dcm")):
        dataset = dcmread(path)
        dataset.InstanceNumber = getattr(dataset, "InstanceNumber", None) or 1
        dataset.StructureSetDate = getattr(dataset, "StructureSetDate", None) or "20200101"
        dataset.StructureSetTime = getattr(dataset, "StructureSetTime", None) or "120000"
        fileset.add(dataset)
    folder = tmp_path_factory.mktemp("media")
    fileset.write(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom leaves its temporary folder to the collector
        del fileset
        gc.collect()
    return folder


@pytest.mark.parametrize("kind", ["zip", "folder in zip", "tar", "tgz", "extensionless"])
def test_an_archive_gives_the_record_of_its_folder(plan, tmp_path, capsys, kind):
    target = tmp_path / {"tgz": "p.tar.gz", "tar": "p.tar"}.get(kind, "p.zip")
    if kind == "extensionless":
        target = tmp_path / "IM0001"
    if kind in {"tar", "tgz"}:
        tarred(plan, target, "w" if kind == "tar" else "w:gz")
    else:
        zipped(plan, target, "deep/er/" if kind == "folder in zip" else "")
    expected = analyzed(plan, capsys)
    assert expected[0] == 0
    assert analyzed(target, capsys)[:2] == expected[:2]
    if kind != "extensionless":
        assert analyzed(tmp_path, capsys)[:2] == expected[:2]
    assert sorted(path.name for path in tmp_path.iterdir()) == [target.name]


def test_pixels_of_an_archive_are_those_of_its_folder(plan, tmp_path, capsys):
    target = tarred(plan, tmp_path / "p.tgz", "w:gz")
    full = ("analyze", "--json")
    assert analyzed(target, capsys, full)[:2] == analyzed(plan, capsys, full)[:2]


def test_a_directory_record_stands_for_its_media(media, tmp_path, capsys):
    expected = analyzed(media, capsys)
    assert expected[0] == 0
    assert analyzed(media / "DICOMDIR", capsys)[:2] == expected[:2]
    assert analyzed(zipped(media, tmp_path / "cd.zip"), capsys)[:2] == expected[:2]


def test_inspect_shows_what_is_in_an_archive(plan, tmp_path, capsys):
    shown = analyzed(zipped(plan, tmp_path / "p.zip"), capsys, ("inspect",))
    assert shown == analyzed(plan, capsys, ("inspect",))


def test_an_archive_with_nothing_readable_says_why(plan, tmp_path, capsys):
    inner = zipped(plan, tmp_path / "inner.zip")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(inner, "inner.zip")
    code, out, err = analyzed(tmp_path / "outer.zip", capsys)
    assert (code, out) == (3, "")
    assert "An archive within an archive is not read." in err
    (tmp_path / "broken.zip").write_bytes(inner.read_bytes()[:-30])
    assert "An archive cannot be read" in analyzed(tmp_path / "broken.zip", capsys)[2]


def test_a_batch_finds_plans_in_folders_archives_and_several_in_one(tmp_path, capsys):
    root = write_archive(tmp_path / "in", 1)
    for number in (1, 2):
        write_plan(tmp_path / "both" / str(number), small_plan(number))
    zipped(tmp_path / "both", root / "both.zip")
    write_plan(tmp_path / "third", small_plan(3))
    tarred(tmp_path / "third", root / "third.tar.gz", "w:gz")
    arguments = ["batch", str(root), "--out", str(tmp_path / "out"), "--workers", "1", "--quick", "--quiet"]
    assert run(arguments) == 0
    assert "4 plans" in capsys.readouterr().out
    first = (tmp_path / "out" / "results.jsonl").read_bytes()
    assert run(arguments) == 0
    assert "4 of 4 plans already processed" in capsys.readouterr().out
    assert (tmp_path / "out" / "results.jsonl").read_bytes() == first
    keys = {json.loads(line)["record"]["plan"]["id"] for line in first.splitlines()}
    unpacked = tmp_path / "unpacked"
    shutil.copytree(tmp_path / "both", unpacked / "both")
    shutil.copytree(tmp_path / "third", unpacked / "third")
    write_archive(unpacked, 1)
    assert run(["batch", str(unpacked), "--out", str(tmp_path / "out2"), *arguments[4:]]) == 0
    lines = (tmp_path / "out2" / "results.jsonl").read_text().splitlines()
    assert {json.loads(line)["record"]["plan"]["id"] for line in lines} == keys


def test_a_batch_lists_the_archives_that_it_does_not_read(tmp_path, capsys):
    root = write_archive(tmp_path / "in", 1)
    (root / "old.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(600))
    inner = zipped(root, tmp_path / "inner.zip")
    with zipfile.ZipFile(root / "outer.zip", "w") as archive:
        archive.write(inner, "inner.zip")
        archive.write(inner, "../inner.zip")
    code = run(["batch", str(root), "--out", str(tmp_path / "out"), "--workers", "1", "--quick", "--quiet"])
    capsys.readouterr()
    assert code == 4
    with (tmp_path / "out" / "refused.csv").open() as stream:
        codes = sorted(row["code"] for row in csv.DictReader(stream))
    assert codes == ["archive-kind", "archive-unsafe-name", "nested-archive"]


def test_a_batch_of_one_archive_reads_that(plan, tmp_path, capsys):
    target = zipped(plan, tmp_path / "p.zip")
    assert run(["batch", str(target), "--out", str(tmp_path / "out"), "--workers", "1", "--quick", "--quiet"]) == 0
    assert "1 plan." in capsys.readouterr().out
