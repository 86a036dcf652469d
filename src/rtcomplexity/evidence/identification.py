"""What payment needs to match a report to a claim, and nothing more.

Knows where each value is found; what no file states stays None. Which values these are, and why no others, stands in
decision record 0023.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rtcomplexity.evidence.naming import encodable
from rtcomplexity.evidence.record import Identification

if TYPE_CHECKING:
    from rtcomplexity.model.case import Case
    from rtcomplexity.scoring.claim import StatedClaim

_DAY: Final = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")


def identification_of(case: Case, stated: StatedClaim, *, report_date: str | None = None) -> Identification:
    """Collect what the structure set, the RT Plan and the claim file state of patient, service and plan."""
    chosen, plan, claim = case.structure_set, case.rt_plan, stated.claim
    served = None if claim is None or claim.date_of_service is None else claim.date_of_service.isoformat()
    return Identification(
        patient_name=_stated(chosen.patient.name),
        patient_id=_stated(chosen.patient.patient_id),
        birth_date=_stated(day(chosen.patient.birth_date)),
        date_of_service=served,
        cpt_code=None if claim is None else claim.cpt_code,
        structure_set_label=_stated(chosen.label),
        structure_set_date=_stated(day(chosen.written_at)),
        rt_plan_label=None if plan is None else _stated(plan.label),
        rt_plan_date=None if plan is None else _stated(day(plan.written_at)),
        report_date=report_date,
        study_uid=_stated(chosen.study_uid),
        series_uid=_stated(chosen.series_uid),
    )


def day(date_time: str) -> str:
    """Write a DICOM date, with or without a time after it, as ISO 8601; anything else as it is.

    Examples
    --------
    >>> day("19580402"), day("20260102030405.5"), day("about 1958")
    ('1958-04-02', '2026-01-02', 'about 1958')
    """
    found = _DAY.match(date_time)
    return date_time if found is None else "-".join(found.groups())


def _stated(text: str) -> str | None:
    return encodable(text) or None
