import struct

from afloc_desktop.core.dicom.elements import Extent, elements
from afloc_desktop.core.dicom.syntax import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE


def tags(data: bytes, syntax=EXPLICIT_LITTLE) -> tuple[list[int], Extent]:
    extent = Extent()
    return [element.tag for element in elements(data, syntax, extent)], extent


def plain(tag: int, value: bytes = b"") -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, b"LO", len(value)) + value


def sequence(tag: int, content: bytes) -> bytes:
    head = struct.pack("<HH4sL", tag >> 16, tag & 0xFFFF, b"SQ\0\0", 0xFFFFFFFF)
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + content + b"\xfe\xff\x0d\xe0\0\0\0\0"
    return head + item + b"\xfe\xff\xdd\xe0\0\0\0\0"


def test_only_what_is_outside_of_sequences_is_given():
    inner = sequence(0x00081140, plain(0x00080018, b"1.2 ")) + plain(0x00080020)
    data = plain(0x00080005) + sequence(0x00081115, inner) + plain(0x00100010, b"Doe ")
    found, extent = tags(data)
    assert found == [0x00080005, 0x00081115, 0x00100010]
    assert extent.deepest == 2


def test_values_are_given_in_either_order_and_without_representations():
    big = struct.pack(">HH2sH", 0x0028, 0x0010, b"US", 2) + b"\0\3"
    (element,) = elements(big, EXPLICIT_BIG, Extent())
    assert element == (0x00280010, b"US", b"\0\3", 2)
    implicit = struct.pack("<HHL", 0x0028, 0x0010, 2) + b"\3\0"
    (element,) = elements(implicit, IMPLICIT_LITTLE, Extent())
    assert element == (0x00280010, b"", b"\3\0", 2)


def test_a_claim_beyond_the_data_ends_the_walk():
    found, _ = tags(plain(0x00080005) + struct.pack("<HH4sL", 8, 0x18, b"UN\0\0", 0xFFFFFFF0))
    assert found == [0x00080005, 0x00080018]
    assert tags(b"\x08\x00")[0] == []
    assert tags(struct.pack("<HH2sH", 8, 0x18, b"UN", 0))[0] == []


def test_twenty_thousand_sequences_in_each_other_are_counted():
    opening = struct.pack("<HH4sL", 8, 0x1140, b"SQ\0\0", 0xFFFFFFFF)
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    found, extent = tags((opening + item) * 20_000)
    assert found == [0x00081140]
    assert extent.deepest == 20_000
