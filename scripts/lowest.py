"""Print the floors of pyproject.toml as exact versions, for pip's --constraint: ``python scripts/lowest.py``.

Only what users install counts: the dependencies and the extras, without those for tests and documentation.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

FOR_DEVELOPERS = frozenset({"test", "docs"})
FLOOR = re.compile(r"^([\w.-]+)(?:\[[\w,]+\])?>=([\w.]+)$")


def floors(project: dict[str, object]) -> dict[str, str]:
    """Give the least version of every dependency of users.

    >>> floors({"dependencies": ["numpy>=1.26"], "optional-dependencies": {"test": ["ruff>=0.6"]}})
    {'numpy': '1.26'}
    """
    extras = project["optional-dependencies"]
    assert isinstance(extras, dict)
    wanted = [text for extra, texts in extras.items() if extra not in FOR_DEVELOPERS for text in texts]
    found = {}
    for text in (*project["dependencies"], *wanted):  # type: ignore[misc]
        match = FLOOR.match(text)
        if match is None:
            raise SystemExit(f"pyproject.toml: {text} states no floor such as numpy>=1.26")
        found[match[1]] = match[2]
    return found


if __name__ == "__main__":
    content = (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text(encoding="utf-8")
    lines = (f"{name}=={version}\n" for name, version in floors(tomllib.loads(content)["project"]).items())
    sys.stdout.writelines(lines)
