import csv
import io
import json

import pytest

from rtcomplexity.evidence.formats.csv import FORMULA_STARTS, csv_notice, image_sets_csv, rois_csv, safe
from rtcomplexity.evidence.formats.summary import NARRATIVE_LENGTHS, attachment_number, narrative, summary_txt
from rtcomplexity.evidence.page import page_of
from rtcomplexity.evidence.record import from_json, to_json
from rtcomplexity.scoring.guardrails import DISCLAIMER, FORBIDDEN
from unit.evidence.made_evidence import HOSTILE_NAMES, VERDICTS, record_of, with_roi_name


def rows(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_every_roi_has_a_line_with_its_numbers():
    header, *body = rows(rois_csv(record_of()))
    first = dict(zip(header, body[0], strict=True))
    assert first["name"] == "GTV 2"
    assert first["contour.count"] == "21"
    assert first["shape.volume [cm3]"] == "20.5"


def test_a_table_has_a_header_and_one_row_per_entry_and_nothing_else():
    record = record_of()
    for write, entries in ((rois_csv, record.rois), (image_sets_csv, record.image_sets)):
        header, *body = rows(write(record))
        assert len(body) == len(entries) > 0
        assert {len(row) for row in body} == {len(header)}


def test_every_image_set_has_a_line_with_its_level():
    header, *body = rows(image_sets_csv(record_of()))
    table = [dict(zip(header, row, strict=True)) for row in body[:3]]
    assert [row["modality"] for row in table] == ["CT", "PT", "MR"]
    assert [row["level"] for row in table] == ["referenced", "registered", "present"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_no_cell_is_a_formula_and_no_name_breaks_a_line(name):
    body = rows(rois_csv(with_roi_name(name)))
    assert len(body) == len(rows(rois_csv(with_roi_name("x"))))
    for row in body:
        assert not any(cell.startswith(FORMULA_STARTS) for cell in row[:1])
        assert not any(ord(character) < 32 for cell in row for character in cell)


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_formula_gets_an_apostrophe(start):
    assert safe(f"{start}1").startswith("'")
    assert safe(f" {start}1").startswith("'")


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("write", [csv_notice, summary_txt])
def test_disclaimer_findings_and_error_rate_travel_with_the_numbers(write, verdict):
    record = record_of(verdict)
    text = " ".join(write(record).decode("utf-8-sig").replace('""', '"').split())
    assert " ".join(DISCLAIMER.split()) in text
    page = page_of(record)
    rows = [*page.findings_for.rows, *page.findings_against.rows]
    for group, factor, value, *_ in rows if write is summary_txt else []:
        assert f"{group}: {factor} {value}" in text
    for finding in (*record.verdict.findings_for, *record.verdict.findings_against) if write is csv_notice else []:
        assert " ".join(finding.split()) in text
    rate = record.verdict.false_support_rate
    assert (rate.population if rate.value is not None else "not known (the profile is not calibrated)") in text
    assert not FORBIDDEN.search(text)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_summary_holds_facts_and_an_attachment_number_and_no_ready_made_statement(verdict):
    record = record_of(verdict)
    text = summary_txt(record).decode()
    assert attachment_number(record) in text
    assert attachment_number(record).isalnum()
    assert len(attachment_number(record)) <= 50
    assert "statement for the claim" not in text.lower()


def test_the_same_record_gives_the_same_bytes():
    for write in (rois_csv, image_sets_csv, csv_notice, summary_txt):
        assert write(record_of()) == write(record_of())


def stated(record):
    """The same record with the physician's own statement at hand."""
    tree = json.loads(to_json(record))
    for item in tree["verdict"]["readiness"]:
        item["state"] = "met" if item["item"] == "physician_statement" else item["state"]
    return from_json(json.dumps(tree).encode())


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_narrative_is_written_only_for_a_support_with_the_physicians_own_statement(verdict):
    for length in NARRATIVE_LENGTHS:
        assert narrative(record_of(verdict), length) == ""
        assert bool(narrative(stated(record_of(verdict)), length)) == (verdict == "supports")
    assert (b"narrative field" in summary_txt(stated(record_of(verdict)))) == (verdict == "supports")


def test_a_narrative_holds_facts_and_the_attachment_number_within_its_length():
    record = stated(record_of("supports"))
    for length in NARRATIVE_LENGTHS:
        line = narrative(record, length)
        assert len(line) <= length
        assert attachment_number(record) in line
        assert "gross target 20.1 cm3" in line
        assert not FORBIDDEN.search(line)
