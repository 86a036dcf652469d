"""The physician's statement that is filled in and saved: every field empty, one page, whoever the patient is."""

import io

import pikepdf
import pytest
from pypdf import PdfReader, PdfWriter

from rtcomplexity.errors import InputDataError
from rtcomplexity.evidence.formats.statement_form import statement_form
from rtcomplexity.evidence.words import DIFFICULTIES
from rtcomplexity.scoring.guardrails import FORBIDDEN
from unit.evidence.made_evidence import for_payment, record_of

TEXTS = {
    "actual_minutes", "typical_minutes", "typical_source", "rationale", "physician", "credentials", "npi", "signed_on",
}  # fmt: skip


def text_of(content):
    [page] = PdfReader(io.BytesIO(content)).pages
    return page.extract_text()


def test_every_field_is_there_named_and_empty():
    fields = PdfReader(io.BytesIO(statement_form(record_of("indeterminate")))).get_fields()
    checks = {name for name, each in fields.items() if each["/FT"] == "/Btn"}
    assert set(fields) - checks == TEXTS
    assert len(checks) == len(DIFFICULTIES)
    assert all(each["/V"] in {"", "/Off"} for each in fields.values())
    assert all(each["/TU"] for each in fields.values())
    assert "/Sig" not in {each["/FT"] for each in fields.values()}


def test_what_is_filled_in_is_saved_and_read_back():
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(statement_form(record_of("supports")))))
    writer.update_page_form_field_values(writer.pages[0], {"rationale": "My own words.", "difficulty_2": "/Yes"})
    stream = io.BytesIO()
    writer.write(stream)
    fields = PdfReader(stream).get_fields()
    assert (fields["rationale"]["/V"], fields["difficulty_2"]["/V"]) == ("My own words.", "/Yes")


def test_an_identified_form_names_the_patient_and_a_deidentified_one_nobody():
    assert "Doe, Jane" in text_of(statement_form(for_payment()))
    named = text_of(statement_form(record_of("indeterminate")))
    assert "RTCAB" in named
    assert "Doe" not in named


@pytest.mark.parametrize("name", ["山田^太郎", "O'Neil (Jr)\\^Zoë", "x" * 3000, "a\x00\u202eb"])
def test_any_name_fits_one_page_that_is_well_formed(name):
    content = statement_form(for_payment(name=name))
    with pikepdf.open(io.BytesIO(content)) as document:
        assert document.check_pdf_syntax() == []
        assert len(document.pages) == 1
        rectangles = [[float(value) for value in each["/Rect"]] for each in document.pages[0]["/Annots"]]
    assert all(54 <= left < right <= 558 and 36 <= low < high <= 738 for left, low, right, high in rectangles)


def test_fields_do_not_overlap():
    with pikepdf.open(io.BytesIO(statement_form(record_of("indeterminate")))) as document:
        boxes = [[float(value) for value in each["/Rect"]] for each in document.pages[0]["/Annots"]]
    for number, (a_left, a_low, a_right, a_high) in enumerate(boxes):
        for b_left, b_low, b_right, b_high in boxes[number + 1 :]:
            assert a_right <= b_left or b_right <= a_left or a_high <= b_low or b_high <= a_low


@pytest.mark.parametrize("verdict", ["supports", "indeterminate", "insufficient_evidence"])
def test_the_form_has_no_forbidden_word_and_repeats_itself(verdict):
    content = statement_form(record_of(verdict))
    assert content == statement_form(record_of(verdict))
    assert not FORBIDDEN.search(text_of(content))


def test_no_form_is_made_where_no_statement_matters():
    with pytest.raises(InputDataError, match="would not change"):
        statement_form(record_of("rejects"))
