"""4D phases drawn as several ROIs of one structure set: bodies of known volume, moved by known whole voxels."""

from dataclasses import replace
from functools import cache
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from rtcomplexity import analyze
from rtcomplexity.case.reader import read_case
from rtcomplexity.fusion.contoured_phases import case_phases, matching_target
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.model.structure_set import Contours, Roi, TargetClass
from rtcomplexity.settings import Settings
from rtcomplexity.testing import AXIAL, contour_stack
from rtcomplexity.testing.description import (
    ImageDescription,
    PlanDescription,
    References,
    RoiDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import save, write_plan
from rtcomplexity.testing.radial import sphere
from rtcomplexity.testing.structure_set_dataset import structure_set_dataset
from rtcomplexity.testing.variations import chosen, started_elsewhere
from unit.fusion.images import grid

SETTINGS = Settings()
SPACING_MM = np.array([1.25, 1.0, 2.5])
GRID = grid(shape=(40, 90, 96), spacing=tuple(SPACING_MM[::-1]), origin=(-60, -45, -49))
PHASES = ("0%", "30%", "60%")
VOXELS_MOVED = np.array([(0, 0, 0), (4, 3, 2), (-2, 5, 4)])
RADII_MM = (9.0, 10.5, 8.5)


def table_of(case, **options):
    return measure(MeasuredCase(case=case, settings=SETTINGS), **options)


def ball(number, name, voxels=(0, 0, 0), radius_mm=9.0, interpreted_type="GTV", image_keys=()):
    """A ball round a slice's center, moved by whole voxels: its voxels move exactly as far."""
    place_mm = np.array([0.3, -0.2, 1.0]) + np.array(voxels) * SPACING_MM
    frame = replace(AXIAL, origin_mm=place_mm)
    offsets = GRID.slice_positions_mm - place_mm[2]
    positions = offsets[np.abs(offsets) < radius_mm].tolist()
    contours = contour_stack(sphere(radius_mm), positions_mm=positions, frame=frame)
    return RoiDescription(
        number=number, name=name, contours=contours, interpreted_type=interpreted_type, image_keys=image_keys
    )


def slab_sum_cm3(radius_mm):
    """Discs of a ball round a slice's center, each as thick as slices are apart."""
    heights = np.arange(-20, 21) * SPACING_MM[2]
    return float(np.pi * np.clip(radius_mm**2 - heights**2, 0, None).sum() * SPACING_MM[2] / 1000)


def image(key, description="CT", modality="CT", **changes):
    values = np.zeros((40, 90, 96), np.float32)
    return ImageDescription(key=key, modality=modality, grid=GRID, values=values, description=description, **changes)


FOUR_D = tuple(image(f"ct{n}", f"4D {PHASES[n]}") for n in range(3))
AVERAGE = image("avg", "4D average", image_type=("DERIVED", "SECONDARY", "AVERAGE"))
LUNG = ball(9, "Lung_L", (20, 0, 0), 20.0, "ORGAN")
NAMES = ("GTV_00", "GTV_30", "GTV_60")


def phase_rois(names=NAMES, moved=VOXELS_MOVED, radii_mm=RADII_MM):
    return tuple(ball(n + 1, names[n], moved[n], radii_mm[n], image_keys=(f"ct{n}",)) for n in range(3))


def plan(*rois, images=FOUR_D, image_key="ct0", **changes):
    drawn = StructureSetDescription(rois=rois, image_key=image_key, **changes)
    return PlanDescription(
        key="one set", patient=SyntheticPatient(patient_id="1"), images=images, structure_sets=(drawn,)
    )


@cache
def image_files(images):
    """Files of images by path: they are the same whatever is drawn on them, and most plans here have the same."""
    with TemporaryDirectory() as folder:
        paths = write_plan(folder, replace(plan(images=images), structure_sets=()))
        return {path.relative_to(folder): path.read_bytes() for path in paths}


def write(folder, description):
    for path, content in image_files(description.images).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    for each in description.structure_sets:
        save(structure_set_dataset(description, each), folder / f"{each.key}.dcm")


def read(folder, description):
    write(folder, description)
    return read_case(folder, settings=SETTINGS)


def values_of(table, number, prefix="phase."):
    (found,) = [each for each in table.rois if each.roi_number == number]
    return {key: each.value for key, each in found.values.items() if key.startswith(prefix)}


def gross(table):
    return {key: each.value for key, each in table.gross_target.items()}


def codes(issues):
    return [issue.code for issue in issues]


def test_an_roi_keeps_the_images_that_its_contours_name(tmp_path):
    case = read(tmp_path, plan(*phase_rois(), LUNG))
    (four_d,) = case.image_sets
    for roi, series in zip(case.structure_set.rois, four_d.series, strict=False):
        assert roi.image_uids
        assert roi.image_uids < frozenset(series.sop_instance_uids)
    union = frozenset().union(*(roi.image_uids for roi in case.structure_set.rois))
    assert case.structure_set.references.contour_level_image_uids == union


def test_each_phase_with_an_roi_of_its_own_counts(tmp_path):
    case = read(tmp_path, plan(*phase_rois(), LUNG))
    phases = case_phases(case)
    assert [phase.number for phase in phases.phases] == [1, 2, 3]
    assert phases.count == 3
    assert [roi.number for roi, _ in phases.elsewhere] == [2, 3]
    assert gross(table_of(case))["scored.phases"] == 3


def test_volume_and_motion_over_phases_are_the_phantoms_own(tmp_path):
    table = table_of(read(tmp_path, plan(*phase_rois(), LUNG)))
    volumes = [slab_sum_cm3(radius) for radius in RADII_MM]
    moved_mm = np.linalg.norm((VOXELS_MOVED[:, None] - VOXELS_MOVED[None]) * SPACING_MM, axis=2).max()
    for number in (1, 2, 3):
        found = values_of(table, number)
        assert found["phase.count"] == 3
        assert found["phase.volume_min"] == pytest.approx(min(volumes), rel=1e-3)
        assert found["phase.volume_max"] == pytest.approx(max(volumes), rel=1e-3)
        assert found["phase.centroid_excursion"] == pytest.approx(moved_mm, abs=0.1)


def test_the_same_body_moved_by_whole_voxels_moves_exactly_so_far(tmp_path):
    table = table_of(read(tmp_path, plan(*phase_rois(radii_mm=(9.0,) * 3), LUNG)))
    moved_mm = np.linalg.norm((VOXELS_MOVED[:, None] - VOXELS_MOVED[None]) * SPACING_MM, axis=2).max()
    assert values_of(table, 1)["phase.centroid_excursion"] == pytest.approx(moved_mm, rel=1e-5)
    assert values_of(table, 1)["phase.volume_max"] == values_of(table, 1)["phase.volume_min"]
    ranges_mm = np.ptp(VOXELS_MOVED * SPACING_MM, axis=0)
    found = [values_of(table, 1)[f"phase.motion_{axis}"] for axis in "xyz"]
    assert sorted(found) == pytest.approx(sorted(np.abs(ranges_mm)), abs=1e-4)
    assert 1 < values_of(table, 1)["phase.envelope_ratio"] <= 3


def test_one_set_says_what_a_set_a_phase_says(tmp_path):
    """The two ways to store the same drawing: phase metrics and all that is scored agree."""
    one = read(tmp_path / "one", plan(*phase_rois(), LUNG))
    sets = tuple(
        StructureSetDescription(
            rois=(replace(phase_rois()[n], name="GTV", number=1, image_keys=()), *((LUNG,) if n == 0 else ())),
            key=f"rs{n}",
            image_key=f"ct{n}",
            date=f"2020010{9 - n}",
        )
        for n in range(3)
    )
    many = read(tmp_path / "many", replace(plan(), structure_sets=sets))
    first, second = (
        table_of(one),
        table_of(many),
    )
    assert values_of(first, 1) == pytest.approx(values_of(second, 1))
    assert gross(first) == pytest.approx(gross(second))
    assert first.gross_target_rois == second.gross_target_rois == (1,)


def test_phases_far_apart_are_one_body(tmp_path):
    apart = np.array([(0, 0, 0), (0, 0, 12), (0, 30, -12)])
    table = measure(
        MeasuredCase(case=read(tmp_path, plan(*phase_rois(moved=apart, radii_mm=(9.0,) * 3), LUNG)), settings=SETTINGS)
    )
    alone = table_of(read(tmp_path / "alone", plan(phase_rois()[0], LUNG)))
    assert gross(table)["scored.component_count"] == 1
    not_phases = {key for key in gross(table) if key != "scored.phases"}
    assert {key: gross(table)[key] for key in not_phases} == {key: gross(alone)[key] for key in not_phases}
    told = [issue for issue in table.issues if issue.code == "gross-target-of-other-phase"]
    assert [issue.subject for issue in told] == ["roi:2", "roi:3"]
    assert all("ROI 1" in issue.text for issue in told)


def test_the_envelope_drawn_on_the_average_is_what_is_scored(tmp_path):
    itv = ball(4, "ITV", (1, 2, 2), 18.0, "")
    ptv = ball(5, "PTV", (1, 2, 2), 24.0, "PTV")
    case = read(tmp_path, plan(*phase_rois(), itv, ptv, LUNG, images=(*FOUR_D, AVERAGE), image_key="avg"))
    assert case.planning_image.description == "4D average"
    table = table_of(case)
    assert table.gross_target_rois == (4,)
    assert gross(table)["scored.volume"] == pytest.approx(values_of(table, 4, "shape.volume")["shape.volume"])
    assert values_of(table, 4)["phase.count"] == 3
    assert gross(table)["scored.phases"] == 3


def test_phases_and_their_average_are_one_acquisition_and_no_fusion(tmp_path):
    rois = (*phase_rois(), ball(4, "ITV", (1, 2, 2), 18.0, ""), LUNG)
    write(tmp_path, plan(*rois, images=(*FOUR_D, AVERAGE), image_key="avg"))
    record = analyze(tmp_path).record
    (only,) = record.acquisitions
    assert only.is_counted
    scored = {key: record.gross_target.metrics[f"scored.{key}"].value for key in ("registered_sets", "acquisitions")}
    assert scored == {"registered_sets": 0, "acquisitions": 1}


def test_phases_within_one_series_are_told_by_their_images(tmp_path):
    together = tuple(
        replace(each, overrides={"SeriesInstanceUID": "2.25.77", "TemporalPositionIdentifier": n + 1})
        for n, each in enumerate(FOUR_D)
    )
    rois = (*phase_rois(), LUNG)
    case = read(tmp_path, plan(*rois, images=together, study_level=References.ABSENT))
    assert [len(image_set.series) for image_set in case.image_sets] == [3]
    assert gross(table_of(case))["scored.phases"] == 3


def test_without_a_target_on_the_planning_image_one_phase_is_scored_and_that_image_is_not_asked(tmp_path):
    rois = (*phase_rois()[1:], ball(5, "PTV", (1, 2, 2), 24.0, "PTV"), LUNG)
    case = read(tmp_path, plan(*rois, images=(*FOUR_D, AVERAGE), image_key="avg"))
    table = table_of(case)
    assert table.gross_target_rois == (2,)
    assert gross(table)["scored.volume"] == pytest.approx(slab_sum_cm3(RADII_MM[1]), rel=1e-3)
    assert table.gross_target["scored.ct_border_contrast"].reason == "contoured on a different phase than this image"
    assert "scored-on-phase" in codes(table.issues)


def test_a_phases_target_is_not_sampled_in_another_phase(tmp_path):
    case = read(tmp_path, plan(*phase_rois(), LUNG))
    (first, second, *_) = table_of(case).rois
    assert first.values["ct.mean"].value == 0
    assert second.values["ct.mean"].value is None
    assert second.values["ct.mean"].reason == "contoured on a different phase than this image"


def test_an_roi_drawn_on_two_phases_is_an_issue_and_no_phase(tmp_path):
    first, second, _ = phase_rois()
    count = len(second.contours)
    mixed = replace(second, image_keys=("ct1",) * 3 + ("ct2",) * (count - 3))
    case = read(tmp_path, plan(first, mixed, LUNG))
    (issue,) = [issue for issue in case.issues if issue.code == "roi-on-several-series"]
    assert issue.subject == "roi:2"
    assert "3 of phase 2 of CT 1" in issue.text
    assert f"{count - 3} of phase 3 of CT 1" in issue.text
    assert case_phases(case).count == 1


def test_an_roi_drawn_on_another_image_set_is_said(tmp_path):
    mr = image("mr", "T2", "MR")
    rois = (ball(1, "GTV"), ball(2, "GTV_MR", (1, 0, 0), image_keys=("mr",)), LUNG)
    case = read(tmp_path, plan(*rois, images=(image("ct0"), mr)))
    (issue,) = [issue for issue in case.issues if issue.code == "rois-on-other-images"]
    assert issue.text.startswith("ROI 2 was contoured on MR 1, not on the planning image")


def test_an_roi_whose_images_are_not_here_is_said(tmp_path):
    away = image("away", "CT")
    rois = (ball(1, "GTV"), ball(2, "GTVn", (9, 0, 0), 6.0, image_keys=("away",)), LUNG)
    write(tmp_path, plan(*rois, images=(image("ct0"), away)))
    for path in (tmp_path / "away").iterdir():
        path.unlink()
    case = read_case(tmp_path, settings=SETTINGS)
    (issue,) = [issue for issue in case.issues if issue.code == "roi-images-missing"]
    assert "ROI 2" in issue.text


def test_rois_on_the_planning_image_are_no_issue(tmp_path):
    case = read(tmp_path, plan(ball(1, "GTV"), LUNG))
    assert not {"rois-on-phase", "rois-on-other-images", "roi-images-missing"} & set(codes(case.issues))


def test_a_copy_of_the_contours_on_another_phase_does_not_count(tmp_path):
    copies = phase_rois(moved=np.zeros((3, 3), int), radii_mm=(9.0,) * 3)
    case = read(tmp_path, plan(*copies, LUNG))
    table = table_of(case)
    assert case_phases(case).copied == (2, 3)
    assert gross(table)["scored.phases"] == 1
    assert "phase-contours-copied" in codes(table.issues)
    assert values_of(table, 1) == {}


def test_copies_written_in_another_order_are_copies(tmp_path):
    first, *others = phase_rois(moved=np.zeros((3, 3), int), radii_mm=(9.0,) * 3)
    backwards = [
        replace(each, contours=started_elsewhere(chosen(each.contours, np.arange(len(each.contours))[::-1])))
        for each in others
    ]
    assert case_phases(read(tmp_path, plan(first, *backwards, LUNG))).copied == (2, 3)


def test_a_target_of_another_phase_that_no_name_tells_is_not_scored_and_said(tmp_path):
    rois = (
        ball(1, "GTV"),
        ball(2, "GTVn", (12, 0, 0), 6.0),
        ball(3, "Tumour", (-20, 0, 0), 8.0, image_keys=("ct1",)),
        LUNG,
    )
    table = table_of(read(tmp_path, plan(*rois)))
    assert table.gross_target_rois == (1, 2)
    (issue,) = [issue for issue in table.issues if issue.code == "gross-target-of-other-phase"]
    assert (issue.subject, issue.severity) == ("roi:3", "warning")


@pytest.mark.parametrize("names", [("GTV", "GTV_30", "GTV_60"), ("gtv 0%", "GTV 30%", "GTV T60"), NAMES])
def test_splitting_into_phases_leaves_the_verdict_where_it_was(tmp_path, names):
    write(tmp_path / "one", plan(phase_rois()[0], LUNG))
    write(tmp_path / "split", plan(*phase_rois(names), LUNG))
    one, split = (analyze(tmp_path / folder).record for folder in ("one", "split"))
    assert split.verdict.value == one.verdict.value
    families = [{each.id: each.score for each in record.score.families} for record in (one, split)]
    assert families[0] | {"image_sets": 0} == families[1] | {"image_sets": 0}


def roi(name):
    return Roi(number=1, name=name, contours=Contours.empty(), target_class=TargetClass.GTV)


class Phase:
    def __init__(self, *names):
        self.gross_targets = tuple(roi(name) for name in names)


@pytest.mark.parametrize(
    ("name", "others", "expected"),
    [
        ("GTV_00", ("GTV_50", "GTVn_50"), "GTV_50"),
        ("GTVn", ("GTV_50", "GTVn_50"), "GTVn_50"),
        ("GTV-1", ("GTV-1 50%", "GTV-2 50%"), "GTV-1 50%"),
        ("GTVp_inhale", ("GTVp_exhale", "GTVn_exhale"), "GTVp_exhale"),
        ("GTV T10", ("GTV T90", "other"), "GTV T90"),
        ("GTV T=3", ("GTV T=6", "other"), "GTV T=6"),
        ("GTV P0%", ("GTV P50%", "other"), "GTV P50%"),
        ("GTV phase 1", ("GTV phase 5", "other"), "GTV phase 5"),
        ("GTV P1", ("GTV P2", "other"), None),
        ("GTV_T1", ("GTV_T2", "other"), None),
        ("GTV CT1", ("GTV CT2", "other"), None),
        ("GTV_1", ("GTV_2", "GTVn"), None),
        ("GTV1", ("GTV2", "GTVn"), None),
        ("GTV_00", ("GTV_50", "GTV 50%"), None),
    ],
)
def test_a_target_is_known_by_its_name_without_the_phase(name, others, expected):
    found = matching_target(roi(name), Phase(*others), gross_count=2)
    assert (found.name if found else None) == expected
