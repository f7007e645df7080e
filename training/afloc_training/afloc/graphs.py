"""AFLoc's encoders as graphs for onnxruntime, compared with torch before they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from afloc_training.export import accept, run, write_graph

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from afloc_training.afloc.network import Afloc

TOLERANCE = 1e-4
IMAGE_OUTPUTS = ("local", "local2", "global")


def export_image(network: Afloc, path: Path, side: int) -> float:
    """`image.onnx`, and its largest difference from torch as a share of the largest number.

    Args:
        network: In evaluation mode.
        path: Of the graph.
        side: Of an ordinary input; others are squeezed by the graph as by the network.

    Raises:
        CheckpointError: onnxruntime computes something else than torch.
    """
    channels = network.config.vision.channels
    write_graph(
        network.img_encoder.eval(),
        {"image": torch.zeros(2, channels, side, side)},
        path,
        outputs=IMAGE_OUTPUTS,
        dynamic={0: "films", 2: "rows", 3: "columns"},
    )
    generator = torch.Generator().manual_seed(0)
    differences = []
    for shape in ((3, channels, side, side), (1, channels, side + 9, side - 30)):
        films = torch.rand(shape, generator=generator) * 2 - 1
        with torch.inference_mode():
            wanted = network.img_encoder(films)
        found = run(path, {"image": films.numpy()})
        differences += [_difference(f, w) for f, w in zip(found, wanted, strict=True)]
    return accept(path.name, max(differences), TOLERANCE)


def export_text(network: Afloc, path: Path) -> float:
    """`text.onnx`, and its largest difference from torch as a share of the largest number.

    Args:
        network: In evaluation mode.
        path: Of the graph.

    Raises:
        CheckpointError: onnxruntime computes something else than torch.
    """
    example = torch.ones(2, 5, dtype=torch.int64)
    write_graph(
        network.text_encoder.eval(),
        {"input_ids": example, "attention_mask": example},
        path,
        outputs=("text",),
        dynamic={0: "texts", 1: "tokens"},
    )
    generator = torch.Generator().manual_seed(0)
    differences = []
    for tokens in (2, 9, network.config.text.max_tokens):
        shape = (3, tokens)
        ids = torch.randint(1, network.config.text.vocabulary, shape, generator=generator)
        mask = torch.ones(shape, dtype=torch.int64)
        mask[0, tokens // 2 + 1 :] = 0
        with torch.inference_mode():
            wanted = network.text_encoder(ids, mask)
        found = run(path, {"input_ids": ids.numpy(), "attention_mask": mask.numpy()})[0]
        differences.append(_difference(found, wanted))
    return accept(path.name, max(differences), TOLERANCE)


def _difference(found: np.ndarray, wanted: Tensor) -> float:
    """Raw features have any scale, so the difference is measured by the largest of them."""
    truth = wanted.numpy()
    return float(np.abs(found - truth).max() / max(1.0, float(np.abs(truth).max())))
