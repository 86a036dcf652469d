"""Every issue is declared once, raised somewhere, and filled in with exactly the facts that its sentence names."""

import ast
import re
from collections import Counter
from pathlib import Path
from string import Formatter

import pytest

import rtcomplexity
import rtcomplexity.dicom.headers
from rtcomplexity.model import issue_codes
from rtcomplexity.model.issue import IssueCode, Severity
from rtcomplexity.model.issue_codes import ISSUE_CODES

PACKAGE = Path(rtcomplexity.__file__).parent
DECLARED = {name: value for name, value in vars(issue_codes).items() if isinstance(value, IssueCode)}
SOURCES = {
    path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
    for path in PACKAGE.rglob("*.py")
    if path.name != "issue_codes.py" and path.relative_to(PACKAGE).parts[0] != "testing"
}
LOOKED_UP = re.compile(r"-unreadable$|^archive-")
"""Codes by the kind of a file or of an archive's fault, which come with one sentence each."""


def facts_of(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def named(tree):
    """Names of the catalogue that a module refers to."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "codes"
    }


def raised(tree):
    """Calls such as ``codes.GANTRY_TILT.about(subject, tilt_deg=8.0)``: the name and the facts; None where unpacked."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "about"):
            continue
        maker = node.func.value
        maker = maker.value if isinstance(maker, ast.Attribute) and maker.attr == "otherwise" else maker
        if isinstance(maker, ast.Attribute) and isinstance(maker.value, ast.Name) and maker.value.id == "codes":
            facts = {word.arg for word in node.keywords}
            yield maker.attr, None if None in facts else facts


def test_every_code_is_declared_once_and_by_its_name():
    assert Counter(each.code for each in DECLARED.values()).most_common(1)[0][1] == 1
    assert {each.code.upper().replace("-", "_") for each in DECLARED.values()} == DECLARED.keys()
    assert {each.code for each in DECLARED.values()} == ISSUE_CODES.keys()


@pytest.mark.parametrize("each", DECLARED.values(), ids=lambda each: each.code)
def test_every_code_says_what_was_found_and_what_to_do(each):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", each.code)
    assert all(text == "{reason}" or re.search(r"[.})?]$", text) for text in each.texts)
    assert re.fullmatch(r"[A-Z].*\.", each.action)
    assert len({frozenset(facts_of(text)) for text in each.texts}) == len(each.texts), "facts tell sentences apart"


def test_every_code_is_used():
    used = {name for source in SOURCES.values() for name in named(ast.parse(source))}
    assert used - {"ISSUE_CODES"} <= DECLARED.keys()
    assert {name for name in DECLARED.keys() - used if not LOOKED_UP.search(DECLARED[name].code)} == set()


def test_every_sentence_is_filled_in_with_the_facts_that_it_names():
    for path, source in SOURCES.items():
        for name, facts in raised(ast.parse(source)):
            sentences = [facts_of(text) for text in DECLARED[name].texts]
            assert facts is None or facts in sentences, (path, name, facts)


def test_only_the_catalogue_makes_issues():
    makers = {path for path, source in SOURCES.items() if re.search(r"\bIssue\((?!Exception)", source)}
    assert makers == {"model/issue.py"}


@pytest.mark.parametrize("kind", rtcomplexity.dicom.headers.FileKind)
def test_a_file_of_any_kind_that_cannot_be_read_has_a_code(kind):
    assert f"{kind.replace(' ', '-')}-unreadable" in ISSUE_CODES


def test_every_code_of_the_walk_is_declared_or_only_counted():
    given = set()
    for path, source in SOURCES.items():
        if path.startswith("sources/"):
            given |= set(re.findall(r'"((?:archive|folder|file|linked|special)-[a-z-]+)"', source))
    assert {"archive-broken", "archive-link", "folder-unreadable"} <= given
    assert given - {"linked-folder", "special-file"} <= ISSUE_CODES.keys()


def test_a_sentence_is_chosen_by_the_facts_given():
    code = IssueCode(
        code="a-b", severity=Severity.WARNING, or_severity=Severity.INFO, texts=("{a:.1f} is odd.", "Odd."), action=""
    )
    assert code.about("plan", a=2).text == "2.0 is odd."
    assert code.otherwise.about("roi:1") == code.otherwise.about("roi:1")
    assert code.otherwise.about("roi:1").severity is Severity.INFO
    with pytest.raises(StopIteration):
        code.about("plan", b=1)
