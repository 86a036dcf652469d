"""Inputs 1 to 17: files that are no DICOM, half of one, or another kind of one."""

import random
import struct
import zlib

from hostile.cases import error, issue, same
from hostile.plans import DEFLATED, EXPLICIT, IMPLICIT, ct_bytes, dataset, file_bytes

HEAD = 132
SEQUENCE_DELIMITER = struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)


def preamble(start):
    return file_bytes(lambda content: start + content[len(start) :])


def swapped_uid(content, old, new):
    """Another transfer syntax of the same length, padded with NUL."""
    return content.replace(old.encode().ljust(len(old) + len(old) % 2, b"\0"), new.encode().ljust(20, b"\0"), 1)


def without_meta_element(content, tag):
    """The file without one short element of its meta header, whose group length is set right."""
    place = content.index(struct.pack("<HH", *tag))
    length = 8 + struct.unpack_from("<H", content, place + 6)[0]
    size = struct.unpack_from("<I", content, HEAD + 8)[0] - length
    cut = content[:place] + content[place + length :]
    return cut[: HEAD + 8] + struct.pack("<I", size) + cut[HEAD + 12 :]


def wrong_group_length(content):
    return content[: HEAD + 8] + struct.pack("<I", 7) + content[HEAD + 12 :]


def long_length(content):
    """The last sequence claims more bytes than there are."""
    place = content.rindex(struct.pack("<HH", 0x3006, 0x0080) + b"SQ")
    return content[: place + 8] + struct.pack("<I", 0x7FFFFFF0) + content[place + 12 :]


def no_end(content):
    """ROI Contour Sequence of undefined length, and nothing after it that would end it."""
    place = content.index(struct.pack("<HH", 0x3006, 0x0039) + b"SQ")
    end = content.rindex(struct.pack("<HH", 0x3006, 0x0080) + b"SQ")
    return content[: place + 8] + b"\xff" * 4 + content[place + 12 : end]


def deflate_bomb(content):
    """A few hundred kilobytes that unpack to 300 MB."""
    meta_end = HEAD + 12 + struct.unpack_from("<I", content, HEAD + 8)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    rest = content[meta_end:] + struct.pack("<HH2sHI", 0x7777, 0x1000, b"OB", 0, 300_000_000)
    packed = packer.compress(rest) + b"".join(packer.compress(bytes(10**6)) for _ in range(300)) + packer.flush()
    return deflated_meta(content, meta_end) + packed


def deflated(content):
    meta_end = HEAD + 12 + struct.unpack_from("<I", content, HEAD + 8)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return deflated_meta(content, meta_end) + packer.compress(content[meta_end:]) + packer.flush()


def deflated_meta(content, meta_end):
    value = DEFLATED.encode().ljust(22, b"\0")
    old = EXPLICIT.encode().ljust(20, b"\0")
    meta = content[:meta_end].replace(struct.pack("<H", 20) + old, struct.pack("<H", 22) + value)
    size = struct.unpack_from("<I", meta, HEAD + 8)[0] + 2
    return meta[: HEAD + 8] + struct.pack("<I", size) + meta[HEAD + 12 :]


def undefined_lengths(read):
    """Every sequence of the set in the other legal encoding."""
    for element in read.iterall():
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True


def random_bytes(_content):
    return random.Random(3).randbytes(20_000)


def unknown_syntax(content):
    return swapped_uid(content, EXPLICIT, "1.2.3.4.5.6.7.8.9")


def falsely_deflated(content):
    meta_end = HEAD + 12 + struct.unpack_from("<I", content, HEAD + 8)[0]
    return deflated_meta(content, meta_end) + content[meta_end:]


def big_endian_name(content):
    return swapped_uid(content, EXPLICIT, "1.2.840.10008.1.2.2")


WRONG_SYNTAX = "transfer-syntax-wrong"
NO_SET = "0 structure sets"

CASES = (
    error(1, "empty file", file_bytes(lambda _: b""), NO_SET),
    error(2, "fewer than 132 bytes", file_bytes(lambda content: content[:100]), NO_SET),
    error(3, "random bytes", file_bytes(random_bytes), NO_SET),
    error(4, "no DICM prefix", file_bytes(lambda c: c[:128] + b"XXXX" + c[HEAD:]), NO_SET),
    issue(5, "a Windows program's preamble (MZ)", preamble(b"MZ\x90\0\3"), "preamble-of-other-format"),
    issue(6, "a Linux program's preamble (ELF)", preamble(b"\x7fELF\2\1\1"), "preamble-of-other-format"),
    issue(7, "a PDF as well", preamble(b"%PDF-1.4\n"), "preamble-of-other-format"),
    issue(7, "a ZIP archive as well", preamble(b"PK\3\4\x14\0"), "preamble-of-other-format"),
    error(8, "truncated meta information", file_bytes(lambda c: c[:200]), "names no SOP Class"),
    error(9, "truncated element", file_bytes(lambda c: c[: len(c) - 150]), "cut short"),
    issue(10, "truncated pixels in every slice", ct_bytes(lambda c: c[:-1500]), "image-not-sampled"),
    error(11, "length past the end", file_bytes(long_length), "cut short"),
    error(12, "undefined length without an end", file_bytes(no_end), "ends too early"),
    same(12, "undefined lengths with their ends (control)", dataset(undefined_lengths)),
    same(13, "wrong group length", file_bytes(wrong_group_length)),
    issue(14, "unknown transfer syntax", file_bytes(unknown_syntax), WRONG_SYNTAX),
    issue(15, "no transfer syntax", file_bytes(lambda c: without_meta_element(c, (2, 0x10))), WRONG_SYNTAX),
    issue(16, "says implicit, is explicit", file_bytes(lambda c: swapped_uid(c, EXPLICIT, IMPLICIT)), WRONG_SYNTAX),
    error(16, "says big endian, is little", file_bytes(big_endian_name), "names no SOP Class"),
    error(16, "says deflated, is not", file_bytes(falsely_deflated), "inflated"),
    error(17, "deflate bomb (300 MB)", file_bytes(deflate_bomb), "unpacks to more than"),
    same(17, "deflated, honestly (control)", file_bytes(deflated)),
)
