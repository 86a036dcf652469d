from dataclasses import replace
from datetime import date

import pytest

from rtcomplexity.model.plan import RtPlan
from rtcomplexity.scoring.claim import StatedClaim, claim_of, readiness_of, stated_claim, warnings_of
from rtcomplexity.scoring.claim_file import FORMS, TEMPLATE, ClaimFile, ClaimFileError, load_claim
from rtcomplexity.scoring.facts import CaseFacts, StatedBy, case_facts
from rtcomplexity.scoring.guardrails import FORBIDDEN
from rtcomplexity.scoring.payer import payer_named
from rtcomplexity.scoring.site import TreatedSite, known_sites
from unit.scoring.made_profile import NOT_THORACIC, THORACIC, thoracic
from unit.scoring.test_facts import CASE, TABLE


def stated(payer=None, **fields):
    return stated_claim(ClaimFile(**fields), payer)


def states(claim):
    return {item.item: item.state.value for item in readiness_of(thoracic(), claim)}


def written(tmp_path, text):
    path = tmp_path / "claim.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_template_states_nothing(tmp_path):
    assert load_claim(written(tmp_path, TEMPLATE)) == ClaimFile()


def test_every_field_stands_in_the_template_commented_out():
    lines = [line for line in TEMPLATE.splitlines() if line]
    assert all(line.startswith("#") for line in lines)
    assert all(any(line.startswith(f"# {field} =") for line in lines) for field in ClaimFile.model_fields)


def test_the_template_offers_no_11_and_no_reason():
    assert not FORBIDDEN.search(TEMPLATE)
    assert "11 is a place of service, not a modifier" in TEMPLATE


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("fractions = 0", "fractions (line 1)"),
        ("\nsite = 'Brain!'", "site (line 2)"),
        ("global_period = '91'", "global_period (line 1)"),
        ("cpt_code = '7'", "cpt_code (line 1)"),
        ("physician_minutes = -3", "physician_minutes (line 1)"),
        ("physician_minutes = 0", "physician_minutes (line 1)"),
        ("physician_minutes = 1440.5", "physician_minutes (line 1)"),
        ("patient_name = 'x'", "a field that does not exist (line 1)"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_not_with_its_text(tmp_path, text, named):
    with pytest.raises(ClaimFileError) as caught:
        load_claim(written(tmp_path, text))
    assert named in str(caught.value)
    assert "patient_name" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('modifiers = "22"', 'modifiers = ["..", ".."]'),
        ("fractions = 'three'", "a whole number"),
        ('date_of_service = "31.01.2026"', "year-month-day"),
        ("fraction = 3", "the nearest field is fractions"),
        ("zebra_doe = 3", "claim new lists the fields"),
        ('payer = "x"\nsite = \n', "line 2 cannot be read"),
    ],
)
def test_a_mistake_is_told_with_the_right_form_and_no_word_of_the_reader(tmp_path, text, told):
    with pytest.raises(ClaimFileError) as caught:
        load_claim(written(tmp_path, text))
    assert told in str(caught.value)
    assert not any(word in str(caught.value) for word in ("tuple", "Extra inputs", "parse", "zebra", "31.01", "three"))


def test_every_field_has_a_form_that_is_shown():
    assert FORMS.keys() == ClaimFile.model_fields.keys()


@pytest.mark.parametrize(
    "content", [b"fractions = ", b"\xff\xfe", b"a = " + b"[" * 100_000], ids=["cut", "bytes", "deep"]
)
def test_what_is_no_toml_is_refused(tmp_path, content):
    path = tmp_path / "claim.toml"
    path.write_bytes(content)
    with pytest.raises(ClaimFileError, match="not valid TOML"):
        load_claim(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ClaimFileError, match="cannot be read"):
        load_claim(tmp_path / "none.toml")


