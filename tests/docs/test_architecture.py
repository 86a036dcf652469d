"""The architecture page says what the code is: its rooms, the order of their imports, and the modules of its walks."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "rtcomplexity"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def layers():
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    [contract] = [each for each in tools["importlinter"]["contracts"] if each["name"] == "Imports run one way"]
    return [{name.strip("() ") for name in layer.split("|")} for layer in contract["layers"]]


def test_the_order_of_the_rooms_is_the_one_that_the_linter_holds():
    [line] = [line for line in PAGE.splitlines() if line.count(" → ") > 5]
    assert [set(re.findall(r"`(\w+)`", part)) for part in line.split(" → ")] == layers()


def test_every_room_has_a_row():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == rooms


def test_every_module_that_is_named_exists():
    named = set(re.findall(r"`([\w/]+(?:/|\.py))`", PAGE))
    assert {name for name in named if not (PACKAGE / name).exists()} == set()
    assert len(named) > 30
