import json
from dataclasses import replace
from importlib import resources

import jsonschema
import numpy as np
import pytest
from pydantic import ValidationError

from rtcomplexity.evidence.building import build_record
from rtcomplexity.evidence.deidentification import deidentified
from rtcomplexity.evidence.difference import differences
from rtcomplexity.evidence.record import Measured, Missing, from_json, to_json
from rtcomplexity.evidence.schema import SCHEMA_FILE, generate_schema
from rtcomplexity.model.case import ImageLink
from rtcomplexity.model.registration import FrameMapping, SpatialRegistration
from rtcomplexity.scoring.facts import case_facts
from rtcomplexity.scoring.guardrails import DISCLAIMER
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.verdict import assess
from unit.evidence.made_case import DEFINITIONS, GROSS, HOSTILE, SECRETS, case, series, table
from unit.evidence.made_evidence import for_payment
from unit.scoring.made_profile import everything, made_profile, thoracic

INTERIM = load_profile("interim-0")


def built(the_case=None, profile=INTERIM, *, identified=False, **options):
    the_case = the_case or case()
    outcome = assess(GROSS, case_facts(the_case, table()), profile)
    record = build_record(the_case, table(), outcome, profile, software_version="1.2.3", **options)
    return record if identified else deidentified(record)


def written(**options):
    return json.loads(to_json(built(**options)))


def calibrated(gross_target, **facts):
    profile = made_profile()
    outcome = assess(gross_target, thoracic(**facts), profile, stability=Stability(share=0.97, replicates=32))
    return build_record(case(), table(), outcome, profile, software_version="1.2.3")


def shipped_schema():
    return json.loads((resources.files("rtcomplexity.evidence.schema") / SCHEMA_FILE).read_text(encoding="utf-8"))


def test_the_record_follows_its_json_schema():
    for record in (
        built(),
        built(identified=True),
        for_payment(),
        calibrated(everything(130)),
        built(without_everything()),
    ):
        assert list(jsonschema.Draft202012Validator(shipped_schema()).iter_errors(json.loads(to_json(record)))) == []


def without_everything():
    return case(planning_image=None, rt_plan=None, image_sets=(), registrations=(), image_link=ImageLink.NONE)


def test_the_shipped_schema_is_the_generated_one():
    assert json.dumps(shipped_schema()) == json.dumps(json.loads(generate_schema())), (
        f"run: python -m rtcomplexity.evidence.schema > {SCHEMA_FILE}"
    )


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(shipped_schema())


@pytest.mark.parametrize("identified", [True, False])
def test_a_record_survives_being_written_and_read(identified):
    record = built(identified=identified)
    assert from_json(to_json(record)) == record
    assert to_json(from_json(to_json(record))) == to_json(record)


def test_the_same_input_gives_the_same_bytes():
    shuffled = replace(table(), gross_target=dict(reversed(GROSS.items())))
    outcome = assess(shuffled.gross_target, case_facts(case(), shuffled), INTERIM)
    again = build_record(case(), shuffled, outcome, INTERIM, software_version="1.2.3")
    assert to_json(again) == to_json(built(identified=True))


def test_the_contracts_keys_stand_in_the_contracts_order():
    tree = written(identified=True)
    order = ["schema", "software", "plan", "image_sets", "rois", "relations", "score", "verdict", "issues"]
    assert [key for key in tree if key in order] == order
    assert tree["schema"] == "rtcomplexity/evidence/1"
    assert tree["software"] == {"name": "rtcomplexity", "version": "1.2.3"}
    assert {"id", "structure_set", "planning_image", "rt_plan"} <= tree["plan"].keys()
    assert {"modality", "role", "level", "phases", "slices", "registration"} <= tree["image_sets"][0].keys()
    assert {"profile", "stratum", "reference", "percentile", "decided_by", "families"} <= tree["score"].keys()
    assert {"id", "score", "level", "factors"} <= tree["score"]["families"][0].keys()
    assert {"metric", "value", "percentile", "basis", "source"} <= tree["score"]["families"][0]["factors"][0].keys()
    verdict = {"value", "claim", "service_level", "for", "against", "why_not", "stability", "false_support_rate"}
    assert {*verdict, "readiness"} <= tree["verdict"].keys()


def test_whole_numbers_are_written_without_a_point_and_others_to_six_digits():
    tree = written()
    assert tree["gross_target"]["metrics"]["scored.volume"] == {"value": 20.1235, "unit": "cm3"}
    assert b'"value": 21,' in to_json(built())
    assert b"21.0" not in to_json(built())


def test_minus_zero_is_zero():
    assert b'"value": 0,' in to_json(built())
    assert b" -0" not in to_json(built())
    assert Measured(value=-0.0, unit="1").model_dump_json() == '{"value":0.0,"unit":"1"}'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_no_number_is_nan_or_infinite(number):
    with pytest.raises(ValidationError):
        Measured(value=number, unit="1")


