"""The recipe of the default fundus bundle, read strictly from TOML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from afloc_desktop.core.preprocess import PreprocessSpec  # noqa: TC001  -- read at run time
from afloc_desktop.core.text import TextSpec  # noqa: TC001  -- read at run time
from afloc_training.fundus.fit import EyeFit  # noqa: TC001  -- read at run time
from afloc_training.recipe import (
    BundleSettings,
    NetworkSettings,
    decode_text,
    recipe_text,
)

if TYPE_CHECKING:
    from pathlib import Path

_SHIPPED = "default-fundus.toml"


@dataclass(frozen=True, slots=True)
class EyeRecipe:
    """All settings of one training."""

    preprocess: PreprocessSpec
    text: TextSpec
    network: NetworkSettings
    fit: EyeFit
    bundle: BundleSettings


def load_eye_recipe(path: Path | None, shipped: str = _SHIPPED) -> EyeRecipe:
    """Read a recipe; None takes the one that comes along, `shipped`: of the default bundle.

    Raises:
        SettingsError: Not readable, or a missing, unknown or mistyped field.
    """
    return decode_text(EyeRecipe, recipe_text(path, shipped), shipped)
