"""De-identification as a function of the record: nothing that identifies survives, nothing else changes."""

import json
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from rtcomplexity.evidence.deidentification import deidentified
from rtcomplexity.evidence.naming import keyed_uid
from rtcomplexity.evidence.record import from_json, to_json
from rtcomplexity.scoring.claim_file import ClaimFile
from unit.evidence.made_evidence import VERDICTS, for_payment, record_of

LETTERS = st.text("QWXZJK", min_size=9, max_size=14)
"""Words that no sentence of the software holds."""
UIDS = st.lists(st.integers(1, 99_999), min_size=4, max_size=9).map(lambda parts: "1.2." + ".".join(map(str, parts)))


def identified_tree():
    claim = ClaimFile(delineated_by="x", reason="x", signer="x", date_of_service=date(2026, 1, 2), payer="medicare")
    return json.loads(to_json(for_payment(claim)))


def spoilt(tree, words, uid):
    """The record's tree with a word or UID in every field that a file or a person fills."""
    word = iter(words)
    plan = tree["plan"]
    plan["structure_set"] |= {"sop_instance_uid": uid, "manufacturer": next(word), "approval": next(word)}
    plan["structure_set"]["chosen_because"] = f"newer than {uid}"
    plan["planning_image"] |= {"series_uid": uid, "patient_position": next(word)}
    plan["rt_plan"] |= {"sop_instance_uid": uid, "approval": next(word), "treatment_site": next(word)}
    for roi in tree["rois"]:
        roi |= {"name": next(word), "generation": next(word)}
    by_number = {roi["number"]: roi["name"] for roi in tree["rois"]}
    for relation in tree["relations"]:
        relation |= {"a": by_number[relation["a_number"]], "b": by_number[relation["b_number"]]}
    for image_set in tree["image_sets"]:
        image_set |= {"series_uids": [uid], "shown_by": f"by {uid}, as stated"}
    quoted = tree["rois"][0]["name"]
    for issue in tree["issues"]:
        issue["text"] = f"ROI '{quoted}' refers to {uid}."
    tree["options"] = {"--map": f"{quoted}=GTV", "--structure-set": uid, "--payer": next(word)}
    tree["identification"] |= dict.fromkeys(["patient_name", "patient_id", "structure_set_label"], next(word))
    tree["stated_claim"] = {
        **(tree["stated_claim"] or {}), "cpt_code": None, "modifiers": [], "payer": None, "payer_name": None,
        "global_period": None, "date_of_service": "2026-01-02", "delineated_by": next(word), "physician_minutes": 90,
        "typical_minutes": 40, "typical_minutes_source": next(word), "reason": next(word), "signer": next(word),
    }  # fmt: skip
    return tree


@settings(max_examples=40, deadline=None)
@given(words=st.lists(LETTERS, min_size=30, max_size=30, unique=True), uid=UIDS)
def test_no_identifier_of_the_input_survives(words, uid):
    record = from_json(json.dumps(spoilt(identified_tree(), words, uid)).encode())
    text = to_json(deidentified(record)).decode()
    used = [word for word in words if word in to_json(record).decode()]
    assert len(used) >= 15
    assert not [word for word in used if word in text]
    assert uid not in text
    assert "2026-01-02" not in text
    assert keyed_uid(uid, record.plan.id) in text


def test_every_number_and_the_answer_stay_as_they_are():
    for verdict in VERDICTS:
        whole, hidden = record_of(verdict, identified=True), record_of(verdict)
        assert hidden.score == whole.score
        assert hidden.gross_target == whole.gross_target
        assert hidden.verdict == whole.verdict
        assert [roi.metrics for roi in hidden.rois] == [roi.metrics for roi in whole.rois]


def test_one_uid_has_one_key_in_fields_and_in_texts():
    tree = json.loads(to_json(record_of(identified=True)))
    uid = tree["plan"]["structure_set"]["sop_instance_uid"]
    tree["issues"][0]["text"] = f"Compare {uid}."
    hidden = deidentified(from_json(json.dumps(tree).encode()))
    assert hidden.issues[0].text == f"Compare {hidden.plan.structure_set.sop_instance_uid}."


def test_what_is_deidentified_stays_as_it_is():
    record = record_of()
    assert deidentified(record) is record
    assert from_json(to_json(record)) == record
