"""What whoever looks after a station needs to know of it, without a word about a patient."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from afloc_desktop import __version__

if TYPE_CHECKING:
    from afloc_desktop.state.store import Model, State

_PARTS = ("PySide6-Essentials", "numpy", "pydicom", "onnxruntime", "SimpleITK", "imagecodecs")


def diagnostics(state: State) -> str:
    """Versions, machine, model and what is wrong, a line each; no names, no paths, no words typed.

    Problems are told by their kind alone: a reason may name a file.
    """
    lines = [
        f"AFLoc Desktop {__version__}",
        f"Python {platform.python_version()}, {platform.system()} {platform.release()} "
        f"{platform.machine()}, {os.cpu_count()} processors",
        *(f"{name} {_version(name)}" for name in _PARTS),
        f"frozen: {bool(getattr(sys, 'frozen', False))}",
        _of_model(state.model),
        f"open: {len(state.listing.studies)} studies, {len(state.listing.images)} images, "
        f"{len(state.listing.skipped)} skipped files",
        _of_film(state),
    ]
    wrong = ("model_problem", "image_problem", "answer_problem", "judgement_problem",
             "settings_problem", "notice")  # fmt: skip
    lines += [f"problem: {name}" for name in wrong if getattr(state, name) is not None]
    return "\n".join(lines)


def _of_model(model: Model | None) -> str:
    if model is None:
        return "model: none"
    return f"model: {model.id} {model.version} {model.bundle_sha256[:12]} on {model.provider}"


def _of_film(state: State) -> str:
    image = state.image
    if image is None:
        return "film: none"
    basis = "no scale" if image.spacing is None else image.spacing.basis
    return f"film: {image.rows} x {image.columns}, {basis}, {len(image.warnings)} warnings"


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "?"
