import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.scoring.claim import ClaimStatus, ReadinessState
from rtcomplexity.scoring.facts import CaseFacts, StatedBy
from rtcomplexity.scoring.profile import load_profile, parse_profile
from rtcomplexity.scoring.site import NOT_STATED
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.verdict import VerdictValue, assess, values_if_stable, values_settled
from rtcomplexity.units import Unit
from unit.scoring.made_profile import (
    DEFINITIONS,
    METRICS,
    NOT_THORACIC,
    THORACIC,
    everything,
    made_profile,
    measured,
    profile_text,
    replaced,
    thoracic,
)

PROFILE = made_profile()
INTERIM = load_profile("interim-0")
SHAPE_METRICS = ("scored.shape_a", "scored.shape_b")
HIGH = everything(50, shape_a=130, shape_b=130, topology=130)
BETWEEN = everything(50, topology=90, extent=80)
LOW = everything(50, topology=90, extent=60)

TYPICAL, ELEVATED = "within the routine range", "above average"


def verdict(gross_target, profile=PROFILE, stability=None, **facts):
    return assess(gross_target, thoracic(**facts), profile, stability=stability).verdict


def codes(found):
    return [reason.code for reason in found.reasons]


def test_a_calibrated_profile_supports_what_stands_far_out_in_two_families():
    found = verdict(HIGH)
    assert (found.value, found.service_level, codes(found)) == ("supports", "22", ["above_support_cutoff"])


def test_below_the_lower_cutoff_it_rejects():
    found = verdict(LOW)
    assert (found.value, found.service_level, codes(found)) == ("rejects", "11", ["below_reject_cutoff"])
    assert found.text.startswith("The plan data do not support")


def test_between_the_cutoffs_it_is_indeterminate():
    found = verdict(BETWEEN)
    assert (found.value, found.service_level, codes(found)) == ("indeterminate", None, ["between_cutoffs"])


@pytest.mark.parametrize(
    ("topology", "value", "code", "below"),
    [
        (50, "rejects", "no_anchor_above_reject_cutoff", "below_reject_cutoff"),
        (90, "indeterminate", "no_anchor_above_support_cutoff", "between_cutoffs"),
    ],
)
def test_where_only_aspects_that_cannot_carry_a_finding_stand_out_the_reason_says_so(topology, value, code, below):
    found = verdict(everything(50, topology=topology, extent=99.9, fusion=99.9))
    assert (found.value, codes(found)) == (value, [code])
    assert "but all are supporting factors only" in found.findings_against[0]
    assert [text.split(":")[0] for text in found.findings_for][-2:] == ["Extent", "Fusion"]
    assert codes(verdict(everything(50, topology=topology, extent=99.9))) == [below]


@pytest.mark.parametrize(("extent", "value"), [(74.9999, "rejects"), (75, "indeterminate")])
def test_the_lower_cutoff_itself_is_indeterminate(extent, value):
    assert verdict(everything(50, topology=90, extent=extent)).value == value


def test_the_upper_cutoff_itself_is_above():
    reasons = codes(verdict(everything(50, topology=130, extent=97.5)))
    assert reasons[0] == "above_support_cutoff"


def test_the_interim_profile_is_indeterminate_at_the_most_extreme_values():
    extreme = {
        factor.metric: Measurement.of(factor.references[0].knots[-1][0], Unit.NONE)
        for family in INTERIM.families
        for factor in family.factors
    }
    outcome = assess(extreme, thoracic(), INTERIM)
    assert (outcome.verdict.value, outcome.score.t) == ("indeterminate", 95)


