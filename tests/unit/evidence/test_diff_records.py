import json

import pytest
from pydantic import ValidationError

from rtcomplexity.evidence import manifest as manifests
from rtcomplexity.evidence.deidentification import deidentified
from rtcomplexity.evidence.difference import difference_sentence, differences, with_one_line_of_reference
from rtcomplexity.evidence.record import StatedClaimRecord, from_json, to_json
from unit.evidence.made_evidence import folder_files, record_of


def moved(record, change):
    tree = json.loads(to_json(record))
    change(tree)
    return from_json(json.dumps(tree).encode())


def told(a, b):
    return [(change.kind, change.what, change.before, change.after) for change in differences(a, b)]


def test_the_same_record_has_no_difference():
    assert differences(record_of(), record_of()) == ()
    assert difference_sentence(record_of(), record_of(), ()) == (
        "The verdict is indeterminate in both; nothing else moved."
    )


def test_a_metric_that_moved_is_named_with_both_values():
    def grow(tree):
        tree["rois"][0]["metrics"]["shape.volume"]["value"] = 21.5

    assert told(record_of(), moved(record_of(), grow)) == [("metric", "ROI 2: shape.volume", "20.5", "21.5")]


def test_a_threshold_that_moved_is_named():
    def harder(tree):
        tree["score"]["reference"]["c_support"] = 98.5

    (change,) = differences(record_of(), moved(record_of(), harder))
    assert (change.kind, change.what, change.after) == ("threshold", "c_support", "98.5")


def test_values_of_the_reference_share_one_line_and_nothing_else_is_hidden():
    def another(tree):
        tree["plan"]["facts"]["fractions"] = 3
        tree["score"]["reference"] |= {"title": "another reference", "c_support": 98.5, "c_reject": 80.5}
        tree["rois"][0]["metrics"]["shape.volume"]["value"] = 21.5

    changes = differences(record_of(), moved(record_of(), another))
    short = with_one_line_of_reference(changes)
    assert [change.kind for change in changes] == ["option", "threshold", "threshold", "threshold", "metric"]
    assert [change.kind for change in short] == ["option", "threshold", "metric"]
    assert (short[0], short[2]) == (changes[0], changes[4])
    assert "3 words and values of the reference (--all lists each)" in short[1].what
    assert short[1].after == "another reference"


def test_a_single_value_of_the_reference_is_told_itself():
    def harder(tree):
        tree["score"]["reference"]["c_support"] = 98.5

    changes = differences(record_of(), moved(record_of(), harder))
    assert with_one_line_of_reference(changes) == changes


def test_an_option_and_a_fact_that_moved_are_named():
    def stated(tree):
        tree["options"] = {"--quick": "yes"}
        tree["plan"]["facts"]["fractions"] = 3

    kinds = {(kind, what): after for kind, what, _, after in told(record_of(), moved(record_of(), stated))}
    assert kinds == {("option", "--quick"): "yes", ("option", "fractions"): "3"}


def test_an_roi_that_came_or_went_is_named():
    def without(tree):
        tree["rois"] = tree["rois"][:-1]

    assert told(record_of(), moved(record_of(), without)) == [("roi", "ROI 9", "UNRESOLVED", "none")]


def test_the_verdict_comes_first_and_the_sentence_says_whether_it_moved():
    before, after = record_of("rejects"), record_of("supports")
    changes = differences(before, after)
    assert changes[0].kind == "verdict"
    assert difference_sentence(before, after, changes).startswith("The verdict moved from rejects to supports; ")


def test_an_input_that_moved_is_named():
    manifest = manifests.from_json(folder_files()["manifest.json"])
    other = manifest.model_copy(update={"inputs": manifest.inputs[:1]})
    (change,) = differences(record_of(), record_of(), (manifest, other))
    assert (change.kind, change.what) == ("input", "RTSTRUCT files: 1 missing")


