"""The recipe of fine-tuning: what a step shows, and how fast it learns; strict TOML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from afloc_training.fitting.settings import VariationSettings  # noqa: TC001  -- read at run time
from afloc_training.recipe import Limits, decode_text, recipe_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SHIPPED = "tune.toml"
_STOP_LIMITS = Limits({"patience": 0, "every": 1, "films": 1}, (), (), ())


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """How long, how fast, and by which losses.

    Attributes:
        seed: Of every draw.
        threads: Of the processor; 0 takes as many as torch does.
        precision: `auto` computes films in bfloat16 where the processor does so itself.
        steps: At most; few steps at a low rate are the recipe.
        site_films: Of the site, each step.
        plain_films, painted_films: Of the base bundle's training, each step, where it is at hand.
        adapter_rate, trunk_rate: Peak learning rates of everything but the trunk, and of its
            blocks 7 to 17.
        warm_up: Share of the steps in which the rates rise; a cosine follows.
        weight_decay: Of AdamW.
        clip: Largest length of the gradient.
        average_decay: Of the moving average of the weights, which is what is kept.
        presence_weight: Of what is there and what is not, on maps.
        global_weight: The same on films as a whole.
        mask_weight: Of painted lesions.
        drawn_weight: Of regions that people drew, where some are given.
        routed_weight: Of the base's own maps, cut to the places that reports name.
        routed_share: How much of a film such a map covers, about.
        teacher_weight: Of the pull towards the base's maps, where its training is not at hand.
        base_share: Of the base in the weights that are kept: between the two lie networks that know
            the new and have forgotten less (Wortsman et al., CVPR 2022).
        routed_sigma_cells: Smoothing of taught maps in the bundle. They are taught smooth.
    """

    seed: int
    threads: int
    precision: Literal["auto", "float32"]
    steps: int
    site_films: int
    plain_films: int
    painted_films: int
    adapter_rate: float
    trunk_rate: float
    warm_up: float
    weight_decay: float
    clip: float
    average_decay: float
    presence_weight: float
    global_weight: float
    mask_weight: float
    drawn_weight: float
    routed_weight: float
    routed_share: float
    teacher_weight: float
    base_share: float
    routed_sigma_cells: float


@dataclass(frozen=True, slots=True)
class StopSettings:
    """When a fine-tuning ends before its last step.

    Attributes:
        patience: Looks without a lower loss on held-out films before it ends; 0 never looks, and
            keeps the last weights. What is kept otherwise are the weights of the best look.
        every: Steps from one look to the next; the last step is looked at as well.
        films: Held-out films of the site (split `dev`) that are looked at, at most.
    """

    patience: int
    every: int
    films: int


@dataclass(frozen=True, slots=True)
class TuneRecipe:
    """All settings of one fine-tuning."""

    tune: TuneSettings
    stop: StopSettings
    variation: VariationSettings


def load_tune_recipe(
    path: Path | None, shipped: str = _SHIPPED, changes: Mapping[str, str] | None = None
) -> tuple[TuneRecipe, str]:
    """A recipe and its text; None takes the one that comes along, `shipped`.

    Args:
        path: TOML.
        shipped: The one that comes along.
        changes: Other values of some fields, as TOML writes them.

    Raises:
        SettingsError: Not readable, or a missing, unknown, mistyped or senseless field.
    """
    text = recipe_text(path, shipped)
    for name, value in (changes or {}).items():
        text = re.sub(rf"(?m)^{name} = [^\s#]+", f"{name} = {value}", text)
    return parse_tune_recipe(text), text


def parse_tune_recipe(text: str) -> TuneRecipe:
    """A recipe from TOML.

    Raises:
        SettingsError: Not TOML, or a missing, unknown, mistyped or senseless field.
    """
    recipe = decode_text(TuneRecipe, text, _SHIPPED)
    _limits().check(recipe.tune, _SHIPPED)
    _STOP_LIMITS.check(recipe.stop, _SHIPPED)
    return recipe


def _limits() -> Limits:
    least = {"steps": 1, "site_films": 2}
    weights = ("presence", "global", "mask", "drawn", "routed", "teacher")
    return Limits(
        least=least | dict.fromkeys(("seed", "threads", "plain_films", "painted_films"), 0),
        above_zero=("adapter_rate", "clip"),
        shares=("warm_up", "average_decay", "routed_share", "base_share"),
        from_zero=(
            "trunk_rate",
            "weight_decay",
            "routed_sigma_cells",
            *(f"{weight}_weight" for weight in weights),
        ),
    )
