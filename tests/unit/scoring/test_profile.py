import hashlib
from importlib import resources

import pytest

from rtcomplexity.errors import ProfileError
from rtcomplexity.model.options import DEFAULT_PROFILE
from rtcomplexity.scoring.profile import (
    FactorReference,
    SimilarContours,
    factor_reference,
    group_knots,
    is_shipped,
    load_profile,
    parse_profile,
    profile_ids,
    raw_knots,
)
from rtcomplexity.scoring.profile_lines import line_of
from unit.scoring.made_profile import DEFINITIONS, made_profile, profile_text, replaced

KNOTS = "knots = [[0, 0], [100, 100]]\n"


def test_the_default_profile_is_built_in():
    assert DEFAULT_PROFILE in profile_ids()
    assert load_profile().id == DEFAULT_PROFILE


def test_a_profile_that_cannot_be_read_is_not_said_to_be_missing(tmp_path):
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path)
    with pytest.raises(ProfileError, match="There is no profile"):
        load_profile(tmp_path / "none.toml")


def test_a_profile_carries_the_hash_of_its_bytes(tmp_path):
    path = tmp_path / "mine.toml"
    shipped = (resources.files("rtcomplexity.scoring") / "profiles" / f"{DEFAULT_PROFILE}.toml").read_text("utf-8")
    path.write_text(shipped.replace(f'id = "{DEFAULT_PROFILE}"', 'id = "ours"', 1), encoding="utf-8")
    assert load_profile(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("shipped", profile_ids())
def test_no_other_profile_may_bear_the_id_of_a_built_in_one(tmp_path, shipped):
    content = (resources.files("rtcomplexity.scoring") / "profiles" / f"{shipped}.toml").read_bytes()
    same, other = tmp_path / "same.toml", tmp_path / shipped
    same.write_bytes(content)
    other.write_bytes(content + b"# one word more\n")
    assert is_shipped(load_profile(same))
    with pytest.raises(ProfileError, match="an id of its own"):
        load_profile(other)
    other.write_bytes(content.replace(f'id = "{shipped}"'.encode(), b'id = "ours"', 1))
    assert not is_shipped(load_profile(other))


def test_the_interim_profile_says_what_it_is():
    profile = load_profile("interim-0")
    assert not profile.rules.may_support
    assert profile.calibration is None
    assert "not calibrated" in profile.title
    bases = {r.basis for family in profile.families for f in family.factors for r in f.references}
    assert bases == {"convention"}


def test_the_interim_profile_has_the_families_of_the_scoring_model():
    anchors = {family.id: family.may_anchor for family in load_profile("interim-0").families}
    assert anchors == {
        "shape": True,
        "topology": True,
        "ambiguity": True,
        "extent": False,
        "adjacency": False,
        "fusion": False,
        "image_sets": False,
    }


def test_each_stratum_finds_its_references():
    profile = load_profile("interim-0")
    volume = next(f for family in profile.families for f in family.factors if f.metric == "scored.volume")
    assert factor_reference(volume, "thoracic-sbrt").knots[2] == (7.8, 50)
    assert factor_reference(volume, "thoracic-conventional").knots[2] == (54, 50)
    assert raw_knots(profile.families[0], "thoracic-sbrt")[-1] == (50, 100)
    assert group_knots(profile.groups[0], "thoracic-sbrt")[-1] == (100, 100)
    assert profile.joint("thoracic-sbrt").c_support == 97.5
    assert profile.stratum("thoracic-sbrt").covers(5)
    assert not profile.stratum("thoracic-sbrt").covers(6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "made"', 'id = "made"\nweight = 2', r"weight \(line 3\)"),
        ('title = "Made up"\n', "", "title"),
        ("shift_sd = 0.3", "shift_sd = -1", r"stress.shift_sd \(line 24\)"),
        ("shift_sd = 0.3", "shift_sd = inf", "stress.shift_sd"),
        ('direction = "higher"', 'direction = "up"', r"families\[0\].factors\[0\].direction \(line \d+\)"),
        (KNOTS, "knots = [[0, 60], [100, 100]]\n", "at or below percentile 50"),
        ("5000\nknots = [[0, 0], [100, 100]]", "5000\nknots = [[0, 0], [100, nan]]", "finite"),
        ("5000\nknots = [[0, 0], [100, 100]]", "5000\nknots = [[0, 0], [inf, 100]]", "finite"),
        ("5000\nknots = [[0, 0], [100, 100]]", "5000\nknots = [[0, 50], [100, 20]]", "percentiles must not fall"),
        ("5000\nknots = [[0, 0], [100, 100]]", "5000\nknots = [[9, 0], [3, 100]]", "values must not fall; 3 follows 9"),
        ("5000\nknots = [[0, 0], [100, 100]]", "5000\nknots = [[9, 0], [9, 100]]", "a single value"),
        ("5000\nknots = [[0, 0], [100, 100]]", "5000\nknots = [[0, 0], [0, 0], [9, 100]]", "a knot occurs twice"),
        ('direction = "higher"', 'direction = "lower"', "values must not rise"),
        ("[50, 25], [100, 100]]", "[50, 25], [40, 100]]", "values must not fall"),
        (KNOTS, "knots = [[1, 0], [100, 100]]\n", r"must begin at \[0, 0\], not at \[1\.0, 0\.0\]"),
        ("c_reject = 75.0", "c_reject = 60.0", "c_reject = 60 is percentile 60 of these knots, not 75"),
        ("c_support = 97.5", "c_support = 99.0", "c_support = 99"),
        ("elevated_from = 75.0", "elevated_from = 98.0", "must lie below high_from"),
        ("elevated_from = 75.0", "elevated_from = 97.5", "must lie below high_from"),
        ("convention_percentile = 95.0", "convention_percentile = 97.5", "must lie below levels.high_from"),
        ("convention_percentile = 95.0", "convention_percentile = 98.0", "must lie below levels.high_from"),
        ('stratum_if_fractions_unknown = "sbrt"', 'stratum_if_fractions_unknown = "x"', "no stratum 'x'"),
        ('strata = ["sbrt", "conventional"]', 'strata = ["sbrt"]', "each stratum once"),
        ('strata = ["sbrt", "conventional"]', 'strata = ["sbrt", "sbrt"]', "each stratum once"),
        ('id = "conventional"', 'id = "sbrt"', "stratum id 'sbrt' occurs more than once"),
        ('id = "topology"', 'id = "shape"', "family id 'shape' occurs more than once"),
        ('metric = "scored.topology"', 'metric = "scored.extent"', "metric 'scored.extent' occurs more than once"),
        ('group = "topology"', 'group = "shape"', "no \\[\\[groups\\]\\] entry"),
        ('group = "imaging"', 'group = "other"', "needs two families, has 1"),
        ('group = "imaging"\nmay_anchor = false', 'group = "imaging"\nmay_anchor = true', "differ in may_anchor"),
    ],
)
def test_a_broken_profile_is_refused_with_the_place(old, new, message):
    with pytest.raises(ProfileError, match=message):
        made_profile((old, new))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("scored.sphericity_ratio", "scored.sphericty_ratio", r"nearest is scored\.sphericity_ratio"),
        ("scored.volume", "shape.volume", r"'shape\.volume' is no scored metric; the nearest is scored\.volume"),
        ("scored.phases", "scored.equivalent_diameter", "unit of scored.equivalent_diameter is 'mm'"),
        ('unit = "HU"', 'unit = "1"', "unit of scored.ct_border_contrast is 'HU', not '1'"),
    ],
)
def test_a_profile_scores_only_what_is_declared_and_as_it_is_declared(tmp_path, old, new, message):
    text = (resources.files("rtcomplexity.scoring") / "profiles" / "interim-0.toml").read_text("utf-8")
    with pytest.raises(ProfileError, match=message) as caught:
        parse_profile(replaced(text, (old, new)).encode(), "ours.toml")
    assert "(line " in str(caught.value)


