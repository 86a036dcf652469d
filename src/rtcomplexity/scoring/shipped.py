"""The files that scoring ships: profiles, sites, payers, tables of real contours and codes."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def shipped(folder: str, suffix: str = ".toml") -> dict[str, Traversable]:
    """Return the files of a folder by their name without `suffix`, sorted."""
    files = {entry.name: entry for entry in (resources.files(__package__) / folder).iterdir()}
    return {name.removesuffix(suffix): files[name] for name in sorted(files) if name.endswith(suffix)}