interim_metrics = st.sampled_from([factor.metric for family in INTERIM.families for factor in family.factors])
SITES = (THORACIC, NOT_THORACIC, NOT_STATED)
any_facts = st.builds(
    CaseFacts,
    site=st.sampled_from(SITES),
    fractions=st.none() | st.integers(1, 45),
    has_gross_target=st.booleans(),
    geometry_problem=st.sampled_from(["", "open contours"]),
    has_planning_images=st.booleans(),
    planning_images_are_linked=st.booleans(),
    approval_status=st.sampled_from(["", "APPROVED", "REJECTED"]),
)
any_number = st.floats(-1e6, 1e6).map(lambda value: Measurement.of(value, Unit.NONE))


@given(st.dictionaries(interim_metrics, any_number), any_facts)
def test_the_interim_profile_never_supports(gross_target, facts):
    assert assess(gross_target, facts, INTERIM).verdict.value is not VerdictValue.SUPPORTS


@given(
    st.dictionaries(
        st.sampled_from(METRICS), st.sampled_from([50, 80, 110, 130]).map(lambda x: Measurement.of(x, Unit.NONE))
    ),
    st.sets(st.sampled_from([*METRICS, "scored.volume"])),
    st.sampled_from([5, 30, 60]),
    st.sampled_from(SITES),
    st.sampled_from([20.0, 200.0, 400.0]),
    st.booleans(),
    st.booleans(),
)
def test_withholding_never_turns_another_verdict_into_supports(
    values, withheld, fractions, site, volume, forget_fractions, forget_site
):
    full = {**values, **measured(volume)}
    less = {key: value for key, value in full.items() if key not in withheld}
    known = thoracic(fractions=fractions, site=site)
    fewer = thoracic(fractions=None if forget_fractions else fractions, site=NOT_STATED if forget_site else site)
    if assess(less, fewer, PROFILE).verdict.value is VerdictValue.SUPPORTS:
        assert assess(full, known, PROFILE).verdict.value is VerdictValue.SUPPORTS


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"approval_status": "REJECTED"}, "structure_set_rejected"),
        ({"has_gross_target": False}, "no_gross_target"),
        ({"has_planning_images": False, "planning_images_are_linked": False}, "no_planning_images"),
        ({"planning_images_are_linked": False}, "images_not_linked"),
        ({"images_are_of_another_patient": True}, "images_of_another_patient"),
        ({"geometry_problem": "open contours"}, "invalid_geometry"),
        ({"is_measured": False, "geometry_problem": "its volume was not measured"}, "not_measured"),
        ({"site": NOT_THORACIC}, "site_not_in_reference"),
        ({"fractions": 41}, "fractions_not_in_reference"),
    ],
)
def test_what_cannot_be_compared_is_insufficient_evidence(facts, code):
    outcome = assess(HIGH, thoracic(**facts), PROFILE)
    assert (outcome.verdict.value, codes(outcome.verdict)) == ("insufficient_evidence", [code])
    assert outcome.score is None
    assert outcome.verdict.findings_for == ()
    assert outcome.verdict.findings_against == ()
    assert outcome.verdict.why_not == ()
    assert outcome.verdict.service_level is None


def test_every_blocking_reason_is_named():
    found = verdict({}, has_gross_target=False, has_planning_images=False, planning_images_are_linked=False)
    assert codes(found) == ["no_gross_target", "no_planning_images"]


def test_a_low_t_is_no_rejection_where_an_unmeasurable_family_could_hide_the_rest():
    # extent at 90; with shape unknown, the best anchor could be anything: T could be 90
    found = verdict(measured(topology=50, extent=90, fusion=0, image_sets=0))
    assert (found.value, codes(found)) == ("insufficient_evidence", ["unmeasured_families"])
    assert "could not be measured could change the result: Shape (deciding" in found.reasons[0].text
    assert "up to 90 with them" in found.reasons[0].text


def test_a_low_t_is_a_rejection_where_the_unmeasurable_family_could_not_change_it():
    # without shape no other group passes 75, so T stays below it whatever shape might be
    assert verdict(measured(topology=70, extent=70, fusion=0, image_sets=0)).value == "rejects"


