"""From an official checkpoint to a bundle the desktop runs exactly as AFLoc's own code would.

The weights are the site's: whoever trained on credentialed data hands them out under their own
terms, and nothing here passes them on.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from afloc_desktop import __version__
from afloc_desktop.core.errors import CheckpointError, DatasetError
from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.model.manifest import SCHEMA, FindingSpec, HeatmapSpec, Manifest
from afloc_desktop.core.model.selftest import self_test
from afloc_desktop.core.model.session import PATCHES, Sessions, has_int8
from afloc_desktop.core.preprocess import PreprocessSpec, prepare
from afloc_desktop.core.text import TextSpec, WordPiece, as_sentence
from afloc_training import bundle_files
from afloc_training.afloc.calibrated import calibrated_spec, scaled, sigma_of
from afloc_training.afloc.checkpoint import read_checkpoint
from afloc_training.afloc.config import PRESETS
from afloc_training.afloc.eight_bits import add_eight_bits, read_films, site_images
from afloc_training.afloc.graphs import IMAGE_OUTPUTS, export_image, export_patches, export_text
from afloc_training.afloc.import_card import import_card
from afloc_training.afloc.network import Afloc
from afloc_training.afloc.terms import SENTENCES, SUBJECTS, Modality, Subject
from afloc_training.afloc.vocabulary_file import read_vocabulary, write_tokenizer
from afloc_training.export import open_session, run
from afloc_training.manifests import now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from afloc_desktop.core.domain import FloatArray
    from afloc_training.afloc.config import AflocConfig

Cleaning = Literal["afloc", "afloc-words"]
Phrasings = Literal["official", "library"]
Mode = Literal["official", "calibrated"]
SIDE = 224
# The published protocol's confidence is the raw maximum, cut to [0, 2], over 2; this is its half.
# It was tuned on nothing: where a finding counts as present is the site's to set.
THRESHOLD = 1.0
_SIGMA_CELLS = 1.5
DICOM = {
    "cxr": ("CR", "DX", "RF", "OT", "SC"),
    "fundus": ("OP", "OT", "SC", "XC"),
    "histo": ("SM", "GM", "OT", "SC", "XC"),
}
_TITLES = {
    "cxr": "AFLoc, imported: chest films, frontal",
    "fundus": "AFLoc, imported: fundus photographs",
    "histo": "AFLoc, imported: histology",
}
_LICENCE = "Obtained by the site; not redistributed. The terms of the checkpoint's authors apply."
_BROUGHT = {"official": "imported", "calibrated": "calibrated"}
_DATA = {
    "official": "As the authors of the checkpoint state; nothing was trained or tuned during the "
    "import.",
    "calibrated": "As the authors of the checkpoint state; nothing was trained during the import, "
    "thresholds are from films of the site.",
}
_INTENDED_USE = (
    "Research: reproducing AFLoc's maps on the site's own machines. Research use only: not for "
    "diagnosis. Maps are raw products, no probabilities."
)
_CALIBRATED_USE = (
    "Research: AFLoc's weights on a fixed scale, with thresholds from the site's own films; these "
    "are not AFLoc's own maps. Research use only: not for diagnosis."
)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What is imported, and how it is to be run.

    Attributes:
        checkpoint: Lightning checkpoint, bare state dict or safetensors.
        vocabulary: The `vocab.txt` of its text encoder.
        modality: Chooses how pictures are fitted, their planes, and the findings.
        preset: Size of the network.
        cleaning: `afloc` drops single words and digits before a period as the authors' code does.
        bundle_id: None makes one of modality and checkpoint.
        phrasings: A listed finding is asked with the `official` protocol's one prompt, or with the
            mean vector of the `library` of phrasings.
        calibration: Folder of the site's DICOM films, for a network in 8 bits beside the exact
            one, and for the thresholds of the calibrated mode; None for none.
        mode: `official` gives AFLoc's own maps. `calibrated` compares unit vectors, asks with the
            library, takes the mean map off, and needs films for its thresholds; words are then
            understood as the default model's, whatever `cleaning` and `phrasings` say.
    """

    checkpoint: Path
    vocabulary: Path
    modality: Modality
    preset: str = "paper"
    cleaning: Cleaning = "afloc-words"
    bundle_id: str | None = None
    phrasings: Phrasings = "official"
    calibration: Path | None = None
    mode: Mode = "official"

    @property
    def is_calibrated(self) -> bool:
        """Whether maps are on a fixed scale instead of AFLoc's own."""
        return self.mode == "calibrated"


@dataclass(frozen=True, slots=True)
class Imported:
    """What the import has to say; the bundle lies in its place.

    Attributes:
        id, sha256: Of the bundle.
        missing, unexpected: Names the checkpoint lacks, and those that were not used.
        warnings: What the site should know.
        image_difference, text_difference: Of the graphs from torch, share of the largest number.
        eight_bits: What came of the network in 8 bits; empty where none was asked for.
        thresholds: What films set them; empty for AFLoc's own maps.
    """

    id: str
    sha256: str
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    warnings: tuple[str, ...]
    image_difference: float
    text_difference: float
    eight_bits: str = ""
    thresholds: str = ""


