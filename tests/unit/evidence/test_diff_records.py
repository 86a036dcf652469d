import json

from rtcomplexity.evidence import manifest as manifests
from rtcomplexity.evidence.difference import difference_sentence, differences
from rtcomplexity.evidence.record import from_json, to_json
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
