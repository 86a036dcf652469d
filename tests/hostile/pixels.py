"""Inputs 44 to 56: pixels that are missing, too many, or not what the header says."""

import struct
from dataclasses import replace
from io import BytesIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from hostile.cases import issue, same
from hostile.plans import COLUMNS, ROWS, SLICES, ct, ct_slices, described, good_files, plan, put
from hostile.values import put_raw

NOT_SAMPLED, LEFT_OUT = "image-not-sampled", "slices-left-out"


def attributes(**values):
    def change(_k, read):
        for keyword, value in values.items():
            setattr(read, keyword, value)

    return ct_slices(change)


def removed(keyword):
    return ct_slices(lambda _k, read: delattr(read, keyword))


def raw(tag, vr, value):
    return ct_slices(lambda _k, read: put_raw(read, tag, vr, value))


def encapsulated(syntax, frame, *, offsets=True, **values):
    """Every slice compressed into these bytes, with header values of its own."""

    def build(folder):
        files = good_files()
        for k in range(SLICES):
            name = f"ct/ct_{k + 1:03}.dcm"
            read = dcmread(BytesIO(files[name]))
            for keyword, value in values.items():
                setattr(read, keyword, value)
            read.PixelData = encapsulate([frame(read)], has_bot=offsets) if callable(frame) else frame
            read["PixelData"].VR = "OB"
            read["PixelData"].is_undefined_length = True
            files[name] = _saved(read, syntax)
        put(folder, files)

    return build


def _saved(read, syntax):
    read.file_meta = FileMetaDataset()
    read.file_meta.TransferSyntaxUID = syntax
    stream = BytesIO()
    read.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def jpeg_2000(rows, columns):
    """A codestream's main header alone, of those dimensions."""
    size = struct.pack(">HHIIIIIIIIH", 41, 0, columns, rows, 0, 0, columns, rows, 0, 0, 1) + b"\x0f\1\1"
    return lambda _read: b"\xff\x4f\xff\x51" + size + b"\xff\xd9"


def jpeg(rows, columns):
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, rows, columns, 1) + b"\1\x11\0"
    return lambda _read: b"\xff\xd8" + frame + b"\xff\xd9"


def jpeg_ls(rows, columns):
    frame = b"\xff\xf7" + struct.pack(">HBHHB", 11, 16, rows, columns, 1) + b"\1\x11\0"
    return lambda _read: b"\xff\xd8" + frame + b"\xff\xd9"


def rle_bomb(_read):
    """Two segments of which one unpacks to 64 MB."""
    segment = b"\x81\0" * 500_000
    return struct.pack("<16I", 2, 64, 66, *[0] * 13) + b"\0\0" + segment


def rle_compressed():
    def change(_k, read):
        read.compress(RLELossless, generate_instance_uid=False)

    def build(folder):
        files = good_files()
        for k in range(SLICES):
            name = f"ct/ct_{k + 1:03}.dcm"
            read = dcmread(BytesIO(files[name]))
            change(k, read)
            stream = BytesIO()
            read.save_as(stream, enforce_file_format=True)
            files[name] = stream.getvalue()
        put(folder, files)

    return build


def slope_per_slice():
    image = ct()
    steps = tuple(0.5 * 2 ** (k % 3) for k in range(SLICES))
    return described(images=(replace(image, slopes=steps, intercept=-1000.0),))


def unsigned_with_padding():
    """Unsigned values, and a padding value that is far from any tissue."""

    def change(_k, read):
        stored = np.frombuffer(read.PixelData, np.int16).reshape(ROWS, COLUMNS).astype(np.int32)
        read.PixelData = (stored + 1024).astype(np.uint16).tobytes()
        read.RescaleIntercept = float(read.RescaleIntercept) - 1024
        read.PixelRepresentation = 0
        put_raw(read, 0x00280120, "US", struct.pack("<H", 63536))

    return ct_slices(change)


def _floats(read):
    read.FloatPixelData = np.zeros(ROWS * COLUMNS, np.float32).tobytes()
    del read.PixelData
    read.BitsAllocated = 32


HUGE = {"Rows": 32_767, "Columns": 32_767}
EMPTY = encapsulate([b"\0\0"])[:8] + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)

CASES = (
    issue(44, "pixel data too short", ct_slices(lambda _k, r: setattr(r, "PixelData", r.PixelData[:500])), NOT_SAMPLED),
    issue(44, "no pixel data", removed("PixelData"), NOT_SAMPLED),
    issue(45, "rows 0", attributes(Rows=0), LEFT_OUT),
    issue(46, "65535 x 65535", attributes(Rows=65_535, Columns=65_535), LEFT_OUT),
    issue(47, "two thousand million frames", raw(0x00280008, "IS", b"2000000000"), NOT_SAMPLED),
    *(issue(48, f"Bits Allocated {bits}", attributes(BitsAllocated=bits), NOT_SAMPLED) for bits in (1, 12, 32, 64)),
    issue(48, "Float Pixel Data", ct_slices(lambda _k, r: _floats(r)), NOT_SAMPLED),
    issue(49, "no samples", attributes(SamplesPerPixel=0), NOT_SAMPLED),
    issue(49, "three samples (color)", attributes(SamplesPerPixel=3), NOT_SAMPLED),
    issue(
        50, "JPEG 2000 larger than its header", encapsulated(JPEG2000Lossless, jpeg_2000(60_000, 60_000)), NOT_SAMPLED
    ),
    issue(
        50,
        "JPEG 2000 as large as its header: 32767 x 32767",
        encapsulated(JPEG2000Lossless, jpeg_2000(32_767, 32_767), **HUGE),
        NOT_SAMPLED,
    ),
    issue(51, "JPEG larger than its header", encapsulated(JPEGBaseline8Bit, jpeg(65_000, 65_000)), NOT_SAMPLED),
    issue(51, "JPEG-LS larger than its header", encapsulated(JPEGLSLossless, jpeg_ls(65_000, 65_000)), NOT_SAMPLED),
    issue(52, "RLE that unpacks to 64 MB", encapsulated(RLELossless, rle_bomb), NOT_SAMPLED),
    issue(52, "RLE of 32767 x 32767", encapsulated(RLELossless, rle_bomb, **HUGE), NOT_SAMPLED),
    same(52, "RLE, honestly (control)", rle_compressed()),
    issue(53, "no fragments", encapsulated(RLELossless, EMPTY), NOT_SAMPLED),
    issue(
        53,
        "offset table past the end",
        encapsulated(
            RLELossless,
            encapsulate([rle_bomb(None)]).replace(
                b"\xfe\xff\x00\xe0\4\0\0\0\0\0\0\0", b"\xfe\xff\x00\xe0\4\0\0\0\xff\xff\xff\x7f"
            ),
        ),
        NOT_SAMPLED,
    ),
    issue(54, "slope 0", attributes(RescaleSlope=0), NOT_SAMPLED),
    issue(54, "slope NaN", raw(0x00281053, "DS", b"nan"), NOT_SAMPLED),
    issue(54, "no slope", removed("RescaleSlope"), NOT_SAMPLED),
    issue(54, "no intercept", removed("RescaleIntercept"), NOT_SAMPLED),
    same(55, "a slope for every slice", plan(slope_per_slice)),
    same(56, "unsigned, with a padding value", unsigned_with_padding()),
)
