"""Spatial registrations read from DICOM: rigid and affine (66.1), deformable (66.3), and the retired relationship.

Knows which way each object maps and what its matrices may look like; says what is odd as issues. Does not know which
registration is needed: :mod:`rtcomplexity.fusion.frames` finds the way from frame to frame.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
from pydicom.dataelem import RawDataElement

from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.parsing import PARSE_FAULTS, describe, raw_element
from rtcomplexity.dicom.sop_classes import DEFORMABLE_REGISTRATION, REGISTRATIONS
from rtcomplexity.errors import UnreadableFileError
from rtcomplexity.model import issue_codes as codes
from rtcomplexity.model.registration import DeformationField, FrameMapping, SpatialRegistration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pydicom.dataset import Dataset

    from rtcomplexity.model.arrays import Floats, Singles
    from rtcomplexity.model.issue import Issue

SUBJECT: Final = "registration"
EXACT_TOLERANCE: Final = 1e-6
"""Deviation from orthonormal that decimal strings of 16 characters explain, and that nobody need know."""
RIGID_TOLERANCE: Final = 1e-3
"""Deviation from orthonormal above which a matrix is no longer rigid."""
SINGULAR_DETERMINANT: Final = 1e-6
SAME_MATRIX_TOLERANCE: Final = 1e-4
GRID_TOLERANCE: Final = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHome:
    """Where one image is in space."""

    frame_of_reference_uid: str
    series_uid: str


NO_HOMES: Final[Mapping[str, ImageHome]] = MappingProxyType({})


def read_registration(
    dataset: Dataset, file_sha256: str, homes: Mapping[str, ImageHome] = NO_HOMES
) -> tuple[SpatialRegistration, tuple[Issue, ...]]:
    """Read a Spatial Registration or a Deformable Spatial Registration instance.

    A mapping that cannot be used (not finite, singular, mirrored, no grid) is left out, with an issue that says so; one
    that is odd (scaled, sheared, not quite orthonormal) is kept, with an issue.

    Parameters
    ----------
    dataset
        The instance; nothing of it is changed.
    file_sha256
        SHA-256 of its file.
    homes
        Where each image that is here lies, by SOP Instance UID: an item may name images and no frame of reference
        (PS3.3 C.20.2).

    Returns
    -------
    SpatialRegistration
        Mappings source -> registered (66.1) and fields registered -> source (66.3).
    tuple of Issue
        What was odd or left out.

    Raises
    ------
    UnreadableFileError
        If the dataset is no registration, or says neither its own UID nor its registered frame of reference.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what pydicom warns of is checked here
            return _read(dataset, file_sha256, homes)
    except PARSE_FAULTS as fault:
        raise UnreadableFileError(f"A registration is broken: {describe(fault)}.", "export it again.") from fault


def _read(
    dataset: Dataset, file_sha256: str, homes: Mapping[str, ImageHome]
) -> tuple[SpatialRegistration, tuple[Issue, ...]]:
    sop_class = elements.text(dataset, tags.SOP_CLASS_UID)
    deformable = sop_class == DEFORMABLE_REGISTRATION
    if sop_class not in REGISTRATIONS:
        raise UnreadableFileError("The file is no spatial registration.", "leave it out, or export it again.")
    registered_uid = elements.text(dataset, tags.FRAME_OF_REFERENCE_UID)
    if not registered_uid:
        raise UnreadableFileError(
            "A registration does not say into which frame of reference it maps (0020,0052).",
            "export the registration again.",
        )
    issues: list[Issue] = []
    items = elements.items(dataset, tags.DEFORMABLE_REGISTRATION_SEQUENCE if deformable else tags.REGISTRATION_SEQUENCE)
    mappings = () if deformable else _mappings(items, registered_uid, homes, issues)
    deformations = _deformations(items, registered_uid, issues) if deformable else ()
    if not mappings and not deformations:
        issues.append(codes.REGISTRATION_EMPTY.about(SUBJECT))
    registration = SpatialRegistration(
        sop_instance_uid=elements.text(dataset, tags.SOP_INSTANCE_UID),
        registered_frame_uid=registered_uid,
        mappings=mappings,
        is_deformable=deformable,
        deformations=deformations,
        file_sha256=file_sha256,
        written_at=elements.date_time(dataset, tags.CONTENT_DATE, tags.CONTENT_TIME)
        or elements.date_time(dataset, tags.INSTANCE_CREATION_DATE, tags.INSTANCE_CREATION_TIME),
    )
    return registration, tuple(issues)


