"""Stored pixel values of a box of an image series, read from only the slices and rows that the box touches.

Knows transfer syntaxes, bit layouts and rescaling; checks sizes before it allocates and codestream dimensions before it
decodes. Knows nothing of SUV or of where the box comes from. Stored integers stay integers: a :class:`VoxelBox` carries
slope and intercept of each slice beside them.
"""

from __future__ import annotations

import math
import struct
import warnings
from dataclasses import dataclass, field
from functools import cached_property, partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import numpy as np

from rtcomplexity.cores import run_all
from rtcomplexity.dicom import elements, tags
from rtcomplexity.dicom.functional_groups import NOTHING, frame_groups
from rtcomplexity.dicom.parsing import PARSE_FAULTS, describe, inflated_pixels, parse_header
from rtcomplexity.dicom.transfer_syntaxes import (
    BIG_ENDIAN,
    COMPRESSED,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG,
    JPEG_2000,
    JPEG_LOSSLESS,
    NATIVE,
)
from rtcomplexity.errors import InputDataError, LimitExceededError
from rtcomplexity.model.arrays import frozen_array
from rtcomplexity.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from rtcomplexity.dicom.functional_groups import FrameGroups
    from rtcomplexity.model.arrays import Floats
    from rtcomplexity.model.image import ImageSeries
    from rtcomplexity.sources.member import Source

    Stored = NDArray[np.integer[Any]]

DECODE_FAULTS: Final = (*PARSE_FAULTS, RuntimeError, MemoryError)
_RUST_PANIC: Final = "PanicException"
"""How decoders written in Rust fail: an exception that is no Exception."""
MOST_KEPT_BYTES: Final = 64_000_000
"""Native pixel data of one series that stay in memory (120 slices of 512 x 512)."""
POSITION_TOLERANCE_MM: Final = 0.01
_DECODED_TOGETHER: Final = 64
"""Slices that are looked at together: so many decoded frames, whole, are in memory beside those that are kept."""
_LEAST_DECODED: Final = 8
"""Frames for each core: fewer are decoded sooner than another process starts."""
_NO_START_OF_FRAME: Final = frozenset({0xC4, 0xC8, 0xCC})
_JPEG_LS_START_OF_FRAME: Final = 0xF7

_MEANING: Final = (
    tags.TRANSFER_SYNTAX_UID,
    tags.SAMPLES_PER_PIXEL,
    tags.BITS_ALLOCATED,
    tags.BITS_STORED,
    tags.HIGH_BIT,
    tags.PIXEL_REPRESENTATION,
    tags.RESCALE_INTERCEPT,
    tags.RESCALE_SLOPE,
)
"""Transfer syntax, samples, bits, sign and rescaling: what stored values mean."""


class PixelsUnreadableError(InputDataError):
    """A series that cannot be sampled; ``found`` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexBox:
    """A box of voxels, half-open in each index: slices, rows, columns."""

    k: tuple[int, int]
    j: tuple[int, int]
    i: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        return self.k[1] - self.k[0], self.j[1] - self.j[0], self.i[1] - self.i[0]


@dataclass(frozen=True, kw_only=True, eq=False)
class VoxelBox:
    """Stored values of a box with what rescales them."""

    box: IndexBox
    stored: Stored
    """(K, J, I) integers as the files hold them."""
    slope: Floats
    """(K,) Rescale Slope of each slice."""
    intercept: Floats
    """(K,) Rescale Intercept of each slice."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stored", frozen_array(self.stored, self.stored.dtype.type))
        object.__setattr__(self, "slope", frozen_array(self.slope, np.float64))
        object.__setattr__(self, "intercept", frozen_array(self.intercept, np.float64))

    def values(self) -> Floats:
        """(K, J, I) rescaled values."""
        rescaled: Floats = self.stored * self.slope[:, None, None] + self.intercept[:, None, None]
        return rescaled

    def scaled(self, factor: Floats) -> VoxelBox:
        """Return the same box with every slice's values times `factor`, (K,)."""
        return VoxelBox(box=self.box, stored=self.stored, slope=self.slope * factor, intercept=self.intercept * factor)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _PixelFile:
    """What was read of one file when it was opened."""

    path: Source
    header: Dataset
    transfer_syntax: str
    kept: bytes | None = None
    """Native pixel data; None for compressed files and where there are too many."""
    offset: int = 0
    """Byte at which native pixel data begin, in a deflated file once it is inflated; 0 for compressed files."""
    length: int = 0
    """Bytes of native pixel data that the file holds from there on."""
    fault: PixelsUnreadableError | None = None
    """Why native pixel data cannot be found."""


