import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from rtcomplexity.batch.ledger import Ledger
from rtcomplexity.errors import CohortError
from rtcomplexity.scoring.cohort import (
    LocalCohort,
    Side,
    _quantile,
    key_path,
    load_cohort,
    parse_cohort,
    patient_hash,
    sealed,
    summary_of,
    to_json,
    unusual_above,
    warnings_of,
)
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.verdict import VerdictValue, assess, values_if_stable
from unit.scoring.made_cohort import KEY, PROFILE, beside, local, plan_id, tree
from unit.scoring.made_profile import everything, made_profile, thoracic

SUPPORTED = everything(50, shape_a=130, shape_b=130, topology=130)
REJECTED = everything(50, topology=90, extent=60)
BETWEEN = everything(50, topology=90, extent=80)
EASY = [10.0] * 200
HARD = [100.0] * 200


def verdict(gross_target, cohort=None, **facts):
    steady = Stability(share=1.0, replicates=32)
    return assess(gross_target, thoracic(**facts), PROFILE, stability=steady, cohort=cohort).verdict


def codes(found):
    return [reason.code for reason in found.reasons]


def test_p_counts_the_plans_that_are_as_hard_or_harder():
    """By hand: of 9 plans 2 lie at or above 80, so p = (1 + 2) / (9 + 1)."""
    found = beside([10, 20, 30, 40, 50, 60, 70, 80, 90]).compare("sbrt", 80)
    assert (found.n, found.at_or_above, found.p) == (9, 2, 0.3)


@pytest.mark.parametrize(
    ("at_or_above", "n", "side"),
    [(2, 119, Side.UNUSUAL), (3, 119, Side.BETWEEN), (29, 119, Side.BETWEEN), (30, 119, Side.TYPICAL)],
)
def test_sides_change_at_a_fortieth_and_at_a_quarter(at_or_above, n, side):
    """3/120 = 0.025 is unusual; 30/120 = 0.25 is not typical, 31/120 is."""
    found = beside([90.0] * at_or_above + [10.0] * (n - at_or_above)).compare("sbrt", 50)
    assert (found.at_or_above, found.side) == (at_or_above, side)


def test_ties_count_against_the_plan():
    assert beside([50.0] * 130).compare("sbrt", 50).p == 1


def test_the_assessed_plan_and_its_patient_are_left_out():
    scores = [float(number % 90) for number in range(130)]
    by_plan = beside(scores, plan=7, patient="another name").compare("sbrt", 0)
    by_patient = beside(scores, plan="an export of today", patient="patient 7").compare("sbrt", 0)
    assert (by_plan.n, by_plan.left_out) == (by_patient.n, by_patient.left_out) == (129, 1)
    assert beside(scores).compare("sbrt", 0).n == 130


def test_leaving_out_can_make_a_cohort_too_small():
    assert beside([5.0] * 120).compare("sbrt", 1).counts
    found = beside([5.0] * 120, plan=3).compare("sbrt", 1)
    assert (found.n, found.context) == (119, ("too_few_plans",))


@pytest.mark.parametrize(
    ("changes", "context"),
    [
        ({"keyed": False, "key": None}, "patients_not_told_apart"),
        ({"key": None}, "key_not_there"),
        ({"patient": ""}, "patient_not_known"),
    ],
)
def test_what_cannot_be_shown_of_a_cohort_makes_it_context_only(changes, context):
    found = beside(EASY, **changes).compare("sbrt", 90)
    assert (found.counts, found.context) == (False, (context,))
    assert "context only" in found.text


def test_another_stratum_has_nothing_to_compare_with():
    found = beside(EASY).compare("conventional", 90)
    assert (found.n, found.p, found.counts) == (0, 1, False)


def test_where_a_cohort_agrees_the_verdict_stands():
    assert verdict(SUPPORTED, beside(EASY)).value == "supports"
    assert verdict(REJECTED, beside(HARD)).value == "rejects"


