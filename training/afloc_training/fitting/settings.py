"""What a training is asked for: the recipe of `fit`, as strict TOML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from afloc_training.recipe import Limits, decode_text, recipe_text

if TYPE_CHECKING:
    from pathlib import Path

_SHIPPED = "fit-tiny.toml"


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How long, how fast, and by which losses.

    Attributes:
        seed: Of every draw.
        threads: Of the processor; 0 takes as many as torch does. Part of the recipe because sums
            depend on it.
        precision: `auto` is bfloat16 where the processor or the GPU computes it, else float32.
        batch: Films a step; all are contrasted with each other.
        accumulated: Batches whose gradients are added up for one step.
        films_at_once: Films whose activations are in memory together; the others are computed
            again for the gradient. 0 keeps all of a batch.
        epochs: At most.
        patience: Epochs without a better validation before it stops; 0 never stops early.
        rate: Peak learning rate.
        warm_up: Share of all steps in which the rate rises; a cosine follows.
        weight_decay: Of matrices and kernels.
        clip: Largest length of the gradient.
        average_decay: Of the moving average of the weights, which is what is validated and kept.
        cosine_weight: Of our own alignment beside AFLoc's three losses; 0 is AFLoc alone.
        teacher_weight: Of the pull towards what the network computed when training began; needs
            weights to begin with.
        trunk: `frozen` trains all but the residual network, whose features of each film are
            computed once and kept in memory, half a megabyte a film; films are not varied then.
        statistics: Of batch normalisation: `learned` from the batches, or `kept` as they are.
        dropout: In the text encoder.
        lora_rank: Of the low-rank pairs by which alone the text encoder learns; 0 trains all of it.
            Needs weights to begin with.
        recall_at: A validation film counts where its report is among the first so many.
    """

    seed: int
    threads: int
    precision: Literal["auto", "float32", "bfloat16"]
    batch: int
    accumulated: int
    films_at_once: int
    epochs: int
    patience: int
    rate: float
    warm_up: float
    weight_decay: float
    clip: float
    average_decay: float
    cosine_weight: float
    teacher_weight: float
    trunk: Literal["trained", "frozen"]
    statistics: Literal["learned", "kept"]
    dropout: float
    lora_rank: int
    recall_at: int


@dataclass(frozen=True, slots=True)
class VariationSettings:
    """Largest change of a film; none is ever mirrored, the heart has a side.

    Attributes:
        turn_degrees: Either way.
        shift, scale: Shares of the side, either way.
        gamma: Grey values to a power between 1 / gamma and gamma.
    """

    turn_degrees: float
    shift: float
    scale: float
    gamma: float


@dataclass(frozen=True, slots=True)
class FitRecipe:
    """All settings of one training."""

    fit: FitSettings
    variation: VariationSettings


def load_fit_recipe(path: Path | None, preset: str) -> tuple[FitRecipe, str]:
    """A recipe and its text; None takes the one that comes with the preset.

    Raises:
        SettingsError: Not readable, or a missing, unknown, mistyped or senseless field.
    """
    text = recipe_text(path, f"fit-{preset}.toml")
    return parse_fit_recipe(text), text


def parse_fit_recipe(text: str) -> FitRecipe:
    """A recipe from TOML.

    Raises:
        SettingsError: Not TOML, or a missing, unknown, mistyped or senseless field.
    """
    recipe = decode_text(FitRecipe, text, _SHIPPED)
    _limits().check(recipe.fit, _SHIPPED)
    return recipe


def _limits() -> Limits:
    least = {"batch": 2, "accumulated": 1, "epochs": 1, "recall_at": 1, "seed": 0}
    return Limits(
        least=least | dict.fromkeys(("threads", "films_at_once", "patience", "lora_rank"), 0),
        above_zero=("rate", "clip"),
        shares=("warm_up", "average_decay", "dropout"),
        from_zero=("weight_decay", "cosine_weight", "teacher_weight"),
    )
