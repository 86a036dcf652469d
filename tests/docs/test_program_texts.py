"""Texts of the program and all documents, in the terms and the spelling of American radiation oncology.

What reports and the terminal hold, :mod:`test_style` looks at.
"""

import html
import re
from pathlib import Path

import pytest
import typer

from rtcomplexity.cli.app import app
from rtcomplexity.model.issue_codes import ISSUE_CODES
from rtcomplexity.scoring import claim_form, sentences
from rtcomplexity.scoring.claim_file import FORMS, TEMPLATE
from rtcomplexity.scoring.guardrails import DISCLAIMER, SERVICE_LEVEL_NOTE

ROOT = Path(__file__).parents[2]
SPELLING = re.compile(
    r"tumour|colour|\bcentre|centred\b|analys(e|ed|er|es|ing)\b|\bgrey|artefact|neighbour|behaviour|\bmetres?\b|"
    r"millimetre|centimetre|licence|programme\b|favour|modell(ed|ing)|labell(ed|ing)|travell|"
    r"(organ|recogn|summar|normal|standard|optim|util|character|minim|maxim|categor|emphas)is(e|ed|es|ing|ation)\b",
    re.IGNORECASE,
)
TYPOGRAPHY = re.compile(r"\d[\u00a0\u202f ]%")
PHRASES = re.compile(
    r"nobody stated|harder than in|\bleft open\b|\bleaves? open\b|lets? (it |them )?stand|of another kind|"
    r"a fault of this program|fault of its own|beyond nearly all|a margin round|take this neither|"
    r"leaves the house|who delineated|minutes actually spent|own earlier plans|how often it errs|"
    r"stood from before|met no plan|tied to nothing|told by nobody",
    re.IGNORECASE,
)
PROPER_NAMES = re.compile(r"Image Biomarker Standardisation Initiative")
CODE = re.compile(r"`[^`\n]*`|code='[^']*'|suv-height-in-centimetres|copies-encoded-anew")
"""Names in code are no prose; the codes of issues stay, since they are stable."""
VERBS = re.compile(r"\b(stands?|stood|tells?|anew)\b", re.IGNORECASE)


def text_of_html(content):
    """What a reader of a page sees: no style, no script, no markup."""
    content = re.sub(r"<(style|script)\b.*?</\1>", " ", content, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", " ", content))


def help_texts():
    command = typer.main.get_command(app)
    stack = [("", command)]
    while stack:
        name, each = stack.pop()
        yield f"help of {name or 'rtcomplexity'}", each.get_help(typer.Context(each, info_name=name or "rtcomplexity"))
        stack += [(f"{name} {sub}".strip(), found) for sub, found in getattr(each, "commands", {}).items()]


def tables_of(module):
    for name, value in vars(module).items():
        if name.isupper() and isinstance(value, str | tuple | dict):
            yield f"{module.__name__}.{name}", str(value)


def form_texts():
    for field in claim_form.fields().values():
        yield (
            field.name,
            f"{field.label}. {field.hint}. {field.mistake} {' '.join(label for _, label in field.choices)}",
        )


TEXTS = {
    **dict(help_texts()),
    **dict(tables_of(sentences)),
    **{f"issue {code}": f"{each}" for code, each in ISSUE_CODES.items()},
    **{f"field {name}": text for name, text in form_texts()},
    **{f"form of {name}": text for name, text in FORMS.items()},
    "claim file": TEMPLATE,
    **{f"payer {path.stem}": path.read_text("utf-8") for path in sorted((ROOT / "src").rglob("payers/*.toml"))},
    "disclaimer": DISCLAIMER + SERVICE_LEVEL_NOTE,
    **{
        f"template {path.name}": text_of_html(re.sub(r"{[{%].*?[%}]}", " ", path.read_text("utf-8"), flags=re.DOTALL))
        for path in sorted((ROOT / "src").rglob("*.html.j2"))
    },
}
DOCUMENTS = [ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")]
DOCUMENTS += [path for path in sorted((ROOT / "docs").rglob("*.md")) if path.parent.name != "decisions"]

FOR_READERS = [ROOT / "README.md", *(ROOT / "docs" / name for name in ("index.md", "tutorial.md"))]
FOR_READERS += sorted((ROOT / "docs" / "howto").glob("*.md"))


def found(text, *patterns):
    text = PROPER_NAMES.sub("", CODE.sub("", text))
    return [text[max(0, hit.start() - 30) : hit.end() + 20] for pattern in patterns for hit in pattern.finditer(text)]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_of_the_program_has_no_banned_form(name):
    assert found(TEXTS[name], SPELLING, TYPOGRAPHY, PHRASES, VERBS) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_has_no_banned_form(path):
    assert found(path.read_text("utf-8"), SPELLING, TYPOGRAPHY, PHRASES) == []


@pytest.mark.parametrize("path", FOR_READERS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_that_leads_a_reader_uses_the_verbs_of_the_field(path):
    assert found(re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL), VERBS) == []


@pytest.mark.parametrize(
    "text", ["tumour", "83.9 %", "what nobody stated", "harder than in", "was left open", "analysed"]
)
def test_a_banned_form_would_be_found(text):
    assert found(text, SPELLING, TYPOGRAPHY, PHRASES)
