"""The training module as a child process: the desktop itself never loads torch."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from afloc_desktop.core.errors import AflocError, CheckpointError
from afloc_desktop.state.bundles import settle, staging

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.state.paths import Paths

INSTALL = "Install it with: pip install 'afloc-desktop[train]'"
_ADD = "Install it: it is the second part of the installer, or a download of its own."
_LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A checkpoint a site wants as a bundle.

    Attributes:
        checkpoint: Lightning checkpoint, bare state dict or safetensors.
        vocabulary: The `vocab.txt` of its text encoder.
        modality: `cxr`, `fundus` or `histo`.
        cleaning: `afloc-words`, or `afloc` for that of AFLoc's own code.
        bundle_id: None leaves it to the trainer.
        phrasings: Of the listed findings, `official` or `library`.
        calibration: Folder of films for a network in 8 bits and for the thresholds of the
            calibrated mode; None for none.
        mode: `official` for AFLoc's own maps, or `calibrated`.
    """

    checkpoint: Path
    vocabulary: Path
    modality: str
    cleaning: str
    bundle_id: str | None
    phrasings: str = "official"
    calibration: Path | None = None
    mode: str = "official"


def import_checkpoint(request: ImportRequest, paths: Paths) -> dict[str, Any]:
    """Have the trainer turn a checkpoint into a bundle, and install it.

    Returns:
        What the trainer tells: `id`, `sha256`, `missing`, `unexpected`, `warnings` and more.

    Raises:
        CheckpointError: The checkpoint cannot be used.
        BundleError: The bundle cannot be installed.
        AflocError: The training module is not installed.
    """
    with staging(paths) as folder:
        output = folder / "bundle"
        words = ["import-checkpoint", str(request.checkpoint.absolute()), "--json"]
        words += ["--vocab", str(request.vocabulary.absolute()), "--modality", request.modality]
        words += ["--cleaning", request.cleaning, "--phrasings", request.phrasings]
        words += ["--output", str(output), "--mode", request.mode]
        words += ["--id", request.bundle_id] if request.bundle_id else []
        words += (
            ["--calibration", str(request.calibration.absolute())] if request.calibration else []
        )
        told = run_trainer(words)
        settle(output, paths)
    return told


def trainer_command() -> list[str]:
    """What starts `afloc-train`: the program beside ours, or the module of this Python.

    Raises:
        AflocError: The training module is not installed.
    """
    if getattr(sys, "frozen", False):
        own = Path(sys.executable)
        beside = own.with_name(f"afloc-train{own.suffix}")
        if beside.is_file():
            return [str(beside)]
        raise AflocError("The training component is not installed.", remedy=_ADD)
    if find_spec("afloc_training") is None:
        raise AflocError("The training module is not installed.", remedy=INSTALL)
    return [sys.executable, "-m", "afloc_training.cli"]


def run_trainer(words: Sequence[str]) -> dict[str, Any]:
    """Run one verb of `afloc-train` that answers with one JSON object.

    Raises:
        CheckpointError: The trainer refuses; reason and remedy are its own.
        AflocError: The training module is not installed.
    """
    command = [*trainer_command(), *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LONGEST_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise CheckpointError(
            "The training module gave no answer within an hour.", remedy="Try again."
        ) from error
    if done.returncode != 0:
        raise refusal(done.stderr.decode("utf-8", "replace"))
    told: dict[str, Any] = json.loads(done.stdout)
    told.pop("event", None)
    return told


def refusal(said: str) -> CheckpointError:
    """The trainer's two lines on stderr as an error of ours."""
    mark = "afloc-train: "
    lines = said.strip().splitlines()
    at = next((n for n, line in enumerate(lines) if line.startswith(mark)), None)
    if at is None:
        last = lines[-1] if lines else "it died without a word"
        return CheckpointError(f"The training module failed: {last}.", remedy=INSTALL)
    remedy = " ".join(lines[at + 1 :]) or "Get the checkpoint again from its maker."
    return CheckpointError(lines[at].removeprefix(mark), remedy=remedy)
