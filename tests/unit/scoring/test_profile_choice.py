"""Which profile a plan is scored by where nobody chose one, and what the one for any site claims."""

from importlib import resources

import numpy as np
import pytest

from rtcomplexity.errors import ProfileError
from rtcomplexity.model.options import BY_SITE, DEFAULT_PROFILE
from rtcomplexity.scoring.facts import CaseFacts, StatedBy
from rtcomplexity.scoring.plans import Plans
from rtcomplexity.scoring.profile import load_profile, profile_ids
from rtcomplexity.scoring.profile_choice import (
    OF_ANY_SITE,
    OF_SITES,
    ProfileChoice,
    profile_of_site,
    profiles_digest,
    shipped_by_site,
)
from rtcomplexity.scoring.real_contours import shipped_table
from rtcomplexity.scoring.rules import Question, rule
from rtcomplexity.scoring.site import NOT_STATED, Site
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.stress import stressed_profiles
from unit.scoring.made_profile import NOT_THORACIC, THORACIC

ANY = load_profile("any-site-1")
PELVIC = Site(named=frozenset({"pelvis"}))


@pytest.mark.parametrize(
    ("site", "by", "chosen"),
    [
        (THORACIC, StatedBy.RT_PLAN, DEFAULT_PROFILE),
        (THORACIC, StatedBy.IMAGE, "any-site-1"),
        (PELVIC, StatedBy.RT_PLAN, "any-site-1"),
        (NOT_THORACIC, StatedBy.USER, "any-site-1"),
        (NOT_STATED, StatedBy.NOBODY, "any-site-1"),
        (Site(named=frozenset({"brain", "thoracic"})), StatedBy.RT_PLAN, "any-site-1"),
    ],
)
def test_a_plan_goes_to_the_profile_of_its_site_or_to_the_one_for_any(site, by, chosen):
    assert profile_of_site(site, by).id == chosen


def test_the_profiles_of_sites_are_those_that_are_calibrated_and_of_several_the_default_one():
    calibrated = [each for each in map(load_profile, profile_ids()) if each.calibration is not None]
    found = {each.treated_site.id: each.id for each in calibrated}
    default = load_profile(DEFAULT_PROFILE)
    assert {site: each.id for site, each in shipped_by_site().items()} == {**found, default.treated_site.id: default.id}
    assert [load_profile(each).treated_site.covers_any for each in (*OF_SITES, OF_ANY_SITE)] == [False, True]


def test_results_of_other_profiles_are_told_apart():
    assert len({profiles_digest(each) for each in (BY_SITE, "any-site-1", DEFAULT_PROFILE)}) == 3


def of_site(folder, site_id, name=None):
    """Leave a profile for a site."""
    text = (resources.files("rtcomplexity.scoring") / "profiles" / "thoracic-delineation-1.toml").read_text("utf-8")
    text = text.replace('id = "thoracic-delineation-1"', f'id = "{site_id}-own"')
    text = text.replace("[levels]", f'[site]\nid = "{site_id}"\ntitle = "{site_id}"\nplace = "there"\n\n[levels]', 1)
    (folder / (name or f"{site_id}.toml")).write_text(text, encoding="utf-8")
    return folder


def test_a_folder_has_a_profile_for_each_of_some_sites(tmp_path):
    choice = ProfileChoice.of(of_site(of_site(tmp_path, "pelvis"), "shoulder"))
    assert choice.of_site(PELVIC, StatedBy.RT_PLAN).id == "pelvis-own"
    assert choice.of_site(Site(named=frozenset({"shoulder"})), StatedBy.USER).id == "shoulder-own"
    assert choice.of_site(THORACIC, StatedBy.RT_PLAN).id == DEFAULT_PROFILE
    assert choice.of_site(PELVIC, StatedBy.IMAGE).id == "any-site-1"
    assert choice.of_site(NOT_STATED, StatedBy.NOBODY).id == "any-site-1"
    assert {"pelvis", "shoulder", "thoracic", "brain"} <= {site.id for site in choice.sites}