@dataclass(frozen=True, kw_only=True)
class _Layout:
    """How one file holds its pixels."""

    file: _PixelFile
    rows: int
    columns: int
    frames: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool

    @property
    def header(self) -> Dataset:
        """All before the pixels."""
        return self.file.header

    @property
    def transfer_syntax(self) -> str:
        """UID of the transfer syntax."""
        return self.file.transfer_syntax

    @cached_property
    def groups(self) -> list[FrameGroups]:
        """Functional groups of each frame; none of a single-frame file."""
        return list(frame_groups(self.header))

    @cached_property
    def frame_positions(self) -> list[tuple[float, ...] | None]:
        """Image Position (Patient) of each frame, where stated."""
        places = (groups.item(tags.PLANE_POSITION_SEQUENCE) for groups in self.groups)
        return [elements.floats(place, tags.IMAGE_POSITION_PATIENT, 3) for place in places]

    @cached_property
    def encapsulated(self) -> Dataset:
        """The whole file with its compressed pixels, read once however many frames of it are wanted."""
        from pydicom import dcmread  # noqa: PLC0415 - only where a compressed series is sampled

        return dcmread(BytesIO(self.file.path.read_bytes()), force=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeriesPixels:
    """The pixels of one series; a file is read and a frame decoded once, however many boxes are asked for.

    That holds for up to :data:`MOST_KEPT_BYTES`; the pixels of files beyond are read, or decoded, again for every box.
    """

    series: ImageSeries
    settings: Settings = field(default_factory=Settings)
    _files: dict[Source, _PixelFile] = field(default_factory=dict, init=False, repr=False)
    _layouts: dict[Source, _Layout] = field(default_factory=dict, init=False, repr=False)
    _decoded: dict[tuple[Source, int], Stored] = field(default_factory=dict, init=False, repr=False)
    """Compressed frames by file and number."""

    def headers(self) -> list[Dataset]:
        """Header of each slice's file, in the series' order.

        Raises
        ------
        OSError, UnreadableFileError, LimitExceededError
            If a file cannot be opened or parsed again.
        """
        return [self._file(path).header for path in self.series.paths]

    def _file(self, path: Source) -> _PixelFile:
        """Open a file once; its native pixels stay in memory as long as there is room."""
        if path not in self._files:
            left = MOST_KEPT_BYTES - sum(len(file.kept or b"") for file in self._files.values())
            self._files[path] = _read_file(path, self.settings, left)
        return self._files[path]

    def read(self, box: IndexBox) -> VoxelBox:
        """Read the stored values of a box inside the series' grid, and the rescaling of its slices.

        They come in the smallest integer type that all slices' stored values share.

        Raises
        ------
        PixelsUnreadableError
            If a file or its pixels cannot be read; the text says why.
        LimitExceededError
            If the box, or a slice that has to be decoded whole, is larger than the settings allow.
        """
        _check_limit(math.prod(box.shape), self.settings)
        slices, slopes, intercepts = [], [], []
        for first in range(*box.k, _DECODED_TOGETHER):
            numbers = range(first, min(first + _DECODED_TOGETHER, box.k[1]))
            headers = [self._header(k) for k in numbers]
            slices += self._rows([(layout, frame) for layout, frame, *_ in headers], box)
            slopes += [
                math.nan if k in self.series.ambiguous_slices else slope
                for k, (_, _, slope, _) in zip(numbers, headers, strict=True)
            ]
            intercepts += [intercept for *_, intercept in headers]
        dtype = np.result_type(*slices) if slices else np.dtype(np.int16)
        stored = np.empty(box.shape, dtype)
        for index, rows in enumerate(slices):
            stored[index] = rows
        return VoxelBox(box=box, stored=stored, slope=np.array(slopes), intercept=np.array(intercepts))

    def _rows(self, frames: Sequence[tuple[_Layout, int]], box: IndexBox) -> list[Stored]:
        """Rows and columns of a box of some frames; those that are compressed are decoded on several cores."""
        compressed = {
            (layout.file.path, n): (layout, n) for layout, n in frames if layout.transfer_syntax not in NATIVE
        }
        missing = {key: frame for key, frame in compressed.items() if key not in self._decoded}
        tasks = [partial(_decode, layout, number, self.settings) for layout, number in missing.values()]
        helped = min(self.settings.threads, len(tasks) // _LEAST_DECODED)
        decoded = {**self._decoded, **dict(zip(missing, run_all(tasks, helped), strict=True))}
        self._keep({key: decoded[key] for key in missing})
        columns = slice(*box.i)
        return [
            decoded[layout.file.path, number][slice(*box.j), columns]
            if (layout.file.path, number) in compressed
            else _unused_bits_cleared(_read_native(layout, number, box, self.settings), layout)
            for layout, number in frames
        ]

    def _keep(self, decoded: Mapping[tuple[Source, int], Stored]) -> None:
        """Keep decoded frames as long as there is room."""
        left = MOST_KEPT_BYTES - sum(frame.nbytes for frame in self._decoded.values())
        for key, frame in decoded.items():
            left -= frame.nbytes
            if left < 0:
                return
            self._decoded[key] = frame

    def _opened(self, path: Source) -> _PixelFile:
        try:
            return self._file(path)
        except OSError:
            raise _unreadable("a file of it cannot be opened again") from None

    def _header(self, k: int) -> tuple[_Layout, int, float, float]:
        """Layout of the file of slice `k`, its frame there, and its rescaling."""
        path = self.series.paths[k]
        try:
            if path not in self._layouts:
                self._layouts[path] = _layout(self._opened(path), self.series, self.settings)
            layout = self._layouts[path]
            frame = _frame_number(self.series, k, layout)
            return layout, frame, *_rescaling(layout, frame, self.series.modality)
        except PARSE_FAULTS as fault:
            raise _unreadable(describe(fault)) from fault


def hold_same_pixels(one: Source, other: Source, settings: Settings) -> bool:
    """Whether two files of one slice each hold the same pixels, stored and rescaled alike."""
    try:
        first, second = (_stored_bytes(path, settings) for path in (one, other))
    except (OSError, InputDataError):
        return False
    return bool(first[0]) and first == second


def _stored_bytes(path: Source, settings: Settings) -> tuple[bytes, ...]:
    """Everything from a file's Pixel Data on, and how it is to be understood."""
    with path.open("rb") as stream:
        header = parse_header(stream, settings)
        pixels = _unpacked(stream, transfer_syntax_of(header), settings).read()
    return pixels, *(elements.raw_bytes(header, tag) or b"" for tag in _MEANING)


def _check_limit(pixels: int, settings: Settings) -> None:
    if pixels > settings.max_image_pixels:
        raise LimitExceededError(
            f"An image series asks for {pixels} pixels to be read at once.",
            "check where it comes from, or raise RTCOMPLEXITY_MAX_IMAGE_PIXELS.",
        )


def _check_frame(layout: _Layout, settings: Settings) -> None:
    if layout.transfer_syntax in COMPRESSED and layout.rows * layout.columns > settings.max_frame_pixels:
        raise LimitExceededError(
            f"A compressed image of {layout.rows} x {layout.columns} pixels is over the limit of "
            f"{settings.max_frame_pixels}.",
            "check where it comes from, or raise RTCOMPLEXITY_MAX_FRAME_PIXELS.",
        )


def _read_file(path: Source, settings: Settings, keep_bytes: int) -> _PixelFile:
    """Read the header of a file, and its native pixels up to a limit."""
    with path.open("rb") as stream:
        header = parse_header(stream, settings)
        syntax = transfer_syntax_of(header)
        if syntax not in NATIVE:
            return _PixelFile(path=path, header=header, transfer_syntax=syntax)
        unpacked = _unpacked(stream, syntax, settings)
        try:
            offset, length = _native_extent(unpacked, syntax)
        except PixelsUnreadableError as fault:
            return _PixelFile(path=path, header=header, transfer_syntax=syntax, fault=fault)
        kept = None
        if length <= keep_bytes:
            unpacked.seek(offset)
            kept = unpacked.read(length)
    return _PixelFile(path=path, header=header, transfer_syntax=syntax, kept=kept, offset=offset, length=length)


def _layout(file: _PixelFile, series: ImageSeries, settings: Settings) -> _Layout:
    """Say how a file holds its pixels; check that they are of a kind to sample."""
    if file.fault is not None:
        raise file.fault
    header = file.header
    rows, columns = (elements.unsigned_short(header, tag) or 0 for tag in (tags.ROWS, tags.COLUMNS))
    allocated = elements.unsigned_short(header, tags.BITS_ALLOCATED) or 0
    stored = elements.unsigned_short(header, tags.BITS_STORED) or allocated
    high_bit = elements.unsigned_short(header, tags.HIGH_BIT)
    layout = _Layout(
        file=file,
        rows=rows,
        columns=columns,
        frames=elements.integer(header, tags.NUMBER_OF_FRAMES) or 1,
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        signed=elements.unsigned_short(header, tags.PIXEL_REPRESENTATION) == 1,
    )
    _check_layout(layout, series)
    _check_limit(rows * columns, settings)
    _check_frame(layout, settings)
    return layout


def _check_layout(layout: _Layout, series: ImageSeries) -> None:
    samples = elements.unsigned_short(layout.header, tags.SAMPLES_PER_PIXEL)
    if samples not in {None, 1}:
        raise _unreadable(f"Samples per Pixel (0028,0002) is {samples}, not 1")
    if layout.bits_allocated not in {8, 16, 32}:
        raise _unreadable(f"Bits Allocated (0028,0100) is {layout.bits_allocated}, not 8, 16 or 32")
    if not 0 < layout.bits_stored <= layout.bits_allocated or not (
        layout.bits_stored - 1 <= layout.high_bit < layout.bits_allocated
    ):
        raise _unreadable("Bits Stored (0028,0101) and High Bit (0028,0102) do not fit Bits Allocated (0028,0100)")
    if (layout.rows, layout.columns) != (series.grid.rows, series.grid.columns):
        raise _unreadable("a slice has other Rows (0028,0010) and Columns (0028,0011) than the series")
    if layout.transfer_syntax not in NATIVE | COMPRESSED:
        raise _unreadable("its transfer syntax is not one that is read here", "export it uncompressed.")


def transfer_syntax_of(header: Dataset) -> str:
    """UID that a file states; where it states none, that in which its elements are written."""
    meta = getattr(header, "file_meta", None)
    stated = elements.text(meta, tags.TRANSFER_SYNTAX_UID) if meta is not None else ""
    if stated:
        return stated
    implicit, little = header.original_encoding
    return IMPLICIT if implicit else EXPLICIT if little else BIG_ENDIAN


def _unpacked(stream: BinaryIO, syntax: str, settings: Settings) -> BinaryIO:
    """Return the stream of a native file where it stands; of a deflated one, its contents, standing at the pixels."""
    if syntax != DEFLATED:
        return stream
    stream.seek(0)
    return inflated_pixels(stream, settings)


def _native_extent(stream: BinaryIO, syntax: str) -> tuple[int, int]:
    """Offset and length of the pixel data; the stream is at the element that ended the header."""
    order = ">" if syntax == BIG_ENDIAN else "<"
    head = stream.read(8 if syntax == IMPLICIT else 12)
    if len(head) < 8 or struct.unpack(order + "HH", head[:4]) != (tags.PIXEL_DATA >> 16, tags.PIXEL_DATA & 0xFFFF):
        raise _unreadable("a slice has no Pixel Data (7FE0,0010)")
    if syntax != IMPLICIT and head[4:6] not in {b"OW", b"OB"}:
        raise _unreadable("Pixel Data (7FE0,0010) are neither OW nor OB")
    (stated,) = struct.unpack(order + "I", head[-4:])
    if stated == tags.UNDEFINED_LENGTH:
        raise _unreadable("Pixel Data (7FE0,0010) are encapsulated in an uncompressed transfer syntax")
    offset = stream.tell()
    held = stream.seek(0, 2) - offset
    return offset, min(stated, held)


def _frame_number(series: ImageSeries, k: int, layout: _Layout) -> int:
    """Which frame of its file slice `k` is: the series says so, else it is the one that lies where the slice lies."""
    if series.frame_indices:
        if not 0 <= series.frame_indices[k] < layout.frames:
            raise _unreadable("a multi-frame file has fewer frames than positions")
        return series.frame_indices[k]
    if layout.frames == 1:
        return 0
    origin = series.grid.slice_origins_mm[k]
    found = [
        number
        for number, position in enumerate(layout.frame_positions)
        if position is not None and np.abs(np.subtract(position, origin)).max() < POSITION_TOLERANCE_MM
    ]
    if len(found) != 1:
        raise _unreadable(f"{len(found)} frames of a multi-frame file lie at one slice's position, not 1")
    return found[0]


def _rescaling(layout: _Layout, frame: int, modality: str) -> tuple[float, float]:
    """Rescale Slope and Intercept; an MR without both has none, a CT or PET must have them."""
    holder = _rescaling_holder(layout, frame)
    if modality == "MR" and tags.RESCALE_SLOPE not in holder and tags.RESCALE_INTERCEPT not in holder:
        return 1.0, 0.0
    slope, intercept = elements.decimal(holder, tags.RESCALE_SLOPE), elements.decimal(holder, tags.RESCALE_INTERCEPT)
    if slope is None or slope == 0:
        raise _unreadable("Rescale Slope (0028,1053) of a slice is missing, 0 or no number")
    if intercept is None:
        raise _unreadable("Rescale Intercept (0028,1052) of a slice is missing or no number")
    return slope, intercept


def _rescaling_holder(layout: _Layout, frame: int) -> Dataset:
    """Return the item that holds slope and intercept: of the frame, else shared, else the header itself."""
    for groups in layout.groups[frame : frame + 1]:
        if (found := groups.item(tags.PIXEL_VALUE_TRANSFORMATION_SEQUENCE)) is not NOTHING:
            return found
    return layout.header


def _read_native(layout: _Layout, frame: int, box: IndexBox, settings: Settings) -> Stored:
    """Rows of an uncompressed frame straight from their place in the file."""
    kind = f"{'i' if layout.signed else 'u'}{layout.bits_allocated // 8}"
    dtype = np.dtype((">" if layout.transfer_syntax == BIG_ENDIAN else "<") + kind)
    row_bytes = layout.columns * dtype.itemsize
    if (frame + 1) * layout.rows * row_bytes > layout.file.length:
        raise _unreadable("Pixel Data (7FE0,0010) of a slice are shorter than Rows x Columns asks for")
    data = _bytes_at(layout, (frame * layout.rows + box.j[0]) * row_bytes, (box.j[1] - box.j[0]) * row_bytes, settings)
    rows = np.frombuffer(data, dtype).reshape(-1, layout.columns)
    return rows[:, slice(*box.i)].astype(dtype.newbyteorder("="))


def _bytes_at(layout: _Layout, start: int, count: int, settings: Settings) -> bytes | memoryview:
    """Some of the native pixel data: from memory where they were kept, else from the file."""
    if layout.file.kept is not None:
        return memoryview(layout.file.kept)[start : start + count]
    try:
        with layout.file.path.open("rb") as file:
            stream = _unpacked(file, layout.transfer_syntax, settings)
            stream.seek(layout.file.offset + start)
            return stream.read(count)
    except OSError:
        raise _unreadable("a file of it cannot be opened again") from None


def _unused_bits_cleared(values: Stored, layout: _Layout) -> Stored:
    """Values without bits above High Bit or below the stored ones, sign extended: old files keep overlays there."""
    above = layout.bits_allocated - layout.high_bit - 1
    unused = layout.bits_allocated - layout.bits_stored
    if unused == 0:
        return values
    shifted: Stored = np.right_shift(np.left_shift(values, above), unused)
    return shifted


def _decode(layout: _Layout, frame: int, settings: Settings) -> Stored:
    """Decode one compressed frame whole, once its codestream agrees with the header about its size."""
    from pydicom.encaps import get_frame  # noqa: PLC0415 - only where a compressed series is sampled
    from pydicom.pixels.decoders.base import get_decoder  # noqa: PLC0415

    decoder = get_decoder(layout.transfer_syntax)
    if not decoder.is_available:
        name = "JPEG Lossless" if layout.transfer_syntax in JPEG_LOSSLESS else "a syntax without a decoder here"
        raise _unreadable(f"it is compressed with {name}", "pip install 'rtcomplexity[gdcm]'")
    if layout.file.path.stat().st_size > settings.max_file_bytes:
        raise LimitExceededError(
            "A compressed image file is larger than allowed.", "raise RTCOMPLEXITY_MAX_FILE_BYTES."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they warn of is checked before and after
            data = layout.encapsulated.PixelData
            _check_codestream(get_frame(data, frame, number_of_frames=layout.frames), layout)
            decoded, _ = decoder.as_array(layout.encapsulated, index=frame, raw=True)
    except DECODE_FAULTS:
        raise _unreadable("its compressed pixels cannot be decoded") from None
    except BaseException as fault:
        if type(fault).__name__ != _RUST_PANIC:
            raise
        raise _unreadable("its compressed pixels cannot be decoded") from None
    if decoded.shape != (layout.rows, layout.columns):
        raise _unreadable("its compressed pixels have other dimensions than its header states")
    values: Stored = decoded
    return values


def _check_codestream(codestream: bytes, layout: _Layout) -> None:
    """Compare the dimensions that a codestream will unfold to with the header's, before anything is allocated."""
    if layout.transfer_syntax in JPEG_2000:
        found = _jpeg_2000_shape(codestream)
    elif layout.transfer_syntax in JPEG:
        found = _jpeg_shape(codestream)
    else:
        return
    if found != (layout.rows, layout.columns, 1):
        raise _unreadable("its compressed pixels have other dimensions than its header states")


def _jpeg_2000_shape(codestream: bytes) -> tuple[int, int, int]:
    """Rows, columns and components of the SIZ segment."""
    start = codestream.find(b"\xff\x4f\xff\x51")
    _, _, right, bottom, left, top = struct.unpack_from(">HHIIII", codestream, start + 4)
    (components,) = struct.unpack_from(">H", codestream, start + 40)
    return bottom - top, right - left, components


def _jpeg_shape(codestream: bytes) -> tuple[int, int, int]:
    """Rows, columns and components of the first start-of-frame segment (JPEG and JPEG-LS)."""
    position = 2
    while True:
        mark, marker, size = struct.unpack_from(">BBH", codestream, position)
        if mark != 0xFF:
            raise ValueError(position)
        is_frame = 0xC0 <= marker <= 0xCF and marker not in _NO_START_OF_FRAME
        if is_frame or marker == _JPEG_LS_START_OF_FRAME:
            rows, columns, components = struct.unpack_from(">HHB", codestream, position + 5)
            return rows, columns, components
        position += 1 if marker == 0xFF else 2 + size


def _unreadable(because: str, try_: str = "export it again.") -> PixelsUnreadableError:
    return PixelsUnreadableError(f"An image series cannot be sampled: {because}.", try_)
