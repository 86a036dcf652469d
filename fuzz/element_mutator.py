# ruff: noqa: INP001 -- imported by the scripts beside it
"""Changes DICOM files element by element, so that most of what a fuzzer makes is still read beyond its first bytes.

Knows explicit VR little endian only, and as much of it as it takes to put elements back together with the right
lengths; a file that it cannot take apart it leaves to the caller. It owes nothing to pydicom, which is itself tried.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

HEAD_BYTES = 132
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
LONG_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"})
VRS = (b"DS", b"IS", b"US", b"SQ", b"UN", b"LO", b"UI", b"OB", b"OW", b"FD", b"FL", b"CS", b"DA", b"ZZ", b"\0\0")
LENGTHS = (0, 1, 7, 0xFFFE, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, UNDEFINED)
VALUES = (
    *(
        b"",
        b"\0",
        b" ",
        b"\\",
        b"\\\\\\",
        b"nan",
        b"-inf",
        b"1e999",
        b"1e308",
        b"1e-320",
        b"-0",
        b"1,5",
        b"1_0",
        b"0x10",
    ),
    *(b"99999999999999999999", b"2147483648", b"..\\..\\..", b"../../x", b"\x1b[2J", b"\xff\xfe", b"1.2.840.10008.1.2"),
    *(
        b"ISO_IR 192",
        b"\\ISO 2022 IR 87",
        b"20201399",
        b"235960",
        b"HFDR",
        b"POINT",
        b"OPEN_PLANAR",
        b"CLOSEDPLANAR_XOR",
    ),
    *(
        b"1.2.840.10008.5.1.4.1.1.66.3",
        b"1.2.840.10008.5.1.4.1.1.2.1",
        b"1\\0\\0\\0\\1\\0",
        b"0\\0\\0\\0\\0\\0\\0\\0\\0",
    ),
    *(struct.pack("<H", number) for number in (0, 1, 2, 8, 12, 16, 32, 64, 0x7FFF, 0x8000, 0xFFFF)),
    *(struct.pack("<d", number) for number in (0.0, float("nan"), float("inf"), 1e300)),
)
NUMBERS = (b"0", b"-1", b"1e9", b"-1e9", b"1e-9", b"1e17", b"nan", b"inf", b"", b"x", b"0.0000001", b"1e38", b"1e308")
MOST_NODES = 3000


@dataclass(slots=True)
class Node:
    """One element; its value is bytes, or the items of a sequence."""

    tag: int
    vr: bytes
    value: bytes | list[list[Node]]
    undefined: bool = False
    length: int | None = None
    """What it says of its length, where that is a lie."""


class _NotApartError(ValueError):
    """The bytes are no elements in explicit VR little endian."""


def take_apart(content: bytes) -> tuple[bytes, list[Node]] | None:
    """Split a file into its head and its elements; None where that does not work."""
    try:
        nodes, end = _elements(content, HEAD_BYTES, len(content), 0)
    except (_NotApartError, struct.error, IndexError):
        return None
    return (content[:HEAD_BYTES], nodes) if end == len(content) and nodes else None


def put_together(head: bytes, nodes: list[Node]) -> bytes:
    """Write a file; lengths are right where an element does not say otherwise."""
    return head + b"".join(map(_written, nodes))


def mutated(head: bytes, nodes: list[Node], random: Random, mutate: Callable[[bytes], bytes]) -> bytes:
    """Change one to five elements at any depth; `mutate` changes bytes."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        holders = _holders(nodes)
        holder = random.choice(holders)
        if holder:
            place = random.randrange(len(holder))
            random.choice(CHANGES)(holder, place, random, mutate)
    return put_together(head, nodes)


def crossed(nodes: list[Node], others: list[Node], random: Random) -> None:
    """Take the value of an element of another file, of the same tag where there is one."""
    givers = [node for holder in _holders(others) for node in holder]
    takers = [node for holder in _holders(nodes) for node in holder]
    giver = random.choice(givers)
    alike = [node for node in takers if node.tag == giver.tag]
    taker = random.choice(alike or takers)
    taker.vr, taker.value, taker.undefined = giver.vr, giver.value, giver.undefined


# --- reading and writing ---------------------------------------------------------------------------------------------


def _elements(content: bytes, place: int, end: int, depth: int) -> tuple[list[Node], int]:
    nodes: list[Node] = []
    while place < end:
        group, element = struct.unpack_from("<HH", content, place)
        tag = group << 16 | element
        if tag == ITEM_END:
            return nodes, place + 8
        node, place = _element(content, place, end, tag, depth)
        nodes.append(node)
        if len(nodes) > MOST_NODES:
            raise _NotApartError
    return nodes, place


