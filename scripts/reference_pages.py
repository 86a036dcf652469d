"""Write the reference pages of the documentation from the program itself: ``python scripts/reference_pages.py``.

``--check`` writes nothing and ends with 1 where a page is not what would be written. Pages are made of the catalogue of
metrics, the commands, the catalogue of issues, the record's schema and the settings; none is edited by hand.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
from dataclasses import fields
from importlib import resources
from itertools import groupby
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

import typer

from rtcomplexity.cli.app import app
from rtcomplexity.compare.catalogue import EVERY_METRIC
from rtcomplexity.model.issue_codes import ISSUE_CODES
from rtcomplexity.scoring.sentences import REASONS
from rtcomplexity.settings import PREFIX, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
PACKAGE = ROOT / "src" / "rtcomplexity"
MADE = "<!-- Made by scripts/reference_pages.py; edit what it reads, not this page. -->"
PREFIXES = {
    "contour": "Contours",
    "shape": "Shape and volume",
    "subvoxel": "Sub-voxel surface",
    "relation": "Between two ROIs",
    "ct": "CT inside a target",
    "pet": "PET inside a target",
    "mr": "MR inside a target",
    "registration": "Registration",
    "scored": "What is scored: one value each for a course",
    "compare": "Between two delineations",
    "agreement": "Between several readers",
}


def pages() -> dict[str, str]:
    """Give every reference page by its file name."""
    return {
        "metrics.md": _page("Metrics", METRICS_TEXT, _metrics()),
        "cli.md": _page("Commands", CLI_TEXT, _commands()),
        "issues.md": _page("Issues and reasons", ISSUES_TEXT, _issues()),
        "record.md": _page("The record", RECORD_TEXT, _record()),
        "settings.md": _page("Settings", SETTINGS_TEXT, _settings()),
    }


METRICS_TEXT = """\
Everything that is measured. `rtcomplexity metrics KEY` shows one metric with its formula; `rtcomplexity metrics --json`
gives this list to a program. A metric without a value states its reason in the record. An IBSI code names the quantity
in the [Image Biomarker Standardisation Initiative](https://ibsi.readthedocs.io); its convention is then followed."""
CLI_TEXT = """\
Every command with its arguments and options, as `--help` tells them. Exit codes stand [in the how-to for
QA](../howto/qa.md#exit-codes)."""
ISSUES_TEXT = """\
An issue is something odd but usable that was found in the input. It stands in the record with its code, severity,
subject and a sentence; nothing is corrected in silence. The codes are stable. Three dots stand for what a sentence
fills in."""
REASONS_TEXT = "These stand in `verdict.reasons`; words in braces are filled in."
RECORD_TEXT = """\
The one JSON document that `analyze --json` prints and `analyze --out` leaves as `evidence.json`. Its JSON Schema ships
in the package (`rtcomplexity/evidence/schema/evidence-1.json`). Numbers have six significant digits. A missing number
is `{"value": null, "reason": "..."}`. There is no clock and no path in a record."""
SETTINGS_TEXT = """\
Limits and tolerances. Each is set by its environment variable, or in Python by
`rtcomplexity.Settings(max_file_bytes=...)`. A tolerance can move a number; a limit only refuses input."""


def _page(title: str, text: str, lines: Iterable[str]) -> str:
    return "\n".join([MADE, "", f"# {title}", "", text, "", *lines]).rstrip() + "\n"


def _row(*cells: object) -> str:
    return "| " + " | ".join(_cell(str(cell)) for cell in cells) + " |"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _table(*titles: str) -> Iterator[str]:
    yield _row(*titles)
    yield "|" + "---|" * len(titles)


def _metrics() -> Iterator[str]:
    for prefix, definitions in groupby(EVERY_METRIC, key=lambda definition: definition.key.partition(".")[0]):
        named = f"{PREFIXES.get(prefix, prefix)} (`{prefix}.`)"
        yield from (f"## {named}", "", *_table("Key", "Title", "Unit", "Description", "IBSI"))
        for each in definitions:
            unit = "" if str(each.unit) == "1" else f"{each.unit}"
            yield _row(f"`{each.key}`", each.title, unit, each.description, each.ibsi_code)
        yield ""


def _commands() -> Iterator[str]:
    group: Any = typer.main.get_command(app)
    yield from (*_told(group.help or ""), "", *_options(group))
    for name, command in commands():
        yield from (f"## {name}", "", *_told(command.help or ""), "", *_usage(name, command), "", *_options(command))


def commands() -> tuple[tuple[str, Any], ...]:
    """Give every command that does something by the words that call it."""
    return tuple(_leaves(typer.main.get_command(app)))


def _leaves(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer has its own click
    """The commands of a group and, with the group's name before theirs, of the groups in it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _leaves(command, f"{prefix}{name} ")
        else:
            yield prefix + name, command


def _usage(name: str, command: Any) -> tuple[str, ...]:  # noqa: ANN401
    arguments = [param.metavar for param in command.params if param.param_type_name == "argument"]
    return ("```text", " ".join(["Usage: rtcomplexity", name, "[OPTIONS]", *arguments]), "```")


def _told(text: str) -> Iterator[str]:
    """The docstring of a command, its example as code."""
    for line in inspect.cleandoc(text).splitlines():
        is_example = line.startswith("Example: ")
        yield from ("```sh", line.removeprefix("Example: "), "```") if is_example else (line,)


def _options(command: Any) -> Iterator[str]:  # noqa: ANN401
    yield from _table("Argument or option", "Meaning", "Default")
    for param in command.params:
        names: list[str] = [*param.opts, *param.secondary_opts]
        is_argument = param.param_type_name == "argument"
        is_flag = bool(getattr(param, "is_flag", False))
        metavar = param.metavar or ("" if is_flag else param.type.name.upper())
        shown = metavar if is_argument else f"{', '.join(names)} {metavar}".strip()
        default = getattr(param, "show_default", True) and not is_flag and param.default is not None
        yield _row(f"`{shown}`", getattr(param, "help", "") or "", f"`{param.default}`" if default else "")
    yield ""


def _issues() -> Iterator[str]:
    yield from ("## Issues", "", *_table("Code", "Severity", "What it says", "What to do"))
    for code, each in sorted(ISSUE_CODES.items()):
        severities = " or ".join(filter(None, (each.severity, each.or_severity)))
        yield _row(f"`{code}`", severities, " / ".join(map(_sentence, each.texts)), each.action)
    yield from ("", "## Reasons of a verdict", "", REASONS_TEXT, "", *_table("Code", "Sentence"))
    for code, text in REASONS.items():
        yield _row(f"`{code}`", text)


def _sentence(text: str) -> str:
    """A sentence with three dots for the facts that fill it in."""
    shown = "".join(literal + _fact(name, words) for literal, name, words, _ in Formatter().parse(text))
    return "The text says what was found." if shown == "…" else shown


def _fact(name: str | None, words: str | None) -> str:
    """Three dots for a fact; a count keeps the words for many."""
    _, _, many = (words or "").partition("|")
    return "" if name is None else f"… {many}".rstrip()


def _record() -> Iterator[str]:
    schema = json.loads((resources.files("rtcomplexity.evidence.schema") / "evidence-1.json").read_text("utf-8"))
    notes = _field_notes(importlib.import_module("rtcomplexity.evidence.record"))
    definitions = schema.pop("$defs")
    for name, definition in {"Record": schema, **definitions}.items():
        yield from (f"## {name}", "", definition.get("description", ""), "", *_table("Field", "Type", "Meaning"))
        for field, about in definition["properties"].items():
            yield _row(f"`{field}`", _type(about), notes.get((name, field), ""))
        yield ""


def _type(about: dict[str, Any]) -> str:
    """Tell the type of a field of a JSON Schema in words."""
    if "$ref" in about:
        name = about["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in about or "enum" in about:
        return ", ".join(f"`{json.dumps(value)}`" for value in about.get("enum", [about.get("const")]))
    if "anyOf" in about:
        return " or ".join(_type(each) for each in about["anyOf"])
    if isinstance(about.get("additionalProperties"), dict):
        return f"by name: {_type(about['additionalProperties'])}"
    return f"list of {_type(about['items'])}" if "items" in about else str(about.get("type", "any"))


def _settings() -> Iterator[str]:
    notes = _field_notes(importlib.import_module("rtcomplexity.settings"))
    yield from _table("Variable", "Default", "Meaning")
    for field in fields(Settings):
        default = f"{field.default:,}".replace(",", "\u202f") if isinstance(field.default, int) else f"{field.default}"
        yield _row(f"`{PREFIX}{field.name.upper()}`", default, notes[("Settings", field.name)])


def _field_notes(module: Any) -> dict[tuple[str, str], str]:  # noqa: ANN401 - a module
    """The strings below the fields of a module's classes, by class and field."""
    notes: dict[tuple[str, str], str] = {}
    for kind in ast.parse(inspect.getsource(module)).body:
        if not isinstance(kind, ast.ClassDef):
            continue
        for field, after in zip(kind.body, kind.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(after):
                notes[(kind.name, field.target.id)] = inspect.cleandoc(after.value.value)  # type: ignore[attr-defined]
    return notes


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def main() -> int:
    """Write the pages, or with ``--check`` say which differ."""
    stale = []
    for name, text in pages().items():
        path = FOLDER / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            FOLDER.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    word = "differ: run 'make reference'" if "--check" in sys.argv[1:] else "written"
    sys.stdout.write(f"docs/reference: {', '.join(stale) or 'nothing'} {word}\n" if stale else "")
    return int(bool(stale) and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
