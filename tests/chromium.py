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


class Reader:
    """Reads one page after another as a person does, in the same tab: one of its own takes half a second to start."""

    def __init__(self, browser):
        self._browser, self._tabs = browser, {}

    @contextmanager
    def tab(self, size=WIDE, **options):
        """An empty tab, with what the page in it logs, and the addresses that it asks for, as they come."""
        key = tuple(sorted(options.items()))
        page = self._tabs.pop(key, None) or patient_page(self._browser.new_context(**options))
        page.set_viewport_size(size)
        said, asked = [], []
        heard = {
            "console": lambda message: said.append(message.text),
            "pageerror": lambda error: said.append(str(error)),
            "request": lambda request: asked.append(request.url),
        }
        for event, hear in heard.items():
            page.on(event, hear)
        try:
            yield page, said, asked
        except BaseException:  # whatever state it is in, the next test gets another
            page.context.close()
            raise
        for event, hear in heard.items():
            page.remove_listener(event, hear)
        page.unroute_all()
        for other in page.context.pages:
            if other is not page:
                other.close()
        page.mouse.move(0, 0)
        with page.expect_navigation():  # from within: it inherits the page's opener policy, else a process ends here
            page.evaluate("location.replace('about:blank')")
        self._tabs[key] = page


@contextmanager
def reading():
    """A reader for the tests of a module."""
    with launched() as browser:
        yield Reader(browser)


def serious_findings(page):
    """What axe finds that is serious or worse, with the elements; the page has to allow scripts (bypass_csp)."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"resultTypes": ["violations"], "selectors": False}  # to make selectors takes as long as to look
    return [
        (found["id"], [node["html"][:200] for node in found["nodes"]])
        for found in Axe().run(page, options=options).response["violations"]
        if found["impact"] in {"serious", "critical"}
    ]
