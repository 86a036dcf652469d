"""What has to stand in every file of a folder that a person reads, told from the text that the person sees."""

import html
import io
import json
import re

import pytest
from pypdf import PdfReader

from rtcomplexity.cli.rendering.assessment import assessment_parts
from rtcomplexity.cli.rendering.terminal import ResultConsole
from rtcomplexity.evidence.formats.numbers import readable
from rtcomplexity.evidence.formats.pdf import BREAK_HERE
from rtcomplexity.evidence.output_formats import CSV_NOTICE_FILE, EVIDENCE_FILE, REPORTS
from rtcomplexity.evidence.page import american_date, page_of
from rtcomplexity.evidence.rendering import render
from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.guardrails import DISCLAIMER, FORBIDDEN
from unit.evidence.made_evidence import VERDICTS, for_payment, pictures_of, record_of

TERMINAL = "the terminal"


def words(text):
    """Text without line breaks, and without the borders of tables."""
    return " ".join(re.sub(r"[│─╭╮╰╯]", " ", text).split())


def seen_in_pdf(content):
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    return words("\n".join(pages).replace(BREAK_HERE, ""))


def seen_in_html(content):
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", content.decode(), flags=re.DOTALL)
    return words(html.unescape(re.sub(r"<[^>]+>", " ", body)))


def seen_in_json(content):
    return words(json.dumps(json.loads(content), ensure_ascii=False).replace('\\"', '"'))


def seen_in_csv(content):
    return words(content.decode("utf-8-sig").replace('""', '"'))


def seen(name, record):
    if name == TERMINAL:
        stream = io.StringIO()
        console = ResultConsole(file=stream, width=400, markup=False, emoji=False, highlight=False)
        for part in assessment_parts(record):
            console.print(part)
        return words(stream.getvalue())
    content = render(record, pictures_of(), [name] if name in REPORTS else [])[name]
    readers = {"pdf": seen_in_pdf, "html": seen_in_html, "json": seen_in_json, "csv": seen_in_csv}
    return readers.get(name.rpartition(".")[2], lambda text: words(text.decode()))(content)


def all_findings(record, *, whole):
    """Every finding as a sentence where a format has these, else as factor, value and note."""
    if whole:
        return (*record.verdict.findings_for, *record.verdict.findings_against)
    page = page_of(record)
    cells = [cell for table in (page.findings_for, page.findings_against) for row in table.rows for cell in row[1:3]]
    return (*cells, *page.notes_for, *page.notes_against)


EVERY = (EVIDENCE_FILE, *(name for name in REPORTS if not name.endswith(".csv")), TERMINAL)
"""All but the tables, which hold rows only: their notice stands in csv_notice.txt."""


@pytest.mark.parametrize("verdict", VERDICTS)
@pytest.mark.parametrize("name", EVERY)
def test_disclaimer_findings_and_false_support_rate_with_its_population_stand_in_every_format(name, verdict):
    record = record_of(verdict)
    text, about = seen(name, record), record.verdict
    assert words(DISCLAIMER) in text
    is_exact = name.endswith("json") or name == CSV_NOTICE_FILE
    told = words if is_exact else lambda finding: readable(words(finding))
    assert about.findings_against or verdict in {"supports", "insufficient_evidence"}
    for finding in all_findings(record, whole=is_exact):
        assert told(finding) in text, finding
    rate = about.false_support_rate
    if rate.value is None:
        assert rate.reason in text
    else:
        assert words(rate.population) in text
        assert f"{100 * rate.value:.3g}" in text or str(rate.value) in text
    assert not FORBIDDEN.search(text)


def test_the_records_numbers_stand_in_the_pdfs_text():
    record = record_of("rejects")
    text = seen("evidence.pdf", record)
    assert f"{record.score.t:.1f} of 100" in text or f"{record.score.t:g} of 100" in text
    assert record.plan.id[:12] in text


@pytest.mark.parametrize("name", EVERY)
def test_only_an_identified_folder_names_the_patient_and_only_where_a_payer_looks(name):
    record = for_payment(ClaimFile(date_of_service="2026-01-09", cpt_code="32701"))
    days = ("1958-04-02", "2026-01-05", "2026-01-09")
    secrets = ("Jane", "MRN-1", *(days if name == EVIDENCE_FILE else map(american_date, days)))
    assert not [secret for secret in secrets if secret in seen(name, record_of())]
    text = seen(name, record)
    if name in {EVIDENCE_FILE, "evidence.html", "evidence.pdf", "summary.txt"}:
        assert [secret for secret in secrets if secret not in text] == []
    else:
        assert not [secret for secret in secrets if secret in text]