def test_what_a_target_is_compared_with_is_no_factor():
    text = (resources.files("rtcomplexity.scoring") / "profiles" / "interim-0.toml").read_text("utf-8")
    text = replaced(text, ('"scored.craniocaudal_length"', '"scored.equivalent_diameter"'))
    with pytest.raises(ProfileError, match=r"direction of scored\.equivalent_diameter is 'none'"):
        parse_profile(text.encode(), "ours.toml")


def test_support_without_calibration_is_refused():
    start = profile_text().index("[calibration]")
    end = profile_text().index("[levels]")
    with pytest.raises(ProfileError, match="may_support needs a"):
        made_profile((profile_text()[start:end], ""))


def test_a_profile_in_which_nothing_anchors_is_refused():
    with pytest.raises(ProfileError, match="no family may anchor"):
        made_profile(("may_anchor = true", "may_anchor = false"), ("may_anchor = true", "may_anchor = false"))


def test_a_profile_needs_two_groups():
    text = profile_text()
    families = text.index("[[families]]")
    only_shape = text[: text.index("[[families]]", families + 1)]
    with pytest.raises(ProfileError, match="families"):
        parse_profile(only_shape.encode(), "one.toml", DEFINITIONS)
    imaging = text[text.index('[[families]]\nid = "fusion"') :].replace("may_anchor = false", "may_anchor = true")
    with pytest.raises(ProfileError, match="at least two groups"):
        parse_profile((text[:families] + imaging).encode(), "one.toml", DEFINITIONS)