def read_frame_relationships(
    dataset: Dataset, file_sha256: str
) -> tuple[tuple[SpatialRegistration, ...], tuple[Issue, ...]]:
    """Read the retired Frame of Reference Relationship Sequence (3006,00C0) of a structure set.

    Each relationship's matrix maps the related frame into the frame of the item that holds it.

    Raises
    ------
    UnreadableFileError
        If the sequence is broken.
    """
    try:
        return _frame_relationships(dataset, file_sha256)
    except PARSE_FAULTS as fault:
        found = f"Frame of Reference Relationship Sequence (3006,00C0) is broken: {describe(fault)}."
        raise UnreadableFileError(found, "export the structure set again.") from fault


def _frame_relationships(
    dataset: Dataset, file_sha256: str
) -> tuple[tuple[SpatialRegistration, ...], tuple[Issue, ...]]:
    issues: list[Issue] = []
    registrations = []
    for frame in elements.items(dataset, tags.REFERENCED_FRAME_OF_REFERENCE_SEQUENCE):
        registered_uid = elements.text(frame, tags.FRAME_OF_REFERENCE_UID)
        mappings = []
        for relationship in elements.items(frame, tags.FRAME_OF_REFERENCE_RELATIONSHIP_SEQUENCE):
            mapping = _mapping(elements.text(relationship, tags.RELATED_FRAME_OF_REFERENCE_UID), [relationship], issues)
            mappings += [mapping] if mapping else []
        if registered_uid and mappings:
            registrations.append(
                SpatialRegistration(
                    sop_instance_uid=elements.text(dataset, tags.SOP_INSTANCE_UID),
                    registered_frame_uid=registered_uid,
                    mappings=tuple(mappings),
                    file_sha256=file_sha256,
                )
            )
    return tuple(registrations), tuple(issues)


def _mappings(
    items: Iterable[Dataset], registered_uid: str, homes: Mapping[str, ImageHome], issues: list[Issue]
) -> tuple[FrameMapping, ...]:
    """One mapping a source frame, or series moved within it; a source that appears twice must say the same twice."""
    found: dict[tuple[str, str], FrameMapping] = {}
    for item in items:
        images = elements.items(item, tags.REFERENCED_IMAGE_SEQUENCE)
        here = {
            homes[uid]
            for uid in (elements.text(image, tags.REFERENCED_SOP_INSTANCE_UID) for image in images)
            if uid in homes
        }
        source_uid = elements.text(item, tags.FRAME_OF_REFERENCE_UID) or _frame_of_images(here, len(images), issues)
        mapping = _mapping(source_uid, _matrix_items(item), issues)
        if mapping is None:
            continue
        if source_uid == registered_uid:
            if _is_identity(mapping):
                continue
            mapping = _within_the_frame(mapping, here, issues)
            if mapping is None:
                continue
        key = (source_uid, mapping.source_series_uid)
        if key not in found:
            found[key] = mapping
        elif not _same(found[key].registered_from_source, mapping.registered_from_source):
            issues.append(codes.REGISTRATION_CONTRADICTS_ITSELF.about(SUBJECT, ways="in two different ways"))
    return tuple(found.values())


def _frame_of_images(here: Collection[ImageHome], named: int, issues: list[Issue]) -> str:
    """Frame of reference of the images that an item names in place of one; empty, with an issue, where it has none."""
    frames = {home.frame_of_reference_uid for home in here}
    if len(frames) == 1:
        return frames.pop()
    if named:
        what = "that were not found" if not frames else f"in {len(frames)} frames of reference"
        issues.append(codes.REGISTRATION_IMAGES_WITHOUT_FRAME.about(SUBJECT, named=named, what=what))
    return ""


def _is_identity(mapping: FrameMapping) -> bool:
    """Whether an item maps the registered frame onto itself, as most objects also say."""
    return _same(mapping.registered_from_source, np.eye(4))


