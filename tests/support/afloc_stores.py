"""Prepared stores of phantoms: a bright spot on a dark film, and a report that says where."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from afloc_training.afloc.config import AflocConfig, TextConfig, VisionConfig
from afloc_training.site.planes import PLANES
from afloc_training.site.store import StoredCase, StoredSentence, StoreInfo, write_store

from afloc_desktop.core.preprocess import PreprocessSpec

if TYPE_CHECKING:
    from pathlib import Path

SPEC = PreprocessSpec(1, 64, "letterbox", "area-linear", 1.0, 99.0, "grey", 1, 0.0, 1.0, 0.0)
PLACES = {"upper right": (16, 16), "upper left": (16, 48),
          "lower right": (48, 16), "lower left": (48, 48)}  # fmt: skip

# The network's layout in small, so that a step takes milliseconds.
MINIATURE = AflocConfig(
    VisionConfig("basic", (1, 1, 1, 1), 16, 1, 64), TextConfig(16, 2, 2, 32, 512, 64, 40, 2)
)


def phantom_store(folder: Path, films: int = 12, dev: int = 4, side: int = 64) -> Path:
    """A store of `films` training films and `dev` others, each of a patient of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    planes = rng.integers(0, 60, (films + dev, side, side), dtype=np.uint8)
    cases = []
    for n in range(films + dev):
        words, (row, column) = list(PLACES.items())[n % 4]
        planes[n, row - 6 : row + 6, column - 6 : column + 6] = 230
        texts = (f"There is an opacity in the {words} zone.", "The heart is normal.")
        if n % 5 == 4:
            planes[n] = rng.integers(0, 60, (side, side))
            texts = ("The lungs are clear.", "The heart is normal.")
        sentences = tuple(StoredSentence(text, "findings") for text in texts)
        split = "train" if n < films else "dev"
        cases.append(StoredCase(n, (0, 0, side, side), f"{n:064d}", f"p{n:05d}", f"s{n:05d}",
                                split, "frontal", "", "", "", n % 5 == 4, sentences))  # fmt: skip
    (folder / PLANES).write_bytes(planes.tobytes())
    spec = replace(SPEC, side=side)
    write_store(folder, StoreInfo("phantoms", spec, "", films + dev, {}, {}, "0"), cases)
    return folder


RECIPE = """
[fit]
seed = 1
threads = 1
precision = "float32"
batch = 4
accumulated = 1
films_at_once = 0
epochs = 2
patience = 0
rate = 4e-4
warm_up = 0.2
weight_decay = 0.02
clip = 1.0
average_decay = 0.9
cosine_weight = 1.0
teacher_weight = 0.0
trunk = "trained"
statistics = "learned"
dropout = 0.1
lora_rank = 0
recall_at = 1

[variation]
turn_degrees = 5.0
shift = 0.05
scale = 0.05
gamma = 1.25
"""


def recipe(**changes: object) -> str:
    """The recipe above with other values."""
    lines = RECIPE.splitlines()
    for name, value in changes.items():
        shown = f'"{value}"' if isinstance(value, str) else value
        lines = [f"{name} = {shown}" if line.startswith(f"{name} =") else line for line in lines]
    return "\n".join(lines)
