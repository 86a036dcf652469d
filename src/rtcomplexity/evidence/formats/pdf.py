"""The report as PDF/A-3 with tags and the record attached, repeating byte for byte.

The text reaches the typesetter as data, never as markup. The fonts are those of this package alone; a character they
lack is printed as its code point. The file states no time: its date field, which PDF/A demands, holds a fixed day in
1980, and the time of the run is in the manifest.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from bisect import bisect_right
from dataclasses import asdict
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from rtcomplexity.errors import RtComplexityError
from rtcomplexity.evidence.formats.text import coded, shortened, shown
from rtcomplexity.evidence.histogram import svg_file
from rtcomplexity.evidence.page import NO_VALUE, ROI_HEADINGS, TARGET_ORDER, page_of
from rtcomplexity.evidence.record import to_json
from rtcomplexity.evidence.words import STATES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rtcomplexity.evidence.page import Page, Table
    from rtcomplexity.evidence.record import Record
    from rtcomplexity.pictures.scene import Pictures, Still

STANDARDS: Final[list[Literal["a-3a", "ua-1"]]] = ["a-3a", "ua-1"]
MOST_ROIS: Final = 24
MOST_ISSUES: Final = 10
CLASS: Final = ROI_HEADINGS.index("Class")
VOLUME: Final = ROI_HEADINGS.index("Volume (cm³)")
"""Column of the structures' table; a point or an empty structure has none."""
LONGEST_TEXT: Final = 4000
NO_BREAK: Final = "\u00a0"
BREAK_HERE: Final = "\u200b"
"""Invisible; a line may end there."""
_LONG_WORD: Final = re.compile(r"\S{25,}")
_PIECE: Final = re.compile(r".{1,10}")
SHORT_DISCLAIMER: Final = "Measurements only: not a coding, medical-necessity or payment decision."


class ForkedAfterRenderingError(RtComplexityError):
    """A process that has rendered a PDF was forked, and its child asked for another: the typesetter would hang."""

    def __init__(self, parent: int, child: int) -> None:
        super().__init__(parent, child)

    def __str__(self) -> str:
        return (
            f"Process {self.args[1]} was forked from process {self.args[0]} after that had rendered a PDF; the "
            "typesetter's threads did not come along, and it would wait for them for ever. Start processes by spawn or "
            "forkserver."
        )


def evidence_pdf(record: Record, pictures: Pictures) -> bytes:
    """Render the PDF; the same record and pictures give the same bytes.

    A process that has rendered one must not be forked to render more; one that is spawned may.

    Raises
    ------
    ForkedAfterRenderingError
        In the child of a process that has rendered a PDF.
    """
    stills = (still.file for still in (*pictures.scene.stills, *pictures.scene.fused))
    files: dict[str, bytes] = {name: pictures.files[name] for name in stills if name in pictures.files}
    page = page_of(record)
    data = {**_data(page, pictures), **{key: _findings(table, key, files) for key, table in _sides(page)}}
    return typeset("report.typ", data, {**files, "evidence.json": to_json(record)})


def _sides(page: Page) -> Iterator[tuple[str, Table]]:
    yield "findings_for", page.findings_for
    yield "findings_against", page.findings_against


