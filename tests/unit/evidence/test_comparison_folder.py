"""Whether the folder of a comparison shows what was changed in it, and what its sides come to again."""

import io
import json

import pypdf
import pytest

from rtcomplexity.cli.app import run
from rtcomplexity.evidence.comparison_folder import comparison_differences
from rtcomplexity.testing import edited_sets


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    return [str(path) for path in edited_sets.write(tmp_path_factory.mktemp("sets"))]


@pytest.fixture
def folder(sides, tmp_path):
    assert run(["compare", *sides, "--out", str(tmp_path / "out")]) == 0
    return tmp_path / "out"


def test_an_untouched_folder_is_verified_with_and_without_its_sides(folder, sides, capsys):
    assert run(["verify", str(folder)]) == 0
    assert run(["verify", str(folder), "--sides", *sides]) == 0
    assert "both sides give the same values again" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["comparison.json", "comparison.csv", "comparison.html", "manifest.json"])
def test_one_changed_byte_of_any_file_shows(folder, name, capsys):
    path = folder / name
    path.write_bytes(path.read_bytes().replace(b"rtcomplexity", b"rtcomplexitY", 1).replace(b"GTV 1", b"GTV 2", 1))
    assert run(["verify", str(folder)]) in {3, 5}
    assert "Untouched" not in capsys.readouterr().out


def test_one_byte_more_in_the_pdf_shows(folder, capsys):
    (folder / "comparison.pdf").write_bytes((folder / "comparison.pdf").read_bytes() + b" ")
    assert run(["verify", str(folder)]) == 5
    assert "comparison.pdf was changed" in capsys.readouterr().out


def test_the_pdf_repeats_byte_for_byte_and_carries_the_document(folder, sides, tmp_path):
    assert run(["compare", *sides, "--out", str(tmp_path / "again")]) == 0
    content = (folder / "comparison.pdf").read_bytes()
    assert content == (tmp_path / "again" / "comparison.pdf").read_bytes()
    reader = pypdf.PdfReader(io.BytesIO(content))
    assert reader.attachments["comparison.json"] == [(folder / "comparison.json").read_bytes()]
    text = reader.pages[0].extract_text()
    assert "GTV 1 14.0 14.4 0.931" in text


def test_a_missing_file_shows(folder, capsys):
    (folder / "comparison.html").unlink()
    assert run(["verify", str(folder)]) == 5
    assert "comparison.html is missing" in capsys.readouterr().out


def test_other_sides_than_were_compared_show(folder, sides, capsys):
    assert run(["verify", str(folder), "--sides", *sides[::-1]]) == 5
    said = capsys.readouterr().out
    assert "the first structure set is another file" in said


def test_a_value_beyond_the_tolerance_is_a_difference_and_one_within_is_none(folder):
    saved = json.loads((folder / "comparison.json").read_text())
    derived = json.loads((folder / "comparison.json").read_text())
    found = derived["pairs"][0]["metrics"]["compare.dice"]
    found["value"] *= 1 + 5e-6
    assert comparison_differences(saved, derived) == ()
    found["value"] *= 1 + 5e-5
    assert comparison_differences(saved, derived) == ("compare.dice of GTV 1",)


@pytest.mark.parametrize(("name", "part"), [("manifest.json", "outputs"), ("comparison.json", "pairs")])
def test_a_folder_that_lacks_a_part_of_manifest_or_document_is_refused(folder, name, part, capsys):
    tree = json.loads((folder / name).read_text())
    del tree[part]
    (folder / name).write_text(json.dumps(tree))
    assert run(["verify", str(folder)]) == 3
    assert "lacks what compare --out writes" in capsys.readouterr().err


def test_a_folder_whose_manifest_is_no_comparisons_is_refused(folder):
    (folder / "manifest.json").write_text("{}")
    assert run(["verify", str(folder)]) == 3