def import_checkpoint(
    plan: ImportPlan, output: Path, config: AflocConfig | None = None
) -> Imported:
    """Check, convert, compare and test a checkpoint; the bundle appears whole or not at all.

    Args:
        plan: What and how.
        output: The bundle folder; an earlier bundle there is replaced.
        config: Of the network; that of the plan's preset where None.

    Raises:
        CheckpointError: The weights or the vocabulary cannot be used.
        DatasetError: Too few films for a network in 8 bits or the calibrated mode.
        WouldOverwrite: The target exists and is no bundle.
        BundleError, InferenceError: The finished bundle fails its own checks.
    """
    _check(plan, output)
    config = config or PRESETS[plan.preset]
    pieces, is_published = read_vocabulary(plan.vocabulary, config.text.vocabulary)
    checkpoint = read_checkpoint(plan.checkpoint, config)
    warnings = checkpoint.warnings
    if not is_published and plan.preset == "paper":
        warnings += ("the vocabulary is not the file that BioBERT's authors published",)
    with torch.device("meta"):  # the checkpoint's own tensors become the network's
        network = Afloc(config).eval()
    network.load_state_dict(checkpoint.state, assign=True)
    network.img_encoder.is_unit = network.text_encoder.is_unit = plan.is_calibrated
    with bundle_files.partial_folder(output) as partial:
        write_tokenizer(partial / "tokenizer.json", pieces)
        image = export_image(network, partial / "image.onnx", SIDE)
        patches = partial / PATCHES["float32"]
        image = max(image, export_patches(network, partial / "image.onnx", patches, SIDE))
        text = export_text(network, partial / "text.onnx")
        grid = _write_arrays(partial, plan, config, WordPiece(pieces, text_spec(plan, config)))
        digest = _digest(plan.checkpoint)
        unsealed = _manifest(plan, config, grid, digest)
        told = (checkpoint.missing, checkpoint.unexpected, warnings)
        eight_bits = _eight_bits(partial, plan, config)
        unsealed, scale = _scaled(partial, unsealed, plan)
        notes = (eight_bits and f"in 8 bits: {eight_bits}", scale)
        card = import_card(unsealed, plan.checkpoint.name, digest, told, (image, text), notes)
        bundle_files.seal(partial, unsealed, card)
        bundle = load_bundle(partial)
        self_test(bundle, Sessions(bundle, "cpu"))
        if has_int8(bundle):
            self_test(bundle, Sessions(bundle, "cpu", precision="int8"))
        bundle_files.publish(partial, output)
    return Imported(unsealed.id, bundle.sha256, *told, image, text, eight_bits, scale)


def _check(plan: ImportPlan, output: Path) -> None:
    bundle_files.check_target(output)
    if plan.is_calibrated and plan.calibration is None:
        raise DatasetError(
            "The calibrated mode takes its thresholds from films of the site, and got none.",
            remedy="Give --calibration FOLDER, or import with --mode official.",
        )


def _scaled(folder: Path, unsealed: Manifest, plan: ImportPlan) -> tuple[Manifest, str]:
    """The manifest with the site's thresholds, where films set them, and what was done."""
    if plan.calibration is None or not plan.is_calibrated:
        return unsealed, ""
    bundle_files.seal(folder, unsealed, "")
    return scaled(folder, unsealed, site_images(plan.calibration))


def _eight_bits(folder: Path, plan: ImportPlan, config: AflocConfig) -> str:
    """A network in 8 bits, where the site gave films to judge it by; what came of it."""
    if plan.calibration is None:
        return ""
    films = read_films(plan.calibration, preprocess_spec(plan, config))
    with np.load(folder / "findings.npz") as stored:
        vectors = stored["vectors"]
    if plan.is_calibrated:  # judged by the maps that will be drawn, without what all share
        vectors = vectors - vectors.mean(axis=0)
    return str(add_eight_bits(folder, films, vectors, _SIGMA_CELLS))


def preprocess_spec(plan: ImportPlan, config: AflocConfig) -> PreprocessSpec:
    """Chest films are fitted into a grey square; colour pictures go in as they are, blue first.

    The authors' code reads colour files with a library that gives blue first, and trained so.
    """
    is_grey = plan.modality == "cxr"
    return PreprocessSpec(
        version=1,
        side=SIDE,
        fit="letterbox-truncated" if is_grey else "as-is",
        resize="area-8bit",
        low_percentile=0.0,
        high_percentile=100.0,
        planes="grey" if is_grey else "bgr",
        channels=config.vision.channels,
        mean=0.5,
        std=0.5,
        pad=0.0,
    )


def text_spec(plan: ImportPlan, config: AflocConfig) -> TextSpec:
    """How the bundle reads words."""
    return TextSpec(
        tokenizer="wordpiece",
        is_lowercase=True,
        max_tokens=config.text.max_tokens,
        cleaning="none" if plan.is_calibrated else plan.cleaning,
        sentence=SENTENCES[plan.modality],
    )