def test_where_a_cohort_disagrees_the_verdict_is_left_open_with_a_reason():
    found = verdict(SUPPORTED, beside(HARD))
    assert (found.value, found.service_level) == ("indeterminate", None)
    assert codes(found) == ["above_support_cutoff", "cohort_disagrees"]
    assert found.reasons[1].text in found.findings_against
    assert "200 plans, the plan is typical (p = 1)" in found.reasons[1].text


def test_a_cohort_leaves_the_verdicts_on_redrawings_open_as_it_does_the_plans_own():
    asked = values_if_stable(SUPPORTED, thoracic(), PROFILE, beside(HARD))
    assert asked([SUPPORTED, REJECTED, BETWEEN]) == ["indeterminate", "rejects", "indeterminate"]
    assert values_if_stable(SUPPORTED, thoracic(), PROFILE)([SUPPORTED, REJECTED]) == ["supports", "rejects"]


def test_a_cohort_of_easier_plans_leaves_a_rejection_open():
    found = verdict(REJECTED, beside(EASY))
    assert (found.value, codes(found)) == ("indeterminate", ["below_reject_cutoff", "cohort_disagrees"])
    assert found.reasons[1].text in found.findings_for


@pytest.mark.parametrize("gross_target", [SUPPORTED, REJECTED])
@pytest.mark.parametrize("scores", [EASY[:119], HARD[:119]])
def test_under_120_plans_no_verdict_moves(gross_target, scores):
    found, alone = verdict(gross_target, beside(scores)), verdict(gross_target)
    assert (found.value, codes(found)) == (alone.value, codes(alone))


@given(
    st.fixed_dictionaries({key: st.sampled_from([50, 80, 97.5, 130]) for key in ("shape_a", "topology", "extent")}),
    st.lists(st.sampled_from([0.0, 40.0, 80.0, 99.0]), min_size=1, max_size=8),
    st.sampled_from([1, 20, 60]),
    st.sampled_from([None, 5, 30]),
    st.sampled_from([1.0, 0.85, 0.5]),
)
def test_a_cohort_can_only_leave_a_verdict_open(values, scores, times, fractions, share):
    """Gaming: whatever plans are chosen for it, no other verdict becomes supports or rejects."""
    steady = Stability(share=share, replicates=32)
    target, facts = everything(50, **values), thoracic(fractions=fractions)
    alone = assess(target, facts, PROFILE, stability=steady).verdict.value
    found = assess(target, facts, PROFILE, stability=steady, cohort=beside(scores * times)).verdict.value
    assert found in {alone, VerdictValue.INDETERMINATE}


def test_a_cohort_of_easy_plans_supports_nothing():
    for target in (REJECTED, BETWEEN):
        found = verdict(target, beside([0.0] * 5000))
        assert found.value == "indeterminate"
        assert "supports" not in {each.value for each in found.why_not}


def test_readiness_is_met_by_a_cohort_that_counts_and_by_no_other():
    def state(cohort):
        return {each.item: (each.state, each.text) for each in verdict(BETWEEN, cohort).readiness}["local_cohort"]

    assert state(None)[0] == "missing"
    assert state(beside(EASY)) == ("met", "An institutional cohort of 200 plans was compared.")
    few = state(beside(EASY[:50]))
    assert few[0] == "missing"
    assert (
        few[1] == "The local cohort has 50 plans of this stratum from other patients; a comparison needs at least 120."
    )


def test_nothing_is_compared_where_nothing_is_scored():
    outcome = assess({}, thoracic(has_gross_target=False), PROFILE, cohort=beside(EASY))
    assert (outcome.verdict.value, outcome.comparison) == ("insufficient_evidence", None)


def test_another_profiles_cohort_is_refused():
    other = made_profile(('version = "1"', 'version = "2"'))
    both = rf"another profile \(made {PROFILE.sha256[:12]}\) than the one in use \(made {other.sha256[:12]}\)"
    with pytest.raises(CohortError, match=both):
        local(EASY).beside({plan_id("x")}, "x", other)


