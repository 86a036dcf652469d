"""The billing desk as a coder meets it in Chromium: keyboard and mouse, wide and narrow, with and without scripts."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest

from chromium import PHONE, WIDE, needs_browser, patient_page, reading, serious_findings
from rtcomplexity.desk import reports
from rtcomplexity.desk.evidence_folders import evidence_folders
from rtcomplexity.evidence.folder import write_folder
from rtcomplexity.scoring.claim_file import load_claim
from unit.batch.small_plans import small_plan, write_plan
from unit.desk.serving import served
from unit.evidence.made_evidence import folder_files, record_of

pytestmark = needs_browser()
SAMPLES = Path(__file__).parents[2] / "sample_data"
DONE = ".cover, .warning"
FOCUSED = "(({ id, value, textContent }) => id || textContent.trim() || value)(document.activeElement)"


@pytest.fixture(scope="module")
def browser():
    with reading() as browser:
        yield browser


@pytest.fixture(scope="module")
def server():
    with served() as client:
        yield client


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "plan"
    write_plan(folder, small_plan(1))
    return folder


@contextmanager
def opened(browser, server, path="/", size=None, **options):
    """A page of the desk; on leaving, it may have asked nobody else, and logged nothing but refusals."""
    with browser.tab(size or WIDE, **options) as (page, said, asked):
        page.goto(f"http://{server.host}{server.base}{path}")
        yield page
    assert [text for text in said if "422" not in text] == []
    assert [url for url in asked if not url.startswith((server.desk.address, "data:"))] == []


def added(page, folder):
    """Add a plan by the folder picker and wait for its result; give the path of its page."""
    page.set_input_files("#folder", str(folder))
    page.click("text=Analyze")
    page.wait_for_selector(DONE)
    return "/plans/" + page.url.rpartition("/plans/")[2]


@pytest.fixture(scope="module")
def plan(browser, server, small):
    with opened(browser, server) as page:
        return added(page, small)


def lowest_edge(page, text):
    box = page.get_by_text(text, exact=True).first.bounding_box()
    assert box is not None, text
    return box["y"] + box["height"]


IN_VIEWPORT = """() => [...document.querySelectorAll("h1, p, li, li strong")]
    .filter((each) => { const box = each.getBoundingClientRect(); return box.height > 0 && box.bottom <= innerHeight; })
    .map((each) => each.textContent).join("\\n")"""
ANSWERS = {
    "supports": ("Ready for physician review", "Supported"),
    "rejects": ("Do not submit with modifier 22", "Not supported"),
    "indeterminate": ("Hold the claim", "Inconclusive: physician review required"),
    "insufficient_evidence": ("Hold the claim", "Insufficient evidence"),
}


@pytest.fixture(scope="module")
def worklist(tmp_path_factory):
    """A worklist folder with a report of every verdict."""
    root = tmp_path_factory.mktemp("worklist")
    for verdict in ANSWERS:
        write_folder(root / verdict, folder_files(record_of(verdict)))
    return root


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_first_screen_answers_the_coders_four_questions(browser, worklist, size):
    with served(worklist=worklist) as server:
        for plan_id, folder in evidence_folders(worklist).items():
            decision, verdict = ANSWERS[folder.name]
            with opened(browser, server, f"/plans/{plan_id}", size) as page:
                above = [decision, verdict, "Why", *(["Next steps"] if size is WIDE else [])]
                assert [text for text in above if lowest_edge(page, text) > size["height"]] == []
                documents = page.locator("h2", has_text="Outstanding documentation").bounding_box()
                assert size is PHONE or documents["y"] < size["height"]
                assert page.locator(".todo ol li").count() > 0
                assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_on_a_wide_screen_every_reason_step_and_outstanding_document_is_in_the_first_viewport(browser, worklist):
    with served(worklist=worklist) as server:
        for plan_id, folder in evidence_folders(worklist).items():
            report = reports.report_at(folder).page.cover
            texts = [report.decision, report.answer, *report.because, *(step.what for step in report.steps)]
            texts += [item for each in report.missing for item in each.items]
            assert bool(report.missing) == (folder.name != "rejects")
            with opened(browser, server, f"/plans/{plan_id}", WIDE) as page:
                visible = page.evaluate(IN_VIEWPORT)
                assert [text for text in texts if text not in visible] == [], folder.name


def test_the_worklist_names_decision_and_verdict_of_every_plan(browser, worklist):
    with served(worklist=worklist) as server, opened(browser, server, "/worklist", bypass_csp=True) as page:
        text = page.inner_text("main")
        for decision, verdict in ANSWERS.values():
            assert decision in text
            assert verdict in text
        assert serious_findings(page) == []


def test_a_reload_and_a_second_tab_show_the_same_analysis(browser, server, small):
    with opened(browser, server) as page:
        page.set_input_files("#folder", str(small))
        page.click("text=Analyze")
        page.wait_for_url("**/plans/*")
        page.reload()
        other = patient_page(page.context)
        other.goto(page.url)
        for each in (page, other):
            each.wait_for_selector(".cover")
        assert page.inner_text("h1") == other.inner_text("h1")
        path = "/plans/" + page.url.rpartition("/plans/")[2]
    server.post(f"{path}/remove")


def test_a_dropped_zip_is_analyzed(browser, server, small, tmp_path):
    packed = Path(shutil.make_archive(str(tmp_path / "plan"), "zip", small)).read_bytes()
    with opened(browser, server) as page:
        transfer = page.evaluate_handle(
            """(bytes) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(bytes)], "plan.zip", { type: "application/zip" }));
                return transfer;
            }""",
            list(packed),
        )
        page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
        page.wait_for_selector("#sending:text-matches('^1 file')")
        page.keyboard.press("Enter")  # the drop moved the focus to Analyze
        page.wait_for_selector(DONE)
        assert page.inner_text("h1") == "Insufficient evidence"
        path = "/plans/" + page.url.rpartition("/plans/")[2]
    server.post(f"{path}/remove")


def test_options_are_sent_with_the_plan_and_a_mistake_in_them_keeps_the_page(browser, server, small, tmp_path):
    (tmp_path / "classes.txt").write_text("GTV secret=TUMOR\n")
    with opened(browser, server) as page:
        assert not page.is_visible("#profile")
        page.click("text=Options")
        page.select_option("#profile", "any-site-1")
        page.set_input_files("#roi_classes", str(tmp_path / "classes.txt"))
        page.set_input_files("#folder", str(small))
        page.click("text=Analyze")
        page.wait_for_selector("#upload-problem:has-text('Line 1')")
        (tmp_path / "classes.txt").write_text("GTV secret=ITV\n")
        page.set_input_files("#roi_classes", str(tmp_path / "classes.txt"))
        page.click("text=Analyze")
        page.wait_for_selector(DONE)
        shown = page.inner_text(".status")
        assert "User-supplied inputs" in shown
        assert "any-site-1" in shown
        assert "ITV" in shown
        path = "/plans/" + page.url.rpartition("/plans/")[2]
    server.post(f"{path}/remove")


def test_another_structure_set_is_chosen_by_keyboard(browser, server, tmp_path):
    write_plan(tmp_path / "plan", small_plan(2, sets=2))
    with opened(browser, server) as page:
        path = added(page, tmp_path / "plan")
        assert "(assessed)" in page.inner_text("#structure-set option:checked")
        page.focus("#structure-set")
        page.keyboard.press("ArrowDown" if page.evaluate("document.activeElement.selectedIndex") == 0 else "ArrowUp")
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) == "Assess this structure set"
        page.keyboard.press("Enter")
        page.wait_for_selector("text=User-supplied inputs")
        assert "Structure set" in page.inner_text(".status")
    server.post(f"{path}/remove")


def test_claim_information_for_a_report_of_the_worklist_folder_is_downloaded(browser, worklist):
    [plan_id] = [plan_id for plan_id, folder in evidence_folders(worklist).items() if folder.name == "supports"]
    before = {path: path.read_bytes() for path in worklist.rglob("*") if path.is_file()}
    with served(worklist=worklist) as server, opened(browser, server, f"/plans/{plan_id}", bypass_csp=True) as page:
        page.click("text=Enter claim information")
        assert serious_findings(page) == []
        page.fill("#payer", "aetna")
        page.click("text=Save claim information")
        page.wait_for_selector("text=is not in this report")
        assert serious_findings(page) == []
        with page.expect_download() as started:
            page.click("a:text-is('Claim information file')")
        assert 'payer = "aetna"' in Path(started.value.path()).read_text("utf-8")
    assert {path: path.read_bytes() for path in worklist.rglob("*") if path.is_file()} == before


def test_what_cannot_be_sent_is_said_before_it_is_sent(browser, server, tmp_path):
    with opened(browser, server) as page:
        page.click("text=Analyze")
        assert page.inner_text("#upload-problem") == "Choose the plan folder or its zip file first."
        page.evaluate("document.getElementById('upload').dataset.mostFiles = '0'")
        (tmp_path / "a").write_text("x")
        page.set_input_files("#files", str(tmp_path / "a"))
        page.click("text=Analyze")
        assert "More than 0 files" in page.inner_text("#upload-problem")


def test_a_refused_plan_says_why_and_what_to_try(browser, server, tmp_path):
    (tmp_path / "note.txt").write_text("no plan")
    with opened(browser, server) as page:
        page.set_input_files("#files", str(tmp_path / "note.txt"))
        page.click("text=Analyze")
        page.wait_for_selector(".warning")
        assert page.inner_text("h1") == "This plan cannot be assessed"
        assert "Try:" in page.inner_text(".warning")
        page.click("text=Remove this plan and its files")
        assert page.inner_text("h1") == "Worklist"


def test_the_form_goes_to_the_file_and_back_by_keyboard(browser, server, plan):
    with opened(browser, server, f"{plan}/claim") as page:
        page.fill("#npi", "123")
        page.fill("#date_of_service", "2026-03-09")
        page.focus("#stage")
        page.keyboard.press("Enter")
        page.wait_for_selector("#mistakes:focus")
        assert page.get_attribute("#npi", "aria-invalid") == "true"
        page.click("#mistakes a >> nth=0")
        assert page.evaluate("document.activeElement.id") in {"date_of_service", "npi"}
        page.fill("#npi", "1234567893")
        page.fill("#date_of_service", "3/9/2026")
        page.fill("#reason", "First line.\nSecond line.")
        page.select_option("#laterality", "left")
        page.click("text=Save and update the report")
        page.wait_for_selector("text=Edit claim information")
        assert "First line. Second line." in page.inner_text(".entered")
        claim = load_claim(server.desk.session.plan(plan.rpartition("/")[2]).place.claim)
        assert (claim.npi, claim.laterality, claim.reason) == ("1234567893", "left", "First line.\nSecond line.")
        page.click("text=Edit claim information")
        assert page.input_value("#date_of_service") == "03/09/2026"
        assert page.input_value("#reason") == "First line.\nSecond line."
        page.goto(f"http://{server.host}{server.base}{plan}/compare")
        assert "The verdict is unchanged" in page.inner_text("main")


def test_the_report_opens_with_its_own_script(browser, server, plan):
    with opened(browser, server, f"{plan}/report") as page:
        page.wait_for_selector("#viewer[data-ready]")
        assert page.inner_text("h1") == "Insufficient evidence"


def test_files_are_downloaded_under_the_attachment_number(browser, server, plan):
    with opened(browser, server, plan) as page:
        for text, end in (("Report (PDF)", ".pdf"), ("Complete evidence folder (zip)", ".zip")):
            with page.expect_download() as started:
                page.click(f"text={text}")
            assert started.value.suggested_filename.startswith("RTC")
            assert started.value.suggested_filename.endswith(end)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize(
    "view", ["drop", "options", "worklist", "plan", "claim", "mistakes", "compare", "missing", "refused"]
)
def test_no_view_has_a_serious_finding_or_is_wider_than_the_screen(browser, server, plan, view, size):
    paths = {"drop": "/", "options": "/", "worklist": "/worklist", "plan": plan, "missing": "/plans/none"}
    path = paths.get(view, f"{plan}/{view if view == 'compare' else 'claim'}")
    with browser.tab(size, bypass_csp=True) as (page, _, _):
        page.goto(f"http://{server.host}{server.base}{path}")
        if view == "mistakes":
            page.fill("#npi", "1")
            page.click("text=Save and update the report")
            page.wait_for_selector("#mistakes")
        if view == "options":
            page.click("text=Options")
        if view == "refused":
            page.goto(f"http://{server.host}{server.base}/")
            page.set_input_files("#files", __file__)
            page.click("text=Analyze")
            page.wait_for_selector(".warning")
        assert serious_findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_the_view_of_a_running_analysis_has_no_serious_finding(browser, server):
    running = {"state": "running", "step": "x", "done": 1, "total": 3}
    with browser.tab(bypass_csp=True) as (page, _, _):
        page.route("**/status", lambda route: route.fulfill(json=running))
        page.goto(f"http://{server.host}{server.base}/")
        page.set_input_files("#folder", str(SAMPLES / "routine_sbrt"))
        page.click("text=Analyze")
        page.wait_for_selector("[data-watch]")
        page.wait_for_selector("[data-count]:text-is('1 of 3 files')")
        assert serious_findings(page) == []
        page.click("text=Cancel and remove files")
        assert page.inner_text("h1") == "Worklist"


def test_without_scripts_a_plan_is_added_and_read(browser, server, small):
    with browser.tab(java_script_enabled=False) as (page, _, _):
        page.goto(f"http://{server.host}{server.base}/")
        page.set_input_files("#files", [str(path) for path in sorted(small.rglob("*.dcm"))])
        page.click("text=Analyze")
        page.wait_for_selector(".cover")  # the page reloads by itself
        assert page.inner_text("h1") == "Insufficient evidence"
        page.click("text=Remove this plan and its files")


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(browser, server):
    with opened(browser, server) as page:
        reached = []
        for _ in range(9):
            page.keyboard.press("Tab")
            reached.append(page.evaluate(FOCUSED))
        assert reached == [
            "Skip to content", "Add a plan", "Worklist", "End session", "folder", "files", "identified", "Options",
            "Analyze",
        ]  # fmt: skip


def test_ending_the_session_is_one_click(browser, small):
    with served() as server, opened(browser, server) as page:
        added(page, small)
        page.click("text=End session")
        page.wait_for_selector("text=All files of this session were removed")
        assert not server.desk.session.folder.exists()
