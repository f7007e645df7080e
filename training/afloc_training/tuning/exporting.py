"""A fine-tuning's result as a bundle: the base's words and manner, the tuned weights."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from safetensors.torch import save_file

from afloc_desktop import __version__
from afloc_desktop.core.export.atomic import write_atomically
from afloc_desktop.core.model.bundle import GATE, load_arrays
from afloc_training import bundle_files
from afloc_training.bundle_files import WEIGHTS
from afloc_training.export import TextEncoder, export_text
from afloc_training.fitting.exporting import Exported, export_run
from afloc_training.fitting.run_folder import RunFolder
from afloc_training.manifests import now
from afloc_training.pretrained import load_text_encoder, text_files
from afloc_training.text_features import SentenceEncoder
from afloc_training.tuning.base import new_matcher, open_base
from afloc_training.tuning.field import field_of
from afloc_training.tuning.fit import BASE, PRESET
from afloc_training.tuning.settings import parse_tune_recipe
from afloc_training.tuning.stopping import standing_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from torch import Tensor

    from afloc_desktop.core.domain import FloatArray
    from afloc_desktop.core.model.manifest import FindingSpec, Manifest
    from afloc_desktop.core.text import WordPiece
    from afloc_training.export import Parity
    from afloc_training.fitting.run_folder import About
    from afloc_training.network import Matcher
    from afloc_training.tuning.base import Base
    from afloc_training.tuning.field import Field
    from afloc_training.tuning.settings import TuneSettings
    from afloc_training.tuning.stopping import TuneStanding

_EXAMPLES = 40
_LICENCE = (
    "The site's own, for what it adds: trained on its {images} and reports, under its own rules. "
    "Of the base: {base}"
)
_DATA = (
    "{train} {images} of the site with the sentences of their reports, identifiers taken out. "
    "{drawn} Began with {source}{replay}. Of the base: {base}"
)
_CARD = """# {title} ({id} {version})

**Research use only.** Not a medical device; no output may guide the care of a patient.

Made by AFLoc Desktop {app} from the bundle {base_id} and a site's own {images} and reports.

## What it learned from

- {train} {images} of the site; {dev} and {test} {images} of other patients were held out.
- Rules read the reports' sentences: finding, denial, side, zone. Where a report says that a \
finding is there, the base's own map of it, cut to the place the report names, is what the model \
is taught to draw; what a report does not mention stays unknown.
- {replay}
- {drawn} No sentence of a report is in this bundle.

## How

{steps}; {trained} were trained. \
Began with {source}; the weights are a mean of both, {share:.0%} of the base.

## Thresholds

{thresholds}

## What was measured

Nothing yet. `afloc-train evaluate --base … --bundle …` compares it with its base on the same \
{images}; read that page before it answers for anybody.

- Graphs against torch, largest difference: image {image:.1e}, text {text:.1e}.

## Licence

{licence}

## Of the base

