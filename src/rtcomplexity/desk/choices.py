"""The choices for one plan on the page: profile, ROI classes, cohort, claim information, structure set.

Knows the files of a plan's place and which of them is read by what; knows no HTTP.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rtcomplexity.case.target_names import parse_aliases
from rtcomplexity.errors import InputDataError, UsageError
from rtcomplexity.model.options import BY_SITE, AnalyzeOptions
from rtcomplexity.scoring.claim_file import load_claim
from rtcomplexity.scoring.cohort import key_path, load_cohort
from rtcomplexity.scoring.profile import load_profile, profile_ids
from rtcomplexity.units import counted
from rtcomplexity.whole_files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rtcomplexity.desk.task import Place, Task
    from rtcomplexity.model.structure_set import TargetClass

ADDED: Final = (
    ("profile_file", "Profile of your own", "A TOML file; it replaces the scoring profile above."),
    ("roi_classes", "ROI classes", "A text file, one ROI per line: Tumor Bed=GTV"),
    ("cohort", "Institutional comparison cohort", "cohort.json, made with cohort build."),
    ("cohort_key", "Key of the cohort", "cohort.json.key; without it the cohort is context only."),
    ("claim_file", "Claim information file", "As downloaded here before."),
)
"""(Field, label, hint) of every file that may be added to a plan."""
_CLASS_LINE: Final = "one ROI per line, such as Tumor Bed=GTV; classes: GTV, CTV, ITV, PTV, OAR, EXTERNAL, OTHER."


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureSetChoice:
    """A structure set of a plan that has several."""

    uid: str
    number: int
    """Among the plan's, from 1."""
    rois: int
    label: str = ""
    """Empty where there is none, or where the report is de-identified; so is what follows."""
    date: str = ""
    """YYYYMMDD."""
    uid_end: str = ""
    """What distinguishes sets of one label."""
    is_assessed: bool = False

    @property
    def title(self) -> str:
        """How the page names it; its date in American form."""
        found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})", self.date)
        day = f"{found[2]}/{found[3]}/{found[1]}" if found else ""
        uid = f"UID …{self.uid_end}" if self.uid_end else ""
        parts = (self.label or f"Structure set {self.number}", day, counted(self.rois, "ROI"), uid)
        return ", ".join(filter(None, parts)) + (" (assessed)" if self.is_assessed else "")


def files_of(place: Place) -> dict[str, Path]:
    """Return where each file that may be added to a plan lies, by the name of its field on the page."""
    return {
        "profile_file": place.profile,
        "roi_classes": place.roi_classes,
        "cohort": place.cohort,
        "cohort_key": key_path(place.cohort),
        "claim_file": place.claim,
    }


def check(place: Place, profile: str) -> None:
    """Read every file that was added, so that a mistake is known before anything is measured.

    Raises
    ------
    InputDataError
        If one of them, or the profile, cannot be used.
    """
    if profile not in {BY_SITE, *profile_ids()}:
        raise InputDataError("The chosen scoring profile does not exist.", "load the page again.")
    if place.profile.exists():
        load_profile(place.profile)
    if place.cohort.exists():
        load_cohort(place.cohort)
    elif key_path(place.cohort).exists():
        raise InputDataError("A cohort key was added without its cohort.", "add cohort.json and cohort.json.key.")
    if place.claim.exists():
        load_claim(place.claim)
    roi_classes(place.roi_classes)


def roi_classes(path: Path) -> Mapping[str, TargetClass]:
    """Read classes of ROIs by name, one ``NAME=CLASS`` per line; blank lines and comments (#) say nothing.

    Raises
    ------
    InputDataError
        If a line says something else; named by its number, never by what is in it.
    """
    if not path.exists():
        return {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputDataError("The ROI class file is not text in UTF-8.", _CLASS_LINE) from None
    stated: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        stated.append(line)
        try:
            parse_aliases(stated)
        except UsageError:
            raise InputDataError(f"Line {number} of the ROI class file cannot be used.", _CLASS_LINE) from None
    return parse_aliases(stated)


def options_of(task: Task) -> AnalyzeOptions:
    """Return what was chosen for a plan as one value."""
    place = task.place
    return AnalyzeOptions(
        profile=place.profile if place.profile.exists() else task.profile,
        aliases=roi_classes(place.roi_classes),
        structure_set_uid=task.structure_set_uid,
        claim=_there(place.claim),
        cms=None if task.cms is None else Path(task.cms),
        cohort=_there(place.cohort),
    )


def _there(path: Path) -> Path | None:
    return path if path.exists() else None


def write_structure_sets(path: Path, sets: Sequence[StructureSetChoice]) -> None:
    """Keep which structure sets there are."""
    write_whole(path, json.dumps([asdict(each) for each in sets]))


def read_structure_sets(path: Path) -> tuple[StructureSetChoice, ...]:
    """Read which structure sets there are; none where there is only one, or none is known yet."""
    try:
        return tuple(StructureSetChoice(**each) for each in json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return ()