@pytest.mark.parametrize(("written_as", "meant"), [("0", "000"), ("90", "090"), ("xxx", "XXX")])
def test_global_periods_are_spelled_one_way(written_as, meant):
    assert ClaimFile(global_period=written_as).global_period == meant


def test_the_claim_file_counts_where_the_rt_plan_is_silent():
    claim = ClaimFile(site="thoracic", fractions=3)
    silent = replace(CASE, rt_plan=RtPlan(sop_instance_uid="1.6"))
    facts = case_facts(silent, TABLE, claim=claim)
    assert (facts.site, facts.site_stated_by) == (THORACIC, StatedBy.CLAIM)
    assert (facts.fractions, facts.fractions_stated_by) == (3, StatedBy.CLAIM)
    assert case_facts(CASE, TABLE, claim=claim).fractions_stated_by is StatedBy.RT_PLAN


@pytest.mark.parametrize(
    ("payer", "period", "fractions", "status"),
    [
        ("medicare", "XXX", 5, "not_eligible"),
        ("medicare", "090", 5, "eligible"),
        ("medicare", "090", 6, "not_eligible"),
        ("medicare", "090", None, "unknown"),
        ("medicare", None, 5, "unknown"),
        ("cigna", "090", 5, "unknown"),
        (None, "090", 5, "unknown"),
    ],
)
def test_a_gate_fires_only_on_known_facts(payer, period, fractions, status):
    found = claim_of(thoracic(fractions=fractions), stated(payer, global_period=period))
    assert found.status == status
    assert (found.rule == "") is (status == "unknown")
    assert (found.source == "") is (status == "unknown")


def test_a_site_that_only_an_image_states_makes_no_claim_ineligible():
    elsewhere = thoracic(site=NOT_THORACIC, site_stated_by=StatedBy.IMAGE)
    assert claim_of(elsewhere).status == "unknown"
    assert claim_of(thoracic(site=NOT_THORACIC, site_stated_by=StatedBy.USER)).status == "not_eligible"


def test_readiness_is_met_by_what_is_stated_and_by_nothing_else():
    claim = stated(
        "medicare",
        physician_minutes=90,
        typical_minutes=40,
        typical_minutes_source="log of 2025",
        reason="The tumor could not be told from collapsed lung.",
        procedure_note_attached=True,
        signer="A. Physician",
        delineated_by="thoracic surgeon",
        delineator_reports_77261_77799=False,
        global_period="XXX",
    )
    found = states(claim)
    assert {item for item, state in found.items() if state != "met"} == {"approval_status", "local_cohort"}
    unstated = {item.state.value for item in readiness_of(CaseFacts(), StatedClaim())}
    assert unstated == {"missing", "unknown"}


@pytest.mark.parametrize(
    ("fields", "item", "state"),
    [
        ({"procedure_note_attached": True}, "procedure_note", "missing"),
        ({"procedure_note_attached": False, "signer": "x"}, "procedure_note", "missing"),
        ({"typical_minutes": 40}, "typical_minutes", "missing"),
        ({"delineator_reports_77261_77799": True}, "reports_77261_77799", "missing"),
    ],
)
def test_a_half_stated_item_is_not_met(fields, item, state):
    assert states(stated(**fields))[item] == state


def test_readiness_repeats_no_name_and_no_words_of_the_physician():
    claim = stated(signer="Dr Zebra", delineated_by="Dr Zebra", reason="Zebra", procedure_note_attached=True)
    assert not any("Zebra" in item.text for item in readiness_of(thoracic(), claim))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"modifiers": ("11",)}, "claim-modifier-11"),
        ({"cpt_code": "77263"}, "claim-other-code"),
        ({"fractions": 3}, "claim-disagrees-with-plan"),
        ({"site": "not-thoracic"}, "claim-disagrees-with-plan"),
        ({"physician_minutes": 30, "typical_minutes": 45}, "claim-minutes-typical"),
        ({"physician_minutes": 45, "typical_minutes": 45}, "claim-minutes-typical"),
    ],
)
def test_a_claim_is_checked_against_itself_and_the_rt_plan(fields, code):
    claim = stated(**fields)
    found = warnings_of(claim, case_facts(CASE, TABLE, claim=claim.claim), CASE)
    assert [(issue.code, issue.subject) for issue in found] == [(code, "claim")]


