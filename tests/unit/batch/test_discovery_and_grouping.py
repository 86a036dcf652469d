"""Which plans are found, whatever the layout, and which files go with each."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import ImplicitVRLittleEndian

from rtcomplexity.batch.discovery import Discovery
from rtcomplexity.batch.grouping import found_plans
from rtcomplexity.batch.ledger import Ledger
from rtcomplexity.batch.messages import IndexTask, Limits, Outcome, Status
from rtcomplexity.errors import NoInputError
from rtcomplexity.settings import Settings
from rtcomplexity.testing import ImageDescription, References, sample_plan, write_plan
from unit.batch.inline_engine import InlineEngine
from unit.batch.small_plans import SLICES, key_of, small_plan, write_archive


def look(root, out, engine=None):
    """Look at a folder; give every plan's files by kind, and what was broken."""
    with Ledger(out) as ledger:
        engine = engine or InlineEngine()
        count = Discovery(ledger, engine, Settings(), Limits()).run(root, out, lambda files: None)
        plans = {plan.key: plan for plan in found_plans(ledger)}
        return plans, list(ledger.broken_files()), count, engine


def names(plan):
    return sorted(Path(member.text).name for member in plan.members)


def test_finds_a_folder_per_patient(tmp_path):
    root = write_archive(tmp_path / "in", 3)
    plans, broken, count, _ = look(root, tmp_path / "out")
    assert len(plans) == 3
    assert not broken
    assert count == 3 * (SLICES + 2)
    for plan in plans.values():
        assert len({Path(member.text).parents[-5] for member in plan.members}) == 1
        assert names(plan).count("rs.dcm") == names(plan).count("rp.dcm") == 1
        assert len(plan.members) == SLICES + 2


def test_finds_the_same_plans_when_everything_lies_flat(tmp_path):
    root, flat = write_archive(tmp_path / "in", 3), tmp_path / "flat"
    flat.mkdir()
    for number, path in enumerate(sorted(root.rglob("*.dcm"), reverse=True)):
        shutil.copy(path, flat / f"IM{number}")
    sorted_plans, flat_plans = look(root, tmp_path / "out")[0], look(flat, tmp_path / "out2")[0]
    assert set(flat_plans) == set(sorted_plans)
    assert all(len(plan.members) == SLICES + 2 for plan in flat_plans.values())


def test_several_sets_of_a_patient_share_their_images(tmp_path):
    root = write_archive(tmp_path / "in", 1, sets=3)
    plans = look(root, tmp_path / "out")[0]
    assert len(plans) == 3
    assert sorted(len(plan.members) for plan in plans.values()) == [SLICES + 1, SLICES + 1, SLICES + 2]
    assert all(key_of(plan.members[0].text) == key for key, plan in plans.items())


def test_a_copy_of_a_structure_set_is_no_other_plan(tmp_path):
    root = write_archive(tmp_path / "in", 1)
    shutil.copy(next(root.rglob("rs.dcm")), root / "copy")
    assert len(look(root, tmp_path / "out")[0]) == 1


def test_a_structure_set_encoded_anew_is_no_other_plan(tmp_path):
    root = write_archive(tmp_path / "in", 2)
    first = next(root.rglob("rs.dcm"))
    dataset = dcmread(first)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    dataset.save_as(root / "encoded anew", implicit_vr=True, little_endian=True)
    assert key_of(root / "encoded anew") != key_of(first)
    plans = look(root, tmp_path / "out")[0]
    assert len(plans) == 2
    assert min(key_of(first), key_of(root / "encoded anew")) in plans
    with Ledger(tmp_path / "out") as ledger:
        assert ledger.count_structure_sets() == 2
        assert ledger.count_sources() == (2, 2, 0, 0)


def test_takes_no_image_of_another_patient(tmp_path):
    plan, other = small_plan(1), small_plan(2)
    write_plan(tmp_path / "in" / "a", plan)
    write_plan(tmp_path / "in" / "b", replace(other, key=plan.key, structure_sets=(), rt_plans=()))
    (found,) = look(tmp_path / "in", tmp_path / "out")[0].values()
    assert {Path(member.text).parts[-3 if "ct_" in member.text else -2] for member in found.members} == {"a"}


def write_apart(folder, *, is_tied, others=1):
    """Write a structure set, and images of its kind under other Patient IDs beside it."""
    plan = small_plan(1)
    (drawn,) = plan.structure_sets
    loose = replace(
        drawn, image_key=None, study_level=References.ABSENT, contour_level=References.ABSENT, frame_key="lost",
        study_key="lost",
    )  # fmt: skip
    write_plan(folder / "own", replace(plan, rt_plans=(), structure_sets=(drawn if is_tied else loose,)))
    shutil.rmtree(folder / "own" / "ct")
    for number in range(2, 2 + others):
        other = small_plan(number)
        write_plan(folder / "own" / str(number), replace(other, key=plan.key, structure_sets=(), rt_plans=()))
    return folder


@pytest.mark.parametrize("is_tied", [True, False])
def test_images_under_another_patient_id_are_handed_over_where_there_are_no_others(tmp_path, is_tied):
    (found,) = look(write_apart(tmp_path / "in", is_tied=is_tied), tmp_path / "out")[0].values()
    assert len(found.members) == SLICES + 1


def test_images_in_the_archive_of_a_set_are_handed_over_too(tmp_path):
    folder = write_apart(tmp_path / "in", is_tied=False)
    shutil.make_archive(str(tmp_path / "root" / "plan"), "zip", folder)
    (found,) = look(tmp_path / "root", tmp_path / "out")[0].values()
    assert len(found.members) == SLICES + 1


