"""Refresh what the README shows: ``python scripts/readme_output.py``, with Chromium for the picture of the report.

Writes the output of ``rtcomplexity analyze`` between the README's two marks, and docs/images/report.png.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = "sample_data/complex_central"
COLUMNS = 100
FOLLOWS = "Branchings between"
"""The README shows what is printed before this, so that it stays short."""
SIZE = (1100, 1560)
COLORS = 128
OUTPUT = re.compile(r"(<!-- output -->\n).*?(<!-- end of output -->\n)", re.DOTALL)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars")


def main() -> None:
    """Refresh text and picture."""
    with tempfile.TemporaryDirectory() as folder:
        told = _analyzed(Path(folder) / "evidence")
        readme = ROOT / "README.md"
        block = f"```text\n{told}\n```\n"
        text = OUTPUT.sub(lambda marks: marks[1] + block + marks[2], readme.read_text(encoding="utf-8"))
        readme.write_text(text, encoding="utf-8", newline="\n")
        browser = next(filter(None, map(shutil.which, BROWSERS)), None)
        if browser is None:
            sys.stderr.write("No Chromium: the picture stays as it is.\n")
        else:
            _photographed(browser, Path(folder))


def _analyzed(evidence: Path) -> str:
    """The first part of the command's output: what follows are more rows, and tables, of the same kind."""
    told = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "rtcomplexity.cli", "analyze", SAMPLE, "--out", str(evidence), "--quiet"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": str(COLUMNS)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    return "\n".join(line.rstrip() for line in told.partition(FOLLOWS)[0].strip().splitlines())


def _photographed(browser: str, folder: Path) -> None:
    shot = folder / "shot.png"
    size = f"--window-size={SIZE[0]},{SIZE[1]}"
    subprocess.run(  # noqa: S603 - a local page, nothing fetched
        [
            browser,
            *SWITCHES,
            f"--user-data-dir={folder / 'profile'}",
            size,
            f"--screenshot={shot}",
            (folder / "evidence" / "evidence.html").as_uri(),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    target = ROOT / "docs" / "images" / "report.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(shot) as picture:
        picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main()
