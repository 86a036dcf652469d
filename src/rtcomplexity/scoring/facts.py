"""What a verdict depends on besides the measurements: who said what of the plan, and what is there at all.

Knows a :class:`~rtcomplexity.model.case.Case` and what a user stated. Nothing is inferred: a site or a number of
fractions that nobody stated is unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rtcomplexity.model.case import ImageLink
from rtcomplexity.scoring.plans import VOLUME_KEY

if TYPE_CHECKING:
    from rtcomplexity.metrics.measurement import MetricTable
    from rtcomplexity.model.case import Case
    from rtcomplexity.scoring.claim_file import ClaimFile

_THORACIC = re.compile(r"\b(lungs?|thorax|thoracic|chest|mediastin\w*|bronch\w*|pulmonary|hil(um|ar))\b", re.IGNORECASE)
_NOT_THORACIC = re.compile(
    r"\b(brain|crani\w*|head|neck|h&n|pituitar\w*|abdom\w*|liver|pancrea\w*|kidneys?|adrenals?|pelvi\w*|prostate|bladder|"
    r"rect(um|al)|cervix|uter\w*|femur|legs?|thigh|knee|extremit\w*|bones?|spin(e|al)|vertebra\w*|lumbar|sacr(um|al)|"
    r"skull|orbit\w*|eyes?|laryn\w*|pharyn\w*|tonsil\w*|tongue|parotid|thyroid|spleen|stomach|bowel|anal|ovar\w*|"
    r"shoulder|humer\w*|arms?|elbow|wrist|hands?|hips?|foot|feet|ankle|tibia|fibula|ili(um|ac)|groin|inguin\w*)\b",
    re.IGNORECASE,
)


_NOT_THORACIC_BODY_PARTS = """
EXTREMITY LOWEREXTREMITY UPPEREXTREMITY LEG ARM THIGH CALF KNEE ANKLE FOOT TOE HIP ELBOW FOREARM HAND WRIST FINGER FEMUR
TIBIA HUMERUS PELVIS PROSTATE BLADDER RECTUM UTERUS CERVIX ABDOMEN ABDOMENPELVIS LIVER PANCREAS KIDNEY HEAD SKULL BRAIN
NECK HEADNECK JAW ORBIT LSPINE SSPINE
"""
NOT_THORACIC_BODY_PARTS = frozenset(_NOT_THORACIC_BODY_PARTS.split())
"""Values of Body Part Examined (0018,0015) outside the thorax, without blanks. CHEST is no statement that the treated
site is thoracic: the tag is filled in from scanner protocols and is often wrong."""


class Site(StrEnum):
    """Whether the treated site lies in the thorax."""

    THORACIC = "thoracic"
    NOT_THORACIC = "not_thoracic"
    UNKNOWN = "unknown"


class StatedBy(StrEnum):
    """Who stated a fact."""

    RT_PLAN = "rt_plan"
    USER = "user"
    CLAIM = "claim"
    IMAGE = "image"
    """Body Part Examined of the planning image: believed only where it says that the site is not the thorax."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """Facts of the plan that decide applicability, the claim axis and readiness."""

    site: Site = Site.UNKNOWN
    site_stated_by: StatedBy = StatedBy.NOBODY
    fractions: int | None = None
    fractions_stated_by: StatedBy = StatedBy.NOBODY
    is_measured: bool = True
    """Whether the scored metrics were measured in this run."""
    has_gross_target: bool = True
    geometry_problem: str = ""
    """Why the gross target encloses no volume that could be measured; empty where it does."""
    unexplained_targets: tuple[int, ...] = ()
    """Numbers of planned targets that lie apart from every gross target: one of these may be missing."""
    has_planning_images: bool = True
    planning_images_are_linked: bool = True
    """Whether a reference in the structure set ties it to those images."""
    images_are_of_another_patient: bool = False
    planning_image_is_pet: bool = False
    """Whether the targets were drawn on a PET, so that there is no planning CT or MR."""
    planned_site: Site = Site.UNKNOWN
    planned_fractions: int | None = None
    """What the RT Plan states, whatever a person does."""
    image_shows_elsewhere: bool = False
    """Whether the planning image's Body Part Examined names a part outside the thorax."""
    approval_status: str = ""
    """Approval Status (300E,0002) of the structure set: APPROVED, UNAPPROVED, REJECTED; empty where not stated."""

    @property
    def contradicts_image(self) -> bool:
        """Whether a person stated a thoracic site that the planning image does not show."""
        is_by_a_person = self.site_stated_by in {StatedBy.USER, StatedBy.CLAIM}
        return self.site is Site.THORACIC and is_by_a_person and self.image_shows_elsewhere

    @property
    def contradictions(self) -> tuple[str, ...]:
        """Where what a person stated is not what the RT Plan states."""
        planned = (
            ("the treated site", self.planned_site, self.site, Site.UNKNOWN),
            ("the number of fractions", self.planned_fractions, self.fractions, None),
        )
        return tuple(what for what, files, stated, unknown in planned if files not in (unknown, stated))


