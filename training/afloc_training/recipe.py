"""A recipe: every setting of one training, read strictly from TOML."""

from __future__ import annotations

import dataclasses
import tomllib
import typing
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, TypeVar

from afloc_desktop.core.errors import SettingsError
from afloc_desktop.core.preprocess import PreprocessSpec  # noqa: TC001  -- read at run time
from afloc_desktop.core.text import TextSpec  # noqa: TC001  -- read at run time

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FilmSettings:
    """Which films are seen, how often.

    Attributes:
        held_out_share: Of the training patients, for thresholds and the choice of a model.
        held_out_seed: Of that draw.
        editions: Sets of films, each varied and painted anew. The first serves the stage with the
            trunk frozen, the others the one after it; a single one serves both.
        painted_per_normal: Synthetic films made from a normal one, in each edition.
        painted_per_abnormal: Synthetic films made from an abnormal one, in each edition.
    """

    held_out_share: float
    held_out_seed: int
    editions: int
    painted_per_normal: int
    painted_per_abnormal: int


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Widths: `channels` inside the image adapter, `dimensions` of the shared space."""

    channels: int
    dimensions: int


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How the network is trained.

    Attributes:
        seed: Of everything random in training.
        batch: Films a step, half of them painted.
        frozen_steps: With the trunk frozen, at `frozen_rate`.
        end_to_end_steps: With blocks 7 to 17 trained too; may be 0.
        adapter_rate, trunk_rate: Peak learning rates of the end-to-end stage.
        weight_decay: Of AdamW.
        average_decay: Of the exponential moving average of the weights that is kept.
        presence_weight, mask_weight, global_weight: Of the three loss terms.
    """

    seed: int
    batch: int
    frozen_steps: int
    frozen_rate: float
    end_to_end_steps: int
    adapter_rate: float
    trunk_rate: float
    weight_decay: float
    average_decay: float
    presence_weight: float
    mask_weight: float
    global_weight: float


@dataclass(frozen=True, slots=True)
class BundleSettings:
    """What the bundle says of itself."""

    id: str
    version: str
    title: str
    min_app_version: str
    dicom_modalities: tuple[str, ...]
    sharpness: float
    side_penalty: float


@dataclass(frozen=True, slots=True)
class Recipe:
    """All settings of one training."""

    preprocess: PreprocessSpec
    text: TextSpec
    films: FilmSettings
    network: NetworkSettings
    fit: FitSettings
    bundle: BundleSettings


def load_recipe(path: Path | None) -> Recipe:
    """Read a recipe; None takes the one of the default bundle.

    Raises:
        SettingsError: Not readable, or a missing, unknown or mistyped field.
    """
    source = (
        resources.files("afloc_training.recipes") / "default-cxr.toml" if path is None else path
    )
    try:
        return parse_recipe(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise _refused(f"{source.name} cannot be read") from error


def parse_recipe(text: str) -> Recipe:
    """Build a recipe from TOML text.

    Raises:
        SettingsError: Not TOML, or a missing, unknown or mistyped field.
    """
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _refused(f"it is not TOML ({error})") from error
    return decode(Recipe, value, "the recipe")


def decode(kind: type[T], value: Any, where: str) -> T:
    """A dataclass from a table that has exactly its fields.

    Args:
        kind: Fields are texts, numbers, booleans, lists of texts, or such dataclasses.
        value: As parsed from TOML.
        where: What to call it.

    Raises:
        SettingsError: A field is missing, unknown or mistyped.
    """
    if not isinstance(value, dict):
        raise _refused(f"{where} is not a table")
    hints = typing.get_type_hints(kind)
    for name in sorted(hints.keys() - value.keys()):
        raise _refused(f"{where} lacks {name!r}")
    for name in sorted(value.keys() - hints.keys()):
        raise _refused(f"{where} has the unknown {name!r}")
    return kind(**{name: _field(hints[name], value[name], name) for name in hints})


def _field(kind: Any, value: Any, name: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return decode(typing.cast("type[Any]", kind), value, f"[{name}]")
    if typing.get_origin(kind) is typing.Literal:
        if isinstance(value, bool) or value not in typing.get_args(kind):
            raise _refused(f"{name!r} must be {' or '.join(map(repr, typing.get_args(kind)))}")
        return value
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise _refused(f"{name!r} must be a list of texts")
        return tuple(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise _refused(f"{name!r} must be of type {kind.__name__}")
    return value


def _refused(why: str) -> SettingsError:
    return SettingsError(
        f"The recipe cannot be used: {why}.",
        remedy="Compare it with training/recipes/default-cxr.toml.",
    )
