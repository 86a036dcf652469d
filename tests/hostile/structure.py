"""Inputs 18 to 28: sequences and elements that are too deep, too many, or out of form."""

import struct

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from hostile.cases import error, issue, same
from hostile.plans import ct_bytes, dataset, file_bytes, gtv_items
from hostile.values import put_raw

HEAD = 132
ITEM, ITEM_END, SEQUENCE_END = (
    struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF),
    struct.pack("<HHI", 0xFFFE, 0xE00D, 0),
    struct.pack("<HHI", 0xFFFE, 0xE0DD, 0),
)
BEFORE_CONTENTS = struct.pack("<HH", 0x3006, 0x0002)
"""Structure Set Label: private elements of a lower group are put in front of it."""


def long_element(tag, vr, value, length=None):
    return struct.pack("<HH2sHI", *tag, vr, 0, len(value) if length is None else length) + value


def short_element(tag, vr, value):
    value += b" " * (len(value) % 2)
    return struct.pack("<HH2sH", *tag, vr, len(value)) + value


def inserted(content, data):
    place = content.index(BEFORE_CONTENTS)
    return content[:place] + data + content[place:]


def nested(depth, *, undefined=True):
    """A private sequence in a private sequence, and so on."""
    if undefined:
        return (long_element((0x0099, 0x1001), b"SQ", b"", 0xFFFFFFFF) + ITEM) * depth + (
            ITEM_END + SEQUENCE_END
        ) * depth
    data = b""
    for _ in range(depth):
        item = struct.pack("<HHI", 0xFFFE, 0xE000, len(data)) + data
        data = long_element((0x0099, 0x1001), b"SQ", item)
    return data


def deep(depth, **how):
    return file_bytes(lambda content: inserted(content, nested(depth, **how)))


def deep_contours(content):
    """Depth where it is read: inside ROI Contour Sequence."""
    place = content.index(struct.pack("<HH", 0x3006, 0x0039) + b"SQ")
    end = content.rindex(struct.pack("<HH", 0x3006, 0x0080) + b"SQ")
    opened = (long_element((0x3006, 0x0039), b"SQ", b"", 0xFFFFFFFF) + ITEM) * 400
    return content[:place] + opened + (ITEM_END + SEQUENCE_END) * 400 + content[end:]