def test_a_partly_measured_family_is_judged_by_what_is_measured_of_it_before_a_rejection():
    # the measured half of shape is at the median: the other half like it would change nothing
    assert verdict(measured(shape_a=50, topology=50, extent=90, fusion=0, image_sets=0)).value == "rejects"
    # the measured half is far out, and the mean over both hides that
    found = verdict(measured(shape_a=90, topology=50, extent=90, fusion=0, image_sets=0))
    assert (found.value, codes(found)) == ("insufficient_evidence", ["unmeasured_families"])
    assert "could change the result: Shape (deciding" in found.reasons[0].text


def test_no_registered_set_is_a_measurement():
    assert verdict(measured(shape_a=50, topology=90, extent=60, fusion=0, image_sets=0)).value == "rejects"
    assert verdict(measured(shape_a=50, topology=90, extent=60)).value == "insufficient_evidence"


@pytest.mark.parametrize(
    ("replacement", "facts", "volume", "code"),
    [
        (("may_support = true", "may_support = false"), {}, 20, "profile_may_not_support"),
        (None, {"site": NOT_STATED}, 20, "site_unknown"),
        (None, {"planned_site": NOT_THORACIC}, 20, "statement_contradicts_plan"),
        (None, {"planned_fractions": 30}, 20, "statement_contradicts_plan"),
        (None, {"rests_on_stated_patient": True}, 20, "patient_stated_by_user"),
        (("supports_needs = []", 'supports_needs = ["fractions_known"]'), {"fractions": None}, 20, "fractions_unknown"),
        (None, {"fractions": None}, 91, "volume_above_reference_fractions_unknown"),
        (None, {}, None, "volume_unknown"),
        (("supports_needs = []", 'supports_needs = ["volume_within_reference"]'), {}, 91, "volume_above_reference"),
        (("supports_needs = []", 'supports_needs = ["stability"]'), {}, 20, "stability_not_measured"),
    ],
)
def test_a_high_t_is_indeterminate_where_something_stands_in_the_way(replacement, facts, volume, code):
    profile = made_profile(*[replacement] if replacement else [])
    found = verdict({**HIGH, **measured(volume)}, profile, **facts)
    assert found.value == "indeterminate"
    assert codes(found) == ["above_support_cutoff", code]
    assert found.reasons[1].text in found.findings_against


def test_a_volume_at_the_references_maximum_is_within_it():
    assert verdict({**HIGH, **measured(90)}, fractions=None).value == "supports"


def test_a_support_must_stand_under_each_harder_reference():
    # topology at 105 is above 97.5 in the reference itself and where targets are larger; shifted by 0.3 SD it is
    # (105 - 8.66025) / (108.66 - 8.66025) = 96.34 %, and spread 1.3 times it is (105 + 15) / 130 = 92.3077 %
    found = verdict(everything(50, shape_a=130, shape_b=130, topology=105))
    assert found.value == "indeterminate"
    assert codes(found) == ["above_support_cutoff", "not_robust", "not_robust"]
    assert "the deciding score is 96.34," in found.reasons[1].text
    assert "the deciding score is 92.3077" in found.reasons[2].text


def test_a_support_that_rests_on_the_targets_size_falls_with_larger_reference_targets():
    # extent 120 of a reference enlarged to 150 is percentile 80
    found = verdict(everything(50, topology=130, extent=120))
    assert codes(found) == ["above_support_cutoff", "not_robust"]
    assert "1.5 times as large the deciding score is 80" in found.reasons[1].text


def test_a_support_needs_an_absolute_effect_in_each_deciding_family():
    big_floor = ("effect_floor = 10.0\nvolume_exponent = 0.0\n", "effect_floor = 100.0\nvolume_exponent = 0.0\n")
    found = verdict(HIGH, made_profile(big_floor, big_floor))
    assert codes(found) == ["above_support_cutoff", "effect_too_small"]
    assert "Shape ranks high" in found.reasons[1].text


