import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.metrics.measurement import Measurement
from rtcomplexity.scoring import sentences
from rtcomplexity.scoring.facts import CaseFacts
from rtcomplexity.scoring.guardrails import DISCLAIMER, FORBIDDEN, SERVICE_LEVEL_NOTE
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.site import NOT_STATED
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.verdict import assess
from rtcomplexity.units import Unit
from unit.scoring.made_profile import METRICS, NOT_THORACIC, THORACIC, made_profile, measured

PROFILE = made_profile()
INTERIM = load_profile("interim-0")


def templates():
    for value in vars(sentences).values():
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (text for text in value.values() if isinstance(text, str))


@pytest.mark.parametrize(
    "text",
    [
        "This plan qualifies.",
        "You should bill 22.",
        "guaranteed",
        "about $ 400",
        "400 dollars",
        "One more registered set would raise it.",
    ],
)
def test_the_forbidden_words_are_recognized(text):
    assert FORBIDDEN.search(text)


@pytest.mark.parametrize("text", [*templates(), DISCLAIMER, SERVICE_LEVEL_NOTE])
def test_no_template_uses_a_forbidden_word(text):
    assert not FORBIDDEN.search(text)


def test_the_templates_were_found():
    assert len(list(templates())) > 30


def test_the_built_in_profile_uses_no_forbidden_word():
    assert not FORBIDDEN.search(INTERIM.model_dump_json())


def rendered(verdict):
    yield verdict.text
    yield verdict.claim.text
    yield verdict.claim.rule
    yield from (reason.text for reason in verdict.reasons)
    yield from verdict.findings_for
    yield from verdict.findings_against
    yield from (each.text for each in verdict.why_not)
    yield from (item.text for item in verdict.readiness)


facts = st.builds(
    CaseFacts,
    site=st.sampled_from([THORACIC, NOT_THORACIC, NOT_STATED]),
    fractions=st.none() | st.integers(1, 60),
    has_gross_target=st.booleans(),
    is_measured=st.booleans(),
    geometry_problem=st.sampled_from(["", "open contours"]),
    has_planning_images=st.booleans(),
    planning_images_are_linked=st.booleans(),
    images_are_of_another_patient=st.booleans(),
    approval_status=st.sampled_from(["", "APPROVED", "UNAPPROVED", "REJECTED"]),
)


@given(
    st.dictionaries(st.sampled_from(METRICS), st.sampled_from([0, 60, 90, 105, 130])),
    st.sampled_from([20.0, 200.0, None]),
    facts | st.just(CaseFacts(site=THORACIC, fractions=5)),
    st.sampled_from([PROFILE, INTERIM]),
    st.sampled_from([None, Stability(share=0.5, replicates=32)]),
)
def test_no_rendered_sentence_uses_a_forbidden_word_or_leaves_a_gap(values, volume, known, profile, stability):
    gross_target = {key: Measurement.of(value, Unit.NONE) for key, value in values.items()} | measured(volume)
    verdict = assess(gross_target, known, profile, stability=stability).verdict
    for text in rendered(verdict):
        assert not FORBIDDEN.search(text)
        assert not re.search(r"[{}]|None|nan|\binf\b", text)
    # 11 and 22 are the record's service level; no sentence offers either for a claim line
    assert not any(re.search(r"modifier|\b(11|22)\b", text) for text in (verdict.text, *verdict.findings_for[1:]))


def test_the_disclaimer_says_what_this_is_not():
    for words in ("not a coding, medical-necessity or payment decision", "signed procedure note", "not for diagnosis"):
        assert words in DISCLAIMER
