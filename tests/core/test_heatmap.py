import dataclasses
import pickle

import numpy as np
import pytest

from afloc_desktop.core.domain import Heatmap, IdentityKey, Prompt
from afloc_desktop.core.geometry import Frame
from afloc_desktop.core.heatmap import GridHeatmap, gaussian_matrix, over_film, over_input


def spread(*given):
    surface = over_film(*given)
    return surface.similarity(), surface.scale


def spread_input(*given):
    surface = over_input(*given)
    return surface.similarity(), surface.scale


@pytest.mark.parametrize("sigma", [0.4, 1.5, 2.0, 9.0])
def test_the_gaussian_equals_the_reference(sigma):
    ndimage = pytest.importorskip("scipy.ndimage")
    values = np.random.default_rng(0).normal(size=19)
    theirs = ndimage.gaussian_filter1d(values, sigma, mode="reflect", truncate=4)
    assert gaussian_matrix(19, sigma) @ values == pytest.approx(theirs, abs=1e-12)


def test_no_smoothing_leaves_the_grid():
    assert np.array_equal(gaussian_matrix(5, 0), np.eye(5))


def test_smoothing_keeps_the_sum_of_weights():
    assert gaussian_matrix(7, 2.0).sum(axis=1) == pytest.approx(1)


def test_the_map_covers_the_film_with_its_own_aspect():
    similarity, scale = spread(
        np.zeros((24, 24), np.float32), Frame.letterbox(3000, 2500, 384), 1, 0
    )
    assert similarity.shape == (512, 427)
    assert scale == pytest.approx((2500 / 427, 3000 / 512))


def test_small_films_get_no_more_map_pixels_than_they_have():
    similarity, scale = spread(np.zeros((24, 24), np.float32), Frame.letterbox(40, 31, 384), 1, 0)
    assert similarity.shape == (40, 31)
    assert scale == (1, 1)


def test_interpolation_is_linear_between_cell_centres():
    # Two cells over a film of four pixels: centres at 1 and 3, pixels at 0.5, 1.5, 2.5, 3.5.
    grid = np.array([[0.0, 1.0], [0.0, 1.0]], np.float32)
    similarity, _ = spread(grid, Frame.letterbox(4, 4, 8), 0, 0)
    assert similarity[0] == pytest.approx([0, 0.25, 0.75, 1])


def test_cells_of_padding_never_reach_the_film():
    grid = np.full((24, 24), 100.0, np.float32)
    frame = Frame.letterbox(100, 50, 96)  # film in columns 24 to 71: cells 6 to 17
    grid[:, 6:18] = 0
    assert not spread(grid, frame, 2.0, 0)[0].any()


def test_a_film_of_one_row_has_a_map_of_one_row():
    similarity, _ = spread(np.ones((24, 24), np.float32), Frame.letterbox(1, 4000, 384), 1.5, 0)
    assert similarity.shape == (1, 512)
    assert similarity == pytest.approx(1)


def lesion() -> np.ndarray:
    """One strong cell in weak surroundings, and a broad, weaker patch."""
    grid = np.full((24, 24), -0.5, np.float32)
    grid[6, 6] = 0.6
    grid[14:20, 14:20] = 0.0
    return grid


def test_plain_smoothing_drowns_a_small_lesion_and_sharp_smoothing_keeps_it():
    frame = Frame.letterbox(240, 240, 384)
    plain = spread(lesion(), frame, 1.2, 0)[0]
    sharp = spread(lesion(), frame, 1.2, 6)[0]
    assert plain[65, 65] < plain[170, 170]
    assert sharp[65, 65] > sharp[170, 170]


def test_sharp_smoothing_stays_between_the_extremes_of_the_grid():
    similarity, _ = spread(lesion(), Frame.letterbox(240, 100, 384), 2.0, 20)
    assert -0.5 - 1e-5 <= similarity.min() <= similarity.max() <= 0.6 + 1e-5