def test_where_the_fractions_are_unknown_a_support_must_hold_in_every_stratum():
    of_both = (
        'strata = ["sbrt", "conventional"]\nbasis = "model"\nsource = "uniform"\nn = 5000\nknots = [[0, 0], [100, 100]]'
    )
    of_one = (
        of_both.replace('["sbrt", "conventional"]', '["sbrt"]')
        + '\n[[families.factors.references]]\nstrata = ["conventional"]\nbasis = "model"\nsource = "wider"\n'
        + "knots = [[0, 0], [1000, 100]]"
    )
    shape_a, shape_b = [(of_both, of_both.replace("5000", "5001"))] * 2
    profile = made_profile(shape_a, shape_b, (of_both, of_one))
    assert len(profile.families[1].factors[0].references) == 2
    assert verdict(HIGH, profile).value == "supports"
    found = verdict(HIGH, profile, fractions=None)
    assert codes(found) == ["above_support_cutoff", "stratum_unknown"]
    assert "6 to 40 fractions" in found.reasons[1].text


@pytest.mark.parametrize(("gross_target", "value"), [(HIGH, "supports"), (LOW, "rejects")])
def test_an_unstable_verdict_is_indeterminate(gross_target, value):
    assert verdict(gross_target, stability=Stability(share=0.8, replicates=32)).value == value
    found = verdict(gross_target, stability=Stability(share=0.79, replicates=200))
    assert (found.value, codes(found)[-1]) == ("indeterminate", "unstable")


def test_stability_is_the_share_of_replicates_that_agree():
    assert Stability.of("supports", ["supports", "supports", "indeterminate"]) == Stability(
        share=0.666667, replicates=3
    )


def test_stability_says_why_it_was_not_measured():
    assert verdict(HIGH, INTERIM).stability == Stability(
        share=None, reason="not measured: the profile is not calibrated"
    )
    assert verdict(HIGH).stability.reason == "not measured in this run"


def test_the_false_support_rate_comes_with_its_population_or_not_at_all():
    assert verdict(HIGH).calibration.population == "made-up plans"
    assert verdict(HIGH, INTERIM).calibration is None


def test_a_course_of_more_than_five_fractions_is_not_eligible_but_still_scored():
    found = verdict({**HIGH, **measured(20)}, fractions=6)
    assert (found.value, found.claim.status) == ("supports", ClaimStatus.NOT_ELIGIBLE)
    assert "6 fractions" in found.claim.text
    assert found.claim.rule
    assert found.claim.source


@pytest.mark.parametrize("fractions", [1, 5, None])
def test_otherwise_the_claim_stays_unknown(fractions):
    assert verdict(HIGH, fractions=fractions).claim.status is ClaimStatus.UNKNOWN


def test_each_course_is_compared_within_its_own_stratum():
    strata = [assess(HIGH, thoracic(fractions=n), PROFILE).stratum.id for n in (5, 6, None)]
    assert strata == ["sbrt", "conventional", "sbrt"]


def test_why_not_answers_for_each_family_and_each_stress():
    found = verdict(HIGH)
    assert [each.change for each in found.why_not] == [
        "without:shape",
        "without:topology",
        "without:extent",
        "without:fusion",
        "without:image_sets",
        "stress:1",
        "stress:2",
        "stress:3",
    ]
    by_change = {each.change: each for each in found.why_not}
    assert (by_change["without:shape"].t, by_change["without:shape"].value) == (0, "rejects")
    assert (by_change["without:extent"].t, by_change["without:extent"].value) == (100, "supports")
    assert by_change["without:shape"].text == "Without Shape: not supported (deciding score 0)."
    assert by_change["stress:2"].value == "supports"


def test_findings_stand_on_the_side_they_speak_for():
    found = verdict(everything(50, shape_a=130, shape_b=130, topology=90, extent=60))
    assert found.findings_against[0].endswith("(deciding score 90, routine below 75, unusual from 97.5).")
    assert not set(found.findings_for) & set(found.findings_against)
    assert [text.split(":")[0] for text in found.findings_for] == ["Shape", "Topology"]
    assert [text.split(":")[0] for text in found.findings_against[1:]] == ["Extent", "Fusion", "Image_Sets"]


