import math

import numpy as np
import pytest

from afloc_desktop.core.domain import Heatmap, IdentityKey, Prompt
from afloc_desktop.core.errors import Cancelled
from afloc_desktop.core.geometry import Point
from afloc_desktop.core.registration import Alignment, laid_over, map_laid_over, register

ROWS, COLUMNS = 300, 240
# Shares of the film: centre, radius, brightness. Nothing of it is symmetric.
BLOBS = (
    (0.30, 0.40, 0.17, -0.6), (0.70, 0.42, 0.15, -0.5), (0.56, 0.62, 0.14, 0.7),
    (0.35, 0.80, 0.10, 0.5), (0.50, 0.10, 0.05, 0.6), (0.20, 0.15, 0.04, 0.9),
)  # fmt: skip


def film(make_image, at=lambda x, y: (x, y), rows=ROWS, columns=COLUMNS, aspect=1.0):
    """A chest of blobs; `at` says where a source point of this film is on the first one."""
    y, x = np.mgrid[:rows, :columns] + 0.5
    x, y = at(x, y)
    pixels = np.zeros((rows, columns))
    for cx, cy, radius, bright in BLOBS:
        apart = (x - cx * COLUMNS) ** 2 + (y - cy * ROWS) ** 2
        pixels += bright * np.exp(-apart / (2 * (radius * COLUMNS) ** 2))
    return make_image(pixels, pixel_aspect=aspect)


def similar(size, turn_deg, dx, dy):
    """Where a point of the second film is on the first: turned about the middle, then moved."""
    turn = math.radians(turn_deg)

    def at(x, y):
        x, y = x - COLUMNS / 2, y - ROWS / 2
        return (
            size * (math.cos(turn) * x - math.sin(turn) * y) + COLUMNS / 2 + dx,
            size * (math.sin(turn) * x + math.cos(turn) * y) + ROWS / 2 + dy,
        )

    return at


@pytest.mark.parametrize(
    ("size", "turn_deg", "dx", "dy"),
    [(1, 0, 0, 0), (1, 0, 14, -9), (1.15, 5, -8, 6), (0.85, -8, 10, 12)],
)
def test_a_film_is_found_under_another_to_a_pixel(make_image, size, turn_deg, dx, dy):
    at = similar(size, turn_deg, dx, dy)
    present, earlier = film(make_image, at), film(make_image)
    found = register(present, earlier)
    for x, y in ((60, 75), (180, 75), (120, 150), (60, 225), (180, 225)):
        assert math.dist(found.to_earlier(Point(x, y)), at(x, y)) < 1
        assert math.dist(found.to_present(found.to_earlier(Point(x, y))), (x, y)) < 1e-6
    assert (found.size, found.turn_deg) == pytest.approx((size, turn_deg), abs=0.2)
    assert found.magnification == pytest.approx(size**2, rel=0.02)
    assert found.quality > 0.95
    assert found.is_trusted


def test_exposure_size_of_the_matrix_and_shape_of_pixels_do_not_matter(make_image):
    def at(x, y):
        return x / 2, y / 4

    earlier = film(make_image)
    present = film(make_image, at, rows=4 * ROWS, columns=2 * COLUMNS, aspect=0.5)
    darker = make_image(np.exp(3 * present.pixels), pixel_aspect=0.5)
    found = register(darker, earlier)
    assert math.dist(found.to_earlier(Point(240, 600)), (120, 150)) < 1


def test_what_is_no_earlier_film_is_not_trusted(make_image):
    noise = make_image(np.random.default_rng(1).normal(size=(ROWS, COLUMNS)))
    blank = make_image(np.zeros((ROWS, COLUMNS)))
    for other in (noise, blank):
        assert not register(film(make_image), other).is_trusted


def test_work_that_nobody_wants_stops(make_image):
    def stop():
        raise Cancelled

    with pytest.raises(Cancelled):
        register(film(make_image), film(make_image), check=stop)


def by_hand(matrix=((2.0, 0.0), (0.0, 2.0)), offset=(10.0, -4.0)):
    return Alignment(matrix, offset, quality=0.9, overlap=1.0, turn_deg=0.0, size=2.0)


def test_an_earlier_film_is_drawn_where_it_belongs(make_image):
    pixels = np.zeros((40, 60))
    pixels[16:18, 30:32] = 8  # source (30..32, 16..18): the present pixel (10, 10)
    padding = np.zeros((40, 60), bool)
    padding[0:2, 14:16] = True  # the present pixel (2, 2)
    earlier = make_image(pixels, padding=padding)
    present = make_image(np.zeros((30, 30)), pixel_sha256="present")
    laid = laid_over(earlier, by_hand(), present)
    assert laid.pixels.shape == (30, 30)
    assert np.argwhere(laid.pixels > 4).tolist() == [[10, 10]]
    assert laid.padding[2, 2]
    assert laid.padding[:2].all()  # y of the earlier film begins at -4
    assert not laid.padding[10, 10]
    assert (laid.ref, laid.pixel_sha256) == (earlier.ref, earlier.pixel_sha256)


def heatmap(values, scale):
    key = IdentityKey("1.2.3", 1, "pixels", "bundle", "f", "nodule")
    return Heatmap(np.asarray(values, np.float32), scale, Prompt("nodule", "preset"), "b", key, ())


def test_a_map_is_laid_over_with_its_film(make_image):
    values = np.zeros((10, 15))
    values[4, 8] = 0.5  # centre at source (34, 18): the present point (12, 11)
    values[:, :6] = np.nan
    earlier = heatmap(values, (4.0, 4.0))
    laid = map_laid_over(earlier, by_hand(), make_image(np.zeros((30, 30))))
    assert laid.scale == (2.0, 2.0)
    assert np.unravel_index(np.nanargmax(laid.similarity), (15, 15)) == (5, 5)
    assert np.isnan(laid.similarity[5, 0])
    assert laid.key == earlier.key
