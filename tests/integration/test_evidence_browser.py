"""The page as a person meets it: in Chromium, from a file, with keyboard and mouse, wide and narrow, light and dark."""

import json
from contextlib import contextmanager

import pytest

from chromium import PHONE, WIDE, needs_browser, reading, serious_findings
from rtcomplexity.cli import app

pytestmark = needs_browser()


@pytest.fixture(scope="module")
def page_file(measured_once, request, tmp_path_factory):
    folder, plan = tmp_path_factory.mktemp("browser"), request.config.rootpath / "sample_data" / "complex_central"
    assert app.run(["analyze", str(plan), "--out", str(folder / "evidence"), "--quiet"]) == 0
    return folder / "evidence" / "evidence.html"


@pytest.fixture(scope="module")
def browser():
    with reading() as browser:
        yield browser


@contextmanager
def opened(browser, page_file, size=None, scheme="light"):
    """Open the page; on leaving, nothing may have been logged or asked for."""
    with browser.tab(size or WIDE, color_scheme=scheme) as (page, said, asked):
        page.goto(page_file.as_uri())
        page.wait_for_selector("#viewer[data-ready]")
        page.wait_for_selector("#solid[data-ready]")
        yield page
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", page_file.as_uri()))] == []


def pixels(page, canvas):
    page.evaluate("() => new Promise(requestAnimationFrame)")
    return page.evaluate(f"document.getElementById('{canvas}').toDataURL()")


def test_the_slider_changes_slice_label_and_text_alternative(browser, page_file):
    with opened(browser, page_file) as page:
        before, label = pixels(page, "slice"), page.inner_text("#slice-label")
        page.focus("#position")
        page.keyboard.press("ArrowRight")
        assert pixels(page, "slice") != before
        assert page.inner_text("#slice-label") != label
        assert page.inner_text("#slice-label") in page.get_attribute("#slice", "aria-label")
        page.keyboard.press("ArrowLeft")
        assert pixels(page, "slice") == before


def test_keys_and_wheel_on_the_picture_page_through(browser, page_file):
    with opened(browser, page_file) as page:
        page.focus("#slice")
        before = pixels(page, "slice")
        page.keyboard.press("PageUp")
        after = pixels(page, "slice")
        assert after != before
        page.hover("#slice")
        page.mouse.wheel(0, 100)
        page.wait_for_function("(before) => document.getElementById('slice').toDataURL() !== before", arg=after)


def test_every_layer_can_be_switched_off_and_on(browser, page_file):
    with opened(browser, page_file) as page:
        boxes = page.locator("#viewer input[type=checkbox]")
        seen = {pixels(page, "slice")}
        for number in range(boxes.count()):
            before = pixels(page, "slice")
            boxes.nth(number).focus()
            page.keyboard.press("Space")
            seen.add(pixels(page, "slice"))
            page.keyboard.press("Space")
            assert pixels(page, "slice") == before
        assert len(seen) >= 5  # image, PET, GTV, CTV, PTV show on the first slice


def test_the_surfaces_turn_by_button_key_and_drag_and_can_be_hidden(browser, page_file):
    with opened(browser, page_file) as page:
        seen = [pixels(page, "surface")]
        page.click("text=Rotate left")
        seen.append(pixels(page, "surface"))
        page.focus("#surface")
        page.keyboard.press("ArrowUp")
        seen.append(pixels(page, "surface"))
        page.locator("#surface").hover(position={"x": 100, "y": 100})  # waits until nothing scrolls any more
        box = page.locator("#surface").bounding_box()
        page.mouse.down()
        page.mouse.move(box["x"] + 180, box["y"] + 130, steps=3)
        page.mouse.up()
        seen.append(pixels(page, "surface"))
        page.locator("#solid input[type=checkbox]").first.click()
        seen.append(pixels(page, "surface"))
        assert len(set(seen)) == len(seen)
        page.locator("#solid input[type=checkbox]").first.click()
        page.click("text=Anterior view")
        assert pixels(page, "surface") == seen[0]


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_there_is_no_serious_accessibility_finding(browser, page_file, size, scheme):
    with browser.tab(size, color_scheme=scheme, bypass_csp=True) as (page, _, _):  # axe itself is a script
        page.goto(page_file.as_uri())
        page.wait_for_selector("#solid[data-ready]")
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert serious_findings(page) == []


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_is_wider_than_the_screen(browser, page_file, size):
    with opened(browser, page_file, size) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_first_screen_holds_answer_reason_next_step_and_claim(browser, page_file):
    score = f"Score {json.loads((page_file.parent / 'evidence.json').read_text())['score']['t']:.1f}"
    with opened(browser, page_file) as page:
        for text in ("Hold the claim", "Inconclusive: physician review required", "Why", "Next steps", score):
            box = page.get_by_text(text, exact=True).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= WIDE["height"]


def test_the_first_screen_holds_every_reason_deciding_factor_and_outstanding_document(browser, page_file):
    with opened(browser, page_file) as page:
        lowest = {each: page.locator(each).last.bounding_box() for each in (".verdict li", ".deciding tr", ".todo dd")}
        assert {each for each, box in lowest.items() if box["y"] + box["height"] > WIDE["height"]} == set()


def test_the_answer_and_its_reason_stand_on_a_phones_first_screen(browser, page_file):
    with opened(browser, page_file, PHONE) as page:
        for text in ("Hold the claim", "Inconclusive: physician review required", "Why"):
            box = page.get_by_text(text, exact=True).first.bounding_box()
            assert box["y"] + box["height"] <= PHONE["height"]


def test_printing_opens_what_is_folded(browser, page_file):
    with opened(browser, page_file) as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("[...document.querySelectorAll('details')].every((each) => each.open)")


def test_without_scripts_the_page_still_says_everything(browser, page_file):
    with browser.tab(java_script_enabled=False) as (page, _, _):
        page.goto(page_file.as_uri())
        assert page.get_by_role("heading", name="Inconclusive: physician review required").is_visible()
        assert page.locator("figure img").count() == 5, "three planes, PET and MR fused with the CT"
