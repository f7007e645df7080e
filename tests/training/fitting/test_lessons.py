import pytest
import torch
from afloc_stores import phantom_store, recipe
from afloc_training.fitting.lessons import Lessons
from afloc_training.fitting.pieces import build_pieces
from afloc_training.fitting.settings import parse_fit_recipe
from afloc_training.fitting.texts import Reader
from afloc_training.site.store import Store

from afloc_desktop.core.errors import DatasetError
from afloc_desktop.core.text import TextSpec


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(phantom_store(tmp_path_factory.mktemp("phantoms")))


@pytest.fixture(scope="module")
def reader():
    return Reader(build_pieces([], 128), TextSpec("wordpiece", True, 97, "none", "{}"))


def lessons(store, reader, processes=1, **changes):
    return Lessons(store, reader, parse_fit_recipe(recipe(**changes)), 1, processes)


def test_a_lesson_is_the_same_whenever_it_is_drawn(store, reader):
    one, other = (lessons(store, reader) for _ in range(2))
    one.draw(3)
    first, second = one.draw(7), other.draw(7)
    assert torch.equal(first.films, second.films)
    assert torch.equal(first.texts.ids, second.texts.ids)
    assert not torch.equal(first.films, lessons(store, reader, seed=2).draw(7).films)


def test_every_film_is_seen_once_an_epoch_in_a_new_order(store, reader):
    still = {"turn_degrees": 0.0, "shift": 0.0, "scale": 0.0, "gamma": 1.0}
    all_lessons = lessons(store, reader, **still)
    assert all_lessons.per_epoch == 3
    epochs = []
    for epoch in range(2):
        films = torch.cat([all_lessons.draw(3 * epoch + n).films for n in range(3)])
        epochs.append([tuple(film[0, ::7, ::7].ravel().tolist()) for film in films])
        assert len(set(epochs[-1])) == 12
    assert set(epochs[0]) == set(epochs[1])
    assert epochs[0] != epochs[1]


def test_processes_share_the_films_and_have_all_texts(store, reader):
    whole = lessons(store, reader).draw(1)
    shared = [lessons(store, reader, 2).draw(1, (n, 2)) for n in range(2)]
    assert torch.equal(torch.cat([lesson.films for lesson in shared]), whole.films)
    assert all(torch.equal(lesson.texts.ids, whole.texts.ids) for lesson in shared)


def test_no_two_processes_have_the_same_noise(store, reader):
    found = lessons(store, reader)
    assert len({found.noise_seed(n, p) for n in range(5) for p in range(3)}) == 15


def test_a_store_of_too_few_films_is_refused(reader, tmp_path):
    with pytest.raises(DatasetError, match="too few films"):
        lessons(Store(phantom_store(tmp_path, films=1)), reader)
