"""From files of CMS to a file of official facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rtcomplexity.errors import UsageError, os_reason
from rtcomplexity.scoring.cms_files import MOST_BYTES, CmsFileError, fee_schedule, physician_times
from rtcomplexity.scoring.code import code_rule
from rtcomplexity.scoring.official_facts import (
    OfficialFacts,
    Release,
    load_official_facts,
    source_file,
    to_json,
    with_release,
    with_times,
)
from rtcomplexity.whole_files import writable, write_whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What was imported."""

    release: Release
    facts: OfficialFacts
    """All releases of the file that was written."""
    without_time: tuple[str, ...]
    """Codes that the physician time file does not have."""


def import_release(
    fees: Path, times: Path | None, out: Path, *, codes: Sequence[str] | None = None, starts: date | None = None
) -> Imported:
    """Read a release and add it to a file of official facts.

    Parameters
    ----------
    fees : relative value file of CMS's physician fee schedule
    times : physician time file
    out : where the facts go; a release that begins on the same day is replaced
    codes : those that are looked for; the one whose claims this software looks at if None
    starts : first day that the release is for; as the file says if None

    Raises
    ------
    InputDataError
        If a file cannot be read.
    UsageError
        If a code is none, or the facts cannot be written.
    """
    wanted = _checked_codes(codes)
    release = fee_schedule(_read(fees), fees.name, wanted, starts)
    lacking: tuple[str, ...] = ()
    if times is not None:
        content = _read(times)
        rows = physician_times(content, times.name, wanted)
        release = with_times(release, rows, source_file(content, times.name))
        lacking = tuple(code for code in wanted if code not in rows)
    facts = with_release(load_official_facts(out) if out.exists() else None, release)
    with writable("--out", out.name):
        write_whole(out, to_json(facts))
    return Imported(release=release, facts=facts, without_time=lacking)


def _checked_codes(codes: Sequence[str] | None) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(code.upper() for code in codes or (code_rule().code,)))
    for code in wanted:
        if len(code) != 5 or not code.isalnum() or not code.isascii():
            raise UsageError("--code", code[:20], "five digits or letters")
    return wanted


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise CmsFileError(
            f"{path.name} cannot be read ({os_reason(error)}).", "a file of CMS, as published."
        ) from None
