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
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")
DEFAULT = "default-cxr.toml"
"""The recipe of the shipped chest bundle."""


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
        with_texts: Whether films with a text of their own are seen too.
    """

    held_out_share: float
    held_out_seed: int
    editions: int
    painted_per_normal: int
    painted_per_abnormal: int
    with_texts: bool


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
    return parse_recipe(recipe_text(path, DEFAULT))


def parse_recipe(text: str) -> Recipe:
    """Build a recipe from TOML text.

    Raises:
        SettingsError: Not TOML, or a missing, unknown or mistyped field.
    """
    return decode_text(Recipe, text, DEFAULT)


def recipe_text(path: Path | None, shipped: str) -> str:
    """The text of a recipe; None takes the shipped one of this name.

    Raises:
        SettingsError: Not readable.
    """
    source = resources.files("afloc_training.recipes") / shipped if path is None else path
    try:
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise refused(f"{source.name} cannot be read", shipped) from error


def decode_text(kind: type[T], text: str, shipped: str) -> T:
    """A dataclass from TOML that has exactly its fields; `shipped` is a recipe to compare with.

    Raises:
        SettingsError: Not TOML, or a missing, unknown or mistyped field.
    """
    try:
        return decode(kind, tomllib.loads(text), "the recipe")
    except tomllib.TOMLDecodeError as error:
        raise refused(f"it is not TOML ({error})", shipped) from error
    except SettingsError as error:
        raise SettingsError(error.reason, remedy=_remedy(shipped)) from error


@dataclass(frozen=True, slots=True)
class Limits:
    """What the numbers of a recipe may be, by their names.

    Attributes:
        least: The least that each may be.
        above_zero: More than 0.
        shares: At least 0 and less than 1.
        from_zero: 0 or more.
    """

    least: Mapping[str, int]
    above_zero: tuple[str, ...]
    shares: tuple[str, ...]
    from_zero: tuple[str, ...]

    def check(self, settings: object, shipped: str) -> None:
        """Refuse senseless settings.

        Raises:
            SettingsError: A number is out of its range, or none.
        """
        for name, least in self.least.items():
            if getattr(settings, name) < least:
                raise refused(f"{name!r} must be {least} or more", shipped)
        for name in self.above_zero:
            if not getattr(settings, name) > 0:
                raise refused(f"{name!r} must be more than 0", shipped)
        for name in self.shares:
            if not 0 <= getattr(settings, name) < 1:
                raise refused(f"{name!r} must be at least 0 and less than 1", shipped)
        for name in self.from_zero:
            if not getattr(settings, name) >= 0:
                raise refused(f"{name!r} must not be negative", shipped)


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
        raise refused(f"{where} is not a table")
    hints = typing.get_type_hints(kind)
    for name in sorted(hints.keys() - value.keys()):
        raise refused(f"{where} lacks {name!r}")
    for name in sorted(value.keys() - hints.keys()):
        raise refused(f"{where} has the unknown {name!r}")
    return kind(**{name: _field(hints[name], value[name], name) for name in hints})


def _field(kind: Any, value: Any, name: str) -> Any:
    if dataclasses.is_dataclass(kind):
        return decode(typing.cast("type[Any]", kind), value, f"[{name}]")
    if typing.get_origin(kind) is typing.Literal:
        if isinstance(value, bool) or value not in typing.get_args(kind):
            raise refused(f"{name!r} must be {' or '.join(map(repr, typing.get_args(kind)))}")
        return value
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise refused(f"{name!r} must be a list of texts")
        return tuple(value)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise refused(f"{name!r} must be of type {kind.__name__}")
    return value


def refused(why: str, shipped: str = DEFAULT) -> SettingsError:
    """That a recipe cannot be used."""
    return SettingsError(f"The recipe cannot be used: {why}.", remedy=_remedy(shipped))


def _remedy(shipped: str) -> str:
    return f"Compare it with training/recipes/{shipped}."
