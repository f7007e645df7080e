import dataclasses

import afloc_reference as reference
import pytest
import torch
from afloc_training.afloc.config import PRESETS, VisionConfig
from afloc_training.afloc.network import ImageEncoder
from afloc_training.afloc.resnet import ResNet


@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_films_answer_as_in_a_second_writing_of_the_network(block):
    torch.manual_seed(0)
    vision = VisionConfig(block, (1, 2, 2, 1), 8, 3, 96)
    encoder = ImageEncoder(dataclasses.replace(PRESETS["tiny"], vision=vision))
    for norm in (m for m in encoder.modules() if isinstance(m, torch.nn.BatchNorm2d)):
        norm.running_mean.normal_(std=0.3)
        norm.running_var.uniform_(0.5, 2)
    encoder.eval()
    state = {f"img_encoder.{k}": v for k, v in encoder.state_dict().items()}
    film = torch.rand(1, 3, 80, 70) * 2 - 1
    with torch.inference_mode():
        found = encoder(film)
        wanted = reference.image_vectors(state, film, 96)
    for ours, theirs in zip(found, wanted, strict=True):
        assert torch.allclose(ours[0], theirs, rtol=1e-4, atol=1e-5 * float(theirs.abs().max()))


def test_the_taps_of_the_paper_lie_on_grids_of_38_19_and_10():
    with torch.device("meta"):
        trunk = ResNet(PRESETS["paper"].vision)
        shallow, deep, last = trunk(torch.empty(1, 3, 299, 299))
    assert shallow.shape == (1, 512, 38, 38)
    assert deep.shape == (1, 1024, 19, 19)
    assert last.shape == (1, 2048, 10, 10)
