"""The statistics of the validation study, against values known without it."""

import sys
from pathlib import Path

import numpy as np
import pytest

STUDIES = Path(__file__).parents[2] / "studies"


@pytest.fixture
def study(monkeypatch):
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(STUDIES))
    import validation

    yield validation
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__).parent == STUDIES:
            sys.modules.pop(name)


def test_the_area_under_the_curve_counts_pairs_in_order(study):
    """Of 2 x 3 pairs, 5 stand in the right order and one is a tie."""
    positive = np.array([True, True, False, False, False])
    assert study.auc(np.array([3.0, 5.0, 1.0, 2.0, 3.0]), positive) == pytest.approx(5.5 / 6)


def test_reliability_agrees_with_a_published_example(study):
    """Shrout and Fleiss, Psychol Bull 1979;86:420-428: six targets, four judges, ICC(1, 1) = .17."""
    ratings = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
    assert study.icc(ratings.ravel(), np.repeat(np.arange(6), 4)) == pytest.approx(0.17, abs=0.005)


def test_a_partial_correlation_takes_out_what_is_shared(study):
    rng = np.random.default_rng(1)
    shared, a, b = rng.standard_normal((3, 4000))
    assert study.partial(shared + a, shared + b, [shared]) == pytest.approx(0.0, abs=0.06)
    assert study.partial(shared + a, shared + a + b, [shared]) == pytest.approx(np.sqrt(0.5), abs=0.06)


def test_an_interval_holds_the_estimate_and_depends_on_the_seed_alone(study):
    rng = np.random.default_rng(2)
    values, patients = rng.normal(5.0, 1.0, 200), np.repeat(np.arange(50), 4)
    found, again = (study.bootstrap(patients, lambda rows, _: float(values[rows].mean())) for _ in range(2))
    assert found == again
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(200), rel=0.35)


def test_two_drawings_overlap_by_what_they_share(study):
    a = frozenset((0.0, i, j) for i in range(4) for j in range(4))
    b = frozenset((0.0, i, j) for i in range(2, 6) for j in range(4))
    assert study.dice(a, b) == pytest.approx(0.5)
    assert study.dice(a, a) == 1.0
