"""A profile of one's own plans: false support on later plans stays bounded, and few plans never support."""

import hashlib
import tomllib
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom

from rtcomplexity.model.options import OWN_PATTERN
from rtcomplexity.scoring.calibration import (
    ANY_COURSE,
    FOLDS,
    LEVELS,
    SPLIT_COURSES,
    OwnPlans,
    _cutoff,
    _joint_of,
    _mean_known,
    _raw_knots,
    _score_knots,
    _written,
    allowed_exceedances,
    calibrated_profile,
    courses_of,
    courses_of_profile,
    is_as_counted,
    knots_of,
    table_of,
    without_plan,
)
from rtcomplexity.scoring.own_plans import Provenance
from rtcomplexity.scoring.plan_table import verdicts_of
from rtcomplexity.scoring.plans import VOLUME_KEY, Plans
from rtcomplexity.scoring.profile import factor_reference, load_profile, parse_profile
from rtcomplexity.scoring.ranking import ranked_families, standing
from rtcomplexity.scoring.reference import percentile_below
from rtcomplexity.scoring.site import TreatedSite
from rtcomplexity.testing.simulated_results import Simulation, simulated_plans

PATTERN = load_profile(OWN_PATTERN)
SITE = TreatedSite(id="shoulder", title="shoulder", place="the shoulder", words=("shoulder",))
MADE = Provenance(
    made_by="tests", institution="Made Hospital", period="2025", software=("0.1.0",), excluded={"refused": 2}
)


def routine(n, seed=0, **shifts):
    return simulated_plans(Simulation(plans=n, seed=seed, shifts=shifts))


def own(plans, fractions=None):
    ids = tuple(hashlib.sha256(str(n).encode()).hexdigest() for n in range(plans.count))
    return OwnPlans(plans=plans, ids=ids, fractions=tuple(fractions or (None,) * plans.count))


def made_of(plans, *, self_check=False):
    """A profile of plans; its check of itself calibrates once for each fifth."""
    return parse_profile(calibrated_profile(plans, SITE, PATTERN, MADE, self_check=self_check).encode(), "ours.toml")


@pytest.fixture(scope="module")
def ours():
    return made_of(own(routine(500)), self_check=True)


@pytest.fixture(scope="module")
def small():
    return made_of(own(routine(130)))


def verdicts(profile, plans, course=ANY_COURSE):
    return np.array(verdicts_of(table_of(own(plans, [course.least] * plans.count), [course]), profile))


def t_of(profile, plans, course="all"):
    scores = {each.family.id: each.scores for each in ranked_families(plans, profile, course)}
    return standing(scores, profile, course).t


@pytest.mark.parametrize("n", [99, 140, 440, 1000])
def test_as_many_exceedances_are_allowed_as_the_binomial_distribution_bounds(n):
    allowed = allowed_exceedances(n)
    assert binom.cdf(allowed, n, 0.03) <= 0.05 < binom.cdf(allowed + 1, n, 0.03)


def test_as_many_plans_reach_the_cutoff_as_the_bound_allows(ours):
    assert np.sum(t_of(ours, ours.own_plans.plans) >= ours.joint("all").c_support) <= allowed_exceedances(500)


def test_false_support_on_other_plans_of_the_kind_stays_below_the_bound(ours):
    found = verdicts(ours, routine(2000, 99))
    assert ours.rules.may_support
    assert np.mean(found == "supports") <= 0.03
    assert 0.6 < np.mean(found == "rejects") < 0.85


@pytest.mark.parametrize("pair", [("shape", "topology"), ("shape", "ambiguity"), ("topology", "ambiguity")])
def test_two_unusual_families_are_found(ours, pair):
    found = verdicts(ours, routine(400, 98, **dict.fromkeys(pair, 3.0)))
    assert np.mean(found == "supports") >= 0.85


def test_one_unusual_family_alone_is_seldom_supported(ours):
    """The second one has to be found by chance."""
    assert np.mean(verdicts(ours, routine(400, 98, shape=3.0)) == "supports") <= 0.2


def test_a_hundred_plans_refuse_to_support_and_say_what_is_missing():
    profile = made_of(own(routine(100)))
    assert not profile.rules.may_support
    assert "120 plans are needed, and there are 100" in profile.notice
    assert "supports" not in verdicts(profile, routine(300, 97, shape=3.0, topology=3.0))