def test_many_mistakes_are_counted():
    text = profile_text().replace('direction = "higher"', 'direction = "up"')
    with pytest.raises(ProfileError, match=r"and 3 more"):
        parse_profile(text.encode(), "x.toml", DEFINITIONS)


@pytest.mark.parametrize(("mistakes", "told"), [(3, ""), (4, r" \(and 1 more\)")])
def test_three_mistakes_are_named_and_the_rest_counted(mistakes, told):
    text = profile_text().replace('direction = "higher"', 'direction = "up"', mistakes)
    with pytest.raises(
        ProfileError, match=rf"cannot be used: [^;]+; [^;]+; [^;(]+\(line \d+\)[^;(]*{told}\."
    ) as caught:
        parse_profile(text.encode(), "x.toml", DEFINITIONS)
    assert ("more" in str(caught.value)) is bool(told)


@pytest.mark.parametrize("content", [b"id = ", b"\xff\xfe", b"a = " + b"[" * 100_000], ids=["cut", "bytes", "deep"])
def test_what_is_no_toml_is_refused(content):
    with pytest.raises(ProfileError, match=r"x\.toml is not valid TOML"):
        parse_profile(content, "x.toml")


def test_a_profile_may_not_state_its_own_hash():
    with pytest.raises(ProfileError, match="states its own sha256"):
        made_profile(('id = "made"', 'sha256 = "0"\nid = "made"'))


def test_an_unknown_profile_names_the_known_ones_and_no_folder(tmp_path):
    with pytest.raises(ProfileError, match="interim-0") as caught:
        load_profile(tmp_path / "nothing.toml")
    assert str(tmp_path) not in str(caught.value)
    assert "nothing.toml" in str(caught.value)


def test_a_profile_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        load_profile().title = "other"


def test_lines_are_found_below_nested_tables():
    text = "[[a]]\nid = 1\n[[a.b]]\nx = 1\n[[a.b]]\nx = 2\n[[a]]\n[[a.b]]\nx = 3\n[c.d]\ny = 1\n"
    assert line_of(text, ("a", 0, "b", 1, "x")) == 6
    assert line_of(text, ("a", 1, "b", 0, "x")) == 9
    assert line_of(text, ("c", "d", "y")) == 11
    assert line_of(text, ("a", 1, "missing")) == 7
    assert line_of(text, ("nowhere",)) is None


def test_replacements_must_be_found():
    with pytest.raises(AssertionError):
        replaced("a", ("b", "c"))


def test_without_a_word_a_factor_does_not_grow_with_the_target_and_a_stratum_begins_at_one_fraction():
    profile = made_profile(("volume_exponent = 0.0\n", ""))
    assert profile.families[0].factors[0].volume_exponent == 0
    assert [stratum.min_fractions for stratum in profile.strata] == [1, 6]


def test_no_line_is_named_for_a_document_as_a_whole():
    assert line_of("x = 1\n", ()) is None
    assert line_of("x = 1\n[a]\ny = 2\n", ("b", "y")) is None


