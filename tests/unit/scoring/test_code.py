"""The procedure code whose claims are looked at: stereotactic treatment of the thorax in at most five fractions."""

import pytest
from pydantic import ValidationError

from rtcomplexity.scoring.code import CodeRule, code_rule
from rtcomplexity.scoring.site import shipped_sites


def test_the_shipped_code_is_of_a_shipped_site_and_of_five_fractions():
    rule = code_rule()
    assert rule is code_rule()
    assert rule.max_fractions == 5
    assert rule.treated_site is shipped_sites()[rule.site]
    assert rule.source


@pytest.mark.parametrize(
    "change", [{"code": "7743"}, {"code": "774350"}, {"code": "7743a"}, {"max_fractions": 0}, {"note": "further"}]
)
def test_a_code_has_five_signs_and_courses_of_at_least_one_fraction(change):
    rule = code_rule().model_dump()
    assert CodeRule(**rule | {"max_fractions": 1}).max_fractions == 1
    with pytest.raises(ValidationError):
        CodeRule(**rule | change)
    with pytest.raises(ValidationError):
        code_rule().course = "another"
