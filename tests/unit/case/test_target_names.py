"""Target classes: what decides, in which order, and names as planning systems really write them."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.case.target_names import classify, is_pet_derived, parse_aliases, read_name
from rtcomplexity.case.vocabulary import letters_of, vocabulary
from rtcomplexity.errors import UsageError
from rtcomplexity.model.structure_set import ClassDecidedBy, Code, TargetClass
from unit.case.roi_names import names


def classed(name, **facts):
    found = classify(name, **facts)
    return found.target_class, found.decided_by


def test_names_say_what_they_say():
    read = [(name, str(read_name(name).target_class or "")) for name, _ in names()]
    assert read == names()


def test_the_names_are_many_and_of_every_class():
    classes = Counter(kind for _, kind in names())
    assert sum(classes.values()) >= 300
    assert all(classes[kind] >= 10 for kind in ("GTV", "CTV", "ITV", "PTV", "OTHER", "OAR", ""))


ORGANS = ("Lungs", "Lung", "Liver", "Both Lungs", "Kidney_L", "Brain", "Poumons", "Lunge", "Spinal Cord", "肺")
LESS = ("-", " - ", " minus ", " less ", " without ", " w/o ", " no ", " ex ", "_no_", " ohne ", " sans ", " zonder ")


def test_an_organ_less_a_target_is_an_organ_however_it_is_joined():
    made = [
        case(f"{organ}{joiner}{target}")
        for organ, joiner, target in product(ORGANS, LESS, ("GTV", "CTV", "ITV", "PTV", "IGTV", "GTVp", "PTV_6000"))
        for case in (str, str.lower, str.upper)
    ]
    assert [name for name in made if read_name(name).target_class is not TargetClass.OAR] == []


def test_what_an_organ_and_a_target_share_is_no_target():
    for organ, joiner, target in product(
        ORGANS, (" in ", "_in_", "∩", " ∩ ", " & ", " and ", " und "), ("GTV", "PTV_6000")
    ):
        inside, outside = read_name(f"{organ}{joiner}{target}"), read_name(f"{target}{joiner}{organ}")
        assert (organ, joiner, inside.target_class, inside.sets_target_aside) == (organ, joiner, TargetClass.OAR, True)
        assert "in" in joiner or (outside.target_class, outside.sets_target_aside) == (TargetClass.OTHER, True)


def test_where_a_target_lies_is_no_part_of_an_organ():
    for name in ("PTV in lung", "GTV-Lung", "GTV and nodes", "CTV breast and IMN", "GTV left lung"):
        assert (name, read_name(name).is_target) == (name, True)


def test_a_target_cut_back_from_an_organ_by_a_distance_is_none():
    for dash, organ, distance in product(("-", " - ", "\u2013"), ("skin", "Lung", "Rectum"), ("3mm", " 5 mm", "0.5cm")):
        reading = read_name(f"PTV{dash}{organ}{distance}")
        assert (reading.target_class, reading.is_doubtful) == (TargetClass.OTHER, True)


def test_a_helper_word_makes_no_target_on_either_side():
    words = ("ring", "Ring", "opt", "OPT", "eval", "shell", "dummy", "help", "crop", "avoid")
    for target, word, joiner in product(("GTV", "CTV", "ITV", "PTV"), words, ("", " ", "_", "-", ".")):
        for name in (f"{target}{joiner}{word}", f"{word}{joiner}{target}"):
            reading = read_name(name)
            assert (name, reading.target_class) == (name, TargetClass.OTHER)
            assert word.lower() in reading.words


def test_a_target_with_a_margin_is_an_expansion():
    margins = ("+5mm", "+ 5 mm", "+0.5cm", "+5", " plus 5mm", "_plus_5mm", "+(5mm)", " plus 1 cm")
    for target, margin in product(("GTV", "GTVp", "CTV", "ITV", "PTV", "iGTV"), margins):
        reading = read_name(target + margin)
        assert (target + margin, reading.target_class, reading.is_doubtful) == (
            target + margin,
            TargetClass.OTHER,
            False,
        )


@pytest.mark.parametrize("name", ["GTV1+2", "GTV1+GTV2", "GTV+N", "PTV70+PTV60", "PTV70+66+60"])
def test_a_plus_between_targets_joins_them(name):
    assert read_name(name).target_class.is_target


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GTV NT", "OTHER"),
        ("CTV not boost", "OTHER"),
        ("GTV_norm", "OTHER"),
        ("GTV_5mm", "OTHER"),
        ("GTV old", "OTHER"),
        ("GTV+CTV", "OTHER"),
        ("Lung_GTV", "OAR"),
        ("Lung GTV", "GTV"),
        ("PTV_CTV54", "PTV"),
    ],
)
def test_words_with_two_readings_are_doubtful(name, expected):
    reading = read_name(name)
    assert (reading.target_class, reading.is_doubtful, reading.is_plain) == (TargetClass(expected), True, False)


@given(st.text(max_size=40))
def test_any_text_is_read_and_only_words_of_the_vocabulary_are_told(name):
    letters = {letters_of(word) for word in vocabulary().terms}
    for word in read_name(name).words:
        known = letters_of(word) in letters or word.upper() in {"IGTV", "ICTV", "IITV", "IPTV", "PGTV", "PCTV", "PITV"}
        assert known or word.upper() in vocabulary().acronyms or not word.isalnum()


@pytest.mark.parametrize("kind", ["ORGAN", "AVOIDANCE", "CONTROL", "TREATED_VOLUME"])
@pytest.mark.parametrize("name", ["GTV surrogate", "Lung GTV", "PTVmystery", "Foo GTV bar", "Heart GTV"])
def test_a_generic_type_holds_beside_a_target_word_in_a_longer_name(name, kind):
    found = classify(name, interpreted_type=kind)
    assert found.target_class in {TargetClass.OAR, TargetClass.OTHER}
    assert found.decided_by is ClassDecidedBy.INTERPRETED_TYPE


@pytest.mark.parametrize("kind", ["", "GTV", "PTV", "ORGAN", "CONTROL"])
@pytest.mark.parametrize(
    ("name", "expected"), [("GTVring.2-1.2", "OTHER"), ("GTV+5mm", "OTHER"), ("Lungs-GTV", "OAR"), ("zGTV", "OTHER")]
)
def test_a_name_that_is_surely_no_target_is_none_whatever_its_type(name, expected, kind):
    found = classify(name, interpreted_type=kind)
    assert (found.target_class, found.decided_by) == (TargetClass(expected), ClassDecidedBy.NAME)
    assert found.words


@pytest.mark.parametrize("name", ["GTV NT", "GTV old", "Liver_GTV"])
def test_a_stated_target_type_holds_against_doubtful_words(name):
    assert classify(name, interpreted_type="GTV").target_class is TargetClass.GTV


@pytest.mark.parametrize("kind", ["", "NONE", "ORGAN", "AVOIDANCE", "CONTROL", "UNSUPPORTED", "CAVITY", "IRRAD_VOLUME"])
def test_a_generic_type_yields_to_a_name_that_says_target(kind):
    assert classed("GTV-1", interpreted_type=kind) == (TargetClass.GTV, ClassDecidedBy.NAME)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("GTV", "GTV"), ("ctv", "CTV"), ("PTV", "PTV"), ("ITV", "ITV"), ("EXTERNAL", "EXTERNAL"), ("MARKER", "OTHER")],
)
def test_a_specific_type_decides_against_the_name(kind, expected):
    assert classed("CTV 3", interpreted_type=kind) == (TargetClass(expected), ClassDecidedBy.INTERPRETED_TYPE)


def test_an_organ_type_decides_where_the_name_says_nothing():
    assert classed("Box 4", interpreted_type="ORGAN") == (TargetClass.OAR, ClassDecidedBy.INTERPRETED_TYPE)


def test_a_prefix_for_not_evaluated_is_never_a_target():
    assert classed("zPTV_opt", interpreted_type="PTV") == (TargetClass.OTHER, ClassDecidedBy.NAME)


def test_order_is_alias_type_label_code_name():
    aliases = parse_aliases(["Box=ITV"])
    gross = (Code(value="228791009", scheme="SCT"),)
    assert classed("box", interpreted_type="PTV", aliases=aliases) == (TargetClass.ITV, ClassDecidedBy.ALIAS)
    by_label = classed("CTV", observation_label="PTV", codes=gross)
    assert by_label == (TargetClass.PTV, ClassDecidedBy.OBSERVATION_LABEL)
    assert classed("CTV", codes=gross) == (TargetClass.GTV, ClassDecidedBy.CODE)
    assert classed("CTV") == (TargetClass.CTV, ClassDecidedBy.NAME)
    assert classed("Box") == (TargetClass.UNRESOLVED, ClassDecidedBy.NOTHING)


def test_a_label_that_repeats_the_name_does_not_count_as_a_label():
    assert classed("GTV-1", observation_label="GTV-1")[1] is ClassDecidedBy.NAME


def test_a_code_meaning_is_read_like_a_name():
    codes = (Code(value="X", scheme="99X", meaning="Planning target volume"),)
    assert classed("Box", codes=codes) == (TargetClass.PTV, ClassDecidedBy.CODE)


@pytest.mark.parametrize("name", ["Tumor RUL", "Tumour_LLL", "Lesion 2 RML", "tumor left upper lobe"])
def test_a_tumor_of_a_lobe_is_a_gross_target(name):
    assert classify(name).target_class is TargetClass.GTV


@pytest.mark.parametrize("name", ["Lobe", "RUL", "Tumor cavity", "Lesion apex", "Lobe lung"])
def test_a_lobe_alone_or_another_site_makes_no_target(name):
    assert not classify(name).target_class.is_target


def test_aliases_match_whatever_the_case_and_may_hold_an_equals_sign():
    aliases = parse_aliases(["1,SUV_primair=gtv", "a=b=PTV"])
    assert classed("1,suv_PRIMAIR", aliases=aliases)[0] is TargetClass.GTV
    assert classed("A=B", aliases=aliases)[0] is TargetClass.PTV


@pytest.mark.parametrize("wrong", [["GTV"], ["=GTV"], ["a=TUMOUR"], ["a=UNRESOLVED"], ["a=GTV", "A=CTV"]])
def test_an_alias_that_says_nothing_is_a_usage_error(wrong):
    with pytest.raises(UsageError, match="--map"):
        parse_aliases(wrong)


def test_a_pet_threshold_is_known_by_its_name():
    assert is_pet_derived("1,SUV_primair")
    assert not is_pet_derived("GTV_PET")
