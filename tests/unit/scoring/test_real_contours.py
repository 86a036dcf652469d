"""Ranks among real contours of similar size, by hand: ten patients a size, each counting a tenth."""

import numpy as np
import pytest

from rtcomplexity.errors import ProfileError
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import parse_profile
from rtcomplexity.scoring.ranking import ranked_families
from rtcomplexity.scoring.real_contours import BANDWIDTHS_COUNTED, NOBODY, RealContours, Similar, read_table
from rtcomplexity.scoring.stress import enlarged, shifted, spread
from unit.scoring.made_contours import HEAD, sized_profile_text, table_text
from unit.scoring.made_profile import DEFINITIONS, everything, score

TABLE = read_table(table_text().encode())


def ranked(diameters_mm, bandwidth=0.1, left_out=NOBODY):
    sizes = np.array(diameters_mm, float)
    return TABLE.similar(sizes, bandwidth, np.full(len(sizes), left_out)).ranked("curvature_ratio", 1.0)


def test_a_plan_is_ranked_among_contours_of_its_own_size():
    # 1.55 is above six of the ten small targets, and below every large one
    found = ranked([10.045, 40.18]).percentiles_below(np.array([1.55, 1.55]))
    assert found == pytest.approx([60, 0], abs=0.5)


def test_a_rank_is_strict_so_that_equal_values_tie_low():
    assert ranked([10.045]).percentiles_below(np.array([1.0])) == [0.0]
    assert ranked([10.045]).percentiles_below(np.array([1.0001])) == pytest.approx(10, abs=0.3)


def test_the_four_readers_of_one_patient_count_as_one():
    shares = TABLE.patient_share
    assert len(shares) == 26
    assert shares[:4] == pytest.approx([0.25] * 4)
    assert shares.sum() == pytest.approx(20)


def test_a_wide_kernel_sees_every_size():
    found = ranked([20], bandwidth=100.0).percentiles_below(np.array([1.95]))
    assert found == pytest.approx(50, abs=0.1)


def test_a_plan_beyond_every_contour_is_compared_with_the_nearest():
    found = ranked([4000.0], bandwidth=0.01).percentiles_below(np.array([1e6]))
    assert found == [100.0]
    assert ranked([4000.0], bandwidth=0.01).value_at(50) == [2.9]  # the largest target, of patient 9


def test_a_low_value_is_the_hard_one_where_the_sign_says_so():
    weights = TABLE.similar(np.array([10.045]), 0.1, np.array([NOBODY]))
    low_is_hard = weights.ranked("curvature_ratio", -1.0)
    assert low_is_hard.percentiles_below(np.array([1.45])) == pytest.approx([50], abs=0.5)
    assert low_is_hard.value_at(50) == pytest.approx([1.5], abs=0.11)


def test_median_and_standard_deviation_are_those_of_the_weighted_contours():
    # ten equally likely values 1.0, 1.1, ... 1.9: SD = 0.1 * sqrt((100 - 1) / 12) = 0.28723
    found = ranked([10.045])
    assert found.value_at(50) == pytest.approx([1.4], abs=0.01)
    assert found.standard_deviation == pytest.approx([0.28723], rel=0.01)


def test_contours_of_the_plans_own_patient_are_left_out():
    # without patient 10-9 (curvature 1.9) nine are left; 1.85 is above all of them
    number = int(TABLE.patient[np.flatnonzero(TABLE.columns["curvature_ratio"] == 1.9)[0]])
    assert ranked([10.045], left_out=number).percentiles_below(np.array([1.85])) == [100.0]
    assert ranked([10.045]).percentiles_below(np.array([1.85])) == pytest.approx(90, abs=0.5)


def test_a_contour_of_the_table_is_known_by_its_numbers():
    row = 5
    values = {name: column[[row]] for name, column in TABLE.columns.items()}
    size = np.exp(TABLE.log_diameter[[row]])
    assert TABLE.own_patient(size, values) == [TABLE.patient[row]]
    other = {**values, "curvature_ratio": values["curvature_ratio"] * 1.001}
    assert TABLE.own_patient(size, other) == [NOBODY]
    assert TABLE.own_patient(size * 1.001, values) == [NOBODY]
    assert TABLE.own_patient(np.array([np.nan]), values) == [NOBODY]


