import numpy as np
import pytest
from painted_slide import PaintedSlide, glass, stain

from afloc_desktop.core.domain import IdentityKey, Prompt, Provenance
from afloc_desktop.core.geometry import Box, Point
from afloc_desktop.core.slides.answers import (
    SlideMap,
    answer,
    over_slide,
    pooled,
    spacing_of,
    stitched,
)
from afloc_desktop.core.slides.regions import plan_windows, tile_slide
from afloc_desktop.core.understanding import Question

PROMPT = Prompt("bright", "typed")
KEY = IdentityKey("1.2.9.1", 1, "5" * 64, "b" * 64, "f" * 64, "bright")
MADE = Provenance("tiny", "b" * 64, "f" * 64, "1", "CPUExecutionProvider", "2026-01-01")
QUESTION = Question(PROMPT, "bright_spot", "Bright spot", 0.8, 1.0, None, None, (), ())


def slide_with(*places, rows=384, columns=576, **options):
    """Glass with tissue in whole windows of 96 pixels."""
    pixels = glass(rows, columns)
    for column, row in places:
        stain(pixels, column * 96, row * 96, 96, 96)
    return PaintedSlide(pixels, **options)


def planned(slide, region=None):
    return plan_windows(slide, tile_slide(slide, 110), region)


def window(column, row, values):
    """A window whose parts have these similarities to the first prompt, and 1 to the second."""
    cells = np.stack([np.ravel(values), np.ones(16)], axis=-1).astype(np.float32)
    return np.array([[column, row]], np.int32), cells[None]


def laid_over(plan, slide, values, looked=2):
    side = plan.tiling.side / 4
    corner = Point(*plan.box[:2])
    return answer(plan, slide, SlideMap(values, corner, (side, side), KEY), QUESTION, MADE, looked)


RAMP = np.arange(16.0).reshape(4, 4) / 100


def test_windows_lie_where_they_were_cut_and_the_rest_is_unknown():
    slide = slide_with((1, 1), (3, 2))
    plan = planned(slide)
    windows = [window(3, 2, RAMP), window(1, 1, RAMP + 0.5)]
    first, second = stitched(plan, slide, windows, np.eye(2, dtype=np.float32))
    assert first.shape == second.shape == (16, 24)
    assert first[8:12, 12:16] == pytest.approx(RAMP, abs=1e-6)
    assert first[4:8, 4:8] == pytest.approx(RAMP + 0.5, abs=1e-6)
    assert np.isfinite(first).sum() == 32
    assert (second[np.isfinite(second)] == 1).all()


def test_windows_of_other_regions_take_no_part():
    slide = slide_with((1, 1), (3, 2))
    plan = planned(slide, Box(96, 96, 192, 192))
    windows = [window(3, 2, RAMP), window(1, 1, RAMP), window(0, 0, RAMP)]
    (only,) = stitched(plan, slide, windows, np.array([[1, 0]], np.float32))
    assert only == pytest.approx(RAMP, abs=1e-6)


def test_a_window_without_tissue_takes_no_part_though_it_is_kept():
    slide = slide_with((1, 1))
    (values,) = stitched(planned(slide), slide, [window(2, 2, RAMP)], np.eye(2)[:1])
    assert np.isnan(values).all()


def test_nothing_is_said_beyond_the_last_pixel():
    slide = slide_with((1, 1), rows=150, columns=160)  # 54 and 64 pixels of the last windows
    (values,) = stitched(planned(slide), slide, [window(1, 1, RAMP)], np.eye(2)[:1])
    # Parts of 24 pixels: the middle of the third row is at 156, beyond 150.
    assert np.isfinite(values[4:6, 4:7]).all()
    assert np.isfinite(values).sum() == 6


@pytest.mark.parametrize("grid", [4, 19, 24, 3])
def test_a_part_is_the_mean_of_its_share_of_the_grid(grid):
    patches = np.random.default_rng(grid).normal(size=(3, grid, grid))
    found = pooled(patches)
    # As if every cell were 32 x 32 smaller ones; a sixteenth of all on every side is margin.
    fine = patches.repeat(32, axis=1).repeat(32, axis=2)[:, 2 * grid : -2 * grid]
    fine = fine[:, :, 2 * grid : -2 * grid].reshape(3, 4, 7 * grid, 4, 7 * grid)
    assert found == pytest.approx(fine.mean((2, 4)).reshape(3, 16).T, abs=1e-6)


