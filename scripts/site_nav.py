"""Hook of mkdocs: the menu lists every decision there is, by its title, without anybody keeping a list."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DECISIONS = "Decisions"


def on_config(config: Any) -> Any:  # noqa: ANN401 - mkdocs is no dependency of this module
    """Fill the menu's entry for decisions."""
    folder = Path(config["docs_dir"])
    decisions = [{_title(path): f"decisions/{path.name}"} for path in sorted((folder / "decisions").glob("*.md"))]
    config["nav"] = [*config["nav"], {DECISIONS: decisions}]
    return config


def _title(path: Path) -> str:
    """The first heading of a page, without its number."""
    heading = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
    return heading.lstrip("0123456789. ") or path.stem
