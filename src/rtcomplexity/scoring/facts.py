"""What a verdict depends on besides the measurements: who said what of the plan, and what is there at all.

Knows a :class:`~rtcomplexity.model.case.Case` and what a user stated. Nothing is inferred: a site or a number of
fractions that is not stated is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from rtcomplexity.model.case import ImageLink
from rtcomplexity.scoring.plans import VOLUME_KEY
from rtcomplexity.scoring.site import NOT_STATED, Site, shown_by, site_of, stated_site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtcomplexity.metrics.measurement import MetricTable
    from rtcomplexity.model.case import Case
    from rtcomplexity.scoring.claim_file import ClaimFile
    from rtcomplexity.scoring.site import TreatedSite


class StatedBy(StrEnum):
    """Who stated a fact."""

    RT_PLAN = "rt_plan"
    USER = "user"
    CLAIM = "claim"
    IMAGE = "image"
    """Body Part Examined of the planning image: believed only where it names another site than a profile's."""
    NOBODY = "nobody"

    @property
    def words(self) -> str:
        """Where the fact is from."""
        return _WORDS[self]


_WORDS: Final = {
    StatedBy.RT_PLAN: "from the RT Plan",
    StatedBy.USER: "stated by the user",
    StatedBy.CLAIM: "stated in the claim information",
    StatedBy.IMAGE: "from the planning image's Body Part Examined",
    StatedBy.NOBODY: "source not known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFacts:
    """Facts of the plan that decide applicability, the claim axis and readiness."""

    site: Site = NOT_STATED
    site_stated_by: StatedBy = StatedBy.NOBODY
    fractions: int | None = None
    fractions_stated_by: StatedBy = StatedBy.NOBODY
    rests_on_stated_patient: bool = False
    """Whether files of several Patient IDs, stated to be one patient's, are needed for a support."""
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
    """Whether the targets were contoured on a PET, so that there is no planning CT or MR."""
    planned_site: Site = NOT_STATED
    planned_fractions: int | None = None
    """What the RT Plan states, whatever a person does."""
    image_sites: frozenset[str] = frozenset()
    """Sites that the planning image's Body Part Examined stands for."""
    approval_status: str = ""
    """Approval Status (300E,0002) of the structure set: APPROVED, UNAPPROVED, REJECTED; empty where not stated."""

    @property
    def contradicts_image(self) -> bool:
        """Whether the user stated a site that the planning image does not show."""
        is_by_a_person = self.site_stated_by in {StatedBy.USER, StatedBy.CLAIM}
        return is_by_a_person and Site(named=self.image_sites).contradicts(self.site)

    @property
    def contradictions(self) -> tuple[str, ...]:
        """Where what the user stated is not what the RT Plan states."""
        found = (
            ("the treated site", self.planned_site.contradicts(self.site)),
            ("the number of fractions", self.planned_fractions not in (None, self.fractions)),
        )
        return tuple(what for what, is_contradicted in found if is_contradicted)

    def is_treated_at(self, site: TreatedSite) -> bool | None:
        """Whether the plan is one of a site; None where that is not known, or only an image says so."""
        covered = site.covers(self.site)
        return None if covered and self.site_stated_by is StatedBy.IMAGE and not site.covers_any else covered


def case_facts(
    case: Case,
    table: MetricTable,
    *,
    site: Site | None = None,
    fractions: int | None = None,
    claim: ClaimFile | None = None,
    sites: Sequence[TreatedSite] | None = None,
) -> CaseFacts:
    """Collect the facts of a case.

    Parameters
    ----------
    case, table
        What was read, and what was measured in it.
    site, fractions
        Stated by the user; each counts before the RT Plan's own. None where not stated.
    claim
        What its file states counts where the RT Plan is silent.
    sites
        The sites whose words are known; the shipped ones if None.
    """
    planned = NOT_STATED if case.rt_plan is None else site_of(case.rt_plan.treatment_site, sites)
    found_site, site_by = (site, StatedBy.USER) if site is not None else site_stated(case, claim, sites)
    found_fractions, fractions_by = _fractions_stated(case, claim, fractions)
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
        planned_site=planned,
        planned_fractions=None if plan is None else plan.fractions_planned,
        image_sites=shown_by(case, sites),
        approval_status=case.structure_set.approval_status,
    )


def site_stated(
    case: Case, claim: ClaimFile | None = None, sites: Sequence[TreatedSite] | None = None
) -> tuple[Site, StatedBy]:
    """The RT Plan's site where it names one, else the claim file's, else what the files still say; and who says so."""
    planned = NOT_STATED if case.rt_plan is None else site_of(case.rt_plan.treatment_site, sites)
    shown = shown_by(case, sites)
    if planned.is_known:
        return planned, StatedBy.RT_PLAN
    by_claim = None if claim is None or claim.site is None else stated_site(claim.site, sites)
    if by_claim is not None:
        return by_claim, StatedBy.CLAIM
    if planned.named:
        return planned, StatedBy.RT_PLAN
    return (Site(named=shown), StatedBy.IMAGE) if shown else (NOT_STATED, StatedBy.NOBODY)


def _fractions_stated(case: Case, claim: ClaimFile | None, by_user: int | None) -> tuple[int | None, StatedBy]:
    """The user's number, else the RT Plan's, else the claim file's; and who says so."""
    if by_user is not None:
        return by_user, StatedBy.USER
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
