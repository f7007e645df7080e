import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import afloc_reference as reference
import pytest
import torch
from afloc_training.afloc import attending
from afloc_training.afloc.losses import (
    AlsoTrue,
    LossSettings,
    Unprojected,
    afloc_losses,
    cosine_alignment,
    global_loss,
    local_loss,
    multi_positive_loss,
    symmetric_cross_entropy,
)
from afloc_training.afloc.network import ImageVectors
from afloc_training.afloc.units import Units
from bars import hold, is_full


def value(scalar):
    return float(scalar.detach())


def batch(lengths, *, dimensions=12, side=5, seed=0):
    """Patches and units on one scale, so that the attention is neither flat nor a single peak."""
    generator = torch.Generator().manual_seed(seed)
    films = len(lengths)
    patches = torch.randn(films, dimensions, side, side, generator=generator)
    vectors = torch.randn(sum(lengths), dimensions, generator=generator)
    owner = torch.repeat_interleave(torch.arange(films), torch.tensor(lengths))
    return patches, Units(vectors, owner, films)


def gradients(loss, *leaves):
    return torch.autograd.grad(loss, leaves)


@pytest.mark.parametrize("lengths", [(1, 4, 2), (3, 3), (7, 1, 1, 5)])
@pytest.mark.parametrize("numbers_at_once", [1, 10**6])
@pytest.mark.parametrize("most_kept", [0, 10**9])
def test_the_local_loss_and_its_gradients_equal_the_formulas(
    lengths, numbers_at_once, most_kept, monkeypatch
):
    monkeypatch.setitem(attending._NUMBERS_AT_ONCE, "cpu", numbers_at_once)
    patches, units = batch(lengths)
    settings = LossSettings(most_kept=most_kept)
    patches.requires_grad_()
    units.vectors.requires_grad_()
    found = local_loss(patches, units, settings)
    wanted = reference.slow_local_loss(patches, units.vectors.split(lengths))
    assert value(found) == pytest.approx(value(wanted), rel=1e-5)
    for ours, theirs in zip(
        gradients(found, patches, units.vectors),
        gradients(wanted, patches, units.vectors),
        strict=True,
    ):
        assert float((ours - theirs).abs().max() / theirs.abs().max()) < 1e-5


@pytest.mark.parametrize("most_kept", [0, 10**9])
def test_patches_may_stand_before_their_last_linear_map(most_kept):
    places, units = batch((3, 1, 4), dimensions=6)
    generator = torch.Generator().manual_seed(3)
    projection = torch.randn(9, 6, generator=generator, requires_grad=True)
    vectors = torch.randn(8, 9, generator=generator, requires_grad=True)
    units = dataclasses.replace(units, vectors=vectors)
    settings = LossSettings(most_kept=most_kept)
    embedded = torch.einsum("dc,nchw->ndhw", projection, places)
    wanted = local_loss(embedded, units, settings)
    found = local_loss(Unprojected(places, projection), units, settings)
    assert value(found) == pytest.approx(value(wanted), rel=1e-5)
    for ours, theirs in zip(
        gradients(found, projection, vectors), gradients(wanted, projection, vectors), strict=True
    ):
        assert float((ours - theirs).abs().max() / theirs.abs().max()) < 1e-5


def test_large_products_do_not_overflow():
    patches, units = batch((2, 3))
    found = local_loss(patches * 100, units, LossSettings())
    wanted = reference.slow_local_loss(patches * 100, units.vectors.split((2, 3)))
    assert value(found) == pytest.approx(value(wanted), rel=1e-5)


def test_the_global_loss_and_its_gradients_equal_the_formulas():
    generator = torch.Generator().manual_seed(1)
    films, reports = (torch.randn(5, 8, generator=generator, requires_grad=True) for _ in range(2))
    found, wanted = (
        global_loss(films, reports, LossSettings()),
        reference.slow_global_loss(films, reports),
    )
    assert value(found) == pytest.approx(value(wanted), rel=1e-5)
    for ours, theirs in zip(
        gradients(found, films, reports), gradients(wanted, films, reports), strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_two_equal_pairs_cannot_be_told_apart():
    assert value(symmetric_cross_entropy(torch.zeros(4, 4))) == pytest.approx(2 * 1.3862944)


def test_the_right_entry_is_contrasted_with_the_wrong_ones_alone():
    logits = torch.tensor([[1.0, 2.0, 0.0]])
    is_right = torch.tensor([[True, True, False]])
    # log(1 + e^-1) and log(1 + e^-2), the mean of both
    assert value(multi_positive_loss(logits, is_right, ~is_right)) == pytest.approx(
        (0.3132617 + 0.1269280) / 2
    )


def test_what_the_report_says_too_is_no_mistake():
    similarities = torch.tensor([[2.0, 1.0, 0.0], [3.0, 2.0, 0.0], [0.0, 0.0, 2.0]])
    also_true = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])
    # Films 0 and 1 are told from text 2 alone, so three rows are log(1 + e^-2) but for the last,
    # which has two others: log(1 + 2 e^-2); columns are the same.
    expected = 2 * (2 * 0.1269280 + 0.2395448) / 3
    assert value(symmetric_cross_entropy(similarities, also_true)) == pytest.approx(expected)


def test_a_row_without_mistakes_has_a_gradient_of_zero():
    logits = torch.zeros(1, 2, requires_grad=True)
    is_right = torch.tensor([[True, False]])
    loss = multi_positive_loss(logits, is_right, torch.zeros_like(is_right))
    assert value(loss) == 0
    assert gradients(loss, logits)[0].tolist() == [[0, 0]]