def _findings(table: Table, key: str, files: dict[str, bytes]) -> dict[str, Any]:
    """Rows of a table of findings by their groups, each with its drawing, which goes among the files."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for number, (row, histogram) in enumerate(zip(table.rows, table.histograms, strict=True)):
        name = f"{key}_{number}.svg" if histogram.drawing else ""
        if name:
            files[name] = svg_file(histogram.drawing)
        drawn = {"cells": row[1:-1], "file": name, "alt": histogram.text, "behind": histogram.behind}
        groups.setdefault(row[0], []).append(drawn)
    return {"headings": table.headings, "groups": [{"title": title, "rows": rows} for title, rows in groups.items()]}


def typeset(template: str, data: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """Render a template of this package with data and the files that it names; the same give the same bytes.

    Raises
    ------
    ForkedAfterRenderingError
        In the child of a process that has rendered a PDF.
    """
    import typst  # noqa: PLC0415 - importing the package stays quick

    if _first_process() != os.getpid():
        raise ForkedAfterRenderingError(_first_process(), os.getpid())
    try:
        return _compiled(template, printable_tree(data, "all"), files)
    except typst.TypstError:  # marks and scripts joined in a way no font can show
        return _compiled(template, printable_tree(data, "plain"), files)


def _compiled(template: str, data: Any, files: Mapping[str, bytes]) -> bytes:  # noqa: ANN401 - any JSON value
    import typst  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder, resources.as_file(_fonts()) as fonts:
        root = Path(folder)
        (root / "data.json").write_text(json.dumps(data), encoding="utf-8")
        for name, content in files.items():
            (root / name).write_bytes(content)
        main = root / template
        main.write_bytes((resources.files(__package__) / "templates" / template).read_bytes())
        pdf = typst.compile(
            str(main),
            root=str(root),
            font_paths=[str(fonts)],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=[*STANDARDS],
            timestamp=0,
        )
    return bytes(pdf)


@cache
def _first_process() -> int:
    """Id of the process that first asked; a forked child inherits the answer."""
    return os.getpid()


def _fonts() -> Any:  # noqa: ANN401 - a Traversable
    return resources.files(__package__) / "fonts"


def _stills(stills: Iterable[Still], pictures: Pictures) -> list[dict[str, str]]:
    """The pictures that were saved, with their titles and alternative texts."""
    saved = (each for each in stills if each.file in pictures.files)
    return [{"file": each.file, "title": each.title, "alt": shown(each.alt)} for each in saved]


def _data(shown_page: Page, pictures: Pictures) -> dict[str, Any]:
    scene = pictures.scene
    page, gauge = asdict(shown_page), shown_page.gauge
    page["gauge"] = (
        None if gauge is None else {**asdict(gauge), "caption": gauge.caption, "score_words": gauge.score_words}
    )
    rois, issues = [row for row in page["rois"]["rows"] if row[VOLUME] != NO_VALUE], page["issues"]["rows"]
    hidden = len(page["rois"]["rows"]) - len(rois[:MOST_ROIS])
    targets, others = _targets_and_others(rois[:MOST_ROIS])
    provided = [row for row in page["readiness"]["rows"] if row[1] == STATES["met"]]  # the first page has the others
    page["readiness"]["rows"] = provided
    page["rois"]["rows"], page["issues"]["rows"] = targets, issues[:MOST_ISSUES]
    stills, fused = (_stills(each, pictures) for each in (scene.stills, scene.fused))
    return {
        **page,
        "short-disclaimer": SHORT_DISCLAIMER,
        "other_rois": others,
        "more_rois": _more(hidden, "structures (or without volume)"),
        "more_issues": _more(len(issues) - MOST_ISSUES, "issues"),
        "first": stills[0] if stills and not scene.may_show_face else None,
        "stills": stills if scene.may_show_face else stills[1:],
        "fused": fused,
        "legend": [{"name": shortened(each.name), "colour": each.colour} for each in scene.structures if scene.stills],
        "uptake": scene.uptake,
        "face": scene.may_show_face,
        "notes": [shown(note) for note in scene.notes],
    }


def _targets_and_others(rows: list[tuple[str, ...]]) -> tuple[list[tuple[str, ...]], str]:
    """Rows of targets, and the other structures in a line: nothing is scored of them but how near they are."""
    targets = [row for row in rows if row[CLASS] in TARGET_ORDER]
    others = (f"{row[0]}{NO_BREAK}{row[VOLUME]}" for row in rows if row[CLASS] not in TARGET_ORDER)
    return targets, "; ".join(others)


def _more(count: int, what: str) -> str:
    return f"{count} more {what} are listed in the attached evidence.json." if count > 0 else ""


def printable_tree(value: Any, coverage: str) -> Any:  # noqa: ANN401 - any JSON value
    """Make every text in a tree printable with the fonts of this package."""
    if isinstance(value, dict):
        return {key: printable_tree(each, coverage) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable_tree(each, coverage) for each in value]
    return printable(value, coverage) if isinstance(value, str) else value


def printable(text: str, coverage: str = "all") -> str:
    r"""Write every character that the fonts lack as its code point, and cut a text that would fill a page.

    Examples
    --------
    >>> printable("GTV \u4e2d")
    'GTV U+4E2D'
    """
    text = text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
    text = "".join(c if is_covered(c, coverage) else coded(c) for c in text)
    return _LONG_WORD.sub(lambda found: BREAK_HERE.join(_PIECE.findall(found[0])), text)


def is_covered(character: str, coverage: str = "all") -> bool:
    """Whether the fonts hold a character."""
    starts, ends = _coverage(coverage)
    place = bisect_right(starts, ord(character)) - 1
    return place >= 0 and ord(character) <= ends[place]


@cache
def _coverage(name: str) -> tuple[list[int], list[int]]:
    ranges = json.loads((_fonts() / "coverage.json").read_text(encoding="utf-8"))[name]
    return [first for first, _ in ranges], [last for _, last in ranges]
