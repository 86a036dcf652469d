import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rtcomplexity.errors import MissingExtraError, UsageError
from rtcomplexity.evidence import manifest as manifests
from rtcomplexity.evidence import signing, verification
from rtcomplexity.evidence.folder import EvidenceFolder
from rtcomplexity.evidence.manifest import InputFile
from rtcomplexity.evidence.package import sealed_files
from rtcomplexity.evidence.record import Identification, from_json, to_json
from rtcomplexity.evidence.verification import (
    Agreement,
    check_folder,
    compare_inputs,
    compare_pictures,
    compare_records,
    unreadable_plan,
    verification_sentence,
    with_pictures,
)
from unit.evidence.made_evidence import NOW, VERDICTS, folder_files, record_of

FILES = folder_files()
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNED = folder_files(key=KEY)


def check(files, **options):
    return check_folder(EvidenceFolder(files=files), **options)


def raw(key):
    return key.public_key().public_bytes_raw()


def changed(record, **numbers):
    """The same record as another platform would write it, with some numbers moved."""
    tree = json.loads(to_json(record))
    tree["gross_target"]["metrics"]["scored.volume"]["value"] *= numbers.get("volume", 1)
    if "verdict" in numbers:
        tree["verdict"]["value"] = numbers["verdict"]
    if "version" in numbers:
        tree["software"]["version"] = numbers["version"]
    if "text" in numbers:
        tree["verdict"]["text"] = numbers["text"]
    return from_json(json.dumps(tree).encode())


@pytest.mark.parametrize("verdict", VERDICTS)
def test_an_untouched_folder_has_no_problem(verdict):
    found = check(folder_files(record_of(verdict)))
    assert (found.problems, found.notes) == ((), ())
    assert verification_sentence(found)[0]


