"""Plans read once and changed as values: what an export, a careless hand or a gamer might do to them."""

import math
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import numpy as np

from rtcomplexity.case.reader import read_case
from rtcomplexity.fusion.case_images import CaseImages
from rtcomplexity.fusion.contoured_phases import case_phases
from rtcomplexity.metrics import course
from rtcomplexity.metrics.context import RoiContext, contouring_grid
from rtcomplexity.metrics.gross_target import measure_gross_target
from rtcomplexity.metrics.image_conditions import measure_sets
from rtcomplexity.metrics.measurement import MetricTable
from rtcomplexity.model.options import OWN_PATTERN
from rtcomplexity.model.structure_set import TargetClass
from rtcomplexity.scoring.calibration import OwnPlans, calibrated_profile
from rtcomplexity.scoring.facts import case_facts
from rtcomplexity.scoring.own_plans import Provenance
from rtcomplexity.scoring.profile import load_profile, parse_profile
from rtcomplexity.scoring.site import site_named
from rtcomplexity.scoring.stability import Stability
from rtcomplexity.scoring.verdict import assess
from rtcomplexity.settings import Settings
from rtcomplexity.testing import variations
from rtcomplexity.testing.simulated_results import Simulation, simulated_plans
from rtcomplexity.testing.variations import joined
from unit.scoring.made_profile import THORACIC

SETTINGS = Settings()
SAMPLES = Path(__file__).parents[3] / "sample_data"
SHAPE = ("sphericity_ratio", "solidity_ratio", "concavity_ratio", "curvature_ratio")


@cache
def profile():
    """The default profile; with ``GAMED_PROFILE=own`` one made of 500 simulated plans of the samples' site."""
    return own_profile() if os.environ.get("GAMED_PROFILE") == "own" else load_profile()


def own_profile(n=500, seed=0):
    plans = simulated_plans(Simulation(plans=n, seed=seed, site="thoracic"))
    own = OwnPlans(plans=plans, ids=tuple(map(str, range(n))), fractions=(5,) * n)
    made = Provenance(made_by="tests", period="simulated")
    text = calibrated_profile(own, site_named("thoracic"), load_profile(OWN_PATTERN), made, self_check=False)
    return parse_profile(text.encode(), "own.toml")


@cache
def case_of(folder):
    return read_case(folder, settings=SETTINGS, structure_set_uid=None, aliases={}, progress=None)


def sample(name="complex_central"):
    return case_of(SAMPLES / name)


class Once(NamedTuple):
    """A value beside the key of a cache, equal to any other."""

    value: object

    def __eq__(self, other):
        return isinstance(other, Once)

    def __hash__(self):
        return 0


@cache
def context(roi, image_grid):
    """An ROI to measure; one that a change leaves alone keeps what was derived of it."""
    return RoiContext(roi=roi, grid=contouring_grid(image_grid, [roi], SETTINGS), settings=SETTINGS)


@cache
def images_of(_image_sets, _planning, _registrations, case):
    """The images of a case; they are what they are however its ROIs change."""
    return CaseImages(case=case.value, settings=SETTINGS)


_MEASURED_SETS = {}


def measured_sets(found):
    """The conditions of image sets, measured once for a target on the images of a case, whatever else is drawn."""
    stack, phase = found.target.stack, found.phase
    drawn = (stack.points_mm, stack.contour_offsets, stack.plane_offsets, stack.positions_mm, stack.slab_mm)
    key = (id(found.images), id(phase), *(each.tobytes() for each in drawn))
    if key not in _MEASURED_SETS:
        _MEASURED_SETS[key] = found, measure_sets(found)  # what ids stand for is kept
    return _MEASURED_SETS[key][1]


def gross_target(case):
    """Measure what is scored, and nothing else, with the blur that the profile states."""
    rois = case.structure_set.rois
    image = case.planning_image
    if image is None:
        grid = contouring_grid(None, rois, SETTINGS)
        contexts = [RoiContext(roi=roi, grid=grid, settings=SETTINGS) for roi in rois]
    else:
        contexts = [context(roi, image.grid) for roi in rois]
    images = images_of(case.image_sets, image, case.registrations, Once(case))
    derived = {roi.number for roi in rois if roi.generation == "SEMIAUTOMATIC"}
    blur_mm = profile().measurement.shape_blur_mm
    phases = case_phases(case)
    with patch.object(course, "measure_sets", measured_sets):
        return measure_gross_target(
            contexts, case, expanded=derived, images=images, phases=phases, shape_blur_mm=blur_mm
        )