def _within_the_frame(mapping: FrameMapping, here: Collection[ImageHome], issues: list[Issue]) -> FrameMapping | None:
    """Move the one series that the item names within its frame of reference; None, with an issue, where none is."""
    series = {home.series_uid for home in here}
    if len(series) == 1:
        use = "its matrix is used for the one series that it names"
        issues.append(codes.REGISTRATION_WITHIN_ONE_FRAME.about(SUBJECT, use=use))
        return replace(mapping, source_series_uid=series.pop())
    use = "its matrix is not used, as it does not name the images of one series"
    issues.append(codes.REGISTRATION_WITHIN_ONE_FRAME.about(SUBJECT, use=use))
    return None


def _matrix_items(item: Dataset) -> list[Dataset]:
    return [
        matrix
        for registration in elements.items(item, tags.MATRIX_REGISTRATION_SEQUENCE)
        for matrix in elements.items(registration, tags.MATRIX_SEQUENCE)
    ]


def _mapping(source_uid: str, matrix_items: Sequence[Dataset], issues: list[Issue]) -> FrameMapping | None:
    matrix = _product(matrix_items, issues)
    if matrix is None:
        return None
    if not source_uid:
        issues.append(codes.REGISTRATION_WITHOUT_SOURCE.about(SUBJECT))
        return None
    kinds = {_transformation_type(item) for item in matrix_items}
    kind = next((k for k in ("AFFINE", "RIGID_SCALE", "RIGID") if k in kinds), "")
    if not _usable(matrix, kind, issues):
        return None
    return FrameMapping(source_frame_uid=source_uid, registered_from_source=matrix, transformation_type=kind)


def _transformation_type(item: Dataset) -> str:
    return elements.text(item, tags.FRAME_OF_REFERENCE_TRANSFORMATION_MATRIX_TYPE) or elements.text(
        item, tags.FRAME_OF_REFERENCE_TRANSFORMATION_TYPE
    )


def _product(matrix_items: Sequence[Dataset], issues: list[Issue]) -> Floats | None:
    """M1 M2 M3 of the items, in their order; None, with an issue, where one cannot be used."""
    product = np.eye(4)
    for item in matrix_items:
        matrix = _matrix(item)
        if matrix is None:
            break
        product = product @ matrix
    else:
        if matrix_items:
            return product
    issues.append(codes.REGISTRATION_MATRIX_UNUSABLE.about(SUBJECT))
    return None


def _matrix(item: Dataset) -> Floats | None:
    values = elements.floats(item, tags.FRAME_OF_REFERENCE_TRANSFORMATION_MATRIX, 16)
    if values is None:
        return None
    matrix = np.array(values).reshape(4, 4)
    if not np.allclose(matrix[3], (0, 0, 0, 1), atol=EXACT_TOLERANCE):
        return None
    matrix[3] = (0, 0, 0, 1)
    return matrix


def _usable(matrix: Floats, kind: str, issues: list[Issue]) -> bool:
    linear = matrix[:3, :3]
    determinant = float(np.linalg.det(linear))
    if abs(determinant) < SINGULAR_DETERMINANT:
        issues.append(codes.REGISTRATION_SINGULAR.about(SUBJECT))
        return False
    if determinant < 0:
        issues.append(codes.REGISTRATION_MIRRORED.about(SUBJECT, determinant=determinant))
        return False
    deviation = float(np.abs(linear.T @ linear - np.eye(3)).max())
    stated = f" It says of itself that it is {kind}." if kind else " It does not say of what kind it is."
    if deviation > RIGID_TOLERANCE:
        code = codes.REGISTRATION_NOT_RIGID
        code = code.otherwise if kind in {"RIGID_SCALE", "AFFINE"} else code
        scales = ", ".join(f"{scale:.4g}" for scale in np.linalg.svd(linear, compute_uv=False))
        issues.append(code.about(SUBJECT, scales=scales, stated=stated))
    elif deviation > EXACT_TOLERANCE:
        issues.append(codes.REGISTRATION_NOT_QUITE_ORTHONORMAL.about(SUBJECT, deviation=deviation))
    return True