def test_it_names_its_plans_and_who_made_it(small):
    assert small.own_plans.ids[0] == hashlib.sha256(b"0").hexdigest()
    assert small.treated_site == SITE
    assert "130 consecutive shoulder plans of Made Hospital" in small.calibration.population
    assert "(2025) by tests" in small.notice
    assert "2 refused" in small.notice


def test_its_plans_are_kept_as_they_were_measured(small):
    plans = routine(130)
    kept = small.own_plans.plans
    for metric, values in plans.columns.items():
        np.testing.assert_array_equal(kept.column(metric), values)


def test_short_and_long_courses_are_strata_where_there_are_enough_of_both():
    short, long = routine(120, 1), routine(120, 2)
    doubled = long.columns[VOLUME_KEY] * 20
    long = Plans(count=120, columns={**long.columns, VOLUME_KEY: doubled})
    both = Plans(count=240, columns={k: np.concatenate([short.column(k), long.column(k)]) for k in short.columns})
    profile = made_of(own(both, [5] * 120 + [30] * 120))
    assert [each.id for each in profile.strata] == ["short", "long"]
    assert profile.stratum("short").covers(5)
    assert not profile.stratum("short").covers(6)
    assert profile.stratum("long").covers(6)
    volume = next(f for family in profile.families for f in family.factors if f.metric == VOLUME_KEY)
    middle = float(np.median(short.column(VOLUME_KEY)))
    ranks = [percentile_below(factor_reference(volume, each).knots, middle) for each in ("short", "long")]
    assert ranks[0] == pytest.approx(50, abs=3)
    assert ranks[1] < 20
    assert profile.stratum("long").max_gross_target_volume_cm3 == pytest.approx(doubled.max(), rel=1e-5)


def test_plans_of_unknown_fractions_belong_to_no_stratum_of_two():
    both = own(routine(245), [5] * 120 + [30] * 120 + [None] * 5)
    profile = made_of(both)
    assert set(profile.own_plans.ids) == set(both.ids[:240])


def test_too_few_long_courses_make_one_stratum():
    profile = made_of(own(routine(150), [5] * 130 + [30] * 20))
    assert [each.id for each in courses_of_profile(profile)] == ["all"]


def test_a_plan_of_its_own_is_left_out_when_it_is_scored(small):
    """The hardest plan does not count among those it is compared with: the profile is that of the other 129."""
    plans = routine(130)
    hardest = int(np.argmax(t_of(small, plans)))
    left = without_plan(small, {small.own_plans.ids[hardest]})
    others = [n for n in range(130) if n != hardest]
    rest = made_of(own(plans.chosen(np.array(others))))
    assert left.families == rest.families
    assert left.joint("all") == rest.joint("all")
    assert left.joint("all").c_support < small.joint("all").c_support
    assert left.sha256 == small.sha256
    assert "129 consecutive" in left.calibration.population
    assert "was left out" in left.notice


def test_another_plan_leaves_a_profile_as_it_is(small):
    assert without_plan(small, {"b" * 64}) is small
    assert without_plan(PATTERN, {"b" * 64}) is PATTERN


def test_a_plan_left_out_leaves_a_profile_of_just_enough_plans_supporting():
    profile = made_of(own(routine(120)))
    assert without_plan(profile, {profile.own_plans.ids[0]}).rules.may_support


def test_references_that_were_changed_by_hand_are_not_as_counted(small):
    """A lower cutoff, or a percentile moved: the plans that the profile states give others."""
    assert is_as_counted(small)
    text = calibrated_profile(own(routine(130)), SITE, PATTERN, MADE)
    c_reject = small.joint("all").c_reject
    knot = small.families[0].factors[0].references[0].knots[5]
    for before, after in (
        (f"c_reject = {c_reject!r}", f"c_reject = {c_reject - 0.01!r}"),
        (f"[{knot[0]!r}, {knot[1]!r}]", f"[{knot[0]!r}, {knot[1] + 0.001!r}]"),
    ):
        assert before in text
        assert not is_as_counted(parse_profile(text.replace(before, after, 1).encode(), "ours.toml"))


