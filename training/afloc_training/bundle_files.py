"""The files of a bundle beside its graphs: vectors, self-test, manifest; and the safe move."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.errors import WouldOverwrite
from afloc_desktop.core.model.bundle import GATE, MANIFEST, load_bundle
from afloc_desktop.core.model.manifest import (
    Figure,
    FindingSpec,
    GateSpec,
    Manifest,
    dump_manifest,
)
from afloc_desktop.core.model.selftest import self_test
from afloc_desktop.core.model.session import Sessions
from afloc_desktop.core.prompts import chest_library, chest_probes
from afloc_training.export import open_session, run
from afloc_training.manifests import Asked, Statement, draft_manifest, finding_spec
from afloc_training.network import GRID
from afloc_training.vocabulary import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.text import WordPiece
    from afloc_training.recipe import Recipe
    from afloc_training.thresholds import Calibration
    from afloc_training.vocabulary import Term

WEIGHTS = "weights.safetensors"
"""File of a bundle that holds what was trained, under the names of `network.Matcher`; a trunk that
is not there stands in `image.onnx`."""
_SELF_TEST_WORDS = (
    "There is a right pleural effusion.",
    "Pneumonia in the left lower lobe.",
    "No pneumothorax.",
)
_LICENCE = (
    "Apache-2.0. Built on torchvision's MobileNetV2 weights (BSD-3-Clause) and MiniLM-L6 "
    "(Apache-2.0)."
)
_FILMS = (
    "Training split of NIH ChestX-ray14 (NIH Clinical Center; Wang et al., CVPR 2017), "
    "unrestricted use with attribution. Synthetic-lesion supervised: lesions painted on them. "
)
_TEMPLATED = "Text templated from labels and painted facts. No box, mask or report of a person."
_WITH_TEXTS = (
    "Text templated from labels and painted facts, and questions and answers of VQA-RAD (CC0 1.0) "
    "and notes (CC BY 4.0) on further films, named in the model card. No box or mask of a person."
)
_INTENDED_USE = (
    "Research and teaching: showing where an adult frontal chest film resembles a finding named in "
    "words. Research use only: not for diagnosis, not for children or lateral films."
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Similarity thresholds by finding id, and for words the bundle does not list.

    `calibrations` are those from similarity to probability, by finding id, where there is one.
    """

    by_finding: Mapping[str, float]
    unlisted: float
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateTexts:
    """What a gate is made of.

    Attributes:
        references: What words about such a film look like.
        related: Texts about such films that are not among them, to choose the limit with.
        unrelated: Texts about anything else, for the same.
    """

    references: Sequence[str]
    related: Sequence[str]
    unrelated: Sequence[str]


def chest_gate_texts() -> GateTexts:
    """The prompt library of chest films, and its probes."""
    probes = chest_probes()
    return GateTexts(chest_library().references, probes.related, probes.unrelated)


def write_finding_vectors(
    folder: Path, tokenizer: WordPiece, findings: Sequence[Asked] = FINDINGS
) -> FloatArray:
    """`findings.npz`: unit mean of the unit vectors of each finding's prompts, (F, D).

    Prompts are encoded one at a time by the shipped graph, as the desktop encodes typed words.
    """
    vectors = []
    for term in findings:
        mean = text_vectors(folder, tokenizer, term.prompts, "text").mean(axis=0)
        vectors.append(mean / np.linalg.norm(mean))
    stacked = np.stack(vectors).astype(np.float32)
    ids = np.array([term.id for term in findings])
    np.savez(folder / "findings.npz", ids=ids, vectors=stacked)
    return stacked


def write_gate(folder: Path, tokenizer: WordPiece, texts: GateTexts | None = None) -> GateSpec:
    """`gate.npz`: sentence vectors of the prompt library; and from where a text is like one.

    The limit is chosen on texts that are not in the library, half of them about such films.

    Args:
        folder: Holds the text graph.
        tokenizer: Of the bundle.
        texts: None takes those of chest films.
    """
    texts = texts or chest_gate_texts()
    references, related, unrelated = (
        text_vectors(folder, tokenizer, each, "sentence")
        for each in (texts.references, texts.related, texts.unrelated)
    )
    stored = references.astype(np.float16)
    np.savez_compressed(folder / GATE, references=stored)
    known = stored.astype(np.float32).T
    return GateSpec(best_limit((related @ known).max(axis=1), (unrelated @ known).max(axis=1)))


