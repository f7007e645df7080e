from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from slides_made import colours, make_slide

from afloc_desktop.core.errors import Cancelled

GREY_LAB = [0x8000, 0x8080, 0x8080]  # L* 50, a and b 0


def test_a_tile_is_clipped_at_the_edge_and_nobody_can_change_it(small_slide):
    slide = small_slide()
    tile = slide.tile(0, 4, 3)  # 300 = 4 x 64 + 44, 200 = 3 x 64 + 8
    assert tile.shape == (8, 44, 3)
    assert np.array_equal(tile, colours(256, 192, 44, 8))
    with pytest.raises(ValueError):
        tile[0] = 0


def test_a_tile_that_is_none_is_our_own_mistake(small_slide):
    with pytest.raises(ValueError):
        small_slide().tile(0, 5, 0)


@pytest.mark.parametrize("place", [(-30, -20), (270, 190), (100, -20), (-200, 0), (400, 0)])
def test_outside_the_slide_is_background(small_slide, place):
    slide = small_slide()
    left, top = place
    shown = slide.region(0, left, top, 100, 50)
    whole = np.full((400, 700, 3), 255, np.uint8)  # the slide lies 200 from its left, 100 from top
    whole[100:300, 200:500] = colours(0, 0, 300, 200)
    assert np.array_equal(shown, whole[top + 100 : top + 150, left + 200 : left + 300])


def test_what_was_not_scanned_has_the_colour_the_file_recommends(small_slide):
    slide = small_slide(sparse=True, tags={"RecommendedAbsentPixelCIELabValue": GREY_LAB})
    assert slide.tile(0, 0, 0)[0, 0].tolist() == [119, 119, 119]  # L* 50 in sRGB
    assert slide.region(0, -1, -1, 1, 1)[0, 0].tolist() == [119, 119, 119]


def test_a_damaged_tile_is_hatched_and_told_and_the_others_are_shown(tmp_path, opened):
    (path,) = make_slide(tmp_path / "s", 256, 64, tile=64, levels=1, syntax="jpeg2000")
    data = bytearray(path.read_bytes())
    second = [at for at in range(len(data)) if data.startswith(b"\xff\x4f\xff\x51", at)][1]
    data[second : second + 60] = bytes(60)
    path.write_bytes(data)
    slide = opened(tmp_path / "s")
    assert slide.warnings == ()
    shown = slide.region(0, 0, 0, 256, 64)
    whole = colours(0, 0, 256, 64)
    assert np.array_equal(shown[:, :64], whole[:, :64])
    assert np.array_equal(shown[:, 128:], whole[:, 128:])
    assert set(np.unique(shown[:, 64:128])) == {150, 190}
    (warning,) = slide.warnings
    assert warning == "Damaged tiles, shown hatched: 1. The compressed pixels are damaged."
    assert slide.is_damaged(0, 1, 0)


def test_a_closed_slide_gives_nothing_more(small_slide):
    slide = small_slide()
    slide.tile(0, 0, 0)
    slide.close()
    with pytest.raises(Cancelled):
        slide.tile(0, 0, 0)


def test_who_no_longer_waits_gets_no_tile(small_slide):
    with pytest.raises(Cancelled):
        small_slide().tile(0, 0, 0, should_stop=lambda: True)


def test_many_threads_read_the_right_tiles(small_slide):
    slide = small_slide()
    places = [(column, row) for column in range(4) for row in range(3)] * 3

    def is_right(place):
        column, row = place
        return np.array_equal(slide.tile(0, *place), colours(64 * column, 64 * row, 64, 64))

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(is_right, places))


def test_the_level_for_a_magnification_is_the_coarsest_that_is_fine_enough(small_slide):
    slide = small_slide()
    assert [slide.level_for(d) for d in (0.5, 1, 1.9, 2, 3.9, 4, 100)] == [0, 0, 0, 1, 1, 2, 2]