def _write_arrays(folder: Path, plan: ImportPlan, config: AflocConfig, tokenizer: WordPiece) -> int:
    """`findings.npz` and `selftest.npz`; rows of the deep grid."""
    subjects = SUBJECTS[plan.modality]
    spec = text_spec(plan, config)
    prompts = [_prompts(subject, plan) for subject in subjects]
    sentences = [as_sentence(text, spec) for texts in prompts for text in texts]
    each = encoded(folder, tokenizer, sentences)
    ends = np.cumsum([len(texts) for texts in prompts])[:-1]
    vectors = np.stack([own.mean(axis=0) for own in np.split(each, ends)])
    if plan.is_calibrated:
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.savez(folder / "findings.npz", ids=np.array([s.id for s in subjects]), vectors=vectors)
    tensor = example(preprocess_spec(plan, config))
    local = run(folder / "image.onnx", {"image": tensor})[0][0]
    np.savez_compressed(
        folder / "selftest.npz",
        tensor=tensor,
        maps=np.einsum("kd,dij->kij", vectors, local),
        words=np.array(sentences[:3]),
        word_vectors=each[:3],
    )
    return int(local.shape[1])


def encoded(folder: Path, tokenizer: WordPiece, sentences: Sequence[str]) -> FloatArray:
    """One text at a time, as the desktop encodes typed words, (K, D)."""
    session = open_session(folder / "text.onnx", threads=2)
    rows = [np.array([tokenizer.encode(sentence)], np.int64) for sentence in sentences]
    feeds = ({"input_ids": ids, "attention_mask": np.ones_like(ids)} for ids in rows)
    vectors: FloatArray = np.concatenate([session.run(None, feed)[0] for feed in feeds])
    if not np.isfinite(vectors).all() or not np.linalg.norm(vectors, axis=1).all():
        raise CheckpointError(
            "The checkpoint's text encoder answers with no usable numbers.",
            remedy="Get the checkpoint again from its maker.",
        )
    return vectors


def example(spec: PreprocessSpec) -> FloatArray:
    """A picture of no patient: blurred shapes on a slope, whole grey levels."""
    y, x = np.mgrid[: spec.side, : spec.side] / spec.side
    film = 60 + 90 * x + 40 * np.sin(9 * y) * np.cos(7 * x)
    film += 60 * np.exp(-((x - 0.3) ** 2 + (y - 0.6) ** 2) / 0.01)
    grey = np.rint(np.clip(film, 0, 255)).astype(np.float32)
    return prepare(grey, spec, padding=None).tensor


def _manifest(plan: ImportPlan, config: AflocConfig, grid: int, digest: str) -> Manifest:
    return Manifest(
        schema=SCHEMA,
        id=plan.bundle_id or f"afloc-{plan.modality}-{_BROUGHT[plan.mode]}-{digest[:8]}",
        version=digest[:12],
        title=_TITLES[plan.modality],
        modality=plan.modality,
        dicom_modalities=DICOM[plan.modality],
        created=now(),
        min_app_version=__version__,
        preprocess=preprocess_spec(plan, config),
        text=text_spec(plan, config),
        heatmap=_heatmap_spec(plan, grid),
        image_outputs=IMAGE_OUTPUTS,
        findings=tuple(_finding(subject, plan, grid) for subject in SUBJECTS[plan.modality]),
        gate=None,
        licence=_LICENCE,
        data=_DATA[plan.mode],
        intended_use=_CALIBRATED_USE if plan.is_calibrated else _INTENDED_USE,
        metrics=(),
        files={},
    )


def _heatmap_spec(plan: ImportPlan, grid: int) -> HeatmapSpec:
    if plan.is_calibrated:
        return calibrated_spec(grid, _SIGMA_CELLS)
    return HeatmapSpec(
        level="local",
        grid=grid,
        similarity="dot",
        extent="input",
        sigma_cells=_SIGMA_CELLS,
        sharpness=0.0,
        threshold=THRESHOLD,
        side_penalty=0.0,
        mean_map=0.0,
    )


def _prompts(subject: Subject, plan: ImportPlan) -> tuple[str, ...]:
    is_single = plan.phrasings == "official" and not plan.is_calibrated
    return (subject.prompt,) if is_single else subject.phrasings


def _finding(subject: Subject, plan: ImportPlan, grid: int) -> FindingSpec:
    is_own = plan.is_calibrated and plan.modality == "cxr"
    return FindingSpec(
        id=subject.id,
        label=subject.label,
        group=subject.group,
        prompts=_prompts(subject, plan),
        synonyms=subject.synonyms,
        threshold=THRESHOLD,
        sigma_cells=sigma_of(subject.id, grid, _SIGMA_CELLS) if is_own else _SIGMA_CELLS,
        gain=None,
        bias=None,
        prevalence=None,
        is_default=subject.is_default,
    )


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