def _deformations(items: Iterable[Dataset], registered_uid: str, issues: list[Issue]) -> tuple[DeformationField, ...]:
    """One field a source frame."""
    found: dict[str, DeformationField] = {}
    for item in items:
        source_uid = elements.text(item, tags.SOURCE_FRAME_OF_REFERENCE_UID)
        if source_uid == registered_uid and not elements.items(item, tags.DEFORMABLE_REGISTRATION_GRID_SEQUENCE):
            continue
        field = _deformation(source_uid, item, issues)
        if field is not None and source_uid in found:
            issues.append(codes.REGISTRATION_CONTRADICTS_ITSELF.about(SUBJECT, ways="by several grids"))
        elif field is not None:
            found[source_uid] = field
    return tuple(found.values())


def _deformation(source_uid: str, item: Dataset, issues: list[Issue]) -> DeformationField | None:
    matrices = []
    for tag in (tags.PRE_DEFORMATION_MATRIX_REGISTRATION_SEQUENCE, tags.POST_DEFORMATION_MATRIX_REGISTRATION_SEQUENCE):
        matrix_items = elements.items(item, tag)
        matrix = _product(matrix_items, issues) if matrix_items else np.eye(4)
        if matrix is None or (matrix_items and not _usable(matrix, _transformation_type(matrix_items[0]), issues)):
            return None
        matrices.append(matrix)
    grids = elements.items(item, tags.DEFORMABLE_REGISTRATION_GRID_SEQUENCE)
    grid = _grid(grids[0]) if len(grids) == 1 else _no_grid() if not grids else None
    if grid is None or not source_uid:
        issues.append(codes.REGISTRATION_GRID_UNUSABLE.about(SUBJECT))
        return None
    grid_from_point, vectors_mm = grid
    if undefined := int(np.isnan(vectors_mm).any(axis=-1).sum()):
        share = undefined / vectors_mm[..., 0].size
        issues.append(codes.REGISTRATION_UNDEFINED_VECTORS.about(SUBJECT, share=share))
    return DeformationField(
        source_frame_uid=source_uid,
        pre_matrix=matrices[0],
        post_matrix=matrices[1],
        grid_from_point=grid_from_point,
        vectors_mm=vectors_mm,
    )


def _no_grid() -> tuple[Floats, Singles]:
    """No grid: the matrices alone, everywhere."""
    return np.eye(4), np.empty((0, 0, 0, 3), dtype=np.float32)


def _grid(item: Dataset) -> tuple[Floats, Singles] | None:
    """Affine to grid indices and the vectors of a Deformable Registration Grid item; None where they do not fit."""
    raw = raw_element(item, tags.VECTOR_GRID_DATA)
    order = ">" if isinstance(raw, RawDataElement) and not raw.is_little_endian else "<"
    try:
        origin = np.asarray(item.ImagePositionPatient, dtype=np.float64)
        directions = np.asarray(item.ImageOrientationPatient, dtype=np.float64).reshape(2, 3)
        counts = np.asarray(item.GridDimensions, dtype=np.int64)
        resolution = np.asarray(item.GridResolution, dtype=np.float64)
        vectors = np.frombuffer(item.VectorGridData, dtype=order + "f4").astype(np.float32)
    except (AttributeError, TypeError, ValueError):
        return None
    gram = directions @ directions.T
    if not (
        origin.shape == counts.shape == resolution.shape == (3,) and np.abs(gram - np.eye(2)).max() < GRID_TOLERANCE
    ):
        return None
    if not (np.isfinite(origin).all() and (resolution > 0).all() and (counts > 0).all()):
        return None
    if vectors.size != 3 * math.prod(map(int, counts)) or np.isinf(vectors).any():
        return None
    point_from_grid = np.eye(4)
    axes = np.vstack([directions, np.cross(*directions)])
    point_from_grid[:3, :3] = (axes * resolution[:, None]).T
    point_from_grid[:3, 3] = origin
    return np.linalg.inv(point_from_grid).astype(np.float64), vectors.reshape(*counts[::-1], 3)


def _same(a: Floats, b: Floats) -> bool:
    return bool(np.allclose(a, b, rtol=0, atol=SAME_MATRIX_TOLERANCE))
