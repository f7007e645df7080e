import numpy as np
import PIL.Image
import pytest
from painted_slide import PaintedSlide, glass, stain

from afloc_desktop.core.errors import Cancelled, UnsupportedImage
from afloc_desktop.core.geometry import Box
from afloc_desktop.core.slides import regions
from afloc_desktop.core.slides.regions import Place, plan_windows, read_window, tile_slide

SIDE = 110  # of the network: windows of 96 and 7 pixels around


def painted(**options):
    """960 x 480 pixels of glass, with tissue in two windows of 96."""
    pixels = glass(480, 960)
    stain(pixels, 96, 192, 96, 96)
    stain(pixels, 500, 0, 60, 60)
    return PaintedSlide(pixels, **options)


@pytest.mark.parametrize(("um", "side", "level"), [(0.5, 96, 0), (0.25, 192, 0), (0.125, 384, 1)])
def test_a_window_has_the_same_micrometres_on_every_scanner(um, side, level):
    tiling = tile_slide(PaintedSlide(glass(480, 960), um=um), SIDE, um=0.5)
    assert (tiling.side, tiling.margin) == (side, side * 7 // 96)
    assert tiling.level == level
    assert tiling.um == 0.5
    assert not tiling.notes


def test_windows_cover_the_slide_to_its_last_pixel():
    tiling = tile_slide(PaintedSlide(glass(97, 192)), SIDE)
    assert (tiling.columns, tiling.rows) == (2, 2)


def test_a_slide_without_a_scale_is_taken_as_it_is_and_that_is_said():
    tiling = tile_slide(PaintedSlide(glass(480, 960), um=None), SIDE)
    assert (tiling.side, tiling.margin, tiling.um) == (96, 7, None)
    assert "does not say how large its pixels are" in tiling.notes[0]


def test_a_coarse_slide_is_enlarged_and_that_is_said():
    slide = PaintedSlide(glass(480, 960), um=2.0)
    tiling = tile_slide(slide, SIDE, um=0.5)
    assert tiling.side == 24
    assert "enlarged to 0.5" in tiling.notes[0]
    assert read_window(slide, tiling, Place(0, 0)).shape == (110, 110, 3)


def test_a_slide_of_too_many_windows_is_refused(monkeypatch):
    monkeypatch.setattr(regions, "_MOST_WINDOWS", 49)
    with pytest.raises(UnsupportedImage, match="50 windows"):
        tile_slide(PaintedSlide(glass(480, 960)), SIDE)


def test_only_windows_with_tissue_are_planned_row_by_row():
    slide = painted()
    plan = plan_windows(slide, tile_slide(slide, SIDE))
    # x 500 to 560 is in the window from 480 on.
    assert plan.windows == (Place(5, 0), Place(1, 2))
    assert plan.empty == 48


@pytest.mark.parametrize("block", [2048, 24, 60])
def test_tissue_is_found_however_many_blocks_the_slide_is_read_in(monkeypatch, block):
    monkeypatch.setattr(regions, "_BLOCK", block)
    slide = painted()
    plan = plan_windows(slide, tile_slide(slide, SIDE))
    assert plan.windows == (Place(5, 0), Place(1, 2))


def test_glass_dust_and_pencil_grey_are_no_tissue():
    pixels = glass(96, 384)
    pixels[:, 96:192] = 90  # a grey fold
    pixels[:, 192:288] = (236, 230, 240)  # a lamp that is not quite white
    stain(pixels, 288, 0, 96, 4)  # 4.2 % of the window
    slide = PaintedSlide(pixels, downsamples=(1,))
    assert plan_windows(slide, tile_slide(slide, SIDE)).windows == ()


@pytest.mark.parametrize(("ground", "cell"), [(238, 150), (6, 70)])
def test_tissue_of_a_slide_in_grey_is_what_differs_from_its_background(ground, cell):
    """As of a scanner in grey, on bright glass, and as of fluorescence, on black."""
    # The last windows reach beyond the slide, where is white.
    noise = np.random.default_rng(1).integers(-5, 6, (470, 950, 1))
    pixels = np.full((470, 950, 3), ground) + noise
    pixels[192:288, 96:192] += cell - ground
    pixels[0:60, 500:560] += cell - ground
    slide = PaintedSlide(np.clip(pixels, 0, 255).astype(np.uint8))
    tiling = tile_slide(slide, SIDE)
    plan = plan_windows(slide, tiling)
    assert plan.windows == (Place(5, 0), Place(1, 2))
    assert plan.notes == ("grey slide: tissue is told by its contrast",)
    assert plan_windows(slide, tiling, Box(400, 300, 900, 460)).windows == ()


def test_glass_of_a_stained_slide_stays_glass_where_it_is_asked_about_alone():
    slide = painted()
    slide.pixels[300:400, 300:400] = 90  # a grey fold
    plan = plan_windows(slide, tile_slide(slide, SIDE), Box(290, 290, 420, 420))
    assert (plan.windows, plan.notes) == ((), ())


@pytest.mark.shared
def test_no_window_of_stained_tissue_is_left_out(shared):
    tiles = sorted((shared / "data/histo/images").iterdir())[::6]
    for path in tiles:
        slide = PaintedSlide(np.asarray(PIL.Image.open(path).convert("RGB"))[:784, :784])
        assert plan_windows(slide, tile_slide(slide, 224)).empty == 0, path.name
    assert len(tiles) == 7


def test_a_region_is_planned_in_the_windows_that_it_touches():
    slide = painted()
    tiling = tile_slide(slide, SIDE)
    plan = plan_windows(slide, tiling, Box(100, 190, 290, 200))
    assert (plan.left, plan.top, plan.columns, plan.rows) == (1, 1, 3, 2)
    assert plan.box == Box(96, 96, 384, 288)
    assert plan.windows == (Place(1, 2),)
    whole = plan_windows(slide, tiling, Box(-5, -5, 1e6, 1e6))
    assert whole.windows == plan_windows(slide, tiling).windows


@pytest.mark.parametrize("region", [Box(960, 0, 970, 10), Box(-10, 0, 0, 10), Box(0, 480, 9, 999)])
def test_a_region_beside_the_slide_is_refused_with_its_size(region):
    slide = painted()
    with pytest.raises(UnsupportedImage) as caught:
        plan_windows(slide, tile_slide(slide, SIDE), region)
    assert "960 columns and 480 rows" in caught.value.remedy


def test_planning_can_be_stopped():
    slide = painted()

    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        plan_windows(slide, tile_slide(slide, SIDE), check=stop)


def test_the_mask_is_read_from_the_coarsest_level_that_shows_tissue():
    slide = painted(downsamples=(1, 4, 8, 16))
    plan_windows(slide, tile_slide(slide, SIDE))
    assert {level for level, _, _ in slide.reads} == {2}  # 12 pixels a window; 6 would be too few


def test_a_window_is_what_the_slide_shows_there_in_the_size_of_the_network():
    pixels = np.random.default_rng(1).integers(0, 255, (480, 960, 3), np.uint8)
    plain = PaintedSlide(pixels)
    tiling = tile_slide(plain, SIDE)
    assert np.array_equal(read_window(plain, tiling, Place(2, 1)), pixels[89:199, 185:295])
    finer = PaintedSlide(pixels, um=0.25, downsamples=(1,))
    window = read_window(finer, tile_slide(finer, SIDE), Place(1, 1))
    means = pixels[178:398, 178:398].reshape(110, 2, 110, 2, 3).mean((1, 3))
    assert np.abs(window - means).max() <= 0.5


def test_what_of_a_window_lies_beyond_the_slide_is_glass():
    slide = PaintedSlide(glass(120, 120) // 2)
    window = read_window(slide, tile_slide(slide, SIDE), Place(1, 1))
    assert (window[:31, :31] == 122).all()
    assert (window[31:] == 244).all()
    assert (window[:, 31:] == 244).all()
