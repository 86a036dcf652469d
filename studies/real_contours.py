"""Makes the table of real contours that a plan's shape is ranked among: one row a drawing, numbers derived from it.

``python studies/real_contours.py`` measures the nodules of LIDC-IDRI (see :mod:`lidc`) with the package's own code and
writes ``build/real_contours.csv``, with the readers' ratings for :mod:`validation`, and, without them, the table that
the package ships. ``--sarcomas FOLDER`` adds gross targets of the collection Soft-tissue-Sarcoma from their DICOM files
(folders ``STS_*``); ``--sarcoma-table`` those of which only numbers are at hand, measured in the same way. No contour,
no image and no identifier is written: patients carry their number in the public collection.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from lidc import RATINGS, SOURCE, Drawing, database_path, nodules, read_drawings

from rtcomplexity.case.reader import read_case
from rtcomplexity.geometry.orientation import PlaneAxes
from rtcomplexity.geometry.stack.stacking import stack_contours
from rtcomplexity.metrics import contour, shape
from rtcomplexity.metrics.context import ContouringGrid, UnionContext
from rtcomplexity.metrics.measure import measure
from rtcomplexity.metrics.measured_case import MeasuredCase
from rtcomplexity.metrics.scored import SHAPE, measure_shape
from rtcomplexity.metrics.target_shape import BLUR_MM
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rtcomplexity.model.structure_set import Contours

SHIPPED = Path("src/rtcomplexity/scoring/references/real-contours-1.csv")
STUDY_TABLE = Path("build/real_contours.csv")
SARCOMAS = "Soft-tissue-Sarcoma"
SMALLEST_MM = 8.0
"""Equivalent diameter: smaller nodules are no gross target."""
FEWEST_PLANES = 4
SETTINGS = Settings()
AXES = PlaneAxes.of_normal(np.array([0.0, 0.0, 1.0]))
SHAPE_COLUMNS = tuple(each.key.removeprefix("scored.") for each in SHAPE)
IDENTITY = ("collection", "patient", "lesion", "reader")
MEASURED = (
    "equivalent_diameter_mm",
    "slice_spacing_mm",
    *SHAPE_COLUMNS,
    "component_count",
    "planes_with_components",
    "planes_with_holes",
    "branching_count",
    "craniocaudal_length_mm",
    "lateral_area_cm2",
)
COLUMNS = (*IDENTITY, *MEASURED)
Row = dict[str, str | float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesion:
    """A drawing with its place in the table."""

    drawing: Drawing
    lesion: int
    """Number within the patient."""
    reader: int
    """Number of the drawing of this lesion; the same number is not the same person."""


def lesions(drawings: Sequence[Drawing]) -> Iterator[Lesion]:
    """Number the lesions of each patient and the drawings of each lesion."""
    count: dict[int, int] = {}
    for nodule in nodules(drawings):
        patient = nodule[0].patient
        count[patient] = count.get(patient, 0) + 1
        for reader, drawing in enumerate(nodule, start=1):
            yield Lesion(drawing=drawing, lesion=count[patient], reader=reader)


def context_of(drawing: Drawing, change: Callable[[Contours], Contours] | None = None) -> UnionContext | None:
    """Stack a drawing's contours, changed if asked, as a plan's are; None where they enclose nothing."""
    positions, pixel = drawing.slice_positions_mm, drawing.pixel_mm
    contours = drawing.contours()
    if not len(contours):
        return None
    contours = change(contours) if change else contours
    stacked = stack_contours(contours, settings=SETTINGS, axes=AXES, slice_positions_mm=positions, pixel_mm=pixel)
    if stacked.stack is None:
        return None
    grid = ContouringGrid(axes=AXES, slice_positions_mm=positions, pixel_mm=pixel)
    return UnionContext(grid=grid, settings=SETTINGS, union=stacked.stack)


def is_large_enough(context: UnionContext) -> bool:
    """Whether a drawing belongs in the table, shape apart."""
    stack = context.stack
    return (
        stack.plane_count >= FEWEST_PLANES
        and bool(np.isfinite(stack.slab_mm).all())
        and shape.equivalent_sphere_diameter_mm(context) >= SMALLEST_MM
    )


def measured(context: UnionContext, slice_spacing_mm: float, blur_mm: float = BLUR_MM) -> Row | None:
    """Measure a drawing as a plan's gross target is measured; None where its planes do not tell its shape."""
    found = {key: each.value for key, each in measure_shape(context, blur_mm).items()}
    factors = {key.removeprefix("scored."): value for key, value in found.items() if value is not None}
    if len(factors) < len(SHAPE):
        return None
    planes = context.stack.plane_count
    return {
        "equivalent_diameter_mm": shape.equivalent_sphere_diameter_mm(context),
        "slice_spacing_mm": slice_spacing_mm,
        **factors,
        "component_count": shape.component_count(context),
        "planes_with_components": contour.planes_with_components(context) / planes,
        "planes_with_holes": contour.planes_with_holes(context) / planes,
        "branching_count": shape.branching_count(context),
        "craniocaudal_length_mm": shape.extent_mm(context),
        "lateral_area_cm2": contour.lateral_area_cm2(context),
    }


