from types import SimpleNamespace

import numpy as np
import pytest

from afloc_desktop.core.dicom.guard import quiet_pydicom
from afloc_desktop.core.dicom.palette import find_palette

NAMES = ("Red", "Green", "Blue")


def header(*, is_signed=False, is_little_endian=True):
    syntax = SimpleNamespace(is_little_endian=is_little_endian)
    return SimpleNamespace(is_signed=is_signed, syntax=syntax)


def find(make_tags, descriptor, data, *, is_segmented=False, **more):
    """A palette whose three colours have the same table, or one each."""
    each = [data] * 3 if isinstance(data, bytes) else data
    prefix = "Segmented" if is_segmented else ""
    tags = {}
    for name, table in zip(NAMES, each, strict=True):
        tags[f"{name}PaletteColorLookupTableDescriptor"] = descriptor
        tags[f"{prefix}{name}PaletteColorLookupTableData"] = table
    with quiet_pydicom():
        return find_palette(make_tags(**tags), header(**more))


def words(*values):
    return np.array(values, "<u2").tobytes()


def curve(palette):
    """The red of all entries."""
    return palette.colours[:, 0].tolist()


def test_an_index_becomes_the_three_colours_at_its_place(make_tags):
    tables = [words(0x0100, 0xFF00), words(0x0200, 0x8000), words(0x0300, 0x0400)]
    palette = find(make_tags, [2, 0, 16], tables)
    shown = palette.apply(np.array([[0, 1, 9]], np.uint8))
    assert shown.tolist() == [[[1, 2, 3], [255, 128, 4], [255, 128, 4]]]
    assert shown.dtype == np.uint8


def test_values_below_the_first_have_its_colour(make_tags):
    palette = find(make_tags, [2, 10, 16], words(0x0500, 0x0600))
    assert palette.apply(np.array([3, 10, 11, 12]))[:, 0].tolist() == [5, 5, 6, 6]


def test_a_negative_first_value_may_be_written_unsigned(make_tags):
    palette = find(make_tags, [2, 65535, 16], words(0x0500, 0x0600), is_signed=True)
    assert palette.apply(np.array([-1, 0]))[:, 0].tolist() == [5, 6]


def test_no_entries_stand_for_65536(make_tags):
    palette = find(make_tags, [0, 0, 16], words(*(n for n in range(65536))))
    assert palette.apply(np.array([0xABCD], np.uint16))[0, 0] == 0xAB


def test_eight_bits_are_words_or_packed_bytes(make_tags):
    assert curve(find(make_tags, [4, 0, 8], words(1, 2, 3, 4))) == [1, 2, 3, 4]
    assert curve(find(make_tags, [4, 0, 8], bytes([1, 2, 3, 4]))) == [1, 2, 3, 4]
    # Said to be 16 bits, with bytes for 8: the bytes are what is there.
    assert curve(find(make_tags, [4, 0, 16], bytes([1, 2, 3, 4]))) == [1, 2, 3, 4]


def test_big_endian_words_have_their_first_byte_last(make_tags):
    big = {"is_little_endian": False}
    assert curve(find(make_tags, [2, 0, 16], bytes([1, 0, 2, 0]), **big)) == [1, 2]
    assert curve(find(make_tags, [4, 0, 8], bytes([2, 1, 4, 3]), **big)) == [1, 2, 3, 4]


def test_segments_are_carried_out(make_tags):
    # C.7.9.2: two values, a line of four steps to 0x1000, and both once more from byte 0.
    data = words(0, 2, 0x0200, 0x0800, 1, 4, 0x1000, 2, 2, 0, 0)
    found = curve(find(make_tags, [12, 0, 16], data, is_segmented=True))
    assert found == [2, 8, 10, 12, 14, 16, 2, 8, 10, 12, 14, 16]


def test_segments_of_eight_bits_are_bytes(make_tags):
    data = bytes([0, 2, 10, 20, 1, 2, 40, 2, 1, 0, 0, 0, 0, 0])
    found = curve(find(make_tags, [6, 0, 8], data, is_segmented=True))
    assert found == [10, 20, 30, 40, 10, 20]


@pytest.mark.parametrize(
    "data",
    [
        words(),
        words(0, 2, 1),  # ends early
        words(1, 3, 9),  # a line from nowhere
        words(0, 0),  # empty
        words(9, 1, 1),  # unknown
        words(0, 1, 7, 2, 1, 6, 0),  # refers to itself
        words(0, 1, 7, 2, 0, 0, 0),  # refers to nothing
        words(0, 1, 7, 2, 9, 0xFFFF, 0xFFFF),  # refers outside
        words(0, 3, 1, 2, 3),  # fewer than described
    ],
    ids=range(9),
)
def test_damaged_segments_make_no_palette(make_tags, data):
    assert find(make_tags, [8, 0, 16], data, is_segmented=True) is None


@pytest.mark.parametrize(
    ("descriptor", "data"),
    [
        ([4, 0, 16], words(1)),
        ([4, 0, 16], b""),
        ([4, 0, 7], words(1, 2, 3, 4)),
        ([4, 0, 17], words(1, 2, 3, 4)),
        ([4, 0], words(1, 2, 3, 4)),
    ],
)
def test_a_damaged_table_makes_no_palette(make_tags, descriptor, data):
    assert find(make_tags, descriptor, data) is None


def test_all_three_colours_are_needed(make_tags):
    tags = make_tags(
        RedPaletteColorLookupTableDescriptor=[2, 0, 16],
        RedPaletteColorLookupTableData=words(1, 2),
    )
    with quiet_pydicom():
        assert find_palette(tags, header()) is None