@pytest.mark.parametrize("n", [120, 150, 400])
def test_false_support_of_the_cohort_stays_under_its_nominal_rate(n):
    """Exchangeable T with ties, as real T have: p <= 0.025 in at most 2.5 % of draws, within binomial error."""
    draws = 4000
    rng = np.random.default_rng(n)
    t = np.round(np.clip(rng.normal(50, 15, (draws, n + 1)), 0, 100), 1)
    at_or_above = (t[:, :-1] >= t[:, -1:]).sum(axis=1)
    unusual = sum(40 * (1 + k) <= n + 1 for k in at_or_above)
    assert unusual <= binom.ppf(0.999, draws, 0.025)
    assert unusual > 0
    for row, k in zip(t[:20], at_or_above[:20], strict=True):
        assert beside(row[:-1].tolist()).compare("sbrt", float(row[-1])).at_or_above == k


def test_an_empirical_cutoff_of_50_plans_errs_as_often_as_is_said():
    """What `cohort show` says: 4.4 % on average, 9.5 % in the worst twentieth; simulated with a uniform T."""
    rng = np.random.default_rng(50)
    cutoffs = np.quantile(rng.random((20_000, 50)), 0.975, axis=1)
    false_support = 1 - cutoffs
    assert false_support.mean() == pytest.approx(0.044, abs=0.001)
    assert np.quantile(false_support, 0.95) == pytest.approx(0.095, abs=0.003)


@given(st.lists(st.integers(0, 30).map(float), min_size=1, max_size=150))
def test_unusual_above_is_where_p_falls_to_a_fortieth(scores):
    cutoff = unusual_above(tuple(scores))
    if cutoff is None:
        assert beside(scores).compare("sbrt", 100).side is not Side.UNUSUAL
    else:
        assert beside(scores).compare("sbrt", cutoff + 1e-3).side is Side.UNUSUAL
        assert beside(scores).compare("sbrt", cutoff).side is not Side.UNUSUAL


def test_patients_are_hashed_as_a_batch_hashes_them(tmp_path):
    with Ledger(tmp_path) as ledger:
        key = (tmp_path / "ledger.key").read_bytes()
        assert patient_hash("Müller|1950", key) == ledger.hashed("Müller|1950").hex()
    assert patient_hash("", key) == ""


def written(tmp_path, cohort, key=KEY):
    path = tmp_path / "cohort.json"
    path.write_bytes(to_json(cohort))
    if key is not None:
        key_path(path).write_text(key.hex() + "\n")
    return path


def test_a_cohort_is_read_back_as_it_was_written(tmp_path):
    cohort = sealed(tree([1.5, 2, 3]))
    read = load_cohort(written(tmp_path, cohort))
    assert (read.cohort, read.key) == (cohort, KEY)
    assert to_json(read.cohort) == to_json(cohort)


def test_without_its_key_it_is_read_and_is_context_only(tmp_path):
    read = load_cohort(written(tmp_path, sealed(tree(EASY)), key=None))
    assert summary_of(read).strata[0].context == ("key_not_there",)


def test_another_cohorts_key_is_refused(tmp_path):
    with pytest.raises(CohortError, match=r"cohort\.json\.key is not the key"):
        load_cohort(written(tmp_path, sealed(tree(EASY)), key=bytes(32)))
    key_path(tmp_path / "cohort.json").write_bytes(b"\xff no key")
    with pytest.raises(CohortError, match="is not the key"):
        load_cohort(tmp_path / "cohort.json")


def changed(**values):
    whole = json.loads(to_json(sealed(tree([1, 2, 3]))))
    return json.dumps({**whole, **values}).encode()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (to_json(sealed(tree(EASY)))[:500], r"no whole JSON document \(line"),
        (b"", "no whole JSON document"),
        (b"\xff\xfe", "no whole JSON document"),
        (b"[" * 100_000, "no whole JSON document"),
        (b"[]", "its schema is none"),
        (b'{"schema": "rtcomplexity/evidence/1"}', "its schema is 'rtcomplexity/evidence/1'"),
        (changed(schema="rtcomplexity/cohort/2"), "rtcomplexity/cohort/2"),
        (changed(strata=[]), "count each plan once"),
        (changed(software=7), "cannot be used: software"),
        (changed(sources=2), "was changed since it was built"),
        (changed(extra=1), "extra"),
        (changed(profile={"id": "x", "sha256": "no hash"}), r"profile\.sha256"),
    ],
)
def test_a_bad_cohort_file_is_refused_and_says_what_is_wrong(content, says):
    with pytest.raises(CohortError, match=says):
        parse_cohort(content, "ours.json")


