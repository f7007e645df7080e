"""A training's result as a bundle: graphs compared with torch, tested as the desktop tests them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop import __version__
from afloc_desktop.core.model.manifest import SCHEMA, FindingSpec, HeatmapSpec, Manifest
from afloc_desktop.core.model.session import PATCHES
from afloc_desktop.core.text import WordPiece, as_sentence
from afloc_training import bundle_files
from afloc_training.afloc.graphs import IMAGE_OUTPUTS, export_image, export_patches, export_text
from afloc_training.afloc.importing import DICOM, encoded, example
from afloc_training.afloc.terms import SUBJECTS
from afloc_training.afloc.vocabulary_file import write_tokenizer
from afloc_training.export import run as run_graph
from afloc_training.fitting.films import network_spec
from afloc_training.fitting.run_folder import RunFolder
from afloc_training.fitting.settings import parse_fit_recipe
from afloc_training.fitting.start import build_network, network_config
from afloc_training.manifests import now

if TYPE_CHECKING:
    from pathlib import Path

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.preprocess import PreprocessSpec
    from afloc_training.afloc.network import Afloc
    from afloc_training.afloc.terms import Modality
    from afloc_training.fitting.run_folder import About

_SIGMA_CELLS = 1.5
_OUT_OF_REACH = 1.0  # no cosine reaches it
# As after an import: half of the published protocol's range, tuned on nothing.
_RAW_THRESHOLD = 1.0
_KINDS = {
    "cxr": "chest films, frontal",
    "fundus": "fundus photographs",
    "histo": "histology",
}
_SHOWN = {
    "cxr": "a frontal chest film",
    "fundus": "a fundus photograph",
    "histo": "stained tissue",
}
_LICENCE = "The site's own: trained on its films and reports, under its own rules."
_DATA = (
    "{train} films of the site with the sentences of their reports, identifiers taken out; "
    "{dev} films of other patients chose the best step. No box or mask of a person. "
    "Began with {source}."
)
_PAIRS = " The text encoder was changed by pairs of rank {} in its attention alone."
_INTENDED_USE = (
    "Research at the site that trained it: showing where {} resembles a finding named in words. "
    "Research use only: not for diagnosis."
)
_CARD = """# {title}

Trained by AFLoc Desktop {version} on a site's own films and reports: AFLoc's three losses \
(Yang et al., Nature Biomedical Engineering 2026){beside}.

**Licence.** {licence}

**Data.** {data}

**Use.** {use}

## How it is run

- Maps compare deep local features with the words' vector by {similarity}; Gaussian of {sigma} \
cells.
- **Thresholds are not set.** {threshold}

## What was checked

- Graphs against torch, largest difference as a share of the largest number: image {image:.1e}, \
text {text:.1e}.
- {validation}