def test_other_words_need_no_other_look():
    """The mean of similarities is the similarity of the mean, whatever is asked later."""
    random = np.random.default_rng(5)
    patches, words = random.normal(size=(7, 32, 32)), random.normal(size=7)
    similarity = np.tensordot(words, patches, axes=1)[2:-2, 2:-2]
    means = similarity.reshape(4, 7, 4, 7).mean((1, 3))
    assert (pooled(patches) @ words).reshape(4, 4) == pytest.approx(means, abs=1e-5)


def test_peak_boxes_and_areas_are_in_pixels_of_the_slide():
    slide = slide_with((1, 1), (3, 2))
    plan = planned(slide, Box(96, 96, 384, 288))
    values = np.full((8, 12), 0.1, np.float32)
    values[5, 9:11] = 0.9, 0.95
    found = laid_over(plan, slide, values).finding
    # Column 10 of parts of 24 pixels, from 96 on: its middle is 96 + 10.5 x 24.
    assert found.peak == (348, 96 + 5.5 * 24)
    (region,) = found.regions
    assert region.peak == found.peak
    assert region.box.x0 < 96 + 9.5 * 24 < 96 + 10.5 * 24 < region.box.x1
    assert region.area_mm2 == pytest.approx(2 * (24 * 0.0005) ** 2)


def test_evidence_counts_windows_and_names_the_strongest():
    slide = slide_with((0, 0), (1, 0), (2, 0))
    plan = planned(slide, Box(0, 0, 288, 96))
    values = np.full((4, 12), 0.1, np.float32)
    values[2, 1], values[0, 4], values[:, 8:] = 0.5, 0.3, np.nan
    evidence = laid_over(plan, slide, values).evidence
    assert [(t.box, round(t.similarity, 6)) for t in evidence.top] == [
        (Box(0, 0, 96, 96), 0.5),
        (Box(96, 0, 192, 96), 0.3),
    ]
    assert evidence.counts.sum() == 2
    assert (evidence.counts[0], evidence.counts[-1]) == (1, 1)
    assert (evidence.edges[0], evidence.edges[-1]) == pytest.approx((0.3, 0.5))


def test_a_map_of_nothing_yet_is_an_answer_too():
    slide = slide_with((1, 1))
    plan = planned(slide)
    found = laid_over(plan, slide, np.full((16, 24), np.nan, np.float32), looked=0)
    assert found.finding.peak is None
    assert not found.finding.is_present
    assert found.evidence.top == ()
    assert found.evidence.counts.sum() == 0


def test_the_map_file_covers_the_whole_slide_with_parts_in_their_places():
    slide = slide_with((1, 1), rows=384, columns=576)
    laid = SlideMap(np.full((4, 4), 0.7, np.float32), Point(96, 96), (24, 24), KEY)
    whole, scale = over_slide(laid, slide)
    assert whole.shape == (16, 24)
    assert scale == (24, 24)
    assert whole[4:8, 4:8] == pytest.approx(0.7)
    assert np.isfinite(whole).sum() == 16


def test_the_map_file_of_a_large_slide_is_512_long_and_averages():
    slide = slide_with(rows=96, columns=96 * 256)  # 1024 parts across
    values = np.tile(np.array([0.2, 0.4], np.float32), (4, 512))
    whole, scale = over_slide(SlideMap(values, Point(0, 0), (24, 24), KEY), slide)
    assert whole.shape == (2, 512)
    assert scale == (48, 48)
    assert whole == pytest.approx(0.3)


def test_every_pixel_of_the_map_file_has_a_part_whatever_the_size():
    for columns in (96, 97, 130, 191, 575):
        slide = slide_with(rows=96, columns=columns)
        count = -(-columns // 96) * 4
        laid = SlideMap(np.ones((4, count), np.float32), Point(0, 0), (24, 24), KEY)
        laid.similarity[:, (np.arange(count) + 0.5) * 24 >= columns] = np.nan
        assert np.isfinite(over_slide(laid, slide)[0]).all(), columns


def test_millimetres_come_from_micrometres():
    assert spacing_of(PaintedSlide(glass(9, 9), um=0.25)).row_mm == 0.00025
    assert spacing_of(PaintedSlide(glass(9, 9), um=None)) is None