def many_elements(content):
    made = b"".join(
        short_element((0x1001 + 2 * (n // 60_000), 0x1000 + n % 60_000), b"LO", b"x") for n in range(300_000)
    )
    return inserted(content, made)


def with_element_again(content):
    """A second, other ROI Contour Sequence: which one holds?"""
    place = content.rindex(struct.pack("<HH", 0x3006, 0x0080) + b"SQ")
    return content[:place] + long_element((0x3006, 0x0039), b"SQ", b"") + content[place:]


def put_items(holder, tag, *contents):
    """A sequence of items with exactly these bytes."""
    value = b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(content)) + content for content in contents)
    put_raw(holder, tag, "SQ", value)


def number_twice(read):
    """Two numbers in one item: which ROI is it?"""
    name, frame = short_element((0x3006, 0x0026), b"LO", b"GTV"), read.StructureSetROISequence[0][0x30060024].value
    head = short_element((0x3006, 0x0022), b"IS", b"1")
    uid = short_element((0x3006, 0x0024), b"UI", frame.encode() + b"\0" * (len(frame) % 2))
    put_items(read, 0x30060020, head + short_element((0x3006, 0x0022), b"IS", b"2") + uid + name)


def contour_data_twice(read):
    """Two outlines in one contour, not side by side."""
    kind, count = short_element((0x3006, 0x0042), b"CS", b"CLOSED_PLANAR"), short_element((0x3006, 0x46), b"IS", b"3")
    data = [long_element((0x3006, 0x0050), b"UN", text) for text in (rb"0\0\0\9\0\0\9\9\0 ", rb"0\0\0\5\0\0\5\5\0 ")]
    put_items(read.ROIContourSequence[0], 0x30060040, data[0] + kind + count + data[1])


def private_element_twice(read):
    put_items(read, 0x00991001, short_element((0x0099, 0x1002), b"LO", b"x") * 2)


def unsorted_label(content):
    """The label after everything else."""
    place = content.index(BEFORE_CONTENTS)
    length = 8 + struct.unpack_from("<H", content, place + 6)[0]
    return content[:place] + content[place + length :] + content[place : place + length]


def unsorted_patient(content):
    """Patient ID after the contents, where a reader of headers does not come."""
    place = content.index(struct.pack("<HH", 0x0010, 0x0020) + b"LO")
    length = 8 + struct.unpack_from("<H", content, place + 6)[0]
    return content[:place] + content[place + length :] + content[place : place + length]


def odd_length(content):
    """A label of odd length, without padding."""
    place = content.index(BEFORE_CONTENTS)
    length = 8 + struct.unpack_from("<H", content, place + 6)[0]
    return content[:place] + struct.pack("<HH2sH", 0x3006, 2, b"SH", 3) + b"ODD" + content[place + length :]


def vr_of_label(vr):
    return file_bytes(lambda content: content.replace(BEFORE_CONTENTS + b"SH", BEFORE_CONTENTS + vr, 1))


def many_values(content):
    """Pixel Spacing with twenty million values."""
    place = content.index(struct.pack("<HH", 0x0028, 0x0030) + b"DS")
    length = 8 + struct.unpack_from("<H", content, place + 6)[0]
    value = b"1\\" * 20_000_000
    return content[:place] + long_element((0x0028, 0x0030), b"UN", value) + content[place + length :]


def many_values_of_type(content):
    place = content.index(struct.pack("<HH", 0x0008, 0x0008) + b"CS")
    length = 8 + struct.unpack_from("<H", content, place + 6)[0]
    return content[:place] + long_element((8, 8), b"UN", b"A\\" * 20_000_000) + content[place + length :]


def contour_data_unknown(read):
    """As explicit VR forces it for long contours."""
    for items in read.ROIContourSequence:
        for contour in items.ContourSequence:
            value = "\\".join(str(number) for number in contour.ContourData).encode()
            value += b" " * (len(value) % 2)
            tag = BaseTag(0x30060050)
            contour[tag] = RawDataElement(tag, "UN", len(value), value, 0, False, True)


def private_sequence_of_wrong_length(content):
    inner = struct.pack("<HHI", 0xFFFE, 0xE000, 5000) + short_element((0x0099, 0x1002), b"LO", b"x")
    return inserted(content, long_element((0x0099, 0x1001), b"SQ", inner))


def contour_item_of_wrong_length(content):
    """An item of ROI Contour Sequence that claims more than its sequence holds."""
    place = content.index(struct.pack("<HH", 0x3006, 0x0039) + b"SQ") + 12
    return content[: place + 4] + struct.pack("<I", 0x00FFFFFF) + content[place + 8 :]


def short_values(read):
    gtv_items(read)[1][0].ContourData = []


TOO_DEEP = "nested"

CASES = (
    error(18, "sequences 100 deep", deep(100), TOO_DEEP),
    same(18, "sequences 100 deep, of stated length (never opened)", deep(100, undefined=False)),
    error(19, "sequences 400 deep", deep(400), TOO_DEEP),
    error(19, "400 deep in ROI Contour Sequence", file_bytes(deep_contours), TOO_DEEP),
    error(20, "sequences 100 000 deep", deep(100_000), TOO_DEEP),
    same(21, "unknown VR of the label (ZZ)", vr_of_label(b"ZZ")),
    same(21, "another VR than the dictionary's", vr_of_label(b"LO")),
    same(22, "odd length", file_bytes(odd_length)),
    error(23, "ROI Contour Sequence twice", file_bytes(with_element_again), "twice"),
    error(23, "ROI Number twice in an item", dataset(number_twice), "twice"),
    error(23, "Contour Data twice in an item", dataset(contour_data_twice), "twice"),
    same(23, "an element twice in a sequence that nobody reads", dataset(private_element_twice)),
    same(24, "label after the contents", file_bytes(unsorted_label)),
    issue(24, "patient after the contents", file_bytes(unsorted_patient), "patient-id-missing"),
    error(25, "300 000 private elements", file_bytes(many_elements), "more than 100000 elements"),
    issue(26, "Pixel Spacing of 20 million values", ct_bytes(many_values, [3]), "slices-left-out"),
    same(26, "Image Type of 20 million values", ct_bytes(many_values_of_type, [3])),
    same(27, "Contour Data as UN", dataset(contour_data_unknown)),
    same(28, "private sequence of wrong length", file_bytes(private_sequence_of_wrong_length)),
    error(28, "contour item of wrong length", file_bytes(contour_item_of_wrong_length), "broken"),
)