def test_a_hundred_plans_that_are_said_to_support_are_not_as_counted():
    text = calibrated_profile(own(routine(100)), SITE, PATTERN, MADE).replace(
        "may_support = false", "may_support = true"
    )
    assert not is_as_counted(parse_profile(text.encode(), "ours.toml"))


def test_a_profile_of_two_strata_is_as_counted():
    assert is_as_counted(made_of(own(routine(245), [5] * 120 + [30] * 120 + [None] * 5)))
    assert is_as_counted(PATTERN)


def test_the_only_plan_that_differs_stays_unusual_where_it_is_left_out():
    plans = routine(130)
    bodies = np.ones(130)
    bodies[7] = 3.0
    profile = made_of(own(Plans(count=130, columns={**plans.columns, "scored.component_count": bodies})))
    left = without_plan(profile, {profile.own_plans.ids[7]})
    factor = next(f for family in left.families for f in family.factors if f.metric == "scored.component_count")
    knots = factor_reference(factor, "all").knots
    assert [percentile_below(knots, count) for count in (1.0, 3.0)] == [0.0, 100.0]


def test_a_constant_factor_is_harder_on_its_hard_side_only():
    low_is_hard = knots_of(np.full(10, 5.0), sign=-1.0)
    assert [percentile_below(tuple(low_is_hard), value) for value in (6.0, 5.0, 3.0)] == [0.0, 0.0, 100.0]


def test_the_self_check_holds_out_each_fifth_and_finds_few_supports(ours):
    said = ours.provenance
    assert said.self_check_plans == 500
    assert said.self_check_supported / 500 == pytest.approx(ours.calibration.false_support_rate)
    assert said.self_check_supported <= binom.ppf(0.999, 500, 0.03)


def test_the_self_check_is_of_plans_that_the_judging_profile_has_not_seen():
    """One plan in five is far out in everything: profiles of the other four fifths support all of them."""
    plans = routine(300)
    extreme = np.arange(300) % FOLDS == 0
    far = routine(300, 1, shape=6.0, topology=6.0, ambiguity=6.0)
    columns = {k: np.where(extreme, far.column(k), plans.column(k)) for k in plans.columns if k != VOLUME_KEY}
    profile = made_of(own(Plans(count=300, columns={**columns, VOLUME_KEY: plans.column(VOLUME_KEY)})), self_check=True)
    assert profile.provenance.self_check_supported >= 40


def test_there_is_no_self_check_of_too_few_plans():
    assert made_of(own(routine(100)), self_check=True).provenance.self_check_plans == 0


def test_a_short_course_has_five_fractions_at_most():
    short, long = SPLIT_COURSES
    assert [short.covers(n) for n in (1, 5, 6, None)] == [True, True, False, False]
    assert [long.covers(n) for n in (1, 5, 6, 35, None)] == [False, False, True, True, False]
    assert [ANY_COURSE.covers(n) for n in (1, 5, 6, None)] == [True] * 4


@pytest.mark.parametrize(
    ("short", "long", "ids"), [(120, 120, ["short", "long"]), (119, 120, ["all"]), (120, 119, ["all"])]
)
def test_strata_have_120_plans_each(short, long, ids):
    assert [each.id for each in courses_of([5] * short + [6] * long)] == ids


@pytest.mark.parametrize(
    ("sign", "extra", "knots"),
    [
        (1.0, (), [(0, 0), (0, 25), (1, 25), (1, 75), (3, 75), (3, 100)]),
        (-1.0, (), [(3, 0), (3, 25), (1, 25), (1, 75), (0, 75), (0, 100)]),
        (1.0, (2.0,), [(0, 0), (0, 25), (1, 25), (1, 75), (2, 75), (3, 75), (3, 100)]),
        (-1.0, (2.0,), [(3, 0), (3, 25), (2, 25), (1, 25), (1, 75), (0, 75), (0, 100)]),
    ],
)
def test_knots_of_a_few_values_are_the_shares_below_them_and_up_to_them(sign, extra, knots):
    assert knots_of(np.array([1.0, np.nan, 0, 3, 1]), sign, extra) == knots


