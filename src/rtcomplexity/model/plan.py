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
    """Number of Fractions Planned (300A,0078), summed over fraction groups; None where not stated."""
    prescriptions: tuple[Prescription, ...] = ()
    approval_status: str = ""
    treatment_site: str = ""
    """Treatment Sites (300A,000B), as written; empty where not stated."""
    written_at: str = ""
    file_sha256: str = ""
