"""What this installation consists of, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rtcomplexity.cli.rendering.tables import titled_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType
    from rich.table import Table

    from rtcomplexity.cli.environment import Findings


def environment_parts(findings: Findings) -> Iterator[RenderableType]:
    """Yield a line for the program, tables of packages and codecs, and what to do about what is missing."""
    software, blas = findings["software"], findings["blas"]
    yield Text(
        f"{software['name']} {software['version']}\nPython {findings['python']} on {findings['system']}\n"
        f"Linear algebra: {blas['name']} {blas['version']}, threads: {blas['threads']}"
    )
    yield _packages(findings)
    yield _codecs(findings)
    advice = [codec["try"] for codec in findings["codecs"] if codec["try"]]
    advice += [_advice(package) for package in findings["packages"] if package["version"] is None]
    yield from (Text(f"To get what is missing: {line}") for line in dict.fromkeys(advice))
    if not advice:
        yield Text("Nothing is missing.")


def _advice(package: Findings) -> str:
    extra = f"[{package['extra']}]" if package["extra"] else ""
    return f"pip install 'rtcomplexity{extra}'"


def _packages(findings: Findings) -> Table:
    table = titled_table("Packages", ("Package", "Version", "Needed for"))
    for package in findings["packages"]:
        needed_for = f"[{package['extra']}], optional" if package["extra"] else "always"
        table.add_row(package["name"], package["version"] or "missing", needed_for)
    return table


def _codecs(findings: Findings) -> Table:
    table = titled_table("Compressed images", ("Compression", "Read by"))
    for codec in findings["codecs"]:
        table.add_row(codec["name"], ", ".join(codec["by"]) or "nothing installed")
    return table