def test_equal_reports_are_not_contrasted_in_any_term():
    deep, sentences = batch((2, 2))
    shallow, words = batch((4, 4), side=10, seed=1)
    films = ImageVectors(deep, shallow, torch.randn(2, 12, generator=torch.Generator()))
    everything = AlsoTrue(torch.ones(2, 2, dtype=torch.bool), torch.ones(2, 4, dtype=torch.bool))
    settings = LossSettings(cosine_weight=1)
    losses = afloc_losses(films, torch.ones(2, 12), sentences, words, settings, everything)
    assert value(losses.total) == pytest.approx(0, abs=1e-6)


def test_sentences_that_find_their_patches_cost_nothing():
    axes = torch.eye(4)
    patches = torch.stack([axes[:2].T, axes[2:].T]).unflatten(2, (1, 2))
    right = Units(axes, torch.tensor([0, 0, 1, 1]), 2)
    wrong = Units(axes, torch.tensor([1, 1, 0, 0]), 2)
    wrong = dataclasses.replace(wrong, vectors=axes.flip(0), owner=torch.tensor([0, 0, 1, 1]))
    settings = LossSettings()
    assert value(cosine_alignment(patches, right, settings)) < 1e-3
    assert value(cosine_alignment(patches, wrong, settings)) > 10


def test_the_cosine_term_does_not_depend_on_lengths():
    patches, units = batch((2, 3))
    scaled = dataclasses.replace(units, vectors=units.vectors * 7)
    one = cosine_alignment(patches, units, LossSettings())
    other = cosine_alignment(patches * 3, scaled, LossSettings())
    assert value(one) == pytest.approx(value(other), rel=1e-4)


def test_a_weight_of_zero_is_afloc_and_nothing_else():
    deep, sentences = batch((2, 3, 1))
    shallow, words = batch((4, 5, 2), side=10, seed=1)
    generator = torch.Generator().manual_seed(2)
    films = ImageVectors(deep, shallow, torch.randn(3, 12, generator=generator))
    reports = torch.randn(3, 12, generator=generator)
    plain = afloc_losses(films, reports, sentences, words, LossSettings())
    assert value(plain.total) == pytest.approx(value(plain.report + plain.sentences + plain.words))
    assert value(plain.cosine) == 0
    more = afloc_losses(films, reports, sentences, words, LossSettings(cosine_weight=0.5))
    assert value(more.cosine) > 0
    assert value(more.total) == pytest.approx(value(plain.total + 0.5 * more.cosine), rel=1e-6)


# How many films, and how many times quicker and smaller than text by text.
FILMS, FASTER, SMALLER = (64, 6.0, 10.0) if is_full() else (16, 2.0, 4.0)
_CHILD = """
import sys, time
import torch, afloc_reference as reference
from afloc_training.afloc.losses import LossSettings, local_loss
from afloc_training.afloc.units import Units
torch.set_num_threads(2)
torch.manual_seed(0)
count = int(sys.argv[2])
lengths = [2 + n % 7 for n in range(count)]
patches = torch.randn(count, 768, 19, 19, requires_grad=True)
vectors = torch.randn(sum(lengths), 768, requires_grad=True)
owner = torch.repeat_interleave(torch.arange(count), torch.tensor(lengths))
def ours():
    return local_loss(patches, Units(vectors, owner, count), LossSettings())
def theirs():
    return reference.text_by_text_local_loss(patches, vectors.split(lengths))
loss = {"ours": ours, "theirs": theirs}[sys.argv[1]]
torch.autograd.grad(local_loss(patches[:2], Units(vectors[:2], owner[:2] * 0 + torch.arange(2), 2),
                               LossSettings()), vectors)
def megabytes(entry):
    status = open("/proc/self/status").read()
    return int(status.split(entry)[1].split()[0]) / 1024
open("/proc/self/clear_refs", "w").write("5")  # the highest mark starts again from here
before = megabytes("VmRSS:")
seconds = []
for _ in range(2):
    start = time.process_time()  # others on the machine have no part in it
    found = loss()
    torch.autograd.grad(found, (patches, vectors))
    seconds.append(time.process_time() - start)
print(min(seconds), megabytes("VmHWM:") - before, found.item())
"""


@pytest.mark.bench
@pytest.mark.skipif(sys.platform != "linux", reason="reads its memory from /proc")
@pytest.mark.slow
def test_the_loss_is_quicker_and_smaller_than_text_by_text():
    """19 × 19 places, 2 to 8 sentences, 768 wide; in processes of their own."""

    def share():
        (our_s, our_mb, ours), (their_s, their_mb, theirs) = measured("ours"), measured("theirs")
        print(f"\nours {our_s:.2f} s, {our_mb:.0f} MB; ", end="")
        print(f"text by text {their_s:.2f} s, {their_mb:.0f} MB")
        assert ours == pytest.approx(theirs, rel=1e-5)
        return min(their_s / our_s / FASTER, their_mb / our_mb / SMALLER)

    hold(f"local loss of {FILMS} films, of its bars", share, 1)


def measured(name):
    environment = {**os.environ, "PYTHONPATH": str(Path(reference.__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, name, str(FILMS)],
        capture_output=True, text=True, timeout=250, check=True, env=environment,
    )  # fmt: skip
    return [float(part) for part in done.stdout.split()]
