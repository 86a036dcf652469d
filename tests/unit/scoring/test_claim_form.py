"""The claim information form: every field of the file, nothing filled in, and messages that repeat nobody's words."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtcomplexity.scoring import claim_form
from rtcomplexity.scoring.claim_file import ClaimFile, claim_toml, load_claim
from rtcomplexity.scoring.claim_form import Kind, read, typed_of
from rtcomplexity.scoring.guardrails import FORBIDDEN

WHOLE = {
    "payer": "medicare", "cpt_code": "32701", "modifiers": "22, 59", "global_period": "XXX", "account_number": "A-1",
    "payer_id": "P-3", "member_id": "M-4",
    "claim_control_number": "C-2", "date_of_service": "03/09/2026", "facility": "A hospital", "site": "thoracic",
    "fractions": "5", "delineated_by": "A Name", "credentials": "MD", "npi": "1234567893",
    "delineator_reports_77261_77799": "no", "auto_segmentation_edited": "yes", "diagnosis": "C34.11, Z51.0",
    "laterality": "right", "stage": "IIB", "prior_radiation": "none", "physician_minutes": "95.5",
    "typical_minutes": "40", "typical_minutes_source": "a log", "reason": 'First "line".\nSecond: \\ line.',
    "procedure_note_attached": "yes", "signer": "A Name", "stated_by": "A Coder", "stated_on": "03/10/2026",
}  # fmt: skip


def test_the_form_has_every_field_of_the_claim_file_once():
    assert sorted(claim_form.fields()) == sorted(ClaimFile.model_fields)
    assert sum(len(group.fields) for group in claim_form.groups()) == len(ClaimFile.model_fields)


def test_an_empty_form_states_nothing():
    assert read({}).claim == ClaimFile()
    assert set(typed_of(ClaimFile()).values()) == {""}


def test_a_whole_form_goes_through_the_file_and_back(tmp_path):
    filled = read(WHOLE)
    assert filled.mistakes == {}
    path = tmp_path / "claim.toml"
    path.write_text(claim_toml(filled.claim), encoding="utf-8")
    again = load_claim(path)
    assert again == filled.claim
    assert typed_of(again) == WHOLE
    assert again.date_of_service == date(2026, 3, 9)
    assert again.modifiers == ("22", "59")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda text: text.strip()))
def test_any_text_survives_the_claim_file(tmp_path_factory, text):
    claim = ClaimFile(reason=text, stage=text)
    path = tmp_path_factory.mktemp("claims") / "claim.toml"
    path.write_bytes(claim_toml(claim).encode())
    assert load_claim(path) == claim


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("npi", "1234567890"), ("npi", "SECRET"), ("date_of_service", "2026-03-09"), ("date_of_service", "13/01/2026"),
        ("stated_on", "02/30/2026"), ("fractions", "2.5"), ("fractions", "0"), ("physician_minutes", "nan"),
        ("physician_minutes", "0"), ("typical_minutes", "1441"), ("typical_minutes", "1e999"),
        ("modifiers", "22, SECRET"), ("diagnosis", "SECRET"), ("global_period", "SECRET"), ("laterality", "SECRET"),
        ("site", "No Site"), ("cpt_code", "SECRET1"), ("procedure_note_attached", "SECRET"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_at_its_field_without_what_was_typed(name, typed):
    filled = read({**WHOLE, name: typed})
    assert filled.claim is None
    assert list(filled.mistakes) == [name]
    assert "SECRET" not in filled.mistakes[name]
    assert filled.typed[name] == typed


def test_several_mistakes_are_all_shown():
    assert set(read({"npi": "1", "date_of_service": "x", "fractions": "-1"}).mistakes) == {
        "npi", "date_of_service", "fractions",
    }  # fmt: skip


def test_no_choice_is_made_in_advance_and_no_text_of_the_form_is_forbidden():
    for field in claim_form.fields().values():
        assert all(value for value, _ in field.choices)
        texts = [field.label, field.hint, field.mistake, *(label for _, label in field.choices)]
        assert not any(FORBIDDEN.search(text) for text in texts)
        assert field.mistake
        assert not field.choices or field.kind in {Kind.CHOICE, Kind.YES_NO, Kind.SUGGESTED}