def test_a_missing_value_is_a_reason():
    tree = written()
    assert tree["gross_target"]["metrics"]["scored.ct_border_contrast"] == {
        "value": None,
        "unit": "HU",
        "reason": "pixels were not read",
    }
    assert tree["verdict"]["stability"] == {"value": None, "reason": "not measured: the profile is not calibrated"}
    assert tree["verdict"]["false_support_rate"] == {"value": None, "reason": "the profile is not calibrated"}
    assert tree["score"]["reference"]["population"] == {"value": None, "reason": "not calibrated"}


def test_the_profile_and_its_hash_stand_in_the_record():
    profile = built().score.profile
    assert (profile.id, profile.sha256, profile.notice) == (INTERIM.id, INTERIM.sha256, INTERIM.notice)


def test_t_and_the_verdict_can_be_re_derived_from_the_record():
    score = written()["score"]
    anchors = {group["score"] for group in score["groups"] if group["may_anchor"]}
    assert score["t"] == min(sorted(group["score"] for group in score["groups"])[-2], max(anchors))
    for family in score["families"]:
        excess = [max((factor["counted_percentile"] or 0) - 50, 0) for factor in family["factors"]]
        assert family["raw"] == pytest.approx(sum(excess) / len(excess), rel=1e-5)


def test_what_was_not_compared_has_no_score_but_a_reason():
    tree = json.loads(to_json(built(without_everything())))
    assert tree["verdict"]["value"] == "insufficient_evidence"
    assert tree["score"]["t"] == {"value": None, "reason": "no_planning_images"}
    assert tree["score"]["families"] == []
    assert tree["plan"]["planning_image"] is None
    assert tree["plan"]["rt_plan"] is None


def test_a_site_outside_the_reference_has_no_stratum():
    record = calibrated(everything(130), fractions=60)
    assert (record.score.stratum, record.score.reference) == (None, None)


def test_a_calibrated_support_carries_its_rate_and_population():
    verdict = calibrated(everything(130)).verdict
    assert (verdict.value, verdict.service_level, verdict.stability) == ("supports", "22", 0.97)
    assert verdict.redrawings == 32
    assert built().verdict.redrawings is None
    rate = verdict.false_support_rate
    assert (rate.value, rate.upper95, rate.n) == (0.025, 0.03, 5000)
    assert rate.population.startswith("made-up plans (as stated in the profile's own file")


def test_an_ineligible_claim_names_its_rule():
    verdict = calibrated(everything(130), fractions=6).verdict
    assert verdict.claim == "not_eligible"
    assert "at most 5 fractions" in verdict.claim_rule.rule
    assert calibrated(everything(130)).verdict.claim_rule.rule is None


def test_the_disclaimer_and_the_meaning_of_11_are_always_there():
    assert built().disclaimer == DISCLAIMER
    assert "not a modifier" in built().verdict.service_level_note


def test_the_planning_image_is_described_with_measured_spacing():
    image = built().plan.planning_image
    assert (image.modality, image.slices, image.rows, image.columns) == ("CT", 3, 5, 7)
    assert (image.row_spacing_mm, image.column_spacing_mm, image.slice_spacing_mm) == (0.976562, 1.25, 2.5)


def test_a_single_slice_without_thickness_has_no_spacing():
    image = built(case(planning_image=series(3, slices=1))).plan.planning_image
    assert image.slice_spacing_mm == Missing(reason="a single slice without Slice Thickness")


def test_an_rt_plan_without_fractions_says_so():
    plan = replace(case().rt_plan, fractions_planned=None)
    assert built(case(rt_plan=plan)).plan.rt_plan.fractions == Missing(reason="the RT Plan does not state it")


def test_image_sets_name_the_registration_that_ties_them():
    planning, pet, other = built(identified=True).image_sets
    assert (planning.registration, other.registration) == (None, None)
    assert pet.registration.sop_instance_uid == "1.2.840.99.1.60"
    assert (pet.registration.transformation_type, pet.registration.is_deformable) == ("RIGID", False)
    assert (pet.modality, pet.role, pet.level, pet.phases, pet.slices) == ("PT", "secondary", "registered", 1, 6)


def test_a_set_that_two_registrations_tie_names_both_though_no_image_was_looked_at():
    planning, between, pet = "1.2.840.99.1.50", "1.2.840.99.1.53", "1.2.840.99.1.51"
    links = tuple(
        SpatialRegistration(
            sop_instance_uid=uid,
            registered_frame_uid=registered,
            mappings=(
                FrameMapping(source_frame_uid=source, registered_from_source=np.eye(4), transformation_type=kind),
            ),
        )
        for uid, registered, source, kind in (
            ("1.2.840.99.1.62", between, pet, "AFFINE"),
            ("1.2.840.99.1.61", planning, between, "RIGID"),
        )
    )
    found = built(case(registrations=links), identified=True).image_sets[1].registration
    assert [(link.sop_instance_uid, link.kind) for link in found.chain] == [
        ("1.2.840.99.1.61", "RIGID"),
        ("1.2.840.99.1.62", "AFFINE"),
    ]


