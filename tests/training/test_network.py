from __future__ import annotations

import torch
from afloc_training.network import ImageAdapter, Matcher, TrunkFeatures


def features(count):
    generator = torch.Generator().manual_seed(0)
    return TrunkFeatures(
        torch.rand(count, 32, 48, 48, generator=generator),
        torch.rand(count, 96, 24, 24, generator=generator),
        torch.rand(count, 320, 12, 12, generator=generator),
    )


def test_film_and_word_vectors_have_unit_length():
    matcher = Matcher(16, 8).eval()
    films, words = matcher.image(features(2)), matcher.text(torch.rand(3, 768))
    assert films.local.shape == (2, 8, 24, 24)
    assert films.overall.shape == (2, 8)
    assert torch.allclose(films.local.norm(dim=1), torch.ones(2, 24, 24), atol=1e-5)
    assert torch.allclose(films.overall.norm(dim=1), torch.ones(2), atol=1e-5)
    assert torch.allclose(words.norm(dim=1), torch.ones(3), atol=1e-5)


def test_logits_are_scaled_cosines():
    matcher = Matcher(16, 8).eval()
    films, words = matcher.image(features(2)), matcher.text(torch.rand(3, 768))
    logits = matcher.local_logits(films, words)
    cosine = (films.local[1, :, 5, 7] * words[2]).sum()
    wanted = matcher.local_gain.exp() * cosine + matcher.local_bias
    assert logits.shape == (2, 3, 576)
    assert torch.allclose(logits[1, 2, 5 * 24 + 7], wanted, atol=1e-5)
    assert matcher.overall_logits(films, words).shape == (2, 3)


def test_one_film_is_answered_alike_alone_and_in_a_batch():
    matcher = Matcher(16, 8).eval()
    together = matcher.image(features(3)).local[:1]
    alone = matcher.image(TrunkFeatures(*(f[:1] for f in features(3)))).local
    assert torch.allclose(together, alone, atol=1e-5)


def test_standardised_channels_have_mean_zero_and_deviation_one():
    adapter = ImageAdapter(16, 8)
    sample = features(4)
    adapter.standardise(sample)
    x = (adapter.stacked(sample) - adapter.centre) / adapter.spread
    assert x.mean((0, 2, 3)).abs().max() < 1e-3
    assert (x.std((0, 2, 3)) - 1).abs().max() < 0.02
