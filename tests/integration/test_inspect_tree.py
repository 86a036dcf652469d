"""What a physicist reads of image sets in ``inspect``: which sets there are, how each is tied, and by which objects."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from in_process import tell
from rtcomplexity.testing import AXIAL, contour_stack, image_grid, uids
from rtcomplexity.testing.description import (
    DeformableDescription,
    ImageDescription,
    MatrixMapping,
    PetDescription,
    PlanDescription,
    RegistrationDescription,
    RoiDescription,
    StructureSetDescription,
    SyntheticPatient,
)
from rtcomplexity.testing.dicom_writer import write_plan
from rtcomplexity.testing.radial import sphere

pytestmark = pytest.mark.usefixtures("measured_once", "steady")


GRID = image_grid(
    frame=AXIAL, slices=20, rows=36, columns=36, slice_spacing_mm=3, row_spacing_mm=3, column_spacing_mm=3
)
LATTICE = image_grid(
    frame=AXIAL, slices=9, rows=12, columns=12, slice_spacing_mm=30, row_spacing_mm=30, column_spacing_mm=30
)
LEVELS = ("referenced by a structure set", "registered", "same frame of reference", "present, not linked")


@cache
def inspected(folder):
    """Print the page of a folder, its tree's branches by the lines of their own; lines that were broken are joined."""
    code, text, _ = tell("inspect", folder)
    assert code == 0
    lines: list[list[object]] = []
    for line in text.split("\nROIs")[0].splitlines():
        bare = line.lstrip("│ ")
        if bare.startswith(("├── ", "└── ")) or not lines:
            lines.append([(len(line) - len(bare)) // 4, bare.removeprefix("├── ").removeprefix("└── ").rstrip()])
        else:
            lines[-1][1] += f" {bare.strip()}"
    return tuple((depth, words) for depth, words in lines)


def branch(lines, title):
    """Lines under the first one that starts with `title`, one level down."""
    start = next(n for n, (_, words) in enumerate(lines) if words.startswith(title))
    depth = lines[start][0]
    found = []
    for own, words in lines[start + 1 :]:
        if own <= depth:
            break
        if own == depth + 1:
            found.append(words)
    return found


def level(lines, title):
    (found,) = [words for words in branch(lines, title) if words.startswith(LEVELS)]
    return found.partition(":")[0]


@pytest.mark.real_data
def test_a_sarcoma_patient_has_three_sets_in_one_frame(real_data):
    lines = inspected(real_data / "sts" / "STS_001")
    assert level(lines, "CT 1, planning image: 59 slices") == "referenced by a structure set"
    for title in ("MR 1, secondary: 59 slices", "PT 1, secondary: 59 slices"):
        assert level(lines, title) == "referenced by a structure set"
        assert any(words.startswith("sampled in GTV_Mass_CT") for words in branch(lines, title))
        assert not any("registration:" in words for words in branch(lines, title))
    assert any(words.startswith("SUVbw: ") for words in branch(lines, "PT 1"))
    assert branch(lines, "Acquisitions counted: 2")


@pytest.mark.real_data
def test_a_pet_in_a_frame_of_its_own_is_not_shown_to_be_registered(real_data):
    lines = inspected(real_data / "sts_raw" / "STS_001")
    assert level(lines, "MR 1, planning image: 40 slices") == "referenced by a structure set"
    pet = branch(lines, "PT 1, secondary: 267 slices")
    assert level(lines, "PT 1") == "present, not linked"
    assert "not sampled: it is not shown to be registered with the planning image" in pet
    assert not any(words.startswith(("sampled in", "SUVbw", "registration")) for words in pet)
    (counted,) = [words for words in branch(lines, "Acquisitions counted: 1") if words.startswith("PT 1")]
    assert counted.endswith("not counted")


@pytest.mark.real_data
def test_a_real_lung_plan_says_which_references_hold(real_data):
    lines = inspected(real_data / "lung1_001")
    assert level(lines, "CT 1, planning image: 134 slices") == "referenced by a structure set"
    (link,) = [words for words in branch(lines, "Structure set: 17 ROIs") if words.startswith("linked to")]
    assert "134 of 134 study-level image references resolve" in link
    assert "0 of 134 contour-level" in link
    assert sum(words.startswith("not chosen:") for words in branch(lines, "Structure set")) == 1
    assert branch(lines, "Image sets: 1")[-1] == "Acquisitions counted: 1"


def ball(number, name, radius_mm, interpreted_type="GTV", image_keys=(), shift_mm=0.0):
    positions = [z for z in GRID.slice_positions_mm if abs(z - shift_mm) < radius_mm]
    frame = replace(AXIAL, origin_mm=np.array([0.0, 0.0, shift_mm]))
    contours = contour_stack(sphere(radius_mm), positions_mm=[z - shift_mm for z in positions], frame=frame)
    return RoiDescription(
        number=number, name=name, contours=contours, interpreted_type=interpreted_type, image_keys=image_keys
    )


def image(key, modality, description="", frame_key=None, **changes):
    values = np.full((20, 36, 36), 100, np.float32)
    place = {} if frame_key is None else {"frame_key": frame_key, "study_key": changes.pop("study_key", frame_key)}
    return ImageDescription(
        key=key, modality=modality, grid=GRID, values=values, description=description, **place, **changes
    )


@pytest.fixture(scope="module")
def everything():
    """4D-CT with its average; PET/CT tied through the MR's frame; the MR by a matrix; a late MR by a deformation."""
    shift = np.eye(4)
    shift[:3, 3] = [4.0, -2.0, 1.0]
    average = {"image_type": ("DERIVED", "SECONDARY", "AVERAGE")}
    images = (
        *(image(f"ct{n}", "CT", f"4D {share}%") for n, share in enumerate((0, 30, 60))),
        image("avg", "CT", "4D average", **average),
        image("petct", "CT", "low dose", "pet"),
        image("pet", "PT", "AC", "pet", pet=PetDescription(), slopes=(1.0,) * 20),
        image("mr", "MR", "T1", "mr"),
        image("late", "MR", "T2", "late"),
        image("old", "MR", "before", "old"),
    )
    phases = tuple(ball(n + 2, f"GTV_{share:02}", 9.0, image_keys=(f"ct{n}",), shift_mm=3.0 * n) for n, share in
                   enumerate((0, 30, 60)))  # fmt: skip
    rois = (ball(1, "ITV", 18.0, "", shift_mm=4.5), *phases, ball(5, "PTV", 24.0, "PTV", shift_mm=3.0))
    organs = (ball(6, "Heart", 15.0, "ORGAN", shift_mm=-6.0),)
    return PlanDescription(
        key="everything",
        patient=SyntheticPatient(patient_id="1"),
        images=images,
        structure_sets=(StructureSetDescription(rois=(*rois, *organs), image_key="avg"),),
        registrations=(
            RegistrationDescription(
                key="mr_to_ct", mappings=(MatrixMapping(source_frame_key="mr", matrices=(shift,), image_key="mr"),)
            ),
            RegistrationDescription(
                key="pet_to_mr",
                registered_frame_key="mr",
                mappings=(MatrixMapping(source_frame_key="pet", matrices=(shift,), image_key="pet"),),
            ),
        ),
        deformable_registrations=(
            DeformableDescription(
                source_frame_key="late",
                grid=LATTICE,
                displacements_mm=np.zeros((9, 12, 12, 3), np.float32),
                image_key="late",
            ),
        ),
    )


@pytest.fixture(scope="module")
def folder(everything, tmp_path_factory):
    path = tmp_path_factory.mktemp("everything")
    write_plan(path, everything)
    return path


def object_end(plan, key):
    return f"…{uids.instance_uid(plan, key)[-12:]}"


def test_every_set_stands_with_its_level(folder):
    lines = inspected(folder)
    titles = {words.partition(",")[0]: words for words in branch(lines, "Image sets: 7") if "slices" in words}
    roles = {name: words.partition(", ")[2].partition(":")[0] for name, words in titles.items()}
    assert sorted(roles.values()) == ["planning image", *["secondary"] * 6]
    (four_d,) = [name for name, words in titles.items() if "3 phases of 20 slices" in words]
    levels = {name: level(lines, f"{name},") for name in titles}
    assert levels["CT 1"] == levels[four_d] == "referenced by a structure set"
    assert sorted(levels[name] for name in titles if name.startswith("MR")) == [
        "present, not linked",
        "registered",
        "registered",
    ]
    assert levels["PT 1"] == "registered"


def test_a_chain_names_its_objects_from_the_planning_frame_on(folder, everything):
    lines = inspected(folder)
    (way,) = [words for words in branch(lines, "PT 1") if words.startswith("registration:")]
    first, second = object_end(everything, "mr_to_ct"), object_end(everything, "pet_to_mr")
    assert way == f"registration: planning frame → rigid {first} → rigid {second} → its frame"


def test_a_deformation_is_named_as_one(folder, everything):
    lines = inspected(folder)
    ways = [
        words for _, words in lines if words.startswith("registration: ") and object_end(everything, "dreg") in words
    ]
    assert ways == [f"registration: planning frame → deformable {object_end(everything, 'dreg')} → its frame"]


def test_each_level_names_the_kind_of_registration_on_its_own_way(folder):
    lines = inspected(folder)
    kinds = {name: next(w for w in branch(lines, f"{name},") if w.startswith("registered: ")) for name in
             ("MR 1", "MR 2", "PT 1")}  # fmt: skip
    ways = {name: next(w for w in branch(lines, f"{name},") if w.startswith("registration: ")) for name in kinds}
    assert kinds["PT 1"].startswith("registered: a spatial registration")
    for name in ("MR 1", "MR 2"):
        assert ("a deformable registration" in kinds[name]) == ("deformable" in ways[name])


def test_no_quality_is_claimed_for_any_registration(folder):
    lines = inspected(folder)
    qualities = {words for _, words in lines if words.startswith("registration quality")}
    assert len(qualities) == 1
    assert "not measured" in qualities.pop()


def test_a_set_with_phases_says_on_which_of_them_was_drawn(folder):
    lines = inspected(folder)
    (four_d,) = [words for _, words in lines if "3 phases of 20 slices" in words]
    assert "gross targets contoured on phases 1, 2, 3" in branch(lines, four_d)


def test_phases_that_nobody_drew_on_are_said(tmp_path, everything):
    drawn = everything.structure_sets[0]
    others = tuple(roi for roi in drawn.rois if not roi.image_keys)
    write_plan(tmp_path, replace(everything, structure_sets=(replace(drawn, rois=others),)))
    lines = inspected(tmp_path)
    (four_d,) = [words for _, words in lines if "3 phases of 20 slices" in words]
    assert "gross targets contoured on none of its phases" in branch(lines, four_d)


def test_the_average_and_its_phases_are_one_acquisition(folder):
    lines = inspected(folder)
    found = branch(lines, "Acquisitions counted")
    (planning,) = [words for words in found if words.startswith("CT 1")]
    assert "CT in 3 phases, referenced by a structure set" in planning
    assert planning.partition(":")[0].count("CT") == 2
    (pet,) = [words for words in found if "PT 1" in words]
    assert "CT + PT, registered to the planning frame of reference" in pet or "PT + CT" in pet