{use}
"""
UNCALIBRATED = (
    "Those of the base stand in: they were chosen for its similarities. Probabilities are not "
    "stated. `afloc-train calibrate` sets both from the site's held-out images."
)
"""What the card of a bundle says before `calibrate`."""


_TRUNK = "blocks 7 to 17 of the image trunk, "


class _Told(NamedTuple):
    """What a run folder says of its training; `standing` is that of the weights that are kept."""

    about: About
    tune: TuneSettings
    standing: TuneStanding


def export(run: Path, output: Path, bundle_id: str | None) -> Exported:
    """Write the result of any training as a bundle.

    Raises:
        CheckpointError: The training has no result yet, or a graph differs from torch.
        WouldOverwrite: The target exists and is no bundle.
        BundleError, InferenceError: The finished bundle fails its own checks.
    """
    is_tuned = is_tuning(RunFolder(run))
    return (export_tuning if is_tuned else export_run)(run, output, bundle_id)


def is_tuning(run: RunFolder) -> bool:
    """Whether a run fine-tunes a bundle; others train AFLoc's own network.

    Raises:
        CheckpointError: It is none.
    """
    return run.about().preset == PRESET


def export_tuning(run: Path, output: Path, bundle_id: str | None) -> Exported:
    """As `fitting.exporting.export_run`, for a fine-tuning.

    Raises:
        CheckpointError: The training has no result yet, or a graph differs from torch.
        WouldOverwrite: The target exists and is no bundle.
        BundleError, InferenceError: The finished bundle fails its own checks.
    """
    bundle_files.check_target(output)
    folder = RunFolder(run)
    weights, state = folder.best()
    base = open_base(run / BASE)
    field = field_of(base.bundle.manifest.modality)
    with bundle_files.partial_folder(output) as partial:
        parity = _write_graphs(partial, new_matcher(weights), base, field)
        vectors = _write_vectors(partial, base.bundle.manifest, base.tokenizer)
        own = load_arrays(base.bundle, "selftest.npz")
        words = [str(text) for text in own["words"]]
        bundle_files.write_self_test(partial, own["tensor"][0], vectors, base.tokenizer, words)
        if base.bundle.manifest.gate is not None:
            # It compares what the frozen encoder says, which training leaves alone.
            write_atomically(partial / GATE, base.bundle.read(GATE))
        tune = parse_tune_recipe(folder.recipe()).tune
        told = _Told(folder.about(), tune, standing_of(state))
        manifest = _manifest(base, told, _digest(weights))
        manifest = replace(manifest, id=bundle_id or manifest.id)
        card = _card(manifest, base, told, parity)
        sha256 = bundle_files.finish(partial, output, manifest, card)
    return Exported(manifest.id, sha256, parity.image, parity.text)


def _write_graphs(folder: Path, matcher: Matcher, base: Base, field: Field) -> Parity:
    manifest = base.bundle.manifest
    write_atomically(folder / "tokenizer.json", base.bundle.read("tokenizer.json"))
    image = field.export_image(matcher, folder / "image.onnx", manifest.preprocess.side)
    save_file(matcher.state_dict(), folder / WEIGHTS)
    texts = [prompt for finding in manifest.findings for prompt in finding.prompts]
    examples = texts[:: max(1, len(texts) // _EXAMPLES)]
    ids, mask = (torch.tensor(values) for values in base.tokenizer.encode_all(examples))
    encoder = TextEncoder(SentenceEncoder(load_text_encoder(text_files())), matcher.text)
    return export_text(encoder, folder / "text.onnx", ids, mask)._replace(image=image)


def _write_vectors(folder: Path, manifest: Manifest, tokenizer: WordPiece) -> FloatArray:
    """`findings.npz`, from the prompts the base has."""
    means = [
        bundle_files.text_vectors(folder, tokenizer, finding.prompts, "text").mean(axis=0)
        for finding in manifest.findings
    ]
    vectors: FloatArray = np.stack([m / np.linalg.norm(m) for m in means]).astype(np.float32)
    ids = np.array([finding.id for finding in manifest.findings])
    np.savez(folder / "findings.npz", ids=ids, vectors=vectors)
    return vectors


def _digest(weights: Mapping[str, Tensor]) -> str:
    total = hashlib.sha256()
    for name in sorted(weights):
        total.update(name.encode() + weights[name].numpy().tobytes())
    return total.hexdigest()


def _manifest(base: Base, told: _Told, digest: str) -> Manifest:
    own, about = base.bundle.manifest, told.about
    field = field_of(own.modality)
    return replace(
        own,
        id=f"afloc-{own.modality}-site-{digest[:8]}",
        version=digest[:12],
        title=f"{own.title}, taught at a site",
        created=now(),
        min_app_version=__version__,
        findings=tuple(_finding(finding, told.tune, field.taught) for finding in own.findings),
        licence=_LICENCE.format(images=f"{field.image}s", base=own.licence),
        data=_DATA.format(
            images=f"{field.image}s",
            train=about.films["train"],
            source=about.source,
            drawn=_drawn(about),
            replay=_replayed(about, "; {} images of its training were shown again"),
            base=own.data,
        ),
        metrics=(),
        files={},
    )


def _finding(finding: FindingSpec, tune: TuneSettings, taught: Collection[str]) -> FindingSpec:
    """As the base has it, but for what holds for the base's similarities alone."""
    sigma = tune.routed_sigma_cells if finding.id in taught else finding.sigma_cells
    return replace(finding, sigma_cells=sigma, gain=None, bias=None, prevalence=None)


def _card(manifest: Manifest, base: Base, told: _Told, parity: Parity) -> str:
    about = told.about
    replay = _replayed(about, "{} images of the base's own training were shown again.")
    return _CARD.format(
        images=f"{field_of(manifest.modality).image}s",
        title=manifest.title,
        id=manifest.id,
        version=manifest.version,
        app=__version__,
        base_id=base.bundle.manifest.id,
        **{split: about.films[split] for split in ("train", "dev", "test")},
        replay=replay or "Maps that no report speaks of were held near the base's.",
        drawn=_drawn(about),
        steps=_steps(told),
        trained=_TRUNK * bool(told.tune.trunk_rate) + "the adapter and the text head",
        share=told.tune.base_share,
        source=about.source,
        thresholds=UNCALIBRATED,
        image=parity.image,
        text=parity.text,
        licence=manifest.licence,
        use=manifest.intended_use,
    )


def _steps(told: _Told) -> str:
    standing = told.standing
    if standing.best is None:
        return f"{standing.step} steps"
    return (
        f"At most {told.tune.steps} steps; kept is step {standing.best_step}, whose loss on "
        "held-out images was the lowest"
    )


def _drawn(about: About) -> str:
    count = about.films.get("drawn", 0)
    if not count:
        return "No box, mask or label of a person."
    return f"Regions drawn by people were used: on {count} of these images they were taught."


def _replayed(about: About, words: str) -> str:
    count = about.films["replayed"]
    return words.format(count) if count else ""
