"""The page of a comparison as a person meets it: in Chromium, with keyboard and mouse, and without scripts."""

from contextlib import contextmanager

import pytest
from pydicom import dcmread, dcmwrite

from chromium import PHONE, WIDE, needs_browser, reading, serious_findings
from rtcomplexity.cli import app
from rtcomplexity.testing import edited_sets

pytestmark = needs_browser()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A page of outlines alone: GTV and heart were edited, the esophagus was not."""
    folder = tmp_path_factory.mktemp("plain")
    sides = [str(path) for path in edited_sets.write(folder)]
    assert app.run(["compare", *sides, "--tolerance", "1", "--out", str(folder / "out")]) == 0
    return folder / "out" / "comparison.html"


@pytest.fixture(scope="module")
def imaged(request, tmp_path_factory):
    """A page with slices of the planning image: the GTV was moved to the left."""
    folder, sample = tmp_path_factory.mktemp("imaged"), request.config.rootpath / "sample_data" / "complex_central"
    dataset = dcmread(sample / "rs.dcm")
    for contour in dataset.ROIContourSequence[0].ContourSequence:
        points = [float(value) for value in contour.ContourData]
        points[::3] = [x + 3 for x in points[::3]]
        contour.ContourData = [f"{value:.3f}" for value in points]
    dcmwrite(folder / "moved.dcm", dataset)
    name = dataset.StructureSetROISequence[0].ROIName
    sides = [f"{sample / 'rs.dcm'}::{name}", f"{folder / 'moved.dcm'}::{name}"]
    assert app.run(["compare", *sides, "--images", str(sample / "ct"), "--out", str(folder / "out")]) == 0
    return folder / "out" / "comparison.html"


@pytest.fixture(scope="module")
def browser():
    with reading() as browser:
        yield browser


@contextmanager
def opened(browser, page_file, *, scripts=True):
    """Open the page; on leaving, nothing may have been logged or asked for."""
    with browser.tab(WIDE, java_script_enabled=scripts) as (page, said, asked):
        page.goto(page_file.as_uri())
        if scripts:
            page.wait_for_selector(".viewer[data-ready]")
        yield page
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", page_file.as_uri()))] == []


def seen(page):
    """Label, text alternative and paths of the first viewer."""
    viewer = page.locator(".viewer").first
    paths = [viewer.locator(f".{name}").get_attribute("d") for name in ("difference", "first", "second")]
    return viewer.locator("figcaption").inner_text(), viewer.locator("> svg").get_attribute("aria-label"), paths


def test_only_what_differs_can_be_paged_through(browser, plain):
    with opened(browser, plain) as page:
        assert page.locator(".viewer").count() == 2


def test_it_opens_on_the_plane_that_differs_most(browser, plain):
    with opened(browser, plain) as page:
        label, _, (difference, first, second) = seen(page)
        assert label == "Plane at -12.0 mm: 2.54 cm² differ."
        assert (difference, second) == (first, "")


@pytest.mark.parametrize(("target", "key"), [("input", "ArrowRight"), ("> svg", "ArrowUp"), ("> svg", "PageUp")])
def test_keys_on_slider_and_picture_change_outlines_label_and_text_alternative(browser, plain, target, key):
    with opened(browser, plain) as page:
        before = seen(page)
        page.locator(".viewer").first.locator(target).focus()
        page.keyboard.press(key)
        label, alternative, paths = seen(page)
        assert label != before[0]
        assert alternative.endswith(label)
        assert paths != before[2]
        page.locator(".viewer").first.locator("> svg").focus()
        page.keyboard.press("Home")
        assert seen(page) == before


def test_a_plane_that_nobody_edited_has_one_outline_twice(browser, plain):
    with opened(browser, plain) as page:
        page.locator(".viewer").first.locator("> svg").focus()
        page.keyboard.press("ArrowUp")
        label, _, (difference, first, second) = seen(page)
        assert label == "Plane at -9.0 mm: 0.00 cm² differ."
        assert first == second
        assert difference == first + second


def test_the_wheel_pages(browser, plain):
    with opened(browser, plain) as page:
        before = seen(page)
        page.locator(".viewer > svg").first.hover()
        page.mouse.wheel(0, 100)
        page.wait_for_function(
            "(before) => document.querySelector('.viewer figcaption').textContent !== before", arg=before[0]
        )
        assert seen(page)[0] != before[0]


def test_the_image_under_the_outlines_pages_with_them(browser, imaged):
    with opened(browser, imaged) as page:
        image = page.locator(".viewer svg svg")
        start = image.get_attribute("viewBox")
        pictures = [page.locator(".viewer > svg").screenshot()]
        page.locator(".viewer > svg").focus()
        page.keyboard.press("ArrowUp")
        assert image.get_attribute("viewBox") != start
        pictures.append(page.locator(".viewer > svg").screenshot())
        assert pictures[0] != pictures[1]
        assert "can show a face" in page.inner_text("body")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_there_is_no_serious_accessibility_finding_and_nothing_is_too_wide(browser, imaged, plain, size):
    for page_file in (imaged, plain):
        with browser.tab(size, bypass_csp=True) as (page, _, _):
            page.goto(page_file.as_uri())
            page.wait_for_selector(".viewer[data-ready]")
            assert serious_findings(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_without_scripts_there_is_the_plane_that_differs_most_and_the_table(browser, plain):
    with opened(browser, plain, scripts=False) as page:
        assert page.locator(".viewer").first.locator(".first").get_attribute("d")
        assert page.locator(".viewer input").first.is_hidden()
        text = page.inner_text("body")
        assert "Plane at -12.0 mm: 2.54 cm² differ." in text
        assert "0.931343" in text
