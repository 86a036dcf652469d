"""Descriptions of series: which name a phase of a cycle, and which only a number."""

import pytest

from rtcomplexity.case.phase_names import named_phase


@pytest.mark.parametrize(
    ("description", "phase"),
    [
        ("4D_T00", 0),
        ("4D_T50", 50),
        ("T=30%", 30),
        ("Ph00", 0),
        ("Phase 3", 3),
        ("phase_07", 7),
        ("50Ex", 50),
        ("100In", 100),
        ("0%A", 0),
        ("0% EX 3.0 B31f", 0),
        ("Gated, 30.0%", 30),
        ("CT Thorax 30%", 30),
        ("4D CT 16.7%", 16.7),
        ("Resp 90 %", 90),
        ("T20", 20),
        ("T0", 0),
        ("ADMIRE 3 40%", 40),
        ("SAFIRE 30%, phase 50%", 50),
    ],
)
def test_a_phase_is_named(description, phase):
    assert named_phase(description) == phase


@pytest.mark.parametrize(
    "description",
    [
        "Thorax ADMIRE 30%",
        "ADMIRE 60 %",
        "ASIR 30%",
        "ASiR-V 40%",
        "AR50",
        "SAFIRE_3",
        "iDose 4",
        "QIR 75%",
        "DLIR 50%",
        "30% ASiR",
        "dose 50%",
        "Mixed 60%",
        "T1 axial",
        "T2 axial",
        "T11",
        "T12 bone",
        "5 mm thorax",
        "Thorax 2.0 B31f",
        "Contrast 70 ml",
        "",
    ],
)
def test_no_phase_is_named(description):
    assert named_phase(description) is None
