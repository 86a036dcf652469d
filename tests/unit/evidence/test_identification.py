"""What an identified record says of the patient, where it is printed and where it is not."""

import io
from datetime import date

import pikepdf
import pytest
from pydantic import ValidationError
from pypdf import PdfReader

from rtcomplexity.evidence.difference import differences
from rtcomplexity.evidence.formats.html import evidence_html
from rtcomplexity.evidence.formats.pdf import BREAK_HERE, evidence_pdf
from rtcomplexity.evidence.formats.summary import summary_txt
from rtcomplexity.evidence.page import attachment_number
from rtcomplexity.evidence.record import Identification, from_json, to_json
from rtcomplexity.evidence.rendering import render
from rtcomplexity.scoring.claim_file import ClaimFile
from unit.evidence.made_evidence import HOSTILE_NAMES, VERDICTS, folder_files, for_payment, pictures_of, record_of

CLAIM = ClaimFile(cpt_code="32701", date_of_service=date(2026, 1, 9), signer="Dr Roe", payer="medicare")
PRINTED = ("Doe, Jane", "MRN-1", "04/02/1958", "01/09/2026", "32701", "01/05/2026")


def test_it_holds_what_payment_needs_and_nothing_more():
    assert for_payment(CLAIM).identification == Identification(
        patient_name="Doe^Jane",
        patient_id="MRN-1",
        birth_date="1958-04-02",
        date_of_service="2026-01-09",
        cpt_code="32701",
        structure_set_label="Doe^Jane",
        structure_set_date="2026-01-05",
        rt_plan_label=None,
        rt_plan_date=None,
        study_uid="1.2.840.99.1.1",
        series_uid="1.2.840.99.1.21",
    )


def test_what_no_file_states_is_null_and_printed_as_not_stated():
    record = for_payment(name="", patient_id="", birth_date="")
    known = record.identification
    assert (known.patient_name, known.patient_id, known.birth_date, known.date_of_service) == (None,) * 4
    assert b"Patient: not stated" in summary_txt(record)
    assert b"Date of service: not stated" in summary_txt(record)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_record_names_no_patient_unless_that_is_asked_for(verdict):
    for record in (record_of(verdict), record_of(verdict, identified=True)):
        assert record.identification is None
        assert b'"identification": null' in to_json(record)
        assert b'class="patient"' not in evidence_html(record, pictures_of())


def test_a_deidentified_record_that_names_a_patient_is_refused():
    spoilt = to_json(for_payment()).replace(b'"privacy": "identified"', b'"privacy": "de-identified"')
    with pytest.raises(ValidationError, match="must not name a patient"):
        from_json(spoilt)


def test_page_and_summary_print_it_and_the_tables_and_pictures_do_not():
    files = render(for_payment(CLAIM), pictures_of())
    for name in ("evidence.html", "summary.txt"):
        text = files[name].decode()
        assert [value for value in PRINTED if value not in text] == [], name
    for name in files.keys() - {"evidence.html", "summary.txt", "evidence.pdf", "evidence.json"}:
        assert not any(secret in files[name] for secret in (b"Jane", b"MRN-1", b"1958")), name
    assert not any(b"Jane" in content for name, content in folder_files(for_payment()).items() if "manifest" in name)


def test_neither_the_title_nor_the_metadata_carry_the_name():
    page = evidence_html(for_payment(CLAIM), pictures_of()).decode()
    title = page[page.index("<title>") : page.index("</title>")]
    with pikepdf.open(io.BytesIO(evidence_pdf(for_payment(CLAIM), pictures_of()))) as pdf:
        metadata = pdf.Root.Metadata.read_bytes().decode() + str(dict(pdf.docinfo)) + title
    assert not [value for value in ("Doe", "Jane", "MRN-1", "1958", "2026-01") if value in metadata]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_patient_name_survives_and_does_no_harm(name):
    record = for_payment(name=name, patient_id=name)
    assert "<script>alert" not in evidence_html(record, pictures_of()).decode()
    assert evidence_pdf(record, pictures_of()).startswith(b"%PDF")
    assert not any(ord(character) < 32 for line in summary_txt(record).decode().splitlines() for character in line)


def test_a_difference_between_an_identified_and_a_deidentified_record_names_nobody():
    options = {"--map": "GTV Doe=GTV", "--structure-set": "1.2.840.99.1.20"}
    named = record_of(identified=True, options=options)
    for pair in ((record_of(options=options), named), (named, record_of()), (for_payment(CLAIM), record_of())):
        told = " ".join(f"{one.what} {one.before} {one.after}" for one in differences(*pair))
        assert not [secret for secret in ("Doe", "MRN", "1.2.840", "2.25", "1958", "2026") if secret in told]
        assert "privacy" in told
    assert [one.what for one in differences(record_of(options=options), named)] == ["privacy"]


def test_every_page_of_an_identified_report_carries_the_identity():
    record = for_payment(CLAIM)
    record = record.model_copy(
        update={"identification": record.identification.model_copy(update={"report_date": "2026-02-03"})}
    )
    pages = [
        " ".join(page.extract_text().replace(BREAK_HERE, "").split())
        for page in PdfReader(io.BytesIO(evidence_pdf(record, pictures_of()))).pages
    ]
    assert len(pages) > 1
    for value in ("Doe, Jane", "04/02/1958", "MRN-1", attachment_number(record), "02/03/2026", "Contains PHI"):
        assert all(value in page for page in pages), value