def test_a_chosen_profile_is_for_every_plan():
    assert ProfileChoice.of("interim-0").of_site(PELVIC, StatedBy.RT_PLAN).id == "interim-0"


def test_a_folder_without_profiles_or_with_two_for_one_site_is_refused(tmp_path):
    with pytest.raises(ProfileError, match="no profile in the folder"):
        ProfileChoice.of(tmp_path)
    of_site(of_site(tmp_path, "pelvis"), "pelvis", "again.toml")
    with pytest.raises(ProfileError, match="2 profiles for the site pelvis"):
        ProfileChoice.of(tmp_path)


def test_results_by_another_folder_of_profiles_are_told_apart(tmp_path):
    one = profiles_digest(of_site(tmp_path, "pelvis"))
    two = profiles_digest(of_site(tmp_path, "shoulder"))
    assert len({one, two, profiles_digest(BY_SITE)}) == 3


def sarcomas():
    """Rows of the table beyond nodules' sizes, as plans."""
    table = shipped_table("real-contours-1")
    large = np.exp(table.log_diameter) > 37
    columns = {f"scored.{name}": values[large] for name, values in table.columns.items()}
    sizes = np.exp(table.log_diameter[large])
    columns["scored.equivalent_diameter"] = sizes
    return Plans(count=len(sizes), columns={**columns, "scored.volume": np.pi / 6 * (sizes / 10) ** 3})


def judged(site, by=StatedBy.RT_PLAN, plans=None):
    facts = CaseFacts(site=site, site_stated_by=by, fractions=5, fractions_stated_by=StatedBy.RT_PLAN)
    return rule(
        Question(
            plans=plans or sarcomas(),
            facts=facts,
            profile=ANY,
            stratum=ANY.strata[0],
            stability=Stability(share=1.0),
            stresses=stressed_profiles(ANY),
        )
    )


def hardest():
    """The plan that is hard in shape, topology and extent alike."""
    return Plans(
        count=1,
        columns={
            "scored.sphericity_ratio": np.array([0.4]),
            "scored.solidity_ratio": np.array([0.4]),
            "scored.concavity_ratio": np.array([1.6]),
            "scored.curvature_ratio": np.array([30.0]),
            "scored.component_count": np.array([6.0]),
            "scored.planes_with_components": np.array([0.9]),
            "scored.planes_with_holes": np.array([0.9]),
            "scored.branching_count": np.array([12.0]),
            "scored.volume": np.array([300.0]),
        },
    )


def test_targets_outside_the_chest_get_an_answer():
    values = judged(PELVIC).values
    assert set(values) <= {"supports", "rejects", "indeterminate"}
    assert np.mean(values == "supports") <= 0.1
    assert np.mean(values == "rejects") >= 0.4


def test_a_support_needs_a_site_that_somebody_stated():
    """Else deleting the RT Plan might turn another verdict into a support."""
    assert judged(PELVIC, plans=hardest()).values == ["supports"]
    assert judged(NOT_STATED, StatedBy.NOBODY, hardest()).values == ["indeterminate"]
    assert judged(PELVIC, StatedBy.IMAGE, hardest()).values == ["indeterminate"]


def test_it_says_what_it_is_compared_with_and_scores_nothing_that_depends_on_the_site():
    assert "not with plans of this site" in ANY.comparison
    assert {family.id for family in ANY.families} == {"shape", "topology", "extent"}
    assert ANY.calibration.false_support_upper95 <= 0.03


def test_a_contour_of_the_table_is_compared_with_the_contours_of_other_patients():
    ruling = judged(PELVIC)
    left_out = ruling.question.plans.own_patient("real-contours-1")
    assert np.all(left_out >= 0)
    assert len(set(left_out.tolist())) == len(left_out)
