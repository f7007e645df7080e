import numpy as np
import torch
from afloc_stores import PLACES, phantom_store
from afloc_training.fitting.films import as_input, grey, moved, network_spec, varied
from afloc_training.fitting.settings import VariationSettings
from afloc_training.site.store import Store

from afloc_desktop.core.preprocess import prepare

NONE = VariationSettings(0.0, 0.0, 0.0, 1.0)


def rngs(count, seed=0):
    return [np.random.default_rng((seed, n)) for n in range(count)]


def bright_side(film):
    return "left" if film[..., :32].mean() > film[..., 32:].mean() else "right"


def test_films_are_what_the_desktop_would_prepare(tmp_path):
    store = Store(phantom_store(tmp_path))
    spec = network_spec(store.info.preprocess, 3)
    found = as_input(grey(store, [1]), 3)
    stored = store.planes([1])[0].astype(np.float32)
    # whole levels from 0 to 255 stay what they are when nothing is cut off
    wanted = prepare(stored, network_spec(spec, 3), padding=None).tensor
    assert found.shape == wanted.shape == (1, 3, 64, 64)
    assert found.min() >= -1
    assert found.max() <= 1
    assert np.corrcoef(found.numpy().ravel(), wanted.ravel())[0, 1] > 0.99


def test_without_changes_a_film_stays_as_it_is(tmp_path):
    films = grey(Store(phantom_store(tmp_path)), [0, 1])
    assert torch.allclose(varied(films, rngs(2), NONE, 0.0), films, atol=1e-5)


def test_films_change_but_never_change_sides(tmp_path):
    films = grey(Store(phantom_store(tmp_path)), [0, 1] * 20)
    changed = varied(films, rngs(40), VariationSettings(5.0, 0.05, 0.05, 1.25), 0.0)
    assert (changed - films).abs().amax((1, 2, 3)).min() > 0.1
    for film, other in zip(films, changed, strict=True):
        assert bright_side(other) == bright_side(film)
    assert next(iter(PLACES)).endswith("right")


def test_a_film_is_changed_by_its_own_generator_alone(tmp_path):
    films = grey(Store(phantom_store(tmp_path)), [0, 1, 2])
    settings = VariationSettings(5.0, 0.05, 0.05, 1.25)
    together = varied(films, rngs(3), settings, 0.0)
    alone = varied(films[1:2], rngs(3)[1:2], settings, 0.0)
    assert torch.equal(together[1:2], alone)


def test_what_comes_in_from_outside_is_the_pad(tmp_path):
    film = torch.full((1, 1, 8, 8), 0.2)
    far = VariationSettings(0.0, 2.0, 0.0, 1.0)
    moved = varied(film, [np.random.default_rng(3)], far, 1.0)
    assert moved.max() == 1.0


def test_regions_move_with_their_film():
    films = torch.zeros(2, 1, 64, 64)
    films[:, :, 10:30, 20:50] = 1
    settings = VariationSettings(20.0, 0.2, 0.2, 1.0)
    there = moved(films, rngs(2), settings)
    assert torch.equal(there, varied(films, rngs(2), settings, 0.0))
    assert (there - films).abs().mean() > 0.05
