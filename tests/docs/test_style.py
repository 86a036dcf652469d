"""Forms that no reader is to meet: British spellings, "83.9 %", and phrases that the field does not use."""

import html
import io
import re
from pathlib import Path

import pytest
from pypdf import PdfReader

from rtcomplexity.cli.rendering.assessment import assessment_parts
from rtcomplexity.cli.rendering.terminal import ResultConsole
from rtcomplexity.evidence import words
from rtcomplexity.evidence.rendering import render
from unit.evidence.made_evidence import VERDICTS, for_payment, pictures_of, record_of

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    *(ROOT / "docs" / name for name in ("index.md", "glossary.md", "tutorial.md", "privacy.md")),
]
PAGES += sorted((ROOT / "docs" / "howto").glob("*.md"))
SPELLINGS = (
    r"tumours?", r"colour\w*", r"centres?", r"grey", r"artefacts?", r"behaviours?", r"neighbours?",
    r"licence", r"recognis\w+", r"optimis\w+", r"normalis\w+", r"summaris\w+", r"analys(?:e|ed|es|ing)",
)  # fmt: skip
BRITISH = re.compile(rf"\b(?:{'|'.join(SPELLINGS)})\b", re.IGNORECASE)
PERCENT = re.compile(r"\d %")
PHRASES = re.compile(
    r"nobody stated|harder than|left open|leave open|beyond nearly all|as in routine plans|carry a finding|"
    r"tied to nothing|no voxel stands|false-support|greater complexity|how often it errs|still missing|redrawings|"
    r"margin (?:a)?round|fault of this program|own earlier plans|lets? stand",
    re.IGNORECASE,
)
OPTION = re.compile(r"(?<![\w-])--[a-z]")
KEY = re.compile(r"\bscored\.[a-z_]+")
CODE = re.compile(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", re.DOTALL)


def banned(text):
    return [found[0] for pattern in (BRITISH, PERCENT, PHRASES) for found in pattern.finditer(text)]


def visible(name, content):
    if name.endswith("html"):
        body = re.sub(r"<(script|style)\b.*?</\1>", " ", content.decode(), flags=re.DOTALL)
        return html.unescape(re.sub(r"<[^>]+>", " ", body))
    if name.endswith("pdf"):
        return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    return content.decode()


@pytest.mark.parametrize("text", ["the tumour", "in 83.9 % of", "Nobody stated it", "harder than 98%", "a grey area"])
def test_a_banned_form_is_found(text):
    assert banned(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_holds_no_banned_form(page):
    assert banned(CODE.sub("", page.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("verdict", VERDICTS)
def test_no_report_holds_a_banned_form_or_an_option(verdict):
    for record in (record_of(verdict), for_payment()):
        names = ["evidence.html", "evidence.pdf", "summary.txt"]
        files = render(record, pictures_of(), names)
        for name in names:
            text = visible(name, files[name])
            assert banned(text) == [], name
            assert OPTION.search(text) is None, name


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_terminal_holds_no_banned_form(verdict):
    stream = io.StringIO()
    console = ResultConsole(file=stream, width=120, markup=False, emoji=False, highlight=False)
    for part in assessment_parts(record_of(verdict)):
        console.print(part)
    assert banned(stream.getvalue()) == []


def test_the_table_of_words_holds_no_banned_form_and_no_key():
    text = repr({name: table for name, table in vars(words).items() if name.isupper()})
    assert banned(text) == []
    assert KEY.search(text) is None


def test_the_readme_is_short_enough_to_be_read():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) < 130
