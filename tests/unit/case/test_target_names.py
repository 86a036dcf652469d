"""Target classes: what decides, in which order, and names as planning systems really write them."""

import pytest

from rtcomplexity.case.target_names import (
    class_from_name,
    classify,
    is_pet_derived,
    parse_aliases,
    tg263_spelling,
)
from rtcomplexity.errors import UsageError
from rtcomplexity.model.structure_set import ClassDecidedBy, Code, TargetClass


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GTV", "GTV"),
        ("GTV-1", "GTV"),
        ("gtv_p", "GTV"),
        ("GTVp", "GTV"),
        ("GTV_Mass", "GTV"),
        ("GTV_Edema", "GTV"),
        ("1,SUV_primair", "GTV"),
        ("tumor", "GTV"),
        ("IGTV", "ITV"),
        ("iGTV_50", "ITV"),
        ("ITV_MIP", "ITV"),
        ("ICTV", "CTV"),
        ("CTVn1", "CTV"),
        ("CTV_5040", "CTV"),
        ("TBV", "CTV"),
        ("Tumor Bed", "CTV"),
        ("PTV54", "PTV"),
        ("PTV_High", "PTV"),
        ("PTV-03", "PTV"),
        ("finalPTV", "PTV"),
        ("rx 1: H&N PTV 70 Gy", "PTV"),
        ("PTV!", "OTHER"),
        ("PTV-GTV", "OTHER"),
        ("CTV minus GTV", "OTHER"),
        ("GTV chest wall", "GTV"),
        ("PTV_Chest_Wall", "PTV"),
        ("CTV ThoraxWall", "CTV"),
        ("Chest wall", "OAR"),
        ("ChestWall_L", "OAR"),
        ("Abdominal wall", "OAR"),
        ("Chest wall-PTV", "OAR"),
        ("opt chest wall", "OTHER"),
        ("Bladder wall", "OTHER"),
        ("PTV wall", "OTHER"),
        ("ring PTV", "OTHER"),
        ("opt PTV", "OTHER"),
        ("optPTV", "OTHER"),
        ("zPTV", "OTHER"),
        ("_PTV", "OTHER"),
        ("Body-PTV", "OTHER"),
        ("CouchSurface", "OTHER"),
        ("Isocenter 6", "OTHER"),
        ("Lungs-GTV", "OAR"),
        ("Spinal cord", "OAR"),
        ("Lt Lung", "OAR"),
        ("Oesophagus", "OAR"),
        ("Proximal bronchial tree", "OAR"),
        ("BODY", "EXTERNAL"),
        ("Patient", "EXTERNAL"),
        ("Zygoma", None),
        ("region_1", None),
        ("TargetVolume", None),
        ("", None),
    ],
)
def test_names_say_what_they_say(name, expected):
    assert class_from_name(name) == (TargetClass(expected) if expected else None)


@pytest.mark.parametrize("kind", ["", "NONE", "ORGAN", "AVOIDANCE", "CONTROL", "UNSUPPORTED", "CAVITY"])
def test_a_generic_type_yields_to_a_name_that_says_target(kind):
    assert classify("GTV-1", interpreted_type=kind) == (TargetClass.GTV, ClassDecidedBy.NAME)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("GTV", "GTV"), ("ctv", "CTV"), ("PTV", "PTV"), ("ITV", "ITV"), ("EXTERNAL", "EXTERNAL"), ("MARKER", "OTHER")],
)
def test_a_specific_type_decides_against_the_name(kind, expected):
    assert classify("CTV 3", interpreted_type=kind) == (TargetClass(expected), ClassDecidedBy.INTERPRETED_TYPE)


def test_an_organ_type_decides_where_the_name_says_nothing():
    assert classify("Box 4", interpreted_type="ORGAN") == (TargetClass.OAR, ClassDecidedBy.INTERPRETED_TYPE)


def test_a_prefix_for_not_evaluated_is_never_a_target():
    assert classify("zPTV_opt", interpreted_type="PTV") == (TargetClass.OTHER, ClassDecidedBy.NAME)


def test_order_is_alias_type_label_code_name():
    aliases = parse_aliases(["Box=ITV"])
    gross = (Code(value="228791009", scheme="SCT"),)
    assert classify("box", interpreted_type="PTV", aliases=aliases) == (TargetClass.ITV, ClassDecidedBy.ALIAS)
    by_label = classify("CTV", observation_label="PTV", codes=gross)
    assert by_label == (TargetClass.PTV, ClassDecidedBy.OBSERVATION_LABEL)
    assert classify("CTV", codes=gross) == (TargetClass.GTV, ClassDecidedBy.CODE)
    assert classify("CTV") == (TargetClass.CTV, ClassDecidedBy.NAME)
    assert classify("Box") == (TargetClass.UNRESOLVED, ClassDecidedBy.NOTHING)


def test_a_label_that_repeats_the_name_does_not_count_as_a_label():
    assert classify("GTV-1", observation_label="GTV-1")[1] is ClassDecidedBy.NAME


def test_a_code_meaning_is_read_like_a_name():
    codes = (Code(value="X", scheme="99X", meaning="Planning target volume"),)
    assert classify("Box", codes=codes) == (TargetClass.PTV, ClassDecidedBy.CODE)


def test_aliases_match_whatever_the_case_and_may_hold_an_equals_sign():
    aliases = parse_aliases(["1,SUV_primair=gtv", "a=b=PTV"])
    assert classify("1,suv_PRIMAIR", aliases=aliases)[0] is TargetClass.GTV
    assert classify("A=B", aliases=aliases)[0] is TargetClass.PTV


@pytest.mark.parametrize("wrong", [["GTV"], ["=GTV"], ["a=TUMOUR"], ["a=UNRESOLVED"], ["a=GTV", "A=CTV"]])
def test_an_alias_that_says_nothing_is_a_usage_error(wrong):
    with pytest.raises(UsageError, match="--map"):
        parse_aliases(wrong)


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("GTV-1", "GTV1"),
        ("gtv_p", "GTVp"),
        ("PTV54", "PTV_5400"),
        ("rx 1: H&N PTV 70 Gy", "PTV_7000"),
        ("iGTV", "IGTV"),
        ("Lung L", "Lung_L"),
        ("Lt Lung", "Lung_L"),
        ("Spinal cord", "SpinalCord"),
        ("GTVp", None),
        ("CTVn1", None),
        ("PTV_High", None),
        ("PTV-03", None),
        ("CTV_5040", None),
        ("Heart", None),
        ("Lungs-GTV", None),
        ("ring PTV", None),
        ("region_1", None),
    ],
)
def test_tg263_spells_otherwise(name, spelled):
    assert tg263_spelling(name) == spelled


def test_a_pet_threshold_is_known_by_its_name():
    assert is_pet_derived("1,SUV_primair")
    assert not is_pet_derived("GTV_PET")