def test_sharp_smoothing_leaves_an_even_map_even():
    similarity, _ = spread(np.full((24, 24), -0.25, np.float32), Frame.letterbox(9, 9, 96), 2, 6)
    assert similarity == pytest.approx(-0.25)


def test_little_sharpness_is_nearly_the_plain_average():
    frame = Frame.letterbox(240, 240, 384)
    plain, _ = spread(lesion(), frame, 2.0, 0)
    assert spread(lesion(), frame, 2.0, 1e-3)[0] == pytest.approx(plain, abs=1e-3)


@pytest.mark.parametrize("shape", [(224, 224), (300, 200), (150, 400)])
def test_a_map_of_the_input_is_the_references_with_the_padding_cut_off(shape):
    ndimage = pytest.importorskip("scipy.ndimage")
    grid = np.random.default_rng(0).normal(500, 2, (19, 19)).astype(np.float32)
    frame = Frame.truncated(*shape, 224)
    similarity, scale = spread_input(grid, frame, 1.5)
    smooth = ndimage.gaussian_filter(grid.astype(np.float64), 1.5)
    centres = np.clip((np.arange(224) + 0.5) * 19 / 224 - 0.5, 0, 18)
    rows = np.stack([np.interp(centres, np.arange(19), column) for column in smooth.T], 1)
    whole = np.stack([np.interp(centres, np.arange(19), row) for row in rows])
    wanted = whole[frame.top : frame.top + frame.height, frame.left : frame.left + frame.width]
    assert similarity.shape == wanted.shape
    assert np.abs(similarity - wanted).max() <= 1e-5 * np.ptp(whole)
    assert scale == (shape[1] / frame.width, shape[0] / frame.height)


def test_a_map_of_the_input_smooths_cells_of_padding_in():
    grid = np.full((19, 19), 100.0, np.float32)
    grid[:, 4:15] = 0
    similarity, _ = spread_input(grid, Frame.truncated(200, 120, 224), 1.5)
    assert similarity[:, 0].min() > similarity[:, 60].max() + 10


def test_a_map_of_large_raw_products_keeps_what_differs_from_place_to_place():
    """A slope of 1 on top of a million: single precision has steps of 1/8 there."""
    grid = np.linspace(0, 1, 19)[:, None] * np.ones(19) + 2.0**20
    surface = over_input(grid, Frame.truncated(224, 224, 224), 0)
    centred = surface.down @ surface.grid @ surface.across.T
    assert np.ptp(centred) == pytest.approx(1, abs=1e-6)
    assert np.abs(surface.similarity() - (centred.astype(float) + surface.offset)).max() <= 1 / 16


@pytest.fixture
def lazy():
    surface = over_film(lesion(), Frame.letterbox(240, 240, 384), 1.2, 6)
    key = IdentityKey("1.2", 1, "p", "b", "f", "words")
    return GridHeatmap(surface, surface.scale, Prompt("words", "typed"), "tiny", key, ())


def test_a_heatmap_is_a_grid_until_somebody_looks(lazy, monkeypatch):
    made = []
    original = type(lazy._surface).similarity
    monkeypatch.setattr(type(lazy._surface), "similarity", lambda s: made.append(s) or original(s))
    assert not made
    first, again = lazy.similarity, lazy.similarity
    assert first is again
    assert len(made) == 1
    assert first.shape == (240, 240)
    assert not first.flags.writeable


def test_a_heatmap_made_from_a_grid_is_replaced_and_sent_like_any_other(lazy):
    other = dataclasses.replace(lazy, prompt=Prompt("others", "typed"))
    assert other.prompt.words == "others"
    assert np.array_equal(other.similarity, lazy.similarity)
    blank = dataclasses.replace(lazy, similarity=np.zeros((2, 2), np.float32))
    assert not blank.similarity.any()
    sent = pickle.loads(pickle.dumps(lazy))
    assert type(sent) is Heatmap
    assert np.array_equal(sent.similarity, lazy.similarity)
    assert (sent.key, sent.scale) == (lazy.key, lazy.scale)
