"""Every view has the layout that was looked at: pictures made again are like the golden ones, block by block."""

import shutil

import golden_pictures
import numpy as np
import pytest
from PIL import Image, ImageFilter

from chromium import needs_browser
from layout import BLOCK, MOST_CHANGED, changed_share, has_layout_of

pytestmark = pytest.mark.usefixtures("measured_once")


GOLDEN = {path.stem: path for path in sorted(golden_pictures.FOLDER.glob("*.png"))}
SCREENS = (
    "report_wide", "report_phone", "dashboard_wide", "dashboard_phone", "desk_wide", "desk_phone", "desk_plan_wide",
)  # fmt: skip
PAGES = ("pdf_page_1", "pdf_page_2", "pdf_page_3", "pdf_page_4")
MOST_BYTES = 1_500_000


def golden(name):
    with Image.open(GOLDEN[name]) as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    return golden_pictures.analyzed(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def screens(evidence):
    return dict(golden_pictures.screens(evidence, evidence.parent))


@pytest.fixture(scope="module")
def pages(evidence):
    return dict(golden_pictures.pdf_pages(evidence / "evidence.pdf", evidence.parent))


def check(picture, name):
    share = changed_share(picture, golden(name))
    made_again = "look at it, and run scripts/golden_pictures.py if the change is meant"
    assert share <= MOST_CHANGED, f"{100 * share:.1f}% of the blocks of {name} changed: {made_again}"


@needs_browser()
@pytest.mark.parametrize("name", SCREENS)
def test_the_first_screen_of_a_view_has_the_layout_that_was_looked_at(screens, name):
    check(screens[name], name)


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="no pdftoppm (poppler) on PATH")
def test_the_pages_of_the_pdf_have_the_layout_that_was_looked_at(pages):
    assert tuple(pages) == PAGES
    for name, page in pages.items():
        check(page, name)


def test_there_is_a_golden_picture_of_every_view_and_they_are_small():
    assert set(GOLDEN) == {*SCREENS, *PAGES}
    assert sum(path.stat().st_size for path in GOLDEN.values()) < MOST_BYTES


def test_the_guide_of_the_billing_desk_shows_the_golden_picture():
    shown = golden_pictures.ROOT / "docs" / "images" / "billing-desk.png"
    assert shown.read_bytes() == (golden_pictures.FOLDER / golden_pictures.SHOWN).read_bytes()


@pytest.mark.parametrize("name", [*SCREENS, *PAGES])
def test_smoothing_noise_and_another_shade_are_no_change_of_layout(name):
    picture = golden(name)
    noise = np.random.default_rng(1).normal(0, 4, (picture.height, picture.width, 1))
    noisy = Image.fromarray(np.clip(np.asarray(picture, float) + noise, 0, 255).astype(np.uint8))
    assert has_layout_of(noisy, picture)
    assert has_layout_of(picture.filter(ImageFilter.GaussianBlur(0.7)), picture)


@pytest.mark.parametrize("name", [*SCREENS, *PAGES])
def test_a_block_that_is_moved_by_a_line_is_noticed(name):
    picture = golden(name)
    top = picture.height // 8
    moved = picture.copy()
    moved.paste("white", (0, top, picture.width, top + BLOCK))
    moved.paste(picture.crop((0, top, picture.width, picture.height - BLOCK)), (0, top + BLOCK))
    assert not has_layout_of(moved, picture)


@pytest.mark.parametrize("name", ["report_wide", "pdf_page_1"])
def test_a_picture_or_table_that_is_missing_is_noticed(name):
    picture = golden(name)
    emptied = picture.copy()
    emptied.paste("white", (picture.width // 2, 0, picture.width, picture.height // 3))
    assert not has_layout_of(emptied, picture)


def test_a_picture_of_another_size_has_another_layout():
    picture = golden("report_wide")
    assert not has_layout_of(picture.crop((0, 0, picture.width, picture.height - BLOCK)), picture)


def test_other_digits_in_a_line_are_no_change_of_layout():
    picture = golden("pdf_page_2")
    words = picture.crop((0, picture.height // 3, picture.width // 2, picture.height // 3 + 10))
    other = picture.copy()
    other.paste(words.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (0, picture.height // 3))
    assert picture != other
    assert has_layout_of(other, picture)
