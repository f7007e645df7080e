"""What a training begins with: a network and the words it can read."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from afloc_desktop.core.errors import CheckpointError
from afloc_desktop.core.text import TextSpec
from afloc_training.afloc.checkpoint import read_checkpoint
from afloc_training.afloc.config import PRESETS
from afloc_training.afloc.network import Afloc
from afloc_training.afloc.terms import SENTENCES
from afloc_training.afloc.vocabulary_file import read_vocabulary
from afloc_training.fitting.lessons import sentences_of
from afloc_training.fitting.pieces import build_pieces
from afloc_training.fitting.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.afloc.config import AflocConfig
    from afloc_training.site.store import Store

_SENTENCE = "There is {}."


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Everything before the first step.

    Attributes:
        pieces: Word pieces and their ids.
        text: How the bundle will read words.
        weights: To begin with; None draws them.
        source: Where weights and pieces come from, for the record; names no path.
    """

    pieces: Mapping[str, int]
    text: TextSpec
    weights: Mapping[str, Tensor] | None
    source: str


def fresh_start(store: Store, preset: str) -> Start:
    """Random weights, and word pieces from the sentences of the training patients."""
    cases = store.of_split("train")
    reports = sentences_of(store, cases)
    said = [
        (store.cases[case].patient, sentence)
        for case, report in zip(cases, reports, strict=True)
        for sentence in report
    ]
    config = PRESETS[preset].text
    pieces = build_pieces(said, config.vocabulary)
    sentence = _SENTENCE if store.info.modality == "cxr" else SENTENCES[store.info.modality]
    text = TextSpec("wordpiece", True, config.max_tokens, "none", sentence)
    return Start(pieces, text, None, "random weights, word pieces of the training patients")


def start_from(source: Path, vocabulary: Path | None, preset: str, store: Store) -> Start:
    """The best weights of an earlier run, or an AFLoc checkpoint with its vocabulary.

    Args:
        source: Run folder, or checkpoint file.
        vocabulary: `vocab.txt` that goes with a checkpoint file.
        preset: The network must be of this size.
        store: Of what is to be learned.

    Raises:
        CheckpointError: Not usable, or of another size.
    """
    if (source / "bundle.json").is_file():
        raise CheckpointError(
            "A bundle holds graphs to run and no weights to train.",
            remedy="Give the checkpoint or the run folder it was made from.",
        )
    if source.is_dir():
        return _from_run(RunFolder(source), preset, store)
    if vocabulary is None:
        raise CheckpointError(
            "A checkpoint can be read only with the vocabulary it was trained with.",
            remedy="Give its vocab.txt with --vocab.",
        )
    config = _seeing(PRESETS[preset], store.info.preprocess)
    pieces, _ = read_vocabulary(vocabulary, config.text.vocabulary)
    checkpoint = read_checkpoint(source, config)
    text = TextSpec(
        "wordpiece", True, config.text.max_tokens, "afloc-words", SENTENCES[store.info.modality]
    )
    with source.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Start(pieces, text, checkpoint.state, f"checkpoint with SHA-256 {digest}")


def _from_run(run: RunFolder, preset: str, store: Store) -> Start:
    about = run.about()
    if about.modality != store.info.modality:
        raise CheckpointError(
            "The earlier run was trained on another kind of image.",
            remedy="Begin with a run on images like those of the store.",
        )
    if about.preset != preset:
        raise CheckpointError(
            f"The earlier run trained a network of preset {about.preset}.",
            remedy=f"Train with --preset {about.preset}, or begin with something else.",
        )
    weights = run.best()[0]
    digest = hashlib.sha256(b"".join(w.numpy().tobytes() for w in weights.values())).hexdigest()
    return Start(run.pieces(), about.text, weights, f"an earlier run, weights with hash {digest}")


def network_config(
    preset: str, pieces: int, dropout: float, spec: PreprocessSpec | None = None
) -> AflocConfig:
    """The preset with as many word vectors as there are pieces, for images of a store.

    Args:
        preset: Its name.
        pieces: How many.
        dropout: Of the text side.
        spec: Of the store; None for films in grey.
    """
    config = PRESETS[preset] if spec is None else _seeing(PRESETS[preset], spec)
    text = dataclasses.replace(config.text, vocabulary=pieces, dropout=dropout)
    return dataclasses.replace(config, text=text)


def _seeing(config: AflocConfig, spec: PreprocessSpec) -> AflocConfig:
    """A network for the images of a store: those in colour have three planes."""
    if spec.planes == "grey":
        return config
    return dataclasses.replace(config, vision=dataclasses.replace(config.vision, channels=3))


def build_network(config: AflocConfig, weights: Mapping[str, Tensor] | None, seed: int) -> Afloc:
    """On the processor; drawn from the seed where there are no weights."""
    torch.manual_seed(seed)
    network = Afloc(config)
    if weights is not None:
        network.load_state_dict(weights)
    return network
