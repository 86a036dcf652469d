import io
import json
import os
import pickle
import re
import unicodedata
from importlib import resources
from pathlib import Path

import pikepdf
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

import rtcomplexity
from rtcomplexity.evidence.cover import cover_of
from rtcomplexity.evidence.formats.pdf import ForkedAfterRenderingError, evidence_pdf, is_covered, printable
from rtcomplexity.evidence.formats.text import INVISIBLE
from rtcomplexity.evidence.page import page_of
from rtcomplexity.evidence.record import to_json
from rtcomplexity.usecases.package import write_evidence
from unit.evidence.made_evidence import HOSTILE_NAMES, VERDICTS, pictures_of, record_of, with_roi_name

SAMPLES = Path(__file__).parents[3] / "sample_data"
FONTS = resources.files("rtcomplexity.evidence.formats") / "fonts"


def opened(record=None, pictures=None):
    return pikepdf.open(io.BytesIO(evidence_pdf(record or record_of(), pictures or pictures_of())))


def cmap(name):
    with resources.as_file(FONTS / name) as path, TTFont(path) as font:
        return set(font.getBestCmap())


def test_it_says_that_it_is_pdf_a_3_and_accessible():
    with opened() as pdf:
        metadata = pdf.Root.Metadata.read_bytes().decode()
        assert "<pdfaid:part>3</pdfaid:part>" in metadata
        assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
        assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
        assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"
        assert "/DestOutputProfile" in pdf.Root.OutputIntents[0]


def test_it_is_tagged_with_headings_tables_lists_and_figures_that_have_a_text():
    with opened(with_roi_name("x")) as pdf:
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.Root.Lang) == "en-US"
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        found = {}
        _walk(pdf.Root.StructTreeRoot, found)
        assert {"/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/L", "/LI", "/Figure"} <= found.keys()
        assert all(str(each.get("/Alt", "")) for each in found["/Figure"])


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_cover_holds_decision_verdict_reasons_next_steps_and_outstanding_documents(verdict):
    record = record_of(verdict)
    cover = cover_of(record)
    first = PdfReader(io.BytesIO(evidence_pdf(record, pictures_of()))).pages[0].extract_text()
    texts = [cover.decision, cover.answer, *cover.because, *(step.what for step in cover.steps)]
    texts += [item for each in cover.missing for item in each.items]
    assert bool(cover.missing) == (verdict != "rejects")
    assert [text for text in texts if _letters(text) not in _letters(first)] == []
    assert ".." not in first


def _letters(text):
    """Without blanks and dashes, which lines and fonts change."""
    return "".join(filter(str.isalnum, text)).casefold()


def test_every_factors_distribution_is_a_figure_with_its_numbers_as_text():
    with opened() as pdf:
        found = {}
        _walk(pdf.Root.StructTreeRoot, found)
    page = page_of(record_of())
    expected = {each.text for side in (page.findings_for, page.findings_against) for each in side.histograms}
    assert expected
    assert expected <= {str(each.get("/Alt", "")).replace("\u200b", "") for each in found["/Figure"]}


@pytest.mark.parametrize("sample", ["complex_central", "supported_central", "pet_ct_nsclc", "routine_sbrt"])
def test_a_sample_plan_takes_no_more_than_four_pages(measured_once, sample, tmp_path):
    assert pages_of(SAMPLES / sample, tmp_path) <= 4


def test_the_line_of_other_structures_ends_with_a_period(measured_once, tmp_path):
    pages_of(SAMPLES / "routine_sbrt", tmp_path)
    text = "".join(page.extract_text() for page in PdfReader(tmp_path / "evidence" / "evidence.pdf").pages)
    assert re.search(r"Other structures, volume in cm³:[^:]*\d\.\d+\.\s", text)


@pytest.mark.real_data
def test_a_real_plan_takes_no_more_than_four_pages(measured_once, real_data, tmp_path):
    assert pages_of(real_data / "lung1_001", tmp_path) <= 4