def test_a_typical_family_is_told_by_the_factors_that_stand_lowest_a_high_one_by_the_highest():
    found = verdict(everything(50, shape_a=10, shape_b=20))
    assert found.findings_against[1].endswith(
        "The scored.shape_a 10, more complex than 10%; the scored.shape_b 20, more complex than 20%."
    )
    found = verdict(everything(50, shape_a=80, shape_b=90))
    assert found.findings_for[0].endswith(
        "The scored.shape_b 90, more complex than 90%; the scored.shape_a 80, more complex than 80%."
    )


def test_a_finding_is_made_of_the_plans_own_numbers():
    found = verdict(measured(shape_a=92, topology=90, extent=50, fusion=0, image_sets=0))
    assert found.findings_against[:2] == (
        f"Shape: {TYPICAL} (more complex than 71% of reference plans). The scored.shape_a 92, more complex than 92%.",
        f"Extent: {TYPICAL} (more complex than 0% of reference plans). The scored.extent 50, more complex than 50%.",
    )
    (finding,) = found.findings_for
    assert finding.startswith(
        f"Topology: {ELEVATED} (more complex than 90% of reference plans). The scored.topology 90"
    )


def test_a_finding_names_the_two_factors_that_stand_highest():
    found = verdict(everything(50, shape_a=90, shape_b=95))
    assert (
        "The scored.shape_b 95, more complex than 95%; the scored.shape_a 90, more complex than 90%."
        in found.findings_for[0]
    )


def test_what_could_not_be_measured_is_no_finding_on_either_side():
    found = verdict(measured(topology=50, extent=50, fusion=0, image_sets=0))
    assert not any("Shape" in text for text in (*found.findings_for, *found.findings_against))


def test_a_finding_says_where_a_convention_was_capped():
    profile = made_profile(('basis = "model"', 'basis = "convention"'))
    found = verdict(everything(50, shape_a=99, shape_b=99), profile)
    assert "more complex than 99% (set by convention, counted as 95)" in found.findings_for[0]


def test_an_uncalibrated_profile_is_a_finding_against():
    assert "not calibrated" in verdict(HIGH, INTERIM).findings_against[-1]


def test_readiness_prefills_nothing():
    items = {item.item: item.state for item in verdict(HIGH).readiness}
    assert {state for item, state in items.items() if item not in {"treated_site", "fractions"}} == {
        ReadinessState.MISSING,
        ReadinessState.UNKNOWN,
    }
    assert items.keys() == {
        "procedure_note",
        "physician_statement",
        "physician_minutes",
        "typical_minutes",
        "treated_site",
        "fractions",
        "delineated_by",
        "reports_77261_77799",
        "payer_rule",
        "global_period",
        "approval_status",
        "local_cohort",
    }


@pytest.mark.parametrize(
    ("status", "state"), [("APPROVED", "met"), ("UNAPPROVED", "missing"), ("REJECTED", "missing"), ("", "unknown")]
)
def test_the_approval_status_is_read_from_the_structure_set(status, state):
    items = {item.item: item.state for item in verdict(HIGH, approval_status=status).readiness}
    assert items["approval_status"] == state


def test_the_same_input_gives_the_same_outcome():
    assert assess(HIGH, thoracic(), PROFILE) == assess(dict(reversed(HIGH.items())), thoracic(), PROFILE)


def test_a_site_stated_over_the_image_is_a_finding_against():
    told = "Body Part Examined"
    facts = {"site_stated_by": StatedBy.USER, "image_sites": frozenset({"pelvis"})}
    assert any(told in text for text in verdict(HIGH, **facts).findings_against)
    assert not any(told in text for text in verdict(HIGH, image_sites=frozenset({"pelvis"})).findings_against)