def test_images_of_several_other_patients_are_nobody_s(tmp_path):
    folder = write_apart(tmp_path / "in", is_tied=False, others=2)
    (found,) = look(folder, tmp_path / "out")[0].values()
    assert len(found.members) == 1


def test_follows_registrations_to_other_frames(tmp_path):
    write_plan(tmp_path / "in", sample_plan("complex_central"))
    (found,) = look(tmp_path / "in", tmp_path / "out")[0].values()
    kinds = {Path(member.text).parent.name for member in found.members}
    assert {"ct", "pt", "mr"} <= kinds
    assert "reg.dcm" in names(found)


def test_leaves_out_a_study_nothing_ties(tmp_path):
    plan = small_plan(1)
    (image,) = plan.images
    far = replace(image, key="far", frame_key="far", study_key="far")
    write_plan(tmp_path / "in", replace(plan, images=(image, far)))
    (found,) = look(tmp_path / "in", tmp_path / "out")[0].values()
    assert len(found.members) == SLICES + 2


def test_hands_over_all_images_of_the_patient_where_nothing_is_tied(tmp_path):
    plan = small_plan(1)
    (drawn,), (image,) = plan.structure_sets, plan.images
    loose = replace(
        drawn,
        image_key=None,
        study_level=References.ABSENT,
        contour_level=References.ABSENT,
        frame_key="lost",
        study_key="lost",
    )
    assert isinstance(image, ImageDescription)
    write_plan(tmp_path / "in", replace(plan, structure_sets=(loose,), rt_plans=()))
    (found,) = look(tmp_path / "in", tmp_path / "out")[0].values()
    assert len(found.members) == SLICES + 1


def test_a_second_look_opens_only_what_changed(tmp_path):
    root, out = write_archive(tmp_path / "in", 2), tmp_path / "out"
    look(root, out)
    assert look(root, out)[3].tasks == []
    changed = next(root.rglob("rp.dcm"))
    os.utime(changed, ns=(1, 1))
    assert [task.count(".dcm") for task in look(root, out)[3].tasks] == [1]


def test_a_file_that_went_away_is_forgotten(tmp_path):
    root, out = write_archive(tmp_path / "in", 2), tmp_path / "out"
    look(root, out)
    shutil.rmtree(next(root.iterdir()))
    assert len(look(root, out)[0]) == 1


def test_its_own_output_is_not_looked_into(tmp_path):
    root = write_archive(tmp_path / "in", 1)
    out = root / "results"
    count = look(root, out)[2]
    shutil.copy(next(root.rglob("rs.dcm")), out / "rs.dcm")
    assert look(root, out)[2] == count


def test_what_says_it_is_dicom_and_is_not_is_told(tmp_path):
    root = write_archive(tmp_path / "in", 1)
    (root / "notes.txt").write_text("PATIENT-SECRET")
    (root / "broken").write_bytes(bytes(128) + b"DICM" + b"\xff" * 300)
    plans, broken, _, _ = look(root, tmp_path / "out")
    assert len(plans) == 1
    assert [code for _, code, _ in broken] == ["unreadable-file"]


def test_linked_folders_and_dead_links_are_told_not_followed(tmp_path):
    root = write_archive(tmp_path / "in", 1)
    (root / "again").symlink_to(next(root.iterdir()), target_is_directory=True)
    (root / "dead").symlink_to(tmp_path / "nothing")
    plans, broken, _, _ = look(root, tmp_path / "out")
    assert len(plans) == 1
    assert sorted(code for _, code, _ in broken) == ["file-unreadable", "linked-folder"]


def test_a_file_that_kills_its_reader_costs_itself_alone(tmp_path):
    root = write_archive(tmp_path / "in", 3)
    bad = str(sorted(root.rglob("ct_003.dcm"))[1])

    class Deadly(InlineEngine):
        def run(self, tasks):
            for key, task in tasks:
                if bad in IndexTask.from_tree(json.loads(task)).paths:
                    yield key, Outcome(status=Status.CRASHED, code="process-died", reason="It died.")
                else:
                    yield from super().run([(key, task)])

    plans, broken, _, _ = look(root, tmp_path / "out", Deadly())
    assert sorted(len(plan.members) for plan in plans.values()) == [SLICES + 1, SLICES + 2, SLICES + 2]
    assert [(code, "It died." in reason) for _, code, reason in broken] == [("process-died", True)]


def test_a_folder_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(NoInputError):
        look(tmp_path / "nothing", tmp_path / "out")


def test_finding_a_plan_reads_no_whole_table(tmp_path):
    """However large an archive: every query of the grouping goes through an index to a few rows."""
    root, asked = write_archive(tmp_path / "in", 1), set()
    with Ledger(tmp_path / "out") as ledger:
        Discovery(ledger, InlineEngine(), Settings(), Limits()).run(root, tmp_path / "out", lambda files: None)
        ledger._database.set_trace_callback(asked.add)
        list(found_plans(ledger))
        ledger._database.set_trace_callback(None)
        steps = {
            row[3]
            for query in asked
            if "SELECT" in query
            for row in ledger._database.execute(f"EXPLAIN QUERY PLAN {query}")
        }
    by_kind = "USING INDEX by_kind (kind=? AND sha256>?)"
    assert not [step for step in steps if step.startswith("SCAN") or ("by_kind" in step and by_kind not in step)]
