"""Metrics of a secondary image set on phantoms in closed form, sampled through a rigid registration."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import erf

from rtcomplexity.dicom.pixels import SeriesPixels
from rtcomplexity.errors import InputDataError
from rtcomplexity.fusion.case_images import CaseImages
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.fused import TargetImages
from rtcomplexity.metrics.image_conditions import measure_sets
from rtcomplexity.model.case import EvidenceLevel, ImageRole, ImageSet
from rtcomplexity.model.registration import FrameMapping, SpatialRegistration
from rtcomplexity.testing import AXIAL, contour_stack
from rtcomplexity.testing.radial import sphere
from scoring.gaming import plans
from unit.fusion.images import grid, rigid, written

RADIUS_MM = 15.0
DEGREES, SHIFT_MM = 12.0, np.array([4.0, -3.0, 6.0])
CT_FROM_MR = rigid([0.2, -0.1, 1.0], DEGREES, SHIFT_MM)
CT = grid(shape=(44, 72, 80), spacing=(2.0, 1.25, 1.1), origin=(-44, -45, -43))
MR = grid(shape=(40, 64, 60), spacing=(2.5, 1.5, 1.6), origin=(-52, -48, -56))


def edge(radius_mm, inside=200.0, outside=40.0):
    """A blurred ball about the origin of the planning frame."""
    half = (inside - outside) / 2

    def values(points_mm):
        return outside + half * (1 - erf((np.linalg.norm(points_mm, axis=1) - radius_mm) / 1.5))

    return values


def in_mr(value_of):
    """The same body as the MR's frame has it."""
    return lambda points: value_of(points @ CT_FROM_MR[:3, :3].T + CT_FROM_MR[:3, 3])


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """What is measured of an MR; nothing is contoured on it."""
    folder, counter = tmp_path_factory.mktemp("sets"), iter(range(100))
    sample = plans.sample()
    positions = [z for z in CT.slice_positions_mm if abs(z) < RADIUS_MM]
    contours = contour_stack(sphere(RADIUS_MM), positions_mm=positions, frame=AXIAL)
    roi = replace(plans.roi_named(sample, "GTVp"), contours=contours)
    context = RoiContext(roi=roi, grid=contouring_grid(CT, [roi], plans.SETTINGS), settings=plans.SETTINGS)

    def of(ct_value, mr_value):
        ct = written(folder / str(next(counter)), CT, ct_value, frame_uid="1.1", uid="1.5.1", step=0.01)
        mr = written(
            folder / str(next(counter)), MR, in_mr(mr_value), modality="MR", frame_uid="1.2", uid="1.5.2", step=0.01
        )
        mapping = FrameMapping(source_frame_uid="1.2", registered_from_source=CT_FROM_MR)
        sets = (
            ImageSet(series=(ct,), role=ImageRole.PLANNING, level=EvidenceLevel.REFERENCED, shown_by=""),
            ImageSet(series=(mr,), role=ImageRole.SECONDARY, level=EvidenceLevel.REGISTERED, shown_by=""),
        )
        registration = SpatialRegistration(sop_instance_uid="9", registered_frame_uid="1.1", mappings=(mapping,))
        case = replace(sample, planning_image=ct, image_sets=sets, registrations=(registration,), contoured_series=())
        (found,) = measure_sets(TargetImages(target=context, images=CaseImages(case=case, settings=plans.SETTINGS)))
        return found

    return of


def value(found, key):
    return found.values[f"image_set.{key}"].value


def condition(found, name):
    return next(each for each in found.conditions if each.id == name)


def test_a_border_further_out_is_that_much_further_out(measured):
    found = measured(edge(RADIUS_MM), edge(RADIUS_MM + 2, inside=60, outside=300))
    assert value(found, "border_difference_median") == pytest.approx(2, abs=0.3)
    assert value(found, "border_difference_p95") == pytest.approx(2, abs=0.8)
    assert value(found, "planning_border_at_contour") == 1
    assert value(found, "border_compared") > 0.95


def test_the_registration_is_told_in_the_patients_axes(measured):
    found = measured(edge(RADIUS_MM), edge(RADIUS_MM))
    back = np.linalg.inv(CT_FROM_MR)
    center = np.zeros(3)
    expected = back[:3, :3] @ center + back[:3, 3]
    offsets = [value(found, f"translation_{axis}") for axis in "xyz"]
    assert offsets == pytest.approx(expected, abs=0.3)  # the lattice's center is the target's to a part of its spacing
    assert value(found, "rotation") == pytest.approx(DEGREES, abs=1e-6)
    assert (value(found, "jacobian_p05"), value(found, "jacobian_p95")) == pytest.approx((1, 1), abs=1e-9)
    assert value(found, "folded") == 0
    assert "image_set.inverse_consistency_p95" not in found.values


def test_an_mr_is_used_where_the_contour_follows_its_border_and_not_the_cts(measured):
    found = measured(edge(RADIUS_MM + 5), edge(RADIUS_MM, inside=60, outside=300))
    assert condition(found, "used").is_met
    assert condition(found, "used").metric == "image_set.border_at_contour"
    assert condition(found, "used").value == value(found, "border_at_contour") > 0.95
    assert value(found, "planning_border_at_contour") < 0.05


@pytest.mark.parametrize("mr_radius_mm", [RADIUS_MM, RADIUS_MM + 5])
def test_an_mr_whose_border_the_ct_has_too_or_the_contour_does_not_follow_is_not_used(measured, mr_radius_mm):
    found = measured(edge(RADIUS_MM), edge(mr_radius_mm, inside=60, outside=300))
    assert not condition(found, "used").is_met


def test_an_image_that_cannot_be_read_is_not_called_absent(measured, monkeypatch):
    """Nor is it said to lie elsewhere, or to bound nothing."""

    def refuse(self, box):
        if self.series.modality == "MR":
            raise InputDataError("the pixels of the MR are broken", try_="another copy")
        return read(self, box)

    read = SeriesPixels.read
    monkeypatch.setattr(SeriesPixels, "read", refuse)
    found = measured(edge(RADIUS_MM), edge(RADIUS_MM))
    assert not found.counts
    for name in ("independent", "aligned", "covers", "used"):
        assert "could not" in condition(found, name).text
        assert "the pixels of the MR are broken" in condition(found, name).text
