from __future__ import annotations

import pytest
import torch
from afloc_training.backbone import MobileNetV2
from afloc_training.pretrained import backbone_state

from afloc_desktop.core.errors import CheckpointError


def test_strides_and_channels_are_those_of_the_paper():
    trunk = MobileNetV2()
    with torch.inference_mode():
        stem = trunk.stem(torch.zeros(1, 3, 64, 96))
        middle = trunk.middle(stem)
        deep = trunk.deep(middle)
    assert stem.shape == (1, 32, 8, 12)
    assert middle.shape == (1, 96, 4, 6)
    assert deep.shape == (1, 320, 2, 3)


def test_tensors_carry_torchvisions_names_and_shapes():
    state = MobileNetV2().state_dict()
    assert state["features.0.0.weight"].shape == (32, 3, 3, 3)
    assert state["features.1.conv.0.0.weight"].shape == (32, 1, 3, 3)
    assert state["features.1.conv.2.running_mean"].shape == (16,)
    assert state["features.2.conv.1.0.weight"].shape == (96, 1, 3, 3)
    assert state["features.17.conv.2.weight"].shape == (320, 960, 1, 1)
    assert state["features.17.conv.3.bias"].shape == (320,)
    # 52 convolutions and as many batch norms with five tensors each, less the last pair.
    assert len(state) == 6 * 51


def test_a_state_with_more_than_is_needed_is_taken():
    state = {name: torch.zeros_like(v) for name, v in MobileNetV2().state_dict().items()}
    state["classifier.1.weight"] = torch.zeros(1000, 1280)
    trunk = MobileNetV2()
    trunk.load_torchvision(state)
    assert all(not value.any() for value in trunk.state_dict().values())


def test_a_missing_or_misshapen_tensor_is_refused():
    state = dict(MobileNetV2().state_dict())
    short = {name: value for name, value in state.items() if name != "features.3.conv.2.weight"}
    with pytest.raises(CheckpointError, match=r"features\.3\.conv\.2\.weight"):
        MobileNetV2().load_torchvision(short)
    state["features.0.0.weight"] = torch.zeros(32, 1, 3, 3)
    with pytest.raises(CheckpointError):
        MobileNetV2().load_torchvision(state)


def test_batch_statistics_stay_fixed_in_training():
    trunk = MobileNetV2().train()
    before = trunk.features[0][1].running_mean.clone()
    trunk.stem(torch.rand(2, 3, 32, 32))
    assert torch.equal(trunk.features[0][1].running_mean, before)


def test_the_published_weights_fit():
    try:
        state = backbone_state()
    except CheckpointError:
        pytest.skip("needs the pretrained image backbone")
    MobileNetV2().load_torchvision(state)
