"""Whatever bytes are changed, reading ends in a value or in an error of ours: never in anything else."""

import random

import pytest
from pydicom.uid import ImplicitVRLittleEndian

from rtcomplexity.case.reader import read_case
from rtcomplexity.dicom.structure_set import read_structure_set
from rtcomplexity.errors import RtComplexityError
from rtcomplexity.settings import Settings
from unit.dicom.datasets import contour, plan, roi, save, slices, structure_set, to_bytes

SETTINGS = Settings()


def drawn():
    return structure_set([roi(1, "GTV", [contour(image_uid="1.7.1")]), roi(2, "PTV", [contour()])], series="1.7")


def mutated(data, chance):
    """Change, drop or insert a few bytes after the preamble, or cut the file."""
    data = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5])):
        place = chance.randrange(128, max(len(data), 129))
        match chance.randrange(5):
            case 0 | 1:
                data[place : place + 1] = bytes([chance.choice([0, 255, chance.randrange(256)])])
            case 2:
                del data[place : place + chance.randrange(1, 40)]
            case 3:
                data[place:place] = chance.randbytes(chance.randrange(1, 9))
            case _:
                data = data[: max(place, 140)]
    return bytes(data)


@pytest.mark.parametrize("seed", range(5))
def test_a_mutated_structure_set_ends_in_a_value_or_an_error_of_ours(seed):
    chance = random.Random(seed)
    originals = [to_bytes(drawn()), to_bytes(drawn(), ImplicitVRLittleEndian), to_bytes(drawn(), bare=True)]
    for _ in range(200):
        try:
            read_structure_set(mutated(chance.choice(originals), chance), settings=SETTINGS)
        except RtComplexityError as error:
            assert str(error)  # noqa: PT017 -- the claim is that nothing else is raised


def test_a_mutated_file_beside_a_good_plan_ends_in_a_case_or_an_error_of_ours(tmp_path):
    chance = random.Random(11)
    for number, one in enumerate([*slices([0, 2]), drawn()]):
        save(tmp_path, f"{number}", one)
    originals = [to_bytes(slices([4])[0]), to_bytes(plan("1.5"))]
    for _ in range(150):
        (tmp_path / "mutated").write_bytes(mutated(chance.choice(originals), chance))
        try:
            case = read_case(tmp_path, settings=SETTINGS)
        except RtComplexityError as error:
            assert str(error)  # noqa: PT017 -- the claim is that nothing else is raised
        else:
            assert len(case.structure_set.rois) == 2