@pytest.mark.parametrize(("gross_target", "value"), [(HIGH, "supports"), (LOW, "rejects")])
def test_redrawings_are_asked_for_the_verdict_they_would_have_if_it_were_stable(gross_target, value):
    assert values_if_stable(gross_target, thoracic(), PROFILE)([gross_target, LOW]) == [value, "rejects"]
    assert values_if_stable(gross_target, thoracic(site=NOT_THORACIC), PROFILE) is None


def test_an_unmeasurable_family_that_could_just_reach_the_lower_cutoff_is_no_rejection():
    assert verdict(measured(topology=50, extent=75, fusion=0, image_sets=0)).value == "insufficient_evidence"
    assert verdict(measured(topology=50, extent=74.9, fusion=0, image_sets=0)).value == "rejects"


def test_a_support_stands_where_a_harder_reference_leaves_it_just_at_the_cutoff():
    """By hand: 146.25 of a reference made 1.5 times as large is percentile 97.5."""
    assert verdict(everything(50, topology=130, extent=146.25)).value == "supports"
    assert codes(verdict(everything(50, topology=130, extent=146.24)))[1:] == ["not_robust"]


def test_what_measured_families_carry_to_the_cutoff_itself_does_not_rest_on_a_convention():
    found = verdict(everything(50, topology=130, extent=97.5))
    assert "convention_alone" not in codes(found)
    assert found.findings_for[0] == found.reasons[0].text
    assert found.findings_for[1].startswith("Topology:")


def test_redrawings_are_asked_nothing_where_a_reason_stands_in_the_way():
    assert values_if_stable(HIGH, thoracic(approval_status="REJECTED"), PROFILE) is None


def test_nobody_is_taken_to_contradict_an_image_that_names_no_part():
    stated = CaseFacts(site=THORACIC, site_stated_by=StatedBy.USER, fractions=5)
    assert not any("Body Part" in text for text in assess(HIGH, stated, PROFILE).verdict.findings_against)


def test_where_the_fractions_are_unknown_a_rejection_must_hold_in_every_stratum():
    """Extent at 60 is percentile 60 of one stratum and 80 of another that ends at 75: there it is no rejection."""
    of_both = (
        'strata = ["sbrt", "conventional"]\nbasis = "model"\nsource = "uniform"\nn = 5000\nknots = [[0, 0], [100, 100]]'
    )
    of_one = (
        of_both.replace('["sbrt", "conventional"]', '["sbrt"]')
        + '\n[[families.factors.references]]\nstrata = ["conventional"]\nbasis = "model"\nsource = "smaller"\n'
        + "knots = [[0, 0], [75, 100]]"
    )
    keep = (of_both, of_both.replace("5000", "5001"))
    profile = made_profile(keep, keep, keep, (of_both, of_one))
    assert verdict(LOW, profile).value == "rejects"
    found = verdict(LOW, profile, fractions=None)
    assert (found.value, codes(found)) == ("indeterminate", ["below_reject_cutoff", "stratum_unknown"])
    assert "6 to 40 fractions" in found.reasons[1].text
    assert verdict(LOW, fractions=None).value == "rejects"
    plan = everything(50, extent=60)
    without = {key: each for key, each in plan.items() if key not in SHAPE_METRICS}
    for made, fractions, early in ((profile, 5, "rejects"), (profile, None, ""), (PROFILE, None, "rejects")):
        assert values_settled(plan, thoracic(fractions=fractions), made, SHAPE_METRICS)([without]) == [early]


def test_a_volume_within_the_reference_stands_in_no_ones_way():
    profile = made_profile(("supports_needs = []", 'supports_needs = ["volume_within_reference"]'))
    assert verdict({**HIGH, **measured(90)}, profile).value == "supports"
    assert codes(verdict({**HIGH, **measured(91)}, profile)) == ["above_support_cutoff", "volume_above_reference"]


