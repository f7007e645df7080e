import threading

import numpy as np
import pytest
from doubles import QueueLoop

from afloc_desktop.core.errors import UnreadableFile
from afloc_desktop.core.slides.recent import TileKey
from afloc_desktop.state.slide_tiles import Tiles, pack
from afloc_desktop.state.tasks import Tasks


class FakeSlide:
    """Tiles of 4 x 4 pixels; those of the gate wait until a test lets them go."""

    def __init__(self):
        self.asked = []
        self.gate = threading.Event()
        self.gate.set()
        self.broken = ()

    def tile(self, level, column, row, *, should_stop):
        self.asked.append(TileKey(level, column, row))
        assert self.gate.wait(60)
        if column in self.broken:
            raise UnreadableFile("The tile is damaged.", remedy="Fetch the file again.")
        return np.full((4, 4, 3), (column, row, level), np.uint8)


@pytest.fixture
def room():
    loop = QueueLoop()
    tasks = Tasks(loop.post, lambda keys: None)
    slide = FakeSlide()
    yield slide, loop, tasks
    slide.gate.set()
    assert tasks.close(60)


def keys(*columns):
    return [TileKey(0, column, 0) for column in columns]


def test_colours_become_whole_numbers_of_the_screen():
    packed = pack(np.array([[[1, 2, 3], [255, 128, 0]]], np.uint8))
    assert packed.tolist() == [[0xFF010203, 0xFFFF8000]]


def test_a_tile_is_at_hand_once_it_was_read_and_told_of(room):
    slide, loop, tasks = room
    tiles, told = Tiles(slide, tasks, loop.post), []
    tiles.listen(told.extend)
    assert tiles.at_hand(TileKey(2, 7, 5)) is None
    tiles.want([TileKey(2, 7, 5)])
    loop.run_until(lambda: told)
    assert told == [TileKey(2, 7, 5)]
    assert tiles.at_hand(TileKey(2, 7, 5)).tolist() == [[0xFF070502] * 4] * 4


def test_what_is_wanted_no_more_is_never_read(room):
    slide, loop, tasks = room
    slide.gate.clear()
    tiles, told = Tiles(slide, tasks, loop.post), []
    tiles.listen(told.extend)
    tiles.want(keys(*range(50)))
    while len(slide.asked) < 2:  # both readers hold one
        threading.Event().wait(0.001)
    tiles.want(keys(60))
    slide.gate.set()
    loop.run_until(lambda: TileKey(0, 60, 0) in told)
    assert set(slide.asked) == set(keys(0, 1, 60))


def test_the_memory_of_tiles_is_limited_and_the_last_seen_stay(room):
    slide, loop, tasks = room
    tiles, told = Tiles(slide, tasks, loop.post, most_bytes=3 * 64), []
    tiles.listen(told.extend)
    for column in (1, 2, 3):
        tiles.want(keys(column))
        loop.run_until(lambda column=column: TileKey(0, column, 0) in told)
    tiles.at_hand(TileKey(0, 1, 0))  # looked at: 2 is now the oldest
    tiles.want(keys(4))
    loop.run_until(lambda: TileKey(0, 4, 0) in told)
    assert tiles.bytes_kept == 3 * 64
    at_hand = [key.column for key in keys(1, 2, 3, 4) if tiles.at_hand(key) is not None]
    assert at_hand == [1, 3, 4]


def test_a_tile_that_cannot_be_read_is_asked_for_once(room):
    slide, loop, tasks = room
    slide.broken = (1,)
    tiles, told = Tiles(slide, tasks, loop.post), []
    tiles.listen(told.extend)
    tiles.want(keys(1, 2))
    loop.run_until(lambda: told)
    tiles.want(keys(1, 3))
    loop.run_until(lambda: TileKey(0, 3, 0) in told)
    assert slide.asked.count(TileKey(0, 1, 0)) == 1


def test_nothing_comes_after_closing_and_the_readers_end(room):
    slide, loop, tasks = room
    slide.gate.clear()
    tiles, told = Tiles(slide, tasks, loop.post), []
    tiles.listen(told.extend)
    tiles.want(keys(*range(10)))
    while len(slide.asked) < 2:
        threading.Event().wait(0.001)
    tiles.close()
    tiles.want(keys(20))
    slide.gate.set()
    assert tasks.close(60)  # no worker is left reading
    loop.run_waiting()
    assert (told, tiles.bytes_kept) == ([], 0)
    assert set(slide.asked) == set(keys(0, 1))
