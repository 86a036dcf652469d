"""The CDex attachment: the PDF as it is, identifiers that a person stated and no others, and a form that others accept.

Its form is held to three readers that share no code with the writer: a table of the CDex 2.1 profile, and two FHIR R4
validators. Those do not look into resources within Parameters, so that each resource is given to them by itself.
"""

import base64
import copy
import hashlib
import json
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from patience import HANG_S
from rtcomplexity.cli.app import run
from rtcomplexity.errors import UsageError
from rtcomplexity.evidence.building import _stated_claim
from rtcomplexity.evidence.deidentification import deidentified
from rtcomplexity.evidence.formats.fhir import cdex_parameters, pwk_values
from rtcomplexity.evidence.page import attachment_number
from rtcomplexity.scoring.claim import StatedClaim
from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.guardrails import FORBIDDEN
from rtcomplexity.testing import write_sample
from unit.evidence.made_evidence import NOW, for_payment

ROOT = Path(__file__).parents[3]
TOOLS = ROOT / "build" / "fhir"
REQUIRED = os.environ.get("RTCOMPLEXITY_REQUIRE_FHIR") == "1"
PDF = b"%PDF-1.7 not a real one"
CLAIM = ClaimFile(date_of_service=date(2026, 1, 9), member_id="M-77", payer_id="PAYER-1", npi="1234567893")
PROFILE = {  # CDex 2.1, slices of Parameters.parameter, closed: type, least, most
    "TrackingId": ("valueIdentifier", 1, 1),
    "AttachTo": ("valueCode", 1, 1),
    "PayerId": ("valueIdentifier", 0, 1),
    "OrganizationId": ("valueIdentifier", 0, 1),
    "ProviderId": ("valueIdentifier", 0, 1),
    "MemberId": ("valueIdentifier", 1, 1),
    "ServiceDate": ("valueDateTime", 0, 1),
    "Attachment": ("part", 1, None),
    "Final": ("valueBoolean", 1, 1),
}
PARTS = {"LineItem": ("valueString", 0, None), "Code": ("valueCodeableConcept", 0, 1), "Content": ("resource", 1, 1)}


def record(claim=CLAIM, **patient):
    stated = _stated_claim(StatedClaim(claim=claim))
    return for_payment(claim, **patient).model_copy(update={"stated_claim": stated})


@pytest.fixture
def written():
    return json.loads(cdex_parameters(record(), PDF, NOW))


def named(tree, name):
    (found,) = (each for each in tree["parameter"] if each["name"] == name)
    return found


def document(tree):
    return next(each["resource"] for each in named(tree, "Attachment")["part"] if each["name"] == "Content")


def faults_of(entries, slices):
    """What a list of parameters has against a table of slices."""
    names = [each.get("name") for each in entries]
    yield from (f"{name} is not in the profile" for name in names if name not in slices)
    for name, (kind, least, most) in slices.items():
        if not least <= names.count(name) <= (len(names) if most is None else most):
            yield f"{names.count(name)} of {name}"
        for each in entries:
            if each.get("name") == name and set(each) != {"name", kind}:
                yield f"{name} has {sorted(each)}"


def profile_faults(tree):
    return [*faults_of(tree["parameter"], PROFILE), *faults_of(named(tree, "Attachment")["part"], PARTS)]


def test_it_fits_the_profile_and_holds_the_pdf_byte_by_byte(written):
    assert profile_faults(written) == []
    attachment = document(written)["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"], validate=True) == PDF
    assert attachment["size"] == len(PDF)
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(PDF).digest()
    assert attachment["contentType"] == "application/pdf"
    assert document(written)["date"] == NOW


def test_identifiers_are_those_that_a_person_stated_and_the_number_on_every_page(written):
    values = {each["name"]: each["valueIdentifier"] for each in written["parameter"] if "valueIdentifier" in each}
    assert values["TrackingId"]["value"] == attachment_number(record()) == pwk_values(record())["PWK06"]
    assert values["MemberId"]["value"] == "M-77"
    assert values["PayerId"] == {"value": "PAYER-1"}
    assert values["ProviderId"] == {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1234567893"}
    assert named(written, "ServiceDate")["valueDateTime"] == "2026-01-09"
    assert document(written)["subject"]["display"] == "Doe, Jane"


def test_what_nobody_stated_is_left_out():
    bare = record(ClaimFile(date_of_service=date(2026, 1, 9), member_id="M-77"), name="")
    written = json.loads(cdex_parameters(bare, PDF, NOW))
    assert profile_faults(written) == []
    assert {"PayerId", "ProviderId"}.isdisjoint(each["name"] for each in written["parameter"])
    assert "display" not in document(written)["subject"]


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (record(ClaimFile(date_of_service=date(2026, 1, 9))), "member_id"),
        (record(ClaimFile(member_id="M-77")), "date_of_service"),
        (for_payment(), "member_id and date_of_service"),
        (deidentified(record()), "--identified"),
    ],
)
def test_what_the_profile_needs_and_nobody_stated_refuses_it(refused, said):
    with pytest.raises(UsageError, match=said):
        cdex_parameters(refused, PDF, NOW)


