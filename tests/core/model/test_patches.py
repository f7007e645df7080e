from dataclasses import replace

import numpy as np
import pytest
import tiny_bundle as tiny

from afloc_desktop.core.domain import Prompt
from afloc_desktop.core.errors import InferenceError
from afloc_desktop.core.localize import Localizer
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.patches import _joined, film_patches
from afloc_desktop.core.model.session import Sessions

BRIGHT = Prompt("bright", "typed")


@pytest.fixture
def standard(tiny_bundle):
    return Localizer.open(tiny_bundle, provider="cpu")


@pytest.fixture
def tiled(tiny_bundle):
    return Localizer.open(tiny_bundle, provider="cpu", resolution="tiled")


def film(make_image, rows=288, columns=288):
    random = np.random.default_rng(0)
    return make_image(np.kron(random.random((rows // 8, columns // 8)), np.ones((8, 8))))


def test_parts_join_without_a_seam(tiny_bundle, make_image):
    """The tiny network averages 4 x 4 pixels, so joined parts are what it says of 144 pixels."""
    bundle = load_bundle(tiny_bundle)
    pixels = np.random.default_rng(0).random((1, 1, 144, 144)).astype(np.float32)
    joined = _joined(pixels, 96, Sessions(bundle, "cpu"), lambda: None)
    expected = directions(pixels[0, 0].reshape(36, 4, 36, 4).mean((1, 3)))
    assert np.abs(joined - expected).max() <= 1e-5


def test_the_whole_counts_as_much_as_its_parts(tiny_bundle, make_image):
    """Every cell of a film in two halves is bright or dark in both, away from the border."""
    bundle = load_bundle(tiny_bundle)
    values = np.repeat([[0.0, 1.0]], 288, 0).repeat(144, 1)
    sessions = Sessions(bundle, "cpu")
    found, frame = film_patches(
        make_image(values), bundle.manifest, sessions, "tiled", lambda: None
    )
    assert found.shape == (tiny.DEPTH, 36, 36)
    assert frame.side == 144
    assert found[:, 5, 5] == pytest.approx(directions(np.float64(0)), abs=1e-5)
    assert found[:, 5, 30] == pytest.approx(directions(np.float64(1)), abs=1e-5)


def test_a_mirror_image_moved_by_half_a_cell_says_the_same_where_it_does_not_matter(
    tiny_bundle, make_image
):
    """On stripes and half planes the answers are known: dark and bright cells stay where they are,
    and a cell that one look sees half of lies between.
    """
    bundle = load_bundle(tiny_bundle)
    values = np.repeat([[0.0, 1.0]], 96, 0).repeat([46, 50], 1)
    found, frame = film_patches(
        make_image(values), bundle.manifest, Sessions(bundle, "cpu"), "mirrored", lambda: None
    )
    assert found.shape == (tiny.DEPTH, 48, 48)
    assert frame.side == 96
    assert found[:, 20, 20] == pytest.approx(directions(np.float64(0)), abs=1e-5)
    assert found[:, 20, 25] == pytest.approx(directions(np.float64(1)), abs=1e-5)
    half, whole = directions(np.float64(0.5)), directions(np.float64(1))
    # Pixels 44 to 47: one look sees half of them bright; the other sees 42 to 45 and 46 to 49.
    assert found[:, 20, 22] == pytest.approx((half + directions(np.float64(0))) / 2, abs=1e-5)
    assert found[:, 20, 23] == pytest.approx((half + whole) / 2, abs=1e-5)


def directions(p):
    raw = np.stack([p, 1 - p, 0 * p, 0 * p + 0.1])
    return raw / np.linalg.norm(raw, axis=0)


def test_a_film_with_no_more_pixels_than_the_network_sees_is_answered_as_ever(
    standard, tiled, make_image
):
    small = film(make_image, 96, 80)
    usual, other = standard.localize(small, BRIGHT), tiled.localize(small, BRIGHT)
    assert np.array_equal(usual.similarity, other.similarity)


def test_answers_of_another_resolution_never_pass_for_the_usual_ones(standard, tiled, make_image):
    image = film(make_image)
    usual, other = standard.localize(image, BRIGHT), tiled.localize(image, BRIGHT)
    assert not np.array_equal(usual.similarity, other.similarity)
    assert usual.key != other.key
    assert other.key.preprocess_fingerprint == tiled.provenance().preprocess_fingerprint
    assert "tiled" in tiled.provenance().provider


def test_a_model_of_one_size_refuses_the_other(tiny_bundle):
    with pytest.raises(InferenceError, match="one size"):
        Localizer.open(tiny_bundle, provider="cpu", resolution="high")
    tiny.sign(tiny_bundle, tiny.manifest(heatmap=replace(tiny.manifest().heatmap, grid=23)))
    with pytest.raises(InferenceError, match="tiles"):
        Localizer.open(tiny_bundle, provider="cpu", resolution="tiled")
    tiny.sign(tiny_bundle, tiny.manifest(heatmap=replace(tiny.manifest().heatmap, grid=36)))
    with pytest.raises(InferenceError, match="half a cell"):
        Localizer.open(tiny_bundle, provider="cpu", resolution="mirrored")
