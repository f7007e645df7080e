import numpy as np
import pytest
from slides_made import make_slide

from afloc_desktop.core.dicom.scan import find_frame
from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.slides.grid import FullGrid, SparseGrid
from afloc_desktop.core.slides.source import SlideFile


@pytest.fixture
def files(tmp_path):
    """The files of one level of 4 x 3 tiles, in three parts of four tiles."""
    paths = make_slide(tmp_path, 256, 192, tile=64, levels=1, syntax="rle", split=3)
    opened = [SlideFile(find_frame(path, 1)) for path in paths]
    yield opened
    for file in opened:
        file.close()


def test_the_parts_of_a_level_follow_each_other_in_whatever_order_they_come(files):
    grid = FullGrid(files[::-1])
    found = [grid.find(column, row)[0] for row in range(3) for column in range(4)]
    assert [files.index(piece.file) for piece in found] == [0] * 4 + [1] * 4 + [2] * 4
    assert [piece.frame for piece in found] == [0, 1, 2, 3] * 3


def test_a_part_that_is_missing_leaves_too_few_tiles(files):
    with pytest.raises(UnreadableFile, match="claims 4 tiles; its size needs 12"):
        FullGrid([files[0], files[2]])


def test_a_frame_across_four_tiles_shows_in_each(files):
    one = np.array([40])
    grid = SparseGrid([(files[0], np.array([3]), one, one)], across=4)
    shown = {(c, r): grid.find(c, r) for c in range(3) for r in range(3)}
    assert {place: (p[0].frame, p[0].left, p[0].top) for place, p in shown.items() if p} == {
        (0, 0): (3, 40, 40),
        (1, 0): (3, -24, 40),
        (0, 1): (3, 40, -24),
        (1, 1): (3, -24, -24),
    }


def test_thousands_of_frames_at_one_place_do_not_make_a_tile_slow(files):
    at = np.zeros(5000, np.int64)
    crowded = SparseGrid([(files[0], np.arange(5000), at, at)], across=4)
    assert [piece.frame for piece in crowded.find(0, 0)] == list(range(4984, 5000))