No figure of localization was measured; `afloc evaluate` measures them.
"""


@dataclass(frozen=True, slots=True)
class Exported:
    """What the export has to say; the bundle lies in its place.

    Attributes:
        id, sha256: Of the bundle.
        image_difference, text_difference: Of the graphs from torch, share of the largest number.
    """

    id: str
    sha256: str
    image_difference: float
    text_difference: float


@dataclass(frozen=True, slots=True, eq=False)
class _Trained:
    """A network and how it is to be run; `pairs` is the rank its text encoder learned by."""

    network: Afloc
    about: About
    preprocess: PreprocessSpec
    is_cosine: bool
    pairs: int
    digest: str
    validation: str


def export_run(run: Path, output: Path, bundle_id: str | None) -> Exported:
    """Write the best weights of a training as a bundle; it appears whole or not at all.

    Args:
        run: Folder of the training.
        output: The bundle folder; an earlier bundle there is replaced.
        bundle_id: None makes one of the weights.

    Raises:
        CheckpointError: The training has no result yet, or a graph differs from torch.
        WouldOverwrite: The target exists and is no bundle.
        BundleError, InferenceError: The finished bundle fails its own checks.
    """
    bundle_files.check_target(output)
    folder = RunFolder(run)
    trained = _trained(folder)
    network, side, pieces = trained.network, trained.preprocess.side, folder.pieces()
    with bundle_files.partial_folder(output) as partial:
        write_tokenizer(partial / "tokenizer.json", pieces)
        image = export_image(network, partial / "image.onnx", side)
        patches = partial / PATCHES["float32"]
        image = max(image, export_patches(network, partial / "image.onnx", patches, side))
        text = export_text(network, partial / "text.onnx")
        grid = _write_arrays(partial, trained, WordPiece(pieces, trained.about.text))
        unsealed = _manifest(trained, grid, bundle_id)
        card = _card(trained, unsealed, image, text)
        sha256 = bundle_files.finish(partial, output, unsealed, card)
    return Exported(unsealed.id, sha256, image, text)


def _trained(folder: RunFolder) -> _Trained:
    about = folder.about()
    recipe = parse_fit_recipe(folder.recipe()).fit
    weights, state = folder.best()
    config = network_config(about.preset, len(folder.pieces()), recipe.dropout, about.preprocess)
    network = build_network(config, weights, recipe.seed).eval()
    is_cosine = recipe.cosine_weight > 0
    network.img_encoder.is_unit = network.text_encoder.is_unit = is_cosine
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode() + weights[name].numpy().tobytes())
    best = state.get("best")
    validation = "No film was kept for validation; the weights are those of the last step."
    if isinstance(best, list):
        validation = (
            f"Retrieval on {about.films['dev']} films of patients not trained on: the right report "
            f"or film is among the first {recipe.recall_at} in {best[0]:.0%} of searches; kept is "
            f"step {state.get('step')}."
        )
    return _Trained(
        network,
        about,
        network_spec(about.preprocess, config.vision.channels),
        is_cosine,
        recipe.lora_rank,
        digest.hexdigest(),
        validation,
    )


def _write_arrays(folder: Path, trained: _Trained, tokenizer: WordPiece) -> int:
    """`findings.npz` and `selftest.npz`; rows of the deep grid."""
    subjects = SUBJECTS[trained.about.modality]
    sentences = [as_sentence(subject.prompt, trained.about.text) for subject in subjects]
    vectors: FloatArray = encoded(folder, tokenizer, sentences)
    np.savez(folder / "findings.npz", ids=np.array([s.id for s in subjects]), vectors=vectors)
    tensor = example(trained.preprocess)
    local = run_graph(folder / "image.onnx", {"image": tensor})[0][0]
    np.savez_compressed(
        folder / "selftest.npz",
        tensor=tensor,
        maps=np.einsum("kd,dij->kij", vectors, local),
        words=np.array(sentences[:3]),
        word_vectors=vectors[:3],
    )
    return int(local.shape[1])


def _manifest(trained: _Trained, grid: int, bundle_id: str | None) -> Manifest:
    about, digest = trained.about, trained.digest
    threshold = _OUT_OF_REACH if trained.is_cosine else _RAW_THRESHOLD
    return Manifest(
        schema=SCHEMA,
        id=bundle_id or f"afloc-{about.modality}-site-{digest[:8]}",
        version=digest[:12],
        title=f"AFLoc ({about.preset}), trained at the site: {_KINDS[about.modality]}",
        modality=about.modality,
        dicom_modalities=DICOM[about.modality],
        created=now(),
        min_app_version=__version__,
        preprocess=trained.preprocess,
        text=about.text,
        heatmap=HeatmapSpec(
            level="local",
            grid=grid,
            similarity="cosine" if trained.is_cosine else "dot",
            extent="film",
            sigma_cells=_SIGMA_CELLS,
            sharpness=0.0,
            threshold=threshold,
            side_penalty=0.0,
            mean_map=0.0,
        ),
        image_outputs=IMAGE_OUTPUTS,
        findings=_findings(about.modality, threshold),
        gate=None,
        licence=_LICENCE,
        data=_DATA.format(**about.films, source=about.source)
        + _PAIRS.format(trained.pairs) * bool(trained.pairs),
        intended_use=_INTENDED_USE.format(_SHOWN[about.modality]),
        metrics=(),
        files={},
    )


def _findings(modality: Modality, threshold: float) -> tuple[FindingSpec, ...]:
    return tuple(
        FindingSpec(
            id=subject.id,
            label=subject.label,
            group="Findings",
            prompts=(subject.prompt,),
            synonyms=subject.synonyms,
            threshold=threshold,
            sigma_cells=_SIGMA_CELLS,
            gain=None,
            bias=None,
            prevalence=None,
            is_default=subject.is_default,
        )
        for subject in SUBJECTS[modality]
    )


def _card(trained: _Trained, manifest: Manifest, image: float, text: float) -> str:
    is_cosine = trained.is_cosine
    return _CARD.format(
        title=manifest.title,
        version=__version__,
        beside=", and a cosine alignment of patches with sentences beside them" * is_cosine,
        licence=manifest.licence,
        data=manifest.data,
        use=manifest.intended_use,
        similarity="cosine" if is_cosine else "raw product",
        sigma=_SIGMA_CELLS,
        threshold=_threshold_words(is_cosine),
        image=image,
        text=text,
        validation=trained.validation,
    )


def _threshold_words(is_cosine: bool) -> str:
    if is_cosine:
        return "Maps are shown and nothing is proposed as present until the site sets thresholds."
    return (
        f"{_RAW_THRESHOLD} stands in, tuned on nothing; raw products grow with the length of a "
        "text, and a map lights up somewhere whether the finding is there or not."
    )
