"""What bundles of photographs share: teaching the matcher, and the files of its bundle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file

from afloc_desktop.core.text import WordPiece
from afloc_training import bundle_files
from afloc_training.export import (
    IMAGE_TOLERANCE,
    TextEncoder,
    accept,
    export_text,
    run,
    write_graph,
)
from afloc_training.fundus.fit import chosen_features, fit
from afloc_training.fundus.network import SIDE, EyeEncoder, new_matcher
from afloc_training.pretrained import backbone_state, load_text_encoder, load_vocabulary
from afloc_training.text_features import SentenceEncoder, sentence_features

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from torch import Tensor

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.model.manifest import GateSpec
    from afloc_training.fundus.features import EyeSet
    from afloc_training.fundus.network import EyeMatcher
    from afloc_training.fundus.recipe import EyeRecipe
    from afloc_training.fundus.vocabulary import Sentence, Term
    from afloc_training.network import Matcher
    from afloc_training.pretrained import TextFiles
    from afloc_training.progress import Reporter

SELF_TEST_SEED = 20_251


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a bundle lists, and what its graphs are tried with.

    Attributes:
        findings: All of them.
        texts: For the text graph.
        plane: An image for the self-test, in [0, 1], shape (3, side, side).
        words: For the self-test.
    """

    findings: Sequence[Term]
    texts: list[str]
    plane: FloatArray
    words: tuple[str, ...]


class Language(NamedTuple):
    """The text side: it is used as it comes."""

    tokenizer: WordPiece
    encoder: SentenceEncoder


def load_language(files: TextFiles, recipe: EyeRecipe) -> Language:
    """The text side of a training.

    Raises:
        CheckpointError: Its files are damaged.
    """
    tokenizer = WordPiece(load_vocabulary(files), recipe.text)
    return Language(tokenizer, SentenceEncoder(load_text_encoder(files)))


def teach(
    eyes: EyeSet,
    bank: Sequence[Sentence],
    sample: npt.NDArray[np.int64],
    recipe: EyeRecipe,
    language: Language,
    reporter: Reporter,
) -> EyeMatcher:
    """A matcher of images and sentences.

    Args:
        eyes: What the trunk sees of every image, and what is known of it.
        bank: Every sentence.
        sample: Numbers of images that set the scale of features.
        recipe: All settings.
        language: The text side, which stays as it is.
        reporter: Hears of progress.
    """
    tokenizer, encoder = language
    settings, network = recipe.fit, recipe.network
    with reporter.stage("sentence features"):
        features = sentence_features(encoder, tokenizer, [sentence.text for sentence in bank])
    scaling = chosen_features(eyes, sample)
    backbone = backbone_state()
    matcher = new_matcher(network.channels, network.dimensions, backbone, scaling, settings.seed)
    with reporter.stage("training"):
        fit(matcher, eyes, bank, features, settings, reporter.count)
    return matcher


def even_odds(matcher: EyeMatcher) -> float:
    """The similarity at which the network itself holds a place for as likely as not."""
    return float(-matcher.local_bias.detach() / matcher.local_gain.detach().exp())


def write_files(
    folder: Path,
    matcher: EyeMatcher,
    language: Language,
    examples: Examples,
    probes: bundle_files.GateTexts,
) -> GateSpec:
    """Graphs, weights, finding vectors, self-test and gate of a bundle.

    Args:
        folder: Of the bundle; its tokenizer is there.
        matcher: What was trained.
        language: The text side.
        examples: What is listed, and what its graphs are tried with.
        probes: What the gate is made of.

    Raises:
        CheckpointError: onnxruntime computes something else than torch.
    """
    tokenizer, encoder = language
    export_eyes(matcher, folder / "image.onnx")
    save_file(trained_state(matcher), folder / bundle_files.WEIGHTS)
    ids, mask = (torch.tensor(v) for v in tokenizer.encode_all(examples.texts))
    export_text(TextEncoder(encoder, matcher.text), folder / "text.onnx", ids, mask)
    vectors = bundle_files.write_finding_vectors(folder, tokenizer, examples.findings)
    bundle_files.write_self_test(folder, examples.plane, vectors, tokenizer, examples.words)
    return bundle_files.write_gate(folder, tokenizer, probes)


def trained_state(matcher: Matcher) -> dict[str, Tensor]:
    """What was trained; the trunk stands in `image.onnx` as it is."""
    return {n: v for n, v in matcher.state_dict().items() if not n.startswith("trunk.")}


def export_eyes(matcher: EyeMatcher, path: Path) -> float:
    """`image.onnx`, and its largest difference from torch.

    Raises:
        CheckpointError: onnxruntime computes something else than torch.
    """
    encoder = EyeEncoder(matcher).eval()
    # Two eyes, so that a batch size baked in by the tracer shows in the comparison with one.
    example = {"image": torch.zeros(2, 3, SIDE, SIDE)}
    write_graph(encoder, example, path, outputs=("local", "global"), dynamic={0: "films"})
    sample = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted = encoder(sample)
    found = run(path, {"image": sample.numpy()})
    difference = max(float(np.abs(f - w.numpy()).max()) for f, w in zip(found, wanted, strict=True))
    return accept("image.onnx", difference, IMAGE_TOLERANCE)
