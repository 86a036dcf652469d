"""Pictures of every view, to look at and to compare layouts with: ``python scripts/golden_pictures.py``.

Writes tests/golden/pictures: the HTML report on a wide screen and on a phone, the dashboard of a batch, the page of the
billing desk, and every page of the PDF. Needs Chromium and poppler's pdftoppm. All text is set in the fonts of the PDF,
so that the pictures do not depend on the fonts of a machine. Look at what changed before it is committed.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PIL import Image

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))

from chromium import PHONE, WIDE, launched, patient_page  # noqa: E402 -- where the path is known
from integration.test_dashboard_browser import dashboard  # noqa: E402
from rtcomplexity import analyze  # noqa: E402
from rtcomplexity.usecases.package import write_evidence  # noqa: E402
from unit.desk.serving import served  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = ROOT / "tests" / "golden" / "pictures"
SAMPLE: Final = ROOT / "sample_data" / "complex_central"
FONTS: Final = ROOT / "src" / "rtcomplexity" / "evidence" / "formats" / "fonts"
DAY: Final = "2026-01-02T03:04:05Z"
PLANS: Final = 38
SHOWN: Final = "desk_plan_wide.png"
"""This one is in the guide of the billing desk too."""
PDF_DPI: Final = 100
COLORS: Final = 64
RENDERER: Final = shutil.which("pdftoppm")


def analyzed(folder: Path) -> Path:
    """Leave the evidence of the sample in a folder."""
    write_evidence(analyze(SAMPLE), folder / "evidence", written_at=DAY)
    return folder / "evidence"


def pdf_pages(pdf: Path, folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield each page of a PDF by name."""
    command = [str(RENDERER), "-r", str(PDF_DPI), "-png", str(pdf), str(folder / "page")]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)  # noqa: S603 - found on PATH
    for number, path in enumerate(sorted(folder.glob("page-*.png")), start=1):
        with Image.open(path) as page:
            yield f"pdf_page_{number}", page.convert("RGB")


def screens(evidence: Path, folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield the first screen of each view by name."""
    report = (evidence / "evidence.html").as_uri()
    batch = dashboard(folder, PLANS).as_uri()
    with launched() as browser, served() as desk:
        yield "report_wide", first_screen(browser, report, WIDE)
        yield "report_phone", first_screen(browser, report, PHONE)
        yield "dashboard_wide", first_screen(browser, batch, WIDE)
        yield "dashboard_phone", first_screen(browser, batch, PHONE)
        start = f"http://{desk.host}{desk.base}/"
        yield "desk_wide", first_screen(browser, start, WIDE)
        yield "desk_phone", first_screen(browser, start, PHONE)
        yield "desk_plan_wide", first_screen(browser, added(browser, start), WIDE)


def added(browser: Any, start: str) -> str:  # noqa: ANN401 - a playwright Browser
    """Add the sample to the billing desk; return the address of its page."""
    context = browser.new_context(viewport=WIDE)
    page = patient_page(context)
    page.goto(start)
    page.set_input_files("#folder", str(SAMPLE))
    page.click("text=Analyze")
    page.wait_for_selector(".cover")
    address = str(page.url)
    context.close()
    return address


def first_screen(browser: Any, address: str, size: dict[str, int]) -> Image.Image:  # noqa: ANN401 - a playwright Browser
    """Take a picture of what is seen before anybody scrolls."""
    context = browser.new_context(viewport=size, bypass_csp=True, reduced_motion="reduce")  # the font is a style
    page = patient_page(context)
    page.goto(address)
    page.add_style_tag(content=_font_style())
    page.evaluate("document.fonts.ready")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "screen.png"
        page.screenshot(path=path)
        context.close()
        with Image.open(path) as screen:
            return screen.convert("RGB")


def _font_style() -> str:
    faces = (("Regular", "400"), ("Bold", "700"))
    encoded = [(weight, base64.b64encode((FONTS / f"NotoSans-{face}.ttf").read_bytes())) for face, weight in faces]
    rules = (
        f"@font-face{{font-family:Golden;font-weight:{weight};src:url(data:font/ttf;base64,{font.decode()})}}"
        for weight, font in encoded
    )
    return "".join(rules) + "*{font-family:Golden!important;caret-color:transparent!important}"


def main() -> None:
    """Write every picture."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        evidence = analyzed(folder)
        for stem, picture in (*screens(evidence, folder), *pdf_pages(evidence / "evidence.pdf", folder)):
            small = picture.quantize(COLORS, dither=Image.Dither.NONE)
            small.save(FOLDER / f"{stem}.png", optimize=True)
    shutil.copy(FOLDER / SHOWN, ROOT / "docs" / "images" / "billing-desk.png")
    written: int = sum(each.stat().st_size for each in FOLDER.glob("*.png"))
    sys.stdout.write(
        f"{len([*FOLDER.glob('*.png')])} pictures, {written / 1000:.0f} kB, in {FOLDER.relative_to(ROOT)}\n"
    )


if __name__ == "__main__":
    main()
