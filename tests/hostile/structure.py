"""Inputs 18 to 28: sequences and elements that are too deep, too many, or out of form."""

import struct

from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from hostile.cases import error, issue, same
from hostile.plans import ct_bytes, dataset, file_bytes, gtv_items

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
    same(24, "label after the contents", file_bytes(unsorted_label)),
    error(24, "patient after the contents", file_bytes(unsorted_patient), "files of 2 patients"),
    error(25, "300 000 private elements", file_bytes(many_elements), "more than 100000 elements"),
    issue(26, "Pixel Spacing of 20 million values", ct_bytes(many_values, [3]), "slices-left-out"),
    same(26, "Image Type of 20 million values", ct_bytes(many_values_of_type, [3])),
    same(27, "Contour Data as UN", dataset(contour_data_unknown)),
    same(28, "private sequence of wrong length", file_bytes(private_sequence_of_wrong_length)),
    error(28, "contour item of wrong length", file_bytes(contour_item_of_wrong_length), "broken"),
)
