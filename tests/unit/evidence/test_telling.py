import pytest

from rtcomplexity.evidence import telling
from rtcomplexity.evidence.record import CohortRecord, DefaultVerdict, StatedClaimRecord
from rtcomplexity.evidence.telling import cover_of
from rtcomplexity.scoring import sentences
from rtcomplexity.scoring.guardrails import FORBIDDEN
from unit.evidence.made_evidence import VERDICTS, record_of

JARGON = ("percentile", "T is", "cutoff", "stratum", "reference_not_applicable", "anchor")


@pytest.mark.parametrize("verdict", VERDICTS)
def test_the_first_screen_has_an_answer_a_reason_and_a_next_step_without_jargon(verdict):
    cover = cover_of(record_of(verdict))
    told = " ".join(
        [cover.answer, cover.headline, *cover.because, cover.decided_by, *(step.what for step in cover.steps)]
    )
    assert cover.because
    assert cover.steps
    assert bool(cover.missing) == (verdict != "rejects")
    assert not any(word in told for word in JARGON)
    assert not FORBIDDEN.search(told)


def test_every_reason_that_scoring_knows_has_plain_words():
    assert set(telling.REASONS) == set(sentences.REASONS)


def test_no_word_of_the_module_is_forbidden():
    for words in (telling.ANSWERS, telling.HEADLINES, telling.REASONS, telling.FAMILIES, telling.LEVELS, telling.CLAIM):
        assert not any(FORBIDDEN.search(text) for text in words.values())
    steps = [step for rows in telling._STEPS_BY_VERDICT.values() for step in rows]
    assert not any(FORBIDDEN.search(what) for _, what in [*steps, *telling._STEPS_BY_REASON.values()])


def test_the_service_level_follows_the_verdict():
    levels = {verdict: cover_of(record_of(verdict)).service_level for verdict in VERDICTS}
    assert levels == {
        "supports": "22, increased procedural service",
        "rejects": "11, routine service",
        "indeterminate": "none",
        "insufficient_evidence": "none",
    }


def test_options_stand_on_the_cover_with_the_default_answer_beside():
    record = record_of("supports", options={"--profile": "own.toml"})
    default = DefaultVerdict(value="rejects", claim="unknown", t=10.0)
    cover = cover_of(record.model_copy(update={"default_verdict": default}))
    assert cover.options == ("--profile own.toml",)
    assert cover.default_answer.startswith("Not supported:")
    assert cover_of(record_of("supports")).default_answer == ""


def not_eligible():
    record = record_of("supports")
    return record.model_copy(update={"verdict": record.verdict.model_copy(update={"claim": "not_eligible"})})


def test_a_claim_that_is_not_eligible_is_said_first_and_sends_nobody_to_work():
    cover = cover_of(not_eligible())
    assert cover.stop.startswith("Not eligible")
    assert [step.who for step in cover.steps] == ["Billing team"]
    assert "a stated fact is wrong" in cover.steps[0].what
    assert cover.missing == ()
    assert cover_of(record_of("supports")).stop == ""


def test_what_a_claim_file_stated_is_told():
    record = record_of()
    facts = record.plan.facts.model_copy(update={"site_stated_by": "claim", "fractions_stated_by": "claim"})
    stated = record.model_copy(update={"plan": record.plan.model_copy(update={"facts": facts})})
    assert cover_of(stated).options == (
        "site thoracic (stated in the claim file)",
        "fractions 5 (stated in the claim file)",
    )


def missing_words(record):
    return [item for each in cover_of(record).missing for item in each.items]


def test_a_stated_payer_is_named_and_not_called_missing():
    assert "the payer" in missing_words(record_of())
    fields = dict.fromkeys(StatedClaimRecord.model_fields) | {
        "modifiers": (),
        "is_from_file": True,
        "payer": "aetna",
        "payer_name": "Aetna",
        "global_period": "090",
    }
    record = record_of().model_copy(update={"stated_claim": StatedClaimRecord(**fields)})
    assert "the payer" not in missing_words(record)
    assert "the rule of Aetna (confirm it with the payer)" in missing_words(record)
    assert cover_of(record).options == ("global period 090 (stated in the claim file)",)


def test_a_small_cohort_is_told_with_how_many_plans_it_holds():
    cohort = CohortRecord(
        sha256="0" * 64,
        n=2,
        left_out=0,
        at_or_above=1,
        p=0.66,
        side=None,
        counts=False,
        context=("too_few_plans",),
        text="x",
    )
    words = missing_words(record_of().model_copy(update={"cohort": cohort}))
    assert "own earlier plans to compare with (2 of 120 plans)" in words


def test_facts_that_a_person_stated_are_told():
    record = record_of()
    facts = record.plan.facts.model_copy(update={"site_stated_by": "user", "fractions_stated_by": "user"})
    stated = record.model_copy(update={"plan": record.plan.model_copy(update={"facts": facts})})
    assert cover_of(stated).options == ("--site thoracic (stated by the user)", "--fractions 5 (stated by the user)")