def nodule_rows(drawings: Sequence[Drawing]) -> Iterator[Row]:
    """Measure the nodules, with what their readers said of them."""
    for each in lesions(drawings):
        context = context_of(each.drawing)
        if context is None or not is_large_enough(context):
            continue
        values = measured(context, each.drawing.slice_spacing_mm)
        if values is not None:
            place = {
                "collection": SOURCE,
                "patient": each.drawing.patient,
                "lesion": each.lesion,
                "reader": each.reader,
            }
            yield {**place, **values, **each.drawing.ratings}


def sarcoma_rows(folder: Path | None, table: Path | None) -> Iterator[Row]:
    """Measure the sarcomas whose files are at hand, and take the others' numbers from a table of them."""
    known: dict[int, Row] = {}
    if table is not None:
        with table.open(encoding="utf-8", newline="") as file:
            known = {int(row["case"].split("_")[1]): _tabled(row) for row in csv.DictReader(file)}
    for path in sorted(folder.glob("STS_*")) if folder is not None else ():
        known[int(path.name.split("_")[1])] = _sarcoma(path)
    for patient, values in sorted(known.items()):
        yield {"collection": SARCOMAS, "patient": patient, "lesion": 1, "reader": 1, **values}


def _sarcoma(folder: Path) -> Row:
    case = read_case(folder, settings=SETTINGS)
    found = {key: each.value for key, each in measure(MeasuredCase(case=case, settings=SETTINGS)).gross_target.items()}
    spacing = case.planning_image.grid.slice_spacing_mm if case.planning_image else None
    values = {
        "equivalent_diameter_mm": found["scored.equivalent_diameter"],
        "slice_spacing_mm": spacing,
        "craniocaudal_length_mm": found["scored.craniocaudal_length"],
        "lateral_area_cm2": found["scored.manual_lateral_area"],
    }
    values |= {column: found[f"scored.{column}"] for column in MEASURED if column not in values}
    return {column: value for column, value in values.items() if value is not None}


def _tabled(row: dict[str, str]) -> Row:
    names = {"planes_with_components": "planes_with_components_share", "planes_with_holes": "planes_with_holes_share"}
    names |= {"component_count": "components", "branching_count": "branchings"}
    names |= {column: column.replace("_ratio", "_1mm") for column in SHAPE_COLUMNS}
    return {column: float(row[name]) for column in MEASURED if (name := names.get(column, column)) in row}


def write(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """Write a table, numbers with five digits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval="", extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({key: _cell(value) for key, value in row.items()})


def _cell(value: str | float) -> str | float:
    if isinstance(value, str):
        return value
    short = float(f"{value:.5g}")
    return int(short) if short == int(short) else short


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sarcomas", type=Path)
    parser.add_argument("--sarcoma-table", type=Path)
    parser.add_argument("--study-table", type=Path, default=STUDY_TABLE)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    options = parser.parse_args()
    rows = [*nodule_rows(read_drawings(database_path())), *sarcoma_rows(options.sarcomas, options.sarcoma_table)]
    write(options.study_table, (*COLUMNS, *RATINGS), rows)
    write(options.out, COLUMNS, rows)


if __name__ == "__main__":
    main()