@pytest.mark.parametrize(("sign", "beyond"), [(1.0, 3.0), (-1.0, 1.0)])
def test_of_a_constant_the_harder_side_is_a_further_value(sign, beyond):
    assert knots_of(np.array([2.0, 2.0]), sign) == [(2, 0), (2, 100), (beyond, 100)]


def test_knots_of_scores_begin_at_nothing():
    assert _score_knots(np.array([0.0, 5.0])) == [(0, 0), (0, 50), (5, 50), (5, 100)]
    assert _score_knots(np.array([4.0, 5.0])) == [(0, 0), (4, 0), (4, 50), (5, 50), (5, 100)]


@pytest.mark.parametrize(
    ("t", "percentile", "cutoff"),
    [
        ([0, 1, 2, 3], 75, 3),
        ([0, 1, 2, 3], 74, 3),
        ([0, 1, 2, 3], 50, 2),
        ([0, 1, 1, 1], 25, 1),
        ([0, 1, 1, 1], 75, 1.001),
        ([100, 100], 75, 100),
    ],
)
def test_a_cutoff_is_the_least_score_that_enough_plans_lie_below(t, percentile, cutoff):
    assert _cutoff(np.array(t, float), percentile) == cutoff


def joint(t):
    (found,) = tomllib.loads(_joint_of("all", np.asarray(t, float)))["joint_references"]
    return found["c_reject"], found["c_support"], found["reject_percentile"], found["support_percentile"]


def test_as_many_of_440_plans_reach_the_upper_cutoff_as_the_bound_allows():
    """Seven: of 0, 0.1, ... 43.9 those from 43.3 on; three quarters lie below 33."""
    assert joint(np.random.default_rng(1).permutation(440) / 10) == pytest.approx((33, 43.3, 75, 100 * 433 / 440))


def test_plans_that_tie_with_one_too_many_do_not_reach_the_upper_cutoff():
    t = np.arange(440) / 10
    t[432:436] = 43.2
    assert joint(t)[1] == 43.6


def test_of_too_few_plans_none_reaches_the_upper_cutoff():
    assert joint(np.arange(80.0))[1:] == (79.001, 75, 100)
    assert joint(np.full(80, 100.0))[:2] == (100, 100)


def test_plans_without_a_value_add_nothing():
    assert _mean_known(np.array([[1.0, np.nan, np.nan], [3.0, 5.0, np.nan]])).tolist() == [2, 5, 0]


def test_knots_of_many_values_stand_at_stated_levels():
    knots = knots_of(np.arange(1001.0))
    assert [value for value, _ in knots[::2]] == [10 * percent for percent in LEVELS]
    assert _written([(1.0, 100 / 3), (1.0, 33.33331), (2.0, 100.0)]) == "[[1.0, 33.3333], [2.0, 100.0]]"


def written(plans, made=MADE, pattern=PATTERN):
    """The profile of plans as the file says it, without a self-check."""
    return tomllib.loads(calibrated_profile(plans, SITE, pattern, made, self_check=False))


def with_columns(plans, **columns):
    return Plans(count=plans.count, columns={**plans.columns, **{f"scored.{key}": v for key, v in columns.items()}})


@pytest.fixture(scope="module")
def plain():
    """130 plans of which the first 15 have a PET, the last no volume."""
    plans = routine(130)
    volumes = plans.column(VOLUME_KEY).copy()
    volumes[-1] = np.nan
    return with_columns(plans, volume=volumes)


@pytest.fixture(scope="module")
def told(plain):
    return written(own(plain))


def test_knots_stand_at_every_tenth_percent_and_closer_towards_either_end():
    tenths = [value for value, _ in knots_of(np.arange(1001.0))[::2]]
    assert tenths == [
        0, 10, 25, 50, 100, 200, 300, 400, 500, 600, 700, 750, 800, 850, 900, 925, 950, 960, 970, 975, 980, 985, 990,
        995, 1000,
    ]  # fmt: skip


def test_a_profile_says_of_whom_it_was_made(told):
    assert (told["id"], told["version"], told["title"]) == ("shoulder-own", "1", "Own plans: shoulder")
    assert told["notice"].endswith("software 0.1.0. Excluded: 2 refused.")
    assert told["stratum_if_fractions_unknown"] == "all"
    assert told["calibration"] == {
        "population": "130 consecutive shoulder plans of Made Hospital, one per patient and course",
        "n_calibration": 130, "n_test": 130, "false_support_rate": 0, "false_support_upper95": 0.03,
        "source": "cutoff: order statistic of T that bounds false support with 95% confidence",
    }  # fmt: skip
    assert told["provenance"]["excluded"] == {"refused": 2}
    assert told["site"] == {"id": "shoulder", "title": "shoulder", "place": "the shoulder", "words": ["shoulder"]}