def test_a_claim_that_agrees_warns_of_nothing():
    minutes = {"physician_minutes": 46, "typical_minutes": 45}
    claim = stated(cpt_code="32701", fractions=5, site="thoracic", modifiers=("22",), **minutes)
    assert warnings_of(claim, case_facts(CASE, TABLE, claim=claim.claim), CASE) == ()


def test_a_day_has_1440_minutes():
    assert ClaimFile(physician_minutes=1440).physician_minutes == 1440


def test_the_rule_of_a_payer_is_told_where_it_is_known():
    assert states(stated("medicare"))["payer_rule"] == "met"
    assert states(stated("cigna"))["payer_rule"] == "unknown"
    silent = payer_named("medicare").model_copy(update={"rules": ()})
    items = readiness_of(thoracic(), replace(stated("medicare"), payer=silent))
    texts = {item.item: item.text for item in items}
    assert {item.item: item.state.value for item in items}["payer_rule"] == "unknown"
    assert texts["payer_rule"] == (f"The global-days policy of {silent.name} is not known: confirm it with the payer.")


def test_no_statement_makes_a_long_or_distant_course_eligible():
    long = replace(CASE, rt_plan=RtPlan(sop_instance_uid="1.6", fractions_planned=30, treatment_site="Lung"))
    distant = replace(CASE, rt_plan=RtPlan(sop_instance_uid="1.6", fractions_planned=5, treatment_site="Prostate"))
    claim = stated("medicare", global_period="000")
    for case in (long, distant):
        facts = case_facts(case, TABLE, site=THORACIC, fractions=5)
        assert claim_of(facts, claim).status == "not_eligible"
        assert [issue.code for issue in warnings_of(claim, facts, case)] == ["stated-otherwise-than-plan"]
    agreed = case_facts(CASE, TABLE, site=THORACIC, fractions=5)
    assert claim_of(agreed, claim).status == "eligible"


def test_a_rule_on_32701_says_nothing_of_another_code():
    facts = case_facts(CASE, TABLE)
    assert claim_of(facts, stated("medicare", global_period="000", cpt_code="32701")).status == "eligible"
    assert claim_of(facts, stated("medicare", global_period="000", cpt_code="77263")).status == "unknown"


def test_a_thoracic_site_stated_over_an_image_of_a_leg_is_told():
    image = replace(CASE.planning_image, body_part="LEG")
    case = replace(CASE, planning_image=image, rt_plan=None)
    facts = case_facts(case, TABLE, site=THORACIC)
    assert [issue.code for issue in warnings_of(stated(), facts, case)] == ["stated-otherwise-than-image"]
    assert warnings_of(stated(), case_facts(CASE, TABLE, site=THORACIC), CASE) == ()


def test_a_stated_payer_is_not_missing_and_what_is_known_of_it_is_told():
    (item,) = (each for each in readiness_of(thoracic(), stated("Aetna")) if each.item == "payer_rule")
    assert item.state == "unknown"
    assert "Aetna" in item.text
    assert "confirm it with the payer" in item.text
    assert payer_named("aetna").rule("documents").text in item.text


@pytest.mark.parametrize("by_option", [True, False])
def test_an_unlisted_payer_stops_nothing_and_its_name_is_not_repeated(by_option):
    by_file = stated_claim(ClaimFile(payer="Zebra Health", global_period="090"))
    claim = stated("Zebra Health", global_period="090") if by_option else by_file
    assert [issue.code for issue in warnings_of(claim, thoracic())] == ["claim-payer-unlisted"]
    texts = [item.text for item in readiness_of(thoracic(), claim)] + [claim_of(thoracic(fractions=5), claim).text]
    assert states(claim)["payer_rule"] == "unknown"
    assert claim_of(thoracic(fractions=5), claim).status == "unknown"
    assert not any("Zebra" in text for text in texts)


