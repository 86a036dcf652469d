"""``compare --batch``: many pairs of structure sets, where one that fails costs no other."""

import csv
import json

import pytest

from rtcomplexity.batch.pairs import read_pairs
from rtcomplexity.cli.app import run
from rtcomplexity.errors import UsageError
from rtcomplexity.testing import edited_sets


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    edited_sets.write(folder)
    (folder / "broken.dcm").write_bytes(b"no DICOM at all")
    return folder


def table(folder, *rows, titles="first,second"):
    path = folder / "pairs.csv"
    path.write_text("\n".join([titles, *rows, ""]))
    return path


def test_pairs_are_compared_in_the_order_of_rows_and_a_broken_one_is_refused(sets, tmp_path, capsys):
    rows = ("auto.dcm,final.dcm", "auto.dcm,broken.dcm", "final.dcm::GTV,final.dcm::GTV")
    out = tmp_path / "out"
    assert run(["compare", "--batch", str(table(sets, *rows)), "--out", str(out), "--workers", "1"]) == 4
    documents = [json.loads(line) for line in (out / "comparisons.jsonl").read_text().splitlines()]
    assert [each["row"] for each in documents] == [2, 4]
    with (out / "comparisons.csv").open() as stream:
        dice = [
            (row["row"], row["first"], row["value"])
            for row in csv.DictReader(stream)
            if row["metric"] == "compare.dice"
        ]
    assert dice[-1] == ("4", "GTV 1", "1")
    with (out / "refused.csv").open() as stream:
        (refused,) = csv.DictReader(stream)
    assert refused["row"] == "3"
    assert "2 of 3 pairs compared" in capsys.readouterr().err


def test_a_table_gives_what_single_comparisons_give(sets, tmp_path):
    sides = [str(sets / "auto.dcm"), str(sets / "final.dcm")]
    assert run(["compare", "--batch", str(table(sets, "auto.dcm,final.dcm")), "--out", str(tmp_path)]) == 0
    assert run(["compare", *sides, "--out", str(tmp_path / "single")]) == 0
    many = json.loads((tmp_path / "comparisons.jsonl").read_text())
    assert many.pop("row") == 2
    assert many == json.loads((tmp_path / "single" / "comparison.json").read_text())


def test_limits_hold_for_every_row(sets, tmp_path, capsys):
    limits = tmp_path / "limits.csv"
    limits.write_text("metric,at_least,at_most\ncompare.dice,0.95,\n")
    arguments = ["--batch", str(table(sets, "auto.dcm,final.dcm")), "--out", str(tmp_path), "--fail-at", str(limits)]
    assert run(["compare", *arguments]) == 5
    assert "row 2: GTV 1: compare.dice is 0.931343, not at least 0.95" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("titles", "rows", "told"),
    [
        ("first,other", ["a,b"], "the columns first, second"),
        ("first,second", [], "the columns first, second"),
        ("first,second", ["a,"], "row 2"),
    ],
)
def test_a_table_that_names_no_pairs_is_refused(tmp_path, titles, rows, told):
    with pytest.raises(UsageError, match=told):
        read_pairs(table(tmp_path, *rows, titles=titles))


def test_paths_of_a_table_are_taken_from_its_folder(tmp_path):
    (row,) = read_pairs(table(tmp_path, "a.dcm::GTV,/b,ct", titles="first,second,images"))
    assert (row.first, row.second, row.images) == (f"{tmp_path}/a.dcm::GTV", "/b", f"{tmp_path}/ct")


def test_sides_beside_a_table_or_no_place_for_results_are_refused(sets, capsys):
    pairs = str(table(sets, "auto.dcm,final.dcm"))
    assert run(["compare", "a", "b", "--batch", pairs, "--out", "x"]) == 2
    assert run(["compare", "--batch", pairs]) == 2
