from __future__ import annotations

import pytest
import torch
from afloc_training.backbone import MobileNetV2
from afloc_training.pretrained import backbone_state
from torch.nn import functional

from afloc_desktop.core.errors import CheckpointError
from tests.support.weight_files import published


def test_strides_and_channels_are_those_of_the_paper():
    trunk = MobileNetV2()
    with torch.inference_mode():
        stem = trunk.stem(torch.zeros(1, 3, 64, 96))
        middle = trunk.middle(stem)
        deep = trunk.deep(middle)
    assert stem.shape == (1, 32, 8, 12)
    assert middle.shape == (1, 96, 4, 6)
    assert deep.shape == (1, 320, 2, 3)


def test_a_weight_file_has_five_tensors_of_each_normalisation_and_one_of_each_convolution():
    state = published(MobileNetV2())
    # 52 convolutions of the paper, less the last.
    assert len(state) == 6 * 51
    assert state["features.1.conv.0.0.weight"].shape == (32, 1, 3, 3)
    assert state["features.1.conv.2.running_mean"].shape == (16,)
    assert state["features.17.conv.2.weight"].shape == (320, 960, 1, 1)
    assert state["features.17.conv.3.bias"].shape == (320,)


def test_normalisation_is_folded_into_the_convolution_before_it():
    trunk = MobileNetV2()
    state = published(trunk, unevenness=0.5)
    trunk.load_torchvision(state | {"classifier.1.weight": torch.zeros(1000, 1280)})
    x = torch.rand(2, 3, 32, 32)
    convolved = functional.conv2d(x, state["features.0.0.weight"], stride=2, padding=1)
    wanted = functional.batch_norm(
        convolved,
        *(state[f"features.0.1.{n}"] for n in ("running_mean", "running_var", "weight", "bias")),
    )
    assert torch.allclose(trunk.features[0](x), functional.relu6(wanted), atol=1e-5)
    for block, name in ((1, "1"), (5, "2")):
        x = torch.rand(1, trunk.features[block].conv[-1].in_channels, 4, 4)
        prefix = f"features.{block}.conv"
        convolved = functional.conv2d(x, state[f"{prefix}.{name}.weight"])
        norm = f"{prefix}.{int(name) + 1}"
        wanted = functional.batch_norm(
            convolved,
            *(state[f"{norm}.{n}"] for n in ("running_mean", "running_var", "weight", "bias")),
        )
        assert torch.allclose(trunk.features[block].conv[-1](x), wanted, atol=1e-4)


def test_a_missing_or_misshapen_tensor_is_refused():
    state = published(MobileNetV2())
    short = {name: value for name, value in state.items() if name != "features.3.conv.2.weight"}
    with pytest.raises(CheckpointError, match=r"features\.3\.conv\.2\.weight"):
        MobileNetV2().load_torchvision(short)
    state["features.0.0.weight"] = torch.zeros(32, 1, 3, 3)
    with pytest.raises(CheckpointError):
        MobileNetV2().load_torchvision(state)


def test_the_published_weights_fit():
    try:
        state = backbone_state()
    except CheckpointError:
        pytest.skip("needs the pretrained image backbone")
    MobileNetV2().load_torchvision(state)