def test_what_keeps_the_claim_unknown_is_named():
    nothing = claim_of(CaseFacts()).text
    for what in ("the treated site", "the number of fractions", "the payer", "the MPFS global days indicator"):
        assert what in nothing
    some = claim_of(thoracic(fractions=3), stated("medicare")).text
    assert "global days" in some
    assert "site" not in some
    assert "fractions" not in some
    every = claim_of(thoracic(fractions=3), stated("aetna", global_period="000")).text
    assert "Aetna" in every
    assert "Not provided" not in every


def test_a_global_period_on_review_is_decided_case_by_case():
    assert "case by case" in claim_of(thoracic(fractions=3), stated("regence", global_period="ZZZ")).text


def test_site_and_fractions_are_asked_for_where_nobody_stated_them():
    items = {item.item: item for item in readiness_of(CaseFacts())}
    for item in ("treated_site", "fractions"):
        assert (items[item].state, items[item].supplied_by) == ("unknown", "planning or physics")
    assert states(StatedClaim())["treated_site"] == "met"
    only_image = CaseFacts(site=NOT_THORACIC, site_stated_by=StatedBy.IMAGE)
    assert {item.item: item.state for item in readiness_of(only_image)}["treated_site"] == "unknown"


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"fractions": 3}, ("3 fractions", "--fractions states 30")),
        ({"site": "not-thoracic"}, ("not-thoracic", "--site states thoracic")),
        ({"payer": "Cigna"}, ("--payer",)),
    ],
)
def test_a_claim_file_against_an_option_is_told_with_both(fields, named):
    claim = stated_claim(ClaimFile(**fields), "medicare")
    silent = replace(CASE, rt_plan=None)
    facts = case_facts(silent, TABLE, site=THORACIC, fractions=30, claim=claim.claim)
    (issue,) = warnings_of(claim, facts, silent)
    assert issue.code == "claim-disagrees-with-option"
    assert all(each in issue.text for each in named)


def test_a_claim_file_that_says_the_same_as_the_options_is_not_told():
    claim = stated_claim(ClaimFile(fractions=3, site="thoracic", payer="Medicare"), "medicare")
    silent = replace(CASE, rt_plan=None)
    assert warnings_of(claim, case_facts(silent, TABLE, site=THORACIC, fractions=3, claim=claim.claim)) == ()


def text_of(claim, item):
    return {each.item: each.text for each in readiness_of(thoracic(), claim)}[item]


@pytest.mark.parametrize(
    ("fields", "item", "told"),
    [
        ({"procedure_note_attached": True, "signer": "x"}, "procedure_note", "and a signer is named"),
        ({"procedure_note_attached": True}, "procedure_note", "but no signer is named"),
        ({"typical_minutes": 40, "typical_minutes_source": "log"}, "typical_minutes", ", with a source"),
        ({"typical_minutes": 40}, "typical_minutes", ", without a source"),
    ],
)
def test_an_item_tells_what_is_stated_of_it(fields, item, told):
    assert told in text_of(stated(**fields), item)


@pytest.mark.parametrize(("period", "verb"), [("090", " accepts "), ("XXX", " does not accept ")])
def test_a_gate_is_told_as_it_was_decided(period, verb):
    assert verb in claim_of(thoracic(fractions=5), stated("medicare", global_period=period)).text