factor_values = st.dictionaries(
    st.sampled_from(METRICS),
    st.sampled_from([0, 50, 74.9, 75, 90, 97.5, 110, 130]).map(lambda x: Measurement.of(x, Unit.NONE)),
)


@given(
    factor_values,
    st.sampled_from([(), SHAPE_METRICS[:1], SHAPE_METRICS]),
    st.sampled_from([None, 5, 30, 60]),
    st.sampled_from(SITES),
    st.sampled_from([20.0, 200.0, 400.0]),
)
def test_a_verdict_settled_early_is_the_one_that_all_factors_give(values, pending, fractions, site, volume):
    whole = {**values, **measured(volume)}
    facts = thoracic(fractions=fractions, site=site)
    verdicts_of = values_if_stable(whole, facts, PROFILE)
    if verdicts_of is not None:
        part = {key: value for key, value in whole.items() if key not in pending}
        early = values_settled(whole, facts, PROFILE, pending)([part])
        assert early in (verdicts_of([whole]), [""])


def test_a_verdict_is_settled_early_only_where_no_shape_could_change_it():
    plans = [everything(0), everything(50, topology=90, extent=80), everything(50, extent=90), HIGH]
    without = [{key: each for key, each in plan.items() if key not in SHAPE_METRICS} for plan in plans]
    settled_of = values_settled(plans[0], thoracic(), PROFILE, SHAPE_METRICS)
    assert settled_of(without) == ["rejects", "indeterminate", "", ""]


def with_conventional_images(c_anchor=None):
    """The profile with image sets that rest on a convention and may stand out, and an anchor's own cutoff if stated."""
    parts = profile_text().split("[[families]]")
    parts[-2:] = [part.replace('basis = "model"', 'basis = "convention"') for part in parts[-2:]]
    text = replaced(
        "[[families]]".join(parts),
        ("knots = [[0, 0], [50, 25], [100, 100]]", "knots = [[0, 0], [50, 25], [94, 99.5], [100, 100]]"),
        ("c_support = 97.5", "c_support = 97.5" + ("" if c_anchor is None else f"\nc_anchor = {c_anchor}")),
    )
    return parse_profile(text.encode(), "made.toml", DEFINITIONS)


@pytest.mark.parametrize(
    ("c_anchor", "value"), [(None, "indeterminate"), (97.5, "supports"), (98.9, "supports"), (99.1, "indeterminate")]
)
def test_image_sets_count_beside_an_anchor_that_passes_a_cutoff_of_its_own_under_every_reference(c_anchor, value):
    """By hand: 113.7 is the highest value of a reference spread 1.3 times less one percent, so the anchor is 99."""
    found = verdict(everything(50, topology=113.7, fusion=900), with_conventional_images(c_anchor))
    assert found.value == value
    assert ("convention_alone" in codes(found)) is (value == "indeterminate")


def test_without_an_anchor_image_sets_count_nothing_whatever_the_cutoff():
    found = verdict(everything(50, extent=900, fusion=900), with_conventional_images(97.5))
    assert found.value != "supports"


def test_what_stands_without_image_sets_needs_no_rarer_anchor():
    found = verdict(everything(50, topology=113.7, shape_a=130, shape_b=130), with_conventional_images(100.0))
    assert found.value == "supports"


@given(
    values=st.lists(st.floats(0, 150), min_size=4, max_size=4),
    more=st.lists(st.floats(0, 60), min_size=4, max_size=4),
)
def test_with_a_cutoff_for_the_anchor_more_of_anything_never_takes_a_support_away(values, more):
    keys, profile = ("shape_a", "topology", "extent", "fusion"), with_conventional_images(98.0)
    first = dict(zip(keys, values, strict=True))
    second = {key: first[key] + by for key, by in zip(keys, more, strict=True)}
    found = [verdict(everything(50, **each), profile).value for each in (first, second)]
    assert found[0] != "supports" or found[1] == "supports"