def _element(content: bytes, place: int, end: int, tag: int, depth: int) -> tuple[Node, int]:
    vr = content[place + 4 : place + 6]
    if not vr.isalpha() or not vr.isupper():
        raise _NotApartError
    if vr in LONG_VRS:
        (length,) = struct.unpack_from("<I", content, place + 8)
        place += 12
    else:
        (length,) = struct.unpack_from("<H", content, place + 6)
        place += 8
    if vr == b"SQ" and depth < 20:
        items, after = _items(content, place, length, end, depth)
        return Node(tag, vr, items, undefined=length == UNDEFINED), after
    if length == UNDEFINED or place + length > end:
        raise _NotApartError
    return Node(tag, vr, content[place : place + length]), place + length


def _items(content: bytes, place: int, length: int, end: int, depth: int) -> tuple[list[list[Node]], int]:
    stop = end if length == UNDEFINED else place + length
    if stop > end:
        raise _NotApartError
    items = []
    while place < stop:
        group, element, size = struct.unpack_from("<HHI", content, place)
        tag, place = group << 16 | element, place + 8
        if tag == SEQUENCE_END:
            return items, place
        if tag != ITEM or (size != UNDEFINED and place + size > stop):
            raise _NotApartError
        item, place = _elements(content, place, stop if size == UNDEFINED else place + size, depth + 1)
        items.append(item)
    return items, place


def _written(node: Node) -> bytes:
    value = node.value if isinstance(node.value, bytes) else _written_items(node)
    length = len(value) if node.length is None else node.length
    if node.undefined and isinstance(node.value, list):
        length = UNDEFINED
    head = struct.pack("<HH", node.tag >> 16, node.tag & 0xFFFF) + node.vr
    if node.vr in LONG_VRS:
        return head + struct.pack("<HI", 0, length) + value
    return head + struct.pack("<H", length & 0xFFFF) + value


def _written_items(node: Node) -> bytes:
    parts = []
    for item in node.value:
        content = b"".join(_written(one) for one in item if isinstance(one, Node))
        parts.append(struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED if node.undefined else len(content)) + content)
        if node.undefined:
            parts.append(struct.pack("<HHI", 0xFFFE, 0xE00D, 0))
    if node.undefined:
        parts.append(struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))
    return b"".join(parts)


def _holders(nodes: list[Node]) -> list[list[Node]]:
    found, waiting = [nodes], [nodes]
    while waiting:
        for node in waiting.pop():
            if isinstance(node.value, list):
                found += node.value
                waiting += node.value
    return found


# --- changes: each gets the elements of an item, a place among them, randomness, and what changes bytes -------------


def _other_value(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    holder[place].value = random.choice(VALUES)


def _other_number(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    """One number of several written otherwise."""
    node = holder[place]
    if isinstance(node.value, bytes):
        parts = node.value.split(b"\\")
        parts[random.randrange(len(parts))] = random.choice(NUMBERS)
        node.value = b"\\".join(parts)


def _fewer_or_more_numbers(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    node = holder[place]
    if isinstance(node.value, bytes):
        parts = node.value.split(b"\\")
        at = random.randrange(len(parts))
        parts[at : at + random.choice((0, 1, 3))] = parts[: random.choice((0, 1, 3, 30))]
        node.value = b"\\".join(parts)


def _other_bytes(holder: list[Node], place: int, _random: Random, mutate: Callable[[bytes], bytes]) -> None:
    node = holder[place]
    if isinstance(node.value, bytes):
        node.value = mutate(node.value)


def _dropped(holder: list[Node], place: int, _random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    del holder[place]


def _repeated(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    holder.insert(random.randint(0, len(holder)), holder[place])


def _copied(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    """The value of a neighbor."""
    holder[place] = replace(random.choice(holder), tag=holder[place].tag)


def _moved(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    holder.insert(random.randrange(len(holder)), holder.pop(place))


def _other_vr(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    holder[place].vr = random.choice(VRS)


def _lying_length(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    holder[place].length = random.choice(LENGTHS)


def _other_tag(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    holder[place].tag = random.choice((holder[place].tag ^ 1 << random.randrange(32), 0x7FE00010, 0x00020010, ITEM_END))


def _undefined(holder: list[Node], place: int, _random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    holder[place].undefined = not holder[place].undefined


def _nested(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    node = holder[place]
    for _ in range(random.choice((1, 2, 40))):
        node = replace(node, vr=b"SQ", value=[[node]], undefined=random.random() < 0.5, length=None)
    holder[place] = node


def _other_items(holder: list[Node], place: int, random: Random, _mutate: Callable[[bytes], bytes]) -> None:
    """Items of a sequence dropped, repeated or emptied."""
    items = holder[place].value
    if isinstance(items, list) and items:
        at = random.randrange(len(items))
        items[at : at + random.choice((0, 1))] = random.choice(([], [[]], [items[at]], items[:5]))


CHANGES = (
    *(_other_value, _other_number, _other_number, _other_number, _fewer_or_more_numbers, _other_bytes, _other_bytes),
    *(_dropped, _repeated, _copied, _moved, _other_vr, _lying_length, _other_tag, _undefined, _nested),
    *(_other_items, _other_items),
)