@cache
def outcome(case, site=THORACIC, fractions=None):
    """Assess a case that is steady under redrawing, so that nothing but the measurements withholds a support."""
    found = gross_target(case)
    table = MetricTable(
        rois=(),
        gross_target=found.values,
        gross_target_rois=found.roi_numbers,
        unexplained_targets=found.unexplained_targets,
    )
    facts = case_facts(case, table, site=site, fractions=fractions)
    return assess(found.values, facts, profile(), stability=Stability(share=1.0))


def verdict(case, **stated):
    return outcome(case, **stated).verdict.value.value


def values(case):
    """Scored metrics by key without prefix; NaN is not measured."""
    families = outcome(case).score.families
    factors = [factor for family in families for factor in family.factors]
    return {f.metric.removeprefix("scored."): math.nan if f.value is None else f.value for f in factors}


def families(case):
    return {family.id: family.score for family in outcome(case).score.families}


def with_rois(case, rois):
    return replace(case, structure_set=replace(case.structure_set, rois=tuple(rois)))


def redrawn(case, change, *, classes=("GTV", "ITV")):
    """Change the contours of ROIs of these classes."""
    rois = case.structure_set.rois
    return with_rois(case, [replace(r, contours=change(r.contours)) if r.target_class in classes else r for r in rois])


def moved(case, frame):
    """Carry the contours and the planning image along by a rigid motion; other image sets must not be there."""
    (image_set,) = case.image_sets
    grid = case.planning_image.grid
    turned = replace(
        grid,
        slice_origins_mm=frame.to_patient(grid.slice_origins_mm),
        row_direction=frame.rotation @ grid.row_direction,
        column_direction=frame.rotation @ grid.column_direction,
    )
    image = replace(case.planning_image, grid=turned)
    case = replace(case, planning_image=image, image_sets=(replace(image_set, series=(image,)),))
    rois = case.structure_set.rois
    return with_rois(case, [replace(roi, contours=variations.moved(roi.contours, frame)) for roi in rois])


def roi_named(case, name):
    return next(roi for roi in case.structure_set.rois if roi.name == name)


def added(case, roi, **changes):
    number = max(each.number for each in case.structure_set.rois) + 1
    return with_rois(case, [*case.structure_set.rois, replace(roi, number=number, **changes)])


def without(case, *names):
    return with_rois(case, [roi for roi in case.structure_set.rois if roi.name not in names])


def split_in_two(case, name):
    """Give the lower and upper planes of an ROI to two ROIs that share the middle plane's neighbor."""
    roi = roi_named(case, name)
    heights = np.array([p[:, 2].mean() for p in np.split(roi.contours.points_mm, roi.contours.offsets[1:-1])])
    middle = np.median(heights)
    from rtcomplexity.testing.variations import chosen

    low = replace(roi, contours=chosen(roi.contours, np.flatnonzero(heights <= middle)))
    high = replace(roi, contours=chosen(roi.contours, np.flatnonzero(heights > middle)))
    return added(with_rois(case, [low if each is roi else each for each in case.structure_set.rois]), high)


def every_other_plane(contours):
    from rtcomplexity.testing.variations import chosen

    heights = np.array([p[:, 2].mean() for p in np.split(contours.points_mm, contours.offsets[1:-1])])
    planes = np.unique(np.round(heights, 3))
    return chosen(contours, np.flatnonzero(np.isin(np.round(heights, 3), planes[::2])))


def doubled(contours):
    return joined(contours, contours)


def around(case, organs=("Aorta", "Trachea", "Ribs", "Bronchus"), *, of="GTVp", distance_mm=30.0):
    """Add organs shaped like an ROI on its four sides, so near that adjacency stands out from nearly all plans."""
    body = roi_named(case, of)
    for name, side in zip(organs, ((1, 0, 0), (0, 1, 0), (-1, 0, 0), (0, -1, 0)), strict=False):
        contours = replace(body.contours, points_mm=body.contours.points_mm + distance_mm * np.array(side))
        case = added(case, body, name=name, target_class=TargetClass.OAR, contours=contours)
    return case


@cache
def supported():
    """A plan that is supported: shape and adjacency stand out."""
    return around(sample("supported_central"), of="GTV", distance_mm=20.0)