def test_without_a_planning_image_no_registration_is_claimed():
    sets = built(case(planning_image=None)).image_sets
    assert [each.registration for each in sets] == [None, None, None]


def test_rois_say_who_drew_them_and_what_they_are():
    gross, derived, unresolved = built(identified=True).rois
    assert (gross.name, gross.generation, gross.is_gross_target, gross.derived_from) == (
        "GTV Doe",
        "MANUAL",
        True,
        None,
    )
    assert (derived.generation, derived.is_gross_target, derived.derived_from) == ("not stated", False, 2)
    assert (unresolved.metrics, unresolved.class_decided_by) == ({}, "nothing")


def test_facts_say_who_stated_them():
    the_case = case()
    facts = case_facts(the_case, table(), fractions=8)
    outcome = assess(GROSS, facts, INTERIM)
    stated = build_record(the_case, table(), outcome, INTERIM, software_version="1").plan.facts
    assert (stated.site, stated.site_stated_by) == ("thoracic", "rt_plan")
    assert (stated.fractions, stated.fractions_stated_by) == (8, "user")


def test_issues_of_reading_and_measuring_stand_together_in_order():
    assert [issue.code for issue in built().issues] == ["a-first", "b-second"]


def test_only_the_metrics_that_occur_are_explained():
    definitions = built(definitions=DEFINITIONS).metric_definitions
    assert definitions.keys() == {"shape.volume"}
    assert definitions["shape.volume"].ibsi_code == "RNU0"


def test_a_deidentified_record_repeats_no_name_and_no_uid_of_the_files():
    text = to_json(built(options={"map": "GTV Doe=GTV", "structure_set": "1.2.840.99.1.20"})).decode()
    assert not [secret for secret in SECRETS if secret in text]
    assert built().privacy == "de-identified"
    assert [roi.name for roi in built().rois] == ["GTV 2", "OAR 4", "UNRESOLVED 9"]
    assert (built().relations[0].a, built().relations[0].b) == ("GTV 2", "OAR 4")


def typed_by_somebody():
    """A case whose files hold a person's name where DICOM asks for one of its own words, or for a device's maker."""
    found = case()
    drawn = tuple(replace(roi, generation="DRAWN BY DR DOE") for roi in found.structure_set.rois)
    return replace(
        found,
        structure_set=replace(
            found.structure_set, rois=drawn, approval_status="SIGNED BY DR DOE", manufacturer="DR DOE PHYSICS"
        ),
        planning_image=replace(found.planning_image, patient_position="DOE, JANE"),
        rt_plan=replace(found.rt_plan, approval_status="DR DOE"),
    )


def test_a_deidentified_record_holds_no_text_of_the_files_but_dicoms_own_words():
    hidden, shown = (built(typed_by_somebody(), identified=identified) for identified in (False, True))
    assert "DOE" not in to_json(hidden).decode()
    assert hidden.plan.structure_set.approval == hidden.plan.structure_set.manufacturer == "not shown"
    assert shown.plan.structure_set.approval == "SIGNED BY DR DOE"
    assert {roi.generation for roi in shown.rois} == {"DRAWN BY DR DOE"}
    assert [roi.generation for roi in built().rois] == ["MANUAL", "not stated", "not stated"]
    assert not [each for each in differences(hidden, shown) if each.what != "privacy"]


def test_an_identified_record_prints_names_but_no_patient():
    text = to_json(built(identified=True, options={"map": "GTV Doe=GTV"})).decode()
    assert "GTV Doe=GTV" in text
    assert "1.2.840.99.1.20" in text
    assert "Doe^Jane" not in text
    assert "MRN-1" not in text


@pytest.mark.parametrize("name", ["map", "--map", "structure_set", "--structure-set"])
def test_options_that_identify_are_only_said_to_be_set(name):
    record = built(options={"profile": "interim-0", name: "GTV Doe=GTV"})
    assert record.options == {name: "set", "profile": "interim-0"}


def test_a_payer_that_is_not_listed_is_not_named_in_a_deidentified_record():
    assert built(options={"--payer": "Jane Doe"}).options == {"--payer": "unlisted"}
    assert built(options={"--payer": "UHC"}).options == {"--payer": "UHC"}
    assert built(identified=True, options={"--payer": "Jane Doe"}).options == {"--payer": "Jane Doe"}


def test_a_hostile_name_survives_unchanged_but_for_what_utf_8_cannot_hold():
    name = json.loads(to_json(built(identified=True)))["rois"][2]["name"]
    assert name == HOSTILE.replace("\ud800", "\\ud800")


def test_a_record_is_frozen_and_takes_no_further_keys():
    record = built()
    with pytest.raises(ValidationError, match="frozen"):
        record.disclaimer = ""
    with pytest.raises(ValidationError, match="extra"):
        from_json(to_json(record).replace(b'"options"', b'"surprise": 1, "options"', 1))
