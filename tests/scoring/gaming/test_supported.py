"""Plans on both sides of the upper cutoff: what supports goes on doing so however it is written, and nothing else does.

Without a plan that supports, "never supports" would be an empty promise.
"""

from dataclasses import replace

import numpy as np
import pytest

from rtcomplexity.metrics.scored import SCORED
from rtcomplexity.scoring.claim import stated_claim
from rtcomplexity.scoring.claim_file import ClaimFile
from rtcomplexity.scoring.verdict import with_claim
from rtcomplexity.testing import (
    FEET_FIRST,
    OBLIQUE,
    PRONE,
    Keyhole,
    SpiculatedSphere,
    contour_stack,
    hollow_sphere,
    sphere,
)
from rtcomplexity.testing.variations import densified, duplicated, jagged, reversed_direction
from scoring.gaming import plans

TUMOR, FAR_OFF = (108.0, -111.5, -323.25), (60.0, -150.0, -323.25)
PLANES = np.arange(-8, 9) * 3.0


def drawn(solid, center=TUMOR):
    contours = contour_stack(solid, positions_mm=PLANES, points_per_contour=96)
    return replace(contours, points_mm=contours.points_mm + np.array(center))


def with_targets(*targets):
    """The routine sample with other gross targets: (name, contours of the GTV, contours of its PTV)."""
    case = plans.sample("routine_sbrt")
    gtv, ptv = plans.roi_named(case, "GTV"), plans.roi_named(case, "PTV")
    case = plans.without(case, "GTV", "PTV")
    for name, gross, planned in targets:
        case = plans.added(case, gtv, name=name, contours=gross)
        case = plans.added(case, ptv, name=name.replace("GTV", "PTV"), contours=planned)
    return case


def spiculated():
    return SpiculatedSphere(radius_mm=14.0, spicules=8, height=1.2, sharpness=3)


def crowded(case):
    organ = plans.roi_named(case, "Esophagus")
    for name, side in (("Aorta", (25, 0)), ("Trachea", (-25, 0)), ("Ribs", (0, 25)), ("Bronchus", (0, -25))):
        case = plans.added(case, organ, name=name, contours=drawn(sphere(12.0), np.add(TUMOR, (*side, 0))))
    return case


def test_an_unusual_plan_is_supported():
    assert plans.verdict(plans.supported()) == "supports"


@pytest.mark.parametrize(
    "change",
    [reversed_direction, duplicated, densified, lambda c: jagged(c, 1.0), lambda c: jagged(c, 2.0)],
    ids=["reversed", "duplicated", "densified", "noise of 1 mm", "noise of 2 mm"],
)
def test_a_supported_plan_stays_so_however_it_is_written(change):
    assert plans.verdict(plans.redrawn(plans.supported(), change)) == "supports"


def test_what_makes_the_difference_is_what_was_added():
    alone = plans.sample("supported_central")
    assert plans.verdict(alone) == "indeterminate"
    names = ("Ring_1", "Aorta_PRV05", "z_Trachea", "OptBronchus")
    assert plans.verdict(plans.around(alone, names, of="GTV", distance_mm=20.0)) == "indeterminate"


def test_a_nearer_organ_never_lowers_adjacency():
    found = [plans.families(plans.around(plans.sample(), distance_mm=d))["adjacency"] for d in (60, 45, 35, 30, 25, 20)]
    assert found == sorted(found)
    assert found[-1] > found[0]


def test_leaving_out_a_simple_gross_target_earns_no_support():
    easy = ("GTV2", drawn(sphere(17.0), FAR_OFF), drawn(sphere(22.0), FAR_OFF))
    hard = ("GTV1", drawn(spiculated()), drawn(sphere(30.0)))
    both, alone = crowded(with_targets(hard, easy)), crowded(with_targets(hard))
    assert plans.verdict(alone) == "supports"  # truly one target
    assert plans.verdict(both) == "indeterminate"
    for left_out in ("GTV1", "GTV2", "PTV1", "PTV2"):
        assert plans.verdict(plans.without(both, left_out)) != "supports", left_out
    found = plans.outcome(plans.without(both, "GTV2")).verdict
    assert "gross_target_incomplete" in [reason.code for reason in found.reasons]
    assert any("one may be missing" in text for text in found.findings_against)


def test_a_keyhole_and_a_hole_are_scored_alike():
    shell = hollow_sphere(16.0, 7.0)
    hole, keyhole = (with_targets(("GTV", drawn(each), drawn(sphere(21.0)))) for each in (shell, Keyhole(shape=shell)))
    before, after = plans.values(hole), plans.values(keyhole)
    assert after["planes_with_holes"] == before["planes_with_holes"] > 0
    assert after == pytest.approx(before, rel=0.02, abs=1e-6, nan_ok=True)
    assert plans.verdict(keyhole) == plans.verdict(hole)


@pytest.mark.parametrize("minutes", [1, 45, 1440])
@pytest.mark.parametrize("case", [plans.sample, plans.supported, lambda: plans.sample("routine_sbrt")])
def test_minutes_and_reasons_never_move_a_verdict(case, minutes):
    before = plans.outcome(case())
    claim = ClaimFile(physician_minutes=minutes, typical_minutes=1, reason="x", procedure_note_attached=True)
    after = with_claim(before, stated_claim(claim, None), case())
    assert (after.score, after.verdict.value, after.verdict.reasons) == (
        before.score,
        before.verdict.value,
        before.verdict.reasons,
    )


RESLICED = {each.key.removeprefix("scored."): each.tolerance for each in SCORED if each.tolerance and each.direction}
"""Largest change, as a share, when planes 3 mm apart are drawn 1 to 5 mm apart."""


@pytest.mark.parametrize("spacing_mm", [1.0, 1.5, 2.0, 4.0, 5.0])
def test_reslicing_leaves_a_supported_plan_so(spacing_mm):
    case = crowded(with_targets(("GTV", drawn(spiculated()), drawn(sphere(30.0)))))
    positions = (np.floor(np.arange(-40, 41) / spacing_mm) + 0.25) * spacing_mm
    contours = contour_stack(spiculated(), positions_mm=np.unique(positions), points_per_contour=96)
    contours = replace(contours, points_mm=contours.points_mm + np.array(TUMOR))
    resliced = plans.redrawn(case, lambda _: contours)
    assert plans.verdict(resliced) == plans.verdict(case) == "supports"
    before, after = plans.values(case), plans.values(resliced)
    for key, share in RESLICED.items():
        assert after[key] == pytest.approx(before[key], rel=share), key
    others = set(before) - set(RESLICED) - {"ct_border_contrast"}  # of a tumor that the CT does not show
    assert {key: after[key] for key in others} == pytest.approx({key: before[key] for key in others}, nan_ok=True)


@pytest.mark.parametrize("frame", [FEET_FIRST, PRONE, OBLIQUE], ids=["feet first", "prone", "oblique"])
def test_a_rigid_motion_of_patient_and_images_changes_nothing(frame):
    case = crowded(with_targets(("GTV", drawn(spiculated()), drawn(sphere(30.0)))))
    away = replace(frame, origin_mm=np.array([31.0, -17.0, 44.0]))
    turned = plans.moved(case, away)
    assert plans.verdict(turned) == "supports"
    before, after = plans.values(case), plans.values(turned)
    if frame is OBLIQUE:  # its length along the patient's axis is another one
        before.pop("craniocaudal_length"), after.pop("craniocaudal_length")
    assert after == pytest.approx(before, rel=0.01, abs=1e-6, nan_ok=True)