def test_a_rule_is_dated_by_the_day_of_service():
    rule = payer_named("medicare").rule("global_period").model_copy(update={"as_of": date(2020, 1, 1)})
    payer = payer_named("medicare").model_copy(update={"rules": (rule,)})
    late, early = date(2099, 1, 1), date(2001, 1, 1)
    assert rule.dating(late) != rule.dating(early)
    for day in (late, early):
        dated = replace(stated("medicare", date_of_service=day), payer=payer)
        assert text_of(dated, "payer_rule").endswith(rule.dating(day))


def test_who_lacks_only_the_payer_is_told_so_in_one_sentence():
    found = claim_of(thoracic(fractions=3), stated(global_period="090"))
    assert found.text == "Not provided: the payer."
    both = claim_of(thoracic(fractions=None), stated(global_period="090"))
    assert both.text.endswith("Not provided: the number of fractions and the payer.")


def test_a_payers_name_begins_a_sentence_in_capitals_and_is_else_as_written():
    text = claim_of(thoracic(fractions=3), stated("regence", global_period="ZZZ")).text
    assert text.startswith(payer_named("regence").name[:1].upper() + payer_named("regence").name[1:] + " decides")
    unlisted = claim_of(thoracic(fractions=3), stated("Zebra Health", global_period="090"))
    assert "decides" not in unlisted.text


@pytest.mark.parametrize(("fields", "warned"), [({"physician_minutes": 30}, 0), ({"typical_minutes": 30}, 0), ({}, 0)])
def test_minutes_are_compared_only_where_both_are_stated(fields, warned):
    assert len(warnings_of(stated(**fields), thoracic())) == warned


def test_a_course_whose_fractions_nobody_stated_is_not_called_long():
    assert claim_of(thoracic(fractions=None)).status == "unknown"
    assert claim_of(thoracic(fractions=None, planned_fractions=6)).status == "not_eligible"


def test_three_mistakes_are_told_and_no_more(tmp_path):
    lines = ["fractions = 0", "site = 'x'", "cpt_code = '7'", "physician_minutes = -1"]
    with pytest.raises(ClaimFileError) as caught:
        load_claim(written(tmp_path, "\n".join(lines)))
    fields = ("fractions (", "site (", "cpt_code (", "physician_minutes (")
    assert sum(field in str(caught.value) for field in fields) == 3


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("modifiers = ['22', 'x']", "modifiers (line 1): expected a line like modifiers"),
        ("physician_minute = 3", "the nearest field is physician_minutes"),
        ("typical_minute = 3", "the nearest field is typical_minutes."),
        ("payer = 'x'\nsite = \n", "is not valid TOML: line 2 cannot be read."),
    ],
)
def test_a_mistake_inside_a_list_or_a_name_is_placed(tmp_path, text, told):
    with pytest.raises(ClaimFileError) as caught:
        load_claim(written(tmp_path, text))
    assert told in str(caught.value)


def test_blanks_around_what_is_stated_do_not_count():
    assert ClaimFile(payer="  Aetna ").payer == "Aetna"
    with pytest.raises(ValueError, match="signer"):
        ClaimFile(signer="   ")


def test_a_site_that_is_not_known_is_not_dropped_in_silence():
    found = warnings_of(stated_claim(ClaimFile(site="lung")), thoracic())
    assert [issue.code for issue in found] == ["claim-site-unknown"]
    assert "brain" in found[0].text
    assert warnings_of(stated_claim(ClaimFile(site="thoracic")), thoracic()) == ()


def test_a_site_of_ones_own_profile_is_known_and_one_that_a_message_lists_is_taken():
    knee = known_sites(TreatedSite(id="knee", title="knee", place="the knee"))
    claim = stated_claim(ClaimFile(site="knee"))
    facts = replace(thoracic(), site_stated_by=StatedBy.RT_PLAN)
    assert [issue.code for issue in warnings_of(claim, facts, sites=knee)] == ["claim-disagrees-with-plan"]
    (unknown,) = warnings_of(claim, facts)
    assert "Known sites: abdomen, brain, " in unknown.text
    assert "any" not in unknown.text.partition("Known sites: ")[2]