def test_redrawings_of_a_plan_are_of_its_patient_although_their_numbers_differ(sized):
    row = 5
    columns = {f"scored.{name}": column[[row]] for name, column in TABLE.columns.items()}
    drawn = Plans(count=1, columns={**columns, "scored.equivalent_diameter": np.exp(TABLE.log_diameter[[row]])})
    changed = {key: np.repeat(values, 3) * 1.01 for key, values in drawn.columns.items()}
    redrawn = Plans(count=3, columns=changed, redrawn_from=drawn)
    assert list(redrawn.own_patient("made-contours")) == [TABLE.patient[row]] * 3
    assert list(Plans(count=3, columns=changed).own_patient("made-contours")) == [NOBODY] * 3


@pytest.mark.parametrize(
    "text", ["", HEAD, "patient,equivalent_diameter_mm\n1,2\n", f"{HEAD}\nmade,1,1,1,x,3,1,1,1,1\n"]
)
def test_what_is_no_table_is_refused(text):
    with pytest.raises(ValueError, match=r"needs rows|could not convert"):
        read_table(text.encode())


def factor(profile, diameter_mm, **values):
    plan = everything(50.0, curvature_ratio=values.pop("curvature_ratio"), equivalent_diameter=diameter_mm, **values)
    return score(plan, profile, "sbrt").family("shape").factors[0]


def test_the_score_says_how_many_contours_and_patients_stand_behind_a_percentile(sized):
    found = factor(sized, 10.045, curvature_ratio=1.55)
    assert (found.n, found.patients, found.basis) == (13, 10, "measured")
    assert found.percentile == pytest.approx(60, abs=0.5)
    assert found.reference_median == pytest.approx(1.4, abs=0.11)


def test_beyond_the_sizes_that_were_measured_the_basis_is_a_model(sized):
    found = factor(sized, 40.0, curvature_ratio=2.55)
    assert (found.basis, found.patients) == ("model", 10)


def test_the_size_follows_from_the_volume_where_it_is_not_measured_itself(sized):
    # a sphere of 10 mm has pi / 6 cm3
    plan = everything(50.0, curvature_ratio=1.55, volume=0.523599)
    assert score(plan, sized, "sbrt").family("shape").factors[0].percentile == pytest.approx(60, abs=1.5)


def test_without_a_size_there_is_no_rank(sized):
    plan = everything(50.0, curvature_ratio=1.55, volume=None)
    found = score(plan, sized, "sbrt").family("shape").factors[0]
    assert (found.value, found.percentile, found.reference_median) == (1.55, None, None)


@pytest.mark.parametrize("stress", [shifted, spread, enlarged])
def test_only_a_modeled_rank_is_stressed(sized, stress):
    harder = stress(sized)
    assert (
        factor(harder, 10.045, curvature_ratio=1.55).percentile
        == factor(sized, 10.045, curvature_ratio=1.55).percentile
    )
    if stress is not enlarged:  # shape of one size does not depend on how large targets are
        assert (
            factor(harder, 40.0, curvature_ratio=2.75).percentile < factor(sized, 40.0, curvature_ratio=2.75).percentile
        )


def test_a_shifted_reference_ranks_a_plan_as_one_that_is_so_much_easier(sized):
    # 0.3 SD = 0.086: 2.75 among contours 0.086 harder is 2.664 among them as they are
    hardened = factor(shifted(sized), 40.0, curvature_ratio=2.75).percentile
    assert hardened == factor(sized, 40.0, curvature_ratio=2.664).percentile


