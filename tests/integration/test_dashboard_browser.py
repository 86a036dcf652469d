"""The dashboard and the page of a profile of one's own in Chromium: 38 and 2,000 plans, wide and on a phone."""

import random

import pytest

from chromium import PHONE, WIDE, needs_browser, reading, serious_findings
from rtcomplexity.batch.calibration_results import Maker, calibrate, write_calibrated
from rtcomplexity.batch.ledger import Ledger
from rtcomplexity.batch.messages import Outcome, Status
from rtcomplexity.batch.outputs import write_outputs
from rtcomplexity.model.options import OWN_PATTERN
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.site import site_named
from rtcomplexity.testing.simulated_results import Simulation, write_results
from unit.batch.test_outputs import content_of, key, put, record

pytestmark = needs_browser()

PLACES = (
    ("thoracic", "thoracic-delineation-1", "thoracic-conventional"),
    ("head-and-neck", "any-site-1", "any"),
    ("spine-and-bone", "any-site-1", "any"),
    ("unknown", "any-site-1", "any"),
)
REASONS = {"rejects": "below_reject_cutoff", "indeterminate": "between_cutoffs", "supports": "above_support_cutoff"}
BROKEN = """() => [...document.querySelectorAll('th, td, .tile, li, p')].flatMap((cell) => {
  const found = [], walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const match of node.data.matchAll(/[\\w.,%³]+/g)) {
      const range = document.createRange();
      range.setStart(node, match.index);
      range.setEnd(node, match.index + match[0].length);
      const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (tops.size > 1) found.push(match[0]);
    }
  }
  return found;
})"""
"""Words and numbers that run over more than one line."""


def plan(number):
    rng = random.Random(number)
    site, profile, stratum = rng.choice(PLACES)
    score = round(100 * rng.random(), 4)
    verdict = "rejects" if score < 75 else "indeterminate" if score < 98 else "supports"
    tree = record(value=round(rng.lognormvariate(2, 1.5), 4), verdict=verdict, percentile=score)
    tree["plan"]["facts"]["site"] = site
    tree["score"] |= {"stratum": stratum, "profile": {"id": profile, "sha256": "0" * 64}}
    tree["score"]["decided_by"] = rng.sample(["shape", "topology", "ambiguity", "extent", "adjacency"], 2)
    tree["verdict"]["reasons"] = [{"code": REASONS[verdict], "text": ""}]
    tree["plan"]["structure_set"]["approval"] = "APPROVED"
    return Outcome(status=Status.ASSESSED, content=content_of(tree), wall_s=5 * rng.random(), peak_bytes=10**8)


def dashboard(folder, plans):
    with Ledger(folder) as ledger:
        for number in range(plans):
            put(ledger, key(number), plan(number))
        refused = Outcome(status=Status.REFUSED, code="no-structure-set", reason="There is no RT Structure Set.")
        put(ledger, "f" * 64, refused)
        write_outputs(ledger, folder, parquet=False, evidence=False)
    return folder / "dashboard.html"


@pytest.fixture(scope="module")
def browser():
    with reading() as browser:
        yield browser


@pytest.fixture(scope="module", params=[38, pytest.param(2000, marks=pytest.mark.exhaustive)])
def page_file(request, tmp_path_factory):
    return dashboard(tmp_path_factory.mktemp("dashboard"), request.param)


@pytest.fixture(params=[WIDE, PHONE], ids=["wide", "phone"])
def page(request, browser, page_file):
    with browser.tab(request.param) as (page, said, _):
        page.goto(page_file.as_uri())
        yield page
    assert said == []


def test_no_word_and_no_number_breaks_and_the_page_does_not_scroll_sideways(page):
    assert page.evaluate(BROKEN) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_plan_table_uses_the_width_and_is_sorted_by_number_and_by_site(page):
    width = page.evaluate("document.querySelector('#plans').getBoundingClientRect().width / innerWidth")
    assert width > 0.9
    page.get_by_role("button", name="Score").click()
    scores = column(page, 5)
    assert scores == sorted(scores, key=lambda score: (score == "", float(score or 0)))
    page.get_by_role("button", name="Score").click()
    assert [float(score) for score in column(page, 5)[:20]] == sorted(
        (float(score) for score in scores if score), reverse=True
    )[:20]
    page.locator("#plans").get_by_role("button", name="Site").click()
    sites = [site for site in column(page, 3) if site]
    assert sites == sorted(sites)


def column(page, number):
    return page.evaluate(
        f"[...document.querySelectorAll('#plans tbody td:nth-child({number})')].map((c) => c.innerText)"
    )


def test_plans_are_filtered_by_site(page):
    page.get_by_label("Site").select_option("head and neck")
    shown = page.evaluate("[...document.querySelectorAll('#plans tbody tr:not([hidden])')].map((r) => r.dataset.site)")
    assert set(shown) == {"head and neck"}
    assert page.inner_text("#shown").startswith(f"{len(shown):,} of ")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_serious_is_found_by_axe(browser, page_file, size):
    with browser.tab(size) as (page, _, _):
        page.goto(page_file.as_uri())
        assert serious_findings(page) == []


@pytest.fixture(scope="module")
def profile_page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("profile")
    results = write_results(folder / "results", Simulation(plans=130))
    made = calibrate([results], site_named("shoulder"), load_profile(OWN_PATTERN), Maker(name="tests"))
    return write_calibrated(made, folder / "ours.toml")[1]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_page_of_a_profile_is_whole_and_has_nothing_serious(browser, profile_page, size):
    with browser.tab(size) as (page, _, _):
        page.goto(profile_page.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        broken = [word for word in page.evaluate(BROKEN) if len(word) < 64]
        assert broken == [], "a hash may break"
        assert serious_findings(page) == []
