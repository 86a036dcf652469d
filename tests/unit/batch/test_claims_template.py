"""The table for many claims: a row per structure set, filled in, read back with messages by row and column."""

import io
import json
import zipfile

import pytest
import xlsxwriter

from rtcomplexity.batch.claims import ALLOWED, read_claims
from rtcomplexity.batch.claims_template import write_claims_template
from rtcomplexity.batch.run import BatchOptions, run_batch
from rtcomplexity.batch.sheets import SheetError, read_sheet, sheet_bytes
from rtcomplexity.errors import NoStructureSetError, UsageError
from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.settings import Settings
from unit.batch.inline_engine import InlineEngine
from unit.batch.small_plans import write_archive

FILLED = {
    "course": "1", "payer": "medicare", "global_period": "XXX", "date_of_service": "03/09/2026", "fractions": "5",
    "site": "thoracic", "npi": "1234567893", "diagnosis": "C34.11, C34.12", "reason": "In my, own words;\nlines.",
    "procedure_note_attached": "no", "physician_minutes": "95",
}  # fmt: skip


class Silent:
    def looking(self, files): ...
    def starting(self, plans, found): ...
    def ended(self, status, *, stood): ...


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_archive(tmp_path_factory.mktemp("archive"), 3)


def refilled(path, changes, kind):
    """Fill cells of a template in, as (row from 2, column) to text, and write it as CSV or workbook."""
    rows = read_sheet(path)
    for (row, name), text in changes.items():
        rows[row - 1][rows[0].index(name)] = text
    path.write_bytes(sheet_bytes(rows, workbook=kind == ".xlsx"))
    return path


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
def test_a_template_has_a_row_for_each_structure_set_and_states_nothing(archive, tmp_path, kind):
    path = tmp_path / f"claims{kind}"
    assert write_claims_template(archive, path, settings=Settings()) == 3
    titles, *rows = read_sheet(path)
    assert sorted(titles) == sorted(ALLOWED)
    assert len({row[0] for row in rows}) == 3
    assert all(not any(text for place, text in enumerate(row) if place not in {0, 2}) for row in rows)
    assert read_claims(path) == []


@pytest.mark.parametrize("kind", [".csv", ".xlsx"])
def test_what_a_desk_fills_in_is_read_back(archive, tmp_path, kind):
    path = tmp_path / f"claims{kind}"
    write_claims_template(archive, path, settings=Settings())
    [row] = read_claims(refilled(path, {(3, name): text for name, text in FILLED.items()}, kind))
    assert (row.number, row.course, row.site, row.fractions) == (3, "1", "thoracic", 5)
    assert row.claim.payer == "medicare"
    assert row.claim.diagnosis == ("C34.11", "C34.12")
    assert row.claim.reason == "In my, own words;\nlines."
    assert row.claim.procedure_note_attached is False
    assert (row.claim.site, row.claim.fractions) == (None, None)


def test_every_mistake_is_named_by_row_and_column_and_no_cell_is_repeated(archive, tmp_path):
    path = tmp_path / "claims.csv"
    write_claims_template(archive, path, settings=Settings())
    changes = {
        (2, "course"): "1",
        (2, "npi"): "SECRET",
        (3, "payer"): "SECRET",
        (4, "course"): "1",
        (4, "site"): "SECRET",
    }
    with pytest.raises(UsageError) as error:
        read_claims(refilled(path, changes, ".csv"))
    told = str(error.value)
    assert "row 2, npi: Enter ten digits" in told
    assert "row 3, course: nothing" in told
    assert "row 4, site: an unknown site" in told
    assert "SECRET" not in told


def test_a_date_that_a_spreadsheet_made_a_number_of_is_the_date(tmp_path):
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as workbook:
        sheet = workbook.add_worksheet()
        sheet.write_row(0, 0, ["structure_set_uid", "course", "date_of_service", "physician_minutes"])
        sheet.write_string(1, 0, "1.2")
        sheet.write_number(1, 1, 1)
        sheet.write_number(1, 2, 46090)  # 03/09/2026 in the days of Excel
        sheet.write_number(1, 3, 46.5)
    path = tmp_path / "claims.xlsx"
    path.write_bytes(stream.getvalue())
    [row] = read_claims(path)
    assert row.claim == ClaimFile(date_of_service="2026-03-09", physician_minutes=46.5)


def test_a_batch_applies_the_claims_and_its_results_name_nobody(archive, tmp_path):
    path = tmp_path / "claims.csv"
    write_claims_template(archive, path, settings=Settings())
    refilled(path, {(2, name): text for name, text in FILLED.items()}, ".csv")
    out = tmp_path / "out"
    result = run_batch(archive, out, engine=InlineEngine(), watcher=Silent(), asked=BatchOptions(claims=path))
    assert result.unmatched_claims == ()
    lines = (out / "results.jsonl").read_text(encoding="utf-8")
    records = [json.loads(line)["record"] for line in lines.splitlines()]
    claims = sorted(record["verdict"]["claim"] for record in records)
    assert claims == ["not_eligible", "unknown", "unknown"]
    [stated] = [record["stated_claim"] for record in records if record["stated_claim"]]
    assert (stated["global_period"], stated["physician_minutes"]) == ("XXX", 95)
    for secret in ("1234567893", "own words", "2026-03-09"):
        assert secret not in lines


def test_a_template_is_never_written_over_and_needs_a_structure_set(archive, tmp_path):
    path = tmp_path / "claims.csv"
    path.write_text("filled in")
    with pytest.raises(UsageError, match="file exists"):
        write_claims_template(archive, path, settings=Settings())
    assert path.read_text() == "filled in"
    with pytest.raises(UsageError, match=r"\.xlsx or \.csv"):
        write_claims_template(archive, tmp_path / "claims.ods", settings=Settings())
    with pytest.raises(NoStructureSetError):
        write_claims_template(tmp_path, tmp_path / "new.csv", settings=Settings())


def test_a_file_name_is_no_formula(tmp_path):
    write_archive(tmp_path / "plans", 1)
    (tmp_path / "plans" / "PATIENT-SECRET-0").rename(tmp_path / "plans" / "=HYPERLINK(1)")
    write_claims_template(tmp_path / "plans", tmp_path / "claims.csv", settings=Settings())
    [_, row] = read_sheet(tmp_path / "claims.csv")
    assert row[2].startswith("./=HYPERLINK(1)")


def packed(sheet):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
    return stream.getvalue()


MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


@pytest.mark.parametrize(
    "content",
    [
        b"PK no zip",
        packed("<worksheet>"),
        packed(f'<!DOCTYPE x [<!ENTITY a "b">]><worksheet {MAIN}>&a;</worksheet>'),
        packed(f'<worksheet {MAIN}><row r="99999999"/></worksheet>'),
        packed(f'<worksheet {MAIN}><row r="1"><c r="ZZZ1"><v>1</v></c></row></worksheet>'),
        packed(f'<worksheet {MAIN}><row r="1"><c r="A1" t="s"><v>7</v></c></row></worksheet>'),
        packed(" " * 50_000_001),
    ],
    ids=["no zip", "no XML", "entities", "far row", "far column", "no such string", "huge"],
)
def test_what_is_no_workbook_is_refused(tmp_path, content):
    path = tmp_path / "claims.xlsx"
    path.write_bytes(content)
    with pytest.raises(SheetError):
        read_sheet(path)
    with pytest.raises(UsageError, match="no Excel workbook"):
        read_claims(path)
