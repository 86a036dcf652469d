"""What an RT Plan says that scoring needs."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Prescription:
    """One target dose of Dose Reference Sequence (300A,0010)."""

    target_dose_gy: float
    referenced_roi_number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RtPlan:
    """One RT Plan instance."""

    sop_instance_uid: str
    label: str = field(default="", repr=False)
    """RT Plan Label (300A,0002)."""
    referenced_structure_set_uid: str = ""
    fractions_planned: int | None = None
    """Number of Fractions Planned (300A,0078) of the one fraction group; None where it is not stated, or 0, or where
    there are several groups: whether these run one after the other or side by side is not in the file."""
    fractions_of_groups: tuple[int | None, ...] = ()
    """The same number of each fraction group; None where one states none, or 0."""
    prescriptions: tuple[Prescription, ...] = ()
    approval_status: str = ""
    treatment_site: str = ""
    """Treatment Sites (300A,000B), as written; empty where not stated."""
    written_at: str = ""
    file_sha256: str = ""
    frame_of_reference_uid: str = ""
    is_quality_assurance: bool = False
    """Whether it was made to verify another plan or a machine, not to treat."""
    prior_plan_uids: tuple[str, ...] = ()
    """Plans that were delivered before this one: RT Plan Relationship (300A,0055) PRIOR."""
