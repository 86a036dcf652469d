"""A profile small enough to compute by hand, and calibrated enough to support.

Every factor's reference is uniform from 0 to 100, so its percentile is its value; a family's score is 50 plus its mean
excess; T's percentile is T.
"""

import numpy as np

from rtcomplexity.metrics.definition import MetricDefinition
from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.scoring.facts import CaseFacts, StatedBy
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import Profile, parse_profile
from rtcomplexity.scoring.ranking import ranked_families, standing
from rtcomplexity.scoring.score import score_of
from rtcomplexity.scoring.site import Site
from rtcomplexity.units import Unit

THORACIC = Site(named=frozenset({"thoracic"}))
NOT_THORACIC = Site(excluded=frozenset({"thoracic"}))
STRATA = '["sbrt", "conventional"]'
HEAD = """
id = "made"
version = "1"
title = "Made up"
notice = "Made up for tests."
stratum_if_fractions_unknown = "sbrt"

[calibration]
population = "made-up plans"
n_calibration = 5000
n_test = 5000
false_support_rate = 0.025
false_support_upper95 = 0.03
source = "tests"

[levels]
elevated_from = 75.0
high_from = 97.5

[caps]
convention_percentile = 95.0

[stress]
shift_sd = 0.3
spread = 1.3
volume = 1.5

[rules]
may_support = true
supports_needs = []
stability_minimum = 0.8

[[strata]]
id = "sbrt"
title = "at most 5 fractions"
max_fractions = 5
max_gross_target_volume_cm3 = 90.0
source = "tests"

[[strata]]
id = "conventional"
title = "6 to 40 fractions"
min_fractions = 6
max_fractions = 40
max_gross_target_volume_cm3 = 300.0
source = "tests"

[[joint_references]]
strata = ["sbrt", "conventional"]
knots = [[0, 0], [100, 100]]
c_reject = 75.0
c_support = 97.5

[[groups]]
id = "imaging"
title = "Imaging"
references = [{ strata = ["sbrt", "conventional"], knots = [[0, 0], [50, 25], [100, 100]] }]
"""
FAMILIES = (
    # id, group, may_anchor, ((metric, knots, extra lines), ...)
    ("shape", "shape", True, ("scored.shape_a", "scored.shape_b")),
    ("topology", "topology", True, ("scored.topology",)),
    ("extent", "extent", False, ("scored.extent",)),
    ("fusion", "imaging", False, ("scored.fusion",)),
    ("image_sets", "imaging", False, ("scored.image_sets",)),
)
DEFINITIONS = tuple(
    MetricDefinition(
        key=key, title=f"The {key}", unit=Unit.NONE, description="Made up.", compute=float, direction="higher"
    )
    for key in (
        *(metric for *_, metrics in FAMILIES for metric in metrics),
        "scored.curvature_ratio",
        "scored.lobes",
        "scored.shape_c",
    )
)
METRICS = tuple(metric for *_, metrics in FAMILIES for metric in metrics)


def profile_text() -> str:
    parts = [HEAD]
    for family_id, group, may_anchor, metrics in FAMILIES:
        parts.append(
            f'[[families]]\nid = "{family_id}"\ntitle = "{family_id.title()}"\ngroup = "{group}"\n'
            f"may_anchor = {str(may_anchor).lower()}\n"
            f"raw_references = [{{ strata = {STRATA}, knots = [[0, 0], [0, 50], [50, 100]] }}]\n"
        )
        parts += [_factor(metric) for metric in metrics]
    return "\n".join(parts)


def _factor(metric: str) -> str:
    return (
        f'[[families.factors]]\nmetric = "{metric}"\ntitle = "the {metric}"\nunit = "1"\ndirection = "higher"\n'
        f"effect_floor = 10.0\nvolume_exponent = {1.0 if metric == 'scored.extent' else 0.0}\n"
        f'[[families.factors.references]]\nstrata = {STRATA}\nbasis = "model"\nsource = "uniform"\nn = 5000\n'
        "knots = [[0, 0], [100, 100]]\n"
    )


def made_profile(*replacements: tuple[str, str]) -> Profile:
    """Return the profile with each (old, new) replaced in its text; each old one must be there."""
    return parse_profile(replaced(profile_text(), *replacements).encode(), "made.toml", DEFINITIONS)


def replaced(text: str, *replacements: tuple[str, str]) -> str:
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def measured(volume: float | None = 20.0, **values: float | None) -> dict[str, Measurement]:
    """Return measurements by key without ``scored.``; the volume is given, None is a missing value."""
    return {f"scored.{key}": _measurement(value) for key, value in {"volume": volume, **values}.items()}


def _measurement(value: float | None) -> Measurement:
    return (
        Measurement.missing("cannot be measured here", Unit.NONE) if value is None else Measurement.of(value, Unit.NONE)
    )


def everything(value: float = 50.0, **values: float | None) -> dict[str, Measurement]:
    """Return every factor at one value, except those given."""
    keys = dict.fromkeys((metric.removeprefix("scored.") for metric in METRICS), value)
    return measured(**{**keys, **values})


def thoracic(**changes) -> CaseFacts:
    """Return facts with nothing in the way: thoracic, five fractions."""
    known = {
        "site": THORACIC,
        "site_stated_by": StatedBy.RT_PLAN,
        "fractions": 5,
        "fractions_stated_by": StatedBy.RT_PLAN,
    }
    return CaseFacts(**{**known, **changes})


def score(gross_target, profile, stratum_id, *, instead=None):
    """Score one plan against one stratum; `instead` are scores by family id that count in place of the family's own."""
    plans = Plans.of([gross_target])
    families = ranked_families(plans, profile, stratum_id)
    counted = {each.family.id: each.scores for each in families}
    replaced = {family_id: np.array([value]) for family_id, value in (instead or {}).items()}
    found = standing(counted | replaced, profile, stratum_id)
    return score_of(plans, families, found, gross_target, profile, stratum_id)
