from dataclasses import replace

import numpy as np
import PIL.Image
import pytest
from afloc_training.tuning.altered import with_a_tube, without_edges

from afloc_desktop.core.domain import read_only
from afloc_desktop.core.picture import read_picture


@pytest.fixture
def film(drawn_film, tmp_path):
    """A drawn chest, taller than it is wide."""
    levels = np.round(drawn_film[:, 20:364] * 255).astype(np.uint8)
    PIL.Image.fromarray(levels).save(tmp_path / "film.png")
    return read_picture(tmp_path / "film.png")


def test_a_tube_is_all_that_tells_the_two_films_apart(film):
    for seed in range(4):
        before, after = with_a_tube(film, seed)
        assert before.pixels.shape == after.pixels.shape == (384, 344)
        assert 0 < (after.pixels != before.pixels).mean() < 0.06
        assert before.pixel_sha256 != after.pixel_sha256


def test_nothing_is_painted_where_no_lungs_are_found(film):
    blank = replace(film, pixels=read_only(np.zeros_like(film.pixels)))
    assert with_a_tube(blank, 0) is None


def test_without_edges_the_middle_is_untouched(film):
    found = without_edges(film).pixels
    assert np.array_equal(found[80:300, 60:280], film.pixels[80:300, 60:280])
    assert set(np.unique(found[:19])) == {np.median(film.pixels)}
