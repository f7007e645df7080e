import struct

import numpy as np
import pytest
from slides_made import colours, make_slide

from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.slides.opening import open_slide

FRAMES = b"\x28\x00\x08\x00IS"


def one_row(tmp_path, **more):
    """A slide of four tiles in a row, one file; its path."""
    plan = {"tile": 64, "levels": 1, "syntax": "jpeg2000"}
    (path,) = make_slide(tmp_path / "s", 256, 64, **plan | more)
    return path


def starts(data):
    """Where the codestreams begin."""
    return [at for at in range(len(data)) if data.startswith(b"\xff\x4f\xff\x51", at)]


def is_right(slide, column):
    return np.array_equal(slide.tile(0, column, 0), colours(64 * column, 0, 64, 64))


def test_what_a_cut_file_still_holds_is_shown(tmp_path, opened):
    path = one_row(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: starts(data)[2] + 10])
    slide = opened(path.parent)
    assert [is_right(slide, column) for column in range(4)] == [True, True, False, False]
    (warning,) = slide.warnings
    assert warning == "Damaged tiles, shown hatched: 2. The bytes of this tile are missing."


def test_native_tiles_of_a_cut_file_are_shown_as_far_as_they_go(tmp_path, opened):
    path = one_row(tmp_path, syntax="explicit")
    path.write_bytes(path.read_bytes()[: -64 * 64 * 3 - 1])
    slide = opened(path.parent)
    assert [is_right(slide, column) for column in range(4)] == [True, True, False, False]


def test_a_frame_in_several_fragments_is_put_together(tmp_path, opened):
    path = one_row(tmp_path)
    data = path.read_bytes()
    first, second = starts(data)[:2]
    stream = data[first : second - 8]
    # The fragment of the first frame in two, its table moved by the eight bytes of one more head.
    halves = stream[:100], stream[100:]
    pieces = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<L", len(half)) + half for half in halves)
    table = first - 8 - 16
    offsets = [n + 8 * bool(n) for n in struct.unpack_from("<4L", data, table)]
    whole = data[:table] + struct.pack("<4L", *offsets) + pieces + data[second - 8 :]
    path.write_bytes(whole)
    slide = opened(path.parent)
    assert all(is_right(slide, column) for column in range(4))


@pytest.mark.parametrize(
    "table",
    [(0, 0, 0, 0), (0, 90, 50, 200), (8, 20, 30, 40)],
    ids=["overflown", "disordered", "shifted"],
)
def test_a_table_that_cannot_be_is_not_believed(tmp_path, opened, table):
    path = one_row(tmp_path)
    data = bytearray(path.read_bytes())
    struct.pack_into("<4L", data, starts(data)[0] - 8 - 16, *table)
    path.write_bytes(data)
    slide = opened(path.parent)
    assert all(is_right(slide, column) for column in range(4))


@pytest.mark.parametrize(("claimed", "is_refused"), [(3, True), (4, False), (9, False)])
def test_the_number_of_frames_has_to_fill_the_slide(tmp_path, claimed, is_refused):
    path = one_row(tmp_path, table="none", tags={"NumberOfFrames": claimed})
    ref = find_frame(path, 1)
    if is_refused:
        with pytest.raises(UnreadableFile, match="claims 3 tiles; its size needs 4"):
            open_slide([ref])
        return
    slide = open_slide([ref])
    assert [is_right(slide, column) for column in range(4)] == [True] * 4
    slide.close()


def test_pixels_without_any_fragment_cost_their_level_alone(tmp_path, opened):
    path = one_row(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: starts(data)[0] - 8])  # the table, and nothing behind it
    slide = opened(path.parent)
    assert not is_right(slide, 0)
    assert "shown hatched: 1. " in slide.warnings[0]
