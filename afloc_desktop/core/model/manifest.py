"""`bundle.json`: what a model is, with no defaulted field, and its strict reader.

Unknown and missing fields are both refused: a field this version does not know may change what
the pixels mean.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from afloc_desktop.core.errors import BundleCorrupt, BundleIncompatible
from afloc_desktop.core.preprocess import PreprocessSpec  # noqa: TC001  -- read at run time
from afloc_desktop.core.strict_json import strict_value
from afloc_desktop.core.text import TextSpec  # noqa: TC001  -- read at run time

SCHEMA = 3
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class HeatmapSpec:
    """How a similarity grid becomes a map.

    Attributes:
        level: Which output of the image network is compared with the words.
        grid: Rows and columns of that output.
        similarity: How patches and words are compared: `cosine` is in [-1, 1], `dot` has any
            scale and lets long texts weigh more.
        extent: Which cells take part in smoothing, and what is interpolated to what: those that
            hold `film`, to the film; or all of the `input`, to its pixels, as AFLoc's authors.
        sigma_cells: Gaussian smoothing in grid cells for words the bundle does not list.
        sharpness: How much more the strong places weigh when a map is smoothed; 0 averages the
            similarities themselves.
        threshold: Similarity at which such words count as found.
        side_penalty: Taken off the similarity on the side a prompt does not name.
        mean_map: How much of the mean map of all listed findings is taken off each map; 0 for
            none.
    """

    level: Literal["local", "local2"]
    grid: int
    similarity: Literal["cosine", "dot"]
    extent: Literal["film", "input"]
    sigma_cells: float
    sharpness: float
    threshold: float
    side_penalty: float
    mean_map: float


@dataclass(frozen=True, slots=True)
class FindingSpec:
    """One finding a bundle knows.

    Attributes:
        id: Stable name, lower case with underscores.
        label: What the reader sees.
        group: Heading it stands under.
        prompts: Sentences whose vectors are averaged.
        synonyms: Other words that mean this finding, lower case.
        threshold: Similarity from which it is proposed as present.
        sigma_cells: Gaussian smoothing, grid cells.
        gain, bias: Of the logistic calibration from similarity to probability; both None where
            the bundle is not calibrated for this finding.
        prevalence: Share of films with the finding among those it was calibrated on; None with
            them.
        is_default: Selected when a film is opened by `demo` and `--all`.
    """

    id: str
    label: str
    group: str
    prompts: tuple[str, ...]
    synonyms: tuple[str, ...]
    threshold: float
    sigma_cells: float
    gain: float | None
    bias: float | None
    prevalence: float | None
    is_default: bool


@dataclass(frozen=True, slots=True)
class GateSpec:
    """What tells words about a film from all other words.

    Attributes:
        threshold: Cosine of a text's sentence vector with the nearest reference in `gate.npz`,
            from which the text counts as being about a film.
    """

    threshold: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number with its interval, and on what."""

    name: str
    value: float
    low: float
    high: float
    cases: int
    data: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything `bundle.json` says.

    Attributes:
        schema: Of this file.
        id: `afloc-cxr-base` and the like: letters, digits, dots, dashes.
        version: Of the model, by its maker.
        title: One line for the reader.
        modality: What it was trained on.
        dicom_modalities: Modality values it accepts without a warning.
        created: ISO 8601.
        min_app_version: Oldest application that reads it right.
        preprocess, text, heatmap: How to run it.
        image_outputs: Names of the outputs of `image.onnx`, in order.
        findings: In display order.
        gate: None where any words count as being about a film.
        licence: Of the weights.
        data: What it was trained on, and under which terms.
        intended_use: What it is for and not for.
        metrics: The maker's own figures.
        files: SHA-256 by file name, of every other file of the bundle.
    """

    schema: int
    id: str
    version: str
    title: str
    modality: Literal["cxr", "fundus", "histo"]
    dicom_modalities: tuple[str, ...]
    created: str
    min_app_version: str
    preprocess: PreprocessSpec
    text: TextSpec
    heatmap: HeatmapSpec
    image_outputs: tuple[str, ...]
    findings: tuple[FindingSpec, ...]
    gate: GateSpec | None
    licence: str
    data: str
    intended_use: str
    metrics: tuple[Figure, ...]
    files: dict[str, str]


def dump_manifest(manifest: Manifest) -> str:
    """As JSON text, stable order, ending in a newline."""
    return json.dumps(dataclasses.asdict(manifest), indent=2, allow_nan=False) + "\n"


def load_manifest(text: str) -> Manifest:
    """Read `bundle.json` strictly.

    Raises:
        BundleCorrupt: Not JSON, a duplicate key, NaN or infinity.
        BundleIncompatible: Another schema, a missing, unknown or mistyped field.
    """
    try:
        value = strict_value(text)
    except ValueError as error:
        raise BundleCorrupt(
            f"bundle.json cannot be read: {error}.", remedy="Get the bundle again from its maker."
        ) from error
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != SCHEMA:
        raise BundleIncompatible(
            f"bundle.json has schema {schema!r}; this version reads {SCHEMA}.",
            remedy=_remedy(schema),
        )
    return _decode(Manifest, value, "bundle.json")


def _remedy(schema: object) -> str:
    if isinstance(schema, int) and schema < SCHEMA:
        return "Get the bundle made for this version, or import the checkpoint again."
    return "Update the application, or ask for a bundle made for this version."


def _decode(kind: type[_T], value: object, where: str) -> _T:
    """Build `kind` from parsed JSON; `where` names the place in messages."""
    if type(value) is kind:
        return value
    if dataclasses.is_dataclass(kind):
        if not isinstance(value, dict):
            raise _mistyped(where, "an object")
        hints = _fields(kind)
        for name in hints.keys() - value.keys():
            raise _incompatible(f"{where} lacks the field {name!r}")
        for name in value.keys() - hints.keys():
            raise _incompatible(f"{where} has the unknown field {name!r}")
        fields = {n: _decode(h, value[n], f"{where}: {n}") for n, h in hints.items()}
        return typing.cast("_T", kind(**fields))
    return typing.cast("_T", _decode_plain(kind, value, where))


@functools.cache
def _fields(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _decode_plain(kind: Any, value: object, where: str) -> object:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        inner = next(a for a in arguments if a is not type(None))
        return None if value is None else _decode(inner, value, where)
    if origin is Literal:
        if value not in arguments or isinstance(value, bool):
            raise _mistyped(where, " or ".join(map(repr, arguments)))
        return value
    if origin is tuple:
        if not isinstance(value, list):
            raise _mistyped(where, "a list")
        if all(type(v) is arguments[0] for v in value):  # words, mostly
            return tuple(value)
        return tuple(_decode(arguments[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if origin is dict:
        if not isinstance(value, dict):
            raise _mistyped(where, "an object")
        return {k: _decode(arguments[1], v, f"{where}[{k!r}]") for k, v in value.items()}
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise _mistyped(where, kind.__name__)


def _mistyped(where: str, wanted: str) -> BundleIncompatible:
    return _incompatible(f"{where} is not {wanted}")


def _incompatible(reason: str) -> BundleIncompatible:
    return BundleIncompatible(
        f"{reason}.", remedy="Update the application, or ask for a bundle made for this version."
    )