def test_many_plans_are_ranked_as_each_alone(sized):
    rng = np.random.default_rng(1)
    columns = {
        "scored.equivalent_diameter": rng.uniform(5, 60, 40),
        "scored.curvature_ratio": rng.uniform(0.9, 3, 40),
        "scored.shape_b": np.full(40, 50.0),
    }
    together = ranked_families(Plans(count=40, columns=columns), sized, "sbrt")[0].factors[0]
    for plan in range(40):
        alone = Plans(count=1, columns={key: values[[plan]] for key, values in columns.items()})
        one = ranked_families(alone, sized, "sbrt")[0].factors[0]
        assert one.percentiles[0] == together.percentiles[plan]
        assert one.medians[0] == together.medians[plan]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sha256 = "', 'sha256 = "0', "should match pattern"),
        ('\n[[tables]]\nid = "made-contours"', '\n[[tables]]\nid = "nowhere"', "there is no table 'nowhere'"),
        ('table = "made-contours"', 'table = "other"', "no table 'other'"),
        ('metric = "scored.curvature_ratio"', 'metric = "scored.lobes"', "has no such column"),
        ("bandwidth = 0.1", "bandwidth = 0.1\nshift_sd = 0.3", "leave out shift_sd"),
        ('basis = "measured"', 'basis = "model"', "is 'measured', not 'model'"),
        ('source = "made up"\n', 'source = "made up"\nknots = [[0, 0], [1, 100]]\n', "either knots or similar"),
    ],
)
def test_a_profile_that_asks_for_contours_it_does_not_have_is_refused(sized, old, new, said):
    from rtcomplexity.scoring import real_contours

    text = sized_profile_text(real_contours.shipped_table("made-contours").sha256)
    with pytest.raises(ProfileError, match=said):
        parse_profile(text.replace(old, new, 1).encode(), "made.toml", DEFINITIONS)


def test_a_profile_made_with_another_table_of_that_name_is_refused(sized):
    with pytest.raises(ProfileError, match="is another than the profile's"):
        parse_profile(sized_profile_text("0" * 64).encode(), "made.toml", DEFINITIONS)


def three_rows(**columns):
    """Two contours of one patient, of 10 mm and 10.5% larger, and one of another, 35% larger."""
    return RealContours(
        log_diameter=np.log(10) + np.array([0.0, 0.1, 0.3]), patient=np.array([0, 0, 1]),
        columns={name: np.array(values, float) for name, values in columns.items()}, sha256="",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("log_ratio", "left_out", "kernel"),
    [
        (0.0, NOBODY, [1, np.exp(-0.5), np.exp(-4.5)]),
        (-0.2, NOBODY, [1, np.exp(-2.5), np.exp(-10.5)]),  # beyond all: the nearest counts as much as can be
        (0.0, 1, [1, np.exp(-0.5), 0]),
        (0.0, 0, [0, 0, 1]),
    ],
)
def test_contours_count_by_a_gaussian_of_the_ratio_of_sizes_and_patients_alike(log_ratio, left_out, kernel):
    found = three_rows().similar(10 * np.exp([log_ratio]), 0.1, np.array([left_out]))
    assert found.weights == pytest.approx(np.array([kernel]) * [0.5, 0.5, 1.0])


def test_a_contour_is_of_about_a_plans_size_within_so_many_bandwidths():
    table = three_rows(ratio=[1, 2, 3])
    for bandwidth, rows, patients in ((0.3 / BANDWIDTHS_COUNTED + 1e-9, 3, 2), (0.3 / BANDWIDTHS_COUNTED - 1e-9, 2, 1)):
        counted = table.similar(np.array([10.0]), bandwidth, np.array([NOBODY])).counted("ratio", 0)
        assert counted == (rows, patients)
    missing = three_rows(ratio=[np.nan, 2, 3]).similar(np.array([10.0]), 0.3, np.array([NOBODY]))
    assert missing.counted("ratio", 0) == (2, 2)


@pytest.mark.parametrize(
    ("sign", "median", "below"), [(1.0, 2.0, [0, 25, 25, 50, 100]), (-1.0, 4.0, [75, 75, 50, 50, 0])]
)
def test_ranks_values_and_spread_of_weighted_rows_by_hand(sign, median, below):
    """Weights of 1, 1 and 2 at the values 1, 2 and 4: mean 2.75, mean square 9.25."""
    ranked = Similar(
        table=three_rows(ratio=[1, 2, 4]), weights=np.array([[1.0, 1, 2]]), near=np.ones((1, 3), bool)
    ).ranked("ratio", sign)
    assert ranked.percentiles_of(0, np.array([1.0, 1.5, 2.0, 3.0, 5.0])).tolist() == below
    assert [ranked.percentiles_below(np.array([x])).item() for x in (1.0, 1.5, 2.0, 3.0, 5.0)] == below
    assert np.isnan(ranked.percentiles_below(np.array([np.nan]))).all()
    assert ranked.value_at(50) == [median]
    assert ranked.value_at(51) == [4.0 if sign > 0 else 2.0]
    assert ranked.standard_deviation == pytest.approx([np.sqrt(9.25 - 2.75**2)], rel=1e-5)