@pytest.mark.parametrize("name", sorted(SIGNED))
def test_one_flipped_byte_in_any_output_is_caught(name):
    content = SIGNED[name]
    for place in sorted({0, len(content) // 3, len(content) // 2, len(content) - 2, len(content) - 1}):
        flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        try:
            found = check({**SIGNED, name: flipped})
        except verification.InputDataError:
            continue
        assert found.problems, (name, place)


def test_every_single_byte_of_the_manifest_counts():
    content = FILES["manifest.json"]
    for place in range(0, len(content), 7):
        flipped = content[:place] + bytes([content[place] ^ 2]) + content[place + 1 :]
        try:
            assert check({**FILES, "manifest.json": flipped}).problems, place
        except verification.InputDataError:
            continue


@pytest.mark.parametrize("name", sorted(set(FILES) - {"manifest.json"}))
def test_a_missing_output_is_named(name):
    files = {each: content for each, content in FILES.items() if each != name}
    assert f"{name} is gone" in check(files).problems


def test_an_added_output_is_named():
    assert (
        "pictures/uptake.png was added: the manifest does not list it"
        in check({**FILES, "pictures/uptake.png": b"x"}).problems
    )


def test_a_foreign_file_is_noted_and_is_no_problem():
    found = check_folder(EvidenceFolder(files=FILES, others=("mine.txt",)))
    assert found.problems == ()
    assert "mine.txt" in found.notes[0]


@pytest.mark.parametrize("name", ["evidence.html", "evidence.pdf", "rois.csv", "summary.txt"])
def test_a_report_that_was_rewritten_together_with_the_manifest_is_caught(name):
    record = record_of()
    outputs = {each: content for each, content in FILES.items() if each != "manifest.json"}
    forged = sealed_files(record, {**outputs, name: outputs[name] + b" "}, (), written_at=NOW)
    assert check(forged).problems == (f"{name} does not say what the record says",)


def test_a_record_that_was_rewritten_together_with_the_manifest_is_caught():
    outputs = {each: content for each, content in FILES.items() if each != "manifest.json"}
    other = to_json(record_of("supports"))
    forged = sealed_files(record_of(), {**outputs, "evidence.json": other}, (), written_at=NOW)
    assert "manifest.json does not speak of this evidence.json" in check(forged).problems


def resealed(name, content, packages=None):
    """The folder with one file replaced, and a manifest that says so and may name other software."""
    outputs = {each: kept for each, kept in FILES.items() if each != "manifest.json"} | {name: content}
    manifest = manifests.build_manifest(record_of(), outputs, (), written_at=NOW)
    named = manifests.sealed(manifest.model_copy(update={"packages": packages or manifest.packages}))
    return {**outputs, "manifest.json": manifests.to_json(named)}


def test_reports_of_other_software_that_say_the_same_are_checked(monkeypatch):
    monkeypatch.setattr(verification, "installed_packages", lambda: {"rtcomplexity": "9"})
    found = check(FILES)
    assert (found.problems, found.unchecked) == ((), ())


def test_naming_other_software_in_the_manifest_does_not_make_a_forged_report_pass_unseen():
    found = check(resealed("evidence.html", b"<h1>Supported</h1>", {"rtcomplexity": "0.0.9"}))
    assert found.unchecked == ("evidence.html",)
    same = compare_records(record_of(), record_of())
    for told in (verification_sentence(found), verification_sentence(found, inputs=(), comparison=same)):
        assert (told[0], told[1].startswith("Not checked: evidence.html.")) == (False, True)
    signed = replace(found, is_vouched_for=True)
    for told in (verification_sentence(signed), verification_sentence(signed, inputs=(), comparison=same)):
        assert (told[0], told[1].startswith("Only evidence.json was checked, not evidence.html")) == (True, True)
    assert check(resealed("evidence.html", b"<h1>Supported</h1>")).problems


def test_a_picture_of_something_else_is_a_problem():
    saved = EvidenceFolder(files=FILES).pictures()
    name = next(iter(saved.files))
    drawn = replace(saved, files={**saved.files, name: b"another picture"})
    manifest = manifests.from_json(FILES["manifest.json"])
    same = compare_records(record_of(), record_of())
    near = compare_records(record_of(), changed(record_of(), volume=1 + 5e-6))
    assert compare_pictures(saved, saved) == ()
    differing = compare_pictures(saved, drawn)
    assert differing == (f"pictures/{name}",)
    assert with_pictures(check(FILES), differing, manifest, same).problems == (
        f"pictures/{name} does not show what the plan shows",
    )
    elsewhere = with_pictures(check(FILES), differing, manifest, near)
    assert (elsewhere.problems, elsewhere.unchecked) == ((), differing)
    assert verification_sentence(elsewhere, inputs=(), comparison=near)[0]


def test_parts_of_a_uid_are_no_measured_numbers():
    a, b = (changed(record_of(), text=f"of 1.2.840.{n}.5 found") for n in (1000000, 1000001))
    assert compare_records(a, b).agreement is Agreement.DIFFERS
    a, b = (changed(record_of(), text=f"of 1.2.840.1.{n} found") for n in (1000000, 1000001))
    assert compare_records(a, b).agreement is Agreement.DIFFERS


def test_what_names_a_patient_has_no_tolerance():
    record = record_of(identified=True)
    who = dict.fromkeys(Identification.model_fields)
    a, b = (
        record.model_copy(update={"identification": Identification(**{**who, "patient_id": each})})
        for each in ("123456.7", "123456.8")
    )
    assert compare_records(a, b).differences == ("identification.patient_id",)


def test_inputs_are_compared_as_sets_of_files():
    manifest = manifests.from_json(FILES["manifest.json"])
    assert compare_inputs(manifest, reversed(manifest.inputs)) == ()
    swapped = (InputFile(kind="CT", sha256="c" * 64), manifest.inputs[1])
    assert compare_inputs(manifest, swapped) == ("CT files: 1 changed",)
    assert compare_inputs(manifest, manifest.inputs[:1]) == ("RTSTRUCT files: 1 missing",)
    more = (*manifest.inputs, InputFile(kind="PT", sha256="d" * 64))
    assert compare_inputs(manifest, more) == ("PT files: 1 new",)


def test_the_same_record_is_identical():
    assert compare_records(record_of(), record_of()).agreement is Agreement.IDENTICAL


@pytest.mark.parametrize(("factor", "expected"), [(1 + 5e-6, "equivalent"), (1 + 5e-5, "differs")])
def test_numbers_within_the_tolerance_are_equivalent(factor, expected):
    assert compare_records(record_of(), changed(record_of(), volume=factor)).agreement == expected


def test_numbers_in_sentences_have_the_same_tolerance_and_words_have_none():
    record = record_of()
    a = changed(record, text="T is 83.7500 of 100")
    assert compare_records(a, changed(record, text="T is 83.7501 of 100")).agreement is Agreement.EQUIVALENT
    assert compare_records(a, changed(record, text="T is 83.8 of 100")).agreement is Agreement.DIFFERS
    assert compare_records(a, changed(record, text="T was 83.75 of 100")).agreement is Agreement.DIFFERS
    assert compare_records(a, changed(record, text="T is 83.7500 of 101")).agreement is Agreement.DIFFERS


def test_another_verdict_differs_and_is_named():
    found = compare_records(record_of("rejects"), changed(record_of("rejects"), verdict="supports"))
    assert found.agreement is Agreement.DIFFERS
    assert found.differences == ("verdict.value",)


def test_another_version_alone_is_equivalent_and_said_so():
    found = compare_records(record_of(), changed(record_of(), version="0.2.0"))
    assert found.agreement is Agreement.EQUIVALENT
    good, sentence = verification_sentence(check(FILES), inputs=(), comparison=found)
    assert good
    assert "another version" in sentence


def test_the_sentence_names_what_differs():
    found = compare_records(record_of(), changed(record_of(), volume=2))
    good, sentence = verification_sentence(check(FILES), inputs=("CT files: 1 changed",), comparison=found)
    assert not good
    assert sentence == (
        "Differs: CT files: 1 changed; the record derived again has the same verdict and other volumes, and differs in "
        "gross_target.metrics.scored.volume.value."
    )
    assert not verification_sentence(check(FILES), inputs=unreadable_plan("No images."))[0]


def test_verdict_and_volumes_stand_before_names_of_things():
    def other(record):
        tree = json.loads(to_json(record))
        tree["plan"]["id"] = "0" * 64
        tree["plan"]["structure_set"]["sop_instance_uid"] = "2.25.1"
        tree["score"]["t"] = 12.5
        tree["rois"][0]["metrics"]["shape.volume"]["value"] *= 2
        tree["verdict"]["value"] = "supports"
        return from_json(json.dumps(tree).encode())

    found = compare_records(record_of("rejects"), other(record_of("rejects")))
    assert found.differences == (
        "verdict.value",
        "score.t",
        "rois[0].metrics.shape.volume.value",
        "plan.id",
        "plan.structure_set.sop_instance_uid",
    )
    _, sentence = verification_sentence(check(FILES), inputs=(), comparison=found)
    assert sentence.startswith(
        "Differs: the record derived again has another verdict and other volumes, and differs in"
    )


def test_that_verdict_and_volumes_are_the_same_is_said():
    found = compare_records(record_of(), changed(record_of(), text="Other words."))
    _, sentence = verification_sentence(check(FILES), inputs=(), comparison=found)
    assert "has the same verdict and the same volumes, and differs in verdict.text" in sentence


def test_each_good_sentence_says_which_it_is():
    assert verification_sentence(check(FILES))[1].startswith("Untouched: all")
    same, near = (
        compare_records(record_of(), record_of()),
        compare_records(record_of(), changed(record_of(), volume=1 + 5e-6)),
    )
    assert verification_sentence(check(FILES), inputs=(), comparison=same)[1].startswith("Identical: all")
    assert "another platform" in verification_sentence(check(FILES), inputs=(), comparison=near)[1]


def test_a_signature_holds_and_tells_its_key():
    found = check(SIGNED, public_key=raw(KEY))
    assert (found.is_vouched_for, check(SIGNED).is_vouched_for) == (True, False)
    assert not check(SIGNED, public_key=raw(OTHER_KEY)).is_vouched_for
    assert not check(FILES, public_key=raw(KEY)).is_vouched_for
    assert found.problems == ()
    assert signing.fingerprint(raw(KEY)) in found.notes[0]
    assert "cannot tell" in check(SIGNED).notes[0]


def test_a_signature_of_another_key_or_none_is_a_problem():
    assert check(SIGNED, public_key=raw(OTHER_KEY)).problems == ("the signature is of another key",)
    assert check(FILES, public_key=raw(KEY)).problems == ("it is not signed, and a signature was asked for",)


def test_a_signature_of_another_manifest_is_a_problem():
    other = folder_files(record_of("supports"))
    found = check({**other, "manifest.sig": SIGNED["manifest.sig"]})
    assert found.problems == ("the signature does not fit the manifest",)


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b'{"public_key": "!", "signature": ""}', b"[" * 100_000]
)
def test_a_damaged_signature_file_is_a_problem(content):
    assert check({**SIGNED, "manifest.sig": content}).problems == ("the signature file is damaged",)


def test_a_key_that_is_none_is_refused(tmp_path):
    wrong = tmp_path / "key.pem"
    wrong.write_text("no key")
    with pytest.raises(UsageError, match="--sign-key"):
        signing.read_private_key(wrong)
    with pytest.raises(UsageError, match="--public-key"):
        signing.read_public_key(wrong)
    with pytest.raises(UsageError, match="--sign-key"):
        signing.read_private_key(tmp_path / "nowhere")


def test_without_the_extra_a_signature_is_refused_with_what_to_try(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(MissingExtraError, match="sign"):
        signing.read_private_key(tmp_path / "key")


def test_the_manifest_lists_every_file_and_what_wrote_it():
    manifest = manifests.from_json(FILES["manifest.json"])
    assert {each.name for each in manifest.outputs} == set(FILES) - {"manifest.json"}
    assert {"rtcomplexity", "typst", "numpy", "pydicom"} <= manifest.packages.keys()
    assert manifest.payer_rules_sha256 == manifests.payer_rules_digest()
    assert manifest.written_at == NOW
    assert NOW.encode() not in b"".join(content for name, content in FILES.items() if name != "manifest.json")
    assert check(FILES).file_count == len(FILES) - 1
