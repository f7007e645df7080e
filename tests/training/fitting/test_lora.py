import pytest
import torch
from afloc_stores import MINIATURE
from afloc_training.afloc.network import Afloc
from afloc_training.fitting.lora import attach, merged

IDS = torch.tensor([[2, 9, 14, 3], [2, 30, 3, 0]])
MASK = (IDS > 0).long()


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Afloc(MINIATURE).eval()


def vectors(network):
    with torch.no_grad():
        return network.text_encoder(IDS, MASK)


def test_pairs_change_nothing_before_they_have_learned(network):
    before = vectors(network)
    attach(network.text_encoder, 2, 1)
    assert torch.equal(vectors(network), before)


def test_only_pairs_of_the_text_encoder_learn(network):
    attach(network.text_encoder, 2, 1)
    learning = [n for n, p in network.text_encoder.named_parameters() if p.requires_grad]
    # Query, key, value and output of two layers, two matrices each.
    assert len(learning) == 2 * 4 * 2
    assert all(name.endswith((".down", ".up")) for name in learning)
    assert all(p.requires_grad for p in network.img_encoder.parameters())


def test_merged_weights_are_those_of_a_network_without_pairs(network):
    names = network.state_dict().keys()
    attach(network.text_encoder, 2, 1)
    for name, parameter in network.named_parameters():
        if name.endswith(".up"):
            torch.nn.init.normal_(parameter, std=0.3)
    plain = Afloc(MINIATURE).eval()
    weights = merged(network.state_dict())
    assert weights.keys() == names
    plain.load_state_dict(weights)
    assert torch.allclose(vectors(plain), vectors(network), atol=1e-6)
    assert all(value is weights[name] for name, value in merged(weights).items())
