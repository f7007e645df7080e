import torch
from afloc_stores import MINIATURE
from afloc_training.afloc.network import Afloc
from afloc_training.fitting.frozen import FrozenTrunk, frozen_vectors


def test_a_film_is_seen_once_and_its_vectors_are_those_of_the_network(monkeypatch):
    torch.manual_seed(0)
    encoder = Afloc(MINIATURE).img_encoder.eval()
    films = torch.rand(3, 1, 64, 64)
    wanted = [vector.detach() for vector in encoder(films)]
    trunk = FrozenTrunk(encoder)
    trunk.stages(films, (7, 8, 9))
    monkeypatch.setattr(encoder, "stages", None)
    found = encoder.embedded(trunk.stages(films[[1, 0]], (8, 7)))
    for vector, expected in zip(found, wanted, strict=True):
        assert torch.allclose(vector, expected[[1, 0]], atol=2e-3 * float(expected.abs().max()))
    assert not any(p.requires_grad for p in encoder.model.parameters())
    assert encoder.local_embedder.weight.requires_grad


def test_shallow_patches_wait_for_their_last_map():
    torch.manual_seed(0)
    encoder = Afloc(MINIATURE).img_encoder.eval()
    stages = FrozenTrunk(encoder).stages(torch.rand(2, 1, 64, 64), (0, 1))
    found, wanted = frozen_vectors(encoder, stages), encoder.embedded(stages)
    shallow = torch.einsum("dc,nchw->ndhw", found.local2.projection, found.local2.places)
    assert torch.allclose(shallow, wanted.local2, atol=1e-5)
    assert torch.equal(found.local, wanted.local)
    assert torch.equal(found.overall, wanted.overall)
