"""Facts of a code as CMS publishes them, in a file of one's own: which release says what, in which line of which file.

Nothing of it ships: whoever imports it has the files. Holds no amount of money.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date  # noqa: TC003 -- pydantic reads it
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, ValidationError

from rtcomplexity.errors import InputDataError, first_complaint, os_reason
from rtcomplexity.model.frozen import Digest, Frozen, Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


SCHEMA: Final = "rtcomplexity/official-facts/1"
MOST_BYTES: Final = 4_000_000
_TRY: Final = "what rtcomplexity cms import wrote."
Code = Annotated[str, Field(pattern="^[0-9A-Z]{5}$")]
Count = Annotated[float, Field(ge=0)]


class OfficialFactsError(InputDataError):
    """A file of official facts cannot be used."""


class SourceFile(Frozen):
    """A file that CMS published."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    sha256: Digest


class OfficialMinutes(Frozen):
    """Typical minutes of one code, before, during and after the service; `row` is the line of the file."""

    row: int
    pre_minutes: Count
    intra_minutes: Count
    post_minutes: Count
    total_minutes: Count


class OfficialCode(Frozen):
    """What a release says of one code; `row` is the line of the file."""

    row: int
    status: str
    """CMS's status indicator: A is active."""
    global_period: str
    work_rvu: Count
    minutes: OfficialMinutes | None = None


class Release(Frozen):
    """One release of the fee schedule, with the physician times that were imported with it."""

    title: Text
    starts: date
    fee_schedule: SourceFile
    physician_time: SourceFile | None = None
    codes: dict[Code, OfficialCode]


class OfficialFacts(Frozen):
    """Releases, earliest first."""

    schema_id: Literal["rtcomplexity/official-facts/1"] = Field(
        default=SCHEMA, validation_alias="schema", serialization_alias="schema"
    )
    releases: Annotated[tuple[Release, ...], Field(min_length=1)]

    def at(self, code: str, on: date | None) -> FactsOfCode | None:
        """Return what the release of a day says of a code: the last that began by then; the last of all if None.

        None where no release has the code, or all of them began later.
        """
        begun = [each for each in self.releases if code in each.codes and (on is None or each.starts <= on)]
        if not begun:
            return None
        last = max(begun, key=lambda each: each.starts)
        return FactsOfCode(code=code, release=last)


class FactsOfCode(Frozen):
    """One code in one release."""

    code: Code
    release: Release

    @property
    def facts(self) -> OfficialCode:
        """What the release says."""
        return self.release.codes[self.code]

    @property
    def citation(self) -> str:
        """Where that is said: release, and line of the file."""
        return f"CMS, {self.release.title}, line {self.facts.row}"


def with_times(release: Release, times: Mapping[str, OfficialMinutes], time_file: SourceFile) -> Release:
    """Add what a physician time file says of a release's codes."""
    codes = {code: each.model_copy(update={"minutes": times.get(code)}) for code, each in release.codes.items()}
    return release.model_copy(update={"physician_time": time_file, "codes": codes})


def source_file(content: bytes, name: str) -> SourceFile:
    """Name a file by its content too."""
    return SourceFile(name=name[:200], sha256=hashlib.sha256(content).hexdigest())


def with_release(facts: OfficialFacts | None, release: Release) -> OfficialFacts:
    """Add a release, in place of one that begins on the same day."""
    others = () if facts is None else tuple(each for each in facts.releases if each.starts != release.starts)
    return OfficialFacts(releases=tuple(sorted((*others, release), key=lambda each: each.starts)))


def to_json(facts: OfficialFacts) -> str:
    """Write facts; the same ones give the same text."""
    return json.dumps(facts.model_dump(mode="json", by_alias=True), ensure_ascii=False, indent=2) + "\n"


def load_official_facts(path: Path) -> OfficialFacts:
    """Read a file of official facts.

    Raises
    ------
    OfficialFactsError
        If it cannot be read or used.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise OfficialFactsError(f"The official facts {path.name} cannot be read ({os_reason(error)}).", _TRY) from None
    if len(content) > MOST_BYTES:
        raise OfficialFactsError(f"The official facts {path.name} are larger than any such file.", _TRY)
    try:
        return OfficialFacts.model_validate_json(content)
    except ValidationError as error:
        raise OfficialFactsError(f"{path.name} holds no official facts: {first_complaint(error)}.", _TRY) from None