def test_a_profile_takes_over_the_rules_of_its_pattern(told):
    assert told["measurement"]["shape_blur_mm"] == PATTERN.measurement.shape_blur_mm
    assert told["levels"] == {"elevated_from": PATTERN.levels.elevated_from, "high_from": PATTERN.levels.high_from}
    assert told["caps"] == {"convention_percentile": PATTERN.caps.convention_percentile}
    stress = PATTERN.stress
    assert told["stress"] == {"shift_sd": stress.shift_sd, "spread": stress.spread, "volume": stress.volume}
    assert told["rules"] == {
        "may_support": True,
        "supports_needs": ["volume_within_reference", "stability"],
        "stability_minimum": PATTERN.rules.stability_minimum,
    }


def test_of_an_unnamed_institution_and_after_a_self_check_a_profile_says_so(plain):
    made = Provenance(made_by="tests", period="2025", self_check_plans=120, self_check_supported=3)
    said = written(own(plain), made)["calibration"]
    assert said["population"] == "130 consecutive shoulder plans of one institution, one per patient and course"
    assert (said["n_test"], said["false_support_rate"]) == (120, round(3 / 130, 7))
    assert said["source"].endswith("; rate: each fifth of the plans judged by the others")
    assert written(own(plain), made)["notice"].endswith("Excluded: none.")


def test_a_stratum_reaches_to_its_largest_plan(told, plain):
    (stratum,) = told["strata"]
    assert stratum["max_gross_target_volume_cm3"] == pytest.approx(np.nanmax(plain.column(VOLUME_KEY)), rel=1e-5)
    assert (stratum["id"], stratum["title"]) == ("all", "shoulder, any fractionation")
    assert (stratum["min_fractions"], stratum.get("max_fractions")) == (1, None)
    short, long = written(own(routine(240), [5] * 120 + [6] * 120))["strata"]
    assert (short["min_fractions"], short["max_fractions"]) == (1, 5)
    assert (long["min_fractions"], long.get("max_fractions")) == (6, None)
    assert short["title"] == "shoulder, at most 5 fractions"


def test_a_profile_states_what_each_plan_has(told, plain):
    said = told["own_plans"]
    assert said["fractions"] == [""] * 130
    assert said["columns"][VOLUME_KEY][:2] == plain.column(VOLUME_KEY)[:2].tolist()
    assert said["columns"][VOLUME_KEY][-1] == ""
    assert written(own(plain, [7] * 130))["own_plans"]["fractions"] == [7] * 130


def families(told):
    return {family["id"]: family for family in told["families"]}


def test_imaging_is_a_group_by_convention_and_other_families_are_measured(told, plain):
    found = families(told)
    assert {key: family["group"] for key, family in found.items() if family["group"] != key} == {
        "fusion": "imaging", "image_sets": "imaging",
    }  # fmt: skip
    assert [group["id"] for group in told["groups"]] == ["imaging"]
    for key, family in found.items():
        for factor in family["factors"]:
            (reference,) = factor["references"]
            is_imaging = key in {"fusion", "image_sets"}
            assert reference["basis"] == ("convention" if is_imaging else "measured")
            known = int(np.sum(~np.isnan(plain.column(factor["metric"]))))
            assert reference.get("n") == (None if is_imaging else known)


def test_one_family_of_imaging_is_no_group(plain):
    constant = dict.fromkeys(("acquisitions", "modalities", "phases"), np.ones(130))
    told = written(own(with_columns(plain, **constant)))
    assert "groups" not in told
    assert families(told)["fusion"]["group"] == "fusion"
    assert "image_sets" not in families(told)


