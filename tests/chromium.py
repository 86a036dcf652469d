"""The browser that tests of pages use, where there is one."""

import os
import shutil
from contextlib import contextmanager

import pytest

from patience import PAGE_HANG_S

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def needs_browser():
    """The mark of a module that needs Chromium; a failure where it has to be there and is not."""
    if CHROMIUM is None and os.environ.get("RTCOMPLEXITY_REQUIRE_BROWSER") == "1":
        pytest.fail("Chromium is not on PATH, and RTCOMPLEXITY_REQUIRE_BROWSER=1 asks for it", pytrace=False)
    return pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")


@contextmanager
def launched():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS, headless=True)
        yield browser
        browser.close()


def patient_page(context):
    page = context.new_page()
    page.set_default_timeout(1000 * PAGE_HANG_S)
    return page


def serious_findings(page):
    """What axe finds that is serious or worse, with the elements; the page has to allow scripts (bypass_csp)."""
    from axe_playwright_python.sync_playwright import Axe

    return [
        (found["id"], [node["html"][:200] for node in found["nodes"]])
        for found in Axe().run(page).response["violations"]
        if found["impact"] in {"serious", "critical"}
    ]
