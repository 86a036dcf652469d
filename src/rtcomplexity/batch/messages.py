"""What the parts of a batch hand to each other, as plain immutable values that cross processes as JSON.

Knows no DICOM, no database and no process.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

RESULT_SCHEMA: Final = "rtcomplexity/batch/1"
DEFAULT_TIMEOUT_S: Final = 900
DEFAULT_MEMORY_BYTES: Final = 4 * 1024**3


class Status(StrEnum):
    """How one plan ended; everything but the first is a refusal."""

    ASSESSED = "assessed"
    REFUSED = "refused"
    """The input cannot be used, and the reason says why."""
    CRASHED = "crashed"
    """A fault of this program, or its process was killed from outside."""
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"


RETRYABLE: Final = frozenset({Status.CRASHED, Status.TIMED_OUT, Status.OUT_OF_MEMORY})
"""Ends that another machine, or more room, could change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one child process may use."""

    wall_s: float = DEFAULT_TIMEOUT_S
    memory_bytes: int = DEFAULT_MEMORY_BYTES

    @property
    def cpu_s(self) -> int:
        """Processor seconds: a child has one thread, so the wall limit and a little more."""
        return int(self.wall_s) + 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildTask:
    """What a child process is given to do, and under which settings and limits."""

    kind: ClassVar[str]
    settings: Settings
    limits: Limits

    def to_json(self) -> str:
        """Write the task on one line."""
        return json.dumps({"task": self.kind, **asdict(self)})

    @classmethod
    def from_tree(cls, tree: Mapping[str, Any]) -> Self:
        """Read a task back."""
        values = {name: value for name, value in tree.items() if name != "task"}
        shared = {"settings": Settings(**tree["settings"]), "limits": Limits(**tree["limits"])}
        return cls(**{**values, **shared, **cls._inner(tree)})

    @staticmethod
    def _inner(_tree: Mapping[str, Any]) -> dict[str, Any]:
        """Fields that hold values of types of their own."""
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """One file of a plan, as discovery saw it."""

    path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTask(ChildTask):
    """One plan: a structure set and everything that could belong to it."""

    kind: ClassVar[str] = "plan"
    key: str
    """SHA-256 of the structure set's file."""
    files: tuple[InputFile, ...]
    """The structure set first."""
    options: AnalyzeOptions
    claim: str = field(default="", repr=False)
    """Text of a claim file: what a row of the claims file states besides site and fractions; empty if nothing."""
    evidence_folder: str | None = None
    """Where an evidence folder is left for every plan; nowhere if None."""

    @staticmethod
    def _inner(tree: Mapping[str, Any]) -> dict[str, Any]:
        from rtcomplexity.model.structure_set import TargetClass  # noqa: PLC0415 -- and numpy, of which help has no need

        options = tree["options"]
        aliases = {name: TargetClass(kind) for name, kind in options["aliases"].items()}
        files = tuple(InputFile(**each) for each in tree["files"])
        return {"files": files, "options": AnalyzeOptions(**{**options, "aliases": aliases})}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexTask(ChildTask):
    """Some files whose headers are read."""

    kind: ClassVar[str] = "index"
    paths: Sequence[str]
    hashed: bool
    """Whether every file is hashed, or structure sets alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came back from a child process, or why nothing did."""

    status: Status
    code: str = ""
    """Stable word for the reason of a refusal."""
    reason: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)
    """The result of the task, as JSON values."""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_bytes: int = 0

    def to_json(self) -> str:
        """Write the outcome on one line."""
        return json.dumps({**asdict(self), "status": self.status.value})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read an outcome back."""
        tree = json.loads(text)
        return cls(**{**tree, "status": Status(tree["status"])})