def case_facts(
    case: Case,
    table: MetricTable,
    *,
    site: Site | None = None,
    fractions: int | None = None,
    stated_by: StatedBy = StatedBy.USER,
    claim: ClaimFile | None = None,
) -> CaseFacts:
    """Collect the facts of a case.

    Parameters
    ----------
    case, table
        What was read, and what was measured in it.
    site, fractions
        Stated by a person (`stated_by`); each counts before the RT Plan's own. None where nobody stated it.
    claim
        What its file states counts where the RT Plan is silent.
    """
    found_site, site_by = (site, stated_by) if site is not None else _planned_site(case, claim)
    found_fractions, fractions_by = (fractions, stated_by) if fractions is not None else _planned_fractions(case, claim)
    image, plan = case.planning_image, case.rt_plan
    return CaseFacts(
        site=found_site,
        site_stated_by=site_by,
        fractions=found_fractions,
        fractions_stated_by=fractions_by,
        is_measured=bool(table.gross_target),
        has_gross_target=_has_gross_target(case, table),
        geometry_problem=_geometry_problem(table),
        unexplained_targets=table.unexplained_targets,
        has_planning_images=image is not None,
        planning_images_are_linked=case.image_link is not ImageLink.NONE,
        images_are_of_another_patient=image is not None and image.patient_key != case.structure_set.patient_key,
        planning_image_is_pet=image is not None and image.modality == "PT",
        planned_site=Site.UNKNOWN if plan is None else site_of(plan.treatment_site),
        planned_fractions=None if plan is None else plan.fractions_planned,
        image_shows_elsewhere=shows_elsewhere(case),
        approval_status=case.structure_set.approval_status,
    )


def site_of(text: str) -> Site:
    """Return the site a plan's own words name; unknown where they name none, or both kinds.

    Examples
    --------
    >>> site_of("Left upper lobe of lung")
    <Site.THORACIC: 'thoracic'>
    >>> site_of("Site 1")
    <Site.UNKNOWN: 'unknown'>
    """
    is_thoracic, is_elsewhere = bool(_THORACIC.search(text)), bool(_NOT_THORACIC.search(text))
    if is_thoracic == is_elsewhere:
        return Site.UNKNOWN
    return Site.THORACIC if is_thoracic else Site.NOT_THORACIC


def _planned_site(case: Case, claim: ClaimFile | None) -> tuple[Site, StatedBy]:
    site = Site.UNKNOWN if case.rt_plan is None else site_of(case.rt_plan.treatment_site)
    if site is not Site.UNKNOWN:
        return site, StatedBy.RT_PLAN
    if claim is not None and claim.site is not None:
        return Site(claim.site.replace("-", "_")), StatedBy.CLAIM
    return (Site.NOT_THORACIC, StatedBy.IMAGE) if shows_elsewhere(case) else (Site.UNKNOWN, StatedBy.NOBODY)


def shows_elsewhere(case: Case | None) -> bool:
    """Whether the planning image's Body Part Examined names a part that is not the thorax."""
    image = None if case is None else case.planning_image
    body_part = "" if image is None else re.sub(r"[^A-Z]", "", image.body_part.upper())
    return body_part in NOT_THORACIC_BODY_PARTS


def _planned_fractions(case: Case, claim: ClaimFile | None) -> tuple[int | None, StatedBy]:
    planned = None if case.rt_plan is None else case.rt_plan.fractions_planned
    if planned is not None:
        return planned, StatedBy.RT_PLAN
    stated = None if claim is None else claim.fractions
    return stated, StatedBy.NOBODY if stated is None else StatedBy.CLAIM


def _has_gross_target(case: Case, table: MetricTable) -> bool:
    if table.gross_target:
        return bool(table.gross_target_rois)
    return any(roi.target_class.is_gross for roi in case.structure_set.rois)


def _geometry_problem(table: MetricTable) -> str:
    volume = table.gross_target.get(VOLUME_KEY)
    if volume is None:
        return "its volume was not measured"
    if volume.value is None:
        return volume.reason
    return "" if volume.value > 0 else "its contours enclose no volume"
