"""Image series for the tests of fusion: a function of position painted on any grid and written as DICOM slices."""

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from rtcomplexity.fusion.sampling import voxel_centers_mm
from rtcomplexity.geometry.stack.runs import Runs
from rtcomplexity.model.image import ImageGrid, ImageSeries


def rotation(axis, degrees):
    """3 x 3 rotation about an axis, by Rodrigues' formula."""
    x, y, z = np.asarray(axis, float) / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.radians(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def rigid(axis, degrees, shift_mm):
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(axis, degrees)
    matrix[:3, 3] = shift_mm
    return matrix


def grid(shape=(12, 20, 24), spacing=(3.0, 1.5, 1.25), origin=(-10, -12, -15), turn=None, heights=None, tilt=0.0):
    """Rows differ from columns and row from column spacing; `tilt` moves each slice along its columns."""
    turn = np.eye(3) if turn is None else turn
    heights = np.arange(shape[0]) * spacing[0] if heights is None else np.asarray(heights, float)
    row, column, normal = turn.T
    origins = np.asarray(origin, float) + heights[:, None] * (normal + tilt * column)
    return ImageGrid(
        slice_origins_mm=origins,
        row_direction=row,
        column_direction=column,
        row_spacing_mm=spacing[1],
        column_spacing_mm=spacing[2],
        rows=shape[1],
        columns=shape[2],
    )


def centers(image_grid):
    shape = (len(image_grid.slice_origins_mm), image_grid.rows, image_grid.columns)
    return voxel_centers_mm(image_grid, np.argwhere(np.ones(shape, bool)))


def painted(image_grid, value_of):
    shape = (len(image_grid.slice_origins_mm), image_grid.rows, image_grid.columns)
    return value_of(centers(image_grid)).reshape(shape)


def written(folder, image_grid, value_of, *, modality="CT", frame_uid="1.1", step=5e-7, uid="1.5", **header):
    """Write the values as 32-bit integers of `step` units."""
    folder.mkdir(exist_ok=True)
    stored = np.rint(painted(image_grid, value_of) / step).astype(np.int32)
    paths = [_write(folder / f"{k}.dcm", rows, step, header) for k, rows in enumerate(stored)]
    return ImageSeries(
        series_uid=uid,
        study_uid="1.6",
        frame_of_reference_uid=frame_uid,
        modality=modality,
        grid=image_grid,
        sop_instance_uids=tuple(f"{uid}.{k}" for k in range(len(paths))),
        paths=tuple(paths),
    )


def _write(path, rows, step, header):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.3"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = rows.shape
    dataset.BitsAllocated = dataset.BitsStored = 32
    dataset.HighBit, dataset.PixelRepresentation = 31, 1
    dataset.RescaleSlope, dataset.RescaleIntercept = step, 0
    for keyword, value in header.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = rows.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


def runs_of(mask):
    """Runs of a dense mask."""
    stride = mask.shape[2] + 1
    flat = np.zeros((mask.shape[0], mask.shape[1], stride + 1), np.int8)
    flat[..., 1:-1] = mask
    steps = np.diff(flat, axis=2)
    base = np.arange(mask.shape[0] * mask.shape[1]).reshape(mask.shape[:2])[..., None] * stride + np.arange(stride)
    return Runs(starts=np.sort(base[steps == 1]), stops=np.sort(base[steps == -1]), shape=mask.shape)


def ball(image_grid, center_mm, radius_mm):
    inside = np.linalg.norm(centers(image_grid) - center_mm, axis=1) <= radius_mm
    return inside.reshape(len(image_grid.slice_origins_mm), image_grid.rows, image_grid.columns)
