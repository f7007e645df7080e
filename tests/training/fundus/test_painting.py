import numpy as np
import pytest
from afloc_training.fundus.painting import (
    DISC_PX,
    PAINTABLE,
    Canvas,
    blob,
    compose,
    disc_mask,
    find_retina,
    paint_exudates,
    paint_hemorrhages,
    paint_microaneurysms,
)
from scipy import ndimage

DISC = (170, 380)


def eye(zoom=1):
    """An orange retina on black, with a bright disc right of the middle."""
    rows, columns = np.mgrid[: 340 * zoom, : 512 * zoom] / zoom
    inside = np.hypot(rows - 170, columns - 256) < 200
    made = np.where(inside[..., None], np.array([0.75, 0.4, 0.15]), 0.0)
    made[np.hypot(rows - DISC[0], columns - DISC[1]) < DISC_PX] = (0.95, 0.85, 0.5)
    return made.astype(np.float32)


def test_the_disc_is_the_bright_round_spot():
    retina = find_retina(eye())
    assert np.hypot(*np.subtract(retina.disc, DISC)) < 6
    assert retina.field[170, 256]
    assert not retina.field[10, 10]
    assert disc_mask(retina).sum() == pytest.approx(np.pi * DISC_PX**2, rel=0.02)


def test_an_eye_without_a_disc_or_without_a_field_is_not_painted_on():
    plain = eye()
    plain[plain[..., 0] > 0.9] = (0.75, 0.4, 0.15)
    assert find_retina(plain) is None
    assert find_retina(np.zeros((340, 512, 3), np.float32)) is None


@pytest.mark.parametrize("brush", [paint_hemorrhages, paint_exudates])
def test_a_lesion_changes_the_eye_where_its_mask_says_and_spares_the_disc(brush):
    before = eye()
    canvas = Canvas(before, find_retina(before))
    brush(np.random.default_rng(4), canvas)
    (mask,) = canvas.masks.values()
    changed = np.abs(canvas.eye - before).max(axis=2)
    assert mask.any()
    assert changed[mask].min() > 0.01
    rows, columns = np.nonzero(mask)
    assert np.hypot(rows - DISC[0], columns - DISC[1]).min() > DISC_PX - 12  # their own radius
    darker = (canvas.eye - before)[mask].mean() < 0
    assert darker == (brush is paint_hemorrhages)


def test_equal_seeds_paint_equal_eyes_and_every_kind_comes_up():
    before = eye()
    retina = find_retina(before)
    one, other = (compose(np.random.default_rng(7), before, retina) for _ in range(2))
    assert np.array_equal(one.eye, other.eye)
    kinds = [set(compose(np.random.default_rng(n), before, retina).masks) for n in range(12)]
    assert set().union(*kinds) == set(PAINTABLE)
    assert min(map(len, kinds)) < len(PAINTABLE)


def test_on_a_photograph_twice_as_large_a_lesion_lies_at_its_place_and_is_twice_as_large():
    areas = []
    for zoom in (1, 2):
        film = eye(zoom)
        retina = find_retina(film, zoom)
        assert np.hypot(*np.subtract(retina.disc, DISC)) < 6
        assert disc_mask(retina).sum() == pytest.approx(np.pi * (zoom * DISC_PX) ** 2, rel=0.02)
        canvas = Canvas(film, retina)
        shape = blob(np.random.default_rng(3), 9, 1, roughness=0.1)
        canvas.lay("cotton_wool_spots", (200, 150), shape, 20, np.ones_like)
        mask = canvas.masks["cotton_wool_spots"]
        assert np.argwhere(mask).mean(axis=0) / zoom == pytest.approx((200, 150), abs=1)
        areas.append(mask.sum())
    assert areas[1] == pytest.approx(4 * areas[0], rel=0.03)


def test_microaneurysms_are_dots_of_at_most_a_twelfth_of_the_disc():
    film = eye(3)
    canvas = Canvas(film, find_retina(film, 3))
    paint_microaneurysms(np.random.default_rng(1), canvas)
    dots, count = ndimage.label(canvas.masks["microaneurysms"])
    areas = ndimage.sum_labels(np.ones_like(dots), dots, range(1, count + 1)) / 3**2
    assert count >= 3
    assert np.median(2 * np.sqrt(areas / np.pi)) < 2 * DISC_PX / 12 + 1  # and a soft border
    assert (canvas.eye - film)[canvas.masks["microaneurysms"]].mean() < 0
