"""The tasks of child processes, the files of one plan, and the progress of a child.

Values and names of files only; they cross processes as JSON.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from rtcomplexity.batch.messages import ChildTask
from rtcomplexity.model.options import BY_SITE
from rtcomplexity.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable


MEASURED: Final = "measured-"
"""What the names of measured plans begin with."""


class Step(StrEnum):
    """What is being done, as the page shows it."""

    WAITING = "Waiting for another analysis to finish"
    STARTING = "Starting"
    READING = "Reading files"
    MEASURING = "Measuring the targets"
    ASSESSING = "Comparing with routine plans"
    WRITING = "Writing the report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Progress of an analysis."""

    step: Step = Step.WAITING
    done: int = 0
    total: int = 0
    """Files; 0 where the step does not count any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The private folder of one plan, and its files."""

    folder: Path

    @property
    def files(self) -> Path:
        """What was uploaded."""
        return self.folder / "files"

    @property
    def evidence(self) -> Path:
        """The evidence folder."""
        return self.folder / "evidence"

    @property
    def previous(self) -> Path:
        """The evidence folder before the claim information was last changed."""
        return self.folder / "previous"

    @property
    def claim(self) -> Path:
        """The claim information file."""
        return self.folder / "claim.toml"

    @property
    def profile(self) -> Path:
        """The scoring profile file that the user added."""
        return self.folder / "profile.toml"

    @property
    def roi_classes(self) -> Path:
        """The file of target classes by ROI name that the user added."""
        return self.folder / "roi-classes.txt"

    @property
    def cohort(self) -> Path:
        """The institutional comparison cohort that the user added."""
        return self.folder / "cohort.json"

    @property
    def structure_sets(self) -> Path:
        """What structure sets there are, where there are several."""
        return self.folder / "structure_sets.json"

    def measured(self, structure_set_uid: str | None) -> Path:
        """The plan as measured on a structure set, the one chosen by rule if None."""
        name = "" if structure_set_uid is None else hashlib.sha256(structure_set_uid.encode()).hexdigest()[:16]
        return self.folder / f"{MEASURED}{name}"

    @property
    def task(self) -> Path:
        """What the child has to do."""
        return self.folder / "task.json"

    @property
    def result(self) -> Path:
        """How the child ended."""
        return self.folder / "result.json"

    @property
    def progress(self) -> Path:
        """Progress of the child."""
        return self.folder / "progress.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(ChildTask):
    """One analysis, or the same plan under changed claim information."""

    kind: ClassVar[str] = "desk"
    folder: str
    identified: bool
    profile: str = BY_SITE
    """Of those that ship; an added profile file counts before it."""
    structure_set_uid: str | None = None
    cms: str | None = None
    """File of official facts of the code, for every plan of the session."""

    @property
    def place(self) -> Place:
        """The folder of the plan."""
        return Place(folder=Path(self.folder))


def write_progress(path: Path) -> Callable[[Progress], None]:
    """Return a function that writes progress where the page reads it."""
    return lambda progress: write_whole(path, json.dumps(asdict(progress)))


def read_progress(path: Path) -> Progress:
    """Read how far a child has come; that it starts, where it has not said anything yet."""
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        return Progress(step=Step(tree["step"]), done=tree["done"], total=tree["total"])
    except (OSError, ValueError, KeyError):
        return Progress(step=Step.STARTING)
