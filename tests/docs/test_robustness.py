"""The table of unusual exports names tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECTION = (ROOT / "docs" / "robustness.md").read_text("utf-8").partition("## Unusual exports")[2]
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", SECTION)


def test_every_kind_names_a_test():
    rows = [line for line in SECTION.splitlines() if line.startswith("| ") and not line.startswith("| kind")]
    assert len(rows) > 10
    assert all("::test_" in row.split(" | ")[-1] for row in rows)


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_a_named_test_exists(path, name):
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
