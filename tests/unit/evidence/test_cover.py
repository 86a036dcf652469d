import pytest

from rtcomplexity.evidence import words as told_words
from rtcomplexity.evidence.cover import cover_of
from rtcomplexity.evidence.record import CohortRecord, DefaultVerdict, StatedClaimRecord
from rtcomplexity.scoring import sentences
from rtcomplexity.scoring.guardrails import FORBIDDEN
from unit.evidence.made_evidence import VERDICTS, record_of

JARGON = ("T is", "cutoff", "stratum", "reference_not_applicable", "anchor")


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
    assert set(told_words.REASONS) == set(sentences.REASONS)


def test_no_word_of_the_module_is_forbidden():
    tables = {name: table for name, table in vars(told_words).items() if name.isupper()}
    assert len(tables) > 20
    assert not FORBIDDEN.search(repr(tables))
    assert "--" not in repr({name: table for name, table in tables.items() if name != "OPTIONS"})


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
    assert cover.options == ("Scoring profile: own.toml",)
    assert cover.default_answer.startswith("Not supported. ")
    assert cover_of(record_of("supports")).default_answer == ""


def not_eligible():
    record = record_of("supports")
    return record.model_copy(update={"verdict": record.verdict.model_copy(update={"claim": "not_eligible"})})


def test_a_claim_that_is_not_eligible_is_said_first_and_sends_nobody_to_work():
    cover = cover_of(not_eligible())
    assert cover.stop.startswith("Not eligible")
    assert [step.who for step in cover.steps] == ["Billing team"]
    assert cover.decision == "Do not submit with modifier 22"
    assert cover.steps[0].what == told_words.STOP
    assert cover.missing == ()
    assert cover_of(record_of("supports")).stop == ""


def test_what_a_claim_file_stated_is_told():
    record = record_of()
    facts = record.plan.facts.model_copy(update={"site_stated_by": "claim", "fractions_stated_by": "claim"})
    stated = record.model_copy(update={"plan": record.plan.model_copy(update={"facts": facts})})
    assert cover_of(stated).options == (
        "Treated site: thoracic (stated in the claim information)",
        "Fractions: 5 (stated in the claim information)",
    )


def missing_words(record):
    return [item for each in cover_of(record).missing for item in each.items]


def test_a_stated_payer_is_named_and_not_called_missing():
    assert "payer" in missing_words(record_of())
    fields = dict.fromkeys(StatedClaimRecord.model_fields) | {
        "modifiers": (),
        "diagnosis": (),
        "is_from_file": True,
        "payer": "aetna",
        "payer_name": "Aetna",
        "global_period": "090",
    }
    record = record_of().model_copy(update={"stated_claim": StatedClaimRecord(**fields)})
    assert "payer" not in missing_words(record)
    assert "payer policy of Aetna (confirm with the payer)" in missing_words(record)
    assert cover_of(record).options == ("MPFS global days indicator: 090 (stated in the claim information)",)


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
    assert "institutional comparison cohort (2 of 120 plans)" in words


def test_facts_that_a_person_stated_are_told():
    record = record_of()
    facts = record.plan.facts.model_copy(update={"site_stated_by": "user", "fractions_stated_by": "user"})
    stated = record.model_copy(update={"plan": record.plan.model_copy(update={"facts": facts})})
    assert cover_of(stated).options == (
        "Treated site: thoracic (stated by the user)",
        "Fractions: 5 (stated by the user)",
    )


@pytest.mark.parametrize(
    ("verdict", "decision"),
    [
        ("supports", "Ready for physician review"),
        ("rejects", "Do not submit with modifier 22"),
        ("indeterminate", "Hold the claim"),
        ("insufficient_evidence", "Hold the claim"),
    ],
)
def test_the_decision_comes_first_and_never_allows_a_claim(verdict, decision):
    assert cover_of(record_of(verdict)).decision == decision
