"""The documentation's arithmetic, its tables and its claims about the default profile."""

import re
import sys
from pathlib import Path

import pytest

from rtcomplexity.scoring.guardrails import FORBIDDEN
from rtcomplexity.scoring.profile import load_profile

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "docs" / "scoring.md").read_text(encoding="utf-8")
STEP = re.compile(r"`([0-9+\-*/()., emin]+)` = (-?[0-9.]+)")
DERIVATION = TEXT.split("<!-- generated: derivation -->\n")[1].split("\n<!-- end of derivation -->")[0]


@pytest.fixture
def studies(monkeypatch):
    monkeypatch.syspath_prepend(str(REPOSITORY / "studies"))
    yield
    for name in ("derivation", "array_scoring", "simulation", "anatomy"):
        sys.modules.pop(name, None)


def test_every_line_of_arithmetic_in_the_document_is_right():
    steps = STEP.findall(DERIVATION)
    assert len(steps) > 15
    for typed, result in steps:
        assert eval(typed, {"__builtins__": {}}, {"min": min}) == pytest.approx(float(result), rel=1e-5, abs=1e-4)


@pytest.mark.slow
def test_the_document_derives_what_the_program_finds(studies):
    from derivation import derivation

    assert derivation() == DERIVATION


def test_the_document_names_the_profile_it_speaks_of():
    profile = load_profile()
    assert f"`{profile.id}`, SHA-256 `{profile.sha256[:16]}" in TEXT
    assert f"`{profile.id}` ({profile.sha256[:16]}" in TEXT


def test_the_document_promises_nothing():
    assert not FORBIDDEN.search(TEXT)


def test_false_support_of_the_default_profile_is_bounded():
    known = load_profile().calibration
    assert known.n_calibration >= 5000
    assert known.n_test >= 5000
    assert known.false_support_rate < known.false_support_upper95 <= 0.03


def test_the_studies_score_as_the_package_does(studies):
    import numpy as np
    from array_scoring import score_rows, verdicts
    from simulation import FACTORS, STRATA

    from rtcomplexity.metrics.measurement import Measurement
    from rtcomplexity.scoring.profile import factor_reference
    from rtcomplexity.scoring.reference import value_at
    from rtcomplexity.scoring.score import score
    from rtcomplexity.scoring.stability import Stability
    from rtcomplexity.scoring.verdict import assess
    from rtcomplexity.units import Unit
    from unit.scoring.made_profile import thoracic

    profile, rng = load_profile(), np.random.default_rng(3)
    factors = {f.metric: f for family in profile.families for f in family.factors}
    for stratum_id in STRATA:
        rows = np.array(
            [
                [value_at(factor_reference(factors[m], stratum_id).knots, rng.uniform(0, 100)) for m in FACTORS]
                for _ in range(60)
            ]
        )
        rows[rng.random(rows.shape) < 0.1] = np.nan
        rows[:, FACTORS.index("scored.volume")] = np.nan_to_num(rows[:, FACTORS.index("scored.volume")], nan=10.0)
        together, judged = score_rows(profile, rows, stratum_id), verdicts(profile, rows, stratum_id)
        for n, row in enumerate(rows):
            values = {m: Measurement.of(v, Unit.NONE) for m, v in zip(FACTORS, row, strict=True) if not np.isnan(v)}
            assert score(values, profile, stratum_id).t == pytest.approx(together.t[n], abs=1e-3)
            facts = thoracic(fractions=5 if stratum_id == "thoracic-sbrt" else 30)
            assert assess(values, facts, profile, stability=Stability(share=1.0)).verdict.value == judged[n]
