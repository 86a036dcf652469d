"""Cohorts whose every T is chosen."""

import hashlib

from rtcomplexity.scoring.cohort import LocalCohort, fingerprint, patient_hash, sealed
from unit.scoring.made_profile import made_profile

KEY = bytes(range(32))
PROFILE = made_profile()


def plan_id(name):
    return hashlib.sha256(str(name).encode()).hexdigest()


def tree(scores, *, stratum="sbrt", profile=PROFILE, keyed=True, spacing=3.0, software="0.1.0", surface="s"):
    """A cohort's tree: a plan of a patient of its own for each T."""
    plans = [
        {
            "plan": plan_id(number),
            "patient": patient_hash(f"patient {number}", KEY) if keyed else "",
            "t": t,
            "slice_spacing_mm": spacing,
        }
        for number, t in enumerate(scores)
    ]
    return {
        "software": "0.1.0",
        "profile": {"id": profile.id, "sha256": profile.sha256},
        "sources": 1,
        "patient_key": fingerprint(KEY) if keyed else None,
        "assessed_by": {software: len(plans)},
        "surface_methods": {surface: len(plans)},
        "strata": [{"id": stratum, "plans": plans}],
        "exclusions": [],
    }


def local(scores, *, key=KEY, **changes):
    return LocalCohort(cohort=sealed(tree(scores, **changes)), key=key)


def beside(scores, *, plan="of nobody", patient="somebody else", profile=PROFILE, **changes):
    return local(scores, profile=profile, **changes).beside({plan_id(plan)}, patient, profile)