HIDDEN = {
    "stability": lambda tree: tree["verdict"].update(stability=0.81),
    "number of redrawings": lambda tree: tree["verdict"].update(redrawings=200),
    "service level": lambda tree: tree["verdict"].update(service_level="22"),
    "reasons": lambda tree: tree["verdict"]["reasons"].pop(),
    "findings against": lambda tree: tree["verdict"]["against"].pop(),
    "readiness": lambda tree: tree["verdict"]["readiness"][0].update(state="met"),
    "claim rule": lambda tree: tree["verdict"]["claim_rule"].update(text="x"),
    "issues": lambda tree: tree["issues"].append({"code": "x", "severity": "info", "subject": "", "text": "x"}),
    "image sets": lambda tree: tree["image_sets"].append({**tree["image_sets"][0], "level": "referenced"}),
    "relations between ROIs": lambda tree: tree.update(relations=[]),
    "which ROIs are scored": lambda tree: tree["gross_target"].update(rois=[9]),
    "factors and groups": lambda tree: tree["score"].update(percentile=99.5),
    "who stated site and fractions": lambda tree: tree["plan"]["facts"].update(fractions_stated_by="user"),
    "structure set": lambda tree: tree["plan"]["structure_set"].update(approval="APPROVED!"),
    "names and drawing of ROIs": lambda tree: tree["rois"][0].update(generation="SEMIAUTOMATIC!"),
    "claim as stated": lambda tree: tree.update(
        stated_claim=dict.fromkeys(StatedClaimRecord.model_fields)
        | {"modifiers": [], "diagnosis": [], "is_from_file": True}
    ),
    "verdict without options": lambda tree: tree.update(
        default_verdict={"value": "rejects", "claim": "unknown", "t": 1}
    ),
    "fixed texts": lambda tree: tree.update(disclaimer="none"),
}


@pytest.mark.parametrize("what", HIDDEN)
def test_nothing_moves_unsaid(what):
    changes = differences(record_of(), moved(record_of(), HIDDEN[what]))
    assert [change.what for change in changes] == [what]
    assert "nothing else moved" not in difference_sentence(record_of(), record_of(), changes)


def test_an_identified_record_differs_from_its_deidentified_self_in_nothing_but_privacy():
    def quoting(tree):
        tree["issues"].append(
            {"code": "x", "severity": "info", "subject": "", "text": "ROI 'GTV Doe' of 1.2.840.99.1.20"}
        )

    record = moved(record_of(identified=True), quoting)
    assert [what for _, what, _, _ in told(record, deidentified(record))] == ["privacy"]


def test_a_claim_that_moved_is_named_whatever_the_privacy():
    def claimed(tree):
        HIDDEN["claim as stated"](tree)
        tree["stated_claim"]["cpt_code"] = "32701"

    named = moved(record_of(identified=True), claimed)
    assert [what for _, what, _, _ in told(named, record_of())] == ["privacy", "claim as stated"]


def test_every_part_of_a_record_is_compared():
    """Each leaf of the record, changed alone, is a change, but for UIDs that are keyed by the plan and definitions."""
    record = record_of()
    tree = json.loads(to_json(record))
    unsaid = []
    for path in leaves(tree):
        repeated = path[0] in {"relations", "rois"} and path[1] > 0
        if repeated or path[0] in {"schema", "metric_definitions"} or path == ("software", "name"):
            continue
        try:
            other = moved(record, lambda changed, path=path: spoil(changed, path))
        except ValidationError:
            continue
        if not differences(record, other):
            unsaid.append(".".join(map(str, path)))
    assert [each for each in unsaid if "uid" not in each] == []


def leaves(tree, path=()):
    if isinstance(tree, dict | list) and tree:
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, key))
    elif tree not in (None, [], {}):
        yield path


def spoil(tree, path):
    for key in path[:-1]:
        tree = tree[key]
    value = tree[path[-1]]
    if isinstance(value, bool):
        tree[path[-1]] = not value
    elif isinstance(value, int | float):
        tree[path[-1]] = value + 1
    elif isinstance(value, str):
        tree[path[-1]] = {"met": "missing", "info": "warning", "rejects": "supports"}.get(value, value + "!")