@pytest.mark.parametrize("t", [float("nan"), float("inf"), -1, 101])
def test_a_score_that_is_none_is_refused(t):
    whole = json.loads(to_json(sealed(tree([1, 2, 3]))))
    whole["strata"][0]["plans"][0]["t"] = t
    with pytest.raises(CohortError, match=r"strata\.0\.plans\.0\.t|cannot be used"):
        parse_cohort(json.dumps(whole).encode(), "ours.json")


def test_a_missing_file_is_an_error_that_names_no_folder(tmp_path):
    with pytest.raises(CohortError) as caught:
        load_cohort(tmp_path / "none.json")
    assert "none.json cannot be read" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def warned(stratum="sbrt", spacing=3.0, software="0.1.0", surface="s", **changes):
    issues = warnings_of(
        local([1.0] * 10, **changes),
        software=software,
        surface_method=surface,
        stratum=stratum,
        slice_spacing_mm=spacing,
    )
    return [issue.code for issue in issues]


def test_what_was_measured_otherwise_is_warned_of():
    assert warned() == []
    assert warned(software="0.2.0") == ["cohort-other-software"]
    assert warned(surface="another") == ["cohort-other-surface"]
    assert warned(spacing=1.0) == warned(spacing=2.9) == ["cohort-other-spacing"]
    assert warned(spacing=3.04) == []
    assert warned(spacing=None) == warned(spacing=1.0, stratum="conventional") == []


def test_the_summary_gives_quantiles_and_the_cutoff_by_hand():
    """121 plans: (121 + 1) // 40 = 3, so the third highest (98) has to be exceeded."""
    stratum = summary_of(local([float(min(number, 100)) for number in range(101)] + [50.0] * 20)).strata[0]
    assert stratum.n == 121
    assert stratum.t_quantiles["50"] == 50
    assert stratum.unusual_above == 98
    assert (stratum.context, stratum.slice_spacing_mm) == ((), (3.0, 3.0))


@pytest.mark.parametrize(
    ("at_or_above", "words"), [(0, "none scores as high"), (1, "1 scores as high"), (2, "2 score as high")]
)
def test_plans_as_hard_are_counted_in_words(at_or_above, words):
    found = beside([90.0] * at_or_above + [10.0] * 125).compare("sbrt", 50)
    assert words in found.text
    assert f"Of {125 + at_or_above} local plans" in found.text


@pytest.mark.parametrize("n", [120, 121, 130])
def test_quantiles_are_those_of_numpy(n):
    scores = np.round(np.random.default_rng(n).uniform(0, 100, n), 1).tolist()
    (stratum,) = summary_of(local(scores)).strata
    for percent in (5, 25, 50, 75, 95, 97.5):
        assert stratum.t_quantiles[f"{percent:g}"] == pytest.approx(np.quantile(scores, percent / 100), rel=1e-5)


@pytest.mark.parametrize("n", [1, 39, 119])
def test_a_cohort_too_small_says_that_alone(n):
    found = beside([50.0] * n).compare("sbrt", 90)
    assert (
        found.text
        == f"The local cohort has {n} plans of this stratum from other patients; a comparison needs at least 120."
    )
    (stratum,) = summary_of(local([50.0] * n)).strata
    assert (stratum.n, stratum.t_quantiles, stratum.unusual_above) == (n, {}, None)


def test_slices_are_as_in_the_cohort_where_half_its_plans_have_them():
    def of_the_like(alike, others):
        whole = tree([1.0] * (alike + others))
        for plan in whole["strata"][0]["plans"][:others]:
            plan["slice_spacing_mm"] = 5.0
        found = warnings_of(
            LocalCohort(cohort=sealed(whole), key=KEY),
            software="0.1.0",
            surface_method="s",
            stratum="sbrt",
            slice_spacing_mm=3.0,
        )
        return [issue.text for issue in found]

    assert of_the_like(3, 3) == of_the_like(2, 2) == []
    text = "Slice spacing 3 mm; 2 of 5 cohort plans have that spacing (range 3 to 5 mm)."
    assert of_the_like(2, 3) == [text]


