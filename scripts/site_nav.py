"""Hook of mkdocs: the menu lists every page that mkdocs.yml does not name, by its title, so that none is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

DECISIONS = "Decisions"


def on_config(config: Any) -> Any:  # noqa: ANN401 - mkdocs is no dependency of this module
    """Add to the menu what stands in the folder of pages and not in it: single pages, then the decisions."""
    folder = Path(config["docs_dir"])
    named = str(config["nav"])
    others = [{_title(path): path.name} for path in sorted(folder.glob("*.md")) if f"'{path.name}'" not in named]
    decisions = [{_title(path): f"decisions/{path.name}"} for path in sorted((folder / "decisions").glob("*.md"))]
    config["nav"] = [*config["nav"], *others, {DECISIONS: decisions}]
    return config


def _title(path: Path) -> str:
    """The first heading of a page, without its number."""
    heading = path.read_text(encoding="utf-8").partition("\n")[0].lstrip("# ")
    return heading.lstrip("0123456789. ") or path.stem
