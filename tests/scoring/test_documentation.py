"""The documentation's arithmetic, its tables and its claims about the default profile."""

import re
import sys
from pathlib import Path

import pytest

from rtcomplexity.scoring.guardrails import FORBIDDEN
from rtcomplexity.scoring.profile import load_profile

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "docs" / "scoring.md").read_text(encoding="utf-8")
STEP = re.compile(r"`([0-9+\-*/()., emin]+)` = (-?[0-9.]+)")
DERIVATION = TEXT.split("<!-- generated: derivation -->\n")[1].split("\n<!-- end of derivation -->")[0]


@pytest.fixture
def studies(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "studies"))
    yield
    sys.modules.pop("derivation", None)


def test_every_line_of_arithmetic_in_the_document_is_right():
    steps = STEP.findall(DERIVATION)
    assert len(steps) > 15
    for typed, result in steps:
        assert eval(typed, {"__builtins__": {}}, {"min": min}) == pytest.approx(float(result), rel=1e-5, abs=1e-4)


@pytest.mark.exhaustive
def test_the_document_derives_what_the_program_finds(studies):
    from derivation import derivation

    assert derivation() == DERIVATION


def test_the_document_names_the_profile_it_speaks_of():
    profile = load_profile()
    assert f"`{profile.id}`, SHA-256 `{profile.sha256[:16]}" in TEXT
    assert f"`{profile.id}` ({profile.sha256[:16]}" in TEXT


def test_the_documents_give_the_cutoffs_of_the_profile():
    joints = {each.strata[0]: each for each in load_profile().joint_references}
    sbrt, conventional = joints["thoracic-sbrt"], joints["thoracic-conventional"]
    flat = " ".join(TEXT.split())
    assert (
        f"({sbrt.c_reject:.1f} for SBRT, {conventional.c_reject:.1f} for conventional fractionation): rejects" in flat
    )
    assert f"upper cutoff on ({sbrt.c_support:.1f} and {conventional.c_support:.1f}) it supports" in flat
    rarities = [f"{100 / (100 - each.c_support):.0f}" for each in (sbrt, conventional)]
    for page in ("validation.md", "model-card.md"):
        text = " ".join((REPOSITORY / "docs" / page).read_text(encoding="utf-8").split())
        assert "1 in {} routine SBRT plans (1 in {} of conventional fractionation)".format(*rarities) in text, page


def test_the_validation_page_is_of_the_shipped_profile():
    page = (REPOSITORY / "docs" / "validation.md").read_text(encoding="utf-8")
    assert f"(SHA-256 `{load_profile().sha256[:16]}" in page


def test_the_document_promises_nothing():
    assert not FORBIDDEN.search(TEXT)


def test_false_support_of_the_default_profile_is_bounded():
    known = load_profile().calibration
    assert known.n_calibration >= 5000
    assert known.n_test >= 5000
    assert known.false_support_rate < known.false_support_upper95 <= 0.03