def test_a_file_of_the_largest_size_is_read_and_one_more_byte_is_not(tmp_path, monkeypatch):
    content = to_json(sealed(tree([1, 2, 3])))
    (tmp_path / "cohort.json").write_bytes(content)
    monkeypatch.setattr("rtcomplexity.scoring.cohort._LARGEST_BYTES", len(content))
    assert load_cohort(tmp_path / "cohort.json").cohort == sealed(tree([1, 2, 3]))
    (tmp_path / "cohort.json").write_bytes(content + b"\n")
    with pytest.raises(CohortError, match="larger than any cohort"):
        load_cohort(tmp_path / "cohort.json")


@pytest.mark.parametrize(("n", "cutoff"), [(38, None), (39, 38.0), (78, 77.0), (79, 77.0)])
def test_the_cutoff_of_a_small_cohort_by_hand(n, cutoff):
    """Of 39 plans none may be at or above (1/40), of 79 one (2/80); of 78 none (1/79, 2/79 is more)."""
    assert unusual_above(tuple(map(float, range(n)))) == cutoff


def test_what_differs_from_the_cohort_is_counted():
    whole = tree([1.0] * 5)
    whole["assessed_by"], whole["surface_methods"] = {"0.1.0": 4, "0.2.0": 1}, {"s": 2, "other": 3}

    def told(software, surface_method):
        cohort = LocalCohort(cohort=sealed(whole), key=KEY)
        known = {"software": software, "surface_method": surface_method}
        return [issue.text[:40] for issue in warnings_of(cohort, **known, stratum=None, slice_spacing_mm=None)]

    assert told("0.1.0", "s") == [
        "1 of 5 cohort plans were assessed by ano",
        "3 of 5 cohort plans were scored with a d",
    ]
    assert told("0.9", "s")[0].startswith("5 of 5 cohort plans")


def test_a_cohort_file_is_plain_text_in_any_encoding():
    named = {**tree([1, 2, 3]), "software": "0.1.0-\u00e9"}
    content = to_json(sealed(named))
    assert content.isascii()
    assert parse_cohort(content, "ours.json").software == "0.1.0-\u00e9"


def test_a_cohort_is_the_same_whatever_the_order_of_what_it_counts():
    one, other = tree([1.0] * 4), tree([1.0] * 4)
    one["assessed_by"], other["assessed_by"] = {"a": 1, "b": 3}, {"b": 3, "a": 1}
    assert sealed(one).sha256 == sealed(other).sha256


def test_nothing_is_left_out_of_a_stratum_that_a_cohort_does_not_have():
    assert beside([1, 2, 3]).compare("conventional", 50).left_out == 0


def test_a_folder_is_no_cohort_and_says_why(tmp_path):
    with pytest.raises(CohortError, match=r"cannot be read \(is a directory\)"):
        load_cohort(tmp_path)


def test_the_first_complaint_of_a_cohort_names_its_place_and_none_of_its_content():
    whole = json.loads(to_json(sealed(tree([1, 2, 3]))))
    whole["strata"][0]["plans"][0]["t"] = "Zebra"
    whole["zebra"] = 1
    with pytest.raises(CohortError, match=r"strata\.0\.plans\.0\.t: ") as caught:
        parse_cohort(json.dumps(whole).encode(), "ours.json")
    assert not any(word in str(caught.value) for word in ("Zebra", "http"))


@pytest.mark.parametrize(("percent", "value"), [(0, 1), (50, 10), (75, 15), (97.5, 19.5), (100, 20)])
def test_quantiles_lie_on_the_line_between_neighbors(percent, value):
    assert _quantile((1.0, 10.0, 20.0), percent) == value
    assert _quantile((7.0,), percent) == 7
