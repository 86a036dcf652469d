"""How organs beside a target are counted, on distances that are set by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from rtcomplexity.metrics import adjacency as metrics_adjacency
from rtcomplexity.metrics.adjacency import Adjacency, adjacency
from rtcomplexity.metrics.measurement import NotMeasurableError
from rtcomplexity.model.structure_set import TargetClass


def organ(gap_mm=0.0, share=0.0, depths_mm=(-9.0, -9.0)):
    surface = SimpleNamespace(gap_mm=gap_mm, share=share, depths_mm=lambda _: np.array(depths_mm))
    return SimpleNamespace(surface=surface)


def beside(monkeypatch, *organs, areas_mm2=(1.0, 3.0)):
    """A target of two points that stand for 1 and 3 mm2, with organs each with its name."""
    monkeypatch.setattr(metrics_adjacency, "volume_cm3", lambda _: 1.0)
    monkeypatch.setattr(metrics_adjacency, "box_gap_mm", lambda _, other: other.gap_mm)
    monkeypatch.setattr(metrics_adjacency, "inside_share", lambda _, others: sum(each.share for each in others))
    surface = SimpleNamespace(points_mm=np.zeros((2, 3)), areas_mm2=np.array(areas_mm2))
    return Adjacency(target=SimpleNamespace(surface=surface), organs=organs)


def told(found):
    return found.surface_share(), found.organ_count(), found.overlap_share()


def test_a_point_within_5_mm_of_an_organ_is_near_it(monkeypatch):
    assert told(beside(monkeypatch, ("heart", organ(depths_mm=(-5.0, -5.1))))) == (0.25, 1, 0)
    assert told(beside(monkeypatch, ("heart", organ(depths_mm=(-5.1, -5.0))))) == (0.75, 1, 0)
    assert told(beside(monkeypatch, ("heart", organ(depths_mm=(-5.1, -5.1))))) == (0, 0, 0)


def test_organs_whose_boxes_lie_more_than_5_mm_apart_are_not_looked_at(monkeypatch):
    near, far = organ(gap_mm=5.0, depths_mm=(0.0, 0.0)), organ(gap_mm=5.01, depths_mm=(0.0, 0.0))
    assert told(beside(monkeypatch, ("heart", near))) == (1, 1, 0)
    assert told(beside(monkeypatch, ("heart", far))) == (0, 0, 0)


def test_an_organ_that_holds_more_than_half_of_the_target_is_its_host(monkeypatch):
    half, more = organ(share=0.5, depths_mm=(1.0, -9.0)), organ(share=0.51, depths_mm=(1.0, -9.0))
    assert told(beside(monkeypatch, ("liver", half))) == (0.25, 1, 0.5)
    assert told(beside(monkeypatch, ("liver", more))) == (0, 0, 0)


def test_several_organs_share_the_surface_and_each_counts_once(monkeypatch):
    first, second = organ(share=0.1, depths_mm=(0.0, -9.0)), organ(share=0.2, depths_mm=(0.0, 0.0))
    found = beside(monkeypatch, ("heart", first), ("heart", second), ("ribs", organ(depths_mm=(0.0, -9.0))))
    assert told(found) == pytest.approx((1, 2, 0.3))


def test_without_a_surface_or_an_organ_nothing_is_measured(monkeypatch):
    with pytest.raises(NotMeasurableError, match="no organ of the list"):
        beside(monkeypatch).organ_count()
    with pytest.raises(NotMeasurableError, match="thinner than the pixels"):
        beside(monkeypatch, ("heart", organ()), areas_mm2=(0.0, 0.0)).organ_count()


def roi(name, target_class=TargetClass.OAR, slab_mm=(3.0, 3.0), stack="planes"):
    return SimpleNamespace(
        roi=SimpleNamespace(name=name, target_class=target_class), stacked=SimpleNamespace(stack=stack),
        stack=SimpleNamespace(slab_mm=np.array(slab_mm)),
    )  # fmt: skip


def test_organs_are_oars_of_the_list_with_a_known_extent():
    contexts = [
        roi("Heart"), roi("heart wall"), roi("Heart", TargetClass.OTHER), roi("Lung L"), roi("Aorta", stack=None),
        roi("Aorta", slab_mm=(3.0, np.nan)), roi("Trachea"),
    ]  # fmt: skip
    target = SimpleNamespace()
    found = adjacency(target, contexts)
    assert [name for name, _ in found.organs] == ["heart", "heart", "trachea"]
    assert found.target is target
    assert [name for name, _ in adjacency(target, contexts, only={"trachea"}).organs] == ["trachea"]
