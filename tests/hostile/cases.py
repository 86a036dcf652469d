"""What a hostile input is, and the endings it may have."""

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from hostile.running import TIMES


class Ending(StrEnum):
    """How a plan may end; the words stand in docs/robustness.md."""

    ERROR = "error, exit 3"
    ISSUE = "analyzed, issue"
    SAME = "analyzed, as the good plan"
    """Legal, if odd: the numbers of the targets are those of the good plan."""
    RIGHT = "analyzed, volume right"
    """Legal, if odd: the volume of the GTV is what mathematics says."""
    REFUSED = "refused in a batch"
    SAFE = "analyzed, outputs safe"
    UNWRITTEN = "error, exit 2, nothing half-written"


class Depth(Enum):
    """How far a plan is looked into: what is decided earlier need not be scored."""

    READ = auto()
    """As by ``--quick``."""
    MEASURED = auto()
    """In whole, but the GTV alone and without the RT Plan: redrawing and the PTV take most of the time."""
    SCORED = auto()


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """One input of the list, or a variant of one."""

    number: int
    """As in the list of bad inputs."""
    name: str
    build: object
    """Function of the folder that it writes the plan into."""
    ending: Ending
    says: str = ""
    """A word of the error's text, or the issue's code."""
    arguments: tuple = ()
    volume_cm3: float | None = None
    check: object = None
    """Function of the ended process and the output folder; asserts what else holds."""
    environment: dict = field(default_factory=dict)
    times: int = TIMES
    """How many times the processor time of the good plan it may take."""

    @property
    def key(self):
        return f"{self.number} {self.name}"


def error(number, name, build, says, **more):
    return Hostile(number=number, name=name, build=build, ending=Ending.ERROR, says=says, **more)


def issue(number, name, build, code, **more):
    return Hostile(number=number, name=name, build=build, ending=Ending.ISSUE, says=code, **more)


def right(number, name, build, volume_cm3, **more):
    return Hostile(number=number, name=name, build=build, ending=Ending.RIGHT, volume_cm3=volume_cm3, **more)


def same(number, name, build, **more):
    return Hostile(number=number, name=name, build=build, ending=Ending.SAME, **more)