@pytest.mark.parametrize(("having", "is_scored"), [(20, True), (19, False)])
def test_what_only_some_plans_have_is_scored_where_twenty_have_all_of_it(plain, having, is_scored):
    dice = np.where(np.arange(130) < having, np.linspace(0.3, 0.9, 130), np.nan)
    ratio = np.where(np.arange(130) < 60, np.linspace(0.5, 2, 130), np.nan)
    told = families(written(own(with_columns(plain, pet_gtv_dice=dice, pet_gtv_volume_ratio=ratio))))["ambiguity"]
    assert told.get("split_by") == (["scored.pet_gtv_dice", "scored.pet_gtv_volume_ratio"] if is_scored else None)
    assert len(told["factors"]) == (3 if is_scored else 1)
    assert [each.get("presence") for each in told["raw_references"]] == (["with", "without"] if is_scored else [None])


def test_where_nothing_else_varies_a_family_is_not_split(plain):
    flat = with_columns(plain, ct_border_contrast=np.ones(130), pet_gtv_dice=np.linspace(0.3, 0.9, 130))
    told = families(written(own(with_columns(flat, pet_gtv_volume_ratio=np.ones(130)))))["ambiguity"]
    assert [factor["metric"] for factor in told["factors"]] == ["scored.pet_gtv_dice"]
    assert told.get("split_by") is None


def test_plans_of_each_course_are_those_that_it_covers():
    plans = own(Plans(count=4, columns={VOLUME_KEY: np.array([1.0, 2, 3, 4])}), [1, 5, 6, None])
    short, long = SPLIT_COURSES
    assert plans.course(short).column(VOLUME_KEY).tolist() == [1, 2]
    assert plans.course(long).column(VOLUME_KEY).tolist() == [3]
    assert plans.course(ANY_COURSE).column(VOLUME_KEY).tolist() == [1, 2, 3, 4]
    assert table_of(plans, SPLIT_COURSES).strata == ("short", "short", "long", "")
    kept = plans.chosen([2, 0])
    assert (kept.ids, kept.fractions) == ((plans.ids[2], plans.ids[0]), (6, 1))
    assert kept.plans.column(VOLUME_KEY).tolist() == [3, 1]


def test_of_few_plans_a_profile_never_supports_and_says_how_many_are_missing():
    for count, supports in ((120, True), (119, False)):
        told = written(own(routine(count)))
        assert told["rules"]["may_support"] is supports
        assert ("It never supports: 120 plans are needed, and there are 119." in told["notice"]) is not supports


def test_raw_scores_of_a_split_family_are_ranked_by_the_higher_of_two_ranks():
    """Four plans have a PET: means of 15, 20, 25, 30 rank 0, 25, 50, 75 among themselves.

    By the CT alone, where all five have 30, 20, 10, 0 and 50, they rank 60, 40, 20, 0. Of the maxima 60, 40, 50, 75
    none lies below 40, one below 50, two below 60 and three below 75.
    """

    def factor(metric, *excess):
        return SimpleNamespace(factor=SimpleNamespace(metric=metric), excess=np.array(excess, float))

    family = SimpleNamespace(
        combination="excess_over_median", split_by=("pet",),
        factors=[SimpleNamespace(metric="ct"), SimpleNamespace(metric="pet")],
    )  # fmt: skip
    factors = [factor("ct", 30, 20, 10, 0, 50), factor("pet", 0, 20, 40, 60, np.nan)]
    knots = _raw_knots(SimpleNamespace(family=family, factors=factors))
    assert knots["with"] == [
        (0, 0), (15, 0), (15, 0), (20, 0), (20, 25), (25, 25), (25, 75), (30, 75), (30, 100),
    ]  # fmt: skip
    assert knots["without"] == [
        (0, 0), (0, 0), (10, 0), (10, 0), (20, 0), (20, 50), (30, 50), (30, 100), (50, 100), (50, 100),
    ]  # fmt: skip


@pytest.mark.parametrize(("combination", "first"), [("normal_scores", (-1, 0)), ("excess_over_median", (0, 0))])
def test_normal_scores_begin_below_the_median_and_excesses_at_it(combination, first):
    family = SimpleNamespace(combination=combination, split_by=())
    knots = _raw_knots(SimpleNamespace(family=family, raw=np.array([-1.0, 0, 2]) + (combination[0] == "e")))[None]
    assert knots[0] == first
    assert knots[-1] == ((2, 100) if combination == "normal_scores" else (3, 100))
