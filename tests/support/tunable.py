"""A fine-tuning of some steps on four films (one held out), without the text encoder."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from afloc_training.facts import Claim
from afloc_training.network import Matcher
from afloc_training.sentences import Sentence
from afloc_training.site.planes import PLANES
from afloc_training.site.store import StoredCase, StoredSentence, StoreInfo, write_store
from afloc_training.tuning.base import Base
from afloc_training.tuning.settings import load_tune_recipe

from afloc_desktop.core.model.bundle import load_bundle
from afloc_desktop.core.preprocess import PreprocessSpec

if TYPE_CHECKING:
    from pathlib import Path

SPEC = PreprocessSpec(1, 384, "letterbox", "area-linear", 1.0, 99.0, "grey", 1, 0.0, 1.0, 0.0)
BANK = tuple(
    Sentence(f"{c.finding} {c.side}", c)
    for finding in ("lung_opacity", "pleural_effusion")
    for c in (Claim(finding), Claim(finding, side="right"), Claim(finding, is_negated=True))
)
REPORTS = (
    ("There is an opacity in the right lung.", "train"),
    ("No pleural effusion.", "train"),
    ("Left effusion.", "train"),
    ("Opacity in the left lung, no effusion.", "dev"),
)


def weights() -> dict[str, torch.Tensor]:
    """What the base knows; the same at every call."""
    torch.manual_seed(0)
    return Matcher(16, 8).state_dict()


def open_base(folder: Path) -> Base:
    """In place of `tuning.base.open_base`: any bundle, as if it held the weights."""
    bundle = load_bundle(folder)
    seen = replace(bundle, manifest=replace(bundle.manifest, preprocess=SPEC))
    return Base(seen, None, weights())


def language(*_: object) -> tuple[tuple[Sentence, ...], torch.Tensor]:
    """In place of the text encoder: every sentence is a draw."""
    generator = torch.Generator().manual_seed(1)
    return BANK, torch.randn(len(BANK), 768, generator=generator)


def recipe(*, steps: int, seed: int = 1) -> str:
    """The shipped one, small."""
    text = load_tune_recipe(None)[1]
    for old, new in (("steps = 80", f"steps = {steps}"), ("site_films = 16", "site_films = 2"),
                     ("threads = 0", "threads = 1"), ("seed = 1", f"seed = {seed}")):  # fmt: skip
        text = text.replace(old, new)
    return text


def store(folder: Path) -> Path:
    """Four films and what is said of them."""
    folder.mkdir()
    planes = np.random.default_rng(0).integers(0, 255, (len(REPORTS), 384, 384), np.uint8)
    (folder / PLANES).write_bytes(planes.tobytes())
    cases = [
        StoredCase(n, (0, 0, 384, 384), f"{n:064d}", f"p{n}", f"s{n}", split, "frontal", "", "",
                   "", False, (StoredSentence(text, "findings"),))
        for n, (text, split) in enumerate(REPORTS)
    ]  # fmt: skip
    write_store(folder, StoreInfo("base", SPEC, "", len(REPORTS), {}, {}, "0"), cases)
    return folder
