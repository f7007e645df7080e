import numpy as np

from afloc_desktop.core.slides.recent import RecentTiles

TILE = np.zeros((10, 10, 3), np.uint8)


def test_the_tile_that_was_not_asked_for_longest_goes_first():
    recent = RecentTiles(2 * TILE.nbytes)
    for column in (1, 2):
        recent.keep((0, column, 0), TILE)
    assert recent.get((0, 1, 0)) is TILE
    recent.keep((0, 3, 0), TILE)
    assert [recent.get((0, column, 0)) is not None for column in (1, 2, 3)] == [True, False, True]


def test_a_tile_that_is_read_twice_counts_once():
    recent = RecentTiles(2 * TILE.nbytes)
    for _ in range(5):
        recent.keep((0, 1, 0), TILE)
    recent.keep((0, 2, 0), TILE)
    assert recent.get((0, 1, 0)) is TILE


def test_a_tile_larger_than_all_room_is_not_kept():
    recent = RecentTiles(TILE.nbytes - 1)
    recent.keep((0, 1, 0), TILE)
    assert recent.get((0, 1, 0)) is None


def test_nothing_is_left_when_all_is_forgotten():
    recent = RecentTiles(TILE.nbytes)
    recent.keep((0, 1, 0), TILE)
    recent.forget()
    assert recent.get((0, 1, 0)) is None
