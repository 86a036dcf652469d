"""What every page for people keeps to: no forbidden word, no place on one machine, no dead link, nothing fetched."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patience import HANG_S
from rtcomplexity.scoring.guardrails import FORBIDDEN

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "SECURITY.md", ROOT / "CHANGELOG.md"]
MACHINE_PLACES = re.compile(r"/(work|tmp|home|root|opt|Users)/|[A-Z]:\\")
VARIABLE = re.compile(r"\$[A-Z]\w+|\$\(|\$ ")
"""A dollar sign of a shell, not of money."""
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
FETCHED = re.compile(r"""(?:src|href)=["']((?:https?:)?//[^"']+)["']""")


def named(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_holds_no_forbidden_word(page):
    text = VARIABLE.sub("", page.read_text(encoding="utf-8"))
    assert not FORBIDDEN.search(text)


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_a_page_names_no_place_on_one_machine(page):
    assert not MACHINE_PLACES.search(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_of_a_page_lead_to_files_that_are_here(page):
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_the_site_builds_without_a_warning_and_fetches_nothing(tmp_path):
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=HANG_S,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", text)
        assert not [tag for tag in loaded if FETCHED.search(tag) and 'rel="canonical"' not in tag], page.name
