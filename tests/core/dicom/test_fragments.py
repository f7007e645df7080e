import io
import struct

import pytest

from afloc_desktop.core.dicom.fragments import find_fragments, frame_of
from afloc_desktop.core.errors import UnreadableFile

END = b"\xfe\xff\xdd\xe0\0\0\0\0"
A, B, C = b"\xff\xd8\xffA", b"bb", b"\xff\xd8\xffC"  # B continues A


def item(content: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + struct.pack("<L", len(content)) + content


def element(*contents: bytes, table: tuple[int, ...] = ()) -> bytes:
    return item(struct.pack(f"<{len(table)}L", *table)) + b"".join(map(item, contents)) + END


def frames(data: bytes, count: int, extended: bytes = b"") -> list[bytes]:
    file = io.BytesIO(data)
    found = find_fragments(file, 0, len(data))
    return [frame_of(file, found, n + 1, count, extended) for n in range(count)]


def test_fragments_of_a_single_frame_are_joined():
    assert frames(element(A, B), 1) == [A + B]


def test_one_fragment_each_needs_no_table():
    assert frames(element(A, B, C), 3) == [A, B, C]


def test_the_offset_table_says_where_frames_start():
    # C's item begins after item A (8 + 4 bytes) and item B (8 + 2): at 22.
    assert frames(element(A, B, C, table=(0, 22)), 2) == [A + B, C]


def test_the_extended_table_says_it_too():
    assert frames(element(A, B, C), 2, extended=struct.pack("<2Q", 0, 22)) == [A + B, C]


def test_without_a_table_the_start_of_a_codestream_tells():
    assert frames(element(A, B, C), 2) == [A + B, C]


@pytest.mark.parametrize("table", [(0, 12, 5), (0, 9), (22, 0), (12, 22), (0,), (0, 12, 22)])
def test_a_table_that_cannot_be_right_is_refused(table):
    with pytest.raises(UnreadableFile, match="not certain"):
        frames(element(A, B, C, table=table), 2)


def test_frames_that_cannot_be_told_apart_are_refused():
    with pytest.raises(UnreadableFile, match="not certain"):
        frames(element(b"xx", b"yy", b"zz"), 2)


def test_an_item_beyond_the_file_is_refused():
    data = element(A, B)
    with pytest.raises(UnreadableFile, match="incomplete"):
        find_fragments(io.BytesIO(data[:-12]), 0, len(data) - 12)


def test_a_missing_end_after_whole_items_is_tolerated():
    assert frames(element(A, B).removesuffix(END), 1) == [A + B]


def test_what_is_no_item_is_refused():
    with pytest.raises(UnreadableFile):
        find_fragments(io.BytesIO(b"\0" * 64), 0, 64)