def test_other_content_has_another_identifier_and_the_same_the_same(written):
    again, other = (json.loads(cdex_parameters(record(), pdf, NOW)) for pdf in (PDF, PDF + b"x"))
    assert again == written
    assert document(other)["masterIdentifier"] != document(written)["masterIdentifier"]


def test_it_advises_nothing(written):
    assert not FORBIDDEN.search(json.dumps(written))


@pytest.mark.parametrize("name", ["TrackingId", "AttachTo", "MemberId", "Attachment", "Final"])
def test_the_table_of_the_profile_notices_what_is_missing_added_or_of_another_type(written, name):
    lacking = {**written, "parameter": [each for each in written["parameter"] if each["name"] != name]}
    assert list(faults_of(lacking["parameter"], PROFILE))
    assert list(faults_of([*written["parameter"], {"name": "Verdict", "valueString": "x"}], PROFILE))
    assert list(faults_of([*lacking["parameter"], {"name": name, "valueString": "x"}], PROFILE))


def without(tree, *path):
    """A copy without one element."""
    found = copy.deepcopy(tree)
    place = found
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return found


def own_resources(tree):
    """The Parameters without the document, and the document."""
    outer = copy.deepcopy(tree)
    named(outer, "Attachment")["part"] = [each for each in named(outer, "Attachment")["part"] if "resource" not in each]
    return outer, document(tree)


def seeded(tree):
    """Two good resources and five faulty ones."""
    outer, inner = own_resources(tree)
    wrong = copy.deepcopy(outer)
    named(wrong, "Final")["valueBoolean"] = "yes"
    return {
        "parameters": outer,
        "document": inner,
        "a flag as text": wrong,
        "a parameter without a name": without(outer, "parameter", 0, "name"),
        "a document without a status": without(inner, "status"),
        "a status that there is not": {**inner, "status": "done"},
        "an element that there is not": {**inner, "verdict": "x"},
    }


VALIDATORS = {
    "pyfhircheck": [str(TOOLS / "venv" / "bin" / "python"), str(ROOT / "scripts" / "fhir_validate.py")],
    "fhir of npm": ["node", str(ROOT / "scripts" / "fhir_validate.js")],
}


@pytest.mark.parametrize("validator", VALIDATORS)
def test_two_validators_accept_it_and_refuse_five_seeded_faults(written, tmp_path, validator):
    if not (TOOLS / ".made").exists():
        (pytest.fail if REQUIRED else pytest.skip)("the FHIR validators are not installed: make fhir-validators")
    resources = seeded(written)
    paths = [tmp_path / f"{number}.json" for number in range(len(resources))]
    for path, resource in zip(paths, resources.values(), strict=True):
        path.write_text(json.dumps(resource))
    environment = {**os.environ, "NODE_PATH": str(TOOLS / "node_modules")}
    command = [*VALIDATORS[validator], *map(str, paths)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=HANG_S, env=environment, cwd=tmp_path
    )
    verdicts = dict(zip(resources, done.stdout.split(), strict=True))
    assert verdicts == {name: "valid" if name in {"parameters", "document"} else "invalid" for name in resources}


def test_the_command_writes_it_prints_the_segment_and_verify_agrees(tmp_path, capsys):
    write_sample("routine_sbrt", tmp_path / "plan")
    claim = tmp_path / "claim.toml"
    claim.write_text('member_id = "M-77"\ndate_of_service = 2026-01-09\n')
    out = tmp_path / "out"
    options = ["--quick", "--quiet", "--identified", "--claim", str(claim)]
    assert run(["analyze", str(tmp_path / "plan"), "--out", str(out), *options]) == 0
    capsys.readouterr()
    assert run(["report", str(out), "--format", "cdex", "--quiet"]) == 0
    printed = capsys.readouterr().out
    tree = json.loads((out / "evidence_cdex.json").read_text())
    assert profile_faults(tree) == []
    number = named(tree, "TrackingId")["valueIdentifier"]["value"]
    assert f"PWK01 OZ  PWK02 EL  PWK05 AC  PWK06 {number}" in printed
    data = document(tree)["content"][0]["attachment"]["data"]
    assert base64.b64decode(data) == (out / "evidence.pdf").read_bytes()
    assert run(["verify", str(out)]) == 0
    (out / "evidence_cdex.json").write_text(json.dumps(tree).replace("M-77", "M-78"))
    assert run(["verify", str(out)]) == 5
    capsys.readouterr()
