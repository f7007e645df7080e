"""Graphs for onnxruntime: written once, compared with torch before they are kept."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from afloc_desktop.core.errors import CheckpointError
from afloc_desktop.core.model.runtime import onnxruntime
from afloc_training.backbone import IMAGENET_MEAN, IMAGENET_STD
from afloc_training.network import FilmVectors, TrunkFeatures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from afloc_training.backbone import MobileNetV2
    from afloc_training.network import Matcher, TextHead
    from afloc_training.text_features import SentenceEncoder

_OPSET = 17
IMAGE_TOLERANCE = 1e-4
TEXT_TOLERANCE = 1e-4
# Cosine of a text vector to its 8-bit twin. The encoder alone keeps .988 at worst over 40 sentences
# with one scale a channel, .962 with one scale a tensor.
QUANTISED_COSINE = 0.97


class FilmTrunk(nn.Module):
    """`image` (N, 1, side, side) in [0, 1] to the trunk's features."""

    mean: Tensor
    std: Tensor

    def __init__(self, trunk: MobileNetV2) -> None:
        super().__init__()
        self.trunk = trunk
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1))

    def forward(self, image: Tensor) -> TrunkFeatures:
        stem = self.trunk.stem((image.repeat(1, 3, 1, 1) - self.mean) / self.std)
        middle = self.trunk.middle(stem)
        return TrunkFeatures(stem, middle, self.trunk.deep(middle))


class FilmEncoder(nn.Module):
    """`image` (N, 1, side, side) in [0, 1] to unit vectors, local and global."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__()
        self.trunk = FilmTrunk(matcher.trunk)
        self.adapter = matcher.image

    def forward(self, image: Tensor) -> FilmVectors:
        vectors: FilmVectors = self.adapter(self.trunk(image))
        return vectors


class TextVectors(NamedTuple):
    """Unit vectors of texts.

    Attributes:
        text: In the space of films, (K, D).
        sentence: Mean over the tokens of the frozen encoder: what a text is about, (K, 384).
    """

    text: Tensor
    sentence: Tensor


class TextEncoder(nn.Module):
    """Token ids and mask (K, T) to unit vectors."""

    def __init__(self, sentences: SentenceEncoder, head: TextHead) -> None:
        super().__init__()
        self.sentences = sentences
        self.head = head

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> TextVectors:
        features = self.sentences(input_ids, attention_mask)
        mean = features[:, : features.shape[1] // 2]
        return TextVectors(
            functional.normalize(self.head(features), dim=1), functional.normalize(mean, dim=1)
        )


class Parity(NamedTuple):
    """Largest absolute difference of the graphs from torch; lowest cosine of the 8-bit text."""

    image: float
    text: float
    quantised_cosine: float


def export_trunk(trunk: MobileNetV2, path: Path, side: int) -> None:
    """The trunk alone, for computing features in other processes: stem, middle, deep."""
    write_graph(
        FilmTrunk(trunk).eval(),
        {"image": torch.zeros(1, 1, side, side)},
        path,
        outputs=("stem", "middle", "deep"),
        dynamic={0: "films"},
    )


def export_image(matcher: Matcher, path: Path, side: int) -> float:
    """`image.onnx`, and its largest difference from torch.

    Raises:
        CheckpointError: onnxruntime computes something else than torch.
    """
    encoder = FilmEncoder(matcher).eval()
    # Two films, so that a batch size baked in by the tracer shows in the comparison with three.
    write_graph(
        encoder,
        {"image": torch.zeros(2, 1, side, side)},
        path,
        outputs=("local", "global"),
        dynamic={0: "films"},
    )
    sample = torch.rand(3, 1, side, side, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted = encoder(sample)
    found = run(path, {"image": sample.numpy()})
    difference = max(_distance(f, w) for f, w in zip(found, wanted, strict=True))
    return accept("image.onnx", difference, IMAGE_TOLERANCE)


def export_text(encoder: TextEncoder, path: Path, ids: Tensor, mask: Tensor) -> Parity:
    """8-bit `text.onnx` with the outputs of `TextVectors`, compared on padded examples.

    The image entry of the answer is 0.

    Args:
        encoder: Sentence encoder and trained head.
        path: Where the 8-bit graph goes; the float graph is removed again.
        ids, mask: Examples of several lengths, int64 (K, T).

    Raises:
        CheckpointError: onnxruntime computes something else than torch.
    """
    onnxruntime()
    from onnxruntime.quantization import QuantType, quantize_dynamic

    encoder = encoder.eval()
    whole = path.with_suffix(".float.onnx")
    example = torch.ones(2, 5, dtype=torch.int64)
    write_graph(
        encoder,
        {"input_ids": example, "attention_mask": example},
        whole,
        outputs=TextVectors._fields,
        dynamic={0: "texts", 1: "tokens"},
    )
    feeds = {"input_ids": ids.numpy(), "attention_mask": mask.numpy()}
    with torch.inference_mode():
        wanted = encoder(ids, mask)
    found = run(whole, feeds)
    difference = max(_distance(f, w) for f, w in zip(found, wanted, strict=True))
    accept("text.onnx", difference, TEXT_TOLERANCE)
    with quiet():
        # Seven bits of weight: eight can overflow in the sums of processors without VNNI.
        quantize_dynamic(
            whole, path, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True
        )
    whole.unlink()
    found = run(path, feeds)
    cosine = min(
        float((f * w.numpy()).sum(axis=1).min()) for f, w in zip(found, wanted, strict=True)
    )
    accept("The 8-bit text.onnx", 1 - cosine, 1 - QUANTISED_COSINE)
    return Parity(0.0, difference, cosine)


def run(path: Path, feeds: Mapping[str, np.ndarray], threads: int = 2) -> list[np.ndarray]:
    """Run a graph once on the CPU."""
    answers: list[np.ndarray] = open_session(path, threads).run(None, dict(feeds))
    return answers


def open_session(path: Path, threads: int) -> Any:
    """An onnxruntime session on the CPU."""
    runtime = onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return runtime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def write_graph(
    module: nn.Module,
    example: Mapping[str, Tensor],
    path: Path,
    *,
    outputs: tuple[str, ...],
    dynamic: dict[int, str],
) -> None:
    """Trace a module into a graph file.

    Args:
        module: In evaluation mode.
        example: Inputs by name.
        path: Of the graph.
        outputs: Names of the outputs, in order.
        dynamic: Axes of the inputs that may have any size, and what they count; of the outputs
            the first of them.
    """
    first = {0: next(iter(dynamic.values()))}
    axes = {name: dynamic for name in example} | {name: first for name in outputs}
    with quiet(), torch.inference_mode():
        torch.onnx.export(
            module,
            tuple(example.values()),
            str(path),
            input_names=list(example),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )


@contextmanager
def quiet() -> Iterator[None]:
    """The exporters warn of their age and of every shape they read; parity is checked instead."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def _distance(found: np.ndarray, wanted: Tensor) -> float:
    return float(np.abs(found - wanted.numpy()).max())


def accept(name: str, difference: float, tolerance: float) -> float:
    """The difference, where it is within the tolerance; NaN never is.

    Raises:
        CheckpointError: It is not.
    """
    if not difference <= tolerance:
        raise CheckpointError(
            f"{name} differs from the trained network by {difference:.2g}.",
            remedy="Use the versions of torch and onnxruntime in constraints.txt.",
        )
    return difference
