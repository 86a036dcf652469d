"""What a caller states by word: sites, fractions and names of ROIs."""

import pytest

from rtcomplexity import RtComplexityError, analyze
from rtcomplexity.model.options import AnalyzeOptions
from rtcomplexity.model.structure_set import TargetClass
from rtcomplexity.testing import write_sample

pytestmark = pytest.mark.usefixtures("measured_once")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    write_sample("complex_central", folder)
    return folder


def test_a_site_is_stated_by_its_word(plan):
    assert analyze(plan, AnalyzeOptions(site="thoracic", quick=True)).record.plan.facts.site == "thoracic"


def test_the_word_of_the_command_line_is_one(plan):
    assert analyze(plan, AnalyzeOptions(site="not-thoracic", quick=True)).record.plan.facts.site == "not_thoracic"


@pytest.mark.parametrize("stated", [{"site": "lung"}, {"site": "unknown"}, {"fractions": 0}, {"fractions": "three"}])
def test_what_cannot_be_stated_is_refused_with_what_can(plan, stated):
    value = next(iter(stated.values()))
    with pytest.raises(RtComplexityError, match=f"found '{value}', expected (one of abdomen, brain|a whole number)"):
        analyze(plan, AnalyzeOptions(quick=True, **stated))


@pytest.mark.parametrize("identified", [True, False])
def test_a_name_that_no_roi_has_is_an_issue_that_names_it_only_where_names_may_stand(plan, identified):
    stated = AnalyzeOptions(aliases={"doe^jane": TargetClass.GTV}, quick=True)
    issues = analyze(plan, stated, identified=identified).record.issues
    (found,) = [issue for issue in issues if issue.code == "map-name-unmet"]
    assert found.severity == "warning"
    assert "GTV" in found.text
    assert ("“doe^jane”" in found.text) is identified
    assert ("doe" in found.text) is identified


def test_a_name_that_no_roi_has_is_no_option_in_force(plan):
    record = analyze(plan, AnalyzeOptions(aliases={"doe^jane": TargetClass.GTV}, quick=True)).record
    assert "--map" not in record.options


def test_a_name_that_an_roi_has_is_no_issue(plan):
    case = analyze(plan, AnalyzeOptions(quick=True)).case
    name = case.structure_set.rois[0].name.strip().casefold()
    record = analyze(plan, AnalyzeOptions(aliases={name: TargetClass.GTV}, quick=True)).record
    assert "map-name-unmet" not in {issue.code for issue in record.issues}