def test_two_groups_are_enough():
    text = profile_text()
    shape, imaging = text.index("[[families]]"), text.index('[[families]]\nid = "fusion"')
    one = text[shape : text.index("[[families]]", shape + 1)]
    found = parse_profile((text[:shape] + one + text[imaging:]).encode(), "two.toml", DEFINITIONS)
    assert {family.group for family in found.families} == {"shape", "imaging"}


@pytest.mark.parametrize(
    ("knots", "cutoff", "is_taken"),
    [
        ("[0, 0], [40, 60], [40, 80]", 40.25, True),  # next after a jump over 75
        ("[0, 0], [40, 60], [40, 80]", 60.0, False),  # further off
        ("[0, 0], [40, 60], [40, 70]", 40.25, False),  # the jump ends below 75
    ],
)
def test_a_cutoff_may_lie_next_after_a_jump_over_its_percentile(knots, cutoff, is_taken):
    old = "knots = [[0, 0], [100, 100]]\nc_reject = 75.0\nc_support = 97.5"
    new = f"knots = [{knots}, [95, 97.5], [100, 100]]\nc_reject = {cutoff}\nc_support = 95.0"
    if is_taken:
        assert made_profile((old, new)).joint("sbrt").c_reject == cutoff
    else:
        with pytest.raises(ProfileError, match="c_reject"):
            made_profile((old, new))


def test_values_that_fall_by_little_are_refused_too():
    with pytest.raises(ProfileError, match="values must not fall"):
        made_profile(("5000\nknots = [[0, 0], [100, 100]]", "5000\nknots = [[0, 0], [0.5, 40], [0.4, 50], [100, 100]]"))


def test_a_complaint_holds_no_address():
    with pytest.raises(ProfileError) as caught:
        made_profile(("shift_sd = 0.3", "shift_sd = -1"))
    assert "http" not in str(caught.value)


@pytest.mark.parametrize("knots", ["[[0, -0.5], [100, 100]]", "[[0, 0], [100, 100.5]]"])
def test_percentiles_run_from_0_to_100(knots):
    with pytest.raises(ProfileError, match="knots"):
        made_profile((f"n = 5000\n{KNOTS}", f"n = 5000\nknots = {knots}\n"))
    ends = made_profile((f"n = 5000\n{KNOTS}", "n = 5000\nknots = [[0, 0], [50, 100], [100, 100]]\n"))
    assert ends.families[0].factors[0].references[0].knots[-1] == (100, 100)


@pytest.mark.parametrize(
    "change", [{"shift_sd": 0.1}, {"spread": 1.1}, {"spread": 0.9}, {"shift_sd": -0.1, "spread": 2}]
)
def test_real_contours_are_stated_as_they_are(change):
    stated = {"table": "made", "bandwidth": 0.1, "measured": ({"from_mm": 8, "to_mm": 25},)}
    assert SimilarContours(**stated).spread == 1
    with pytest.raises(ValueError, match="harder only under stress"):
        SimilarContours(**stated | change)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, "needs either knots or similar contours"),
        ({"knots": ((0, 0), (1, 100)), "similar": "there are some"}, "needs either knots or similar contours"),
        ({"similar": "there are some", "basis": "model"}, "'measured', not 'model'"),
    ],
)
def test_a_reference_is_of_knots_or_of_real_contours(change, said):
    some = {"table": "made", "bandwidth": 0.1, "measured": ({"from_mm": 8, "to_mm": 25},)}
    stated = {"strata": ("sbrt",), "basis": "measured", "source": "tests"} | change
    if "similar" in stated:
        stated["similar"] = some
    with pytest.raises(ValueError, match=said):
        FactorReference(**stated)
    assert FactorReference(strata=("sbrt",), basis="measured", source="tests", similar=some).knots is None


def test_a_site_of_ones_own_is_the_treated_one():
    own = '[site]\nid = "shoulder"\ntitle = "shoulder"\nplace = "the shoulder"\n\n[levels]'
    site = made_profile(("[levels]", own)).treated_site
    assert (site.id, site.place) == ("shoulder", "the shoulder")
    assert made_profile().treated_site.of_profiles_without_site
