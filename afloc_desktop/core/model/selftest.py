"""Does a bundle compute here what its maker saw? A loaded graph may still be a damaged one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from afloc_desktop.core.errors import SelfTestFailed
from afloc_desktop.core.model.bundle import load_arrays, load_finding_vectors
from afloc_desktop.core.model.tokenizer import load_tokenizer

if TYPE_CHECKING:
    from afloc_desktop.core.model.bundle import Bundle
    from afloc_desktop.core.model.session import Sessions

# Cosines span [-1, 1]; raw products are measured by the largest of them. Float graphs agree to 1e-5
# between processors; the 8-bit text graph rounds differently with and without VNNI instructions.
MAP_TOLERANCE = 2e-3
WORD_TOLERANCE = 5e-2
# An 8-bit image network passed its maker's check on real films; here a broken one has to show.
INT8_TOLERANCE = 2e-2


@dataclass(frozen=True, slots=True)
class SelfTestReport:
    """Largest differences from the maker's numbers.

    Attributes:
        bundle_id: What was tested.
        provider: On what.
        map_difference: Cosine; of raw products the share of the largest; of an 8-bit network
            one less the lowest correlation of two maps.
        word_difference: One less the cosine.
    """

    bundle_id: str
    provider: str
    map_difference: float
    word_difference: float


def self_test(bundle: Bundle, sessions: Sessions) -> SelfTestReport:
    """Run the bundle's own example through both networks.

    Raises:
        SelfTestFailed: A difference above its tolerance, or an example that does not fit.
        InferenceError: A network cannot be run.
    """
    golden = load_arrays(bundle, "selftest.npz")
    tokenizer = load_tokenizer(bundle)
    try:
        tensor = np.asarray(golden["tensor"], np.float32)
        local = sessions.encode_patches(tensor)
        vectors = np.stack(list(load_finding_vectors(bundle).values()))
        maps = np.einsum("kd,dij->kij", vectors, local)
        words = [str(text) for text in golden["words"]]
        answers = sessions.encode_text(*tokenizer.encode_all(words))
        is_cosine = bundle.manifest.heatmap.similarity == "cosine"
        scale = 1.0 if is_cosine else float(np.abs(golden["maps"]).max())
        map_difference = float(np.abs(maps - golden["maps"]).max()) / scale
        if sessions.precision == "int8":
            map_difference = 1 - _least_correlation(maps, golden["maps"])
        word_difference = float(1 - _cosines(answers, golden["word_vectors"]).min())
    except (KeyError, ValueError) as error:
        raise _failed(bundle, f"its example does not fit ({type(error).__name__})") from error
    tolerance = MAP_TOLERANCE if sessions.precision == "float32" else INT8_TOLERANCE
    if not map_difference <= tolerance or not word_difference <= WORD_TOLERANCE:
        raise _failed(bundle, f"maps differ by {map_difference:.2g}, words {word_difference:.2g}")
    return SelfTestReport(bundle.manifest.id, sessions.runs_on, map_difference, word_difference)


def _least_correlation(some: np.ndarray, others: np.ndarray) -> float:
    pairs = zip(some, others, strict=True)
    return float(min(np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in pairs))


def _cosines(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(some, axis=1) * np.linalg.norm(others, axis=1)
    cosines: np.ndarray = (some * others).sum(axis=1) / lengths
    return cosines


def _failed(bundle: Bundle, why: str) -> SelfTestFailed:
    return SelfTestFailed(
        f"The bundle {bundle.manifest.id} fails its self-test: {why}.",
        remedy="Choose the CPU as provider; if it still fails, get the bundle again.",
    )
