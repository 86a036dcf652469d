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
    advice += [line for package in findings["packages"] if package["version"] is None for line in _advice(package)]
    told = "To get what is missing, for what you need of it:\n" + "\n".join(
        f"  {line}" for line in dict.fromkeys(advice)
    )
    yield Text(told if advice else "Nothing is missing.")


def _advice(package: Findings) -> list[str]:
    return [f"pip install 'rtcomplexity{f'[{extra}]' if extra else ''}'" for extra in package["extra"].split(",")]


def _packages(findings: Findings) -> Table:
    table = titled_table("Packages", ("Package", "Version", "Needed for"))
    for package in findings["packages"]:
        needed_for = f"[{package['extra'].replace(',', '], [')}], optional" if package["extra"] else "always"
        table.add_row(package["name"], package["version"] or "missing", needed_for)
    return table


def _codecs(findings: Findings) -> Table:
    table = titled_table("Compressed images", ("Compression", "Read by"))
    for codec in findings["codecs"]:
        table.add_row(codec["name"], ", ".join(codec["by"]) or "nothing installed")
    return table
