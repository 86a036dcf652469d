"""What the geometry core costs, beside others in the same run. Not collected by a plain `pytest`.

pytest benchmarks/test_geometry.py
python benchmarks/test_geometry.py        # the same
"""

from __future__ import annotations

import statistics
import sys
import time

import large_structure_set
import numpy as np
import pytest
import shapes

from rtcomplexity.geometry.stack.runs import rasterise

cv2 = pytest.importorskip("cv2")
draw = pytest.importorskip("skimage.draw")

PLANES, POINTS = 200, 400
LARGE = large_structure_set.shapes()


@pytest.fixture(scope="module")
def stack():
    return shapes.stack_of(shapes.contours(PLANES, POINTS))


@pytest.fixture(scope="module")
def polygons(stack):
    return shapes.pixel_polygons(stack)


def by_rtcomplexity(stack):
    return rasterise(stack, shapes.LATTICE).count


def by_opencv(polygons):
    """Fill each plane's outline with vertices rounded to pixels, all into one mask: the least it can be asked."""
    mask = np.zeros((shapes.SIZE, shapes.SIZE), np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1)


def by_skimage(polygons):
    return sum(len(draw.polygon(polygon[:, 1], polygon[:, 0], (shapes.SIZE, shapes.SIZE))[0]) for polygon in polygons)


@pytest.mark.benchmark(group="rasterise 200 planes x 400 points")
def test_rasterise_by_rtcomplexity(benchmark, stack):
    benchmark(by_rtcomplexity, stack)


@pytest.mark.benchmark(group="rasterise 200 planes x 400 points")
def test_rasterise_by_opencv(benchmark, polygons):
    benchmark(by_opencv, polygons)


@pytest.mark.benchmark(group="rasterise 200 planes x 400 points")
def test_rasterise_by_skimage(benchmark, polygons):
    benchmark.pedantic(by_skimage, args=(polygons,), rounds=3)


def test_rasterise_marks_the_pixels_that_skimage_marks(stack, polygons):
    assert by_rtcomplexity(stack) == by_skimage(polygons)


def test_rasterise_is_within_four_of_opencv_and_fifty_times_faster_than_skimage(stack, polygons):
    ours, opencv, skimage = in_turn(
        [lambda: by_rtcomplexity(stack), lambda: by_opencv(polygons), lambda: by_skimage(polygons)], rounds=5
    )
    print(f"\nrtcomplexity {1000 * ours:.1f} ms, OpenCV {1000 * opencv:.1f} ms, skimage {1000 * skimage:.0f} ms")
    assert ours <= 4 * opencv
    assert ours <= skimage / 50


@pytest.mark.parametrize("factor", [1, 4, 16])
@pytest.mark.benchmark(group="counts, volume and runs of one ROI of 200 planes")
def test_counts_volume_and_runs_by_points(benchmark, factor):
    some = shapes.contours(PLANES, factor * POINTS)
    benchmark.pedantic(shapes.count_volume_runs, args=(some,), rounds=5, warmup_rounds=1)


@pytest.mark.benchmark(group="counts, volumes and runs of 40 ROIs x 180 planes x 600 points")
def test_counts_volumes_and_runs_of_the_large_set(benchmark):
    rois = [shapes.contours(large_structure_set.PLANE_COUNT, large_structure_set.POINT_COUNT, shape) for shape in LARGE]
    benchmark.pedantic(lambda: [shapes.count_volume_runs(roi) for roi in rois], rounds=3, warmup_rounds=1)


def in_turn(functions, rounds):
    """Return the median processor seconds of each function, called in turn."""
    seconds = [[] for _ in functions]
    for _ in range(rounds):
        for function, its in zip(functions, seconds, strict=True):
            started = time.process_time()
            function()
            its.append(time.process_time() - started)
    return [statistics.median(its) for its in seconds]


if __name__ == "__main__":
    sys.exit(pytest.main([__file__, "-s", "--benchmark-columns=min,median,max,rounds"]))
