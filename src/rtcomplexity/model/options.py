"""What a caller may choose when a plan is analyzed: one value for the command line, batches, pages and Python.

Knows names and paths, and opens none of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from rtcomplexity.model.structure_set import TargetClass

DEFAULT_PROFILE: Final = "thoracic-delineation-2"
OWN_PATTERN: Final = DEFAULT_PROFILE
"""The profile whose families, effect floors and rules one of one's own takes over: it scores every family."""
BY_SITE: Final = "by-site"
"""In place of a profile: the shipped one of the plan's site, or the one for any site where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalyzeOptions:
    """Everything that is not in the plan's own files; the defaults choose nothing."""

    profile: str | Path = BY_SITE
    """Id of a shipped scoring profile, the path of one, a folder of some (each for its site), or `BY_SITE`."""
    aliases: Mapping[str, TargetClass] = field(default_factory=dict)
    """Target class of ROIs by name, which counts before what the file says."""
    structure_set_uid: str | None = None
    """The structure set to assess; chosen by rule if None."""
    targets: Path | None = None
    """Segmentation or structure set whose targets are taken in place of the plan's own; recorded."""
    same_patient: bool = False
    """Whether files of several Patient IDs are stated to be one patient's; recorded, and no support rests on it."""
    site: str | None = None
    """Treated site where the RT Plan is silent; recorded as stated by the user."""
    fractions: int | None = None
    """Fractions of the course where the RT Plan is silent; recorded as stated by the user."""
    claim: Path | None = None
    """Claim information file; the RT Plan counts before it."""
    payer: str | None = None
    """Whose rules count; the claim file's if None."""
    cms: Path | None = None
    """File of official facts of the code, as ``cms import`` wrote it."""
    cohort: Path | None = None
    """File of local plans, compared in addition to the built-in reference."""
    quick: bool = False
    """Counts, volumes and links only; nothing is scored."""
