from __future__ import annotations

import numpy as np
import pytest
from afloc_training.synthesis import PAINTABLE, compose, paint, vary
from scipy import ndimage

SEEDS = range(4)


def painted_films(film, lungs, finding):
    found = [paint(np.random.default_rng(seed), film, lungs, finding) for seed in SEEDS]
    return [painted for painted in found if painted is not None]


@pytest.mark.parametrize("finding", PAINTABLE)
def test_a_lesion_changes_the_film_at_its_mask_and_keeps_its_range(
    drawn_film, drawn_lungs, finding
):
    films = painted_films(drawn_film, drawn_lungs, finding)
    assert films
    for painted in films:
        change = np.abs(painted.film - drawn_film)
        far = ~ndimage.binary_dilation(painted.mask, iterations=60)
        assert painted.film.dtype == np.float32
        assert painted.film.min() >= 0
        assert painted.film.max() <= 1
        assert painted.mask.any()
        assert painted.fact.finding == finding
        # Of all change, the mask and what is next to it hold nearly everything.
        assert change[painted.mask].mean() > 5 * change[far].mean()


@pytest.mark.parametrize("finding", ["pleural_effusion", "consolidation", "mass", "nodule"])
def test_opacities_make_the_lung_denser(drawn_film, drawn_lungs, finding):
    for painted in painted_films(drawn_film, drawn_lungs, finding):
        lung_part = painted.mask & (drawn_lungs.right | drawn_lungs.left)
        assert painted.film[lung_part].mean() > drawn_film[lung_part].mean() + 0.02


def test_a_pneumothorax_makes_the_lung_darker(drawn_film, drawn_lungs):
    for painted in painted_films(drawn_film, drawn_lungs, "pneumothorax"):
        assert painted.film[painted.mask].mean() < drawn_film[painted.mask].mean()


@pytest.mark.parametrize("finding", PAINTABLE)
def test_the_side_of_a_fact_is_the_side_of_its_mask(drawn_film, drawn_lungs, finding):
    for painted in painted_films(drawn_film, drawn_lungs, finding):
        columns = np.nonzero(painted.mask)[1]
        if painted.fact.side == "right":
            assert columns.mean() < 192
        elif painted.fact.side == "left":
            assert columns.mean() > 192
        elif painted.fact.side == "bilateral":
            assert columns.min() < 192 < columns.max()


def test_the_zone_of_a_mass_is_the_zone_of_its_mask(drawn_film, drawn_lungs):
    # The drawn lungs span rows 75 to 305.
    limits = {"upper": (75, 160), "mid": (150, 230), "lower": (210, 305)}
    for painted in painted_films(drawn_film, drawn_lungs, "mass"):
        low, high = limits[painted.fact.zone]
        assert low <= np.nonzero(painted.mask)[0].mean() <= high


def test_a_finding_that_cannot_be_painted_is_our_own_mistake(drawn_film, drawn_lungs):
    with pytest.raises(ValueError):
        paint(np.random.default_rng(0), drawn_film, drawn_lungs, "hernia")


def test_equal_seeds_compose_equal_films(drawn_film, drawn_lungs):
    first, again = (
        compose(np.random.default_rng(5), drawn_film, drawn_lungs, frozenset()) for _ in range(2)
    )
    assert np.array_equal(first.film, again.film)
    assert first.facts == again.facts


def test_some_composed_films_have_no_lesion_and_some_have_several(drawn_film, drawn_lungs):
    counts = {
        len(compose(np.random.default_rng(s), drawn_film, drawn_lungs, frozenset()).masks)
        for s in range(12)
    }
    assert {0, 1, 2} <= counts


def test_nothing_that_looks_like_a_label_of_the_film_is_painted(drawn_film, drawn_lungs):
    labels = frozenset({"pneumonia", "nodule"})
    forbidden = {"pneumonia", "consolidation", "infiltration", "atelectasis", "nodule", "mass"}
    for seed in range(10):
        film = compose(np.random.default_rng(seed), drawn_film, drawn_lungs, labels)
        assert film.facts.labels == labels
        assert not forbidden & {fact.finding for fact in film.facts.painted}


def test_masks_follow_the_film_when_it_is_moved(drawn_lungs):
    film = drawn_lungs.right.astype(np.float32)
    moved, masks = vary(np.random.default_rng(3), film, [drawn_lungs.right])
    assert not np.array_equal(moved, film)
    # Gamma does not move the border of a film of 0 and 1.
    assert (masks[0] == (moved > 0.5)).mean() > 0.99