def best_limit(inside: np.ndarray, outside: np.ndarray) -> float:
    """The number that most of `inside` reach and most of `outside` do not, each half in weight.

    Halfway between the two neighbouring values where the balance is best.
    """
    values = np.unique(np.concatenate((inside, outside)))
    limits = (values[1:] + values[:-1]) / 2
    if not len(limits):
        return float(values[0])
    balance = [(inside >= limit).mean() - (outside >= limit).mean() for limit in limits]
    return float(limits[int(np.argmax(balance))])


def text_vectors(
    folder: Path, tokenizer: WordPiece, texts: Sequence[str], output: str
) -> FloatArray:
    """One output of the shipped text graph, one text at a time as the desktop encodes, (K, D)."""
    session = open_session(folder / "text.onnx", threads=2)
    rows = [np.array([tokenizer.encode(text)], np.int64) for text in texts]
    feeds = ({"input_ids": ids, "attention_mask": np.ones_like(ids)} for ids in rows)
    vectors: FloatArray = np.concatenate([session.run([output], feed)[0] for feed in feeds])
    return vectors


def write_self_test(
    folder: Path,
    film: FloatArray,
    vectors: FloatArray,
    tokenizer: WordPiece,
    words: Sequence[str] = _SELF_TEST_WORDS,
) -> None:
    """`selftest.npz`: a film, and what both graphs answer here.

    Args:
        folder: Holds the graphs.
        film: In [0, 1], shape (side, side) or (3, side, side); stored in 256 levels to stay small.
        vectors: Of the findings.
        tokenizer: Of the bundle.
        words: What the text graph is asked.
    """
    planes = film if film.ndim == 3 else film[None]
    tensor = (np.round(planes * 255) / 255).astype(np.float16)[None]
    local = run(folder / "image.onnx", {"image": tensor.astype(np.float32)})[0][0]
    ids, mask = tokenizer.encode_all(words)
    feeds = {"input_ids": np.array(ids, np.int64), "attention_mask": np.array(mask, np.int64)}
    np.savez_compressed(
        folder / "selftest.npz",
        tensor=tensor,
        vectors=vectors,
        maps=np.einsum("kd,dij->kij", vectors, local),
        words=np.array(words),
        word_vectors=run(folder / "text.onnx", feeds)[0],
    )


def manifest(
    recipe: Recipe, thresholds: Thresholds, metrics: Sequence[Figure], gate: GateSpec | None = None
) -> Manifest:
    """What the bundle says of itself; `files` is filled in by `seal`."""
    findings = tuple(_finding(term, thresholds) for term in FINDINGS)
    data = _FILMS + (_WITH_TEXTS if recipe.films.with_texts else _TEMPLATED)
    statement = Statement("cxr", GRID, 2.0, _LICENCE, data, _INTENDED_USE)
    drawn = draft_manifest(recipe, statement, findings, thresholds.unlisted)
    return replace(drawn, gate=gate, metrics=tuple(metrics))


def _finding(term: Term, thresholds: Thresholds) -> FindingSpec:
    value = thresholds.by_finding[term.id]
    return finding_spec(term, value, thresholds.calibrations.get(term.id))


def seal(folder: Path, unsealed: Manifest, card: str) -> None:
    """Write the model card and `bundle.json` with the hash of every file of the folder."""
    (folder / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    names = sorted(path.name for path in folder.iterdir() if path.name != MANIFEST)
    files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    (folder / MANIFEST).write_text(dump_manifest(replace(unsealed, files=files)), encoding="utf-8")


def check_target(output: Path) -> None:
    """Refuse a target that is something else than an earlier bundle.

    Raises:
        WouldOverwrite: It exists and holds no bundle.
    """
    if output.exists() and not (output / MANIFEST).is_file():
        raise WouldOverwrite(
            f"The target {output.name} exists and is no bundle.",
            remedy="Give a folder that does not exist yet, or an earlier bundle.",
        )


@contextmanager
def partial_folder(output: Path) -> Iterator[Path]:
    """A hidden sibling of the target, removed unless it was moved into place."""
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def finish(partial: Path, output: Path, unsealed: Manifest, card: str) -> str:
    """Seal a bundle, test it as the desktop will, put it in its place; its SHA-256.

    Raises:
        BundleError, InferenceError: It fails its own checks; nothing is published.
    """
    seal(partial, unsealed, card)
    bundle = load_bundle(partial)
    self_test(bundle, Sessions(bundle, "cpu"))
    publish(partial, output)
    return bundle.sha256


def publish(partial: Path, output: Path) -> None:
    """Put a finished folder in its place; an earlier bundle there goes only after that."""
    earlier = output.with_name(f".{output.name}.earlier")
    shutil.rmtree(earlier, ignore_errors=True)
    if output.exists():
        output.rename(earlier)
    partial.rename(output)
    shutil.rmtree(earlier, ignore_errors=True)
