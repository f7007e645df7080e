"""AFLoc's encoders as graphs for onnxruntime, compared with torch before they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
import torch
from onnx.utils import Extractor

from afloc_desktop.core.model.session import NET_SIZE
from afloc_training.export import accept, run, write_graph

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

    from afloc_training.afloc.network import Afloc

TOLERANCE = 1e-4
IMAGE_OUTPUTS = ("local", "local2", "global")
_LARGER = 1.5  # times the network's own side, where another size is compared


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


def export_patches(network: Afloc, whole: Path, path: Path, side: int) -> float:
    """`patches.onnx`, the part of `image.onnx` that heatmaps are made of.

    onnxruntime computes every output of a graph, wanted or not; without the fourth stage and two
    projections a film takes a quarter less. Rows and columns that films have in the network are an
    input with a default, so that the same graph runs at a higher resolution where that is asked.

    Args:
        network: In evaluation mode.
        whole: The graph of all outputs.
        path: Of the new graph.
        side: Of an ordinary input.

    Returns:
        Largest difference from torch, at either size, as a share of the largest number.

    Raises:
        CheckpointError: onnxruntime computes something else than torch.
    """
    part = Extractor(onnx.load(whole)).extract_model(["image"], ["local"])
    own = network.img_encoder.net_side
    _make_size_an_input(part.graph, own)
    onnx.save(part, path)
    film = torch.rand(
        (1, network.config.vision.channels, side, side), generator=torch.Generator().manual_seed(0)
    )
    differences = []
    for size in (own, round(own * _LARGER)):
        network.img_encoder.net_side = size
        with torch.inference_mode():
            wanted = network.img_encoder(film * 2 - 1).local
        feeds = {"image": film.numpy() * 2 - 1}
        feeds |= {} if size == own else {NET_SIZE: np.array([size, size], np.int64)}
        differences.append(_difference(run(path, feeds)[0], wanted))
    network.img_encoder.net_side = own
    return accept(path.name, max(differences), TOLERANCE)


def _make_size_an_input(graph: onnx.GraphProto, own: int) -> None:
    """Turn the constant that films are resized to into an input with that default."""
    resize = next(node for node in graph.node if node.op_type == "Resize")
    sizes = next(node for node in graph.node if resize.input[3] in node.output)
    constant = next(node for node in graph.node if sizes.input[-1] in node.output)
    graph.node.remove(constant)
    sizes.input[-1] = NET_SIZE
    default = onnx.numpy_helper.from_array(np.array([own, own], np.int64), NET_SIZE)
    graph.initializer.append(default)
    graph.input.append(onnx.helper.make_tensor_value_info(NET_SIZE, onnx.TensorProto.INT64, [2]))


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
