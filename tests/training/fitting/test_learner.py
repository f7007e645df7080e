import pytest
import torch
from afloc_stores import MINIATURE, phantom_store, recipe
from afloc_training.fitting.learner import Learner, rate_factor
from afloc_training.fitting.lessons import Lessons
from afloc_training.fitting.pieces import build_pieces
from afloc_training.fitting.processes import Processes
from afloc_training.fitting.settings import parse_fit_recipe
from afloc_training.fitting.start import build_network
from afloc_training.fitting.texts import Reader
from afloc_training.site.store import Store

from afloc_desktop.core.errors import SettingsError
from afloc_desktop.core.text import TextSpec


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(phantom_store(tmp_path_factory.mktemp("phantoms")))


def made(store, **changes):
    settings = parse_fit_recipe(recipe(**changes))
    reader = Reader(build_pieces([], 512), TextSpec("wordpiece", True, 40, "none", "{}"))
    network = build_network(MINIATURE, None, 0)
    learner = Learner(network, settings.fit, 10, Processes(), is_half=False)
    return learner, Lessons(store, reader, settings, 1)


def gradients(learner, lessons):
    torch.manual_seed(5)
    torch.autograd.backward(learner.losses(lessons.draw(0))["total"])
    return {n: p.grad for n, p in learner.network.named_parameters() if p.grad is not None}


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine():
    factors = [rate_factor(step, 100, 0.1) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == pytest.approx(1.0)
    assert factors[54] == pytest.approx(0.02 + 0.98 * 0.5)
    assert factors[99] == pytest.approx(0.02)
    assert rate_factor(0, 1, 0.0) == pytest.approx(0.02)


def test_a_few_films_at_once_give_the_gradients_of_all_and_count_once(store):
    """Statistics are kept, because those of a part are not those of the batch."""
    (whole, lessons), (parts, _) = (
        made(store, statistics="kept", films_at_once=most) for most in (0, 3)
    )
    one, other = gradients(whole, lessons), gradients(parts, lessons)
    assert one.keys() == other.keys()
    for name, gradient in one.items():
        assert torch.allclose(gradient, other[name], rtol=1e-4, atol=1e-5), name


def test_what_is_computed_again_moves_no_statistics_again(store):
    learner, lessons = made(store, films_at_once=2, dropout=0.0)
    norm = learner.network.img_encoder.model.bn1
    loss = learner.losses(lessons.draw(0))["total"]
    before = norm.running_mean.clone()
    torch.autograd.backward(loss)
    assert torch.equal(norm.running_mean, before)
    assert norm.momentum == 0.1


def test_batches_that_are_added_up_are_one_step(store):
    learner, lessons = made(store, accumulated=2)
    before = learner.network.img_encoder.local_embedder.weight.clone()
    told = learner.step(lessons, 0)
    change = (learner.network.img_encoder.local_embedder.weight - before).abs().max()
    assert 0 < change <= 1.1 * told["rate"]  # Adam's first step is the rate and no more


def test_kept_statistics_stay_as_they_are(store):
    learner, lessons = made(store, statistics="kept")
    learner.step(lessons, 0)
    assert learner.network.img_encoder.model.bn1.running_mean.abs().max() == 0


def test_going_on_from_its_own_numbers_changes_nothing(store):
    (one, lessons), (other, _) = made(store), made(store)
    for step in range(2):
        one.step(lessons, step)
    kept = {name: tensor.clone() for name, tensor in one.tensors().items()}
    wanted = one.step(lessons, 2)
    other.restore(kept, 2)
    assert other.step(lessons, 2) == wanted
    for name, tensor in one.tensors().items():
        assert torch.equal(other.tensors()[name], tensor), name


def test_a_loss_that_is_no_number_is_told_and_changes_nothing(store):
    learner, lessons = made(store)
    weight = learner.network.img_encoder.local_embedder.weight
    with torch.no_grad():
        weight[0, 0] = torch.nan
    kept = learner.network.text_encoder.model.pooler.dense.weight.clone()
    with pytest.raises(SettingsError, match="diverged"):
        learner.step(lessons, 0)
    assert torch.equal(learner.network.text_encoder.model.pooler.dense.weight, kept)
    assert bool(torch.isfinite(learner.average.img_encoder.model.conv1.weight).all())