def pages_of(plan, folder):
    write_evidence(rtcomplexity.analyze(plan), folder / "evidence")
    with pikepdf.open(folder / "evidence" / "evidence.pdf") as pdf:
        return len(pdf.pages)


def _walk(node, found):
    if isinstance(node, pikepdf.Array):
        for each in node:
            _walk(each, found)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            found.setdefault(str(node.S), []).append(node)
        if "/K" in node:
            _walk(node.K, found)


def test_every_font_is_embedded_and_nothing_in_it_acts():
    with opened() as pdf:
        fonts = [
            each
            for each in pdf.objects
            if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/FontDescriptor"
        ]
        assert fonts
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(each.keys()) for each in fonts)
        kinds = {str(each.get("/S")) for each in pdf.objects if isinstance(each, pikepdf.Dictionary)}
        assert not kinds & {"/JavaScript", "/Launch", "/URI", "/SubmitForm"}
        assert not pdf.is_encrypted


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_embedded_record_is_the_record(verdict):
    record = record_of(verdict)
    with opened(record) as pdf:
        assert list(pdf.attachments) == ["evidence.json"]
        assert pdf.attachments["evidence.json"].get_file().read_bytes() == to_json(record)
        assert str(pdf.Root.AF[0].AFRelationship) == "/Source"
        assert 2 <= len(pdf.pages) <= 4


def test_the_same_record_gives_the_same_bytes_and_no_time():
    first = evidence_pdf(record_of(), pictures_of())
    assert first == evidence_pdf(record_of(), pictures_of())
    assert b"D:2026" not in first
    assert b"D:1980" in first or "1980-01-01" in pikepdf.open(io.BytesIO(first)).Root.Metadata.read_bytes().decode()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no process")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_fork_of_a_process_that_has_rendered_is_refused_and_does_not_hang():
    evidence_pdf(record_of(), pictures_of())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            evidence_pdf(record_of(), pictures_of())
        except ForkedAfterRenderingError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        assert "spawn" in said.read()
    os.waitpid(child, 0)
    assert str(pickle.loads(pickle.dumps(ForkedAfterRenderingError(1, 2)))).startswith("Process 2 was forked")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_survives(name):
    shown_name = name.encode("utf-8", "backslashreplace").decode()
    with opened(with_roi_name(name), pictures_of(shown_name)) as pdf:
        assert len(pdf.pages) <= 5
        embedded = json.loads(pdf.attachments["evidence.json"].get_file().read_bytes())
    assert embedded["rois"][0]["name"] == shown_name


@settings(max_examples=15)
@given(st.text(max_size=40))
def test_any_text_can_be_set(text):
    text = text.encode("utf-8", "replace").decode()
    assert evidence_pdf(with_roi_name(text), pictures_of(text)).startswith(b"%PDF-1.7")


def test_the_coverage_file_speaks_of_the_fonts():
    plain = cmap("NotoSans-Regular.ttf") & cmap("NotoSans-Bold.ttf")
    every = plain.union(
        *(cmap(f"NotoSans{script}-Regular.ttf") for script in ("Arabic", "Hebrew", "Thai", "Devanagari"))
    )
    for code in range(0x20, 0x20000):
        character = chr(code)
        can_show = unicodedata.category(character) not in INVISIBLE
        assert is_covered(character) == (code in every and can_show), hex(code)
        is_mark = unicodedata.category(character).startswith("M")
        assert is_covered(character, "plain") == (code in plain and can_show and not is_mark), hex(code)


def test_what_the_fonts_lack_becomes_its_code_point():
    assert printable("GTV\u6f22\x00\U0001f600") == "GTVU+6F22U+0000U+1F600"


def test_the_fonts_are_free_and_small():
    files = [each for each in FONTS.iterdir() if each.name.endswith(".ttf")]
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text("utf-8")
    assert sum(len(each.read_bytes()) for each in files) < 1_500_000
    for each in files:
        with resources.as_file(each) as path, TTFont(path) as font:
            assert "SIL Open Font License" in font["name"].getDebugName(13)
