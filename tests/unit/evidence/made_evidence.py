"""Records of every verdict and small pictures, with names that try to do harm."""

import base64
import io
from dataclasses import replace

import numpy as np
from PIL import Image

from rtcomplexity.evidence.building import build_record
from rtcomplexity.evidence.deidentification import deidentified
from rtcomplexity.evidence.identification import identification_of
from rtcomplexity.evidence.manifest import InputFile
from rtcomplexity.evidence.package import sealed_files
from rtcomplexity.evidence.rendering import render
from rtcomplexity.model.structure_set import PatientIdentity
from rtcomplexity.pictures.scene import Mesh, Outline, Pictures, Scene, Slices, Still, Structure
from rtcomplexity.scoring.claim import StatedClaim
from rtcomplexity.scoring.facts import case_facts
from rtcomplexity.scoring.profile import load_profile
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.verdict import assess
from unit.evidence.made_case import DEFINITIONS, GROSS, case, table
from unit.scoring.made_profile import everything, made_profile, thoracic

NOW = "2026-01-02T03:04:05Z"
VERDICTS = ("supports", "rejects", "indeterminate", "insufficient_evidence")
HOSTILE_NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(2)</script>",
    '=HYPERLINK("https://example.invalid")',
    "+cmd|' /C calc'!A0",
    "\uff1dSUM(1)",
    "{{7*7}}{% include 'x' %}",
    "#panic() *b* $x^2$ @ref #eval(1)",
    "../../etc/passwd",
    "CON.",
    "GTV\x00\x1b[31m\r\n",
    "GTV\u202e\u200f\u2066",
    "\u816b\u760d\u6f22\u5b57",
    "\U0001f9e0\U0001f469\u200d\U0001f52c",
    "\u0634\u0644\u0627\u0645 \u05e9\u05dc\u05d5\u05dd",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u0928\u092e\u0938\u094d\u0924\u0947",
    "e\u0301\u0327 \u0634\u0301 a\u0928\u0301",
    "x" * 300,
    "\ud800",
)


def record_of(verdict="indeterminate", *, identified=False, **options):
    """A record of that verdict, de-identified unless asked for otherwise; the calibrated ones by a made profile."""
    record = identified_record(verdict, **options)
    return record if identified else deidentified(record)


def identified_record(verdict="indeterminate", **options):
    if verdict == "insufficient_evidence":
        outcome = assess(GROSS, case_facts(case(), table()), load_profile("interim-0"))
        return build_record(case(), table(), outcome, load_profile("interim-0"), software_version="0.1.0", **options)
    profile = made_profile()
    score = {"supports": 130, "rejects": 10, "indeterminate": 85}[verdict]
    outcome = assess(everything(score), thoracic(), profile, stability=Stability(share=0.97, replicates=32))
    return build_record(case(), table(), outcome, profile, software_version="0.1.0", definitions=DEFINITIONS, **options)


def with_roi_name(name):
    """An identified record whose every ROI has that name."""
    the_case = case()
    rois = tuple(replace(roi, name=name) for roi in the_case.structure_set.rois)
    named = case(structure_set=replace(the_case.structure_set, rois=rois))
    profile = load_profile("interim-0")
    outcome = assess(GROSS, case_facts(named, table()), profile)
    return build_record(named, table(), outcome, profile, software_version="0.1.0")


def for_payment(claim=None, **patient):
    """An identified record as a folder for payment holds it, of a patient of that name, number and birth date."""
    the_case = case()
    who = PatientIdentity(**{"name": "Doe^Jane", "patient_id": "MRN-1", "birth_date": "19580402", **patient})
    named = case(structure_set=replace(the_case.structure_set, patient=who, written_at="20260105093000.5"))
    identification = identification_of(named, StatedClaim(claim=claim))
    return record_of(identified=True).model_copy(update={"identification": identification})


def encoded(picture, kind):
    stream = io.BytesIO()
    picture.save(stream, kind)
    return stream.getvalue()


def pictures_of(name="GTV 2", *, face=False):
    """Two slices, one still and one tetrahedron."""
    mesh = Mesh(
        number=2,
        name=name,
        target_class="GTV",
        layer="targets",
        colour="#ff4d4d",
        vertices=base64.b64encode(np.array([0, 0, 0, 9, 0, 0, 0, 9, 0, 0, 0, 9], "<u2").tobytes()).decode(),
        faces=base64.b64encode(np.array([0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3], "<u2").tobytes()).decode(),
    )
    outline = Outline(slice=0, points=(20, 20, 120, 20, 120, 120))
    scene = Scene(
        stills=(Still(file="axial.png", title="Axial", alt=f"Axial picture with the outline of {name}."),),
        slices=Slices(
            width=16,
            height=16,
            columns=2,
            labels=("slice 1 of 2", "slice 2 of 2"),
            first=0,
            left="R",
            top="A",
            caption="c.",
        ),
        structures=(
            Structure(number=2, name=name, target_class="GTV", layer="targets", colour="#ff4d4d", outlines=(outline,)),
        ),
        meshes=(mesh,),
        mesh_alt=f"Surface of {name}.",
        may_show_face=face,
    )
    files = {
        "axial.png": encoded(Image.new("RGB", (20, 20), "gray"), "PNG"),
        "slices.jpg": encoded(Image.new("L", (32, 16), 90), "JPEG"),
    }
    return Pictures(scene=scene, files=files)


def folder_files(record=None, pictures=None, key=None):
    """Every file of a folder."""
    record = record or record_of()
    inputs = (InputFile(kind="CT", sha256="a" * 64), InputFile(kind="RTSTRUCT", sha256="b" * 64))
    return sealed_files(record, render(record, pictures or pictures_of()), inputs, written_at=NOW, key=key)
