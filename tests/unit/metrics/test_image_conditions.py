"""The five conditions at their limits, on measured values that are set by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.fusion.copies import LIKE, UNLIKE, Likeness
from rtcomplexity.metrics import image_conditions
from rtcomplexity.metrics.image_conditions import (
    SetConditions,
    _aligned,
    _covers,
    _decisive_of,
    _independent,
    _is_copy,
    _middle,
    _tied,
    _used,
    as_counted,
    copied_phases,
    measure_sets,
)
from rtcomplexity.metrics.measurement import Measurement, NotMeasurableError
from rtcomplexity.model.case import EvidenceLevel, ImageRole, ImageSet
from rtcomplexity.units import Unit


def values(**numbers):
    return {
        f"image_set.{key}": Measurement.missing("nobody knows", Unit.NONE)
        if number is None
        else Measurement(value=number, unit=Unit.NONE)
        for key, number in numbers.items()
    }


def series(**facts):
    stated = {
        "modality": "MR", "written_at": "", "equipment": "", "frame_of_reference_uid": "", "series_uid": "",
        "sop_instance_uids": ("1.1",),
    }  # fmt: skip
    return SimpleNamespace(**stated | facts)


def tied(*, point_map="there is one", level=EvidenceLevel.REGISTERED, subject="image:MR:1", **facts):
    one = series(**facts)
    image_set = SimpleNamespace(modality=one.modality, series=(one,), level=level, shown_by="a registration")
    return SimpleNamespace(series=one, image_set=image_set, subject=subject, point_map=point_map)


def context(own=None, planning=None, others=(), likenesses=(), rois=(), contoured=()):
    drawn = SimpleNamespace(structure_set=SimpleNamespace(rois=rois), contoured_series=contoured)
    return SimpleNamespace(
        tied=own or tied(), planning=SimpleNamespace(tied=planning or tied(modality="CT")), others=others,
        likenesses=likenesses, most_alike=likenesses[0] if likenesses else None, images=SimpleNamespace(case=drawn),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("shift", "far", "is_met", "words"),
    [
        (10.0, 0.98, True, "beyond"),
        (10.1, 1.0, False, "beyond"),
        (0.0, 0.97, False, "within"),
        (3.0, 1.0, True, "within"),
        (3.1, 1.0, True, "beyond"),
        (None, 1.0, False, "could not be checked: nobody knows"),
        (1.0, None, False, "could not be checked"),
    ],
)
def test_a_registration_holds_up_to_10_mm_and_above_98_percent(shift, far, is_met, words):
    found = _aligned(values(nearest_better_shift=shift, displacements_beaten=far, perturbations_beaten=0.3))
    assert (found.is_met, found.value, found.tolerance) == (is_met, shift, 10.0)
    assert words in found.text
    assert ("does not hold" in found.text) is (not is_met and "could not" not in words)
    if None not in {shift, far}:
        assert f"30% of small perturbations and {100 * far:.0f}% of displacements" in found.text


def test_without_perturbations_a_registration_is_not_checked():
    assert not _aligned(values(nearest_better_shift=0.0, displacements_beaten=1.0, perturbations_beaten=None)).is_met


@pytest.mark.parametrize(("target", "shell", "is_met"), [(0.95, 0.2, True), (0.94, 1.0, False), (1.0, None, False)])
def test_an_image_covers_from_95_percent_of_the_target_on(target, shell, is_met):
    found = _covers(values(target_covered=target, shell_covered=shell))
    assert (found.is_met, found.value, found.tolerance, found.comparison) == (is_met, target, 0.95, "at least")
    if shell is not None:
        assert f"{100 * target:.0f}% of its volume and {100 * shell:.0f}% of the 10 mm" in found.text
        assert found.text.startswith("Covers" if is_met else "Does not cover")


@pytest.mark.parametrize(
    ("own", "planning", "is_met"),
    [
        (0.5, 0.2, True),
        (0.49, 0.0, False),
        (0.75, 0.7, True),
        (0.74, 0.7, False),
        (0.9, None, False),
        (None, 0.1, False),
    ],
)
def test_an_mr_is_used_where_half_the_contour_follows_it_and_a_twentieth_more_than_the_planning_image(
    own, planning, is_met
):
    found = _used(context(), values(border_at_contour=own, planning_border_at_contour=planning))
    assert (found.is_met, found.value, found.tolerance) == (is_met, own, 0.5)
    assert found.metric == ("" if own is None else "image_set.border_at_contour")
    assert ("could not be measured" in found.text) is (own is None)
    if is_met:
        assert (
            f"{100 * own:.0f}% of the contour lies within 3 mm of it, {100 * planning:.0f}% of the plan" in found.text
        )


@pytest.mark.parametrize(("dice", "is_met"), [(0.5, True), (0.49, False)])
def test_a_pet_is_used_from_a_dice_of_a_half_on(dice, is_met):
    found = _used(context(tied(modality="PT")), values(uptake_dice=dice))
    assert (found.is_met, found.value, found.tolerance, found.comparison) == (is_met, dice, 0.5, "at least")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"rois": (SimpleNamespace(image_uids=("1.1", "7"), name="GTV"),)}, "name its images"),
        ({"contoured": (series(series_uid="s"),)}, "another structure set"),
        ({"rois": (SimpleNamespace(image_uids=(), name="SUV 2.5"),)}, "a threshold of its uptake"),
    ],
)
def test_what_rests_on_a_pet_uses_it_whatever_its_uptake(facts, words):
    found = _used(context(tied(modality="PT", series_uid="s"), **facts), values(uptake_dice=0.1))
    assert (found.is_met, found.value, found.metric, found.comparison) == (True, None, "", "")
    assert words in found.text


def test_an_mr_is_no_source_of_a_threshold_of_uptake():
    roi = SimpleNamespace(image_uids=("8",), name="SUV 2.5")
    other = series(series_uid="another")
    missing = values(border_at_contour=0.0, planning_border_at_contour=0.0)
    assert not _used(context(rois=(roi,), contoured=(other,)), missing).is_met


def test_a_set_is_tied_where_a_map_leads_to_it():
    assert _tied(context()).text == "Tied: a registration."
    assert _tied(context(tied(point_map=None))).text == "Not tied: a registration."
    referenced = _tied(context(tied(point_map=None, level=EvidenceLevel.REFERENCED)))
    assert (referenced.is_met, referenced.text) == (
        False,
        "Not tied: a registration, but no registration leads to its frame.",
    )


COPY = Likeness(rank_correlation=0.2, fine_correlation=0.0, carried=0.9, noise_carried=0.9)
OTHER = Likeness(rank_correlation=0.2, fine_correlation=0.0, carried=0.0, noise_carried=0.0)
MEASURED = values(
    fine_structure_correlation=0.01, rank_correlation=0.2, noise_carried=0.9, fine_structure_carried=0.9,
    noise_carried_part=0.1, filter_displacement=None,
)  # fmt: skip


def test_copies_are_named_before_all_else():
    found = _independent(context(likenesses=(("image:CT:1", COPY), ("image:PT:1", OTHER))), MEASURED)
    assert not found.is_met
    assert found.text.startswith("A copy of image:CT:1:")
    assert (found.metric, found.value) == ("image_set.fine_structure_carried", 0.9)


def test_the_same_time_of_another_set_of_the_modality_is_another_reconstruction():
    own = tied(written_at="20260105 101500")
    others = [tied(modality="CT", written_at=own.series.written_at), tied(written_at="20260105 101501")]
    assert _independent(context(own, others=others), MEASURED).is_met
    same = tied(written_at=own.series.written_at, subject="image:MR:2")
    found = _independent(context(own, others=[*others, same]), MEASURED)
    assert not found.is_met
    assert "same acquisition time as image:MR:2" in found.text
    assert _independent(context(tied(), others=[tied()]), MEASURED).is_met  # neither states one


def test_no_scanner_makes_both_ct_and_mr():
    ct, mr, pet = (tied(modality=kind, equipment="X 1", subject=kind) for kind in ("CT", "MR", "PT"))
    found = _independent(context(mr, others=[pet, ct]), MEASURED)
    assert not found.is_met
    assert found.text.startswith("From the scanner that CT states")
    assert _independent(context(pet, others=[ct, mr]), MEASURED).is_met
    assert _independent(context(mr, others=[tied(modality="CT", equipment="X 2")]), MEASURED).is_met
    assert _independent(context(tied(), others=[tied(modality="CT")]), MEASURED).is_met


def test_what_headers_say_sets_it_apart_from_the_planning_image():
    own = tied(written_at="1", equipment="a", frame_of_reference_uid="1.1")
    planning = tied(modality="CT", written_at="2", equipment="b", frame_of_reference_uid="1.1")
    assert "(another time, another scanner):" in _independent(context(own, planning), MEASURED).text
    assert "acquisition: its" in _independent(context(own), MEASURED).text  # the planning image states nothing


def test_without_a_number_nothing_is_independent():
    unknown = values(fine_structure_correlation=None, rank_correlation=None)
    found = _independent(context(), unknown)
    assert (found.is_met, found.text) == (False, "Independence could not be measured: nobody knows.")
    ranks = _independent(context(), values(fine_structure_correlation=None, rank_correlation=0.3))
    assert (ranks.is_met, ranks.value, ranks.metric) == (True, 0.3, "image_set.rank_correlation")


@pytest.mark.parametrize("limits", [LIKE, UNLIKE])
@pytest.mark.parametrize(
    ("over", "key"),
    [
        ({"fine_structure_correlation": -0.99}, "fine_structure_correlation"),
        ({"fine_structure_carried": 0.61, "noise_carried": 0.9}, "fine_structure_carried"),
        ({"noise_carried": 0.36, "noise_carried_part": 0.9}, "noise_carried"),
        ({"noise_carried_part": 0.51}, "noise_carried_part"),
        ({"filter_displacement": 0.7}, "filter_displacement"),
        ({}, "fine_structure_correlation"),
        ({"fine_structure_correlation": None}, "rank_correlation"),
    ],
)
def test_the_number_that_tells_a_copy_is_the_first_beyond_its_limit(limits, over, key):
    at_limits = {
        "fine_structure_correlation": 0.01, "rank_correlation": 0.2, "fine_structure_carried": limits.carried,
        "noise_carried": limits.noise_carried, "noise_carried_part": 0.5, "filter_displacement": None,
    }  # fmt: skip
    alike = Likeness(rank_correlation=0.0, limits=limits)
    measured, found = values(**at_limits | over), context(likenesses=(("x", alike),))
    decisive = _decisive_of(found, measured, is_copy=True)
    assert (decisive.key, decisive.value) == (f"image_set.{key}", (at_limits | over)[key])
    assert decisive.comparison == ("at least" if key == "filter_displacement" else "at most")
    if key in at_limits and key.startswith(("fine_structure_carried", "noise")):
        assert decisive.tolerance == at_limits[key]
    other = _decisive_of(found, measured, is_copy=False)
    assert other.key == (
        "image_set.rank_correlation" if key.startswith("rank") else "image_set.fine_structure_correlation"
    )


def test_a_set_counts_where_every_condition_holds():
    covers, misses = (_covers(values(target_covered=share, shell_covered=1.0)) for share in (1.0, 0.5))
    both = SetConditions(subject="x", conditions=(covers, misses), values={})
    assert SetConditions(subject="x", conditions=(covers, _tied(context())), values={}).counts
    assert (both.counts, both.missed, both.is_tied) == (False, (misses.text,), False)
    assert SetConditions(subject="x", conditions=(_tied(context()),), values={}).is_tied
    assert not SetConditions(subject="x", conditions=(_tied(context(tied(point_map=None))), covers), values={}).is_tied


def sets_of(*roles, count=5, grid="a grid"):
    known = tuple(SimpleNamespace(image_set=SimpleNamespace(role=role)) for role in roles)
    target = SimpleNamespace(runs=SimpleNamespace(count=count), grid=SimpleNamespace(image=grid))
    return measure_sets(SimpleNamespace(images=SimpleNamespace(tied=known), target=target))


@pytest.mark.parametrize(("count", "grid"), [(0, "a grid"), (5, None)])
def test_without_a_voxel_no_condition_is_measured(count, grid):
    with pytest.raises(NotMeasurableError, match="no voxel center"):
        sets_of(ImageRole.PLANNING, ImageRole.SECONDARY, count=count, grid=grid)


@pytest.mark.parametrize("role", [ImageRole.PLANNING, ImageRole.SECONDARY])
def test_one_image_set_alone_has_no_conditions(role):
    assert sets_of(role, count=0) == ()


@pytest.mark.parametrize(
    ("role", "level", "counts", "expected"),
    [
        (ImageRole.SECONDARY, EvidenceLevel.REGISTERED, True, EvidenceLevel.REGISTERED),
        (ImageRole.SECONDARY, EvidenceLevel.SAME_FRAME, True, EvidenceLevel.REFERENCED),
        (ImageRole.SECONDARY, EvidenceLevel.REGISTERED, False, EvidenceLevel.PRESENT),
        (ImageRole.PLANNING, EvidenceLevel.REFERENCED, False, EvidenceLevel.REFERENCED),
    ],
)
def test_a_secondary_set_counts_at_its_level_or_is_only_there(role, level, counts, expected):
    image_set = ImageSet(series=(), role=role, level=level, shown_by="")
    images = SimpleNamespace(tied=(SimpleNamespace(image_set=image_set, subject="image:MR:1"),))
    sets = [SimpleNamespace(subject="image:MR:1", counts=counts), SimpleNamespace(subject="image:PT:1", counts=True)]
    (found,) = as_counted(images, sets)
    assert found.level is expected


def copies_among(monkeypatch, *values, copied=(), count=None, parts=("a part",)):
    """Numbers of phases, from 1 on, that copy an earlier one, where equal values are copies and None is not read."""
    monkeypatch.setattr(image_conditions, "shell_corners_mm", lambda _: "corners")
    monkeypatch.setattr(image_conditions, "_around", lambda series, *_: series)
    monkeypatch.setattr(image_conditions, "_is_copy", lambda one, other: one == other)
    each = [SimpleNamespace(number=n, series=value) for n, value in enumerate(values, start=1)]
    phases = SimpleNamespace(phases=each, copied=copied, count=len(each) if count is None else count)
    surface = SimpleNamespace(points_mm="points")
    return copied_phases(SimpleNamespace(phases=phases, parts=parts, target=SimpleNamespace(surface=surface)))


def test_a_phase_that_repeats_an_earlier_one_is_a_copy(monkeypatch):
    assert copies_among(monkeypatch, "a", "b", "a", "b", "c") == (3, 4)
    assert copies_among(monkeypatch, "a", None, "a", None) == (3,)
    assert copies_among(monkeypatch, "a", "a", "a", copied={2}) == (3,)
    assert copies_among(monkeypatch, "a", "a", count=2) == (2,)
    assert copies_among(monkeypatch, "a", "a", count=1) == ()
    assert copies_among(monkeypatch, "a", "a", parts=()) == ()


@pytest.mark.parametrize(
    ("alike", "shows", "is_copy"),
    [
        (None, True, False),
        (COPY, False, True),
        (OTHER, True, True),
        (OTHER, False, False),
        (OTHER, None, False),
        (Likeness(rank_correlation=0.1), True, False),
        (Likeness(rank_correlation=1.0), False, True),
    ],
)
def test_a_copy_is_told_by_its_values_else_behind_a_filter(monkeypatch, alike, shows, is_copy):
    rest = None if shows is None else SimpleNamespace(shows_copy=lambda *, least_explained: shows)
    monkeypatch.setattr(image_conditions, "likeness", lambda *_: alike)
    monkeypatch.setattr(image_conditions, "remainder", lambda *_: rest)
    values = np.zeros((16, 64, 64))
    assert _is_copy(values, values) is is_copy
    assert not _is_copy(values, values[1:])


@pytest.mark.parametrize(
    ("shape", "first", "expected"),
    [
        ((20, 70, 80), (2, 3, 8), (16, 64, 64)),
        ((5, 65, 64), (0, 0, 0), (5, 64, 64)),
        ((16, 63, 10), (0, 0, 0), (16, 63, 10)),
    ],
)
def test_the_middle_of_values_is_as_far_from_either_end(shape, first, expected):
    values = np.arange(np.prod(shape)).reshape(shape)
    middle = _middle(values)
    assert middle.shape == expected
    assert middle[0, 0, 0] == values[first]
